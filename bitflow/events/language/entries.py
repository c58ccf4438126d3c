"""What a word of the vocabulary is declared with: its parameters, what it gives, and of whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bitflow.events.language.units import Dimension

Gives = Literal["signal", "statement", "events", "strength"]


Axes = Literal["recording", "actor", "pair", "as its argument"]


#: Kinds of argument that are spelled as words, by how many.
WORDS_OF = {
    "part": "word",
    "parts": "words",
    "region": "word",
    "animal": "word",
    "name": "word",
    "names": "words",
    "choice": "word",
    "window": "quantity",
    "time": "quantity",
    "number": "quantity",
}


_EXPECTED = {
    "part": "a keypoint",
    "parts": "keypoints",
    "region": "the name of a region",
    "animal": "the name of an animal, or `target`",
    "name": "a name",
    "names": "names in square brackets",
    "choice": "one of its words",
    "window": "a length of time such as 0.5s or 15f",
    "time": "a time such as 30s",
    "number": "a number",
    "signal": "a signal",
    "body": "a statement or events",
    "either": "a signal or a statement",
    "flag": "true or false",
}


@dataclass(frozen=True)
class Parameter:
    """One argument: its name, kind, and what it is when it is not given."""

    name: str
    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def expected(self) -> str:
        """In words."""
        return f"one of {', '.join(self.choices)}" if self.choices else _EXPECTED[self.kind]


@dataclass(frozen=True)
class Operator:
    """A signal, or something that makes one thing of another.

    Parameters
    ----------
    gives
        A ``signal``, a ``statement``, ``events``, or the ``strength`` of an event: one number for each.
    axes
        Whether there is one for the recording, for each animal, or for each animal and another.
    dimension
        Of a signal; None where it is that of its argument.
    doc
        What it is, in words.
    """

    name: str
    gives: Gives
    axes: Axes
    doc: str
    parameters: tuple[Parameter, ...] = ()
    dimension: Dimension | None = None

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """In order."""
        return tuple(parameter.name for parameter in self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.name == name)

    @property
    def signature(self) -> str:
        """How it is written."""
        if not self.parameters:
            return self.name
        written = [p.name if p.required else f"{p.name}={_shown(p.default)}" for p in self.parameters]
        return f"{self.name}({', '.join(written)})"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else f"[{', '.join(value)}]"
    return "…" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
