"""The head: where it points, how it moves; nods, shakes, turns, tilts, looking away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.swings import find_swings
from bitflow.signals.angles import angular_velocity
from bitflow.signals.smoothing import POSE_CUTOFF_HZ

TURN_DEG = 20.0
TURN_S = 0.5
TILT_DEG = 15.0
FRONTAL_DEG = 15.0
STILL_DEG_PER_S = 1.0


@dataclass(frozen=True, eq=False)
class HeadSeries:
    """Pose of the head.

    Parameters
    ----------
    angles
        ``(n, 3)`` pitch, yaw, roll, deg, as measured.
    smooth
        The same without what lies above 6 Hz.
    velocity
        ``(n, 3)`` angular velocity, deg/s, from each sample to the next of `smooth`.
    neutral
        Median pitch, yaw, roll of the whole recording, deg.
    place
        ``(n, 2)`` cm to the right and down in the camera's frame; None where it was not measured.
    """

    angles: Signal
    smooth: Signal
    velocity: Signal
    neutral: tuple[float, float, float]
    place: Signal | None = None

    @classmethod
    def of(cls, person: Person) -> HeadSeries:
        """From `head_pose`."""
        found = cls.from_angles(person.signal("head_pose", ("pitch", "yaw", "roll")))
        try:
            place = person.signal("head_pose", ("tx", "ty"))
        except Undefined:
            return found
        return replace(found, place=place) if place.known.any() else found

    @classmethod
    def from_angles(cls, angles: Signal) -> HeadSeries:
        """From pitch, yaw, roll ``(n, 3)`` deg."""
        if not angles.known.any():
            raise Undefined("no_face")
        smooth = angles.low_passed(POSE_CUTOFF_HZ)
        velocity = smooth.map(lambda values: angular_velocity(values, angles.rate), "deg/s")
        pitch, yaw, roll = (float(v) for v in np.median(angles.known_values, axis=0))
        return cls(angles, smooth, velocity, (pitch, yaw, roll))

    @property
    def pitch(self) -> Signal:
        """Nose up is positive, deg."""
        return self.angles.channel(0)

    @property
    def yaw(self) -> Signal:
        """Nose to the subject's left is positive, deg."""
        return self.angles.channel(1)

    @property
    def roll(self) -> Signal:
        """Tilted to the subject's right shoulder is positive, deg."""
        return self.angles.channel(2)

    @property
    def speed(self) -> Signal:
        """Angular speed, deg/s."""
        return self.velocity.norm()


@dataclass(frozen=True, eq=False)
class HeadPlace:
    """Position of the head in the camera's frame, ``(n, 3)`` cm."""

    position: Signal

    @classmethod
    def of(cls, person: Person) -> HeadPlace:
        """From the translation in `head_pose`."""
        position = person.signal("head_pose", ("tx", "ty", "tz"))
        if not position.known.any():
            raise Undefined("missing_column", "head_pose has no translation")
        return cls(position)


@behaviour("nod", needs=("head_pose",), title="nod")
def find_nods(head: HeadSeries, level: Level = Level.STRICT) -> Events:
    """Rhythmic pitch swings below 5 Hz: three or more, or a quick one there and back, of 3 to 25° and 0.1–1 s each.

    Each is like the next: within a factor of 1.8 in length and 2 in size. Between 0.5 and 5 Hz pitch has 1.5 times
    the energy of yaw, and of roll (Kapoor & Picard 2001; thresholds ours). Where angles are noisy, swings are six times
    the noise. The head moves by less than 20 cm a radian: it turns about the neck, where a camera that is shaken moves
    it further. The value is the largest swing in degrees. Lenient: two swings of
    3° or five times the noise, whatever their rhythm, with a quarter of the energy of yaw.
    """
    return find_swings(head.angles, 0, level, head.place).named("nod")


@behaviour("shake", needs=("head_pose",), title="head shake")
def find_shakes(head: HeadSeries, level: Level = Level.STRICT) -> Events:
    """What `nod` is for pitch, for yaw."""
    return find_swings(head.angles, 1, level, head.place).named("shake")


@behaviour("head_turn", needs=("head_pose",), title="head turned aside")
def find_turns(head: HeadSeries, level: Level = Level.STRICT) -> Events:
    """Yaw more than 20° from its median for at least 0.5 s; the value is the mean yaw.

    Lenient: 13° from its median or from the camera's axis for 0.35 s. Who faces aside all the time does so at the
    median.
    """
    enter, shortest = (TURN_DEG, TURN_S) if level is Level.STRICT else (13.0, 0.35)
    aside = _aside(head, 1, level)
    turned = abs(aside).hysteresis(enter, enter - 3).events(shortest=shortest, merge=0.2)
    return turned.valued(_means(aside, turned)).named("head_turn")


@behaviour("head_tilt", needs=("head_pose",), title="head tilted")
def find_tilts(head: HeadSeries, level: Level = Level.STRICT) -> Events:
    """Roll more than 15° from its median for at least 0.5 s; the value is the mean roll.

    Lenient: 9° from its median or from upright for 0.35 s.
    """
    enter, shortest = (TILT_DEG, TURN_S) if level is Level.STRICT else (9.0, 0.35)
    aside = _aside(head, 2, level)
    tilted = abs(aside).hysteresis(enter, enter - 3).events(shortest=shortest, merge=0.2)
    return tilted.valued(_means(aside, tilted)).named("head_tilt")


def _aside(head: HeadSeries, axis: int, level: Level) -> Signal:
    """An angle from its median; lenient, from zero where that is more."""
    angle = head.smooth.channel(axis)
    aside = angle - head.neutral[axis]
    if level is Level.STRICT:
        return aside
    farther = np.abs(angle.values) > np.abs(aside.values)
    return replace(aside, values=np.where(farther, angle.values, aside.values))


def still(head: HeadSeries, *, below: float = STILL_DEG_PER_S) -> Mask:
    """Where the head's smoothed angular speed lies below 1 deg/s."""
    return head.speed < below


def frontal(head: HeadSeries, *, within: float = FRONTAL_DEG) -> Mask:
    """Where yaw and pitch both lie within 15° of the camera's axis."""
    return (abs(head.yaw) <= within) & (abs(head.pitch) <= within)


def off_axis(head: HeadSeries, *, yaw: float = 30.0, pitch: float = 20.0) -> Mask:
    """Where face models lose accuracy: yaw beyond 30° or pitch beyond 20°."""
    return (abs(head.yaw) > yaw) | (abs(head.pitch) > pitch)


def _means(signal: Signal, events: Events) -> NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(signal.values))))
    count = np.concatenate(([0], np.cumsum(signal.known)))
    first = np.round((events.starts - signal.start) * signal.rate).astype(int)
    last = np.round((events.ends - signal.start) * signal.rate).astype(int)
    return (total[last] - total[first]) / np.maximum(count[last] - count[first], 1)
