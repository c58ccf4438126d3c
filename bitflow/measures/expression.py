"""Which expression is on the face: entropy, transitions, emotions, valence and arousal."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from bitflow.events.emotions import AffectSeries, EmotionSeries
from bitflow.events.face import FaceSeries
from bitflow.events.gaze import dwells
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.measures import statistics
from bitflow.measures.entropy import effective_samples, entropy_estimate
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure

_EMOTIONS = ("emotions",)
_KUPPENS = ("Kuppens et al. 2010, Psychol Sci 21:984",)


class Dominant:
    """The expression that is ahead of the others at each instant, as a label."""

    def __init__(self, labels: Signal, classes: int):
        self.labels = labels
        self.classes = classes

    @classmethod
    def of(cls, person: Person) -> Dominant:
        """Of the emotions where they were imported, else the action unit highest over its threshold, or none."""
        if "emotions" in person.scene.tables:
            emotions = person.get(EmotionSeries)
            return cls(emotions.dominant, len(emotions.classes) + 1)
        face = person.get(FaceSeries)
        units = [unit for number, unit in face.units.items() if number not in ("au45", "au43")]
        scores = np.stack([unit.signal.values / unit.on for unit in units], axis=1)
        known = np.isfinite(scores).all(axis=1)
        label = np.where(
            np.nanmax(np.nan_to_num(scores, nan=-1), axis=1) >= 1, np.nan_to_num(scores).argmax(axis=1) + 1, 0
        )
        signal = replace(units[0].signal, values=np.where(known, label.astype(float), np.nan))
        return cls(signal, len(units) + 1)

    def crop(self, interval) -> Dominant:
        """The labels in an interval."""
        return Dominant(self.labels.crop(interval), self.classes)


def _enough(dominant: Dominant) -> int:
    seen = dominant.labels.known_values
    if not len(seen):
        raise Undefined("no_face")
    used = len(np.unique(seen))
    if used > 1 and effective_samples(dominant.labels.values, dominant.labels.rate) < 5 * used:
        raise Undefined("too_few_valid", "too few changes of expression for an entropy")
    return used


_SHANNON = ("Shannon 1948", "Miller 1955")
_FACE = ("face_actions|action_units|emotions",)


@measure(
    id="expression_entropy_bits",
    unit="bit",
    needs=_FACE,
    minimum=Minimum(seconds=20),
    cite=_SHANNON,
    range=(0, None),
    core=True,
)
def expression_entropy(dominant: Dominant) -> Estimate:
    """Entropy of the dominant expression over time, Miller–Madow corrected with the number of independent samples.

    Of imported emotions (with *ambiguous* as one more), else of the action unit highest over its threshold, or none.
    At least five independent samples for each expression that occurs.
    """
    _enough(dominant)
    return entropy_estimate(dominant.labels.values, dominant.labels.rate)


@measure(
    id="expression_entropy_normalised",
    unit="1",
    needs=_FACE,
    minimum=Minimum(seconds=20),
    cite=_SHANNON,
    range=(0, 1),
    core=True,
)
def expression_entropy_normalised(dominant: Dominant) -> Estimate:
    """The entropy over the largest that so many classes can have."""
    _enough(dominant)
    return entropy_estimate(dominant.labels.values, dominant.labels.rate, normalised_by=dominant.classes)


@measure(
    id="expression_transition_rate_per_min",
    unit="1/min",
    needs=_EMOTIONS,
    minimum=Minimum(seconds=20),
    range=(0, None),
    counts=True,
)
def expression_transitions(dominant: Dominant) -> Estimate:
    """Changes of the dominant emotion a minute, each lasting at least 0.3 s."""
    labels = dominant.labels
    stays = dwells(labels, 0.3)
    changes = sum(1 for a, b in pairwise(stays) if a[2] != b[2] and labels.known[a[1] - 1 : b[0] + 1].all())
    return statistics.poisson_rate(changes, labels.seconds, len(labels) / labels.rate)


@measure(
    id="emotion_time_fraction[class]", unit="1", needs=_EMOTIONS, minimum=Minimum(seconds=10), range=(0, 1), core=True
)
def emotion_time(emotions: EmotionSeries):
    """Share of the time in which a class is ahead of the others by at least 0.1; else *ambiguous*. They sum to 1."""
    labels = emotions.dominant
    names = (*emotions.classes, "ambiguous")
    return {name: statistics.fraction(labels.between(i - 0.5, i + 0.5)) for i, name in enumerate(names)}


def _register_affect(which: str) -> None:
    @measure(
        id=f"{which}_mean",
        unit="1",
        needs=_EMOTIONS,
        minimum=Minimum(seconds=10),
        cite=("Russell 1980",),
        range=(-1, 1),
    )
    def affect_mean(affect: AffectSeries) -> Estimate:
        return statistics.mean(getattr(affect, which))

    affect_mean.__doc__ = f"Mean {which}, −1 to 1, as the imported tool gives it."

    @measure(
        id=f"{which}_sd",
        unit="1",
        needs=_EMOTIONS,
        minimum=Minimum(seconds=10),
        cite=("Russell 1980",),
        range=(0, None),
    )
    def affect_sd(affect: AffectSeries) -> Estimate:
        return statistics.standard_deviation(getattr(affect, which))

    affect_sd.__doc__ = f"Standard deviation of {which}."


_register_affect("valence")
_register_affect("arousal")


def _lagged(signal: Signal, lag_s: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Means over steps of `lag_s` and the ones after them, both known; ``(m,)`` each, and steps a second."""
    size = max(1, round(lag_s * signal.rate))
    usable = len(signal) // size * size
    blocks = signal.values[:usable].reshape(-1, size)
    seen = np.isfinite(blocks).sum(axis=1)
    means = np.divide(
        np.where(np.isfinite(blocks), blocks, 0).sum(axis=1),
        seen,
        out=np.full(len(blocks), np.nan),
        where=seen >= size / 2,
    )
    return means[:-1], means[1:], signal.rate / size


@measure(
    id="valence_inertia_ar1", unit="1", needs=_EMOTIONS, minimum=Minimum(seconds=118), cite=_KUPPENS, range=(-1, 1)
)
def valence_inertia(affect: AffectSeries, *, lag_s: float = 1.0) -> Estimate:
    """Autocorrelation of valence from one second to the next: how slowly feelings leave."""
    now, after, rate = _lagged(affect.valence, lag_s)
    return autocorrelation(now, after, rate, len(affect.valence) / affect.valence.rate)


@measure(
    id="valence_instability_mssd",
    unit="1",
    needs=_EMOTIONS,
    minimum=Minimum(seconds=118),
    cite=("Jahng, Wood & Trull 2008, Psychol Methods 13:354",),
    range=(0, None),
)
def valence_instability(affect: AffectSeries, *, lag_s: float = 1.0) -> Estimate:
    """Mean squared change of valence from one second to the next."""
    now, after, rate = _lagged(affect.valence, lag_s)
    return statistics.of_means(np.square(after - now)[:, None], rate)


def autocorrelation(now: np.ndarray, after: np.ndarray, rate: float, analysed: float) -> Estimate:
    """Correlation of a series with itself one step on, its small-sample bias of −(1 + 4ρ)/n taken back (Kendall
    1954)."""
    known = np.isfinite(now) & np.isfinite(after)
    if known.sum() < 10:
        raise Undefined("too_few_valid")
    centre = float(np.nanmean(now))
    x, y = now - centre, after - centre
    pairs = int(known.sum())

    def slope(m: np.ndarray) -> np.ndarray:
        cov = m[..., 2] - m[..., 0] * m[..., 1]
        var = m[..., 3] - m[..., 0] ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            phi = cov / var
        return (phi * pairs + 1) / (pairs - 4)

    return statistics.of_means(np.stack([x, y, x * y, x * x], axis=1), rate, slope)
