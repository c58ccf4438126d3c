"""What an importer makes of a file: tables, notes and where they come from; and how that enters a store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from bitflow.errors import StoreError, UsageError
from bitflow.tables import TRACK_KEYS, Column, Schema

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from bitflow.store import FeatureStore, Recording

FACES = Schema(
    "faces",
    "frame",
    (
        *TRACK_KEYS,
        Column("box_x", "float32", "px", "left edge of the box", "image", None, "linear"),
        Column("box_y", "float32", "px", "upper edge of the box", "image", None, "linear"),
        Column("box_width", "float32", "px", "width of the box", "image", (0, None), "linear"),
        Column("box_height", "float32", "px", "height of the box", "image", (0, None), "linear"),
        Column("score", "float32", "1", "how sure the tool is of the face", None, (0, 1), "linear"),
        Column("size", "float32", "px", "distance of the outer eye corners", "image", (0, None), "linear"),
    ),
    "where faces are",
    tracks="face",
)


def angle(name: str, frame: str, description: str) -> Column:
    """A column of degrees."""
    return Column(name, "float32", "deg", description, frame, (-180, 180), "linear", period=360)  # type: ignore[arg-type]


def head_pose_schema(*, translation: bool) -> Schema:
    """Schema of the table `head_pose`, with the place of the head where the tool gives it."""
    place = (
        Column("tx", "float32", "cm", "head to the right of the optical axis", "camera", None, "linear"),
        Column("ty", "float32", "cm", "head below the optical axis", "camera", None, "linear"),
        Column("tz", "float32", "cm", "head in front of the camera", "camera", None, "linear"),
    )
    return Schema(
        "head_pose",
        "frame",
        (
            *TRACK_KEYS,
            angle("pitch", "camera", "nose up is positive"),
            angle("yaw", "camera", "nose to the subject's left, which is right in the picture, is positive"),
            angle("roll", "camera", "toward the subject's right shoulder, anticlockwise in the picture, is positive"),
            *(place if translation else ()),
        ),
        "how heads are turned and where they are",
        tracks="face",
    )


@dataclass(frozen=True)
class Origin:
    """The file that tables were imported from."""

    path: Path
    sha256: str
    importer: str
    version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def provenance(self) -> dict[str, Any]:
        """What a table's bytes depend on."""
        return {
            "extractor": f"import {self.importer}",
            "version": self.version,
            "parameters": {self.importer: dict(self.parameters)} if self.parameters else {},
            "models": {},
            "inputs": {},
            "imported_from": {"name": self.path.name, "sha256": self.sha256},
        }


@dataclass(frozen=True, eq=False)
class Imported:
    """One recording's worth of tables.

    Parameters
    ----------
    tables
        Schema and rows of each.
    notes
        What a reader of the tables must know, and what was found that has no place of its own.
    """

    recording: str
    origin: Origin
    tables: tuple[tuple[Schema, pa.RecordBatch], ...]
    notes: tuple[str, ...] = ()
    duration: float | None = None

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table."""
        return {schema.name: batch.num_rows for schema, batch in self.tables}


def keep(store: FeatureStore, imported: Imported, *, media: Path | None = None, overwrite: bool = False) -> Recording:
    """Write what was imported into its recording.

    Parameters
    ----------
    media
        The video that the file was made from; the report shows it, and its header tells the length.
    overwrite
        Whether tables that came from elsewhere are replaced.

    Raises
    ------
    StoreError
        The recording has such a table already, made from something else.
    """
    recording = store.draft(imported.recording)
    provenance = imported.origin.provenance()
    if not overwrite:
        for schema, _ in imported.tables:
            refuse_other(recording, schema.name, imported.origin)
    facts = media_facts(media, imported.duration)
    for schema, batch in imported.tables:
        # Each table carries the notes, so that they survive when recording.json is made again.
        recording.write(schema, [batch], provenance=provenance, notes=imported.notes, facts=facts)
    return recording


def refuse_other(recording: Recording, table: str, origin: Origin) -> None:
    """Raise StoreError where the recording has such a table that was not imported from the same bytes."""
    if table not in recording:
        return
    made = recording.file(table).metadata.get("provenance") or {}
    if made.get("imported_from", {}).get("sha256") != origin.sha256:
        raise StoreError(
            f"recording {recording.id!r} has a table {table!r} already, made by "
            f"{made.get('extractor', 'another program')}; choose another store or recording, or replace it with "
            "--overwrite"
        )


def picture_times(media: Path) -> NDArray[np.float64]:
    """Presentation times ``(n,)`` s of a video's pictures, all of them decoded."""
    import numpy as np

    from bitflow.media import VideoReader

    with VideoReader(media) as reader:
        return np.array([frame.time for frame in reader])


def recording_ids(paths: Sequence[Path]) -> dict[Path, str]:
    """Recordings are called after their files: the stem, or the path below the common folder where stems clash.

    Raises
    ------
    UsageError
        A file is named twice.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise UsageError(f"{path}: is given twice")
        seen.add(path.resolve())
    stems = [path.stem for path in paths]
    if len(set(stems)) == len(stems):
        return dict(zip(paths, stems, strict=True))
    top = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    ids = {path: path.absolute().relative_to(top).with_suffix("").as_posix() for path in paths}
    if len(set(ids.values())) < len(ids):
        clash = next(name for name in ids.values() if list(ids.values()).count(name) > 1)
        raise UsageError(f"two files would both be the recording {clash!r}: rename one")
    return ids


def table_of(schema: Schema, keys: Mapping[str, NDArray[Any]], columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Rows of a table with tracks; columns that the tool does not have are left missing."""
    given = {**keys, **columns}
    return schema.batch({name: given.get(name) for name in schema.names})


def listed(names: Iterable[str], at_most: int = 8) -> str:
    """Names for a sentence: ``a, b and 12 others``."""
    shown = list(names)
    rest = len(shown) - at_most
    return ", ".join(shown[:at_most]) + (f" and {rest} others" if rest > 0 else "")


def media_facts(media: Path | None, duration: float | None) -> dict[str, Any]:
    """What recording.json should hold of the video that a file was made from, or of its length alone."""
    if media is None:
        return {"media": {"duration": duration}} if duration else {}
    from bitflow.media.probe import probe

    info = probe(media)
    header = {key: value for key, value in info.as_dict().items() if key != "path"}
    return {"path": str(media.absolute()), "size": info.size, "media": header}
