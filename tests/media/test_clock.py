"""Times agree with ffprobe, whatever the container does to them."""

from __future__ import annotations

import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bitflow.media import AudioReader, VideoReader
from bitflow.media.probe import probe

Clip = Callable[[str], Path]

GENERATED = [
    "b_frames.mp4", "film.mp4", "ntsc.mkv", "fast.mp4", "vfr.mp4", "vfr.mkv", "offset.mkv", "offset.ts",
    "late_picture.mp4", "cut_by_edit.mp4", "turned_90.mp4", "ten_bit.mp4", "yuv444.mp4", "mjpeg.avi",
    "b_frames.avi", "h264.avi", "vp9.webm", "hevc.mp4", "odd.mkv", "raw.h264", "picture.png",
]  # fmt: skip

SHARED = [
    "openwillis_baseline.mp4", "pyfeat_face_noface.mov", "pyfeat_no_face.mp4", "pyfeat_single_face.mp4",
    "pyfeat_wolfgang.mp4", "pyfeat_multi_face.jpg",
]  # fmt: skip


def _assert_times_are(path: Path, true: list[float | None]) -> None:
    with VideoReader(path) as reader:
        frames = list(reader)
    assert len(frames) == len(true)
    assert [frame.index for frame in frames] == list(range(len(true)))
    for frame, time in zip(frames, true, strict=True):
        if time is not None:
            assert frame.time == pytest.approx(time, abs=1e-3)
    assert reader.report.sentence is None


@pytest.mark.parametrize("name", GENERATED)
def test_generated_clip_has_ffprobes_times(name: str, clips: Clip, true_times: Callable) -> None:
    path = clips(name)
    _assert_times_are(path, true_times(path))


@pytest.mark.parametrize("name", SHARED)
def test_shared_clip_has_ffprobes_times(name: str, shared_clip: Clip, true_times: Callable) -> None:
    path = shared_clip(f"people/{name}")
    _assert_times_are(path, true_times(path))


@pytest.mark.parametrize("name", ["b_frames.avi", "h264.avi", "raw.h264"])
def test_pictures_without_presentation_times_are_spaced_by_their_rate(name: str, clips: Clip) -> None:
    times = np.array([frame.time for frame in VideoReader(clips(name))])
    assert np.diff(times) == pytest.approx(0.04, abs=1e-6)


def test_duration_reaches_to_the_next_picture(clips: Clip) -> None:
    frames = list(VideoReader(clips("vfr.mp4")))
    for frame, following in pairwise(frames):
        assert frame.time + frame.duration == pytest.approx(following.time, abs=1e-9)
    assert frames[-1].duration > 0


def test_edit_lists_are_known_from_harmless_ones(clips: Clip) -> None:
    edited = {name: probe(clips(name)).has_edit_list for name in ("late_picture.mp4", "cut_by_edit.mp4")}
    plain = {name: probe(clips(name)).has_edit_list for name in ("b_frames.mp4", "film.mp4", "offset.mkv")}
    assert edited == dict.fromkeys(edited, True)
    assert plain == dict.fromkeys(plain, False)


def test_clock_starts_with_the_earliest_stream(clips: Clip) -> None:
    info = probe(clips("late_picture.mp4"))
    assert info.video is not None
    assert info.audio is not None
    assert (info.audio.start, info.video.start) == (pytest.approx(0, abs=1e-3), pytest.approx(1.2, abs=1e-3))
    shifted = probe(clips("offset.mkv"))
    assert shifted.start == pytest.approx(4.977, abs=1e-3)
    assert shifted.duration == pytest.approx(2.023, abs=0.03)


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of silence with a 10 ms beep of 1 kHz at 3.000 s."""
    rate = 48000
    samples = np.zeros(5 * rate, np.int16)
    at = np.arange(rate // 100)
    samples[3 * rate : 3 * rate + len(at)] = 20000 * np.sin(2 * np.pi * 1000 * at / rate)
    path = tmp_path_factory.mktemp("beep") / "beep.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return path


FLASH = (
    "-f", "lavfi", "-i", "color=black:size=160x120:rate=25:duration=5",
    "-vf", "drawbox=color=white:t=fill:enable='between(n,75,75)'",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options", "delay"),
    [
        ("plain.mp4", ("-c:a", "aac"), 0.0),
        ("late.mp4", ("-c:a", "aac"), 0.737),
        ("opus.mkv", ("-c:a", "libopus"), 0.0),
        ("mp3.mkv", ("-c:a", "libmp3lame"), 0.0),
        ("shifted.ts", ("-c:a", "aac", "-output_ts_offset", "7.3"), 0.0),
        ("lossless.mkv", ("-c:a", "flac"), 0.25),
    ],
)
def test_flash_and_beep_agree_to_10_ms(
    name: str, options: tuple[str, ...], delay: float, beep: Path, tmp_path: Path, ffmpeg: Callable[..., Path]
) -> None:
    sound = ("-itsoffset", delay, "-i", beep)
    picture = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    path = ffmpeg(*FLASH[:4], *sound, *FLASH[4:], *picture, *options, tmp_path / name)
    flash = next(frame.time for frame in VideoReader(path) if frame.planes[0].mean() > 128)
    heard = None
    for chunk in AudioReader(path):
        loud = np.flatnonzero(np.abs(chunk.samples) > 0.1)
        if loud.size:
            heard = chunk.start + loud[0] / chunk.sample_rate_hz
            break
    assert heard is not None
    assert heard - flash == pytest.approx(delay, abs=0.010)
