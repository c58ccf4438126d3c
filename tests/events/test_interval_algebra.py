"""The algebra of events against what the words mean, looked at one pair of events at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bitflow.events.intervals import Events
from bitflow.events.mask import Mask

CLOCK = Mask(np.ones(50, bool), np.ones(50, bool), 0.0, 1.0)
STRETCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), max_size=8).map(
    lambda drawn: [(float(start), float(start + length)) for start, length in drawn]
)


def events(stretches: list[tuple[float, float]]) -> Events:
    starts, ends = np.array(stretches, float).reshape(-1, 2).T
    return Events.at(starts, ends, CLOCK)


def covered(of: Events) -> set[int]:
    """Seconds, each by its beginning: all borders are whole numbers."""
    return {second for start, end in zip(of.starts, of.ends, strict=True) for second in range(int(start), int(end))}


def pairs(of: Events) -> list[tuple[float, float]]:
    return list(zip(of.starts.tolist(), of.ends.tolist(), strict=True))


@given(STRETCHES, STRETCHES)
def test_time_is_shared_joined_and_taken_away(first, second):
    a, b = events(first), events(second)
    assert covered(a & b) == covered(a) & covered(b)
    assert covered(a | b) == covered(a) | covered(b)
    assert covered(a - b) == covered(a) - covered(b)
    assert a.seconds == len(covered(a))
    assert set(np.flatnonzero(a.mask().yes).tolist()) == covered(a)
    for found in (a & b, a - b):
        assert all(start < end for start, end in pairs(found))
        assert all(x[1] <= y[0] for x, y in zip(pairs(found), pairs(found)[1:], strict=False))


@given(STRETCHES, STRETCHES)
def test_whole_events_are_chosen_by_any_of_the_others(first, second):
    a, b = events(first), events(second)
    assert pairs(a.within(b)) == [m for m in pairs(a) if any(t[0] <= m[0] and m[1] <= t[1] for t in pairs(b))]
    shared = [max([min(m[1], t[1]) - max(m[0], t[0]) for t in pairs(b)] + [0.0]) for m in pairs(a)]
    assert pairs(a.overlapping(b)) == [m for m, s in zip(pairs(a), shared, strict=True) if s > 0]
    assert a.longest_shared(b).tolist() == shared
