"""How many kinds the data support: clusterings that survive noise, other restarts and other halves of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.clusters import clustered
from bitflow.models.segmentation.cuts import UNSEEN, Cut

Array = NDArray[np.floating]

KINDS = tuple(range(4, 16))
LEAST_JITTER, LEAST_SPLIT = 0.8, 0.7
REPEATS = 5
RESTARTS = 20
PIECES_A_KIND = 6
"""Kinds are looked for only where there are at least so many pieces for each."""


@dataclass(frozen=True)
class Stability:
    """How a number of kinds holds up: adjusted Rand indices against other restarts, noise, and other halves.

    `seed` and `jitter` are NaN where the halves alone rule so many kinds out.
    """

    kinds: int
    seed: float
    jitter: float
    split: float

    @property
    def holds(self) -> bool:
        """Whether a timeline with so many kinds may be shown."""
        return self.jitter >= LEAST_JITTER and self.split >= LEAST_SPLIT


def adjusted_rand(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985) of two labellings of the same items.

    Examples
    --------
    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1.0)

    def pairs(counts: Array) -> float:
        return float((counts * (counts - 1) / 2).sum())

    same, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    whole = float(table.sum())
    expected = rows * columns / max(whole * (whole - 1) / 2, 1e-12)
    most = (rows + columns) / 2
    return 1.0 if most == expected else (same - expected) / (most - expected)


def stability_of(
    cuts: Sequence[Cut], noisy: Sequence[Sequence[Cut]], kinds: int, *, seed: int = 0, thorough: bool = False
) -> Stability:
    """Measure one number of kinds.

    Parameters
    ----------
    cuts
        Recordings, or stretches of them.
    noisy
        The same as they would look had the tracker been a little worse, cut anew, once a repetition.
    thorough
        Measure everything even where the halves rule so many kinds out.
    """
    vectors, weights = stacked(cuts)
    if len(cuts) > 1:
        half = np.concatenate([np.full(int(cut.seen.sum()), number % 2 == 0) for number, cut in enumerate(cuts)])
    else:
        half = cuts[0].early[cuts[0].seen]
    split = float("nan")
    if min(half.sum(), (~half).sum()) >= kinds:
        first, second = (_rows(cuts, vectors[part], weights[part], kinds, seed) for part in (half, ~half))
        split = _agreement(first, second)
    if not thorough and not split >= LEAST_SPLIT:
        return Stability(kinds, float("nan"), float("nan"), split)
    found = _rows(cuts, vectors, weights, kinds, seed)
    other = _rows(cuts, vectors, weights, kinds, seed + 1)
    jitter = [_agreement(found, _rows(again, *stacked(again), kinds, seed)) for again in noisy]
    return Stability(kinds, _agreement(found, other), float(np.mean(jitter)), split)


def stacked(cuts: Sequence[Cut]) -> tuple[Array, Array]:
    """Vectors ``(n, d)`` and durations ``(n,)`` of the pieces that were seen."""
    return (
        np.concatenate([cut.vectors[cut.seen] for cut in cuts]),
        np.concatenate([cut.weights[cut.seen] for cut in cuts]),
    )


def _rows(cuts: Sequence[Cut], vectors: Array, weights: Array, kinds: int, seed: int) -> NDArray[np.int64]:
    """Kinds of all rows of the cuts, by clusters of these vectors."""
    found = clustered(vectors, weights, kinds, seed=seed, restarts=RESTARTS)
    return np.concatenate([cut.painted(found).ravel() for cut in cuts])


def _agreement(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    both = (first != UNSEEN) & (second != UNSEEN)
    return adjusted_rand(first[both], second[both])


def most_supported(measured: Sequence[Stability]) -> tuple[Stability, bool]:
    """The largest number of kinds that holds, and True; or the one that comes nearest, and False."""
    holding = [each for each in measured if each.holds]
    if holding:
        return max(holding, key=lambda each: each.kinds), True
    return max(measured, key=lambda each: float(np.nan_to_num(each.jitter) + np.nan_to_num(each.split))), False
