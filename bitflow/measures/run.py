"""Measure a store: the tables `events` and `measures` of every recording, and the exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bitflow
from bitflow.errors import BitflowError, UsageError
from bitflow.events.scene import Scene
from bitflow.events.table import EVENTS, event_batch
from bitflow.measures.evaluation import Settings, Window, evaluate, windows_of
from bitflow.measures.records import MEASURES, Record, record_batch
from bitflow.measures.registry import Measure, select
from bitflow.store import FeatureStore, Recording, fingerprint, open_store
from bitflow.tables import Schema, write_table
from bitflow.timeline import Interval

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1"


@dataclass(frozen=True)
class MeasuredStore:
    """What `measure_store` did.

    Attributes
    ----------
    records
        All values, and all reasons why there is none.
    failed
        Recordings that could not be measured, with a sentence.
    files
        What was exported.
    """

    store: Path
    records: tuple[Record, ...]
    measures: tuple[Measure, ...]
    failed: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able summary."""
        states = [record.status for record in self.records]
        return {
            "store": str(self.store),
            "recordings": len({record.recording for record in self.records}),
            "failed": self.failed,
            "values": sum(state != "undefined" for state in states),
            "low_coverage": states.count("low_coverage"),
            "undefined": states.count("undefined"),
            "files": [str(path) for path in self.files],
        }


def measure_store(
    store: str | Path | FeatureStore,
    output: str | Path | None = None,
    *,
    measures: Iterable[str] | None = None,
    window: float | None = None,
    intervals: str | Path | None = None,
    reliability: bool = False,
    settings: Settings | None = None,
    progress: Callable[[str], None] = lambda recording: None,
) -> MeasuredStore:
    """Compute measures for every recording of a store.

    Parameters
    ----------
    output
        Folder for measures.csv, measures_long.parquet, dictionary.csv and methods.md; None exports nothing.
    measures
        Ids, families, ``core`` or ``all``.
    window
        Also values for every window of this many seconds.
    intervals
        Also values for every interval of this file: a CSV with ``start,end`` and optionally ``name,recording``, or the
        name of an interval table of the store.
    reliability
        Also reliability.csv: split-half, and test-retest where participants come back.
    settings
        Keyword settings by measure id.

    Raises
    ------
    UsageError
        A measure, window or interval file is not valid, or the store holds no recordings.
    """
    opened = store if isinstance(store, FeatureStore) else open_store(store)
    chosen = select(measures)
    if window is not None and not window > 0:
        raise UsageError(f"a window lasts a positive number of seconds, not {window}")
    names = list(opened)
    if not names:
        raise UsageError(f"{opened.path}: the store holds no recordings; `bitflow extract` adds them")
    parts = read_windows(intervals, opened) if intervals is not None else {}
    records: list[Record] = []
    failed: dict[str, str] = {}
    for name in names:
        try:
            recording = opened[name]
            records += measure_recording(recording, chosen, window=window, parts=parts.get(name, []), settings=settings)
        except BitflowError as error:  # one recording never stops the others
            failed[name] = str(error)
        progress(name)
    files: tuple[Path, ...] = ()
    if output is not None:
        from bitflow.measures.export import export_measures

        files = export_measures(opened, records, chosen, Path(output), settings or {})
        if reliability:
            from bitflow.measures.reliability import write_reliability

            files = (*files, write_reliability(opened, chosen, records, Path(output)))
    return MeasuredStore(opened.path, tuple(records), chosen, failed, files)


def measure_recording(
    recording: Recording,
    measures: Sequence[Measure],
    *,
    window: float | None = None,
    parts: Sequence[Window] = (),
    settings: Settings | None = None,
) -> list[Record]:
    """Compute measures of one recording and keep them, and its events, as tables of the store."""
    scene = Scene(recording)
    windows = [*(windows_of(scene.interval, window) if window else ()), *parts]
    records = evaluate(scene, measures, windows=windows, settings=settings)
    described = {"measures": [measure.id for measure in measures], "settings": dict(settings or {})}
    _keep(recording, EVENTS, event_batch(scene), {})
    _keep(recording, MEASURES, record_batch(records), described)
    return records


def _keep(recording: Recording, schema: Schema, batch: pa.RecordBatch, parameters: dict[str, Any]) -> None:
    inputs: dict[str, Any] = {}
    for table in recording.tables:
        if table in ("events", "measures"):
            continue
        try:
            inputs[table] = recording.file(table).metadata.get("fingerprint")
        except BitflowError:
            continue
    provenance = {
        "extractor": f"bitflow {schema.name}",
        "version": VERSION,
        "software": bitflow.__version__,
        "parameters": parameters,
        "models": {},
        "inputs": inputs,
    }
    stamp = {"provenance": provenance, "fingerprint": fingerprint(provenance)}
    write_table(recording.path / f"{schema.name}.parquet", schema, [batch], stamp)


def read_windows(source: str | Path, store: FeatureStore) -> dict[str, list[Window]]:
    """Named parts of recordings from a CSV or Parquet file, or from an interval table of the store.

    Raises
    ------
    UsageError
        The file cannot be read, lacks `start` and `end`, or a line is not valid; the message names the line.
    """
    import pandas as pd

    path = Path(source)
    if not path.exists() and str(source).isidentifier():
        found = {name: store[name].table(str(source)) for name in store if str(source) in store[name]}
        if not found:
            raise UsageError(f"{source}: neither a file nor an interval table of the store")
        return {name: _windows(rows, f"table {source} of {name}") for name, rows in found.items()}
    try:
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a readable CSV or Parquet file: {error}") from error
    rows.columns = [str(name).strip() for name in rows.columns]
    if "recording" not in rows:
        windows = _windows(rows, str(path))
        return dict.fromkeys(store, windows)
    unknown = sorted(set(rows["recording"].astype(str)) - set(store))
    if unknown:
        raise UsageError(f"{path}: the store has no recording {unknown[0]!r}")
    return {
        str(name): _windows(part, str(path)) for name, part in rows.groupby(rows["recording"].astype(str), sort=False)
    }


def _windows(rows: Any, source: str) -> list[Window]:
    for column in ("start", "end"):
        if column not in rows:
            raise UsageError(f"{source}: a column {column!r} in seconds is needed; it has {', '.join(rows.columns)}")
    label = next((name for name in ("name", "label", "task", "question", "text") if name in rows), None)
    windows: list[Window] = []
    for line, (_, row) in enumerate(rows.iterrows(), 1):
        try:
            start, end = float(row["start"]), float(row["end"])
        except (TypeError, ValueError):
            start = end = float("nan")
        if not end > start:
            raise UsageError(f"{source}, row {line}: not an interval: {row['start']} to {row['end']}")
        windows.append(Window(Interval(start, end), str(row[label]) if label else f"interval {line}"))
    return windows
