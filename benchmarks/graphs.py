"""Converted graphs one by one: how far their outputs are from LiteRT's, and how long they take by size of batch.

``--device cuda`` measures a GPU. Times are medians over the rounds, of one CPU thread or of the whole card; what a
first batch of a size costs is left out. Writes a dated table below benchmarks/results/.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from bitflow.errors import AssetError
from bitflow.inference import Session, open_session

BATCHES = (1, 8, 32)
UNIT, SIGNED = (1 / 255, 0.0), (2 / 255, -1.0)


@dataclass(frozen=True)
class Graph:
    """A graph as its extractor opens it."""

    asset: str
    normalise: tuple[float, float] = UNIT
    outputs: tuple[int, ...] | None = None


GRAPHS = (
    Graph("face_detection_short", SIGNED),
    Graph("face_detection_full", SIGNED),
    Graph("face_mesh_468", outputs=(0, 1)),
    Graph("face_mesh_478", outputs=(0, 1)),
    Graph("iris"),
    Graph("pose_detection", SIGNED),
    Graph("pose_landmarks_full", outputs=(0, 1, 3, 4)),
    Graph("palm_detection"),
    Graph("hand_landmarks"),
    Graph("hand_recrop"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cpu", help="where ONNX Runtime runs: cpu or cuda")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    lines = [*heading(arguments.device, arguments.rounds)]
    for graph in GRAPHS:
        line = measured(graph, arguments.device, arguments.rounds)
        print(line, flush=True)
        lines.append(line)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    name = f"graphs_{arguments.device.partition(':')[0]}_{date.today().isoformat()}.md"
    (results / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def measured(graph: Graph, device: str, rounds: int) -> str:
    """One line of the table."""
    try:
        lite = open_session(graph.asset, normalise=graph.normalise, outputs=graph.outputs)
    except AssetError as error:
        return f"| {graph.asset} | not at hand: {error} |"
    options = {"normalise": graph.normalise, "outputs": graph.outputs}
    onnx = open_session(graph.asset, device=device, backend="onnx", **options)
    side = lite.inputs[0].shape[1]
    noise = np.random.default_rng(0).integers(0, 256, (max(BATCHES), side, side, 3), dtype=np.uint8)
    errors = []
    for ours, theirs in zip(onnx.run(noise[:4]), lite.run(noise[:4]), strict=True):
        errors.append(float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1.0)))
    times = [milliseconds(onnx, noise[:batch], rounds) for batch in BATCHES]
    alone = milliseconds(lite, noise[:1], rounds)
    shown = " · ".join(f"{error:.1e}" for error in errors)
    return f"| {graph.asset} | {shown} | {' / '.join(f'{ms:.2f}' for ms in times)} | {alone:.2f} |"


def milliseconds(session: Session, batch: np.ndarray, rounds: int) -> float:
    """Time of one item of a batch."""
    session.run(batch)
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(max(1, 16 // len(batch))):
            session.run(batch)
        taken.append((time.perf_counter() - started) / max(1, 16 // len(batch)) / len(batch))
    return statistics.median(taken) * 1e3


def heading(device: str, rounds: int) -> list[str]:
    """Title, machine and columns."""
    import os
    import platform
    from importlib.metadata import version

    import onnxruntime

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    sizes = " / ".join(map(str, BATCHES))
    return [
        "# Converted graphs: distance from LiteRT, and time of an item by size of batch",
        "",
        f"{date.today().isoformat()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, ONNX Runtime "
        f"{onnxruntime.__version__} on {device} (one thread on a CPU), LiteRT {version('ai-edge-litert')} on one CPU "
        f"thread, median of {rounds} rounds, noise as pictures. The error is the largest of four items, relative to "
        "the output's largest value where that is above 1.",
        "",
        f"| graph | error, output by output | ONNX Runtime, ms an item, batch {sizes} | LiteRT, ms an item |",
        "|---|---|---|---|",
    ]


if __name__ == "__main__":
    main()
