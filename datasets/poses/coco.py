"""COCO keypoints: a data set with its images and categories, or the bare list that a detector writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.poses.columns import ONLY
from bitflow.datasets.poses.json_files import load
from bitflow.datasets.poses.source import PoseSource, Stretch, checked_names, renamed
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts


def looks_like(head: str) -> bool:
    """Whether a JSON file beginning so is one."""
    listed = head.lstrip().startswith("[") and '"image_id"' in head and '"keypoints"' in head
    return listed or ('"annotations"' in head or '"images"' in head or '"categories"' in head)


def read(path: Path, keypoints: tuple[str, ...] | None = None) -> PoseSource:
    """Open one.

    Animals are told apart by ``track_id``; without it by their order in the image, which a note says.

    Raises
    ------
    SchemaError
        An annotation has no keypoints, or another number of them, or an image without a number.
    """
    described = load(path)
    listed = described if isinstance(described, list) else described.get("annotations")
    if not isinstance(listed, list):
        raise SchemaError(f"{path}: annotations expected")
    found = [each for each in listed if isinstance(each, dict) and each.get("keypoints")]
    if not found:
        raise SchemaError(f"{path}: no annotation has keypoints")
    names, skeleton = _names(path, described, found[0], keypoints)
    images = _images(described)
    order = {image: number for number, image in enumerate(sorted({_image(path, a) for a in found} | {*images}))}
    frame_of = {image: images.get(image, image) for image in order}
    # Frames are numbered where every image tells a number of its own, else by their order.
    frames = [frame_of[image] for image in order]
    if len(set(frames)) < len(frames):
        frames = list(range(len(order)))
    tracked = all("track_id" in each for each in found)
    places, animals = _slots(path, found, tracked)
    facts = PoseFacts(names, animals, skeleton=skeleton, source={"format": "COCO", "missing_code": "visibility 0"})
    rows = np.argsort(frames, kind="stable")
    points = np.full((len(order), len(animals), len(names), 2), np.nan)
    confidence = np.full(points.shape[:3], np.nan, np.float32)
    for annotation, animal in zip(found, places, strict=True):
        values = _keypoints(path, annotation, len(names))
        at = order[_image(path, annotation)]
        seen = values[:, 2] > 0
        points[at, animal] = np.where(seen[:, None], values[:, :2], np.nan)
        # Visibility 1 and 2 are a person's word, anything between 0 and 1 a score.
        scored = np.where(values[:, 2] >= 1, 1.0, values[:, 2])
        confidence[at, animal] = np.where(seen, scored, np.nan)
    notes = () if tracked or len(animals) == 1 else (
        "its animals have no track_id: they are told apart by their order in each image alone",
    )  # fmt: skip

    def stretches() -> Iterator[Stretch]:
        yield Stretch(np.asarray(frames, np.int64)[rows], points[rows], confidence[rows])

    return PoseSource(path, facts, stretches, notes=notes)


def _names(
    path: Path, described: Any, first: dict[str, Any], given: tuple[str, ...] | None
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    categories = described.get("categories", []) if isinstance(described, dict) else []
    named = [each for each in categories if isinstance(each, dict) and each.get("keypoints")]
    chosen = next((each for each in named if each.get("id") == first.get("category_id")), named[0] if named else None)
    if chosen is None:
        count = len(first["keypoints"]) // 3
        return renamed(path, tuple(f"keypoint_{number}" for number in range(count)), given), ()
    names = checked_names(path, "keypoint", [str(name) for name in chosen["keypoints"]])
    pairs = chosen.get("skeleton") or []
    bones = tuple((int(a) - 1, int(b) - 1) for a, b in pairs)  # COCO counts from 1
    inside = all(0 <= end < len(names) for bone in bones for end in bone)
    return renamed(path, names, given), bones if inside else ()


def _images(described: Any) -> dict[int, int]:
    """Number of the frame that each image shows."""
    if not isinstance(described, dict):
        return {}
    found: dict[int, int] = {}
    for image in described.get("images") or []:
        if not isinstance(image, dict) or not isinstance(image.get("id"), int):
            continue
        digits = re.search(r"(\d+)(?:\.\w+)?$", str(image.get("file_name", "")))
        number = image.get("frame_id", int(digits[1][-15:]) if digits else image["id"])
        found[image["id"]] = number if isinstance(number, int) else image["id"]
    return found


def _image(path: Path, annotation: dict[str, Any]) -> int:
    number = annotation.get("image_id")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise SchemaError(f"{path}: an annotation is of the image {number!r}, which is no number")
    return number


def _slots(path: Path, found: list[dict[str, Any]], tracked: bool) -> tuple[list[int], tuple[str, ...]]:
    if tracked:
        ids = sorted({str(each["track_id"]) for each in found}, key=lambda each: (len(each), each))
        place = {track: number for number, track in enumerate(ids)}
        return [place[str(each["track_id"])] for each in found], tuple(f"track_{each}" for each in ids)
    count: dict[int, int] = {}
    places: list[int] = []
    for each in found:
        image = _image(path, each)
        places.append(count.get(image, 0))
        count[image] = places[-1] + 1
    most = max(count.values())
    return places, (ONLY,) if most == 1 else tuple(f"animal_{number}" for number in range(most))


def _keypoints(path: Path, annotation: dict[str, Any], count: int) -> np.ndarray:
    try:
        values = np.asarray(annotation["keypoints"], float)
    except (ValueError, TypeError) as error:
        raise SchemaError(f"{path}: keypoints of image {annotation.get('image_id')} are no numbers") from error
    if values.shape != (3 * count,):
        raise SchemaError(
            f"{path}: image {annotation.get('image_id')} has {values.size} keypoint values, {3 * count} expected"
        )
    return values.reshape(count, 3)
