"""The commands end with the code and the sentence that their users rely on."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from bitflow.cli.main import main
from bitflow.store import FeatureStore


def test_export_names_what_it_wrote_and_what_it_left_out(
    store: FeatureStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    words = ["export", str(store.path), "-o", str(out), "--format", "csv", "--rate", "25", "--tables", "voice,faces"]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["files"]) == {"clinic/anna_visit1/aligned.csv", "dictionary.csv", "recordings.csv"}
    assert main(["export", str(store.path), "-o", str(tmp_path / "d"), "--deidentified"]) == 0
    assert "left out: the tables" in capsys.readouterr().err
    assert main(words) == 2
    assert "is not empty" in capsys.readouterr().err


def test_clips_wants_one_source_of_intervals(store: FeatureStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["clips", str(store.path), "-o", str(tmp_path / "c")]) == 2
    assert "either --event NAME or --intervals FILE" in capsys.readouterr().err
    assert main(["clips", str(store.path), "-o", str(tmp_path / "c"), "--event", "smile"]) == 2
    assert "no recording has a table 'events'" in capsys.readouterr().err
    (tmp_path / "i.csv").write_text("start,end\n0,1\n")
    assert main(["clips", str(store.path), "-o", str(tmp_path / "c"), "--intervals", str(tmp_path / "i.csv")]) == 1
    assert "/secret/anna_visit1.mp4) is not there any more" in capsys.readouterr().err


def test_view_says_what_is_missing_or_writes_every_table(
    store: FeatureStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "visit.rrd"
    code = main(["view", str(store.path), "-o", str(target)])
    if importlib.util.find_spec("rerun") is None:
        assert code == 2
        assert "needs the extra 'view'" in capsys.readouterr().err
        assert not target.exists()
        return
    assert code == 0
    content = target.read_bytes()
    assert content[:3] == b"RRF"
    for name in (b"media_time", b"video/face_landmarks_points", b"signals/voice/f0", b"/words"):
        assert name in content


def test_a_store_without_recordings_is_a_sentence_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    empty = str(FeatureStore.create(tmp_path / "empty").path)
    assert main(["export", empty, "-o", str(tmp_path / "out")]) == 2
    assert main(["view", empty]) == 2
    assert main(["clips", empty, "-o", str(tmp_path / "out"), "--event", "x"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert all("the store holds no recordings" in line for line in errors)
    assert main(["people", empty]) == 0
    assert "no recordings yet" in capsys.readouterr().out
