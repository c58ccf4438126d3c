"""Speed of face extraction against the loop that people write, alternating in one run on the same files.

The peer is cv2.VideoCapture with MediaPipe FaceMesh (one face, video mode) in an environment of its own;
it keeps nothing and its start-up is not counted. Ours is one recording through `extract_recording`:
opening models, decoding, following, stitching and writing the tables. Wall time needs idle cores; the CPU
seconds beside it do not. Ratios are medians over the rounds, each of which runs both sides one after the
other.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peer import add_data_argument, peer_python, run_peer


@dataclass(frozen=True)
class Case:
    """One comparison: what ours makes, whether the peer refines, and the ratio to reach by size of
    picture."""

    name: str
    model: str
    irises: str
    refine: bool
    bounds: Mapping[str, float]


CASES = (
    Case("mesh468 / refine_landmarks=False", "mesh468", "auto", False, {"360p": 2.0, "1080p": 1.35}),
    Case("mesh478 / refine_landmarks=True", "mesh478", "auto", True, {"360p": 1.2, "1080p": 1.3}),
    Case("mesh468 with irises / refine_landmarks=True", "mesh468", "on", True, {}),
)
CLIPS = {"360p": "pyfeat_wolfgang.mp4", "1080p": "openwillis_baseline.mp4"}
#: Short clips are repeated to about this many frames, so that starting up weighs little.
FRAMES = 480


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    if "--ours" not in sys.argv:
        add_data_argument(parser)
    parser.add_argument("--peer-python", help="interpreter that has mediapipe 0.10.21")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ours", nargs=4, metavar=("CLIP", "MODEL", "IRISES", "THREADS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        print(json.dumps(ours(*arguments.ours)))
        return 0
    python = peer_python(arguments.peer_python)
    lines, missed = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for size, clip in CLIPS.items():
            path = repeated(arguments.data / clip, Path(scratch))
            for case in CASES:
                line, reached = compare(case, size, path, python, arguments.rounds, arguments.threads)
                print(line, flush=True)
                lines.append(line)
                missed += not reached
    report = "\n".join([*heading(arguments.threads, arguments.rounds), *lines])
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / f"speed_faces_{date.today().isoformat()}.md").write_text(report + "\n", encoding="utf-8")
    return 1 if missed else 0


def repeated(clip: Path, folder: Path) -> Path:
    """The clip, or itself several times over without coding it anew."""
    from bitflow.media import VideoReader

    with VideoReader(clip) as reader:
        frames = sum(1 for _ in reader)
    times = round(FRAMES / frames)
    if times < 2:
        return clip
    out = folder / f"{clip.stem}_{times}.mp4"
    repeat = ["-stream_loop", str(times - 1), "-i", str(clip), "-c", "copy", "-an", str(out)]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *repeat], check=True)
    return out


def ours(clip: str, model: str, irises: str, threads: str) -> dict[str, float]:
    """One recording extracted into a new store; run in a process of its own."""
    from bitflow.extraction.plan import make_request
    from bitflow.extraction.recording import Source, extract_recording
    from bitflow.store import FeatureStore

    scratch = Path(tempfile.mkdtemp())
    try:
        store = FeatureStore.create(scratch / "features")
        request = make_request(
            extractors=["face_landmarks"],
            parameters={
                "face_landmarks.model": model,
                "face_landmarks.irises": irises,
                "faces.max_people": 1,
            },
            device="cpu",
            threads=int(threads),
        )
        path = Path(clip)
        extract_recording(store.path, Source("warm-up", one_picture(scratch)), request)
        wall, cpu = time.perf_counter(), time.process_time()
        outcome = extract_recording(store.path, Source(path.stem, path), request)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if outcome.error:
            raise SystemExit(outcome.error)
        from bitflow.media import VideoReader

        with VideoReader(path) as reader:
            frames = sum(1 for _ in reader)
        return {"frames": frames, "faces": outcome.rows["faces"], "wall": wall, "cpu": cpu}
    finally:
        shutil.rmtree(scratch)


def one_picture(folder: Path) -> Path:
    """A video of one grey picture, to have everything imported."""
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


def compare(case: Case, size: str, clip: Path, python: Path, rounds: int, threads: int) -> tuple[str, bool]:
    """One line of the table, and whether its bound was reached."""
    peer_script = Path(__file__).parent / "peer_loop_faces.py"
    mine = [sys.executable, __file__, "--ours", str(clip), case.model, case.irises, str(threads)]
    pairs: list[tuple[dict[str, float], dict[str, float]]] = []
    for _ in range(rounds):
        theirs = json.loads(run_peer(python, peer_script, clip, int(case.refine)).strip().splitlines()[-1])
        done = subprocess.run(mine, capture_output=True, text=True, check=True)
        pairs.append((theirs, json.loads(done.stdout.strip().splitlines()[-1])))

    def ms(side: int, what: str) -> float:
        return statistics.median(pair[side][what] / pair[side]["frames"] for pair in pairs) * 1e3

    ratio = statistics.median(per_frame(a, "wall") / per_frame(b, "wall") for a, b in pairs)
    cpu = statistics.median(per_frame(a, "cpu") / per_frame(b, "cpu") for a, b in pairs)
    bound = case.bounds.get(size)
    reached = bound is None or ratio >= bound
    faces = f"{pairs[0][0]['faces']:.0f} / {pairs[0][1]['faces']:.0f}"
    target = "" if bound is None else f"≥ {bound}" + ("" if reached else " **missed**")
    return (
        f"| {size} | {case.name} | {ms(0, 'wall'):.2f} | {ms(1, 'wall'):.2f} | **{ratio:.2f}** | {target} "
        f"| {ms(0, 'cpu'):.2f} | {ms(1, 'cpu'):.2f} | {cpu:.2f} | {faces} |",
        reached,
    )


def per_frame(side: Mapping[str, float], what: str) -> float:
    """Seconds a frame."""
    return side[what] / side["frames"]


def heading(threads: int, rounds: int) -> Sequence[str]:
    """Title, machine and columns."""
    import platform
    from importlib.metadata import version

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return [
        "# Speed of faces: the loop of cv2 and FaceMesh against one recording through bitflow",
        "",
        f"{date.today().isoformat()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, {threads} worker "
        f"threads, median of {rounds} alternating rounds, LiteRT {version('ai-edge-litert')}; ms a frame.",
        "",
        "| picture | what | peer wall | ours wall | ratio | to reach | peer CPU | ours CPU | CPU ratio | faces |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
