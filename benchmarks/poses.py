"""Animals' poses: time to import the modules, all pairs' chase and watch on a clip, and memory over a long recording.

::

    python benchmarks/poses.py CLIP.h5 [--hours 20]

CLIP is a file of poses of several mice. The long recording is a JABS file of three mice that is made for the purpose
(1 GB and more for 20 h); it is imported, cleaned and measured a stretch at a time, in a process of its own.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RATE = 30.0
MODULES = (
    "bitflow.poses",
    "bitflow.poses.kinematics",
    "bitflow.poses.cleaning",
    "bitflow.datasets.poses.recognise",
    "bitflow.datasets.poses.importing",
    "bitflow.events",
    "bitflow.regions",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--hours", type=float, default=20.0)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        long_recording(given.clip, given.child)
        return
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"import of {', '.join(MODULES)}: {import_seconds():.2f} s (median of 5 processes)")
    seconds, chases, watches, frames = pairs(given.clip)
    print(
        f"all pairs' chase and watch, {frames} frames: {seconds:.3f} s (best of 5); {chases} chases, {watches} watches"
    )
    if given.hours:
        with tempfile.TemporaryDirectory() as folder:
            file = write_jabs(Path(folder) / "long.h5", given.hours)
            print(f"{given.hours:g} h of 3 mice, {file.stat().st_size / 1e6:.0f} MB as JABS:")
            command = [sys.executable, __file__, str(file), "--child", str(Path(folder) / "store")]
            subprocess.run(command, check=True)


def import_seconds() -> float:
    """Seconds of a fresh interpreter that imports the modules, less those of one that imports nothing."""

    def once(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    code = "\n".join(f"import {name}" for name in MODULES)
    once(code)
    return statistics.median(once(code) - once("pass") for _ in range(5))


def pairs(clip: Path) -> tuple[float, int, int, int]:
    """The two queries of AmadeusGPT's demonstration, in true px/s and with a cone of two sides."""
    from bitflow.datasets.poses.recognise import open_poses
    from bitflow.events import Signal
    from bitflow.poses import PoseSeries
    from bitflow.poses import kinematics as k

    (source,) = open_poses(clip)
    parts = list(source.stretches())
    poses = PoseSeries.of(np.concatenate([part.points for part in parts]), source.facts, rate=RATE)
    best = float("inf")
    chases = watches = 0
    for _ in range(5):
        start = time.perf_counter()
        closest, angle = k.closest_distance(poses), np.abs(k.head_angle(poses))
        away, speed = k.part_distance(poses), k.speed(poses)
        chases = watches = 0
        for a in range(len(poses.tracks)):
            for b in range(len(poses.tracks)):
                if a != b:
                    near, ahead = Signal(closest[:, a, b], rate=RATE), Signal(angle[:, a, b], rate=RATE)
                    apart, fast = Signal(away[:, a, b], rate=RATE), Signal(speed[:, a], rate=RATE)
                    chase = (near < 40) & (ahead < 30) & (fast > 90)
                    watch = (apart > 50) & (apart < 260) & (ahead < 15)
                    chases += len(chase.events(shortest=0.2, merge=0.2))
                    watches += len(watch.events(shortest=0.2, merge=0.2))
        best = min(best, time.perf_counter() - start)
    return best, chases, watches, len(poses)


def long_recording(file: Path, store: Path) -> None:
    """Import, clean and measure, and say what it took."""
    from bitflow.datasets.poses.importing import Reading, import_poses
    from bitflow.poses import kinematics as k
    from bitflow.poses import stream_poses
    from bitflow.poses.cleaning import clean
    from bitflow.store import FeatureStore

    opened = FeatureStore.create(store)
    start = time.perf_counter()
    (kept,) = import_poses(opened, file, "long", Reading(fps=RATE))
    imported = time.perf_counter()
    print(f"  imported {kept.rows['poses']} rows in {imported - start:.0f} s, {_memory():.0f} MB at most")
    walked = 0.0
    for block in stream_poses(opened["long"], overlap=30):
        poses = clean(block).poses
        walked += float(np.nansum(k.speed(poses))) / RATE
        k.closest_distance(poses)
        k.head_angle(poses)
    seconds = time.perf_counter() - imported
    print(f"  cleaned and measured in {seconds:.0f} s, {_memory():.0f} MB at most; way of all mice {walked:.0f} px")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_jabs(path: Path, hours: float) -> Path:
    """Three mice that wander, an hour at a time, as JABS v4 writes them."""
    import h5py

    random = np.random.default_rng(0)
    frames, hour = round(hours * 3600 * RATE), round(3600 * RATE)
    body = np.array([[20, 0], [14, 5], [14, -5], [9, 0], [6, 6], [6, -6], [0, 0], [-10, 6], [-10, -6], [-18, 0]])
    body = np.concatenate([body, [[-30, 0], [-44, 0]]])
    place = random.uniform(200, 600, (3, 2))
    with h5py.File(path, "w") as file:
        group = file.create_group("poseest")
        points = group.create_dataset("points", (frames, 3, 12, 2), "u2", chunks=(1024, 3, 12, 2))
        scores = group.create_dataset("confidence", (frames, 3, 12), "f4", chunks=(1024, 3, 12))
        group["instance_embed_id"] = np.tile(np.arange(1, 4, dtype=np.uint32), (frames, 1))
        group["instance_id_center"], group["instance_count"] = np.zeros((3, 4)), np.full(frames, 3, np.uint8)
        for first in range(0, frames, hour):
            count = min(hour, frames - first)
            way = place + np.cumsum(random.normal(0, 1, (count, 3, 2)), axis=0)
            way = 400 + 300 * np.sin((way - 400) / 300)
            angle = np.cumsum(random.normal(0, 0.05, (count, 3)), axis=0)[..., None]
            across = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
            x = way[..., :1] + body[:, 0] * across[..., 0] - body[:, 1] * across[..., 1]
            y = way[..., 1:] + body[:, 0] * across[..., 1] + body[:, 1] * across[..., 0]
            points[first : first + count] = np.clip(np.stack([y, x], axis=-1), 1, 799)
            scores[first : first + count] = random.uniform(0.55, 1, (count, 3, 12))
            place = way[-1]
    return path


if __name__ == "__main__":
    main()
