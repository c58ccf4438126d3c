"""All measures of a store in one file, a row group a measure, so that one of them is read without the others.

``measures.parquet`` at the store's top is an index: it is made again whenever a recording's own table is newer, of
another size, added or gone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
    def _file(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path)

    def rows(self, measure: str) -> pa.Table:
        """Rows of one measure over whole recordings."""
        place = list(self.units).index(measure)
        if self.table is not None:
            import pyarrow.compute as pc

            return self.table.filter(pc.equal(self.table["measure"], measure))  # type: ignore[attr-defined]
        return self._file.read_row_group(place)


def measure_index(store: FeatureStore) -> MeasureIndex:
    """The index of a store, made anew where it does not hold any more.

    A store that cannot be written, or lies on another machine, is read each time.
    """
    recordings, stamps = _stamps(store)
    stamp = hashlib.sha256(canonical_json(stamps).encode()).hexdigest()
    path = store.path / FILE
    kept = None if is_remote(store.path) else _kept(path, stamp)
    if kept is not None:
        return MeasureIndex(path, kept, recordings)
    table = _gathered(store, [name for name, *_ in stamps])
    units = _units(table)
    if not is_remote(store.path) and os.access(store.path, os.W_OK):
        _write(path, table, units, stamp)
        return MeasureIndex(path, units, recordings)
    return MeasureIndex(path, units, recordings, table)


def _stamps(store: FeatureStore) -> tuple[tuple[str, ...], list[list[Any]]]:
    """All recordings, and of each one's table of measures the id, time of change and size; in one walk."""
    if is_remote(store.path):
        names = tuple(store)
        return names, [[name, 0, 0] for name in names if "measures" in store[name]]
    found: list[list[Any]] = []
    recordings: set[str] = set()
    waiting = [(os.fspath(store.path), "")]
    while waiting:
        folder, inside = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    waiting.append((entry.path, f"{inside}{entry.name}/"))
                    continue
                if inside and (entry.name == "recording.json" or entry.name.endswith(".parquet")):
                    recordings.add(inside[:-1])
                if inside and entry.name == FILE:
                    facts = entry.stat()
                    found.append([inside[:-1], facts.st_mtime_ns, facts.st_size])
    return tuple(sorted(recordings)), sorted(found)


def _kept(path: Path, stamp: str) -> dict[str, str] | None:
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        described = json.loads((pq.read_schema(path).metadata or {})[_KEY])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return None
    return described["units"] if described.get("stamp") == stamp else None


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


def _write(path: Path, table: pa.Table, units: dict[str, str], stamp: str) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from bitflow.drafts import draft_path, publish

    described = canonical_json({"units": units, "stamp": stamp}).encode()
    draft = draft_path(path)
    ordered = table.sort_by([("measure", "ascending"), ("recording", "ascending")])
    schema = table.schema.with_metadata({_KEY: described})
    counts = {entry["values"].as_py(): entry["counts"].as_py() for entry in pc.value_counts(ordered["measure"])}  # type: ignore[attr-defined]
    at = 0
    with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        for measure in units:
            writer.write_table(ordered.slice(at, counts[measure]), row_group_size=counts[measure])
            at += counts[measure]
    publish(draft, path, durable=False)
