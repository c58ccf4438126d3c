"""Labels out of a store: any table of intervals, for the writers of other programs' files."""

from __future__ import annotations

from pathlib import Path

from bitflow.annotations.labels import Annotations
from bitflow.annotations.table import annotations_of
from bitflow.errors import UsageError
from bitflow.store import open_store


def stored_annotations(store: Path, table: str = "annotations", recording: str | None = None) -> Annotations:
    """A recording's table of intervals as labels.

    Raises
    ------
    UsageError
        The recording must be named, or has no such table, or the table has no intervals.
    """
    opened = open_store(store)
    names = list(opened)
    if recording is None and len(names) != 1:
        raise UsageError(f"{store}: holds {len(names)} recordings; name one with --recording")
    place = opened[recording or names[0]]
    intervals = [name for name in place.tables if place.schema(name).rows == "interval"]
    if table not in intervals:
        there = ", ".join(intervals) or "none"
        raise UsageError(f"{store}: recording {place.id!r} has no table of intervals {table!r}; it has: {there}")
    length = (place.info.get("media") or {}).get("duration")
    found = annotations_of(place.file(table).read().to_pylist(), duration=float(length) if length else None)
    source = place.source
    return Annotations.of(found.labels, duration=found.duration, media=source.name if source else "")
