"""Vectors of a network that the user brings: the network's own, at the rate that was asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.datasets.windows import FeatureDataset
from bitflow.errors import AssetError, UsageError
from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.extractors.embeddings import Embeddings
from bitflow.inference.backbone import Backbone
from bitflow.media import VideoReader
from bitflow.store import FeatureStore
from tests.inference.tiny_onnx import write_model

SIZE = (24, 16)


@pytest.fixture
def negative(tmp_path) -> Path:
    """A network that turns the sign of a picture of 24 × 16."""
    path = write_model(tmp_path / "negative.onnx", ("n", 3, SIZE[1], SIZE[0]))
    Backbone(SIZE, mean=(0.5, 0.25, 0.0), deviation=(0.5, 1.0, 2.0)).write(path)
    return path


def test_pixels_reach_the_network_as_its_file_says():
    crops = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), np.uint8)
    plain = Backbone((6, 4), (0.5, 0.25, 0.0), (0.5, 1.0, 2.0), layout="nhwc").prepared(crops)
    assert plain == pytest.approx((crops / 255 - [0.5, 0.25, 0.0]) / [0.5, 1.0, 2.0], abs=1e-6)
    turned = Backbone((6, 4), channels="bgr").prepared(crops)
    assert turned.shape == (2, 3, 4, 6)
    assert turned[0, 0] == pytest.approx(crops[0, :, :, 2] / 255, abs=1e-6)


def test_whole_pictures_at_the_rate_asked_for(negative, shared_clip, tmp_path):
    clip = shared_clip("people/pyfeat_single_face.mp4")
    request = make_request(
        extractors=["embeddings"],
        parameters=[f"embeddings.model={negative}", "embeddings.region=frame", "embeddings.rate=5"],
    )
    assert request.tables == ("embeddings",)
    store = FeatureStore.create(tmp_path / "store")
    outcome = extract_recording(store.path, Source("clip", clip), request)
    assert outcome.error is None
    recording = store["clip"]
    assert "faces" not in recording
    rows = recording.table("embeddings", ["frame", "time"])
    assert np.diff(rows["time"]) == pytest.approx(0.2, abs=0.05)
    vectors = recording.points("embeddings", "vector")
    assert vectors.shape == (len(rows), 3 * SIZE[0] * SIZE[1])
    with VideoReader(clip) as reader:
        picture = next(frame for frame in reader if frame.index == rows["frame"].iloc[3]).rgb()
    # The mean of a channel survives stretching; the network turns its sign.
    expected = -((picture.reshape(-1, 3).mean(axis=0) / 255 - [0.5, 0.25, 0.0]) / [0.5, 1.0, 2.0])
    assert vectors[3].reshape(3, -1).mean(axis=1) == pytest.approx(expected, abs=0.02)
    again = extract_recording(store.path, Source("clip", clip), request)
    assert again.status == "skipped"
    data = FeatureDataset.open(store)
    assert data.windows(seconds=1.0).values["embeddings"].shape[1] == 8 * vectors.shape[1]


def test_faces_are_cropped_where_they_are(negative, shared_clip, tmp_path, models_available):
    models_available("face_detection_short", "face_detection_full")
    clip = shared_clip("people/pyfeat_single_face.mp4")
    request = make_request(
        extractors=["embeddings"], parameters=[f"embeddings.model={negative}", "faces.max_people=1"], threads=2
    )
    store = FeatureStore.create(tmp_path / "store")
    outcome = extract_recording(store.path, Source("clip", clip), request)
    assert outcome.error is None
    recording = store["clip"]
    rows, faces = recording.table("embeddings"), recording.table("faces")
    assert set(rows["frame"]) <= set(faces["frame"])
    assert set(rows["track"]) == set(faces["track"])
    assert 0.15 < np.median(np.diff(rows["time"])) < 0.25
    assert recording.points("embeddings", "vector").shape[1] == 3 * SIZE[0] * SIZE[1]


def test_the_networks_bytes_are_in_the_fingerprint(negative, tmp_path):
    first = Embeddings(model=str(negative)).resolve(frozenset())
    assert first.tables[0]["vector"].shape == (3 * SIZE[0] * SIZE[1],)
    with pytest.raises(AssetError, match="was asked for"):
        Embeddings(model=str(negative), sha256="0" * 64).resolve(frozenset())
    Backbone(SIZE).write(negative)
    assert Embeddings(model=str(negative)).resolve(frozenset()).sha256 != first.sha256


def test_without_a_network_nothing_runs_and_full_leaves_it_out(tmp_path, negative):
    with pytest.raises(UsageError, match=r"embeddings\.model=FILE\.onnx"):
        Embeddings().resolve(frozenset())
    assert "embeddings" not in make_request(preset="full").tables
    assert "embeddings" in make_request(preset="full", parameters=[f"embeddings.model={negative}"]).tables
    with pytest.raises(AssetError, match="no such ONNX file"):
        Embeddings(model=str(tmp_path / "none.onnx")).resolve(frozenset())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'size' is needed"),
        ("size = [24, 16]\ncolour = 'rgb'", "unknown key 'colour'"),
        ("size = [0, 16]", "width, height"),
        ("size = [24, 16]\ndeviation = [0.0]", "above 0"),
        ("size = [24, 16]\nlayout = 'hwc'", "nchw or nhwc"),
        ("size = [16, 24]", "takes pictures of shape"),
        ("size = [24, 16]\noutput = 'w'", "has no output 'w'"),
        ("size = [24", "toml"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(negative, text, complaint):
    negative.with_suffix(".toml").write_text(text, encoding="utf-8")
    with pytest.raises(AssetError, match=complaint):
        Embeddings(model=str(negative)).resolve(frozenset())
    negative.with_suffix(".toml").unlink()
    with pytest.raises(AssetError, match="is missing"):
        Embeddings(model=str(negative)).resolve(frozenset())


@pytest.fixture
def torchvision_like(monkeypatch):
    """A stand-in for torchvision.models: one small convolutional network under its real interface."""
    torch = pytest.importorskip("torch", reason="torch builds backbones (in the extra `train`)")
    pytest.importorskip("onnx", reason="torch writes ONNX through onnx (in the extra `train`)")

    class Small(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.features = torch.nn.Sequential(
                torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1)
            )
            self.fc = torch.nn.Linear(8, 1000)

        def forward(self, x):
            return self.fc(torch.flatten(self.features(x), 1))

    def get_model(name, weights=None):
        if name != "small":
            raise ValueError(f"Unknown model {name}")
        return Small()

    package = ModuleType("torchvision")
    models = ModuleType("torchvision.models")
    models.get_model = get_model
    package.models = models
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    torch.manual_seed(0)
    network = Small()
    network.fc = torch.nn.Linear(8, 2)
    for parameter in network.state_dict().values():
        if parameter.is_floating_point():
            parameter.copy_(torch.rand_like(parameter) + 0.1)
    return SimpleNamespace(torch=torch, network=network.eval())


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_an_exported_backbone_gives_what_torch_gives(torchvision_like, tmp_path, capsys, suffix):
    torch, network = torchvision_like.torch, torchvision_like.network
    weights, onnx = tmp_path / f"mine{suffix}", tmp_path / "out" / "mine.onnx"
    if suffix == ".pt":
        torch.save({"state_dict": {f"module.{k}": v for k, v in network.state_dict().items()}, "epoch": 3}, weights)
    else:
        from safetensors.torch import save_file

        save_file(network.state_dict(), weights)
    command = ["assets", "export", str(weights), "--architecture", "small", "-o", str(onnx), "--size", "24x16"]
    assert main([*command, "--mean", "0.4,0.5,0.6", "--deviation", "0.2,0.3,0.4"]) == 0
    assert "vectors of 8 numbers" in capsys.readouterr().out
    backbone = Backbone.read(onnx)
    assert backbone == Backbone(SIZE, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    crops = np.random.default_rng(1).integers(0, 256, (5, SIZE[1], SIZE[0], 3), np.uint8)
    pixels = (torch.from_numpy(crops).float() / 255 - torch.tensor([0.4, 0.5, 0.6])) / torch.tensor([0.2, 0.3, 0.4])
    with torch.no_grad():
        expected = network.features(pixels.permute(0, 3, 1, 2)).flatten(1).numpy()
    from bitflow.inference import open_session

    (vectors,) = open_session(onnx).run(backbone.prepared(crops))
    assert vectors == pytest.approx(expected, abs=1e-5)
    assert main([*command, "--scores"]) == 0
    (scored,) = open_session(onnx).run(Backbone.read(onnx).prepared(crops))
    assert scored.shape == (5, 2)


class Hostile:
    """Would make a file when unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def test_a_hostile_pt_is_refused_and_not_run(torchvision_like, tmp_path, capsys):
    mark, weights = tmp_path / "was_here", tmp_path / "hostile.pt"
    torchvision_like.torch.save({"fc.weight": Hostile(mark)}, weights)
    command = ["assets", "export", str(weights), "--architecture", "small", "-o", str(tmp_path / "x.onnx")]
    assert main(command) == 3
    assert "nothing in it was run" in capsys.readouterr().err
    assert not mark.exists()
    assert not (tmp_path / "x.onnx").exists()


def test_weights_of_another_network_are_refused(torchvision_like, tmp_path, capsys):
    torch = torchvision_like.torch
    state = torchvision_like.network.state_dict()
    weights = tmp_path / "w.pt"
    command = ["assets", "export", str(weights), "--architecture", "small", "-o", str(tmp_path / "x.onnx")]
    for changed, complaint in (
        ({k: v for k, v in state.items() if k != "features.0.bias"}, "lacks the tensor 'features.0.bias'"),
        ({**state, "layer4.weight": torch.zeros(2)}, "has besides the tensor 'layer4.weight'"),
        ({**state, "features.0.bias": torch.zeros(9)}, "in another shape the tensor 'features.0.bias'"),
    ):
        torch.save(changed, weights)
        assert main(command) == 3
        assert complaint in capsys.readouterr().err
    assert main([*command[:4], "nothing", *command[5:]]) == 2
    assert "no architecture 'nothing'" in capsys.readouterr().err
