"""movement's netCDF files of poses, read as the HDF5 that they are; dimensions in the plural (old) or singular."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.datasets.poses import hdf5
from bitflow.datasets.poses.source import PoseSource, Stretch, checked_names, spans, whole
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts

if TYPE_CHECKING:
    import h5py

_AXES = {"time": "time", "space": "space"}
_AXES |= {name: "keypoint" for name in ("keypoint", "keypoints")}
_AXES |= {name: "individual" for name in ("individual", "individuals")}


def read(path: Path) -> PoseSource:
    """Open one.

    Raises
    ------
    SchemaError
        Its dimensions are not those of poses.
    """
    with hdf5.opened(path) as file:
        position = hdf5.dataset(file, "position")
        axes = _axes(path, position)
        scored = "confidence" in file
        named: dict[str, list[str]] = {}
        for axis in ("space", "keypoint", "individual"):
            named[axis] = hdf5.texts(hdf5.dataset(file, _coordinate(file, axis))[()])
            if len(named[axis]) != position.shape[axes.index(axis)]:
                raise SchemaError(f"{path}: {len(named[axis])} names for the axis {axis} of {position.shape}")
        rate = hdf5.attribute(file, "fps") if "fps" in file.attrs else None
        unit = hdf5.text(file.attrs.get("time_unit", ""))
        clock = hdf5.numbers(hdf5.dataset(file, "time")[()]) if "time" in file else np.empty(0)
    if [name.lower() for name in named["space"]] not in (["x", "y"], ["x", "y", "z"]):
        raise SchemaError(f"{path}: space of x, y and perhaps z expected, {', '.join(named['space'])} came")
    dimensions = len(named["space"])
    facts = PoseFacts(
        checked_names(path, "keypoint", named["keypoint"]),
        checked_names(path, "individual", named["individual"]),
        dimensions,
        fps=rate if rate and np.isfinite(rate) and rate > 0 else None,
        unit="px" if dimensions == 2 else "",
        source={"format": "movement netCDF", "missing_code": "NaN"},
    )
    count = position.shape[axes.index("time")] if clock.size == 0 else len(clock)
    timed = unit == "seconds" and len(clock) == count and bool((np.diff(clock) > 0).all())

    def stretches() -> Iterator[Stretch]:
        with hdf5.opened(path) as file:
            position = hdf5.dataset(file, "position")
            held = hdf5.dataset(file, "confidence") if scored else None
            for rows in spans(count, facts):
                points = _turned(position, axes, rows, ("time", "individual", "keypoint", "space"))
                if held is None:
                    confidence = np.full(points.shape[:3], np.nan)
                else:
                    confidence = _turned(held, _axes(path, held), rows, ("time", "individual", "keypoint"))
                frames = np.arange(rows.start, rows.stop)
                times = clock[rows] if timed else None
                yield Stretch(frames, whole(points, confidence), confidence.astype(np.float32), times)

    return PoseSource(path, facts, stretches)


def _turned(held: h5py.Dataset, axes: list[str], rows: slice, wanted: tuple[str, ...]) -> np.ndarray:
    part: tuple[Any, ...] = tuple(rows if axis == "time" else slice(None) for axis in axes)
    return hdf5.numbers(held[part]).transpose([axes.index(axis) for axis in wanted])


def _axes(path: Path, held: h5py.Dataset) -> list[str]:
    names: list[str] = []
    for dimension in held.dims:
        label = str(dimension[0].name if len(dimension) else dimension.label).rsplit("/", 1)[-1]
        names.append(_AXES.get(label, label))
    expected = {"time", "keypoint", "individual"} | ({"space"} if held.ndim == 4 else set())
    if set(names) != expected:
        raise SchemaError(
            f"{path}: {held.name} has the axes {', '.join(names)}, {', '.join(sorted(expected))} expected"
        )
    return names


def _coordinate(file: h5py.File, axis: str) -> str:
    return next((name for name, meant in _AXES.items() if meant == axis and name in file), axis)
