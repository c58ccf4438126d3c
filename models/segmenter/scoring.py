"""How good a timeline is: frame by frame, bout by bout, against chance, rules and a second annotator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.agreement.chance import cohen_kappa
from bitflow.errors import BitflowError
from bitflow.models.evaluation.banos import BanosScore, banos, banos_mean
from bitflow.models.evaluation.metrics import class_f1, confusion
from bitflow.models.evaluation.segmental import edit_score, segmental_f1
from bitflow.models.segmentation.features import FEATURE_HZ
from bitflow.models.segmenter.labels import UNLABELLED
from bitflow.store import FeatureStore

Timeline = NDArray[np.int64]

RULES: dict[str, str] = {
    **{"rest": "still", "resting": "still", "immobile": "still", "walk": "moving", "locomotion": "moving"},
    **{"rear": "rearing", "groom": "grooming", "investigate": "nose_to_tail", "investigation": "nose_to_body"},
    **{name: name for name in ("still", "moving", "rearing", "grooming", "freezing", "chase", "flee", "follow")},
    **{name: name for name in ("nose_to_nose", "nose_to_tail", "nose_to_body", "huddle", "contact")},
}
"""The built-in event that stands for a behaviour of this name, where there is one."""

_GENERAL_FIRST = ("still", "moving", "freezing", "grooming", "rearing")


def scores(timeline: Timeline, truth: Timeline, classes: Sequence[str]) -> dict[str, Any]:
    """Scores of one recording's timeline ``(n, A)`` where the truth is known; bouts are counted on rows of 0.1 s.

    Behaviours that neither has do not count in the means.
    """
    known = truth != UNLABELLED
    said, true = timeline[known], truth[known]
    count = len(classes)
    f1 = np.asarray(class_f1(true, said, count), float)
    there = np.array([(true == kind).any() or (said == kind).any() for kind in range(count)])
    tracks = [(timeline[known[:, who], who], truth[known[:, who], who]) for who in np.flatnonzero(known.any(axis=0))]
    bouts = {
        name: banos_mean(banos(a == kind, b == kind) for a, b in tracks)
        for kind, name in enumerate(classes)
        if there[kind]
    }
    return {
        "macro_f1": float(f1[there].mean()),
        "f1": {name: float(f1[kind]) for kind, name in enumerate(classes) if there[kind]},
        "prevalence": {name: float((true == kind).mean()) for kind, name in enumerate(classes)},
        "kappa": cohen_kappa(said, true),
        "banos": {name: asdict(score) for name, score in bouts.items()},
        "banos_mean": asdict(banos_mean(BanosScore(**asdict(score)) for score in bouts.values())),
        "f1_at_25": float(np.nanmean([segmental_f1(a, b, overlap=0.25) for a, b in tracks])),
        "f1_at_50": float(np.nanmean([segmental_f1(a, b, overlap=0.5) for a, b in tracks])),
        "edit": float(np.nanmean([edit_score(a, b) for a, b in tracks])),
        "confusion": np.asarray(confusion(true, said, count)).astype(int).tolist(),
    }


def majority(truths: Sequence[Timeline], like: Timeline) -> Timeline:
    """The most common class everywhere."""
    flat = np.concatenate([truth.ravel() for truth in truths])
    return np.full_like(like, int(np.bincount(flat[flat != UNLABELLED]).argmax()))


def by_rules(store: FeatureStore, recording: str, classes: Sequence[str], like: Timeline, idle: int) -> Timeline:
    """What the built-in events of the event language say: the general ones first, the special over them.

    Where none holds it is class number `idle`; behaviours without a rule are never found.
    """
    from bitflow.events.language.definitions import Definitions, builtin
    from bitflow.events.language.outcome import ask_store
    from bitflow.events.language.text import parse

    found = np.full_like(like, idle)
    rules = {name: RULES[name] for name in classes if name in RULES}
    order = sorted(rules, key=lambda name: _GENERAL_FIRST.index(rules[name]) if rules[name] in _GENERAL_FIRST else 9)
    tracks = {name: number for number, name in enumerate(_animals(store, recording))}
    for name in order:
        try:
            told = ask_store(store, parse(f"list {rules[name]}"), Definitions.of(builtin()), [recording])
        except BitflowError:  # a keypoint or region that the rule needs is not there: the rule finds nothing
            continue
        for event in told.events:
            first, last = (round(time * FEATURE_HZ) for time in (event.start, event.end))
            if event.actor in tracks:
                found[first:last, tracks[event.actor]] = classes.index(name)
    return found


def mean_of(each: Sequence[Mapping[str, Any]], key: str) -> tuple[float, float]:
    """Mean and standard deviation of a score over recordings."""
    values = np.array([entry[key] for entry in each], float)
    return float(np.nanmean(values)), float(np.nanstd(values))


def _animals(store: FeatureStore, recording: str) -> tuple[str, ...]:
    from bitflow.poses import read_facts

    return read_facts(store[recording]).animals
