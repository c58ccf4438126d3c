"""How far a run is: recordings, seconds of media a second, time left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bitflow.cohort.task import Event
from bitflow.extraction.recording import Outcome
from bitflow.extraction.source import Source, file_size
from bitflow.extraction.spans import Piece


@dataclass(frozen=True)
class Progress:
    """The state of a run at one moment.

    Attributes
    ----------
    recordings, done, failed, skipped
        Numbers of recordings: all, made, failed, and those that needed nothing.
    media_seconds
        Seconds of media analysed in this run.
    media_total
        Estimate of what `media_seconds` will be in the end; None as long as no length is known.
    elapsed
        Seconds since the run began.
    speed
        Seconds of media analysed a second; None at first.
    left
        Seconds until the end, estimated; None when it cannot be.
    ended
        The recording that has just ended.
    message
        What people should know at once.
    """

    recordings: int
    done: int = 0
    failed: int = 0
    skipped: int = 0
    media_seconds: float = 0.0
    media_total: float | None = None
    elapsed: float = 0.0
    speed: float | None = None
    left: float | None = None
    ended: Outcome | None = None
    message: str | None = None

    @property
    def ended_count(self) -> int:
        """Recordings that need nothing more."""
        return self.done + self.failed + self.skipped


@dataclass
class _State:
    """One recording: bytes, length where known, seconds of media that are through, in all and in each span."""

    size: int
    duration: float | None = None
    through: float = 0.0
    spans: dict[int, float] = field(default_factory=dict)
    outcome: Outcome | None = None


class Tracker:
    """Turns the pool's events into `Progress`.

    The length of a recording whose header has not been read is guessed from its size and from the others' bytes a
    second.
    """

    def __init__(self, sources: Sequence[Source]):
        self._states = {source.id: _State(file_size(source.path)) for source in sources}
        self._counts = {"done": 0, "failed": 0, "skipped": 0}
        self._through = 0.0  # of all recordings
        self._known = [0.0, 0.0]  # seconds and bytes of recordings of known length
        self._skipped = [0.0, 0.0]  # the same of those that needed nothing
        self._failed_rest = 0.0  # seconds that failed recordings will never have analysed
        self._size = sum(state.size for state in self._states.values())
        self._started = time.monotonic()

    def update(self, event: Event) -> Progress:
        """Take one event in."""
        state = self._states[event.source.id]
        if event.duration and state.duration is None:
            self._learn(state, event.duration)
        if event.seconds is not None:
            self._advance(state, _through(state, event.piece, event.seconds))
        if event.outcome is not None:
            self._end(state, event.outcome)
        return self.now(event.outcome, _told(event))

    def now(self, ended: Outcome | None = None, message: str | None = None) -> Progress:
        """The present state."""
        elapsed = time.monotonic() - self._started
        speed = self._through / elapsed if self._through and elapsed > 0 else None
        total = self._total()
        left = (total - self._through) / speed if speed and total is not None else None
        return Progress(
            len(self._states), **self._counts, media_seconds=self._through, media_total=total, elapsed=elapsed,
            speed=speed, left=None if left is None else max(0.0, left), ended=ended, message=message,
        )  # fmt: skip

    def _learn(self, state: _State, duration: float) -> None:
        state.duration = duration
        self._known[0] += duration
        self._known[1] += state.size

    def _advance(self, state: _State, seconds: float) -> None:
        # several passes over one recording (pictures, then sound) begin anew; only the furthest counts
        through = max(state.through, seconds if state.duration is None else min(seconds, state.duration))
        self._through += through - state.through
        state.through = through

    def _end(self, state: _State, outcome: Outcome) -> None:
        state.outcome = outcome
        self._counts[outcome.status] += 1
        if state.duration is None and outcome.media_seconds:
            self._learn(state, outcome.media_seconds)
        if outcome.status == "done":
            self._advance(state, outcome.media_seconds)
        elif outcome.status == "failed":
            self._failed_rest += max(0.0, (state.duration or 0.0) - state.through)
        else:
            self._skipped[0] += state.duration or 0.0
            self._skipped[1] += state.size

    def _total(self) -> float | None:
        seconds, size = self._known
        if not seconds or not size:
            return None
        unknown = sum(s.size for s in self._states.values() if s.duration is None and s.outcome is None)
        return max(self._through, seconds - self._skipped[0] - self._failed_rest + unknown * seconds / size)


def _through(state: _State, piece: Piece, seconds: float) -> float:
    """Seconds of the recording that are through when a worker is that far in its piece."""
    if piece.kind == "whole":
        return seconds
    if piece.kind == "span":
        state.spans[piece.number] = max(seconds, state.spans.get(piece.number, 0.0))
    return sum(state.spans.values())


def _told(event: Event) -> str | None:
    from bitflow.cohort.wording import printable

    return None if event.message is None else f"{printable(event.source.id)}: {event.message}"
