"""How many cores this process may use, and how they are shared out."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def available_cores() -> int:
    """Cores that this process may use: its affinity, and a container's quota where there is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _quota() or cores))


#: Threads that feed a GPU from one process. Each process holds some GB of the GPU's memory for itself, and one thread
#: does not cut crops as fast as a GPU looks at them.
THREADS_ON_GPU = 4


def shares(cores: int, recordings: int, least: int = 1) -> tuple[int, ...]:
    """Threads of each worker process, as many processes as there are recordings and cores for.

    No process has fewer than `least` threads, unless there are fewer cores.

    >>> shares(8, 100), shares(8, 3), shares(2, 1)
    ((1, 1, 1, 1, 1, 1, 1, 1), (3, 3, 2), (2,))
    >>> shares(16, 100, least=4), shares(6, 100, least=4), shares(2, 9, least=4)
    ((4, 4, 4, 4), (6,), (2,))
    """
    processes = max(1, min(cores // max(least, 1), recordings))
    threads, rest = divmod(max(cores, 1), processes)
    return tuple(threads + (index < rest) for index in range(processes))


def _quota() -> int | None:
    try:
        quota, period = _CGROUP_QUOTA.read_text().split()
        return None if quota == "max" else math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return None
