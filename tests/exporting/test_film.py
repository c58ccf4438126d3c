"""Picture and sound of a written video stay where they were on the clock, whichever began late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitflow.exporting.film import FilmWriter
from bitflow.exporting.soundtrack import Soundtrack
from bitflow.media import AudioReader, VideoReader


def onsets(path: Path) -> tuple[list[float], list[float]]:
    """Times (s) at which pictures turn white and sound begins."""
    with VideoReader(path) as reader:
        pictures = [(frame.time, frame.planes[0].mean() > 128) for frame in reader]
    lit = [time for (time, now), (_, before) in zip(pictures, [(0, False), *pictures], strict=False) if now > before]
    beeps: list[float] = []
    with AudioReader(path, sample_rate_hz=48000) as reader:
        for chunk in reader:
            loud = np.convolve(np.abs(chunk.samples), np.ones(48) / 48, "same") > 0.1
            edges = np.flatnonzero(np.diff(loud.astype(int), prepend=0) > 0)
            beeps += [chunk.start + at / 48000 for at in edges]
    return lit, beeps


def copy(source: Path, target: Path) -> Path:
    with VideoReader(source) as reader:
        sound = Soundtrack(source) if reader.info.audio else None
        with FilmWriter(target, reader.info.video, sound) as film:
            for frame in reader:
                film.write(frame)
            return film.commit()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("late_video", "late_audio", "rate", "sampling"),
    [(0, 0, "25", 48000), (0, 2, "30000/1001", 44100), (1.5, 0, "60000/1001", 48000), (0, 0, "25", 96000)],
)
def test_flash_and_beep_stay_where_they_were(
    tmp_path: Path,
    ffmpeg: Callable[..., Path],
    suffix: str,
    late_video: float,
    late_audio: float,
    rate: str,
    sampling: int,
):
    lit = "+".join(f"between(t,{at},{at + 0.2})" for at in (1, 2.5, 4))
    source = ffmpeg(
        *("-itsoffset", late_video, "-f", "lavfi", "-i", f"color=black:s=64x48:r={rate}:d=5"),
        *("-itsoffset", late_audio, "-f", "lavfi", "-i", f"aevalsrc='0.5*sin(2*PI*1000*t)*({lit})':s={sampling}:d=5"),
        *("-filter_complex", f"[0]drawbox=color=white:t=fill:enable='{lit}'[v]", "-map", "[v]", "-map", "1:a"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", tmp_path / "source.mkv"),
    )
    before, after = onsets(source), onsets(copy(source, tmp_path / f"copy{suffix}"))
    assert len(after[0]) == len(before[0]) > 0
    assert len(after[1]) == len(before[1]) == 3
    np.testing.assert_allclose(after[0], before[0], atol=0.001)
    np.testing.assert_allclose(after[1], before[1], atol=0.002)


def test_a_gap_in_the_sound_becomes_silence_of_its_length(tmp_path: Path, ffmpeg: Callable[..., Path]):
    source = ffmpeg(
        *("-f", "lavfi", "-i", "sine=f=500:r=16000:d=6"),
        *("-af", "aselect='not(between(t,2,3.5))',asetpts=PTS", "-c:a", "pcm_s16le", tmp_path / "gap.mkv"),
    )
    pieces = list(Soundtrack(source))
    samples = np.concatenate([piece for _, piece in pieces], axis=1)[0]
    assert samples.shape[0] / 16000 == pytest.approx(6.0, abs=0.1)
    quiet = np.flatnonzero(np.convolve(np.abs(samples), np.ones(160) / 160, "same") < 1e-3) / 16000
    assert quiet[0] == pytest.approx(2.0, abs=0.1)
    assert quiet[-1] == pytest.approx(3.5, abs=0.1)


def test_nothing_is_left_behind_when_writing_breaks_off(tmp_path: Path, ffmpeg: Callable[..., Path]):
    source = ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1", tmp_path / "source.mp4")
    target = tmp_path / "out"

    def broken() -> None:
        with VideoReader(source) as reader, FilmWriter(target / "film.mp4", reader.info.video) as film:
            film.write(next(iter(reader)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert list(target.iterdir()) == []


def test_sizes_that_are_odd_keep_every_pixel(tmp_path: Path, ffmpeg: Callable[..., Path]):
    source = ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=128x96:r=10:d=0.5", "-vf", "format=yuv444p,scale=63:47", "-c:v", "ffv1"),
        tmp_path / "odd.mkv",
    )
    target = copy(source, tmp_path / "even.mp4")
    with VideoReader(source) as before, VideoReader(target) as after:
        old, new = next(iter(before)), next(iter(after))
        assert (new.width, new.height) == (64, 48)
        assert np.abs(new.planes[0][:47, :63].astype(int) - old.planes[0]).mean() < 3
