"""Detectors: anchors, decoding and suppression have answers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.extractors.landmarks.ssd import (
    FACE_FULL,
    FACE_SHORT,
    PALM,
    POSE,
    Detections,
    anchors,
    decode,
    detections_in_image,
    suppress,
)


@pytest.mark.parametrize(("detector", "count"), [(FACE_SHORT, 896), (FACE_FULL, 2304), (PALM, 2016), (POSE, 2254)])
def test_there_is_one_anchor_for_each_row_of_the_model(detector, count):
    assert anchors(detector).shape == (count, 2)
    assert anchors(detector).min() > 0
    assert anchors(detector).max() < 1


def test_anchors_run_along_x_first_and_layers_of_one_stride_share_a_cell():
    table = anchors(FACE_SHORT)
    # 16 x 16 cells of two anchors, then 8 x 8 cells of six.
    assert table[0].tolist() == table[1].tolist() == [0.5 / 16, 0.5 / 16]
    assert table[2].tolist() == [1.5 / 16, 0.5 / 16]
    assert table[32].tolist() == [0.5 / 16, 1.5 / 16]
    assert {tuple(row) for row in table[512:518]} == {(0.5 / 8, 0.5 / 8)}
    assert table[518].tolist() == [1.5 / 8, 0.5 / 8]


def test_a_row_is_decoded_relative_to_its_anchor():
    rows = np.zeros((896, 16), np.float32)
    logits = np.full(896, -50.0, np.float32)
    rows[5, :6] = (12.8, -6.4, 64.0, 32.0, 1.28, 2.56)
    logits[5] = 0.0
    found = decode(FACE_SHORT, rows, logits, min_score=0.5)
    x, y = anchors(FACE_SHORT)[5]
    assert found.scores == pytest.approx([0.5])
    assert found.boxes[0] == pytest.approx([x + 0.1 - 0.25, y - 0.05 - 0.125, x + 0.1 + 0.25, y - 0.05 + 0.125])
    assert found.keypoints[0, 0] == pytest.approx([x + 0.01, y + 0.02])


def test_candidates_come_best_first_and_weak_ones_not_at_all():
    logits = np.full(896, -50.0, np.float32)
    logits[[3, 9, 700]] = (1.0, 4.0, -0.1)
    found = decode(FACE_SHORT, np.zeros((896, 16), np.float32), logits)
    assert found.scores == pytest.approx(1 / (1 + np.exp([-4.0, -1.0])))


def candidates(*boxes_and_scores: tuple[tuple[float, float, float, float], float]) -> Detections:
    boxes = np.array([box for box, _ in boxes_and_scores])
    scores = np.array([score for _, score in boxes_and_scores])
    return Detections(boxes, boxes[:, None, :2], scores)


def test_overlapping_candidates_become_their_score_weighted_mean_with_the_best_score():
    found = suppress(candidates(((0, 0, 10, 10), 0.9), ((1, 1, 11, 11), 0.6), ((50, 50, 60, 60), 0.8)))
    assert found.scores.tolist() == [0.9, 0.8]
    assert found.boxes[0] == pytest.approx(np.array([0, 0, 10, 10]) + 0.6 / 1.5)
    assert found.keypoints[0, 0] == pytest.approx([0.4, 0.4])
    assert found.boxes[1].tolist() == [50, 50, 60, 60]


def test_candidates_that_overlap_by_less_than_the_limit_stay_apart():
    # Two 10 x 10 boxes 6 apart share 40 of 160: 0.25.
    assert len(suppress(candidates(((0, 0, 10, 10), 0.9), ((6, 0, 16, 10), 0.8)), max_overlap=0.3)) == 2
    assert len(suppress(candidates(((0, 0, 10, 10), 0.9), ((5, 0, 15, 10), 0.8)), max_overlap=0.3)) == 1


def test_an_empty_picture_has_no_detections():
    found = suppress(decode(FACE_FULL, np.zeros((2304, 16), np.float32), np.full(2304, -9.0, np.float32)))
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)


def test_the_letterbox_is_undone_for_wide_and_for_tall_pictures():
    whole = candidates(((0.0, 0.21875, 1.0, 0.78125), 0.9))
    assert detections_in_image(whole, 640, 360).boxes[0] == pytest.approx([0, 0, 640, 360])
    tall = candidates(((0.21875, 0.0, 0.78125, 1.0), 0.9))
    assert detections_in_image(tall, 360, 640).boxes[0] == pytest.approx([0, 0, 360, 640])
