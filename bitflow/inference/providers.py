"""ONNX Runtime opened where it was asked to run: on the CPU, or on a GPU through CUDA and TensorRT.

The options follow ONNX Runtime's pages on its CUDA and TensorRT execution providers.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import onnxruntime

from bitflow.errors import DeviceError, UsageError
from bitflow.inference.native import stderr_held

CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
CPU = "CPUExecutionProvider"

#: What CUDA itself says, in the middle of the runtime's account of where it happened.
_FAILURE = re.compile(r"CUDA failure \d+: [^;\n]*[^;\s]")

#: Batches that a GPU is given; others are filled up to the next, since every new size costs a search for kernels.
BATCHES = (1, 2, 4, 8, 16, 24, 32, 48, 64)


def provider_names() -> Sequence[str]:
    """Providers that the installed runtime was built with; whether they load is another matter."""
    return onnxruntime.get_available_providers()


def open_runtime(
    model: str | bytes,
    device: str,
    threads: int = 1,
    *,
    tensorrt: bool = False,
    tf32: bool = False,
    of_pictures: bool = False,
) -> tuple[onnxruntime.InferenceSession, str]:
    """Open a model file (or its bytes) where it was asked to run, and say where that is.

    Parameters
    ----------
    model
        Path or content of an ONNX file.
    device
        ``cpu``, ``cuda``, ``cuda:N`` or ``auto``.
    threads
        CPU threads.
    tensorrt, tf32
        See `bitflow.inference.engine.Engine`.
    of_pictures
        Batches of `BATCHES` will come: TensorRT builds one engine for all of them.

    Raises
    ------
    UsageError
        The model cannot be opened.
    DeviceError
        The device was asked for by name and cannot be used.
    """
    kind, _, ordinal = device.partition(":")
    if kind == "cpu":
        return _create(model, threads, [CPU]), "cpu"
    wanted: list[Any] = [(CUDA, _cuda_options(ordinal or "0", tf32)), CPU]
    if tensorrt:
        inputs = _input_shapes(model, threads) if of_pictures else {}
        wanted.insert(0, (TENSORRT, _tensorrt_options(ordinal or "0", inputs, tf32)))
    session, reason = _on_gpu(model, threads, wanted, tf32=tf32)
    if session is not None:
        return session, device if kind == "cuda" else "cuda"
    if kind == "cuda":
        raise DeviceError(f"{device} cannot be used: {reason}")
    return _create(model, threads, [CPU]), "cpu"


def _cuda_options(ordinal: str, tf32: bool) -> dict[str, str]:
    return {
        "device_id": ordinal,
        # The exhaustive search repeats for every new batch size; TF32 moves landmarks by 0.4 % of a face.
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "1" if tf32 else "0",
        # Doubling its arena each time, ten graphs would hold several times what they use.
        "arena_extend_strategy": "kSameAsRequested",
    }


def _input_shapes(model: str | bytes, threads: int) -> dict[str, tuple[int, ...]]:
    """Name of each input and its shape without the batch."""
    return {node.name: tuple(node.shape[1:]) for node in _create(model, threads, [CPU]).get_inputs()}


def _tensorrt_options(ordinal: str, inputs: dict[str, tuple[int, ...]], tf32: bool) -> dict[str, str]:
    from bitflow.assets.files import cache_dir, writable

    # an engine's name in the cache tells its graph and card, not whether it rounds
    folder = cache_dir() / "assets" / "tensorrt" / ("tf32" if tf32 else "float32")
    with writable(folder):
        pass

    def shapes(batch: int) -> str:
        return ",".join(f"{name}:{'x'.join(map(str, (batch, *rest)))}" for name, rest in inputs.items())

    options = {
        "device_id": ordinal,
        "trt_engine_cache_enable": "True",  # spelled out: this provider refuses 1
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(folder),
    }
    if inputs:
        options |= {
            "trt_profile_min_shapes": shapes(BATCHES[0]),
            "trt_profile_opt_shapes": shapes(32),
            "trt_profile_max_shapes": shapes(BATCHES[-1]),
        }
    return options


def _on_gpu(
    model: str | bytes, threads: int, wanted: Sequence[Any], *, tf32: bool
) -> tuple[onnxruntime.InferenceSession | None, str]:
    """Open a session on a GPU, or give the reason why there is none."""
    names = [provider[0] for provider in wanted if isinstance(provider, tuple)]
    missing = [name for name in names if name not in provider_names()]
    if missing:
        what = "the CPU" if CUDA in missing else "CUDA without TensorRT"
        return None, f"the installed onnxruntime is built for {what}; onnxruntime-gpu goes in its place"
    with stderr_held(lambda line: "onnxruntime" in line or line == "\x1b[m") as complaints:
        if TENSORRT in names and not tf32:
            # its execution provider has no option for it; NVIDIA's libraries read this when they load
            os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
        _preload(TENSORRT in names)
        try:
            session = _create(model, threads, wanted)
        except UsageError as error:
            failure = _FAILURE.search(str(error))
            return None, failure.group() if failure else str(error)
    # The list of available providers only says what was compiled in: what was loaded counts.
    lost = [name for name in names if name not in session.get_providers()]
    if not lost:
        return session, ""
    reasons = [line.rpartition("error: ")[2].removesuffix("\x1b[m") for line in complaints if "error: " in line]
    what = "CUDA" if CUDA in lost else "TensorRT"
    return None, f"{what} did not start ({reasons[0] if reasons else 'its driver, or cuDNN, may be missing'})"


@cache
def _preload(tensorrt: bool) -> None:
    """Let CUDA, cuDNN and TensorRT be found where pip put them: in packages that the system's loader does not know."""
    if hasattr(onnxruntime, "preload_dlls"):
        # It prints what it misses to stdout, which is for results; the session says it again.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError, OSError):
            onnxruntime.preload_dlls()
    if tensorrt:
        with contextlib.suppress(ImportError, OSError, RuntimeError):
            importlib.import_module("tensorrt")  # loads its libraries as it is imported


def _create(model: str | bytes, threads: int, providers: Sequence[Any]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; its warnings are for whoever exported the graph
    # Threads that wait would spin on cores that the other workers use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # Without enable_fallback=0 a failure on the GPU, now or in a later run, would quietly go on on the CPU.
        return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)
    except Exception as error:  # the runtime raises a dozen unrelated types for a bad file
        name = model if isinstance(model, str) else "the model"
        raise UsageError(f"ONNX Runtime cannot open {name}: {error}") from error
