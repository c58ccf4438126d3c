"""What two judges agree on: the conservative intersection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bitflow.annotations.labels import Annotations, Label


@dataclass(frozen=True)
class Consensus:
    """What both judges say, and what only one of them does.

    Parameters
    ----------
    agreed
        Labels where both see the category: what may be counted as present.
    disputed
        Labels where only one does: neither present nor absent.
    """

    agreed: Annotations
    disputed: Annotations


def conservative_intersection(first: Annotations, second: Annotations) -> Consensus:
    """Stretches that both judges label alike, by category and subject; the rest of their labels is disputed.

    Where neither labels anything the category is absent, where only one does it is unknown. Labels without a length
    are passed over: they have no stretch in common.

    Examples
    --------
    >>> both = conservative_intersection(Annotations.of([Label(0, 4, "smile")]), Annotations.of([Label(1, 6, "smile")]))
    >>> [(label.start, label.end) for label in both.agreed.labels]
    [(1.0, 4.0)]
    >>> [(label.start, label.end) for label in both.disputed.labels]
    [(0.0, 1.0), (4.0, 6.0)]
    """
    agreed: list[Label] = []
    disputed: list[Label] = []
    kinds = sorted({(label.name, label.subject) for each in (first, second) for label in each.labels})
    for name, subject in kinds:
        one, other = (each.named(name, subject=subject) for each in (first, second))
        borders = np.unique([time for label in (*one, *other) for time in (label.start, label.end)])
        states = [_covered(one, borders) & _covered(other, borders), _covered(one, borders) ^ _covered(other, borders)]
        for holds, into in zip(states, (agreed, disputed), strict=True):
            into += [Label(start, end, name, subject=subject) for start, end in _runs(borders, holds)]
    duration = None if first.duration is None or second.duration is None else min(first.duration, second.duration)
    return Consensus(Annotations.of(agreed, duration=duration), Annotations.of(disputed, duration=duration))


def _covered(labels: Sequence[Label], borders: np.ndarray) -> np.ndarray:
    """Whether any label covers each stretch between neighbouring borders."""
    held = np.zeros(max(len(borders) - 1, 0), bool)
    for label in labels:
        first, last = np.searchsorted(borders, (label.start, label.end))
        held[first:last] = True
    return held


def _runs(borders: np.ndarray, holds: np.ndarray) -> list[tuple[float, float]]:
    change = np.diff(np.concatenate(([0], holds.astype(int), [0])))
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return [(float(borders[a]), float(borders[b])) for a, b in zip(starts, ends, strict=True)]
