"""All that is compared and measured, one after another and unattended: what `make bench` runs.

    python -m benchmarks.bench                     everything: two hours on two idle cores, environments included
    python -m benchmarks.bench --short             a look: one round, short series, about half an hour
    python -m benchmarks.bench --only speed ray    some of the steps

A step that fails, or misses a bound, does not stop the others. At the end come the steps with their verdicts, how long
each took and the files that hold its figures, all of it kept as well in results/bench_DATE.md. Timings want an idle
machine. Clips of people come from ``people/`` below ``BITFLOW_TEST_DATA``; without it the demo clip stands in for
them, scaled to their sizes, which changes figures and is said in the summary. Needs ffmpeg.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.soak import RESULTS, demo_clip

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Step:
    """A benchmark, what it says of bitflow, and its arguments in full and for a look."""

    name: str
    about: str
    module: str
    full: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


STEPS = (
    Step(
        "speed", "the naive loop, py-feat, OpenFace 3, ours on 1 and 2 workers, ONNX: time, memory, size, cold start",
        "speed", ("--rounds", "5"), ("--rounds", "1", "--frames", "240"),
    ),
    Step("faces", "points of faces against MediaPipe", "parity_faces", (), ("--frames", "96")),
    Step("bodies", "points of bodies and hands against MediaPipe", "parity_bodies_hands", (), ("--frames", "96")),
    Step("backends", "every table by ONNX Runtime against LiteRT", "parity_backends"),
    Step("pool", "16 clips on two workers against one", "scaling", ("pool",), ("pool",)),
    Step("split", "one long recording on two workers against one", "scaling", ("split",), ("split",)),
    Step("ray", "32 clips on a Ray cluster against local workers", "scaling", ("ray",), ("ray",)),
    Step(
        "recordings", "1 to 64 recordings, with the exponent", "scaling",
        ("recordings", "1", "2", "4", "8", "16", "32", "64"), ("recordings", "1", "4", "16"),
    ),
    Step(
        "minutes", "1 to 60 minutes, with the exponent and the memory of a worker", "scaling",
        ("minutes", "1", "5", "10", "20", "40", "60"), ("minutes", "1", "5", "10"),
    ),
    Step(
        "memory", "memory of a worker on a long recording of 1080p", "scaling",
        ("memory", "20", "--size", "1920:1080"), ("memory", "2", "--size", "1920:1080"),
    ),
)  # fmt: skip

#: Clips of people by the sizes in which the demo clip stands in for them.
STAND_INS = {
    "pyfeat_wolfgang.mp4": "640:360",
    "pyfeat_single_face.mp4": "640:360",
    "pyfeat_face_noface.mov": "960:540",
    "openwillis_baseline.mp4": "1920:1080",
}


@dataclass
class Ran:
    """How a step went: its exit code, seconds, the files that it wrote."""

    step: Step
    code: int
    seconds: float
    files: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """In words."""
        if self.code == 0:
            return "every bound holds" if self.files else "ran"
        return "a bound is missed" if self.code == 1 and self.files else f"FAILED with exit code {self.code}"


def main() -> int:
    """Run what was asked for; 1 when a step failed or missed a bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one round and short series")
    names = [step.name for step in STEPS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="STEP", help=", ".join(names))
    given = parser.parse_args()
    chosen = [step for step in STEPS if step.name in given.only]
    started, notes = time.monotonic(), list[str]()
    with tempfile.TemporaryDirectory(prefix="bitflow-bench-") as folder:
        surroundings = dict(os.environ)
        if not os.environ.get("BITFLOW_TEST_DATA"):
            stand_in(Path(folder) / "people")
            surroundings["BITFLOW_TEST_DATA"] = folder
            notes.append(
                "BITFLOW_TEST_DATA was not set: the demo clip stood in for the clips of people, scaled to their sizes. "
                "Bounds are meant for those clips."
            )
        ran: list[Ran] = []
        try:
            for number, step in enumerate(chosen, 1):
                print(f"\n== {number} of {len(chosen)}: {step.name}, {step.about}", flush=True)
                ran.append(run(step, step.short if given.short else step.full, surroundings))
        except KeyboardInterrupt:
            notes.append(f"Interrupted; not run: {', '.join(step.name for step in chosen[len(ran) :])}.")
    lines = summary(ran, notes, time.monotonic() - started, short=given.short)
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"bench_{date.today()}.md"
    kept.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n" + "\n".join(lines) + f"\n\nkept: {kept.relative_to(ROOT)}", flush=True)
    if len(ran) < len(chosen):
        return 130
    return 1 if any(each.code for each in ran) else 0


def run(step: Step, arguments: Sequence[str], surroundings: dict[str, str]) -> Ran:
    """One step in a process of its own, its output let through."""
    before, started = written(), time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{step.module}", *arguments]
    code = subprocess.run(command, cwd=ROOT, env=surroundings, check=False).returncode
    after = written()
    files = sorted(name for name, stamp in after.items() if before.get(name) != stamp)
    return Ran(step, code, time.monotonic() - started, files)


def written() -> dict[str, int]:
    """Files of figures, and when each was last written."""
    return {path.name: path.stat().st_mtime_ns for path in RESULTS.glob("*") if path.is_file()}


def summary(ran: Sequence[Ran], notes: Sequence[str], seconds: float, *, short: bool) -> list[str]:
    """The steps with their verdicts, as Markdown."""
    from bitflow import __version__

    return [
        f"# Bench, {date.today()}",
        "",
        f"bitflow {__version__}, Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the end; {len(ran)} steps{' (short)' if short else ''} in "
        f"{seconds / 60:.0f} min, environments of other programs included where they were made.",
        *notes,
        "",
        "| step | what | minutes | verdict | figures in benchmarks/results/ |",
        "|---|---|---|---|---|",
        *(
            f"| {each.step.name} | {each.step.about} | {each.seconds / 60:.1f} | {each.verdict} "
            f"| {', '.join(each.files) or '–'} |"
            for each in ran
        ),
    ]


def stand_in(folder: Path) -> None:
    """The demo clip in place of those that are not at hand."""
    clip = demo_clip()
    folder.mkdir()
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-an"]
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("ffmpeg is not installed")
    for name, size in STAND_INS.items():
        scaled = ["-vf", f"scale={size}:force_original_aspect_ratio=increase,crop={size}"]
        quiet = [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-i", str(clip)]
        subprocess.run([*quiet, *scaled, *coding, str(folder / name)], check=True)


if __name__ == "__main__":
    sys.exit(main())
