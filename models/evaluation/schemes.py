"""Which recordings train and which test: always by participant.

A fold in which one participant is on both sides cannot be made, unless a leak is asked for by name; then both numbers
are shown, so that the inflation is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError

#: What `--scheme` may say.
SCHEMES = ("as-is", "split", "cross-validation", "leave-participant-out", "leave-question-out", "leave-site-out")

FOLDS = 5

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Numbers of the samples that train and of those that test."""

    name: str
    train: Indices
    test: Indices


def grouped_folds(y: Any, groups: Any, folds: int = FOLDS, *, seed: int = 0) -> list[Fold]:
    """Folds in which nobody is on both sides and classes are as even as that allows.

    Participants are dealt out one by one, those with most recordings first, each to the fold that it leaves most even.

    Raises
    ------
    UsageError
        There are fewer than two participants.
    """
    y, groups = np.asarray(y), np.asarray(groups)
    names, at = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        who = f"only {names[0]!r}" if len(names) else "nobody"
        raise UsageError(f"a split by participant needs at least two participants, and there is {who}")
    folds = min(folds, len(names))
    classes, kind = np.unique(y, return_inverse=True)
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (at, kind), 1.0)
    share = counts / counts.sum(axis=0)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order].std(axis=1), kind="stable")]
    filled = np.zeros((folds, len(classes)))
    size = np.zeros(folds)
    place = np.zeros(len(names), int)
    for who in order:
        unevenness = [
            np.std(filled + share[who] * (np.arange(folds) == k)[:, None], axis=0).mean() for k in range(folds)
        ]
        best = min(range(folds), key=lambda k: (round(unevenness[k], 12), size[k]))
        place[who] = best
        filled[best] += share[who]
        size[best] += counts[who].sum()
    return checked([_fold(f"fold {k + 1}", place[at] == k) for k in range(folds)], groups)


def random_folds(y: Any, folds: int = FOLDS, *, seed: int = 0) -> list[Fold]:
    """Folds that ignore who is who: only to show how much that flatters."""
    y = np.asarray(y)
    place = np.zeros(len(y), int)
    draw = np.random.default_rng(seed)
    for kind in np.unique(y):
        mine = draw.permutation(np.flatnonzero(y == kind))
        place[mine] = np.arange(len(mine)) % folds
    return [_fold(f"fold {k + 1}", place == k) for k in range(folds)]


def left_out(values: Any, groups: Any, what: str, *, leak: bool = False) -> list[Fold]:
    """One fold a value of `values` (a participant, a question, a site).

    Where a participant has several values (every question), the other recordings of the tested participants are left
    out of the training part, so that nobody is on both sides: unless `leak`.

    Raises
    ------
    UsageError
        There is only one value, or leaving out leaves nothing to train on.
    """
    values, groups = np.asarray(values), np.asarray(groups)
    different = np.unique(values)
    if len(different) < 2:
        raise UsageError(f"leaving out one {what} at a time needs at least two; there is {', '.join(different)!r}")
    found = []
    for value in different:
        test = values == value
        train = ~test if leak else ~test & ~np.isin(groups, groups[test])
        if not train.any() and not leak:
            # Everybody answered every question: people are split into folds first, and questions inside each.
            found += _crossed(values, groups, value)
        else:
            found.append(Fold(str(value), np.flatnonzero(train), np.flatnonzero(test)))
    return found if leak else checked(found, groups)


def given_split(train: Any, test: Any, groups: Any, *, leak: bool = False) -> Fold:
    """The split that masks ``(n,)`` say; refused when it shares a participant."""
    fold = Fold("given", np.flatnonzero(train), np.flatnonzero(test))
    return fold if leak else checked([fold], groups)[0]


def checked(folds: Sequence[Fold], groups: Any) -> list[Fold]:
    """The folds, when nobody crosses one.

    Raises
    ------
    UsageError
        Names the participants who are on both sides.
    """
    groups = np.asarray(groups)
    for fold in folds:
        both = sorted(set(groups[fold.train]) & set(groups[fold.test]))
        if both:
            some = ", ".join(repr(str(name)) for name in both[:3]) + (" …" if len(both) > 3 else "")
            raise UsageError(
                f"{fold.name}: {len(both)} participants are on both sides ({some}), which makes scores too good; "
                "split by participant, or see by how much with --allow-leak"
            )
    return list(folds)


def _fold(name: str, test: NDArray[np.bool_]) -> Fold:
    return Fold(name, np.flatnonzero(~test), np.flatnonzero(test))


def _crossed(values: NDArray[Any], groups: NDArray[Any], value: Any) -> Iterator[Fold]:
    for people in grouped_folds(values, groups):
        test = np.intersect1d(people.test, np.flatnonzero(values == value))
        train = np.intersect1d(people.train, np.flatnonzero(values != value))
        if len(test) and len(train):
            yield Fold(f"{value}, {people.name}", train, test)
