"""Miniature files of every layout, written from known poses as the programs that own the layouts write them."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import h5py
import numpy as np

NAMES = ("nose", "neck", "tail_base", "tail_tip")
ANIMALS = ("white", "black")


def known(frames: int = 20, animals: int = 2, keypoints: int = 4, dimensions: int = 2, *, whole: bool = False):
    """Points ``(T, A, K, D)`` with missing ones, and confidences ``(T, A, K)`` that are NaN there."""
    random = np.random.default_rng(frames + animals)
    points = random.uniform(1, 400, (frames, animals, keypoints, dimensions)).round(2)
    confidence = random.uniform(0.3, 1, points.shape[:3]).round(3)
    if not whole:
        points[random.random(points.shape[:3]) < 0.1] = np.nan
    points[3:5, animals - 1] = np.nan
    confidence[~np.isfinite(points).all(axis=-1)] = np.nan
    return points, confidence


def _cell(value: float) -> str:
    return "" if not np.isfinite(value) else repr(float(value))


def dlc_csv(path: Path, points, confidence=None, *, animals=ANIMALS, names=NAMES, index=None, order=None, end="\n"):
    """DeepLabCut's CSV; `order` shuffles the columns."""
    axes = [*"xyz"[: points.shape[-1]], *([] if confidence is None else ["likelihood"])]
    columns = [(a, k, c) for a in range(points.shape[1]) for k in range(points.shape[2]) for c in range(len(axes))]
    columns = columns if order is None else [columns[at] for at in order]
    values = points if confidence is None else np.concatenate([points, confidence[..., None]], axis=-1)
    index = list(range(len(points))) if index is None else index
    lead = len(index[0]) if index and isinstance(index[0], tuple) else 1
    pad = [""] * (lead - 1)
    rows = [["scorer", *pad, *(f"net.{n}" if n else "net" for n in range(len(columns)))]]
    if points.shape[1] > 1:
        rows.append(["individuals", *pad, *(animals[a] for a, _, _ in columns)])
    rows.append(["bodyparts", *pad, *(names[k] for _, k, _ in columns)])
    rows.append(["coords", *pad, *(axes[c] for _, _, c in columns)])
    for at, label in enumerate(index):
        keys = list(label) if lead > 1 else [str(label)]
        rows.append([*keys, *(_cell(values[at, a, k, c]) for a, k, c in columns)])
    text = "\n".join(",".join(row) for row in rows)
    path.write_text(text + end)
    return path


def dlc_fixed(path: Path, points, confidence, *, animals=ANIMALS, names=NAMES, key="tracks", transposed=False):
    """pandas' fixed form: sorted levels, and codes that tell the order."""
    axes = [*"xyz"[: points.shape[-1]], "likelihood"]
    columns = [
        ("net", animals[a], names[k], c) for a in range(points.shape[1]) for k in range(len(names)) for c in axes
    ]
    if points.shape[1] == 1:
        columns = [(scorer, part, coord) for scorer, _, part, coord in columns]
    values = np.concatenate([points, confidence[..., None]], axis=-1).reshape(len(points), -1)
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"], group.attrs["nblocks"] = np.bytes_(b"frame"), 1
        for axis in ("axis0", "block0_items"):
            group.attrs[f"{axis}_nlevels"] = len(columns[0])
            for level, entries in enumerate(zip(*columns, strict=True)):
                levels = sorted(set(entries))
                group[f"{axis}_level{level}"] = np.array([each.encode() for each in levels])
                group[f"{axis}_label{level}"] = np.array([levels.index(each) for each in entries], np.int8)
        group["axis1"] = np.arange(len(points))
        group["block0_values"] = values.T if transposed else values
    return path


def dlc_table(path: Path, points, confidence, *, animals=ANIMALS, names=NAMES, packed: bytes | None = None, protocol=0):
    """pandas' appendable form: names of columns are a pickle."""
    axes = [*"xyz"[: points.shape[-1]], "likelihood"]
    columns = [
        ("net", animals[a], names[k], c) for a in range(points.shape[1]) for k in range(len(names)) for c in axes
    ]
    values = np.concatenate([points, confidence[..., None]], axis=-1).reshape(len(points), -1)
    packed = pickle.dumps(columns, protocol) if packed is None else packed
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        group.attrs["non_index_axes"] = np.void(pickle.dumps([(1, columns)], protocol))
        dtype = [("index", "i8"), ("values_block_0", "f8", (values.shape[1],))]
        table = np.zeros(len(values), dtype)
        table["index"], table["values_block_0"] = np.arange(len(values)), values
        held = group.create_dataset("table", data=table)
        held.attrs["values_block_0_kind"] = np.void(packed)
    return path


def sleap_analysis(path: Path, points, confidence, *, animals=ANIMALS, names=NAMES, turned=False):
    tracks, scores = points.transpose(1, 3, 2, 0), confidence.transpose(1, 2, 0)
    with h5py.File(path, "w") as file:
        file["tracks"] = tracks.T if turned else tracks
        file["point_scores"] = scores.T if turned else scores
        file["track_names"] = np.array([name.encode() for name in animals[: points.shape[1]]])
        file["node_names"] = np.array([name.encode() for name in names])
        file["edge_inds"] = np.array([[0, 1], [1, 2], [2, 3]])
        file["track_occupancy"] = np.isfinite(points).any(axis=(2, 3)).astype("u1")
    return path


def sleap_project(path: Path, points, confidence, *, animals=ANIMALS, names=NAMES, tracked=True, videos=1, by_user=()):
    """A project; frames in `by_user` hold beside the prediction what a person placed, one px to the right."""
    order = [2, 0, 3, 1][: len(names)]  # nodes are listed in another order than points
    nodes = [None] * len(names)
    for number, place in enumerate(order):
        nodes[place] = {"name": names[number], "weight": 1.0}
    link = {"key": 0, "source": order[0], "target": order[1], "type": {"py/reduce": [{}, {"py/tuple": [1]}]}}
    mirror = {"key": 0, "source": order[2], "target": order[3], "type": {"py/reduce": [{}, {"py/tuple": [2]}]}}
    skeleton = {"nodes": [{"id": place} for place in order], "links": [link, mirror]}
    frames, instances, predicted, placed = [], [], [], []
    for video in range(videos):
        for t in range(len(points)):
            first = len(instances)
            for a in range(points.shape[1]):
                if not np.isfinite(points[t, a]).any():
                    continue
                track = a if tracked else -1
                start = len(predicted)
                for k in range(len(names)):
                    x, y = points[t, a, k]
                    predicted.append((x, y, np.isfinite(x), False, confidence[t, a, k]))
                instances.append((len(instances), 1, t, 0, track, -1, 1.0, start, len(predicted), 0.0))
                if t in by_user:
                    start = len(placed)
                    placed += [(x + 1, y, True, True) for x, y in points[t, a]]
                    instances.append((len(instances), 0, t, 0, track, -1, 0.0, start, len(placed), 0.0))
            frames.append((len(frames), video, t, first, len(instances)))
    point = [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")]
    instance = [("instance_id", "i8"), ("instance_type", "u1"), ("frame_id", "u8"), ("skeleton", "u4"), ("track", "i4")]
    instance += [("from_predicted", "i8"), ("score", "f4"), ("point_id_start", "u8"), ("point_id_end", "u8")]
    frame = [("frame_id", "u8"), ("video", "u4"), ("frame_idx", "u8"), ("instance_id_start", "u8")]
    with h5py.File(path, "w") as file:
        metadata = file.create_group("metadata")
        metadata.attrs["format_id"] = 1.2
        metadata.attrs["json"] = json.dumps({"nodes": nodes, "skeletons": [skeleton]})
        file["frames"] = np.array(frames, [*frame, ("instance_id_end", "u8")])
        file["instances"] = np.array(instances, [*instance, ("tracking_score", "f4")])
        file["points"] = np.array(placed, point)
        file["pred_points"] = np.array(predicted, [*point, ("score", "f8")])
        listed = [json.dumps([0, name]).encode() for name in animals[: points.shape[1]]] if tracked else []
        file["tracks_json"] = np.array(listed, "S40")
        backends = [{"backend": {"filename": f"clips/cage_{n}.mp4"}} for n in range(videos)]
        file["videos_json"] = np.array([json.dumps(each).encode() for each in backends])
    return path


def jabs(path: Path, points, confidence, version: int):
    """JABS: whole px, y before x; slots in a random order."""
    random = np.random.default_rng(0)
    frames, animals = points.shape[:2]
    slots = animals + 1
    stored = np.zeros((frames, slots, 12, 2), np.uint16)
    scores = np.zeros((frames, slots, 12), np.float32)
    identity = np.zeros((frames, slots), np.uint32)
    for t in range(frames):
        there = [a for a in random.permutation(animals) if np.isfinite(points[t, a]).any()]
        for slot, a in enumerate(there):
            stored[t, slot] = np.nan_to_num(points[t, a, :, ::-1])
            scores[t, slot] = np.where(np.isfinite(points[t, a, :, 0]), confidence[t, a], 0.1)
            identity[t, slot] = a + 1
    with h5py.File(path, "w") as file:
        group = file.create_group("poseest")
        group.attrs["version"] = [3, 0]
        if version == 2:
            group["points"], group["confidence"] = stored[:, 0], scores[:, 0]
            return path
        group["points"], group["confidence"] = stored, scores
        group["instance_count"] = (identity > 0).sum(axis=1).astype(np.uint8)
        if version == 3:
            group["instance_track_id"] = np.where(identity > 0, identity + 6, 0).astype(np.uint32)
            return path
        group["instance_embed_id"], group["id_mask"] = identity, identity == 0
        group["instance_id_center"] = np.zeros((animals, 4))
        group.attrs["cm_per_pixel"] = np.float32(0.08)
        if version >= 5:
            file["static_objects/corners"] = np.array([[10, 20], [10, 220], [310, 20], [310, 220]], np.uint16)
            file["static_objects/lixit"] = np.array([[60, 300]], np.uint16)
        if version >= 6:
            group["seg_data"] = np.full((frames, slots, 1, 3, 2), -1, np.int32)
        if version >= 7:
            file["dynamic_objects/fecal_boli/points"] = np.zeros((2, 1, 2))
        if version >= 8:
            group["bbox"] = np.zeros((frames, slots, 2, 2))
    return path


def nwb(path: Path, points, confidence, *, animals=ANIMALS, names=NAMES, times=None, conversion=1.0):
    times = np.arange(len(points)) / 30 if times is None else times
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
        for a in range(points.shape[1]):
            container = file.create_group(f"processing/behavior/{animals[a]}")
            container.attrs["neurodata_type"] = "PoseEstimation"
            container["nodes"], container["edges"] = np.array([n.encode() for n in names]), np.array([[0, 1], [1, 2]])
            for k, name in enumerate(names):
                series = container.create_group(name)
                series.attrs["neurodata_type"] = "PoseEstimationSeries"
                series["data"] = points[:, a, k] / conversion
                series["data"].attrs["conversion"] = conversion
                series["confidence"] = np.nan_to_num(confidence[:, a, k])
                series["timestamps"] = times
    return path


def movement(path: Path, points, confidence, *, animals=ANIMALS, names=NAMES, plural=False, fps=25.0):
    keypoint, individual = ("keypoints", "individuals") if plural else ("keypoint", "individual")
    coords = {"time": np.arange(len(points)) / fps, "space": np.array([b"x", b"y"])}
    coords |= {keypoint: np.array([n.encode() for n in names])}
    coords |= {individual: np.array([n.encode() for n in animals[: points.shape[1]]])}
    with h5py.File(path, "w") as file:
        for name, values in coords.items():
            file[name] = values
            file[name].make_scale(name)
        file["position"] = points.transpose(0, 3, 2, 1)
        file["confidence"] = confidence.transpose(0, 2, 1)
        for held, axes in (
            ("position", ("time", "space", keypoint, individual)),
            ("confidence", ("time", keypoint, individual)),
        ):
            for at, axis in enumerate(axes):
                file[held].dims[at].attach_scale(file[axis])
        file.attrs["fps"], file.attrs["time_unit"], file.attrs["ds_type"] = fps, "seconds", "poses"
    return path


def calms21(path: Path, points, confidence, sequences=("task1/test/mouse001",)):
    """Points of 7 keypoints."""
    held = {
        "keypoints": points.transpose(0, 1, 3, 2).tolist(),
        "scores": np.nan_to_num(confidence).tolist(),
        "annotations": [0] * len(points),
        "metadata": {"fps": 30.0, "vocab": {"attack": 0}},
    }
    path.write_text(json.dumps({"annotator-id_0": {name: held for name in sequences}}))
    return path


def coco(path: Path, points, *, names=NAMES, tracked=True, results=False):
    annotations = []
    for t in range(len(points)):
        for a in range(points.shape[1]):
            if not np.isfinite(points[t, a]).any():
                continue
            known = np.isfinite(points[t, a, :, :1])
            values = np.concatenate([np.nan_to_num(points[t, a]), 2.0 * known], axis=1)
            entry = {"image_id": t, "category_id": 1, "keypoints": values.ravel().tolist(), "num_keypoints": 3}
            annotations.append(
                {**entry, **({"track_id": a + 1} if tracked else {}), **({"score": 0.9} if results else {})}
            )
    images = [{"id": t, "file_name": f"cage/img{t:05d}.png", "width": 400, "height": 400} for t in range(len(points))]
    categories = [{"id": 1, "name": "mouse", "keypoints": list(names), "skeleton": [[1, 2], [2, 3]]}]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(annotations if results else whole))
    return path


def superanimal(path: Path, points, confidence):
    frames = []
    for t in range(len(points)):
        there = [a for a in range(points.shape[1]) if np.isfinite(points[t, a]).any()]
        bodies = np.concatenate([points[t, there], confidence[t, there][..., None]], axis=-1)
        bodies[~np.isfinite(bodies).all(axis=-1)] = [0.0, 0.0, -1.0]
        frames.append(
            {"bodyparts": bodies.tolist(), "bboxes": [[0, 0, 9, 9]] * len(there), "bbox_scores": [1.0] * len(there)}
        )
    path.write_text(json.dumps(frames))
    return path


def anipose(path: Path, points, confidence, names=NAMES):
    columns: dict[str, np.ndarray] = {}
    for k, name in enumerate(names):
        columns |= {f"{name}_{axis}": points[:, 0, k, n] for n, axis in enumerate("xyz")}
        columns |= {f"{name}_error": np.ones(len(points)), f"{name}_ncams": np.full(len(points), 3.0)}
        columns |= {f"{name}_score": confidence[:, 0, k]}
    columns |= {"M_00": np.ones(len(points)), "fnum": np.arange(len(points))}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_cell(v) for v in row] for row in zip(*columns.values(), strict=True))
    return path
