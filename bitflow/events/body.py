"""The body: joints in shoulder widths, posture, gestures, and motion of the whole picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.person import CONFIDENT, FACE_RATE_HZ, Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.view import View
from bitflow.signals.smoothing import POSE_CUTOFF_HZ

#: Joints that measures read, by their number among the 33 of the pose table.
JOINTS = {
    "nose": 0,
    "left_shoulder": 11,
    "right_shoulder": 12,
    "left_elbow": 13,
    "right_elbow": 14,
    "left_wrist": 15,
    "right_wrist": 16,
    "left_hip": 23,
    "right_hip": 24,
}
MOSTLY_HIDDEN = 0.4
GESTURE_SW_PER_S = 0.6
"""A wrist faster than this, in shoulder widths a second, gestures; one that rests or drifts does not."""

GESTURE_S = 0.2
GESTURE_MERGE_S = 0.5
SHIFT_DEG, SHIFT_S = 8.0, 0.8
SIZE_YAW_DEG = 35.0
LEAN_MEDIAN_S = 0.3


@dataclass(frozen=True, eq=False)
class BodySeries:
    """Joints in the picture, in shoulder widths.

    Parameters
    ----------
    joints
        By name, ``(n, 2)``: x to the right and y down in the picture, over the median shoulder width; missing where
        the joint's visibility is below one half.
    """

    joints: dict[str, Signal]

    @classmethod
    def of(cls, person: Person) -> BodySeries:
        """From `bodies`."""
        raw = person.points("bodies", JOINTS.values())
        xy = raw.values[:, :, :2].astype(np.float64)
        hidden = ~(raw.values[:, :, 3] >= CONFIDENT)
        xy[hidden] = np.nan
        order = list(JOINTS)
        left, right = xy[:, order.index("left_shoulder")], xy[:, order.index("right_shoulder")]
        width = np.linalg.norm(left - right, axis=1)
        if not np.isfinite(width).any():
            raise Undefined("no_person", "the shoulders are not seen")
        scale = float(np.nanmedian(width))
        if not scale > 0:
            raise Undefined("bad_input", "the shoulders lie on one point")
        return cls({name: replace(raw, values=xy[:, i] / scale, unit="1") for i, name in enumerate(order)})

    def joint(self, name: str) -> Signal:
        """One joint; `Undefined` where it is hidden for more than 40 % of the time."""
        signal = self.joints[name]
        if signal.known.mean() < 1 - MOSTLY_HIDDEN:
            raise Undefined("no_person", f"{name} is hidden most of the time")
        return signal

    @property
    def shoulders(self) -> Signal:
        """Middle of the shoulders."""
        left, right = self.joint("left_shoulder"), self.joint("right_shoulder")
        return replace(left, values=(left.values + right.values) / 2)

    @property
    def lean(self) -> Signal:
        """Trunk against the vertical, deg, positive to the right of the picture; over the nose where hips are
        hidden."""
        top = self.shoulders
        try:
            left, right = self.joint("left_hip"), self.joint("right_hip")
            below = (left.values + right.values) / 2
            axis = top.values - below
        except Undefined:
            axis = self.joint("nose").values - top.values
        return replace(top, values=np.rad2deg(np.arctan2(axis[:, 0], -axis[:, 1])), unit="deg")


@behaviour("gesture", needs=("bodies",), title="gesture")
def find_gestures(body: BodySeries, level: Level = Level.STRICT) -> Events:
    """A wrist above the hips moves faster than 0.6 shoulder widths a second for 0.2 s; closer than 0.5 s is one.

    Where the hips are not in the picture, below it counts as below them. Lenient: 0.3 shoulder widths a second.
    """
    enter = GESTURE_SW_PER_S if level is Level.STRICT else GESTURE_SW_PER_S / 2
    masks = []
    for side in ("left", "right"):
        wrist = body.joints[f"{side}_wrist"]
        fast = wrist.low_passed(POSE_CUTOFF_HZ).difference().norm().hysteresis(enter, 0.5 * enter)
        hip = body.joints[f"{side}_hip"]
        if hip.known.mean() >= 1 - MOSTLY_HIDDEN:
            fast = fast & (wrist.channel(1) < hip.channel(1))
        masks.append(fast)
    either = masks[0] | masks[1]
    seen = replace(either, known=masks[0].known | masks[1].known, yes=either.yes)
    return seen.events(shortest=GESTURE_S, merge=GESTURE_MERGE_S).named("gesture")


@behaviour("posture_shift", needs=("bodies",), title="shift of posture")
def find_posture_shifts(body: BodySeries, level: Level = Level.STRICT) -> Events:
    """The trunk's lean changes by more than 8° within 2 s and stays there for 0.8 s (lenient: 5°)."""
    enter = SHIFT_DEG if level is Level.STRICT else 5.0
    lean = body.lean.low_passed(1.0)
    half = round(lean.rate)
    change = np.full(len(lean), np.nan)
    if len(lean) > 2 * half:
        change[half:-half] = lean.values[2 * half :] - lean.values[: -2 * half]
    moved = abs(replace(lean, values=change)).hysteresis(enter, 0.6 * enter)
    return moved.events(shortest=0.1, merge=SHIFT_S).named("posture_shift")


@dataclass(frozen=True, eq=False)
class MotionSeries:
    """Share of the picture's pixels that change, as if the video had 25 pictures a second."""

    energy: Signal

    @classmethod
    def of(cls, view: View) -> MotionSeries:
        """From `frames`; frames after a cut, and copies of the one before, are left out."""
        scene = view.scene  # pyright: ignore[reportAttributeAccessIssue]
        if "frames" not in scene.tables:
            raise Undefined("missing_table", "frames")
        rows = scene.frame("frames")
        if "motion_energy" not in rows or len(rows) < 2:
            raise Undefined("too_short")
        times = rows["time"].to_numpy("float64")
        step = np.diff(times, prepend=np.nan)
        energy = rows["motion_energy"].to_numpy("float64") / (25.0 * step)
        for flag in ("is_cut", "is_duplicate"):
            if flag in rows:
                energy = np.where(rows[flag].fillna(False).to_numpy(bool), np.nan, energy)
        span = scene.video
        samples = max(1, int(np.ceil(span.duration * FACE_RATE_HZ - 1e-6)))
        clock = span.start + np.arange(samples) / FACE_RATE_HZ
        # Each picture stands for the time since the one before it.
        at = np.clip(np.searchsorted(times, clock, "left"), 0, len(times) - 1)
        known = np.isfinite(energy)[at] & (times[at] - clock < 0.25)
        return cls(Signal(np.where(known, energy[at], np.nan), span.start, FACE_RATE_HZ))


@dataclass(frozen=True, eq=False)
class HeadNearness:
    """Size of the face over its median in the recording, `size` being corrected for the head's yaw.

    Beyond 35° of yaw the correction carries no further, and the size counts as not seen.
    """

    ratio: Signal

    @classmethod
    def of(cls, person: Person) -> HeadNearness:
        """From `faces`, and `head_pose` where there is one."""
        size = person.signal("faces", "size")
        known = size.known_values
        if not len(known) or not np.median(known) > 0:
            raise Undefined("no_face")
        values = size.values / float(np.median(known))
        if "head_pose" in person.scene.tables:
            yaw = person.signal("head_pose", "yaw").values
            with np.errstate(invalid="ignore"):
                values = np.where(np.abs(yaw) > SIZE_YAW_DEG, np.nan, values)
        return cls(replace(size, values=values, unit="1"))


@behaviour("lean_forward", needs=("faces",), title="leaning forward")
def find_leaning_forward(head: HeadNearness, level: Level = Level.STRICT) -> Events:
    """The face is more than 12 % larger than its median for 0.8 s (lenient: 7 %, 0.5 s)."""
    enter, shortest = (1.12, 0.8) if level is Level.STRICT else (1.07, 0.5)
    near = head.ratio.median_filtered(LEAN_MEDIAN_S).hysteresis(enter, enter - 0.03)
    return near.events(shortest=shortest, merge=0.5).named("lean_forward")


@behaviour("lean_back", needs=("faces",), title="leaning back")
def find_leaning_back(head: HeadNearness, level: Level = Level.STRICT) -> Events:
    """The face is more than 11 % smaller than its median for 0.8 s (lenient: 7 %, 0.5 s)."""
    enter, shortest = (0.89, 0.8) if level is Level.STRICT else (0.93, 0.5)
    far = head.ratio.median_filtered(LEAN_MEDIAN_S).hysteresis(enter, enter + 0.03)
    return far.events(shortest=shortest, merge=0.5).named("lean_back")
