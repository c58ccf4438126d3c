"""A flash and the beep that sounds with it carry the same time in the tables of pictures and of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.store import FeatureStore

BEEP_S = 0.02

#: Name → frames a second as a fraction, sample rate, seconds by which sound and picture start late, more video filters.
CLIPS = {
    "25 fps": ("25", 48_000, 0, 0, ""),
    "59.94 fps": ("60000/1001", 44_100, 0, 0, ""),
    "variable rate": ("25", 44_100, 0, 0, ",select='not(mod(n,25))+not(mod(n,3))+not(mod(n,7))'"),
    "sound 2 s late": ("25", 48_000, 2, 0, ""),
    "picture 1 s late": ("25", 48_000, 0, 1, ""),
}


def flashes_and_beeps(ffmpeg, path: Path, rate: str, sample_rate: int, sound_late: int, picture_late: int, more: str):
    """One white frame and one beep a `period`, which is a whole number of frames."""
    top, _, bottom = rate.partition("/")
    frames = round(int(top) / int(bottom or 1))
    period = frames * int(bottom or 1) / int(top)
    picture = f"color=black:size=160x120:rate={rate}:duration={8 * period}"
    flash = f"geq=lum='if(eq(mod(N,{frames}),0),235,16)':cb=128:cr=128{more}"
    sound = f"if(lt(mod(t,{period}),{BEEP_S}),0.8*sin(2*PI*1000*t),0)"
    return ffmpeg(
        "-itsoffset", picture_late, "-f", "lavfi", "-i", f"{picture},{flash}",
        "-itsoffset", sound_late, "-f", "lavfi", "-i", f"aevalsrc='{sound}':s={sample_rate}:d={8 * period}",
        "-fps_mode", "vfr", "-c:v", "libx264", "-bf", 2, "-c:a", "aac", "-b:a", "192k", path,
    )  # fmt: skip


def beep_times(voice) -> np.ndarray:
    """Start of each beep: the centre of its energy less half its length."""
    power = np.where(voice["loudness"] > -60, 10 ** (voice["loudness"] / 10), 0.0)
    loud = power > power.max() * 1e-3
    bursts = np.split(np.flatnonzero(loud), np.flatnonzero(np.diff(np.flatnonzero(loud)) > 10) + 1)
    times = voice["time"].to_numpy()
    return np.array([np.average(times[burst], weights=power[burst]) - BEEP_S / 2 for burst in bursts])


@pytest.mark.parametrize("clip", CLIPS)
def test_flash_and_beep_agree_to_ten_milliseconds(clip, ffmpeg, tmp_path):
    video = flashes_and_beeps(ffmpeg, tmp_path / "clip.mp4", *CLIPS[clip])
    store = FeatureStore.create(tmp_path / "features")
    outcome = extract_recording(store.path, Source("clip", video), make_request(extractors=["frames", "voice"]))
    assert outcome.error is None
    frames, voice = store["clip"].table("frames"), store["clip"].table("voice")
    flashes = frames["time"][frames["brightness"] > 0.5].to_numpy()
    beeps = beep_times(voice)
    apart = np.array([np.abs(beeps - flash).min() for flash in flashes if beeps[0] - 0.5 < flash < beeps[-1] + 0.5])
    assert len(apart) >= 5
    assert np.median(apart) < 0.005
    assert apart.max() < 0.010
