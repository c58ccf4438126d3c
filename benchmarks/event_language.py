"""How fast the event language answers, on a clip of the size of MABe's mouse triplets: 1800 frames, 3 mice, 12 points.

    python benchmarks/event_language.py [POSES.h5 --fps 30]

Prints milliseconds, the median of seven runs from fresh subjects, so that nothing is remembered between them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bitflow.events.language import parse
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answers import answer
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.poses import PoseFacts, PoseSeries

CHASE = "list closest < 40px and abs(head_angle) < 30deg and speed > 90px/s"
WATCH = "list dist in 50px..260px and abs(head_angle) < 15deg"


def made() -> PoseSeries:
    random = np.random.default_rng(0)
    names = ("nose", "left ear", "right ear", "neck", "left forepaw", "right forepaw", "center back", "left hindpaw")
    names += ("right hindpaw", "tail base", "tail middle", "tail tip")
    centre = np.cumsum(random.normal(0, 2, (1800, 3, 1, 2)), axis=0) + random.uniform(200, 600, (1, 3, 1, 2))
    points = centre + random.normal(0, 20, (1, 3, 12, 2)) + random.normal(0, 1, (1800, 3, 12, 2))
    return PoseSeries.of(points, PoseFacts(names, ("mouse1", "mouse2", "mouse3")), rate=30.0)


def imported(path: Path) -> PoseSeries:
    from bitflow.cli.main import main
    from bitflow.poses import read_poses
    from bitflow.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        assert main(["import", "poses", str(path), "-o", folder, "--fps", "30"]) == 0
        return read_poses(open_store(folder)[path.stem])


def main() -> None:
    poses = imported(Path(sys.argv[1])) if len(sys.argv) > 1 else made()
    known = Definitions.of(builtin())
    for name, program in (("chase", CHASE), ("watch", WATCH), ("chase and watch", f"{CHASE}; {WATCH}")):
        seconds, cpu, found = [], [], []
        for _ in range(7):
            began, spent = time.perf_counter(), time.process_time()
            found = answer(parse(program), AnimalSubjects(poses), known)
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - spent)
        counts = ", ".join(str(len(each.events)) for each in found)
        print(
            f"{name:16} {1000 * np.median(seconds):6.1f} ms (processor {1000 * np.median(cpu):.1f})   events: {counts}"
        )
    modules = "bitflow.events.language.outcome, bitflow.poses"
    code = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
    took = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    print(f"import           {1000 * min(took):6.0f} ms")


if __name__ == "__main__":
    main()
