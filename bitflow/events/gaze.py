"""Where the eyes look: on a target, away from it, from one place to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.head import HeadSeries
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.signals.cleaning import runs

TARGET_DEG = 15.0
"""Half the angle at which the target, by default a screen in front of the person, is seen."""

WORST_SIGMA_DEG = 15.0
"""Gaze of a larger error than the target is no gaze on or off it."""

DWELL_S = 0.1
AWAY_DEG, AWAY_S = 18.0, 0.4
FAR_DEG = 25.0
"""Who looks or faces so far past the camera all the time may look away at the median, too."""

ENTROPY_CELL_DEG = 5.0


@dataclass(frozen=True, eq=False)
class GazeSeries:
    """Direction of gaze relative to the recording's median.

    Parameters
    ----------
    angles
        ``(n, 2)`` pitch and yaw in the camera's frame, deg.
    sigma
        Median standard error, deg.
    middle
        What the median is, pitch and yaw, deg.
    """

    angles: Signal
    sigma: float
    middle: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, person: Person) -> GazeSeries:
        """From `gaze`; the error is its column `sigma`, or 20° where it has none."""
        angles = person.signal("gaze", ("pitch", "yaw"))
        if not angles.known.any():
            raise Undefined("no_face")
        sigma = 20.0
        if "sigma" in person.scene.schema("gaze"):
            known = person.signal("gaze", "sigma").known_values
            sigma = float(np.median(known)) if len(known) else sigma
        middle = np.median(angles.known_values, axis=0)
        return cls(replace(angles, values=angles.values - middle), sigma, (float(middle[0]), float(middle[1])))

    def on_target(self, half_angle: float = TARGET_DEG) -> Mask:
        """Where gaze lies within the target, widened by the gaze's own error.

        Raises
        ------
        Undefined
            The error is larger than the target.
        """
        if self.sigma > WORST_SIGMA_DEG:
            raise Undefined("not_calibrated", f"gaze is known to {self.sigma:.0f}° only")
        return self.angles.norm() <= half_angle + self.sigma


@behaviour("look_away", needs=("gaze", "head_pose"), title="looking away")
def find_looking_away(gaze: GazeSeries, head: HeadSeries, level: Level = Level.STRICT) -> Events:
    """Gaze, or the head's yaw, more than 18° from its median for 0.4 s.

    Lenient: 13° from it, or 25° from the camera, for 0.35 s.
    """
    enter, shortest = (AWAY_DEG, AWAY_S) if level is Level.STRICT else (13.0, 0.35)
    eyes = gaze.angles.norm().median_filtered(0.3)
    turned = abs(head.smooth.channel(1) - head.neutral[1])
    away = eyes.hysteresis(enter, enter - 3) | turned.hysteresis(enter, enter - 3)
    if level is Level.LENIENT:
        past = gaze.angles.map(lambda values: values + np.array(gaze.middle)).norm().median_filtered(0.3)
        away = away | past.hysteresis(FAR_DEG, FAR_DEG - 3)
        away = away | abs(head.smooth.channel(1)).hysteresis(FAR_DEG, FAR_DEG - 3)
    return away.events(shortest=shortest, merge=0.2).named("look_away")


@behaviour("gaze_shift", needs=("gaze",), title="gaze moves on or off the target")
def find_gaze_shifts(gaze: GazeSeries) -> Events:
    """Gaze goes from on target to off it or back and stays for at least 0.1 s."""
    on = gaze.on_target()
    return shifts(on, DWELL_S).named("gaze_shift")


def shifts(mask: Mask, dwell: float) -> Events:
    """Changes between true and false, both sides lasting at least `dwell` s; each an event of one sample."""
    least = dwell * mask.rate - 1e-6
    state = np.where(mask.known, mask.yes.astype(int), -1)
    found: list[tuple[int, int]] = []
    last_state = -1
    edges = np.flatnonzero(np.diff(state)) + 1
    for first, last in zip(np.concatenate(([0], edges)), np.concatenate((edges, [len(state)])), strict=True):
        if last <= first:
            continue
        value = int(state[first])
        if value == -1:
            last_state = -1
        elif last - first >= least:
            if last_state not in (-1, value):
                found.append((int(first), int(first) + 1))
            last_state = value
    return Events.from_runs(np.array(found, np.int64).reshape(-1, 2), mask)


def dwells(labels: Signal, shortest: float) -> list[tuple[int, int, int]]:
    """Stretches of one label that last at least `shortest` s: first sample, sample after the last, label."""
    known = labels.known
    values = np.where(known, labels.values, -1).astype(int)
    found: list[tuple[int, int, int]] = []
    for first, last in runs(known):
        part = values[first:last]
        edges = np.concatenate(([0], np.flatnonzero(np.diff(part)) + 1, [len(part)]))
        found += [
            (int(first + a), int(first + b), int(part[a]))
            for a, b in pairwise(edges)
            if (b - a) / labels.rate >= shortest - 1e-9
        ]
    return found
