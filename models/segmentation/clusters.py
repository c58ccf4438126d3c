"""Kinds of pieces: k-means in a metric that it learns from its own clusters.

Plain k-means splits whatever varies most. Here distances are measured, half and half, in plain units and in units of
the spread inside the clusters found so far, so that what varies inside every kind counts less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

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
    labels = np.stack([_seeded(vectors, weights, count, np.random.default_rng(int(each))) for each in starts])
    centres, metric, spread = _settled(vectors, weights, labels, count)
    best = int(spread.argmin())
    found = Clusters(centres[best], metric[best], float(spread[best]))
    size = np.bincount(found(vectors), weights, count)
    return Clusters(found.centres[np.argsort(-size, kind="stable")], found.metric, found.spread)


def _settled(vectors: Array, weights: Array, labels: NDArray[np.int64], count: int) -> tuple[Array, Array, Array]:
    """All restarts at once, labels ``(R, n)``: move centres, learn the metric, assign, until nothing changes.

    Centres ``(R, K, d)``, metrics ``(R, d, d)`` and spreads ``(R,)``.
    """
    width = vectors.shape[1]
    weighted = weights[:, None] * vectors
    square = vectors.T @ weighted
    centres = np.empty((len(labels), count, width))
    metric, spread = np.empty((len(labels), width, width)), np.empty(len(labels))
    moving = np.arange(len(labels))
    for _ in range(1 + MOST_ROUNDS):
        centres[moving], metric[moving], spread[moving] = _measured(weights, weighted, square, labels[moving], count)
        turned = centres[moving] @ metric[moving]
        aim = turned @ metric[moving].transpose(0, 2, 1)
        near = np.square(turned).sum(axis=2) - 2 * (vectors @ aim.reshape(-1, width).T).reshape(-1, len(moving), count)
        again = near.argmin(axis=2).T
        changed = (again != labels[moving]).any(axis=1)
        labels[moving] = again
        moving = moving[changed]
        if not len(moving):
            break
    return centres, metric, spread


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


def _measured(
    weights: Array, weighted: Array, square: Array, labels: NDArray[np.int64], count: int
) -> tuple[Array, Array, Array]:
    """Centres, metrics and spreads of clusterings; what varies inside clusters is what varies less what centres do."""
    member = (labels[:, None] == np.arange(count)[:, None]).reshape(-1, len(weights)).astype(float)
    size = (member @ weights).reshape(len(labels), count)
    sums = (member @ weighted).reshape(len(labels), count, -1)
    centres = sums / np.maximum(size, 1e-9)[..., None]
    within = (square - sums.transpose(0, 2, 1) @ centres) / weights.sum()
    width = len(square)
    level = np.trace(within, axis1=1, axis2=2) / width + 1e-12
    mixed = LEARNED_SHARE * within + (1 - LEARNED_SHARE) * level[:, None, None] * np.eye(width)
    factor = np.linalg.cholesky(mixed)
    metric = np.linalg.inv(factor).transpose(0, 2, 1)
    # The metric's own size is added, or shrinking it would look like a better fit.
    size_of_metric = 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return centres, metric, (metric * (within @ metric)).sum(axis=(1, 2)) + size_of_metric
