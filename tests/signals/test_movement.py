"""Filters, angles, smoothness and rhythm against what mathematics gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.signals.angles import angular_velocity, geodesic_deg, rotation_matrices
from bitflow.signals.cleaning import held_state, runs
from bitflow.signals.complexity import dfa_exponent, kendall_trend, permutation_entropy
from bitflow.signals.extrema import turning_points
from bitflow.signals.kinematics import largest_movement, log_dimensionless_jerk, spectral_arc_length
from bitflow.signals.rhythm import welch_spectrum
from bitflow.signals.smoothing import band_passed, low_passed

ANGLE = st.floats(-89, 89)


@given(ANGLE, ANGLE, ANGLE)
def test_rotations_are_rotations(pitch, yaw, roll):
    matrix = rotation_matrices(np.array([[pitch, yaw, roll]]))[0]
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


@given(st.floats(-80, 80), st.floats(-80, 80), st.integers(0, 2))
def test_the_angle_between_two_turns_about_one_axis_is_their_difference(first, second, axis):
    angles = np.zeros((2, 3))
    angles[0, axis], angles[1, axis] = first, second
    a, b = rotation_matrices(angles)
    assert geodesic_deg(a[None], b[None])[0] == pytest.approx(abs(first - second), abs=1e-6)


def test_angular_velocity_is_missing_next_to_a_gap():
    angles = np.zeros((5, 3))
    angles[2] = np.nan
    assert np.isnan(angular_velocity(angles, 30.0)[:, 0]).tolist() == [False, True, True, False, True]


def test_a_filter_does_not_reach_across_a_gap():
    values = np.concatenate([np.zeros(100), [np.nan], np.full(100, 50.0)])
    smooth = low_passed(values, 30.0, 6.0)
    assert np.abs(smooth[:100]).max() < 1e-9
    assert smooth[101:] == pytest.approx(50.0)


def test_the_low_pass_leaves_slow_movement_in_its_place():
    t = np.arange(600) / 30
    assert low_passed(np.sin(2 * np.pi * t), 30.0, 6.0)[60:-60] == pytest.approx(
        np.sin(2 * np.pi * t)[60:-60], abs=0.002
    )


def test_the_band_pass_takes_what_is_slow_away():
    t = np.arange(900) / 30
    assert np.abs(band_passed(np.sin(2 * np.pi * 0.05 * t), 30.0, 0.5, 5.0)[90:-90]).max() < 0.02


@pytest.mark.parametrize("rate", [60, 120, 240])
def test_minimum_jerk_has_its_analytic_smoothness(rate):
    s = np.linspace(0, 1, 2 * rate + 1)
    speed = 30 * s**2 * (1 - s) ** 2 / 2
    assert log_dimensionless_jerk(speed, rate) == pytest.approx(-np.log(204.8), abs=0.12)
    assert spectral_arc_length(speed, rate) == pytest.approx(-1.40, abs=0.01)


def test_the_largest_movement_goes_out_to_where_the_speed_stops_falling():
    speed = np.array([0.0, 0.0, 0.01, 1.0, 2.0, 1.0, 0.01, 0.0, 0.5, 0.0])
    assert largest_movement(speed) == (1, 8)


@given(st.lists(st.booleans(), max_size=40))
def test_runs_say_the_same_as_counting(flags):
    found = runs(np.array(flags, bool))
    rebuilt = np.zeros(len(flags), bool)
    for a, b in found:
        assert b > a
        rebuilt[a:b] = True
    assert rebuilt.tolist() == flags


def test_off_wins_over_on():
    assert held_state(np.array([True]), np.array([True])).tolist() == [False]


def test_noise_below_the_height_has_no_turning_points():
    assert not len(turning_points(np.random.default_rng(0).uniform(-1, 1, 500), 3.0))


def test_a_sine_turns_twice_a_period():
    t = np.arange(300) / 30
    assert len(turning_points(np.sin(2 * np.pi * t + 0.3), 1.0)) == 20


def test_the_spectrum_holds_the_power_of_a_sine_at_its_frequency():
    t = np.arange(1200) / 30
    spectrum = welch_spectrum(2 * np.sin(2 * np.pi * 5 * t), 30.0)
    assert spectrum is not None
    assert spectrum.peak(3, 12)[0] == pytest.approx(5, abs=0.01)
    assert spectrum.power(4, 6) == pytest.approx(2.0, rel=0.01)


def test_scaling_of_noise_and_of_a_walk():
    noise = np.random.default_rng(1).standard_normal(20000)
    assert dfa_exponent(noise) == pytest.approx(0.5, abs=0.05)
    assert dfa_exponent(np.cumsum(noise)) == pytest.approx(1.5, abs=0.1)


def test_what_only_rises_has_no_entropy_and_a_full_trend():
    assert permutation_entropy(np.arange(100.0)) == 0
    assert float(kendall_trend(np.arange(50.0))) == 1
