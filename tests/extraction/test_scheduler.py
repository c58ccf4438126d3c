"""Chunks are mapped in any order and joined in time order; nothing depends on the number of workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bitflow.extraction.scheduler import AHEAD, LocalRuntime, StreamTask, WorkerPool, run_stream
from bitflow.inference.engine import ON_CPU


@dataclass(frozen=True)
class Second:
    """A chunk that stands for one second of media."""

    index: int

    @property
    def end(self) -> float:
        return self.index + 1.0


@dataclass(eq=False)
class Numbers:
    """Hands each chunk's number through; later chunks are quicker, so that they overtake earlier ones."""

    name: str = "numbers"
    fail_at: int | None = None
    stop_after: int | None = None

    def open(self, recording, runtime):
        opened_by = threading.get_ident()

        def worker(chunk):
            assert threading.get_ident() == opened_by, "a worker left the thread that opened it"
            if chunk.index == self.fail_at:
                raise ValueError(f"chunk {chunk.index} cannot be worked on")
            time.sleep(0.002 * (chunk.index % 3 == 0))
            return chunk.index

        return worker

    def join(self, parts: Iterator[int], recording, runtime):
        for count, part in enumerate(parts):
            if count == self.stop_after:
                return
            yield self.name, part


def run(extractors, chunks, threads=2, progress=lambda seconds: None):
    rows: dict[str, list[int]] = {extractor.name: [] for extractor in extractors}
    with WorkerPool(threads) as pool:
        tasks = [
            StreamTask(extractor, LocalRuntime(ON_CPU, pool, frozenset()), lambda name, row: rows[name].append(row))
            for extractor in extractors
        ]
        run_stream(chunks, tasks, None, pool, progress)
    return rows, [task.error for task in tasks]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_parts_are_joined_in_time_order_whatever_the_number_of_workers(threads):
    rows, errors = run([Numbers(), Numbers("others")], [Second(n) for n in range(40)], threads)
    assert rows == {"numbers": list(range(40)), "others": list(range(40))}
    assert errors == [None, None]


def test_a_single_thread_decodes_or_works_but_not_both_at_once():
    begun: list[str] = []

    def decoded():
        for n in range(6):
            begun.append(f"decode {n}")
            time.sleep(0.002)
            yield Second(n)

    class Watched(Numbers):
        def open(self, recording, runtime):
            worker = super().open(recording, runtime)
            return lambda chunk: (begun.append(f"work {chunk.index}"), time.sleep(0.005), worker(chunk))[-1]

    run([Watched()], decoded(), threads=1)
    assert begun == [f"{what} {n}" for n in range(6) for what in ("decode", "work")]


def test_of_each_chunk_the_longest_work_comes_first():
    begun: list[str] = []

    class Timed(Numbers):
        frame_ms = 0.0

        def open(self, recording, runtime):
            worker = super().open(recording, runtime)
            return lambda chunk: (begun.append(f"{self.name} {chunk.index}"), worker(chunk))[-1]

    short, long = Timed("short"), Timed("long")
    long.frame_ms = 6.0
    run([short, long], [Second(n) for n in range(3)], threads=1)
    assert begun == [f"{name} {n}" for n in range(3) for name in ("long", "short")]


def test_an_extractor_that_fails_leaves_the_others_alone():
    rows, errors = run([Numbers(fail_at=7), Numbers("sound")], [Second(n) for n in range(30)])
    assert rows["sound"] == list(range(30))
    assert rows["numbers"] == list(range(7))
    assert str(errors[0]) == "chunk 7 cannot be worked on"
    assert errors[1] is None


def test_reading_stops_when_nobody_is_left_to_read_for():
    read = []

    def chunks():
        for n in range(10_000):
            read.append(n)
            time.sleep(0.001)
            yield Second(n)

    _, errors = run([Numbers(fail_at=2)], chunks())
    assert isinstance(errors[0], ValueError)
    assert len(read) < 1000


def test_a_join_that_ends_early_does_not_hold_up_the_reader():
    rows, errors = run([Numbers(stop_after=3), Numbers("others")], [Second(n) for n in range(50)])
    assert rows == {"numbers": [0, 1, 2], "others": list(range(50))}
    assert errors == [None, None]


def test_no_more_chunks_are_alive_than_workers_and_a_few_ahead():
    taken, joined, most = 0, 0, 0
    held = threading.Lock()

    class Slow(Numbers):
        def join(self, parts, recording, runtime):
            nonlocal joined
            for part in parts:
                time.sleep(0.002)
                with held:
                    joined += 1
                yield self.name, part

    def chunks():
        nonlocal taken, most
        for n in range(60):
            with held:
                taken += 1
                most = max(most, taken - joined)
            yield Second(n)

    run([Slow()], chunks(), threads=2)
    # one more is counted while the join has a part in hand whose place is given back when it asks for the next
    assert 2 <= most <= 2 + AHEAD + 1


def test_an_error_of_the_reader_reaches_the_caller_after_all_threads_have_stopped():
    def chunks():
        yield from (Second(n) for n in range(5))
        raise OSError("the disk is gone")

    before = threading.active_count()
    with pytest.raises(OSError, match="the disk is gone"):
        run([Numbers()], chunks())
    assert threading.active_count() == before


def test_progress_can_stop_the_run():
    class Stop(Exception):
        pass

    def progress(seconds):
        if seconds >= 10:
            raise Stop

    with pytest.raises(Stop):
        run([Numbers()], [Second(n) for n in range(1000)], progress=progress)


def test_a_map_keeps_the_order_and_opens_one_worker_a_thread():
    opened = []
    with WorkerPool(3) as pool:

        def open_worker():
            opened.append(threading.get_ident())
            return lambda n: (time.sleep(0.001 * (n % 2)), n * n)[1]

        assert list(pool.map(open_worker, range(50))) == [n * n for n in range(50)]
    assert len(opened) == len(set(opened)) <= 3


def test_a_recording_takes_over_the_models_that_the_one_before_opened(models_available):
    with WorkerPool(1) as pool:
        runtime = LocalRuntime(ON_CPU, pool, frozenset())
        opened = [runtime.session("face_detection_short", outputs=(1,)) for _ in range(2)]
        assert opened[0] is not opened[1]
    with WorkerPool(1) as pool:
        runtime = LocalRuntime(ON_CPU, pool, frozenset())
        again = [runtime.session("face_detection_short", outputs=(1,)) for _ in range(2)]
        assert {id(session) for session in again} == {id(session) for session in opened}
        assert runtime.session("face_detection_short", outputs=(0,)) not in opened
