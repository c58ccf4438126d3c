"""All measures of a store in one file, a row group a measure, so that one of them is read without the others.

``measures.parquet`` at the store's top is an index, written by ``bitflow measure`` and the first question: it is made
again whenever a recording's own table is newer, of another size, added or gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.measures.records import MEASURES
from bitflow.places import is_remote
from bitflow.store import FeatureStore
from bitflow.tables import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "measures.parquet"

#: What a study needs of a measured value.
COLUMNS = (
    *("recording", "person", "measure", "value", "unit", "start", "end", "duration_valid_s", "coverage"),
    *("status", "reason"),
)

_KEY = b"bitflow.measures"

#: Longest step of a file system's clock, ns.
_GRAIN_NS = 20_000_000


@dataclass(frozen=True)
class MeasureIndex:
    """The measures of a store.

    Parameters
    ----------
    units
        Of every measure, by its id.
    recordings
        All of the store, measured or not.
    table
        Their rows, where no file holds them.
    """

    path: Path
    units: dict[str, str]
    recordings: tuple[str, ...] = ()
    table: pa.Table | None = None

    def __contains__(self, measure: object) -> bool:
        return measure in self.units

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.units)}

    @cached_property
    def _file(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path, read_dictionary=["recording", "status", "reason"])  # as they are stored

    def rows(self, measure: str, columns: Sequence[str] = COLUMNS) -> pa.Table:
        """Rows of one measure over whole recordings."""
        if self.table is not None:
            import pyarrow.compute as pc

            mine = pc.equal(self.table["measure"], measure)  # type: ignore[attr-defined]
            return self.table.filter(mine).select(list(columns))
        return self._file.read_row_group(self._places[measure], columns=list(columns), use_threads=False)


def measure_index(store: FeatureStore) -> MeasureIndex:
    """The index of a store, made anew where it does not hold any more; of what has not changed its rows are kept.

    A store that cannot be written, or lies on another machine, is read each time.
    """
    if is_remote(store.path):
        names = tuple(store)
        table = _gathered(store, [name for name in names if "measures" in store[name]])
        return MeasureIndex(store.path / FILE, _units(table), names, table)
    path = store.path / FILE
    kept = _kept(path)
    if kept is not None and kept.folders and kept.holds(store.path):
        return MeasureIndex(path, kept.units, tuple(kept.recordings))
    seen = _settled(store.path)
    recordings = tuple(seen.recordings)
    unchanged = kept is not None and kept.tables == seen.tables
    if kept is not None and unchanged and not (seen.folders and os.access(store.path, os.W_OK)):
        return MeasureIndex(path, kept.units, recordings)
    table = _brought_up_to_date(store, path, kept, seen)
    units = _units(table)
    if os.access(store.path, os.W_OK):
        _write(path, table, replace(seen, units=units))
        return MeasureIndex(path, units, recordings)
    return MeasureIndex(path, units, recordings, table)


@dataclass(frozen=True)
class _Seen:
    """What a store held when it was looked through.

    Parameters
    ----------
    folders
        Time of change of each folder below the store, ns: a table that is committed, added or removed changes it.
    tables
        Of each table of measures, by recording: time of change and size.
    units
        Of the measures in them.
    """

    recordings: list[str] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    tables: dict[str, list[int]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    def holds(self, store: Path) -> bool:
        """Whether all is as it was: one look at each folder and table, none at what else they hold."""
        root = os.fspath(store)
        try:
            if set(_top(root)) != {folder for folder in self.folders if "/" not in folder}:
                return False
            for folder, changed in self.folders.items():
                if os.stat(f"{root}/{folder}").st_mtime_ns != changed:
                    return False
            for name, facts in self.tables.items():
                found = os.stat(f"{root}/{name}/{FILE}")
                if [found.st_mtime_ns, found.st_size] != facts:
                    return False
        except OSError:
            return False
        return True


def _settled(store: Path) -> _Seen:
    """What a store holds; without times of its folders while something is being written.

    A folder's time has the grain of the system's clock: what is written in the same grain as it was looked at would
    not be seen to have changed.
    """
    seen = _Seen()
    for _ in range(3):
        begun = time.time_ns()
        seen = _looked_through(store)
        if begun - max(seen.folders.values(), default=0) > _GRAIN_NS:
            return seen
        time.sleep(_GRAIN_NS / 1e9)
    return replace(seen, folders={})


def _looked_through(store: Path) -> _Seen:
    """All folders, recordings and tables of measures, in one walk."""
    root = os.fspath(store)
    seen = _Seen()
    recordings: set[str] = set()
    waiting = _top(root)
    while waiting:
        folder = waiting.pop()
        seen.folders[folder] = os.stat(f"{root}/{folder}").st_mtime_ns
        with os.scandir(f"{root}/{folder}") as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    waiting.append(f"{folder}/{entry.name}")
                    continue
                if entry.name == "recording.json" or entry.name.endswith(".parquet"):
                    recordings.add(folder)
                if entry.name == FILE:
                    facts = entry.stat()
                    seen.tables[folder] = [facts.st_mtime_ns, facts.st_size]
    tables = dict(sorted(seen.tables.items()))
    return replace(seen, recordings=sorted(recordings), tables=tables)


def _top(root: str) -> list[str]:
    """Folders right below the store, whose own time changes with every index that is written."""
    with os.scandir(root) as entries:
        return [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]


def _kept(path: Path) -> _Seen | None:
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        described = json.loads((pq.read_schema(path).metadata or {})[_KEY])
        return _Seen(**described)
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException):
        return None


def _brought_up_to_date(store: FeatureStore, path: Path, kept: _Seen | None, seen: _Seen) -> pa.Table:
    """Rows of the index for tables that are as they were, and of the others anew."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    known = kept.tables if kept is not None else {}
    same = [name for name, facts in seen.tables.items() if known.get(name) == facts]
    new = _gathered(store, [name for name in seen.tables if name not in set(same)])
    if not same:
        return new
    try:
        rows = pq.read_table(path).replace_schema_metadata(None).cast(new.schema)
    except (OSError, ValueError, pa.ArrowException):
        return _gathered(store, seen.tables)
    old = rows.filter(pc.is_in(rows["recording"], pa.array(same, pa.string())))  # type: ignore[attr-defined]
    return pa.concat_tables([old, new])


def _gathered(store: FeatureStore, names: Iterable[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = MEASURES.arrow().empty_table().select(list(COLUMNS)).replace_schema_metadata(None)

    def read(name: str) -> pa.Table:
        rows = store[name].file("measures").read(["interval", *COLUMNS])
        whole = rows.filter(pc.equal(rows["interval"], "")).drop(["interval"])  # type: ignore[attr-defined]
        # The folder says which recording it is, not what a table that was moved says of itself.
        column = pa.array([name] * len(whole), pa.string())
        return whole.set_column(whole.column_names.index("recording"), "recording", column)

    with ThreadPoolExecutor(4) as pool:
        parts = [part.replace_schema_metadata(None).cast(empty.schema) for part in pool.map(read, names)]
    return pa.concat_tables([empty, *parts])


def _units(table: pa.Table) -> dict[str, str]:
    measures, units = (table[name].to_pylist() for name in ("measure", "unit"))
    return dict(sorted(dict(zip(measures, units, strict=True)).items()))


def _write(path: Path, table: pa.Table, seen: _Seen) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from bitflow.drafts import draft_path, publish

    draft = draft_path(path)
    ordered = table.sort_by([("measure", "ascending"), ("recording", "ascending")])
    schema = table.schema.with_metadata({_KEY: canonical_json(vars(seen)).encode()})
    counts = {entry["values"].as_py(): entry["counts"].as_py() for entry in pc.value_counts(ordered["measure"])}  # type: ignore[attr-defined]
    at = 0
    with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        for measure in seen.units:
            writer.write_table(ordered.slice(at, counts[measure]), row_group_size=counts[measure])
            at += counts[measure]
    publish(draft, path, durable=False)
