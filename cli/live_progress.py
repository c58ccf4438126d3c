"""A run as it goes: a live bar on a terminal, plain lines at intervals elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bitflow.cli.console import say
from bitflow.cohort import Progress
from bitflow.cohort.wording import clock, plural

#: Where there is no terminal: a line at most this often, in seconds.
LINE_S = 10.0


@contextmanager
def live_progress(*, plain: bool = False) -> Iterator[Callable[[Progress], None]]:
    """A function to call with every `Progress`; what it shows ends with the block."""
    if plain or not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    with Bars(
        SpinnerColumn(),
        BarColumn(bar_width=30),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        task = bars.add_task("starting", total=None)

        def show(state: Progress) -> None:
            if state.message:
                bars.console.print(escape(state.message), highlight=False)
            total = state.media_total or None
            bars.update(task, total=total, completed=state.media_seconds if total else 0, description=status(state))

        yield show


class _Lines:
    """Messages at once, how far the run is now and then."""

    def __init__(self) -> None:
        self._due = time.monotonic() + LINE_S

    def __call__(self, state: Progress) -> None:
        if state.message:
            say(state.message)
        if time.monotonic() >= self._due:
            say(status(state))
            self._due = time.monotonic() + LINE_S


def status(state: Progress) -> str:
    """Recordings, seconds of media a second, time left, on one line.

    >>> status(Progress(12, done=3, media_seconds=90.0, media_total=360.0, elapsed=30.0, speed=3.0, left=90.0))
    '3 of 12 recordings · 3.0 s of media a second · 1 min 30 s left'
    """
    parts = [f"{state.ended_count} of {plural(state.recordings, 'recording')}"]
    if state.failed:
        parts[0] += f" ({state.failed} failed)"
    if state.speed:
        parts.append(f"{state.speed:.1f} s of media a second")
    if state.left is not None and state.ended_count < state.recordings:
        # all media is through, but tables are still being made from it
        parts.append(f"{clock(state.left)} left" if state.left >= 0.5 else "finishing")
    return " · ".join(parts)


@contextmanager
def counted_progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A function to call with a name, how many are done and of how many; `what` is what is counted."""
    if not sys.stderr.isatty():
        last = [time.monotonic()]

        def line(name: str, done: int, of: int) -> None:
            if done == of or time.monotonic() - last[0] >= LINE_S:
                last[0] = time.monotonic()
                say(f"{name}: {done} of {of} {what}")

        yield line
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda name, done, of: bars.update(task, total=of, completed=done, description=f"{name}: {what}")
