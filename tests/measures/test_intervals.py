"""Confidence intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from bitflow.events import Events, Mask, Signal
from bitflow.measures import statistics
from bitflow.measures.coupling import against_surrogates


def remembering(seed: int, seconds: float, memory: float, rate: float = 30.0) -> Signal:
    """A first-order process of variance 1 that forgets within `memory` s."""
    phi = np.exp(-1 / (memory * rate))
    noise = np.random.default_rng(seed).standard_normal(round(seconds * rate) + 600) * np.sqrt(1 - phi**2)
    return Signal(lfilter([1.0], [1.0, -phi], noise)[600:], 0.0, rate)


def covered(estimate, truth: float, seeds: int) -> float:
    found = [estimate(seed) for seed in range(seeds)]
    return float(np.mean([each.low <= truth <= each.high for each in found]))


def test_intervals_of_a_mean_cover_the_truth():
    assert 0.88 <= covered(lambda seed: statistics.mean(remembering(seed, 180, 1.0)), 0.0, 120) <= 0.995


def test_intervals_of_a_share_of_time_cover_the_truth():
    assert 0.87 <= covered(lambda seed: statistics.fraction(remembering(seed, 180, 1.0) > 1.0), 0.158655, 120) <= 0.995


def test_counts_have_the_exact_poisson_interval():
    found = statistics.poisson_rate(10, 60.0, 60.0)
    assert (found.low, found.high) == (pytest.approx(4.795, abs=0.001), pytest.approx(18.390, abs=0.001))


def test_an_interval_that_forgets_the_memory_of_a_signal_would_be_too_narrow():
    slow, fast = statistics.mean(remembering(1, 180, 3.0)), statistics.mean(remembering(1, 180, 0.05))
    assert slow.high - slow.low > 3 * (fast.high - fast.low)


def test_the_time_scale_of_a_first_order_process_is_its_memory():
    signal = remembering(0, 3600, 2.0)
    assert statistics.integral_time_scale(signal.values, signal.known, 30.0) == pytest.approx(2.0, rel=0.2)


def test_never_and_always_have_one_sided_intervals():
    never = statistics.fraction(Mask(np.zeros(1800, bool), np.ones(1800, bool)))
    assert (never.value, never.low) == (0.0, 0.0)
    assert 0 < never.high < 0.3


def test_medians_of_few_events_have_no_interval():
    seen = Mask(np.ones(100, bool), np.ones(100, bool))
    few = Events.at(np.arange(4.0), np.arange(4.0) + 0.5, seen)
    assert statistics.event_median(few.durations, few).no_interval == "ci_none_few_events"


def test_unrelated_smooth_signals_come_out_unrelated():
    from scipy.ndimage import gaussian_filter1d

    false = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        x, y = gaussian_filter1d(random.standard_normal((2, 900)), 2.0, axis=1)
        false += against_surrogates(x, y, 10.0, 39, seed)[1] <= 0.05
    assert false <= 6  # 2 are expected; 7 or more would be chance in one run of a hundred


def test_coupled_signals_come_out_coupled():
    from scipy.ndimage import gaussian_filter1d

    hits = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        x, noise = gaussian_filter1d(random.standard_normal((2, 1200)), 2.0, axis=1)
        hits += against_surrogates(x, np.roll(x, 8) + noise, 10.0, 39, seed)[1] <= 0.05
    assert hits >= 9
