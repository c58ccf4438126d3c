"""Frames at given times, without reading the whole file: for training sets, captions and previews."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import MediaError, UsageError
from bitflow.media import container as opened
from bitflow.media.frames import Frame
from bitflow.media.probe import MediaInfo, probe
from bitflow.media.video import ROUNDING, land, timed_pictures

if TYPE_CHECKING:
    from av.container import InputContainer

# Decoding forward over a gap this long costs about as much as a seek back to a keyframe.
_WORTH_SEEKING = 2.0


def frames_at(path: str | os.PathLike[str], times: Sequence[float], *, backend: str = "auto") -> list[Frame]:
    """The pictures that are on screen at given times.

    Parameters
    ----------
    path : path
        A local video.
    times : sequence of float
        s on the media clock, in any order, repeated or not.
    backend : {"auto", "decord", "pyav"}
        decord is faster on long files with few keyframes, and is used by "auto" where it is installed and
        reads the file rightly.

    Returns
    -------
    list of Frame
        One for each time, in the order asked: the frame whose [time, time + duration) holds it. ``index``
        is -1 where it cannot be known without reading the file from its start.

    Raises
    ------
    MediaError
        A time outside the pictures; a file that cannot be opened; or, with ``backend="decord"``, a file
        that decord is known to read wrongly, or decord missing.
    UsageError
        An unknown backend.
    """
    if backend not in ("auto", "decord", "pyav"):
        raise UsageError(f"backend is 'auto', 'decord' or 'pyav', not {backend!r}")
    info = probe(path)
    if info.video is None:
        raise MediaError(f"{path}: holds sound alone, no pictures")
    wanted = [float(time) for time in times]
    _check_range(info, wanted)
    reason = _why_not_decord(info) if backend != "pyav" else None
    if backend == "decord" and reason is not None:
        raise MediaError(f"{path}: decord cannot be used: {reason}; backend='pyav' reads it")
    if not wanted:
        return []
    found: dict[float, Frame] | None = None
    if backend != "pyav" and reason is None:
        try:
            found = _with_decord(info, sorted(set(wanted)))
        except MediaError:
            if backend == "decord":
                raise  # left to itself, PyAV may still read a damaged file
    if found is None:
        found = _with_pyav(info, sorted(set(wanted)))
    return [found[time] for time in wanted]


def _check_range(info: MediaInfo, wanted: list[float]) -> None:
    assert info.video is not None
    first = info.video.start
    last = first + info.video.duration if info.video.duration is not None else info.duration
    for time in wanted:
        if not math.isfinite(time) or time < first - ROUNDING or (last is not None and time > last + 0.5):
            _refuse(info, time, first, last)


def _refuse(info: MediaInfo, time: float, first: float, last: float | None) -> None:
    until = f"{last:.3f}" if last is not None else "their end"
    raise MediaError(f"{info.path}: no picture at {time:.3f} s: its pictures go from {first:.3f} to {until} s")


def _why_not_decord(info: MediaInfo) -> str | None:
    """Why decord would give wrong or no frames for this file; None when it reads it rightly."""
    try:
        import decord  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        return "it is not installed (pip install decord)"
    except OSError as error:
        return f"it does not load here ({error})"
    assert info.video is not None
    if info.has_edit_list:
        return "the file has an edit list, which decord ignores, showing pictures that were cut"
    if info.start != 0 or info.video.start != 0:
        return f"its pictures start at {info.start + info.video.start:.3f} s, which decord takes for 0"
    if not info.format.startswith(("mov", "matroska")):
        return f"it is only trusted with MP4, MOV, Matroska and WebM files, not {info.format}"
    return None


def _with_decord(info: MediaInfo, wanted: list[float]) -> dict[float, Frame]:
    import decord  # pyright: ignore[reportMissingImports]

    try:
        reader = decord.VideoReader(str(info.path), ctx=decord.cpu(0), num_threads=1)
        spans = np.asarray(reader.get_frame_timestamp(np.arange(len(reader))), dtype=np.float64)
        starts = spans[:, 0]
        numbers = np.searchsorted(starts, np.asarray(wanted) + ROUNDING, side="right") - 1
        final = float(spans[-1, 1])
        for time in wanted:
            if time >= max(final, starts[-1] + 1e-9) + ROUNDING:
                _refuse(info, time, float(starts[0]), final)
        pictures = reader.get_batch(numbers.tolist()).asnumpy()
    except (decord.DECORDError, RuntimeError) as error:
        raise MediaError(f"{info.path}: decord could not read it: {str(error).splitlines()[0]}") from error
    found = {}
    for time, number, rgb in zip(wanted, numbers.tolist(), pictures, strict=True):
        frame = Frame.from_rgb(rgb, index=number, time=float(starts[number]))
        following = starts[number + 1] if number + 1 < len(starts) else spans[number, 1]
        frame.duration = max(float(following - starts[number]), 0.0)
        found[time] = frame
    return found


def _with_pyav(info: MediaInfo, wanted: list[float]) -> dict[float, Frame]:
    with opened.open_container(info.path) as container:
        return dict(_forward(container, info, wanted))


def _forward(container: InputContainer, info: MediaInfo, wanted: list[float]) -> Iterator[tuple[float, Frame]]:
    """Go through sorted times once, decoding on or seeking, whichever is nearer."""
    assert info.video is not None
    stream: Any = opened.video_stream(container)
    can_seek = stream.start_time is not None  # raw streams and pictures carry no times to seek by
    pictures = timed_pictures(container, info)
    current: Frame | None = None
    upcoming = next(pictures, None)
    for time in wanted:
        if can_seek and (upcoming is None or time - upcoming.time > _WORTH_SEEKING):
            pictures = land(container, info, time, first_index=-1)
            current, upcoming = None, next(pictures, None)
        while upcoming is not None and upcoming.time <= time + ROUNDING:
            current, upcoming = upcoming, next(pictures, None)
        if current is None or (upcoming is None and time > current.time + current.duration + ROUNDING):
            end = current.time + current.duration if current is not None else None
            _refuse(info, time, info.video.start, end)
        else:
            yield time, current
