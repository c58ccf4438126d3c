"""Kernel mean matching: sources weighted until they look, on average, like the target (Huang et al. 2007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.adaptation.adapters import LinearClassifier, Matrix, equal_weights

_STEPS = 500
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class MmdReweighting:
    """Weights w that minimise the distance of Σ w φ(x_s) / n and the mean of φ(x_t), φ of a Gaussian kernel.

    Parameters
    ----------
    most
        Largest weight; the weights lie in [0, most] and sum to their number.
    """

    most: float = 10.0

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> LinearClassifier:
        """Logistic regression on weighted sources."""
        weight = self.weights(xs, xt)
        chosen = weight > 1e-6
        if len(np.unique(ys[chosen])) < len(np.unique(ys)):
            weight, chosen = np.ones(len(xs)), np.ones(len(xs), bool)
        return LinearClassifier.fit(xs[chosen], ys[chosen], (weight * equal_weights(gs))[chosen])

    def weights(self, xs: Matrix, xt: Matrix) -> Matrix:
        """``(n,)``, by accelerated projected gradient descent."""
        centre, scale = xs.mean(axis=0), np.maximum(xs.std(axis=0), 1e-9)
        source, target = (xs - centre) / scale, (xt - centre) / scale
        gamma = 1 / max(median_squared_distance(source), 1e-12)
        kernel = gaussian(source, source, gamma)
        pull = gaussian(source, target, gamma).mean(axis=1) * len(xs)
        step = 1 / float(np.linalg.norm(kernel, 2))
        weight = ahead = np.ones(len(xs))
        momentum = 1.0
        for _ in range(_STEPS):
            new = onto_box_and_sum(ahead - step * (kernel @ ahead - pull), self.most)
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + (momentum - 1) / following * (new - weight)
            moved = float(np.abs(new - weight).max())
            weight, momentum = new, following
            if moved < _TOLERANCE:
                break
        return weight


def onto_box_and_sum(v: Matrix, most: float) -> Matrix:
    """The nearest point with 0 ≤ w ≤ most and Σ w = n, by bisection on the common shift.

    Examples
    --------
    >>> onto_box_and_sum(np.array([3.0, 1.0, -4.0]), 2.0).round(6).tolist()
    [2.0, 1.0, 0.0]
    """
    low, high = float(v.min()) - most, float(v.max())
    for _ in range(60):
        shift = (low + high) / 2
        if np.clip(v - shift, 0, most).sum() > len(v):
            low = shift
        else:
            high = shift
    return np.clip(v - (low + high) / 2, 0, most)


def gaussian(a: Matrix, b: Matrix, gamma: float) -> Matrix:
    """exp(−γ ‖a − b‖²), ``(n, m)``."""
    return np.exp(-gamma * squared_distances(a, b))


def squared_distances(a: Matrix, b: Matrix) -> Matrix:
    """``(n, m)``."""
    return np.maximum((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T, 0.0)


def median_squared_distance(x: Matrix) -> float:
    """Of different rows."""
    return float(np.median(squared_distances(x, x)[np.triu_indices(len(x), 1)])) if len(x) > 1 else 0.0
