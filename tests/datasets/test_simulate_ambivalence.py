"""What the ambivalence simulator promises, on seeds that nothing was tuned with.

Figures are means over three cohorts of 560 clips; one such cohort leaves macro-F1 uncertain by about ±.06.
"""

from __future__ import annotations

import csv
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bitflow import open_store
from bitflow.cli.main import main
from bitflow.datasets.simulate.ambivalence import (
    ODD_STREAM,
    PRESETS,
    STREAMS,
    Clip,
    Preset,
    simulate_clips,
)
from bitflow.datasets.simulate.ambivalence_store import write_ambivalence
from bitflow.errors import StoreError, UsageError
from bitflow.measures.polarity import POLARITY
from tests.datasets.ambivalence_features import centred, discord, labels, people, pooled

SEEDS = (101, 102, 103)


@cache
def cohort(preset: str, seed: int, missing: float = 0.0) -> list[Clip]:
    return simulate_clips(preset, seed=seed, missing=missing)


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000))


def forest():
    return RandomForestClassifier(60, min_samples_leaf=3, random_state=0)


def out_of_fold(features, clips, model=logistic, *, truth=None, grouped=True) -> np.ndarray:
    """Probabilities of five folds that keep people apart, or do not."""
    y = labels(clips) if truth is None else truth
    if grouped:
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(features, y, people(clips))
    else:
        folds = StratifiedKFold(5, shuffle=True, random_state=0).split(features, y)
    p = np.empty(len(y))
    for train, test in folds:
        p[test] = model().fit(features[train], y[train]).predict_proba(features[test])[:, 1]
    return p


def macro_f1(p, y) -> float:
    return float(f1_score(y, p >= 0.5, average="macro"))


def over_seeds(preset: str, features, model=logistic, *, grouped=True, missing=0.0) -> np.ndarray:
    """Macro-F1 of each seed's cohort."""
    scores = []
    for seed in SEEDS:
        clips = cohort(preset, seed, missing)
        scores.append(macro_f1(out_of_fold(features(clips), clips, model, grouped=grouped), labels(clips)))
    return np.array(scores)


@cache
def concatenated(preset: str, *, grouped=True) -> np.ndarray:
    """Macro-F1 of a forest on the statistics of all streams together."""
    return over_seeds(preset, lambda clips: pooled(clips, STREAMS), forest, grouped=grouped)


def test_without_noise_the_odd_stream_is_the_one_whose_sign_differs():
    quiet = Preset(1.0, 0.0, person_sd=0.0)
    odd = dict.fromkeys(STREAMS, 0)
    for clip in simulate_clips(quiet, seed=101):
        signs = {name: np.sign(np.round(values[:, 0], 9)) for name, values in clip.streams.items()}
        disagree = (signs["text"] != signs["face"]) | (signs["text"] != signs["voice"])
        assert not (disagree & ~clip.discordant).any()
        for start, end in clip.segments:
            middle = int((start + end) / 2 * 5)
            values = {name: sign[middle] for name, sign in signs.items()}
            (stream,) = [name for name in STREAMS if list(values.values()).count(values[name]) == 1]
            odd[stream] += 1
    total = sum(odd.values())
    for name, share in ODD_STREAM.items():
        assert odd[name] / total == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / total))


def test_only_ambivalent_clips_have_segments_and_these_lie_inside():
    for clip in cohort("phasic", 101):
        assert (len(clip.segments) > 0) == bool(clip.label)
        assert 12 <= clip.duration <= 40
        assert ((clip.segments >= 0) & (clip.segments <= clip.duration)).all()
    assert {clip.video for clip in cohort("phasic", 101)} == set(range(7))
    assert len(cohort("phasic", 101)) == 560


def test_the_same_seed_gives_the_same_clips_with_and_without_gaps():
    whole, gaps = (
        simulate_clips("phasic", seed=5, participants=3),
        simulate_clips("phasic", seed=5, participants=3, missing=0.5),
    )
    for a, b in zip(whole, gaps, strict=True):
        assert all(np.array_equal(a.streams[name], b.streams[name]) for name in STREAMS)
    assert {clip.missing for clip in gaps} > {None}
    assert not np.array_equal(
        simulate_clips("phasic", seed=6, participants=1)[0].streams["face"][:50], whole[0].streams["face"][:50]
    )


@pytest.mark.parametrize("stream", STREAMS)
def test_no_stream_alone_tells_anything(stream):
    scores = over_seeds("phasic", lambda clips: pooled(clips, (stream,)))
    assert 0.46 <= scores.mean() <= 0.54
    assert ((scores >= 0.44) & (scores <= 0.57)).all()


@pytest.mark.parametrize("stream", STREAMS)
def test_where_people_do_not_differ_in_prevalence_a_stream_alone_ranks_like_a_coin(stream):
    clips = cohort("exact", 101)
    p = out_of_fold(pooled(clips, (stream,)), clips)
    assert roc_auc_score(labels(clips), p) == pytest.approx(0.5, abs=0.02)


def test_adding_streams_up_tells_nothing_either():
    early, late = concatenated("phasic"), []
    for seed in SEEDS:
        clips = cohort("phasic", seed)
        p = np.mean([out_of_fold(pooled(clips, (stream,)), clips) for stream in STREAMS], axis=0)
        late.append(macro_f1(p, labels(clips)))
    assert 0.44 <= early.mean() <= 0.57
    assert 0.44 <= np.mean(late) <= 0.57


def test_disagreement_tells_nearly_all():
    phasic = over_seeds("phasic", discord)
    assert phasic.mean() >= 0.90
    assert phasic.min() >= 0.86
    assert over_seeds("easy", discord).mean() >= 0.96
    assert 0.75 <= over_seeds("hard", discord).mean() <= 0.86


@pytest.mark.parametrize(("preset", "least"), [("phasic", 0.06), ("identity", 0.15)])
def test_folds_that_share_people_look_better_than_they_are(preset, least):
    assert (concatenated(preset, grouped=False) - concatenated(preset)).mean() >= least


def test_disagreement_gains_nothing_from_folds_that_share_people():
    assert (over_seeds("phasic", discord, grouped=False) - over_seeds("phasic", discord)).mean() <= 0.02


def test_a_tonic_clip_needs_the_persons_other_clips():
    personal = over_seeds("tonic", discord)
    as_it_is = over_seeds("tonic", lambda clips: discord(clips, by="none"))
    within_clip = over_seeds("tonic", lambda clips: discord(clips, by="clip"))
    assert personal.mean() >= 0.92
    assert (personal - as_it_is).mean() >= 0.10
    assert (personal - within_clip).mean() >= 0.10


def test_labels_permuted_over_everybody_leave_chance():
    scores = []
    for seed in SEEDS:
        clips = cohort("phasic", seed)
        shuffled = np.random.default_rng(seed).permutation(labels(clips))
        scores.append(macro_f1(out_of_fold(discord(clips), clips, truth=shuffled), shuffled))
    assert 0.44 <= np.mean(scores) <= 0.56


def test_a_stream_missing_in_two_clips_of_five_costs_little():
    lost = over_seeds("phasic", discord) - over_seeds("phasic", discord, missing=0.4)
    assert 0 <= lost.mean() <= 0.08


@cache
def instants(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signals ``(n, 3)`` at every instant, what is true there, and of which clip it is."""
    clips = cohort("phasic", seed)
    signals = [np.stack(list(each.values()), axis=1) for each in centred(clips, by="participant", smoothed=9)]
    clip = np.repeat(np.arange(len(clips)), [len(values) for values in signals])
    return np.concatenate(signals), np.concatenate([clip.discordant for clip in clips]), clip


def of_other_half(seed: int, features, model) -> np.ndarray:
    """Probability at every instant, by a model of the other half of the people."""
    _, truth, clip = instants(seed)
    half = people(cohort("phasic", seed))[clip] % 2 == 0
    p = np.empty(len(truth))
    for train in (half, ~half):
        sample = np.flatnonzero(train)[::3]
        p[~train] = model.fit(features[sample], truth[sample]).predict_proba(features[~train])[:, 1]
    return p


def disagreements(signals: np.ndarray) -> np.ndarray:
    pairs = list(combinations(signals.T, 2))
    products = np.stack([a * b for a, b in pairs], axis=1)
    return np.concatenate([products, np.minimum(products, 0), np.stack([np.abs(a - b) for a, b in pairs], axis=1)], 1)


def test_instants_need_the_interaction_and_majority_votes_lose_it():
    added, multiplied, gained = [], [], []
    for seed in SEEDS:
        signals, truth, clip = instants(seed)
        added.append(roc_auc_score(truth, of_other_half(seed, signals, LogisticRegression())))
        p = of_other_half(seed, disagreements(signals), LogisticRegression())
        multiplied.append(roc_auc_score(truth, p))
        y = labels(cohort("phasic", seed))
        per_clip = [p[clip == k] for k in range(len(y))]
        majority = np.array([np.mean(values >= 0.5) for values in per_clip])
        top = np.array([np.sort(values)[-max(1, len(values) // 10) :].mean() for values in per_clip])
        gained.append(macro_f1(top, y) - macro_f1(majority, y))
    assert 0.44 <= np.mean(added) <= 0.54
    assert np.mean(multiplied) >= 0.90
    assert np.mean(gained) >= 0.3


def test_a_small_network_finds_the_interaction_by_itself():
    signals, truth, _ = instants(101)
    network = MLPClassifier((16,), early_stopping=True, random_state=0)
    assert roc_auc_score(truth, of_other_half(101, signals, network)) >= 0.90


def test_the_question_alone_predicts_where_questions_set_the_rate():
    scores, within = [], []
    for seed in SEEDS:
        clips = cohort("bahlike", seed)
        asked = np.array([clip.question for clip in clips])
        p = out_of_fold(np.eye(7)[asked - 1], clips)
        scores.append(macro_f1(p, labels(clips)))
        within += [roc_auc_score(labels(clips)[asked == q], p[asked == q]) for q in range(1, 8)]
    assert np.mean(scores) == pytest.approx(0.66, abs=0.03)
    # Between folds a question's rate differs a little, and against the fold's own: never above chance.
    assert np.mean(within) <= 0.53


def test_ambivalent_answers_to_questions_are_longer():
    clips = [clip for seed in SEEDS for clip in cohort("bahlike", seed)]
    words = np.array([len(clip.word_times) for clip in clips])
    assert words[labels(clips) == 1].mean() > 1.15 * words[labels(clips) == 0].mean()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    return write_ambivalence(folder, "phasic", seed=101, participants=4, missing=0.3)


def test_the_store_holds_real_tables_that_pass_the_check(written):
    assert [finding for finding in written.store.check() if finding.severity == "error"] == []
    recording = written.store["p01/v1"]
    assert set(recording.tables) == {"face_actions", "voice", "words", "speech", "people", "annotations"}
    assert recording.info["simulated"]


def test_labels_name_every_recording_with_its_participant(written):
    with written.labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["recording"] for row in rows] == list(written.store)
    assert all(row["recording"].startswith(row["participant"] + "/") for row in rows)
    assert sum(int(row["label"]) for row in rows) == written.positive


def test_tables_hold_the_signals_they_were_made_from(written):
    clips = simulate_clips("phasic", seed=101, participants=4, missing=0.3)
    store = open_store(written.store.path)
    for name, clip in zip(store, clips, strict=True):
        recording = store[name]
        face, voice, words = (recording.table(table) for table in ("face_actions", "voice", "words"))
        lengths = {"face": len(face), "voice": len(voice), "text": len(words)}
        assert [stream for stream, length in lengths.items() if not length] == [clip.missing] * bool(clip.missing)
        if clip.missing != "face":
            signal = (face["mouthSmileLeft"] - face["browDownRight"]) / 0.09
            assert np.abs(signal - clip.streams["face"][:, 0]).max() < 0.01
        if clip.missing != "voice":
            assert np.abs((voice["loudness"] + 30) / 3 - clip.streams["voice"][:, 0]).max() < 1e-4
            assert np.abs(12 * np.log2(voice["f0"] / 150) - clip.streams["voice"][:, 0]).max() < 1e-3
        if clip.missing != "text":
            said = np.array([6 * POLARITY[word] for word in words["word"]])
            slots = pairwise([*words["start"] - 1e-9, np.inf])
            meant = [clip.streams["text"][(clip.times >= a) & (clip.times < b), 0].mean() for a, b in slots]
            assert np.abs(said - meant).max() < 0.3 + 1e-6
        found = recording.table("annotations")
        assert np.allclose(found[["start", "end"]].to_numpy(), clip.segments)


def test_a_folder_with_other_recordings_is_refused(written, tmp_path):
    write_ambivalence(tmp_path, "easy", seed=1, participants=2)
    with pytest.raises(StoreError, match="p02/v1"):
        write_ambivalence(tmp_path, "easy", seed=1, participants=1)


def test_wishes_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="phasic"):
        simulate_clips("phasick", seed=0)
    with pytest.raises(UsageError, match="missing share"):
        simulate_clips("phasic", seed=0, missing=1.5)
    assert set(PRESETS) == {"phasic", "easy", "tonic", "identity", "exact", "hard", "bahlike"}


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    assert main(["simulate", "ambivalence", "-o", str(tmp_path), "--participants", "1", "--seed", "7"]) == 0
    assert "7 clips of 1 participants" in capsys.readouterr().out
    assert (tmp_path / "labels.csv").is_file()
