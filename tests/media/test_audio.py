"""Sound is what ffmpeg makes of it, at times that do not drift."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitflow.media import AudioReader

Clip = Callable[[str], Path]


def _all(path: Path, **options: float) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in AudioReader(path, **options)])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["sound_and_pictures.mp4", "offset.mkv", "cut_by_edit.mp4", "sound.m4a"])
def test_samples_equal_ffmpegs(name: str, clips: Clip, ffmpeg: Callable[..., Path]) -> None:
    path = clips(name)
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", "16000", "-f", "f32le", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    expected = np.frombuffer(raw, np.float32)
    got = _all(path)
    assert len(got) == len(expected)
    assert np.abs(got - expected).max() < 1e-4


@pytest.mark.parametrize("layout", ["mono", "stereo", "quad", "5.1"])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_u8", "pcm_f32le", "flac"])
def test_every_layout_and_sample_format_becomes_mono(
    layout: str, codec: str, tmp_path: Path, ffmpeg: Callable[..., Path]
) -> None:
    channels = "|".join(f"c{k}=c0" for k in range({"mono": 1, "stereo": 2, "quad": 4, "5.1": 6}[layout]))
    path = ffmpeg(
        "-f", "lavfi", "-i", "sine=frequency=440:duration=1:sample_rate=44100",
        "-af", f"pan={layout}|{channels}",
        "-c:a", codec, tmp_path / "sound.mkv",
    )  # fmt: skip
    chunk = next(iter(AudioReader(path)))
    assert chunk.samples.dtype == np.float32
    assert chunk.samples.ndim == 1
    assert len(chunk.samples) == pytest.approx(16000, abs=2)
    spectrum = np.abs(np.fft.rfft(chunk.samples[:16000]))
    assert np.argmax(spectrum) == pytest.approx(440, abs=1)


def test_an_hour_at_an_awkward_rate_does_not_drift(tmp_path: Path) -> None:
    """A click every 10 min is found where it was put, and the end after exactly an hour."""
    rate, seconds = 11025, 3600
    samples = np.zeros(rate * seconds, np.int16)
    clicks = np.arange(0, seconds, 600)
    samples[clicks * rate] = 30000
    path = tmp_path / "hour.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    found, end = [], 0.0
    for chunk in AudioReader(path, chunk_s=60, sample_rate_hz=8000):
        assert chunk.start == pytest.approx(end, abs=1e-9)
        end = chunk.end
        if np.abs(chunk.samples).max() > 0.1:
            found.append(chunk.start + np.argmax(np.abs(chunk.samples)) / 8000)
    assert found == pytest.approx(clicks, abs=2e-4)
    assert end == pytest.approx(3600, abs=1e-4)


def _with_times(path: Path, out: Path, edit: Callable[[int], int | None]) -> Path:
    """The sound of a file with its packets' times edited: sample number in, sample number or None out."""
    import av

    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = source.streams.audio[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is None or packet.pts is None:
                continue
            moved = edit(packet.pts)
            if moved is None:
                continue
            packet.pts = packet.dts = moved
            packet.stream = copy
            target.mux(packet)
    return out


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 16 kHz whose every sample tells its own time: value = time / 8."""
    path = tmp_path_factory.mktemp("ramp") / "ramp.wav"
    values = (np.arange(4 * 16000) / 16000 / 8 * 32768).astype(np.int16)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(values.tobytes())
    return path


def test_a_gap_stays_a_gap(ramp: Path, tmp_path: Path) -> None:
    path = _with_times(ramp, tmp_path / "gap.mkv", lambda at: None if 16000 <= at < 24000 else at)
    chunks = list(AudioReader(path))
    assert len(chunks) == 2
    assert chunks[1].start - chunks[0].end == pytest.approx(0.5, abs=0.13)  # whole packets were taken out
    for chunk in chunks:
        times = chunk.start + np.arange(len(chunk.samples)) / 16000
        assert chunk.samples * 8 == pytest.approx(times, abs=2e-3)
    assert chunks[1].end == pytest.approx(4, abs=1e-3)


def test_overlapping_samples_are_cut(ramp: Path, tmp_path: Path) -> None:
    """Half of the sound is stamped 40 ms early: that much of it was heard already."""
    path = _with_times(ramp, tmp_path / "overlap.mkv", lambda at: at if at < 32000 else at - 640)
    chunks = list(AudioReader(path))
    assert len(chunks) == 1
    assert chunks[0].end == pytest.approx(3.96, abs=1e-3)
    late = chunks[0].samples[-8000:]
    times = chunks[0].end - 0.5 + np.arange(8000) / 16000
    assert late * 8 == pytest.approx(times + 0.04, abs=2e-3)


def test_chunks_are_contiguous_and_of_the_asked_length(ramp: Path) -> None:
    chunks = list(AudioReader(ramp, chunk_s=0.7))
    assert [len(chunk.samples) for chunk in chunks] == [11200] * 5 + [8000]
    assert [chunk.index for chunk in chunks] == list(range(6))
    assert [chunk.start for chunk in chunks] == pytest.approx(np.arange(6) * 0.7)


def test_other_rates_keep_the_clock(ramp: Path) -> None:
    for rate in (8000, 22050, 44100):
        chunk = next(iter(AudioReader(ramp, sample_rate_hz=rate)))
        assert len(chunk.samples) == 4 * rate
        middle = slice(rate, 3 * rate)
        times = np.arange(4 * rate)[middle] / rate
        assert chunk.samples[middle] * 8 == pytest.approx(times, abs=2e-3)
