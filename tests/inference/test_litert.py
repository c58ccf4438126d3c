"""TFLite sessions on the real graphs: batches, normalisation and pruning change nothing but the time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import AssetError, DeviceError, UsageError
from bitflow.inference import Session, available_devices, open_session

UNIT = (1 / 255, 0.0)
SIGNED = (2 / 255, -1.0)


def pictures(count: int, side: int, seed: int = 0) -> np.ndarray:  # (count, side, side, 3) uint8
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


@pytest.fixture
def detector(models_available: Callable[..., dict[str, Path]]) -> Session:
    return open_session("face_detection_short", normalise=SIGNED)


def test_a_session_tells_its_tensors_and_what_runs_it(detector: Session) -> None:
    assert [spec.shape for spec in detector.inputs] == [(1, 128, 128, 3)]
    assert [spec.shape for spec in detector.outputs] == [(1, 896, 16), (1, 896, 1)]
    assert detector.device.startswith("cpu (LiteRT ")


@pytest.mark.parametrize("normalise", [UNIT, SIGNED])
def test_pixels_scaled_on_the_way_in_equal_pixels_scaled_before(
    models_available: Callable, normalise: tuple[float, float]
) -> None:
    images = pictures(2, 128)
    scale, offset = np.float32(normalise[0]), np.float32(normalise[1])
    scaled = images.astype(np.float32) * scale + offset
    on_the_way = open_session("face_detection_short", normalise=normalise).run(images)
    before = open_session("face_detection_short").run(scaled)
    for one, other in zip(on_the_way, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_batch_equals_its_rows_one_by_one(detector: Session) -> None:
    images = pictures(4, 128)
    boxes, scores = detector.run(images)
    assert boxes.shape == (4, 896, 16)
    assert scores.shape == (4, 896, 1)
    assert len(np.unique(boxes[:, 0, 0])) == 4
    for row in range(4):
        alone = detector.run(images[row : row + 1])
        np.testing.assert_array_equal(boxes[row], alone[0][0])
        np.testing.assert_array_equal(scores[row], alone[1][0])


def test_a_batch_of_none_gives_none(detector: Session) -> None:
    boxes, scores = detector.run(pictures(0, 128))
    assert boxes.shape == (0, 896, 16)
    assert scores.shape == (0, 896, 1)


def test_results_stay_what_they_were_when_the_session_runs_again(detector: Session) -> None:
    first = detector.run(pictures(1, 128, seed=1))[0]
    kept = first.copy()
    detector.run(pictures(1, 128, seed=2))
    np.testing.assert_array_equal(first, kept)


def test_a_view_into_a_larger_picture_needs_no_copy(detector: Session) -> None:
    large = pictures(1, 200)[0]
    window = large[30:158, 40:168]
    assert not window.flags.c_contiguous
    for one, other in zip(detector.run(window[None]), detector.run(window.copy()[None]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_sessions_in_two_threads_do_not_disturb_each_other(models_available: Callable) -> None:
    images = pictures(12, 128)
    alone = open_session("face_detection_short", normalise=SIGNED).run(images)[0]

    def work(_: int) -> np.ndarray:
        return open_session("face_detection_short", normalise=SIGNED).run(images)[0]

    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(work, range(2)):
            np.testing.assert_array_equal(result, alone)


def test_an_output_without_a_batch_axis_gets_one(models_available: Callable) -> None:
    models_available("face_blendshapes")
    points = np.random.default_rng(0).uniform(0, 200, (3, 146, 2)).astype(np.float32)
    (scores,) = open_session("face_blendshapes").run(points)
    assert scores.shape == (3, 52)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_pruned_pose_graph_gives_the_same_bits_in_the_order_asked_for(models_available: Callable) -> None:
    from bitflow.inference.tflite import pruned

    path = models_available("pose_landmarks_full")["pose_landmarks_full"]
    images = pictures(2, 256)
    whole = open_session(path, normalise=UNIT).run(images)
    cut = open_session(path, normalise=UNIT, outputs=(4, 0, 1, 3))
    for one, index in zip(cut.run(images), (4, 0, 1, 3), strict=True):
        np.testing.assert_array_equal(one, whole[index])
    # 46 of 332 operators draw the segmentation mask and nothing else
    assert operators(path.read_bytes()) == 332
    assert operators(pruned(path, (0, 1, 3, 4))) == 286
    assert len(pruned(path, (0, 1, 3, 4))) < path.stat().st_size


def operators(content: bytes) -> int:
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    assert graph is not None
    return graph.OperatorsLength()


def test_keeping_all_outputs_keeps_all_operators(models_available: Callable) -> None:
    from bitflow.inference.tflite import pruned

    path = models_available("hand_landmarks")["hand_landmarks"]
    assert operators(pruned(path, (0, 1, 2, 3))) == operators(path.read_bytes())


def test_an_output_that_the_graph_lacks_is_refused(models_available: Callable) -> None:
    with pytest.raises(UsageError, match="outputs 0 to 1"):
        open_session("face_detection_short", outputs=(0, 2))


def test_a_wrong_shape_is_refused_with_both_shapes(detector: Session) -> None:
    with pytest.raises(UsageError, match=r"\(1, 100, 128, 3\).*128, 128, 3"):
        detector.run(pictures(1, 128)[:, :100])
    with pytest.raises(UsageError, match="1 inputs, 2 were given"):
        detector.run(pictures(1, 128), pictures(1, 128))


def test_pixels_for_a_session_that_was_not_told_how_to_scale_them_are_refused(
    models_available: Callable,
) -> None:
    with pytest.raises(UsageError, match="normalise"):
        open_session("face_detection_short").run(pictures(1, 128))


@pytest.mark.parametrize("outputs", [None, (0,)])
@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\x1c\0\0\0TFL3" + b"\xff" * 64])
def test_a_file_that_is_no_graph_is_refused_by_name(
    tmp_path: Path, content: bytes, outputs: tuple[int, ...] | None
) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"bad\.tflite"):
        open_session(path, outputs=outputs)


def test_a_gpu_that_is_not_there_is_an_error_and_not_a_quiet_cpu(models_available: Callable) -> None:
    cuda = next(device for device in available_devices() if device.name == "cuda")
    if cuda.available:
        assert open_session("face_detection_short", device="cuda").device.startswith("cuda (ONNX Runtime ")
        return
    for backend in ("auto", "onnx"):
        with pytest.raises(DeviceError, match="cuda cannot be"):
            open_session("face_detection_short", device="cuda", backend=backend)
    assert open_session("face_detection_short", device="auto").device.startswith("cpu (LiteRT ")


def test_what_is_no_model_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="palm_detection"):
        open_session("palm_detecton")
    with pytest.raises(UsageError, match="no model file"):
        open_session(tmp_path / "gone.tflite")
    (tmp_path / "weights.pt").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"\.tflite or \.onnx"):
        open_session(tmp_path / "weights.pt")
    with pytest.raises(UsageError, match="gpu"):
        open_session(tmp_path / "weights.pt", device="gpu")


def test_the_librarys_greeting_is_kept_from_stderr_and_nothing_else_is(models_available: Callable) -> None:
    path = models_available("face_detection_short")["face_detection_short"]
    program = f"""
import os
from bitflow.inference import open_session
from bitflow.inference.litert import _greeting_withheld
with _greeting_withheld():
    os.write(2, b"a warning of someone else\\n")
from bitflow.inference import litert
litert._greeted = False
open_session({str(path)!r})
os.write(2, b"after\\n")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "a warning of someone else\nafter\n"
