"""Crops: the way into one and the way back are inverse, and their rules are those of the graphs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.extractors.landmarks.roi import around_box, crop_matrix, direction, letterbox, overlap, to_image

rois = st.tuples(
    st.floats(-500, 2000), st.floats(-500, 2000), st.floats(2, 3000), st.floats(-math.pi, math.pi, exclude_max=True)
)


@given(roi=rois, u=st.floats(-50, 250), v=st.floats(-50, 250), size=st.sampled_from([64, 192, 256]))
def test_a_point_of_a_crop_lands_where_the_crop_was_sampled(roi, u, v, size):
    matrix = crop_matrix(roi, size)
    sampled = matrix[:, :2] @ (u, v) + matrix[:, 2]
    placed = to_image(np.array([[[u, v, 10.0]]]), np.array([roi]), size)[0, 0]
    assert placed[:2] == pytest.approx(sampled, abs=1e-6)
    assert placed[2] == pytest.approx(10.0 * roi[2] / size)


@given(roi=rois)
def test_the_middle_of_a_crop_is_the_middle_of_its_region_however_turned(roi):
    placed = to_image(np.array([[[96.0, 96.0]]]), np.array([roi]), 192)[0, 0]
    assert placed == pytest.approx(roi[:2], abs=1e-6)


def test_a_quarter_turn_brings_the_crops_right_edge_to_the_bottom():
    placed = to_image(np.array([[[100.0, 50.0]]]), np.array([(10.0, 20.0, 100.0, math.pi / 2)]), 100)[0, 0]
    assert placed == pytest.approx([10.0, 70.0])


@pytest.mark.parametrize(
    ("start", "end", "target", "angle"),
    [
        ((0, 0), (10, 0), 0.0, 0.0),
        ((0, 0), (10, 10), 0.0, math.pi / 4),  # the right eye of the picture is lower: clockwise
        ((0, 10), (0, 0), math.pi / 2, 0.0),  # an upright body
        ((0, 0), (10, 0), math.pi / 2, math.pi / 2),  # a body lying to the right
        ((0, 0), (-10, 0), 0.0, -math.pi),
    ],
)
def test_the_angle_turns_a_line_to_its_target(start, end, target, angle):
    assert direction(start, end, target) == pytest.approx(angle)


def test_a_box_is_moved_by_its_own_sides_before_it_is_squared():
    assert around_box((0, 0, 10, 20), 0.0, 2.0, shift_y=-0.5) == pytest.approx((5.0, 0.0, 40.0, 0.0))
    turned = around_box((0, 0, 10, 20), math.pi / 2, 2.0, shift_y=-0.5)
    assert turned == pytest.approx((15.0, 10.0, 40.0, math.pi / 2))


def test_the_letterbox_holds_the_whole_picture():
    assert letterbox(640, 360) == (320.0, 180.0, 640.0, 0.0)


def test_overlap_of_squares():
    assert overlap((0, 0, 10, 0), (0, 0, 10, 1)) == 1.0
    assert overlap((0, 0, 10, 0), (5, 0, 10, 0)) == pytest.approx(50 / 150)
    assert overlap((0, 0, 10, 0), (10, 0, 10, 0)) == 0.0
    assert overlap((0, 0, 10, 0), (0, 0, 5, 0)) == pytest.approx(0.25)
