"""Short clips of a store's recordings: one an event or interval, cut to the picture and to the sample."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.errors import BitflowError, MediaError, StoreError, UsageError

if TYPE_CHECKING:
    from bitflow.media import Frame, MediaInfo
    from bitflow.store import FeatureStore

#: Longest name of an event in a file name.
_NAME_LENGTH = 40


@dataclass(frozen=True)
class Cut:
    """One stretch of a recording to cut out: its name, and [start, end) in seconds on the media clock."""

    recording: str
    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Clip:
    """A clip that was cut, or why it was not.

    `clip_start` and `clip_end` are what the file shows, margins included, in seconds of the recording.
    """

    recording: str
    name: str
    start: float
    end: float
    file: str | None = None
    clip_start: float | None = None
    clip_end: float | None = None
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


def cuts_of_event(store: FeatureStore, name: str, recordings: Iterable[str] | None = None) -> list[Cut]:
    """Every event of that name in the `events` tables.

    Raises
    ------
    UsageError
        No recording has events, or none of that name; those that are there are named.
    """
    wanted = _recordings(store, recordings)
    with_events = [recording for recording in wanted if "events" in store[recording]]
    if not with_events:
        raise UsageError(
            f"{store.path}: no recording has a table 'events'; `bitflow events` makes it, or name intervals of your "
            "own with --intervals FILE"
        )
    cuts, names = [], set()
    for recording in with_events:
        rows = store[recording].file("events").read(["start", "end", "name"]).to_pylist()
        names.update(row["name"] for row in rows if row["name"])
        cuts += [Cut(recording, name, row["start"], row["end"]) for row in rows if row["name"] == name]
    if not cuts:
        there = ", ".join(sorted(names)) or "none"
        raise UsageError(f"{store.path}: there is no event {name!r}; there are: {there}")
    return cuts


def read_intervals(
    path: str | os.PathLike[str], store: FeatureStore, recordings: Iterable[str] | None = None
) -> list[Cut]:
    """Intervals of a CSV file with the columns `start` and `end` (s), and, if it likes, `name` and `recording`.

    Without the column `recording` they are those of the one recording that is named, or that the store holds.

    Raises
    ------
    UsageError
        The file cannot be read, a column is missing, or a row makes no sense: its line is named.
    """
    path = Path(path)
    known = _recordings(store, recordings)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    head = text.partition("\n")[0]
    delimiter = next((mark for mark in (",", "\t", ";") if mark in head), ",")
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or []]
    for column in ("start", "end"):
        if column not in rows.fieldnames:
            there = ", ".join(rows.fieldnames) or "none"
            raise UsageError(f"{path}: column {column!r} is missing; its columns are: {there}")
    if "recording" not in rows.fieldnames and len(known) != 1:
        raise UsageError(f"{path}: has no column 'recording', so name one with --recording")
    cuts: list[Cut] = []
    for row in rows:
        recording = (row.get("recording") or "").strip() or known[0]
        if recording not in store:
            raise UsageError(f"{path}, line {rows.line_num}: {store.path} has no recording {recording!r}")
        if recording in known:
            start, end = (_seconds(path, rows.line_num, column, row.get(column)) for column in ("start", "end"))
            if not 0 <= start <= end:
                raise UsageError(f"{path}, line {rows.line_num}: [{start}, {end}) is no interval of a recording")
            cuts.append(Cut(recording, (row.get("name") or "").strip() or "interval", start, end))
    if not cuts:
        raise UsageError(f"{path}: holds no intervals of these recordings")
    return cuts


def cut_clips(
    store: FeatureStore,
    cuts: Iterable[Cut],
    folder: str | os.PathLike[str],
    *,
    margin_s: float = 1.0,
    overwrite: bool = False,
    progress: Callable[[Clip], None] = lambda clip: None,
) -> list[Clip]:
    """Write one clip a cut to `folder`, and the list of them to its clips.csv.

    Clips are encoded anew, because a copy could begin at keyframes only. The first picture is the one on screen at
    the clip's start; pictures keep their distances, sound is cut to the sample.

    Parameters
    ----------
    margin_s
        Seconds shown before and after, as far as the recording goes.
    progress
        Called with every clip as it ends.

    Returns
    -------
    list of Clip
        Those that could not be cut (a video that has gone) have an `error`; they stop no other.

    Raises
    ------
    UsageError
        A negative margin; a folder that holds clips already.
    StoreError
        The folder cannot be written.
    """
    folder = Path(folder)
    if not (math.isfinite(margin_s) and margin_s >= 0):
        raise UsageError(f"the margin is a time in seconds, not {margin_s}")
    if (folder / "clips.csv").exists() and not overwrite:
        raise UsageError(f"{folder}: holds clips already; choose another folder, or --overwrite them")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
    taken: set[str] = set()
    clips: list[Clip] = []
    for cut in cuts:
        try:
            clip = _cut(store, cut, folder, margin_s, taken)
        except StoreError:
            raise  # the disk, not the recording
        except BitflowError as error:
            clip = Clip(**asdict(cut), error=str(error))
        clips.append(clip)
        progress(clip)
    _write_list(folder, clips)
    return clips


def _cut(store: FeatureStore, cut: Cut, folder: Path, margin_s: float, taken: set[str]) -> Clip:
    from bitflow.exporting.film import FilmWriter
    from bitflow.exporting.soundtrack import Soundtrack
    from bitflow.media.probe import probe

    recording = store[cut.recording]
    source = recording.source
    if source is None or recording.source_missing:
        raise MediaError(f"recording {cut.recording!r}: {recording.source_missing}, so nothing can be cut")
    info = probe(source)
    start, end = max(0.0, cut.start - margin_s), cut.end + margin_s
    if info.duration is not None:
        end = min(end, info.duration)
    if end <= start:
        raise MediaError(f"recording {cut.recording!r} ends at {info.duration or 0:.2f} s, before {start:.2f} s")
    name = _file_name(cut, taken) + (".m4a" if info.video is None else ".mp4")
    sound = Soundtrack(info.path, start=start, end=end) if info.audio is not None else None
    with FilmWriter(folder / name, info.video, sound, origin=start) as film:
        shown = 0
        if info.video is not None:
            for frame in frames_between(info, start, end):
                film.write(frame)
                shown += 1
        if info.video is not None and not shown and sound is None:
            raise MediaError(f"recording {cut.recording!r}: has no pictures between {start:.2f} and {end:.2f} s")
        film.commit()
    return Clip(**asdict(cut), file=name, clip_start=start, clip_end=end)


def frames_between(info: MediaInfo, start: float, end: float) -> Iterator[Frame]:
    """The pictures on screen in [start, end) s, the first from `start` and the last up to `end`."""
    from bitflow.media import container as opened

    with opened.open_container(info.path) as container:
        for frame in _from(container, info, start):
            if frame.time >= end:
                break
            stop = min(frame.time + max(frame.duration, 0.0), end)
            if frame.time < start:
                if stop <= start:
                    continue
                frame.time = start
            frame.duration = stop - frame.time
            yield frame


def _from(container: Any, info: MediaInfo, start: float) -> Iterator[Frame]:
    """Pictures from at or before `start`: from the nearest keyframe that lies early enough."""
    from itertools import chain

    from bitflow.media import container as opened
    from bitflow.media.video import timed_pictures

    stream: Any = opened.video_stream(container)
    if start > 1.0 and stream.start_time is not None:
        for back in (0.0, 2.0, 10.0, math.inf):
            target = max(start - back, 0.0) + info.start
            try:
                container.seek(int(target / stream.time_base), stream=stream, backward=True)
            except OSError:
                continue
            pictures = timed_pictures(container, info, first_index=-1)
            first = next(pictures, None)
            # Some formats land behind the target, and the first pictures after a seek may not decode.
            if first is not None and (first.time <= start or math.isinf(back)):
                return chain([first], pictures)
    return timed_pictures(container, info)


def _file_name(cut: Cut, taken: set[str]) -> str:
    """``p01_visit1_smile_0012.40``: what and where, in letters that every file system takes."""
    words = re.sub(r"[^\w.-]+", "_", f"{cut.recording.replace('/', '_')}_{cut.name[:_NAME_LENGTH]}").strip("._")
    stem = name = f"{words or 'clip'}_{cut.start:07.2f}"
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name.lower())
    return name


def _write_list(folder: Path, clips: list[Clip]) -> None:
    import io

    from bitflow.drafts import replace_file

    text = io.StringIO(newline="")
    columns = list(Clip("", "", 0.0, 0.0).as_dict())
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(clip.as_dict() for clip in clips)
    replace_file(folder / "clips.csv", text.getvalue().encode())


def _recordings(store: FeatureStore, recordings: Iterable[str] | None) -> list[str]:
    wanted = list(store) if recordings is None else [store[recording].id for recording in recordings]
    if not wanted:
        raise UsageError(f"{store.path}: the store holds no recordings; `bitflow extract` adds them")
    return wanted


def _seconds(path: Path, line: int, column: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{path}, line {line}: {column} is {text!r}, not a number of seconds")
    return value
