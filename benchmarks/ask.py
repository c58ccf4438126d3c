"""How long a question over a large store takes: makes a store of measures, asks, and tells seconds and memory.

    python benchmarks/ask.py FOLDER [--recordings 10000] [--measures 60]

The first question builds the store's index; the others read it. Each runs in a process of its own, start included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bitflow.measures.records import MEASURES
from bitflow.measures.registry import registered
from bitflow.participants import attach_file
from bitflow.store import FeatureStore
from bitflow.tables import write_table

QUESTIONS = (
    "Do patients smile less than controls?",
    "Does blink rate correlate with age?",
    "Who improved most from visit 1 to 2 in speech rate?",
    "Which measures differ most between groups?",
)

_RUN = "import sys; from bitflow.cli.main import main; sys.exit(main(sys.argv[1:]))"


def make(folder: Path, recordings: int, measures: int) -> None:
    """Two visits a participant, two groups, every measure known in every recording."""
    draw = np.random.default_rng(0)
    wanted = ("smile_rate_per_min", "blink_rate_per_min", "speech_rate_syllables_per_s")
    known = {name: each.unit for name, each in registered().items() if "[" not in name}
    ids = [*wanted, *(name for name in known if name not in wanted)][:measures]
    n = len(ids)
    same = {"person": "0", "start": 0.0, "end": 60.0, "n_valid": 100, "duration_valid_s": 50.0, "coverage": 0.83}
    same |= {"ci_low": None, "ci_high": None, "status": "ok", "reason": "", "method_version": "1", "params_hash": ""}
    same |= {"interval": "", "note": ""}
    store = FeatureStore.create(folder)
    lines = ["recording,participant,visit,group,age"]
    for number in range(recordings):
        who, visit = divmod(number, 2)
        name = f"p{who:05d}/v{visit + 1}"
        columns = {key: [value] * n for key, value in same.items()}
        columns |= {"recording": [name] * n, "measure": ids, "unit": [known[each] for each in ids]}
        batch = MEASURES.batch({**columns, "value": draw.gamma(4.0, 1.0 - 0.1 * (who % 2), n)})
        write_table(store.draft(name).path / "measures.parquet", MEASURES, [batch])
        lines.append(f"{name},P{who:05d},{visit + 1},{('control', 'patient')[who % 2]},{20 + who % 40}")
    table = folder.with_suffix(".csv")
    table.write_text("\n".join(lines), encoding="utf-8")
    attach_file(store, table)


def timed(folder: Path, question: str) -> dict[str, object]:
    """Seconds by the wall and of computing, and the greatest memory, of one command."""
    command = [sys.executable, "-c", _RUN, "ask", str(folder), question, "--json"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    return {
        "question": question,
        "exit": os.waitstatus_to_exitcode(status),
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "memory_mb": round(used.ru_maxrss / 1024),
    }


def main() -> None:
    """Make the store where there is none, then ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recordings", type=int, default=10_000)
    parser.add_argument("--measures", type=int, default=60)
    given = parser.parse_args()
    if not (given.folder / "bitflow.json").is_file():
        make(given.folder, given.recordings, given.measures)
    for question in (QUESTIONS[0], *QUESTIONS):
        print(json.dumps(timed(given.folder, question)))


if __name__ == "__main__":
    main()
