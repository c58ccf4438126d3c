"""Where the CPU time of an extraction goes: models, decoding, crops, tables, and the rest, in ms a frame.

One worker thread. Each share is the CPU time of its own thread inside the functions named, measured during one and the
same run; the rest is what the process used beside them: following, stitching, Python between the calls.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
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


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--tables", nargs="+", default=["face_landmarks", "bodies", "hands"])
    parser.add_argument("--mesh", default="mesh468")
    parser.add_argument("--backend", default="litert")
    asked = parser.parse_args()
    request = request_for(asked.tables, 1, asked.mesh, asked.backend)
    spent: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as patches:
        store = FeatureStore.create(Path(scratch) / "features")
        extract_recording(store.path, Source("warm-up", one_picture(Path(scratch))), request)
        for share, functions in SHARES.items():
            for owner, name in functions:
                timed = clocked(getattr(owner, name), share, spent, calls)
                patches.enter_context(mock.patch.object(owner, name, timed))
        start = time.process_time()
        outcome = extract_recording(store.path, Source("clip", asked.clip), request)
        total = time.process_time() - start
    if outcome.error:
        raise SystemExit(outcome.error)
    frames, _ = decoded(asked.clip)
    for share in SHARES:
        each = spent[share] / frames * 1e3
        print(f"{share:10} {calls[share] / frames:6.2f} calls  {each:6.2f} ms  {spent[share] / total:4.0%}")
    rest = total - sum(spent.values())
    print(f"{'the rest':10} {'':12}  {rest / frames * 1e3:6.2f} ms  {rest / total:4.0%}")
    print(f"{'a frame':10} {'':12}  {total / frames * 1e3:6.2f} ms of CPU")
    return 0


def clocked(
    function: Callable[..., Any], share: str, spent: dict[str, float], calls: dict[str, int]
) -> Callable[..., Any]:
    """The function, its CPU time added to its share."""

    def timed(*values: Any, **named: Any) -> Any:
        start = time.thread_time()
        try:
            return function(*values, **named)
        finally:
            spent[share] += time.thread_time() - start
            calls[share] += 1

    return timed


if __name__ == "__main__":
    raise SystemExit(main())
