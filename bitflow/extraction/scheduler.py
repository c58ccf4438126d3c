"""Run extractors over one recording: decode once, map chunks on a pool of threads, join in order.

Each worker thread owns its extractors' inference sessions, so a chunk of one modality is one task and tasks run in any
order. Joins run in threads of their own, in time order. What comes out does not depend on the number of workers, and
memory is bounded by the chunks in flight.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from bitflow.extraction.protocol import RecordingInfo, StreamExtractor
from bitflow.inference.session import SessionLoans

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.inference import Engine, Session

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Chunks decoded ahead of the workers, beside the one that each worker holds.
AHEAD = 2


class Chunk(Protocol):
    """Pictures or sound of about a second or more; `end` is where it ends on the media clock, in seconds."""

    @property
    def end(self) -> float:
        """Seconds on the media clock."""
        ...


class WorkerPool:
    """Threads that run chunk tasks; each keeps what it opened until the pool closes.

    `sessions` lends the models that they run.
    """

    def __init__(self, threads: int):
        self.threads = max(1, threads)
        self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix="bitflow-worker")
        self._opened = threading.local()
        self.sessions = SessionLoans()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
        self.sessions.give_back()

    def submit(self, key: object, open_worker: Callable[[], Callable[[Item], Result]], item: Item) -> Future[Result]:
        """Run the worker on `item` in some thread; `open_worker` is called once a thread for each `key`."""
        return self._executor.submit(self._call, key, open_worker, item)

    def map(self, open_worker: Callable[[], Callable[[Item], Result]], items: Iterable[Item]) -> Iterator[Result]:
        """Results in the order of `items`, a few items ahead of who reads them."""
        key = object()
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(self.submit(key, open_worker, item))
                if len(waiting) > self.threads + AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _call(self, key: object, open_worker: Callable[[], Callable[[Item], Result]], item: Item) -> Result:
        workers: dict[object, Any] = self._opened.__dict__.setdefault("workers", {})
        if key not in workers:
            workers[key] = open_worker()
        return workers[key](item)


@dataclass(eq=False)
class LocalRuntime:
    """The machine as one extractor sees it; `notes` gathers what it said."""

    engine: Engine
    pool: WorkerPool
    tables: frozenset[str]
    notes: list[str] = field(default_factory=list)

    @property
    def device(self) -> str:
        """Where inference runs."""
        return self.engine.device

    @property
    def in_batches(self) -> bool:
        """Whether models are fastest on many pictures at once."""
        return self.engine.in_batches

    @property
    def threads(self) -> int:
        """Worker threads of the run."""
        return self.pool.threads

    def session(self, model: str | Path, **options: Any) -> Session:
        """Open a model on the run's device: with a thread of its own on the CPU, the process's one on a GPU."""
        from bitflow.inference.session import shared_session

        engine = self.engine
        if engine.trade is not None:
            self.note(engine.trade)
        chosen = {"device": engine.device, "backend": engine.backend, "threads": 1, **options}
        if chosen["device"] == "cpu":
            return self.pool.sessions.session(model, **chosen)
        return shared_session(model, tensorrt=engine.tensorrt == "on", tf32=engine.tf32, **chosen)

    def note(self, sentence: str) -> None:
        """Keep a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def map(self, open_worker: Callable[[], Callable[[Item], Result]], items: Iterable[Item]) -> Iterator[Result]:
        """See `WorkerPool.map`."""
        return self.pool.map(open_worker, items)


@dataclass(eq=False)
class StreamTask:
    """One stream extractor at work on one recording.

    `sink` receives its rows; `error` holds what went wrong in its worker or join, which ends this extractor only.
    """

    extractor: StreamExtractor
    runtime: LocalRuntime
    sink: Callable[[str, pa.RecordBatch], None]
    error: BaseException | None = None


def run_stream(
    chunks: Iterable[Chunk],
    tasks: Sequence[StreamTask],
    recording: RecordingInfo,
    pool: WorkerPool,
    progress: Callable[[float], None],
) -> None:
    """Drive `tasks` over `chunks` to the end.

    Errors of one extractor are kept in its task, the others go on. Errors of the reader, and whatever `progress`
    raises, end all of them and are raised here once every thread has stopped.
    """
    # One thread is one core's worth: it decodes a chunk or works on one, so that as many processes as there are cores
    # do not get into each other's way.
    room = threading.Semaphore(pool.threads + AHEAD if pool.threads > 1 else 1)
    # Of each chunk the longest work first: what ends the recording is short then, and nobody waits long for it.
    longest_first = sorted(tasks, key=lambda task: -getattr(task.extractor, "frame_ms", 0.0))
    lanes = [_Lane(task, recording, pool) for task in longest_first]
    failure: BaseException | None = None
    try:
        iterator = iter(chunks)
        while any(lane.open for lane in lanes):
            room.acquire()
            chunk = next(iterator, None)
            if chunk is None:
                break
            ticket = _Ticket(len(lanes), room)
            for lane in lanes:
                lane.submit(chunk, ticket)
            progress(chunk.end)
    except BaseException as error:
        failure = error
        raise
    finally:
        for lane in lanes:
            lane.close(failure)


class _Ticket:
    """Gives back a chunk's place when the last extractor is through with it."""

    def __init__(self, holders: int, room: threading.Semaphore):
        self._left = holders
        self._room = room
        self._lock = threading.Lock()

    def release(self) -> None:
        with self._lock:
            self._left -= 1
            done = self._left == 0
        if done:
            self._room.release()


class _Lane:
    """One extractor's way from chunk tasks, in order, through its join to its sink."""

    def __init__(self, task: StreamTask, recording: RecordingInfo, pool: WorkerPool):
        self._task = task
        self._recording = recording
        self._pool = pool
        self._parts: queue.SimpleQueue[tuple[Future[Any], _Ticket] | BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"bitflow-join-{task.extractor.name}", daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """Whether more chunks are of use."""
        return self._task.error is None

    def submit(self, chunk: Chunk, ticket: _Ticket) -> None:
        if not self.open:
            ticket.release()
            return
        task = self._task
        future = self._pool.submit(task, lambda: task.extractor.open(self._recording, task.runtime), chunk)
        self._parts.put((future, ticket))

    def close(self, failure: BaseException | None) -> None:
        """No more chunks; waits until the join has ended."""
        self._parts.put(failure)
        self._thread.join()

    def _run(self) -> None:
        task = self._task
        try:
            for table, batch in task.extractor.join(self._in_order(), self._recording, task.runtime):
                task.sink(table, batch)
        except BaseException as error:
            task.error = error
        self._drain()

    def _in_order(self) -> Iterator[Any]:
        while (entry := self._parts.get()) is not None:
            if isinstance(entry, BaseException):
                self._parts.put(None)  # for `_drain`
                raise entry
            future, ticket = entry
            try:
                yield future.result()
            finally:
                ticket.release()
        self._parts.put(None)

    def _drain(self) -> None:
        """Give back the places of what the join left unread."""
        while isinstance(entry := self._parts.get(), tuple):
            future, ticket = entry
            future.cancel()
            ticket.release()
