"""Loudness, spectrum, formants: sounds whose figures follow from their formula."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.signals.formants import formants
from bitflow.signals.framing import frame_range, frame_times, windows_at
from bitflow.signals.loudness import audio_quality, clipped_fraction, rms_level
from bitflow.signals.spectrum import mel_filters, spectral_shape
from tests.voices import RATE, pulse_voice

TIMES = np.arange(0.1, 0.9, 0.01)


def sine(frequency: float, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)).astype(np.float32)


def test_frames_are_centred_on_the_grid_of_the_clock_wherever_the_sound_starts() -> None:
    assert frame_range(2.43, 2.455) == range(243, 245)
    np.testing.assert_allclose(frame_times(range(243, 245)), [2.435, 2.445])


def test_a_window_holds_the_samples_around_its_centre_and_zeros_beyond_the_ends() -> None:
    found = windows_at(np.arange(1, 6, dtype=np.float32), np.array([0, 2, 4]), 3)
    assert found.tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 0]]


def test_loudness_of_a_full_scale_sine_is_minus_three_and_halving_takes_six() -> None:
    full, half = (rms_level(sine(1000, a), TIMES, sample_rate_hz=RATE) for a in (1.0, 0.5))
    assert full == pytest.approx(np.full(len(TIMES), -3.01), abs=0.02)
    assert full - half == pytest.approx(np.full(len(TIMES), 6.02), abs=0.01)
    assert (rms_level(np.zeros(RATE, np.float32), TIMES, sample_rate_hz=RATE) == -120).all()


def test_loudness_is_that_of_25_ms_around_the_time() -> None:
    burst = np.zeros(RATE, np.float32)
    burst[8000:8160] = 1.0  # 0.500 to 0.510 s
    times = np.array([0.485, 0.495, 0.505, 0.515, 0.525])
    power = 10 ** (rms_level(burst, times, sample_rate_hz=RATE) / 10)
    assert power == pytest.approx([0, 120 / 401, 160 / 401, 120 / 401, 0], abs=0.01)


def test_clipping_is_the_part_of_the_samples_at_full_scale() -> None:
    clipped = np.clip(sine(100, 2.0), -1, 1)
    found = clipped_fraction(clipped, TIMES, sample_rate_hz=RATE, window_s=0.03)
    assert np.mean(found) == pytest.approx(1 - 2 / np.pi * np.arcsin(0.97 / 2), abs=0.02)
    assert clipped_fraction(sine(100, 0.9), TIMES, sample_rate_hz=RATE).max() == 0


def test_signal_to_noise_ratio_from_levels() -> None:
    speech = np.repeat([1.0, 0.0], 500).astype(np.float32)
    loudness = np.where(speech > 0, 10 * np.log10(10**-2 + 10**-5), -50).astype(np.float32)
    found = audio_quality(loudness, speech, np.zeros(1000, np.float32))
    assert found.snr_db == pytest.approx(30, abs=0.1)
    assert found.speech_fraction == 0.5
    assert not found.complaints()
    assert "above the noise" in audio_quality(np.where(speech > 0, -20, -26), speech, 0 * speech).complaints()[0]
    assert "clipped" in audio_quality(loudness, speech, speech * 0.02).complaints()[0]


def test_spectrum_of_a_tone_lies_at_its_frequency() -> None:
    shape = spectral_shape(sine(1000, 0.5), TIMES, sample_rate_hz=RATE)
    assert shape.centroid == pytest.approx(np.full(len(TIMES), 1000), abs=2)
    assert shape.rolloff == pytest.approx(np.full(len(TIMES), 1000), abs=32)
    assert shape.spread.max() < 60
    assert shape.flatness.max() < 1e-3
    assert shape.flux.max() < 0.02


def test_spectrum_of_white_noise_is_flat() -> None:
    white = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.1
    shape = spectral_shape(white, TIMES, sample_rate_hz=RATE)
    assert np.mean(shape.centroid) == pytest.approx(4000, rel=0.03)
    assert np.mean(shape.spread) == pytest.approx(8000 / np.sqrt(12), rel=0.03)
    assert np.mean(shape.slope) == pytest.approx(0, abs=0.15)
    assert np.mean(shape.flatness) == pytest.approx(np.exp(-np.euler_gamma), abs=0.03)
    # Level moves only the first coefficient: -20 dB in each of 40 bands is -20 · sqrt(40).
    quiet = spectral_shape(white * 0.1, TIMES, sample_rate_hz=RATE)
    assert quiet.mfcc[:, 1:] == pytest.approx(shape.mfcc[:, 1:], abs=1e-2)
    assert shape.mfcc[:, 0] - quiet.mfcc[:, 0] == pytest.approx(np.full(len(TIMES), 20 * np.sqrt(40)), abs=0.05)


def test_digital_silence_has_no_spectrum() -> None:
    shape = spectral_shape(np.zeros(RATE, np.float32), TIMES, sample_rate_hz=RATE)
    assert np.isnan(shape.centroid).all()
    assert np.isnan(shape.mfcc).all()


def test_every_mel_filter_weighs_its_band_to_one() -> None:
    assert mel_filters(257, RATE).sum(axis=1) == pytest.approx(np.ones(40), abs=1e-5)


def test_formants_of_a_vowel_made_of_known_resonances() -> None:
    voice = pulse_voice(f0=110, snr_db=50).samples
    found = np.nanmedian(formants(voice, np.arange(0.3, 2.5, 0.01), sample_rate_hz=RATE), axis=0)
    assert found == pytest.approx([600, 1200, 2500], rel=0.03)
