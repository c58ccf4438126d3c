"""Parity of ONNX Runtime's tables with LiteRT's, over the shared clips: every table in the units of its tolerance.

LiteRT follows frame by frame on the CPU; the other side runs the GPU's way, converted graphs in batches of crop
windows, on ``--device cpu`` (ONNX Runtime's CPU provider) or ``cuda``. Writes a dated table below benchmarks/results/.
Run it as ``python -m benchmarks.parity_backends``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.media.probe import probe
from bitflow.store import FeatureStore, Recording
from tests.table_gaps import Gap, table_gaps

sys.path.insert(0, str(Path(__file__).parent))
from parity import Row, write_report
from peer import add_data_argument

TABLES = ("faces", "face_landmarks", "face_actions", "head_pose", "gaze", "bodies", "hands")


@dataclass(frozen=True)
class Clip:
    """A clip, and how many of its frames show its person (None: all); the rest of one is a title."""

    name: str
    frames: int | None = None


CLIPS = (
    Clip("pyfeat_wolfgang.mp4"),
    Clip("pyfeat_single_face.mp4"),
    Clip("openwillis_baseline.mp4"),
    Clip("pyfeat_face_noface.mov", 72),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--device", default="cpu", help="where ONNX Runtime runs: cpu or cuda")
    parser.add_argument("--set", dest="settings", action="append", default=[], help="further parameters of both")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for clip in CLIPS:
            path = arguments.data / clip.name
            reference = extracted(Path(scratch), path, "cpu", ["inference.backend=litert", *arguments.settings])
            other = extracted(Path(scratch), path, arguments.device, ["inference.backend=onnx", *arguments.settings])
            video = probe(path).video
            assert video is not None
            rows += [row(clip, gap) for gap in table_gaps(reference, other, (video.width, video.height), clip.frames)]
    note = (
        f"ONNX Runtime on {arguments.device}. IOD: distance of the outer eye corners. Torso: mid-shoulder to mid-hip."
    )
    write_report(
        f"parity_backends_{arguments.device.partition(':')[0]}", "Tables of ONNX Runtime against LiteRT's", note, rows
    )
    return 0 if all(each.passed for each in rows) else 1


def extracted(folder: Path, path: Path, device: str, settings: list[str]) -> Recording:
    """All tables of pictures, in a store of their own."""
    store = FeatureStore.create(folder / f"store{len(list(folder.iterdir()))}")
    request = make_request(extractors=TABLES, parameters=settings, device=device, threads=2)
    outcome = extract_recording(store.path, Source(path.stem, path), request)
    if outcome.error:
        raise SystemExit(outcome.error)
    return store[path.stem]


def row(clip: Clip, gap: Gap) -> Row:
    """A line of the report."""
    return Row(clip.name, f"{gap.table}: {gap.what}", gap.value, gap.bound, gap.unit, gap.what.startswith("frames"))


if __name__ == "__main__":
    raise SystemExit(main())
