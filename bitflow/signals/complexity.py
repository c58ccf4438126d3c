"""How predictable a series is: entropies, scaling, recurrence. All take ``(n,)`` without NaN."""

from __future__ import annotations

from math import factorial, log2

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bitflow.signals.cleaning import runs

LARGEST = 2000


def sample_entropy(values: NDArray[np.float64], order: int = 2, tolerance: float = 0.2) -> float:
    """−ln of the chance that what was alike for `order` samples stays alike for one more (Richman & Moorman 2000).

    `tolerance` is in standard deviations. White noise of 1000 samples gives about 2.2 nat, a sine below 0.3.
    """
    x = values[:LARGEST]
    radius = tolerance * float(x.std())
    n = len(x) - order
    matches = []
    for length in (order, order + 1):
        windows = sliding_window_view(x, length)[:n]
        count = 0
        for i in range(n - 1):
            count += int((np.abs(windows[i + 1 :] - windows[i]).max(axis=1) <= radius).sum())
        matches.append(count)
    return float(-np.log(matches[1] / matches[0])) if matches[0] and matches[1] else float("nan")


def permutation_entropy(values: NDArray[np.float64], order: int = 4) -> float:
    """Entropy of the order of neighbouring samples over its largest, 0 to 1 (Bandt & Pompe 2002).

    Examples
    --------
    >>> permutation_entropy(np.arange(100.0)) + 0.0
    0.0
    """
    ranks = np.argsort(sliding_window_view(values, order), axis=1, kind="stable")
    code = ranks @ (order ** np.arange(order))
    shares = np.unique(code, return_counts=True)[1] / len(code)
    return float(abs(-(shares * np.log2(shares)).sum()) / log2(factorial(order)))


def dfa_exponent(values: NDArray[np.float64]) -> float:
    """Slope of fluctuation against window (Peng et al. 1994): 0.5 white noise, 1.5 a random walk."""
    profile = np.cumsum(values - values.mean())
    n = len(profile)
    sizes = np.unique(np.round(np.geomspace(8, n // 4, 16)).astype(int))
    fluctuation = []
    for size in sizes:
        pieces = profile[: n // size * size].reshape(-1, size)
        t = np.arange(size) - (size - 1) / 2
        centred = pieces - pieces.mean(axis=1, keepdims=True)
        slope = centred @ t / (t @ t)
        fluctuation.append(np.sqrt(np.mean((centred - slope[:, None] * t) ** 2)))
    return float(np.polyfit(np.log(sizes), np.log(fluctuation), 1)[0])


def recurrence_determinism(values: NDArray[np.float64], rate: float = 0.05) -> float:
    """Share of recurrent points on diagonals of two or more, at the radius that recurs `rate` of the time.

    Two samples in a row make a state, so that a rising and a falling crossing of one value are told apart.
    """
    x = values[:: max(1, int(np.ceil(len(values) / 1000)))]
    x = (x - x.mean()) / x.std()
    slope = np.gradient(x)
    slope = slope / slope.std() if slope.std() > 0 else slope
    distance = np.maximum(np.abs(x[:, None] - x[None, :]), np.abs(slope[:, None] - slope[None, :]))
    n = len(x)
    upper = distance[np.triu_indices(n, 1)]
    radius = np.quantile(upper, rate)
    points = on_lines = 0
    for offset in range(1, n - 1):
        found = runs(np.diagonal(distance, offset) <= radius)
        length = found[:, 1] - found[:, 0]
        points += int(length.sum())
        on_lines += int(length[length >= 2].sum())
    return on_lines / points if points else float("nan")


def kendall_trend(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kendall's τ of each row ``(…, n)`` against time; long rows are thinned to 200 samples."""
    thin = series[..., :: max(1, int(np.ceil(series.shape[-1] / 200)))]
    n = thin.shape[-1]
    upper = np.triu_indices(n, 1)
    total = np.zeros(thin.shape[:-1])
    for i in range(n - 1):
        total += np.sign(thin[..., i + 1 :] - thin[..., i : i + 1]).sum(axis=-1)
    return total / len(upper[0])
