"""Labels of recordings by a model that was never trained on them: it is asked, and its answers are judged as scores.

`settings` says whom to ask and what to show, `material` gathers it, `questions` words it, `judgements` reads what comes
back, `calibration` turns that into probabilities, `asking` goes through a store, `kind` is `bitflow train zero-shot`,
`expert` lets a recogniser listen, `atlas` answers manifests of the Human Behavior Atlas.
"""
