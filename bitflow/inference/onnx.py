"""ONNX graphs through ONNX Runtime, on the CPU or a CUDA GPU."""

from __future__ import annotations

import contextlib
import io
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from bitflow.errors import DeviceError, UsageError
from bitflow.inference.native import stderr_held
from bitflow.inference.pixels import float32_pair, write_input
from bitflow.inference.session import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


class OnnxSession:
    """An ONNX graph; a free batch axis is run in one go, a fixed one of 1 is looped over.

    Inputs whose first axis is no batch (a recurrent network's state, a sampling rate) are passed as they are.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: str = "cpu",
        threads: int = 1,
        normalise: tuple[float, float] | None = None,
        outputs: tuple[int, ...] | None = None,
    ) -> None:
        self._session, kind = open_runtime(str(path), device, threads)
        self.device = f"{kind} (ONNX Runtime {onnxruntime.__version__})"
        self.inputs = tuple(_spec(node) for node in self._session.get_inputs())
        available = tuple(_spec(node) for node in self._session.get_outputs())
        if outputs is not None and any(not 0 <= index < len(available) for index in outputs):
            raise UsageError(f"{path} has outputs 0 to {len(available) - 1}, asked for {outputs}")
        self.outputs = available if outputs is None else tuple(available[index] for index in outputs)
        self._names = [spec.name for spec in self.outputs]
        self._options = onnxruntime.RunOptions()
        # Without it the runtime also computes what leads to outputs that were not asked for.
        self._options.only_execute_path_to_fetches = outputs is not None
        self._normalise = float32_pair(normalise)
        self._buffers: dict[int, np.ndarray] = {}

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the graph over a batch; see `Session.run`."""
        if len(inputs) != len(self.inputs):
            raise UsageError(f"this graph has {len(self.inputs)} inputs, {len(inputs)} were given")
        first = self.inputs[0].shape
        count = len(inputs[0]) if np.ndim(inputs[0]) else 1
        if first and first[0] == 1 and count != 1:
            return self._run_one_by_one(inputs, count)
        return self._run(inputs)

    def _run_one_by_one(self, inputs: tuple[np.ndarray, ...], count: int) -> tuple[np.ndarray, ...]:
        if count == 0:
            return tuple(np.empty((0, *(n or 0 for n in spec.shape[1:])), spec.dtype) for spec in self.outputs)
        rows = [self._run(tuple(values[row : row + 1] for values in inputs)) for row in range(count)]
        return tuple(np.concatenate(column) for column in zip(*rows, strict=True))

    def _run(self, inputs: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        feed = {
            spec.name: self._prepared(index, spec, np.asarray(values))
            for index, (spec, values) in enumerate(zip(self.inputs, inputs, strict=True))
        }
        try:
            return tuple(np.asarray(out) for out in self._session.run(self._names, feed, self._options))
        except InvalidArgument as error:
            raise UsageError(f"these inputs do not fit the graph: {error}") from error

    def _prepared(self, index: int, spec: TensorSpec, values: np.ndarray) -> np.ndarray:
        """Values in the graph's type; pixels are scaled into a buffer that is kept for the next call."""
        if values.dtype != np.uint8 or spec.dtype == np.uint8:
            return values.astype(spec.dtype, casting="same_kind", copy=False)
        buffer = self._buffers.get(index)
        if buffer is None or buffer.shape[1:] != values.shape[1:] or len(buffer) < len(values):
            buffer = self._buffers[index] = np.empty(values.shape, spec.dtype)
        write_input(buffer[: len(values)], values, self._normalise)
        return buffer[: len(values)]


def open_runtime(model: str | bytes, device: str, threads: int = 1) -> tuple[onnxruntime.InferenceSession, str]:
    """Open a model file (or its bytes) where it was asked to run, and say where that is."""
    kind, _, ordinal = device.partition(":")
    if kind == "cpu":
        return _create(model, threads, [CPU]), "cpu"
    session, reason = _on_cuda(model, threads, ordinal or "0")
    if session is not None:
        return session, device if kind == "cuda" else "cuda"
    if kind == "cuda":
        raise DeviceError(f"{device} cannot be used: {reason}")
    return _create(model, threads, [CPU]), "cpu"


def _on_cuda(model: str | bytes, threads: int, ordinal: str) -> tuple[onnxruntime.InferenceSession | None, str]:
    """Open a session on a GPU, or give the reason why there is none."""
    if CUDA not in onnxruntime.get_available_providers():
        return None, "the installed onnxruntime is built for the CPU; onnxruntime-gpu goes in its place"
    options = {
        "device_id": ordinal,
        # The exhaustive search repeats for every new batch size; TF32 moves landmarks by 0.4 % of a face.
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "0",
    }
    with stderr_held(lambda line: "onnxruntime" in line or line == "\x1b[m") as complaints:
        _preload_cuda()
        try:
            session = _create(model, threads, [(CUDA, options), CPU])
        except UsageError as error:
            return None, str(error)
    # The list of available providers only says what was compiled in: what was loaded counts.
    if CUDA in session.get_providers():
        return session, ""
    reasons = [line.rpartition("error: ")[2].removesuffix("\x1b[m") for line in complaints if "error: " in line]
    return None, f"CUDA did not start ({reasons[0] if reasons else 'its driver, or cuDNN, may be missing'})"


@cache
def _preload_cuda() -> None:
    """Let CUDA and cuDNN be found where pip put them, in the packages of the `nvidia` name space."""
    if hasattr(onnxruntime, "preload_dlls"):
        # It prints what it misses to stdout, which is for results; the session says it again.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError, OSError):
            onnxruntime.preload_dlls()


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


def _spec(node: Any) -> TensorSpec:
    shape = tuple(axis if isinstance(axis, int) else None for axis in node.shape)
    return TensorSpec(node.name, shape, np.dtype(_DTYPES.get(node.type, np.object_)))
