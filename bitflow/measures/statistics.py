"""Statistics of signals and events with their confidence intervals.

Signals: block bootstrap. Neighbouring samples say nearly the same, so whole blocks of time are drawn again. A block
lasts 2 s, or four times the integral time-scale of what is averaged where that is longer; what is left of the
dependence between blocks is corrected for as for a first-order process, and the few blocks of a short recording by
Student's t. Counts: the exact Poisson interval on the time seen. Means of events: Student's t; medians: order
statistics; shares: Wilson.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events import Events, Mask, Signal
from bitflow.events.reasons import Undefined
from bitflow.measures.estimate import Estimate

RESAMPLES = 1000
SEED = 20240229
BLOCK_S = 2.0
LEAST_BLOCKS = 5

#: Means of columns ``(…, k)`` in, statistic ``(…)`` out.
Combine = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def mean(signal: Signal) -> Estimate:
    """Mean over the time seen."""
    return of_means(signal.values[:, None], signal.rate)


def standard_deviation(signal: Signal) -> Estimate:
    """Standard deviation over the time seen."""
    centre = _centre(signal)
    deviations = signal.values - centre
    return of_means(np.stack([deviations, deviations**2], axis=1), signal.rate, _sd, transform="log")


def root_mean_square(signal: Signal) -> Estimate:
    """Root of the mean square over the time seen."""
    return of_means(np.square(signal.values)[:, None], signal.rate, _rms, transform="log")


def _rms(means: NDArray[np.float64]) -> NDArray[np.float64]:
    # Differences of running sums may fall a rounding error below zero.
    return np.sqrt(np.maximum(means[..., 0], 0.0))


def fraction(mask: Mask) -> Estimate:
    """Share of the known time in which a mask is true; the interval stays within 0 and 1."""
    columns = np.where(mask.known, mask.yes.astype(float), np.nan)[:, None]
    found = of_means(columns, mask.rate, transform="logit")
    if found.value in (0.0, 1.0):
        # Nothing varies, so nothing can be resampled: the rule of three, on independent blocks.
        blocks = max(1.0, found.seconds / (2 * BLOCK_S))
        reach = 1.0 - 0.025 ** (1.0 / blocks)
        low, high = (0.0, reach) if found.value == 0.0 else (1.0 - reach, 1.0)
        return Estimate(found.value, low, high, found.n, found.seconds, found.coverage)
    return found


def quantile_spread(signal: Signal, low: float, high: float) -> Estimate:
    """Difference of two quantiles over the time seen."""
    return of_distribution(signal, lambda q: q(high) - q(low))


def quantile(signal: Signal, share: float) -> Estimate:
    """A quantile over the time seen."""
    return of_distribution(signal, lambda q: q(share))


def of_means(
    columns: NDArray[np.float64],
    rate: float,
    combine: Combine = lambda m: m[..., 0],
    *,
    transform: str = "",
    value: float | None = None,
) -> Estimate:
    """Any smooth function of means over time.

    Parameters
    ----------
    columns
        ``(n, k)``; a row with NaN was not seen.
    combine
        The statistic as a function of the columns' means.
    transform
        ``logit`` or ``log`` lays the interval on that scale.
    value
        The statistic where it is known more exactly than from `combine`.
    """
    known = np.asarray(np.isfinite(columns).all(axis=1))
    n = int(known.sum())
    if n == 0:
        raise Undefined("too_few_valid")
    filled = np.where(known[:, None], columns, 0.0)
    means = filled.sum(axis=0) / n
    result = float(combine(means))
    if not np.isfinite(result):
        raise Undefined("constant_signal")
    seconds, coverage = n / rate, n / len(columns)
    low, high, why = _block_interval(filled, known, rate, means, result, combine, transform)
    shift = 0.0 if value is None else value - result
    return Estimate(result + shift, low + shift, high + shift, n, seconds, coverage, why)


def of_distribution(signal: Signal, combine: Callable[[Callable[[float], Any]], Any]) -> Estimate:
    """A function of quantiles; `combine` gets a function from share to quantile."""
    known = signal.known
    values = signal.values[known]
    if not len(values):
        raise Undefined("too_few_valid")
    exact = float(combine(lambda share: np.quantile(values, share)))
    low_end, high_end = float(values.min()), float(values.max())
    seconds, coverage = len(values) / signal.rate, len(values) / len(signal)
    if high_end <= low_end:
        return Estimate(exact, exact, exact, len(values), seconds, coverage)
    bins = 256
    at = np.minimum(((values - low_end) / (high_end - low_end) * bins).astype(int), bins - 1)
    length, scale = _blocks(np.where(known, signal.values - values.mean(), 0.0), known, signal.rate)
    number = np.flatnonzero(known) // length
    blocks = (len(signal) + length - 1) // length
    if blocks < LEAST_BLOCKS:
        return Estimate(exact, n=len(values), seconds=seconds, coverage=coverage, no_interval="ci_none_few_blocks")
    counts = np.bincount(number * bins + at, minlength=blocks * bins).reshape(blocks, bins)
    drawn = _draws(blocks) @ counts.astype(np.float32)
    cumulative = np.cumsum(drawn, axis=1)
    total = cumulative[:, -1:]
    edges = low_end + (high_end - low_end) * np.arange(bins + 1) / bins

    def drawn_quantile(share: float) -> NDArray[np.float64]:
        target = share * total
        k = np.minimum((cumulative < target).sum(axis=1), bins - 1)
        rows = np.arange(len(k))
        before = np.where(k > 0, cumulative[rows, np.maximum(k - 1, 0)], 0.0)
        inside = np.maximum(drawn[rows, k], 1e-9)
        return edges[k] + (edges[1] - edges[0]) * np.clip((target[:, 0] - before) / inside, 0, 1)

    statistic = combine(drawn_quantile)
    spread = _t_factor(blocks) * scale * (statistic - float(np.mean(statistic)))
    low, high = exact + np.quantile(spread, (0.025, 0.975))
    return Estimate(exact, float(low), float(high), len(values), seconds, coverage)


def event_rate(events: Events, *, per: float = 60.0) -> Estimate:
    """Events per unit of time seen, with the exact Poisson interval."""
    return poisson_rate(len(events), events.seen_seconds, len(events.seen) / events.seen.rate, per=per)


def poisson_rate(count: int, seconds: float, analysed: float, *, per: float = 60.0) -> Estimate:
    """A count over the time seen."""
    from scipy.special import gammaincinv

    if not seconds > 0:
        raise Undefined("too_few_valid")
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    high = float(gammaincinv(count + 1, 0.975))
    unit = per / seconds
    return Estimate(count * unit, low * unit, high * unit, count, seconds, seconds / analysed if analysed > 0 else 0.0)


def event_mean(values: NDArray[np.float64], events: Events, least: int = 1) -> Estimate:
    """Mean of one value an event, with Student's interval."""
    from scipy.special import stdtrit

    known = values[np.isfinite(values)]
    _enough(known, least)
    value = float(known.mean())
    base = _about(events)
    if len(known) < 3:
        return Estimate(value, n=len(known), no_interval="ci_none_few_events", **base)
    half = float(stdtrit(len(known) - 1, 0.975)) * float(known.std(ddof=1)) / np.sqrt(len(known))
    return Estimate(value, value - half, value + half, len(known), **base)


def event_median(values: NDArray[np.float64], events: Events, least: int = 1) -> Estimate:
    """Median of one value an event, with the interval from order statistics."""
    from scipy.special import bdtr

    known = np.sort(values[np.isfinite(values)])
    _enough(known, least)
    n = len(known)
    value = float(np.median(known))
    base = _about(events)
    # The largest rank below which both tails together hold at most 5 %.
    rank = int(np.searchsorted(bdtr(np.arange(n // 2 + 1), n, 0.5), 0.025, "right"))
    if rank < 1:
        return Estimate(value, n=n, no_interval="ci_none_few_events", **base)
    return Estimate(value, float(known[rank - 1]), float(known[n - rank]), n, **base)


def event_share(flags: NDArray[np.bool_], events: Events, least: int = 1) -> Estimate:
    """Share of events of which something is true, with Wilson's interval."""
    _enough(flags, least)
    n = len(flags)
    p, z = float(np.mean(flags)), 1.959964
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Estimate(p, max(0.0, float(middle - half)), min(1.0, float(middle + half)), n, **_about(events))


def event_statistic(
    values: NDArray[np.float64], events: Events, statistic: Callable[[NDArray], NDArray], least: int
) -> Estimate:
    """Any statistic of one value an event (along the last axis), with a bootstrap over events."""
    known = values[np.isfinite(values)]
    _enough(known, least)
    value = float(statistic(known))
    if not np.isfinite(value):
        raise Undefined("constant_signal")
    if len(known) < 5:
        return Estimate(value, n=len(known), no_interval="ci_none_few_events", **_about(events))
    drawn = known[np.random.default_rng(SEED).integers(0, len(known), (RESAMPLES, len(known)))]
    resampled = statistic(drawn)
    spread = (resampled - value) * _t_factor(len(known))
    low, high = value + np.nanquantile(spread, (0.025, 0.975))
    return Estimate(value, float(low), float(high), len(known), **_about(events))


def integral_time_scale(values: NDArray[np.float64], known: NDArray[np.bool_], rate: float) -> float:
    """Seconds over which a signal remembers: the sum of its autocorrelation up to its first zero (one side)."""
    step = max(1, int(rate / 10.0))
    usable = len(values) // step * step
    if usable < 4 * step:
        return 0.0
    seen = known[:usable].reshape(-1, step).sum(axis=1)
    series = np.where(known, values, 0.0)[:usable].reshape(-1, step).sum(axis=1) / np.maximum(seen, 1)
    weight = (seen > 0).astype(float)
    size = 1 << (2 * len(series) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(series * weight, size)) ** 2
    covariance = np.fft.irfft(spectrum, size)[: len(series)]
    pairs = np.fft.irfft(np.abs(np.fft.rfft(weight, size)) ** 2, size)[: len(series)]
    usable_lags = np.flatnonzero(pairs > 0.05 * pairs[0])
    if not covariance[0] > 0 or not len(usable_lags):
        return 0.0
    longest = max(2, min(len(series) // 3, len(usable_lags)))
    correlation = (covariance[:longest] / np.maximum(pairs[:longest], 1)) / (covariance[0] / max(pairs[0], 1))
    negative = np.flatnonzero(correlation <= 0.05)
    until = int(negative[0]) if len(negative) else longest
    return float((0.5 + correlation[1:until].sum()) * step / rate)


def _block_interval(
    filled: NDArray[np.float64],
    known: NDArray[np.bool_],
    rate: float,
    means: NDArray[np.float64],
    value: float,
    combine: Combine,
    transform: str,
) -> tuple[float, float, str]:
    psi = (filled - means) @ _gradient(filled, known, means, combine)
    length, scale = _blocks(np.where(known, psi, 0.0), known, rate)
    starts = np.arange(0, len(filled), length)
    if len(starts) < LEAST_BLOCKS:
        return float("nan"), float("nan"), "ci_none_few_blocks"
    sums = np.add.reduceat(filled, starts, axis=0)
    counts = np.add.reduceat(known.astype(float), starts)
    occupied = counts > 0
    sums, counts = sums[occupied], counts[occupied]
    if len(counts) < LEAST_BLOCKS:
        return float("nan"), float("nan"), "ci_none_few_blocks"
    draws = _draws(len(counts)).astype(np.float64)
    drawn_counts = draws @ counts
    statistic = combine((draws @ sums) / np.maximum(drawn_counts, 1)[:, None])
    spread = _t_factor(len(counts)) * scale * (statistic - value)
    spread = spread[np.isfinite(spread)]
    if len(spread) < RESAMPLES // 2:
        return float("nan"), float("nan"), "ci_none_undefined"
    low, high = np.quantile(spread, (0.025, 0.975))
    if transform == "logit" and 0 < value < 1:
        slope, logit = value * (1 - value), np.log(value / (1 - value))
        return float(1 / (1 + np.exp(-logit - low / slope))), float(1 / (1 + np.exp(-logit - high / slope))), ""
    if transform == "log" and value > 0:
        # Turned around on the ratio's scale: a spread from few independent stretches is too small, and so are its
        # resamples.
        return float(value * np.exp(-high / value)), float(value * np.exp(-low / value)), ""
    return float(value + low), float(value + high), ""


def _gradient(
    filled: NDArray[np.float64], known: NDArray[np.bool_], means: NDArray[np.float64], combine: Combine
) -> NDArray[np.float64]:
    spread = np.sqrt(np.maximum((filled[known] ** 2).mean(axis=0) - means**2, 0.0))
    step = np.maximum(1e-4 * spread, 1e-12)
    around = means + np.vstack([np.diag(step), -np.diag(step)])
    values = combine(around)
    slope = (values[: len(means)] - values[len(means) :]) / (2 * step)
    return np.where(np.isfinite(slope), slope, 0.0)


def _blocks(psi: NDArray[np.float64], known: NDArray[np.bool_], rate: float) -> tuple[int, float]:
    """Samples in a block, and the factor for the dependence that is left between blocks."""
    memory = integral_time_scale(psi, known, rate)
    # Not so long that fewer than ten are left: their spread would be known too badly.
    seconds = min(max(BLOCK_S, 4 * memory), max(BLOCK_S, len(psi) / rate / 10))
    ratio = seconds / memory if memory > 0 else np.inf
    kept = 1.0 - (1.0 - np.exp(-ratio)) / ratio if np.isfinite(ratio) else 1.0
    return max(1, round(seconds * rate)), float(1 / np.sqrt(max(kept, 0.2)))


def _t_factor(blocks: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(blocks - 1, 0.975)) / 1.959964 * np.sqrt(blocks / (blocks - 1))


@lru_cache(maxsize=8)
def _draws(blocks: int) -> NDArray[np.float32]:
    """How often each block is drawn in each resample, ``(resamples, blocks)``."""
    chosen = np.random.default_rng(SEED).integers(0, blocks, (RESAMPLES, blocks))
    flat = chosen + blocks * np.arange(RESAMPLES)[:, None]
    return np.bincount(flat.ravel(), minlength=RESAMPLES * blocks).reshape(RESAMPLES, blocks).astype(np.float32)


def _sd(means: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.maximum(means[..., 1] - means[..., 0] ** 2, 0.0))


def _centre(signal: Signal) -> float:
    seen = signal.known_values
    return float(seen.mean()) if len(seen) else 0.0


def _about(events: Events) -> dict[str, Any]:
    analysed = len(events.seen) / events.seen.rate
    seen = events.seen_seconds
    return {"seconds": seen, "coverage": seen / analysed if analysed > 0 else 0.0}


def _enough(values: NDArray, least: int) -> None:
    if len(values) < max(1, least):
        raise Undefined("too_few_events")
