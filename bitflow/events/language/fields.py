"""Quantities, statements and events of every animal, or of every animal towards every other, on one clock.

Arrays are ``(A or 1, B or 1, T)``: actors, targets, time. An axis of length 1 stands for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.events.mask import Mask

#: Actor and target of events: their places among the actors, None where there is none.
Whom = tuple[int | None, int | None]


@dataclass(frozen=True)
class Axes:
    """Whether something is of an actor, and of a target."""

    actor: bool = False
    target: bool = False

    def __or__(self, other: Axes) -> Axes:
        return Axes(self.actor or other.actor, self.target or other.target)

    @property
    def turned(self) -> Axes:
        """With actor and target exchanged: what is of an actor alone becomes of its target."""
        return Axes(self.target, self.actor)

    def at(self, whom: Whom) -> tuple[int, int]:
        """Where the values of an actor and target lie in an array ``(A or 1, B or 1, …)``."""
        return (whom[0] or 0) if self.actor else 0, (whom[1] or 0) if self.target else 0

    def cells(self, actors: int) -> Iterator[Whom]:
        """Actor and target of every cell among so many actors, nobody with itself."""
        for i in range(actors) if self.actor else (None,):
            for j in range(actors) if self.target else (None,):
                if i is None or i != j:
                    yield i, j

    def __str__(self) -> str:
        if self.actor and self.target:
            return "pairs"
        return "each animal" if self.actor else "targets" if self.target else "the recording"


@dataclass(frozen=True, eq=False)
class Quantities:
    """A signal: values ``(A or 1, B or 1, T)`` in its dimension's base; NaN is not known."""

    values: NDArray[np.float64]
    axes: Axes
    dimension: str

    def map(
        self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]], dimension: str | None = None
    ) -> Quantities:
        """Other values on the same axes."""
        return replace(self, values=change(self.values), dimension=self.dimension if dimension is None else dimension)


@dataclass(frozen=True, eq=False)
class Truth:
    """A statement: where it holds and where that is known, both ``(A or 1, B or 1, T)``; Kleene's logic."""

    yes: NDArray[np.bool_]
    known: NDArray[np.bool_]
    axes: Axes

    @property
    def no(self) -> NDArray[np.bool_]:
        """Where it is known not to hold."""
        return self.known & ~self.yes

    def __and__(self, other: Truth) -> Truth:
        yes = self.yes & other.yes
        return Truth(yes, yes | self.no | other.no, self.axes | other.axes)

    def __or__(self, other: Truth) -> Truth:
        yes = self.yes | other.yes
        return Truth(yes, yes | (self.no & other.no), self.axes | other.axes)

    def __invert__(self) -> Truth:
        return replace(self, yes=self.no)

    @property
    def turned(self) -> Truth:
        """Of the target instead of the actor."""
        return Truth(self.yes.swapaxes(0, 1), self.known.swapaxes(0, 1), self.axes.turned)

    def only(self, actor: int | None = None, target: int | None = None) -> Truth:
        """Of one actor or target; the axis is gone."""
        yes, known, axes = self.yes, self.known, self.axes
        if actor is not None and axes.actor:
            yes, known, axes = yes[actor : actor + 1], known[actor : actor + 1], replace(axes, actor=False)
        if target is not None and axes.target:
            yes, known, axes = yes[:, target : target + 1], known[:, target : target + 1], replace(axes, target=False)
        return Truth(yes, known, axes)

    def some(self, axis: int) -> Truth:
        """Whether it holds for at least one of the actors (0) or targets (1); nobody is the target of itself."""
        return self._over(axis, 1)

    def every(self, axis: int) -> Truth:
        """Whether it holds for all of the actors (0) or targets (1)."""
        return ~(~self)._over(axis, 1)

    def at_least(self, axis: int, count: int) -> Truth:
        """Whether it holds for so many of the actors (0) or targets (1)."""
        return self._over(axis, count)

    def _over(self, axis: int, count: int) -> Truth:
        apart = self._off_diagonal()
        yes = (self.yes & apart).sum(axis=axis, keepdims=True)
        maybe = (~self.known & apart).sum(axis=axis, keepdims=True)
        axes = replace(self.axes, **{("actor", "target")[axis]: False})
        return Truth(yes >= count, (yes >= count) | (yes + maybe < count), axes)

    def _off_diagonal(self) -> NDArray[np.bool_]:
        a, b, _ = self.yes.shape
        both = self.axes.actor and self.axes.target
        return (~np.eye(a, b, dtype=bool) if both else np.ones((a, b), bool))[..., None]

    def cells(self) -> Iterator[Whom]:
        """Actor and target of every cell, nobody with itself."""
        a, b, _ = self.yes.shape
        for i in range(a):
            for j in range(b):
                if not (self.axes.actor and self.axes.target and i == j):
                    yield (i if self.axes.actor else None, j if self.axes.target else None)

    def mask(self, whom: Whom, start: float, rate: float) -> Mask:
        """One cell on the clock."""
        at = (whom[0] or 0, whom[1] or 0)
        return Mask(self.yes[at], self.known[at], start, rate)

    @property
    def coverage(self) -> float:
        """Share of the time, over all cells, in which it is known; NaN where there is none."""
        apart = np.broadcast_to(self._off_diagonal(), self.known.shape)
        return float(self.known[apart].mean()) if apart.any() else float("nan")


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Events of each actor and target."""

    cells: Mapping[Whom, Events]
    axes: Axes

    def map(self, change: Callable[[Events], Events]) -> Occurrences:
        """Other events in every cell."""
        return replace(self, cells={whom: change(events) for whom, events in self.cells.items()})

    def joined(self, other: Occurrences, change: Callable[[Events, Events], Events]) -> Occurrences:
        """Of the two together, cell by cell; what has no actor or target is everybody's."""
        axes = self.axes | other.axes
        cells = {whom: change(self.at(whom), other.at(whom)) for whom in _cells_of(self, other, axes)}
        return Occurrences(cells, axes)

    def at(self, whom: Whom) -> Events:
        """Events of a cell of wider axes."""
        return self.cells[(whom[0] if self.axes.actor else None, whom[1] if self.axes.target else None)]

    @property
    def turned(self) -> Occurrences:
        """Of the target instead of the actor."""
        return Occurrences({(j, i): events for (i, j), events in self.cells.items()}, self.axes.turned)

    def only(self, actor: int | None = None, target: int | None = None) -> Occurrences:
        """Of one actor or target; the axis is gone."""
        kept: dict[Whom, Events] = {}
        by_actor, by_target = actor is not None and self.axes.actor, target is not None and self.axes.target
        for (i, j), events in self.cells.items():
            if (by_actor and i != actor) or (by_target and j != target):
                continue
            kept[(None if by_actor else i, None if by_target else j)] = events
        return Occurrences(kept, Axes(self.axes.actor and not by_actor, self.axes.target and not by_target))

    @property
    def coverage(self) -> float:
        """Share of the time, over all cells, in which the events could have been seen."""
        seen = [events.seen for events in self.cells.values()]
        total = sum(len(mask) for mask in seen)
        return sum(int(mask.yes.sum()) for mask in seen) / total if total else float("nan")


def _cells_of(first: Occurrences, second: Occurrences, axes: Axes) -> Iterator[Whom]:
    actors = sorted({i for each in (first, second) for i, _ in each.cells if i is not None}) if axes.actor else [None]
    targets = sorted({j for each in (first, second) for _, j in each.cells if j is not None}) if axes.target else [None]
    for i in actors:
        for j in targets:
            if not (axes.actor and axes.target and i == j):
                yield i, j
