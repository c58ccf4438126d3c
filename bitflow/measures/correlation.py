"""Windowed cross-correlation with peak picking, and surrogates that say what chance gives (Boker et al. 2002).

Only the second series moves: a positive lag means that the second follows the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

LEAST_KNOWN = 0.9


@dataclass(frozen=True, eq=False)
class WindowedCorrelation:
    """Correlations ``(windows, lags)``; NaN where a window is constant or not seen. `lags` ``(lags,)`` s."""

    r: NDArray[np.float64]
    lags: NDArray[np.float64]

    @property
    def z(self) -> NDArray[np.float64]:
        """Fisher's z of each correlation."""
        return np.arctanh(np.clip(self.r, -0.9999, 0.9999))

    @property
    def profile(self) -> NDArray[np.float64]:
        """Mean z at each lag, ``(lags,)``."""
        return np.nanmean(self.z, axis=0)

    def peaks(self, decline_s: float = 0.3) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each window the local maximum nearest to lag 0, from which r falls for `decline_s` on both sides.

        Returns
        -------
        value, lag
            ``(windows,)``; NaN where a window has no such peak.
        """
        from scipy.signal import savgol_filter

        step = self.lags[1] - self.lags[0]
        reach = max(1, round(decline_s / step))
        rows = np.isfinite(self.r).all(axis=1)
        value, lag = np.full(len(self.r), np.nan), np.full(len(self.r), np.nan)
        if not rows.any() or self.r.shape[1] < 2 * reach + 3:
            return value, lag
        smooth = savgol_filter(self.r[rows], 5, 2, axis=1)
        count = smooth.shape[1]
        inner = slice(reach, count - reach)
        is_peak = np.ones((len(smooth), count - 2 * reach), bool)
        for k in range(reach):
            is_peak &= smooth[:, reach - k : count - reach - k] > smooth[:, reach - k - 1 : count - reach - k - 1]
            is_peak &= smooth[:, reach + k : count - reach + k] > smooth[:, reach + k + 1 : count - reach + k + 1]
        distance = np.where(is_peak, np.abs(self.lags[inner]) - 1e-6 * smooth[:, inner], np.inf)
        nearest = distance.argmin(axis=1)
        found = np.isfinite(distance[np.arange(len(distance)), nearest])
        at = nearest + reach
        row = np.arange(len(smooth))
        a, b, c = smooth[row, at - 1], smooth[row, at], smooth[row, at + 1]
        curve = a - 2 * b + c
        offset = np.where(curve < 0, 0.5 * (a - c) / np.where(curve < 0, curve, 1), 0.0)
        value[np.flatnonzero(rows)[found]] = self.r[rows][row, at][found]
        lag[np.flatnonzero(rows)[found]] = (self.lags[at] + offset * step)[found]
        return value, lag


def windowed_correlation(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    rate: float,
    *,
    window_s: float = 5.0,
    lag_s: float = 2.0,
    step_s: float = 1.0,
) -> WindowedCorrelation:
    """Pearson's r of ``x[t, t + W)`` and ``y[t + τ, t + τ + W)``.

    Parameters
    ----------
    x, y
        ``(n,)`` on one clock; NaN is missing. A window of which less than 90 % is known is missing, not 0.
    rate
        Samples a second, Hz.
    window_s, lag_s, step_s
        W, largest τ, and the step between windows, s.
    """
    width, reach, step = round(window_s * rate), round(lag_s * rate), max(1, round(step_s * rate))
    lags = np.arange(-reach, reach + 1) / rate
    starts = np.arange(reach, len(x) - width - reach + 1, step)
    if not len(starts):
        return WindowedCorrelation(np.empty((0, len(lags))), lags)
    fx, known_x = _filled(x)
    fy, known_y = _filled(y)
    wx = sliding_window_view(fx, width)[starts]
    wx = wx - wx.mean(axis=1, keepdims=True)
    spread_x = np.sqrt(np.square(wx).sum(axis=1))
    spread_y, seen_y = _window_spread(fy, width), _window_share(known_y, width)
    # (windows, lags, width) as a view: nothing is copied but the product's result.
    spans = sliding_window_view(fy, width + 2 * reach)[starts - reach]
    product = np.matmul(sliding_window_view(spans, width, axis=1), wx[:, :, None])[:, :, 0]
    place = starts[:, None] + np.arange(-reach, reach + 1)[None, :]
    floor = 1e-9 * (np.abs(fx).max() + 1e-300), 1e-9 * (np.abs(fy).max() + 1e-300)
    usable = (
        (spread_x > floor[0])[:, None]
        & (_window_share(known_x, width)[starts] >= LEAST_KNOWN)[:, None]
        & (spread_y[place] > floor[1])
        & (seen_y[place] >= LEAST_KNOWN)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(usable, product / (spread_x[:, None] * spread_y[place]), np.nan)
    return WindowedCorrelation(np.clip(r, -1, 1), lags)


def best_lag(x: NDArray[np.float64], y: NDArray[np.float64], rate: float, reach_s: float) -> float:
    """Lag (s) of `y` behind `x` at which the two correlate best, between the samples."""
    fx, _ = _filled(x)
    fy, _ = _filled(y)
    reach = min(round(reach_s * rate), len(fx) // 3)
    lags = np.arange(-reach, reach + 1)
    r = np.array(
        [np.corrcoef(fx[max(0, -k) : len(fx) - max(0, k)], fy[max(0, k) : len(fy) - max(0, -k)])[0, 1] for k in lags]
    )
    at = int(np.nanargmax(r))
    offset = 0.0
    if 0 < at < len(r) - 1:
        curve = r[at - 1] - 2 * r[at] + r[at + 1]
        offset = float(np.clip(0.5 * (r[at - 1] - r[at + 1]) / curve, -0.5, 0.5)) if curve < 0 else 0.0
    return float((lags[at] + offset) / rate)


def surrogates(y: NDArray[np.float64], count: int, seed: int) -> NDArray[np.float64]:
    """Series with the spectrum and the values of `y` and nothing else of it: ``(count, n)``, missing where it is.

    Amplitude-adjusted phase randomisation (Theiler et al. 1992).
    """
    generator = np.random.default_rng(seed)
    filled, known = _filled(y)
    n = len(filled)
    order = np.argsort(filled, kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    from scipy.special import ndtri

    gaussian = ndtri((rank + 0.5) / n)
    amplitude = np.abs(np.fft.rfft(gaussian))
    values = np.sort(filled)
    result = np.empty((count, n))
    for k in range(count):
        phase = generator.uniform(0, 2 * np.pi, len(amplitude))
        phase[0] = 0.0
        noise = np.fft.irfft(amplitude * np.exp(1j * phase), n)
        result[k, np.argsort(noise, kind="stable")] = values
        result[k, ~known] = np.nan
    return result


def rank_p(observed: float, drawn: NDArray[np.float64]) -> float:
    """Share of surrogates, the observation counted among them, that reach it."""
    return float((1 + np.count_nonzero(drawn >= observed)) / (1 + len(drawn)))


def _filled(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    known = np.isfinite(values)
    if known.all() or not known.any():
        return np.where(known, values, 0.0), known
    at = np.arange(len(values))
    return np.interp(at, at[known], values[known]), known


def _window_share(known: NDArray[np.bool_], width: int) -> NDArray[np.float64]:
    total = np.concatenate(([0], np.cumsum(known)))
    return (total[width:] - total[:-width]) / width


def _window_spread(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    centred = values - values.mean()
    total = np.concatenate(([0.0], np.cumsum(centred)))
    square = np.concatenate(([0.0], np.cumsum(centred**2)))
    sums, squares = total[width:] - total[:-width], square[width:] - square[:-width]
    return np.sqrt(np.maximum(squares - sums**2 / width, 0.0))
