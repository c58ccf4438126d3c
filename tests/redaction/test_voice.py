"""A shifted voice is lower by a known ratio and keeps its timing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bitflow.redaction.voice import SHIFT, shift_pieces, shift_pitch


def tone(rate: int, hz: float, seconds: float = 3.0) -> np.ndarray:
    """Harmonics of `hz` from 1 to 2 s, silence around them."""
    t = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 6)) * 0.2
    return np.where((t >= 1) & (t < 2), wave, 0.0).astype(np.float32)


def strongest_hz(samples: np.ndarray, rate: int) -> float:
    middle = samples[round(1.2 * rate) : round(1.8 * rate)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle)))
    return float(np.fft.rfftfreq(8 * len(middle), 1 / rate)[spectrum.argmax()])


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("hz", [110.0, 220.0])
def test_pitch_is_multiplied_and_onset_and_end_stay(rate: int, hz: float):
    shifted = shift_pitch(tone(rate, hz), rate)
    assert len(shifted) == 3 * rate
    assert strongest_hz(shifted, rate) == pytest.approx(hz * float(SHIFT), rel=0.01)
    power = np.convolve(shifted**2, np.ones(rate // 200) * 200 / rate, "same")
    loud = np.flatnonzero(power > 0.25 * np.median(power[round(1.2 * rate) : round(1.8 * rate)]))
    assert loud[0] / rate == pytest.approx(1.0, abs=0.005)
    assert loud[-1] / rate == pytest.approx(2.0, abs=0.005)


def test_loudness_stays():
    wave = tone(48000, 200)
    middle = slice(57600, 86400)
    ratio = np.sqrt(np.mean(shift_pitch(wave, 48000)[middle] ** 2) / np.mean(wave[middle] ** 2))
    assert ratio == pytest.approx(1.0, abs=0.1)


def test_a_voice_can_be_raised_too():
    assert strongest_hz(shift_pitch(tone(16000, 200), 16000, Fraction(5, 4)), 16000) == pytest.approx(250, rel=0.01)


def test_sound_in_pieces_is_as_long_as_it_was_and_has_no_holes_between_blocks():
    rate = 16000
    wave = np.tile(tone(rate, 200)[rate : 2 * rate], 45)[None].repeat(2, axis=0)  # 45 s of tone in stereo
    pieces = ((0.5 + k * 4096 / rate, wave[:, k * 4096 : (k + 1) * 4096]) for k in range(wave.shape[1] // 4096 + 1))
    given = list(shift_pieces(pieces, rate))
    at = 0.5
    for start, samples in given:
        assert start == pytest.approx(at)
        at += samples.shape[1] / rate
    whole = np.concatenate([samples for _, samples in given], axis=1)
    assert whole.shape == wave.shape
    level = np.sqrt((whole[0, : 44 * rate].reshape(-1, rate // 10) ** 2).mean(axis=1))
    assert level[1:].min() > 0.6 * np.median(level)


def test_silence_stays_silent():
    assert not shift_pitch(np.zeros(1000), 8000).any()
    assert len(shift_pitch(np.zeros(0), 8000)) == 0
