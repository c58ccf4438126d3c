"""One recording extracted into a new store, in a process of its own: what `benchmarks/speed.py` times.

Prints JSON: frames, rows a table, wall and CPU seconds from opening the file to the last committed table, peak memory.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memory import peak

from bitflow.extraction.plan import Request, make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.store import FeatureStore


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--tables", nargs="+", default=["face_landmarks"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mesh", default="mesh468")
    parser.add_argument("--backend", default="litert")
    parser.add_argument("--store", type=Path, help="keep the store here")
    asked = parser.parse_args()
    request = request_for(asked.tables, asked.threads, asked.mesh, asked.backend)
    with tempfile.TemporaryDirectory() as scratch:
        store = FeatureStore.create(asked.store or Path(scratch) / "features")
        extract_recording(store.path, Source("warm-up", one_picture(Path(scratch))), request)
        wall, cpu = time.perf_counter(), time.process_time()
        outcome = extract_recording(store.path, Source("clip", asked.clip), request)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if outcome.error:
        raise SystemExit(outcome.error)
    print(json.dumps({"rows": dict(outcome.rows), "wall": wall, "cpu": cpu, "peak": peak()}))
    return 0


def request_for(tables: Sequence[str], threads: int, mesh: str, backend: str) -> Request:
    """One person on the CPU, as the naive loop follows one."""
    parameters: dict[str, Any] = {
        "faces.max_people": 1,
        "face_landmarks.model": mesh,
        "inference.backend": backend,
    }
    if "bodies" in tables:
        parameters["bodies.max_people"] = 1
    return make_request(extractors=tables, parameters=parameters, device="cpu", threads=threads)


def one_picture(folder: Path) -> Path:
    """A video of one grey picture, to have everything imported and opened once."""
    import av
    import numpy as np

    path = folder / "warm_up.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), format="rgb24")
        for packet in (*stream.encode(picture), *stream.encode(None)):
            container.mux(packet)
    return path


if __name__ == "__main__":
    raise SystemExit(main())
