"""Quantities of animals whose answers follow from geometry."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import UsageError
from bitflow.events import Signal
from bitflow.poses import PoseFacts, PoseSeries
from bitflow.poses import kinematics as k
from bitflow.poses.anatomy import Anatomy
from bitflow.poses.cleaning import clean, smoothed
from bitflow.poses.swaps import possible_swaps, unswapped
from bitflow.regions import Region
from bitflow.signals import directions, motion, nearness, paths

_spec = importlib.util.spec_from_file_location("mice", Path(__file__).with_name("mice.py"))
mice = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mice)


def test_speed_is_in_px_a_second_at_any_frame_rate():
    for rate in (15.0, 30.0, 120.0):
        poses = mice.series(mice.gliding(mice.straight(60, (100, 100), (30, 40), rate), np.full(60, 53.13)), rate=rate)
        np.testing.assert_allclose(k.speed(poses), 50.0)
        np.testing.assert_allclose(k.heading(poses), np.rad2deg(np.arctan2(4, 3)))
        np.testing.assert_allclose(k.acceleration(poses), 0.0, atol=1e-6)


def test_the_centre_is_of_the_body_and_the_tail_does_not_move_it():
    place = mice.straight(10, (100, 100), (0, 0))
    poses = mice.series(mice.gliding(place, np.zeros(10)))
    moved = poses.points.copy()
    moved[:, 0, 6] += 500
    np.testing.assert_array_equal(k.centre(poses.with_points(moved)), k.centre(poses))
    two_left = moved.copy()
    two_left[3, 0, :4] = np.nan
    assert np.isnan(k.centre(poses.with_points(two_left))[3]).all()


def test_nothing_is_differentiated_across_a_gap():
    poses = mice.series(mice.gliding(mice.straight(9, (0, 0), (30, 0)), np.zeros(9)))
    points = poses.points.copy()
    points[4] = np.nan
    speed = k.speed(poses.with_points(points))[:, 0]
    assert np.isnan(speed[[3, 4, 5]]).all()
    np.testing.assert_allclose(speed[[0, 1, 2, 6, 7, 8]], 30.0)


def test_turning_clockwise_on_the_screen_is_positive_and_passes_180():
    angles = 150 + 3.0 * np.arange(40)
    poses = mice.series(mice.gliding(mice.straight(40, (0, 0), (0, 0)), angles))
    np.testing.assert_allclose(k.angular_speed(poses)[:, 0], 90.0)
    np.testing.assert_allclose(k.orientation(poses)[:, 0], directions.wrapped_deg(angles))


def test_the_head_cone_has_two_sides_and_directions_have_an_order():
    still = np.zeros(1)
    ahead = mice.gliding(np.array([[0.0, 0.0]]), still)
    for angle in (-170.0, -29.0, 29.0, 120.0):
        seen = np.array([[8.0, 0.0]]) + 100 * np.array([[np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))]])
        other = mice.gliding(seen, still)
        other += seen[:, None] - np.median(other[:, :6], axis=1, keepdims=True)
        poses = mice.series(ahead, other)
        np.testing.assert_allclose(k.head_angle(poses)[0, 0, 1], angle)
        assert np.isnan(k.head_angle(poses)[0, 0, 0])


def test_quadrants_follow_the_signed_angle():
    angles = np.array([0.0, -30.0, 31.0, 149.0, -31.0, -149.0, 150.0, 180.0, np.nan])
    assert [directions.QUADRANTS[q] if q >= 0 else None for q in directions.quadrant(angles)] == [
        *("front", "front", "right", "right", "left", "left", "back", "back"),
        None,
    ]


def test_closing_speed_is_the_speed_towards_the_other_and_nothing_global():
    chaser = mice.gliding(mice.straight(90, (0, 0), (60, 0)), np.zeros(90))
    for frames in (30, 90):
        target = mice.gliding(mice.straight(90, (200, 0), (20, 0)), np.zeros(90))
        closing = k.closing_speed(mice.series(chaser[:frames], target[:frames]))
        np.testing.assert_allclose(closing[:, 0, 1], 60.0)
        np.testing.assert_allclose(closing[:, 1, 0], -20.0)
    np.testing.assert_allclose(nearness.approach_speed(chaser[:, 4], target[:, 4], 30.0), 40.0)


def test_distances_leave_the_tail_out_and_know_their_parts():
    one = mice.gliding(np.zeros((1, 2)), np.zeros(1))
    other = mice.gliding(np.array([[-100.0, 0.0]]), np.zeros(1))
    poses = mice.series(one, other)
    assert k.closest_distance(poses)[0, 0, 1] == pytest.approx(60.0)  # tail base to nose, not the tail's tip
    assert k.part_distance(poses, "nose", "tail_base")[0, 0, 1] == pytest.approx(140.0)
    assert k.part_distance(poses, "nose", "tail_base")[0, 1, 0] == pytest.approx(60.0)


def test_relative_orientation_of_parallel_bodies_is_a_number():
    angle = np.linspace(-180, 180, 400)
    same = mice.gliding(np.zeros((400, 2)), angle)
    relative = k.relative_orientation(mice.series(same, same, mice.gliding(np.zeros((400, 2)), angle + 180)))
    np.testing.assert_allclose(relative[:, 0, 1], 0.0, atol=1e-5)
    np.testing.assert_allclose(relative[:, 0, 2], 180.0, atol=1e-5)


def test_ears_give_the_direction_of_the_head_from_above_and_below():
    poses = mice.series(mice.gliding(np.zeros((5, 2)), np.array([0.0, 45.0, 90.0, 180.0, -90.0])))
    np.testing.assert_allclose(k.head_axis_from_ears(poses), k.head_axis(poses), atol=1e-12)
    np.testing.assert_allclose(k.head_axis_from_ears(poses, "bottom"), -k.head_axis(poses), atol=1e-12)


def test_a_circle_has_its_length_its_turns_and_no_straightness():
    angle = np.linspace(0, 2 * np.pi, 361)
    circle = 50 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert paths.path_length(circle) == pytest.approx(2 * np.pi * 50, rel=1e-4)
    assert paths.straightness(circle) == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(paths.directional_change(circle, 10.0)[2:], 10.0)
    cosine, step = np.cos(np.deg2rad(1)), 2 * 50 * np.sin(np.deg2rad(0.5))
    assert paths.sinuosity(circle) == pytest.approx(2 / np.sqrt(step * (1 + cosine) / (1 - cosine)))
    assert paths.reach(circle) == pytest.approx(cosine / (1 - cosine))
    line = np.stack([np.arange(5.0), np.zeros(5)], axis=1)
    assert (paths.straightness(line), paths.sinuosity(line), paths.reach(line)) == (1.0, 0.0, float("inf"))
    bump = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 0.0]])
    np.testing.assert_allclose(paths.path_deviation(bump), [0, 2, 0])


def test_energy_within_and_of_the_whole_add_up():
    place = mice.straight(50, (0, 0), (30, 0))
    total, whole, within = motion.kinetic_energy(mice.gliding(place, np.zeros(50)), 30.0)
    np.testing.assert_allclose(total, 0.5 * 7 * 900)
    np.testing.assert_allclose(within, 0.0, atol=1e-6)
    spinning = mice.gliding(np.zeros((50, 2)), np.arange(50) * 2.0) - 0.0
    total, whole, within = motion.kinetic_energy(spinning, 30.0)
    np.testing.assert_allclose(total, whole + within)
    assert (within > whole).all()


def test_hull_areas_and_insides_agree_with_a_square():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10], [5, 5], [np.nan, np.nan]], float)
    many = np.repeat(square[None], 4, axis=0)
    np.testing.assert_allclose(nearness.hull_area(many), 100.0)
    places = np.array([[2.0, 3.0], [11.0, 3.0], [-0.5, -0.5], [np.nan, 0.0]])
    np.testing.assert_array_equal(nearness.inside_hull(places, many), [1, 0, 0, np.nan])


def test_hull_areas_agree_with_scipy_on_random_points():
    from scipy.spatial import ConvexHull

    random = np.random.default_rng(3).normal(size=(40, 9, 2))
    np.testing.assert_allclose(nearness.hull_area(random), [ConvexHull(each).volume for each in random])


def test_inside_a_region_is_three_valued():
    poses = mice.series(mice.gliding(np.zeros((4, 2)) + 50.0, np.zeros(4)))
    points = poses.points.copy()
    points[1, 0, 0] = np.nan
    points[2, 0, 0] += 500
    points[3, 0, 5] += 500
    points[3, 0, 0] = np.nan
    poses = poses.with_points(points)
    box = Region("box", "polygon", ((0, 0), (100, 0), (100, 100), (0, 100)))
    parts = ("nose", "tail_base")
    np.testing.assert_array_equal(k.inside(poses, box, parts, how="all")[:, 0], [1, np.nan, 0, 0])
    np.testing.assert_array_equal(k.inside(poses, box, parts, how="any")[:, 0], [1, 1, 1, np.nan])
    mask = Signal(k.inside(poses, box, parts)[:, 0], rate=poses.rate) > 0.5
    assert mask.yes.tolist() == [True, False, False, False]
    assert mask.known.tolist() == [True, False, True, True]
    assert k.inside(poses, box, ("nose",), buffer=-35.0)[0, 0] == 0.0


def test_roles_are_found_under_the_names_of_many_trackers():
    for names in (
        ("NOSE", "BASE_NECK", "BASE_TAIL", "MID_TAIL"),
        ("snout", "neck", "tailbase", "tail1"),
        ("Nose", "Spine_1", "Tail_base", "Tail_tip"),
        ("nose", "neck", "tail base", "tail tip"),
        ("Nose", "Neck", "Tailroot", "tail_end"),
        ("Snout", "Neck", "Butt/Proximal Tail", "Tail_1"),
    ):
        found = Anatomy.of(names)
        assert (found.nose, found.neck, found.tail_base, found.tail) == (0, 1, 2, (3,)), names


def test_a_missing_role_is_an_error_that_names_what_would_do():
    poses = PoseSeries.of(np.zeros((3, 1, 2, 2)), PoseFacts(("paw", "elbow"), ("one",)), rate=10.0)
    with pytest.raises(UsageError, match=r"no keypoint is the nose.*snout.*there are paw, elbow"):
        k.length(poses)


SIGNALS = (
    *(k.speed, k.acceleration, k.fastest_point, k.heading, k.orientation, k.angular_speed, k.bend, k.length),
    *(k.elongation, k.area, k.energy, k.part_distance, k.closest_distance, k.closing_speed, k.head_angle),
    *(k.body_angle, k.relative_orientation, k.movement_angle, k.overlap, k.in_view, k.head_axis_from_ears),
    *(clean, smoothed, possible_swaps, unswapped),
)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("frames", [0, 1, 2, 9])
@pytest.mark.parametrize("animals", [1, 3])
@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_nothing_seen_and_nothing_moving_are_answers_and_no_errors(frames, animals, value):
    points = np.full((frames, animals, len(mice.KEYPOINTS), 2), value)
    poses = mice.series(*points.transpose(1, 0, 2, 3))
    for signal in SIGNALS:
        found = signal(poses)
        if isinstance(found, np.ndarray):
            assert len(found) == frames
            assert found.dtype == bool or np.isnan(value) <= np.isnan(found).all()


def test_poses_in_space_have_no_place_in_the_picture():
    poses = PoseSeries.of(np.zeros((3, 1, 3, 3)), PoseFacts(("a", "b", "c"), ("one",), dimensions=3), rate=10.0)
    with pytest.raises(UsageError, match="in space"):
        k.inside(poses, Region("box", "polygon", ((0, 0), (1, 0), (1, 1))))
