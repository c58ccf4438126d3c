"""How often the target shows each class, from the classifier's own output (Saerens, Latinne & Decaestecker 2002)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.adaptation.adapters import Adapter, Classifier, Matrix, SourceOnly, class_count

_ROUNDS, _TOLERANCE = 200, 1e-9


@dataclass(frozen=True)
class PriorCorrection:
    """Expectation–maximisation of the target's class rates, on top of another adapter.

    Parameters
    ----------
    most
        Largest change of a class's logit: a handful of clips must not talk the classifier into one class.
    """

    most: float = 1.5
    adapter: Adapter = field(default_factory=SourceOnly)

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> PriorClassifier:
        """The other adapter's classifier, corrected."""
        classifier = self.adapter.fit(xs, ys, gs, xt)
        # Balanced training: to the classifier every class is as likely as another.
        before = np.full(class_count(ys), 1 / class_count(ys))
        after = estimated_rates(classifier.predict_proba(xt), before)
        shift = np.log(np.maximum(after, 1e-9)) - np.log(before)
        return PriorClassifier(classifier, before, after, np.clip(shift - shift[0], -self.most, self.most))


@dataclass(frozen=True, eq=False)
class PriorClassifier:
    """A classifier whose log odds against the first class are shifted.

    Parameters
    ----------
    before, after
        Class rates ``(classes,)`` that the classifier assumes, and those estimated for the target.
    shift
        What is added to each class's logit.
    """

    classifier: Classifier
    before: Matrix
    after: Matrix
    shift: Matrix

    def predict_proba(self, x: Matrix) -> Matrix:
        """``(m, classes)``."""
        shifted = self.classifier.predict_proba(x) * np.exp(self.shift)
        return shifted / shifted.sum(axis=1, keepdims=True)


def estimated_rates(posterior: Matrix, before: Matrix) -> Matrix:
    """Class rates ``(classes,)`` with which posteriors ``(m, classes)`` that assume `before` are consistent."""
    rates = before
    for _ in range(_ROUNDS):
        weighted = posterior * (rates / before)
        new = (weighted / weighted.sum(axis=1, keepdims=True)).mean(axis=0)
        if float(np.abs(new - rates).max()) < _TOLERANCE:
            return new
        rates = new
    return rates
