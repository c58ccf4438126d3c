"""How ONNX Runtime is opened on a GPU: a stand-in for its session records what it is given and says what it loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import onnxruntime
import pytest

from bitflow.errors import DeviceError
from bitflow.inference import devices, providers
from bitflow.inference.providers import BATCHES, CPU, CUDA, TENSORRT, open_runtime


@dataclass
class Machine:
    """Providers that a runtime was built with, those that load, and what sessions were asked for."""

    built: tuple[str, ...]
    loads: tuple[str, ...]
    complaint: str = ""
    refuses: str = ""
    asked: list[dict[str, dict[str, str]]] = field(default_factory=list)

    def open(self, model: Any, options: Any, providers: list[Any], enable_fallback: int) -> Any:
        wanted = {each[0]: each[1] if isinstance(each, tuple) else {} for each in map(as_pair, providers)}
        self.asked.append(wanted)
        if self.refuses and CUDA in wanted:
            raise RuntimeError(self.refuses)
        if self.complaint and CUDA in wanted:
            os.write(2, f"[E:onnxruntime:Default, bridge.cc] error: {self.complaint}\n".encode())
        return Session([name for name in wanted if name in self.loads])


def as_pair(provider: Any) -> tuple[str, dict[str, str]]:
    return provider if isinstance(provider, tuple) else (provider, {})


@dataclass
class Session:
    """Stands in for the runtime's session."""

    loaded: list[str]

    def get_providers(self) -> list[str]:
        return self.loaded

    def get_inputs(self) -> list[Any]:
        return [Node("pixels", ["batch", 192, 192, 3])]


@dataclass
class Node:
    """Stands in for the runtime's description of an input."""

    name: str
    shape: list[Any]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A runtime of the given providers in place of the installed one."""
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path))
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)

    def build(built: tuple[str, ...], loads: tuple[str, ...], complaint: str = "") -> Machine:
        made = Machine((*built, CPU), (*loads, CPU), complaint)
        monkeypatch.setattr(onnxruntime, "InferenceSession", made.open)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(made.built))
        monkeypatch.setattr(providers, "_preload", lambda tensorrt: None)
        return made

    return build


def test_products_are_not_rounded_unless_that_is_asked_for(machine):
    gpu = machine((CUDA,), (CUDA,))
    assert open_runtime(b"model", "cuda")[1] == "cuda"
    assert open_runtime(b"model", "cuda:1", tf32=True)[1] == "cuda:1"
    plain, rounded = (asked[CUDA] for asked in gpu.asked)
    assert (plain["device_id"], plain["use_tf32"]) == ("0", "0")
    assert (rounded["device_id"], rounded["use_tf32"]) == ("1", "1")


def test_a_runtime_without_cuda_is_told_from_one_whose_cuda_does_not_load(machine):
    machine((), ())
    with pytest.raises(DeviceError, match=r"built for the CPU; onnxruntime-gpu"):
        open_runtime(b"model", "cuda")
    machine((CUDA,), (), "libcudnn.so.9: cannot open shared object file")
    with pytest.raises(DeviceError, match=r"CUDA did not start \(libcudnn\.so\.9: cannot open"):
        open_runtime(b"model", "cuda")
    machine((CUDA,), ())
    with pytest.raises(DeviceError, match="driver"):
        open_runtime(b"model", "cuda")


def test_what_cuda_says_is_told_without_the_runtimes_account_of_where(machine):
    gpu = machine((CUDA,), (CUDA,))
    gpu.refuses = (
        "/src/onnxruntime/cuda_call.cc:154 CudaCall(…) CUDA failure 36: API call is not supported in the installed "
        "CUDA driver ; GPU=-1 ; hostname=here ; expr=cudaGetDeviceCount(&count);"
    )
    with pytest.raises(DeviceError, match=r"used: CUDA failure 36: API call .* installed CUDA driver$"):
        open_runtime(b"model", "cuda")
    assert open_runtime(b"model", "auto")[1] == "cpu"


def test_only_auto_goes_on_on_the_cpu(machine):
    gpu = machine((CUDA,), ())
    assert open_runtime(b"model", "auto")[1] == "cpu"
    assert list(gpu.asked[-1]) == [CPU]


def test_tensorrt_comes_first_and_keeps_one_engine_for_all_batches(machine, tmp_path):
    gpu = machine((TENSORRT, CUDA), (TENSORRT, CUDA))
    open_runtime(b"model", "cuda", tensorrt=True, of_pictures=True)
    asked = gpu.asked[-1]
    assert list(asked) == [TENSORRT, CUDA, CPU]
    options = asked[TENSORRT]
    assert options["trt_profile_min_shapes"] == "pixels:1x192x192x3"
    assert options["trt_profile_max_shapes"] == f"pixels:{BATCHES[-1]}x192x192x3"
    assert options["trt_engine_cache_path"].startswith(str(tmp_path))
    # its provider takes no other spelling, and has no switch for TF32: the libraries read a variable
    assert options["trt_engine_cache_enable"] == options["trt_timing_cache_enable"] == "True"
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "0"


def test_engines_that_round_are_kept_apart_from_those_that_do_not(machine):
    gpu = machine((TENSORRT, CUDA), (TENSORRT, CUDA))
    for rounded in (False, True):
        open_runtime(b"model", "cuda", tensorrt=True, tf32=rounded)
    folders = [asked[TENSORRT]["trt_engine_cache_path"] for asked in gpu.asked]
    assert len(set(folders)) == 2
    assert "trt_profile_min_shapes" not in gpu.asked[0][TENSORRT]


def test_tensorrt_that_does_not_load_is_an_error_where_it_was_settled_on(machine):
    machine((TENSORRT, CUDA), (CUDA,))
    with pytest.raises(DeviceError, match="TensorRT did not start"):
        open_runtime(b"model", "cuda", tensorrt=True)
    machine((CUDA,), (CUDA,))
    with pytest.raises(DeviceError, match="CUDA without TensorRT"):
        open_runtime(b"model", "cuda", tensorrt=True)


def test_tensorrt_that_is_installed_and_does_not_start_is_left_out_unless_asked_for(machine, monkeypatch):
    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    for loads, works in (((CUDA,), False), ((TENSORRT, CUDA), True)):
        devices._tensorrt_refusal.cache_clear()
        machine((TENSORRT, CUDA), loads)
        assert devices.settle_tensorrt("auto", "cuda") is works
        assert devices.settle_tensorrt("off", "cuda") is False
        if not works:
            with pytest.raises(DeviceError, match=r"inference\.tensorrt cannot be had.*did not start"):
                devices.settle_tensorrt("on", "cuda")
    assert "NVIDIA_TF32_OVERRIDE" not in os.environ, "a trial switches nothing off"
    devices._tensorrt_refusal.cache_clear()


def test_devices_say_what_they_run_and_settle_to_what_works(machine, monkeypatch):
    monkeypatch.setattr(devices, "_built_for_cuda", lambda: True)
    machine((CUDA,), (CUDA,))
    gpu = next(each for each in devices.available_devices() if each.name == "cuda")
    assert gpu.available
    assert "batches" in gpu.detail
    assert "without TensorRT" in gpu.detail
    assert devices.settle_device("auto") == "cuda"
    assert devices.settle_device("cuda:1") == "cuda:1"
    machine((CUDA,), ())
    assert devices.settle_device("auto") == "cpu"
    with pytest.raises(DeviceError, match="doctor"):
        devices.settle_device("cuda")


def test_two_runtimes_over_each_other_are_named_where_cuda_is_missing(machine, monkeypatch):
    machine((), ())
    monkeypatch.setattr(devices, "_version", lambda name: "1.0")
    gpu = next(each for each in devices.available_devices() if each.name == "cuda")
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in gpu.detail
