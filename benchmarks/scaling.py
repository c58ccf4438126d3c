"""How extraction grows: with workers, recordings and minutes, on a cluster, and in memory.

    python -m benchmarks.scaling pool                      16 clips on two single-thread workers against one
    python -m benchmarks.scaling split                     one long recording likewise, and its values against one pass
    python -m benchmarks.scaling ray                       32 clips on a Ray cluster that is up, against local workers
    python -m benchmarks.scaling recordings 1 2 4 8 16 32 64
    python -m benchmarks.scaling minutes 1 5 10 20 40 60
    python -m benchmarks.scaling memory 60 --size 640:360

Rows are kept in today's table below benchmarks/results/, a row measured again replaces the earlier one. Timings want
an idle machine. Needs ffmpeg; `ray` needs the extra of that name; memory is read from /proc.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.faults import children
from benchmarks.soak import MEMORY_BOUND, RESULTS, demo_clip, resident

#: One face and its mesh, and all that is made from pictures.
FACE = ("faces",)
FULL = ("faces", "bodies", "hands")
MESH = {"face_landmarks.model": "mesh468", "faces.max_people": 1, "bodies.max_people": 1}


def main() -> int:
    """Measure what was asked for; 1 when a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pool", "split", "ray", "recordings", "minutes", "memory"))
    parser.add_argument("counts", nargs="*", type=int, help="recordings, or minutes")
    parser.add_argument("--clip", type=Path, help="a clip with a face")
    parser.add_argument("--size", default="640:360")
    parser.add_argument("--full", action="store_true", help="bodies and hands too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bitflow-scaling-") as folder:
        measure: Callable[..., bool] = {
            "pool": pool, "split": split, "ray": ray, "recordings": recordings, "minutes": minutes, "memory": memory,
        }[given.what]  # fmt: skip
        held = measure(Path(folder), given.clip or demo_clip(), given)
    return 0 if held else 1


def pool(folder: Path, clip: Path, given: Any) -> bool:
    """16 clips, one worker and two."""
    videos = copies(folder / "videos", clip, 16)
    times = {workers: timed(videos, folder / f"by{workers}", FULL, workers=workers) for workers in (1, 2)}
    ratio = times[1] / times[2]
    return record(
        f"16 clips of {length_of(clip):.1f} s, face, body, hands: "
        f"1 worker {times[1]:.1f} s, 2 workers {times[2]:.1f} s",
        f"{ratio:.2f}×", "at least 1.8×", ratio >= 1.8,
    )  # fmt: skip


def split(folder: Path, clip: Path, given: Any) -> bool:
    """A recording of twenty minutes, four spans: one worker, two, and one pass without spans."""
    video = repeated(clip, folder / "long.mp4", 20 * 60, given.size)
    times = {workers: timed([video], folder / f"by{workers}", FACE, workers=workers) for workers in (1, 2)}
    ratio = times[1] / times[2]
    same = tables(folder / "by1") == tables(folder / "by2")
    held = record(
        f"one recording of 20 min ({by(given.size)}), face, in spans: "
        f"1 worker {times[1]:.1f} s, 2 workers {times[2]:.1f} s; "
        f"tables {'equal byte for byte' if same else 'DIFFER'}",
        f"{ratio:.2f}×", "at least 1.7×", ratio >= 1.7 and same,
    )  # fmt: skip
    return held & against_one_pass(video, folder)


def against_one_pass(video: Path, folder: Path) -> bool:
    """Values of a recording in spans against those of one pass over it."""
    import numpy as np

    from bitflow.extraction import spans
    from bitflow.extraction.plan import make_request
    from bitflow.extraction.recording import Source, extract_recording
    from bitflow.store import FeatureStore, open_store

    long, spans.LONG_S = spans.LONG_S, math.inf
    started = time.monotonic()
    whole = FeatureStore.create(folder / "whole")
    extract_recording(whole.path, Source("long", video), make_request(extractors=FACE, parameters=MESH, device="cpu"))
    seconds, spans.LONG_S = time.monotonic() - started, long
    stores = (whole["long"], open_store(folder / "by1")["long"])
    keys = [store.table("faces")[["frame", "track", "size"]].reset_index() for store in stores]
    rows = keys[0].merge(keys[1], on="frame", suffixes=("", "_spans"))
    points = [store.points("face_landmarks")[..., :2] for store in stores]
    apart = np.linalg.norm(points[0][rows["index"]] - points[1][rows["index_spans"]], axis=2)
    error = 100 * np.nanmean(apart, axis=1) / rows["size"].to_numpy()
    coverage = len(rows) / max(len(keys[0]), len(keys[1]))
    tracks = tuple(int(rows[name].nunique()) for name in ("track", "track_spans"))
    median, worst = np.median(error), np.percentile(error, 95)
    return record(
        f"the same in spans against one pass ({seconds:.0f} s, one thread): mesh, mean over points in % of the "
        f"inter-ocular distance, median / 95th percentile over {len(rows)} frames; frames in both "
        f"{100 * coverage:.2f} %; tracks {tracks[0]} and {tracks[1]}",
        f"{median:.3f} / {worst:.3f}", "2 / 4, 99 %", median <= 2 and worst <= 4 and coverage >= 0.99,
    )  # fmt: skip


def ray(folder: Path, clip: Path, given: Any) -> bool:
    """32 clips on two nodes of a core each, against two workers."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        videos = copies(folder / "videos", clip, 32)
        here = timed(videos, folder / "here", FULL, workers=2)
        there = timed(videos, folder / "there", FULL, engine="ray", address=cluster.address)
    finally:
        cluster.shutdown()
    same = tables(folder / "here") == tables(folder / "there")
    over = 100 * (there / here - 1)
    return record(
        f"32 clips of {length_of(clip):.1f} s, face, body, hands, cluster already up: local {here:.1f} s, "
        f"Ray {there:.1f} s; tables {'equal byte for byte' if same else 'DIFFER'}",
        f"{over:+.1f} %", "under 10 %", over < 10 and same,
    )  # fmt: skip


def recordings(folder: Path, clip: Path, given: Any) -> bool:
    """More and more clips on two workers."""
    what = f"clips of {length_of(clip):.1f} s, face, 2 workers"
    for count in given.counts:
        videos = copies(folder / f"videos{count}", clip, count)
        began = cpu_seconds()
        grew("recordings", count, what, timed(videos, folder / f"store{count}", FACE, workers=2), cpu_seconds() - began)
    return exponent("recordings")


def minutes(folder: Path, clip: Path, given: Any) -> bool:
    """Longer and longer recordings on two workers."""
    held = True
    for count in given.counts:
        video = repeated(clip, folder / "long.mp4", 60 * count, given.size)
        watch, began = Watch(), cpu_seconds()
        with watch:
            wall = timed([video], folder / f"store{count}", FACE, workers=2)
        grew("minutes", count, f"one recording ({by(given.size)}), face, 2 workers", wall, cpu_seconds() - began)
        held &= watch.kept(f"{count} min of {by(given.size)}, face")
        shutil.rmtree(folder / f"store{count}")
    return exponent("minutes") and held


def grew(unit: str, count: int, what: str, wall: float, cpu: float) -> None:
    """Keep a row of a series."""
    record(f"{count} {unit}: {what}", f"{wall:.1f} s, {cpu:.1f} CPU s", "", None)


def exponent(unit: str) -> bool:
    """Keep the exponent of all of a series that was measured today, by CPU time, which other work disturbs less."""
    import numpy as np

    rows = rf"^\| (\d+) {unit}: .*? \| [\d.]+ s, ([\d.]+) CPU s \|"
    found = {int(match[1]): float(match[2]) for match in re.finditer(rows, results().read_text(), re.MULTILINE)}
    if len(found) < 3:
        return True
    counts, spent = np.array(sorted(found.items())).T
    upper = counts >= np.median(counts)
    whole, tail = (np.polyfit(np.log(counts[those]), np.log(spent[those]), 1)[0] for those in (counts > 0, upper))
    return record(
        f"exponent of CPU time over {unit}: {int(counts[0])} to {int(counts[-1])}, upper half {tail:.2f}; below 1 "
        "where the start of the workers still shows",
        f"{whole:.2f}", "at most 1.05", bool(whole <= 1.05 and tail <= 1.05),
    )  # fmt: skip


def cpu_seconds() -> float:
    """CPU time of this process and of all that it started and that has ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def memory(folder: Path, clip: Path, given: Any) -> bool:
    """The largest resident memory of any worker over a long recording."""
    held = True
    for count in given.counts:
        video = repeated(clip, folder / "long.mp4", 60 * count, given.size)
        watch = Watch()
        with watch:
            timed([video], folder / f"store{count}", FULL if given.full else FACE, workers=2)
        held &= watch.kept(f"{count} min of {by(given.size)}, {'face, body, hands' if given.full else 'face'}")
    return held


class Watch:
    """Resident memory of this process's children, the largest one's largest, sampled over a run."""

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def kept(self, what: str) -> bool:
        """Keep the row, and say whether the bound held."""
        return record(
            f"largest of two workers, {what}", f"{self.peak / 1e9:.2f} GB", "under 1.2 GB", self.peak < MEMORY_BOUND
        )

    def _sample(self) -> None:
        while not self._over.wait(0.2):
            self.peak = max([self.peak, *(resident(child) for child in children(os.getpid()))])


def timed(videos: Any, store: Path, extractors: Sequence[str], **options: Any) -> float:
    """Seconds of a whole run into a new store."""
    import bitflow

    started = time.monotonic()
    summary = bitflow.extract(videos, store, extractors=extractors, parameters=MESH, device="cpu", **options)
    if summary.failed:
        raise SystemExit(next(outcome.error for outcome in summary.outcomes if outcome.error))
    return time.monotonic() - started


def tables(store: Path) -> dict[str, bytes]:
    """Bytes of every table."""
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.glob("*/*.parquet")}


def copies(folder: Path, clip: Path, number: int) -> list[Path]:
    """So many recordings of the same clip."""
    folder.mkdir()
    return [Path(shutil.copy(clip, folder / f"clip{at:03d}{clip.suffix}")) for at in range(number)]


def repeated(clip: Path, path: Path, seconds: float, size: str) -> Path:
    """The clip without sound over and over: coded once at `size`, then copied."""
    once = path.with_name(f"once{clip.stem}{size.replace(':', 'x')}.mp4")
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    coded = ["-an", "-vf", f"scale={size}", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
    if not once.exists():
        subprocess.run([*quiet, "-i", str(clip), *coded, str(once)], check=True)
    looped = ["-stream_loop", "-1", "-i", str(once), "-t", str(seconds), "-c", "copy"]
    subprocess.run([*quiet, *looped, str(path)], check=True)
    return path


def length_of(clip: Path) -> float:
    """Of a clip, in s."""
    from bitflow.media.probe import probe

    return probe(clip).duration or 0.0


def by(size: str) -> str:
    """A size as people write it.

    >>> by("640:360")
    '640×360'
    """
    return size.replace(":", "×")


def results() -> Path:
    """Today's table."""
    return RESULTS / f"scaling_{date.today()}.md"


def record(what: str, measured: str, bound: str, holds: bool | None) -> bool:
    """Keep a row; what is measured again takes the place of what was, as told by the words before the first figure."""
    from bitflow import __version__

    line = f"| {what} | {measured} | {bound} | {'' if holds is None else 'yes' if holds else 'NO'} |"
    print(line, flush=True)
    head = [
        f"# Scaling, {date.today()}",
        "",
        f"bitflow {__version__}, Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores; "
        "wall time of whole runs, start of the workers included",
        "",
        "| what | measured | bound | holds |",
        "|---|---|---|---|",
    ]
    path = results()
    rows = path.read_text().splitlines()[len(head) :] if path.exists() else []
    key = what.partition(":")[0]
    kept = [row for row in rows if row.removeprefix("| ").partition(" | ")[0].partition(":")[0] != key]
    RESULTS.mkdir(exist_ok=True)
    path.write_text("\n".join([*head, *kept, line]) + "\n")
    return holds is not False


if __name__ == "__main__":
    sys.exit(main())
