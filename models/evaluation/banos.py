"""BANOS: how well bouts of behaviour were found, where they lie, and whether they hold together.

Four questions about two codings of the same frames (Bello et al., BANOS 0.2): were the bouts detected (precision,
recall, F1), how much do they overlap (SO), how close are their ends (TP), and does the label hold inside a true bout
(IC). SO and TP look only at bouts that overlap, and a prediction that is never interrupted has IC 1 whatever it says:
read them beside the recall.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.signals.cleaning import runs

Matching = Literal["greedy", "optimal"]


@dataclass(frozen=True)
class BanosScore:
    """Scores of one behaviour in one coding, 0 to 1; NaN where there is nothing to score."""

    precision: float
    recall: float
    f1: float
    so: float
    tp: float
    ic: float


def banos(prediction: NDArray[Any], truth: NDArray[Any], *, matching: Matching = "greedy") -> BanosScore:
    """Score one behaviour.

    Parameters
    ----------
    prediction, truth
        ``(frames,)``, true where the behaviour goes on.
    matching
        ``greedy`` lets each predicted bout, in order of time, take the first free true bout that it overlaps, as BANOS
        does; ``optimal`` finds as many pairs as there can be.

    Returns
    -------
    BanosScore
        All 1 where neither has a bout, all 0 where only the prediction has.

    Raises
    ------
    UsageError
        The codings differ in length.

    Examples
    --------
    >>> truth = np.repeat([0, 1, 0], [4, 6, 4])
    >>> score = banos(np.roll(truth, 2), truth)
    >>> score.f1, score.so, score.tp, score.ic
    (1.0, 0.5, 0.2, 0.8)
    """
    said, true = _flags(prediction), _flags(truth)
    if said.shape != true.shape:
        raise UsageError(f"codings of the same frames are compared: {len(said)} frames against {len(true)}")
    found, wanted = runs(said), runs(true)
    if not len(wanted):
        return BanosScore(*([0.0 if len(found) else 1.0] * 6))
    pairs = overlapping_pairs(found, wanted)
    hits = _matched(pairs) if matching == "greedy" else _most_matched(pairs, len(found), len(wanted))
    precision, recall = _ratio(hits, len(found)), _ratio(hits, len(wanted))
    a, b = found[pairs[:, 0]], wanted[pairs[:, 1]]
    shared = np.minimum(a[:, 1], b[:, 1]) - np.maximum(a[:, 0], b[:, 0])
    either = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    apart = np.abs(a - b).sum(axis=1)
    return BanosScore(
        precision,
        recall,
        _ratio(2 * precision * recall, precision + recall),
        _mean(shared / either),
        _mean(1.0 / (1.0 + apart)),
        _mean(_continuity(said, wanted)),
    )


def banos_mean(scores: Iterable[BanosScore]) -> BanosScore:
    """Mean of scores over recordings, behaviours or both; what is NaN in one does not count in it."""
    table = np.array([astuple(score) for score in scores], float).reshape(-1, 6)
    return BanosScore(*(_mean(column[np.isfinite(column)]) for column in table.T))


def ends_within(prediction: NDArray[Any], truth: NDArray[Any], *, rate: float, tolerance: float = 0.25) -> float:
    """Mean over overlapping bouts of ``1 / (1 + shift / tolerance)``: BANOS' TP in seconds in the place of frames.

    BANOS counts the shift of both ends in frames, so that the same coding at twice the frame rate scores lower.

    Parameters
    ----------
    rate
        Frames a second, Hz.
    tolerance
        Shift of both ends together at which a bout scores one half, s.
    """
    found, wanted = runs(_flags(prediction)), runs(_flags(truth))
    pairs = overlapping_pairs(found, wanted)
    shift = np.abs(found[pairs[:, 0]] - wanted[pairs[:, 1]]).sum(axis=1) / rate
    return _mean(1.0 / (1.0 + shift / tolerance))


def overlapping_pairs(found: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices ``(pairs, 2)`` of half-open ranges that share a sample, in order of both.

    Examples
    --------
    >>> overlapping_pairs(np.array([[0, 5], [6, 9]]), np.array([[2, 3], [4, 7]])).tolist()
    [[0, 0], [0, 1], [1, 1]]
    """
    first = np.searchsorted(wanted[:, 1], found[:, 0], "right")
    last = np.searchsorted(wanted[:, 0], found[:, 1], "left")
    count = np.maximum(last - first, 0)
    mine = np.repeat(np.arange(len(found)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([mine, np.repeat(first, count) + within], axis=1).astype(np.int64)


def _flags(coding: NDArray[Any]) -> NDArray[np.bool_]:
    return np.nan_to_num(np.asarray(coding, float)) > 0


def _matched(pairs: NDArray[np.int64]) -> int:
    """True bouts that are taken when predictions choose in order of time."""
    taken: set[int] = set()
    done = -1
    for mine, theirs in pairs.tolist():
        if mine != done and theirs not in taken:
            taken.add(theirs)
            done = mine
    return len(taken)


def _most_matched(pairs: NDArray[np.int64], found: int, wanted: int) -> int:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    graph = csr_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(found, wanted))
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())


def _continuity(said: NDArray[np.bool_], wanted: NDArray[np.int64]) -> NDArray[np.float64]:
    """One minus the switches inside each true bout, a pair of neighbours; bouts of one frame have none."""
    switched = np.concatenate(([0], np.cumsum(said[1:] != said[:-1])))
    longer = wanted[wanted[:, 1] - wanted[:, 0] > 1]
    switches = switched[longer[:, 1] - 1] - switched[longer[:, 0]]
    return 1.0 - switches / (longer[:, 1] - longer[:, 0] - 1)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
