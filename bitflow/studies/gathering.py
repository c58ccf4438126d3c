"""Tables of measures of many recordings put together: read in bunches, brought into one form once a bunch.

A table that bitflow did not write (pandas, R) is read as well: what it does not say is taken as not said. One that
cannot be read costs its own values and is named.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from bitflow.errors import BitflowError, StoreError
from bitflow.measures.records import MEASURES
from bitflow.places import is_remote
from bitflow.store import FeatureStore, open_store

if TYPE_CHECKING:
    import threading

    import pyarrow as pa

#: What a study needs of a measured value.
COLUMNS = (
    *("recording", "person", "measure", "value", "unit", "start", "end", "duration_valid_s", "coverage"),
    *("status", "reason"),
)

#: Read of every table: the folder says which recording it is, not what a table that was moved says of itself.
_READ = (*COLUMNS[1:], "interval")

#: Without these there is no value.
_NEEDED = ("measure", "value")

#: What a table without the column means; null elsewhere.
_UNSAID = {"person": "", "unit": "", "status": "ok", "reason": "", "interval": ""}

#: Tables that one thread reads before it hands them on, and threads: more wait for the interpreter.
_BUNCH, _THREADS = 128, 2

#: Tables for which it is worth to start processes.
_MANY = 3000


def gathered(store: FeatureStore, names: Iterable[str]) -> tuple[pa.Table, dict[str, str]]:
    """Values over whole recordings, with `COLUMNS`, and for each table that cannot be read why; in order of names."""
    from bitflow.cohort.cores import available_cores

    wanted = list(names)
    processes = min(available_cores(), len(wanted) // (_MANY // 2))
    if len(wanted) >= _MANY and processes > 1 and not is_remote(store.path):
        return _shared(store, wanted, processes)
    return _read_here(store, wanted)


def _read_here(store: FeatureStore, names: list[str]) -> tuple[pa.Table, dict[str, str]]:
    import pyarrow as pa

    bunches = [names[at : at + _BUNCH] for at in range(0, len(names), _BUNCH)]
    with ThreadPoolExecutor(_THREADS) as pool:
        read = list(pool.map(partial(_bunch, store), bunches))
    rows = pa.concat_tables([schema().empty_table(), *(part for part, _ in read)])
    return rows, {name: why for _, unread in read for name, why in unread.items()}


def _shared(store: FeatureStore, names: list[str], processes: int) -> tuple[pa.Table, dict[str, str]]:
    """The same by several processes, which leave what they read in a folder that is gone afterwards."""
    import pyarrow as pa

    from bitflow.cohort.crew import shared_out

    size = -(-len(names) // processes)
    parts = [names[at : at + size] for at in range(0, len(names), size)]
    read: dict[int, tuple[pa.Table, dict[str, str]]] = {}
    with tempfile.TemporaryDirectory(prefix="bitflow-") as folder:
        shares = [
            {"store": str(store.path), "names": part, "file": f"{folder}/{place}.arrow"}
            for place, part in enumerate(parts)
        ]
        for place, message in shared_out(f"{__name__}:serve", shares):
            if message is not None and "unread" in message:
                read[place] = pa.ipc.open_file(pa.OSFile(shares[place]["file"])).read_all(), message["unread"]
    for place, part in enumerate(parts):
        if place not in read:  # of a process that was ended
            read[place] = _read_here(store, part)
    rows = pa.concat_tables([read[place][0] for place in range(len(parts))])
    return rows, {name: why for place in range(len(parts)) for name, why in read[place][1].items()}


def serve(share: dict[str, Any], tell: Callable[..., None], stopping: threading.Event) -> None:
    """Read some tables, in a process of its own."""
    import pyarrow as pa

    rows, unread = _read_here(open_store(share["store"]), share["names"])
    with pa.OSFile(share["file"], "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)
    tell(unread=unread)


@cache
def schema() -> pa.Schema:
    """`COLUMNS` with their types."""
    import pyarrow as pa

    known = MEASURES.arrow()
    return pa.schema([pa.field(name, known.field(name).type) for name in COLUMNS])


@cache
def _read_schema() -> pa.Schema:
    import pyarrow as pa

    known = MEASURES.arrow()
    return pa.schema([pa.field(name, known.field(name).type) for name in _READ])


def whole_recordings(rows: pa.Table, recordings: Any) -> pa.Table:
    """Rows with `_READ` that are not of a window or task, and the recording of each as an Arrow array."""
    import pyarrow.compute as pc

    for name, meant in _UNSAID.items():
        if rows[name].null_count:
            filled: Any = pc.fill_null(rows[name], meant)  # type: ignore[attr-defined]
            rows = rows.set_column(rows.schema.get_field_index(name), name, filled)
    rows = rows.add_column(0, "recording", recordings)
    wanted = pc.and_(pc.equal(rows["interval"], ""), pc.is_valid(rows["measure"]))  # type: ignore[attr-defined]
    whole = rows.filter(wanted)
    return whole.select(list(COLUMNS)).cast(schema())


def in_one_form(rows: pa.Table) -> pa.Table:
    """A table of measures with the columns that are read, in their types.

    Raises
    ------
    StoreError
        It has no measure or no value, or holds something else in a column.
    """
    import pyarrow as pa

    wanted = _read_schema()
    if rows.schema.names == wanted.names and rows.schema.types == wanted.types:  # as bitflow writes it
        return pa.Table.from_arrays(rows.columns, schema=wanted)
    if missing := [name for name in _NEEDED if name not in rows.column_names]:
        raise StoreError(f"a table of measures needs the column {missing[0]!r}; it has {', '.join(rows.column_names)}")
    columns: list[Any] = []
    for field in wanted:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(len(rows), field.type))
            continue
        try:
            columns.append(rows[field.name].cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise StoreError(f"column {field.name!r} does not hold {field.type}: {error}") from error
    return pa.table(columns, schema=wanted)


def _bunch(store: FeatureStore, names: Sequence[str]) -> tuple[pa.Table, dict[str, str]]:
    import pyarrow as pa

    tables: list[pa.Table] = []
    whose: list[str] = []
    unread: dict[str, str] = {}
    for name in names:
        try:
            rows = store[name].file("measures").read(_READ, threads=False)
            tables.append(in_one_form(rows))
        except BitflowError as error:
            unread[name] = str(error)
            continue
        whose += [name] * len(rows)
    if not tables:
        return schema().empty_table(), unread
    return whole_recordings(pa.concat_tables(tables), pa.array(whose, pa.string())), unread
