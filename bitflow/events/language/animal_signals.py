"""The signals of animals: one function of their poses for every signal of the vocabulary that poses give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.fields import Axes
from bitflow.events.language.tree import Call
from bitflow.poses import kinematics
from bitflow.poses.anatomy import Anatomy
from bitflow.signals.motion import speeds
from bitflow.signals.windows import moving_sum

if TYPE_CHECKING:
    from bitflow.events.language.animals import AnimalSubjects


Array = NDArray[np.float64]


def _each_part(compute: Callable[[AnimalSubjects, Array], Array]) -> Callable[[AnimalSubjects, Call], Array]:
    """A signal of parts: of each, then their statistic over those that are known."""

    def signal(subjects: AnimalSubjects, call: Call) -> Array:
        parts = subjects.numbers(call["parts"])
        if len(parts) == 1:
            return compute(subjects, subjects.point(parts[0]))
        each = compute(subjects, np.stack([subjects.point(part) for part in parts], axis=2))
        known = np.isfinite(each)
        some = known.any(axis=2)
        if call["stat"] in ("min", "max"):
            edge, take = (np.inf, np.min) if call["stat"] == "min" else (-np.inf, np.max)
            return np.where(some, take(np.where(known, each, edge), axis=2), np.nan)
        if call["stat"] == "mean":
            return np.where(some, np.where(known, each, 0.0).sum(axis=2) / np.maximum(known.sum(axis=2), 1), np.nan)
        middle = np.full(each.shape[:2], np.nan)
        middle[some] = np.nanmedian(each[some], axis=-1)
        return middle

    return signal


def _confidence(subjects: AnimalSubjects, call: Call) -> Array:
    names = subjects.numbers(call["parts"])
    places = [subjects.parts.index(name) for name in names if name in subjects.parts]
    values = subjects.dense.confidence[:, :, places].astype(float)
    known = np.isfinite(values)
    return np.where(
        known.any(axis=2), np.where(known, values, 0).sum(axis=2) / np.maximum(known.sum(axis=2), 1), np.nan
    )


def _visible(subjects: AnimalSubjects, call: Call) -> Array:
    trunk = list(Anatomy.of(subjects.parts).trunk)
    return subjects.dense.valid[:, :, trunk].mean(axis=2)


def _posture_speed(subjects: AnimalSubjects, call: Call) -> Array:
    _, _, internal = kinematics.energy(subjects.dense)
    return np.sqrt(2 * internal / len(Anatomy.of(subjects.parts).trunk))


def _area(subjects: AnimalSubjects, call: Call) -> Array:
    return kinematics.area(subjects.dense) / subjects.usual_areas


def _path_length(subjects: AnimalSubjects, call: Call) -> Array:
    place = subjects.point(call["part"])
    steps = np.linalg.norm(np.diff(place, axis=0, prepend=place[:1]), axis=-1)
    noise = 0.02 * np.nan_to_num(subjects.body_lengths) if _has_length(subjects) else 0.0
    return np.where(np.isfinite(steps), np.cumsum(np.where(steps > noise, steps, 0.0), axis=0), np.nan)


def _straightness(subjects: AnimalSubjects, call: Call) -> Array:
    place = subjects.point("centre")
    half = max(1, round(float(subjects.threshold(call["window"], Axes())) * subjects.rate / 2))
    found = np.full(place.shape[:2], np.nan)
    if len(place) > 2 * half:
        steps = np.linalg.norm(np.diff(place, axis=0), axis=-1)
        whole = moving_sum(~np.isfinite(steps), 2 * half) == 0
        length = moving_sum(np.nan_to_num(steps), 2 * half)
        chord = np.linalg.norm(place[2 * half :] - place[: -2 * half], axis=-1)
        found[half:-half] = np.where(whole & (length > 0), chord / np.where(length > 0, length, 1.0), np.nan)
    return found


def _has_length(subjects: AnimalSubjects) -> bool:
    anatomy = Anatomy.of(subjects.parts)
    return anatomy.nose is not None and anatomy.tail_base is not None


def _apart(first: Array, second: Array) -> Array:
    """Distance of every actor's place to every target's ``(T, A, A)``, NaN on the diagonal."""
    apart = np.linalg.norm(second[:, None] - first[:, :, None], axis=-1)
    same = np.arange(apart.shape[1])
    apart[:, same, same] = np.nan
    return apart


def _to_body(subjects: AnimalSubjects, call: Call) -> Array:
    trunk = subjects.numbers(("trunk",))
    place = subjects.point(call["part"])
    each = np.stack([_apart(place, subjects.point(part)) for part in trunk])
    least = np.where(np.isfinite(each), each, np.inf).min(axis=0)
    return np.where(np.isfinite(least), least, np.nan)


def _trail(subjects: AnimalSubjects, call: Call) -> Array:
    frames = max(1, round(float(subjects.threshold(call["window"], Axes())) * subjects.rate))
    place, trail = subjects.point(call["part"]), subjects.point(call["to"])
    least = np.full((len(place), place.shape[1], place.shape[1]), np.inf)
    for lag in range(min(frames + 1, len(place))):
        earlier = np.full_like(trail, np.nan)
        earlier[lag:] = trail[: len(trail) - lag]
        apart = _apart(place, earlier)
        least = np.where(np.isfinite(apart), np.minimum(least, apart), least)
    return np.where(np.isfinite(least), least, np.nan)


def _inside(subjects: AnimalSubjects, call: Call) -> Array:
    region = subjects.regions_of[call["region"]]
    return kinematics.inside(subjects.dense, region, subjects.numbers(call["parts"]), how=call["mode"])


def _in_view(subjects: AnimalSubjects, call: Call) -> Array:
    angle, away = (
        np.abs(kinematics.head_angle(subjects.dense)),
        _apart(subjects.point("centre"), subjects.point("centre")),
    )
    reach: Any = np.inf if call["range"] is None else subjects.threshold(call["range"], Axes(True, True))
    reach = reach[..., 0] if isinstance(reach, np.ndarray) else reach
    seen = (angle <= float(subjects.threshold(call["fov"], Axes())) / 2) & (away <= reach)
    return np.where(np.isfinite(angle) & np.isfinite(away), seen.astype(float), np.nan)


def _coordinate(axis: int) -> Callable[[AnimalSubjects, Array], Array]:
    return lambda subjects, place: place[..., axis]


#: One function for every signal of the vocabulary that poses give: ``(T, A)``, or ``(T, A, A)`` of pairs.
ANIMAL_SIGNALS: dict[str, Callable[[AnimalSubjects, Call], Array]] = {
    "speed": _each_part(lambda subjects, place: speeds(place, subjects.rate)),
    "accel": _each_part(
        lambda subjects, place: np.linalg.norm(kinematics.acceleration_of(place, subjects.rate), axis=-1)
    ),
    "ang_speed": lambda subjects, call: kinematics.angular_speed(subjects.dense),
    "heading": lambda subjects, call: kinematics.heading(subjects.dense, subjects.body_lengths),
    "orient": lambda subjects, call: kinematics.orientation(subjects.dense),
    "head_orient": lambda subjects, call: kinematics.direction_deg(kinematics.head_axis(subjects.dense)[..., :2]),
    "elongation": lambda subjects, call: kinematics.elongation(subjects.dense, subjects.body_lengths),
    "area": _area,
    "height": _each_part(_coordinate(2)),
    "x": _each_part(_coordinate(0)),
    "y": _each_part(_coordinate(1)),
    "conf": _confidence,
    "visible": _visible,
    "posture_speed": _posture_speed,
    "path_length": _path_length,
    "straightness": _straightness,
    "span": lambda subjects, call: np.linalg.norm(
        subjects.point(call["first"]) - subjects.point(call["second"]), axis=-1
    ),
    "joint": lambda subjects, call: kinematics.joint_angle(subjects.dense, call["first"], call["at"], call["second"]),
    "dist": lambda subjects, call: _apart(subjects.point(call["part"]), subjects.point(call["to"])),
    "dist_to_body": _to_body,
    "closest": lambda subjects, call: kinematics.closest_distance(subjects.dense),
    "trail_dist": _trail,
    "closing_speed": lambda subjects, call: kinematics.closing_speed(subjects.dense),
    "rel_orient": lambda subjects, call: kinematics.relative_orientation(subjects.dense),
    "rel_heading": lambda subjects, call: kinematics.movement_angle(subjects.dense),
    "head_angle": lambda subjects, call: kinematics.head_angle(subjects.dense),
    "body_angle": lambda subjects, call: kinematics.body_angle(subjects.dense),
    "overlap": lambda subjects, call: kinematics.overlap(subjects.dense),
    "in_view": _in_view,
    "inside": _inside,
    "region_dist": lambda subjects, call: kinematics.region_distance(
        subjects.dense, subjects.regions_of[call["region"]], call["part"]
    ),
    "region_angle": lambda subjects, call: kinematics.region_angle(subjects.dense, subjects.regions_of[call["region"]]),
}
