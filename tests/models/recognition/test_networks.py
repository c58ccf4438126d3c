"""Networks judge clips alone, the same by PyTorch and by ONNX Runtime, and live on disk without anything to execute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch trains the networks (in the extra `train`)")
pytest.importorskip("onnx", reason="torch writes ONNX through onnx (in the extra `train`)")
pytest.importorskip("safetensors", reason="weights are kept as safetensors (in the extra `train`)")

from bitflow.datasets.simulate.ambivalence_store import write_ambivalence  # noqa: E402
from bitflow.datasets.windows import FeatureDataset  # noqa: E402
from bitflow.errors import ModelError, UsageError  # noqa: E402
from bitflow.inference.providers import open_runtime  # noqa: E402
from bitflow.models.evaluation.metrics import roc_auc  # noqa: E402
from bitflow.models.recognition.config import RecognizerConfig  # noqa: E402
from bitflow.models.recognition.experts import Placeable, expert_kind  # noqa: E402
from bitflow.models.recognition.folder import load_model, save_model  # noqa: E402
from bitflow.models.recognition.model import prepared  # noqa: E402
from bitflow.models.recognition.networks import NETWORKS, Adapter, top_mean  # noqa: E402
from bitflow.models.recognition.onnx_export import export_onnx  # noqa: E402
from bitflow.models.recognition.onnx_model import load_onnx  # noqa: E402
from bitflow.models.recognition.recognizer import Recognizer, target_of  # noqa: E402

# Other test processes use the other cores: threads that wait for each other take many times as long.
torch.set_num_threads(1)

KINDS = ("tcn", "gru", "xattn", "bam")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> FeatureDataset:
    folder = tmp_path_factory.mktemp("simulated")
    written = write_ambivalence(folder, "easy", seed=101, participants=26)
    return FeatureDataset.open(written.store, written.labels)


@pytest.fixture(scope="module")
def fitted(data):
    """Experts trained on half of the people, and the clips of the other half."""
    config = RecognizerConfig(members=0)
    clips, target = prepared(data.clips, config), target_of(data, config)
    half = np.isin(target.groups, np.unique(target.groups)[::2])
    train = np.flatnonzero(half)
    seen, unseen = [clips[i] for i in train], [clips[i] for i in np.flatnonzero(~half)]
    settings = {"tcn": {"epochs": 12}, "gru": {"epochs": 1}, "xattn": {"epochs": 1}, "bam": {"epochs": 20}}
    experts = {kind: expert_kind(kind).fit(seen, target.chosen(train), settings[kind]) for kind in KINDS}
    return experts, unseen, target.y[~half]


@pytest.mark.parametrize("kind", ["tcn", "gru", "xattn"])
def test_onnx_gives_what_torch_gives_on_200_random_clips(fitted, kind):
    expert = fitted[0][kind]
    draw = np.random.default_rng(0)
    names = list(expert.inputs.columns)
    network = expert.network()
    session, _ = open_runtime(expert.onnx(), "cpu")
    for bins in (3, 60, 61, 200):
        values = [draw.normal(0, 2, (50, bins, width)).astype(np.float32) for width in expert.inputs.widths]
        masks = [draw.random((50, bins)) < 0.7 for _ in names]
        for mask in masks:
            mask[0] = False  # a clip of which nothing was seen
        values = [
            np.where(mask[:, :, None], value, 0).astype(np.float32) for value, mask in zip(values, masks, strict=True)
        ]
        feed = {f"values_{name}": value for name, value in zip(names, values, strict=True)}
        feed |= {f"mask_{name}": mask for name, mask in zip(names, masks, strict=True)}
        found = session.run(["clip", "moments"], feed)
        with torch.no_grad():
            expected = network(*(torch.from_numpy(each) for each in (*values, *masks)))
        for a, b in zip(found, expected, strict=True):
            p, q = (1 / (1 + np.exp(-each)) for each in (a, b.numpy()))
            assert np.abs(p - q).max() <= 1e-4
            assert ((p >= 0.5) == (q >= 0.5))[np.abs(q - 0.5) >= 1e-4].all()


@pytest.mark.parametrize("kind", list(NETWORKS))
def test_neither_padding_nor_neighbours_change_a_clip(kind):
    torch.manual_seed(0)
    network = NETWORKS[kind]((1, 3), 1).eval()
    values = [torch.randn(3, 40, width) for width in (1, 3)]
    masks = [torch.rand(3, 40) < 0.8 for _ in range(2)]
    padded = [torch.nn.functional.pad(each, (0, 0, 0, 33)) for each in values]
    padded += [torch.nn.functional.pad(each, (0, 33)) for each in masks]
    with torch.no_grad():
        clip, moments = network(*values, *masks)
        longer, more = network(*padded)
        alone, _ = network(*(each[1:2] for each in (*values, *masks)))
    assert torch.allclose(clip, longer, atol=1e-5)
    assert torch.allclose(moments, more[:, :40], atol=1e-5)
    assert torch.allclose(clip[1:2], alone, atol=1e-5)


@pytest.mark.parametrize("kind", list(NETWORKS))
def test_what_was_not_seen_does_not_matter(kind):
    torch.manual_seed(0)
    network = NETWORKS[kind]((2, 3), 1).eval()
    values = [torch.randn(2, 30, width) for width in (2, 3)]
    masks = [torch.rand(2, 30) < 0.5 for _ in range(2)]
    other = [torch.where(mask[:, :, None], value, 99.0) for value, mask in zip(values, masks, strict=True)]
    with torch.no_grad():
        for a, b in zip(network(*values, *masks), network(*other, *masks), strict=True):
            assert torch.equal(a, b)


def test_the_highest_fifth_of_the_moments_inside_makes_the_clip():
    logits = torch.arange(10.0).view(1, 10, 1)
    inside = torch.ones(1, 10, 1)
    inside[0, 9] = 0
    assert top_mean(logits, inside).item() == pytest.approx((8 + 7) / 2)
    assert top_mean(logits, torch.zeros(1, 10, 1)).item() == 0


def test_convolutions_find_disagreement_that_no_sum_holds(fitted):
    experts, unseen, y = fitted
    logits = experts["tcn"].logits(unseen)[:, 0]
    known = np.isfinite(logits)
    assert known.all()
    assert roc_auc(y, logits) >= 0.85
    assert sum(p.numel() for p in experts["tcn"].network().parameters()) <= 250_000
    moments = experts["tcn"].frames(unseen)
    assert [len(each) for each in moments] == [clip.bins for clip in unseen]


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_of_which_nothing_was_seen_is_not_judged(fitted, kind):
    experts, unseen, _ = fitted
    bare = replace(unseen[0], streams={}, words=None, text=None)
    logits = experts[kind].logits([bare, unseen[1]])
    assert np.isfinite(logits[1]).all()
    if kind != "bam":  # the gaps of a clip without words are known to be missing, not that it is silent
        assert np.isnan(logits[0]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_experts_are_the_same_after_a_trip_through_their_files(fitted, kind):
    import json

    expert, clips = fitted[0][kind], fitted[1]
    described, arrays = expert.pack()
    again = type(expert).unpack(json.loads(json.dumps(described, sort_keys=True)), arrays)
    assert np.array_equal(again.logits(clips), expert.logits(clips))
    assert isinstance(again, Placeable)
    assert again.on("cuda").device == "cuda"


def test_a_recogniser_with_networks_is_saved_and_damage_is_refused(data, tmp_path):
    settings = {"tcn": {"epochs": 1}, "xattn": {"epochs": 1}, "bam": {"epochs": 2}}
    config = RecognizerConfig(experts=("discord", "tcn", "xattn", "bam"), members=0, folds=2, expert_settings=settings)
    model = Recognizer(config).fit(data)
    save_model(model, tmp_path / "model")
    files = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"tcn.network.safetensors", "tcn.network.onnx", "bam.network.safetensors", "bam.network.onnx"} <= files
    again, _ = load_model(tmp_path / "model")
    a, b = (each.predict(data.clips[:20]).probability for each in (model, again))
    assert a == pytest.approx(b, abs=1e-6)
    exported, _ = load_onnx(export_onnx(again, tmp_path / "model.onnx"))
    assert exported.predict(data.clips[:20]).probability == pytest.approx(a, abs=1e-4)
    graph = tmp_path / "model" / "tcn.network.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="sha256 differs"):
        load_model(tmp_path / "model")


def test_a_setting_that_a_network_does_not_have_is_refused(data):
    config = RecognizerConfig(members=0)
    clips, target = prepared(data.clips, config), target_of(data, config)
    for kind in KINDS:
        with pytest.raises(UsageError, match="no setting 'depth'"):
            expert_kind(kind).fit(clips, target, {"depth": 3})


@pytest.mark.parametrize(("length", "millions"), [(3318, 1.78), (6373, 2.57)])
def test_the_adapter_has_the_published_shapes(length, millions):
    # Human Behavior Atlas: descriptors of video (2 × 553 points × 3) and audio (ComParE), 256 between, width 3584.
    adapter = Adapter(3584, (length,))
    shapes = {name: tuple(p.shape) for name, p in adapter.named_parameters()}
    assert shapes["first.0.weight"] == (256, length)
    assert shapes["second.0.weight"] == (3584, 256)
    assert sum(p.numel() for p in adapter.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)
    both = Adapter(3584, (3318, 6373)).eval()
    h = torch.randn(2, 3584)
    moved = both(h, [torch.randn(2, 3318), torch.randn(2, 6373)], torch.ones(2, 2, dtype=torch.bool))
    assert moved.shape == h.shape


def test_a_missing_descriptor_adds_nothing_and_training_starts_near_the_representation():
    torch.manual_seed(0)
    adapter = Adapter(8, (5, 3)).eval()
    for layer in adapter.second:
        torch.nn.init.constant_(layer.bias, 7.0)
    h, descriptors = torch.randn(4, 8), [torch.randn(4, 5), torch.randn(4, 3)]
    nobody = torch.zeros(4, 2, dtype=torch.bool)
    assert torch.equal(adapter(h, descriptors, nobody), h)
    first = nobody.clone()
    first[:, 0] = True
    zeroed = [descriptors[0], torch.zeros(4, 3)]
    assert torch.equal(adapter(h, descriptors, first), adapter(h, zeroed, first))
    assert adapter.alpha.tolist() == pytest.approx([0.1, 0.1])
    residual = adapter(h, descriptors, first) - h
    by_hand = adapter.second[0](torch.relu(adapter.first[0](adapter.norms[0](descriptors[0]))))
    assert torch.allclose(residual, 0.1 * by_hand, atol=1e-6)


def test_one_adapter_serves_several_data_sets():
    torch.manual_seed(0)
    adapter = Adapter(8, (5,), datasets=3).eval()
    h, f, there = torch.randn(2, 8), [torch.randn(2, 5)], torch.ones(2, 1, dtype=torch.bool)
    first, second = (adapter(h, f, there, torch.full((2,), number)) for number in (0, 1))
    assert not torch.allclose(first, second)
    more = sum(p.numel() for p in adapter.parameters()) - sum(p.numel() for p in Adapter(8, (5,)).parameters())
    assert more == 3 * 256


def test_descriptors_are_dropped_by_sample_and_only_in_training():
    torch.manual_seed(0)
    adapter = Adapter(8, (5,), dropout=0.5, alpha=1.0)
    h, f, there = torch.zeros(400, 8), [torch.randn(400, 5)], torch.ones(400, 1, dtype=torch.bool)
    dropped = (adapter.train()(h, f, there) == 0).all(dim=1)
    assert 0.4 < dropped.float().mean() < 0.6
    assert not (adapter.eval()(h, f, there) == 0).all(dim=1).any()
