"""How a person's movement changes over the recording. Exploratory: early-warning signs are descriptions, not
predictions.

Not every shift announces itself by slowing down, and not every slowing is followed by one (Boettiger, Ross &
Hastings 2013).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.events.eyes import EyeSeries, find_blinks
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.measures import statistics
from bitflow.measures.correlation import surrogates
from bitflow.measures.estimate import Estimate
from bitflow.measures.expression import autocorrelation
from bitflow.measures.registry import Minimum, measure
from bitflow.measures.tracks import DEFAULT, Tracks, slowed
from bitflow.signals.complexity import (
    dfa_exponent,
    kendall_trend,
    permutation_entropy,
    recurrence_determinism,
    sample_entropy,
)
from bitflow.signals.rhythm import welch_spectrum

_NEEDS = ("head_pose",)
_DAKOS = ("Dakos et al. 2012, PLoS ONE 7:e41010", "Boettiger & Hastings 2012")
SURROGATES = 500
LARGEST = 1800


def _series(tracks: Tracks, signal: str, least: int, rate: float) -> tuple[NDArray[np.float64], float, Estimate]:
    """Samples at `rate` Hz with short gaps bridged, and what they stand on; at most 20 % bridged."""
    found: Signal = slowed(tracks.signal(signal), rate)
    known = found.known
    if known.sum() < least:
        raise Undefined("too_short", f"{int(known.sum())} samples at {rate:g} Hz, {least} are needed")
    first, last = np.flatnonzero(known)[[0, -1]]
    values, known = found.values[first : last + 1], known[first : last + 1]
    if known.mean() < 0.8:
        raise Undefined("too_few_valid", "more than a fifth would be interpolated")
    at = np.arange(len(values))
    values = np.interp(at, at[known], values[known])
    if np.ptp(values) <= 1e-12:
        raise Undefined("constant_signal")
    about = Estimate(
        0.0, n=int(known.sum()), seconds=float(known.sum()) / found.rate, coverage=float(found.known.mean())
    )
    return values, found.rate, about


def _plain(about: Estimate, value: float, note: str = "", reason: str = "ci_none_undefined") -> Estimate:
    if not np.isfinite(value):
        raise Undefined("constant_signal")
    return Estimate(
        float(value), n=about.n, seconds=about.seconds, coverage=about.coverage, no_interval=reason, note=note
    )


def rolling_indicators(
    series: NDArray[np.float64], share: float = 0.5
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lag-1 autocorrelation and variance in windows of a share of each row ``(…, n)``, the slow trend removed first."""
    from scipy.ndimage import gaussian_filter1d

    n = series.shape[-1]
    rest = series - gaussian_filter1d(series, max(1.0, 0.1 * n), axis=-1)
    width = max(10, int(share * n))

    def rolled(values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
        return (total[..., width - 1 :] - total[..., : -(width - 1)]) / (width - 1)

    now, after = rest[..., :-1], rest[..., 1:]
    mean_now, mean_after = rolled(now), rolled(after)
    covariance = rolled(now * after) - mean_now * mean_after
    variance_now, variance_after = rolled(now**2) - mean_now**2, rolled(after**2) - mean_after**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return covariance / np.sqrt(variance_now * variance_after), variance_now


def trend_against_surrogates(series: NDArray[np.float64], which: int, count: int = SURROGATES) -> tuple[float, float]:
    """Kendall's τ of an indicator (0 autocorrelation, 1 variance), and its two-sided rank p against surrogates."""
    step = max(1, int(np.ceil(len(series) / LARGEST)))
    thin = series[: len(series) // step * step].reshape(-1, step).mean(axis=1)
    tau = float(kendall_trend(rolling_indicators(thin)[which]))
    drawn: list[NDArray[np.float64]] = []
    for block in range(0, count, 100):  # a hundred at a time bounds the memory
        fake = surrogates(thin, min(100, count - block), statistics.SEED + block)
        drawn.append(kendall_trend(rolling_indicators(fake)[which]))
    taus = np.abs(np.concatenate(drawn))
    return tau, float((1 + np.count_nonzero(taus >= abs(tau))) / (1 + len(taus)))


def _register_warning(name: str, which: int, doc: str) -> None:
    @measure(
        id=f"ews_{name}_trend_tau",
        unit="1",
        needs=_NEEDS,
        minimum=Minimum(seconds=100),
        cite=_DAKOS,
        range=(-1, 1),
        core=name == "ar1",
    )
    def warning(tracks: Tracks, *, signal: str = DEFAULT, rate_hz: float = 2.0) -> Estimate:
        series, _, about = _series(tracks, signal, 200, rate_hz)
        tau, p = trend_against_surrogates(series, which)
        return _plain(about, tau, f"rank p {p:.3f}", "ci_none_surrogates")

    warning.__doc__ = (
        f"Kendall's τ of {doc} in windows of half the recording; the note has its p against 500 surrogates.\n\n"
        "Exploratory. The series is the head's speed, twice a second."
    )


_register_warning("ar1", 0, "the lag-1 autocorrelation")
_register_warning("variance", 1, "the variance")


@measure(
    id="dynamics_ar1",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=100),
    cite=("Kuppens et al. 2010, Psychol Sci 21:984",),
    range=(-1, 1),
)
def ar1(tracks: Tracks, *, signal: str = DEFAULT, lag_s: float = 1.0) -> Estimate:
    """Correlation of the head's speed with itself a second later."""
    series = slowed(tracks.signal(signal), 1.0 / lag_s)
    if series.known.sum() < 100 * min(1.0, 1.0 / lag_s):
        raise Undefined("too_short", "fewer than 100 steps")
    return autocorrelation(series.values[:-1], series.values[1:], series.rate, len(series) / series.rate)


@measure(
    id="dynamics_sample_entropy",
    unit="nat",
    needs=_NEEDS,
    minimum=Minimum(seconds=20),
    cite=("Richman & Moorman 2000, Am J Physiol 278:H2039",),
    range=(0, None),
)
def entropy_of_samples(tracks: Tracks, *, signal: str = DEFAULT) -> Estimate:
    """How unpredictable the head's speed is at 10 Hz (m 2, r 0.2 SD, at most 2000 samples)."""
    series, _, about = _series(tracks, signal, 200, 10.0)
    return _plain(about, sample_entropy(series))


@measure(
    id="dynamics_permutation_entropy",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=30),
    cite=("Bandt & Pompe 2002, PRL 88:174102",),
    range=(0, 1),
)
def entropy_of_orders(tracks: Tracks, *, signal: str = DEFAULT) -> Estimate:
    """Entropy of the order of four neighbouring samples of the head's speed at 10 Hz, over its largest."""
    series, _, about = _series(tracks, signal, 300, 10.0)
    return _plain(about, permutation_entropy(series))


@measure(
    id="dynamics_dfa_alpha",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=50),
    cite=("Peng et al. 1994, PRE 49:1685",),
    range=(0, 2),
)
def dfa(tracks: Tracks, *, signal: str = DEFAULT) -> Estimate:
    """Scaling exponent of the head's speed at 10 Hz: 0.5 without memory, 1.5 a random walk."""
    series, _, about = _series(tracks, signal, 500, 10.0)
    return _plain(about, dfa_exponent(series))


@measure(
    id="dynamics_rqa_det",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=30),
    cite=("Webber & Zbilut 1994, J Appl Physiol 76:965",),
    range=(0, 1),
)
def rqa_det(tracks: Tracks, *, signal: str = DEFAULT) -> Estimate:
    """Share of recurrent points of the head's speed on diagonal lines, where 5 % recur."""
    series, _, about = _series(tracks, signal, 300, 10.0)
    return _plain(about, recurrence_determinism(series))


@measure(
    id="dynamics_spectral_peak_hz",
    unit="Hz",
    needs=_NEEDS,
    minimum=Minimum(seconds=40),
    cite=("Welch 1967",),
    range=(0.05, 5),
)
def spectral_peak(tracks: Tracks, *, signal: str = "head_pitch") -> Estimate:
    """Strongest rhythm of the head's pitch between 0.1 and 4 Hz; undefined when none stands out eightfold."""
    series, rate, about = _series(tracks, signal, 300, 10.0)
    spectrum = welch_spectrum(series, rate, min(40.0, len(series) / rate / 2))
    if spectrum is None:
        raise Undefined("too_short")
    peak, prominence = spectrum.peak(0.1, 4.0)
    if not prominence >= 8:
        raise Undefined("too_few_events", "no rhythm stands out")
    return _plain(about, peak)


@measure(
    id="event_burstiness",
    unit="1",
    needs=("face_actions|action_units",),
    minimum=Minimum(seconds=30, rate_hz=20),
    cite=("Goh & Barabási 2008, EPL 81:48002",),
    range=(-1, 1),
)
def burstiness(eyes: EyeSeries) -> Estimate:
    """(σ − μ)/(σ + μ) of the times between blinks: −1 periodic, 0 at random, towards 1 in bursts; at least 10
    blinks."""
    blinks = find_blinks(eyes)
    if len(blinks) < 10:
        raise Undefined("too_few_events")
    return burstiness_of(np.diff(blinks.starts), blinks)


def burstiness_of(intervals: NDArray[np.float64], events) -> Estimate:
    """Burstiness of given intervals."""

    def figure(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sd, mean = values.std(axis=-1, ddof=1), values.mean(axis=-1)
        return (sd - mean) / (sd + mean)

    return statistics.event_statistic(intervals, events, figure, 9)
