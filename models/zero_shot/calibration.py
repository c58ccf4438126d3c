"""From judgements to probabilities: a logistic model on votes, log-odds and cues, fitted on training participants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.evaluation.schemes import Fold, grouped_folds
from bitflow.models.recognition.calibration import Calibrator, choose_calibrator
from bitflow.models.recognition.linear import Linear
from bitflow.models.zero_shot.judgements import Judgement, matrix


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fitted map.

    Parameters
    ----------
    names
        Of the numbers that it reads, in order.
    """

    names: tuple[str, ...]
    linear: Linear
    calibrator: Calibrator

    @classmethod
    def fit(
        cls,
        judgements: Sequence[Judgement],
        names: tuple[str, ...],
        y: NDArray[Any],
        groups: NDArray[Any],
        *,
        classes: int,
        seed: int = 0,
    ) -> Calibration | None:
        """Fit; None where fewer than two participants, or one class alone, were judged."""
        x = matrix(judgements, names)
        known = np.isfinite(x).all(axis=1)
        x, y, groups = x[known], y[known], groups[known]
        if len(np.unique(y)) < 2 or len(np.unique(groups)) < 2:
            return None
        folds = grouped_folds(y, groups, seed=seed)
        width = 1 if classes == 2 else classes
        held = np.zeros((len(y), width))
        for fold in folds:
            held[fold.test] = _linear(x[fold.train], y[fold.train], classes).logits(x[fold.test])
        return cls(names, _linear(x, y, classes), choose_calibrator(held, y, folds))

    def probability(self, judgements: Sequence[Judgement]) -> NDArray[np.float64]:
        """``(n, classes)``, NaN rows where there is no verdict."""
        x = matrix(judgements, self.names)
        logits = self.linear.logits(x)
        known = np.isfinite(x).all(axis=1)
        found = self.calibrator.probability(np.nan_to_num(logits))
        found[~known] = np.nan
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For the model's folder."""
        return {**self.linear.arrays("linear/"), "calibrator": self.calibrator.values}

    def described(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {"names": list(self.names), "method": self.calibrator.method}

    @classmethod
    def of(cls, described: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Calibration:
        """The inverse of `arrays` and `described`."""
        calibrator = Calibrator(described["method"], arrays["calibrator"])
        return cls(tuple(described["names"]), Linear.of(arrays, "linear/"), calibrator)


def raw_probability(judgements: Sequence[Judgement], classes: Sequence[str]) -> NDArray[np.float64]:
    """As the judgements say themselves, ``(n, classes)``; NaN rows where there is no verdict."""
    return np.array([[each.probability.get(name, np.nan) for name in classes] for each in judgements], float).reshape(
        len(judgements), len(classes)
    )


def probability_of(
    calibration: Calibration | None, judgements: Sequence[Judgement], classes: Sequence[str]
) -> NDArray[np.float64]:
    """Calibrated where something was fitted."""
    if calibration is None:
        return raw_probability(judgements, classes)
    return calibration.probability(judgements)


def calibrated_on_folds(
    judgements: Sequence[Judgement],
    names: tuple[str, ...],
    y: NDArray[Any],
    groups: NDArray[Any],
    folds: Sequence[Fold],
    classes: Sequence[str],
) -> NDArray[np.float64]:
    """``(n, classes)`` by calibrations that had not seen the participant."""
    found = np.full((len(judgements), len(classes)), np.nan)
    for fold in folds:
        fitted = Calibration.fit(
            [judgements[i] for i in fold.train], names, y[fold.train], groups[fold.train], classes=len(classes)
        )
        found[fold.test] = probability_of(fitted, [judgements[i] for i in fold.test], classes)
    return found


def _linear(x: NDArray[Any], y: NDArray[Any], classes: int) -> Linear:
    return Linear.fit(x, y, np.ones(len(y)), classes=classes)
