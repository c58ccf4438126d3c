"""Class prototypes that move towards what the target shows, where its class is clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.adaptation.adapters import Matrix, class_count, equal_weights
from bitflow.models.adaptation.reweighting import squared_distances


@dataclass(frozen=True)
class Prototypes:
    """Nearest prototype in the metric of the (Ledoit–Wolf) covariance within classes.

    Parameters
    ----------
    confidence
        Target vectors of at least this probability join their class's prototype.
    kappa
        How many of them weigh as much as the sources.

    All of the target is looked at once, so that its order does not matter.
    """

    confidence: float = 0.8
    kappa: float = 10.0

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> PrototypeClassifier:
        """Prototypes of the sources, then moved."""
        from sklearn.covariance import ledoit_wolf

        weight = equal_weights(gs)
        classes = class_count(ys)
        present = [k for k in range(classes) if (ys == k).any()]
        means = np.full((classes, xs.shape[1]), np.inf)
        for k in present:
            means[k] = np.average(xs[ys == k], axis=0, weights=weight[ys == k])
        values, vectors = np.linalg.eigh(ledoit_wolf(xs - means[ys], assume_centered=True)[0])
        whiten = vectors / np.sqrt(np.maximum(values, 1e-9))
        means[present] = means[present] @ whiten
        first = PrototypeClassifier(means, whiten)
        p = first.predict_proba(xt)
        moved = means.copy()
        for k in present:
            clear = (p.argmax(axis=1) == k) & (p[:, k] > self.confidence)
            moved[k] = (self.kappa * means[k] + (xt[clear] @ whiten).sum(axis=0)) / (self.kappa + clear.sum())
        return PrototypeClassifier(moved, whiten)


@dataclass(frozen=True, eq=False)
class PrototypeClassifier:
    """p ∝ exp(−‖xW − μ‖² / 2); `means` ``(classes, d)``, infinite for a class that nobody showed."""

    means: Matrix
    whiten: Matrix

    def predict_proba(self, x: Matrix) -> Matrix:
        """``(m, classes)``."""
        there = np.isfinite(self.means).all(axis=1)
        distance = np.full((len(x), len(self.means)), np.inf)
        distance[:, there] = squared_distances(x @ self.whiten, self.means[there])
        relative = np.exp(-0.5 * (distance - distance.min(axis=1, keepdims=True)))
        return relative / relative.sum(axis=1, keepdims=True)
