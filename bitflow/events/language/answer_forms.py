"""What an answer is made of: its events and its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Occurrence:
    """One event: of whom, towards whom, where, when (half-open, s), what share of it was seen, and what was said.

    `value` is how long a response took, s: below zero where it began before the end of what it answers, in which case
    the event is the time in which both went on.
    """

    recording: str
    actor: str | None
    target: str | None
    region: str | None
    start: float
    end: float
    coverage: float
    text: str | None = None
    value: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, times to the microsecond; `text` where words were said, `value` of responses."""
        times = {"start": round(self.start, 6), "end": round(self.end, 6), "coverage": round(self.coverage, 4)}
        said: dict[str, Any] = {} if self.text is None else {"text": self.text}
        if self.value is not None:
            said["value"] = round(self.value, 6)
        return {**{key: value for key, value in vars(self).items() if key not in ("text", "value")}, **times, **said}

    @property
    def duration(self) -> float:
        """How long it lasts, s; of a response how long it took."""
        return self.end - self.start if self.value is None else self.value


@dataclass(frozen=True)
class Answer:
    """What one question comes to.

    Parameters
    ----------
    query
        Its canonical text.
    answer
        Which kind: ``list``, ``count`` …
    events
        That it is about.
    rows
        One a number: of whom, and ``value`` in `unit`; None where it is not known.
    coverage
        Share of the time in which it is known whether what was asked holds; NaN where that means nothing.
    """

    query: str
    answer: str
    events: tuple[Occurrence, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    unit: str = ""
    coverage: float = float("nan")
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form without the events."""
        return {
            "query": self.query,
            "answer": self.answer,
            "unit": self.unit,
            "rows": list(self.rows),
            "coverage": None if math.isnan(self.coverage) else round(self.coverage, 4),
        }
