"""``bitflow annotations``."""

from __future__ import annotations

import json

import pytest

from bitflow.annotations.files import read_annotations, write_annotations
from bitflow.annotations.labels import Annotations, Label
from bitflow.cli.main import main
from bitflow.store import FeatureStore, open_store
from bitflow.tables import TIME, Column, Schema

SIGNAL = Schema("pulse", "signal", (TIME, Column("rate", "float64", "Hz", "pulse", resample="linear")))


@pytest.fixture
def store(tmp_path):
    """Two recordings, one of them in a folder."""
    made = FeatureStore.create(tmp_path / "features")
    for name in ("p01/visit1", "p02/visit2"):
        batch = SIGNAL.batch({"time": [0.0, 1.0], "rate": [1.0, 1.0]})
        provenance = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
        made.draft(name).write(SIGNAL, [batch], provenance=provenance, facts={"media": {"duration": 20.0}})
    made.index()
    return made


def coded(path, *labels):
    write_annotations(path, Annotations.of(labels))
    return str(path)


def test_attached_labels_are_a_table_and_come_out_as_they_went_in(store, tmp_path, capsys):
    file = coded(tmp_path / "visit1.eaf", Label(1, 3, "smile", subject="mother", annotator="Anna"))
    assert main(["annotations", "attach", str(store.path), file]) == 0
    assert "p01/visit1: 1 label, smile" in capsys.readouterr().out
    rows = open_store(store.path)["p01/visit1"].table("annotations")
    assert rows[["start", "end", "name", "subject", "source"]].values.tolist() == [
        [1.0, 3.0, "smile", "mother", "Anna"]
    ]
    assert store.check() == []
    out = tmp_path / "back.TextGrid"
    arguments = ["annotations", "convert", str(store.path), "--recording", "p01/visit1", "-o", str(out)]
    assert main(arguments) == 0
    assert [(label.start, label.end, label.name) for label in read_annotations(out).labels] == [(1.0, 3.0, "smile")]


def test_an_annotator_who_attaches_again_replaces_only_their_own_labels(store, tmp_path):
    anna = coded(tmp_path / "anna.csv", Label(1, 3, "smile"), Label(4, 5, "smile"))
    ben = coded(tmp_path / "ben.csv", Label(2, 3, "nod"))
    again = coded(tmp_path / "again.csv", Label(7, 8, "smile"))
    for file, name in ((anna, "Anna"), (ben, "Ben"), (again, "Anna")):
        arguments = ["annotations", "attach", str(store.path), file, "--recording", "p01/visit1", "--annotator", name]
        assert main([*arguments, "--offset", "0.5"]) == 0
    rows = open_store(store.path)["p01/visit1"].table("annotations")
    assert rows[["start", "source"]].values.tolist() == [[2.5, "Ben"], [7.5, "Anna"]]


def test_a_file_that_belongs_to_no_recording_is_said_and_the_rest_continues(store, tmp_path, capsys):
    good = coded(tmp_path / "visit2.csv", Label(1, 3, "smile"))
    stray = coded(tmp_path / "visit9.csv", Label(1, 3, "smile"))
    assert main(["annotations", "attach", str(store.path), stray, good]) == 1
    said = capsys.readouterr()
    assert "no recording is called 'visit9'" in said.err
    assert "p02/visit2: 1 label" in said.out


def test_labels_beyond_the_end_of_the_recording_are_pointed_out(store, tmp_path, capsys):
    assert main(["annotations", "attach", str(store.path), coded(tmp_path / "visit2.csv", Label(1, 300, "x"))]) == 0
    assert "is --offset right?" in capsys.readouterr().err


def test_agreement_prints_kappa_and_event_f1(tmp_path, capsys):
    anna = coded(tmp_path / "anna.csv", Label(0, 5, "smile"), Label(8, 10, "nod"))
    ben = coded(tmp_path / "ben.eaf", Label(1, 5, "smile"), Label(8, 10, "nod"))
    assert main(["annotations", "agreement", anna, ben, "--duration", "10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["categories"]["nod"]["cohen_kappa"] == pytest.approx(1)
    assert told["categories"]["smile"]["events"][ben]["f1"] == 1
    assert main(["annotations", "agreement", anna, ben]) == 0
    assert "--duration" in capsys.readouterr().err


def test_one_file_has_nobody_to_agree_with(tmp_path, capsys):
    assert main(["annotations", "agreement", coded(tmp_path / "a.csv", Label(0, 1, "x"))]) == 2
    assert "two annotators" in capsys.readouterr().err
