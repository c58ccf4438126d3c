"""Agreement: values known from the literature and from arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.annotations.agreement.chance import cohen_kappa, fleiss_kappa, krippendorff_alpha
from bitflow.annotations.agreement.judges import conservative_intersection
from bitflow.annotations.agreement.matching import event_agreement, match_events
from bitflow.annotations.agreement.raters import agreement_of
from bitflow.annotations.labels import Annotations, Label
from bitflow.errors import UsageError

NAN = float("nan")

#: The reliability data of Krippendorff (2011), section C: four observers, twelve units, missing values.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T

#: Counts of the worked example of Fleiss (1971) as it is reprinted: ten subjects, fourteen raters, five categories.
FLEISS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_is_that_of_krippendorffs_example(level, alpha):
    assert krippendorff_alpha(KRIPPENDORFF, level) == pytest.approx(alpha, abs=5e-4)


def test_fleiss_kappa_is_that_of_the_worked_example():
    ratings = np.array([np.repeat(np.arange(5), row) for row in FLEISS])
    assert fleiss_kappa(ratings) == pytest.approx(0.210, abs=5e-4)


def test_kappa_by_hand():
    # Both yes 20, first only 5, second only 10, neither 15: p = .7, chance = .5.
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert cohen_kappa(first, second) == pytest.approx((0.7 - 0.5) / 0.5)


def test_kappa_says_nothing_where_only_one_category_occurs():
    assert np.isnan(cohen_kappa(np.zeros(9, int), np.zeros(9, int)))
    assert np.isnan(fleiss_kappa(np.zeros((9, 3), int)))
    assert np.isnan(krippendorff_alpha(np.zeros((9, 2))))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=4, max_size=60))
def test_perfect_agreement_is_one_and_annotators_may_change_places(rows):
    ratings = np.array(rows)
    same = np.repeat(ratings[:, :1], 3, axis=1)
    if len(np.unique(same)) > 1:
        assert fleiss_kappa(same) == pytest.approx(1)
        assert krippendorff_alpha(same.astype(float)) == pytest.approx(1)
    swapped = ratings[:, [2, 0, 1]]
    assert fleiss_kappa(swapped) == pytest.approx(fleiss_kappa(ratings), nan_ok=True)
    assert krippendorff_alpha(swapped.astype(float)) == pytest.approx(
        krippendorff_alpha(ratings.astype(float)), nan_ok=True
    )


def test_an_event_is_matched_once_and_by_the_best_assignment():
    reference = [Label(0, 10, "x"), Label(10, 20, "x")]
    found = [Label(1, 12, "x"), Label(0, 9, "x")]
    assert sorted(match_events(reference, found, overlap=0.1)) == [(0, 1), (1, 0)]
    assert match_events(reference[:1], [Label(0, 10, "x")] * 2) in ([(0, 0)], [(0, 1)])


def test_onset_errors_are_signed_toward_the_other_annotator():
    reference = [Label(10 * k, 10 * k + 4, "x") for k in range(5)]
    found = [Label(10 * k + 0.3, 10 * k + 3.9, "x") for k in range(5)]
    agreement = event_agreement(reference, found)
    assert agreement.f1 == 1
    assert agreement.onset_bias_s == pytest.approx(0.3)
    assert agreement.onset_error_s == pytest.approx(0.3)
    assert agreement.offset_error_s == pytest.approx(0.1)


def test_events_without_a_length_match_within_the_tolerance():
    agreement = event_agreement([Label(1, 1, "x"), Label(5, 5, "x")], [Label(1.4, 1.4, "x"), Label(5.6, 5.6, "x")])
    assert (agreement.matched, agreement.precision, agreement.recall) == (1, 0.5, 0.5)


def test_two_judges_agree_only_where_both_see_it():
    one = Annotations.of([Label(0, 4, "smile", subject="a"), Label(6, 7, "nod")])
    other = Annotations.of([Label(3, 8, "smile", subject="a"), Label(3, 4, "smile", subject="b")])
    both = conservative_intersection(one, other)
    assert [(label.start, label.end, label.subject) for label in both.agreed.labels] == [(3.0, 4.0, "a")]
    assert {(label.start, label.end, label.name, label.subject) for label in both.disputed.labels} == {
        (0.0, 3.0, "smile", "a"),
        (4.0, 8.0, "smile", "a"),
        (6.0, 7.0, "nod", ""),
        (3.0, 4.0, "smile", "b"),
    }


def test_the_summary_holds_units_events_and_seconds_of_both():
    anna = Annotations.of([Label(0, 5, "smile")], duration=10.0)
    ben = Annotations.of([Label(1, 5, "smile")], duration=10.0)
    told = agreement_of({"anna": anna, "ben": ben})["categories"]["smile"]
    assert told["percent_agreement"] == pytest.approx(90)
    assert told["cohen_kappa"] == pytest.approx((0.9 - 0.5) / 0.5)
    assert (told["agreed_s"], told["disputed_s"]) == (4.0, 1.0)
    assert told["events"]["ben"]["onset_bias_s"] == 1.0
    with pytest.raises(UsageError, match="nobody used the label 'frown'"):
        agreement_of({"anna": anna, "ben": ben}, names=["frown"])
    with pytest.raises(UsageError, match="two annotators"):
        agreement_of({"anna": anna})
