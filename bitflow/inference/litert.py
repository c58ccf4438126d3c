"""TFLite graphs on the CPU through LiteRT, whose XNNPACK kernels are the fastest for these small networks."""

from __future__ import annotations

import contextlib
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from bitflow.errors import UsageError
from bitflow.inference.native import stderr_held
from bitflow.inference.rows import Rows
from bitflow.inference.session import TensorSpec
from bitflow.inference.tflite import pruned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LiteRtSession:
    """A TFLite graph of batch size 1, looped over the batch."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        normalise: tuple[float, float] | None = None,
        outputs: tuple[int, ...] | None = None,
    ) -> None:
        self.device = _device()
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
        # Functions that make a view of the interpreter's memory (0.4 µs); the view itself must not outlive a run.
        self._rows = Rows(
            str(path),
            self.inputs,
            self.outputs,
            [self._interpreter.tensor(detail["index"]) for detail in details_in],
            [self._interpreter.tensor(detail["index"]) for detail in details_out],
            self._interpreter.invoke,
            normalise,
        )

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the graph once for each row of the batch; see `Session.run`."""
        return self._rows.run(inputs)


@cache
def _device() -> str:
    # Reading a version out of an installed package takes a millisecond.
    return f"cpu (LiteRT {version('ai-edge-litert')})"


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
