"""`bitflow train`, `predict`, `evaluate` as programs use them: exact forms, exit codes, and what they refuse."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.models.recognition.kind import _sentence
from bitflow.store import open_store
from tests.models.stores import write_discord_store

QUICK = ("--set", "members=2")


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Path:
    """Twelve people with four clips each, one of which has no voice."""
    folder = tmp_path_factory.mktemp("store") / "features"
    write_discord_store(folder, drop={"p01/v1": "voice"}, words=True)
    return folder


@pytest.fixture(scope="module")
def model(features, tmp_path_factory) -> Path:
    """A model of the first ten people."""
    folder = tmp_path_factory.mktemp("model")
    rows = (features / "labels.csv").read_text(encoding="utf-8").splitlines()
    known = folder / "known.csv"
    known.write_text("\n".join([rows[0], *(r for r in rows[1:] if r < "p10")]) + "\n", encoding="utf-8")
    code = main(["train", "ambivalence", "--features", str(features), "--labels", str(known), "-o",
                 str(folder / "model"), "--skip-unmatched", *QUICK])  # fmt: skip
    assert code == 0
    return folder / "model"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path / "cache"))


def run(capsys, *words) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def labels_with(features: Path, path: Path, change) -> Path:
    with (features / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in (change(dict(row)) for row in rows) if row is not None]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_model_is_a_folder_of_toml_npz_json_and_a_card(model):
    assert sorted(path.name for path in model.iterdir()) == [
        *("card.md", "experts.json", "metrics.json", "model.toml", "schema.json", "weights.npz"),
    ]
    card = (model / "card.md").read_text(encoding="utf-8")
    for part in ("no diagnosis", "employment", "macro-F1", "without discord", "## Subgroups", "## Without a stream",
                 "## Moments", "Expected calibration error"):  # fmt: skip
        assert part in card
    assert "p01" not in card + (model / "metrics.json").read_text(encoding="utf-8")  # nobody is named


def test_predict_keeps_a_table_in_the_store_and_exports_it(capsys, features, model, tmp_path):
    code, out, _ = run(capsys, "predict", model, features, "-o", tmp_path / "p.csv", "--json")
    assert code == 0
    said = json.loads(out)
    assert len(said["recordings"]) == 48
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    clips = [row for row in rows if row["level"] == "clip"]
    assert [row["recording"] for row in clips] == list(open_store(features))
    for row, one in zip(clips, said["recordings"], strict=True):
        assert float(row["value"]) == pytest.approx(one["probability"]["1"])
        assert float(row["start"]) == 0.0
        assert row["label"] == one["label"]
    table = open_store(features)["p01/v1"].table("predictions")
    assert table["reason"][0] == "missing: voice"
    assert {"clip", "frame"} <= set(table["level"])
    truth = {r["recording"]: r["label"] for r in csv.DictReader((features / "labels.csv").open(encoding="utf-8"))}
    assert np.mean([row["label"] == truth[row["recording"]] for row in clips]) > 0.9
    assert not open_store(features).check()


def test_a_model_of_simulated_recordings_says_so_in_all_it_predicts(capsys, features, model, tmp_path):
    sentence = "The model was trained on simulated recordings only"
    made_up = tmp_path / "features"
    shutil.copytree(features, made_up)
    for about in made_up.glob("p*/v*/recording.json"):
        about.write_text(json.dumps(json.loads(about.read_text("utf-8")) | {"simulated": True}), encoding="utf-8")
    code, out, _ = run(
        capsys, "train", "ambivalence", "--features", made_up, "--labels", made_up / "labels.csv", "-o",
        tmp_path / "model", *QUICK,
    )  # fmt: skip
    assert (code, sentence in out) == (0, True)
    assert sentence in (tmp_path / "model/card.md").read_text(encoding="utf-8")
    code, out, _ = run(capsys, "predict", tmp_path / "model", features, "--recordings", "p11/v1")
    assert (code, sentence in out) == (0, True)
    assert any(sentence in note for note in open_store(features)["p11/v1"].info["notes"])
    assert sentence not in run(capsys, "predict", model, features, "--recordings", "p11/v1")[1]


@pytest.mark.parametrize(
    ("wavers", "abstains", "said"),
    [
        (False, False, "[0.90, 1.00]; seen face 50% (missing: voice)"),
        (True, True, "models of other participants would not all say so"),
        (False, True, "not sure enough to decide; seen"),
    ],
)
def test_why_a_model_abstains_is_said_in_words(wavers, abstains, said):
    row = {
        "recording": "p01/v1", "label": "1", "probability": {"0": 0.01, "1": 0.99}, "low": 0.9, "high": 1.0,
        "wavers": wavers, "abstains": abstains, "coverage": {"face": 0.5, "voice": 0.0}, "cues": [],
    }  # fmt: skip
    assert said in _sentence(row)


def test_a_band_that_crosses_the_decision_is_a_reason_to_abstain(capsys, features, model):
    code, out, _ = run(capsys, "predict", model, features, "--json")
    assert code == 0
    for row in json.loads(out)["recordings"]:
        end = row["low"]  # of the predicted class, of two
        assert row["wavers"] == (end < 0.5 if row["label"] == "1" else end <= 0.5)
        assert row["abstains"] >= row["wavers"]
        rows = open_store(features)[row["recording"]].table("predictions")
        mine = rows[rows["level"] == "clip"].iloc[0]
        assert mine["abstains"] == row["abstains"]
        assert ("other participants" in str(mine["reason"])) == row["wavers"]


def test_evaluate_has_its_scores_at_the_top_and_baselines_below(capsys, features, model):
    words = ("evaluate", model, features, "--labels", features / "labels.csv", "--scheme", "cross-validation")
    code, out, _ = run(capsys, *words, "--resamples", 100, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["macro_f1"] > 0.85
    assert 0 <= found["ece"] <= 1
    low, high = found["ci"]["average_precision"]
    assert low <= found["average_precision"] <= high
    assert [row["name"] for row in found["rows"]] == ["model", "prior", "question", "length", "text"]
    assert {pair["second"] for pair in found["comparisons"]} == {"question", "length", "text"}
    assert found["times_scored"] == 1
    assert json.loads(run(capsys, *words, "--resamples", 100, "--json")[1])["times_scored"] == 2


def test_a_model_is_not_scored_on_the_people_it_knows(capsys, features, model, tmp_path):
    words = ("evaluate", model, features, "--resamples", 50, "--skip-unmatched", "--json", "--labels")
    code, _, err = run(capsys, *words, features / "labels.csv")
    assert code == 2
    assert "10 participants of these labels were in the model's training" in err
    fresh = labels_with(features, tmp_path / "fresh.csv", lambda r: r if r["participant"] >= "p10" else None)
    code, out, _ = run(capsys, *words, fresh)
    assert code == 0
    assert json.loads(out)["participants"] == 2
    assert json.loads(out)["ci"]["macro_f1"] == "too few participants"


@pytest.mark.parametrize("scheme", ["leave-question-out", "leave-participant-out", "split"])
def test_every_scheme_tests_nobody_who_was_trained_on(capsys, features, model, tmp_path, scheme):
    known = labels_with(
        features, tmp_path / "l.csv", lambda r: {**r, "split": "train" if r["participant"] < "p06" else "test"}
    )
    code, out, _ = run(capsys, "evaluate", model, features, "--labels", known, "--scheme", scheme, "--resamples", 50,
                       "--json", "--set", "experts=discord")  # fmt: skip
    assert code == 0
    assert json.loads(out)["n"] == (24 if scheme == "split" else 48)


def test_a_leak_is_refused_by_name_or_shown_with_its_size(capsys, features, model, tmp_path):
    shared = labels_with(
        features, tmp_path / "l.csv", lambda r: {**r, "split": "test" if r["recording"].endswith("v3") else "train"}
    )
    for words in (("train", "ambivalence", "--features", features, "-o", tmp_path / "m"),
                  ("evaluate", model, features, "--scheme", "split")):  # fmt: skip
        code, _, err = run(capsys, *words, "--labels", shared)
        assert code == 2
        assert "12 participants are in more than one split" in err
        assert "--allow-leak" in err
    assert not (tmp_path / "m").exists()
    code, out, _ = run(capsys, "train", "--features", features, "--labels", shared, "-o", tmp_path / "m",
                       "--allow-leak", "--json", "--set", "experts=statistics", *QUICK)  # fmt: skip
    leak = json.loads(out)["leak"]
    assert code == 0
    assert leak["inflation"]["macro_f1"] == pytest.approx(leak["random"]["macro_f1"] - leak["grouped"]["macro_f1"])


def test_any_other_task_trains_from_its_own_labels(capsys, features, tmp_path):
    def by_level(row):
        return {**row, "label": ["calm", "tense", "very tense"][int(row["label"]) + (row["question"] == "1")]}

    levels = labels_with(features, tmp_path / "stress.csv", by_level)
    code, out, _ = run(capsys, "train", "--task", "stress", "--features", features, "--labels", levels, "-o",
                       tmp_path / "stress", "--json", *QUICK)  # fmt: skip
    assert code == 0
    assert json.loads(out)["rates"].keys() == {"calm", "tense", "very tense"}
    code, out, _ = run(capsys, "predict", tmp_path / "stress", features, "--recordings", "p03/v0", "--json")
    assert json.loads(out)["task"] == "stress"
    assert sum(json.loads(out)["recordings"][0]["probability"].values()) == pytest.approx(1.0)
    table = open_store(features)["p03/v0"].table("predictions")
    assert (table["name"] == "stress").sum() >= 4
    assert set(table.loc[table["level"] == "class", "label"]) == {"calm", "tense", "very tense"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: {**r, "label": "1"}, "all 48 labels are '1'"),
        (lambda r: {**r, "participant": "p"}, "at least two participants"),
        (lambda r: {**r, "participant": "unknown"}, "the participant of recording 'p00/v0' is 'unknown'"),
        (lambda r: {**r, "label": ""}, "line 2: the label of recording 'p00/v0'"),
        (lambda r: {**r, "recording": r["recording"] + "x"}, "48 labels have no recording"),
        (lambda r: r if r["recording"] > "p00/v1" else None, "2 recordings of .* have no label: 'p00/v0', 'p00/v1'"),
        (lambda r: {"recording": r["recording"], "label": r["label"]}, "a column `participant` is needed"),
        (lambda r: {"recording": r["recording"], "participant": r["participant"]}, "a column `label` is needed"),
    ],
)
def test_labels_that_do_not_fit_are_refused_and_nothing_is_written(capsys, features, tmp_path, change, says):
    import re

    given = labels_with(features, tmp_path / "l.csv", change)
    code, _, err = run(capsys, "train", "--features", features, "--labels", given, "-o", tmp_path / "m")
    assert code == 2
    assert re.search(says, err)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("file", ["weights.npz", "experts.json", "schema.json", "metrics.json", "model.toml"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_corrupt_model_is_refused_with_the_file_named(capsys, features, model, tmp_path, file, damage):
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    path = copy / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            content[: len(content) // 2] if damage == "cut" else content.replace(b"a", b"b", 1) + b" x = ["
        )
    code, _, err = run(capsys, "predict", copy, features)
    assert code == 2
    assert file in err


def test_a_model_that_names_a_file_outside_itself_or_hides_a_pickle_is_refused(capsys, features, model, tmp_path):
    import hashlib

    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    header = (copy / "model.toml").read_text(encoding="utf-8")
    (copy / "model.toml").write_text(header + '\n"../../secret" = "00"\n', encoding="utf-8")
    code, _, err = run(capsys, "predict", copy, features)
    assert (code, "outside the model" in err) == (2, True)
    np.savez(copy / "weights.npz", **{"experts/x": np.array([{"a": 1}], dtype=object)})
    digest = hashlib.sha256((copy / "weights.npz").read_bytes()).hexdigest()
    old = hashlib.sha256((model / "weights.npz").read_bytes()).hexdigest()
    (copy / "model.toml").write_text(header.replace(old, digest), encoding="utf-8")
    code, _, err = run(capsys, "predict", copy, features)
    assert (code, "plain arrays" in err) == (2, True)


def test_a_recording_with_other_columns_fails_alone(capsys, features, model, tmp_path):
    from tests.models.stores import MADE, TEXT, Column, Schema

    copy = tmp_path / "features"
    shutil.copytree(features, copy)
    columns = [column for column in TEXT.columns if column.name != "other"]
    other = Schema("text_affect", "signal", (*columns, Column("strange", "float32", "1", resample="mean")))
    times = np.arange(100) / 5.0
    batch = other.batch({"time": times, "valence": times, "strange": times})
    open_store(copy)["p00/v0"].write(other, [batch], provenance=MADE)
    code, out, err = run(capsys, "predict", model, copy, "--json")
    assert code == 1
    assert "p00/v0: recording 'p00/v0', stream text: the model was trained on the column text_affect.other" in err
    assert len(json.loads(out)["recordings"]) == 47


def test_a_clip_shorter_than_a_window_is_judged_as_one_window(capsys, model, tmp_path):
    write_discord_store(tmp_path / "short", people=1, visits=1, seconds=12.0)
    from dataclasses import replace

    from bitflow.datasets.clips import read_clip
    from bitflow.models.recognition.folder import load_model

    clip = read_clip(open_store(tmp_path / "short")["p00/v0"])
    cut = replace(clip, bins=8, streams={n: replace(s, values=s.values[:8]) for n, s in clip.streams.items()})
    found = load_model(model)[0].predict([cut])
    assert np.isfinite(found.probability).all()
    assert len(found.frames[0]) == 8


def test_an_exported_graph_predicts_and_evaluates_like_the_folder(capsys, features, model, tmp_path):
    pytest.importorskip("onnx", reason="onnx writes graphs (extra train)")
    graph = tmp_path / "model.onnx"
    assert run(capsys, "export", model, "--format", "onnx", "-o", graph)[0] == 0
    found = {}
    for path in (model, graph):
        code, out, _ = run(capsys, "predict", path, features, "--labels", features / "labels.csv", "--json")
        assert code == 0
        found[path] = [row["probability"]["1"] for row in json.loads(out)["recordings"]]
    assert found[model] == pytest.approx(found[graph], abs=1e-5)


def test_unknown_kinds_and_schemes_offer_what_there_is(capsys, features, model):
    code, _, err = run(capsys, "train", "ambivalense", "--features", features)
    assert (code, "did you mean 'ambivalence'" in err) == (2, True)
    code, _, err = run(capsys, "evaluate", model, features, "--labels", features / "labels.csv", "--scheme", "random")
    assert (code, "cross-validation" in err) == (2, True)


def test_the_bah_table_has_the_form_that_others_read(capsys, shared_clip):
    folder = shared_clip("bah/train.txt").parent
    code, out, _ = run(capsys, "evaluate", "bah", "--splits", folder, "--text-only", "--json")
    assert code == 0
    rows = {(row["name"], row["split"]): row for row in json.loads(out)["rows"]}
    assert [name for name, _ in rows] == ["prior", "question", "length", "text", "text+question"]
    for row in rows.values():
        assert {"macro_f1", "average_precision", "auc", "within_question_auc", "ci"} <= row.keys()
    best = rows["text+question", "val"]
    assert best["macro_f1"] >= 0.64
    assert best["average_precision"] >= 0.83
    assert rows["question", "val"]["within_question_auc"] == 0.5
    gains = {(g["first"], g["second"], g["score"]): g for g in json.loads(out)["comparisons"]}
    assert gains["text+question", "question", "average_precision"]["low"] is not None


def test_bah_splits_that_share_a_participant_are_refused(capsys, shared_clip, tmp_path):
    folder = shared_clip("bah/train.txt").parent
    lines = (folder / "train.txt").read_text(encoding="utf-8").splitlines()
    (tmp_path / "train.txt").write_text("\n".join(lines[1:]), encoding="utf-8")
    (tmp_path / "test.txt").write_text(lines[0], encoding="utf-8")
    code, _, err = run(capsys, "evaluate", "bah", "--splits", tmp_path, "--text-only")
    assert (code, "more than one split" in err) == (2, True)
    words = ("evaluate", "bah", "--splits", tmp_path, "--text-only", "--resamples", 20, "--json")
    (tmp_path / "test.txt").write_text("\n".join(lines[:40]), encoding="utf-8")
    (tmp_path / "train.txt").write_text("\n".join(lines[40:]), encoding="utf-8")
    code, out, _ = run(capsys, *words, "--allow-leak")
    rows = {row["name"]: row for row in json.loads(out)["rows"]}
    gap = rows["text+question"]["macro_f1"] - rows["text+question (grouped)"]["macro_f1"]
    assert (code, json.loads(out)["inflation"]["test"]["macro_f1"]) == (0, pytest.approx(gap))
    assert json.loads(out)["shared_participants"]
    code, _, err = run(capsys, "evaluate", "bah", "--splits", tmp_path / "none", "--text-only")
    assert (code, "holds no train.txt" in err) == (2, True)


def test_ctrl_c_in_a_training_ends_with_a_sentence_and_leaves_nothing(capsys, monkeypatch, features, tmp_path):
    from bitflow.models.recognition.recognizer import Recognizer

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Recognizer, "fit_reported", interrupted)
    words = ("train", "ambivalence", "--features", features, "--labels", features / "labels.csv")
    code, _, err = run(capsys, *words, "-o", tmp_path / "model")
    assert (code, err.splitlines()[-1]) == (130, "bitflow: interrupted")
    assert not (tmp_path / "model").exists()
