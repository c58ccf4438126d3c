"""The commands that look: show, schema, check, assets, doctor, help."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bitflow.cli.recordings import recording_at
from bitflow.errors import StoreError
from bitflow.store import open_store

COMMANDS = ("extract", "demo", "show", "schema", "check", "doctor", "assets")


@pytest.fixture
def store(here: Callable[..., Any], videos: Path, tmp_path: Path) -> Path:
    """A store of three recordings, one of which failed."""
    (videos / "p3.mp4").write_bytes(b"")
    assert here("extract", videos, "--extractors", "frames", "-o", tmp_path / "features").code == 1
    return tmp_path / "features"


def test_help_names_every_command(bitflow: Callable[..., Any]) -> None:
    run = bitflow("--help")
    assert run.code == 0
    assert all(f" {name} " in run.out for name in COMMANDS)
    assert "Exit codes: 0 all done" in run.out


def test_help_groups_commands_in_the_order_of_the_work(here: Callable[..., Any]) -> None:
    lines = here("--help").out.splitlines()
    panels = [line.strip("╭─╮ ") for line in lines if line.startswith("╭")]
    assert panels == ["Options", "Extract", "Measure", "Recognise", "Ask", "Look into a store", "Give away", "Labels",
                      "This installation"]  # fmt: skip


def test_help_and_completion_load_nothing_heavy() -> None:
    heavy = {"numpy", "pandas", "pyarrow", "cv2", "av", "onnxruntime", "ai_edge_litert", "scipy", "plotly", "jinja2"}
    code = f"import bitflow.cli.main, sys; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [*COMMANDS, "assets download"])
def test_every_command_explains_itself(here: Callable[..., Any], name: str) -> None:
    run = here(*name.split(), "--help")
    assert run.code == 0
    assert f"Usage: bitflow {name} " in run.out


def test_help_of_extract_lists_the_suffixes_that_are_looked_for(here: Callable[..., Any]) -> None:
    from bitflow.suffixes import AUDIO_SUFFIXES, VIDEO_SUFFIXES

    words = here("extract", "--help").out.split()
    assert set(VIDEO_SUFFIXES) | set(AUDIO_SUFFIXES) <= set(words)


def test_the_version_is_that_of_the_package(here: Callable[..., Any]) -> None:
    import bitflow

    assert here("--version").out == f"bitflow {bitflow.__version__}\n"


def test_no_command_and_an_unknown_one_are_wrong_usage(here: Callable[..., Any]) -> None:
    assert here().code == 2
    run = here("extrat")
    assert run.code == 2
    assert "no such command 'extrat'" in run.err
    assert "extract" in run.err


def test_show_lists_recordings_with_their_state(here: Callable[..., Any], store: Path) -> None:
    lines = here("show", store).out.splitlines()
    assert lines[0].split() == ["recording", "status", "length", "tables", "rows", "size"]
    assert [line.split()[:2] for line in lines[1:4]] == [["p1/visit", "done"], ["p2", "done"], ["p3", "failed"]]
    assert lines[1].split()[2:6] == ["2", "s", "1", "50"]
    assert "zero" in lines[3] or "empty" in lines[3]
    assert lines[-2].startswith("3 recordings, 1 failed; 4 s of media")
    assert lines[-1] == "tables: frames"

    shown = json.loads(here("show", store, "--json").out)
    assert shown["store"] == str(store)
    assert [recording["id"] for recording in shown["recordings"]] == ["p1/visit", "p2", "p3"]
    assert shown["recordings"][1]["tables"][0]["rows"] == 50
    size = (store / "p2/frames.parquet").stat().st_size
    assert shown["recordings"][1]["size"] == size


def test_show_of_a_recording_says_what_made_its_tables(here: Callable[..., Any], store: Path, videos: Path) -> None:
    out = here("show", store, "p2").out
    assert f"made from  {videos / 'p2.mp4'}" in out
    table = json.loads(here("show", store, "p2", "--json").out)["tables"][0]
    assert (table["name"], table["rows"], table["extractor"]) == ("frames", 50, "frames")
    assert table["version"]


def test_show_says_what_is_wrong_with_its_arguments(here: Callable[..., Any], store: Path, tmp_path: Path) -> None:
    run = here("show", tmp_path / "nothing")
    assert (run.code, run.err) == (
        2,
        f"bitflow: {tmp_path / 'nothing'}: not a feature store (no bitflow.json); `bitflow extract` makes one\n",
    )
    run = here("show", store, "p1/vist")
    assert run.code == 2
    assert "did you mean 'p1/visit'?" in run.err


def test_the_store_of_a_looking_command_is_features_when_none_is_named(here: Callable[..., Any], store: Path) -> None:
    assert here("show").out == here("show", "features").out
    assert here("check").code == 0


def test_a_recording_is_named_by_its_folder_or_by_store_and_id(store: Path) -> None:
    first = next(iter(open_store(store)))
    assert recording_at(store / first, None).id == first
    assert recording_at(store, first).id == first
    with pytest.raises(StoreError, match="not a feature store"):
        recording_at(store.parent / "elsewhere", None)


def test_check_finds_a_damaged_table(here: Callable[..., Any], store: Path) -> None:
    run = here("check", store)
    assert run.code == 0
    assert run.out.splitlines()[-1] == "3 recordings read: 0 errors, 1 warning"
    table = store / "p2/frames.parquet"
    content = bytearray(table.read_bytes())
    content[40:400] = bytes(360)
    table.write_bytes(content)
    run = here("check", store, "--json")
    assert run.code == 1
    found = [finding for finding in json.loads(run.out)["findings"] if finding["severity"] == "error"]
    assert [(finding["recording"], finding["table"]) for finding in found] == [("p2", "frames")]


def test_schema_lists_tables_and_prints_columns_with_units(here: Callable[..., Any]) -> None:
    lines = here("schema").out.splitlines()
    assert any(line.startswith("frames ") for line in lines)
    assert any(line.startswith("recordings ") for line in lines)
    columns = [line.split() for line in here("schema", "head_pose").out.splitlines()]
    assert ["yaw", "float32", "deg"] in [words[:3] for words in columns if words]
    assert ["person", "int32"] in [words[:2] for words in columns if words]
    described = json.loads(here("schema", "frames", "--json").out)
    assert [column["name"] for column in described["columns"]][:2] == ["frame", "time"]
    run = here("schema", "head_poses")
    assert run.code == 2
    assert "did you mean 'head_pose'?" in run.err


def test_assets_are_listed_with_licence_and_state(
    here: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BITFLOW_ASSETS", "")
    monkeypatch.setenv("BITFLOW_OFFLINE", "1")
    rows = {row["id"]: row for row in json.loads(here("assets", "list", "--json").out)}
    assert (rows["face_mesh_468"]["status"], rows["face_mesh_468"]["licence"]) == ("absent", "Apache-2.0")
    assert "face_mesh_468" in here("assets", "list").out
    assert here("assets", "verify").code == 0
    run = here("assets", "download", "face_mesh_468", "--json")
    assert run.code == 1
    assert "BITFLOW_OFFLINE" in run.err
    assert json.loads(run.out)[0]["path"] is None
    run = here("assets", "download", "face_mesh")
    assert run.code == 2
    assert "there is no asset 'face_mesh'" in run.err


def test_doctor_says_what_is_here_and_what_is_missing(
    here: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BITFLOW_OFFLINE", "1")
    monkeypatch.setenv("PATH", "")
    found = json.loads(here("doctor", "--json").out)
    assert found["offline"] is True
    assert found["cache"] == str(tmp_path / "cache")
    assert found["packages"]["numpy"]
    assert found["whisperx"] is None
    assert {"cpu", "cuda"} <= {device["name"] for device in found["devices"]}
    out = here("doctor").out
    assert "network  forbidden by BITFLOW_OFFLINE" in out
    assert f"python -m venv {tmp_path / 'cache' / 'environments' / 'whisperx'} && " in out


def test_a_defect_of_ours_is_one_sentence_and_a_traceback_only_when_asked_for(
    here: Callable[..., Any], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bitflow.store import FeatureStore

    def broken(self: FeatureStore) -> None:
        raise KeyError("nobody expected this")

    monkeypatch.setattr(FeatureStore, "check", broken)
    run = here("check", store)
    assert run.code == 1
    assert run.err.startswith("bitflow: unexpected KeyError: 'nobody expected this'; this is a defect of bitflow")
    assert "Traceback" not in run.err
    with pytest.raises(KeyError):
        here("check", store, "--debug")


def test_a_reader_who_stops_early_is_no_error(store: Path) -> None:
    command = f"{sys.executable} -m bitflow.cli.main schema --json | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert "Error" not in done.stderr
    assert done.stdout == "[\n"
