"""Peak memory of the running program; needs nothing but Python, so that every environment can use it."""

import resource
import sys


def peak():
    """Bytes. Where /proc tells, of this program alone: rusage also counts what its parent held when it was started."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
