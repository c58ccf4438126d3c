"""Head pose and head movement. Angles are design's: pitch + nose up, yaw + to the subject's left, roll + right
shoulder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bitflow.events.head import HeadPlace, HeadSeries, find_nods, find_shakes, frontal, still
from bitflow.events.reasons import Undefined
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.signals.cleaning import runs
from bitflow.signals.kinematics import largest_movement, log_dimensionless_jerk, spectral_arc_length
from bitflow.signals.smoothing import POSE_CUTOFF_HZ

_NEEDS = ("head_pose",)
_TEN = Minimum(seconds=10, rate_hz=12)
_TWENTY = Minimum(seconds=20, rate_hz=12)
_GIRARD = ("Girard et al. 2014, Image and Vision Computing 32:641",)
_AXES = {"yaw": 1, "pitch": 0, "roll": 2}

NOISE_SPEED_DEG_PER_S = 3.0
"""A movement whose top speed stays below three times this is jitter and not a movement."""


def _register_axis(name: str, axis: int) -> None:
    @measure(
        id=f"head_{name}_mean_deg", unit="deg", needs=_NEEDS, minimum=Minimum(seconds=5), range=(-180, 180), core=True
    )
    def axis_mean(head: HeadSeries) -> Estimate:
        return statistics.mean(head.angles.channel(axis))

    axis_mean.__doc__ = f"Mean {name} of the head."

    @measure(id=f"head_{name}_sd_deg", unit="deg", needs=_NEEDS, minimum=_TEN, cite=_GIRARD, range=(0, None), core=True)
    def axis_sd(head: HeadSeries) -> Estimate:
        return statistics.standard_deviation(head.smooth.channel(axis))

    axis_sd.__doc__ = f"Standard deviation of the head's {name}, jitter above 6 Hz removed."

    if name != "roll":

        @measure(id=f"head_range_{name}_deg", unit="deg", needs=_NEEDS, minimum=_TEN, range=(0, None), core=True)
        def axis_range(head: HeadSeries) -> Estimate:
            return statistics.quantile_spread(head.smooth.channel(axis), 0.05, 0.95)

        axis_range.__doc__ = f"Range of the head's {name} between its 5th and 95th percentile."


for _name, _axis in _AXES.items():
    _register_axis(_name, _axis)


@measure(
    id="head_angular_displacement_total_deg",
    unit="deg",
    needs=_NEEDS,
    minimum=_TEN,
    cite=(*_GIRARD, "Huynh 2009, J Math Imaging Vis 35:155"),
    range=(0, None),
    core=True,
)
def head_displacement(head: HeadSeries) -> Estimate:
    """Sum of the rotations from each instant to the next (geodesic angle), jitter above 6 Hz removed.

    What happened while the head was not seen is not in it: compare per second where coverage differs.
    """
    speed = statistics.mean(head.speed)
    return speed.scaled(speed.seconds)


@measure(
    id="head_angular_speed_mean_deg_per_s",
    unit="deg/s",
    needs=_NEEDS,
    minimum=_TEN,
    cite=_GIRARD,
    range=(0, None),
    core=True,
)
def head_speed_mean(head: HeadSeries) -> Estimate:
    """Mean angular speed: rotation from each instant to the next (geodesic angle) a second, below 6 Hz.

    A perfectly still head reads what is left of the landmarks' jitter, about 1 deg/s for 0.1° of it.
    """
    return statistics.mean(head.speed)


@measure(
    id="head_angular_speed_rms_deg_per_s",
    unit="deg/s",
    needs=_NEEDS,
    minimum=_TEN,
    cite=_GIRARD,
    range=(0, None),
    core=True,
)
def head_speed_rms(head: HeadSeries) -> Estimate:
    """Root mean square of the angular speed."""
    return statistics.root_mean_square(head.speed)


@measure(
    id="head_angular_acceleration_mean_deg_per_s2",
    unit="deg/s2",
    needs=_NEEDS,
    minimum=Minimum(seconds=10, rate_hz=23.9),
    cite=("Hammal et al. 2015, IEEE Trans Affective Computing 6:361",),
    range=(0, None),
    core=True,
)
def head_acceleration(head: HeadSeries) -> Estimate:
    """Mean size of the change of the angular velocity vector a second."""
    return statistics.mean(head.velocity.difference().norm())


@measure(
    id="head_translation_speed_mean_mm_per_s",
    unit="mm/s",
    needs=_NEEDS,
    minimum=_TEN,
    range=(0, None),
    core=True,
)
def head_translation_speed(place: HeadPlace) -> Estimate:
    """Mean speed of the head's place before the camera, below 6 Hz; depth is the least certain part of it."""
    return statistics.mean(place.position.low_passed(POSE_CUTOFF_HZ).difference().norm()).scaled(10.0)


_KAPOOR = ("Kapoor & Picard 2001, PUI",)


@measure(
    id="head_nod_rate_per_min",
    unit="1/min",
    needs=_NEEDS,
    minimum=_TWENTY,
    cite=_KAPOOR,
    range=(0, None),
    core=True,
    counts=True,
)
def head_nod_rate(head: HeadSeries) -> Estimate:
    """Nods a minute of the time seen; see the behaviour `nod`."""
    return statistics.event_rate(find_nods(head))


@measure(
    id="head_shake_rate_per_min",
    unit="1/min",
    needs=_NEEDS,
    minimum=_TWENTY,
    cite=_KAPOOR,
    range=(0, None),
    core=True,
    counts=True,
)
def head_shake_rate(head: HeadSeries) -> Estimate:
    """Head shakes a minute of the time seen; see the behaviour `shake`."""
    return statistics.event_rate(find_shakes(head))


@measure(id="head_stillness_fraction", unit="1", needs=_NEEDS, minimum=_TEN, range=(0, 1), core=True)
def head_stillness(head: HeadSeries, *, below_deg_per_s: float = 1.0) -> Estimate:
    """Share of the time in which the head turns at less than 1 deg/s."""
    return statistics.fraction(still(head, below=below_deg_per_s))


@measure(id="head_frontal_fraction", unit="1", needs=_NEEDS, minimum=_TEN, range=(0, 1), core=True)
def head_frontal(head: HeadSeries, *, within_deg: float = 15.0) -> Estimate:
    """Share of the time in which yaw and pitch both lie within 15° of the camera's axis."""
    return statistics.fraction(frontal(head, within=within_deg))


@measure(
    id="head_smoothness_ldlj",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=1, rate_hz=23.9),
    cite=("Balasubramanian et al. 2015, J NeuroEng Rehabil 12:112",),
    range=(None, 0),
    core=True,
)
def head_ldlj(head: HeadSeries) -> Estimate:
    """Log dimensionless jerk of the head's largest movement; a minimum-jerk movement has −5.32, nearer to 0 is
    smoother."""
    return _of_movement(head, lambda velocity, rate: log_dimensionless_jerk(velocity, rate))


@measure(
    id="head_smoothness_sparc",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=1, rate_hz=23.9),
    cite=("Balasubramanian et al. 2012, IEEE TBME 59:2126",),
    range=(None, 0),
    core=True,
)
def head_sparc(head: HeadSeries) -> Estimate:
    """Spectral arc length of the speed of the head's largest movement; a minimum-jerk movement has −1.40."""
    return _of_movement(head, lambda velocity, rate: spectral_arc_length(np.linalg.norm(velocity, axis=1), rate))


def _of_movement(head: HeadSeries, smoothness: Callable[[np.ndarray, float], float]) -> Estimate:
    speed, rate = head.speed, head.velocity.rate
    best: tuple[float, int, int] | None = None
    for first, last in runs(speed.known):
        found = largest_movement(speed.values[first:last])
        if found is not None:
            a, b = first + found[0], first + found[1]
            top = float(speed.values[a:b].max())
            if best is None or top > best[0]:
                best = (top, a, b)
    if best is None or best[0] < 3 * NOISE_SPEED_DEG_PER_S:
        raise Undefined("constant_signal", "the head makes no movement that stands out of the jitter")
    _, a, b = best
    value = smoothness(head.velocity.values[a:b], rate)
    if not np.isfinite(value):
        raise Undefined("too_short", "the movement is too short")
    seen = float(speed.known.mean())
    return Estimate(value, n=1, seconds=speed.seconds, coverage=seen).exact("ci_none_single")
