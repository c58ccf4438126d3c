"""A segmenter: probabilities from trees or a network, calibrated, and the most probable timeline that lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.segmentation.decoding import HOUR_ROWS, decoded
from bitflow.models.segmenter.labels import UNLABELLED
from bitflow.models.segmenter.windows import Windows

Array = NDArray[np.float64]

SHORT_QUANTILE = 0.02
FLOOR = 1e-4
GRID = np.linspace(0.0, 1.0, 201)


class Learner(Protocol):
    """What gives probabilities ``(n, A, C)`` from windows."""

    def probabilities_of(self, windows: Windows) -> Array:
        """Probability of each class at each row."""
        ...

    def pack(self) -> dict[str, np.ndarray]:
        """Plain arrays."""
        ...

    @classmethod
    def unpack(cls, arrays: dict[str, np.ndarray]) -> Self:
        """What `pack` gave."""
        ...


@dataclass(frozen=True, eq=False)
class Example:
    """A stretch of features with labels ``(n, A)`` and the recording it is of."""

    windows: Windows
    labels: NDArray[np.int64]
    recording: str


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted segmenter.

    Parameters
    ----------
    classes
        What is told apart.
    directed
        ``(C,)`` which are done to another.
    keypoints, names
        What the poses must have, and the features that the learner looks at.
    calibration
        ``(C, 201)`` calibrated probability at evenly spaced raw ones.
    change
        ``(C, C)`` what the timeline pays for a change, from how often each followed each.
    shortest
        ``(C,)`` rows that each lasts at least.
    """

    classes: tuple[str, ...]
    directed: NDArray[np.bool_]
    keypoints: tuple[str, ...]
    names: tuple[str, ...]
    learner: Learner
    calibration: Array
    change: Array
    shortest: NDArray[np.int64]

    def probabilities(self, windows: Windows, keypoints: Sequence[str]) -> Array:
        """Calibrated probability ``(n, A, C)``.

        Raises
        ------
        UsageError
            The poses have other keypoints, or another number of animals, than those the model learned from.
        """
        if tuple(keypoints) != self.keypoints:
            missing = [name for name in self.keypoints if name not in keypoints]
            told = f"lack {', '.join(missing)}" if missing else "have more, or another order"
            raise UsageError(f"the model knows the keypoints {', '.join(self.keypoints)}; these poses {told}")
        if windows.names != self.names:
            raise UsageError("the model learned from several animals and these poses have one, or the other way round")
        return calibrated(self.learner.probabilities_of(windows), self.calibration)

    def timeline(self, probability: NDArray[np.floating]) -> NDArray[np.int64]:
        """The most probable class of each row ``(n, A)``, each lasting as long as it does at least."""
        found = np.empty(probability.shape[:2], np.int64)
        for first in range(0, len(probability), HOUR_ROWS):
            hour = slice(first, first + HOUR_ROWS)
            scores = np.log(np.maximum(probability[hour], FLOOR))
            for who in range(scores.shape[1]):
                found[hour, who] = decoded(scores[:, who], self.change, self.shortest)
        return found


def calibrated(probability: Array, calibration: Array) -> Array:
    """Probabilities mapped class by class, and brought back to a sum of one."""
    mapped = np.stack(
        [np.interp(probability[..., kind], GRID, curve) for kind, curve in enumerate(calibration)], axis=-1
    )
    mapped = np.maximum(mapped, FLOOR)
    return mapped / mapped.sum(axis=-1, keepdims=True)


def calibration_of(probability: Array, labels: NDArray[np.int64], classes: int) -> Array:
    """Isotonic regression of each class on probabilities that a model gave for recordings it had not seen."""
    from sklearn.isotonic import IsotonicRegression

    known = labels != UNLABELLED
    curves = []
    for kind in range(classes):
        fit = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        fit.fit(probability[known][:, kind], labels[known] == kind)
        curves.append(fit.predict(GRID))
    return np.array(curves)


def untouched(classes: int) -> Array:
    """The calibration that changes nothing."""
    return np.tile(GRID, (classes, 1))


def changes_of(examples: Sequence[Example], classes: int) -> Array:
    """Price of each change ``(C, C)``: minus the logarithm of how often a row is followed so, plus one of each."""
    table = np.ones((classes, classes))
    for example in examples:
        before, after = example.labels[:-1], example.labels[1:]
        both = (before != UNLABELLED) & (after != UNLABELLED)
        np.add.at(table, (before[both], after[both]), 1)
    return -0.5 * np.log(table / table.sum(axis=1, keepdims=True))


def shortest_of(examples: Sequence[Example], classes: int) -> NDArray[np.int64]:
    """Rows that nearly all bouts of each class last, one at least."""
    lengths: list[list[int]] = [[] for _ in range(classes)]
    for example in examples:
        for track in example.labels.T:
            edges = np.concatenate(([0], np.flatnonzero(np.diff(track)) + 1, [len(track)]))
            for first, last in pairwise(edges[1:-1]):  # the first and the last may be cut by the recording's ends
                if track[first] != UNLABELLED:
                    lengths[track[first]].append(int(last - first))
    return np.array([max(1, int(np.quantile(each, SHORT_QUANTILE))) if each else 1 for each in lengths])


def balanced(labels: NDArray[np.int64], classes: int) -> Array:
    """Weight of each row, so that rare classes count more: one over the square root of how often they occur."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    weight = 1.0 / np.sqrt(counts[labels])
    return weight / weight.mean()
