"""Nods and shakes among all else that makes the angles of a head swing."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.events.behaviour import Level
from bitflow.events.head import HeadSeries, find_nods, find_shakes
from bitflow.events.signal import Signal

RATE = 30.0
T = np.arange(round(20 * RATE)) / RATE
#: From 8 to 12 s: 1 within, 0 outside.
WITHIN = ((T >= 8) & (T < 12)).astype(float)


def wave(size: float, hz: float = 1.5) -> np.ndarray:
    return size * np.sin(2 * np.pi * hz * (T - 8)) * WITHIN


def head(pitch=0.0, yaw=0.0, roll=0.0, place: tuple | None = None) -> HeadSeries:
    """Angles in deg, with 0.1° of jitter; place to the right and down in cm."""
    jitter = 0.1 * np.random.default_rng(5).standard_normal((len(T), 3))
    angles = np.stack([np.broadcast_to(v, T.shape) for v in (pitch, yaw, roll)], axis=1) + jitter
    made = HeadSeries.from_angles(Signal(angles, 0.0, RATE, "deg"))
    if place is None:
        return made
    where = np.stack([np.broadcast_to(v, T.shape) for v in place], axis=1).astype(float)
    return HeadSeries(made.angles, made.smooth, made.velocity, made.neutral, Signal(where, 0.0, RATE, "cm"))


def counts(series: HeadSeries, level: Level = Level.STRICT) -> tuple[int, int]:
    return len(find_nods(series, level)), len(find_shakes(series, level))


def test_a_head_that_swings_in_rhythm_nods_or_shakes_once():
    assert counts(head(pitch=wave(5))) == (1, 0)
    assert counts(head(yaw=wave(5))) == (0, 1)
    (nod,) = find_nods(head(pitch=wave(5)))
    assert (nod.start, nod.end) == (pytest.approx(8, abs=0.4), pytest.approx(12, abs=0.4))


def test_a_nod_moves_the_face_about_the_neck_and_still_counts():
    lever_cm = 12.0
    assert counts(head(pitch=wave(6), place=(0.0, -lever_cm * np.radians(wave(6))))) == (1, 0)


@pytest.mark.parametrize("hz", [0.8, 1.5, 2.5])
def test_a_camera_that_is_shaken_makes_nobody_nod(hz):
    """What a shaken picture of a still face gives: 1.4° of pitch for 4.5° of bearing at 28 cm, so 90 cm a radian."""
    shaken = wave(4, hz)
    series = head(pitch=shaken, place=(0.0, 90.0 * np.radians(shaken)))
    assert counts(series) == (0, 0)
    assert counts(head(yaw=shaken, place=(-90.0 * np.radians(shaken), 0.0))) == (0, 0)
    assert counts(series, Level.LENIENT)[0] == 1, "but that somebody nods cannot be excluded either"


def test_a_nod_in_front_of_a_camera_that_is_shaken_is_found():
    slow = wave(2, 0.7)
    series = head(pitch=wave(7, 2.2) + slow, place=(0.0, -10 * np.radians(wave(7, 2.2)) + 40 * np.radians(slow)))
    assert counts(series) == (1, 0)


def test_a_body_that_rocks_is_no_nod():
    assert counts(head(pitch=wave(5, 0.8), place=(0.0, 60 * np.radians(wave(5, 0.8))))) == (0, 0)


def test_a_head_that_is_tilted_from_side_to_side_is_not_shaken():
    assert counts(head(yaw=wave(4), roll=wave(6))) == (0, 0)


def test_moves_without_a_rhythm_are_no_nod_but_may_have_been_one():
    edges = [8.0, 8.5, 9.25, 9.4, 10.1, 10.3]  # up, down, up … in steps of 0.5, 0.75, 0.15, 0.7 and 0.2 s
    heights = [0.0, 9.0, -9.0, 6.0, -4.0, 0.0]
    series = head(pitch=np.interp(T, edges, heights))
    assert counts(series) == (0, 0)
    assert counts(series, Level.LENIENT)[0] == 1


def test_a_quick_nod_of_one_swing_counts_and_a_look_up_does_not():
    def bump(seconds: float) -> np.ndarray:
        return -8 * np.interp(T, [10 - seconds, 10, 10 + seconds], [0, 1, 0])

    # a little drift before and after, so that the bump begins and ends with a turn
    before = np.interp(T, [9.2, 9.6, 10.4, 10.8], [0, 4, 4, 0])
    assert counts(head(pitch=bump(0.35) + before)) == (1, 0)
    assert counts(head(pitch=bump(0.9))) == (0, 0)


def test_whatever_counts_may_have_been_when_the_other_axis_moves_more_elsewhere():
    pitch, yaw = wave(5), 12 * np.sin(2 * np.pi * 1.5 * T) * ((T >= 12) & (T < 13))
    strict = find_nods(head(pitch=pitch, yaw=yaw))
    assert len(strict.overlapping(find_nods(head(pitch=pitch, yaw=yaw), Level.LENIENT))) == len(strict) == 1


def test_an_unmeasured_place_does_not_hide_a_nod():
    assert counts(head(pitch=wave(5), place=(np.nan, np.nan))) == (1, 0)
