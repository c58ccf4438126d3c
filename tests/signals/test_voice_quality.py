from __future__ import annotations

import numpy as np
import pytest

from bitflow.signals.cepstrum import cepstral_peak_prominence
from bitflow.signals.perturbation import GlottalCycles, glottal_cycles, perturbation
from tests.voices import RATE, pulse_voice


@pytest.mark.parametrize("f0", [90.0, 120.0])
@pytest.mark.parametrize(
    ("jitter", "shimmer", "snr_db"), [(0.0018, 0.0173, 30), (0.0035, 0.026, 25), (0.0072, 0.043, 20)]
)
def test_jitter_and_shimmer_of_a_known_source(f0: float, jitter: float, shimmer: float, snr_db: float) -> None:
    # The vowel's own resonances smear neighbouring cycles into each other: Praat reads them 20 % low as well.
    voice = pulse_voice(f0=f0, jitter=jitter, shimmer=shimmer, snr_db=snr_db)
    found = perturbation(glottal_cycles(voice.samples, sample_rate_hz=RATE))
    assert found.jitter_local == pytest.approx(voice.jitter, rel=0.25)
    assert found.shimmer_local == pytest.approx(voice.shimmer, rel=0.25)
    assert found.cycles == pytest.approx(2.9 * f0, abs=4)


def test_a_perfectly_regular_voice_has_neither() -> None:
    found = perturbation(glottal_cycles(pulse_voice(snr_db=80).samples, sample_rate_hz=RATE))
    assert found.jitter_local < 0.0003
    assert found.shimmer_local < 0.002
    assert found.mean_period == pytest.approx(1 / 120, rel=1e-3)


def test_the_ratios_follow_their_definitions() -> None:
    periods = np.array([10.0, 10.2, 9.9, 10.1, 10.0, 10.3]) / 1000
    cycles = GlottalCycles(np.concatenate([[0], np.cumsum(periods)]), np.ones(7), np.zeros(7, np.int64))
    found = perturbation(cycles)
    assert found.jitter_local == pytest.approx(np.abs(np.diff(periods)).mean() / periods.mean())
    rap = np.mean([abs(periods[i] - periods[i - 1 : i + 2].mean()) for i in range(1, 5)]) / periods.mean()
    assert found.jitter_rap == pytest.approx(rap)
    assert found.shimmer_local == 0


def test_cycles_of_two_stretches_are_not_compared() -> None:
    one = np.arange(5) * 0.010
    cycles = GlottalCycles(np.concatenate([one, 1 + np.arange(5) * 0.005]), np.ones(10), np.repeat([0, 1], 5))
    assert perturbation(cycles).jitter_local == pytest.approx(0, abs=1e-9)


def test_noise_and_silence_give_no_figure() -> None:
    for samples in (np.zeros(RATE, np.float32), np.zeros(0, np.float32)):
        found = perturbation(glottal_cycles(samples, sample_rate_hz=RATE))
        assert np.isnan(found.jitter_local)
        assert found.cycles == 0
        assert np.isnan(cepstral_peak_prominence(samples, sample_rate_hz=RATE))


def test_cepstral_prominence_falls_with_noise_and_is_small_for_noise_alone() -> None:
    # Praat 6.4 with the same settings: 24.5, 17.3 and 12.9 dB; the offset of 1 dB is its robust line.
    voices = [
        pulse_voice(jitter=j, shimmer=s, snr_db=n)
        for j, s, n in ((0, 0, 60), (0.0035, 0.026, 25), (0.0144, 0.0858, 15))
    ]
    found = [cepstral_peak_prominence(v.samples, sample_rate_hz=RATE) for v in voices]
    assert found == pytest.approx([25.5, 18.3, 13.9], abs=1.0)
    white = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    assert cepstral_peak_prominence(white, sample_rate_hz=RATE) < 6
