"""TFLite graphs in bfloat16 through OpenVINO, on CPUs that compute in it: about twice as fast, at a price in accuracy.

A factor of bfloat16 has 8 bits of mantissa: landmarks of faces move by 0.4 to 0.6 % of the distance between the eyes,
less than they do between one crop and another.
"""

from __future__ import annotations

import os
import threading
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import DeviceError, UsageError
from bitflow.extras import to_install
from bitflow.inference.rows import Rows
from bitflow.inference.session import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable


_one_at_a_time = threading.Lock()


class OpenVinoSession:
    """A TFLite graph of batch size 1 in bfloat16 on the CPU, looped over the batch."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        normalise: tuple[float, float] | None = None,
        outputs: tuple[int, ...] | None = None,
    ) -> None:
        self.device = f"cpu (OpenVINO {version('openvino')}, bf16)"
        with _one_at_a_time:
            compiled = _compiled(path, outputs, threads)
        self._request = compiled.create_infer_request()
        tensors_in = [self._request.get_input_tensor(index) for index in range(len(compiled.inputs))]
        tensors_out = [self._request.get_output_tensor(index) for index in range(len(compiled.outputs))]
        self.inputs = tuple(map(_spec, compiled.inputs))
        self.outputs = tuple(map(_spec, compiled.outputs))
        self._rows = Rows(
            str(path),
            self.inputs,
            self.outputs,
            [_view(tensor) for tensor in tensors_in],
            [_view(tensor) for tensor in tensors_out],
            self._request.infer,
            normalise,
        )

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the graph once for each row of the batch; see `Session.run`."""
        return self._rows.run(inputs)


def require_bfloat16() -> None:
    """Refuse a machine on which the graphs would not be faster.

    Raises
    ------
    DeviceError
        OpenVINO is not installed, or the CPU does not compute in bfloat16.
    """
    if "BF16" not in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise DeviceError("--fast needs a CPU that computes in bfloat16 (AVX512_BF16 or AMX): leave it out here")


@cache
def _core() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise DeviceError(f"--fast needs OpenVINO: {to_install('fast')}") from error
    return openvino.Core()


@lru_cache(maxsize=32)
def _compiled(path: Path, outputs: tuple[int, ...] | None, threads: int) -> Any:
    """A graph ready to run, shared by the sessions of all threads: making it takes longer than running it 50 times."""
    import openvino

    core, cores = _core(), os.cpu_count() or 1
    options = {
        "INFERENCE_PRECISION_HINT": "bf16",
        # A stream for each session that may run at once.
        "NUM_STREAMS": cores,
        "INFERENCE_NUM_THREADS": cores * threads,
        # Pinned, the streams of all processes would share the first cores.
        "ENABLE_CPU_PINNING": False,
    }
    try:
        graph: Any = core.read_model(str(path))
        if outputs is not None:
            results = graph.get_results()
            if not outputs or any(not 0 <= index < len(results) for index in outputs):
                raise UsageError(f"{path} has outputs 0 to {len(results) - 1}, asked for {outputs}")
            # What serves only the others is left out.
            graph = openvino.Model(  # pyright: ignore[reportGeneralTypeIssues]: two classes of one name
                [results[index] for index in outputs], graph.get_parameters()
            )
        graph.reshape(
            {
                port: [1 if side.is_dynamic else side.get_length() for side in port.partial_shape]
                for port in graph.inputs
            }
        )
        return core.compile_model(graph, "CPU", options)
    except RuntimeError as error:
        raise UsageError(f"OpenVINO cannot run {path}: {' '.join(str(error).split())[:200]}") from error


def _spec(port: Any) -> TensorSpec:
    return TensorSpec(port.get_any_name(), tuple(int(n) for n in port.shape), np.dtype(port.element_type.to_dtype()))


def _view(tensor: Any) -> Callable[[], np.ndarray]:
    return lambda: tensor.data
