"""Simulated mice: what must hold if figures on them are to mean anything."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bitflow.datasets.simulate.mice import simulate_mice
from bitflow.datasets.simulate.mice_files import CALMS21_KEYPOINTS, write_calms21, write_mabe
from bitflow.datasets.simulate.mice_store import write_mice
from bitflow.datasets.simulate.mouse_body import KEYPOINTS
from bitflow.datasets.simulate.mouse_script import BEHAVIOURS
from bitflow.errors import UsageError
from bitflow.poses import read_poses
from bitflow.store import open_store

REST, WALK, REAR, GROOM, INVESTIGATE, CHASE, ATTACK, FLEE = range(8)


@pytest.fixture(scope="module")
def mice():
    return simulate_mice(duration=180, seed=5)


@pytest.fixture(scope="module")
def hard():
    return simulate_mice(duration=180, seed=5, preset="hard")


def test_the_same_seed_is_the_same_recording_and_another_seed_another(mice):
    again = simulate_mice(duration=180, seed=5)
    np.testing.assert_array_equal(mice.points, again.points)
    assert (simulate_mice(duration=180, seed=6).label != mice.label).any()


def test_noise_changes_what_is_seen_and_nothing_that_happens(mice, hard):
    np.testing.assert_array_equal(mice.label, hard.label)
    np.testing.assert_array_equal(mice.clean, hard.clean)


def test_every_behaviour_happens_for_a_share_of_the_time_that_is_not_tiny(mice):
    share = np.bincount(mice.label.ravel(), minlength=8) / mice.label.size
    assert share.min() > 0.02
    assert share.max() < 0.5
    assert 22 < mice.bouts_per_min < 42


@pytest.mark.parametrize(("kind", "answer"), [(CHASE, FLEE), (ATTACK, ATTACK)])
def test_who_is_chased_flees_and_who_is_attacked_fights(mice, kind, answer):
    frame, who = np.nonzero(mice.label == kind)
    whom = mice.target[frame, who]
    assert (mice.label[frame, whom] == answer).mean() > 0.97  # the two may end a frame apart
    assert (whom != who).all()


def test_only_directed_behaviour_has_a_target(mice):
    directed = np.isin(mice.label, [INVESTIGATE, CHASE, ATTACK, FLEE])
    np.testing.assert_array_equal(mice.target >= 0, directed)


def test_the_body_answers_about_130_ms_after_the_label(mice):
    elongation = np.linalg.norm(mice.clean[:, :, 0] - mice.clean[:, :, 9], axis=-1) / mice.lengths
    fall = []
    for who in range(3):
        onsets = 1 + np.flatnonzero((mice.label[1:, who] == REAR) & (mice.label[:-1, who] == WALK))
        fall += [elongation[onset - 1 : onset + 15, who] for onset in onsets if onset + 15 < len(elongation)]
    mean = np.mean(fall, axis=0)
    fallen = (mean[0] - mean) / (mean[0] - mean[-1])
    assert 3 <= np.argmax(fallen > 1 - np.exp(-1)) <= 7


def test_slow_chases_are_no_faster_than_hurried_walks(mice):
    speed = np.linalg.norm(np.gradient(mice.clean[:, :, 6], axis=0), axis=-1) * mice.rate / mice.lengths
    assert np.percentile(speed[mice.label == CHASE], 5) < np.percentile(speed[mice.label == WALK], 95)


def test_hard_tracking_loses_and_exchanges_animals(mice, hard):
    assert np.isnan(mice.points).any(axis=-1).mean() == pytest.approx(0.02, abs=0.01)
    assert np.isnan(hard.points).any(axis=-1).mean() == pytest.approx(0.095, abs=0.03)
    assert not mice.swaps
    assert len(hard.swaps) >= 2
    swap = hard.swaps[0]
    (a, b), inside = swap.animals, slice(swap.first, swap.last)
    own = np.nanmedian(np.linalg.norm(hard.points[inside, a] - hard.clean[inside, a], axis=-1))
    other = np.nanmedian(np.linalg.norm(hard.points[inside, a] - hard.clean[inside, b], axis=-1))
    assert other < own
    assert 10 <= swap.last - swap.first <= 91


def test_confidence_is_zero_where_missing_and_misses_half_of_the_outliers(hard):
    missing = np.isnan(hard.points).any(axis=-1)
    assert (hard.confidence[missing] == 0).all()
    swapped = np.zeros(hard.label.shape, bool)
    for swap in hard.swaps:
        swapped[swap.first : swap.last, list(swap.animals)] = True
    far = np.linalg.norm(hard.points - hard.clean, axis=-1) > 15
    far &= ~swapped[..., None] & ~missing
    assert 0.3 < (hard.confidence[far] < 0.6).mean() < 0.7


@pytest.mark.parametrize("name", ["chase", "attack", "groom", "flee"])
def test_what_is_left_out_never_happens(name):
    without = simulate_mice(duration=60, seed=1, without=[name])
    assert not (without.label == BEHAVIOURS.index(name)).any()
    if name == "chase":
        assert not (without.label == FLEE).any()


def test_bouts_run_through_the_first_and_the_last_frame():
    starts = [simulate_mice(duration=2, seed=seed).label[[0, -1]] for seed in range(12)]
    assert len(np.unique(starts)) >= 5  # recordings begin and end in the middle of all kinds of bouts


@pytest.mark.parametrize("rate", [25.0, 60.0])
def test_speed_in_body_lengths_a_second_does_not_depend_on_the_frame_rate(rate):
    def walking(at: float) -> float:
        mice = simulate_mice(duration=180, seed=2, rate=at, animals=2)
        speed = np.linalg.norm(np.gradient(mice.clean[:, :, 6], axis=0), axis=-1) * at / mice.lengths
        return float(np.median(speed[mice.label == WALK]))

    assert walking(rate) == pytest.approx(walking(30.0), rel=0.25)


def test_one_mouse_alone_is_never_social():
    assert np.isin(simulate_mice(duration=60, animals=1).label, [REST, WALK, REAR, GROOM]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "hardest"}, "choose one of none, easy, hard"),
        ({"animals": 0}, "1 to 16 mice"),
        ({"without": ["sleep"]}, "no behaviour 'sleep'"),
        ({"without": list(BEHAVIOURS)}, "something to do"),
        ({"arena": 50.0}, "too small"),
    ],
)
def test_what_cannot_be_simulated_says_why(options, message):
    with pytest.raises(UsageError, match=message):
        simulate_mice(duration=5, **options)


def test_calms21_has_a_resident_an_intruder_seven_points_and_a_label_a_frame(tmp_path):
    pair = simulate_mice(duration=20, animals=2, seed=4)
    write_calms21(tmp_path / "calms21.json", pair, recording="rec")
    entry = json.loads((tmp_path / "calms21.json").read_text())["annotator-id_0"]["task1/test/rec"]
    points = np.array(entry["keypoints"])
    assert points.shape == (600, 2, 2, 7)
    assert np.isfinite(points).all()
    nose = pair.points[:, 0, 0] * np.array([1024, 570]) / pair.arena
    seen = np.isfinite(nose).all(axis=1)
    np.testing.assert_allclose(points[seen, 0, :, 0], nose[seen], atol=1e-3)
    label = np.array(entry["annotations"])
    np.testing.assert_array_equal(label == entry["metadata"]["vocab"]["attack"], pair.label[:, 0] == ATTACK)
    assert np.array(entry["scores"]).shape == (600, 2, len(CALMS21_KEYPOINTS))
    with pytest.raises(UsageError, match="a resident and an intruder, this recording 3"):
        write_calms21(tmp_path / "calms21.json", simulate_mice(duration=2))


@pytest.mark.parametrize(("order", "y_up"), [("xy", False), ("yx", False), ("xy", True)])
def test_mabe_arrays_read_without_a_pickle_in_any_orientation(tmp_path, hard, order, y_up):
    write_mabe(tmp_path / "mabe.npz", hard, axis_order=order, y_up=y_up)
    with np.load(tmp_path / "mabe.npz", allow_pickle=False) as file:
        points, names = file["keypoints"], file["names"].tolist()
        assert float(file["fps"]) == 30.0
    assert names == list(KEYPOINTS)
    back = points[..., ::-1] if order == "yx" else points.copy()
    if y_up:
        back = np.stack([back[..., 0], hard.arena - back[..., 1]], axis=-1)
    seen = np.isfinite(hard.points).all(axis=-1)
    np.testing.assert_allclose(back[seen], hard.points[seen], atol=1e-3)
    absent = ~seen.any(axis=2)
    assert absent.any()
    assert (points[absent] == 0).all()
    assert not (points[~absent] == 0).all(axis=-1).any()
    write_mabe(tmp_path / "mabe.npy", hard, missing_zero=False)
    np.testing.assert_array_equal(np.isnan(np.load(tmp_path / "mabe.npy")).any(axis=-1), ~seen)


def test_a_store_holds_what_the_tracker_saw_and_the_truth_on_one_clock(tmp_path):
    pair = simulate_mice(duration=30, animals=2, seed=8, preset="hard")
    place = write_mice(tmp_path, pair, recording="pair")
    poses = read_poses(place)
    np.testing.assert_allclose(poses.points, pair.points, atol=1e-3)
    assert poses.rate == 30.0
    assert poses.animals == ("mouse1", "mouse2")
    truth = place.table("annotations")
    label = np.full(pair.label.shape, -1)
    target = np.full(pair.label.shape, -1)
    for row in truth.itertuples():
        frames = slice(round(row.start * 30), round(row.end * 30))
        assert (label[frames, row.track] == -1).all()
        label[frames, row.track], target[frames, row.track] = BEHAVIOURS.index(row.name), row.target
    np.testing.assert_array_equal(label, pair.label)
    np.testing.assert_array_equal(target, pair.target)
    assert not open_store(tmp_path).check()
