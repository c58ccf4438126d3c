"""Speed and memory of the core measures on simulated recordings of 10, 30 and 60 minutes at 30 fps with sound.

``python -m benchmarks.measures_speed [MINUTES …]`` simulates what is missing below ``--folder``, measures each in a
process
of its own on one core, and prints seconds, peak memory and seconds a minute.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_CHILD = """
import json, resource, sys, time
started = time.perf_counter()
from bitflow.measures.run import measure_store
done = measure_store(sys.argv[1], measures=["core"])
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([seconds, time.process_time(), memory, len(done.records)]))
"""


def measured(store: Path) -> list[float]:
    """Seconds, seconds of processor, peak memory in GB and number of records, on one core."""
    import json

    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
    command = [sys.executable, "-c", _CHILD, str(store)]
    pin = (
        (lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) if hasattr(os, "sched_setaffinity") else None
    )
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **threads}, preexec_fn=pin
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    from bitflow.datasets.simulate.person import simulate_person

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("minutes", nargs="*", type=float, default=[10.0, 30.0, 60.0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bitflow_measures_speed")
    asked = parser.parse_args()
    print("| minutes | seconds, one core | of processor | GB | of processor a minute | records |")
    print("|---|---|---|---|---|---|")
    for minutes in asked.minutes:
        store = asked.folder / f"{minutes:g}"
        if not (store / "bitflow.json").exists():
            simulate_person(store, duration=60.0 * minutes, noise=1.0)
        seconds, busy, memory, records = measured(store)
        print(
            f"| {minutes:g} | {seconds:.1f} | {busy:.1f} | {memory:.2f} | {busy / minutes:.3f} | {records} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
