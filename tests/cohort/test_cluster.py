"""A Ray cluster as its driver's parent sees it: what is told, what a lost cluster leaves to the next run.

The driver here is a stand-in over the real pipe; the cluster itself is in `python -m benchmarks.soak`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bitflow.cohort import cluster as module
from bitflow.cohort.cluster import ClusterOptions, RayCluster
from bitflow.cohort.task import Event
from bitflow.errors import ExtractionError, UsageError
from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source

pytest.importorskip("ray", reason="Ray is in the extra `ray`")


def drive(run: dict[str, Any], tell: Any, stopping: Any) -> None:
    """Stand in for `bitflow.cohort.driver.drive`: what it does is in the address."""
    if run["address"] == "nowhere:1":
        tell(event="refused", sentence="no Ray cluster answers at nowhere:1: refused")
        return
    for name, _ in run["sources"]:
        if (run["address"], name) == ("dies:1", "b"):
            print("Failed to connect to GCS within 60 seconds.", file=sys.stderr, flush=True)
            os._exit(1)
        tell(event="told", id=name, duration=4.0)
        tell(event="told", id=name, seconds=2.0, piece={"kind": "span", "number": 1})
        while run["address"] == "waits:1" and not stopping.is_set():
            time.sleep(0.01)
        if stopping.is_set():
            (Path(run["store"]) / "stopped").touch()
            return
        tell(event="told", id=name, outcome=Outcome(name, "done", notes=("a note",)).as_dict())


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "_DRIVE", "test_cluster:drive")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return lambda address: RayCluster(tmp_path, Request(("frames",), {}), ClusterOptions(address))


SOURCES = [Source("a", Path("a.mp4")), Source("b", Path("b.mp4"))]


def test_what_the_driver_tells_becomes_events(started: Any) -> None:
    with started("good:1") as crew:
        events: list[Event] = list(crew.run(SOURCES))
    assert [event.duration for event in events if event.duration] == [4.0, 4.0]
    assert {(event.piece.kind, event.piece.number) for event in events if event.seconds} == {("span", 1)}
    assert [event.outcome for event in events if event.outcome] == [
        Outcome(name, "done", notes=("a note",)) for name in "ab"
    ]


def test_a_cluster_that_is_lost_is_one_sentence_after_what_was_done(started: Any) -> None:
    told: list[Event] = []
    with started("dies:1") as crew, pytest.raises(ExtractionError) as caught:
        told.extend(crew.run(SOURCES))  # what came before the error stays
    assert [event.outcome.id for event in told if event.outcome] == ["a"]
    assert str(caught.value) == (
        "the Ray cluster is gone, with 1 of 2 recordings not extracted (its head does not answer); "
        "once it is up again, the same command goes on where it stopped"
    )


def test_a_cluster_that_is_not_there_is_refused_with_its_address(started: Any) -> None:
    with started("nowhere:1") as crew, pytest.raises(ExtractionError, match=r"answers at nowhere:1: refused"):
        list(crew.run(SOURCES))


def test_an_interrupt_reaches_the_driver(started: Any, tmp_path: Path) -> None:
    crew = started("waits:1")
    crew.__enter__()
    next(crew.run(SOURCES))
    crew.__exit__(KeyboardInterrupt)
    assert (tmp_path / "stopped").exists()


@pytest.mark.parametrize(
    ("asked", "settled"),
    [
        (("auto", None, None), (1, 0.0, "cpu")),
        (("auto", None, 0.5), (4, 0.5, "cuda")),
        (("cuda", None, None), (4, 0.25, "cuda")),
        (("cuda", 8, 1.0), (8, 1.0, "cuda")),
        (("cpu", 2, None), (2, 0.0, "cpu")),
    ],
)
def test_what_a_task_takes_follows_from_the_device(asked: Any, settled: Any) -> None:
    device, cpus, gpus = asked
    options, there = ClusterOptions.for_device(device, "head:6379", cpus, gpus)
    assert (options.cpus, options.gpus, there) == settled


@pytest.mark.parametrize(("device", "cpus", "gpus"), [("cpu", 1, 0.5), ("cpu", 0, None), ("cuda", 1, -1.0)])
def test_resources_that_make_no_sense_are_refused(device: str, cpus: int, gpus: float | None) -> None:
    with pytest.raises(UsageError):
        ClusterOptions.for_device(device, None, cpus, gpus)
