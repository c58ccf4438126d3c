"""Those a program speaks about: the animals of a recording, or its people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from bitflow.events.language.fields import Axes, Occurrences, Quantities, Truth
from bitflow.events.language.refusals import UnknownName
from bitflow.events.language.tree import Call
from bitflow.events.language.units import Quantity


class Subjects(Protocol):
    """What a program is checked against, and where its signals and behaviours come from.

    Everything is on one clock: sample i of ``samples`` stands for ``[start + i / rate, start + (i + 1) / rate)``.
    """

    @property
    def recording(self) -> str:
        """Id of the recording."""
        ...

    @property
    def kind(self) -> str:
        """``animal`` or ``person``."""
        ...

    @property
    def actors(self) -> tuple[str, ...]:
        """Names of the animals or people."""
        ...

    @property
    def aliases(self) -> Mapping[str, str]:
        """Other names of some of them, such as roles: by alias the actor."""
        ...

    @property
    def tracks(self) -> tuple[int, ...]:
        """Their numbers in the store."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """Keypoints."""
        ...

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        ...

    @property
    def start(self) -> float:
        """Beginning of the clock, s."""
        ...

    @property
    def rate(self) -> float:
        """Samples a second, Hz."""
        ...

    @property
    def samples(self) -> int:
        """Samples of the clock."""
        ...

    @property
    def behaviours(self) -> Mapping[str, Axes]:
        """Behaviours that are found by name without a definition, and whose they are."""
        ...

    @property
    def cost(self) -> float:
        """Numbers that one signal of pairs is made of."""
        ...

    @property
    def at_once(self) -> bool:
        """Whether signals may be computed of the whole recording; else `in_blocks` gives it piece by piece."""
        ...

    def in_blocks(self, reach: int) -> Iterator[tuple[Subjects, slice]]:
        """Blocks of the recording with `reach` samples more on either side, and which of them are their own."""
        ...

    def admit(self, call: Call) -> tuple[Axes, str]:
        """Whose a signal is and of what dimension; refuses names and needs that cannot be met."""
        ...

    def admit_unit(self, quantity: Quantity) -> None:
        """Refuse a unit that cannot be converted here: no scale, no body length."""
        ...

    def signal(self, call: Call) -> Quantities | Truth:
        """Compute a signal, or a statement that is given directly."""
        ...

    def threshold(self, quantity: Quantity, axes: Axes) -> NDArray | float:
        """A number in the base of its dimension, ``(A or 1, B or 1, 1)`` where it differs between animals."""
        ...

    def occurrences(self, call: Call) -> Occurrences:
        """Events that tables give directly."""
        ...

    def measured(self, measure: str, start: float, end: float) -> list[dict[str, Any]]:
        """A measure of a stretch of time, a row an actor: ``actor, value, unit, low, high, seconds, coverage``."""
        ...

    def captions(self, start: float, end: float) -> list[dict[str, Any]]:
        """Captions of a stretch that the tables support, as rows."""
        ...

    def said(self, actor: str | None, start: float, end: float) -> str | None:
        """What was said in a stretch that `occurrences` gave; None where that was no words."""
        ...

    def frames_in(self, start: float, end: float) -> str | None:
        """Numbers of the first and last picture of a stretch, in words; None where that is not known."""
        ...

    def behaviour(self, name: str) -> Occurrences:
        """Events of a behaviour that is found by name."""
        ...


def place_of(subjects: Subjects, name: str) -> int:
    """Of an animal or person among the actors, by name or by another name.

    Raises
    ------
    UnknownName
        There is nobody of that name.
    """
    name = subjects.aliases.get(name, name)
    if name in subjects.actors:
        return subjects.actors.index(name)
    refusal = UnknownName.of(subjects.kind, name, (*subjects.actors, *subjects.aliases))
    if subjects.kind == "person" and not name.isdigit():
        told = f"bitflow people STORE {subjects.recording} --role 0={name}"
        refusal = UnknownName(refusal.message, [*refusal.hints, told])
    raise refusal
