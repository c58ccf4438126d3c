"""SLEAP's files: the analysis HDF5, and projects (.slp) with their instances."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.poses import hdf5
from bitflow.datasets.poses.columns import ONLY
from bitflow.datasets.poses.source import PoseSource, Stretch, checked_names, spans, whole
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts

if TYPE_CHECKING:
    import h5py

#: Links of a skeleton that join left and right, and are no bones.
_SYMMETRY = 2

#: An instance that a person placed; 1 is one that the network predicted.
_USER = 0


def read_analysis(path: Path) -> PoseSource:
    """Open an analysis file: ``tracks (A, 2, K, T)``, or the transpose that MATLAB-minded exports have.

    Raises
    ------
    SchemaError
        Its arrays contradict each other.
    """
    with hdf5.opened(path) as file:
        keypoints = checked_names(path, "keypoint", hdf5.texts(hdf5.dataset(file, "node_names")[()]))
        tracks = hdf5.dataset(file, "tracks", axes=4)
        turned = _is_turned(path, tracks.shape, len(keypoints))
        count, frames = (tracks.shape[3], tracks.shape[0]) if turned else (tracks.shape[0], tracks.shape[3])
        animals = _animals(
            path, hdf5.texts(hdf5.dataset(file, "track_names")[()]) if "track_names" in file else [], count
        )
        edges = hdf5.dataset(file, "edge_inds")[()] if "edge_inds" in file else np.empty((0, 2), int)
        scored = "point_scores" in file
    skeleton = tuple((int(a), int(b)) for a, b in edges.reshape(-1, 2))
    source = {"format": "SLEAP analysis", "missing_code": "NaN", "scores": scored}
    facts = PoseFacts(keypoints, animals, skeleton=skeleton, source=source)

    def stretches() -> Iterator[Stretch]:
        with hdf5.opened(path) as file:
            tracks = hdf5.dataset(file, "tracks", axes=4)
            scores = hdf5.dataset(file, "point_scores", axes=3) if scored else None
            for rows in spans(frames, facts):
                points = tracks[rows].transpose(0, 3, 1, 2) if turned else tracks[..., rows].transpose(3, 0, 2, 1)
                if scores is None:
                    confidence = np.full(points.shape[:3], np.nan, np.float32)
                else:
                    given = scores[rows].transpose(0, 2, 1) if turned else scores[..., rows].transpose(2, 0, 1)
                    confidence = np.where(np.isfinite(points).all(axis=-1), given, np.nan).astype(np.float32)
                yield Stretch(np.arange(rows.start, rows.stop), whole(points), confidence)

    return PoseSource(path, facts, stretches)


def read_project(path: Path) -> list[PoseSource]:
    """Open a project: one sequence for each of its videos that has frames.

    A user's instance stands before a predicted one of the same track. Instances without a track are dropped where
    others have one; in a project without tracks they keep the order that they have in their frame.
    """
    with hdf5.opened(path) as file:
        described = json.loads(hdf5.text(hdf5.group(file, "metadata").attrs["json"]))
        version = hdf5.attribute(hdf5.group(file, "metadata"), "format_id", 1.0)
        frames = hdf5.dataset(file, "frames", axes=1)[()]
        tracks = [json.loads(each) for each in hdf5.texts(hdf5.dataset(file, "tracks_json")[()])]
        videos = [json.loads(each) for each in hdf5.texts(hdf5.dataset(file, "videos_json")[()])]
        keypoints, skeleton = _skeleton(path, described)
        names = [str(each[1]) for each in tracks]
        if not names:
            most = int((frames["instance_id_end"] - frames["instance_id_start"]).max(initial=1))
            animals = (ONLY,) if most <= 1 else tuple(f"instance_{number}" for number in range(most))
        else:
            animals = checked_names(path, "track", names)
    notes: list[str] = []
    if not names and len(animals) > 1:
        notes.append("its instances have no tracks: the same name may stand for several animals in the course of time")
    if version < 1.1:
        notes.append("an old project, from before SLEAP put coordinates at the middle of pixels: ±0.5 px")
    facts = PoseFacts(keypoints, animals, skeleton=skeleton, source={"format": "SLEAP project", "missing_code": "NaN"})
    sources: list[PoseSource] = []
    for video in np.unique(frames["video"]).tolist():
        mine = frames[frames["video"] == video]
        mine = mine[np.argsort(mine["frame_idx"], kind="stable")]
        project = _Project(path, facts, mine, tracked=bool(names))
        several = len(np.unique(frames["video"])) > 1
        name = _video_name(videos, video) if several else ""
        sources.append(PoseSource(path, facts, project.stretches, name, notes=tuple(notes)))
    return sources


class _Project:
    """The frames of one video of a project."""

    def __init__(self, path: Path, facts: PoseFacts, frames: NDArray[Any], *, tracked: bool) -> None:
        self.path, self.facts, self.frames, self.tracked = path, facts, frames, tracked

    def stretches(self) -> Iterator[Stretch]:
        with hdf5.opened(self.path) as file:
            for rows in spans(len(self.frames), self.facts):
                yield self._stretch(file, self.frames[rows])

    def _stretch(self, file: h5py.File, frames: NDArray[Any]) -> Stretch:
        shape = (len(frames), len(self.facts.animals), len(self.facts.keypoints))
        points, confidence = np.full((*shape, 2), np.nan), np.full(shape, np.nan, np.float32)
        filled_by_user = np.zeros(shape[:2], bool)
        first, last = int(frames["instance_id_start"].min()), int(frames["instance_id_end"].max())
        instances = hdf5.dataset(file, "instances", axes=1)[first:last]
        placed = _Points(file, "points", instances[instances["instance_type"] == _USER])
        predicted = _Points(file, "pred_points", instances[instances["instance_type"] != _USER])
        for row, frame in enumerate(frames):
            begin = int(frame["instance_id_start"]) - first
            mine = instances[begin : int(frame["instance_id_end"]) - first]
            for number, instance in enumerate(mine):
                animal = int(instance["track"]) if self.tracked else number
                if not 0 <= animal < shape[1]:
                    continue
                by_user = instance["instance_type"] == _USER
                if filled_by_user[row, animal] and not by_user:
                    continue
                values = (placed if by_user else predicted).of(instance)
                if len(values) != shape[2]:
                    raise SchemaError(f"{self.path}: an instance of {len(values)} points, the skeleton has {shape[2]}")
                seen = values["visible"] & np.isfinite(values["x"]) & np.isfinite(values["y"])
                here = np.where(seen[:, None], np.stack([values["x"], values["y"]], axis=1), np.nan)
                points[row, animal] = here
                given = np.where(seen, 1.0 if by_user else values["score"], np.nan)
                confidence[row, animal] = given
                filled_by_user[row, animal] = by_user
        return Stretch(frames["frame_idx"].astype(np.int64), points, confidence)


class _Points:
    """The points of some instances, read at once."""

    def __init__(self, file: h5py.File, name: str, instances: NDArray[Any]) -> None:
        self.first = int(instances["point_id_start"].min(initial=np.iinfo(np.int64).max)) if len(instances) else 0
        last = int(instances["point_id_end"].max()) if len(instances) else 0
        self.values = hdf5.dataset(file, name, axes=1)[self.first : last]

    def of(self, instance: Any) -> NDArray[Any]:
        return self.values[int(instance["point_id_start"]) - self.first : int(instance["point_id_end"]) - self.first]


def _is_turned(path: Path, shape: tuple[int, ...], keypoints: int) -> bool:
    if shape[1] == 2 and shape[2] == keypoints:
        return False
    if shape[1] == keypoints and shape[2] == 2:
        return True
    raise SchemaError(
        f"{path}: tracks of (animals, 2, {keypoints}, frames) or (frames, {keypoints}, 2, animals) expected, "
        f"{shape} came"
    )


def _animals(path: Path, names: list[str], count: int) -> tuple[str, ...]:
    if not names:
        return (ONLY,) if count == 1 else tuple(f"track_{number}" for number in range(count))
    if len(names) != count:
        raise SchemaError(f"{path}: {len(names)} names of tracks for {count} tracks")
    return checked_names(path, "track", names)


def _skeleton(path: Path, described: Any) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Names of nodes in the order of an instance's points, and bones."""
    nodes = [str(node["name"]) for node in described["nodes"]]
    skeleton = described["skeletons"][0]
    numbers = [int(node["id"]) for node in skeleton["nodes"]]
    keypoints = checked_names(path, "keypoint", [nodes[number] for number in numbers])
    place = {number: at for at, number in enumerate(numbers)}
    kinds: list[int] = []
    bones: list[tuple[int, int]] = []
    for link in skeleton.get("links", []):
        kind = link.get("type", {})
        if "py/reduce" in kind:
            kinds.append(int(kind["py/reduce"][1]["py/tuple"][0]))
            number = kinds[-1]
        else:
            number = kinds[int(kind["py/id"]) - 1] if "py/id" in kind else 1
        if number != _SYMMETRY:
            bones.append((place[int(link["source"])], place[int(link["target"])]))
    return keypoints, tuple(bones)


def _video_name(videos: list[Any], number: int) -> str:
    known = videos[number] if number < len(videos) else {}
    file = known.get("backend", known).get("filename", "") if isinstance(known, dict) else ""
    name = Path(str(file[0] if isinstance(file, list) and file else file).replace("\\", "/")).stem
    return name or f"video_{number}"
