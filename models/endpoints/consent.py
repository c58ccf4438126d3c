"""Whether what a recording holds may be sent to another machine, and where answers about it are kept."""

from __future__ import annotations

from bitflow.participants import read_participants
from bitflow.store import FeatureStore

#: Answers of models are kept in the recording's folder, so that deleting the recording deletes them.
REPLIES = ".replies.jsonl"

#: Covariate that says whether a recording may be sent to another machine.
CONSENT = "consent_remote"


def may_leave(store: FeatureStore, recording: str) -> bool:
    """Whether somebody said yes to a recording being sent to another machine."""
    rows = read_participants(store)
    if rows is None or CONSENT not in rows:
        return False
    mine = rows[rows["recording"] == recording][CONSENT]
    return len(mine) == 1 and str(mine.iloc[0]).strip().lower() in ("yes", "true", "1", "1.0")
