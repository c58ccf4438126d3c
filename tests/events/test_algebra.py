"""Signals become masks, masks become events, and events combine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.errors import UsageError
from bitflow.events import Events, Mask, Signal
from bitflow.timeline import Interval

NAN = float("nan")
TRUTH = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=60)


def mask(values: list[bool | None], rate: float = 10.0) -> Mask:
    return Mask(np.array([v is True for v in values]), np.array([v is not None for v in values]), 0.0, rate)


def events(*parts: tuple[float, float]) -> Events:
    seen = mask([True] * 200)
    return Events.at(np.array([a for a, _ in parts]), np.array([b for _, b in parts]), seen)


def spans(found: Events) -> list[tuple[float, float]]:
    return [(round(e.start, 6), round(e.end, 6)) for e in found]


def test_comparison_with_a_missing_value_is_unknown():
    above = Signal(np.array([1.0, 3.0, NAN]), rate=1.0) > 2
    assert above.yes.tolist() == [False, True, False]
    assert above.known.tolist() == [True, True, False]


@given(TRUTH, TRUTH)
def test_logic_is_kleenes(left, right):
    n = min(len(left), len(right))
    a, b = mask(left[:n]), mask(right[:n])
    both, either = a & b, a | b
    for k in range(n):
        x, y = left[k], right[k]
        conjunction = False if x is False or y is False else None if x is None or y is None else True
        disjunction = True if x is True or y is True else None if x is None or y is None else False
        assert (bool(both.yes[k]) if both.known[k] else None) is conjunction
        assert (bool(either.yes[k]) if either.known[k] else None) is disjunction


@given(TRUTH)
def test_de_morgan_holds_and_nothing_is_both_true_and_unknown(values):
    a, b = mask(values), mask(values[::-1])
    assert np.array_equal((~(a & b)).yes, (~a | ~b).yes)
    assert not ((~a).yes & ~a.known).any()


@given(TRUTH, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_events_keep_their_promises(values, shortest, merge):
    found = mask(values).events(shortest=shortest, merge=merge, coverage=0.0)
    assert (found.durations >= shortest - 1e-6).all()
    assert (found.starts[1:] - found.ends[:-1] >= merge - 1e-6).all()
    assert ((found.coverage >= 0) & (found.coverage <= 1)).all()


def test_hysteresis_holds_between_its_thresholds_and_forgets_across_the_unknown():
    signal = Signal(np.array([0.0, 0.6, 0.4, 0.2, 0.6, NAN, 0.4, 0.6]), rate=1.0)
    assert signal.hysteresis(0.5, 0.3).yes.tolist() == [False, True, True, False, True, False, False, True]


def test_a_falling_signal_has_hysteresis_too():
    assert Signal(np.array([1.0, 0.4, 0.6, 0.8]), rate=1.0).hysteresis(0.5, 0.7).yes.tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_a_single_sample_is_one_event_wherever_it_stands():
    for before in range(4):
        assert spans(mask([False] * before + [True, False]).events()) == [(before / 10, (before + 1) / 10)]


def test_an_event_that_runs_into_the_unseen_is_not_complete():
    found = mask([False, True, True, None, False, True, False]).events()
    assert found.complete.tolist() == [False, True]


def test_a_merged_gap_that_was_not_seen_lowers_the_coverage():
    found = mask([True, None, None, True]).events(merge=0.3)
    assert spans(found) == [(0.0, 0.4)]
    assert found.coverage.tolist() == [0.5]


def test_intersection_union_and_difference_of_time():
    a, b = events((0, 2), (4, 6)), events((1, 5))
    assert spans(a & b) == [(1, 2), (4, 5)]
    assert spans(a | b) == [(0, 6)]
    assert spans(a - b) == [(0, 1), (5, 6)]


def test_whole_events_are_chosen_by_what_surrounds_and_follows_them():
    a = events((0, 1), (3, 4), (6, 7))
    assert spans(a.within(events((2.5, 5)))) == [(3, 4)]
    assert spans(a.overlapping(events((0.5, 3.5)))) == [(0, 1), (3, 4)]
    assert spans(a.followed_by(events((1.5, 2), (9, 10)), before=2)) == [(0, 1)]


def test_crop_counts_an_event_where_it_begins():
    a = events((0, 2), (4, 6))
    assert spans(a.crop(Interval(1, 5))) == [(4, 6)]
    assert len(a.crop(Interval(0, 4))) + len(a.crop(Interval(4, 20))) == len(a)
    assert a.crop(Interval(1, 5)).seen_seconds == pytest.approx(4)


def test_a_mask_of_events_gives_them_back():
    a = events((0.5, 1.5), (3, 4))
    assert spans(a.mask().events()) == spans(a)


def test_signals_on_different_clocks_do_not_mix():
    with pytest.raises(UsageError, match="different clocks"):
        Signal(np.zeros(3), rate=10.0) + Signal(np.zeros(3), rate=20.0)
