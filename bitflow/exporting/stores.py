"""A whole store, or part of it, in another format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from bitflow.drafts import replace_file
from bitflow.errors import BitflowError, StoreError, UsageError
from bitflow.exporting import csv_files, deidentify, dictionary, npz_files, parquet_files
from bitflow.exporting.content import TableContent
from bitflow.tables import TableFile

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import FeatureStore, Recording

Format = Literal["csv", "parquet", "npz", "openface", "dlc", "sleap"]

#: Formats of other programs, whose scripts read every file of a folder: nothing else is written there.
FOREIGN: tuple[Format, ...] = ("openface", "dlc", "sleap")


@dataclass
class Export:
    """What `export_store` wrote: files by their path below the folder with their rows, and what went wrong."""

    path: Path
    files: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Keep a sentence once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {"path": str(self.path), "files": self.files, "failed": self.failed, "notes": self.notes}


@dataclass(frozen=True)
class _Order:
    format: Format
    rate_hz: float | None
    tables: tuple[str, ...] | None
    deidentified: bool


def export_store(
    store: FeatureStore,
    folder: str | os.PathLike[str],
    *,
    format: Format = "csv",
    rate_hz: float | None = None,
    tables: Iterable[str] | None = None,
    recordings: Iterable[str] | None = None,
    deidentified: bool = False,
    key: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda recording: None,
) -> Export:
    """Write the tables of a store for other programs.

    Parameters
    ----------
    folder
        Receives ``<recording>/<table>.csv`` (or .parquet), ``<recording>.npz``, or ``<recording>.csv`` in the
        OpenFace format, ``<recording>.csv`` or ``<recording>.analysis.h5`` with poses as DeepLabCut or SLEAP write
        them; in the others dictionary.csv says what each column means, recordings.csv what was exported.
    format
        ``csv``, ``parquet``, ``npz``, ``openface``, ``dlc`` or ``sleap``.
    rate_hz
        Brings all tables of a recording to one table on a uniform clock, by each column's rule
        (`bitflow.align`); by default every table keeps its own rate.
    tables, recordings
        Names; by default all.
    deidentified
        Leave out landmarks, vectors, words, texts and paths, and replace ids: see `deidentify.LEFT_OUT`.
    key
        A file outside `folder` that keeps which id was replaced by which; without one nobody can go back.
    progress
        Called with the id of each recording when it is done.

    Returns
    -------
    Export
        A recording that cannot be read has an entry in `failed` and stops no other.

    Raises
    ------
    UsageError
        Unknown names, a folder that is not empty or lies in the store, an empty store.
    """
    target = Path(folder)
    if format not in get_args(Format):
        raise UsageError(f"format is one of {', '.join(get_args(Format))}, not {format!r}")
    if rate_hz is not None and not 0 < rate_hz < float("inf"):
        raise UsageError(f"the rate is a positive number of Hz, not {rate_hz}")
    if format in ("dlc", "sleap") and (rate_hz is not None or tables is not None):
        raise UsageError(f"the format {format} holds the poses, frame by frame: leave --rate and --tables out")
    if key is not None and not deidentified:
        raise UsageError("a key of pseudonyms belongs to a deidentified export")
    order = _Order(format, rate_hz, None if tables is None else tuple(dict.fromkeys(tables)), deidentified)
    chosen = _chosen(store, recordings, order.tables)
    _check_folder(store, target, key, overwrite=overwrite)
    pseudonyms = deidentify.Pseudonyms(None if key is None else Path(key)) if deidentified else None
    names = {recording.id: recording.id for recording in chosen}
    if pseudonyms is not None:
        names = pseudonyms.assign("recording", names)
    export, lines, done = Export(target), [], []
    for recording in sorted(chosen, key=lambda recording: names[recording.id]):
        name = names[recording.id]
        try:
            lines += _export_recording(recording, name, order, export)
            done.append(recording)
        except UsageError as error:
            export.failed[recording.id] = str(error)
        except StoreError as error:
            if not recording.path.is_dir() or "cannot be written" in str(error) or "cannot be made" in str(error):
                raise
            export.failed[recording.id] = str(error)
        except (BitflowError, OSError, ValueError) as error:
            export.failed[recording.id] = f"cannot be read: {error}"
        progress(name)
    if deidentified:
        export.note(deidentify.LEFT_OUT)
    if format not in FOREIGN:
        _write(export, "dictionary.csv", dictionary.as_csv(lines), len({(line.table, line.column) for line in lines}))
        rows = _recording_rows(store, done, names, deidentified=deidentified)
        export.files["recordings.csv"] = csv_files.write_frame(target / "recordings.csv", rows)
        _export_participants(store, names, pseudonyms, export)
    if pseudonyms is not None:
        pseudonyms.save()
    return export


def _export_recording(recording: Recording, name: str, order: _Order, export: Export) -> list[dictionary.Entry]:
    from bitflow.exporting import openface

    if order.format == "openface":
        stem = name.rpartition("/")[2]
        folder = (export.path / name).parent
        written = openface.write_recording(
            folder, stem, recording, rate_hz=order.rate_hz, landmarks=not order.deidentified
        )
        for file, rows in written.items():
            export.files[(folder / file).relative_to(export.path).as_posix()] = rows
        if "action_units" not in recording:
            export.note(openface.NOTE)
        if len(written) > 1:
            export.note("openface: a recording with several faces has one file a face")
        return []
    if order.format in ("dlc", "sleap"):
        from bitflow.exporting import poses

        file = f"{name}.csv" if order.format == "dlc" else f"{name}.analysis.h5"
        write = poses.write_deeplabcut if order.format == "dlc" else poses.write_sleap
        export.files[file] = write(export.path / file, recording, deidentified=order.deidentified)
        return []
    contents = [content for content in _contents(recording, order, export) if content is not None]
    if order.rate_hz is not None:
        return _export_aligned(name, contents, order, export)
    if order.format == "npz":
        export.files[f"{name}.npz"] = npz_files.write_contents(export.path / f"{name}.npz", contents)
        return [line for content in contents for line in dictionary.entries(content.schema)]
    lines: list[dictionary.Entry] = []
    for content in contents:
        file = f"{name}/{content.schema.name}.{order.format}"
        writer = csv_files if order.format == "csv" else parquet_files
        export.files[file] = writer.write_content(export.path / file, content)
        lines += dictionary.entries(content.schema, flat=order.format == "csv")
    return lines


def _contents(recording: Recording, order: _Order, export: Export) -> list[TableContent | None]:
    wanted = [name for name in order.tables or recording.tables if name in recording]
    found: list[TableContent | None] = []
    speakers = deidentify.Renamed("S")
    for table in wanted:
        content: TableContent | None = TableContent.of(recording, table)
        if order.deidentified:
            content = deidentify.content_left(content, speakers)
        elif order.format == "csv" and order.tables is None:
            narrow = content.without_tensors()
            if narrow.schema != content.schema:
                export.note(f"{table}: its tensors are left out of the CSV files; --tables {table} has them")
            content = narrow
        found.append(content)
    return found


def _export_aligned(
    name: str, contents: Sequence[TableContent], order: _Order, export: Export
) -> list[dictionary.Entry]:
    from bitflow.timeline import align

    assert order.rate_hz is not None
    clocked = [content.without_tensors() for content in contents if content.schema.rows != "entity"]
    frame = align({content.schema.name: (content.schema, content.frame()) for content in clocked}, rate=order.rate_hz)
    lines = dictionary.aligned_entries([content.schema for content in clocked], [str(c) for c in frame.columns])
    if order.format == "npz":
        export.files[f"{name}.npz"] = npz_files.write_frame(export.path / f"{name}.npz", frame)
        return lines
    file = f"{name}/aligned.{order.format}"
    if order.format == "csv":
        export.files[file] = csv_files.write_frame(export.path / file, frame)
    else:
        export.files[file] = parquet_files.write_frame(export.path / file, frame, lines)
    return lines


def _chosen(store: FeatureStore, recordings: Iterable[str] | None, tables: tuple[str, ...] | None) -> list[Recording]:
    found = [store[name] for name in (store if recordings is None else recordings)]
    if not found:
        raise UsageError(f"{store.path}: the store holds no recordings; `bitflow extract` adds them")
    there = sorted({table for recording in found for table in recording.tables})
    for table in tables or ():
        if table not in there:
            raise UsageError(
                f"{store.path}: no recording has a table {table!r}; there are: {', '.join(there) or 'none'}"
            )
    return found


def _check_folder(store: FeatureStore, folder: Path, key: str | os.PathLike[str] | None, *, overwrite: bool) -> None:
    absolute = folder.resolve()
    if store.path.resolve() in (absolute, *absolute.parents):
        raise UsageError(f"{folder}: lies in the store itself; choose a folder outside it")
    if key is not None and Path(key).resolve().is_relative_to(absolute):
        raise UsageError(f"{key}: a key in the exported folder would travel with it; keep it elsewhere")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder")
    try:
        if folder.is_dir() and any(folder.iterdir()) and not overwrite:
            raise UsageError(f"{folder}: is not empty; choose another folder, or --overwrite what is there")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error


def _recording_rows(
    store: FeatureStore, recordings: list[Recording], names: dict[str, str], *, deidentified: bool
) -> pd.DataFrame:
    rows = store.recordings()
    rows = rows[rows["id"].isin([recording.id for recording in recordings])].copy()
    rows["id"] = [names[name] for name in rows["id"]]
    kept = ["id", "duration", "streams", "status"] if deidentified else list(rows.columns)
    return rows[kept].sort_values("id", ignore_index=True)


def _export_participants(
    store: FeatureStore, names: dict[str, str], pseudonyms: deidentify.Pseudonyms | None, export: Export
) -> None:
    """Covariates that were attached to the recordings, where there are any."""

    path = store.path / "participants.parquet"
    if not path.is_file():
        return
    rows = TableFile(path).frame()
    column = next((name for name in ("recording", "id") if name in rows), None)
    if column is None:
        return
    rows = rows[rows[column].isin(list(names))].copy()
    rows[column] = [names[name] for name in rows[column]]
    if pseudonyms is not None:
        if "participant" in rows:
            given = pseudonyms.assign("participant", rows["participant"].dropna().astype(str).unique())
            rows["participant"] = [given.get(str(name)) for name in rows["participant"]]
        if "visit" in rows:  # often a date
            order = {visit: number for number, visit in enumerate(sorted(rows["visit"].dropna().astype(str).unique()))}
            rows["visit"] = [order.get(str(visit)) for visit in rows["visit"]]
        rows = rows[[name for name in (column, "participant", "visit", "group") if name in rows]]
    rows = rows.sort_values(column, ignore_index=True)
    export.files["participants.csv"] = csv_files.write_frame(export.path / "participants.csv", rows)


def _write(export: Export, name: str, content: bytes, rows: int) -> None:
    replace_file(export.path / name, content)
    export.files[name] = rows
