"""One worker's task, what it answers, and the messages in which both travel."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source
from bitflow.extraction.spans import WHOLE, Piece, Split
from bitflow.places import place

#: What carries out a task: `extract_piece`, or what stands in its place.
Work = Callable[[str, Source, Request, Callable[[float], None], Piece], Outcome | Split]


@dataclass(frozen=True)
class Task:
    """A recording, or the piece of one, that one worker extracts at a time."""

    source: Source
    piece: Piece = WHOLE

    @property
    def name(self) -> tuple[str, str, int]:
        """What tells it from others."""
        return self.source.id, self.piece.kind, self.piece.number

    def order(self, store: Path, request: Request) -> dict[str, Any]:
        """What is sent to the worker, JSON-able."""
        return {
            "store": str(store),
            "id": self.source.id,
            "path": str(self.source.path),
            "request": asdict(request),
            "piece": self.piece.as_dict(),
        }


def carry_out(work: Work, order: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Do what `Task.order` asks; returns what `answer_of` reads. A defect is told in the outcome, not raised."""
    source = Source(order["id"], place(order["path"]))
    request = Request(**{**order["request"], "tables": tuple(order["request"]["tables"])})
    started = time.monotonic()
    try:
        answer = work(order["store"], source, request, progress, Piece.from_dict(order["piece"]))
    except Exception as error:  # one recording's edge: the run goes on, the log has the traceback
        traceback.print_exc()
        said = " ".join(str(error).split())
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"unexpected {type(error).__name__}{f': {said}' if said else ''} "
            f"({os.path.basename(where.filename)}, line {where.lineno}); --debug shows where it came from"
        )
        answer = Outcome(source.id, "failed", sentence, seconds=time.monotonic() - started)
    if isinstance(answer, Split):
        return {"pieces": [piece.as_dict() for piece in answer.pieces]}
    return {"outcome": answer.as_dict()}


def answer_of(message: dict[str, Any]) -> Outcome | Split:
    """The answer that `carry_out` put into words."""
    if "pieces" in message:
        return Split(tuple(Piece.from_dict(piece) for piece in message["pieces"]))
    outcome = message["outcome"]
    return Outcome(**{**outcome, "notes": tuple(outcome["notes"])})


@dataclass(frozen=True)
class Event:
    """Something that happened to a recording.

    Attributes
    ----------
    source
        The recording.
    duration
        Its length in seconds, when its header has been read.
    seconds
        Seconds of its media that are through, when it went on.
    piece
        The piece in which that was.
    outcome
        How it ended, when it did.
    message
        What people should know at once: a worker was replaced.
    """

    source: Source
    duration: float | None = None
    seconds: float | None = None
    piece: Piece = WHOLE
    outcome: Outcome | None = None
    message: str | None = None
