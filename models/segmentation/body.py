"""Bodies in motion: what every feature of a segmenter is made of, in body lengths and seconds, without gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.poses import PoseSeries
from bitflow.poses.anatomy import Anatomy
from bitflow.poses.cleaning import clean
from bitflow.poses.kinematics import length
from bitflow.signals.nearness import closest_distance

Array = NDArray[np.float64]

RATE_HZ = 30.0
"""Everything is computed on this clock: the fastest band, 12 Hz, needs it."""

SPIKE_FRAMES, TREMBLE_FRAMES = 5, 3
"""Running medians before velocities, and before the bands whose fast movement they must leave."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """Animals of a stretch of time, gaps filled; `seen` says what was not made up.

    Parameters
    ----------
    time
        ``(T,)`` s.
    centre, velocity
        ``(T, A, 2)`` px and body lengths/s.
    axis
        ``(T, A, 2)`` unit vector from tail base to neck (to the nose where there is no neck).
    ego, trembling
        ``(T, A, P, 2)`` points of the trunk ahead of the centre and to the right, body lengths; the second with the
        fast movement left in.
    elongation
        ``(T, A)`` nose to tail base over its median.
    yaw, head
        ``(T, A)`` rad: direction of the axis, unwrapped, and of the head from the axis.
    closest
        ``(T, A, A)`` least distance of two trunks, in the actor's body lengths; infinite on the diagonal.
    nose, tail_base
        ``(T, A, 2)`` px.
    scale
        ``(A,)`` body length, px.
    seen
        ``(T, A)`` share of the trunk's points that the cleaned poses have.
    limbs, head_points
        Places in `ego` of points that are no part of head or spine, and of the head's.
    """

    time: Array
    centre: Array
    velocity: Array
    axis: Array
    ego: Array
    trembling: Array
    elongation: Array
    yaw: Array
    head: Array
    closest: Array
    nose: Array
    tail_base: Array
    scale: Array
    seen: Array
    limbs: tuple[int, ...]
    head_points: tuple[int, ...]

    @property
    def animals(self) -> int:
        """How many there are."""
        return self.centre.shape[1]

    @property
    def side(self) -> Array:
        """Unit vectors ``(T, A, 2)`` to the animal's right on a picture whose y points down."""
        return np.stack([-self.axis[..., 1], self.axis[..., 0]], axis=-1)

    @property
    def speed(self) -> Array:
        """``(T, A)`` body lengths/s."""
        return np.linalg.norm(self.velocity, axis=-1)


def scales_of(lengths: Array) -> Array:
    """Body length of each animal ``(A,)`` px from lengths ``(T, A)``: the median, and the others' for one never seen.

    Raises
    ------
    UsageError
        No animal was seen with nose and tail base.
    """
    found = np.array([np.median(each[np.isfinite(each)]) if np.isfinite(each).any() else np.nan for each in lengths.T])
    found[~(found > 0)] = np.nan
    if np.isnan(found).all():
        raise UsageError("no animal is ever seen with nose and tail base: there is no body length to measure with")
    return np.where(np.isnan(found), np.nanmedian(found), found)


def on_working_clock(poses: PoseSeries) -> PoseSeries:
    """The first two coordinates of the poses at `RATE_HZ`.

    Raises
    ------
    UsageError
        The recording is too slow for the bands of movement that are told apart.
    """
    if poses.facts.dimensions == 3:
        facts = replace(poses.facts, dimensions=2)
        poses = replace(poses, points=poses.points[..., :2], facts=facts)
    if poses.rate < 10:
        raise UsageError(f"poses at {poses.rate:g} Hz are too slow to be segmented: 10 Hz at least, better 25")
    return poses if poses.uniform and abs(poses.rate - RATE_HZ) < 0.01 else poses.on_clock(RATE_HZ)


def bodies_of(poses: PoseSeries, scale: Array | None = None) -> Bodies:
    """Clean poses, fill what is missing, and take the bodies apart.

    Parameters
    ----------
    poses
        On the clock of `on_working_clock`.
    scale
        ``(A,)`` body lengths in px; by default of these poses alone.

    Raises
    ------
    UsageError
        No keypoint is the nose or the tail base.
    """
    from scipy.ndimage import gaussian_filter1d, median_filter

    anatomy = Anatomy.of(poses.keypoints)
    nose = anatomy.number("nose", poses.keypoints)
    tail = anatomy.number("tail_base", poses.keypoints)
    cleaned = clean(poses).poses
    scale = scales_of(length(cleaned)) if scale is None else scale
    trunk = list(anatomy.trunk)
    filled = _filled(cleaned.points[:, :, trunk])
    place = {number: at for at, number in enumerate(trunk)}
    window = (SPIKE_FRAMES, 1, 1, 1)
    smooth = gaussian_filter1d(median_filter(filled, size=window, mode="nearest"), 1.0, axis=0, mode="nearest")
    front = place[nose if anatomy.neck is None else anatomy.neck]
    centre = np.median(smooth, axis=2)
    axis = _unit(smooth[:, :, front] - smooth[:, :, place[tail]])
    side = np.stack([-axis[..., 1], axis[..., 0]], axis=-1)
    fast = median_filter(filled, size=(TREMBLE_FRAMES, 1, 1, 1), mode="nearest")
    stretch = np.linalg.norm(smooth[:, :, place[nose]] - smooth[:, :, place[tail]], axis=-1)
    snout = smooth[:, :, place[nose]] - (centre if anatomy.neck is None else smooth[:, :, front])
    head = np.arctan2((snout * side).sum(axis=-1), (snout * axis).sum(axis=-1))
    ears = [each for each in (anatomy.left_ear, anatomy.right_ear) if each is not None]
    heads = tuple(place[each] for each in (nose, *ears))
    spine = {place[each] for each in (anatomy.neck, anatomy.centre, tail) if each is not None}
    limbs = tuple(at for at in range(len(trunk)) if at not in spine and at not in heads)
    return Bodies(
        poses.time,
        centre,
        _rate_of_change(centre) / scale[:, None],
        axis,
        _egocentric(smooth, centre, axis, side, scale),
        _egocentric(fast, centre, axis, side, scale),
        stretch / scale,
        np.unwrap(np.arctan2(axis[..., 1], axis[..., 0]), axis=0),
        head,
        _closest(smooth, scale),
        smooth[:, :, place[nose]],
        smooth[:, :, place[tail]],
        scale,
        cleaned.valid[:, :, trunk].mean(axis=2),
        limbs or tuple(range(len(trunk))),
        heads,
    )


def _egocentric(points: Array, centre: Array, axis: Array, side: Array, scale: Array) -> Array:
    arm = (points - centre[:, :, None]) / scale[:, None, None]
    return np.stack([(arm * axis[:, :, None]).sum(axis=-1), (arm * side[:, :, None]).sum(axis=-1)], axis=-1)


def _closest(points: Array, scale: Array) -> Array:
    frames, animals = points.shape[:2]
    found = np.full((frames, animals, animals), np.inf)
    for a in range(animals):
        for b in range(a + 1, animals):
            apart = closest_distance(points[:, a], points[:, b])
            found[:, a, b], found[:, b, a] = apart / scale[a], apart / scale[b]
    return found


def _filled(points: Array) -> Array:
    """Straight lines over every gap, and the nearest known place beyond the first and the last; 0 for a point that is
    never seen."""
    flat = points.reshape(len(points), -1)
    frame = np.arange(len(points))
    filled = np.zeros_like(flat)
    for column in range(flat.shape[1]):
        known = np.isfinite(flat[:, column])
        if known.all():
            filled[:, column] = flat[:, column]
        elif known.any():
            filled[:, column] = np.interp(frame, frame[known], flat[known, column])
    return filled.reshape(points.shape)


def _rate_of_change(values: Array) -> Array:
    return np.gradient(values, axis=0) * RATE_HZ if len(values) > 1 else np.zeros_like(values)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
