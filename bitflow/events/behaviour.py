"""The registry of behaviours: each defined once, by the function that finds it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any, Literal, TypeVar, get_type_hints

from bitflow.errors import UsageError
from bitflow.events.intervals import Events

Scope = Literal["person", "recording", "pair"]
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Level(Enum):
    """How much it takes to count.

    STRICT events are counted. LENIENT ones are what may have been the behaviour: a claim that it happened is
    contradicted only where not even a lenient event is.
    """

    STRICT = "strict"
    LENIENT = "lenient"


@dataclass(frozen=True)
class Behaviour:
    """One behaviour: `find` takes series by the type of its parameters and gives `Events`.

    `needs` are the tables without which it cannot be looked for, `doc` the definition as a user reads it.
    """

    name: str
    find: Callable[..., Events]
    needs: tuple[str, ...]
    scope: Scope
    title: str
    doc: str

    @property
    def has_level(self) -> bool:
        """Whether a lenient form is defined."""
        return "level" in inspect.signature(self.find).parameters

    def events(self, view: Any, level: Level = Level.STRICT) -> Events:
        """Look for it in a person, recording or pair; raises `Undefined` where it cannot be looked for."""
        options = {"level": level} if self.has_level else {}
        return self.find(*inputs_of(self.find, view), **options).named(self.name)


_BEHAVIOURS: dict[str, Behaviour] = {}

#: Modules that define behaviours.
_HOMES = ("eyes", "head", "gaze", "face", "mouth", "body", "hands", "speech")


def behaviour(
    name: str, *, needs: tuple[str, ...], title: str, scope: Scope = "person"
) -> Callable[[FunctionT], FunctionT]:
    """Register the function that finds a behaviour; its docstring is the definition."""

    def register(find: FunctionT) -> FunctionT:
        if name in _BEHAVIOURS and _BEHAVIOURS[name].find.__module__ != find.__module__:
            raise UsageError(f"the behaviour {name!r} is defined twice: a behaviour has one definition")
        _BEHAVIOURS[name] = Behaviour(name, find, needs, scope, title, inspect.getdoc(find) or "")
        return find

    return register


def behaviours() -> dict[str, Behaviour]:
    """All behaviours by name."""
    for home in _HOMES:
        import_module(f"bitflow.events.{home}")
    return dict(sorted(_BEHAVIOURS.items()))


def inputs_of(function: Callable[..., Any], view: Any) -> list[Any]:
    """What a function's positional parameters ask for by their type, loaded from a view."""
    return [view.get(kind) for kind in input_types(function)]


def input_types(function: Callable[..., Any]) -> list[type]:
    """Types of the parameters that are series: those before the first one with a default."""
    hints = get_type_hints(function)
    return [
        hints[name]
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
