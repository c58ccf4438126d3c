"""Speed, memory and closeness of bitflow beside what people use: one run, each in an environment of its own.

Each round runs all contenders one after another on the same file; ratios are medians over the rounds of ratios inside
a round. Wall time needs idle cores: where other programs took more than a tenth of the machine meanwhile, the wall
figures are marked with ~ and not judged, and only the ratio of CPU times stands.

The naive loop is cv2.VideoCapture with MediaPipe's solutions, start-up not counted, nothing kept; ours is a whole
extraction: opening models, decoding, following, stitching, writing the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import shares
from floor import Floor, measure
from ours import one_picture
from parity_bodies_hands import first_body, hand_errors, pose_error
from parity_faces import mesh_error
from peer import MEDIAPIPE, OPENFACE, PYFEAT, PeerError, add_data_argument, run_peer
from plot_speed import draw
from shares import Shares

if TYPE_CHECKING:
    from bitflow.store import Recording

HERE = Path(__file__).parent
CORES = 2
#: Share of the machine from which what others use of it makes wall times worthless.
_BUSY = 0.1
#: Pictures by their height, and the clip that stands for them.
CLIPS = {"360p": "pyfeat_wolfgang.mp4", "1080p": "openwillis_baseline.mp4"}


@dataclass(frozen=True)
class Case:
    """What is extracted, by what of the naive loop, and the ratios and share of the floor to reach by picture."""

    name: str
    tables: tuple[str, ...]
    naive: str
    mesh: str = "mesh468"
    ratio: dict[str, float] = field(default_factory=dict)
    a_core: dict[str, float] = field(default_factory=dict)
    fast: dict[str, float] = field(default_factory=dict)
    of_floor: dict[str, float] = field(default_factory=dict)


CASES = (
    Case(
        "face, body, hands",
        ("face_landmarks", "bodies", "hands"),
        "face,body,hands",
        ratio={"360p": 3.6, "1080p": 3.2},
        a_core={"360p": 1.9, "1080p": 1.9},
        fast={"360p": 4.2, "1080p": 3.9},
        of_floor={"360p": 0.85, "1080p": 0.75},
    ),
    Case("face (mesh468)", ("face_landmarks",), "face", ratio={"360p": 2.4, "1080p": 1.6}),
    Case("face (mesh478, irises)", ("face_landmarks",), "refined", "mesh478"),
)


@dataclass(frozen=True)
class Run:
    """One process's figures: ms a frame, bytes; and the share of the machine that others used meanwhile."""

    wall: float
    cpu: float
    peak: float
    others: float


@dataclass
class Line:
    """One contender on one case and picture; None where it did not run, with the reason."""

    picture: str
    case: str
    contender: str
    runs: list[Run] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    cpu_ratios: list[float] = field(default_factory=list)
    to_reach: float | None = None
    reason: str = ""
    busy: bool = False

    def median(self, what: str) -> float:
        return statistics.median(getattr(run, what) for run in self.runs)

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def missed(self) -> bool:
        judged = self.to_reach is not None and not self.busy
        return judged and (self.ratio is None or self.ratio < (self.to_reach or 0.0))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--rounds", type=int, default=2, help="two take about 20 minutes")
    parser.add_argument("--frames", type=int, default=960, help="clips are repeated to about this many frames")
    parser.add_argument("--pictures", nargs="*", default=list(CLIPS), choices=list(CLIPS))
    parser.add_argument("--cases", nargs="*", type=int, default=list(range(len(CASES))), help="numbers, from 0")
    parser.add_argument("--contenders", nargs="*", default=[], help="only these of ours: 1, 2, fast, onnx, pair")
    asked = parser.parse_args()
    lines: list[Line] = []
    floors: list[tuple[str, str, Floor]] = []
    spread: list[tuple[str, str, Shares]] = []
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        for picture in asked.pictures:
            clip, frames = repeated(asked.data / CLIPS[picture], asked.frames, Path(scratch))
            for number in asked.cases:
                case = CASES[number]
                found = compare(case, picture, clip, frames, asked.rounds, asked.contenders)
                # else a model cannot be had, and there is no floor to stand on
                if any(line.runs for line in found[1:]):
                    floors.append((picture, case.name, measure(clip, case.tables, case.mesh)))
                    spread.append((picture, case.name, shares.measure(clip, case.tables, case.mesh, threads=CORES)))
                lines += found
                print("\n".join(map(row, found)), flush=True)
        near = [] if asked.contenders else [*closeness(asked.data, asked.pictures, Path(scratch)), ""]
        others = [] if asked.contenders else [*other_tools(asked.data / CLIPS["360p"]), *footprints(Path(scratch))]
    report = [
        *heading(asked.rounds, load_before),
        *map(row, lines),
        "",
        *floor_table(floors, lines),
        "",
        *shares_table(spread),
        "",
        *near,
        *others,
    ]
    write(report, lines, floors)
    return 1 if any(line.missed for line in lines) else 0


def repeated(clip: Path, wanted: int, folder: Path) -> tuple[Path, int]:
    """The clip several times over without coding it anew, to about `wanted` frames; and how many it has then."""
    import av

    with av.open(str(clip)) as source:
        frames = sum(packet.dts is not None for packet in source.demux(video=0))
    times = max(1, round(wanted / frames))
    out = folder / f"{clip.stem}_{times}.mp4"
    with av.open(str(out), "w") as target:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(clip)) as source:
                video = source.streams.video[0]
                stream = stream or target.add_stream_from_template(video)
                end = offset
                for packet in source.demux(video):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts += offset
                    packet.dts += offset
                    end = max(end, packet.pts + (packet.duration or 0))
                    packet.stream = stream
                    target.mux(packet)
                offset = end
    return out, times * frames


def compare(case: Case, picture: str, clip: Path, frames: int, rounds: int, chosen: Sequence[str]) -> list[Line]:
    """All contenders of one case, alternating."""
    naive = [str(_mediapipe()), str(HERE / "peer_loop.py"), str(clip), case.naive]
    ours = [sys.executable, str(HERE / "ours.py"), str(clip), "--mesh", case.mesh, "--tables", *case.tables]
    two = [*ours, "--threads", "2"]
    contenders: dict[str, tuple[str, list[str], float | None]] = {
        "1": ("bitflow, 1 worker", [*ours, "--threads", "1"], None),
        "2": ("bitflow, 2 workers", two, case.ratio.get(picture)),
        "fast": ("bitflow --fast, 2 workers", [*two, "--backend", "openvino"], case.fast.get(picture)),
        "onnx": ("bitflow, ONNX Runtime, 2 workers", [*two, "--backend", "onnx"], None),
    }
    lines = {name: Line(picture, case.name, title, to_reach=reach) for name, (title, _, reach) in contenders.items()}
    lines = {name: line for name, line in lines.items() if not chosen or name in chosen}
    naive_line = Line(picture, case.name, "naive loop")
    pair = Line(picture, case.name, "two processes of each, 1 worker", to_reach=case.a_core.get(picture))
    for _ in range(rounds):
        (base,) = at_once([naive], frames)
        naive_line.runs.append(base)
        for name, line in lines.items():
            if line.reason:
                continue
            try:
                (run,) = at_once([contenders[name][1]], frames)
            except PeerError as error:
                line.reason = str(error)
                continue
            line.runs.append(run)
            line.ratios.append(base.wall / run.wall)
            line.cpu_ratios.append(base.cpu / run.cpu)
        if (not chosen or "pair" in chosen) and not pair.reason:
            try:
                theirs, mine = at_once([naive] * CORES, frames), at_once([contenders["1"][1]] * CORES, frames)
            except PeerError as error:
                pair.reason = str(error)
                continue
            pair.runs += mine
            pair.ratios.append(statistics.mean(r.wall for r in theirs) / statistics.mean(r.wall for r in mine))
            pair.cpu_ratios.append(statistics.mean(r.cpu for r in theirs) / statistics.mean(r.cpu for r in mine))
    found = [naive_line, *lines.values(), *([pair] if pair.runs else [])]
    for line in found:
        line.busy = any(run.others > _BUSY for run in (*naive_line.runs, *line.runs))
    return found


def _mediapipe() -> Path:
    """The naive loop's interpreter; without it there is nothing to compare with."""
    try:
        return MEDIAPIPE.python()
    except PeerError as error:
        raise SystemExit(f"the naive loop's MediaPipe {error}") from None


def at_once(commands: Sequence[Sequence[str]], frames: int) -> list[Run]:
    """Figures of processes that are started together.

    Raises
    ------
    PeerError
        One failed; with its last words.
    """
    quiet = {**os.environ, "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}
    before, begun = worked(), time.perf_counter()
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet)
        for command in commands
    ]
    told_by = [process.communicate() for process in started]
    others = (worked() - before) / (time.perf_counter() - begun) / (os.cpu_count() or 1)
    runs = []
    for process, (out, told) in zip(started, told_by, strict=True):
        if process.returncode:
            said = [line.strip() for line in told.splitlines() if line.strip()]
            raise PeerError(said[-1] if said else f"ended with code {process.returncode}")
        figures = json.loads(out.strip().splitlines()[-1])
        runs.append(Run(figures["wall"] / frames * 1e3, figures["cpu"] / frames * 1e3, figures["peak"], others))
    return runs


def worked() -> float:
    """Seconds of all cores that other programs than ours and its children have used since the machine started.

    0 where /proc does not tell: there nobody knows.
    """
    try:
        user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:8])
    except OSError:
        return 0.0
    mine = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK") - own


def closeness(data: Path, pictures: Sequence[str], folder: Path) -> list[str]:
    """How near our points come to those of the naive loop on the same file, each with the pixels that it decodes."""
    from bitflow.store import open_store

    case = CASES[0]
    lines = [
        "| nearness to the naive loop, median | | face, % of the eyes' distance | frames with a face "
        "| body, % of the torso | hands, % of the palm |",
        "|---|---|---|---|---|---|",
    ]
    for picture in pictures:
        clip, kept = data / CLIPS[picture], folder / f"naive_{picture}.npz"
        at_once([[str(MEDIAPIPE.python()), str(HERE / "peer_loop.py"), str(clip), case.naive, str(kept)]], 1)
        theirs = dict(np.load(kept))
        for backend in ("litert", "openvino", "onnx"):
            store = folder / f"{backend}_{picture}"
            command = [sys.executable, str(HERE / "ours.py"), str(clip), "--tables", *case.tables]
            try:
                at_once([[*command, "--backend", backend, "--store", str(store)]], 1)
            except PeerError as error:
                lines.append(f"| {picture} | {backend} | did not run: {error} | | | |")
                continue
            figures = " | ".join(nearness(open_store(store)["clip"], theirs))
            lines.append(f"| {picture} | {backend} | {figures} |")
    return lines


def nearness(recording: Recording, theirs: dict[str, np.ndarray]) -> tuple[str, str, str, str]:
    """Face, coverage, body and hands of one recording, as shown."""
    count = len(theirs["face"])
    tables = {name: recording.file(name) for name in ("face_landmarks", "bodies", "hands")}
    at = {name: file.column("frame") for name, file in tables.items()}
    faces = np.full((count, 468, 3), np.nan)
    faces[at["face_landmarks"]] = tables["face_landmarks"].points()[:, :468]
    seen = np.isfinite(theirs["face"][:, 0, 0])
    covered = (np.isfinite(faces[:, 0, 0]) & seen).sum() / max(seen.sum(), 1)
    info = recording.info["media"]["video"]
    columns = {"points": tables["bodies"].points(), "frame": at["bodies"], "track": tables["bodies"].column("track")}
    bodies = pose_error(first_body(columns, count), theirs["body"], (info["width"], info["height"]))
    points = tables["hands"].points()
    hands, _ = hand_errors([points[at["hands"] == frame] for frame in range(count)], theirs["hands"])
    face = mesh_error(faces, theirs["face"])
    return (
        f"{np.nanmedian(face):.2f}",
        f"{covered:.0%}",
        f"{np.nanmedian(bodies):.2f}",
        f"{np.median(hands):.2f}" if len(hands) else "none seen",
    )


def other_tools(clip: Path) -> list[str]:
    """py-feat and OpenFace 3 on the face, where they can be had."""
    lines = ["| other tools, face, 360p | ms a frame wall | CPU | peak MB | |", "|---|---|---|---|---|"]
    for peer, script in ((PYFEAT, "peer_pyfeat.py"), (OPENFACE, "peer_openface.py")):
        try:
            seen = json.loads(run_peer(peer.python(), HERE / script, clip, seconds=600).strip().splitlines()[-1])
        except PeerError as error:
            lines.append(f"| {peer.distribution} | – | – | – | did not run: {error} |")
            continue
        wall, cpu = (seen[what] / seen["frames"] * 1e3 for what in ("wall", "cpu"))
        lines.append(f"| {peer.distribution} | {wall:.1f} | {cpu:.1f} | {seen['peak'] / 1e6:.0f} | |")
    return [*lines, ""]


def footprints(folder: Path) -> list[str]:
    """Size on disk, and the time from starting a process to the first picture's result."""
    picture = one_picture(folder)
    cold = {
        "mediapipe": [str(MEDIAPIPE.python()), str(HERE / "peer_loop.py"), str(picture), "face,body,hands"],
        "bitflow": [
            str(Path(sys.executable).with_name("bitflow")),
            "extract",
            str(picture),
            "-o",
            str(folder / "cold"),
        ],
    }
    cold["bitflow"] += ["--extractors", "face_landmarks,bodies,hands", "--workers", "1", "--overwrite"]
    lines = ["| | installed MB | packages | cold start, one picture, s |", "|---|---|---|---|"]
    for name, distribution, python in (
        ("bitflow", "bitflow-behavior", lambda: Path(sys.executable)),
        *((peer.distribution, peer.distribution, peer.python) for peer in (MEDIAPIPE, PYFEAT, OPENFACE)),
    ):
        try:
            found = json.loads(run_peer(python(), HERE / "footprint.py", distribution))
        except PeerError as error:
            lines.append(f"| {name} | – | – | {error} |")
            continue
        seconds = statistics.median(started(cold[name]) for _ in range(3)) if name in cold else None
        shown = "–" if seconds is None else f"{seconds:.1f}"
        lines.append(f"| {name} | {found['bytes'] / 1e6:.0f} | {found['distributions']} | {shown} |")
    return lines


def started(command: Sequence[str]) -> float:
    """Seconds that a process takes from start to end."""
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - begun


def row(line: Line) -> str:
    """One line of the main table."""
    if not line.runs:
        return f"| {line.picture} | {line.case} | {line.contender} | – | – | – | | | did not run: {line.reason} |"
    about = "~" if line.busy else ""
    ratio = "" if line.ratio is None else f"{about}{line.ratio:.2f}×"
    cpu = f"{statistics.median(line.cpu_ratios):.2f}×" if line.cpu_ratios else ""
    verdict = " (busy machine: not judged)" if line.busy else " **missed**" if line.missed else ""
    reach = "" if line.to_reach is None else f"≥ {line.to_reach}×{verdict}"
    return (
        f"| {line.picture} | {line.case} | {line.contender} | {about}{line.median('wall'):.2f} "
        f"| {line.median('cpu'):.2f} | {line.median('peak') / 1e6:.0f} | {ratio} | {cpu} | {reach} |"
    )


def floor_table(floors: Sequence[tuple[str, str, Floor]], lines: Sequence[Line]) -> list[str]:
    """The floor of each case and how near two workers come to it."""
    table = [
        "| picture | what | decoding | models | floor on 2 cores | reached | share | of the CPU time | to reach |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for picture, name, floor in floors:
        found = [
            line for line in lines if (line.picture, line.case) == (picture, name) and "2 workers" in line.contender
        ]
        mine = next((line for line in found if line.contender == "bitflow, 2 workers" and line.runs), None)
        if mine is None:
            continue
        bound = next(case for case in CASES if case.name == name).of_floor.get(picture)
        share = floor.wall(CORES) / mine.median("wall")
        verdict = " (busy machine: not judged)" if mine.busy else " **missed**" if bound and share < bound else ""
        reach = "" if bound is None else f"≥ {bound:.0%}{verdict}"
        table.append(
            f"| {picture} | {name} | {floor.decoding:.2f} | {floor.work - floor.decoding:.2f} "
            f"| {floor.wall(CORES):.2f} | {mine.median('wall'):.2f} | {share:.0%} "
            f"| {floor.work / mine.median('cpu'):.0%} | {reach} |"
        )
    return table


#: Shares are CPU time of the calling thread.
_DECODER_THREADS = (
    "Where models leave a core free, the decoder has threads of its own: what they do is not in its column, but with "
    "following, stitching and Python."
)


def shares_table(spread: Sequence[tuple[str, str, Shares]]) -> list[str]:
    """Where the time of two workers goes: what each share takes of a core, and what both cores had left over."""
    names = tuple(shares.SHARES)
    table = [
        f"| picture | what, 2 workers, ms a frame | {' | '.join(names)} | following, stitching, Python | CPU | idle |",
        "|---" * (len(names) + 5) + "|",
    ]
    for picture, case, found in spread:
        each = " | ".join(f"{found.each[name]:.2f}" for name in names)
        table.append(f"| {picture} | {case} | {each} | {found.rest:.2f} | {found.cpu:.2f} | {found.idle(CORES):.2f} |")
    return [*table, "", _DECODER_THREADS]


def heading(rounds: int, load: float) -> list[str]:
    """Title, machine and columns."""
    import platform
    from importlib.metadata import version

    return [
        "# Speed of bitflow beside the loop that people write",
        "",
        f"{date.today().isoformat()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after, median of {rounds} alternating rounds, LiteRT "
        f"{version('ai-edge-litert')}. ms a frame; × is the naive loop's wall time over that of the contender in the "
        "same round.",
        "",
        "| picture | what | contender | wall | CPU | peak MB | × wall | × CPU | to reach, wall |",
        "|---|---|---|---|---|---|---|---|---|",
    ]


def write(report: Sequence[str], lines: Sequence[Line], floors: Sequence[tuple[str, str, Floor]]) -> None:
    """The report and its figures, dated, below benchmarks/results/, and their plot."""
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    stem = f"speed_{date.today().isoformat()}"
    (results / f"{stem}.md").write_text("\n".join(report) + "\n", encoding="utf-8")
    figures: dict[str, Any] = {
        "date": date.today().isoformat(),
        "lines": [asdict(line) for line in lines],
        "floors": [{"picture": p, "case": c, "work": f.work, "wall": f.wall(CORES)} for p, c, f in floors],
    }
    (results / f"{stem}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    draw(figures, HERE.parent / "docs" / "speed.svg")


if __name__ == "__main__":
    raise SystemExit(main())
