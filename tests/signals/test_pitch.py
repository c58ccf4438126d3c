from __future__ import annotations

import numpy as np
import pytest

from bitflow.signals.framing import frame_range, frame_times
from bitflow.signals.pitch import PitchPath, concatenate, pitch_candidates, track_pitch
from tests.voices import RATE, glides, noise, pulse_voice


def grid(samples: np.ndarray) -> np.ndarray:
    return frame_times(frame_range(0, len(samples) / RATE))


@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize("tilt_db", [0, 6, 12])
def test_glides_from_80_to_400_hz_in_noise_are_followed(tilt_db: float, straight: bool) -> None:
    voice, truth = glides(80, 400, seconds=2.0, tilt_db=tilt_db, straight=straight)
    times = grid(voice)
    pitch = track_pitch(voice + noise(voice, 20.0), times, sample_rate_hz=RATE)
    f0 = truth[np.clip((times * RATE).astype(int), 0, len(truth) - 1)]
    voiced, found = f0 > 0, np.isfinite(pitch.f0)
    error = np.abs(pitch.f0[voiced & found] / f0[voiced & found] - 1)
    assert np.median(error) < 0.01
    assert np.mean(error > 0.2) < 0.02
    assert np.mean(voiced != found) < 0.05


@pytest.mark.parametrize("frequency", [70.0, 123.4, 250.0, 480.0])
def test_a_sine_is_read_to_a_quarter_of_a_per_cent(frequency: float) -> None:
    t = np.arange(RATE) / RATE
    pitch = track_pitch(
        (0.1 * np.sin(2 * np.pi * frequency * t)).astype(np.float32), np.arange(0.2, 0.8, 0.01), sample_rate_hz=RATE
    )
    assert np.abs(pitch.f0 / frequency - 1).max() < 2.5e-3
    assert pitch.voicing.min() > 0.95


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 20.0])
def test_hnr_is_the_ratio_of_the_harmonics_to_the_noise_that_was_added(snr_db: float) -> None:
    t = np.arange(2 * RATE) / RATE
    voice = np.asarray(sum(0.1 * np.sin(2 * np.pi * 150 * h * t) / h for h in range(1, 20)), np.float32)
    pitch = track_pitch(voice + noise(voice, snr_db), np.arange(0.2, 1.8, 0.01), sample_rate_hz=RATE)
    assert np.nanmedian(pitch.hnr) == pytest.approx(snr_db, abs=1.5)


def test_silence_noise_and_what_is_below_the_floor_have_no_pitch() -> None:
    t = np.arange(2 * RATE) / RATE
    white = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    for samples, most in ((0 * t, 0.0), (1e-5 * np.sin(2 * np.pi * 150 * t), 0.0), (white, 0.05)):
        sound = samples.astype(np.float32)
        assert np.mean(np.isfinite(track_pitch(sound, grid(sound), sample_rate_hz=RATE).f0)) <= most


def test_hum_far_below_the_voice_is_no_voice() -> None:
    voice, truth = glides(120, 200, seconds=1.0, tilt_db=6)
    hum = 0.001 * np.sin(2 * np.pi * 100 * np.arange(len(voice)) / RATE).astype(np.float32)
    times = grid(voice)
    pitch = track_pitch(voice + hum, times, sample_rate_hz=RATE)
    silent = (truth[(times * RATE).astype(int)] == 0) & (times > 1.0)
    assert np.mean(np.isfinite(pitch.f0[silent])) < 0.1


@pytest.mark.parametrize("size", [1, 7, 100])
def test_the_path_is_the_same_however_the_candidates_are_cut(size: int) -> None:
    samples = pulse_voice(jitter=0.02, snr_db=5, seconds=2).samples
    candidates = pitch_candidates(samples, grid(samples), sample_rate_hz=RATE)
    whole = track_pitch(samples, grid(samples), sample_rate_hz=RATE)
    path = PitchPath()
    parts = [path.push(candidates[at : at + size]) for at in range(0, len(candidates), size)]
    cut = concatenate([*parts, path.finish()])
    np.testing.assert_array_equal(cut.f0, whole.f0)
    assert any(len(part) for part in parts)


def test_a_range_that_the_sample_rate_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="ceiling"):
        track_pitch(np.zeros(100, np.float32), np.zeros(1), sample_rate_hz=1000, ceiling_hz=400)
