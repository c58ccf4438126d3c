"""The exported graph measures, judges and calibrates as the model does: on 200 clips with holes of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx writes graphs (in the extra `train`)")

from bitflow.datasets.clips import Clip, SpokenWords, Stream
from bitflow.datasets.windows import FeatureDataset
from bitflow.models.recognition.calibration import fit_calibrator
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.model import Model, Predictions
from bitflow.models.recognition.onnx_export import export_onnx
from bitflow.models.recognition.onnx_model import load_onnx
from bitflow.models.recognition.recognizer import Recognizer
from bitflow.timeline import Interval

WORDS = [
    "i",
    "love",
    "my",
    "great",
    "happy",
    "day",
    "but",
    "i",
    "hate",
    "the",
    "horrible",
    "boring",
    "work",
    "and",
    "sleep",
]
COLUMNS = {
    "face": ("face_actions.mouthSmileLeft", "face_actions.mouthFrownLeft", "face_actions.jawOpen"),
    "voice": ("voice.speech", "voice.loudness", "voice.f0"),
    "body": ("body.approach", "body.lean"),
}
#: Range of each stream's columns: what they measure must lie where the formulas of channels bend.
LOW = {"face": (0.0, 0.0, 0.0), "voice": (0.5, -60.0, 80.0), "body": (-2.0, -10.0)}
HIGH = {"face": (1.0, 1.0, 1.0), "voice": (1.0, -10.0, 300.0), "body": (2.0, 10.0)}


def made(number: int, classes: int = 2) -> Clip:
    draw = np.random.default_rng(number)
    bins = int(draw.integers(40, 120))
    streams = {}
    for name, columns in COLUMNS.items():
        steps = np.cumsum(draw.normal(0, 0.1, (bins, len(columns))), axis=0)
        share = 1 / (1 + np.exp(-steps))
        values = np.array(LOW[name]) + (np.array(HIGH[name]) - np.array(LOW[name])) * share
        streams[name] = Stream(columns, ("1",) * len(columns), values.astype(np.float32))
    starts = np.sort(draw.uniform(0, bins / 5 - 0.5, 14))
    said = tuple(WORDS[i] for i in draw.integers(0, len(WORDS), 14))
    label = str(int(draw.integers(0, classes)))
    return Clip(
        f"p{number // 4:02d}/v{number % 4}",
        5.0,
        bins,
        streams,
        SpokenWords(starts, starts + 0.3, said),
        " ".join(said),
        participant=f"p{number // 4:02d}",
        label=label,
        covariates={"question": str(number % 3)},
        segments=(Interval(1.0, 4.0),) if label == "1" else (),
    )


def with_holes(clip: Clip, seed: int) -> Clip:
    draw = np.random.default_rng(1000 + seed)
    streams = {}
    for name, stream in clip.streams.items():
        values, chance = stream.values.copy(), draw.random(5)
        if chance[0] < 0.2:
            continue
        if chance[1] < 0.2:
            values[:] = np.nan
        if chance[2] < 0.4:
            first = int(draw.integers(0, len(values)))
            values[first : first + int(draw.integers(1, 60))] = np.nan
        if chance[3] < 0.3:
            values[draw.random(values.shape) < 0.2] = np.nan
        if chance[4] < 0.1:
            values[:, -1] = np.nan  # a voice of which the pitch is never known
        streams[name] = replace(stream, values=values)
    if draw.random() < 0.2:
        clip = replace(clip, words=None, text=None)
    if draw.random() < 0.15:  # shorter than a window
        bins = int(draw.integers(1, 14))
        clip = replace(clip, bins=bins, words=None)
        streams = {name: replace(s, values=s.values[:bins]) for name, s in streams.items()}
    return replace(clip, streams=streams, participant="" if draw.random() < 0.3 else clip.participant)


@pytest.fixture(scope="module")
def data() -> FeatureDataset:
    return FeatureDataset.of(made(number) for number in range(60))


@pytest.fixture(scope="module")
def holes(data) -> list[Clip]:
    clips = [with_holes(data[seed % len(data)], seed) for seed in range(200)]
    return [*clips, replace(clips[0], streams={}, words=None, text=None)]


def both(model: Model, clips: list[Clip], path) -> tuple[Predictions, Predictions]:
    return model.predict(clips), load_onnx(export_onnx(model, path / "model.onnx"))[0].predict(clips)


def assert_same(ours: Predictions, theirs: Predictions, within: float) -> None:
    for name in ("probability", "low", "high"):
        assert np.allclose(getattr(ours, name), getattr(theirs, name), atol=within, rtol=0, equal_nan=True), name
    sure = np.nan_to_num(np.abs(ours.probability[:, 1] - 0.5), nan=1.0) >= 1e-4
    assert np.array_equal(ours.predicted[sure], theirs.predicted[sure])
    for a, b in zip(ours.frames, theirs.frames, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert np.allclose(a, b, atol=within, rtol=0, equal_nan=True)
    for a, b in zip(ours.contributions, theirs.contributions, strict=True):
        assert a == pytest.approx(b, abs=10 * within)
    assert ours.cues == theirs.cues


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fusion": "early", "pooling": "attention", "centring": "clip"},
        {"fusion": "gated", "pooling": "lse", "centring": "none"},
        {"experts": ["windows", "text"], "streams": ["face"]},
        {"experts": ["text"]},
    ],
)
def test_the_graph_agrees_with_the_model_on_clips_with_holes(data, holes, tmp_path, settings):
    model = Recognizer(RecognizerConfig(members=3, folds=3).changed(settings)).fit(data)
    ours, theirs = both(model, holes, tmp_path)
    assert np.isnan(ours.probability[-1]).all()
    assert np.isfinite(ours.low).any()
    assert_same(ours, theirs, 1e-5)


def test_three_classes_and_a_staircase_have_a_graph_too(holes, data, tmp_path):
    three = FeatureDataset.of(made(number, 3) for number in range(60))
    model = Recognizer(RecognizerConfig(members=2, folds=3)).fit(three)
    assert_same(*both(model, holes, tmp_path), 1e-5)
    plain = Recognizer(RecognizerConfig(members=2, folds=3)).fit(data)
    logits = plain.fusion.fused(plain.expert_logits(plain.prepared(data)))
    stairs = replace(plain, calibrator=fit_calibrator("isotonic", logits, data.y))
    assert_same(*both(stairs, holes, tmp_path), 1e-5)


def test_networks_and_the_adapter_are_in_the_graph(data, holes, tmp_path):
    pytest.importorskip("torch", reason="networks are trained with PyTorch")
    pytest.importorskip("safetensors", reason="networks are kept as safetensors")
    few = {"tcn": {"epochs": 1}, "gru": {"epochs": 1}, "xattn": {"epochs": 1}, "bam": {"epochs": 2}}
    for experts in (("discord", "tcn", "bam"), ("xattn", "gru")):
        config = RecognizerConfig(experts=experts, members=2, folds=2, expert_settings=few)
        model = Recognizer(config).fit(data)
        assert_same(*both(model, holes, tmp_path), 1e-4)


def test_a_graph_is_fed_with_streams_and_masks_by_any_runtime(data, tmp_path):
    import onnxruntime

    model = Recognizer(RecognizerConfig(experts=("statistics", "discord", "windows"), members=2, folds=3)).fit(data)
    session = onnxruntime.InferenceSession(str(export_onnx(model, tmp_path / "model.onnx")))
    kinds = {each.name: (each.type, each.shape) for each in session.get_inputs()}
    assert kinds["values_face"] == ("tensor(float)", ["B", "T", 3])
    assert kinds["mask_face"] == ("tensor(bool)", ["B", "T"])
    exported, _ = load_onnx(tmp_path / "model.onnx")
    clips = model.prepared(data.clips[:5])
    feed = exported.inputs(clips)
    p = session.run(["probability"], feed)[0]
    assert p == pytest.approx(model.predict(data.clips[:5]).probability[:, :], abs=0.2)  # other baselines
    unseen = {name: values & False if name.startswith("mask_") else values for name, values in feed.items()}
    unseen["polarity"] = np.full_like(feed["polarity"], np.nan)
    known = session.run(["known"], unseen)[0]
    assert not known.any()
