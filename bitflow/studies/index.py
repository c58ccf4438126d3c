"""All measures of a store in one file, a row group a measure, so that one of them is read without the others.

``measures.parquet`` at the store's top is an index, written by ``bitflow measure`` and the first question: it is made
again whenever a recording's own table is newer, of another size, added or gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.errors import StoreError
from bitflow.places import is_remote
from bitflow.store import FeatureStore
from bitflow.studies.columns import coded
from bitflow.studies.gathering import COLUMNS, gathered, in_one_form, schema, whole_recordings
from bitflow.studies.roles import brought_up_to_date, participants_of, people_facts, with_several
from bitflow.tables import canonical_json

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

FILE = "measures.parquet"

_KEY = b"bitflow.measures"

_TEXTS = ("recording", "person", "measure", "unit", "status", "reason")

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
    unread
        Of recordings whose table of measures cannot be read, why.
    participants
        Of recordings with several people the person with the role participant, where one alone has it.
    """

    path: Path
    units: dict[str, str]
    recordings: tuple[str, ...] = ()
    table: pa.Table | None = None
    unread: dict[str, str] = field(default_factory=dict)
    participants: dict[str, str] = field(default_factory=dict)

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

    A store that cannot be written, or lies on another machine, is read each time. So is one in which somebody put a
    table of measures of his own where the index goes: its values stand for recordings that have no table themselves.

    Raises
    ------
    StoreError
        What somebody put there is no table of measures.
    """
    path = store.path / FILE
    if is_remote(store.path):
        names = tuple(store)
        table, unread = gathered(store, [name for name in names if "measures" in store[name]])
        return MeasureIndex(path, _units(table), names, table, unread, participants_of(store, with_several(table)))
    kept = _kept(path)
    if kept is not None and kept.folders and kept.holds(store.path):
        recordings = tuple(kept.recordings)
        return MeasureIndex(path, kept.units, recordings, unread=kept.unread, participants=kept.participants)
    seen = _settled(store.path)
    recordings = tuple(seen.recordings)
    if kept is None and (own := _somebodys(path)) is not None:
        table, unread = gathered(store, seen.tables)
        table = _beside(table, own, [name for name in recordings if name not in seen.tables])
        return MeasureIndex(path, _units(table), recordings, table, unread, participants_of(store, with_several(table)))
    writable = os.access(store.path, os.W_OK)
    was = kept or _Seen()
    if kept is not None and kept.tables == seen.tables and not (seen.folders and writable):
        _, whose = brought_up_to_date(store, kept.people, was.people, was.participants)
        return MeasureIndex(path, kept.units, recordings, unread=kept.unread, participants=whose)
    table, unread = _brought_up_to_date(store, path, kept, seen)
    units = _units(table)
    people, whose = brought_up_to_date(store, with_several(table), was.people, was.participants)
    if not writable:
        return MeasureIndex(path, units, recordings, table, unread, whose)
    _write(path, table, replace(seen, units=units, unread=unread, people=people, participants=whose))
    return MeasureIndex(path, units, recordings, unread=unread, participants=whose)


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
    unread
        Of tables that cannot be read, why.
    people
        Of recordings with measures of several people, time of change and size of what says who is who.
    participants
        The person of each of them that has the role participant.
    """

    recordings: list[str] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    tables: dict[str, list[int]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    people: dict[str, list[int]] = field(default_factory=dict)
    participants: dict[str, str] = field(default_factory=dict)

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
        return all(people_facts(root, name) == facts for name, facts in self.people.items())


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


def _somebodys(path: Path) -> pa.Table | None:
    """The table at the index's place, where it is one and bitflow did not write it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if _KEY in (pq.read_schema(path).metadata or {}):
            return None
        rows = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    if "recording" not in rows.column_names:
        raise StoreError(
            f"{path}: bitflow did not write it, and it stands where the index of measures goes; with the columns "
            "recording, measure and value it is read as measures, or move it away"
        )
    try:
        recordings = rows["recording"].cast(pa.string())
        return whole_recordings(in_one_form(rows.drop(["recording"])), recordings)
    except (StoreError, pa.ArrowException) as error:
        raise StoreError(f"{path}: {error}") from error


def _beside(table: pa.Table, own: pa.Table, names: list[str]) -> pa.Table:
    """Rows of recordings' own tables, and for other recordings those that somebody gave."""
    import pyarrow as pa
    import pyarrow.compute as pc

    theirs = own.filter(pc.is_in(own["recording"], pa.array(names, pa.string())))  # type: ignore[attr-defined]
    return pa.concat_tables([table, theirs])


def _brought_up_to_date(
    store: FeatureStore, path: Path, kept: _Seen | None, seen: _Seen
) -> tuple[pa.Table, dict[str, str]]:
    """Rows of the index for tables that are as they were, and of the others anew; and why some have none."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    known = kept.tables if kept is not None else {}
    same = [name for name, facts in seen.tables.items() if known.get(name) == facts]
    if kept is None or not same:
        return gathered(store, seen.tables)
    try:
        rows = pq.read_table(path).replace_schema_metadata(None)
        old = rows.filter(pc.is_in(rows["recording"], pa.array(same, pa.string())))  # type: ignore[attr-defined]
        old = old.cast(schema())
    except (OSError, ValueError, pa.ArrowException):
        return gathered(store, seen.tables)
    new, unread = gathered(store, [name for name in seen.tables if name not in set(same)])
    return pa.concat_tables([old, new]), {name: kept.unread[name] for name in same if name in kept.unread} | unread


def _units(table: pa.Table) -> dict[str, str]:
    """Of each measure its unit; that of bitflow's own where no row says one."""
    pairs = table.select(["measure", "unit"]).group_by(["measure", "unit"]).aggregate([])
    measures, units = (pairs[name].to_pylist() for name in ("measure", "unit"))
    found: dict[str, str] = {}
    for measure, unit in sorted(zip(measures, units, strict=True)):
        found[measure] = unit or found.get(measure, "")
    if "" in found.values():
        from bitflow.measures.registry import registered

        known = registered()
        found |= {name: known[name].unit for name, unit in found.items() if not unit and name in known}
    return found


def _write(path: Path, table: pa.Table, seen: _Seen) -> None:
    import numpy as np
    import pyarrow.parquet as pq

    from bitflow.drafts import draft_path, publish

    for place, name in enumerate(table.column_names):  # as codes, texts are moved and written in a fifth of the time
        if name in _TEXTS:
            table = table.set_column(place, name, table[name].dictionary_encode())
    measures = _ranks(table["measure"])
    ordered = table.take(np.lexsort((_ranks(table["recording"]), measures)))
    described = table.schema.with_metadata({_KEY: canonical_json(vars(seen)).encode()})
    draft = draft_path(path)
    at = 0
    try:
        with pq.ParquetWriter(draft, described, compression="zstd") as writer:
            for count in np.bincount(measures, minlength=len(seen.units)).tolist():
                writer.write_table(ordered.slice(at, count), row_group_size=count)
                at += count
        publish(draft, path, durable=False)
    finally:
        with suppress(OSError):  # where it was interrupted
            draft.unlink(missing_ok=True)


def _ranks(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """The place of each text among the different ones in order, ``(rows,)``."""
    import numpy as np

    known, codes = coded(column)
    order = {text: place for place, text in enumerate(sorted(known))}
    return np.array([order[text] for text in known], np.int64)[codes]
