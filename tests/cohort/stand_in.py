"""Stands in the place of `extract_recording` in the pool's tests: what a recording does is in its file's text."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source
from bitflow.extraction.spans import Piece, Split


def work(
    store: str, source: Source, request: Request, progress: Callable[[float], None], piece: Piece
) -> Outcome | Split:
    order, _, value = source.path.read_text().partition(" ")
    marker = Path(store) / f"{source.id}.tries"
    with marker.open("a") as tries:
        tries.write(f"{os.getpid()} {request.threads}\n")
    first = len(marker.read_text().splitlines()) == 1
    print("native libraries print on stdout too", flush=True)
    if order == "signal" or (order == "signal-once" and first):
        os.kill(os.getpid(), int(value))
    elif order == "exit":
        os._exit(int(value))
    elif order == "raise":
        raise ValueError(value)
    elif order == "hang":
        while True:
            time.sleep(0.1)
    elif order == "slow":
        for step in range(int(float(value) * 20)):
            time.sleep(0.05)
            progress(step / 20)
    elif order == "deaf":  # no progress for long, and no ear for Ctrl-C
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(float(value))
    return Outcome(source.id, "done", notes=("a note",), rows={"frames": 3}, media_seconds=2.0, seconds=0.1)


def main() -> None:
    """Run a pool over a folder, as a program of its own that tests may kill: ``stand_in.py STORE INPUTS``."""
    from bitflow.cohort.inputs import scan
    from bitflow.cohort.pool import ProcessPool

    store, inputs = Path(sys.argv[1]), Path(sys.argv[2])
    request = Request(("frames",), {})
    with ProcessPool(store, request, (1, 1), work="stand_in:work") as pool:
        for event in pool.run(scan([inputs]).sources):
            print(event.source.id, event.outcome.status if event.outcome else "", flush=True)


if __name__ == "__main__":
    main()
