"""Why a program is refused: typed, with the place in the text and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from bitflow.errors import QueryError

Span = tuple[int, int]


class Refusal(QueryError):  # noqa: N818
    """A program or question that is not carried out; the class says why.

    Parameters
    ----------
    message
        What was expected and what came.
    hints
        What to write instead: nearest names, units that would do, a command.
    span
        Where in the text, first character and the one after the last.
    """

    def __init__(self, message: str, hints: Iterable[str] = (), span: Span | None = None):
        self.message = message
        self.hints = tuple(hints)
        self.span = span
        super().__init__(message if not self.hints else f"{message} ({'; '.join(self.hints)})")

    @property
    def code(self) -> str:
        """The kind of refusal, as JSON spells it."""
        return type(self).__name__

    @property
    def reason(self) -> str:
        """The kind in capitals, ``UNKNOWN_NAME``; of what cannot be measured, which limit it meets."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.code).upper()

    def as_dict(self) -> dict[str, Any]:
        """``{"type", "message", "hints"}``."""
        return {"type": self.code, "message": self.message, "hints": list(self.hints)}


class Malformed(Refusal):
    """Text or JSON that the grammar does not derive."""


class UnknownName(Refusal):
    """A signal, behaviour, keypoint, animal or region that is not there."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str], span: Span | None = None) -> UnknownName:
        """Refuse a name; the nearest known ones are the hints."""
        there = sorted(set(known))
        hints = [f"did you mean {near}?" for near in nearest(name, there)]
        if not hints and there:
            listed = ", ".join(there[:12]) + (", …" if len(there) > 12 else "")
            hints = [f"there are: {listed}"]
        elif not there:
            hints = [f"there is no {kind} here at all"]
        return cls(f"unknown {kind} {name!r}", hints, span)


class UnitMissing(Refusal):
    """A number that needs a unit."""


class UnitMismatch(Refusal):
    """A number in a unit of another kind of quantity."""


class MissingFps(Refusal):
    """Seconds were asked for and nobody said how many frames a second there are."""


class MissingCalibration(Refusal):
    """Centimetres were asked for and the scale is not known."""


class NeedsTwoAnimals(Refusal):
    """The program is about one animal and another; there is only one."""


class NeedsKeypoint(Refusal):
    """A signal stands on a body part that was not tracked."""


class NeedsRegion(Refusal):
    """A region of interest is needed and none is drawn."""


class NotMeasured(Refusal):
    """The table that a signal or behaviour reads is not in the store."""


class Unreadable(Refusal):
    """A recording with a damaged table; others are answered without it."""


class ShapeMismatch(Refusal):
    """A signal where a statement is needed, an actor where a pair is, or the other way round."""


class EmptyWindow(Refusal):
    """A stretch of time in which there is nothing."""


class TooLarge(Refusal):
    """A program deeper, longer or more costly than the limits."""


class NotExpressible(Refusal):
    """A question that no program of the language answers."""


class Beyond(NotExpressible):
    """A question that no measurement answers, with the code of the limit that it meets: ``MENTAL_STATE`` …"""

    def __init__(self, limit: str, message: str, hints: Iterable[str] = ()):
        self.limit = limit
        super().__init__(message, hints)

    @property
    def reason(self) -> str:
        """The limit."""
        return self.limit


class Ambiguous(Refusal):
    """A question that could mean several things, or holds words that mean nothing here."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Known names like this one, whatever their case."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    return [by_fold[near] for near in get_close_matches(name.casefold(), by_fold, count, 0.6)]
