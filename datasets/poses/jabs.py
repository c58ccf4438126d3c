"""JABS pose files, versions 2 to 8, told apart by the datasets that they hold and not by the version they claim.

Points are stored y before x. A point counts from a confidence above 0.3, which is a value of a heat map and may exceed
1; a mouse counts with at least three points off the tail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.poses import hdf5
from bitflow.datasets.poses.source import PoseSource, Stretch, spans
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts, Scale
from bitflow.regions import Region

if TYPE_CHECKING:
    import h5py

KEYPOINTS = (
    *("nose", "left_ear", "right_ear", "base_neck", "left_front_paw", "right_front_paw", "center_spine"),
    *("left_rear_paw", "right_rear_paw", "base_tail", "mid_tail", "tip_tail"),
)
_SKELETON = ((0, 3), (1, 3), (2, 3), (3, 6), (4, 6), (5, 6), (6, 9), (7, 9), (8, 9), (9, 10), (10, 11))
_OFF_TAIL = 10
_LEAST_CONFIDENCE = 0.3
_LEAST_POINTS = 3

#: Objects that the network finds y before x; corners are written x before y.
_YX = ("lixit", "food_hopper")


@dataclass(frozen=True, eq=False)
class _Layout:
    """How a file says who is who.

    `animals` are its identities; `numbers` gives, for rows of the file, the place of each slot's identity among
    them ``(n, N)``, −1 where a slot is empty.
    """

    version: int
    animals: tuple[str, ...]
    numbers: Callable[[h5py.Group, slice], NDArray[np.int64]]


def read(path: Path) -> PoseSource:
    """Open one.

    Raises
    ------
    SchemaError
        Its arrays contradict each other, or are not of 12 points.
    """
    with hdf5.opened(path) as file:
        group = hdf5.group(file, "poseest")
        points = hdf5.dataset(group, "points")
        confidence = hdf5.dataset(group, "confidence")
        several = points.ndim == 4
        if points.ndim not in (3, 4) or points.shape[-2:] != (len(KEYPOINTS), 2):
            raise SchemaError(f"{path}: points of (frames, [mice,] {len(KEYPOINTS)}, 2) expected, {points.shape} came")
        if confidence.shape != points.shape[:-1]:
            raise SchemaError(f"{path}: confidence of {points.shape[:-1]} expected, {confidence.shape} came")
        frames = points.shape[0]
        layout = _layout(path, file, group) if several else _Layout(2, ("mouse1",), _always_first)
        scale = _scale(group)
        regions, notes = _objects(file, group)
        if several and len(layout.animals) > points.shape[1]:
            notes = (*notes, f"{len(layout.animals)} tracks of at most {points.shape[1]} mice at once: pieces of mice")
    source = {"format": f"JABS v{layout.version}", "missing_code": "confidence at most 0.3, or an empty slot"}
    facts = PoseFacts(KEYPOINTS, layout.animals, skeleton=_SKELETON, scale=scale, source=source)

    def stretches() -> Iterator[Stretch]:
        with hdf5.opened(path) as file:
            group = hdf5.group(file, "poseest")
            for rows in spans(frames, facts):
                yield _stretch(group, rows, layout, len(layout.animals))

    return PoseSource(path, facts, stretches, regions=regions, notes=notes)


def _stretch(group: h5py.Group, rows: slice, layout: _Layout, animals: int) -> Stretch:
    points = hdf5.numbers(hdf5.dataset(group, "points")[rows])[..., ::-1]
    confidence = hdf5.numbers(hdf5.dataset(group, "confidence")[rows])
    if points.ndim == 3:
        points, confidence = points[:, None], confidence[:, None]
    seen = confidence > _LEAST_CONFIDENCE
    seen &= seen[..., :_OFF_TAIL].sum(axis=-1, keepdims=True) >= _LEAST_POINTS
    numbers = layout.numbers(group, rows)
    shape = (len(points), animals, len(KEYPOINTS))
    placed, given = np.full((*shape, 2), np.nan), np.full(shape, np.nan, np.float32)
    at, slot = np.nonzero((numbers >= 0) & (numbers < animals))
    who = numbers[at, slot]
    placed[at, who] = np.where(seen[at, slot][..., None], points[at, slot], np.nan)
    given[at, who] = confidence[at, slot]
    return Stretch(np.arange(rows.start, rows.stop), placed, given)


def _always_first(group: h5py.Group, rows: slice) -> NDArray[np.int64]:
    return np.zeros((rows.stop - rows.start, 1), np.int64)


def _layout(path: Path, file: h5py.File, group: h5py.Group) -> _Layout:
    if "instance_embed_id" in group:
        version = 4
        if "static_objects" in file:
            version = 5
        if "seg_data" in group:
            version = 6
        if "dynamic_objects" in file:
            version = 7
        if "bbox" in group:
            version = 8
        return _Layout(version, _identities(path, group), _by_identity)
    if "instance_track_id" not in group or "instance_count" not in group:
        raise SchemaError(f"{path}: several mice, and neither instance_embed_id nor instance_track_id tells them apart")
    tracks = np.unique(_track_ids(group, slice(0, int(hdf5.dataset(group, "points").shape[0]))))
    tracks = tracks[tracks >= 0]
    if not len(tracks):
        raise SchemaError(f"{path}: no mouse is ever there")

    def by_track(group: h5py.Group, rows: slice) -> NDArray[np.int64]:
        ids = _track_ids(group, rows)
        found = np.searchsorted(tracks, ids)
        return np.where(ids >= 0, np.minimum(found, len(tracks) - 1), -1)

    return _Layout(3, tuple(f"track_{track}" for track in tracks), by_track)


def _track_ids(group: h5py.Group, rows: slice) -> NDArray[np.int64]:
    ids = hdf5.dataset(group, "instance_track_id", axes=2)[rows].astype(np.int64)
    count = hdf5.dataset(group, "instance_count", axes=1)[rows].astype(np.int64)
    return np.where(np.arange(ids.shape[1]) < count[:, None], ids, -1)


def _identities(path: Path, group: h5py.Group) -> tuple[str, ...]:
    if "instance_id_center" in group:
        count = int(hdf5.dataset(group, "instance_id_center", axes=2).shape[0])
    else:
        count = int(hdf5.dataset(group, "instance_embed_id", axes=2)[()].max(initial=0))
    if not count:
        raise SchemaError(f"{path}: no mouse has an identity")
    if "external_identity_mapping" in group:
        given = [str(hdf5.text(each)) for each in hdf5.dataset(group, "external_identity_mapping")[()].ravel()]
        if len(given) == count and len(set(given)) == count:
            return tuple(given)
    return tuple(f"mouse{number + 1}" for number in range(count))


def _by_identity(group: h5py.Group, rows: slice) -> NDArray[np.int64]:
    numbers = hdf5.dataset(group, "instance_embed_id", axes=2)[rows].astype(np.int64) - 1
    if "id_mask" in group:
        numbers[hdf5.dataset(group, "id_mask", axes=2)[rows].astype(bool)] = -1
    if "instance_count" in group:
        count = hdf5.dataset(group, "instance_count", axes=1)[rows].astype(np.int64)
        numbers[np.arange(numbers.shape[1]) >= count[:, None]] = -1
    return numbers


def _scale(group: h5py.Group) -> Scale:
    if "cm_per_pixel" not in group.attrs:
        return Scale()
    number = hdf5.attribute(group, "cm_per_pixel")
    return Scale(number) if np.isfinite(number) and number > 0 else Scale(reason=f"the file says {number:g} cm per px")


def _objects(file: h5py.File, group: h5py.Group) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    regions: list[Region] = []
    notes: list[str] = []
    if "static_objects" in file:
        objects = hdf5.group(file, "static_objects")
        for name in map(str, objects):
            places = hdf5.numbers(hdf5.dataset(objects, name)[()]).reshape(-1, 2)
            region = _region(name, places[:, ::-1] if name in _YX else places)
            if region is not None:
                regions.append(region)
    if "dynamic_objects" in file:
        notes.append(f"objects that move are left out: {', '.join(list(hdf5.group(file, 'dynamic_objects'))[:6])}")
    if "seg_data" in group:
        notes.append("outlines of mice are left out")
    return tuple(regions), tuple(notes)


def _region(name: str, places: NDArray[np.float64]) -> Region | None:
    """A polygon about its middle, whatever the order of its corners; a line of two; a point."""
    if not np.isfinite(places).all() or not len(places):
        return None
    called = "arena" if name == "corners" else name
    if len(places) < 3:
        return Region(called, "line" if len(places) == 2 else "point", _pairs(places))
    away = places - places.mean(axis=0)
    round_ = places[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    flat = np.linalg.matrix_rank(away) < 2
    return Region(called, "line", _pairs(places)) if flat else Region(called, "polygon", _pairs(round_))


def _pairs(places: NDArray[Any]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in places)
