"""Which prompt was being answered when: intervals of the annotation tier `prompt` or `question`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import NotMeasured, UnknownName

if TYPE_CHECKING:
    from bitflow.events.language.subjects import Subjects
    from bitflow.store import Recording

#: How the tier may be called, and the covariate where each recording answers one prompt.
TIERS = ("prompt", "prompts", "question", "questions")

NO_PROMPTS = (
    "bitflow annotations attach STORE FILE: intervals in a tier called `prompt`",
    "bitflow participants STORE FILE.csv: a column `prompt` where each recording answers one",
)


def prompt_spans(recording: Recording) -> list[tuple[str, float, float]]:
    """Label, start and end (s) of each prompt, in order of time; none where nobody marked any."""
    if "annotations" not in recording or "tier" not in recording.schema("annotations"):
        return []
    rows = recording.file("annotations").read(["start", "end", "name", "tier"]).to_pylist()
    kept = [row for row in rows if (row["tier"] or "").lower() in TIERS and row["name"] and row["end"] > row["start"]]
    return sorted(((row["name"], row["start"], row["end"]) for row in kept), key=lambda span: span[1:])


def prompt_labels(recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Labels of the prompts of some recordings, numbers in their order."""
    found = {label for each in recordings for label, _, _ in prompt_spans(each)}
    return tuple(sorted(found, key=in_order))


def in_order(label: str) -> tuple[int, str]:
    """Order in which `Q2` stands before `Q10`; labels without a number come last."""
    number = _number(label)
    return (number, label) if number is not None else (10**9, label)


def meant(said: str, labels: Iterable[str]) -> list[str]:
    """The labels that a word means: the same word, or the same number in `Q4` and `question 4`.

    Examples
    --------
    >>> meant("4", ["Q4", "Q14"]), meant("difficult", ["Difficult", "easy"])
    (['Q4'], ['Difficult'])
    """
    known = list(labels)
    same = [label for label in known if label.casefold() == said.casefold()]
    return same or [label for label in known if (number := _number(said)) is not None and _number(label) == number]


def _number(label: str) -> int | None:
    found = re.fullmatch(r"(?:q|question|prompt|no|nr|p)?[\s._-]*(\d+)", label.strip(), re.I)
    return int(found[1]) if found else None


def admit_prompts(recording: Recording, labels: Sequence[str]) -> None:
    """Refuse prompts that were not given here.

    Raises
    ------
    NotMeasured
        Nobody marked when which prompt was answered.
    UnknownName
        None of these was.
    """
    known = {label for label, _, _ in prompt_spans(recording)}
    if not known:
        raise NotMeasured(f"nothing says when which prompt was answered in {recording.id}", NO_PROMPTS)
    if not any(meant(each, known) for each in labels):
        raise UnknownName.of("prompt", ", ".join(labels), known)


def prompted(recording: Recording, labels: Sequence[str], subjects: Subjects) -> NDArray[np.bool_]:
    """Whether one of the prompts is being answered at each instant, ``(samples,)``."""
    spans = prompt_spans(recording)
    known = {label for label, _, _ in spans}
    wanted = {label for each in labels for label in meant(each, known)}
    times = subjects.start + (np.arange(subjects.samples) + 0.5) / subjects.rate
    yes = np.zeros(subjects.samples, bool)
    for label, start, end in spans:
        if label in wanted:
            yes |= (times >= start) & (times < end)
    return yes
