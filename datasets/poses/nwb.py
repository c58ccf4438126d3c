"""Poses in NWB files (ndx-pose): one container an animal, one series a keypoint, each with timestamps of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.poses import hdf5
from bitflow.datasets.poses.source import PoseSource, Stretch, checked_names, spans, whole
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts

if TYPE_CHECKING:
    import h5py

#: Instants of two keypoints are one frame within this share of a frame.
_SAME_FRAME = 0.4


@dataclass(frozen=True, eq=False)
class _Series:
    """One keypoint of one animal."""

    path: str
    times: NDArray[np.float64]
    dimensions: int


def read(path: Path) -> PoseSource:
    """Open one.

    Raises
    ------
    SchemaError
        It holds no PoseEstimation, or series without instants.
    """
    with hdf5.opened(path) as file:
        containers = _of_type(file, "PoseEstimation")
        if not containers:
            raise SchemaError(f"{path}: holds no PoseEstimation of ndx-pose, which poses in NWB are")
        found = [_animal(hdf5.group(file, name)) for name in containers]
        names = [name.rsplit("/", 1)[-1] for name in containers]
        keypoints = checked_names(path, "keypoint", list(dict.fromkeys(k for each in found for k in each)))
        if not keypoints:
            raise SchemaError(f"{path}: its PoseEstimation has no series")
        keypoints, skeleton = _skeleton(file, keypoints)
    unnamed = len(names) == 1 and names[0] == "PoseEstimation"
    animals = ("animal",) if unnamed else _distinct(names)
    series = [one for each in found for one in each.values()]
    dimensions = max(one.dimensions for one in series)
    clock = _clock(path, [one.times for one in series])
    notes: list[str] = []
    numbered = len(clock) > 1 and abs(float(np.median(np.diff(clock))) - 1.0) < 1e-9 and clock[0] in (0.0, 1.0)
    times: NDArray[np.float64] | None = None
    if numbered:
        notes.append("its timestamps look like frame numbers, one a second, and are not taken for times")
    else:
        times = clock - clock[0] if len(clock) else clock
        if len(clock) and abs(clock[0]) > 1e-9:
            notes.append(f"its timestamps begin at {clock[0]:g} s of the session; 0 here is the first pose")
    facts = PoseFacts(
        keypoints,
        animals,
        dimensions,
        skeleton=skeleton,
        unit="px" if dimensions == 2 else "",
        source={"format": "NWB", "missing_code": "NaN, or confidence 0"},
    )

    def stretches() -> Iterator[Stretch]:
        with hdf5.opened(path) as file:
            for rows in spans(len(clock), facts):
                yield _stretch(file, rows, facts, found, clock, times)

    return PoseSource(path, facts, stretches, notes=tuple(notes))


def _animal(container: h5py.Group) -> dict[str, _Series]:
    series: dict[str, _Series] = {}
    for name in map(str, container):
        if _type(container.get(name)) == "PoseEstimationSeries":
            held = hdf5.group(container, name)
            data = hdf5.dataset(held, "data", axes=2)
            label = name.removeprefix("PoseEstimationSeries")
            series[label or name] = _Series(str(held.name), _times(held, data.shape[0]), int(data.shape[1]))
    return series


def _times(series: h5py.Group, count: int) -> NDArray[np.float64]:
    if "timestamps" in series:
        times = hdf5.numbers(hdf5.dataset(series, "timestamps", axes=1)[()])
        if len(times) != count or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise SchemaError(f"{series.file.filename}: the timestamps of {series.name} do not rise, one a sample")
        return times
    held = hdf5.dataset(series, "starting_time")
    return float(held[()]) + np.arange(count) / hdf5.attribute(held, "rate")


def _clock(path: Path, all_times: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Instants at which at least one keypoint was seen."""
    longest = max(all_times, key=len)
    if all(len(times) == len(longest) and np.array_equal(times, longest) for times in all_times):
        return longest
    joined = np.unique(np.concatenate(all_times))
    step = float(np.median(np.diff(longest))) if len(longest) > 1 else 1.0
    # Instants that are nearly the same are one frame: the first of each group stands for it.
    group = np.concatenate(([0], np.cumsum(np.diff(joined) > _SAME_FRAME * step)))
    return joined[np.unique(group, return_index=True)[1]]


def _stretch(
    file: h5py.File,
    rows: slice,
    facts: PoseFacts,
    animals: list[dict[str, _Series]],
    clock: NDArray[np.float64],
    times: NDArray[np.float64] | None,
) -> Stretch:
    here = clock[rows]
    shape = (len(here), len(animals), len(facts.keypoints))
    points, confidence = np.full((*shape, facts.dimensions), np.nan), np.full(shape, np.nan, np.float32)
    half = float(np.median(np.diff(clock))) / 2 if len(clock) > 1 else 0.5
    for a, series in enumerate(animals):
        for name, one in series.items():
            first, last = np.searchsorted(one.times, [here[0] - half, here[-1] + half])
            at = np.clip(np.searchsorted(here, one.times[first:last] - half), 0, len(here) - 1)
            held = hdf5.group(file, one.path)
            data = hdf5.dataset(held, "data", axes=2)
            factor, offset = hdf5.attribute(data, "conversion", 1.0), hdf5.attribute(data, "offset", 0.0)
            k = facts.keypoints.index(name)
            points[at, a, k, : one.dimensions] = hdf5.numbers(data[first:last]) * factor + offset
            if "confidence" in held:
                confidence[at, a, k] = hdf5.numbers(hdf5.dataset(held, "confidence", axes=1)[first:last])
    frames = np.arange(rows.start, rows.stop)
    return Stretch(frames, whole(points, confidence), confidence, None if times is None else times[rows])


def _skeleton(file: h5py.File, keypoints: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Keypoints in the order of the first skeleton that names them all, and its bones.

    Groups in HDF5 are listed by the alphabet.
    """
    for kind in ("Skeleton", "PoseEstimation"):
        for name in _of_type(file, kind):
            group = hdf5.group(file, name)
            if "nodes" not in group:
                continue
            nodes = tuple(hdf5.texts(hdf5.dataset(group, "nodes")[()]))
            if set(nodes) != set(keypoints) or len(nodes) != len(keypoints):
                continue
            edges = hdf5.dataset(group, "edges")[()].reshape(-1, 2).astype(int) if "edges" in group else ()
            inside = tuple((int(a), int(b)) for a, b in edges if min(a, b) >= 0 and max(a, b) < len(nodes))
            return nodes, inside
    return keypoints, ()


def _of_type(file: h5py.File, kind: str) -> list[str]:
    found: list[str] = []
    file.visititems(lambda name, held: found.append(name) if _type(held) == kind else None)
    return found


def _type(held: object) -> str:
    import h5py

    return hdf5.text(held.attrs.get("neurodata_type", "")) if isinstance(held, h5py.Group) else ""


def _distinct(names: list[str]) -> tuple[str, ...]:
    return tuple(f"{name}_{n}" if names.count(name) > 1 else name for n, name in enumerate(names))
