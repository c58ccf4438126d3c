"""Every graph that the extractors run, converted: each output equals LiteRT's, for one item and for four."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnxruntime
import pytest

from bitflow.inference import open_session
from bitflow.inference.conversion import convert, converted
from bitflow.inference.tflite import pruned, read_model
from bitflow.media import VideoReader

UNIT = (1 / 255, 0.0)
SIGNED = (2 / 255, -1.0)


@dataclass(frozen=True)
class Case:
    """A graph as its extractor opens it, and how far its outputs may be off (see `worst`)."""

    asset: str
    normalise: tuple[float, float]
    outputs: tuple[int, ...] | None = None
    bound: float = 1e-5


CASES = (
    Case("face_detection_short", SIGNED),
    Case("face_detection_full", SIGNED),
    Case("face_mesh_468", UNIT, (0, 1)),
    Case("face_mesh_478", UNIT, (0, 1), 3e-5),
    Case("iris", UNIT),
    Case("pose_detection", SIGNED),
    Case("pose_landmarks_full", UNIT, (0, 1, 3, 4), 2e-4),
    Case("palm_detection", UNIT),
    Case("hand_landmarks", UNIT, None, 2e-5),
    Case("hand_recrop", UNIT),
)


@pytest.fixture(scope="module")
def crops(shared_clip) -> Callable[[int], np.ndarray]:
    """Four crops of a real face and its surroundings, (4, side, side, 3) uint8."""
    with VideoReader(shared_clip("people/pyfeat_single_face.mp4")) as reader:
        frames = [frame for frame, _ in zip(reader, range(4), strict=False)]

    def cut(side: int) -> np.ndarray:
        matrices = [
            np.array([[k, 0, 180 - 40 * i], [0, k, 30.0]]) for i, k in enumerate(np.linspace(200, 330, 4) / side)
        ]
        return np.stack([frame.warp(m, (side, side)) for frame, m in zip(frames, matrices, strict=True)])

    return cut


def worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference, relative to the largest value where that is above 1: probabilities and metres are not."""
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1.0))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.asset)
def test_each_output_equals_litert_on_noise_and_on_a_face(case: Case, models_available, crops, tmp_path, monkeypatch):
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path))
    path = models_available(case.asset)[case.asset]
    lite = open_session(path, normalise=case.normalise, outputs=case.outputs)
    side = lite.inputs[0].shape[1]
    graph = onnxruntime.InferenceSession(
        str(converted(path, outputs=case.outputs, normalise=case.normalise)), providers=["CPUExecutionProvider"]
    )
    name = graph.get_inputs()[0].name
    noise = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), dtype=np.uint8)
    for pixels in (noise, crops(side)):
        theirs = lite.run(pixels)
        together = graph.run(None, {name: pixels})
        alone = graph.run(None, {name: pixels[:1]})
        for four, one, reference in zip(together, alone, theirs, strict=True):
            assert worst(four, reference) < case.bound
            assert worst(one, reference[:1]) < case.bound


def test_the_onnx_checker_has_no_complaint(models_available):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    for case in CASES[:3]:
        path = models_available(case.asset)[case.asset]
        onnx.checker.check_model(convert(path.read_bytes(), case.asset, case.normalise), full_check=True)


def test_inputs_and_outputs_keep_names_order_and_layout(models_available):
    path = models_available("face_detection_short")["face_detection_short"]
    lite = open_session(path)
    graph = onnxruntime.InferenceSession(convert(path.read_bytes(), "faces"), providers=["CPUExecutionProvider"])
    assert [(node.name, node.type, node.shape) for node in graph.get_inputs()] == [
        (lite.inputs[0].name, "tensor(float)", ["batch", 128, 128, 3])
    ]
    assert [(node.name, node.shape[1:]) for node in graph.get_outputs()] == [
        (spec.name, list(spec.shape[1:])) for spec in lite.outputs
    ]


def test_only_what_serves_the_outputs_asked_for_is_converted(models_available):
    path = models_available("pose_landmarks_full")["pose_landmarks_full"]
    whole, cut = convert(path.read_bytes(), "pose"), convert(pruned(path, (0, 1, 3, 4)), "pose")
    assert len(cut) < len(whole)
    graph = onnxruntime.InferenceSession(cut, providers=["CPUExecutionProvider"])
    assert [node.shape for node in graph.get_outputs()] == [
        ["batch", 195],
        ["batch", 1],
        ["batch", 64, 64, 39],
        ["batch", 117],
    ]


def test_a_graph_with_an_operator_that_is_not_known_is_refused_by_its_name(models_available):
    from bitflow.errors import UsageError

    path = models_available("face_blendshapes")["face_blendshapes"]
    with pytest.raises(UsageError, match=r"blendshapes cannot be converted.*LiteRT"):
        convert(path.read_bytes(), "blendshapes")


def test_weights_that_are_sparse_or_of_half_precision_become_whole(models_available):
    path = models_available("pose_detection")["pose_detection"]
    model = read_model(path.read_bytes(), "pose")
    stored = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    assert len(convert(path.read_bytes(), "pose")) > 3 * stored
