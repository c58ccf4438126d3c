"""Other views of two series: warping, recurrence, phase, prediction. All take series ``(n,)`` on one clock, NaN
missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.events.reasons import Undefined
from bitflow.signals.cleaning import runs
from bitflow.signals.smoothing import band_passed

LARGEST_RECURRENCE = 1500
RECURRENCE_RATE = 0.05


def dtw_distance(x: NDArray[np.float64], y: NDArray[np.float64], rate: float, reach_s: float) -> float:
    """Cost of the best warping path, a step, of z-scored series at 5 Hz that may shift by at most `reach_s`."""
    step = max(1, round(rate / 5.0))
    known = np.isfinite(x) & np.isfinite(y)
    a, b = _scored(x[known][::step]), _scored(y[known][::step])
    n, band = len(a), max(1, round(reach_s * rate / step))
    if n < 3:
        raise Undefined("no_overlap")
    width = 2 * band + 1
    inf = float("inf")
    # previous[k] is the cost at (i - 1, i - 1 - band + k), with the number of steps of its path beside it.
    previous, steps = [inf] * width, [0] * width
    previous[band], steps[band] = abs(a[0] - b[0]), 1
    for k in range(band + 1, width):
        if k - band < n:
            previous[k] = previous[k - 1] + abs(a[0] - b[k - band])
            steps[k] = steps[k - 1] + 1
    for i in range(1, n):
        current, count = [inf] * width, [0] * width
        ai = a[i]
        for k in range(max(0, band - i), min(width, n - i + band)):
            diagonal, above = previous[k], previous[k + 1] if k + 1 < width else inf
            beside = current[k - 1] if k else inf
            if diagonal <= above and diagonal <= beside:
                best, length = diagonal, steps[k]
            elif above <= beside:
                best, length = above, steps[k + 1]
            else:
                best, length = beside, count[k - 1]
            current[k], count[k] = best + abs(ai - b[i - band + k]), length + 1
        previous, steps = current, count
    return float(previous[band] / steps[band])


def cross_recurrence(x: NDArray[np.float64], y: NDArray[np.float64], rate: float, reach_s: float) -> dict[str, float]:
    """Recurrence rate, determinism and longest line within ±`reach_s`, at the radius that recurs 5 % of the time
    overall."""
    known = np.isfinite(x) & np.isfinite(y)
    a, b = x[known], y[known]
    step = max(1, int(np.ceil(len(a) / LARGEST_RECURRENCE)))
    a, b = _scored(a[::step]), _scored(b[::step])
    n = len(a)
    # Value and slope make a state: crossing a value upward is not like crossing it downward.
    rise_a, rise_b = _scored(np.gradient(a)), _scored(np.gradient(b))
    distance = np.maximum(np.abs(a[:, None] - b[None, :]), np.abs(rise_a[:, None] - rise_b[None, :])).astype(np.float32)
    radius = np.partition(distance.ravel(), int(RECURRENCE_RATE * n * n))[int(RECURRENCE_RATE * n * n)]
    recurs = distance <= radius
    reach = max(1, round(reach_s * rate / step))
    points = on_lines = longest = cells = 0
    for offset in range(-reach, reach + 1):
        diagonal = np.diagonal(recurs, offset)
        found = runs(diagonal)
        length = found[:, 1] - found[:, 0]
        points += int(length.sum())
        on_lines += int(length[length >= 2].sum())
        longest = max(longest, int(length.max(initial=0)))
        cells += len(diagonal)
    return {
        "rec": points / cells if cells else float("nan"),
        "det": on_lines / points if points else 0.0,
        "lmax_s": longest * step / rate,
    }


def phase_locking(x: NDArray[np.float64], y: NDArray[np.float64], rate: float, low: float, high: float) -> float:
    """Phase-locking value in a band, over stretches of both that last ten periods of its lower end."""
    from scipy.signal import hilbert

    known = np.isfinite(x) & np.isfinite(y)
    total, count = 0.0 + 0.0j, 0
    for first, last in runs(known):
        if (last - first) / rate * low < 2:
            continue
        a = np.asarray(hilbert(band_passed(x[first:last], rate, low, high)))
        b = np.asarray(hilbert(band_passed(y[first:last], rate, low, high)))
        edge = int(rate / low / 2)
        inner = slice(edge, len(a) - edge)
        total += np.exp(1j * (np.angle(a[inner]) - np.angle(b[inner]))).sum()
        count += len(a[inner])
    if count / rate * low < 5:
        raise Undefined("too_short", "fewer than ten cycles of the band")
    return float(abs(total) / count)


def granger(x: NDArray[np.float64], y: NDArray[np.float64], rate: float, longest_s: float = 1.0) -> tuple[float, float]:
    """F and p of the past of `x` in the prediction of `y`, order by BIC up to `longest_s`, on differenced series if
    needed."""
    from scipy.special import fdtrc

    step = max(1, round(rate / 5.0))
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 300:
        raise Undefined("too_few_valid")
    a, b = _scored(x[known][::step]), _scored(y[known][::step])
    if min(_lag_one(a), _lag_one(b)) > 0.98:  # as good as a random walk: levels would predict each other by chance
        a, b = np.diff(a), np.diff(b)
    most = max(1, round(longest_s * rate / step))
    n = len(b) - most
    target = b[most:]
    best: tuple[float, int] | None = None
    for order in range(1, most + 1):
        full = _lagged(b, order, most, a)
        residual = target - full @ np.linalg.lstsq(full, target, rcond=None)[0]
        bic = n * np.log(residual @ residual / n) + full.shape[1] * np.log(n)
        if best is None or bic < best[0]:
            best = (float(bic), order)
    order = best[1] if best else 1
    full, own = _lagged(b, order, most, a), _lagged(b, order, most, None)
    wide = target - full @ np.linalg.lstsq(full, target, rcond=None)[0]
    narrow = target - own @ np.linalg.lstsq(own, target, rcond=None)[0]
    free = n - full.shape[1]
    statistic = ((narrow @ narrow - wide @ wide) / order) / (wide @ wide / free)
    return float(max(statistic, 0.0)), float(fdtrc(order, free, max(statistic, 0.0)))


def _lagged(b: NDArray, order: int, most: int, a: NDArray | None) -> NDArray[np.float64]:
    columns = [np.ones(len(b) - most)]
    for k in range(1, order + 1):
        columns.append(b[most - k : len(b) - k])
        if a is not None:
            columns.append(a[most - k : len(a) - k])
    return np.stack(columns, axis=1)


def _lag_one(values: NDArray[np.float64]) -> float:
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


def _scored(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std())
    if not spread > 0:
        raise Undefined("constant_signal")
    return (values - values.mean()) / spread
