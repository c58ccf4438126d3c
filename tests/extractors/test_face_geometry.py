"""Openings, heights and gaze of meshes whose measures are known because they were put there."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.extractors.face_actions import facial_geometry
from bitflow.extractors.gaze import gaze_angles, iris_offsets
from bitflow.extractors.landmarks import mesh
from bitflow.extractors.landmarks.head import rotation_from_angles

EYE = 30.0
OCULAR = 90.0


def face(lid_gap=9.0, lips=12.0, iris=(0.0, 0.0)) -> np.ndarray:
    """A flat face (478, 3) px, 90 px between the outer eye corners; iris offset in px, subject's left and up."""
    points = np.zeros((478, 3))
    for outer, inner, lids, centre, side in (
        (mesh.RIGHT_EYE_OUTER, mesh.RIGHT_EYE_INNER, mesh.RIGHT_LIDS, mesh.RIGHT_IRIS_CENTRE, -1),
        (mesh.LEFT_EYE_OUTER, mesh.LEFT_EYE_INNER, mesh.LEFT_LIDS, mesh.LEFT_IRIS_CENTRE, 1),
    ):
        points[outer] = (side * 45, 0, 0)
        points[inner] = (side * 15, 0, 0)
        for (upper, lower), x in zip(lids, (38, 30, 22), strict=True):
            points[upper] = (side * x, -lid_gap / 2, 0)
            points[lower] = (side * x, lid_gap / 2, 0)
        points[centre] = (side * 30 + iris[0], -iris[1], 0)
    points[mesh.RIGHT_BROW_MIDDLE], points[mesh.LEFT_BROW_MIDDLE] = (-30, -18, 0), (30, -27, 0)
    points[mesh.RIGHT_BROW_INNER], points[mesh.LEFT_BROW_INNER] = (-9, -18, 0), (9, -18, 0)
    points[mesh.FOREHEAD], points[mesh.CHIN], points[mesh.NOSE_TIP] = (0, -60, 0), (0, 90, 0), (0, 30, 0)
    points[mesh.UPPER_INNER_LIP], points[mesh.LOWER_INNER_LIP] = (0, 60 - lips / 2, 0), (0, 60 + lips / 2, 0)
    points[mesh.UPPER_OUTER_LIP], points[mesh.LOWER_OUTER_LIP] = (0, 50, 0), (0, 70, 0)
    points[mesh.RIGHT_MOUTH_CORNER], points[mesh.LEFT_MOUTH_CORNER] = (-27, 60, 0), (27, 51, 0)
    return points


def turned(points: np.ndarray, pitch: float, yaw: float, roll: float, scale: float = 1.0) -> np.ndarray:
    """The same face with its head turned, in picture axes (y down, z away)."""
    flip = np.array([1.0, -1.0, -1.0])
    return ((points * flip) @ rotation_from_angles(pitch, yaw, roll)[0].T) * flip * scale + (300, 200, 0)


EXPECTED = {
    "eye_openness_left": 9 / EYE,
    "eye_openness_right": 9 / EYE,
    "mouth_opening": 12 / OCULAR,
    "mouth_height": 20 / OCULAR,
    "lip_width": np.hypot(54, 9) / OCULAR,
    "mouth_corner_lift_left": 9 / OCULAR,
    "mouth_corner_lift_right": 0.0,
    "brow_height_left": 27 / OCULAR,
    "brow_height_right": 18 / OCULAR,
    "brow_inner_height_left": 18 / OCULAR,
    "brow_inner_height_right": 18 / OCULAR,
    "brow_distance": 18 / OCULAR,
    "chin_distance": 60 / OCULAR,
}


@pytest.mark.parametrize("pose", [(0, 0, 0), (15, 0, 0), (0, 35, 0), (0, 0, -30), (-10, -25, 12)])
def test_measures_are_those_of_the_face_whatever_the_pose_and_size(pose):
    found = facial_geometry(turned(face(), *pose, scale=2.5)[None])
    assert {name: float(values[0]) for name, values in found.items()} == pytest.approx(EXPECTED, abs=1e-9)


def test_a_closed_eye_has_no_openness():
    found = facial_geometry(face(lid_gap=0.0)[None])
    assert found["eye_openness_left"][0] == found["eye_openness_right"][0] == 0.0


@pytest.mark.parametrize("pose", [(0, 0, 0), (0, 30, 0), (10, -20, 15)])
def test_iris_offsets_are_in_half_eye_widths_toward_the_subjects_left_and_up(pose):
    offsets = iris_offsets(turned(face(iris=(3.0, 1.5)), *pose)[None])[0]
    assert offsets == pytest.approx(np.tile([3 / 15, 1.5 / 15], (2, 1)), abs=1e-9)


def angles(iris, pose=(0.0, 0.0, 0.0), lid_gap=9.0):
    """Gaze of 100 neutral frames and one with the iris moved, 30 a second."""
    points = np.stack([face()] * 100 + [face(lid_gap, iris=iris)])
    count = len(points)
    opening = facial_geometry(points)
    openness = np.column_stack([opening["eye_openness_right"], opening["eye_openness_left"]])
    head = {name: np.full(count, value) for name, value in zip(("pitch", "yaw", "roll"), pose, strict=True)}
    return gaze_angles(
        iris_offsets(points), openness, np.full(count, 90.0), head, np.zeros(count, int), np.arange(count) / 30
    )


def test_eyes_in_the_middle_look_where_the_head_points():
    found = angles((0.0, 0.0), pose=(10.0, -20.0, 5.0))
    assert found["head_yaw"] == pytest.approx(0.0)
    assert found["head_pitch"] == pytest.approx(0.0)
    assert found["yaw"] == pytest.approx(-20.0)
    assert found["pitch"] == pytest.approx(10.0)


def test_an_iris_to_the_subjects_left_gives_positive_yaw_by_the_sine_of_the_eyeball():
    found = angles((3.0, 0.0))
    expected = np.degrees(np.arcsin(1.2 * 3 / 15))
    for name in ("yaw", "head_yaw", "left_yaw", "right_yaw"):
        assert found[name][-1] == pytest.approx(expected)
        assert found[name][0] == pytest.approx(0.0)
    assert found["pitch"][-1] == pytest.approx(0.0)
    assert angles((0.0, 2.0))["pitch"][-1] > 0


def test_head_and_eyes_add_up_about_one_axis():
    found = angles((3.0, 0.0), pose=(0.0, 15.0, 0.0))
    assert found["yaw"][-1] == pytest.approx(15.0 + np.degrees(np.arcsin(0.24)))


def test_closed_eyes_have_no_gaze():
    found = angles((0.0, 0.0), lid_gap=1.0)
    assert np.isnan(found["yaw"][-1])
    assert np.isnan(found["left_yaw"][-1])


def test_the_stated_error_is_never_below_seven_degrees_and_grows_for_small_faces():
    near = angles((0.0, 0.0))["sigma"]
    assert near.min() >= 7.0
    points = np.stack([face()] * 2)
    opening = np.full((2, 2), 0.3)
    head = {name: np.zeros(2) for name in ("pitch", "yaw", "roll")}
    small = gaze_angles(iris_offsets(points), opening, np.array([20.0, 90.0]), head, np.zeros(2, int), np.arange(2.0))
    assert small["sigma"][0] > small["sigma"][1]
