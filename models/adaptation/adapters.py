"""What an adapter is: fitted to labelled sources and one unlabelled target, it gives probabilities for the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bitflow.models.evaluation.baselines import probabilities
from bitflow.models.recognition.linear import Linear

Matrix = NDArray[np.float64]


class Classifier(Protocol):
    """What is fitted."""

    def predict_proba(self, x: Matrix) -> Matrix:
        """Probability of each class, ``(m, classes)``, of feature vectors ``(m, d)``."""
        ...


class Adapter(Protocol):
    """A way to adapt; a frozen dataclass of its parameters.

    Nothing of an adapter ever takes a label of the target.
    """

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> Classifier:
        """Fit to sources and target.

        Parameters
        ----------
        xs
            Feature vectors of the sources ``(n, d)``, complete.
        ys
            Their class numbers ``(n,)``, from 0.
        gs
            Whose each is ``(n,)``.
        xt
            Feature vectors of the target ``(m, d)``, complete.
        """
        ...


@dataclass(frozen=True, eq=False)
class LinearClassifier:
    """Logistic regression."""

    linear: Linear

    @classmethod
    def fit(cls, x: Matrix, y: NDArray[Any], weight: Matrix) -> LinearClassifier:
        """Balanced classes, standardised features; weights ``(n,)`` are relative."""
        return cls(Linear.fit(x, y, weight * len(weight) / weight.sum(), classes=class_count(y)))

    def predict_proba(self, x: Matrix) -> Matrix:
        """``(m, classes)``."""
        return probabilities(np.nan_to_num(self.linear.logits(x), nan=0.0))


@dataclass(frozen=True)
class SourceOnly:
    """No adaptation: what the others are compared with."""

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> LinearClassifier:
        """Logistic regression in which every participant weighs the same."""
        return LinearClassifier.fit(xs, ys, equal_weights(gs))


def equal_weights(groups: NDArray[Any]) -> Matrix:
    """Weights ``(n,)`` of mean 1 with which every participant weighs the same.

    Examples
    --------
    >>> equal_weights(np.array(["a", "a", "b"])).tolist()
    [0.75, 0.75, 1.5]
    """
    _, at, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return len(groups) / len(counts) / counts[at]


def class_count(y: NDArray[Any]) -> int:
    """Classes, of which the last occurs; at least two."""
    return max(2, int(np.max(y)) + 1)
