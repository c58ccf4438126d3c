"""Worker processes: what a crash, a hang, an interrupt and a dead parent cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bitflow.cohort.cores import available_cores, shares
from bitflow.cohort.inputs import scan
from bitflow.cohort.pool import ProcessPool
from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome
from bitflow.store import FeatureStore

HERE = Path(__file__).parent
REQUEST = Request(("frames",), {"faces": {"max_people": 1}})

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty store and room for inputs, whose text says what happens to their worker."""
    monkeypatch.syspath_prepend(str(HERE))
    FeatureStore.create(tmp_path / "store")
    (tmp_path / "videos").mkdir()
    return tmp_path


def put(study: Path, **orders: str) -> None:
    for name, order in orders.items():
        (study / "videos" / f"{name}.mp4").write_text(order)


def pool(study: Path, threads: tuple[int, ...] = (1, 1), **options: Any) -> ProcessPool:
    return ProcessPool(study / "store", REQUEST, threads, work="stand_in:work", **options)


def outcomes(study: Path, **options: Any) -> dict[str, Outcome]:
    with pool(study, **options) as crew:
        events = list(crew.run(scan([study / "videos"]).sources))
    return {event.source.id: event.outcome for event in events if event.outcome}


def tries(study: Path, name: str) -> list[list[str]]:
    return [line.split() for line in (study / "store" / f"{name}.tries").read_text().splitlines()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    if sys.platform == "linux":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(process: int, within: float = 30.0) -> bool:
    deadline = time.monotonic() + within
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(process)


def test_every_recording_comes_back_with_what_was_made(study: Path) -> None:
    put(study, a="ok", b="ok", c="ok")
    ended = outcomes(study)
    assert sorted(ended) == ["a", "b", "c"]
    assert ended["b"] == Outcome("b", "done", notes=("a note",), rows={"frames": 3}, media_seconds=2.0, seconds=0.1)


def test_a_worker_serves_many_recordings_and_as_many_run_as_are_allowed(study: Path) -> None:
    put(study, **{f"r{index}": "slow 0.2" for index in range(6)})
    outcomes(study, threads=(3, 2))
    seen = {tuple(tries(study, f"r{index}")[0]) for index in range(6)}
    assert len(seen) == 2
    assert {threads for _, threads in seen} == {"3", "2"}


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_costs_one_recording_after_a_second_try(study: Path, number: signal.Signals) -> None:
    put(study, a="ok", bad=f"signal {int(number)}", c="ok", d="ok")
    ended = outcomes(study)
    assert {name: outcome.status for name, outcome in ended.items()} == {
        "a": "done",
        "bad": "failed",
        "c": "done",
        "d": "done",
    }
    assert len(tries(study, "bad")) == 2
    assert f"ended by {number.name} again" in (ended["bad"].error or "")
    row = FeatureStore(study / "store").recordings().set_index("id").loc["bad"]
    assert (row.status, row.error) == ("failed", ended["bad"].error)


def test_a_recording_whose_worker_was_killed_once_is_done_in_the_end(study: Path) -> None:
    put(study, a="signal-once 9", b="ok")
    with pool(study) as crew:
        events = list(crew.run(scan([study / "videos"]).sources))
    ended = {event.source.id: event.outcome.status for event in events if event.outcome}
    assert ended == {"a": "done", "b": "done"}
    assert [event.message for event in events if event.message] == [
        "its worker process was ended by SIGKILL; it will be tried once more"
    ]


def test_a_worker_that_exits_by_itself_says_with_which_code(study: Path) -> None:
    put(study, bad="exit 7")
    assert "ended with exit code 7 again" in (outcomes(study)["bad"].error or "")


def test_an_unexpected_error_is_one_sentence_and_the_worker_goes_on(study: Path) -> None:
    put(study, bad="raise two\nlines", ok="ok")
    ended = outcomes(study, threads=(1,))
    assert ended["ok"].status == "done"
    assert (ended["bad"].error or "").startswith("unexpected ValueError: two lines (stand_in.py, line")
    assert tries(study, "bad")[0][0] == tries(study, "ok")[0][0]


def test_a_recording_in_which_nothing_moves_is_given_up(study: Path) -> None:
    put(study, bad="hang", ok="slow 6")  # which takes longer, and moves
    ended = outcomes(study, stall_s=5.0)
    assert ended["ok"].status == "done"
    assert ended["bad"].error == (
        "no progress for 5 s, so its worker process was ended: leave the file out, or convert it anew"
    )


def test_the_largest_files_come_first(study: Path) -> None:
    put(study, small="ok", large="ok" + " " * 900, middle="ok" + " " * 90)
    with pool(study, threads=(1,)) as crew:
        order = [event.source.id for event in crew.run(scan([study / "videos"]).sources) if event.outcome]
    assert order == ["large", "middle", "small"]


def test_what_workers_print_is_kept_from_the_terminal(study: Path, capfd: pytest.CaptureFixture[str]) -> None:
    put(study, a="ok")
    outcomes(study)
    assert capfd.readouterr() == ("", "")
    outcomes(study, debug=True)
    assert capfd.readouterr() == ("", "native libraries print on stdout too\n")


def interrupt_when_all_work(study: Path, *names: str) -> None:
    """Run the pool, and press Ctrl-C as soon as the recordings are being worked on."""
    markers = [study / "store" / f"{name}.tries" for name in names]
    with pool(study) as crew:
        for _ in crew.run(scan([study / "videos"]).sources):
            if all(wait_for(marker) for marker in markers):
                raise KeyboardInterrupt


def wait_for(marker: Path, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (marker.exists() and marker.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    return marker.exists()


def test_an_interrupt_stops_workers_soon_and_leaves_none(study: Path) -> None:
    put(study, a="slow 60", b="slow 61")
    with pytest.raises(KeyboardInterrupt):
        interrupt_when_all_work(study, "a")
    assert gone(int(tries(study, "a")[0][0]))  # long before it would have ended of itself


def test_workers_that_do_not_listen_are_ended_after_a_while(study: Path) -> None:
    put(study, a="deaf 60")
    with pytest.raises(KeyboardInterrupt):
        interrupt_when_all_work(study, "a")
    assert gone(int(tries(study, "a")[0][0]))


@pytest.mark.usefixtures("ctrl_c_is_heard")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_parent_however_it_dies(study: Path, number: signal.Signals) -> None:
    put(study, a="slow 60", b="deaf 60")
    command = [sys.executable, str(HERE / "stand_in.py"), str(study / "store"), str(study / "videos")]
    parent = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": "."}
    )
    for name in "ab":
        assert wait_for(study / "store" / f"{name}.tries")
    parent.send_signal(number)
    parent.wait(60)
    for name in "ab":
        assert gone(int(tries(study, name)[0][0]))


def test_workers_that_cannot_start_are_an_error_not_an_endless_loop(study: Path) -> None:
    from bitflow.errors import ExtractionError

    put(study, a="ok")
    with (
        pytest.raises(ExtractionError, match=r"cannot be started: .*no_such_module"),
        ProcessPool(study / "store", REQUEST, (1,), work="no_such_module:work") as crew,
    ):
        list(crew.run(scan([study / "videos"]).sources))


def test_cores_are_shared_out_to_the_last() -> None:
    for cores in range(1, 20):
        for recordings in range(1, 25):
            threads = shares(cores, recordings)
            assert len(threads) == min(cores, recordings)
            assert sum(threads) == cores
            assert max(threads) - min(threads) <= 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_is_respected() -> None:
    command = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    command += "from bitflow.cohort.cores import available_cores; print(available_cores())"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert 1 <= available_cores() <= len(os.sched_getaffinity(0))
