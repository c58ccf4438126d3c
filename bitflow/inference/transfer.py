"""Batches on their way to a GPU and back: memory that is reserved once, bound to the graph, and filled anew.

A batch is written into page-locked memory, which the GPU reads by itself at the full speed of the bus, copied into
memory of the GPU that stays bound to the graph's input, and the outputs are brought back.
"""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from bitflow.inference.providers import BATCHES

if TYPE_CHECKING:
    from bitflow.inference.session import TensorSpec


class Transfer:
    """The inputs and outputs of one graph whose every first axis is the batch.

    Parameters
    ----------
    session
        The graph, opened on the device.
    inputs, outputs
        What goes in and what is wanted of what comes out.
    device
        Kind and number of the device whose memory the inputs are bound to.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        device: tuple[str, int],
    ) -> None:
        self._session = session
        self._inputs = tuple(inputs)
        self._outputs = tuple(outputs)
        self._device = device
        self._bound: dict[int, tuple[Any, list[np.ndarray], list[Any]]] = {}

    def run(self, inputs: Sequence[np.ndarray], options: Any) -> tuple[np.ndarray, ...]:
        """Outputs of a batch of any size; its parts are filled up to sizes that the GPU has seen before."""
        count, largest = len(inputs[0]), BATCHES[-1]
        parts = [
            self._part([values[at : at + largest] for values in inputs], options) for at in range(0, count, largest)
        ]
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    def _part(self, inputs: Sequence[np.ndarray], options: Any) -> tuple[np.ndarray, ...]:
        count = len(inputs[0])
        size = next(batch for batch in BATCHES if batch >= count)
        if size not in self._bound:
            self._bound[size] = self._bind(size)
        binding, staged, reserved = self._bound[size]
        for stage, values, place in zip(staged, inputs, reserved, strict=True):
            stage[:count] = values
            stage[count:] = values[-1]  # what fills up must not be nonsense that overflows
            place.update_inplace(stage)
        self._session.run_with_iobinding(binding, options)
        binding.synchronize_outputs()
        return tuple(np.array(out[:count]) for out in binding.copy_outputs_to_cpu())

    def _bind(self, size: int) -> tuple[Any, list[np.ndarray], list[Any]]:
        binding = self._session.io_binding()
        staged, reserved = [], []
        for spec in self._inputs:
            shape = (size, *(axis or 1 for axis in spec.shape[1:]))
            stage = np.zeros(shape, spec.dtype)
            if self._device[0] == "cuda":
                lock_pages(stage, cuda_runtime())
            place = onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, spec.dtype.type, *self._device)
            binding.bind_ortvalue_input(spec.name, place)
            staged.append(stage)
            reserved.append(place)
        for spec in self._outputs:
            binding.bind_output(spec.name, "cpu")
        return binding, staged, reserved


_PORTABLE = 1  # locked for every card


def lock_pages(array: np.ndarray, runtime: Any) -> bool:
    """Keep an array's memory in place for as long as it lives, so that a GPU can read it by itself.

    Parameters
    ----------
    array
        Memory of one's own, not a view.
    runtime
        The CUDA runtime library, or None.

    Returns
    -------
    bool
        False where it cannot be done, and copies go the slower way.
    """
    if runtime is None or not array.nbytes:
        return False
    address = ctypes.c_void_p(array.ctypes.data)
    if runtime.cudaHostRegister(address, ctypes.c_size_t(array.nbytes), ctypes.c_uint(_PORTABLE)):
        return False
    weakref.finalize(array, runtime.cudaHostUnregister, address)
    return True


@cache
def cuda_runtime() -> Any:
    """The CUDA runtime library that ONNX Runtime has loaded, or None."""
    major = str(getattr(onnxruntime, "cuda_version", "")).partition(".")[0]
    if not major:
        return None
    name = f"cudart64_{major}.dll" if sys.platform == "win32" else f"libcudart.so.{major}"
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None
