"""Scores of the Human Behavior Atlas: its rules, and those of statistics."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from bitflow.cli.main import main
from bitflow.datasets.human_behavior_atlas.manifest import write_manifest
from bitflow.datasets.human_behavior_atlas.samples import sample_of
from bitflow.errors import SchemaError, UsageError
from bitflow.models.evaluation.human_behavior_atlas import (
    mean_weighted_accuracy,
    parsed_answer,
    score_answers,
    token_f1,
    weighted_f1_of_present,
)


def samples_of(dataset, answers, task="emotion_cls"):
    rows = [
        {"problem": f"{k}", "answer": answer, "dataset": dataset, "task": task, "x_bitflow": {"subject": f"s{k % 12}"}}
        for k, answer in enumerate(answers)
    ]
    return [sample_of(row, f"row {k}") for k, row in enumerate(rows)]


def test_weighted_f1_counts_foreign_predictions_as_misses_and_nobodys_false_alarm():
    draw = np.random.default_rng(5)
    truth, said = draw.integers(0, 3, 200), draw.integers(0, 5, 200)
    expected = f1_score(truth, said, labels=[0, 1, 2], average="weighted", zero_division=0)
    assert weighted_f1_of_present(truth, said) == pytest.approx(expected, abs=1e-12)


def test_mean_weighted_accuracy_is_the_mean_of_recall_and_specificity():
    draw = np.random.default_rng(6)
    truth, said = draw.integers(0, 4, 300), draw.integers(0, 4, 300)
    parts = [(recall_score(truth == k, said == k) + recall_score(truth != k, said != k)) / 2 for k in range(4)]
    assert mean_weighted_accuracy(truth, said) == pytest.approx(np.mean(parts), abs=1e-12)


def test_whole_number_weights_are_repetitions():
    draw = np.random.default_rng(7)
    truth, said, weight = draw.integers(0, 3, 40), draw.integers(0, 3, 40), draw.integers(0, 3, 40)
    repeated = mean_weighted_accuracy(np.repeat(truth, weight), np.repeat(said, weight))
    assert mean_weighted_accuracy(truth, said, weight.astype(float)) == pytest.approx(repeated, abs=1e-12)


def test_sentiment_leaves_neutral_references_out_and_a_neutral_answer_is_wrong():
    samples = samples_of("mosei_senti", ["positive", "highly positive", "neutral", "negative"], "sentiment_cls")
    (score,) = score_answers(samples, ["weakly positive", "neutral", "positive", "highly negative"], resamples=0)
    assert score.samples == 3
    # Right: 1 of 2 positive, 1 of 1 negative; F1 2/3 and 1.
    assert score.metrics["binary_weighted_f1"] == pytest.approx((2 * (2 / 3) + 1) / 3)


def test_an_answer_that_names_no_class_is_counted_but_ends_the_published_scoring():
    samples = samples_of("cremad", ["sad", "happy"])
    (score,) = score_answers(samples, ["sad", "I would say he is fine"], resamples=0)
    assert score.unparsed == 0.5
    with pytest.raises(SchemaError, match="unknown label"):
        score_answers(samples, ["sad", "fine"], compat=True, resamples=0)


def test_the_published_quirks_are_there_only_when_asked_for():
    said = "[1] he is < answer > sad < / answer >"
    assert parsed_answer(said, compat=True) == "1"
    assert parsed_answer("[1] <answer>sad</answer>") == "sad"
    assert parsed_answer("up and / or down", compat=True) == "up and/or down"
    assert parsed_answer("up and / or down") == "up and / or down"
    assert parsed_answer("<think>[happy]</think>\\boxed{sad}") == "sad"


def test_open_questions_are_scored_by_words_and_by_a_judge_that_is_given():
    samples = samples_of("siq2", ["The man is shy.", "a dog"], "social_qa")
    (score,) = score_answers(
        samples, ["man is shy", "a cat"], judge=lambda question, reference, answer: "shy" in answer, resamples=0
    )
    assert score.metrics["normalised_match"] == 0.5
    assert score.metrics["exact_match"] == 0
    assert score.metrics["judged"] == 0.5
    assert token_f1("", "") == 1


def test_intervals_draw_people_not_samples():
    answers = ["sad", "happy"] * 60
    (score,) = score_answers(samples_of("cremad", answers), answers[:60] + ["sad"] * 60, resamples=200)
    ci = score.ci["mean_weighted_accuracy"]
    assert ci["low"] <= score.metrics["mean_weighted_accuracy"] <= ci["high"]
    assert ci["resampled"] == "participants"


def test_the_command_scores_a_file_of_answers_by_id(tmp_path, capsys):
    samples = samples_of("cremad", ["sad", "happy", "anger"])
    write_manifest(tmp_path / "m.jsonl", samples)
    lines = [{"id": each.id, "answer": each.answer} for each in reversed(samples)]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    arguments = ["evaluate", "hba", "--manifest", str(tmp_path / "m.jsonl"), "--answers", str(tmp_path / "a.jsonl")]
    assert main([*arguments, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["rows"]
    assert told["metrics"] == {"mean_weighted_accuracy": 1.0}
    (tmp_path / "a.jsonl").write_text(json.dumps(lines[0]))
    assert main(arguments) == 2
    assert "2 samples have no answer" in capsys.readouterr().err


def test_answers_must_be_as_many_as_samples():
    with pytest.raises(UsageError, match="1 answers for 2 samples"):
        score_answers(samples_of("cremad", ["sad", "sad"]), ["sad"])
