"""What is to be done next: recordings, the largest first, and the pieces of those that workers share."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bitflow.cohort.task import Task
from bitflow.extraction.recording import Outcome
from bitflow.extraction.source import Source, file_size
from bitflow.extraction.spans import Piece, Split

#: How often a task may bring its worker down.
TRIES = 2


@dataclass
class _Shared:
    """A recording that is extracted in pieces."""

    join: Piece
    open: set[tuple[str, str, int]]
    seconds: float = 0.0


class Agenda:
    """Tasks that wait, and what their answers lead to. The largest come first, so that none is left for the end.

    Parameters
    ----------
    sources
        Recordings to extract.
    """

    def __init__(self, sources: Sequence[Source]):
        largest_first = sorted(sources, key=lambda source: (-file_size(source.path), source.id))
        self._waiting = deque(Task(source) for source in largest_first)
        self._shared: dict[str, _Shared] = {}
        self._given_up: set[str] = set()
        self._tries: dict[tuple[str, str, int], int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self) -> Task:
        """The next task."""
        return self._waiting.popleft()

    def put_back(self, task: Task, *, last: bool = False) -> None:
        """A task that was not finished, through no fault of its own, or to be tried when all others are done."""
        if task.source.id not in self._given_up:
            (self._waiting.append if last else self._waiting.appendleft)(task)

    def settle(self, task: Task, answer: Outcome | Split) -> Outcome | None:
        """Take a worker's answer in; returns the recording's outcome once there is one."""
        key = task.source.id
        if key in self._given_up:
            return None
        if isinstance(answer, Split):
            pieces = [Task(task.source, piece) for piece in answer.pieces]
            self._shared[key] = _Shared(answer.join, {piece.name for piece in pieces})
            self._waiting.extendleft(reversed(pieces))
            return None
        if task.piece.kind not in ("span", "beside"):
            return answer
        shared = self._shared[key]
        shared.open.discard(task.name)
        shared.seconds += answer.seconds
        if not shared.open:
            self._waiting.appendleft(Task(task.source, replace(shared.join, spent=shared.seconds)))
        return None

    def may_try_again(self, task: Task) -> bool:
        """Whether a task that brought its worker down has another try; asked once for every time it did."""
        self._tries[task.name] = self._tries.get(task.name, 0) + 1
        return self._tries[task.name] < TRIES

    def give_up(self, task: Task, outcome: Outcome) -> Outcome | None:
        """A task that cannot be finished ends its recording; None when that had ended before."""
        key = task.source.id
        if key in self._given_up:
            return None
        self._given_up.add(key)
        self._waiting = deque(waiting for waiting in self._waiting if waiting.source.id != key)
        return outcome
