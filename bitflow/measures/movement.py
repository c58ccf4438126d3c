"""Movement of the body: motion of the picture, joints, posture, sway, gestures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bitflow.events.body import JOINTS, BodySeries, MotionSeries, find_gestures
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.signals.smoothing import POSE_CUTOFF_HZ

_FRAMES = ("frames",)
_BODIES = ("bodies",)
_TEN = Minimum(seconds=10)
_RAMSEYER = ("Ramseyer & Tschacher 2011, JCCP 79:284", "Grammer et al. 1999")
_PRIETO = ("Prieto et al. 1996, IEEE TBME 43:956",)


@measure(
    id="body_motion_energy_mean",
    unit="1",
    needs=_FRAMES,
    scope="recording",
    minimum=_TEN,
    cite=_RAMSEYER,
    range=(0, None),
    core=True,
)
def motion_energy(motion: MotionSeries) -> Estimate:
    """Mean share of the picture's pixels that change from one picture to the next, as at 25 pictures a second.

    Of the whole picture: camera motion, light and other people are in it. Cuts and repeated pictures are left out.
    """
    return statistics.mean(motion.energy)


@measure(
    id="body_activity_fraction",
    unit="1",
    needs=_FRAMES,
    scope="recording",
    minimum=_TEN,
    cite=_RAMSEYER,
    range=(0, 1),
    core=True,
)
def activity(motion: MotionSeries, *, threshold: float | None = None) -> Estimate:
    """Share of the time in which motion energy exceeds that of a still picture.

    The threshold is median + 6·MAD of the quietest tenth of the recording's seconds, at least .001; or one given.
    """
    limit = threshold if threshold is not None else _still_threshold(motion.energy)
    return statistics.fraction(motion.energy > limit)


def _still_threshold(energy: Signal) -> float:
    size = round(energy.rate)
    usable = len(energy) // size * size
    seconds = energy.values[:usable].reshape(-1, size)
    means = np.nanmean(np.where(np.isfinite(seconds).any(axis=1, keepdims=True), seconds, np.inf), axis=1)
    if not len(means) or not np.isfinite(means).any():
        raise Undefined("too_few_valid")
    quiet = seconds[np.argsort(means)[: max(1, len(means) // 10)]].ravel()
    quiet = quiet[np.isfinite(quiet)]
    median = float(np.median(quiet))
    return max(0.001, median + 6 * 1.4826 * float(np.median(np.abs(quiet - median))))


@measure(id="body_joint_speed_mean_sw_per_s[joint]", unit="1/s", needs=_BODIES, minimum=_TEN, range=(0, None))
def joint_speed(body: BodySeries):
    """Mean speed of a joint in the picture, in shoulder widths a second, below 6 Hz."""
    values: dict[str, Estimate | Undefined] = {}
    for name in JOINTS:
        try:
            values[name] = statistics.mean(body.joint(name).low_passed(POSE_CUTOFF_HZ).difference().norm())
        except Undefined as hidden:
            values[name] = hidden
    return values


@measure(id="body_posture_lean_mean_deg", unit="deg", needs=_BODIES, minimum=_TEN, range=(-90, 90))
def lean_mean(body: BodySeries) -> Estimate:
    """Mean angle of the trunk (hips to shoulders; shoulders to nose where hips are hidden) against the vertical.

    Positive to the right of the picture.
    """
    return statistics.mean(body.lean)


@measure(id="body_posture_lean_sd_deg", unit="deg", needs=_BODIES, minimum=_TEN, range=(0, None))
def lean_sd(body: BodySeries) -> Estimate:
    """Standard deviation of the trunk's angle against the vertical."""
    return statistics.standard_deviation(body.lean)


def _sway(body: BodySeries) -> Signal:
    return body.shoulders.low_passed(POSE_CUTOFF_HZ)


_TWENTY = Minimum(seconds=20)


@measure(id="postural_sway_path_per_s", unit="1/s", needs=_BODIES, minimum=_TWENTY, cite=_PRIETO, range=(0, None))
def sway_path(body: BodySeries) -> Estimate:
    """Path of the middle of the shoulders in the picture, in shoulder widths a second."""
    return statistics.mean(_sway(body).difference().norm())


@measure(id="postural_sway_ellipse95", unit="1", needs=_BODIES, minimum=_TWENTY, cite=_PRIETO, range=(0, None))
def sway_ellipse(body: BodySeries) -> Estimate:
    """Area of the ellipse that holds 95 % of the places of the middle of the shoulders: π·5.991·√(λ1·λ2), squared
    widths."""
    return ellipse_area(_sway(body))


def ellipse_area(path: Signal) -> Estimate:
    """95 % ellipse of a path ``(n, 2)`` in its squared unit."""
    centre = path.known_values.mean(axis=0) if path.known.any() else np.zeros(2)
    x, y = (path.values - centre).T

    def area(m: np.ndarray) -> np.ndarray:
        vx, vy = m[..., 2] - m[..., 0] ** 2, m[..., 3] - m[..., 1] ** 2
        cov = m[..., 4] - m[..., 0] * m[..., 1]
        return np.pi * 5.991 * np.sqrt(np.maximum(vx * vy - cov**2, 0.0))

    return statistics.of_means(np.stack([x, y, x * x, y * y, x * y], axis=1), path.rate, area)


@measure(id="postural_sway_rms", unit="1", needs=_BODIES, minimum=_TWENTY, cite=_PRIETO, range=(0, None))
def sway_rms(body: BodySeries) -> Estimate:
    """Root mean square distance of the middle of the shoulders from its mean place, in shoulder widths."""
    path = _sway(body)
    centre = path.known_values.mean(axis=0) if path.known.any() else np.zeros(2)
    return statistics.root_mean_square(replace(path, values=np.linalg.norm(path.values - centre, axis=1)))


@measure(
    id="gesture_rate_per_min",
    unit="1/min",
    needs=_BODIES,
    minimum=Minimum(seconds=30, rate_hz=12),
    range=(0, None),
    counts=True,
)
def gesture_rate(body: BodySeries) -> Estimate:
    """Gestures a minute of the time in which a wrist is seen; see the behaviour `gesture`."""
    return statistics.event_rate(find_gestures(body))
