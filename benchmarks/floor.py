"""The least that a recording can cost: decoding it, and running every model as often as it was run.

Each model is timed alone on one thread, each call counted during an extraction, decoding timed alone on one thread.
Divided by the cores this is the floor below which no schedule comes; nothing else that an extraction does is in it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from ours import one_picture, request_for

from bitflow.extraction.recording import Source, extract_recording
from bitflow.inference import session
from bitflow.inference.session import Session
from bitflow.store import FeatureStore

_RUNS = 60


@dataclass(frozen=True)
class Floor:
    """What one frame costs at least, in ms of one core."""

    decoding: float
    models: dict[str, tuple[float, float]]  # calls a frame, ms a call

    @property
    def work(self) -> float:
        """ms of one core a frame."""
        return self.decoding + sum(calls * each for calls, each in self.models.values())

    def wall(self, cores: int) -> float:
        """ms a frame when the work is spread evenly."""
        return self.work / cores


class _Counted:
    """A session that counts the items it is run on."""

    def __init__(self, inner: Session, name: str, calls: Counter[str]) -> None:
        self._inner, self._name, self._calls = inner, name, calls

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._inner, attribute)

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        self._calls[self._name] += len(inputs[0])
        return self._inner.run(*inputs)


def measure(clip: Path, tables: Sequence[str], mesh: str = "mesh468", backend: str = "litert") -> Floor:
    """The floor of extracting `tables` from a clip."""
    calls: Counter[str] = Counter()
    openers: dict[str, Callable[[], Session]] = {}
    opened = session.open_session

    def counting(model: str | Path, **options: Any) -> _Counted:
        name = Path(model).stem
        openers[name] = lambda: opened(model, **options)
        return _Counted(opened(model, **options), name, calls)

    request = request_for(tables, 1, mesh, backend)
    # Nor may sessions come in that an earlier run left open: those count for that one.
    counted = mock.patch.multiple(session, open_session=counting, _spare={})
    with tempfile.TemporaryDirectory() as scratch, counted:
        store = FeatureStore.create(Path(scratch) / "features")
        extract_recording(store.path, Source("warm-up", one_picture(Path(scratch))), request)
        calls.clear()
        outcome = extract_recording(store.path, Source("clip", clip), request)
    if outcome.error:
        raise SystemExit(outcome.error)
    frames, decoding = decoded(clip)
    each = {name: milliseconds(openers[name]()) for name in sorted(calls)}
    return Floor(decoding, {name: (calls[name] / frames, each[name]) for name in each})


def decoded(clip: Path) -> tuple[int, float]:
    """Number of frames, and ms of one core that decoding one takes."""
    import av

    frames, start = 0, time.process_time()
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            frames += 1
    return frames, (time.process_time() - start) / frames * 1e3


def milliseconds(model: Session) -> float:
    """Time of one item, median of many, on this thread alone."""
    pictures = all(spec.shape[-1] == 3 and len(spec.shape) == 4 for spec in model.inputs)
    kind = np.uint8 if pictures else np.float32
    noise = np.random.default_rng(0)
    inputs = [noise.integers(0, 255, (1, *(n or 1 for n in spec.shape[1:]))).astype(kind) for spec in model.inputs]
    for _ in range(5):
        model.run(*inputs)
    took = []
    for _ in range(_RUNS):
        start = time.thread_time()
        model.run(*inputs)
        took.append(time.thread_time() - start)
    return statistics.median(took) * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--tables", nargs="+", default=["face_landmarks", "bodies", "hands"])
    parser.add_argument("--mesh", default="mesh468")
    parser.add_argument("--backend", default="litert")
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    floor = measure(asked.clip, asked.tables, asked.mesh, asked.backend)
    print(f"{'decoding':24} {'':9} {floor.decoding:7.2f} ms")
    for name, (calls, each) in sorted(floor.models.items(), key=lambda item: -item[1][0] * item[1][1]):
        print(f"{name:24} {calls:7.3f} × {each:7.2f} ms = {calls * each:6.2f} ms")
    print(f"{'a frame':24} {'':9} {floor.work:7.2f} ms; on {asked.cores} cores {floor.wall(asked.cores):.2f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
