"""The moving mesh: facial motion without the head's, and how alike the two halves are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.signals.kinematics import difference
from bitflow.signals.smoothing import POSE_CUTOFF_HZ, low_passed

#: Pairs of mesh points, subject's left first, by feature.
PAIRS: dict[str, tuple[tuple[int, int], ...]] = {
    "eye": ((263, 33), (362, 133), (386, 159), (374, 145), (387, 160), (373, 144), (385, 158), (380, 153)),
    "brow": (
        (300, 70),
        (293, 63),
        (334, 105),
        (296, 66),
        (336, 107),
        (285, 55),
        (295, 65),
        (282, 52),
        (283, 53),
        (276, 46),
    ),
    "mouth": (
        (291, 61),
        (269, 39),
        (267, 37),
        (405, 181),
        (314, 84),
        (308, 78),
        (375, 146),
        (321, 91),
        (270, 40),
        (409, 185),
    ),
}
#: Points that hardly move with expression: eye corners, bridge of the nose, philtrum.
_CORNERS = ((263, 33), (362, 133))
_MIDLINE = (168, 6, 197, 195, 2)
_STABLE = (*(point for pair in _CORNERS for point in pair), *_MIDLINE)

_LIPS = (*(p for pair in PAIRS["mouth"] for p in pair), 0, 17, 13, 14)
_BROWS = tuple(p for pair in PAIRS["brow"] for p in pair)
REGIONS: dict[str, tuple[int, ...]] = {
    "brow": _BROWS,
    "lips": _LIPS,
    "upper": (*_BROWS, 386, 159, 374, 145, 387, 160, 373, 144, 10, 297, 67),
    "lower": (*_LIPS, 152, 377, 148, 400, 176, 425, 205, 280, 50, 411, 187),
}
_ALL = tuple(
    dict.fromkeys((*_STABLE, *REGIONS["upper"], *REGIONS["lower"], *(p for v in PAIRS.values() for q in v for p in q)))
)
_PLACE = {point: i for i, point in enumerate(_ALL)}

FLAT_YAW_DEG = 15.0
"""Depth of a mesh from one camera is a guess: beyond this yaw one half of the face is compared with a guess."""

MOVEMENT_OVER_NOISE = 3.0


@dataclass(frozen=True, eq=False)
class FaceShape:
    """What is left of the mesh when position, rotation and size of the head are taken away; unit: inter-ocular
    distances.

    Parameters
    ----------
    motion
        Mean speed of the points of each region (and ``all``), ``(n,)`` 1/s.
    asymmetry
        Mean distance of each left point to its mirrored right one, ``(n,)``, by feature and ``overall``.
    left, right
        Distance of a feature's side from where it mostly is, ``(n,)``, by feature.
    """

    motion: dict[str, Signal]
    asymmetry: dict[str, Signal]
    left: dict[str, Signal]
    right: dict[str, Signal]

    @classmethod
    def of(cls, person: Person) -> FaceShape:
        """From `face_landmarks`, frames with the head turned by more than 15° left out of the asymmetry."""
        schema = person.scene.schema("face_landmarks")
        if schema["points"].shape[0] < 468:
            raise Undefined("missing_column", "the mesh has fewer points")
        mesh = person.points("face_landmarks", _ALL)
        if not np.isfinite(mesh.values[:, 0, 0]).any():
            raise Undefined("no_face")
        frontal = np.ones(len(mesh), bool)
        if "head_pose" in person.scene.tables:
            try:
                yaw = person.signal("head_pose", "yaw").values
                frontal = np.isfinite(yaw) & (np.abs(yaw) <= FLAT_YAW_DEG)
            except Undefined:
                pass
        return cls.from_mesh(mesh, frontal)

    @classmethod
    def from_mesh(cls, mesh: Signal, frontal: NDArray[np.bool_]) -> FaceShape:
        """From points ``(n, len(_ALL), 3)`` in px."""
        mirrored = _mirror_distances(mesh.values)
        mirrored = {key: replace(mesh, values=np.where(frontal, v, np.nan), unit="1") for key, v in mirrored.items()}
        aligned = _without_head(mesh.values)
        steady = replace(mesh, values=aligned, unit="1")
        left: dict[str, Signal] = {}
        right: dict[str, Signal] = {}
        for feature, pairs in PAIRS.items():
            for side, store in ((0, left), (1, right)):
                middle = aligned[:, [_PLACE[pair[side]] for pair in pairs]].mean(axis=1).astype(np.float64)
                middle = low_passed(middle, mesh.rate, POSE_CUTOFF_HZ)
                rest = np.nanmedian(middle, axis=0)
                store[feature] = replace(mesh, values=np.linalg.norm(middle - rest, axis=1), unit="1")
        return cls(_region_speeds(steady), mirrored, left, right)


def _without_head(points: NDArray[Any]) -> NDArray[np.float32]:
    """Points laid on the person's own mean face by the similarity of the stable points (Kabsch, Umeyama)."""
    known = np.isfinite(points[:, :, 0]).all(axis=1)
    index = np.flatnonzero(known)
    stable = [_PLACE[p] for p in _STABLE]
    sample = index[:: max(1, len(index) // 1000)]
    reference = points[sample[len(sample) // 2]][stable].astype(np.float64)
    reference /= np.linalg.norm(reference[0] - reference[1])
    reference -= reference.mean(axis=0)
    for _ in range(2):
        reference = _aligned(points[sample], stable, reference)[:, stable].mean(axis=0)
        reference -= reference.mean(axis=0)
        reference /= np.linalg.norm(reference[0] - reference[1])
    result = np.full(points.shape, np.nan, np.float32)
    for part in np.array_split(index, max(1, len(index) // 8192)):  # float64 for a slice at a time
        result[part] = _aligned(points[part], stable, reference)
    return result


def _aligned(points: NDArray, stable: list[int], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    cloud = points.astype(np.float64)
    centre = cloud[:, stable].mean(axis=1, keepdims=True)
    cloud -= centre
    anchors = cloud[:, stable]
    u, s, vt = np.linalg.svd(np.einsum("nsi,sj->nij", anchors, reference))
    flip = np.sign(np.linalg.det(u @ vt))
    s[:, 2] *= flip
    u[:, :, 2] *= flip[:, None]
    scale = s.sum(axis=1) / np.square(anchors).sum(axis=(1, 2))
    return (cloud @ (u @ vt)) * scale[:, None, None]


def _region_speeds(aligned: Signal) -> dict[str, Signal]:
    n, count = aligned.values.shape[:2]
    speeds = np.empty((n, count), np.float32)
    for i in range(count):  # one point at a time: filtering needs float64 copies
        smooth = low_passed(aligned.values[:, i].astype(np.float64), aligned.rate, POSE_CUTOFF_HZ)
        speeds[:, i] = np.linalg.norm(difference(smooth, aligned.rate), axis=1)
    regions = {"all": tuple(_PLACE), **REGIONS}
    return {
        name: replace(
            aligned, values=speeds[:, [_PLACE[p] for p in points]].mean(axis=1).astype(np.float64), unit="1/s"
        )
        for name, points in regions.items()
    }


def _mirror_distances(points: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Distance of left points to mirrored right ones over the inter-ocular distance, by feature.

    One plane a frame, through the bridge of the nose and the philtrum, square to the line of the eye corners: refitting
    it for each feature would hide the very displacement that is looked for.
    """
    left = points[:, [_PLACE[a] for a, _ in _CORNERS]].astype(np.float64)
    right = points[:, [_PLACE[b] for _, b in _CORNERS]].astype(np.float64)
    normal = (left - right).mean(axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    middle = np.concatenate([(left + right) / 2, points[:, [_PLACE[p] for p in _MIDLINE]]], axis=1).mean(axis=1)
    ocular = np.linalg.norm(left[:, 0] - right[:, 0], axis=1)
    distances: dict[str, NDArray[np.float64]] = {}
    for feature, pairs in PAIRS.items():
        a = points[:, [_PLACE[p] for p, _ in pairs]].astype(np.float64)
        b = points[:, [_PLACE[q] for _, q in pairs]].astype(np.float64)
        depth = np.einsum("nki,ni->nk", b - middle[:, None], normal)
        mirrored = b - 2 * depth[:, :, None] * normal[:, None]
        distances[feature] = np.linalg.norm(a - mirrored, axis=2).mean(axis=1) / ocular
    distances["overall"] = np.mean([distances[feature] for feature in PAIRS], axis=0)
    return distances


_NEEDS = ("face_landmarks",)
_TEN = Minimum(seconds=10, rate_hz=12)


@measure(id="facial_landmark_motion_mean_io_per_s", unit="1/s", needs=_NEEDS, minimum=_TEN, range=(0, None), core=True)
def landmark_motion(shape: FaceShape) -> Estimate:
    """Mean speed of the face's points in inter-ocular distances a second, the head's own motion removed, below 6 Hz."""
    return statistics.mean(shape.motion["all"])


def _register_region(region: str) -> None:
    @measure(
        id=f"facial_motion_{region}_mean_io_per_s", unit="1/s", needs=_NEEDS, minimum=_TEN, range=(0, None), core=True
    )
    def region_motion(shape: FaceShape) -> Estimate:
        return statistics.mean(shape.motion[region])

    region_motion.__doc__ = (
        f"Mean speed of the points of the {region} {'face' if region in ('upper', 'lower') else ''}".rstrip() + "."
    )


for _region in ("upper", "lower", "brow", "lips"):
    _register_region(_region)


@measure(
    id="facial_asymmetry_index[feature]",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=2, coverage=0.3),
    cite=("Schmidt et al. 2006, J Nonverbal Behav 30:37",),
    range=(0, None),
    core=True,
)
def asymmetry_index(shape: FaceShape):
    """Mean distance of each left point of eyes, brows and mouth to its mirrored right one, in inter-ocular distances.

    The mirror is laid once a frame through points that do not move; heads turned by more than 15° are left out.
    """
    if not shape.asymmetry["overall"].known.any():
        raise Undefined("not_calibrated", "the head is turned by more than 15° throughout")
    return {feature: statistics.mean(signal) for feature, signal in shape.asymmetry.items()}


def _movement(shape: FaceShape, feature: str) -> tuple[Signal, Signal]:
    left, right = shape.left[feature], shape.right[feature]
    both = np.fmax(left.values, right.values)
    seen = both[np.isfinite(both)]
    if not len(seen):
        raise Undefined("no_face")
    noise = 1.4826 * float(np.median(np.abs(np.diff(seen) - np.median(np.diff(seen))))) if len(seen) > 2 else 0.0
    if np.quantile(seen, 0.99) < max(MOVEMENT_OVER_NOISE * noise, 0.004):
        raise Undefined("too_few_events", f"the {feature} makes no movement that stands out of the jitter")
    return left, right


def _for_features(shape: FaceShape, estimate) -> dict[str, Estimate | Undefined]:
    values: dict[str, Estimate | Undefined] = {}
    for feature in PAIRS:
        try:
            values[feature] = estimate(*_movement(shape, feature))
        except Undefined as undefined:
            values[feature] = undefined
    return values


def _signed(left: Signal, right: Signal) -> Estimate:
    known = left.known & right.known
    a, b = np.quantile(left.values[known], 0.98), np.quantile(right.values[known], 0.98)
    seconds = float(known.sum()) / left.rate
    return Estimate(
        float((a - b) / (a + b)), n=1, seconds=seconds, coverage=float(known.mean()), no_interval="ci_none_single"
    )


@measure(id="facial_asymmetry_signed[feature]", unit="1", needs=_NEEDS, minimum=Minimum(seconds=2), range=(-1, 1))
def asymmetry_signed(shape: FaceShape):
    """Excursion of the left side from rest against the right's: (L − R)/(L + R); + when the left moves farther."""
    return _for_features(shape, _signed)


def _lag(left: Signal, right: Signal) -> Estimate:
    from bitflow.measures.correlation import best_lag

    known = left.known & right.known
    x, y = np.where(known, left.values, np.nan), np.where(known, right.values, np.nan)
    value = best_lag(x, y, left.rate, 0.5)
    seconds = float(known.sum()) / left.rate
    return Estimate(1000 * value, n=1, seconds=seconds, coverage=float(known.mean()), no_interval="ci_none_single")


@measure(
    id="facial_movement_lag_lr_ms",
    unit="ms",
    needs=_NEEDS,
    minimum=Minimum(seconds=2, rate_hz=23.9),
    cite=("Guarin et al. 2018, JAMA Facial Plast Surg 20:335",),
)
def movement_lag(shape: FaceShape):
    """Lag of the mouth's right side behind its left by cross-correlation; positive: the left moves first."""
    return _lag(*_movement(shape, "mouth"))
