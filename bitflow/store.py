"""The feature store: plain folders, here or at a URL, that any Parquet reader opens.

::

    features/
      bitflow.json            format version
      recordings.parquet      one row a recording, rebuilt from the recording.json files
      <id>/
        recording.json        what the recording is and how its extraction went
        <table>.parquet       one file a table; its rename into place is the commit, or a marker that is written last

Everything beside the tables is an index: it can be deleted and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from bitflow.drafts import replace_file
from bitflow.errors import SchemaError, StoreError
from bitflow.places import files_by_folder, is_remote, place, with_markers
from bitflow.tables import Column, Schema, TableFile, canonical_json, write_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

#: Version of the layout; a store of a later one is refused, of an earlier one read.
FORMAT_VERSION = 1

#: Names at the top of a store that no recording may take.
RESERVED = frozenset({"bitflow.json", "recordings.parquet", "participants.parquet", "measures.parquet"})

RECORDINGS = Schema(
    "recordings",
    "entity",
    (
        Column("id", "string", description="path of the input below its folder, without suffix", nullable=False),
        Column("path", "string", description="the input as it was given"),
        Column("size", "int64", "By", "size of the input"),
        Column("sha256", "string", description="of the input's bytes"),
        Column("duration", "float64", "s", "length on the media clock, as the header has it"),
        Column("streams", "string", description="video, audio, or both with a comma between"),
        Column("status", "string", description="done or failed", nullable=False),
        Column("error", "string", description="why it failed; null when done"),
        Column("notes", "string", description="what a reader of the tables must know, one a line"),
        Column("seconds", "float64", "s", "time spent on it"),
        Column("tables", "string", description="names of its tables, comma between"),
    ),
    "one row a recording of the store",
)

INTERRUPTED = "not finished: still running, or interrupted; the same command completes it"


@dataclass(frozen=True)
class Finding:
    """One thing that `FeatureStore.check` found."""

    recording: str
    table: str | None
    severity: Literal["error", "warning"]
    sentence: str


@dataclass(frozen=True)
class Recording:
    """One recording of a store: its tables and what is known about it."""

    id: str
    path: Path

    @property
    def info(self) -> dict[str, Any]:
        """What recording.json says; rebuilt from the tables when it is missing or broken."""
        try:
            return json.loads((self.path / "recording.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return self._info_from_tables()

    @property
    def source(self) -> Path | None:
        """The input file, where it is known."""
        path = self.info.get("path")
        return place(path) if path else None

    @property
    def source_missing(self) -> str | None:
        """Why there is no input file to read, in words; None where there is one."""
        source = self.source
        if source is None:
            return (
                "it was simulated, from no file" if self.info.get("simulated") else "it was imported without its file"
            )
        return None if source.is_file() else f"its file ({source}) is not there any more"

    @property
    def status(self) -> str:
        """``done`` or ``failed``."""
        return self.info["status"]

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the committed tables, sorted."""
        return tuple(sorted(path.stem for path in self.path.glob("*.parquet")))

    def __contains__(self, table: object) -> bool:
        return isinstance(table, str) and (self.path / f"{table}.parquet").is_file()

    def file(self, table: str) -> TableFile:
        """The table's file, as it was written.

        Raises
        ------
        StoreError
            There is no such table; the message names those that are there.
        """
        if table not in self:
            there = ", ".join(self.tables) or "none"
            raise StoreError(f"recording {self.id!r} has no table {table!r}; it has: {there}")
        return TableFile(self.path / f"{table}.parquet")

    def schema(self, table: str) -> Schema:
        """The table's columns with their units."""
        return self.file(table).schema

    def table(self, table: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """A table as a DataFrame.

        Tables with tracks get the column `person` after `track`: one number a human in the recording, −1 where it
        is not known. A tensor cell is a flat float array; `points` gives them all as one array.
        """
        file = self.file(table)
        schema = file.schema
        asked = None if columns is None else list(columns)
        stored = asked
        if asked is not None and "person" in asked and schema.tracks and "person" not in schema:
            stored = [name for name in asked if name not in ("person", "track")] + ["track"]
        frame = file.frame(stored)
        if schema.tracks and "track" in frame and "person" not in frame:
            persons = self._persons(schema.tracks, frame["track"].to_numpy())
            frame.insert(list(frame.columns).index("track") + 1, "person", persons)
        if asked is not None:
            frame = frame.loc[:, asked]
        frame.attrs["schema"] = schema.as_dict()
        return frame

    def points(self, table: str, column: str = "points") -> np.ndarray:
        """A tensor column as one array ``(rows, *shape)``, in the unit that its schema says."""
        return self.file(table).points(column)

    def aligned(self, rate: float, tables: Iterable[str] | None = None, **options: Any) -> pd.DataFrame:
        """Tables on one uniform clock of `rate` Hz; see `bitflow.timeline.align` for the rules and `options`."""
        from bitflow.timeline import align

        names = self.tables if tables is None else tuple(tables)
        schemas = {name: self.schema(name) for name in names}
        clocked = [name for name, schema in schemas.items() if schema.rows != "entity"]
        scalars = {name: (schemas[name], self._scalars(name, schemas[name])) for name in clocked}
        return align(scalars, rate=rate, **options)

    def write(
        self,
        schema: Schema,
        batches: Iterable[pa.RecordBatch],
        *,
        provenance: Mapping[str, Any],
        notes: Iterable[str] = (),
        facts: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> TableFile:
        """Commit a table that no extraction made, and list it in recording.json.

        Parameters
        ----------
        provenance
            ``extractor`` and ``version`` of what made it, ``parameters``, ``models``, ``inputs`` (fingerprints of
            tables it was made from), and whatever else its bytes depend on.
        notes
            Sentences that a reader of the table must know.
        facts
            Entries of recording.json (``media``, ``path`` …) that it should hold unless it does already.
        metadata
            What else the table's file says beside its columns, under keys of its own.
        """
        path = self.path / f"{schema.name}.parquet"
        stamp = {
            **(metadata or {}),
            "fingerprint": fingerprint(provenance),
            "provenance": dict(provenance),
            "notes": list(notes),
        }
        stale = set(self._notes_of(schema.name))
        write_table(path, schema, batches, stamp)
        file = TableFile(path)
        known = self.info
        info = {"id": self.id, "path": None, "status": "done", "error": None, **(facts or {})}
        info.update({name: value for name, value in known.items() if value is not None})
        kept = [note for note in known.get("notes", []) if note not in stale]
        info["notes"] = list(dict.fromkeys([*kept, *stamp["notes"]]))
        info["tables"] = {**known.get("tables", {}), schema.name: table_entry(file)}
        replace_file(self.path / "recording.json", canonical_json(info).encode())
        return file

    def _notes_of(self, table: str) -> list[str]:
        """What a reader of a table that is there must know; nothing where it is not there or damaged."""
        try:
            return list(self.file(table).metadata.get("notes", [])) if table in self else []
        except (StoreError, SchemaError):
            return []

    def _scalars(self, name: str, schema: Schema) -> pd.DataFrame:
        """The table without tensor columns, which no clock resamples."""
        columns = [column.name for column in schema.columns if not column.shape]
        if schema.tracks and "person" not in columns:
            columns.insert(columns.index("track") + 1, "person")
        return self.table(name, columns)

    def _persons(self, kind: str, tracks: np.ndarray) -> np.ndarray:
        import numpy as np

        from bitflow.people import persons_of

        known = persons_of(self, kind)
        seen, places = np.unique(tracks, return_inverse=True)
        return np.array([known.get(int(track), -1) for track in seen], np.int32)[places]

    def _info_from_tables(self) -> dict[str, Any]:
        described: dict[str, Any] = {
            "id": self.id,
            "path": None,
            "status": "done",
            "error": None,
            "notes": [],
        }
        described["tables"] = {}
        for name in self.tables:
            file = TableFile(self.path / f"{name}.parquet")
            try:
                metadata = file.metadata
            except (StoreError, SchemaError):
                continue
            described["tables"][name] = table_entry(file)
            described["notes"] += [note for note in metadata.get("notes", []) if note not in described["notes"]]
            described.update(metadata.get("recording", {}))
        if not described["tables"]:
            described.update(status="failed", error=INTERRUPTED)
        return described


class FeatureStore:
    """A folder of recordings. Open one with `open_store`, make one with `FeatureStore.create`."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = place(path)

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> FeatureStore:
        """Open the store at `path`, making it when there is none.

        Raises
        ------
        StoreError
            The folder cannot be made or written, or holds a store of a later format.
        """
        folder = place(path)
        if (folder / "bitflow.json").is_file():
            return open_store(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: no store can be made there: {error.strerror or error}") from error
        described = {"format": FORMAT_VERSION, **({"commits": "marked"} if is_remote(folder) else {})}
        replace_file(folder / "bitflow.json", canonical_json(described).encode())
        return open_store(folder)

    def discard_empty(self) -> None:
        """Remove the store when nothing was ever put into it; harmless otherwise."""
        there = {path.name for path in self.path.iterdir()} if self.path.is_dir() else set()
        if there == {"bitflow.json"}:
            (self.path / "bitflow.json").unlink()
            self.path.rmdir()

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.path)!r})"

    def __iter__(self) -> Iterator[str]:
        for inside, files in files_by_folder(self.path):
            if inside and any(
                name == "recording.json" or (name.endswith(".parquet") and not name.startswith(".")) for name in files
            ):
                yield inside

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, recording: object) -> bool:
        if not isinstance(recording, str):
            return False
        folder = self._folder(recording)
        return (folder / "recording.json").is_file() or any(folder.glob("*.parquet"))

    def __getitem__(self, recording: str) -> Recording:
        if recording not in self:
            from difflib import get_close_matches

            near = get_close_matches(recording, list(self), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise StoreError(f"{self.path}: no recording {recording!r}{hint}")
        return Recording(recording, self._folder(recording))

    def draft(self, recording: str) -> Recording:
        """The recording's place in the store, made when it is not there yet."""
        folder = self._folder(recording)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
        return Recording(recording, folder)

    def recordings(self) -> pd.DataFrame:
        """One row a recording, with the columns of `RECORDINGS`."""
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=list(RECORDINGS.names))

    def index(self) -> Path:
        """Write recordings.parquet anew from the recording.json files."""
        rows = self._rows()
        path = self.path / "recordings.parquet"
        write_table(path, RECORDINGS, [RECORDINGS.batch({n: [row[n] for row in rows] for n in RECORDINGS.names})])
        return path

    def check(self) -> list[Finding]:
        """Read everything: each table opens, keeps its schema, and stands on the tables it was made from."""
        from bitflow.store_check import check_store

        return check_store(self)

    def _folder(self, recording: str) -> Path:
        parts = PurePosixPath(recording).parts
        if not parts or recording.startswith("/") or any(part in ("..", ".") for part in parts):
            raise StoreError(f"{recording!r} is not the id of a recording")
        if parts[0] in RESERVED:
            raise StoreError(f"{recording!r}: the store keeps that name for itself")
        return self.path.joinpath(*parts)

    def _rows(self) -> list[dict[str, Any]]:
        return [_index_row(self[recording]) for recording in self]


def open_store(path: str | os.PathLike[str]) -> FeatureStore:
    """Open the feature store at `path`.

    Raises
    ------
    StoreError
        There is none, or it was written in a later format.
    """
    folder = place(path)
    try:
        described = json.loads((folder / "bitflow.json").read_text(encoding="utf-8"))
        version = int(described["format"])
    except FileNotFoundError:
        raise StoreError(f"{folder}: not a feature store (no bitflow.json); `bitflow extract` makes one") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder / 'bitflow.json'}: cannot be read: {error}") from error
    if version > FORMAT_VERSION:
        raise StoreError(
            f"{folder}: written in format {version}, this bitflow reads up to {FORMAT_VERSION}; update bitflow"
        )
    return FeatureStore(with_markers(folder) if described.get("commits") == "marked" else folder)


def fingerprint(provenance: Mapping[str, Any]) -> str:
    """Sha256 of what made a table: equal provenance means equal bytes on one machine."""
    return hashlib.sha256(canonical_json(provenance).encode()).hexdigest()


def table_entry(file: TableFile) -> dict[str, Any]:
    """What recording.json keeps of a table."""
    return {
        "rows": file.rows,
        "bytes": file.path.stat().st_size,
        "fingerprint": file.metadata.get("fingerprint"),
    }


def _index_row(recording: Recording) -> dict[str, Any]:
    info = recording.info
    media = info.get("media") or {}
    streams = [name for name in ("video", "audio") if media.get(name)]
    return {
        "id": recording.id,
        "path": info.get("path"),
        "size": info.get("size"),
        "sha256": info.get("sha256"),
        "duration": media.get("duration"),
        "streams": ",".join(streams),
        "status": info.get("status", "failed"),
        "error": info.get("error"),
        "notes": "\n".join(info.get("notes", [])),
        "seconds": info.get("seconds"),
        "tables": ",".join(recording.tables),
    }
