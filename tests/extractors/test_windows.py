"""Crop windows between key frames, and how few batches they take."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from bitflow.extractors.landmarks.roi import between
from bitflow.extractors.tracking.chain import Rules, follow_chunk
from bitflow.extractors.tracking.keyframes import key_frames
from bitflow.extractors.tracking.windows import follow_windows
from tests.extractors.test_tracking import Thing, World, WorldFollower, still


@dataclass
class At:
    """A moment."""

    time: float


def test_windows_go_evenly_in_place_in_the_logarithm_of_size_and_the_shorter_way_round():
    middle = between((0.0, 10.0, 50.0, math.radians(170)), (40.0, 10.0, 200.0, math.radians(-170)), 0.5)
    assert middle[:3] == pytest.approx((20.0, 10.0, 100.0))
    assert math.cos(middle[3]) == pytest.approx(-1.0)


@pytest.mark.parametrize(("rate", "step"), [(60, 6), (25, 6), (12, 3), (8, 2), (4, 1), (1, 1)])
def test_key_frames_are_a_quarter_of_a_second_apart_at_most_and_end_with_the_last(rate, step):
    keys = key_frames([At(t / rate) for t in range(20)], 6)
    assert keys[0] == 0
    assert keys[-1] == 19
    assert max(np.diff(keys)) == step


def test_a_single_frame_is_its_own_key():
    assert key_frames([At(3.0)], 6) == [0]


def test_many_people_take_no_more_batches_than_one():
    batches = []
    for people in (1, 4):
        world = World([Thing(still(24, 150 + 250 * i)) for i in range(people)])
        follow_windows(world.pictures(), WorldFollower(world), Rules())  # type: ignore[arg-type]
        batches.append(world.batches)
    assert batches[0] == batches[1] <= 3


def test_where_the_window_is_off_it_is_looked_at_again():
    # there and back within the quarter of a second between two key frames
    path = still(24, 200)
    path[7:12, 0] += [12.0, 24.0, 30.0, 24.0, 12.0]
    world = World([Thing(path)])
    (chain,) = follow_windows(world.pictures(), WorldFollower(world), Rules()).chains  # type: ignore[arg-type]
    assert len(chain) == 24
    assert [roi[0] for roi in chain.rois[8:11]] == [224.0, 230.0, 224.0]


def test_where_two_cross_the_chunk_is_followed_frame_by_frame():
    t = np.arange(24) - 12.0
    paths = [np.column_stack([300 + way * 8 * t, np.full(24, 200.0)]) for way in (1, -1)]
    world = World([Thing(path) for path in paths])
    pictures, follower = world.pictures(), WorldFollower(world)
    in_windows = follow_windows(pictures, follower, Rules())  # type: ignore[arg-type]
    one_by_one = follow_chunk(pictures, follower, Rules())  # type: ignore[arg-type]
    assert [(c.start, c.places) for c in in_windows.chains] == [(c.start, c.places) for c in one_by_one.chains]


def test_what_is_not_expected_anywhere_is_not_looked_for():
    world = World([Thing(still(24, 200))])
    pictures = world.pictures()
    assert follow_windows(pictures, WorldFollower(world), Rules(), [0] * 24).chains == []  # type: ignore[arg-type]
    assert len(follow_windows(pictures, WorldFollower(world), Rules(), [1] * 24).chains) == 1  # type: ignore[arg-type]
