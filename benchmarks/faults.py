"""Faults, injected into real runs: what each did to the run, and that nothing was lost or spoilt by it.

    python -m benchmarks.faults                      all, on this machine
    python -m benchmarks.faults --only ray --seed 3

Every run extracts the same recordings, one of them in spans. After the fault the run goes on or ends with a sentence;
then the same command is given again, as a user would. In the end every table must have the bytes of an undisturbed
run, and `bitflow check` must find no error. Writes a dated table below benchmarks/results/.

The cluster is Ray's own with several raylets on this machine, the object storage is moto's S3 server; full disks are
small tmpfs mounts, for which one must be root. Needs ffmpeg, Linux, and the extras dev and ray.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.soak import COMMAND, RESULTS, demo_clip
from bitflow.places import place
from bitflow.store import open_store

TABLES = ["--extractors", "faces", "--set", "face_landmarks.model=mesh468"]
SHORT = 4


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, and the last thing that it said."""

    code: int
    said: str


@dataclass(frozen=True)
class Study:
    """Recordings, what an undisturbed run makes of them, how long it takes, and the dice."""

    folder: Path
    videos: Path
    expected: dict[str, bytes]
    seconds: float
    dice: random.Random

    def moment(self, of: float | None = None) -> float:
        """Some time in the middle of a run, in s."""
        return self.dice.uniform(0.25, 0.8) * (of or self.seconds)


def main() -> int:
    """Inject what was asked for; 1 when anything was lost or spoilt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("local", "storage", "ray"), action="append")
    parser.add_argument("--clip", type=Path, help="a clip with a face")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="bitflow-faults-") as folder:
        study = _study(Path(folder), given.clip or demo_clip(), given.seed)
        print(f"undisturbed: {len(study.expected)} tables in {study.seconds:.0f} s", flush=True)
        for group, faults in GROUPS.items():
            if given.only and group not in given.only:
                continue
            lines: list[str] = []
            with SURROUNDINGS[group]() as around:
                for fault in faults:
                    lines.append(_one(study, around, fault))
                    print(lines[-1], flush=True)
            _write(group, lines, given.seed)
            bad += sum(not line.endswith("| 0 | 0 |") for line in lines)
    return 1 if bad else 0


def _one(study: Study, around: Any, fault: Any) -> str:
    """One fault, what it did, and what it left."""
    store, videos = around.fresh(study)
    what, ended = fault(study, around, videos, store)
    again = ""
    if ended.code != 0 or "failed" in ended.said:
        second = around.extract(videos, store)
        again = f"; again: exit {second.code}"
    tables = tables_of(store)
    lost = len({name.rpartition("/")[0] for name in study.expected} - {name.rpartition("/")[0] for name in tables})
    other = sum(tables.get(name) != content for name, content in study.expected.items())
    errors = sum(finding.severity == "error" for finding in open_store(str(store)).check())
    said = ended.said.replace(f"{study.folder}/", "")
    return f"| {what} | exit {ended.code}: {said}{again} | {lost} | {other + errors} |"


class Local:
    """Runs on this machine into a folder."""

    words: tuple[str, ...] = ("--workers", "2")

    def __init__(self) -> None:
        self.number = 0

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def fresh(self, study: Study) -> tuple[Any, Any]:
        """A store that is not there yet, and the recordings."""
        self.number += 1
        return study.folder / f"store{type(self).__name__}{self.number}", study.videos

    def start(self, videos: Any, store: Any) -> subprocess.Popen[str]:
        """The command, running."""
        words = [*COMMAND, str(videos), "-o", str(store), *TABLES, *self.words]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def extract(self, videos: Any, store: Any) -> Ended:
        """The command, to its end."""
        return end_of(self.start(videos, store))


class Storage(Local):
    """Recordings and store in buckets of an S3 server that can be taken away."""

    def __enter__(self) -> Storage:
        import logging

        from fsspec import config, filesystem

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = None
        self.port = 0
        self.up()
        settings = {"ENDPOINT_URL": f"http://127.0.0.1:{self.port}", "KEY": "faults", "SECRET": "faults"}
        os.environ.update({f"FSSPEC_S3_{name}": value for name, value in settings.items()})
        config.set_conf_env(config.conf)
        filesystem("s3").mkdir("study")
        return self

    def __exit__(self, *exception: object) -> None:
        self.down()

    def up(self) -> None:
        """Let the server answer; it kept what it held."""
        from moto.moto_server.threaded_moto_server import ThreadedMotoServer

        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()
        _, self.port = self.server.get_host_and_port()

    def down(self) -> None:
        """Let it not."""
        if self.server is not None:
            self.server.stop()
            self.server = None

    def fresh(self, study: Study) -> tuple[Any, Any]:
        if not self.number:
            for path in study.videos.iterdir():
                place(f"s3://study/videos/{path.name}").write_bytes(path.read_bytes())
        self.number += 1
        return place(f"s3://study/{type(self).__name__}{self.number}"), place("s3://study/videos")


class Cluster(Storage):
    """The same on a Ray cluster of a head without cores and two nodes of one core each."""

    def __enter__(self) -> Cluster:
        super().__enter__()
        self.raise_cluster()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ray.shutdown()
        super().__exit__()

    def raise_cluster(self) -> None:
        """A new one."""
        from ray.cluster_utils import Cluster as RayCluster

        self.ray: Any = RayCluster(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": 100 << 20},
        )
        self.nodes = [self.node(), self.node()]
        self.words = ("--engine", "ray", "--address", self.ray.address)

    def node(self) -> Any:
        """One more node."""
        return self.ray.add_node(num_cpus=1, object_store_memory=100 << 20)

    def workers(self) -> list[int]:
        """Processes of the nodes that extract at this moment."""
        raylets = {p.process.pid for node in self.nodes for p in node.all_processes.get("raylet", [])}
        return [child for raylet in raylets for child in children(raylet) if "_carry_out" in command_of(child)]


def worker_killed(study: Study, around: Local, videos: Any, store: Any) -> tuple[str, Ended]:
    """`kill -9` of a worker process."""
    process = around.start(videos, store)
    time.sleep(study.moment())
    workers = [child for child in children(process.pid) if "worker.py" in command_of(child)]
    if workers:
        os.kill(study.dice.choice(workers), signal.SIGKILL)
    return "kill -9 of a worker" if workers else "(the run was over before a worker could be killed)", end_of(process)


def run_killed(study: Study, around: Local, videos: Any, store: Any) -> tuple[str, Ended]:
    """`kill -9` of the command itself."""
    return _ended_by(signal.SIGKILL, "kill -9 of the whole run", study, around, videos, store)


def run_terminated(study: Study, around: Local, videos: Any, store: Any) -> tuple[str, Ended]:
    """SIGTERM, as a batch system sends it."""
    return _ended_by(signal.SIGTERM, "SIGTERM to the run", study, around, videos, store)


def _ended_by(
    number: signal.Signals, what: str, study: Study, around: Local, videos: Any, store: Any
) -> tuple[str, Ended]:
    process = around.start(videos, store)
    time.sleep(study.moment())
    process.send_signal(number)
    ended = end_of(process)
    return what, Ended(ended.code, ended.said if ended.code >= 0 else f"{number.name} ends it at once")


def disk_full(study: Study, around: Local, videos: Any, store: Any) -> tuple[str, Ended]:
    """A disk that is full midway, and has room again afterwards."""
    size = study.dice.randint(300, 1500)
    store.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(store)], check=True)
    try:
        ended = around.extract(videos, store)
        kept = study.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(store, kept)
    finally:
        subprocess.run(["umount", str(store)], check=True)
    store.rmdir()
    kept.rename(store)
    return f"disk full at {size} kB", ended


def media_corrupt(study: Study, around: Local, videos: Any, store: Any) -> tuple[str, Ended]:
    """A recording that is damaged on its disk beside good ones."""
    kinds = {
        "cut off": lambda data: data[: len(data) // 3],
        "empty": lambda data: b"",
        "random bytes": lambda data: study.dice.randbytes(len(data)),
        "a hole of random bytes": lambda data: (
            data[: len(data) // 2] + study.dice.randbytes(4000) + data[len(data) // 2 + 4000 :]
        ),
    }
    kind = sorted(kinds)[around.number % len(kinds)]
    copies = study.folder / f"videos{around.number}"
    shutil.copytree(videos, copies)
    (copies / "damaged.mp4").write_bytes(kinds[kind]((videos / "short0.mp4").read_bytes()))
    ended = around.extract(copies, store)
    row = open_store(str(store)).recordings().set_index("id").loc["damaged"]
    damage = [note for note in row.notes.splitlines() if "damaged" in note or "missing" in note]
    told = row.error or " ".join(damage) or "nothing that is seen"
    shutil.rmtree(store / "damaged", ignore_errors=True)
    return f"a recording is damaged: {kind}", Ended(ended.code, f"its row: {told.replace(str(copies) + '/', '')}")


def storage_gone_for_a_while(study: Study, around: Storage, videos: Any, store: Any) -> tuple[str, Ended]:
    """The S3 server does not answer for some seconds."""
    away = study.dice.uniform(4, 12)
    process = around.start(videos, store)
    time.sleep(study.moment(1.5 * study.seconds))
    around.down()
    time.sleep(away)
    around.up()
    return f"S3 does not answer for {away:.0f} s", end_of(process)


def storage_gone(study: Study, around: Storage, videos: Any, store: Any) -> tuple[str, Ended]:
    """The S3 server does not come back during the run."""
    process = around.start(videos, store)
    time.sleep(study.moment())
    around.down()
    ended = end_of(process)
    around.up()
    return "S3 does not come back", ended


def ray_worker_killed(study: Study, around: Cluster, videos: Any, store: Any) -> tuple[str, Ended]:
    """`kill -9` of a process of a node that extracts."""
    process = around.start(videos, store)
    deadline = time.monotonic() + 60
    while not (workers := around.workers()) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(study.dice.uniform(0, 2))
    if workers := around.workers() or workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(study.dice.choice(workers), signal.SIGKILL)
    return "kill -9 of a Ray worker" if workers else "(no Ray worker was found)", end_of(process)


def node_killed(study: Study, around: Cluster, videos: Any, store: Any) -> tuple[str, Ended]:
    """A node goes with everything on it, and another comes."""
    process = around.start(videos, store)
    while not around.workers() and process.poll() is None:
        time.sleep(0.2)
    time.sleep(study.dice.uniform(0, 3))
    around.ray.remove_node(around.nodes.pop(0), allow_graceful=False)
    around.nodes.append(around.node())
    return "a node is lost, another joins", end_of(process)


def head_killed(study: Study, around: Cluster, videos: Any, store: Any) -> tuple[str, Ended]:
    """The cluster's head dies; the next run, on a new cluster, redoes no committed table."""
    process = around.start(videos, store)
    while not tables_of(store) and process.poll() is None:
        time.sleep(0.5)
    around.ray.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
    ended = end_of(process)
    around.ray.shutdown()
    before = changed(store)
    around.raise_cluster()
    second = around.extract(videos, store)
    after = changed(store)
    redone = sum(after.get(name) != stamp for name, stamp in before.items())
    if redone:
        raise SystemExit(f"{redone} committed tables were made again")
    return f"the head dies; {len(before)} committed tables stay as they are", Ended(
        second.code, f"{ended.said} (exit {ended.code}); on a new cluster: {second.said}"
    )


GROUPS: dict[str, list[Any]] = {
    "local": [*[worker_killed] * 6, *[run_killed] * 3, *[run_terminated] * 3, *[disk_full] * 3, *[media_corrupt] * 4],
    "storage": [*[storage_gone_for_a_while] * 3, storage_gone],
    "ray": [*[ray_worker_killed] * 3, *[node_killed] * 3, storage_gone_for_a_while, head_killed],
}
SURROUNDINGS: dict[str, Callable[[], Any]] = {"local": Local, "storage": Storage, "ray": Cluster}


def _study(folder: Path, clip: Path, seed: int) -> Study:
    videos = folder / "videos"
    videos.mkdir()
    for number in range(SHORT):
        shutil.copy(clip, videos / f"short{number}.mp4")
    _slowed(clip, videos / "long.mp4", 640)
    around = Local()
    started = time.monotonic()
    ended = around.extract(videos, folder / "undisturbed")
    if ended.code:
        raise SystemExit(f"the undisturbed run failed: {ended.said}")
    seconds = time.monotonic() - started
    return Study(folder, videos, tables_of(folder / "undisturbed"), seconds, random.Random(seed))


def _slowed(clip: Path, path: Path, seconds: int) -> None:
    """The clip over and over at two pictures a second: long, and soon extracted."""
    subprocess.run(
        [
            *("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-stream_loop", "-1", "-i", str(clip)),
            *("-an", "-vf", "setpts=N/(2*TB),scale=320:-2", "-r", "2", "-t", str(seconds), "-g", "20"),
            *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", str(path)),
        ],
        check=True,
    )


def tables_of(store: Any) -> dict[str, bytes]:
    """Bytes of every table that a reader sees, by recording and name."""
    try:
        opened = open_store(str(store))
    except Exception:
        return {}
    return {
        f"{name}/{table}": (opened[name].path / f"{table}.parquet").read_bytes()
        for name in opened
        for table in opened[name].tables
    }


def changed(store: Any) -> dict[str, int]:
    """When each table was written."""
    opened = open_store(str(store))
    return {
        f"{name}/{table}": (opened[name].path / f"{table}.parquet").stat().st_mtime_ns
        for name in opened
        for table in opened[name].tables
    }


def end_of(process: subprocess.Popen[str]) -> Ended:
    """Wait for a run; what it said last that was not a figure."""
    out, _ = process.communicate()
    said = [line for line in out.splitlines() if line.strip() and not line.startswith(("store:", "note "))]
    worth = [
        line
        for line in said
        if "failed" in line or line.startswith("bitflow: ") or "tried once more" in line or "node is gone" in line
    ]
    return Ended(process.returncode, " · ".join(dict.fromkeys([*worth[-2:], *said[-1:]]))[:400])


def children(parent: int) -> list[int]:
    """Processes that it started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def command_of(process: int) -> str:
    """Its command line."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _write(group: str, lines: list[str], seed: int) -> None:
    """Keep a group's rows in today's table; those of an earlier run of it go."""
    from bitflow import __version__

    path = RESULTS / f"faults_{date.today()}.md"
    earlier = path.read_text().splitlines() if path.exists() else []
    rows = [row for row in earlier if row.startswith(tuple(f"| {kind}, " for kind in GROUPS if kind != group))]
    rows += [f"| {group}, seed {seed} {line}" for line in lines]
    bad = sum(not row.endswith("| 0 | 0 |") for row in rows)
    head = [
        f"# Faults, {date.today()}",
        "",
        f"bitflow {__version__}, Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores",
        "",
        f"{len(rows)} faults, {bad} with a loss. Every row: what was done, the run's last words, how the same command "
        "ended where it had to be given again, recordings that were lost, and tables that differ from an undisturbed "
        "run's or are not whole.",
        "",
        "| where | fault | what the run said | lost | spoilt |",
        "|---|---|---|---|---|",
    ]
    RESULTS.mkdir(exist_ok=True)
    path.write_text("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
