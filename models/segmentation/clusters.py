"""Kinds of pieces: k-means in a metric that it learns from its own clusters.

Plain k-means splits whatever varies most. Here distances are measured, half and half, in plain units and in units of
the spread inside the clusters found so far, so that what varies inside every kind counts less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEARNED_SHARE = 0.4
RESTARTS = 40
MOST_ROUNDS = 40
MOST_FITTED = 4000
"""Pieces that are clustered; more are a sample, and the rest goes to the nearest centre: time stays linear."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Centres ``(K, d)`` of kinds, largest first, and the matrix ``(d, d)`` that makes their metric the plain one."""

    centres: Array
    metric: Array
    spread: float
    """Weighted mean square distance from the centres, in units that compare restarts."""

    def __len__(self) -> int:
        return len(self.centres)

    def distances(self, vectors: Array) -> Array:
        """Squared distance ``(n, K)`` from every centre."""
        turned, centres = vectors @ self.metric, self.centres @ self.metric
        square = np.square(turned).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)
        return np.maximum(square - 2 * turned @ centres.T, 0.0)

    def __call__(self, vectors: Array) -> NDArray[np.int64]:
        """The nearest kind of each."""
        return self.distances(vectors).argmin(axis=1)


def clustered(vectors: Array, weights: Array, count: int, *, seed: int = 0, restarts: int = RESTARTS) -> Clusters:
    """Find `count` kinds.

    Parameters
    ----------
    vectors
        ``(n, d)``, one a piece.
    weights
        ``(n,)`` duration of each.
    seed
        Of the restarts and of the sample; the best of many restarts hardly depends on it.
    """
    random = np.random.default_rng(seed)
    if len(vectors) > MOST_FITTED:
        chosen = random.choice(len(vectors), MOST_FITTED, replace=False)
        vectors, weights = vectors[chosen], weights[chosen]
    weights = weights / weights.mean()
    starts = random.integers(2**31, size=restarts)
    best = min((_settled(vectors, weights, count, int(start)) for start in starts), key=lambda found: found.spread)
    size = np.bincount(best(vectors), weights, len(best))
    return Clusters(best.centres[np.argsort(-size, kind="stable")], best.metric, best.spread)


def _settled(vectors: Array, weights: Array, count: int, seed: int) -> Clusters:
    """One restart: assign, move centres, learn the metric, until nothing changes."""
    labels = _seeded(vectors, weights, count, np.random.default_rng(seed))
    found = _measured(vectors, weights, labels, count)
    for _ in range(MOST_ROUNDS):
        again = found(vectors)
        if (again == labels).all():
            break
        labels = again
        found = _measured(vectors, weights, labels, count)
    return found


def _seeded(vectors: Array, weights: Array, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """First labels by k-means++ (Arthur & Vassilvitskii 2007): each centre is drawn far from those before it."""
    square = np.square(vectors).sum(axis=1)
    nearest, labels = np.full(len(vectors), np.inf), np.zeros(len(vectors), np.int64)
    chance = weights
    for number in range(count):
        centre = vectors[
            int(np.searchsorted(np.cumsum(chance), random.random() * chance.sum()).clip(0, len(square) - 1))
        ]
        apart = np.maximum(square - 2 * vectors @ centre + centre @ centre, 0.0)
        labels[apart < nearest] = number
        nearest = np.minimum(nearest, apart)
        chance = weights * nearest
    return labels


def _measured(vectors: Array, weights: Array, labels: NDArray[np.int64], count: int) -> Clusters:
    size = np.bincount(labels, weights, count)
    member = np.zeros((count, len(labels)))
    member[labels, np.arange(len(labels))] = weights
    centres = (member @ vectors) / np.maximum(size, 1e-9)[:, None]
    rest = vectors - centres[labels]
    within = (weights[:, None] * rest).T @ rest / weights.sum()
    level = float(np.trace(within)) / len(within) + 1e-12
    mixed = LEARNED_SHARE * within + (1 - LEARNED_SHARE) * level * np.eye(len(within))
    factor = np.linalg.cholesky(mixed)
    metric = np.linalg.inv(factor).T
    # The metric's own size is added, or shrinking it would look like a better fit.
    spread = float((weights * np.square(rest @ metric).sum(axis=1)).sum() / weights.sum())
    return Clusters(centres, metric, spread + 2 * float(np.log(np.diag(factor)).sum()))
