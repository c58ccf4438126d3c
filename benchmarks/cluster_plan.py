"""What ten thousand hours take on a cluster: task times measured here, the scheduler played through with them.

    python -m benchmarks.cluster_plan measure       task times of this machine, a core each; best when it is idle
    python -m benchmarks.cluster_plan simulate      cores against hours, with the times measured last

`simulate` hands out tasks as `bitflow.cohort.agenda` does: the largest recordings first, long ones in spans, a join
when all spans of one are done. Times are drawn from the measured ones, a share of tasks are stragglers, nodes are lost
and their tasks begin anew. Both write below benchmarks/results/.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import platform
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.scaling import FACE, FULL, MESH, copies, repeated
from benchmarks.soak import RESULTS, demo_clip
from bitflow.extraction.spans import LONG_S, OVERLAP_S, SPAN_S

HOURS = 10_000

#: Lengths of recordings in minutes, with their shares: an interview study.
STUDY = ((5, 0.2), (20, 0.3), (50, 0.4), (120, 0.1))

#: A task in a hundred takes three times as long: a slow node, a noisy neighbour, a cold cache.
STRAGGLERS, SLOWNESS = 0.01, 3.0

#: A core is lost with its task once in so many hours.
HOURS_TO_LOSS = 500.0

#: Keyframes are about this far apart (s): a span is read from the one before its overlap.
KEYFRAMES_S = 10.0


@dataclass(frozen=True)
class Measured:
    """What was measured of one kind of work, for each second of media: core-seconds of every task, and bytes."""

    name: str
    core_seconds: tuple[float, ...]
    table_bytes: float
    join_seconds: float


@dataclass(frozen=True)
class Played:
    """How a simulated run ended, in s; `busy` is the share of cores that worked, over the whole run."""

    seconds: float
    busy: float
    tail: float
    tasks: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("measure", "simulate"))
    parser.add_argument("--clip", type=Path, help="a clip with a face")
    parser.add_argument("--tasks", type=int, default=8, help="tasks of each kind")
    parser.add_argument("--seconds", type=float, default=60.0, help="media seconds of a task")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.what == "measure":
        measure(given.clip or demo_clip(), given.tasks, given.seconds)
    else:
        simulate(given.seed)
    return 0


def measure(clip: Path, tasks: int, seconds: float) -> None:
    """Extract the clip over and over on one core each, by table set and picture size.

    What a worker takes to start, once in its life, is left out.
    """
    kinds = [("face, 360p", FACE, "640:360"), ("face, body, hands, 360p", FULL, "640:360")]
    kinds += [("face, body, hands, 1080p", FULL, "1920:1080")]
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="bitflow-plan-") as folder:
        for number, (name, extractors, size) in enumerate(kinds):
            whole = Path(folder) / str(number)
            whole.mkdir()
            video = repeated(clip, whole / "clip.mp4", seconds, size)
            found.append(_measured(name, copies(whole / "videos", video, tasks), whole / "store", extractors))
            print(json.dumps({**found[-1], "core_seconds": statistics.median(found[-1]["core_seconds"])}), flush=True)
    machine = {"cores": os.cpu_count(), "platform": platform.platform()}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"task_times_{date.today()}.json"
    path.write_text(json.dumps({"machine": machine, "kinds": found}, indent=1) + "\n")


def _measured(name: str, videos: list[Path], store: Path, extractors: tuple[str, ...]) -> dict[str, Any]:
    """CPU time of one thread, which other work on the machine hardly disturbs; models are opened before it counts."""
    import time

    from bitflow.extraction.plan import make_request
    from bitflow.extraction.recording import Source, extract_recording
    from bitflow.store import FeatureStore

    opened = FeatureStore.create(store)
    request = make_request(extractors=extractors, parameters=MESH, device="cpu", threads=1)
    seconds: list[float] = []
    media = 0.0
    with tempfile.TemporaryDirectory() as warm:
        first = FeatureStore.create(Path(warm) / "store")
        extract_recording(first.path, Source("warm-up", videos[0]), replace(request, rate_hz=1.0))
    for video in videos:
        began = time.process_time()
        outcome = extract_recording(opened.path, Source(video.stem, video), request)
        if outcome.error:
            raise SystemExit(outcome.error)
        seconds.append((time.process_time() - began) / outcome.media_seconds)
        media += outcome.media_seconds
    size = sum(path.stat().st_size for path in opened.path.glob("*/*.parquet"))
    return {
        "name": name,
        "core_seconds": sorted(seconds),
        "table_bytes": size / media,
        "join_seconds": _join_seconds(opened),
    }


def _join_seconds(store: Any) -> float:
    """Seconds for each second of media to read all tables and write them again, as a join does."""
    import time

    from bitflow.tables import write_table

    started, media = time.process_time(), 0.0
    for name in store:
        recording = store[name]
        media += recording.info["media"]["duration"]
        for table in recording.tables:
            file = recording.file(table)
            write_table(store.path / f"again-{table}.parquet", file.schema, file.batches())
    return (time.process_time() - started) / media


def simulate(seed: int) -> None:
    """Cores against hours, for each kind of work that was measured."""
    path = max(RESULTS.glob("task_times_*.json"))
    measured = json.loads(path.read_text())
    kinds = [Measured(**{**kind, "core_seconds": tuple(kind["core_seconds"])}) for kind in measured["kinds"]]
    recordings = study(HOURS, random.Random(seed))
    lines = [
        f"# Ten thousand hours, {date.today()}",
        "",
        f"Task times of {path.name} ({measured['machine']['platform']}); {len(recordings)} recordings of "
        f"{', '.join(f'{length} min ({share:.0%})' for length, share in STUDY)}; spans of {SPAN_S:.0f} s from "
        f"{LONG_S / 60:.0f} min; {STRAGGLERS:.0%} of tasks {SLOWNESS:g} times as long; a core lost every "
        f"{HOURS_TO_LOSS:g} h; seed {seed}.",
        "",
        "| work | core-s a video-hour | tables an hour | cores | tasks | hours | busy | after the first idle core |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in kinds:
        for cores in (64, 256, 1024):
            lines.append(_line(kind, cores, play(kind, recordings, cores, random.Random(seed))))
            print(lines[-1], flush=True)
    lines += ["", "Without spans, or not the largest first (face, body, hands, 360p, 1024 cores):", ""]
    lines += ["| order | hours | busy | after the first idle core |", "|---|---|---|---|"]
    for words, spans, largest in (
        ("largest first, in spans", True, True),
        ("as they come, in spans", True, False),
        ("largest first, whole", False, True),
        ("as they come, whole", False, False),
    ):
        run = play(kinds[1], recordings, 1024, random.Random(seed), spans=spans, largest_first=largest)
        lines.append(f"| {words} | {run.seconds / 3600:.2f} | {run.busy:.1%} | {run.tail / 60:.1f} min |")
        print(lines[-1], flush=True)
    (RESULTS / f"cluster_plan_{date.today()}.md").write_text("\n".join(lines) + "\n")


def _line(kind: Measured, cores: int, run: Played) -> str:
    hourly = 3600 * statistics.mean(kind.core_seconds)
    return (
        f"| {kind.name} | {hourly:.0f} | {3600 * kind.table_bytes / 1e6:.0f} MB | {cores} | {run.tasks} | "
        f"{run.seconds / 3600:.1f} | {run.busy:.1%} | {run.tail / 60:.1f} min |"
    )


def study(hours: float, dice: random.Random) -> list[float]:
    """Lengths of recordings in s, as many as make so many hours, in the order in which they come."""
    lengths: list[float] = []
    while sum(lengths) < 3600 * hours:
        lengths += dice.choices([60.0 * length for length, _ in STUDY], [share for _, share in STUDY], k=500)
    return lengths


def play(
    kind: Measured,
    recordings: list[float],
    cores: int,
    dice: random.Random,
    *,
    spans: bool = True,
    largest_first: bool = True,
) -> Played:
    """Hand the tasks of all recordings to cores that take the next one as they become free.

    Examples
    --------
    Two cores, three equal tasks: twice a task's length, and one core idle for half of it.

    >>> even = Measured("even", (1.0,), 0.0, 0.0)
    >>> never = random.Random(0)
    >>> never.random = lambda: 1.0
    >>> run = play(even, [100.0, 100.0, 100.0], 2, never)
    >>> run.seconds, run.busy, run.tail
    (200.0, 0.75, 100.0)
    """
    lengths = sorted(recordings, reverse=True) if largest_first else list(recordings)
    shares = [_read(length, spans=spans) for length in lengths]
    queue = [(number, media, kind.core_seconds) for number, read in enumerate(shares) for media in read][::-1]
    left = [len(read) for read in shares]
    idle, running, count, busy, now = cores, [], 0, 0.0, 0.0
    first_idle: float | None = None
    while queue or running:
        while queue and idle:
            number, media, rates = queue.pop()
            spent = media * dice.choice(rates) * (SLOWNESS if dice.random() < STRAGGLERS else 1.0)
            while dice.random() < spent / (3600 * HOURS_TO_LOSS):  # lost half-way with its node, begun anew
                spent *= 1.5
            busy, count, idle = busy + spent, count + 1, idle - 1
            heapq.heappush(running, (now + spent, number))
        if idle and first_idle is None:
            first_idle = now
        now, number = heapq.heappop(running)
        idle, left[number] = idle + 1, left[number] - 1
        if left[number] == 0 and len(shares[number]) > 1:
            queue.append((number, lengths[number], (kind.join_seconds,)))
    return Played(now, busy / (now * cores), 0.0 if first_idle is None else now - first_idle, count)


def _read(length: float, *, spans: bool) -> list[float]:
    """Media seconds that each task of a recording of this length reads."""
    if not spans or length < LONG_S:
        return [length]
    number = max(2, round(length / SPAN_S))
    return [length / number + 2 * OVERLAP_S + KEYFRAMES_S / 2] * number


if __name__ == "__main__":
    sys.exit(main())
