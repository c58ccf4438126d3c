"""A timed CSV on a recording's clock."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.datasets.signals import read_signals
from bitflow.errors import SchemaError, UsageError
from bitflow.store import FeatureStore, open_store

CSV = "ms,eda [uS],event\n0,1,\n500,2,go\n1000,3,\n"


def test_times_are_scaled_and_moved_and_units_read_from_headings(tmp_path: Path) -> None:
    (tmp_path / "Heart Rate.csv").write_text(CSV)
    imported = read_signals(tmp_path / "Heart Rate.csv", "r", time="ms", time_unit="ms", offset=2.5)
    ((schema, batch),) = imported.tables
    assert schema.name == "heart_rate"
    assert schema.rows == "signal"
    assert schema["eda"].unit == "uS"
    assert batch.column("time").to_pylist() == [2.5, 3.0, 3.5]
    assert batch.column("eda").to_pylist() == [1, 2, 3]
    assert batch.column("event").to_pylist() == [None, "go", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t,x\n0,1\n0,2\n", "line 3, column 't': the time is the same as in the row before"),
        ("t,x\n1,1\n0,2\n", "line 3, column 't': the time is earlier"),
        ("t,x\n0,1\n,2\n", "line 3, column 't': the time is missing"),
        ("t,x\n0,1\nnoon,2\n", "line 3, column 't': 'noon' is not a number"),
        ("s,x\n0,1\n", "line 1: there is no column 't'; there are s, x"),
        ("t\n0\n", "there is no column beside 't'"),
    ],
)
def test_a_time_that_is_missing_twice_or_backward_is_refused_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "eda.csv").write_text(text)
    with pytest.raises(SchemaError) as refusal:
        read_signals(tmp_path / "eda.csv", "r", time="t")
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["faces", "recordings", "measures", "a/b", "Ä"])
def test_a_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "eda.csv").write_text("t,x\n0,1\n")
    with pytest.raises(UsageError):
        read_signals(tmp_path / "eda.csv", "r", time="t", name=name)


def test_the_command_puts_it_beside_the_recordings_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = tmp_path / "face.csv"
    csv.write_text("frame, timestamp, success, confidence\n1, 0, 1, .9\n2, 0.5, 1, .9\n3, 1, 1, .9\n")
    (tmp_path / "eda.csv").write_text(CSV)
    store = str(tmp_path / "store")
    assert main(["import", "openface", str(csv), "-o", store, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["recordings"][0]["recording"] == "face"
    assert said["recordings"][0]["tables"]["faces"] == 3
    asked = ["import", "signals", str(tmp_path / "eda.csv"), "--recording", "face", "--time", "ms", "--time-unit", "ms"]
    assert main([*asked, "-o", store]) == 0
    recording = open_store(store)["face"]
    aligned = recording.aligned(rate=4, tables=["eda"], start=0.0, end=1.0)
    np.testing.assert_array_equal(aligned["eda_eda"].to_numpy()[[0, 2]], [1, 2])
    assert main([*asked, "-o", store, "--offset", "100"]) == 0
    assert "100% of its rows lie outside" in capsys.readouterr().err
    assert main(["import", "signals", str(csv), "--recording", "nobody", "--time", "timestamp", "-o", store]) == 2
    assert "no recording 'nobody'" in capsys.readouterr().err


def test_files_of_one_stem_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for visit in ("p01", "p02"):
        (tmp_path / visit).mkdir()
        (tmp_path / visit / "face.csv").write_text("frame,timestamp,success\n1,0,1\n")
    files = [str(tmp_path / visit / "face.csv") for visit in ("p01", "p02")]
    assert main(["import", "openface", *files, "-o", str(tmp_path / "store")]) == 0
    assert sorted(FeatureStore(tmp_path / "store")) == ["p01/face", "p02/face"]


def test_one_wrong_file_of_several_costs_only_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.csv").write_text("frame,timestamp,success\n1,0,1\n")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    files = [str(tmp_path / name) for name in ("bad.csv", "good.csv")]
    assert main(["import", "openface", *files, "-o", str(tmp_path / "store")]) == 1
    assert list(open_store(tmp_path / "store")) == ["good"]
    assert "bad.csv, line 1" in capsys.readouterr().err
