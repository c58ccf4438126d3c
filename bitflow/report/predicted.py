"""What recognisers said of a recording as a whole, for its page: label, probability, band, and why not to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitflow.store import Recording

#: Strongest moments of disagreement that are listed; the lanes show all.
MOST_CUES = 6


@dataclass(frozen=True)
class Moment:
    """Where streams disagreed, as text and as the second to look at."""

    text: str
    seek: float


@dataclass(frozen=True)
class Predicted:
    """One task's prediction.

    `answer` says label and probability with its band, `decided` whether the model stands by it, `why` what it lacked.
    """

    task: str
    answer: str
    decided: bool
    why: str
    classes: tuple[str, ...]
    cues: tuple[Moment, ...]
    source: str


def predictions(recording: Recording) -> list[Predicted]:
    """A prediction a task, in the order of the table; none where no recogniser judged whole recordings."""
    if "predictions" not in recording or "level" not in recording.schema("predictions"):
        return []
    rows = recording.file("predictions").read().to_pylist()
    return [_predicted(row, rows) for row in rows if row["level"] == "clip"]


def _predicted(clip: dict[str, Any], rows: list[dict[str, Any]]) -> Predicted:
    label, sure = clip["label"], clip["confidence"]
    answer = "nothing to judge by" if label is None else f"{label}" + ("" if sure is None else f" with {sure:.2f}")
    if clip["low"] is not None and clip["high"] is not None:
        answer += f" [{clip['low']:.2f}, {clip['high']:.2f}]"
    cues = sorted((row for row in rows if row["level"] == "cue"), key=lambda row: -(row["value"] or 0.0))[:MOST_CUES]
    classes = [row for row in rows if row["level"] == "class" and row["name"] == clip["name"]]
    return Predicted(
        str(clip["name"]).replace("_", " "),
        answer,
        not clip["abstains"],
        clip["reason"] or "",
        tuple(f"{row['label']} {row['value']:.2f}" for row in classes if row["value"] is not None),
        tuple(
            Moment(f"{row['start']:.1f}–{row['end']:.1f} s {row['name']}", float(row["start"]))
            for row in sorted(cues, key=lambda row: row["start"])
        ),
        clip["source"] or "",
    )
