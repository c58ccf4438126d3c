"""When in doubt, a head is covered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import UsageError
from bitflow.redaction.heads import Cover, Ellipse, Sightings, box_ellipses, face_ellipses, linked, read_heads
from bitflow.redaction.painting import cover as paint
from bitflow.redaction.video import doubtful_stretches
from bitflow.store import FeatureStore
from bitflow.tables import TRACK_KEYS, Column, Schema, write_table


def sightings(times: list[float], x: float = 100.0) -> Sightings:
    return Sightings(np.array(times), np.tile([x, 100.0, 20.0, 30.0, 0.0], (len(times), 1)))


def face(turn_deg: float = 0.0, width: float = 60.0, height: float = 80.0) -> np.ndarray:
    """An oval mesh about (200, 150) with its landmarks where the model has them."""
    points = np.zeros((478, 2))
    angles = np.linspace(0, 2 * np.pi, 478)
    points[:, 0], points[:, 1] = width / 2 * np.cos(angles), height / 2 * np.sin(angles)
    points[10], points[152] = (0, -height / 2), (0, height / 2)
    points[33], points[263] = (-width / 3, -10), (width / 3, -10)
    turn = np.radians(turn_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return points @ matrix.T + (200, 150)


@pytest.mark.parametrize("turn", [0, 35, -90, 170])
def test_the_ellipse_turns_with_the_face_and_reaches_above_it(turn: float):
    points = face(turn)
    x, y, across, along, angle = face_ellipses(points[None])[0]
    assert (angle - turn + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    ellipse = Ellipse(x, y, across, along, angle)
    assert all(ellipse.contains(*point) for point in points)
    up = (points[10] - points[152]) / 80
    assert ellipse.contains(*(points[10] + 0.3 * 80 * up))  # hair above the forehead
    assert not ellipse.contains(*(points[10] + 80 * up))


def test_a_face_in_profile_is_covered_as_wide_as_a_head():
    narrow = face_ellipses(face(width=15)[None])[0]
    assert narrow[2] > 0.45 * 80


def test_a_box_is_covered_whole():
    ellipse = Ellipse(*box_ellipses(np.array([[100.0, 100.0, 60.0, 80.0]]))[0])
    for x in (100, 160):
        assert ellipse.contains(x, 140)
    for y in (100, 180):
        assert ellipse.contains(130, y)


def test_a_gap_up_to_the_bridge_stays_covered_and_the_ellipse_moves_through_it():
    head = Sightings(np.array([0.0, 1.0]), np.array([[0.0, 0, 10, 10, 0], [100.0, 0, 10, 10, 0]]))
    middle = head.at(0.5, Cover(growth=0.0, margin=1.0))
    assert middle is not None
    assert (middle.x, middle.across) == (50, 10)
    grown = head.at(0.5, Cover(growth=1.0, margin=1.0))
    assert grown is not None
    assert grown.across == pytest.approx(15)


def test_a_longer_gap_is_held_at_both_ends_only():
    head, cover = sightings([0.0, 10.0]), Cover(bridge_s=2.0, hold_s=0.6)
    assert head.at(0.5, cover) is not None
    assert head.at(5.0, cover) is None
    assert head.at(9.5, cover) is not None
    assert head.at(10.5, cover) is not None
    assert head.at(10.7, cover) is None


def test_a_track_that_was_lost_and_found_as_another_is_bridged():
    cover = Cover(bridge_s=2.0, hold_s=0.1)
    (head,) = linked([sightings([0.0, 1.0]), sightings([2.5, 3.0, 3.5], x=140)], cover)
    assert head.at(1.8, cover) is not None
    assert len(linked([sightings([0.0, 1.0]), sightings([2.5, 3.0], x=900)], cover)) == 2
    assert len(linked([sightings([0.0, 1.0]), sightings([3.5, 4.0])], cover)) == 2


def test_angles_are_bridged_the_short_way_round():
    ellipses = np.array([[0.0, 0, 10, 20, 175], [0.0, 0, 10, 20, 185]])
    middle = Sightings(np.array([0.0, 1.0]), ellipses).at(0.5, Cover())
    assert middle is not None
    assert middle.angle == pytest.approx(180)


@pytest.mark.parametrize("method", ["blur", "box"])
def test_what_lies_under_an_ellipse_is_gone_and_the_rest_is_untouched(method):
    rng = np.random.default_rng(3)
    planes = tuple(rng.integers(0, 256, size, np.uint8) for size in ((120, 160), (60, 80), (60, 80)))
    ellipse = Ellipse(80, 60, 24, 36, 20)
    painted = paint(planes, [ellipse], method)  # pyright: ignore[reportArgumentType]
    y, x = np.mgrid[:120, :160]
    inside = np.array([[ellipse.contains(a, b) for a, b in zip(*row, strict=True)] for row in zip(x, y, strict=True)])
    before, after = planes[0].astype(float), painted[0].astype(float)
    assert after[inside].std() < 0.15 * before[inside].std()
    assert abs(np.corrcoef(before[inside], after[inside])[0, 1] if after[inside].std() else 0.0) < 0.3
    far = np.abs(x - 80) + np.abs(y - 60) > 90
    np.testing.assert_array_equal(after[far], before[far])
    for number in (1, 2):
        assert painted[number][inside[::2, ::2]].std() < 0.15 * planes[number].std()


def test_a_head_half_outside_the_picture_is_covered_inside():
    planes = (np.arange(100, dtype=np.uint8)[:, None] + np.zeros((100, 100), np.uint8),) + (
        np.zeros((50, 50), np.uint8),
    ) * 2
    painted = paint(planes, [Ellipse(-5, 50, 30, 40, 0), Ellipse(500, 500, 10, 10, 0)], "box")
    assert (painted[0][20:80, :20] == 128).all()


def test_stretches_with_fewer_heads_than_nearby_are_told():
    times = [(k / 10, (k + 1) / 10) for k in range(100)]
    counts = [2] * 40 + [1] * 5 + [2] * 55
    assert doubtful_stretches(times, counts) == ((4.0, 4.5),)
    assert doubtful_stretches(times, [1] * 50 + [0] * 50, near_s=2.0) == ((5.0, 7.0),)
    assert doubtful_stretches(times, [0] * 100) == ()
    assert doubtful_stretches(times, [3] * 100) == ()


def test_a_cover_that_would_not_cover_is_refused():
    with pytest.raises(UsageError, match="margin is at least 1"):
        Cover(margin=0.5)
    with pytest.raises(UsageError, match="bridge_s is at least 0"):
        Cover(bridge_s=float("nan"))


def test_the_head_of_a_body_whose_face_is_not_seen_is_covered(tmp_path: Path):
    schema = Schema(
        "bodies", "frame", (*TRACK_KEYS, Column("points", "float32", "px", "", shape=(33, 4))), tracks="body"
    )
    faces = Schema(
        "faces", "frame", (*TRACK_KEYS, *(Column(f"box_{p}", "float32") for p in ("x", "y", "width", "height")))
    )
    points = np.zeros((1, 33, 4))
    points[0, :11, :2] = (200, 100)
    points[0, 11, :2], points[0, 12, :2] = (250, 180), (150, 180)
    recording = FeatureStore.create(tmp_path / "store").draft("x")
    body = {"frame": [0], "time": [0.0], "track": [0], "points": points}
    write_table(recording.path / "bodies.parquet", schema, [schema.batch(body)])
    write_table(recording.path / "faces.parquet", faces, [faces.empty()])
    (head,) = read_heads(recording, Cover())
    ellipse = head.at(0.0, Cover())
    assert ellipse is not None
    assert all(ellipse.contains(200 + dx, 100 + dy) for dx, dy in ((25, 0), (-25, 0), (0, 35), (0, -35)))
    assert not ellipse.contains(200, 180)
