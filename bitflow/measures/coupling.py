"""How two persons' signals go together. Positive lags: the second person follows the first.

Two signals that change slowly correlate in any short window by chance. So the strength of coupling is always given
beside
what surrogates give: series with the second's own spectrum and values, and no tie to the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.speech import VoiceActivity
from bitflow.measures import statistics
from bitflow.measures.correlation import (
    WindowedCorrelation,
    rank_p,
    surrogates,
    windowed_correlation,
)
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.measures.synchrony import cross_recurrence, dtw_distance, granger, phase_locking
from bitflow.measures.tracks import DEFAULT, PairTracks, Tracks

_NEEDS = ("head_pose",)
_MINUTE = Minimum(seconds=60, rate_hz=10)
_BOKER = ("Boker, Xu, Rotondo & King 2002, Psychol Methods 7:338",)
_RAMSEYER = ("Ramseyer & Tschacher 2011, JCCP 79:284",)
_MOULDER = ("Moulder et al. 2018, Psychol Methods 23:757",)

WINDOW_S, LAG_S, STEP_S = 5.0, 2.0, 1.0
SURROGATES = 199
LEAST_WINDOWS = 10


@dataclass(frozen=True, eq=False)
class Coupling:
    """The windowed cross-correlation of the pair's head speeds, and of surrogates: computed once for all measures."""

    tracks: PairTracks

    @classmethod
    def of(cls, pair) -> Coupling:
        """From the signals of both."""
        return cls(pair.get(PairTracks))

    def correlation(self, signal: str) -> tuple[WindowedCorrelation, Estimate]:
        """Correlations of a signal, and what they stand on."""
        x, y, rate = self.tracks.both(signal)
        joint = np.isfinite(x) & np.isfinite(y)
        if joint.sum() < (WINDOW_S + 2 * LAG_S) * rate:
            raise Undefined("no_overlap")
        for values in (x, y):
            if np.nanmax(values) - np.nanmin(values) <= 0:
                raise Undefined("constant_signal")
        found = windowed_correlation(x, y, rate, window_s=WINDOW_S, lag_s=LAG_S, step_s=STEP_S)
        if np.isfinite(found.r).all(axis=1).sum() < LEAST_WINDOWS:
            raise Undefined("too_few_valid", "fewer than 10 windows")
        about = Estimate(
            0.0,
            n=int(np.isfinite(found.r).all(axis=1).sum()),
            seconds=float(joint.sum()) / rate,
            coverage=float(joint.mean()),
        )
        return found, about


def _with(
    about: Estimate, value: float, no_interval: str = "", low: float = np.nan, high: float = np.nan, note: str = ""
) -> Estimate:
    return Estimate(float(value), float(low), float(high), about.n, about.seconds, about.coverage, no_interval, note)


@measure(id="sync_wcc_mean_z", unit="1", needs=_NEEDS, scope="pair", minimum=_MINUTE, cite=_RAMSEYER, core=True)
def wcc_mean(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Mean of Fisher's z over windows of 5 s and lags of ±2 s; 0 for unrelated signals."""
    found, about = coupling.correlation(signal)
    by_window = np.nanmean(found.z, axis=1, where=np.isfinite(found.z))
    estimate = statistics.of_means(by_window[:, None], 1 / STEP_S)
    return _with(about, estimate.value, estimate.no_interval, estimate.low, estimate.high)


@measure(
    id="sync_wcc_peak_mean_r",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=_MINUTE,
    cite=_BOKER,
    range=(-1, 1),
    core=True,
)
def wcc_peak(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Mean correlation at the picked peak of each window; unrelated signals have peaks, too: read it with the
    surrogates."""
    found, about = coupling.correlation(signal)
    value, _ = found.peaks()
    if np.isfinite(value).sum() < LEAST_WINDOWS:
        raise Undefined("too_few_events", "fewer than 10 windows have a peak")
    estimate = statistics.of_means(value[:, None], 1 / STEP_S)
    return _with(about, estimate.value, estimate.no_interval, estimate.low, estimate.high)


@measure(
    id="sync_wcc_peak_fraction",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=_MINUTE,
    cite=_BOKER,
    range=(0, 1),
    core=True,
)
def wcc_peak_fraction(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Share of windows in which a peak could be picked."""
    found, about = coupling.correlation(signal)
    value, _ = found.peaks()
    rows = np.isfinite(found.r).all(axis=1)
    flags = np.where(rows, np.isfinite(value).astype(float), np.nan)
    estimate = statistics.of_means(flags[:, None], 1 / STEP_S)
    return _with(about, estimate.value, estimate.no_interval, estimate.low, estimate.high)


def _picked(coupling: Coupling, signal: str) -> tuple[Signal, Estimate]:
    found, about = coupling.correlation(signal)
    _, lag = found.peaks()
    if np.isfinite(lag).sum() < LEAST_WINDOWS:
        raise Undefined("too_few_events", "fewer than 10 windows have a peak")
    return Signal(lag, 0.0, 1 / STEP_S), about


@measure(
    id="sync_wcc_lag_median_s",
    unit="s",
    needs=_NEEDS,
    scope="pair",
    minimum=_MINUTE,
    cite=_BOKER,
    range=(-2, 2),
    core=True,
)
def wcc_lag(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Median lag of the picked peaks; positive: the second person follows the first. Known to 0.1 s."""
    lags, about = _picked(coupling, signal)
    estimate = statistics.quantile(lags, 0.5)
    return _with(about, estimate.value, estimate.no_interval, estimate.low, estimate.high)


@measure(
    id="sync_wcc_lag_iqr_s", unit="s", needs=_NEEDS, scope="pair", minimum=_MINUTE, cite=_BOKER, range=(0, 4), core=True
)
def wcc_lag_spread(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Interquartile range of the lags of the picked peaks."""
    lags, about = _picked(coupling, signal)
    estimate = statistics.quantile_spread(lags, 0.25, 0.75)
    return _with(about, estimate.value, estimate.no_interval, estimate.low, estimate.high)


def coupling_strength(x: np.ndarray, y: np.ndarray, rate: float) -> float:
    """Mean size of Fisher's z over windows and lags."""
    found = windowed_correlation(x, y, rate, window_s=WINDOW_S, lag_s=LAG_S, step_s=STEP_S)
    return float(np.nanmean(np.abs(found.z)))


def against_surrogates(
    x: np.ndarray, y: np.ndarray, rate: float, count: int = SURROGATES, seed: int = statistics.SEED
) -> tuple[float, float]:
    """Strength of coupling in standard deviations above its surrogates, and its rank p."""
    observed = coupling_strength(x, y, rate)
    drawn = np.array([coupling_strength(x, surrogate, rate) for surrogate in surrogates(y, count, seed)])
    spread = float(drawn.std(ddof=1))
    return float((observed - drawn.mean()) / spread) if spread > 0 else 0.0, rank_p(observed, drawn)


@dataclass(frozen=True, eq=False)
class Surrogacy:
    """Outcome of the test against surrogates, kept for the two measures that report it."""

    coupling: Coupling

    @classmethod
    def of(cls, pair) -> Surrogacy:
        """For the signals of both."""
        return cls(pair.get(Coupling))

    def test(self, signal: str, count: int) -> tuple[float, float, Estimate]:
        """z, p and what they stand on; remembered."""
        _, about = self.coupling.correlation(signal)
        x, y, rate = self.coupling.tracks.both(signal)
        cache = self.__dict__.setdefault("_tested", {})
        key = (signal, count)
        if key not in cache:
            cache[key] = against_surrogates(x, y, rate, count)
        return (*cache[key], about)


@measure(id="sync_surrogate_z", unit="1", needs=_NEEDS, scope="pair", minimum=_MINUTE, cite=_MOULDER, core=True)
def surrogate_z(surrogacy: Surrogacy, *, signal: str = DEFAULT, count: int = SURROGATES) -> Estimate:
    """Mean size of z against 199 phase-randomised series of the second person, in their standard deviations.

    Judge by `sync_surrogate_p`: the surrogates are not normal.
    """
    z, p, about = surrogacy.test(signal, count)
    return _with(about, z, "ci_none_surrogates", note=f"rank p {p:.3f}")


@measure(
    id="sync_surrogate_p", unit="1", needs=_NEEDS, scope="pair", minimum=_MINUTE, cite=_MOULDER, range=(0, 1), core=True
)
def surrogate_p(surrogacy: Surrogacy, *, signal: str = DEFAULT, count: int = SURROGATES) -> Estimate:
    """Share of those surrogates, the observation among them, that couple as strongly."""
    _, p, about = surrogacy.test(signal, count)
    return _with(about, p, "ci_none_surrogates")


@measure(id="sync_lead_fraction", unit="1", needs=_NEEDS, scope="pair", minimum=_MINUTE, cite=_RAMSEYER, range=(0, 1))
def lead_fraction(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Share of the mean profile's positive z at positive lags: above one half the first person leads."""
    found, about = coupling.correlation(signal)
    mass = np.maximum(found.profile, 0.0)
    ahead, behind = mass[found.lags > 1e-9].sum(), mass[found.lags < -1e-9].sum()
    if not ahead + behind > 0:
        raise Undefined("too_few_events", "no positive correlation at any lag")
    return _with(about, ahead / (ahead + behind), "ci_none_undefined")


@measure(
    id="sync_dtw_distance",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=Minimum(seconds=20, rate_hz=10),
    cite=("Sakoe & Chiba 1978",),
    range=(0, None),
)
def dtw(coupling: Coupling, *, signal: str = DEFAULT) -> Estimate:
    """Distance of the z-scored signals after warping by at most 2 s, a step of the path; 0 when identical."""
    x, y, rate = coupling.tracks.both(signal)
    _, about = coupling.correlation(signal)
    return _with(about, dtw_distance(x, y, rate, LAG_S), "ci_none_undefined")


_COCO = ("Coco & Dale 2014, Front Psychol 5:510",)


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Cross-recurrence of the pair, computed once."""

    coupling: Coupling

    @classmethod
    def of(cls, pair) -> Recurrence:
        """For the signals of both."""
        return cls(pair.get(Coupling))

    def figures(self, signal: str) -> tuple[dict[str, float], Estimate]:
        """Recurrence, determinism and longest line; and what they stand on."""
        _, about = self.coupling.correlation(signal)
        x, y, rate = self.coupling.tracks.both(signal)
        cache = self.__dict__.setdefault("_found", {})
        if signal not in cache:
            cache[signal] = cross_recurrence(x, y, rate, LAG_S)
        return cache[signal], about


def _register_recurrence(name: str, unit: str, doc: str) -> None:
    @measure(
        id=f"sync_crqa_{name}", unit=unit, needs=_NEEDS, scope="pair", minimum=_MINUTE, cite=_COCO, range=(0, None)
    )
    def recurrence(found: Recurrence, *, signal: str = DEFAULT) -> Estimate:
        figures, about = found.figures(signal)
        return _with(about, figures[name], "ci_none_undefined")

    recurrence.__doc__ = doc


_register_recurrence(
    "rec", "1", "Recurrence within ±2 s where the radius makes it 5 % over all lags: above .05 they meet in time."
)
_register_recurrence("det", "1", "Share of recurrent points on diagonal lines of two or more, within ±2 s.")
_register_recurrence("lmax_s", "s", "Longest diagonal line within ±2 s.")

BANDS = {"slow": (0.1, 0.5), "fast": (0.5, 2.0)}


@measure(
    id="sync_plv[band]",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=_MINUTE,
    cite=("Lachaux et al. 1999, Hum Brain Mapp 8:194",),
    range=(0, 1),
)
def plv(coupling: Coupling, *, signal: str = DEFAULT):
    """Length of the mean phase difference in a band (slow .1–.5 Hz, fast .5–2 Hz): 1 when it never changes."""
    x, y, rate = coupling.tracks.both(signal)
    _, about = coupling.correlation(signal)
    return {name: _with(about, phase_locking(x, y, rate, *band), "ci_none_undefined") for name, band in BANDS.items()}


@measure(
    id="sync_granger_f[dir]",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=_MINUTE,
    cite=("Granger 1969",),
    range=(0, None),
)
def granger_f(coupling: Coupling, *, signal: str = DEFAULT):
    """F of adding the other's last second to a person's own: exploratory, and no proof of cause."""
    x, y, rate = coupling.tracks.both(signal)
    _, about = coupling.correlation(signal)
    forward, back = granger(x, y, rate), granger(y, x, rate)
    return {
        "first_to_second": _with(about, forward[0], "ci_none_undefined"),
        "second_to_first": _with(about, back[0], "ci_none_undefined"),
    }


@measure(
    id="sync_granger_p[dir]",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=_MINUTE,
    cite=("Granger 1969",),
    range=(0, 1),
)
def granger_p(coupling: Coupling, *, signal: str = DEFAULT):
    """p of that F."""
    x, y, rate = coupling.tracks.both(signal)
    _, about = coupling.correlation(signal)
    forward, back = granger(x, y, rate), granger(y, x, rate)
    return {
        "first_to_second": _with(about, forward[1], "ci_none_undefined"),
        "second_to_first": _with(about, back[1], "ci_none_undefined"),
    }


@dataclass(frozen=True, eq=False)
class VoiceAndHead:
    """Level of the voice and speed of the head of one person."""

    tracks: Tracks
    voice: VoiceActivity

    @classmethod
    def of(cls, person: Person) -> VoiceAndHead:
        """From `voice` and `head_pose`."""
        return cls(person.get(Tracks), person.get(VoiceActivity))


@measure(
    id="cross_modal_lag_s[voice,head]",
    unit="s",
    needs=("voice", "head_pose"),
    minimum=Minimum(seconds=30),
    range=(-1, 1),
)
def voice_head_lag(both: VoiceAndHead) -> Estimate:
    """Lag at which the head's speed follows the voice's level best, within ±1 s; undefined when chance does as well.

    At least 30 s with speech; tested against 99 surrogates at p ≤ .05.
    """
    if both.voice.speech.seconds < 10:
        raise Undefined("no_speech")
    voice, head = both.tracks.signal("loudness"), both.tracks.signal("head_speed")
    n = min(len(voice), len(head))
    x, y = np.maximum(voice.values[:n], -80.0), head.values[:n]
    found = windowed_correlation(x, y, voice.rate, window_s=WINDOW_S, lag_s=1.0)
    if np.isfinite(found.r).all(axis=1).sum() < LEAST_WINDOWS:
        raise Undefined("too_few_valid")

    def top(series: np.ndarray) -> float:
        return float(np.nanmax(windowed_correlation(x, series, voice.rate, window_s=WINDOW_S, lag_s=1.0).profile))

    drawn = np.array([top(series) for series in surrogates(y, 99, statistics.SEED)])
    p = rank_p(top(y), drawn)
    if p > 0.05:
        raise Undefined("too_few_events", f"no lag stands out of chance (p {p:.2f})")
    joint = np.isfinite(x) & np.isfinite(y)
    profile = found.profile
    at = int(profile.argmax())
    offset = 0.0
    if 0 < at < len(profile) - 1:
        curve = profile[at - 1] - 2 * profile[at] + profile[at + 1]
        offset = 0.5 * (profile[at - 1] - profile[at + 1]) / curve if curve < 0 else 0.0
    value = float(found.lags[at] + offset * (found.lags[1] - found.lags[0]))
    return Estimate(
        value,
        n=int(joint.sum()),
        seconds=float(joint.sum()) / voice.rate,
        coverage=float(joint.mean()),
        note=f"p {p:.3f}",
    ).exact("ci_none_surrogates")
