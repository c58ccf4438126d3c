"""Worker processes over recordings: one recording at a time each, replaced when they crash or hang.

A file that brings down a decoder, or a machine that runs out of memory, costs one recording: the worker is replaced,
the recording tried once more, and then noted as failed. Workers end with their parent, however it dies.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self

from bitflow.cohort import process
from bitflow.cohort.agenda import Agenda
from bitflow.cohort.task import Event, Task, answer_of
from bitflow.cohort.wording import clock
from bitflow.errors import ExtractionError
from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source

#: A recording in which nothing moves for this long is given up, in seconds. Fetching a model or the slowest pass over
#: a chunk takes far less.
STALL_S = 900.0

#: How long workers have to leave their tables in order when the run is interrupted, in seconds.
GRACE_S = 5.0

_POLL_S = 0.25
_STARTS = 2
_WORK = "bitflow.extraction.recording:extract_piece"


class ProcessPool:
    """Worker processes that share one log; a context manager that leaves none of them behind.

    Parameters
    ----------
    store
        Folder of the feature store.
    request
        What to make of every recording; its `threads` are replaced by the worker's own.
    threads
        Threads of each worker process, one entry a process.
    stall_s
        A recording without progress for this many seconds is given up.
    debug
        Let the workers' own output through to stderr instead of a log that is thrown away.
    work
        ``module:function`` that is called as `extract_piece` is.
    """

    def __init__(
        self,
        store: Path,
        request: Request,
        threads: Sequence[int],
        *,
        stall_s: float = STALL_S,
        debug: bool = False,
        work: str = _WORK,
    ):
        self._store = store
        self._request = request
        self._stall_s = stall_s
        self._work = work
        self._idle_threads = list(threads)
        self._workers: list[_Worker] = []
        self._heard: queue.SimpleQueue[tuple[_Worker, dict[str, Any] | None]] = queue.SimpleQueue()
        self._failed_starts = 0
        self._log: IO[bytes] | None = None if debug else tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Stop: kindly when all is done or the user interrupts, at once on a second interrupt."""
        from bitflow.extraction.recording import remove_drafts

        unfinished = [worker.task for worker in self._workers if worker.task]
        try:
            self._stop(GRACE_S if kind is None or issubclass(kind, KeyboardInterrupt) else 0.0)
        finally:
            for worker in self._workers:
                worker.kill()
            if self._log is not None:
                self._log.close()
            for task in unfinished:
                remove_drafts(self._store / task.source.id)

    def run(self, sources: Sequence[Source]) -> Iterator[Event]:
        """Extract every source, the largest file first, and tell what happens until all have ended.

        Raises
        ------
        ExtractionError
            Worker processes cannot be started at all.
        """
        agenda = Agenda(sources)
        while agenda or any(worker.task for worker in self._workers):
            yield from self._hand_out(agenda)
            self._give_up_stalled()
            try:
                worker, message = self._heard.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if message is None:
                yield from self._bury(worker, agenda)
            else:
                yield from self._hear(worker, message, agenda)

    def _hand_out(self, agenda: Agenda) -> Iterator[Event]:
        while agenda and (self._idle_threads or any(worker.idle for worker in self._workers)):
            worker = next((worker for worker in self._workers if worker.idle), None)
            if worker is None:
                worker = _Worker(self._idle_threads.pop(0), self._work, self._log, self._heard)
                self._workers.append(worker)
            task = agenda.take()
            worker.give(self._store, task, replace(self._request, threads=worker.threads))
            yield Event(task.source)

    def _hear(self, worker: _Worker, message: dict[str, Any], agenda: Agenda) -> Iterator[Event]:
        worker.heard_at = time.monotonic()
        task, event = worker.task, message["event"]
        if event == "ready":
            worker.ready = True
        elif task is None:
            return
        elif event == "header":
            yield Event(task.source, duration=message["duration"])
        elif event == "progress":
            yield Event(task.source, seconds=message["seconds"], piece=task.piece)
        elif event == "answer":
            worker.task = None
            yield Event(task.source, outcome=agenda.settle(task, answer_of(message)))

    def _give_up_stalled(self) -> None:
        for worker in self._workers:
            if worker.task and time.monotonic() - worker.heard_at > self._stall_s:
                worker.stalled = True
                worker.kill()  # its pipe closes, and it is buried like one that crashed

    def _bury(self, worker: _Worker, agenda: Agenda) -> Iterator[Event]:
        """A worker is gone: its threads are free, and its task is tried once more or its recording has failed."""
        self._workers.remove(worker)
        self._idle_threads.append(worker.threads)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts > _STARTS:
                raise ExtractionError(f"worker processes cannot be started: {process.last_words(self._log)}")
        task = worker.task
        if task is None:
            return
        if not worker.ready:  # not the recording's fault
            agenda.put_back(task)
            return
        reason = worker.end_reason(self._stall_s)
        if not worker.stalled and agenda.may_try_again(task):
            agenda.put_back(task, last=True)  # when others may have given memory back
            yield Event(task.source, message=f"{reason}; it will be tried once more")
            return
        seconds = time.monotonic() - worker.given_at
        again = "" if worker.stalled else " again"
        outcome = Outcome(task.source.id, "failed", f"{reason}{again}: {worker.advice}", seconds=seconds)
        if outcome := agenda.give_up(task, outcome):
            self._note_failure(task.source, outcome)
            yield Event(task.source, outcome=outcome)

    def _note_failure(self, source: Source, outcome: Outcome) -> None:
        from bitflow.extraction.recording import record_failure, remove_drafts
        from bitflow.store import open_store

        remove_drafts(self._store / source.id)
        record_failure(open_store(self._store), source, outcome.error or "", outcome.seconds)

    def _stop(self, grace_s: float) -> None:
        for worker in self._workers:
            worker.ask_to_stop()
        deadline = time.monotonic() + grace_s
        for worker in self._workers:
            worker.wait(deadline - time.monotonic())


class _Worker:
    """One worker process as its parent sees it."""

    def __init__(
        self,
        threads: int,
        work: str,
        log: IO[bytes] | None,
        heard: queue.SimpleQueue[tuple[_Worker, dict[str, Any] | None]],
    ):
        self.threads = threads
        self.task: Task | None = None
        self.ready = False
        self.stalled = False
        self.heard_at = self.given_at = time.monotonic()
        self._process = process.start(log, function=work)
        threading.Thread(target=self._listen, args=(heard,), daemon=True).start()

    @property
    def idle(self) -> bool:
        return self.task is None and self._process.poll() is None

    @property
    def advice(self) -> str:
        if self.stalled:
            return "leave the file out, or convert it anew"
        if self._process.returncode == -getattr(signal, "SIGKILL", 9):
            return "memory may have run out; try again with fewer --workers"
        return "the file breaks a decoder or a model; leave it out, or convert it anew"

    def give(self, store: Path, task: Task, request: Request) -> None:
        self.task = task
        self.heard_at = self.given_at = time.monotonic()
        process.send(self._process, task.order(store, request))

    def ask_to_stop(self) -> None:
        process.send(self._process, {"stop": True})

    def wait(self, seconds: float) -> None:
        process.wait(self._process, seconds)

    def kill(self) -> None:
        process.kill(self._process)

    def end_reason(self, stall_s: float) -> str:
        if self.stalled:
            return f"no progress for {clock(stall_s)}, so its worker process was ended"
        code = self._process.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"its worker process was ended by {signal.Signals(-code).name}"
        return f"its worker process ended with exit code {code}"

    def _listen(self, heard: queue.SimpleQueue[tuple[_Worker, dict[str, Any] | None]]) -> None:
        for message in process.messages(self._process):
            heard.put((self, message))
        heard.put((self, None))
