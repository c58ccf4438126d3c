"""TFLite graphs on the CPU through LiteRT, whose XNNPACK kernels are the fastest for these small networks."""

from __future__ import annotations

import contextlib
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from bitflow.errors import UsageError
from bitflow.inference.native import stderr_held
from bitflow.inference.pixels import float32_pair, write_input
from bitflow.inference.session import TensorSpec
from bitflow.inference.tflite import pruned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LiteRtSession:
    """A TFLite graph of batch size 1, looped over the batch: on a CPU larger ones only outgrow the cache."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        normalise: tuple[float, float] | None = None,
        outputs: tuple[int, ...] | None = None,
    ) -> None:
        self.device = f"cpu (LiteRT {version('ai-edge-litert')})"
        try:
            with _greeting_withheld():
                if outputs is None:
                    self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
                else:
                    self._interpreter = Interpreter(model_content=pruned(path, outputs), num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"LiteRT cannot run {path}: {error}") from error
        details_in = self._interpreter.get_input_details()
        details_out = self._interpreter.get_output_details()
        self.inputs = tuple(_spec(detail) for detail in details_in)
        self.outputs = tuple(_spec(detail) for detail in details_out)
        for spec in self.inputs:
            if not spec.shape or spec.shape[0] != 1:
                raise UsageError(f"{path}: input {spec.name} has shape {spec.shape}, expected batch size 1")
        if normalise is not None and any(spec.dtype != np.float32 for spec in self.inputs):
            raise UsageError(f"{path}: normalise is for graphs with float32 input")
        self._normalise = float32_pair(normalise)
        # Functions that make a view of the interpreter's memory (0.4 µs); the view itself must not outlive a run.
        self._views_in = tuple(self._interpreter.tensor(detail["index"]) for detail in details_in)
        self._views_out = tuple(self._interpreter.tensor(detail["index"]) for detail in details_out)
        # Most outputs carry the batch axis; blendshapes come as a bare (52,).
        shapes = (tuple(int(n) for n in detail["shape"]) for detail in details_out)
        self._shapes_out = tuple(shape[1:] if shape[:1] == (1,) else shape for shape in shapes)

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the graph once for each row of the batch; see `Session.run`."""
        count = self._batch_size(inputs)
        results = tuple(
            np.empty((count, *shape), spec.dtype) for shape, spec in zip(self._shapes_out, self.outputs, strict=True)
        )
        for row in range(count):
            for view, values in zip(self._views_in, inputs, strict=True):
                write_input(view()[0], values[row], self._normalise)
            self._interpreter.invoke()
            for view, result in zip(self._views_out, results, strict=True):
                result[row] = view().reshape(result.shape[1:])
        return results

    def _batch_size(self, inputs: tuple[np.ndarray, ...]) -> int:
        if len(inputs) != len(self.inputs):
            raise UsageError(f"this graph has {len(self.inputs)} inputs, {len(inputs)} were given")
        count = len(inputs[0])
        for spec, values in zip(self.inputs, inputs, strict=True):
            if values.shape != (count, *spec.shape[1:]):
                expected = ("n", *spec.shape[1:])
                raise UsageError(f"input {spec.name} has shape {values.shape}, expected {expected}")
        return count


def _spec(detail: dict) -> TensorSpec:
    return TensorSpec(detail["name"], tuple(int(n) for n in detail["shape"]), np.dtype(detail["dtype"]))


_GREETING = "Created TensorFlow Lite XNNPACK delegate for CPU."
_greeted = False


@contextlib.contextmanager
def _greeting_withheld() -> Iterator[None]:
    """Keep the library's greeting off stderr: one line, with the first interpreter of a process."""
    global _greeted
    if _greeted:
        yield
        return
    with stderr_held(lambda line: _GREETING in line):
        yield
    _greeted = True
