"""How far a run is: the arithmetic of seconds a second and time left."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitflow.cohort import progress as module
from bitflow.cohort.pool import Event
from bitflow.cohort.progress import Tracker
from bitflow.extraction.recording import Outcome, Source


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as the tracker reads it; set its only entry."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def sources(folder: Path, **sizes: int) -> list[Source]:
    made = []
    for name, size in sizes.items():
        path = folder / name
        path.write_bytes(bytes(size))
        made.append(Source(name, path))
    return made


def test_time_left_is_what_is_to_do_over_what_is_done_a_second(tmp_path: Path, clock: list[float]) -> None:
    one, two = sources(tmp_path, one=1000, two=3000)
    tracker = Tracker([one, two])
    assert tracker.now().left is None
    tracker.update(Event(one, duration=10.0))  # so two, three times its size, is taken for 30 s
    clock[0] = 2.0
    state = tracker.update(Event(one, seconds=4.0))
    assert (state.media_seconds, state.media_total, state.speed, state.left) == (4.0, 40.0, 2.0, 18.0)
    tracker.update(Event(two, duration=46.0))
    assert tracker.now().media_total == 56.0


def test_a_second_pass_over_a_recording_is_not_counted_again(tmp_path: Path, clock: list[float]) -> None:
    (one,) = sources(tmp_path, one=1000)
    tracker = Tracker([one])
    tracker.update(Event(one, duration=10.0))
    clock[0] = 1.0
    assert [tracker.update(Event(one, seconds=s)).media_seconds for s in (6.0, 10.4, 2.0, 9.0)] == [6, 10, 10, 10]
    state = tracker.update(Event(one, outcome=Outcome("one", "done", media_seconds=10.0)))
    assert (state.media_seconds, state.left, state.done, state.ended_count) == (10.0, 0.0, 1, 1)


def test_recordings_that_need_nothing_or_fail_take_their_length_with_them(tmp_path: Path, clock: list[float]) -> None:
    one, two, three = sources(tmp_path, one=1000, two=1000, three=1000)
    tracker = Tracker([one, two, three])
    for source in (one, two, three):
        tracker.update(Event(source, duration=10.0))
    clock[0] = 1.0
    tracker.update(Event(one, outcome=Outcome("one", "skipped", media_seconds=10.0)))
    tracker.update(Event(two, seconds=4.0))
    state = tracker.update(Event(two, outcome=Outcome("two", "failed", "broken")))
    assert (state.media_seconds, state.media_total, state.left) == (4.0, 14.0, 2.5)
    assert (state.done, state.failed, state.skipped) == (0, 1, 1)


def test_files_that_are_not_there_do_not_disturb_the_estimate(tmp_path: Path, clock: list[float]) -> None:
    gone = Source("gone", tmp_path / "gone")
    tracker = Tracker([gone])
    clock[0] = 1.0
    state = tracker.update(Event(gone, duration=None, outcome=Outcome("gone", "failed", "no such file")))
    assert (state.failed, state.media_total, state.speed) == (1, None, None)
