"""Following faces, bodies and hands through a recording, a chunk at a time, in any order of chunks.

`chain` follows what a detector finds through one chunk; `stitch` joins the chains of neighbouring chunks
to tracks; `appearance` says whether two tracks show the same person.
"""
