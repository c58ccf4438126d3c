"""BANOS against its own golden figures, and against what can be counted by hand."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from bitflow.annotations.binary_csv import read_binary_csv, write_binary_csv
from bitflow.errors import SchemaError, UsageError
from bitflow.models.evaluation.banos import BanosScore, banos, banos_mean, ends_within
from bitflow.models.evaluation.codings import scores_of


@pytest.mark.parametrize("number", range(1, 7))
def test_every_golden_value_of_two_annotators_is_met_to_1e_9(shared_clip, number):
    golden = json.loads(shared_clip("animals/banos/golden_v020.json").read_text())[f"Recording_{number}"]
    said, true = (
        read_binary_csv(shared_clip(f"animals/banos/recording_{number}_annotator_{who}.csv")) for who in (2, 1)
    )
    scores = scores_of(said, true, ["banos"])["banos"]
    assert set(scores) == set(golden["group_metrics"])
    wanted = [(score, golden["group_metrics"][name]) for name, score in scores.items()]
    wanted.append((asdict(banos_mean(BanosScore(**score) for score in scores.values())), golden["overall_metrics"]))
    for score, expected in wanted:
        for name, value in expected.items():
            found = score[{"f1_score": "f1"}.get(name, name)]
            assert found == pytest.approx(value, abs=1e-9, nan_ok=True), name


def coded(*bouts: tuple[int, int], frames: int = 20) -> np.ndarray:
    """Flags with bouts of inclusive frames."""
    flags = np.zeros(frames, bool)
    for first, last in bouts:
        flags[first : last + 1] = True
    return flags


def test_overlap_counts_frames_inclusively():
    assert banos(coded((0, 4)), coded((2, 6))).so == pytest.approx(3 / 7)


def test_a_bout_found_a_second_time_is_a_false_alarm():
    score = banos(coded((2, 4), (6, 8)), coded((2, 8)))
    assert (score.precision, score.recall) == (0.5, 1.0)
    assert score.ic == pytest.approx(1 - 2 / 6)


def test_greedy_takes_the_first_free_bout_and_optimal_the_best():
    said, true = coded((0, 4), (6, 12)), coded((0, 1), (3, 7), (10, 11))
    greedy, optimal = banos(said, true), banos(said, true, matching="optimal")
    assert greedy.recall == optimal.recall == pytest.approx(2 / 3)
    said, true = coded((3, 10), (12, 13)), coded((5, 12))
    assert banos(said, true).precision == banos(said, true, matching="optimal").precision == 0.5


def test_a_behaviour_that_nobody_saw_is_agreed_on_and_one_that_only_the_prediction_saw_is_not():
    assert set(asdict(banos(coded(), coded())).values()) == {1.0}
    assert set(asdict(banos(coded((1, 2)), coded())).values()) == {0.0}


def test_a_missed_behaviour_has_no_precision_and_no_overlap_but_recall_zero():
    score = banos(coded(), coded((1, 5)))
    assert score.recall == 0.0
    assert np.isnan([score.precision, score.f1, score.so, score.tp]).all()


def test_a_true_bout_of_one_frame_has_no_continuity():
    assert np.isnan(banos(coded((3, 3)), coded((3, 3))).ic)


def test_ends_in_seconds_do_not_depend_on_the_frame_rate():
    slow = ends_within(coded((2, 8)), coded((4, 10)), rate=10)
    fast = ends_within(np.repeat(coded((2, 8)), 3), np.repeat(coded((4, 10)), 3), rate=30)
    assert slow == pytest.approx(fast)
    assert slow == pytest.approx(1 / (1 + 0.4 / 0.25))


def test_codings_of_other_lengths_or_without_a_common_behaviour_are_refused():
    with pytest.raises(UsageError, match="20 frames against 21"):
        banos(coded(), coded(frames=21))
    with pytest.raises(UsageError, match="share no behaviour: bite against mount"):
        scores_of({"bite": coded()}, {"mount": coded()})


def test_a_csv_of_flags_reads_back_and_columns_of_anything_else_are_left_out(tmp_path):
    path = tmp_path / "coded.csv"
    write_binary_csv(path, {"attack": coded((1, 3)), "mount": coded()})
    assert {name: flags.tolist() for name, flags in read_binary_csv(path).items()} == {
        "attack": coded((1, 3)).tolist(),
        "mount": coded().tolist(),
    }
    path.write_text("frame,attack,note\n0,1,a\n1,,b\n2,0,\n")
    assert {name: flags.tolist() for name, flags in read_binary_csv(path).items()} == {"attack": [True, False, False]}


@pytest.mark.parametrize("content", ["", "frame\n5\n6\n", "attack\n"])
def test_a_csv_without_flags_says_what_it_has(tmp_path, content):
    path = tmp_path / "empty.csv"
    path.write_text(content)
    with pytest.raises(SchemaError, match=r"empty\.csv"):
        read_binary_csv(path)
