"""A clause, and how far its items have been read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bitflow.events.language.tree import Body, Bouts, Call, Not
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.lexicon import SignalWord
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.item import Item


@dataclass
class Clause:
    """A body, and what was said beside it.

    Parameters
    ----------
    shortest, longest
        How long the events must last.
    smooth
        Window of a smoothing that was asked for.
    by, at_least, each_other
        Of whom; `counted` where so many were asked for in so many words: at least two.
    within
        A time that `then` was limited to.
    """

    body: Body | None = None
    shortest: Quantity | None = None
    longest: Quantity | None = None
    smooth: Quantity | None = None
    by: str | None = None
    at_least: int | None = None
    counted: bool = False
    each_other: bool = False
    within: Quantity | None = None
    start: Quantity | None = None
    end: Quantity | None = None
    regions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def events(self) -> Body | None:
        """The body with its durations and smoothing."""
        body = self.body
        if body is not None and self.smooth is not None:
            body = Call("smooth", (("of", body), ("by", "mean"), ("window", self.smooth)))
        if body is not None and (self.shortest is not None or self.longest is not None):
            body = Bouts(body, self.shortest, self.longest)
        return body


class State:
    """What has been read of a clause, and what waits for the words after it."""

    def __init__(self, items: Sequence[Item], names: Names, imported: bool):
        self.items = list(items)
        self.names = names
        self.imported = imported
        self.at = 0
        self.found = Clause()
        self.conditions: list[tuple[str, Body]] = []
        self.link = "and"
        self.negative = False
        self.parts: list[str] = []
        self.any_part = False  # the nose or the tail base
        self.denied: list[str] = []  # parts that are not to be in the region: the nose but not the tail base
        self.compared: list[str] = []  # parts of the signal that was compared last, which the next may be of as well
        self.animals: list[tuple[str, bool]] = []  # name, whether `by` stood before it
        self.signal: SignalWord | str | None = None
        self.signal_animals: list[str] = []
        self.compare: str | None = None
        self.leftover: list[str] = []
        self.by_stood = False
        self.waiting: list[str] = []
        self.reversed = False
        self.directed = False  # from mouse1 to mouse2
        self.said = False  # the signal was compared already

    def next_number(self) -> Item | None:
        """The number that follows, fillers apart."""
        ahead = 1
        while (item := self.peek(ahead)) is not None and item.is_("stop") and not item.is_("number"):
            ahead += 1
        return item if item is not None and item.is_("number", "percentile") else None

    def part_follows(self, ahead: int) -> bool:
        """Whether a part of the body follows, fillers apart."""
        step = ahead + 1
        while (item := self.peek(step)) is not None and item.is_("stop") and not item.is_("part"):
            step += 1
        return item is not None and item.is_("part")

    def animal_follows(self, ahead: int) -> bool:
        """Whether the item after that one is an animal."""
        item = self.peek(ahead + 1)
        return item is not None and item.is_("animal")

    def number_follows(self, ahead: int) -> bool:
        """Whether the item after that one is a number."""
        item = self.peek(ahead + 1)
        return item is not None and item.is_("number")

    def add(self, body: Body) -> None:
        """Add a condition, denied where it was denied."""
        if self.negative:
            body = Not(body)
            self.negative = False
        self.conditions.append((self.link if self.conditions else "and", body))
        self.link = "and"

    def peek(self, ahead: int = 1) -> Item | None:
        """The item so many ahead."""
        return self.items[self.at + ahead] if self.at + ahead < len(self.items) else None
