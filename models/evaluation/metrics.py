"""Scores of predictions against labels.

Every function takes an optional weight ``(…, n)``: rows of it are resamples, and the scores come back as ``(…)``. With
whole-number weights the scores are those of the data set with every sample repeated that often, so that a bootstrap is
one call. Equal to scikit-learn's, ties included.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def confusion(y: ArrayLike, predicted: ArrayLike, classes: int, weight: ArrayLike | None = None) -> Floats:
    """Counts ``(…, classes, classes)``: true class by row, predicted class by column."""
    cell = np.asarray(y, int) * classes + np.asarray(predicted, int)
    w = _weights(weight, len(cell))
    if w.ndim == 1:
        counts = np.bincount(cell, weights=w, minlength=classes * classes).astype(np.float64)
    else:
        counts = w @ np.eye(classes * classes)[cell]
    return counts.reshape(*counts.shape[:-1], classes, classes)


def accuracy(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None) -> Any:
    """Share of right predictions."""
    right = (np.asarray(y) == np.asarray(predicted)).astype(float)
    w = _weights(weight, len(right))
    return _scalar(w @ right / w.sum(axis=-1))


def class_f1(y: ArrayLike, predicted: ArrayLike, classes: int, weight: ArrayLike | None = None) -> Floats:
    """F1 of each class, ``(…, classes)``; 0 where the class is neither predicted right nor, being absent, wrong."""
    return _table_f1(confusion(y, predicted, classes, weight))


def macro_f1(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None, *, classes: int = 0) -> Any:
    """Mean F1 of the classes that occur among labels or predictions.

    Examples
    --------
    >>> macro_f1([0, 0, 1, 1], [0, 1, 1, 1])
    0.7333333333333334
    """
    table = confusion(y, predicted, classes or _count(y, predicted), weight)
    occurs = (table.sum(axis=-1) + table.sum(axis=-2)) > 0
    return _scalar((_table_f1(table) * occurs).sum(axis=-1) / occurs.sum(axis=-1))


def weighted_f1(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None, *, classes: int = 0) -> Any:
    """Mean F1 of the classes, weighted by how often each occurs."""
    table = confusion(y, predicted, classes or _count(y, predicted), weight)
    support = table.sum(axis=-1)
    return _scalar((_table_f1(table) * support).sum(axis=-1) / support.sum(axis=-1))


def balanced_accuracy(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None, *, classes: int = 0) -> Any:
    """Mean recall of the classes that occur."""
    table = confusion(y, predicted, classes or _count(y, predicted), weight)
    support = table.sum(axis=-1)
    recall = np.divide(np.diagonal(table, axis1=-2, axis2=-1), support, out=np.zeros_like(support), where=support > 0)
    return _scalar(recall.sum(axis=-1) / (support > 0).sum(axis=-1))


def average_precision(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> Any:
    """Area below the steps of precision over recall: Σ (Rₙ − Rₙ₋₁) Pₙ over the different scores.

    NaN where nobody is positive.

    Examples
    --------
    >>> average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.8333333333333333
    """
    positive, w, last = _ranked(y, score, weight, descending=True)
    hits = np.cumsum(w * positive, axis=-1)[..., last]
    named = np.cumsum(w, axis=-1)[..., last]
    precision = np.divide(hits, named, out=np.zeros_like(hits), where=named > 0)
    gained = np.diff(hits, axis=-1, prepend=0.0)
    total = hits[..., -1]
    area = (gained * precision).sum(axis=-1)
    return _scalar(np.divide(area, total, out=np.full_like(area, np.nan), where=total > 0))


def roc_auc(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> Any:
    """Chance that a positive scores above a negative, ties counting half; NaN where one of the two is missing."""
    won, pairs = _won_pairs(y, score, weight)
    return _scalar(np.divide(won, pairs, out=np.full_like(won, np.nan), where=pairs > 0))


def within_auc(y: ArrayLike, score: ArrayLike, stratum: ArrayLike, weight: ArrayLike | None = None) -> Any:
    """AUC over pairs of the same stratum only: what is left when, say, knowing the question is no help.

    NaN where no stratum has both a positive and a negative.
    """
    y, score, stratum = np.asarray(y), np.asarray(score), np.asarray(stratum)
    w = _weights(weight, len(y))
    won = pairs = np.zeros(w.shape[:-1])
    for name in np.unique(stratum):
        mine = stratum == name
        here, among = _won_pairs(y[mine], score[mine], w[..., mine])
        won, pairs = won + here, pairs + among
    return _scalar(np.divide(won, pairs, out=np.full_like(won, np.nan), where=pairs > 0))


def brier(y: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> Any:
    """Mean squared distance of the positive class's probability from what happened."""
    w = _weights(weight, len(np.asarray(y)))
    return _scalar(w @ (np.asarray(probability, float) - np.asarray(y, float)) ** 2 / w.sum(axis=-1))


def log_loss(y: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> Any:
    """Mean negative log-likelihood; `probability` is ``(n,)`` of the positive class or ``(n, classes)``."""
    y, p = np.asarray(y, int), np.asarray(probability, float)
    own = p[np.arange(len(y)), y] if p.ndim == 2 else np.where(y == 1, p, 1 - p)
    w = _weights(weight, len(y))
    return _scalar(w @ -np.log(np.clip(own, np.finfo(float).eps, 1.0)) / w.sum(axis=-1))


def reliability(y: ArrayLike, probability: ArrayLike, bins: int = 15) -> Floats:
    """Probability said and rate found in bins of equally many samples, ``(bins, 3)``: said, found, count."""
    y, p = np.asarray(y, float), np.asarray(probability, float)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, max(1, len(y)))) if len(part)]
    return np.array([[p[part].mean(), y[part].mean(), len(part)] for part in parts])


def calibration_error(y: ArrayLike, probability: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error over bins of equally many samples, less what chance alone makes of it.

    A perfectly calibrated forecaster still misses by √(2 p(1−p) / πn) in a bin of n; that expectation is taken away,
    and the rest is not below 0 (after Bröcker 2012).
    """
    said, found, count = reliability(y, probability, bins).T
    missed = np.abs(said - found)
    chance = np.sqrt(2 * np.clip(said * (1 - said), 0, None) / (np.pi * count))
    return float(max(0.0, (count * (missed - chance)).sum() / count.sum()))


def bah_ap_legacy(y: ArrayLike, probability: ArrayLike) -> float:
    """The "average precision" of the BAH data set's published tables, for comparing with those and nothing else.

    Precision and recall at the thresholds 0, 0.001 … 0.999, precision 0 where nothing is predicted, joined by
    trapezoids. Where scores are above 0.999, the part of the area to their left is missing: it punishes confident
    models.
    """
    positive, p = np.asarray(y) == 1, np.asarray(probability, float)
    if not positive.any():
        return float("nan")
    at = p[None, :] >= np.arange(0, 1, 0.001)[:, None]
    hits, named = (at & positive).sum(axis=1), at.sum(axis=1)
    precision = np.divide(hits, named, out=np.zeros(len(hits)), where=named > 0)
    recall = hits / positive.sum()
    return float(np.sum((recall[:-1] - recall[1:]) * (precision[:-1] + precision[1:]) / 2))


def _table_f1(table: Floats) -> Floats:
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    total = table.sum(axis=-1) + table.sum(axis=-2)
    return np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)


def _weights(weight: ArrayLike | None, n: int) -> Floats:
    return np.ones(n) if weight is None else np.asarray(weight, float)


def _scalar(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values


def _count(*labels: ArrayLike) -> int:
    return max((int(np.max(values)) for values in labels if np.size(values)), default=0) + 1


def _ranked(
    y: ArrayLike, score: ArrayLike, weight: ArrayLike | None, *, descending: bool
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Labels and weights in order of the score, and the place of the last sample of each different score."""
    score = np.asarray(score, float)
    order = np.argsort(-score if descending else score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    return (np.asarray(y) == 1)[order].astype(float), _weights(weight, len(order))[..., order], last


def _won_pairs(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Pairs of a positive and a negative that the positive wins (half of the ties), and all such pairs."""
    if not np.size(y):
        shape = _weights(weight, 0).shape[:-1]
        return np.zeros(shape), np.zeros(shape)
    positive, w, last = _ranked(y, score, weight, descending=False)
    wins = np.diff(np.cumsum(w * positive, axis=-1)[..., last], axis=-1, prepend=0.0)
    losses = np.diff(np.cumsum(w * (1 - positive), axis=-1)[..., last], axis=-1, prepend=0.0)
    below = np.cumsum(losses, axis=-1) - losses
    return (wins * (below + losses / 2)).sum(axis=-1), wins.sum(axis=-1) * losses.sum(axis=-1)
