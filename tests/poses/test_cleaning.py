"""Cleaning drops what cannot be right, and nothing else."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bitflow.poses.cleaning import Cleaning, clean, smoothed, summary
from bitflow.poses.swaps import possible_swaps, unswapped

_spec = importlib.util.spec_from_file_location("mice", Path(__file__).with_name("mice.py"))
mice = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mice)


def walking(frames: int = 300, rate: float = 30.0):
    place = mice.straight(frames, (100, 100), (40, 10), rate)
    return mice.series(mice.gliding(place, np.full(frames, 14.0)), rate=rate)


def test_a_point_that_leaps_away_and_back_is_dropped_and_bridged():
    poses = walking()
    points = poses.points.copy()
    points[100, 0, 0] += 90
    points[150:152, 0, 6] -= 120
    cleaned = clean(poses.with_points(points))
    np.testing.assert_allclose(cleaned.poses.points, poses.points, atol=1e-9)
    assert np.argwhere(cleaned.interpolated).tolist() == [[100, 0, 0], [150, 0, 6], [151, 0, 6]]
    assert sum(row.jumps for row in cleaned.report) == pytest.approx(3 / 300)


def test_a_leap_without_return_is_kept():
    poses = walking()
    points = poses.points.copy()
    points[100:, 0] += 200
    cleaned = clean(poses.with_points(points))
    np.testing.assert_array_equal(cleaned.poses.points, points)


def test_a_tail_far_from_the_body_is_no_outlier():
    poses = walking()
    points = poses.points.copy()
    points[:, 0, 6] -= 400
    assert all(row.touched == 0 for row in clean(poses.with_points(points)).report)


def test_long_gaps_stay_open_and_ends_are_not_continued():
    poses = walking()
    points = poses.points.copy()
    points[:5, 0, 0] = points[-5:, 0, 0] = np.nan
    points[50:56, 0, 1] = np.nan
    points[80:87, 0, 1] = np.nan
    cleaned = clean(poses.with_points(points))
    assert np.isnan(cleaned.poses.points[:5, 0, 0]).all()
    assert np.isnan(cleaned.poses.points[-5:, 0, 0]).all()
    np.testing.assert_allclose(cleaned.poses.points[50:56, 0, 1], poses.points[50:56, 0, 1])
    assert np.isnan(cleaned.poses.points[80:87, 0, 1]).all()
    row = next(row for row in cleaned.report if row.keypoint == "left_ear")
    assert row.longest_gap_s == pytest.approx(7 / 30)
    assert row.interpolated == pytest.approx(6 / 300)


def test_low_confidence_is_dropped_and_heat_map_values_are_not_judged():
    poses = walking()
    confidence = np.full(poses.confidence.shape, 0.9, np.float32)
    confidence[10:40, 0, 2] = 0.5
    cleaned = clean(replace(poses, confidence=confidence))
    row = next(row for row in cleaned.report if row.keypoint == "right_ear")
    assert row.low_confidence == pytest.approx(0.1)
    kept = clean(replace(poses, confidence=confidence * 3))
    assert all(row.touched == 0 for row in kept.report)
    assert "no probabilities" in kept.notes[0]


def test_of_two_points_torn_apart_the_less_confident_goes():
    poses = walking(2000)
    points, confidence = poses.points.copy(), np.full(poses.confidence.shape, 0.95, np.float32)
    points[700:706, 0, 5] += 400
    confidence[700:706, 0, 5] = 0.7
    cleaned = clean(replace(poses.with_points(points), confidence=confidence), Cleaning(longest_gap=0))
    rows = {row.keypoint: row for row in cleaned.report}
    assert rows["tail_base"].stretched == pytest.approx(6 / 2000)
    assert sum(row.stretched for row in rows.values()) == pytest.approx(6 / 2000)


def test_exchanged_names_are_flagged_and_only_exchanged_back_when_asked():
    first = mice.gliding(mice.straight(60, (100, 100), (30, 0)), np.zeros(60))
    second = mice.gliding(mice.straight(60, (400, 300), (-30, 0)), np.full(60, 180.0))
    true = mice.series(first, second)
    points = true.points.copy()
    points[20:40] = points[20:40, ::-1]
    swapped = true.with_points(points)
    assert np.argwhere(possible_swaps(swapped)[:, 0, 1]).ravel().tolist() == [20, 40]
    cleaned = clean(swapped)
    np.testing.assert_array_equal(cleaned.poses.points, points)
    assert cleaned.possible_swap.sum() == 4
    np.testing.assert_array_equal(unswapped(swapped).points, true.points)


def test_smoothing_keeps_a_parabola_and_halves_noise():
    poses = walking()
    t = poses.time[:, None, None, None]
    curved = poses.with_points(poses.points + 5 * t**2)
    np.testing.assert_allclose(smoothed(curved).points, curved.points, atol=1e-8)
    noise = np.random.default_rng(0).normal(0, 1, poses.points.shape)
    left = smoothed(poses.with_points(poses.points + noise)).points - poses.points
    assert left.std() < 0.65


def test_jitter_is_measured_on_animals_that_hold_still():
    still = mice.series(mice.gliding(mice.straight(2000, (100, 100), (0, 0)), np.zeros(2000)))
    noise = np.random.default_rng(0).normal(0, 0.5, still.points.shape)
    loud = clean(still.with_points(still.points + noise), Cleaning(jump_bl=10))
    assert all(0.3 < row.jitter_px < 0.5 for row in summary(loud))  # the running median follows a part of it


def test_poses_of_nothing_are_cleaned_to_nothing():
    poses = walking(30)
    cleaned = clean(poses.with_points(np.full_like(poses.points, np.nan)))
    assert not cleaned.poses.valid.any()
    assert {row.verdict for row in cleaned.report} == {"abstain"}
    assert all(row.missing == 1 and row.touched == 0 for row in cleaned.report)
