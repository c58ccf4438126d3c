"""ONNX graphs through ONNX Runtime, on the CPU or a CUDA GPU."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import EPFail, Fail, InvalidArgument, RuntimeException

from bitflow.errors import DeviceError, UsageError
from bitflow.inference.pixels import float32_pair, write_input
from bitflow.inference.providers import open_runtime
from bitflow.inference.session import TensorSpec
from bitflow.inference.transfer import Transfer

if TYPE_CHECKING:
    from pathlib import Path

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


#: Pictures that a CPU is given at a time: more outgrow its cache, and take memory.
_ON_CPU = 2


class OnnxSession:
    """An ONNX graph; a free batch axis is run in one go, a fixed one of 1 is looped over.

    Inputs whose first axis is no batch (a recurrent network's state, a sampling rate) are passed as they are.

    Parameters
    ----------
    path
        An `.onnx` file.
    device, threads, normalise, outputs
        See `bitflow.inference.open_session`.
    tensorrt, tf32
        See `bitflow.inference.engine.Engine`.
    of_pictures
        The first axis of every input and output is known to be a batch of items that have nothing to do with each
        other, so that a GPU may be given them in parts of its own.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: str = "cpu",
        threads: int = 1,
        normalise: tuple[float, float] | None = None,
        outputs: tuple[int, ...] | None = None,
        tensorrt: bool = False,
        tf32: bool = False,
        of_pictures: bool = False,
    ) -> None:
        self._session, kind = open_runtime(
            str(path), device, threads, tensorrt=tensorrt, tf32=tf32, of_pictures=of_pictures
        )
        self.device = f"{kind} (ONNX Runtime {onnxruntime.__version__}{', TensorRT' if tensorrt else ''})"
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
        self._of_pictures = of_pictures
        card, _, ordinal = kind.partition(":")
        self._transfer = (
            Transfer(self._session, self.inputs, self.outputs, (card, int(ordinal or 0)))
            if of_pictures and card != "cpu"
            else None
        )
        # The one session whose memory several threads use: those of a GPU are shared, see `shared_session`.
        self._turn = threading.Lock()

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the graph over a batch; see `Session.run`."""
        if len(inputs) != len(self.inputs):
            raise UsageError(f"this graph has {len(self.inputs)} inputs, {len(inputs)} were given")
        first = self.inputs[0].shape
        count = len(inputs[0]) if np.ndim(inputs[0]) else 1
        alone = bool(first) and first[0] == 1 and count != 1
        if count == 0 and (alone or self._of_pictures):
            return tuple(np.empty((0, *(n or 0 for n in spec.shape[1:])), spec.dtype) for spec in self.outputs)
        with self._turn:
            return self._run_one_by_one(inputs, count) if alone else self._run(inputs)

    def _run_one_by_one(self, inputs: tuple[np.ndarray, ...], count: int) -> tuple[np.ndarray, ...]:
        rows = [self._run(tuple(values[row : row + 1] for values in inputs)) for row in range(count)]
        return tuple(np.concatenate(column) for column in zip(*rows, strict=True))

    def _run(self, inputs: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        feed = [
            self._prepared(index, spec, np.asarray(values))
            for index, (spec, values) in enumerate(zip(self.inputs, inputs, strict=True))
        ]
        try:
            if self._transfer is not None:
                return self._transfer.run(feed, self._options)
            count = len(feed[0]) if self._of_pictures else 1
            if count <= _ON_CPU:
                return self._plain(feed)
            parts = [self._plain([values[at : at + _ON_CPU] for values in feed]) for at in range(0, count, _ON_CPU)]
            return tuple(np.concatenate(column) for column in zip(*parts, strict=True))
        except InvalidArgument as error:
            raise UsageError(f"these inputs do not fit the graph: {error}") from error
        except (EPFail, Fail, RuntimeException) as error:
            if self._transfer is None:
                raise
            said = " ".join(str(error).split())
            raise DeviceError(
                f"the GPU could not run a batch of {len(feed[0])}: {said}; where its memory ran out, fewer --workers "
                "leave more of it to each"
            ) from error

    def _plain(self, feed: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        named = {spec.name: values for spec, values in zip(self.inputs, feed, strict=True)}
        return tuple(np.asarray(out) for out in self._session.run(self._names, named, self._options))

    def _prepared(self, index: int, spec: TensorSpec, values: np.ndarray) -> np.ndarray:
        """Values in the graph's type; pixels are scaled into a buffer that is kept for the next call."""
        if values.dtype != np.uint8 or spec.dtype == np.uint8:
            if not np.can_cast(values.dtype, spec.dtype, "same_kind"):
                raise UsageError(f"input {spec.name} takes {spec.dtype}, {values.dtype} came")
            return values.astype(spec.dtype, copy=False)
        buffer = self._buffers.get(index)
        if buffer is None or buffer.shape[1:] != values.shape[1:] or len(buffer) < len(values):
            buffer = self._buffers[index] = np.empty(values.shape, spec.dtype)
        write_input(buffer[: len(values)], values, self._normalise)
        return buffer[: len(values)]


def _spec(node: Any) -> TensorSpec:
    shape = tuple(axis if isinstance(axis, int) else None for axis in node.shape)
    return TensorSpec(node.name, shape, np.dtype(_DTYPES.get(node.type, np.object_)))
