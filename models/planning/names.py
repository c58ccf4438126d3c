"""What a model may be told of a store: names and units, and nothing that was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.subjects import Subjects
from bitflow.store import FeatureStore
from bitflow.studies.design import Design
from bitflow.studies.index import MeasureIndex

if TYPE_CHECKING:
    from bitflow.events.language.people import PersonSubjects

#: Recordings that are opened to see what a store's tables hold.
LOOKED_AT = 8

#: Values of a covariate beyond which they are ids and not groups.
MOST_LEVELS = 20


@dataclass(frozen=True)
class Names:
    """Names of a store.

    Parameters
    ----------
    subjects
        Of some of its recordings, to check a program against.
    measures, columns
        Units by name; a column is ``table.column``.
    events
        Behaviours for which there are tables.
    levels
        Of each covariate of words its values, sorted; of those of numbers nothing.
    session
        The covariate that tells visits apart.
    """

    kind: str = "person"
    subjects: tuple[Subjects, ...] = ()
    definitions: Definitions = field(default_factory=lambda: Definitions.of(()))
    measures: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    session: str | None = None

    @property
    def covariates(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.levels)

    @property
    def speaks_of_time(self) -> bool:
        """Whether there is something to ask about within a recording."""
        return self.kind == "animal" or bool(self.events or self.columns)

    def listed(self, attribute: str) -> tuple[str, ...]:
        """Actors, parts or regions of the recordings that were looked at, each once."""
        return tuple(dict.fromkeys(name for each in self.subjects for name in getattr(each, attribute)))


def names_of_store(
    store: FeatureStore, definitions: Definitions, index: MeasureIndex, recordings: Iterable[str] | None = None
) -> Names:
    """Names of a store, or of some of its recordings."""
    from bitflow.events.language.outcome import subjects_of

    wanted = list(recordings) if recordings else list(index.recordings)
    design = Design.of(store, wanted)
    subjects = tuple(subjects_of(store[name]) for name in wanted[:LOOKED_AT])
    kind = "animal" if any(each.kind == "animal" for each in subjects) else "person"
    people = kind == "person"
    defined = [name for name, each in definitions.by_name.items() if not people or each.source != "builtin"]
    columns: dict[str, str] = {}
    seen: list[str] = []
    for each in subjects:
        if each.kind == "person":
            columns |= each.columns  # type: ignore[attr-defined]
            seen += _seen_in(each)  # type: ignore[arg-type]
        else:
            seen += each.behaviours
    return Names(
        kind,
        subjects,
        definitions,
        dict(index.units),
        columns,
        tuple(dict.fromkeys([*defined, *seen])),
        {name: _levels(design, name) for name in design.columns},
        design.session_name,
    )


def _seen_in(people: PersonSubjects) -> list[str]:
    """Behaviours whose tables a recording has."""
    from bitflow.events.behaviour import behaviours

    known = behaviours()
    tables = people.scene.tables
    return [
        name
        for name in people.behaviours
        if all(any(table in tables for table in need.split("|")) for need in known[name].needs)
    ]


def _levels(design: Design, name: str) -> tuple[str, ...]:
    from bitflow.studies.design import natural

    column = design.columns[name]
    if column.dtype != object and name != design.session_name:
        return ()
    return tuple(sorted({str(each) for each in design.levels_of(name)} - {""}, key=natural))
