"""Bodies: refinement, crops and the extractor's own promises, on made-up tensors and on the shared clips."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import replace

import numpy as np
import pytest

from bitflow.errors import UsageError
from bitflow.extractors.bodies import Bodies, _Part
from bitflow.extractors.landmarks import pose, ssd
from bitflow.extractors.landmarks.veil import veil
from bitflow.extractors.tracking.chain import FollowedChunk
from bitflow.extractors.tracking.clothing import LENGTH, clothing_distance, describe
from bitflow.media import Frame
from tests.extractors.in_memory import chunks, extract, pictures

CELLS = 64


def heat_at(column: float, row: float, count: int = 3) -> np.ndarray:
    """Logits (64, 64, count) of a round peak of probability about a place in cells."""
    y, x = np.mgrid[:CELLS, :CELLS]
    mass = 0.9 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 2.0) + 1e-9
    return np.repeat(np.log(mass / (1.0 - mass))[..., None], count, axis=2).astype(np.float32)


def test_a_point_moves_to_the_peak_of_its_heat_map() -> None:
    heat = heat_at(20.0, 31.0)
    points = np.array([[20.4, 31.3], [20.0, 31.9], [20.9, 31.0]]) / CELLS
    moved = pose.refine(points, heat) * CELLS
    np.testing.assert_allclose(moved, [[20.0, 31.0]] * 3, atol=0.02)


def test_a_peak_between_cells_is_found_between_them() -> None:
    moved = pose.refine(np.array([[20.2, 31.2]]) / CELLS, heat_at(20.3, 30.8, 1)) * CELLS
    np.testing.assert_allclose(moved, [[20.3, 30.8]], atol=0.02)


def test_points_without_heat_or_outside_the_crop_stay() -> None:
    points = np.array([[50.5, 50.5], [-3.0, 31.0], [20.0, 64.2]]) / CELLS
    np.testing.assert_array_equal(pose.refine(points, heat_at(20.0, 31.0)), points)


def test_the_window_is_cut_at_the_border_of_the_map() -> None:
    heat = np.full((CELLS, CELLS, 1), -50.0, np.float32)
    heat[0, 0], heat[2, 0] = 50.0, 50.0
    np.testing.assert_allclose(pose.refine(np.array([[0.5, 0.5]]) / CELLS, heat) * CELLS, [[0.0, 1.0]], atol=1e-9)


def test_heat_beyond_a_window_at_the_border_does_not_count() -> None:
    heat = np.full((CELLS, CELLS, 1), -50.0, np.float32)
    # four cells from the points, which a window of 7 × 7 that begins at the border would hold
    heat[4, 0], heat[CELLS - 5, CELLS - 1] = 50.0, 50.0
    points = np.array([[0.5, 0.5]]) / CELLS
    np.testing.assert_array_equal(pose.refine(points, heat), points)
    last = np.array([[CELLS - 0.5, CELLS - 0.5]]) / CELLS
    np.testing.assert_array_equal(pose.refine(last, heat), last)


def test_the_crop_of_a_body_stands_on_its_circle() -> None:
    upright = pose.roi_of_circle((100.0, 200.0), (100.0, 120.0))
    assert upright == pytest.approx((100.0, 200.0, 2 * 80 * 1.25, 0.0))
    lying = pose.roi_of_circle((100.0, 200.0), (180.0, 200.0))
    assert lying[3] == pytest.approx(math.pi / 2)  # the head is at the right: the crop is turned clockwise


def test_people_side_by_side_are_two_detections_and_one_person_is_one() -> None:
    def seen(x: float) -> np.ndarray:
        return np.array([[x, 0.6], [x, 0.2], [x, 0.4], [x, 0.3]])

    def candidates(*places: float) -> ssd.Detections:
        boxes = np.array([[x - 0.3, 0.3, x + 0.3, 0.9] for x in places])
        return ssd.Detections(boxes, np.stack([seen(x) for x in places]), np.linspace(0.9, 0.6, len(places)))

    assert len(ssd.suppress(candidates(0.4, 0.6))) == 1  # boxes alone would make one of the two
    assert len(ssd.suppress(candidates(0.4, 0.6, 0.41, 0.59), apart=pose.are_apart)) == 2
    assert len(ssd.suppress(candidates(0.4, 0.45), apart=pose.are_apart)) == 1


def test_clothes_are_told_apart_by_colour_and_hidden_ones_are_missing() -> None:
    points = np.zeros((33, 4))
    for joint, x, y in ((0, 100, 40), (11, 130, 80), (12, 70, 80), (23, 120, 170), (24, 80, 170)):
        points[joint] = x, y, 0.0, 1.0

    def dressed(colour: tuple[int, int, int]) -> np.ndarray:
        rgb = np.full((200, 200, 3), 128, np.uint8)
        rgb[70:190, 60:140] = colour
        return describe(Frame.from_rgb(rgb), (100.0, 120.0, 240.0, 0.0), points)

    red, darker, blue = dressed((200, 30, 30)), dressed((195, 30, 30)), dressed((30, 30, 200))
    assert red.shape == (LENGTH,)
    assert clothing_distance(red, darker) < 4.0 < 11.0 < clothing_distance(red, blue)
    points[:, 3] = 0.1
    assert np.isnan(dressed((200, 30, 30))).all()


@pytest.mark.parametrize(
    ("values", "name"),
    [({"max_people": 0}, "bodies.max_people"), ({"min_palm_score": 1.0}, "hands.min_palm_score")],
)
def test_parameters_out_of_range_are_refused_by_name(values: dict[str, float], name: str) -> None:
    with pytest.raises(UsageError, match=name):
        replace(Bodies(), **values)


@pytest.fixture(scope="module")
def person(shared_clip, models_available) -> list[np.ndarray]:
    models_available(*Bodies().models())
    return pictures(shared_clip("people/pyfeat_single_face.mp4"), 30)


def test_one_person_is_one_track_over_chunk_borders_with_joints_where_they_are(person: list[np.ndarray]) -> None:
    found = extract(chunks(person))
    bodies = found["bodies"]
    assert bodies["frame"].tolist() == list(range(30))
    assert set(bodies["track"]) == {0}
    points = bodies["points"]
    left, right = points[:, pose.LEFT_SHOULDER], points[:, pose.RIGHT_SHOULDER]
    assert (points[:, pose.NOSE, 1] < np.minimum(left[:, 1], right[:, 1])).all()  # head above shoulders
    assert (left[:, 0] > right[:, 0]).all()  # the subject's left is at the right of the picture
    assert ((points[..., 3] >= 0) & (points[..., 3] <= 1)).all()
    assert (points[:, pose.LEFT_HIP, 1] > person[0].shape[0]).all()  # a bust shot: the hips are below the picture
    assert found["body_appearance"]["time"].tolist() == pytest.approx([0.0, 0.44, 0.48, 0.92, 0.96, 1.16])


def test_rows_do_not_depend_on_the_number_of_workers(person: list[np.ndarray]) -> None:
    alone, together = extract(chunks(person)), extract(chunks(person), threads=3)
    for table, columns in alone.items():
        for name, values in columns.items():
            np.testing.assert_array_equal(values, together[table][name], err_msg=f"{table}.{name}")


def test_two_people_beside_each_other_are_two_tracks(person: list[np.ndarray]) -> None:
    both = [np.hstack([picture, picture[:, ::-1]]) for picture in person[:18]]
    bodies = extract(chunks(both, 9), ("bodies",))["bodies"]
    width = person[0].shape[1]
    noses = {track: bodies["points"][bodies["track"] == track][:, pose.NOSE, 0] for track in set(bodies["track"])}
    assert sorted(len(x) for x in noses.values()) == [18, 18]
    assert sorted(bool((x > width).all()) for x in noses.values()) == [False, True]


def test_what_lies_beyond_a_cut_shows_the_pixel_before_it() -> None:
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 100, axis=0).repeat(3, axis=2)
    frame = Frame.from_rgb(ramp)
    alone = veil(frame, (80.0, 50.0, 300.0, 0.0), [(140.0, 50.0, 300.0, 0.0)])
    seen = alone.warp(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (200, 100))
    np.testing.assert_array_equal(seen[:, :111], ramp[:, :111])  # the cut lies half way, at 110
    assert (seen[:, 111:] == 110).all()
    turned = alone.warp(np.array([[-1.0, 0, 199.0], [0, -1.0, 99.0]]), (200, 100))  # upside down
    np.testing.assert_array_equal(turned, seen[::-1, ::-1])


@pytest.mark.parametrize("other", [(81.0, 50.0, 300.0, 0.0), (190.0, 50.0, 300.0, 0.0), (140.0, 50.0, 100.0, 0.0)])
def test_only_neighbours_of_like_size_are_hidden(other: tuple[float, float, float, float]) -> None:
    frame = Frame.from_rgb(np.zeros((100, 200, 3), np.uint8))
    assert veil(frame, (80.0, 50.0, 300.0, 0.0), [other]) is frame


def test_two_heads_close_together_keep_their_own_joints(person: list[np.ndarray]) -> None:
    close = [np.hstack([picture[:, 150:500], picture[:, 150:500][:, ::-1]]) for picture in person[:10]]
    alone = extract(chunks([picture[:, 150:500] for picture in person[:10]]), ("bodies",))["bodies"]["points"]
    bodies = extract(chunks(close), ("bodies",))["bodies"]
    left = bodies["points"][bodies["points"][:, pose.NOSE, 0] < 350]
    assert len(left) == len(alone) == 10
    away = np.linalg.norm(left[:, :11, :2] - alone[:, :11, :2], axis=2)  # the joints of the head
    eyes = np.linalg.norm(alone[:, 3, :2] - alone[:, 6, :2], axis=1)
    assert np.median(away / eyes[:, None]) < 0.15


def test_nobody_in_an_empty_room(models_available) -> None:
    models_available(*Bodies().models())
    y, x = np.mgrid[:180, :320]
    room = np.stack([(x // 2) % 256, (y + x) // 3 % 256, y % 256], axis=2).astype(np.uint8)
    found = extract(chunks([room] * 8, 8))
    assert all(len(columns["frame"]) == 0 for columns in found.values())


def test_a_cut_to_an_empty_picture_ends_the_body_at_once(person: list[np.ndarray]) -> None:
    empty = np.full_like(person[0], 90)
    bodies = extract(chunks([*person[:9], *[empty] * 15]), ("bodies",))["bodies"]
    assert bodies["frame"].tolist() == list(range(9))


def test_the_join_lets_go_of_pictures_that_it_is_through_with() -> None:
    """A minute of pictures at 1080p takes 5 GB."""
    alive: weakref.WeakSet[Frame] = weakref.WeakSet()
    most = 0

    def parts():
        nonlocal most
        for second in range(80):
            frame = Frame.from_rgb(np.zeros((4, 4, 3), np.uint8), index=second, time=float(second))
            alive.add(frame)
            gc.collect(0)
            most = max(most, len(alive))
            yield _Part(FollowedChunk([frame], []), None)

    assert list(Bodies().join(parts(), None, None)) == []
    assert most <= 4
