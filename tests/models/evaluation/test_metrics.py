"""Scores equal scikit-learn's, weights and ties included; what others publish is reproduced under its own name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from bitflow.models.evaluation import metrics

SEEDS = st.integers(0, 10_000)


def drawn(seed: int):
    draw = np.random.default_rng(seed)
    n = int(draw.integers(4, 120))
    y = draw.integers(0, 2, n)
    y[:2] = 0, 1
    score = np.round(draw.random(n), int(draw.integers(1, 4)))  # few digits: many ties
    weight = draw.integers(0, 4, (3, n)).astype(float)
    weight[:, :2] = 1.0
    return y, score, weight


BY_SCORE = {
    metrics.average_precision: sk.average_precision_score,
    metrics.roc_auc: sk.roc_auc_score,
    metrics.brier: sk.brier_score_loss,
    metrics.log_loss: sk.log_loss,
}


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_scores_of_probabilities_equal_scikit_learn(seed):
    y, score, weight = drawn(seed)
    for ours, theirs in BY_SCORE.items():
        assert ours(y, score) == pytest.approx(theirs(y, score), abs=1e-12)
        expected = [theirs(y, score, sample_weight=w) for w in weight]
        assert ours(y, score, weight) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(2, 4))
def test_scores_of_decisions_equal_scikit_learn(seed, classes):
    draw = np.random.default_rng(seed)
    y, predicted = draw.integers(0, classes, (2, 60))
    weight = draw.integers(0, 4, (3, 60)).astype(float)
    for name, average in (("macro_f1", "macro"), ("weighted_f1", "weighted")):
        ours = getattr(metrics, name)
        assert ours(y, predicted) == pytest.approx(sk.f1_score(y, predicted, average=average), abs=1e-12)
        expected = [sk.f1_score(y, predicted, average=average, sample_weight=w, zero_division=0) for w in weight]
        assert ours(y, predicted, weight) == pytest.approx(expected, abs=1e-12)
    assert metrics.accuracy(y, predicted) == pytest.approx(sk.accuracy_score(y, predicted), abs=1e-12)
    assert metrics.balanced_accuracy(y, predicted) == pytest.approx(sk.balanced_accuracy_score(y, predicted), abs=1e-12)
    assert metrics.class_f1(y, predicted, classes) == pytest.approx(
        sk.f1_score(y, predicted, average=None, labels=range(classes), zero_division=0), abs=1e-12
    )


def test_whole_number_weights_are_repeated_samples():
    y, score, weight = drawn(7)
    again = np.repeat(np.arange(len(y)), weight[0].astype(int))
    for ours in BY_SCORE:
        assert ours(y, score, weight[0]) == pytest.approx(ours(y[again], score[again]), abs=1e-12)
    strata = np.arange(len(y)) % 3
    assert metrics.within_auc(y, score, strata, weight[0]) == pytest.approx(
        metrics.within_auc(y[again], score[again], strata[again]), abs=1e-12
    )


def test_within_auc_sees_nothing_in_a_score_that_only_knows_the_question():
    y = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    question = np.array([1, 1, 1, 1, 2, 2, 2, 2])
    assert metrics.roc_auc(y, question) == 0.75
    assert metrics.within_auc(y, question, question) == 0.5
    ranked = np.array([0.1, 0.2, 0.3, 0.9, 0.1, 0.5, 0.6, 0.7])
    assert metrics.within_auc(y, ranked, question) == 1.0


def test_what_is_not_defined_is_nan():
    assert np.isnan(metrics.roc_auc([1, 1], [0.2, 0.3]))
    assert np.isnan(metrics.average_precision([0, 0], [0.2, 0.3]))
    assert np.isnan(metrics.within_auc([0, 1], [0.2, 0.3], [1, 2]))


def test_the_legacy_precision_punishes_confidence_and_the_exact_one_does_not():
    draw = np.random.default_rng(0)
    y = (np.arange(392) < 239).astype(int)
    logit = draw.normal(0, 1, 392) + 1.2 * y
    moderate, saturated = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(-8 * logit))
    assert metrics.average_precision(y, saturated) == pytest.approx(metrics.average_precision(y, moderate), abs=0.02)
    assert metrics.bah_ap_legacy(y, saturated) < 0.6 < 0.7 < metrics.bah_ap_legacy(y, moderate)


def test_the_legacy_precision_equals_its_definition():
    y, score, _ = drawn(3)
    precision, recall = [], []
    for threshold in np.arange(0, 1, 0.001):
        named = score >= threshold
        hits = (named & (y == 1)).sum()
        precision.append(hits / named.sum() if named.any() else 0.0)
        recall.append(hits / (y == 1).sum())
    assert metrics.bah_ap_legacy(y, score) == pytest.approx(sk.auc(recall, precision), abs=1e-12)


def test_calibration_error_is_chance_free_for_true_probabilities_and_large_for_doubled_odds():
    draw = np.random.default_rng(1)
    p = draw.uniform(0.02, 0.98, 4000)
    y = (draw.random(4000) < p).astype(int)
    assert metrics.calibration_error(y, p) < 0.01
    assert metrics.calibration_error(y, np.where(p > 0.5, 0.97, 0.03)) > 0.15
