"""All scores of one set of predictions, with their intervals, as a row for a table or for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.evaluation import intervals, metrics
from bitflow.models.evaluation.intervals import Difference, Score

#: Scores that get an interval.
HEADLINES = ("macro_f1", "average_precision", "auc", "within_question_auc")


@dataclass(frozen=True, eq=False)
class Judged:
    """Predictions beside what was true.

    Parameters
    ----------
    y
        Class numbers, ``(n,)``.
    probability
        ``(n,)`` of the second class, or ``(n, classes)``.
    groups
        Whose each sample is, ``(n,)``.
    stratum
        Question, or another covariate within which an AUC is wanted, ``(n,)``; None for none.
    threshold
        Of two classes: the second from this probability on.
    """

    y: NDArray[Any]
    probability: NDArray[Any]
    groups: NDArray[Any]
    stratum: NDArray[Any] | None = None
    threshold: float = 0.5

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Class numbers."""
        if self.probability.ndim == 2:
            return np.argmax(self.probability, axis=1)
        return (self.probability >= self.threshold).astype(int)

    @property
    def classes(self) -> int:
        """How many there are."""
        return self.probability.shape[1] if self.probability.ndim == 2 else 2

    def score(self, name: str) -> Score:
        """One of the scores as a function of weights."""
        return lambda weight: _SCORES[name](self, weight)

    def chosen(self, keep: Any) -> Judged:
        """Some of the samples."""
        stratum = None if self.stratum is None else self.stratum[keep]
        return Judged(self.y[keep], self.probability[keep], self.groups[keep], stratum, self.threshold)


@dataclass(frozen=True, eq=False)
class Draws:
    """Participant resamples of one set of samples, drawn once for every model that is judged on it."""

    groups: NDArray[Any]
    resamples: int = intervals.RESAMPLES
    weights: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", intervals.resample_weights(self.groups, resamples=self.resamples))

    def interval(self, judged: Judged, name: str) -> list[float] | None:
        """95 % interval of one score."""
        return intervals.interval(judged.score(name), self.weights, self.groups)

    def difference(self, first: Judged, second: Judged, name: str) -> Difference:
        """How much better the first is by one score."""

        def exchanged(mask: NDArray[np.bool_]) -> float:
            pick = mask[:, None] if first.probability.ndim == 2 else mask
            one = np.where(pick, second.probability, first.probability)
            other = np.where(pick, first.probability, second.probability)
            ones = np.ones(len(mask))
            a = Judged(first.y, one, first.groups, first.stratum, first.threshold)
            b = Judged(first.y, other, first.groups, first.stratum, first.threshold)
            return float(a.score(name)(ones) - b.score(name)(ones))

        return intervals.paired_difference(
            first.score(name), second.score(name), exchanged, self.groups, self.weights, flips=min(500, self.resamples)
        )


def row(name: str, judged: Judged, draws: Draws, **more: Any) -> dict[str, Any]:
    """Every score of one model: ``macro_f1``, ``average_precision``, ``auc`` … and ``ci`` with their intervals.

    What is not defined (an AUC of one class) is None.
    """
    ones = np.ones(len(judged.y))
    found: dict[str, Any] = {score: _number(function(judged, ones)) for score, function in _SCORES.items()}
    f1 = metrics.class_f1(judged.y, judged.predicted, judged.classes)
    found["class_f1"] = [float(value) for value in f1]
    found["ece"] = _number(expected_calibration_error(judged))
    found["n"] = len(judged.y)
    found["participants"] = len(np.unique(judged.groups))
    wanted = [score for score in HEADLINES if found[score] is not None]
    ci = intervals.described({score: draws.interval(judged, score) for score in wanted})
    return {"name": name, **more, **found, "ci": ci}


def expected_calibration_error(judged: Judged) -> float:
    """Of two classes: of the second; of more: of the one that was predicted."""
    if judged.probability.ndim == 1:
        return metrics.calibration_error(judged.y == 1, judged.probability)
    confidence = judged.probability.max(axis=1)
    return metrics.calibration_error(judged.predicted == judged.y, confidence)


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _over_classes(metric: Callable[..., Any]) -> Callable[[Judged, Any], Any]:
    """A score of two classes; of more, its mean over "this class or not"."""

    def score(judged: Judged, weight: Any) -> Any:
        if judged.probability.ndim == 1:
            return metric(judged.y == 1, judged.probability, weight)
        present = [k for k in range(judged.classes) if (judged.y == k).any()]
        return np.mean([metric(judged.y == k, judged.probability[:, k], weight) for k in present], axis=0)

    return score


def _within(judged: Judged, weight: Any) -> Any:
    if judged.stratum is None or judged.probability.ndim == 2:
        return np.nan
    return metrics.within_auc(judged.y, judged.probability, judged.stratum, weight)


def _brier(judged: Judged, weight: Any) -> Any:
    if judged.probability.ndim == 1:
        return metrics.brier(judged.y, judged.probability, weight)
    hot = np.eye(judged.classes)[judged.y]
    squared = ((judged.probability - hot) ** 2).sum(axis=1)
    return weight @ squared / weight.sum(axis=-1)


_SCORES: Mapping[str, Callable[[Judged, Any], Any]] = {
    "macro_f1": lambda j, w: metrics.macro_f1(j.y, j.predicted, w, classes=j.classes),
    "average_precision": _over_classes(metrics.average_precision),
    "auc": _over_classes(metrics.roc_auc),
    "within_question_auc": _within,
    "accuracy": lambda j, w: metrics.accuracy(j.y, j.predicted, w),
    "balanced_accuracy": lambda j, w: metrics.balanced_accuracy(j.y, j.predicted, w, classes=j.classes),
    "weighted_f1": lambda j, w: metrics.weighted_f1(j.y, j.predicted, w, classes=j.classes),
    "brier": _brier,
    "log_loss": lambda j, w: metrics.log_loss(j.y, j.probability, w),
}
