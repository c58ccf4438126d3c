"""Where the time of an extraction goes: models, decoding, crops, tables, and the rest, in ms a frame.

Each share is the CPU time of its own thread inside the functions named, measured during one and the same run; the rest
is what the process used beside them: following, stitching, Python between the calls, and the decoder's own threads
where it has any. What the cores had left over until the end is idle: work that waits for other work, for the
interpreter's lock, for the disk, at the start and at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
from floor import decoded
from ours import one_picture, request_for

from bitflow.extraction.recording import Source, extract_recording
from bitflow.inference.rows import Rows
from bitflow.media import Frame, container
from bitflow.store import FeatureStore
from bitflow.tables.files import TableWriter

SHARES: dict[str, tuple[tuple[Any, str], ...]] = {
    "models": ((Rows, "run"),),
    "decoding": ((container, "decode"),),
    "crops": ((Frame, "warp"),),
    "tables": ((TableWriter, "write"), (TableWriter, "commit")),
}


@dataclass(frozen=True)
class Shares:
    """ms of one core a frame by share, calls a frame; ms of all cores and of the clock on the wall a frame."""

    each: dict[str, float]
    calls: dict[str, float]
    cpu: float
    wall: float

    @property
    def rest(self) -> float:
        """ms of one core that no share names."""
        return self.cpu - sum(self.each.values())

    def idle(self, cores: int) -> float:
        """ms a frame that the cores had left over, all together."""
        return cores * self.wall - self.cpu


def measure(
    clip: Path, tables: Sequence[str], mesh: str = "mesh468", backend: str = "litert", threads: int = 1
) -> Shares:
    """Extract `tables` from a clip, and say where the time went."""
    request = request_for(tables, threads, mesh, backend)
    spent: Counter[str] = Counter()  # ns
    calls: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as patches:
        store = FeatureStore.create(Path(scratch) / "features")
        extract_recording(store.path, Source("warm-up", one_picture(Path(scratch))), request)
        for share, functions in SHARES.items():
            for owner, name in functions:
                timed = clocked(getattr(owner, name), share, spent, calls)
                patches.enter_context(mock.patch.object(owner, name, timed))
        wall, cpu = time.perf_counter(), time.process_time()
        outcome = extract_recording(store.path, Source("clip", clip), request)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if outcome.error:
        raise SystemExit(outcome.error)
    frames, _ = decoded(clip)
    return Shares(
        {share: spent[share] / frames / 1e6 for share in SHARES},
        {share: calls[share] / frames for share in SHARES},
        cpu / frames * 1e3,
        wall / frames * 1e3,
    )


_adding = threading.Lock()


def clocked(function: Callable[..., Any], share: str, spent: Counter[str], calls: Counter[str]) -> Callable[..., Any]:
    """The function, its CPU time added to its share."""

    def timed(*values: Any, **named: Any) -> Any:
        start = time.thread_time_ns()
        try:
            return function(*values, **named)
        finally:
            took = time.thread_time_ns() - start
            with _adding:
                spent[share] += took
                calls[share] += 1

    return timed


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--tables", nargs="+", default=["face_landmarks", "bodies", "hands"])
    parser.add_argument("--mesh", default="mesh468")
    parser.add_argument("--backend", default="litert")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    found = measure(asked.clip, asked.tables, asked.mesh, asked.backend, asked.threads)
    for share, each in found.each.items():
        print(f"{share:10} {found.calls[share]:6.2f} calls  {each:6.2f} ms  {each / found.cpu:4.0%}")
    print(f"{'the rest':10} {'':12}  {found.rest:6.2f} ms  {found.rest / found.cpu:4.0%}")
    print(f"{'a frame':10} {'':12}  {found.cpu:6.2f} ms of CPU, {found.wall:.2f} ms on the wall")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
