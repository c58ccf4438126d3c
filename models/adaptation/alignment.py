"""CORAL: sources given the target's mean and covariance before the classifier is fitted (Sun, Feng & Saenko 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.adaptation.adapters import LinearClassifier, Matrix, equal_weights

#: Smallest variance along any direction: a feature that never moved in the target must not vanish in the sources.
EIGEN_FLOOR = 1e-6


@dataclass(frozen=True)
class Coral:
    """Correlation alignment.

    Parameters
    ----------
    samples_per_feature
        With fewer target vectors than this times the features, only variances are aligned: a covariance of a few clips
        is mostly noise.
    """

    samples_per_feature: float = 2.0

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> LinearClassifier:
        """Logistic regression on aligned sources."""
        full = len(xt) >= self.samples_per_feature * xt.shape[1]
        return LinearClassifier.fit(aligned(xs, xt, full=full), ys, equal_weights(gs))


def aligned(xs: Matrix, xt: Matrix, *, full: bool = True) -> Matrix:
    """Sources ``(n, d)`` moved and stretched to the target's mean and (Ledoit–Wolf) covariance.

    (X − μ_s) C_s^(−1/2) C_t^(1/2) + μ_t; without `full` feature by feature, each variance of the target drawn towards
    that of the sources by as much as one vector weighs.
    """
    centre_s, centre_t = xs.mean(axis=0), xt.mean(axis=0)
    if not full:
        spread_s = np.maximum(xs.var(axis=0), EIGEN_FLOOR)
        spread_t = (len(xt) * xt.var(axis=0) + spread_s) / (len(xt) + 1)
        return (xs - centre_s) * np.sqrt(spread_t / spread_s) + centre_t
    from sklearn.covariance import ledoit_wolf

    whiten = _power(ledoit_wolf(xs)[0], -0.5)
    colour = _power(ledoit_wolf(xt)[0], 0.5)
    return (xs - centre_s) @ whiten @ colour + centre_t


def _power(covariance: Matrix, exponent: float) -> Matrix:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, EIGEN_FLOOR) ** exponent) @ vectors.T
