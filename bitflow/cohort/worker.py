"""A process of our own: a worker that extracts one recording at a time, told over a pipe, or a cluster's driver.

Run as a script, so that a notebook or a program without a ``__main__`` guard is not imported again. It speaks lines of
JSON: tasks on stdin, events on what was stdout when it started. Whatever native libraries print goes to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

#: Progress is told at most this often, in seconds.
_TELL_S = 0.2

_PR_SET_PDEATHSIG = 1


class _Stopped(BaseException):
    """Raised out of the extraction when the parent asks to stop; no `except Exception` may hold it up."""


def main() -> None:
    """Serve the parent whose process id is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _end_with_parent(int(sys.argv[1]))
    events = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    orders = queue.SimpleQueue()  # type: queue.SimpleQueue[dict[str, Any] | None]
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(orders, stopping), daemon=True).start()

    hello = orders.get()
    if hello is None:
        return
    sys.path[:] = hello["path"]  # before anything of bitflow is imported: the same one as the parent's
    module, _, function = hello["function"].partition(":")
    work = _function(module, function)
    tell = _Teller(events)
    if "run" in hello:  # a driver, which is told everything at once
        work(hello["run"], tell, stopping)
        return
    tell(event="ready")
    while (order := orders.get()) is not None:
        try:
            tell(event="answer", **_answer(work, order, tell, stopping))
        except _Stopped:
            return


def _listen(orders: queue.SimpleQueue[dict[str, Any] | None], stopping: threading.Event) -> None:
    """Read what the parent says; when its end of the pipe closes, however it died, end at once."""
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if order.get("stop"):
            stopping.set()
            orders.put(None)
        else:
            orders.put(order)
    os._exit(1)


def _answer(
    work: Callable[..., Any], order: dict[str, Any], tell: _Teller, stopping: threading.Event
) -> dict[str, Any]:
    from bitflow.cohort.task import carry_out

    last = 0.0

    def progress(seconds: float) -> None:
        nonlocal last
        if stopping.is_set():
            raise _Stopped
        if time.monotonic() - last >= _TELL_S:
            last = time.monotonic()
            tell(event="progress", seconds=float(seconds))

    if order["piece"]["kind"] == "whole":
        tell(event="header", duration=duration_of(order["path"]))
    return carry_out(work, order, progress)


def duration_of(path: str) -> float | None:
    """Length by the file's header, so that the parent can say how long the rest will take.

    Not of a remote file, which would have to be copied first and may need nothing done.
    """
    from bitflow.errors import BitflowError
    from bitflow.media.probe import probe
    from bitflow.places import is_remote, place

    where = place(path)
    try:
        return None if is_remote(where) else probe(where).duration
    except BitflowError:
        return None


class _Teller:
    """Writes events, one a line."""

    def __init__(self, events: BinaryIO):
        self._events = events

    def __call__(self, **event: Any) -> None:
        line = memoryview(json.dumps(event).encode() + b"\n")
        try:
            while line:
                line = line[self._events.write(line) :]
        except OSError:  # nobody listens any more
            os._exit(1)


def _function(module: str, name: str) -> Callable[..., Any]:
    from importlib import import_module

    return getattr(import_module(module), name)


def _end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies (Linux); elsewhere the pipe's end says so."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


if __name__ == "__main__":
    code = 1
    try:
        main()
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # the thread that listens holds stdin, over which an orderly exit would stumble
