"""Labels as intervals and at pictures are the same thing on one clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.annotations.frame_labels import UNKNOWN, frame_labels, label_intervals
from bitflow.annotations.labels import Label
from bitflow.errors import UsageError

#: A recording whose pictures come at uneven times.
TIMES = np.array([0.0, 0.04, 0.08, 0.2, 0.24, 0.4])


def test_intervals_are_half_open_on_presentation_times():
    found = frame_labels([Label(0.04, 0.24, "nod")], TIMES, ["nod"])
    assert found[:, 0].tolist() == [0, 1, 1, 1, 0, 0]


def test_an_event_without_a_length_counts_at_the_picture_then_on_screen():
    assert frame_labels([Label(0.1, 0.1, "click")], TIMES, ["click"])[:, 0].tolist() == [0, 0, 1, 0, 0, 0]


def test_what_was_not_coded_is_unknown_not_absent():
    found = frame_labels([], TIMES, ["nod"], coded=(0.08, 0.24))
    assert found[:, 0].tolist() == [UNKNOWN, UNKNOWN, 0, 0, UNKNOWN, UNKNOWN]


def test_a_run_lasts_until_the_next_picture_is_shown():
    frames = np.array([[0], [1], [1], [0], [UNKNOWN], [1]])
    found = label_intervals(frames, TIMES, ["nod"], last_duration=0.04)
    assert [(label.start, label.end) for label in found.labels] == [(0.04, 0.2), (0.4, pytest.approx(0.44))]


def test_shapes_that_do_not_fit_and_times_that_fall_are_refused():
    with pytest.raises(UsageError, match=r"\(6, 1\)"):
        label_intervals(np.zeros((5, 1), int), TIMES, ["nod"])
    with pytest.raises(UsageError, match="rise"):
        frame_labels([], TIMES[::-1], ["nod"])


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.floats(0.01, 0.5), min_size=2, max_size=40),
    seed=st.integers(0, 2**16),
)
def test_frame_labels_survive_the_way_through_intervals(steps, seed):
    times = np.concatenate(([0.0], np.cumsum(steps)))
    frames = np.random.default_rng(seed).integers(0, 2, (len(times), 3)).astype(np.int8)
    names = ["a", "b", "c"]
    found = label_intervals(frames, times, names)
    assert np.array_equal(frame_labels(found.labels, times, names), frames)
