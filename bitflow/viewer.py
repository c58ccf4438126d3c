"""A recording as a Rerun file: pictures, boxes, landmarks, signals and words on one timeline, the media clock.

For people who debug: ``rerun file.rrd`` opens it. Needs the extra `view`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import drafted
from bitflow.errors import MediaError, UsageError
from bitflow.extras import to_install

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording

#: Name of the timeline, whose values are seconds on the media clock.
TIMELINE = "media_time"

#: Tables whose points or boxes are drawn on the picture.
_DRAWN = ("faces", "face_landmarks", "bodies", "hands", "poses")

_JPEG_QUALITY = 75

#: Colours of people, in turn (Okabe & Ito 2008).
_COLOURS = ((0, 158, 115), (230, 159, 0), (86, 180, 233), (204, 121, 167), (240, 228, 66), (213, 94, 0))


def write_rerun(
    recording: Recording,
    path: str | os.PathLike[str],
    *,
    rate_hz: float | None = 12.5,
    width: int = 640,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda seconds: None,
) -> Path:
    """Write one recording as a Rerun file.

    Parameters
    ----------
    path
        Ends in .rrd.
    rate_hz
        Pictures a second at most; None for all. Tables are not thinned.
    width
        Of the pictures in px at most; what is drawn on them is scaled with them.
    progress
        Called with the seconds of media done.

    Returns
    -------
    Path
        The file. A recording whose video has gone is written without pictures.

    Raises
    ------
    UsageError
        The extra is not installed, or the file is there.
    StoreError
        The file cannot be written.
    """
    rerun = _rerun()
    path = Path(path)
    if path.suffix != ".rrd":
        raise UsageError(f"{path}: a Rerun file ends in .rrd")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: is there already; choose another name, or --overwrite it")
    with drafted(path, suffix=".rrd") as draft:
        stream = rerun.RecordingStream("bitflow", recording_id=recording.id)
        stream.save(draft)
        _log_all(_Log(rerun, stream), recording, rate_hz, width, progress)
        stream.flush()
        stream.disconnect()
    return path


class _Log:
    """A Rerun stream and the clock that everything is put on."""

    def __init__(self, rerun: Any, stream: Any) -> None:
        self.rerun, self.stream = rerun, stream

    def columns(self, entity: str, times: Any, columns: Any) -> None:
        index = self.rerun.TimeColumn(TIMELINE, duration=times)
        self.stream.send_columns(entity, indexes=[index], columns=columns)

    def at(self, time: float, entity: str, value: Any) -> None:
        self.stream.set_time(TIMELINE, duration=time)
        self.stream.log(entity, value)


def _log_all(
    log: _Log, recording: Recording, rate_hz: float | None, width: int, progress: Callable[[float], None]
) -> None:
    video = (recording.info.get("media") or {}).get("video") or {}
    scale = min(1.0, width / video["width"]) if video.get("width") else 1.0
    _log_pictures(log, recording, rate_hz, scale, progress)
    for table in recording.tables:
        schema = recording.schema(table)
        if schema.rows in ("frame", "signal"):
            _log_signals(log, recording, table)
        elif schema.rows == "interval":
            _log_intervals(log, recording, table)
        if table in _DRAWN:
            _log_drawn(log, recording, table, scale)


def _log_pictures(
    log: _Log, recording: Recording, rate_hz: float | None, scale: float, progress: Callable[[float], None]
) -> None:
    import cv2
    import numpy as np

    from bitflow.media import VideoReader

    source = recording.source
    if source is None or not source.is_file() or not (recording.info.get("media") or {}).get("video"):
        return
    try:
        with VideoReader(source, rate_hz=rate_hz) as reader:
            for frame in reader:
                size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
                picture = cv2.resize(frame.rgb(), size, interpolation=cv2.INTER_AREA)
                quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
                _, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), quality)
                image = log.rerun.EncodedImage(contents=jpeg.tobytes(), media_type="image/jpeg")
                log.at(frame.time, "video", image)
                progress(frame.time)
    except MediaError as error:
        log.at(0.0, "notes", log.rerun.TextLog(f"no pictures: {error}"))


def _log_signals(log: _Log, recording: Recording, table: str) -> None:
    """Every number that can be drawn as a line, one entity a person and column."""
    schema = recording.schema(table)
    names = [
        column.name
        for column in schema.columns
        if not column.shape and not column.is_text and column.name not in ("frame", "time", "track")
    ]
    if not names:
        return
    keys = ["person", "track"] if schema.tracks else []
    rows = recording.table(table, ["time", *keys, *names])
    for who, mine in _by_person(rows) if keys else [("", rows)]:
        for name in names:
            values = mine[name].to_numpy("float64", na_value=float("nan"))
            place = "/".join(part for part in ("signals", table, who, name) if part)
            log.columns(place, mine["time"].to_numpy(), log.rerun.Scalars.columns(scalars=values))


def _by_person(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    key = "person" if (rows["person"] >= 0).any() else "track"
    for who, mine in rows.groupby(key):
        yield f"{key}{who}", mine.drop_duplicates("time")


def _log_intervals(log: _Log, recording: Recording, table: str) -> None:
    """What is said or happens, as a line of text at its start."""
    schema = recording.schema(table)
    said = next((name for name in ("word", "text", "name", "speaker") if name in schema), None)
    rows = recording.table(table, ["start", "end", *([said] if said else [])])
    if not len(rows):
        return
    texts = [
        f"{row[said] if said else table} [{row['start']:.2f}–{row['end']:.2f} s]" for row in rows.to_dict("records")
    ]
    log.columns(table, rows["start"].to_numpy(), log.rerun.TextLog.columns(text=texts))


def _log_drawn(log: _Log, recording: Recording, table: str, scale: float) -> None:
    """Boxes and points picture by picture; a picture with none clears those of the one before."""
    import numpy as np

    schema = recording.schema(table)
    boxes = ["box_x", "box_y", "box_width", "box_height"]
    has_boxes = all(name in schema for name in boxes)
    rows = recording.table(table, ["frame", "time", "person", "track", *(boxes if has_boxes else [])])
    if not len(rows):
        return
    clock = _clock(recording, rows)
    counts = rows["frame"].value_counts().reindex(clock["frame"], fill_value=0).to_numpy()
    people = np.where(rows["person"] >= 0, rows["person"], rows["track"]).astype(int)
    colours = np.array(_COLOURS, np.uint8)[people % len(_COLOURS)]
    times = clock["time"].to_numpy()
    if has_boxes:
        x, y, width, height = (scale * rows[name].to_numpy("float64") for name in boxes)
        drawn = log.rerun.Boxes2D.columns(
            centers=np.column_stack([x + width / 2, y + height / 2]),
            half_sizes=np.column_stack([width / 2, height / 2]),
            colors=colours,
            labels=[f"person {who}" for who in people],
        )
        log.columns(f"video/{table}", times, drawn.partition(counts))
    if "points" in schema:
        points = scale * recording.points(table)[..., :2]
        drawn = log.rerun.Points2D.columns(
            positions=points.reshape(-1, 2), colors=np.repeat(colours, points.shape[1], axis=0)
        )
        log.columns(f"video/{table}_points", times, drawn.partition(counts * points.shape[1]))


def _clock(recording: Recording, rows: pd.DataFrame) -> pd.DataFrame:
    """Number and time of every picture, as far as they are known."""
    import pandas as pd

    own = rows[["frame", "time"]].drop_duplicates("frame")
    if "frames" not in recording:
        return own
    return pd.concat([recording.table("frames", ["frame", "time"]), own]).drop_duplicates("frame").sort_values("frame")


def _rerun() -> Any:
    try:
        import rerun

        if not hasattr(rerun, "Scalars"):  # Scalar until 0.22
            raise ImportError("rerun-sdk is older than 0.23, or something else is called rerun")
    except ImportError as error:
        raise UsageError(
            f"`bitflow view` needs the extra 'view', which is not at hand ({error}); {to_install('view')}, "
            "or pip install 'rerun-sdk>=0.23'"
        ) from error
    return rerun
