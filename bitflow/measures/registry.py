"""The list of measures: each a pure function, with all that the list, the dictionary, the docs and the report need.

A measure takes series by the type of its positional parameters (`bitflow.events.view.View.get` loads them) and its
settings by keyword. It gives an `Estimate`, or one for each variant in a mapping, or raises `Undefined`. A plug-in
names a module that registers its measures under the entry point group ``bitflow.measures``.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal, TypeVar

from bitflow.errors import UsageError
from bitflow.measures.estimate import Estimate
from bitflow.tables import canonical_json

Scope = Literal["person", "recording", "pair"]
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_PACKAGE = "bitflow.measures"
#: Its modules that register measures, in the order of the catalogue.
_HOMES = (
    *("quality", "head", "eyes", "gaze", "face", "expression", "geometry", "mouth", "movement", "hands"),
    *("voice", "speech", "turns", "coupling", "imitation", "dynamics", "ambivalence"),
)


@dataclass(frozen=True)
class Minimum:
    """What a measure needs at least.

    Parameters
    ----------
    seconds
        Time seen.
    rate_hz
        Rows a second of the tables it needs.
    coverage
        Share of the analysed time that was seen; below it a value is marked ``low_coverage``, and a count withheld.
    """

    seconds: float = 0.0
    rate_hz: float = 0.0
    coverage: float = 0.6


@dataclass(frozen=True)
class Measure:
    """One registered measure; see `measure` for the fields."""

    id: str
    unit: str
    function: Callable[..., Estimate | Mapping[str, Estimate]]
    needs: tuple[str, ...]
    minimum: Minimum
    cite: tuple[str, ...]
    scope: Scope
    family: str
    core: bool
    counts: bool
    range: tuple[float | None, float | None]
    version: str

    @property
    def title(self) -> str:
        """First line of the definition."""
        return self.doc.splitlines()[0].rstrip(".") if self.doc else self.id

    @property
    def doc(self) -> str:
        """The definition as a user reads it."""
        return inspect.getdoc(self.function) or ""

    @property
    def experimental(self) -> bool:
        """Outside the core that is validated end to end."""
        return not self.core

    @property
    def parameters(self) -> dict[str, Any]:
        """Settings by name with their defaults."""
        return {
            name: parameter.default
            for name, parameter in inspect.signature(self.function).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }

    def params_hash(self, parameters: Mapping[str, Any]) -> str:
        """Twelve characters that stand for the definition and its settings."""
        described = {"id": self.id, "version": self.version, "parameters": {**self.parameters, **parameters}}
        return hashlib.sha256(canonical_json(described).encode()).hexdigest()[:12]

    def column(self, variant: str = "") -> str:
        """Name of the value in tables: ``[x]`` in the id becomes ``_x``."""
        stem = self.id.partition("[")[0]
        return f"{stem}_{variant}" if variant else stem


_MEASURES: dict[str, Measure] = {}


def measure(
    *,
    id: str,  # the name that the tables use
    unit: str,
    needs: tuple[str, ...],
    minimum: Minimum | None = None,
    cite: tuple[str, ...] = (),
    scope: Scope = "person",
    core: bool = False,
    counts: bool = False,
    range: tuple[float | None, float | None] = (None, None),
    version: str = "1",
) -> Callable[[FunctionT], FunctionT]:
    """Register a measure.

    Parameters
    ----------
    id
        As in the catalogue; ``au_base_rate_fraction[AU]`` gives one value for each key of the returned mapping.
    unit
        Of the value; ``1`` for a pure number.
    needs
        Tables without which it cannot be computed; ``a|b`` stands for either.
    minimum
        Time, rate and coverage that it needs.
    cite
        Where the definition comes from.
    scope
        A value a person, a recording or a pair of persons.
    core
        Part of the release that is validated end to end; the others are marked experimental.
    counts
        No event at all with enough coverage is 0, with too little it is undefined.
    range
        Smallest and largest possible value; intervals are cut to it.
    version
        Raised when the definition changes.
    """

    def register(function: FunctionT) -> FunctionT:
        family = function.__module__.rpartition(".")[2]
        known = _MEASURES.get(id)
        if known is not None and known.function.__module__ != function.__module__:
            raise UsageError(
                f"two measures are called {id!r}: in {known.function.__module__} and {function.__module__}"
            )
        _MEASURES[id] = Measure(
            id, unit, function, needs, minimum or Minimum(), cite, scope, family, core, counts, range, version
        )
        return function

    return register


@cache
def _load() -> tuple[str, ...]:
    from importlib.metadata import entry_points

    broken: list[str] = []
    for home in _HOMES:
        import_module(f"{_PACKAGE}.{home}")
    for point in entry_points(group="bitflow.measures"):
        try:
            point.load()
        except Exception as error:  # a broken plug-in must not take the others with it
            broken.append(f"{point.name} ({point.value}): {type(error).__name__}: {error}")
    return tuple(broken)


def registered() -> dict[str, Measure]:
    """All measures by id, in the order of the catalogue, whichever module somebody imported first; plug-ins last."""
    _load()
    place = {f"{_PACKAGE}.{home}": at for at, home in enumerate(_HOMES)}
    return dict(sorted(_MEASURES.items(), key=lambda entry: place.get(entry[1].function.__module__, len(place))))


def broken_plugins() -> tuple[str, ...]:
    """Plug-ins that could not be loaded, each with its reason."""
    return _load()


def families() -> dict[str, tuple[str, ...]]:
    """Ids by family."""
    grouped: dict[str, list[str]] = {}
    for found in registered().values():
        grouped.setdefault(found.family, []).append(found.id)
    return {family: tuple(ids) for family, ids in grouped.items()}


def select(names: Iterable[str] | None) -> tuple[Measure, ...]:
    """Measures by id, stem of an id, family, ``core`` or ``all``.

    Raises
    ------
    UsageError
        A name is unknown; the message offers the nearest.
    """
    everything = registered()
    wanted = list(names or ["all"])
    chosen: dict[str, Measure] = {}
    groups = families()
    for name in wanted:
        if name == "all":
            found = list(everything.values())
        elif name == "core":
            found = [each for each in everything.values() if each.core]
        elif name in groups:
            found = [everything[each] for each in groups[name]]
        else:
            found = [each for each in everything.values() if name in (each.id, each.column())]
        if not found:
            from difflib import get_close_matches

            known = [*everything, *(each.column() for each in everything.values()), *groups, "core", "all"]
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"no measure or family is called {name!r}{hint} (bitflow measure --list shows them)")
        chosen.update((each.id, each) for each in found)
    return tuple(each for each in everything.values() if each.id in chosen)
