"""What a question may be about in a store: its animals or people, keypoints, regions, behaviours and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bitflow.events.language.definitions import Definitions

if TYPE_CHECKING:
    from bitflow.store import FeatureStore


@dataclass(frozen=True)
class Names:
    """Names that a question can use, and what the clock is.

    Parameters
    ----------
    kind
        ``animal`` or ``person``.
    labels
        Labels of interval tables, by label the table's name.
    columns
        ``table.column`` of people's tables.
    rate
        Frames a second.
    seconds
        Length of the recording.
    """

    actors: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    kind: str = "animal"
    labels: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    rate: float = 30.0
    seconds: float = 0.0


def folded(name: str) -> str:
    """Letters and digits alone, lower case: `Tail base`, `tail_base` and `tailbase` are one."""
    return re.sub(r"[\W_]+", "", name.lower())


def names_in(store: FeatureStore, definitions: Definitions, recordings: Iterable[str] | None = None) -> Names:
    """Names of a store's recordings, of those named or of all, put together.

    Raises
    ------
    UsageError
        The store holds no recordings.
    """
    from bitflow.errors import SchemaError, StoreError, UsageError
    from bitflow.events.language.kept import Kept
    from bitflow.events.language.refusals import Refusal

    wanted = list(recordings) if recordings else list(store)
    if not wanted:
        raise UsageError(f"{store.path}: the store holds no recordings")
    found: list[_Named] = []
    unread: Exception | None = None
    with Kept.of(store, wanted, "names", []) as kept:
        for name in wanted:
            told = kept[name]
            if told is None:
                try:
                    told = _told(store, name)
                except (StoreError, SchemaError, Refusal) as error:  # others tell theirs
                    unread = unread or error
                    continue
                kept.keep(name, told)
            found.append(_Named(**told))
    if unread is not None and not found:
        raise unread
    labels = {label: table for each in found for label, table in each.labels.items()}
    return names_of(found, definitions, labels)


@dataclass(frozen=True)
class _Named:
    """What one recording has names for; without its tables, of which many do not fit into memory."""

    kind: str
    actors: tuple[str, ...]
    parts: tuple[str, ...]
    regions: tuple[str, ...]
    behaviours: tuple[str, ...]
    columns: tuple[str, ...]
    rate: float
    samples: int
    labels: dict[str, str]


def _told(store: FeatureStore, name: str) -> dict[str, Any]:
    """`_Named` of a recording as values that JSON has."""
    from bitflow.events.language.labels import label_tables
    from bitflow.events.language.recordings import subjects_of

    subjects = subjects_of(store[name])
    listed = {key: list(getattr(subjects, key, ())) for key in ("actors", "parts", "regions", "behaviours", "columns")}
    labels = label_tables([store[name]])
    clock = {"rate": float(subjects.rate), "samples": int(subjects.samples)}
    return {"kind": subjects.kind, **listed, **clock, "labels": labels}


class _HasNames(Protocol):
    """Subjects, or what they told of their names."""

    @property
    def kind(self) -> str: ...
    @property
    def actors(self) -> Iterable[str]: ...
    @property
    def parts(self) -> Iterable[str]: ...
    @property
    def regions(self) -> Iterable[str]: ...
    @property
    def behaviours(self) -> Iterable[str]: ...
    @property
    def rate(self) -> float: ...
    @property
    def samples(self) -> int: ...


def names_of(subjects: Iterable[_HasNames], definitions: Definitions, labels: dict[str, str] | None = None) -> Names:
    """Names of some recordings' subjects."""
    every = list(subjects)
    people = any(each.kind == "person" for each in every)
    found = [name for each in every for name in each.behaviours]
    defined = [name for name, each in definitions.by_name.items() if not people or each.source != "builtin"]
    return Names(
        actors=_once(name for each in every for name in each.actors),
        parts=_once(name for each in every for name in each.parts),
        regions=_once(name for each in every for name in each.regions),
        behaviours=_once([*defined, *found]),
        kind="person" if people else "animal",
        labels=labels or {},
        columns=_once(name for each in every for name in getattr(each, "columns", ())),
        rate=every[0].rate,
        seconds=max(each.samples / each.rate for each in every),
    )


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
