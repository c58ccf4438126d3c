"""Pictures of several people whose whereabouts are known: real heads cut out and moved over one background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bitflow.media import VideoReader

#: Head and shoulders in each shared clip: left, top, width, height as fractions of the picture.
HEADS = {
    "people/pyfeat_wolfgang.mp4": (0.38, 0.0, 0.62, 1.0),
    "people/pyfeat_single_face.mp4": (0.18, 0.04, 0.56, 0.96),
    "people/openwillis_baseline.mp4": (0.30, 0.02, 0.42, 0.78),
}


@dataclass(frozen=True)
class Actor:
    """A head with its mask, one picture a frame, and the path of its centre."""

    pictures: Sequence[np.ndarray]
    mask: np.ndarray
    path: np.ndarray  # (frames, 2) px; NaN while away


def actor(clip: Path, name: str, path: np.ndarray, height: int = 200) -> Actor:
    """Cut the head of a shared clip out; `path` is where its centre goes, frame by frame."""
    pictures: list[np.ndarray] = []
    with VideoReader(clip) as reader:
        for frame in reader:
            rgb = frame.rgb()
            x, y, w, h = (
                int(part * side) for part, side in zip(HEADS[name], (frame.width, frame.height) * 2, strict=True)
            )
            size = (round(height * w / h), height)
            pictures.append(cv2.resize(rgb[y : y + h, x : x + w], size, interpolation=cv2.INTER_AREA))
            if len(pictures) == len(path):
                break
    mask = np.zeros(pictures[0].shape[:2], np.float32)
    cv2.ellipse(mask, (size[0] // 2, height // 2), (int(size[0] * 0.42), int(height * 0.48)), 0, 0, 360, 1.0, -1)
    return Actor(pictures, cv2.GaussianBlur(mask, (0, 0), 3)[:, :, None], path)


def stage(actors: Sequence[Actor], size: tuple[int, int] = (640, 360), seed: int = 0) -> list[np.ndarray]:
    """One picture a frame; later actors stand in front of earlier ones."""
    width, height = size
    draw = np.random.default_rng(seed)
    wall = cv2.GaussianBlur(draw.uniform(60, 140, (height, width, 3)).astype(np.float32), (0, 0), 9)
    scenes: list[np.ndarray] = []
    for at in range(max(len(one.path) for one in actors)):
        scene = wall.copy()
        for one in actors:
            if at < len(one.path) and np.isfinite(one.path[at]).all():
                _paste(scene, one.pictures[_there_and_back(at, len(one.pictures))], one.mask, one.path[at])
        scenes.append(scene.astype(np.uint8))
    return scenes


def _there_and_back(at: int, count: int) -> int:
    """A picture number that runs to the end of a short clip and back again, without a jump."""
    around = at % (2 * count - 2) if count > 1 else 0
    return min(around, 2 * count - 2 - around) if count > 1 else 0


def _paste(scene: np.ndarray, picture: np.ndarray, mask: np.ndarray, centre: np.ndarray) -> None:
    height, width = picture.shape[:2]
    left, top = np.rint(centre - (width / 2, height / 2)).astype(int)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, scene.shape[1]), min(top + height, scene.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    share = mask[inside]
    scene[y0:y1, x0:x1] = scene[y0:y1, x0:x1] * (1 - share) + picture[inside] * share


def write_video(path: Path, pictures: Sequence[np.ndarray], rate: int = 25, keyframe_every: int = 250) -> Path:
    """Code the pictures as H.264 at a quality that leaves faces alone."""
    import av

    with av.open(str(path), "w") as container:
        options = {"crf": "16", "preset": "veryfast", "g": str(keyframe_every)}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path
