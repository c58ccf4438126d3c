"""Training a segmenter: recordings are never split over folds, and probabilities are calibrated on unseen ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.evaluation.schemes import grouped_folds
from bitflow.models.segmentation.reading import stretches
from bitflow.models.segmenter.labels import (
    UNLABELLED,
    Labelled,
    annotators_of,
    bouts_of,
    classes_of,
    directed_classes,
    painted_rows,
)
from bitflow.models.segmenter.model import (
    Example,
    Learner,
    Model,
    balanced,
    calibrated,
    calibration_of,
    changes_of,
    shortest_of,
    untouched,
)
from bitflow.models.segmenter.trees import ROUNDS, Trees
from bitflow.models.segmenter.windows import Windows, windows_of
from bitflow.poses import read_facts
from bitflow.store import FeatureStore

FOLDS = 5
MOST_ROWS = 200_000
"""Rows that trees learn from; of more every so many-th is taken."""

Fit = Callable[[Sequence[Example], int, int], Learner]


@dataclass(frozen=True, eq=False)
class Unseen:
    """What a model that had not seen a recording says of it: probabilities, timeline, truth."""

    recording: str
    probability: NDArray[np.float64]
    timeline: NDArray[np.int64]
    truth: NDArray[np.int64]


def whole_windows(store: FeatureStore, recording: str) -> tuple[Windows, tuple[str, ...], tuple[str, ...]]:
    """Features of a whole recording, its keypoints, and its animals."""
    parts = []
    for stretch in stretches(store[recording]):
        parts.append(windows_of(stretch.bodies, first=stretch.first, last=stretch.last))
    facts = read_facts(store[recording])
    return Windows.joined(parts), facts.keypoints, facts.animals


def examples_of(
    store: FeatureStore, recordings: Sequence[str], *, annotator: str | None = None
) -> tuple[list[Example], list[Labelled], tuple[str, ...], tuple[str, ...]]:
    """Features and labels of recordings, their bouts, the classes, and the keypoints.

    Raises
    ------
    UsageError
        Recordings differ in keypoints, or fewer than two behaviours are annotated.
    """
    read, labelled, keypoints = [], [], None
    for name in recordings:
        windows, points, animals = whole_windows(store, name)
        if keypoints is not None and points != keypoints:
            raise UsageError(f"recording {name!r} has other keypoints than the ones before: train on one kind of poses")
        if read and windows.names != read[0].names:
            raise UsageError(f"recording {name!r} has one animal where others have several: train on one kind")
        keypoints = points
        read.append(windows)
        labelled.append(bouts_of(store[name], animals, annotator or annotators_of(store[name])[0]))
    shapes = [windows.seen.shape for windows in read]
    classes = classes_of(labelled, [rows for rows, _ in shapes], [many for _, many in shapes])
    if len(classes) < 2:
        raise UsageError(f"two behaviours at least must be annotated to be told apart, there is {classes or 'none'}")
    examples = [
        Example(windows, painted_rows(each, classes, *shape), each.recording)
        for windows, each, shape in zip(read, labelled, shapes, strict=True)
    ]
    return examples, labelled, classes, keypoints or ()


def fit_trees(examples: Sequence[Example], classes: int, seed: int, *, rounds: int = ROUNDS) -> Trees:
    """Boosted trees on the rows that are labelled."""
    labels = np.concatenate([each.labels.ravel() for each in examples])
    every = max(1, int((labels != UNLABELLED).sum()) // MOST_ROWS)
    chosen = np.flatnonzero(labels != UNLABELLED)[::every]
    width = examples[0].windows.values.shape[-1]
    ends = np.cumsum([each.labels.size for each in examples])
    parts = [
        each.windows.values.reshape(-1, width)[chosen[(chosen >= end - each.labels.size) & (chosen < end)] - end]
        for each, end in zip(examples, ends, strict=True)
    ]
    wanted = labels[chosen]
    return Trees.fit(np.concatenate(parts), wanted, balanced(wanted, classes), classes, rounds=rounds, seed=seed)


def trained(
    examples: Sequence[Example],
    labelled: Sequence[Labelled],
    classes: tuple[str, ...],
    keypoints: tuple[str, ...],
    fit: Fit,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> tuple[Model, list[Unseen]]:
    """A segmenter from all recordings, and what models without each recording say of it.

    Recordings of one group (one individual) are never on both sides; by default each is its own. With one group there
    is nothing unseen: probabilities stay as the learner gives them.
    """
    whose = [each.recording for each in examples] if groups is None else list(groups)
    count = len(classes)
    directed = directed_classes(labelled, classes)
    names = examples[0].windows.names

    def model(parts: Sequence[Example], learner: Learner, calibration: NDArray[np.float64]) -> Model:
        return Model(
            classes,
            directed,
            keypoints,
            names,
            learner,
            calibration,
            changes_of(parts, count),
            shortest_of(parts, count),
        )

    unseen: list[Unseen] = []
    calibration = untouched(count)
    if len(set(whose)) > 1:
        raw: dict[int, NDArray[np.float64]] = {}
        folds = grouped_folds(np.zeros(len(examples), int), whose, FOLDS, seed=seed)
        held: dict[int, Model] = {}
        for fold in folds:
            part = [examples[i] for i in fold.train]
            learner = fit(part, count, seed)
            for i in fold.test:
                raw[i] = learner.probabilities_of(examples[i].windows)
                held[i] = model(part, learner, calibration)

        def learned_from(numbers: Sequence[int]) -> NDArray[np.float64]:
            said = np.concatenate([raw[i].reshape(-1, count) for i in numbers])
            return calibration_of(said, np.concatenate([examples[i].labels.ravel() for i in numbers]), count)

        everywhere = sorted(raw)
        calibration = learned_from(everywhere)
        for i in everywhere:  # what is reported of a recording was calibrated on the others
            probability = calibrated(raw[i], learned_from([other for other in everywhere if whose[other] != whose[i]]))
            unseen.append(Unseen(examples[i].recording, probability, held[i].timeline(probability), examples[i].labels))
    return model(examples, fit(examples, count, seed), calibration), unseen
