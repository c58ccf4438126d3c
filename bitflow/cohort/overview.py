"""What is in a store, without reading its tables' rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bitflow.store import FeatureStore, Recording


@dataclass(frozen=True)
class TableOverview:
    """One table: rows, bytes on disk, and what made it.

    `parameters` are those of its extractor by table, `models` the pinned files that it used.
    """

    name: str
    rows: int
    size: int
    extractor: str | None = None
    version: str | None = None
    parameters: Mapping[str, Any] | None = None
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordingOverview:
    """One recording: its state and its tables.

    `duration` is in seconds on the media clock, `size` in bytes of all tables, `seconds` the time spent on it.
    """

    id: str
    status: str
    error: str | None
    notes: tuple[str, ...]
    source: str | None
    duration: float | None
    seconds: float | None
    tables: tuple[TableOverview, ...]

    @property
    def size(self) -> int:
        """Bytes of its tables."""
        return sum(table.size for table in self.tables)

    @property
    def rows(self) -> int:
        """Rows of all its tables."""
        return sum(table.rows for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {**asdict(self), "size": self.size}


def overview(store: FeatureStore) -> list[RecordingOverview]:
    """Every recording of the store, from its recording.json."""
    return [_recording(store[name]) for name in store]


def recording_overview(recording: Recording) -> RecordingOverview:
    """One recording, with what made each of its tables, from the tables themselves."""
    return replace(_recording(recording), tables=tuple(_made(recording, name) for name in recording.tables))


def _recording(recording: Recording) -> RecordingOverview:
    info = recording.info
    listed = info.get("tables") or {}
    tables = [
        TableOverview(name, listed[name].get("rows", 0), listed[name].get("bytes", 0))
        if name in listed
        else _from_file(recording, name)
        for name in recording.tables
    ]
    return RecordingOverview(
        recording.id,
        info.get("status", "failed"),
        info.get("error"),
        tuple(info.get("notes") or ()),
        info.get("path"),
        (info.get("media") or {}).get("duration"),
        info.get("seconds"),
        tuple(tables),
    )


def _from_file(recording: Recording, name: str) -> TableOverview:
    """A table that recording.json does not list: the run that made it was interrupted, or is still on."""
    from bitflow.errors import BitflowError

    path = recording.path / f"{name}.parquet"
    try:
        rows = recording.file(name).rows
    except (BitflowError, OSError, ValueError):
        rows = 0
    return TableOverview(name, rows, _size(path))


def _made(recording: Recording, name: str) -> TableOverview:
    from bitflow.errors import BitflowError

    try:
        file = recording.file(name)
        provenance = file.metadata.get("provenance") or {}
        return TableOverview(
            name,
            file.rows,
            _size(file.path),
            provenance.get("extractor"),
            provenance.get("version"),
            provenance.get("parameters"),
            tuple(provenance.get("models") or ()),
        )
    except (BitflowError, OSError, ValueError):  # `bitflow check` says what is wrong with it
        return TableOverview(name, 0, _size(recording.path / f"{name}.parquet"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
