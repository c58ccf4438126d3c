"""`bitflow.extract`: the command's work as one call of the library."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import bitflow
from bitflow.cohort import Interrupted, Progress


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Path:
    """Two seconds of a moving picture."""
    return ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-pix_fmt", "yuv420p"),
        tmp_path_factory.mktemp("clip") / "clip.mp4",
    )


def test_the_summary_says_what_was_made_and_progress_ends_with_it(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"")
    states: list[Progress] = []
    summary = bitflow.extract(
        [clip, tmp_path / "bad.mp4"], tmp_path / "features", extractors=["frames"], progress=states.append
    )
    assert (summary.recordings, summary.done, summary.failed, summary.skipped) == (2, 1, 1, 0)
    assert [outcome.id for outcome in summary.outcomes] == ["bad", "clip"]
    assert summary.outcomes[1].rows["frames"] == 50
    assert summary.media_seconds == pytest.approx(2.0, abs=0.05)
    assert states[0].message == "2 recordings found"
    assert (states[-1].done, states[-1].failed, states[-1].ended_count) == (1, 1, 2)
    assert bitflow.open_store(tmp_path / "features")["clip"].table("frames")["time"].iloc[-1] == pytest.approx(1.96)


def test_a_single_path_and_names_with_commas_are_taken_as_they_are_typed(clip: Path, tmp_path: Path) -> None:
    summary = bitflow.extract(str(clip), tmp_path / "features", extractors="frames", rate=5, workers=1)
    assert summary.outcomes[0].rows["frames"] == 10
    assert bitflow.extract(clip, tmp_path / "features", extractors="frames", rate=5).skipped == 1
    changed = bitflow.extract(clip, tmp_path / "features", extractors="frames", rate=10)
    assert changed.outcomes[0].rows["frames"] == 20


def test_an_interrupt_carries_the_summary_so_far(clip: Path, tmp_path: Path) -> None:
    def stop(state: Progress) -> None:
        if state.ended:
            raise KeyboardInterrupt

    for name in "ab":
        (tmp_path / f"{name}.mp4").write_bytes(clip.read_bytes())
    with pytest.raises(Interrupted) as caught:
        bitflow.extract(tmp_path, tmp_path / "features", extractors="frames", workers=1, progress=stop)
    assert (caught.value.summary.done, caught.value.summary.recordings) == (1, 2)
    assert bitflow.open_store(tmp_path / "features").recordings()["status"].tolist()[0] == "done"


def test_it_runs_in_a_thread(clip: Path, tmp_path: Path) -> None:
    made: list[int] = []
    thread = threading.Thread(
        target=lambda: made.append(bitflow.extract(clip, tmp_path / "features", extractors="frames").done)
    )
    thread.start()
    thread.join()
    assert made == [1]


def test_a_program_without_a_main_guard_runs_once(clip: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import bitflow\nprint('once')\nprint(bitflow.extract({str(clip)!r}, 'features', extractors='frames').done)\n"
    )
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "once\n1\n"


def test_wrong_usage_leaves_no_store_behind(clip: Path, tmp_path: Path) -> None:
    for wrong in ({"extractors": "frmes"}, {"workers": 0}, {"preset": "facial"}, {"rate": 0}):
        with pytest.raises(bitflow.UsageError):
            bitflow.extract(clip, tmp_path / "features", **wrong)  # pyright: ignore[reportArgumentType]
    assert not (tmp_path / "features").exists()
