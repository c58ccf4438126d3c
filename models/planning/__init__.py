"""Questions that no parser understands, planned by a language model as programs of the closed language.

`names` is what a model may be told of a store, `veil` hides the rest, `form` is the JSON that it has to write, `prompt`
what it is asked, `checks` what its program must hold, `planner` asks and hands the program back. The model computes
nothing and sees no recording.
"""
