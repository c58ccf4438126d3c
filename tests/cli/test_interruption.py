"""What is left when a run is killed, interrupted, or shares its store with another: a store that opens and goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the worker processes in /proc"),
    pytest.mark.xdist_group("interruption"),  # one undisturbed run for all of them
    pytest.mark.usefixtures("ctrl_c_is_heard"),
]

EXTRACT = ("--extractors", "frames,voice", "--workers", "2")


@pytest.fixture(scope="module")
def long_videos(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Path:
    """Four recordings of which each takes long enough to be caught at work."""
    folder = tmp_path_factory.mktemp("long") / "videos"
    folder.mkdir()
    clip = ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=6"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=6"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", folder / "a.mp4"),
    )
    for name in "bcd":
        shutil.copy(clip, folder / f"{name}.mp4")
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    long_videos: Path, tmp_path_factory: pytest.TempPathFactory, bitflow: Callable[..., Any]
) -> tuple[dict[str, bytes], float]:
    """Tables of a run that nobody disturbed, and how long it took, in seconds."""
    store = tmp_path_factory.mktemp("undisturbed") / "features"
    started = time.monotonic()
    assert bitflow("extract", long_videos, "-o", store, *EXTRACT).code == 0
    return tables(store), time.monotonic() - started


def tables(store: Path) -> dict[str, bytes]:
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in sorted(store.glob("*/*.parquet"))}


def children(process: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def all_end(processes: list[int], within: float = 60.0) -> bool:
    deadline = time.monotonic() + within
    left = list(processes)
    while left and time.monotonic() < deadline:
        left = [process for process in left if Path(f"/proc/{process}").exists()]
        time.sleep(0.05)
    return not left


def moments(number: int, seconds: float) -> Iterator[float]:
    """Random moments, one in each of `number` equal parts of a run; from when it has begun to work."""
    chance = random.Random(20261123)
    for part in range(number):
        yield 0.5 + (seconds - 0.5) * (part + chance.random()) / number


def wait_for_workers(process: Any, number: int = 1) -> list[int]:
    deadline = time.monotonic() + 60
    while len(found := children(process.pid)) < number and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    return found


def wait_for_a_table(store: Path) -> None:
    """Return when the first of the four recordings has a table: the run is in the middle of its work."""
    deadline = time.monotonic() + 60
    while not tables(store) and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize("third", [0, 1, 2])
def test_a_run_killed_at_any_moment_is_completed_by_the_next_to_the_same_bytes(
    bitflow: Callable[..., Any],
    start: Any,
    long_videos: Path,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
    third: int,
) -> None:
    expected, seconds = undisturbed
    store = tmp_path / "features"
    moment = list(moments(3, seconds))[third]
    process = start("extract", long_videos, "-o", store, *EXTRACT)
    started = time.monotonic()
    workers: list[int] = []
    while time.monotonic() - started < moment and process.poll() is None:
        workers = children(process.pid) or workers
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert all_end(workers)
    if store.exists():
        assert bitflow("show", store).code == 0
        assert bitflow("check", store).code == 0
    assert bitflow("extract", long_videos, "-o", store, *EXTRACT).code == 0
    assert tables(store) == expected
    assert not list(store.glob("**/.*.draft"))
    assert bitflow("check", store).code == 0


def test_a_worker_killed_at_work_costs_nothing_but_time(
    start: Any, long_videos: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    store = tmp_path / "features"
    process = start("extract", long_videos, "-o", store, *EXTRACT)
    wait_for_a_table(store)
    os.kill(wait_for_workers(process)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "its worker process was ended by SIGKILL; it will be tried once more" in err
    assert "4 recordings: 4 done" in out
    assert tables(store) == undisturbed[0]
    assert not list(store.glob("**/.*.draft"))


@pytest.mark.parametrize(
    ("whom", "number"),
    [
        ("the whole group, as a terminal does", signal.SIGINT),
        ("the command alone", signal.SIGINT),
        ("the whole group, as a batch system does", signal.SIGTERM),
        ("the command alone", signal.SIGTERM),
    ],
)
def test_ctrl_c_and_sigterm_end_the_run_with_130_and_the_next_completes_it(
    bitflow: Callable[..., Any],
    start: Any,
    long_videos: Path,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
    whom: str,
    number: signal.Signals,
) -> None:
    store = tmp_path / "features"
    process = start("extract", long_videos, "-o", store, *EXTRACT, "--json")
    workers = wait_for_workers(process, 2)
    wait_for_a_table(store)
    (os.killpg if whom.startswith("the whole") else os.kill)(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "bitflow: interrupted; the same command goes on where it stopped"
    assert "not reached" in err
    assert set(json.loads(out.splitlines()[-1])) == {"store", "recordings", "done", "failed", "skipped"}
    assert all_end(workers)
    assert not list(store.glob("**/.*.draft"))
    assert bitflow("check", store).code == 0
    assert bitflow("extract", long_videos, "-o", store, *EXTRACT).code == 0
    assert tables(store) == undisturbed[0]


def test_two_runs_at_once_on_one_store_do_not_disturb_each_other(
    bitflow: Callable[..., Any],
    start: Any,
    long_videos: Path,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
) -> None:
    store = tmp_path / "features"
    both = [start("extract", long_videos, "-o", store, *EXTRACT) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    assert tables(store) == undisturbed[0]
    assert bitflow("check", store).code == 0
    assert not list(store.glob("**/.*.draft"))


def test_a_store_that_is_removed_meanwhile_is_said_to_be_gone_and_made_by_the_next_run(
    bitflow: Callable[..., Any],
    start: Any,
    long_videos: Path,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
) -> None:
    store = tmp_path / "features"
    process = start("extract", long_videos, "-o", store, *EXTRACT, "--workers", "1")
    wait_for_a_table(store)
    shutil.rmtree(store, ignore_errors=True)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 1, err
    assert "unexpected" not in out + err
    assert "not a feature store" in out
    assert bitflow("extract", long_videos, "-o", store, *EXTRACT).code == 0
    assert tables(store) == undisturbed[0]
