"""Nobody stands on both sides of a split, in any scheme, for any data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.errors import UsageError
from bitflow.models.evaluation import intervals, schemes
from bitflow.models.evaluation.scores import Draws, Judged


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(2, 5))
def test_grouped_folds_test_everybody_once_and_share_nobody(seed, people, folds):
    draw = np.random.default_rng(seed)
    groups = draw.integers(0, people, 60).astype(str)
    groups[:2] = "0", "1"
    y = draw.integers(0, 2, 60)
    found = schemes.grouped_folds(y, groups, folds, seed=seed)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(60))
    for fold in found:
        assert not set(groups[fold.train]) & set(groups[fold.test])


def test_grouped_folds_are_about_as_even_as_the_classes_allow():
    y = np.tile([0, 1, 1], 40)
    groups = np.repeat(np.arange(40), 3)
    rates = [y[fold.test].mean() for fold in schemes.grouped_folds(y, groups)]
    assert np.ptp(rates) < 0.01


def test_one_participant_cannot_be_split():
    with pytest.raises(UsageError, match="at least two participants"):
        schemes.grouped_folds([0, 1], ["a", "a"])


def test_a_split_that_shares_a_participant_is_refused_unless_a_leak_is_asked_for():
    train, test = np.array([True, True, False, False]), np.array([False, False, True, True])
    groups = np.array(["a", "b", "b", "c"])
    with pytest.raises(UsageError, match=r"'b'.*--allow-leak"):
        schemes.given_split(train, test, groups)
    assert len(schemes.given_split(train, test, groups, leak=True).test) == 2


def test_leaving_a_question_out_also_leaves_out_the_people_who_are_tested():
    groups = np.repeat([f"p{i}" for i in range(12)], 3)
    question = np.tile(["1", "2", "3"], 12)
    found = schemes.left_out(question, groups, "question")
    for fold in found:
        assert not set(question[fold.train]) & set(question[fold.test])
        assert not set(groups[fold.train]) & set(groups[fold.test])
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(36))


def test_random_folds_do_share_people():
    groups = np.repeat(np.arange(10), 5)
    found = schemes.random_folds(np.tile([0, 1], 25))
    assert any(set(groups[fold.train]) & set(groups[fold.test]) for fold in found)


def test_the_interval_of_a_mean_over_participants_covers_nineteen_times_in_twenty():
    draw = np.random.default_rng(0)
    covered = 0
    for trial in range(120):
        people = draw.normal(0, 1, 40)
        groups = np.repeat(np.arange(40), 5)
        values = people[groups] + draw.normal(0, 0.1, 200)
        weights = intervals.resample_weights(groups, resamples=400, seed=trial)
        low, high = intervals.interval(lambda w, v=values: w @ v / w.sum(axis=-1), weights, groups)
        covered += low <= 0 <= high
    assert 105 <= covered <= 120


def test_fewer_than_ten_participants_have_no_interval():
    groups = np.repeat(np.arange(9), 4)
    weights = intervals.resample_weights(groups, resamples=50)
    assert intervals.interval(lambda w: w.sum(axis=-1), weights, groups) is None
    assert intervals.described({"auc": None}) == {"auc": "too few participants"}


def test_a_model_does_not_differ_from_itself_and_does_from_its_opposite():
    draw = np.random.default_rng(2)
    groups, y = np.repeat(np.arange(30), 4), draw.integers(0, 2, 120)
    good = Judged(y, np.clip(0.5 + 0.3 * (2 * y - 1) + draw.normal(0, 0.2, 120), 0, 1), groups)
    chance = Judged(y, draw.random(120), groups)
    draws = Draws(groups, 300)
    same = draws.difference(good, good, "macro_f1")
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    better = draws.difference(good, chance, "auc")
    assert better.low > 0
    assert better.p < 0.01
