"""Poses in memory and in a store."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.errors import SchemaError, StoreError, UsageError
from bitflow.poses import PoseFacts, PoseSeries, Scale, read_facts, read_poses, stream_poses, write_poses
from bitflow.store import FeatureStore, open_store

FACTS = PoseFacts(
    keypoints=("nose", "neck", "tail_base"),
    animals=("white", "black"),
    skeleton=((0, 1), (1, 2)),
    scale=Scale(0.08),
    image_size=(640, 480),
    source={"format": "test"},
)
MADE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}


@pytest.fixture
def poses() -> PoseSeries:
    random = np.random.default_rng(0)
    points = random.uniform(0, 400, (50, 2, 3, 2)).astype(np.float32).astype(float)
    points[random.random((50, 2, 3)) < 0.2] = np.nan
    points[10:20, 1] = np.nan
    points[30] = np.nan
    confidence = random.random((50, 2, 3)).astype(np.float32)
    confidence[~np.isfinite(points).all(-1).any(-1)] = np.nan
    return PoseSeries.of(points, FACTS, rate=25.0, confidence=confidence)


def test_what_is_written_is_read_back(tmp_path, poses):
    store = FeatureStore.create(tmp_path / "store")
    write_poses(store.draft("cage/1"), poses, provenance=MADE)
    again = read_poses(open_store(tmp_path / "store")["cage/1"])
    np.testing.assert_array_equal(again.points, poses.points)
    np.testing.assert_array_equal(again.confidence, poses.confidence)
    np.testing.assert_array_equal(again.time, poses.time)
    assert again.facts == poses.facts
    assert again.rate == 25.0
    assert not store.check()


def test_a_frame_without_animals_keeps_its_place_on_the_clock(tmp_path, poses):
    recording = FeatureStore.create(tmp_path).draft("one")
    write_poses(recording, poses, provenance=MADE)
    assert 30 not in set(recording.table("poses")["frame"])
    assert np.isnan(read_poses(recording).points[30]).all()


def test_blocks_are_the_whole_in_pieces(tmp_path, poses):
    recording = FeatureStore.create(tmp_path).draft("one")
    write_poses(recording, (poses.rows(slice(at, at + 7)) for at in range(0, 50, 7)), provenance=MADE)
    whole = read_poses(recording)
    pieces = list(stream_poses(recording, frames=13))
    np.testing.assert_array_equal(np.concatenate([piece.points for piece in pieces]), whole.points)
    wide = list(stream_poses(recording, frames=13, overlap=4))
    assert [len(piece) for piece in wide] == [17, 21, 21, 15]
    np.testing.assert_array_equal(wide[1].points, whole.points[9:30])


def test_a_point_lacks_all_coordinates_or_none():
    points = np.array([[[[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]]]])
    made = PoseSeries.of(points, PoseFacts(FACTS.keypoints, ("one",)), rate=30.0)
    assert np.isnan(made.points[0, 0, 0]).all()
    assert made.valid.tolist() == [[[False, True, True]]]


def test_shapes_that_do_not_fit_are_refused(poses):
    with pytest.raises(SchemaError, match=r"\(50, 2, 3, 2\) expected"):
        PoseSeries(poses.frames, poses.time, poses.points[:, :1], poses.confidence, poses.facts, poses.tracks)


def test_unknown_names_bring_the_nearest(poses):
    with pytest.raises(UsageError, match="did you mean 'tail_base'"):
        poses.point("TailBase ")
    with pytest.raises(UsageError, match="no animal 'withe'; did you mean 'white'"):
        poses.of_animals(["withe"])


def test_animals_can_be_picked_in_any_order(poses):
    picked = poses.of_animals(["black"])
    assert picked.animals == ("black",)
    assert picked.tracks == (1,)
    np.testing.assert_array_equal(picked.points[:, 0], poses.points[:, 1])


def test_a_store_without_poses_says_how_to_get_them(tmp_path):
    recording = FeatureStore.create(tmp_path).draft("empty")
    with pytest.raises(StoreError, match="bitflow import poses"):
        read_facts(recording)


def test_another_clock_interpolates_and_never_across_a_gap():
    points = np.zeros((6, 1, 3, 2))
    points[:, 0, 0, 0] = [0, 1, 2, 3, 4, 5]
    times = np.array([0.0, 0.1, 0.2, 0.3, 1.3, 1.4])
    made = PoseSeries.of(points, PoseFacts(FACTS.keypoints, ("one",)), time=times)
    assert not made.uniform
    dense = made.on_clock(20.0)
    assert dense.uniform
    np.testing.assert_allclose(dense.points[:7, 0, 0, 0], [0, 0.5, 1, 1.5, 2, 2.5, 3])
    assert np.isnan(dense.points[7:26, 0, 0, 0]).all()
    np.testing.assert_allclose(dense.points[26:, 0, 0, 0], [4, 4.5, 5])


@pytest.mark.parametrize("cm_per_px", [0.0, -1.0, float("nan")])
def test_a_scale_is_positive_or_has_a_reason(cm_per_px):
    with pytest.raises(UsageError):
        Scale(cm_per_px)
    assert Scale(reason="arena not measured").reason == "arena not measured"
