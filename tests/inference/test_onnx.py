"""ONNX sessions: free and fixed batches, recurrent state, chosen outputs, and a GPU only where there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from bitflow.errors import DeviceError, UsageError
from bitflow.inference import available_devices, open_session

from .tiny_onnx import write_model

PIXELS = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3) * 5


@pytest.mark.parametrize("batch", ["n", 1])
def test_a_free_batch_and_a_fixed_one_of_one_give_the_same(tmp_path: Path, batch: int | str) -> None:
    path = write_model(tmp_path / "tiny.onnx", (batch, 2, 2, 3))
    session = open_session(path, normalise=(2 / 255, -1.0))
    assert session.inputs[0].shape == (None if batch == "n" else 1, 2, 2, 3)
    negative, size = session.run(PIXELS)
    scaled = PIXELS.astype(np.float32) * np.float32(2 / 255) + np.float32(-1)
    np.testing.assert_array_equal(negative, -scaled)
    np.testing.assert_array_equal(size, np.abs(scaled))


def test_smaller_batches_after_a_larger_one_see_no_leftovers(tmp_path: Path) -> None:
    session = open_session(write_model(tmp_path / "tiny.onnx", ("n", 2, 2, 3)), normalise=(1.0, 0.0))
    kept = session.run(PIXELS)[1]
    np.testing.assert_array_equal(session.run(PIXELS[1:2])[1], PIXELS[1:2])
    np.testing.assert_array_equal(kept, PIXELS)


@pytest.mark.parametrize("batch", ["n", 1])
def test_a_batch_of_none_gives_none(tmp_path: Path, batch: int | str) -> None:
    session = open_session(write_model(tmp_path / "tiny.onnx", (batch, 2, 2, 3)), normalise=(1.0, 0.0))
    assert [result.shape for result in session.run(PIXELS[:0])] == [(0, 2, 2, 3)] * 2


def test_only_the_outputs_asked_for_come_back_in_their_order(tmp_path: Path) -> None:
    path = write_model(tmp_path / "tiny.onnx", ("n",))
    values = np.array([-2.0, 3.0], np.float32)
    (size,) = open_session(path, outputs=(1,)).run(values)
    np.testing.assert_array_equal(size, [2, 3])
    size, negative = open_session(path, outputs=(1, 0)).run(values)
    np.testing.assert_array_equal(negative, [2, -3])
    with pytest.raises(UsageError, match="outputs 0 to 1"):
        open_session(path, outputs=(2,))


def test_the_speech_model_in_a_batch_agrees_with_the_runtime_one_by_one(models_available: Callable) -> None:
    path = models_available("silero_vad")["silero_vad"]
    session = open_session("silero_vad")
    assert [spec.name for spec in session.inputs] == ["input", "state", "sr"]
    sound = np.random.default_rng(0).normal(0, 0.1, (5, 576)).astype(np.float32)
    state, rate = np.zeros((2, 5, 128), np.float32), np.array(16000)
    speech, after = session.run(sound, state, rate)
    assert speech.shape == (5, 1)
    assert after.shape == (2, 5, 128)
    plain = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for row in range(5):
        feed = {"input": sound[row : row + 1], "state": state[:, row : row + 1], "sr": rate}
        alone = np.asarray(plain.run(["output"], feed)[0])
        np.testing.assert_allclose(speech[row : row + 1], alone, atol=1e-6)


@pytest.mark.parametrize("backend", ["auto", "litert", "onnx"])
def test_what_runs_tflite_graphs_does_not_concern_onnx_files(tmp_path: Path, backend: str) -> None:
    session = open_session(write_model(tmp_path / "tiny.onnx", ("n",)), backend=backend)
    assert session.device.startswith("cpu (ONNX Runtime ")


def test_inputs_that_do_not_fit_are_a_sentence(tmp_path: Path) -> None:
    session = open_session(write_model(tmp_path / "tiny.onnx", ("n", 2, 2, 3)), normalise=(1.0, 0.0))
    with pytest.raises(UsageError, match="do not fit"):
        session.run(PIXELS[:, :1])
    with pytest.raises(UsageError, match="1 inputs, 0 were given"):
        session.run()


def test_a_file_that_is_no_graph_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a graph")
    with pytest.raises(UsageError, match=r"bad\.onnx"):
        open_session(tmp_path / "bad.onnx")


def test_a_gpu_is_used_or_refused_as_the_list_of_devices_says(tmp_path: Path) -> None:
    path = write_model(tmp_path / "tiny.onnx", ("n",))
    cuda = next(device for device in available_devices() if device.name == "cuda")
    chosen = open_session(path, device="auto")
    if cuda.available:
        for session in (open_session(path, device="cuda"), chosen):
            assert session.device.startswith("cuda (ONNX Runtime ")
            np.testing.assert_array_equal(session.run(np.array([-2.0, 3.0], np.float32))[1], [2, 3])
    else:
        assert chosen.device.startswith("cpu (ONNX Runtime ")
        with pytest.raises(DeviceError, match="cuda cannot be used"):
            open_session(path, device="cuda")
        assert "onnxruntime" in cuda.detail


def test_both_cpu_engines_are_there_with_their_versions() -> None:
    engines = {device.engine.split()[0]: device for device in available_devices() if device.name == "cpu"}
    assert engines["LiteRT"].available
    assert engines["ONNX"].available
    assert onnxruntime.__version__ in engines["ONNX"].engine
