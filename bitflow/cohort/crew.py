"""Several processes, each told its share of the work at once, that speak until they are through."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from bitflow.cohort import process

#: Longest wait before the parent looks whether it was interrupted, s.
_POLL_S = 0.25


def shared_out(function: str, shares: Sequence[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """What processes say, as it comes, with the place of their share; None where one has ended.

    None of them outlives the iteration, however it is left.

    Parameters
    ----------
    function
        ``module:function``, called as ``function(share, tell, stopping)`` in a process of its own; ``tell(**message)``
        says something, and `stopping` is set when nobody listens any more.
    """
    heard: queue.SimpleQueue[tuple[int, dict[str, Any] | None]] = queue.SimpleQueue()
    crew: list[process.Process] = []

    def listen(place: int, member: process.Process) -> None:
        for message in process.messages(member):
            heard.put((place, message))
        heard.put((place, None))

    try:
        for place, share in enumerate(shares):
            member = process.start(None, function=function, run=share)
            crew.append(member)
            threading.Thread(target=listen, args=(place, member), daemon=True).start()
        ended = 0
        while ended < len(crew):
            try:
                place, message = heard.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            ended += message is None
            yield place, message
    finally:
        for member in crew:
            process.kill(member)
