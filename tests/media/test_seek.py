"""A frame reached by seeking is the frame that reading from the start finds."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import MediaError, UsageError
from bitflow.media import VideoReader, frames_at

Clip = Callable[[str], Path]

CLIPS = [
    "long.mp4", "long.mkv", "long.ts", "vfr.mp4", "offset.mkv", "offset.ts", "late_picture.mp4",
    "cut_by_edit.mp4", "turned_90.mp4", "b_frames.avi", "mjpeg.avi", "raw.h264", "picture.png",
]  # fmt: skip


def _thumb(frame) -> np.ndarray:
    return frame.planes[0][::8, ::8].copy()


@pytest.mark.parametrize("name", CLIPS)
def test_seeking_finds_the_frame_that_reading_finds(name: str, clips: Clip) -> None:
    read = [(frame.time, frame.duration, _thumb(frame)) for frame in VideoReader(clips(name))]
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(read))[:12].tolist()
    wanted = [read[k][0] + 0.6 * read[k][1] for k in chosen]
    for k, frame in zip(chosen, frames_at(clips(name), wanted, backend="pyav"), strict=True):
        assert frame.time == pytest.approx(read[k][0], abs=1e-9)
        assert frame.duration == pytest.approx(read[k][1], abs=1e-6)
        assert (_thumb(frame) == read[k][2]).all()


def test_the_time_of_a_frame_finds_that_frame_and_the_end_the_last(clips: Clip) -> None:
    times = [frame.time for frame in VideoReader(clips("ntsc.mkv"))]
    found = frames_at(clips("ntsc.mkv"), [times[7], times[7], times[-1], times[0]], backend="pyav")
    assert [frame.time for frame in found] == [times[7], times[7], times[-1], times[0]]


@pytest.mark.parametrize("time", [-0.5, 20.6, 1e6, float("nan")])
def test_a_time_without_a_picture_names_the_range(time: float, clips: Clip) -> None:
    with pytest.raises(MediaError, match=r"from 0\.0\d\d to 20\.0\d\d s"):
        frames_at(clips("long.mkv"), [1.0, time], backend="pyav")


def test_no_times_no_frames(clips: Clip) -> None:
    assert frames_at(clips("b_frames.mp4"), []) == []


def test_unknown_backend_is_refused(clips: Clip) -> None:
    with pytest.raises(UsageError, match="opencv"):
        frames_at(clips("b_frames.mp4"), [0.0], backend="opencv")


HAS_DECORD = importlib.util.find_spec("decord") is not None


@pytest.mark.skipif(HAS_DECORD, reason="decord is installed")
def test_without_decord_auto_seeks_and_decord_says_what_to_install(clips: Clip) -> None:
    assert frames_at(clips("b_frames.mp4"), [0.5])[0].time == pytest.approx(0.48)
    with pytest.raises(MediaError, match="pip install decord"):
        frames_at(clips("b_frames.mp4"), [0.5], backend="decord")


@pytest.mark.skipif(not HAS_DECORD, reason="decord is an extra and not installed here")
@pytest.mark.parametrize(
    ("name", "reason"),
    [("cut_by_edit.mp4", "edit list"), ("late_picture.mp4", "edit list"), ("offset.mkv", "start at"),
     ("offset.ts", "start at"), ("mjpeg.avi", "only trusted")],
)  # fmt: skip
def test_decord_is_refused_where_it_reads_wrongly(name: str, reason: str, clips: Clip) -> None:
    with pytest.raises(MediaError, match=reason):
        frames_at(clips(name), [1.25], backend="decord")
    assert len(frames_at(clips(name), [1.25])) == 1


@pytest.mark.skipif(not HAS_DECORD, reason="decord is an extra and not installed here")
@pytest.mark.parametrize("name", ["long.mp4", "b_frames.mp4", "film.mp4", "ntsc.mkv", "turned_90.mp4"])
def test_decord_and_pyav_agree(name: str, clips: Clip) -> None:
    wanted = [0.02, 1.99, 0.7, 0.7]
    by_decord = frames_at(clips(name), wanted, backend="decord")
    by_pyav = frames_at(clips(name), wanted, backend="pyav")
    for one, other in zip(by_decord, by_pyav, strict=True):
        assert one.time == pytest.approx(other.time, abs=1e-3)
        assert one.duration == pytest.approx(other.duration, abs=2e-3)
        assert np.abs(one.rgb().astype(int) - other.rgb().astype(int)).mean() < 4
