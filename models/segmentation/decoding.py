"""The most probable timeline from scores of every instant: changes cost, and what is too short does not count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HOUR_ROWS = 36_000
"""Rows of an hour: longer recordings are decoded an hour at a time."""


def decoded(scores: Array, change: float | Array, shortest: int | NDArray[np.int64] = 1) -> NDArray[np.int64]:
    """Viterbi path of log-probabilities with a price for changing and a least duration a class.

    Parameters
    ----------
    scores
        ``(n, C)`` log-probability of each class at each instant.
    change
        What a change costs: one number, or ``(C, C)`` from one class to another.
    shortest
        Instants that a class lasts at least, one number or ``(C,)``; the first and the last stretch may be cut off by
        the recording's ends.

    Returns
    -------
    numpy.ndarray
        ``(n,)`` class at each instant.

    Examples
    --------
    >>> scores = np.log([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]])
    >>> decoded(scores, 0.5).tolist()
    [0, 0, 0, 0, 1, 1, 1]
    >>> decoded(scores, 0.0).tolist()
    [0, 0, 1, 0, 1, 1, 1]
    >>> decoded(scores, 0.0, shortest=3).tolist()
    [0, 0, 0, 0, 1, 1, 1]
    """
    n, classes = scores.shape
    price = np.full((classes, classes), float(change)) if np.ndim(change) == 0 else np.asarray(change, float)
    price = np.where(np.eye(classes, dtype=bool), np.inf, price)
    least = np.broadcast_to(np.asarray(shortest, int), (classes,)).clip(1, max(1, n))
    if n == 0:
        return np.empty(0, np.int64)
    # Best end of a path in each class, and where its last stretch began: a stretch may be left once it is long enough.
    total = np.concatenate([np.zeros((1, classes)), np.cumsum(scores, axis=0)])
    best = np.full((n + 1, classes), -np.inf)
    began = np.zeros((n + 1, classes), np.int64)
    came = np.full((n + 1, classes), -1, np.int64)
    entered = np.full((n + 1, classes), -np.inf)  # best path that ends at t and may change into the class then
    entered_from = np.full((n + 1, classes), -1, np.int64)
    entered[0] = 0.0
    kind = np.arange(classes)
    for t in range(1, n + 1):
        stay = best[t - 1] + scores[t - 1]
        start = t - least
        fresh = np.where(
            start >= 0,
            entered[np.maximum(start, 0), kind] + total[t] - total[np.maximum(start, 0), kind],
            entered[0] + total[t],
        )
        start = np.maximum(start, 0)
        if t == n:  # the end may cut a stretch short
            opened = [(entered[s, c] + total[t, c] - total[s, c], s) for c in kind for s in range(n - least[c] + 1, n)]
            owner = [c for c in kind for _ in range(n - least[c] + 1, n)]
            for c, (value, s) in zip(owner, opened, strict=True):
                if value > fresh[c]:
                    fresh[c], start[c] = value, s
        keep = stay >= fresh
        best[t] = np.where(keep, stay, fresh)
        began[t] = np.where(keep, began[t - 1], start)
        came[t] = np.where(keep, came[t - 1], entered_from[start, kind])
        leave = best[t][:, None] - price
        entered[t], entered_from[t] = leave.max(axis=0), leave.argmax(axis=0)
    path = np.empty(n, np.int64)
    t, c = n, int(best[n].argmax())
    while t > 0:
        first = int(began[t, c])
        path[first:t] = c
        t, c = first, int(came[t, c])
    return path


def settled_paths(scores: NDArray[np.floating], change: float) -> NDArray[np.int64]:
    """Viterbi paths ``(n, L)`` of many lanes at once, where every change costs the same and nothing is too short.

    Parameters
    ----------
    scores
        ``(n, L, C)`` log-probability of each class at each instant of each lane.

    Examples
    --------
    >>> scores = np.log([[[0.9, 0.1]], [[0.3, 0.7]], [[0.9, 0.1]], [[0.1, 0.9]], [[0.1, 0.9]]])
    >>> settled_paths(scores, 1.0)[:, 0].tolist()
    [0, 0, 0, 1, 1]
    """
    n, lanes, _ = scores.shape
    best = np.zeros(scores.shape[1:])
    leader, stays = np.zeros((n, lanes), np.int8), np.ones(scores.shape, bool)
    for t in range(n):
        leader[t] = best.argmax(axis=1)
        top = best.max(axis=1, keepdims=True)
        stays[t] = best >= top - change
        # Only the lead over the others counts, and numbers stay small over a day.
        best = np.maximum(best, top - change) - top + scores[t]
    path = np.empty((n, lanes), np.int64)
    if n:
        path[-1] = best.argmax(axis=1)
    lane = np.arange(lanes)
    for t in range(n - 1, 0, -1):
        path[t - 1] = np.where(stays[t, lane, path[t]], path[t], leader[t])
    return path
