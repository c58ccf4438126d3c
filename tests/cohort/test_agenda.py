"""What is handed out next, and when a recording that is shared has ended."""

from __future__ import annotations

from pathlib import Path

from bitflow.cohort.agenda import Agenda
from bitflow.cohort.task import Task, answer_of, carry_out
from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source
from bitflow.extraction.spans import Piece, Split, grid

SPANS = grid(range(0, 1000, 5), 1000.0)
SPLIT = Split((Piece("beside", spans=SPANS), *(Piece("span", number, SPANS) for number in range(3))))


def agenda(folder: Path, **sizes: int) -> Agenda:
    for name, size in sizes.items():
        (folder / name).write_bytes(b"x" * size)
    return Agenda([Source(name, folder / name) for name in sizes])


def done(task: Task, seconds: float = 1.0) -> Outcome:
    return Outcome(task.source.id, "done", seconds=seconds)


def test_pieces_come_before_smaller_recordings_and_the_join_when_all_are_done(tmp_path: Path) -> None:
    plan = agenda(tmp_path, long=9, short=2)
    whole = plan.take()
    assert plan.settle(whole, SPLIT) is None
    pieces = [plan.take() for _ in range(4)]
    assert [task.piece.kind for task in pieces] == ["beside", "span", "span", "span"]
    short = plan.take()
    assert (short.source.id, bool(plan)) == ("short", False)
    for task in (pieces[2], pieces[0], pieces[3]):
        assert plan.settle(task, done(task)) is None
    assert not plan
    assert plan.settle(short, done(short)) == done(short)
    plan.settle(pieces[1], done(pieces[1], 4.0))
    join = plan.take()
    assert (join.piece.kind, join.piece.spent) == ("join", 7.0)
    assert plan.settle(join, done(join)) == done(join)


def test_a_piece_that_fails_is_left_to_the_join(tmp_path: Path) -> None:
    plan = agenda(tmp_path, long=9)
    plan.settle(plan.take(), SPLIT)
    for _ in range(4):
        task = plan.take()
        assert plan.settle(task, Outcome("long", "failed", "no reason")) is None
    assert plan.take().piece.kind == "join"


def test_a_recording_is_given_up_once_and_its_other_pieces_forgotten(tmp_path: Path) -> None:
    plan = agenda(tmp_path, long=9, short=2)
    plan.settle(plan.take(), SPLIT)
    first, second = plan.take(), plan.take()
    failed = Outcome("long", "failed", "crashed")
    assert plan.give_up(first, failed) == failed
    assert plan.give_up(second, failed) is None
    assert plan.settle(second, done(second)) is None
    plan.put_back(second)
    assert plan.take().source.id == "short"
    assert not plan


def test_what_a_worker_answers_survives_the_trip(tmp_path: Path) -> None:
    task = Task(Source("a", tmp_path / "a.mp4"), SPLIT.pieces[2])
    order = task.order(tmp_path, Request(("frames",), {}))
    seen: list[object] = []

    def work(store: str, source: Source, request: Request, progress: object, piece: Piece) -> Outcome | Split:
        seen.append((store, source, request, piece))
        return SPLIT

    assert answer_of(carry_out(work, order, print)) == SPLIT
    assert seen == [(str(tmp_path), task.source, Request(("frames",), {}), task.piece)]


def test_a_defect_is_told_as_an_outcome(tmp_path: Path) -> None:
    def work(*given: object) -> Outcome:
        raise ZeroDivisionError("by\nzero")

    answer = answer_of(carry_out(work, Task(Source("a", tmp_path)).order(tmp_path, Request((), {})), print))
    assert isinstance(answer, Outcome)
    assert (answer.error or "").startswith("unexpected ZeroDivisionError: by zero (test_agenda.py, line")
