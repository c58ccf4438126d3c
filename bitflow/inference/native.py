"""What native libraries write to stderr past Python, collected instead of shown."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_one_at_a_time = threading.Lock()


@contextlib.contextmanager
def stderr_held(unwanted: Callable[[str], bool]) -> Iterator[list[str]]:
    """Hold back what is written to file descriptor 2, and pass on all but the unwanted lines afterwards.

    For libraries that greet or complain there and have no switch for it. The descriptor belongs to the whole
    process, so this is for moments, and what other threads write meanwhile comes some milliseconds late.

    Parameters
    ----------
    unwanted
        Says of a line, without its end, whether it is left out.

    Yields
    ------
    list of str
        Empty until the end of the `with` block, then the lines that were left out.
    """
    withheld: list[str] = []
    with _one_at_a_time:
        stderr = _duplicate()
        if stderr is None:  # a program without a stderr has nothing to keep clean
            yield withheld
            return
        with tempfile.TemporaryFile() as held:
            os.dup2(held.fileno(), 2)
            try:
                yield withheld
            finally:
                with contextlib.suppress(AttributeError, ValueError, OSError):
                    sys.stderr.flush()
                os.dup2(stderr, 2)
                os.close(stderr)
                held.seek(0)
                for line in held:
                    text = line.decode(errors="replace").rstrip("\r\n")
                    if unwanted(text):
                        withheld.append(text)
                    else:
                        os.write(2, line)


def _duplicate() -> int | None:
    try:
        sys.stderr.flush()
        return os.dup(2)
    except (OSError, AttributeError, ValueError):
        return None
