"""What personalisation is worth: every participant once a target of whom no label is known, the others sources.

``transductive``: all of the target's recordings are at hand, unlabelled, and all are predicted. ``prospective``: the
first k are at hand, the rest is predicted. Methods run on the same folds, and are compared by participant with no
adaptation at all. The oracle has seen the labels of the target's other recordings: what could be reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.adaptation.adapters import Adapter, LinearClassifier, Matrix, SourceOnly, equal_weights
from bitflow.models.adaptation.cohort import Cohort
from bitflow.models.adaptation.methods import BASELINE, METHODS, Method
from bitflow.models.evaluation import metrics
from bitflow.models.evaluation.baselines import flat
from bitflow.models.evaluation.intervals import RESAMPLES, Difference
from bitflow.models.evaluation.schemes import Fold, grouped_folds
from bitflow.models.evaluation.scores import Draws, Judged

FOLDS = 10
ORACLE = "oracle"

#: In the oracle's training, the target's own recordings weigh as much as this many other participants.
_OWN_WEIGHT = 10.0


@dataclass(frozen=True)
class Gain:
    """How one method does.

    Parameters
    ----------
    macro_f1, auc
        Over all predicted recordings.
    target_mean, target_sd
        Of the targets' own macro-F1.
    difference
        Of macro-F1, to no adaptation, with targets resampled.
    worse
        Share of targets whose own macro-F1 fell.
    """

    method: str
    macro_f1: float
    auc: float
    target_mean: float
    target_sd: float
    difference: Difference
    worse: float

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {**vars(self), "difference": self.difference.as_dict()}


def evaluate(
    cohort: Cohort,
    methods: Sequence[str] = tuple(METHODS),
    *,
    first: int | None = None,
    folds: Sequence[Fold] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Gain]:
    """Run methods on the same folds and compare them with no adaptation.

    Parameters
    ----------
    first
        Recordings of a target that are at hand: the prospective protocol; None for the transductive one.
    folds
        By default ten, by participant.

    Raises
    ------
    UsageError
        A method is unknown, or there is nothing to predict.
    """
    chosen = folds or grouped_folds(cohort.y, cohort.participants, FOLDS, seed=seed)
    probability = predictions(cohort, (BASELINE, *methods, ORACLE), chosen, first=first)
    scored = np.isfinite(probability[BASELINE]).all(axis=1)
    groups = cohort.participants[scored]
    draws = Draws(groups, resamples)
    judged = {name: Judged(cohort.y[scored], flat(p[scored]), groups) for name, p in probability.items()}
    return [_gain(name, judged[name], judged[BASELINE], draws) for name in judged]


def predictions(
    cohort: Cohort, methods: Sequence[str], folds: Sequence[Fold], *, first: int | None = None
) -> Mapping[str, Matrix]:
    """Probabilities ``(n, classes)`` by method; NaN for recordings that were at hand in the prospective protocol."""
    unknown = sorted(set(methods) - set(METHODS) - {ORACLE})
    if unknown:
        raise UsageError(f"there is no way to adapt called {unknown[0]!r}; there are {', '.join(METHODS)}")
    early = np.zeros(len(cohort.y), bool) if first is None else cohort.first(first)
    if early.all():
        raise UsageError(f"no participant has more than {first} recordings, so there is nothing to predict")
    classes = max(2, int(cohort.y.max()) + 1)
    found = {name: np.full((len(cohort.y), classes), np.nan) for name in dict.fromkeys(methods)}
    for fold in folds:
        target = np.zeros(len(cohort.y), bool)
        target[fold.test] = True
        at_hand = target if first is None else target & early
        personal = cohort.personal(~target | at_hand)
        for name, probability in found.items():
            if name == ORACLE:
                _oracle(cohort, personal, fold, probability)
            else:
                method = METHODS[name]
                x = personal if method.personal else cohort.features
                _adapted(x, cohort, method, fold, at_hand, probability)
    for probability in found.values():
        probability[early] = np.nan
    return found


def _adapted(
    x: Matrix, cohort: Cohort, method: Method, fold: Fold, at_hand: NDArray[np.bool_], probability: Matrix
) -> None:
    """Fill in the fold's targets. Of their labels nothing is passed on: `y` is cut to the sources here."""
    adapter: Adapter = method.adapter
    xs, ys, gs = x[fold.train], cohort.y[fold.train], cohort.participants[fold.train]
    alone = not method.together and not isinstance(adapter, SourceOnly)
    for mine in _targets(cohort.participants, fold.test) if alone else [fold.test]:
        seen = mine[at_hand[mine]]
        classifier = adapter.fit(xs, ys, gs, x[seen])
        p = classifier.predict_proba(x[mine])
        probability[mine, : p.shape[1]] = p
        probability[mine, p.shape[1] :] = 0.0


def _oracle(cohort: Cohort, x: Matrix, fold: Fold, probability: Matrix) -> None:
    """Each target recording predicted with the labels of the same person's others."""
    for mine in _targets(cohort.participants, fold.test):
        for one in mine:
            rows = np.concatenate([fold.train, mine[mine != one]])
            weight = equal_weights(cohort.participants[rows])
            weight[len(fold.train) :] *= _OWN_WEIGHT
            classifier = LinearClassifier.fit(x[rows], cohort.y[rows], weight)
            p = classifier.predict_proba(x[one][None])
            probability[one] = 0.0
            probability[one, : p.shape[1]] = p[0]


def _targets(participants: NDArray[Any], test: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [test[participants[test] == who] for who in np.unique(participants[test])]


def _gain(name: str, judged: Judged, baseline: Judged, draws: Draws) -> Gain:
    own, before = _by_target(judged), _by_target(baseline)
    ones = np.ones(len(judged.y))
    return Gain(
        name,
        float(judged.score("macro_f1")(ones)),
        float(judged.score("auc")(ones)),
        float(own.mean()),
        float(own.std()),
        draws.difference(judged, baseline, "macro_f1"),
        float(np.mean(own < before - 1e-12)),
    )


def _by_target(judged: Judged) -> Matrix:
    """Macro-F1 of each target's own recordings."""
    return np.array(
        [
            metrics.macro_f1(judged.y[mine], judged.predicted[mine], classes=judged.classes)
            for who in np.unique(judged.groups)
            for mine in [judged.groups == who]
        ]
    )
