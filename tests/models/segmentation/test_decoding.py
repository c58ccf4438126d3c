"""Decoding against every path there is."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.models.segmentation.decoding import decoded, settled_paths


def best_of_all(scores: np.ndarray, change: float, shortest: np.ndarray) -> float:
    """Value of the best path, by trying all of them."""
    best = -np.inf
    for path in product(range(scores.shape[1]), repeat=len(scores)):
        stretches = [(kind, len(list(group))) for kind, group in groupby(path)]
        if all(length >= shortest[kind] for kind, length in stretches[1:-1]):
            value = sum(scores[t, kind] for t, kind in enumerate(path)) - change * (len(stretches) - 1)
            best = max(best, value)
    return best


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 1.5]), st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_the_path_is_the_best_of_all_that_last_long_enough(seed, change, least):
    scores = np.random.default_rng(seed).standard_normal((6, 3))
    shortest = np.array(least)
    path = decoded(scores, change, shortest)
    stretches = [(kind, len(list(group))) for kind, group in groupby(path.tolist())]
    assert all(length >= shortest[kind] for kind, length in stretches[1:-1])
    value = scores[np.arange(6), path].sum() - change * (len(stretches) - 1)
    assert abs(value - best_of_all(scores, change, shortest)) < 1e-9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 3.0]), st.integers(1, 60))
def test_many_lanes_at_once_settle_as_each_does_alone(seed, change, rows):
    scores = np.random.default_rng(seed).standard_normal((rows, 3, 4))
    paths = settled_paths(scores, change)
    for lane in range(3):
        np.testing.assert_array_equal(paths[:, lane], decoded(scores[:, lane], change))


def test_nothing_decodes_to_nothing():
    assert len(decoded(np.empty((0, 3)), 1.0)) == 0
    assert settled_paths(np.empty((0, 2, 3)), 1.0).shape == (0, 2)
