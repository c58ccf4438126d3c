"""What takes too long for a test: `kill -9` spread over a whole run, and memory and speed over an hour of video.

    python -m benchmarks.soak                          both, with clips that are generated
    python -m benchmarks.soak kills --number 20
    python -m benchmarks.soak memory --minutes 60 --clip face.mp4

The clip is repeated to the length that is needed; without one, the demo clip is, whose face keeps all extractors busy.
Writes a dated table below benchmarks/results/. Needs ffmpeg and Linux (/proc).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

COMMAND = [sys.executable, "-m", "bitflow.cli.main", "extract"]
RESULTS = Path(__file__).parent / "results"

#: The bounds that the project has set itself: bytes resident, and CPU seconds a frame, last minute over first.
MEMORY_BOUND = 1.2e9
SLOWING_BOUND = 1.05


def main() -> int:
    """Run what was asked for; 1 when a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("all", "kills", "memory"), default="all")
    parser.add_argument("--number", type=int, default=20, help="kills")
    parser.add_argument("--minutes", type=float, default=60, help="length of the recording for memory")
    parser.add_argument("--clip", type=Path, help="a clip with a face")
    parser.add_argument("--preset", default="face")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    clip = given.clip or demo_clip()
    lines: list[str] = []
    held = True
    with tempfile.TemporaryDirectory(prefix="bitflow-soak-") as folder:
        if given.what in ("all", "kills"):
            held &= kills(Path(folder), clip, given.number, given.preset, given.seed, lines)
        if given.what in ("all", "memory"):
            held &= memory(Path(folder), clip, given.minutes, given.preset, lines)
    _write(lines)
    return 0 if held else 1


def kills(folder: Path, clip: Path, number: int, preset: str, seed: int, lines: list[str]) -> bool:
    """Kill runs at moments spread over a whole one; each is completed by the next to the same bytes."""
    videos = folder / "videos"
    videos.mkdir()
    _repeat(clip, videos / "a.mp4", 12)
    for name in "bc":
        shutil.copy(videos / "a.mp4", videos / f"{name}.mp4")
    words = ["--preset", preset, "--workers", "2"]
    started = time.monotonic()
    subprocess.run([*COMMAND, str(videos), "-o", str(folder / "undisturbed"), *words], check=True)
    whole = time.monotonic() - started
    expected = _tables(folder / "undisturbed")
    chance = random.Random(seed)
    good = 0
    for part in range(number):
        store = folder / f"kill{part}"
        moment = whole * (part + chance.random()) / number
        process = subprocess.Popen(
            [*COMMAND, str(videos), "-o", str(store), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moment)
        process.kill()
        process.wait()
        left = len(_tables(store))
        opens = not (store / "bitflow.json").exists() or _ok("check", store)
        completed = (
            subprocess.run([*COMMAND, str(videos), "-o", str(store), *words], capture_output=True).returncode == 0
        )
        same = _tables(store) == expected
        drafts = len(list(store.glob("**/.*.draft")))
        ok = opens and completed and same and not drafts
        good += ok
        print(f"kill at {moment:6.2f} s: {left:3d} tables left, {'as undisturbed' if ok else 'WRONG'}", flush=True)
        shutil.rmtree(store)
    lines.append(
        f"| kill -9 at {number} moments over a run of {whole:.0f} s (seed {seed}): store opens, next run completes it, "
        f"{len(expected)} tables equal byte for byte | {good} of {number} | {number} | "
        f"{'yes' if good == number else 'NO'} |"
    )
    return good == number


def memory(folder: Path, clip: Path, minutes: float, preset: str, lines: list[str]) -> bool:
    """Extract one long 720p recording; its memory is bounded, its last minute no slower than its first."""
    import bitflow

    recording = folder / "long.mp4"
    print(f"making {minutes:g} minutes of 720p", flush=True)
    _repeat(clip, recording, minutes * 60, size="1280:720")
    watch = _Watch()
    with watch:
        summary = bitflow.extract(
            recording, folder / "long", preset=preset, progress=lambda state: watch.note(state.media_seconds)
        )
    if summary.failed:
        raise SystemExit(summary.outcomes[0].error)
    frames = summary.outcomes[0].rows["frames"]
    rate = frames / summary.media_seconds
    first = watch.cpu_between(0.0, 60.0) / (60 * rate)
    last = watch.cpu_between(summary.media_seconds - 60.0, summary.media_seconds) / (60 * rate)
    lines.append(
        f"| {minutes:g} min of 720p, {frames} frames, {frames / summary.seconds:.0f} frames a second: "
        f"largest resident memory of all processes | {watch.peak / 1e9:.2f} GB | {MEMORY_BOUND / 1e9:g} GB | "
        f"{'yes' if watch.peak < MEMORY_BOUND else 'NO'} |"
    )
    lines.append(
        f"| CPU ms a frame, first minute {1000 * first:.2f}, last {1000 * last:.2f} | {last / first:.3f} | "
        f"{SLOWING_BOUND} | {'yes' if last / first <= SLOWING_BOUND else 'NO'} |"
    )
    return watch.peak < MEMORY_BOUND and last / first <= SLOWING_BOUND


@dataclass
class _Watch:
    """Memory and CPU time of this process and its children, sampled over a run."""

    peak: int = 0
    marks: list[tuple[float, float]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> _Watch:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def note(self, seconds: float) -> None:
        """Keep the CPU time spent when so many seconds of media are through."""
        self.marks.append((seconds, sum(_cpu(process) for process in _family())))

    def cpu_between(self, start: float, end: float) -> float:
        """CPU seconds from `start` to `end` seconds of media, drawn straight between marks."""
        return self._cpu_at(end) - self._cpu_at(start)

    def _cpu_at(self, seconds: float) -> float:
        import numpy as np

        through, spent = np.array(self.marks).T
        firsts = np.unique(through, return_index=True)[1]  # when a place was first reached
        return float(np.interp(seconds, through[firsts], spent[firsts]))

    def _sample(self) -> None:
        while not self._over.wait(0.5):
            self.peak = max(self.peak, sum(resident(process) for process in _family()))


def _family() -> list[int]:
    own = os.getpid()
    found = [own]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == own:
                found.append(int(stat.parent.name))
        except (OSError, IndexError):
            continue
    return found


def resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _cpu(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tables(store: Path) -> dict[str, bytes]:
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.glob("*/*.parquet")}


def _ok(command: str, store: Path) -> bool:
    return subprocess.run([*COMMAND[:-1], command, str(store)], capture_output=True).returncode == 0


def _repeat(clip: Path, path: Path, seconds: float, size: str | None = None) -> None:
    """Write `seconds` of the clip, over and over, with its sound."""
    scale = ["-vf", f"scale={size}"] if size else []
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("ffmpeg is not installed")
    subprocess.run(
        [
            *(program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-stream_loop", "-1", "-i", str(clip)),
            *("-t", str(seconds), *scale, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", str(path)),
        ],
        check=True,
    )


def demo_clip() -> Path:
    from bitflow.assets import fetch_first
    from bitflow.demo import CLIPS

    return fetch_first(CLIPS)[1]


def _write(lines: list[str]) -> None:
    from bitflow import __version__

    head = [
        f"# Soak, {date.today()}",
        "",
        f"bitflow {__version__}, Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores",
        "",
        "| what | measured | bound | holds |",
        "|---|---|---|---|",
    ]
    text = "\n".join([*head, *lines]) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"soak_{date.today()}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    sys.exit(main())
