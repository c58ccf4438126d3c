"""The parts of a recogniser against known answers: gaps, disagreement, text, fusion, calibration, conformal sets."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bitflow.datasets.clips import Clip, SpokenWords, Stream
from bitflow.errors import UsageError
from bitflow.models.evaluation.baselines import probabilities, stratum_rates
from bitflow.models.evaluation.metrics import roc_auc
from bitflow.models.evaluation.schemes import grouped_folds
from bitflow.models.recognition import discord
from bitflow.models.recognition.calibration import Calibrator, Conformal, choose_calibrator, threshold, with_prior
from bitflow.models.recognition.fusion import Gated, Stacked
from bitflow.models.recognition.gaps import NAMES, gap_features
from bitflow.models.recognition.linear import Linear, newton
from bitflow.models.recognition.ngrams import NGrams
from bitflow.models.recognition.text import TextExpert, log_words


def spoken(starts, ends, texts, bins=50, streams=None) -> Clip:
    return Clip("r", 5.0, bins, streams or {}, SpokenWords(np.array(starts), np.array(ends), tuple(texts)))


def signed(recording="r", **streams) -> Clip:
    made = {n: Stream((f"{n}.valence",), ("1",), np.asarray(v, np.float32)[:, None]) for n, v in streams.items()}
    return Clip(recording, 5.0, len(next(iter(streams.values()))), made, participant="p")


def test_gaps_of_known_words_are_known():
    clip = spoken([1.0, 1.5, 3.5, 4.0], [1.4, 2.0, 3.9, 4.5], ["I", "um", "um", "wanted"])
    found = dict(zip(NAMES, gap_features(clip), strict=True))
    assert found["gaps_over_1_s_per_min"] == pytest.approx(6.0)  # one of 1.5 s in 10 s
    assert found["gaps_over_2_s_per_min"] == 0.0
    assert found["gap_longest_s"] == pytest.approx(1.5)
    assert found["gap_total_share"] == pytest.approx(0.17)
    assert (found["first_word_s"], found["last_word_to_end_s"]) == pytest.approx((1.0, 5.5))
    assert found["filler_share"] == pytest.approx(0.5)
    assert found["repeat_share"] == pytest.approx(0.25)
    assert found["longest_run_s"] == pytest.approx(1.0)
    assert np.isnan(found["speech_without_words"])  # nobody heard the voice


def test_speech_that_no_word_covers_is_erased_speech():
    voice = Stream(("voice.speech",), ("1",), np.ones((50, 1), np.float32))
    clip = spoken([0.0], [5.0], ["well"], streams={"voice": voice})
    assert dict(zip(NAMES, gap_features(clip), strict=True))["speech_without_words"] == pytest.approx(0.5)


def test_without_words_there_are_no_gaps_rather_than_none():
    assert np.isnan(gap_features(signed(face=np.zeros(10)))).all()


def test_opposite_channels_disagree_and_equal_ones_agree():
    wave = np.sin(np.linspace(0, 20, 150))
    names = discord.pair_names(("text", "face"))
    for sign, column, low in ((-1, "mean_opposition", 0.3), (1, "mean_product", 0.3)):
        found = dict(zip(names, discord.discord_features(signed(text=wave, face=sign * wave), "clip", ("text", "face")),
                         strict=True))  # fmt: skip
        assert found[f"text×face.{column}"] > low
        assert found["text×face.correlation"] == pytest.approx(sign, abs=1e-6)
    assert found["text×face.mean_distance"] == pytest.approx(0.0, abs=1e-6)


def test_a_baseline_is_the_participants_and_not_the_clips():
    high = signed("a", text=np.full(50, 3.0) + np.linspace(-0.1, 0.1, 50))
    low = signed("b", text=np.full(50, 1.0) + np.linspace(-0.1, 0.1, 50))
    own = discord.with_baselines([high, low])
    assert own[0].baselines["text"][0] == pytest.approx(2.0, abs=0.05)
    assert discord.centred_channels(own[0], "participant")["text"].mean() > 0.5
    assert discord.centred_channels(own[0], "clip")["text"].mean() == pytest.approx(0.0, abs=0.05)


def test_what_was_not_seen_is_no_agreement():
    wave = np.sin(np.linspace(0, 20, 150))
    gap = wave.copy()
    gap[40:60] = np.nan
    moments = discord.moments(signed(text=wave, face=gap), "clip", ("text", "face"))
    assert np.isnan(moments[40:60]).all()
    assert np.isfinite(moments[:40]).all()


def test_blendshapes_loudness_and_words_stand_in_for_valence():
    bins = 20
    face = Stream(
        ("face_actions.mouthSmileLeft", "face_actions.browDownLeft"), ("1", "1"),
        np.column_stack([np.linspace(0, 1, bins), np.zeros(bins)]).astype(np.float32),
    )  # fmt: skip
    voice = Stream(
        ("voice.loudness", "voice.f0"), ("dB", "Hz"), np.tile([[-24.0, 300.0]], (bins, 1)).astype(np.float32)
    )
    clip = Clip("r", 5.0, bins, {"face": face, "voice": voice}, SpokenWords(
        np.array([0.0, 1.0]), np.array([0.8, 1.8]), ("wonderful", "terrible")))  # fmt: skip
    found = discord.channels(clip)
    assert np.all(np.diff(found["face"]) > 0)
    assert found["voice"] == pytest.approx(np.full(bins, (-24 / 6 + 1) / 2))
    assert (found["text"][0], found["text"][6]) == (1.0, -1.0)
    assert np.isnan(found["text"][15])


def test_ngrams_are_weighed_as_scikit_learn_weighs_them():
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [
        "I don't know, I  don't.",
        "Well\tI know you know",
        "so so",
        "",
        "You said: don't! Ça va, know?",
        "a a a b",
    ]
    theirs = [
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w[\w']*\b"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True),
    ]
    expected = sparse.hstack([each.fit_transform(texts) for each in theirs]).toarray()
    ngrams, rows = NGrams.fit(texts)
    assert rows.toarray() == pytest.approx(expected, abs=1e-12)
    assert list(ngrams.words) == theirs[0].get_feature_names_out().tolist()
    new = ["who would know so much", "zzz"]
    expected = sparse.hstack([each.transform(new) for each in theirs]).toarray()
    assert ngrams.rows(new).toarray() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", [(80, 6), (30, 200)])
def test_newtons_logistic_regression_is_scikit_learns(shape):
    draw = np.random.default_rng(0)
    x = draw.normal(0, 1, shape)
    y = (x[:, 0] + draw.normal(0, 0.5, len(x)) > 0.2).astype(int)
    weight = draw.uniform(0.5, 2, len(x))
    found, bias = newton(x, y, weight, 0.7)
    theirs = LogisticRegression(C=0.7, tol=1e-10, max_iter=5000).fit(x, y, sample_weight=weight)
    assert found == pytest.approx(theirs.coef_[0], abs=1e-5)
    assert bias == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_a_linear_model_is_scikit_learns_on_complete_data():
    draw = np.random.default_rng(0)
    x = draw.normal(3, 2, (200, 5))
    y = (x[:, 0] + draw.normal(0, 1, 200) > 3).astype(int)
    ours = Linear.fit(x, y, np.ones(200), classes=2, c=0.1).logits(x)[:, 0]
    scaled = StandardScaler().fit_transform(x)
    theirs = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000).fit(scaled, y).decision_function(scaled)
    assert ours == pytest.approx(theirs, abs=1e-3)


def test_a_linear_model_takes_missing_values_for_nothing_known():
    x = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 3.0], [3.0, 4.0]])
    model = Linear.fit(x, np.array([0, 0, 1, 1]), np.ones(4), classes=2)
    middle = model.logits(np.array([[1.0, np.nan], [1.0, model.centre[1]]]))
    assert middle[0] == pytest.approx(middle[1])
    assert np.isnan(model.logits(np.full((1, 2), np.nan))).all()


def test_text_survives_packing_and_knows_words_it_was_trained_on():
    texts = ["I want to but maybe not", "I really enjoy it a lot", "maybe but I want to wait", "I enjoy this a lot"] * 4
    y = np.array([1, 0, 1, 0] * 4)
    expert = TextExpert.fit_texts(texts, ["1", "2"] * 8, y, np.ones(16))
    settings, arrays = expert.pack()
    again = TextExpert.unpack(settings, arrays)
    new = ["but maybe I want", "a lot to enjoy", ""]
    assert np.array_equal(expert.text_logits(new, ["", "", ""]), again.text_logits(new, ["", "", ""]))
    assert expert.text_logits(new, [""] * 3)[0, 0] > expert.text_logits(new, [""] * 3)[1, 0]
    assert log_words(["don't stop, please", ""]).tolist() == pytest.approx([np.log(4), 0.0])


def test_transcripts_without_a_word_in_common_are_refused():
    with pytest.raises(UsageError, match="no words in common"):
        TextExpert.fit_texts(["абв", "xyz"], ["", ""], np.array([0, 1]), np.ones(2))


@pytest.mark.parametrize("fusion", [Stacked, Gated])
def test_fusion_learns_whom_to_trust_and_lives_with_who_is_missing(fusion):
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, 400)
    good, noise = (2 * y - 1) * 1.5 + draw.normal(0, 1, 400), draw.normal(0, 3, 400)
    logits = np.column_stack([noise, good])
    logits[:40, 1] = np.nan
    made = fusion.fit(logits, y, np.ones(400), ("text", "discord"), 2)
    fused = made.fused(logits)[:, 0]
    assert roc_auc(y[40:], fused[40:]) > 0.9
    assert np.isfinite(fused).all()
    assert np.isnan(made.fused(np.full((1, 2), np.nan))).all()
    assert np.array_equal(fusion.of(made.arrays()).fused(logits), made.fused(logits))


def test_gated_fusion_tells_two_classes_apart_only():
    with pytest.raises(UsageError, match="use fusion=late"):
        Gated.fit(np.zeros((3, 6)), np.array([0, 1, 2]), np.ones(3), ("text", "face"), 3)


def test_overconfident_logits_are_cooled_and_true_ones_left_alone():
    draw = np.random.default_rng(0)
    true = draw.normal(0, 2, (3000, 1))
    y = (draw.random(3000) < 1 / (1 + np.exp(-true[:, 0]))).astype(int)
    folds = grouped_folds(y, np.arange(3000) // 10)
    cooled = choose_calibrator(3 * true, y, folds).probability(3 * true)[:, 1]
    assert np.abs(cooled - 1 / (1 + np.exp(-true[:, 0]))).mean() < 0.02
    kept = choose_calibrator(true, y, folds).probability(true)[:, 1]
    assert np.abs(kept - 1 / (1 + np.exp(-true[:, 0]))).mean() < 0.02


def test_a_prior_moves_the_odds_by_the_ratio_of_odds():
    plain = Calibrator("identity", np.empty(0))
    p = with_prior(plain, 0.5, 0.1).probability(np.array([[0.0]]))[0, 1]
    assert p == pytest.approx(0.1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        with_prior(plain, 0.5, 1.0)


def test_conformal_sets_hold_the_truth_nine_times_in_ten_in_each_class():
    draw = np.random.default_rng(0)
    logit = draw.normal(0, 2, 6000)
    y = (draw.random(6000) < 1 / (1 + np.exp(-logit))).astype(int)
    p = probabilities(logit[:, None])
    sets = Conformal.fit(p[:3000], y[:3000]).sets(p[3000:])
    for k in (0, 1):
        mine = y[3000:] == k
        assert sets[mine, k].mean() == pytest.approx(0.9, abs=0.04)


def test_few_clips_get_no_best_threshold():
    p, y = np.linspace(0, 1, 50), (np.linspace(0, 1, 50) > 0.3).astype(int)
    assert threshold(p, y, "half") == 0.5
    assert 0.2 < threshold(p, y, "plateau") < 0.45
    with pytest.raises(UsageError, match="at least 1000"):
        threshold(p, y, "best")


def test_a_question_nobody_trained_on_falls_back_on_the_rate():
    y, asked = np.array([0, 0, 1, 1, 1, 1]), np.array(["a", "a", "a", "b", "b", "b"])
    rates = stratum_rates(y, asked, np.array(["a", "b", "c"]), 2)[:, 1]
    assert rates[0] < 0.5 < rates[1]
    assert rates[2] == pytest.approx(4 / 6)
