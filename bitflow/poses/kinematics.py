"""Signals of animals: what their poses say of speed, direction, posture, and of each other.

Arrays are ``(T, A)`` a quantity of each animal, ``(T, A, A)`` one of each ordered pair (actor, target) with NaN on the
diagonal. NaN is not known; flags are 1, 0 or NaN, so that comparing them gives three-valued masks. Lengths are in px,
speeds in px/s, angles in deg, positive clockwise on the screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.poses.anatomy import ROLES, Anatomy
from bitflow.poses.series import PoseSeries
from bitflow.regions import Region
from bitflow.signals import nearness
from bitflow.signals.cleaning import known_points
from bitflow.signals.directions import direction_deg, movement_direction, signed_angle_deg, turning_rate, unit
from bitflow.signals.directions import unsigned_angle_deg as angle_between
from bitflow.signals.motion import acceleration as acceleration_of
from bitflow.signals.motion import kinetic_energy, speeds, velocity

Array = NDArray[np.float64]

#: A centre needs so many known points.
CENTRE_POINTS = 3

#: Below this, in body lengths a second, a direction of movement is noise.
STILL_BL_PER_S = 0.2

#: Sight of a mouse: 120° to either side.
FIELD_OF_VIEW_DEG = 240.0


def point(poses: PoseSeries, part: str) -> Array:
    """A keypoint by its name, or by a role: ``centre``, ``nose``, ``neck``, ``tail_base`` and the ears; ``(T, A, D)``.

    A keypoint that is itself called so wins over the role.
    """
    if part in poses.keypoints:
        return poses.point(part)
    if part in ("centre", "center"):
        return centre(poses)
    if part == "neck":
        return neck(poses)
    if part in ROLES:
        return poses.points[:, :, Anatomy.of(poses.keypoints).number(part, poses.keypoints)]
    return poses.point(part)


def centre(poses: PoseSeries) -> Array:
    """Median of the body's points without the tail beyond its base, ``(T, A, D)``; NaN with fewer than 3 of them."""
    trunk = poses.points[:, :, list(Anatomy.of(poses.keypoints).trunk)]
    count = known_points(trunk).sum(axis=2)
    found = np.full((*trunk.shape[:2], trunk.shape[3]), np.nan)
    enough = count >= min(CENTRE_POINTS, trunk.shape[2])
    if enough.any():
        found[enough] = np.nanmedian(trunk[enough], axis=1)
    return found


def neck(poses: PoseSeries) -> Array:
    """The neck ``(T, A, D)``, or the middle between the ears where no keypoint is one."""
    anatomy = Anatomy.of(poses.keypoints)
    if anatomy.neck is None and anatomy.left_ear is not None and anatomy.right_ear is not None:
        return poses.points[:, :, [anatomy.left_ear, anatomy.right_ear]].mean(axis=2)
    return poses.points[:, :, anatomy.number("neck", poses.keypoints)]


def length(poses: PoseSeries) -> Array:
    """Distance from nose to tail base, ``(T, A)`` px."""
    return np.linalg.norm(point(poses, "nose") - point(poses, "tail_base"), axis=-1)


def body_lengths(poses: PoseSeries) -> Array:
    """Each animal's own scale, ``(A,)`` px: the median distance from nose to tail base; NaN where never seen."""
    return usual_of(length(poses))


def usual_of(values: Array) -> Array:
    """Median over time of what is known of each animal: ``(A,)`` from ``(T, A)``; NaN where nothing is."""
    return np.array([np.median(each[np.isfinite(each)]) if np.isfinite(each).any() else np.nan for each in values.T])


def elongation(poses: PoseSeries, lengths: Array | None = None) -> Array:
    """Length over its median, ``(T, A)``, without unit; NaN where the median is 0.

    `lengths` are the body lengths ``(A,)`` px of the recording where these poses are a stretch of one.
    """
    usual = body_lengths(poses) if lengths is None else lengths
    return length(poses) / np.where(usual > 0, usual, np.nan)


def area(poses: PoseSeries) -> Array:
    """Area of the convex hull of the body without the tail beyond its base, ``(T, A)`` px²."""
    trunk = _trunk(poses)
    return np.stack([nearness.hull_area(trunk[:, a]) for a in range(trunk.shape[1])], axis=1)


def speed(poses: PoseSeries, part: str = "centre") -> Array:
    """Speed of a part, ``(T, A)`` px/s."""
    return speeds(point(poses, part), poses.rate)


def acceleration(poses: PoseSeries, part: str = "centre") -> Array:
    """Size of the acceleration of a part, ``(T, A)`` px/s²; meant for smoothed poses."""
    return np.linalg.norm(acceleration_of(point(poses, part), poses.rate), axis=-1)


def fastest_point(poses: PoseSeries) -> Array:
    """Highest speed of any known point of the body, ``(T, A)`` px/s: freezing needs all of them still."""
    moving = speeds(_trunk(poses), poses.rate)
    known = np.isfinite(moving)
    return np.where(known.any(axis=2), np.where(known, moving, -np.inf).max(axis=2), np.nan)


def heading(poses: PoseSeries, lengths: Array | None = None) -> Array:
    """Direction of movement, ``(T, A)`` deg; NaN below 0.2 body lengths a second; `lengths` as of `elongation`."""
    place, scale = centre(poses), body_lengths(poses) if lengths is None else lengths
    return np.stack(
        [
            movement_direction(place[:, a, :2], poses.rate, STILL_BL_PER_S * float(np.nan_to_num(scale[a])))
            for a in range(place.shape[1])
        ],
        axis=1,
    )


def body_axis(poses: PoseSeries) -> Array:
    """Unit vectors from tail base to neck, ``(T, A, D)``."""
    return unit(neck(poses) - point(poses, "tail_base"))


def head_axis(poses: PoseSeries) -> Array:
    """Unit vectors from neck to nose, ``(T, A, D)``."""
    return unit(point(poses, "nose") - neck(poses))


def head_axis_from_ears(poses: PoseSeries, view: Literal["top", "bottom"] = "top") -> Array:
    """Unit vectors ``(T, A, 2)`` at right angles to the line between the ears, out of the nose.

    Seen from below left and right change places.
    """
    across = (point(poses, "left_ear") - point(poses, "right_ear"))[..., :2]
    ahead = np.stack([-across[..., 1], across[..., 0]], axis=-1)
    return unit(ahead if view == "top" else -ahead)


def orientation(poses: PoseSeries) -> Array:
    """Direction of the body, ``(T, A)`` deg."""
    return direction_deg(body_axis(poses)[..., :2])


def angular_speed(poses: PoseSeries) -> Array:
    """How fast the body turns, ``(T, A)`` deg/s, positive clockwise on the screen."""
    return turning_rate(orientation(poses), poses.rate)


def bend(poses: PoseSeries) -> Array:
    """Turn from the body's to the head's direction, ``(T, A)`` deg."""
    return signed_angle_deg(body_axis(poses)[..., :2], head_axis(poses)[..., :2])


def joint_angle(poses: PoseSeries, first: str, joint: str, last: str) -> Array:
    """Angle at a joint between two other points, ``(T, A)`` deg, 180 when stretched."""
    middle = point(poses, joint)
    return angle_between(point(poses, first) - middle, point(poses, last) - middle)


def energy(poses: PoseSeries) -> tuple[Array, Array, Array]:
    """Kinetic energy of the body's points: total, of the whole, and within it, each ``(T, A)`` px²/s²."""
    return kinetic_energy(_trunk(poses), poses.rate)


def part_distance(poses: PoseSeries, part: str = "centre", other: str = "centre") -> Array:
    """Distance of the actor's part to the target's other part, ``(T, A, A)`` px."""
    return _off_diagonal(np.linalg.norm(_towards(point(poses, part), point(poses, other)), axis=-1))


def closest_distance(poses: PoseSeries) -> Array:
    """Least distance of two bodies' points, tails beyond their bases left out, ``(T, A, A)`` px."""
    trunk = _trunk(poses)
    found = _pairs(poses)
    for a in range(trunk.shape[1]):
        for b in range(a + 1, trunk.shape[1]):
            found[:, a, b] = found[:, b, a] = nearness.closest_distance(trunk[:, a], trunk[:, b])
    return found


def closing_speed(poses: PoseSeries) -> Array:
    """Part of the actor's velocity that points at the target, ``(T, A, A)`` px/s, positive when nearing."""
    place = centre(poses)
    return _off_diagonal((velocity(place, poses.rate)[:, :, None] * unit(_towards(place, place))).sum(axis=-1))


def head_angle(poses: PoseSeries) -> Array:
    """Angle from the actor's head direction to the target's centre, seen from the neck, ``(T, A, A)`` deg."""
    aim = _towards(neck(poses), centre(poses))[..., :2]
    return _off_diagonal(signed_angle_deg(np.broadcast_to(head_axis(poses)[:, :, None, :2], aim.shape), aim))


def body_angle(poses: PoseSeries) -> Array:
    """Angle from the actor's body direction to the target's centre, seen from its own, ``(T, A, A)`` deg."""
    place = centre(poses)
    aim = _towards(place, place)[..., :2]
    return _off_diagonal(signed_angle_deg(np.broadcast_to(body_axis(poses)[:, :, None, :2], aim.shape), aim))


def relative_orientation(poses: PoseSeries) -> Array:
    """Angle between two bodies, ``(T, A, A)`` deg: 0 side by side the same way, 180 opposed."""
    axis = body_axis(poses)
    return _off_diagonal(angle_between(axis[:, :, None], axis[:, None]))


def movement_angle(poses: PoseSeries) -> Array:
    """Angle between the velocities of two animals, ``(T, A, A)`` deg, 0 when they go the same way."""
    moving = velocity(centre(poses), poses.rate)
    return _off_diagonal(angle_between(moving[:, :, None], moving[:, None]))


def overlap(poses: PoseSeries) -> Array:
    """Whether the actor's centre lies in the target's outline, ``(T, A, A)`` 1, 0 or NaN."""
    place, trunk = centre(poses)[..., :2], _trunk(poses)[..., :2]
    found = _pairs(poses)
    for a in range(place.shape[1]):
        for b in range(place.shape[1]):
            if a != b:
                found[:, a, b] = nearness.inside_hull(place[:, a], trunk[:, b])
    return found


def in_view(poses: PoseSeries, *, field_deg: float = FIELD_OF_VIEW_DEG, within_px: float = np.inf) -> Array:
    """Whether the target's centre lies in the actor's field of view, ``(T, A, A)`` 1, 0 or NaN."""
    angle, away = np.abs(head_angle(poses)), part_distance(poses)
    return np.where(
        np.isfinite(angle) & np.isfinite(away), ((angle <= field_deg / 2) & (away <= within_px)).astype(float), np.nan
    )


def inside(
    poses: PoseSeries,
    region: Region,
    parts: Iterable[str] = ("centre",),
    *,
    how: Literal["all", "any", "most"] = "all",
    buffer: float = 0.0,
) -> Array:
    """Whether parts lie in a region, ``(T, A)`` 1, 0 or NaN where the unseen parts decide.

    Parameters
    ----------
    parts
        Keypoints or roles.
    how
        All of the parts, any of them, or more than half.
    buffer
        The region is grown by so many px; negative shrinks it.
    """
    places = _in_picture(np.stack([point(poses, part) for part in parts], axis=2))
    known = known_points(places)
    within = region.contains(places) if buffer == 0 else region.distance(places) <= buffer
    within &= known
    count, yes, no = known.shape[2], within.sum(axis=2), (known & ~within).sum(axis=2)
    if how == "all":
        true, false = yes == count, no > 0
    elif how == "any":
        true, false = yes > 0, no == count
    else:
        true, false = 2 * yes > count, 2 * no >= count
    return np.where(true, 1.0, np.where(false, 0.0, np.nan))


def region_distance(poses: PoseSeries, region: Region, part: str = "centre") -> Array:
    """Distance of a part to the region's border, negative inside, ``(T, A)`` px."""
    return region.distance(_in_picture(point(poses, part)))


def region_angle(poses: PoseSeries, region: Region) -> Array:
    """Angle from the body's direction to the nearest point of the region's border, ``(T, A)`` deg."""
    place = _in_picture(centre(poses))
    return signed_angle_deg(body_axis(poses)[..., :2], region.nearest(place) - place)


def _trunk(poses: PoseSeries) -> Array:
    return poses.points[:, :, list(Anatomy.of(poses.keypoints).trunk)]


def _towards(first: Array, second: Array) -> Array:
    """Vectors from each actor's place to each target's, ``(T, A, A, D)``."""
    return second[:, None] - first[:, :, None]


def _pairs(poses: PoseSeries) -> Array:
    return np.full((len(poses), len(poses.tracks), len(poses.tracks)), np.nan)


def _off_diagonal(values: Array) -> Array:
    values = np.array(values, float)
    same = np.arange(values.shape[1])
    values[:, same, same] = np.nan
    return values


def _in_picture(places: Array) -> Array:
    if places.shape[-1] != 2:
        raise UsageError("regions lie in the picture, and these poses are in space: they cannot be compared")
    return places
