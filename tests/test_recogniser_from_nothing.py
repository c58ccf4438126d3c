"""The README's way from nothing to a report, command by command."""

from __future__ import annotations

import json

import pytest

from bitflow import open_store
from bitflow.cli.main import main

COMMANDS = (
    "simulate ambivalence -o features --preset easy --participants 16 --seed 107",
    "train ambivalence --features features --labels features/labels.csv --group participant -o model",
    "evaluate model features --labels features/labels.csv --scheme cross-validation --json",
    "simulate ambivalence -o others --preset easy --participants 1 --seed 108",
    "predict model others -o predictions.csv",
    "report others -o report",
)


def test_from_nothing_to_a_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = {}
    for command in COMMANDS:
        assert main(command.split()) == 0, command
        said[command.split()[0]] = capsys.readouterr().out
    scores = json.loads(said["evaluate"])
    assert scores["macro_f1"] >= 0.9
    rows = {row["name"]: row["macro_f1"] for row in scores["rows"]}
    assert all(scores["macro_f1"] - rows[name] >= 0.2 for name in ("prior", "length", "text"))
    assert scores["ci"]["macro_f1"][0] <= scores["macro_f1"] <= scores["ci"]["macro_f1"][1]

    store = open_store("others")
    labels = (tmp_path / "others" / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]
    truth = {line.split(",")[0]: line.split(",")[1] for line in labels}
    right = 0
    for name, label in truth.items():
        rows = store[name].table("predictions")
        (clip,) = rows[rows["level"] == "clip"]["label"]
        right += clip == label
        assert (rows["level"] == "frame").any()
    assert right >= len(truth) - 1
    assert len((tmp_path / "predictions.csv").read_text(encoding="utf-8").splitlines()) > len(truth)

    pages = [page for page in (tmp_path / "report" / "recordings").iterdir() if page.suffix == ".html"]
    assert len(pages) == len(truth)
    assert all("ambivalence" in page.read_text(encoding="utf-8") for page in pages)


def test_networks_go_the_same_way(tmp_path, monkeypatch, capsys):
    torch = pytest.importorskip("torch", reason="torch trains the networks (in the extra `train`)")
    pytest.importorskip("onnx", reason="torch writes ONNX through onnx (in the extra `train`)")
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    for command in (
        "simulate ambivalence -o features --preset easy --participants 6 --seed 109",
        "train ambivalence --features features --labels features/labels.csv -o model "
        "--set experts=discord,tcn --set tcn.epochs=1 --set folds=2 --set members=0",
        "export model --format onnx -o model.onnx",
    ):
        assert main(command.split()) == 0, command
    capsys.readouterr()
    probabilities = []
    for model in ("model", "model.onnx"):
        assert main(["predict", model, "features", "--json"]) == 0
        probabilities.append([row["probability"]["1"] for row in json.loads(capsys.readouterr().out)["recordings"]])
    assert probabilities[0] == pytest.approx(probabilities[1], abs=1e-4)
