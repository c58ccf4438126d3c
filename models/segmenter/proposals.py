"""Which bouts to label next: uncertain, unlike what is labelled, and of what is rare.

A person who labels a few bouts at a time gets more from pieces chosen so than from pieces at random: the model is
unsure of them (entropy), they lie far from everything labelled or chosen so far (k-centre), and the behaviour that the
model takes them for has few labels yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.cuts import Cut
from bitflow.models.segmentation.features import FEATURE_HZ, Features, Scaling
from bitflow.models.segmentation.reading import Read
from bitflow.models.segmenter.labels import UNLABELLED
from bitflow.models.segmenter.model import Example, Learner

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Proposal:
    """A piece worth labelling: rows ``[first, last)`` of one animal in recording number `recording`.

    `suggestion` is the class that the model takes it for, −1 without a model; `worth` orders proposals.
    """

    recording: int
    animal: int
    first: int
    last: int
    suggestion: int
    worth: float

    @property
    def seconds(self) -> tuple[float, float]:
        """Start and end from the recording's beginning, s."""
        return self.first / FEATURE_HZ, self.last / FEATURE_HZ


def propose(
    reads: Sequence[Read],
    labels: Sequence[NDArray[np.int64]],
    count: int,
    probabilities: Sequence[Array] | None = None,
) -> list[Proposal]:
    """The next pieces to label, the most worthwhile first.

    Parameters
    ----------
    labels
        ``(n, A)`` of each recording, `UNLABELLED` where nobody has looked.
    probabilities
        ``(n, A, C)`` what a model says of each; without one, pieces that lie far apart are proposed.
    """
    scaling = Scaling.fit(_one_below_the_other([read.features for read in reads]))
    cuts = [Cut.of(scaling(read.features), read.features.seen) for read in reads]
    pieces, vectors, done, mean = _gathered(cuts, labels, probabilities)
    if not len(pieces):
        return []
    scale = np.maximum(vectors.std(axis=0), 1e-9)
    vectors = vectors / np.median(scale)
    sure, guess = np.ones(len(pieces)), np.full(len(pieces), UNLABELLED)
    if mean is not None:
        guess = mean.argmax(axis=1)
        entropy = -(mean * np.log(np.maximum(mean, 1e-9))).sum(axis=1) / np.log(mean.shape[1])
        said = np.concatenate([each[each != UNLABELLED].ravel() for each in labels])
        counts = np.bincount(said, minlength=mean.shape[1]) + FEATURE_HZ
        sure = (0.1 + entropy) / np.sqrt(counts / counts.sum())[guess]
    distance = np.full(len(pieces), np.inf)
    for place in np.flatnonzero(done):
        distance = np.minimum(distance, np.linalg.norm(vectors - vectors[place], axis=1))
    if not done.any():  # begin in the middle, and spread out from there
        distance = 1.0 / (1.0 + np.linalg.norm(vectors - np.median(vectors, axis=0), axis=1))
    free = ~done
    found = []
    for _ in range(min(count, int(free.sum()))):
        worth = np.where(free, sure * distance, -np.inf)
        best = int(worth.argmax())
        free[best] = False
        recording, animal, first, last = pieces[best]
        found.append(Proposal(recording, animal, first, last, int(guess[best]), float(worth[best])))
        apart = np.linalg.norm(vectors - vectors[best], axis=1)
        distance = apart if len(found) == 1 and not done.any() else np.minimum(distance, apart)
    return found


def _gathered(
    cuts: Sequence[Cut], labels: Sequence[NDArray[np.int64]], probabilities: Sequence[Array] | None
) -> tuple[list[tuple[int, int, int, int]], Array, NDArray[np.bool_], Array | None]:
    """Every piece that was seen: where it is, its vector, whether its middle is labelled, its mean probability."""
    pieces, vectors, done, mean = [], [], [], []
    for number, cut in enumerate(cuts):
        place = 0
        for who, each in enumerate(cut.pieces):
            for first, last in zip(each.edges[:-1].tolist(), each.edges[1:].tolist(), strict=True):
                if cut.seen[place]:
                    pieces.append((number, who, first, last))
                    vectors.append(cut.vectors[place])
                    done.append(labels[number][(first + last) // 2, who] != UNLABELLED)
                    if probabilities is not None:
                        mean.append(probabilities[number][first:last, who].mean(axis=0))
                place += 1
    return pieces, np.array(vectors), np.array(done, bool), np.array(mean) if mean else None


def _one_below_the_other(features: Sequence[Features]) -> Features:
    flat = [
        Features(
            np.repeat(each.time, each.seen.shape[1]),
            each.values.reshape(-1, 1, each.values.shape[-1]),
            each.posture.reshape(-1, 1, each.posture.shape[-1]),
            each.nearest.reshape(-1, 1),
            each.seen.reshape(-1, 1),
        )
        for each in features
    ]
    return Features.joined(flat)


def label_loop(
    reads: Sequence[Read],
    examples: Sequence[Example],
    classes: int,
    fit: Callable[[Sequence[Example], int, int], Learner],
    budgets: Sequence[int],
    *,
    at_random: int | None = None,
) -> list[tuple[int, list[Example], Learner]]:
    """Label as many bouts as each budget allows, round after round, and fit after each.

    The examples' labels answer: who is asked about a piece labels the whole bout around its middle. Used to measure
    how many labels proposals save; `at_random` is the seed of bouts drawn at random instead. Each round gives the
    bouts labelled so far, the examples with these labels alone, and what was learned from them.
    """
    asked = [np.full_like(each.labels, UNLABELLED) for each in examples]
    random = np.random.default_rng(at_random)
    bouts, fitted = 0, []
    learner: Learner | None = None
    for budget in budgets:
        said = None if learner is None else [learner.probabilities_of(each.windows) for each in examples]
        while bouts < budget:  # several pieces may be of one bout, which costs once
            found = _next(reads, examples, asked, budget - bouts, said, random if at_random is not None else None)
            for proposal in found:
                bouts += _answered(examples[proposal.recording].labels, asked[proposal.recording], proposal)
            if not found:
                break
        labelled = [Example(e.windows, a, e.recording) for e, a in zip(examples, asked, strict=True)]
        learner = fit(labelled, classes, 0)
        fitted.append((bouts, labelled, learner))
    return fitted


def _next(
    reads: Sequence[Read], examples: Sequence[Example], asked: Sequence[NDArray[np.int64]], count: int,
    said: Sequence[Array] | None, random: np.random.Generator | None,
) -> list[Proposal]:  # fmt: skip
    if random is None:
        return propose(reads, asked, count, said)
    bouts = [
        Proposal(number, who, int(first), int(last), UNLABELLED, 0.0)
        for number, each in enumerate(examples)
        for who in range(each.labels.shape[1])
        for first, last in _bouts(each.labels[:, who])
        if asked[number][first, who] == UNLABELLED
    ]
    return [bouts[place] for place in random.permutation(len(bouts))[:count]]


def _answered(truth: NDArray[np.int64], asked: NDArray[np.int64], proposal: Proposal) -> int:
    """Label the bout around the middle of a piece; 1 when it is a new one."""
    middle = (proposal.first + proposal.last) // 2
    if asked[middle, proposal.animal] != UNLABELLED:
        return 0
    for first, last in _bouts(truth[:, proposal.animal]):
        if first <= middle < last:
            asked[first:last, proposal.animal] = truth[first:last, proposal.animal]
    return 1


def _bouts(labels: NDArray[np.int64]) -> list[tuple[int, int]]:
    edges = np.concatenate(([0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)]))
    return [(int(a), int(b)) for a, b in pairwise(edges)]
