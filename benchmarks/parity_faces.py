"""Parity of the face extractors with MediaPipe's own runtime, on the same pictures.

MediaPipe 0.10.21 runs in an environment of its own (``--peer-python``, ``BITFLOW_PEER_PYTHON``, or one made here). Its
OpenCV decodes every clip with the BT.601 matrix, so most rows feed both sides those pixels; the row "product" is what
`bitflow extract` does: the stream's own matrix, crops from the planes. Writes a dated table below benchmarks/results/.

At 540 lines every sample of the 128 px detector lies half-way between pixels, where OpenCV 4.11 rounds up and OpenCV 5
to even: one grey level on half of the input, which moves a box by up to 0.8 %.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from parity import Row, peer_frames, write_report
from peer import add_data_argument, peer_python, run_peer

from bitflow import assets
from bitflow.extraction.scheduler import LocalRuntime, WorkerPool
from bitflow.extractors.landmarks import blendshapes, ssd
from bitflow.extractors.landmarks.face import MESHES, FaceFollower, Model, roi_of_detection
from bitflow.extractors.landmarks.finder import Finder
from bitflow.extractors.landmarks.head import Pose, face_pose, rotation_between
from bitflow.extractors.landmarks.roi import to_image
from bitflow.extractors.tracking.chain import FollowedChunk, Rules, follow_chunk
from bitflow.extractors.tracking.stitch import stitch
from bitflow.inference.engine import ON_CPU
from bitflow.media import Frame, VideoReader

CLIPS = ("pyfeat_wolfgang.mp4", "pyfeat_single_face.mp4", "openwillis_baseline.mp4", "pyfeat_face_noface.mov")
CHUNK = 24


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--peer-python", help="interpreter that has mediapipe 0.10.21")
    parser.add_argument("--frames", type=int, default=240, help="frames of each clip")
    parser.add_argument("--clips", nargs="*", default=CLIPS)
    arguments = parser.parse_args()
    python = peer_python(arguments.peer_python)
    rows: list[Row] = []
    with WorkerPool(1) as pool, tempfile.TemporaryDirectory() as scratch:
        runtime = LocalRuntime(ON_CPU, pool, frozenset())
        for clip in arguments.clips:
            path = arguments.data / clip
            out = Path(scratch) / f"{clip}.npz"
            bundle = assets.locate("face_landmarker")
            run_peer(
                python,
                Path(__file__).parent / "peer_faces.py",
                path,
                arguments.frames,
                out,
                *([bundle] if bundle else []),
            )
            rows += compare(clip, path, arguments.frames, dict(np.load(out)), runtime)
    note = "IOD: distance of the outer eye corners."
    write_report("parity_faces", "Parity of faces with MediaPipe 0.10.21", note, rows)
    return 0 if all(row.passed for row in rows) else 1


def compare(clip: str, path: Path, limit: int, peer: dict[str, np.ndarray], runtime: LocalRuntime) -> Iterator[Row]:
    """All figures of one clip."""
    frames = list(peer_frames(path, limit))
    yield from detector_rows(clip, frames, peer, runtime)
    models: tuple[tuple[Model, str], ...] = (("mesh468", "static"), ("mesh478", "points478"))
    for name, key in models:
        if key in peer:
            error = mesh_error(single_images(frames, name, runtime), peer[key])
            yield Row(clip, f"{name}, single image, mean", float(np.nanmean(error)), 0.1, "% IOD")
            yield Row(clip, f"{name}, single image, worst frame", float(np.nanmax(error)), 0.3, "% IOD")
    if "points478" in peer:
        yield from given_landmarks(clip, frames[0], peer, runtime)
    with VideoReader(path) as reader:
        decoded = [frame for frame, _ in zip(reader, range(limit), strict=False)]
    for what, pictures, median, worst in (("peer's pixels", frames, 0.5, 2.0), ("product", decoded, 2.0, 4.0)):
        points = followed(pictures, "mesh468", runtime)
        error = mesh_error(points, peer["video"])
        yield Row(clip, f"mesh468, video, {what}, median", float(np.nanmedian(error)), median, "% IOD")
        yield Row(clip, f"mesh468, video, {what}, p95", float(np.nanpercentile(error, 95)), worst, "% IOD")
        theirs, ours = np.isfinite(peer["video"][:, 0, 0]), np.isfinite(points[:, 0, 0])
        covered = float((ours & theirs).sum() / max(theirs.sum(), 1) * 100.0)
        yield Row(clip, f"frames with a face, {what}, of the peer's", covered, 99.0, "%", at_least=True)
    itself = mesh_error(peer["static"], peer["video"])
    yield Row(
        clip, "for comparison: MediaPipe, single image against video", float(np.nanmedian(itself)), 100.0, "% IOD"
    )


def detector_rows(
    clip: str, frames: Sequence[Frame], peer: dict[str, np.ndarray], runtime: LocalRuntime
) -> Iterator[Row]:
    """Boxes and keypoints of the best detection, in fractions of the box."""
    for key, detector, bound in (("short", ssd.FACE_SHORT, 1e-3), ("full", ssd.FACE_FULL, 3e-2)):
        finder = Finder(runtime, f"face_detection_{key}", detector, min_score=0.5)
        gaps, agree = [], []
        for frame, theirs, count in zip(frames, peer[key], peer[f"{key}_count"], strict=True):
            (found,) = finder.find([frame])
            agree.append(len(found) == count)
            if not len(found) or not count:
                continue
            box = found.boxes[0]
            ours = np.concatenate([box[:2], box[2:] - box[:2], found.keypoints[0].reshape(-1)])
            gaps.append(np.abs(ours - theirs[1:]).max() / theirs[3])
        if gaps:
            what = f"{key}-range detector, box and keypoints"
            yield Row(clip, f"{what}, median frame", float(np.median(gaps)), bound, "of the box")
            yield Row(clip, f"{what}, p95", float(np.percentile(gaps, 95)), 3e-2, "of the box")
        yield Row(clip, f"{key}-range detector, same number found", float(np.mean(agree) * 100), 98.0, "%", True)


def single_images(frames: Sequence[Frame], model: Model, runtime: LocalRuntime) -> np.ndarray:
    """Meshes with the crop of the detection, every frame by itself: (n, points, 3) px."""
    follower = FaceFollower(runtime, model, min_score=0.5, min_size=0.0, thorough=False)
    finder = Finder(runtime, "face_detection_short", ssd.FACE_SHORT, min_score=0.5)
    spec = MESHES[model]
    points = np.full((len(frames), spec.points, 3), np.nan)
    for i, frame in enumerate(frames):
        (found,) = finder.find([frame])
        if len(found):
            roi = roi_of_detection(found.boxes[0], found.keypoints[0])
            seen = follower.follow(frame, roi)
            if seen.presence >= 0.5:
                points[i] = to_image(seen.values[0][None], np.array([roi]), spec.size)[0]
    return points


def followed(frames: Sequence[Frame], model: Model, runtime: LocalRuntime) -> np.ndarray:
    """Meshes of the first track, chained and stitched as the extractor does it: (n, points, 3) px."""
    rules = Rules(max_tracks=1)

    def open_follower() -> FaceFollower:
        return FaceFollower(runtime, model, min_score=0.5, min_size=0.0, thorough=False)

    follower = open_follower()
    parts: list[FollowedChunk] = [
        follow_chunk(frames[at : at + CHUNK], follower, rules) for at in range(0, len(frames), CHUNK)
    ]
    points = np.full((len(frames), MESHES[model].points, 3), np.nan)
    for number, chunk in enumerate(stitch(parts, open_follower, rules)):
        for _, chain in chunk.pieces:
            at = number * CHUNK + chain.start
            values = np.stack([values[0] for values in chain.values])
            points[at : at + len(chain)] = to_image(values, np.array(chain.rois), MESHES[model].size)
    return points


def given_landmarks(clip: str, frame: Frame, peer: dict[str, np.ndarray], runtime: LocalRuntime) -> Iterator[Row]:
    """Blendshapes and head pose from the peer's own landmarks."""
    there = np.isfinite(peer["points478"][:, 0, 0])
    points = peer["points478"][there]
    if not len(points):
        return
    session = runtime.session("face_blendshapes")
    scores = session.run(points[:, blendshapes.POINTS, :2].astype(np.float32))[0].reshape(len(points), -1)
    gap = float(np.abs(scores - peer["blendshapes"][there]).max())
    yield Row(clip, "blendshapes, same landmarks, worst", gap, 1e-4, "")
    pose = face_pose(points, frame.width, frame.height)
    matrix = peer["transforms"][there].astype(np.float64)
    theirs = Pose(matrix[:, :3, :3] / np.linalg.norm(matrix[:, :3, :1], axis=1)[..., None], matrix[:, :3, 3], None)  # type: ignore[arg-type]
    turned = rotation_between(pose.rotation, theirs.rotation)
    yield Row(clip, "head pose, same landmarks, rotation, worst", float(turned.max()), 0.1, "deg")
    moved = np.abs(pose.translation - theirs.translation).max()
    yield Row(clip, "head pose, same landmarks, translation, worst", float(moved), 0.01, "cm")


def mesh_error(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Mean distance of the points in the picture, % of the distance of the outer eye corners, (n,)."""
    ocular = np.linalg.norm(theirs[:, 33, :2] - theirs[:, 263, :2], axis=1)
    shared = min(ours.shape[1], theirs.shape[1])
    gaps = np.linalg.norm(ours[:, :shared, :2] - theirs[:, :shared, :2], axis=2)
    return gaps.mean(axis=1) / ocular * 100.0


if __name__ == "__main__":
    raise SystemExit(main())
