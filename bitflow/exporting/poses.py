"""Poses as other trackers write them: DeepLabCut's CSV and SLEAP's analysis HDF5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.drafts import drafted
from bitflow.errors import UsageError
from bitflow.exporting import csv_files
from bitflow.poses import PoseFacts, PoseSeries, read_facts, stream_poses
from bitflow.signals.cleaning import known_points

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.store import Recording

#: What readers call the animal of a file that names none.
ONLY_ANIMAL = "animal"

#: What stands in the scorer row of poses that no DeepLabCut network made.
SCORER = "bitflow"


def write_deeplabcut(path: Path, recording: Recording, *, deidentified: bool = False) -> int:
    """Write DeepLabCut's CSV; returns its number of rows.

    One row a frame; a missing point has empty cells. The row `individuals` is there with several animals or one that
    has a name of its own, the columns of likelihoods where the poses have any. With `deidentified` the scorer row
    does not name the network.
    """
    facts = read_facts(recording)
    several = facts.animals != (ONLY_ANIMAL,)
    scored = _is_scored(recording)
    coords = (*"xyz"[: facts.dimensions], *(["likelihood"] if scored else []))
    names = list(product(facts.animals, facts.keypoints, coords))
    scorer = SCORER if deidentified else str(facts.source.get("scorer") or SCORER)
    heading = [["scorer", *(scorer for _ in names)]]
    if several:
        heading.append(["individuals", *(animal for animal, _, _ in names)])
    heading += [["bodyparts", *(part for _, part, _ in names)], ["coords", *(coord for _, _, coord in names)]]
    return csv_files.write_rows(path, heading, _csv_rows(recording, scored))


def write_sleap(path: Path, recording: Recording, *, deidentified: bool = False) -> int:
    """Write SLEAP's analysis HDF5, with `deidentified` without the names of video and recording; returns its frames.

    Raises
    ------
    UsageError
        The poses are in space.
    """
    import h5py

    facts = read_facts(recording)
    if facts.dimensions != 2:
        raise UsageError(f"recording {recording.id!r}: SLEAP's analysis file holds poses in the picture, not in space")
    frames = 0
    with drafted(path) as draft, h5py.File(draft, "w") as file:
        _describe(file, facts, None if deidentified else recording)
        for block in stream_poses(recording):
            frames = _add_frames(file, block)
    return frames


def _is_scored(recording: Recording) -> bool:
    return any(np.isfinite(block.confidence).any() for block in stream_poses(recording))


def _csv_rows(recording: Recording, scored: bool) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for block in stream_poses(recording):
        parts = [block.points, block.confidence[..., None].astype(float)] if scored else [block.points]
        values = np.concatenate(parts, axis=-1).reshape(len(block), -1)
        columns = [pa.array(block.frames), *(pa.array(column, mask=~np.isfinite(column)) for column in values.T)]
        yield pa.RecordBatch.from_arrays(columns, names=[str(number) for number in range(len(columns))])


def _describe(file: Any, facts: PoseFacts, recording: Recording | None) -> None:
    import bitflow

    animals, keypoints = len(facts.animals), len(facts.keypoints)
    # The last axis is time: it grows with every stretch.
    for name, axes in (("tracks", (animals, 2, keypoints)), ("point_scores", (animals, keypoints))):
        file.create_dataset(
            name, (*axes, 0), "f8", maxshape=(*axes, None), chunks=(*axes, 1024), fillvalue=np.nan, compression=4
        )
    for name in ("instance_scores", "tracking_scores"):
        file.create_dataset(
            name, (animals, 0), "f8", maxshape=(animals, None), chunks=(animals, 4096), fillvalue=np.nan
        )
    file.create_dataset("track_occupancy", (0, animals), "u1", maxshape=(None, animals), chunks=(4096, animals))
    file["track_names"] = np.array([name.encode() for name in facts.animals])
    file["node_names"] = np.array([name.encode() for name in facts.keypoints])
    bones = np.array(facts.skeleton, np.int64).reshape(-1, 2)
    file["edge_inds"] = bones
    ends = [facts.keypoints[end].encode() for end in chain.from_iterable(facts.skeleton)]
    file["edge_names"] = np.array(ends, f"S{max(map(len, ends), default=1)}").reshape(-1, 2)
    file["labels_path"], file["video_ind"] = "", 0
    video = recording.source if recording is not None else None
    file["video_path"] = video.name if video is not None else ""
    made = {"bitflow_version": bitflow.__version__} | ({} if recording is None else {"recording": recording.id})
    file["provenance"] = json.dumps(made)


def _add_frames(file: Any, block: PoseSeries) -> int:
    first, end = int(block.frames[0]), int(block.frames[-1]) + 1
    at = block.frames - first
    shape = (end - first, *block.points.shape[1:])
    points, scores = np.full(shape, np.nan), np.full(shape[:3], np.nan)
    points[at], scores[at] = block.points, block.confidence
    for name, values in (("tracks", points.transpose(1, 3, 2, 0)), ("point_scores", scores.transpose(1, 2, 0))):
        file[name].resize(end, axis=values.ndim - 1)
        file[name][..., first:end] = values
    known = known_points(points)
    count = known.sum(axis=2)
    total = np.where(known, np.nan_to_num(scores), 0.0).sum(axis=2)
    instances = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    for name in ("instance_scores", "tracking_scores"):
        file[name].resize(end, axis=1)
    file["instance_scores"][:, first:end] = instances.T
    file["track_occupancy"].resize(end, axis=0)
    file["track_occupancy"][first:end] = known.any(axis=2)
    return end
