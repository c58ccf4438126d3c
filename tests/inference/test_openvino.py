"""--fast: the same graphs in bfloat16 behind the same session, as near as promised, and refused where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.errors import DeviceError, UsageError
from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.inference import Engine, devices, open_session, openvino
from bitflow.store import FeatureStore

LEFT_EYE, RIGHT_EYE = 263, 33


@pytest.fixture
def fast_cpu() -> None:
    pytest.importorskip("openvino", reason="OpenVINO, the extra 'fast', is not installed")
    try:
        openvino.require_bfloat16()
    except DeviceError as error:
        pytest.skip(str(error))


def test_graph_in_bfloat16_gives_the_points_of_the_usual_one(fast_cpu, models_available) -> None:
    models_available("face_mesh_468")
    pixels = np.random.default_rng(0).integers(0, 255, (2, 192, 192, 3)).astype(np.uint8)
    asked = {"normalise": (1 / 255, 0.0), "outputs": (0, 1)}
    usual = open_session("face_mesh_468", **asked)
    fast = open_session("face_mesh_468", backend="openvino", **asked)
    assert [spec.shape for spec in fast.outputs] == [spec.shape for spec in usual.outputs]
    assert "bf16" in fast.device
    points, expected = fast.run(pixels)[0].reshape(2, 468, 3), usual.run(pixels)[0].reshape(2, 468, 3)
    assert np.linalg.norm(points - expected, axis=2).mean() < 2.0  # px of a crop of 192
    assert not np.array_equal(points, expected)


def test_graph_with_a_free_batch_axis_is_held_to_one(fast_cpu, models_available) -> None:
    models_available("face_mesh_478")
    session = open_session("face_mesh_478", backend="openvino", normalise=(1 / 255, 0.0), outputs=(1, 0))
    presence, points = session.run(np.zeros((3, 256, 256, 3), np.uint8))
    assert presence.size == 3
    assert points.size == 3 * 478 * 3
    with pytest.raises(UsageError, match="outputs 0 to"):
        open_session("face_mesh_478", backend="openvino", outputs=(9,))


def test_faces_move_by_no_more_than_is_promised(fast_cpu, models_available, shared_clip, tmp_path) -> None:
    models_available("face_detection_short", "face_detection_full", "face_mesh_468")
    clip = shared_clip("people/pyfeat_single_face.mp4")
    points = {}
    for backend in ("litert", "openvino"):
        parameters = {"face_landmarks.model": "mesh468", "inference.backend": backend}
        request = make_request(extractors=["face_landmarks"], parameters=parameters, device="cpu")
        store = FeatureStore.create(tmp_path / backend)
        outcome = extract_recording(store.path, Source("clip", clip), request)
        assert outcome.error is None
        assert any("bfloat16" in note for note in outcome.notes) == (backend == "openvino")
        file = store["clip"].file("face_landmarks")
        points[backend] = file.points()[:, :468, :2]
        assert file.metadata["provenance"]["inference"]["backend"] == backend
    eyes = np.linalg.norm(points["litert"][:, LEFT_EYE] - points["litert"][:, RIGHT_EYE], axis=1)
    moved = np.linalg.norm(points["openvino"] - points["litert"], axis=2).mean(axis=1) / eyes
    assert 0 < np.median(moved) <= 0.006


def test_cpu_without_bfloat16_is_told_so(monkeypatch) -> None:
    class Plain:
        def get_property(self, device: str, name: str) -> list[str]:
            return ["FP32", "INT8"]

    monkeypatch.setattr(openvino, "_core", Plain)
    with pytest.raises(DeviceError, match="bfloat16"):
        make_request(extractors=["frames"], parameters=["inference.backend=openvino"])


def test_bfloat16_is_for_the_cpu_alone(monkeypatch) -> None:
    monkeypatch.setattr(devices, "settle_device", lambda asked: "cuda")
    with pytest.raises(UsageError, match="runs on the CPU only"):
        Engine("cuda", backend="openvino").settle()
