"""What runs the models: settled once from device and parameters, refused where it contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.errors import DeviceError, UsageError
from bitflow.extraction.plan import make_request
from bitflow.inference import Engine, devices, open_session
from bitflow.inference.engine import ON_CPU
from bitflow.media import hardware
from bitflow.media.hardware import HardwareDecoder


@pytest.fixture
def with_gpu(monkeypatch):
    """A machine with a working GPU and its decoder, and with TensorRT where it is said."""

    def build(*, tensorrt: bool = False, decoder: bool = True):
        found = HardwareDecoder("cuda", decoder, "" if decoder else "its device cannot be opened (busy)")
        monkeypatch.setattr(devices, "_built_for_cuda", lambda: True)
        monkeypatch.setattr(devices, "_onnx", lambda gpu="cuda": (devices.Device(gpu, "ONNX Runtime", True),))
        monkeypatch.setattr(devices, "why_not_tensorrt", lambda device: "" if tensorrt else "it is not installed")
        monkeypatch.setattr(hardware, "hardware_decoders", lambda: (found,))

    return build


@pytest.fixture
def without_gpu(monkeypatch):
    monkeypatch.setattr(devices, "_built_for_cuda", lambda: False)
    missing = devices.Device("cuda", "ONNX Runtime", False, "the installed onnxruntime is built for the CPU")
    monkeypatch.setattr(devices, "_onnx", lambda gpu="cuda": (missing,))
    nothing = (HardwareDecoder("cuda", False, "its device cannot be opened"),)
    monkeypatch.setattr(hardware, "hardware_decoders", lambda: nothing)


def test_without_a_gpu_everything_runs_in_litert_on_the_cpu(without_gpu):
    assert Engine("auto").settle() == Engine("cpu").settle() == ON_CPU
    assert not ON_CPU.in_batches


def test_the_gpus_way_can_be_taken_on_a_cpu(without_gpu):
    engine = Engine("cpu", backend="onnx").settle()
    assert engine.in_batches
    assert engine.provenance == {"backend": "onnx", "provider": "cpu", "tf32": False}


def test_a_gpu_that_is_there_is_used_without_being_asked_for(with_gpu):
    with_gpu()
    assert Engine("auto").settle() == Engine("cuda", "onnx", "off", False, "cuda")
    assert Engine("cpu").settle() == ON_CPU


def test_tensorrt_is_used_where_it_is_installed_unless_it_is_switched_off(with_gpu):
    with_gpu(tensorrt=True)
    assert Engine("cuda").settle().provenance == {"backend": "onnx", "provider": "tensorrt", "tf32": False}
    assert Engine("cuda", tensorrt="off").settle().provenance["provider"] == "cuda"


def test_which_of_several_cards_does_not_decide_about_values(with_gpu):
    with_gpu()
    second = Engine("cuda:1").settle()
    assert second.device == "cuda:1"
    assert second.provenance == Engine("cuda").settle().provenance


def test_decoding_falls_back_to_the_cpu_only_where_that_may_be_chosen(with_gpu):
    with_gpu(decoder=False)
    assert Engine("cuda").settle().decoder == "cpu"
    with pytest.raises(DeviceError, match=r"decoder cuda.*busy"):
        Engine("cuda", decoder="cuda").settle()


def test_a_gpu_may_decode_for_models_on_the_cpu(with_gpu):
    with_gpu()
    assert Engine("cpu", decoder="cuda").settle().decoder == "cuda"
    assert Engine("cuda", decoder="cpu").settle().decoder == "cpu"


@pytest.mark.parametrize(
    ("engine", "named"),
    [
        (Engine("gpu"), "gpu"),
        (Engine("cuda:one"), "cuda:one"),
        (Engine("cpu:1"), "cpu:1"),
        (Engine("cuda", backend="litert"), "litert runs on the CPU only"),
        (Engine("cpu", tf32=True), r"inference\.tf32"),
        (Engine("cpu", tensorrt="on"), r"inference\.tensorrt"),
    ],
)
def test_what_contradicts_itself_is_refused(with_gpu, engine, named):
    with_gpu()
    with pytest.raises(UsageError, match=named):
        engine.settle()


@pytest.mark.parametrize(
    ("engine", "named"),
    [
        (Engine("cuda"), r"--device cuda cannot be had.*built for the CPU"),
        (Engine("cpu", decoder="cuda"), "decoder cuda cannot be had"),
    ],
)
def test_what_is_asked_for_and_not_there_is_an_error(without_gpu, engine, named):
    with pytest.raises(DeviceError, match=named):
        engine.settle()


def test_tensorrt_asked_for_and_not_installed_is_an_error(with_gpu):
    with_gpu()
    with pytest.raises(DeviceError, match=r"inference\.tensorrt cannot be had"):
        Engine("cuda", tensorrt="on").settle()


def test_parameters_of_inference_are_set_like_those_of_tables(without_gpu):
    request = make_request(extractors=["frames"], parameters=["inference.backend=onnx"])
    assert request.engine == Engine("cpu", "onnx", "off", False, "cpu")
    nested = make_request(extractors=["frames"], parameters={"inference": {"backend": "onnx"}})
    assert nested.engine == request.engine
    with pytest.raises(UsageError, match=r"did you mean 'backend'"):
        make_request(extractors=["frames"], parameters=["inference.backnd=onnx"])
    with pytest.raises(UsageError, match="auto or litert or onnx or openvino expected"):
        make_request(extractors=["frames"], parameters=["inference.backend=tflite"])
    with pytest.raises(UsageError, match="no parameter 'device'"):
        make_request(extractors=["frames"], parameters=["inference.device=cuda"])


def test_a_converted_graph_runs_behind_the_same_session(models_available, tmp_path, monkeypatch):
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (19, 128, 128, 3), dtype=np.uint8)
    lite = open_session("face_detection_short", normalise=(2 / 255, -1.0), outputs=(1,))
    onnx = open_session("face_detection_short", normalise=(2 / 255, -1.0), outputs=(1,), backend="onnx")
    assert onnx.device.startswith("cpu (ONNX Runtime ")
    np.testing.assert_allclose(onnx.run(pixels)[0], lite.run(pixels)[0], atol=1e-3)
    assert onnx.run(pixels[:0])[0].shape == (0, 896, 1)
    with pytest.raises(UsageError, match="takes uint8, float32 came"):
        onnx.run(pixels.astype(np.float32))
    with pytest.raises(UsageError, match=r"backend 'tensorflow'"):
        open_session("face_detection_short", backend="tensorflow")
