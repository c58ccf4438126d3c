"""Sources like the target: participants whose features are distributed as the target's count, others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.adaptation.adapters import LinearClassifier, Matrix, equal_weights

#: Vectors of variance 1 that are mixed into every participant's variance: one clip has none of its own.
VARIANCE_SHRINKAGE = 5.0
LEAST_SOURCES = 5


@dataclass(frozen=True)
class SubjectSelection:
    """Keep the nearest source participants, nearer ones at more weight.

    Parameters
    ----------
    keep
        How many; None for the square root of their number, at least 5.
    """

    keep: int | None = None

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> LinearClassifier:
        """Logistic regression on the participants chosen; all of them where these have one class only."""
        weight = self.weights(xs, gs, xt)
        if len(np.unique(ys[weight > 0])) < len(np.unique(ys)):
            weight = np.ones(len(xs))
        chosen = weight > 0
        return LinearClassifier.fit(xs[chosen], ys[chosen], weight[chosen] * equal_weights(gs[chosen]))

    def weights(self, xs: Matrix, gs: NDArray[Any], xt: Matrix) -> Matrix:
        """Weight of each source vector, ``(n,)``: exp(−distance / τ), τ being the median distance of those kept."""
        centre, scale = xs.mean(axis=0), np.maximum(xs.std(axis=0), 1e-9)
        names, at = np.unique(gs, return_inverse=True)
        target = _moments((xt - centre) / scale)
        distance = np.array([_frechet(_moments((xs[at == k] - centre) / scale), target) for k in range(len(names))])
        keep = min(len(names), self.keep or max(LEAST_SOURCES, round(np.sqrt(len(names)))))
        nearest = np.argsort(distance, kind="stable")[:keep]
        weight = np.zeros(len(names))
        weight[nearest] = np.exp(-distance[nearest] / max(float(np.median(distance[nearest])), 1e-12))
        return weight[at]


def _moments(z: Matrix) -> tuple[Matrix, Matrix]:
    variance = (len(z) * z.var(axis=0) + VARIANCE_SHRINKAGE) / (len(z) + VARIANCE_SHRINKAGE)
    return z.mean(axis=0), variance


def _frechet(a: tuple[Matrix, Matrix], b: tuple[Matrix, Matrix]) -> float:
    """Squared Fréchet distance of two normal distributions with independent features."""
    return float(((a[0] - b[0]) ** 2).sum() + ((np.sqrt(a[1]) - np.sqrt(b[1])) ** 2).sum())
