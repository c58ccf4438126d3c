"""`bitflow extract` as its users run it: what is made, what is said, and with which exit code."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

FRAMES = ("--extractors", "frames")


def tables(store: Path) -> dict[str, bytes]:
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in sorted(store.glob("**/*/*.parquet"))}


def test_a_folder_becomes_a_store_and_the_last_line_of_stdout_says_how_it_went(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    store = tmp_path / "features"
    run = bitflow("extract", videos, "-o", store, *FRAMES, "--json")
    assert run.code == 0
    assert run.json == {"store": str(store), "recordings": 3, "done": 3, "failed": 0, "skipped": 0}
    assert len(run.out.splitlines()) == 1
    index = pd.read_parquet(store / "recordings.parquet")
    assert sorted(index["id"]) == ["p1/visit", "p2", "p3"]
    assert set(index["status"]) == {"done"}
    assert index["error"].isna().all()
    assert pq.read_table(store / "p1/visit/frames.parquet").num_rows == 50


def test_a_second_run_finds_everything_there(bitflow: Callable[..., Any], videos: Path, tmp_path: Path) -> None:
    store = tmp_path / "features"
    bitflow("extract", videos, "-o", store, *FRAMES)
    before = tables(store)
    shutil.copy(videos / "p2.mp4", videos / "p4.mp4")
    run = bitflow("extract", videos, "-o", store, *FRAMES, "--json")
    assert run.json == {"store": str(store), "recordings": 4, "done": 1, "failed": 0, "skipped": 3}
    assert {name: content for name, content in tables(store).items() if not name.startswith("p4")} == before
    assert bitflow("extract", videos, "-o", store, *FRAMES, "--overwrite", "--json").json["done"] == 4


def test_the_store_is_features_in_the_current_folder_when_none_is_named(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    assert bitflow("extract", "videos", *FRAMES, cwd=tmp_path).code == 0
    assert (tmp_path / "features/p1/visit/frames.parquet").is_file()


def test_the_number_of_workers_does_not_change_a_byte(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    made = []
    for workers in (1, 2, 5):
        store = tmp_path / f"features{workers}"
        assert bitflow("extract", videos, "-o", store, *FRAMES, "--workers", workers).code == 0
        made.append(tables(store))
    assert made[0] == made[1] == made[2]


def test_bad_files_cost_a_row_and_a_sentence_each(
    bitflow: Callable[..., Any], ffmpeg: Callable[..., Path], clip: Path, videos: Path, tmp_path: Path
) -> None:
    content = clip.read_bytes()
    (videos / "empty.mp4").write_bytes(b"")
    (videos / "text.mp4").write_text("this is not a video\n" * 50)
    (videos / "noise.mkv").write_bytes(os.urandom(60_000))
    (videos / "cut.mp4").write_bytes(content[: len(content) // 2])  # its index was at the end
    (videos / "unplugged.mp4").symlink_to(tmp_path / "nowhere.mp4")
    ffmpeg("-i", clip, "-vn", "-c:a", "copy", videos / "sound.m4a")
    (videos / "subtitles.avi").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    (videos / "holiday.jpg").write_bytes(b"x")
    (videos / "notes.txt").write_bytes(b"x")
    store = tmp_path / "features"
    run = bitflow("extract", videos, "-o", store, *FRAMES, "--json")
    assert run.code == 1
    assert run.json == {"store": str(store), "recordings": 10, "done": 3, "failed": 7, "skipped": 0}
    assert "left out: 1 picture and 1 other file" in run.err
    index = pd.read_parquet(store / "recordings.parquet").set_index("id")
    assert index["status"].value_counts().to_dict() == {"failed": 7, "done": 3}
    for name in ("empty", "text", "noise", "cut", "unplugged", "sound", "subtitles"):
        sentence = index.loc[name, "error"]
        assert len(sentence) > 15, name
        assert f"failed  {name}: {sentence}" in run.err
    assert len(set(index["error"].dropna())) == 7

    again = bitflow("extract", videos, "-o", store, *FRAMES, "--json")
    assert again.code == 1
    assert (again.json["skipped"], again.json["failed"]) == (3, 7)


def test_odd_names_come_through(bitflow: Callable[..., Any], clip: Path, tmp_path: Path) -> None:
    names = ["with space", "Ünïcødé 日本語 🙂", "quo'te\"d", "new\nline", "-o", "$(touch x);%s", "<b>&amp;", "[red]"]
    folder, store = tmp_path / "in put", tmp_path / "fea tures"
    folder.mkdir()
    for name in names:
        shutil.copy(clip, folder / f"{name}.mp4")
    run = bitflow("extract", folder, "-o", store, *FRAMES)
    assert run.code == 0, run.err
    assert sorted(pd.read_parquet(store / "recordings.parquet")["id"]) == sorted(names)
    assert all((store / name / "frames.parquet").is_file() for name in names)
    shown = bitflow("show", store).out.splitlines()
    assert len(shown) == len(names) + 4
    assert any(line.startswith("new\\nline ") for line in shown)
    assert any(line.startswith("[red] ") for line in shown)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_name_that_is_not_unicode_comes_through(bitflow: Callable[..., Any], clip: Path, tmp_path: Path) -> None:
    shutil.copy(clip, os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    run = bitflow("extract", tmp_path, "-o", tmp_path / "features", *FRAMES, "--json")
    assert (run.code, run.json["done"]) == (0, 1), run.err
    assert list(pd.read_parquet(tmp_path / "features/recordings.parquet")["id"]) == ["caf\\xe9"]
    assert bitflow("extract", tmp_path, "-o", tmp_path / "features", *FRAMES, "--json").json["skipped"] == 1


def test_a_file_named_like_an_option_is_read_after_two_dashes(
    bitflow: Callable[..., Any], clip: Path, tmp_path: Path
) -> None:
    shutil.copy(clip, tmp_path / "--debug")
    shutil.copy(clip, tmp_path / "-x.mp4")
    assert bitflow("extract", *FRAMES, "--", "-x.mp4", cwd=tmp_path).code == 0
    assert bitflow("extract", *FRAMES, "--", "--debug", cwd=tmp_path).code == 0
    assert (tmp_path / "features/--debug/frames.parquet").is_file()


def test_linked_files_and_circles_of_folders(bitflow: Callable[..., Any], videos: Path, tmp_path: Path) -> None:
    (videos / "round").symlink_to(videos)
    (videos / "linked.mp4").symlink_to(videos / "p2.mp4")
    run = bitflow("extract", videos, "-o", tmp_path / "features", *FRAMES, "--json")
    assert (run.code, run.json["recordings"]) == (0, 4)
    assert (tmp_path / "features/linked/frames.parquet").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere/",), "nowhere/: no such file or folder"),
        (("videos/*.mkv",), "videos/*.mkv: the pattern matches nothing"),
        (("empty",), "empty: no recording found; looked for .mp4"),
        (("videos", "--extractors", "frmes"), "unknown extractor 'frmes'; did you mean 'frames'?"),
        (("videos", "--preset", "facial"), "unknown preset 'facial'"),
        (("videos", "--set", "faces.max_peple=1"), "did you mean 'max_people'?"),
        (("videos", "--set", "faces.max_people=many"), "faces.max_people: int expected, 'many' came"),
        (("videos", "--set", "faces"), "write it as table.parameter=value"),
        (("videos", *FRAMES, "--rate", "-3"), "rate must be above 0 Hz"),
        (("videos", *FRAMES, "--rate", "fast"), "--rate"),
        (("videos", *FRAMES, "--workers", "0"), "workers is a number of cores from 1"),
        (("videos", *FRAMES, "-o", "a_file/features"), "a_file/features: no store can be made there"),
        (("videos", "--transcript", "nowhere.vtt"), "--transcript: there is no file or folder nowhere.vtt"),
        (("videos", "--wrokers", "2"), "no such option"),
        (("videos", "--config", "nowhere.toml"), "nowhere.toml: cannot be read"),
        ((), "missing argument"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    here: Callable[..., Any], videos: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a_file").write_text("")
    run = here("extract", *words)
    assert run.code == 2
    assert said in run.err
    assert run.out == ""
    assert len([line for line in run.err.splitlines() if line.startswith("bitflow: ")]) == 1
    assert not (tmp_path / "features").exists()


def test_a_model_that_is_missing_offline_says_what_to_run(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    run = bitflow(
        "extract", videos, "--extractors", "faces", "-o", tmp_path / "features",
        BITFLOW_OFFLINE="1", BITFLOW_ASSETS="", BITFLOW_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    assert run.code == 3
    assert "BITFLOW_OFFLINE" in run.err
    assert "Run `bitflow assets download " in run.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_cannot_be_written_is_named(bitflow: Callable[..., Any], videos: Path, tmp_path: Path) -> None:
    bitflow("extract", videos, "-o", tmp_path / "features", *FRAMES)
    (tmp_path / "features").chmod(0o555)
    run = bitflow("extract", videos, "-o", tmp_path / "features", *FRAMES)
    assert run.code == 2
    assert f"{tmp_path / 'features'}: cannot be written: Permission denied" in run.err


def test_a_full_disk_costs_the_recordings_that_did_not_fit_and_the_next_run_completes_them(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    """The largest size of a file stands for the disk's end: writing stops in the middle of a table either way."""
    store = tmp_path / "features"
    done = subprocess.run(
        [sys.executable, "-m", "bitflow.cli.main", "extract", str(videos), "-o", str(store), *FRAMES, "--json"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("frames.parquet: cannot be written: ") >= 3
    assert '"failed": 3' in done.stdout
    assert not list(store.glob("**/*.parquet"))
    assert not list(store.glob("**/.*.draft"))
    assert bitflow("extract", videos, "-o", store, *FRAMES, "--json").json["done"] == 3
    assert bitflow("check", store).code == 0


def test_a_study_file_gives_options_and_what_is_typed_wins(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    study = tmp_path / "bitflow.toml"
    study.write_text(
        '[extract]\ninputs = ["videos/p2.mp4", "videos/p3.mp4"]\noutput = "from_file"\nextractors = ["frames"]\n'
        "rate = 5\nworkers = 1\njson = true\n\n[extract.set]\nfaces.max_people = 2\n\n[show]\njson = true\n"
    )
    run = bitflow("extract", "--config", study, cwd=tmp_path)
    assert run.code == 0, run.err
    assert run.json == {"store": "from_file", "recordings": 2, "done": 2, "failed": 0, "skipped": 0}
    assert pq.read_table(tmp_path / "from_file/p2/frames.parquet").num_rows == 10
    run = bitflow("extract", "videos/p2.mp4", "-o", "typed", "--rate", "10", "--config", study, cwd=tmp_path)
    assert run.json == {"store": "typed", "recordings": 1, "done": 1, "failed": 0, "skipped": 0}
    assert pq.read_table(tmp_path / "typed/p2/frames.parquet").num_rows == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[extract]\nworker = 2\n", "extract has no option 'worker'; did you mean 'workers'?"),
        ("[extrct]\nworkers = 2\n", "unknown command 'extrct'; did you mean 'extract'?"),
        ("workers = 2\n", "options belong to a command"),
        ("[extract\n", "not a TOML file"),
        ("[extract]\nrate = 'fast'\n", "--rate"),
        ("[extract.set]\nfaces.max_peple = 1\n", "did you mean 'max_people'?"),
    ],
)
def test_a_mistake_in_a_study_file_is_named(
    here: Callable[..., Any], videos: Path, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "bitflow.toml").write_text(text)
    run = here("extract", "videos", "--config", "bitflow.toml")
    assert run.code == 2
    assert said in run.err


def test_stdout_holds_results_only_and_progress_comes_as_plain_lines(
    bitflow: Callable[..., Any], videos: Path, tmp_path: Path
) -> None:
    run = bitflow("extract", videos, "-o", tmp_path / "features", *FRAMES)
    assert run.err.splitlines() == ["3 recordings found"]
    assert run.out.startswith("3 recordings: 3 done, in ")
    assert f"bitflow show {tmp_path / 'features'}" in run.out
    assert "\x1b" not in run.out + run.err
