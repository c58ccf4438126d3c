"""Training, predicting, saving, exporting: the same numbers whichever way, and clear words where it cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bitflow.datasets.clips import SpokenWords
from bitflow.datasets.windows import FeatureDataset
from bitflow.errors import ModelError, SchemaError, UsageError
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.folder import load_model, save_model
from bitflow.models.recognition.model import find_cues
from bitflow.models.recognition.recognizer import Recognizer


def trained(data, **settings):
    return Recognizer(RecognizerConfig().changed(settings)).fit(data)


@pytest.fixture(scope="module")
def spoken(small):
    """The small data set with words that say a little."""
    draw = np.random.default_rng(0)
    clips = []
    for clip in small:
        pool = ["maybe", "but", "wish"] if clip.label == "1" else ["like", "enjoy", "good"]
        said = tuple(draw.choice([*pool, "the", "a", "it"], 12).tolist())
        starts = np.arange(12) * 0.6
        clips.append(replace(clip, words=SpokenWords(starts, starts + 0.4, said), text=" ".join(said)))
    return FeatureDataset.of(clips)


@pytest.fixture(scope="module")
def model(spoken):
    return trained(spoken, members=2)


def bare(clip):
    return replace(clip, streams={}, words=None, text=None)


def test_training_twice_gives_the_same_numbers_to_the_last_bit(spoken, model):
    again = trained(FeatureDataset.of(spoken.clips), members=2)
    assert np.array_equal(again.predict(spoken).probability, model.predict(spoken).probability)


def test_a_saved_model_predicts_what_it_did(spoken, model, tmp_path):
    identity = save_model(model, tmp_path / "model")
    loaded, read = load_model(tmp_path / "model")
    assert read == identity
    before, after = model.predict(spoken), loaded.predict(spoken)
    assert np.array_equal(before.probability, after.probability)
    assert np.array_equal(before.low, after.low)
    assert before.cues == after.cues
    assert save_model(loaded, tmp_path / "model") == identity  # and is written again to the byte


def test_a_graph_of_another_program_or_no_graph_is_refused(tmp_path):
    from bitflow.models.kinds import kind_of

    path = tmp_path / "model.onnx"
    with pytest.raises(ModelError, match="there is no model"):
        kind_of(path)
    path.write_bytes(b"no graph")
    with pytest.raises(ModelError, match="not an ONNX graph"):
        kind_of(path)


def test_a_clip_of_which_nothing_is_known_is_not_judged_and_not_dropped(model, spoken):
    found = model.predict([bare(spoken[0]), spoken[1]])
    assert np.isnan(found.probability[0]).all()
    assert found.predicted[0] == -1
    assert found.abstains[0]
    assert np.isfinite(found.probability[1]).all()


def test_a_missing_stream_never_counts_as_zero(model, spoken):
    clip = spoken[3]
    without = replace(clip, streams={name: s for name, s in clip.streams.items() if name != "voice"})
    zeros = replace(
        clip,
        streams={
            name: replace(s, values=np.zeros_like(s.values)) if name == "voice" else s
            for name, s in clip.streams.items()
        },
    )
    a, b = model.predict([without]), model.predict([zeros])
    assert a.coverage[0]["voice"] == 0.0
    assert "statistics:voice" not in a.contributions[0]
    assert a.contributions[0]["discord"] != pytest.approx(b.contributions[0]["discord"])


def test_other_columns_or_units_than_the_models_are_refused(model, spoken):
    stream = spoken[0].streams["face"]
    renamed = replace(stream, names=("face.valence", "face.a", "face.b", "face.c", "face.z"))
    with pytest.raises(SchemaError, match=r"column face\.d, which is not there"):
        model.predict([replace(spoken[0], streams={"face": renamed})])
    scaled = replace(stream, units=("1", "1", "1", "1", "deg"))
    with pytest.raises(SchemaError, match="in 'deg', the model was trained on '1'"):
        model.predict([replace(spoken[0], streams={"face": scaled})])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda clip: replace(clip, label="1"), "all 84 labels are '1'"),
        (lambda clip: replace(clip, participant="p1"), "all 84 recordings are of 'p1'"),
        (lambda clip: replace(clip, participant=""), "has no participant"),
        (lambda clip: replace(clip, label=""), "has no label"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(small, change, says):
    with pytest.raises(UsageError, match=says):
        trained(FeatureDataset.of([change(clip) for clip in small]))


def test_three_classes_train_predict_and_export(small, tmp_path):
    level = {"0": "low", "1": "high"}
    clips = [
        replace(clip, label="middle" if i % 3 == 0 else level[clip.label], segments=None)
        for i, clip in enumerate(small)
    ]
    data = FeatureDataset.of(clips)
    model = trained(data, task="level", members=2)
    found = model.predict(data)
    assert found.classes == ("high", "low", "middle")
    assert found.probability.sum(axis=1) == pytest.approx(1.0)
    assert ((found.low <= found.probability.max(axis=1)) & (found.probability.max(axis=1) <= found.high)).all()
    save_model(model, tmp_path / "model")
    assert np.array_equal(load_model(tmp_path / "model")[0].predict(data).probability, found.probability)


def test_every_participant_weighs_the_same_however_many_recordings_there_are(small):
    from bitflow.models.recognition.recognizer import target_of

    data = small.chosen([*range(7), *range(7, 9)])  # seven clips of one, two of another
    weight = target_of(data, RecognizerConfig()).weight
    assert weight[:7].sum() == pytest.approx(weight[7:].sum())


def test_a_prior_shifts_probabilities_and_keeps_their_order(small):
    plain, rare = (trained(small, members=0, experts=["discord"], prior=prior) for prior in (0.0, 0.05))
    a, b = (model.predict(small).probability[:, 1] for model in (plain, rare))
    assert (b <= a).all()
    assert b.mean() < a.mean() - 0.01
    inside = (a < 1 - 1e-6) & (b > 1e-6)  # beyond, floats cannot tell any more
    assert np.array_equal(np.argsort(a[inside]), np.argsort(b[inside]))


def test_cues_name_the_pair_that_disagrees_and_when(small):
    clip = next(c for c in small if c.label == "1" and c.segments)
    segment = max(clip.segments, key=lambda s: s.duration)
    cues = find_cues(clip, "clip")
    assert any(cue.start < segment.end and cue.end > segment.start for cue in cues)
    for cue in cues:
        first, second = cue.name.split(", ")
        assert {first.split()[1], second.split()[1]} == {"positive", "negative"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"fusoin": "late"}, "did you mean 'fusion'"),
        ({"fusion": "magic"}, "fusion is one of late, early, gated"),
        ({"experts": ["ears"]}, "experts is one of"),
        ({"folds": "many"}, "the setting folds is like 5"),
        ({"prior": 1.5}, "a prior lies between 0 and 1"),
        ({"pooling": "vote"}, "pooling is one of topk, lse, attention"),
    ],
)
def test_a_setting_that_does_not_exist_or_fit_is_refused(settings, says):
    with pytest.raises(UsageError, match=says):
        RecognizerConfig().changed(settings)


def test_settings_survive_toml():
    config = RecognizerConfig().changed({"experts": "text,gaps", "windows.hop": 2.0})
    assert RecognizerConfig.from_dict(config.as_dict()) == config


def test_an_expert_that_has_nothing_to_read_says_so(small):
    with pytest.raises(UsageError, match="no recording has a transcript"):
        trained(small, experts=["text"])


def test_a_stream_that_no_recording_has_is_refused_by_name(small):
    for settings in ({"streams": ["body"]}, {"experts": ["statistics:body"]}):
        with pytest.raises(UsageError, match="no recording has the stream 'body'; there are face, text, voice"):
            trained(small, members=0, **settings)


def test_a_stream_that_only_one_participant_has_does_not_stop_the_training_of_the_others(small):
    """In the fold without that participant nothing can be learned of the stream, and nothing is said of it."""
    whose = small[0].participant
    clips = [
        clip if clip.participant == whose else replace(clip, streams={"face": clip.streams["face"]}) for clip in small
    ]
    model = trained(FeatureDataset.of(clips), members=2, folds=3)
    assert np.isfinite(model.predict(clips).probability).all()
    assert "discord" in model.experts


def test_words_that_nobody_shares_leave_the_text_out_unless_it_was_asked_for(small):
    clips = [replace(clip, text=f"word{i}") for i, clip in enumerate(small)]
    data = FeatureDataset.of(clips)
    assert "text" not in trained(data, members=0).experts
    with pytest.raises(UsageError, match="no words in common"):
        trained(data, members=0, experts=["text", "discord"])
