"""How often 95 % intervals cover the truth, and how often unrelated signals are called coupled.

``python -m benchmarks.measures_intervals [--seeds N]``. First-order processes that remember for 0.2, 1 and 3 s, of
known mean,
spread and share of time above one standard deviation; Poisson events; pairs of unrelated and of coupled smooth signals.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from bitflow.events import Events, Mask, Signal
from bitflow.measures import statistics
from bitflow.measures.coupling import against_surrogates
from bitflow.measures.estimate import Estimate

RATE = 30.0


def remembering(random: np.random.Generator, seconds: float, memory: float) -> Signal:
    phi = np.exp(-1 / (memory * RATE))
    noise = random.standard_normal(round(seconds * RATE) + 1000) * np.sqrt(1 - phi**2)
    return Signal(lfilter([1.0], [1.0, -phi], noise)[1000:], 0.0, RATE)


def coverage(estimate: Callable[[np.random.Generator], Estimate], truth: float, seeds: int) -> float:
    found = [estimate(np.random.default_rng(seed)) for seed in range(seeds)]
    return float(np.mean([each.low <= truth <= each.high for each in found if np.isfinite(each.low)]))


def poisson(random: np.random.Generator) -> Estimate:
    seen = Mask(np.ones(3600, bool), np.ones(3600, bool))
    starts = np.sort(random.uniform(0, 120, random.poisson(20)))
    return statistics.event_rate(Events.at(starts, starts + 0.1, seen))


def durations(random: np.random.Generator) -> Estimate:
    seen = Mask(np.ones(3600, bool), np.ones(3600, bool))
    events = Events.at(np.arange(12.0), np.arange(12.0) + random.gamma(4.0, 0.25, 12), seen)
    return statistics.event_mean(events.durations, events)


def false_positives(seconds: float, seeds: int, coupled: bool = False) -> float:
    hits = 0
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        x, y = gaussian_filter1d(random.standard_normal((2, round(seconds * 10))), 2.0, axis=1)
        if coupled:
            y = np.roll(x, 8) + y
        hits += against_surrogates(x, y, 10.0, 99, seed)[1] <= 0.05
    return hits / seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=400)
    seeds = parser.parse_args().seeds
    print("| statistic | seconds | memory, s | covered |\n|---|---|---|---|")
    for seconds in (60, 180, 600):
        for memory in (0.2, 1.0, 3.0):
            cases = {
                "mean": (statistics.mean, 0.0),
                "share of time": (lambda s: statistics.fraction(s > 1.0), 0.158655),
                "standard deviation": (statistics.standard_deviation, 1.0),
                "5–95 % range": (lambda s: statistics.quantile_spread(s, 0.05, 0.95), 3.28971),
            }
            for name, (measure, truth) in cases.items():
                found = coverage(lambda r, m=measure, s=seconds, k=memory: m(remembering(r, s, k)), truth, seeds)
                print(f"| {name} | {seconds} | {memory} | {found:.3f} |", flush=True)
    print(f"| rate of Poisson events | 120 | – | {coverage(poisson, 10.0, seeds):.3f} |")
    print(f"| mean of 12 gamma durations | 120 | – | {coverage(durations, 1.0, seeds):.3f} |")
    for seconds in (60, 120, 300):
        print(
            f"unrelated signals of {seconds} s called coupled at p ≤ .05: {false_positives(seconds, seeds):.3f}",
            flush=True,
        )
    print(f"signals coupled at SNR 1, 120 s, found: {false_positives(120, seeds // 4, True):.3f}")


if __name__ == "__main__":
    main()
