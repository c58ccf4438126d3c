"""Segmental F1 and edit score against counts by hand, and against plain dynamic programming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.errors import UsageError
from bitflow.models.evaluation.segmental import edit_score, segmental_f1

timelines = st.lists(st.integers(0, 3), min_size=1, max_size=25)


def plain_distance(a: list[int], b: list[int]) -> int:
    """Levenshtein distance, cell by cell."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def order_of(labels: list[int]) -> list[int]:
    return [x for k, x in enumerate(labels) if not k or labels[k - 1] != x]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=25))
def test_edit_score_is_the_distance_of_the_orders(pairs):
    said, true = ([pair[k] for pair in pairs] for k in (0, 1))
    a, b = order_of(said), order_of(true)
    assert edit_score(np.array(said), np.array(true)) == pytest.approx(1 - plain_distance(a, b) / max(len(a), len(b)))


@settings(max_examples=30, deadline=None)
@given(timelines)
def test_a_timeline_agrees_with_itself(labels):
    assert segmental_f1(np.array(labels), np.array(labels), overlap=1.0) == 1.0


def test_over_segmentation_costs_although_no_frame_is_far_off():
    truth = np.repeat([0, 1, 0], 20)
    torn = truth.copy()
    torn[[5, 25, 45]] = [1, 0, 1]
    assert (torn == truth).mean() == 0.95
    # Six fragments of the three segments fit nothing or come second: 3 hits of 9 found and 3 wanted.
    assert segmental_f1(torn, truth, overlap=0.5) == pytest.approx(2 * 3 / (9 + 3))
    assert edit_score(torn, truth) == pytest.approx(1 - 6 / 9)


def test_a_stricter_overlap_finds_less():
    truth, late = np.repeat([0, 1, 0], [10, 10, 10]), np.repeat([0, 1, 0], [16, 10, 4])
    scores = [segmental_f1(late, truth, overlap=share, background=[0]) for share in (0.1, 0.25, 0.5)]
    assert scores == [1.0, 1.0, 0.0]  # the two bouts share 4 of 16 frames


def test_nothing_but_background_has_no_score():
    assert np.isnan(segmental_f1(np.zeros(5), np.zeros(5), background=[0]))


def test_timelines_of_other_lengths_are_refused():
    with pytest.raises(UsageError, match="same frames"):
        edit_score(np.zeros(3), np.zeros(4))
