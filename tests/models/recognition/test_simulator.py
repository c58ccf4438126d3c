"""What the simulator proves: streams alone know nothing, disagreement does, and leaks show."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.models.evaluation.metrics import calibration_error, macro_f1, roc_auc
from bitflow.models.evaluation.schemes import grouped_folds, random_folds
from bitflow.models.recognition.assessment import frame_scores, held_frames, without_discord, without_streams
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.heads import pool
from bitflow.models.recognition.recognizer import Recognizer

SEEDS = (0, 1, 2)


def fitted(data, **settings):
    return Recognizer(RecognizerConfig().changed({"members": 0, **settings})).fit_reported(data)


def f1(data, probability) -> float:
    return macro_f1(data.y, probability[:, 1] >= 0.5, classes=2)


@pytest.fixture(scope="module")
def phasic(simulated):
    """Model and out-of-fold results of the default recogniser, by seed."""
    return {seed: (simulated("phasic", seed), *fitted(simulated("phasic", seed))) for seed in SEEDS}


def test_one_stream_alone_is_at_chance(phasic):
    for stream in ("text", "face", "voice"):
        scores = []
        for data, _, held in phasic.values():
            at = held.names.index(f"statistics:{stream}")
            scores.append(macro_f1(data.y, held.logits[:, at] >= 0))
        assert all(0.43 <= score <= 0.57 for score in scores)
        assert 0.45 <= np.mean(scores) <= 0.55


def test_the_recogniser_finds_the_disagreement_on_every_seed(phasic):
    scores = [f1(data, held.probability) for data, _, held in phasic.values()]
    assert min(scores) >= 0.86
    assert np.mean(scores) >= 0.90


def test_its_probabilities_are_calibrated(phasic):
    for data, _, held in phasic.values():
        assert calibration_error(data.y, held.probability[:, 1]) <= 0.06


def test_without_the_experts_on_disagreement_nothing_is_left(phasic):
    data, model, held = phasic[0]
    bare = without_discord(data, held, Recognizer(model.config))
    assert f1(data, bare) <= 0.57


def test_moments_are_found_and_additive_streams_do_not_find_them(phasic):
    data, _, held = phasic[0]
    found = frame_scores(data.clips, held_frames(held, data.clips))
    assert found["auc"] >= 0.90
    assert found["event_f1"]["0.1"] > found["event_f1"]["0.5"] > 0.4
    additive = fitted(data, experts=["statistics"])[1]
    assert frame_scores(data.clips, held_frames(additive, data.clips)) is None


def test_pooling_the_top_beats_a_majority_of_moments_by_far(phasic):
    data, _, held = phasic[0]
    moments = held_frames(held, data.clips)
    majority = np.array([p is not None and np.mean(p >= 0.5) > 0.5 for p in moments])
    windows = held.logits[:, held.names.index("windows")]
    best = max(
        macro_f1(data.y, windows >= limit, classes=2) for limit in np.quantile(windows, np.linspace(0.1, 0.9, 33))
    )
    assert best - macro_f1(data.y, majority, classes=2) >= 0.3
    assert roc_auc(data.y, windows) >= 0.93


def test_a_missing_stream_costs_and_the_card_says_how_much(phasic):
    data, model, held = phasic[0]
    lost = {row["missing"]: row["macro_f1"] for row in without_streams(model, held, data)}
    whole = f1(data, held.probability)
    assert lost["text"] < lost["face"] < whole
    assert lost["text"] < whole - 0.1


def test_streams_that_are_missing_in_part_cost_little(simulated, phasic):
    data = simulated("phasic", 0, None, 0.4)
    assert f1(data, fitted(data)[1].probability) >= f1(phasic[0][0], phasic[0][2].probability) - 0.08


@pytest.mark.parametrize("preset", ["identity"])
def test_folds_that_ignore_people_flatter_a_model_of_who_they_are(simulated, preset):
    data = simulated(preset, 0)
    recognizer = Recognizer(RecognizerConfig().changed({"experts": ["statistics"], "members": 0, "folds": 2}))
    honest = recognizer.predict_folds(data, grouped_folds(data.y, data.participants))
    leaky = recognizer.predict_folds(data, random_folds(data.y))
    assert roc_auc(data.y, leaky[:, 1]) - roc_auc(data.y, honest[:, 1]) >= 0.06
    assert f1(data, honest) <= 0.60


def test_labels_of_other_people_teach_nothing(simulated):
    data = simulated("phasic", 0)
    names = np.random.default_rng(0).permutation([clip.label for clip in data])
    from dataclasses import replace

    from bitflow.datasets.windows import FeatureDataset

    shuffled = FeatureDataset.of([replace(c, label=str(v), segments=None) for c, v in zip(data, names, strict=True)])
    p = fitted(shuffled, experts=["discord"])[1].logits[:, 0]
    assert 0.43 <= roc_auc(shuffled.y, p) <= 0.57
    assert 0.44 <= macro_f1(shuffled.y, p >= 0, classes=2) <= 0.56


@pytest.mark.parametrize("fusion", ["early", "gated"])
def test_the_other_fusions_find_it_too(simulated, fusion):
    data = simulated("phasic", 0)
    held = fitted(data, fusion=fusion, experts=["statistics", "discord"])[1]
    assert f1(data, held.probability) >= 0.86


@pytest.mark.parametrize("pooling", ["topk", "lse", "attention"])
def test_every_pooling_finds_the_one_window_that_counts(pooling):
    quiet, one = np.zeros(20), np.zeros(20)
    one[7] = 6.0
    assert pool(one, pooling) > pool(quiet, pooling) + 1
    assert np.isnan(pool(np.full(5, np.nan), pooling))


def test_the_participants_baseline_is_what_long_events_need(simulated):
    data = simulated("tonic", 0)
    scores = {
        how: f1(data, fitted(data, centring=how, experts=["discord"])[1].probability) for how in ("participant", "clip")
    }
    assert scores["participant"] >= 0.90
    assert scores["participant"] - scores["clip"] >= 0.10


def test_the_question_alone_scores_well_and_ranks_nothing_within_questions(simulated):
    from bitflow.models.recognition.assessment import assess

    data = simulated("bahlike", 0)
    folds = grouped_folds(data.y, data.participants)
    flat = np.full((len(data), 2), 0.5)
    rows = {row["name"]: row for row in assess(data, flat, folds, resamples=50).rows}
    assert rows["question"]["macro_f1"] == pytest.approx(0.66, abs=0.06)
    assert rows["question"]["within_question_auc"] == pytest.approx(0.5, abs=0.06)
