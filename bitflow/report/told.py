"""Captions for a page: what was said of a stretch, and for every claim what the tables say to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bitflow.poses import read_facts
from bitflow.report.evidence import Evidence, Trace

if TYPE_CHECKING:
    from bitflow.store import Recording

#: How a verdict is marked.
MARKS = {"supported": "✓", "contradicted": "✗", "not checkable": "–"}


#: Why a claim is not checkable, in words; ``missing_table:hands`` names a table.
REASONS = {
    "interpretation": "no table can tell: it is somebody's reading of what was seen",
    "between": "neither clearly so nor clearly not",
    "low_coverage": "seen for too little of the time",
    "gap": "not seen for a second or more",
    "frame_rate": "too few pictures a second",
    "silent_track": "the sound track is silent",
    "no_speech": "nobody's voice is known to be theirs",
    "short": "the recording is too short to know what is usual",
    "weak_signal": "the measured signal is too weak to deny it",
    "low_confidence": "the words were not heard surely enough",
    "unknown_person": "nobody of that number is known",
    "not_read": "no rule reads this sentence",
    "no_face": "no face was seen",
    "unknown": "nothing measures it",
}


@dataclass(frozen=True)
class Claim:
    """A claim of a caption: what it says, its verdict with a mark, and where the table that decides shows it.

    One that is contradicted comes with the signal that does so, where a single one does.
    """

    text: str
    verdict: str
    mark: str
    why: str
    seek: float
    trace: Trace | None = None


@dataclass(frozen=True)
class Caption:
    """A caption of a stretch; `untrusted` when its model failed the absence probes."""

    start: float
    end: float
    who: str
    text: str
    model: str
    untrusted: bool
    claims: tuple[Claim, ...]


def captions(recording: Recording) -> list[Caption]:
    """Captions by time; those without an answer are left out."""
    if "captions" not in recording or not recording.file("captions").rows:
        return []
    rows = recording.file("captions").read().to_pylist()
    people = {row["person"] for row in rows}
    animals = read_facts(recording).animals if "poses" in recording else ()
    evidence = Evidence(recording)
    return [_caption(row, len(people) > 1, animals, evidence) for row in rows if row["text"] or row["claims"]]


def _caption(row: dict[str, Any], several: bool, animals: Sequence[str], evidence: Evidence) -> Caption:
    subject = row.get("subject") or ("" if animals else f"person {row['person']}")
    return Caption(
        round(row["start"], 3),
        round(row["end"], 3),
        subject if several and row["person"] >= 0 and not (row["text"] or "").startswith(subject) else "",
        row["text"] or "",
        row["model"] or "",
        row["trust"] == "untrusted",
        # A field and the sentence may claim the same; it is shown once.
        tuple(dict.fromkeys(_claim(claim, row, animals, evidence) for claim in row["claims"] or ())),
    )


def _claim(claim: dict[str, Any], row: dict[str, Any], animals: Sequence[str], evidence: Evidence) -> Claim:
    text = claim["kind"].replace("_", " ")
    whom = claim.get("target") or ""
    if whom:
        text = f"{text} {animals[int(whom)] if int(whom) < len(animals) else whom}"
    if claim["holds"] == "false":
        text = f"not {text}"
    elif claim["value"] not in ("true", "false"):
        text = f"{text}: {claim['value']}"
    shown = claim["table"]
    if claim["verdict"] == "not checkable":
        code, _, table = (claim["reason"] or "unknown").partition(":")
        missing = f"the table {table} is missing" if code == "missing_table" else ""
        why = missing or REASONS.get(code, code.replace("_", " "))
    elif claim["verdict"] == "contradicted":
        when = f"{float(claim['start']):.1f}–{float(claim['end']):.1f} s" if claim["start"] else "throughout"
        why = f"{shown} shows the opposite, {when}; taken out of the caption"
    else:
        why = f"{shown}, {claim['start']} to {claim['end']} s"
    seek = float(claim["start"]) if claim["start"] else row["start"]
    trace = evidence.trace(claim) if claim["verdict"] == "contradicted" else None
    return Claim(text, claim["verdict"], MARKS.get(claim["verdict"], "–"), why, round(seek, 3), trace)
