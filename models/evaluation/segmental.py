"""Scores of a timeline whose frames carry one label each: are the segments the right ones, in the right order?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError

OVERLAPS = (0.10, 0.25, 0.50)


@dataclass(frozen=True, eq=False)
class Segments:
    """The stretches of equal label in a timeline: ``starts``, ``ends`` (half-open) and ``labels``, each ``(n,)``."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    labels: NDArray[Any]

    @classmethod
    def of(cls, labels: NDArray[Any]) -> Segments:
        """The segments of one label a frame.

        Examples
        --------
        >>> found = Segments.of(np.array([2, 2, 0, 0, 0]))
        >>> found.starts.tolist(), found.ends.tolist(), found.labels.tolist()
        ([0, 2], [2, 5], [2, 0])
        """
        labels = np.asarray(labels)
        if not len(labels):
            return cls(np.empty(0, np.int64), np.empty(0, np.int64), labels)
        edges = np.concatenate(([0], np.flatnonzero(labels[1:] != labels[:-1]) + 1, [len(labels)])).astype(np.int64)
        return cls(edges[:-1], edges[1:], labels[edges[:-1]])

    def __len__(self) -> int:
        return len(self.starts)


def segmental_f1(
    prediction: NDArray[Any], truth: NDArray[Any], *, overlap: float = 0.25, background: Sequence[Any] = ()
) -> float:
    """F1@overlap of Lea et al. (2017): a segment is found when one of its label shares this much of it.

    Parameters
    ----------
    prediction, truth
        ``(frames,)`` labels.
    overlap
        Least intersection over union; each true segment is found once.
    background
        Labels whose segments do not count.

    Returns
    -------
    float
        0 to 1; NaN when neither has a segment.

    Examples
    --------
    >>> truth = np.repeat([0, 1, 0], [5, 10, 5])
    >>> segmental_f1(np.repeat([0, 1, 0], [8, 10, 2]), truth, overlap=0.5, background=[0])
    1.0
    >>> segmental_f1(np.repeat([0, 1, 0, 1], [5, 4, 2, 9]), truth, overlap=0.5, background=[0])
    0.0
    """
    _check(prediction, truth)
    found, wanted = _counted(Segments.of(prediction), background), _counted(Segments.of(truth), background)
    if not len(found) and not len(wanted):
        return float("nan")
    taken = np.zeros(len(wanted), bool)
    hits = 0
    for start, end, label in zip(found.starts, found.ends, found.labels, strict=True):
        first, last = np.searchsorted(wanted.ends, start, "right"), np.searchsorted(wanted.starts, end, "left")
        near = np.arange(first, last)[wanted.labels[first:last] == label]
        if not len(near):
            continue
        shared = np.minimum(end, wanted.ends[near]) - np.maximum(start, wanted.starts[near])
        share = shared / (np.maximum(end, wanted.ends[near]) - np.minimum(start, wanted.starts[near]))
        best = int(np.argmax(share))
        if share[best] >= overlap and not taken[near[best]]:
            taken[near[best]] = True
            hits += 1
    return 2.0 * hits / (len(found) + len(wanted))


def edit_score(prediction: NDArray[Any], truth: NDArray[Any], *, background: Sequence[Any] = ()) -> float:
    """One minus the Levenshtein distance of the two orders of segments, a segment of the longer one (Lea et al. 2016).

    Examples
    --------
    >>> edit_score(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 1, 2]))
    1.0
    >>> edit_score(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    0.5
    """
    _check(prediction, truth)
    said = _counted(Segments.of(prediction), background).labels
    true = _counted(Segments.of(truth), background).labels
    longest = max(len(said), len(true))
    return 1.0 - _levenshtein(said, true) / longest if longest else float("nan")


def _counted(segments: Segments, background: Sequence[Any]) -> Segments:
    keep = ~np.isin(segments.labels, list(background))
    return Segments(segments.starts[keep], segments.ends[keep], segments.labels[keep])


def _levenshtein(a: NDArray[Any], b: NDArray[Any]) -> int:
    """Least number of insertions, deletions and changes that make one sequence the other."""
    steps = np.arange(len(b) + 1)
    row = steps.copy()
    for number, item in enumerate(a, start=1):
        # Insertions run along the row: each is one more than its left neighbour, which a running minimum undoes.
        best = np.minimum(row[1:] + 1, row[:-1] + (b != item))
        row = np.minimum.accumulate(np.concatenate(([number], best)) - steps) + steps
    return int(row[-1])


def _check(prediction: NDArray[Any], truth: NDArray[Any]) -> None:
    if np.shape(prediction) != np.shape(truth) or np.ndim(truth) != 1:
        raise UsageError(f"timelines of the same frames are compared: {np.shape(prediction)} against {np.shape(truth)}")
