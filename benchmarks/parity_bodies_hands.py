"""Parity of bodies and hands with MediaPipe's own runtime, on the same pictures.

MediaPipe 0.10.21 runs in an environment of its own (``--peer-python``, ``BITFLOW_PEER_PYTHON``, or one made here). Its
OpenCV decodes every clip with the BT.601 matrix, so most rows feed both sides those pixels; "product" is what
`bitflow extract` does. Only joints that the peer calls visible and places inside the picture are compared: it guesses
the others anew at every look. Writes a dated table below benchmarks/results/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent))
from parity import Row, peer_frames, write_report
from peer import add_data_argument, peer_python, run_peer

from bitflow.extraction.protocol import RecordingInfo
from bitflow.extraction.scheduler import LocalRuntime, StreamTask, WorkerPool, run_stream
from bitflow.extractors.bodies import Bodies
from bitflow.extractors.landmarks import hand, pose, ssd
from bitflow.extractors.landmarks.finder import Finder
from bitflow.extractors.landmarks.hand import HandFollower, roi_of_palm
from bitflow.extractors.landmarks.pose import PoseFollower
from bitflow.extractors.landmarks.roi import to_image, turned
from bitflow.inference.engine import ON_CPU
from bitflow.media import Frame, FrameChunk, VideoReader
from bitflow.media.probe import probe
from bitflow.tables import tensor

#: Clips and the frames that show their person: the end of the last one is a title.
CLIPS = {
    "pyfeat_wolfgang.mp4": None,
    "pyfeat_single_face.mp4": None,
    "openwillis_baseline.mp4": None,
    "pyfeat_face_noface.mov": 72,
}
CHUNK = 24
#: Two hands are the same one below this mean distance of their points, % of the palm.
SAME_HAND = 60.0

Columns = Mapping[str, Mapping[str, np.ndarray]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--peer-python", help="interpreter that has mediapipe 0.10.21")
    parser.add_argument("--frames", type=int, default=240, help="frames of each clip")
    parser.add_argument("--clips", nargs="*", default=tuple(CLIPS))
    arguments = parser.parse_args()
    python = peer_python(arguments.peer_python)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for clip in arguments.clips:
            path = arguments.data / clip
            limit = min(arguments.frames, CLIPS.get(clip) or arguments.frames)
            out = Path(scratch) / f"{clip}.npz"
            run_peer(python, Path(__file__).parent / "peer_bodies_hands.py", path, limit, out)
            rows += compare(clip, path, limit, dict(np.load(out)))
    note = "Torso: mid-shoulder to mid-hip. Palm: wrist to middle knuckle. Visible: as the peer says, in the picture."
    write_report("parity_bodies_hands", "Parity of bodies and hands with MediaPipe 0.10.21", note, rows)
    return 0 if all(row.passed for row in rows) else 1


def compare(clip: str, path: Path, limit: int, peer: dict[str, np.ndarray]) -> Iterator[Row]:
    """All figures of one clip."""
    frames = list(peer_frames(path, limit))
    size = (frames[0].width, frames[0].height)
    yield from single_rows(clip, frames, peer, size)
    with VideoReader(path) as reader:
        decoded = [frame for frame, _ in zip(reader, range(limit), strict=False)]
    for what, pictures in (("peer's pixels", frames), ("product", decoded)):
        found = followed(path, pictures)
        bodies = first_body(found["bodies"], len(frames))
        error = pose_error(bodies, peer["pose_video"], size)
        yield Row(clip, f"pose, video, {what}, median", float(np.nanmedian(error)), 2.5, "% torso")
        yield Row(clip, f"pose, video, {what}, p95", float(np.nanpercentile(error, 95)), 12.0, "% torso")
        theirs, ours = np.isfinite(peer["pose_video"][:, 0, 0]), np.isfinite(bodies[:, 0, 0])
        share = float((theirs & ours).sum() / max(theirs.sum(), 1) * 100)
        yield Row(clip, f"frames with a body, {what}, of the peer's", share, 97.0, "%", at_least=True)
        yield from hand_rows(clip, what, found["hands"], peer)
    itself = pose_error(peer["pose_static"], peer["pose_video"], size)
    yield Row(
        clip, "for comparison: MediaPipe, single image against video", float(np.nanmedian(itself)), 100.0, "% torso"
    )


def hand_rows(clip: str, what: str, hands: Mapping[str, np.ndarray], peer: dict[str, np.ndarray]) -> Iterator[Row]:
    """Figures of the hands in video."""
    count = len(peer["hands_video"])
    ours = [hands["points"][hands["frame"] == at] for at in range(count)]
    total = int(np.isfinite(peer["hands_video"][:, :, 0, 0]).sum())
    if not total:
        yield Row(clip, f"hands, {what}, where the peer has none", float(len(hands["frame"])), 0.0, "")
        return
    errors, pairs = hand_errors(ours, peer["hands_video"])
    yield Row(clip, f"hands, video, {what}, median", median_of(errors), 3.0, "% palm")
    yield Row(clip, f"hands, video, {what}, p95", float(np.percentile(errors, 95)), 10.0, "% palm")
    yield Row(clip, f"hands, {what}, of the peer's", len(errors) / total * 100, 95.0, "%", at_least=True)
    sides = [hands["handedness"][hands["frame"] == at] for at in range(count)]
    # The peer's label is that of a mirrored picture: its left is the subject's right.
    same = [(sides[at][k] == "right") == bool(peer["hands_left_video"][at, j]) for at, k, j in pairs]
    yield Row(clip, f"hands on the side that the peer means, {what}", float(np.mean(same)) * 100, 95.0, "%", True)


def single_rows(
    clip: str, frames: Sequence[Frame], peer: dict[str, np.ndarray], size: tuple[int, int]
) -> Iterator[Row]:
    """Figures with the crops of the detectors, every frame by itself; only the best hand is compared."""
    bodies, body_world = np.full((len(frames), 33, 4), np.nan), np.full((len(frames), 33, 3), np.nan)
    hands, hand_world = np.full((len(frames), 21, 3), np.nan), np.full((len(frames), 21, 3), np.nan)
    with WorkerPool(1) as pool:
        runtime = LocalRuntime(ON_CPU, pool, frozenset())
        poses = PoseFollower(runtime, min_score=0.5)
        palms = HandFollower(runtime, min_score=0.5, min_presence=0.5)
        finders = (
            Finder(runtime, "pose_detection", ssd.POSE, min_score=0.5, apart=pose.are_apart),
            Finder(runtime, "palm_detection", ssd.PALM, min_score=0.5),
        )
        for at, frame in enumerate(frames):
            (found,) = finders[0].find([frame])
            if len(found):
                roi = pose.roi_of_circle(found.keypoints[0, 0].tolist(), found.keypoints[0, 1].tolist())
                seen = poses.follow(frame, roi)
                if seen.presence >= 0.5:
                    bodies[at] = seen.values.points
                    bodies[at, :, :3] = to_image(bodies[at][None, :, :3], np.array([roi]), pose.SIZE)[0]
                    body_world[at] = turned(seen.values.world[None], np.array([roi]))[0]
            (found,) = finders[1].find([frame])
            if len(found):
                roi = roi_of_palm(found.boxes[0], found.keypoints[0])
                seen = palms.follow(frame, roi)
                if seen.presence >= 0.5:
                    hands[at] = to_image(seen.values.points[None], np.array([roi]), hand.SIZE)[0]
                    hand_world[at] = turned(seen.values.world[None], np.array([roi]))[0]
    error = pose_error(bodies, peer["pose_static"], size)
    yield Row(clip, "pose, single image, median", float(np.nanmedian(error)), 1.0, "% torso")
    away = np.linalg.norm(body_world - peer["pose_world_static"], axis=2).mean(axis=1) * 1000
    yield Row(clip, "pose in space, single image, median", float(np.nanmedian(away)), 20.0, "mm")
    if np.isfinite(hands[:, 0, 0]).any():
        found = [points[None] if np.isfinite(points[0, 0]) else np.empty((0, 21, 3)) for points in hands]
        yield Row(
            clip, "hands, single image, median", median_of(hand_errors(found, peer["hands_static"])[0]), 3.0, "% palm"
        )
        away = np.linalg.norm(hand_world - peer["hands_world_static"][:, 0], axis=2).mean(axis=1) * 1000
        yield Row(clip, "hands in space, single image, median", float(np.nanmedian(away)), 5.0, "mm")


def median_of(values: np.ndarray) -> float:
    """Of what is there; NaN, which passes no bound, when nothing is."""
    return float(np.median(values)) if len(values) else float("nan")


def followed(path: Path, frames: Sequence[Frame]) -> Columns:
    """The extractor's own tables."""
    extractor = Bodies()
    rows: dict[str, list[pa.RecordBatch]] = {schema.name: [] for schema in extractor.tables}
    chunks = [FrameChunk(k, tuple(frames[at : at + CHUNK])) for k, at in enumerate(range(0, len(frames), CHUNK))]
    with WorkerPool(2) as pool:
        runtime = LocalRuntime(ON_CPU, pool, frozenset(rows))
        task = StreamTask(extractor, runtime, lambda name, batch: rows[name].append(batch))
        run_stream(chunks, [task], RecordingInfo(path.stem, path, probe(path)), pool, lambda seconds: None)
    if task.error is not None:
        raise task.error
    tables = {s.name: (s, pa.Table.from_batches(rows[s.name], schema=s.arrow())) for s in extractor.tables}
    return {
        name: {column.name: tensor(table.column(column.name), column) for column in schema.columns}
        for name, (schema, table) in tables.items()
    }


def first_body(bodies: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """Points (count, 33, 4) of the body seen longest, NaN where it is not."""
    points = np.full((count, 33, 4), np.nan)
    if len(bodies["track"]):
        mine = bodies["track"] == np.bincount(bodies["track"]).argmax()
        points[bodies["frame"][mine]] = bodies["points"][mine]
    return points


def pose_error(ours: np.ndarray, theirs: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mean distance of the joints that the peer sees in the picture, % of the torso, (n,)."""
    shoulders = theirs[:, [pose.LEFT_SHOULDER, pose.RIGHT_SHOULDER], :2].mean(axis=1)
    hips = theirs[:, [pose.LEFT_HIP, pose.RIGHT_HIP], :2].mean(axis=1)
    inside = ((theirs[..., :2] >= 0) & (theirs[..., :2] < size)).all(axis=2)
    gaps = np.linalg.norm(ours[..., :2] - theirs[..., :2], axis=2)
    gaps = np.ma.masked_where(~(inside & (theirs[..., 3] > 0.5)) | np.isnan(gaps), gaps)
    return gaps.mean(axis=1).filled(np.nan) / np.linalg.norm(shoulders - hips, axis=1) * 100.0


def hand_errors(ours: Sequence[np.ndarray], theirs: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Mean distance of the points of each matched hand, % of the palm; and frame, our number, theirs."""
    errors, pairs = [], []
    for at, found in enumerate(ours):
        for j in np.flatnonzero(np.isfinite(theirs[at, :, 0, 0])):
            palm = np.linalg.norm(theirs[at, j, hand.WRIST, :2] - theirs[at, j, hand.MIDDLE_MCP, :2])
            gaps = np.linalg.norm(found[:, :, :2] - theirs[at, j, :, :2], axis=2).mean(axis=1) / palm * 100.0
            if len(gaps) and gaps.min() < SAME_HAND:
                errors.append(gaps.min())
                pairs.append((at, int(gaps.argmin()), int(j)))
    return np.array(errors), pairs


if __name__ == "__main__":
    raise SystemExit(main())
