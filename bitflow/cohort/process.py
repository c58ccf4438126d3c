"""Processes of our own: they speak lines of JSON with their parent and end with it, however it dies."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

#: Two threads of linear algebra may add in another order than one; workers are to give the same bytes in any number.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

Process = subprocess.Popen[bytes]


def start(log: IO[bytes] | None, **hello: Any) -> Process:
    """A new process that runs `bitflow.cohort.worker`, to which `hello` is said.

    On Linux the kernel ends it when the thread that made it ends, so it is made by the thread that runs the pool.
    """
    process = subprocess.Popen(
        # -P: the script's own folder must not come before the packages that its modules' names could shadow
        [sys.executable, "-P", str(Path(__file__).with_name("worker.py")), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
    )
    send(process, {"path": [os.path.abspath(entry) for entry in sys.path], **hello})
    return process


def send(process: Process, message: dict[str, Any]) -> None:
    """Tell it something; one that is gone is noticed when its own messages end."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()


def messages(process: Process) -> Iterator[dict[str, Any]]:
    """What it says until it ends."""
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(ValueError):  # half a line, cut by a crash
            yield json.loads(line)
    process.wait()


def wait(process: Process, seconds: float) -> None:
    """Give it time to end."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, seconds))


def kill(process: Process) -> None:
    """End it, if it has not ended."""
    if process.poll() is None:
        process.kill()
        process.wait()
    with contextlib.suppress(OSError):
        if process.stdin:
            process.stdin.close()


def last_words(log: IO[bytes] | None) -> str:
    """The last line that processes wrote to their log."""
    if log is None:
        return "see above"
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "they ended without a word"
