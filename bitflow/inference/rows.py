"""Graphs of batch size 1, looped over a batch: on a CPU larger ones only outgrow the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bitflow.errors import UsageError
from bitflow.inference.pixels import float32_pair, write_input

if TYPE_CHECKING:
    from bitflow.inference.session import TensorSpec

#: Gives the graph's own memory of one input or output.
View = Callable[[], np.ndarray]


class Rows:
    """One graph, run for each row of a batch in its own memory.

    Parameters
    ----------
    name
        Of the graph, for messages.
    inputs, outputs
        Its tensors, batch axis included.
    views_in, views_out
        Their memory.
    invoke
        Computes outputs from inputs.
    normalise
        (scale, offset) for uint8 into float32.

    Raises
    ------
    UsageError
        The graph's batch size is not 1, or its input is not of the kind that is normalised.
    """

    def __init__(
        self,
        name: str,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        views_in: Sequence[View],
        views_out: Sequence[View],
        invoke: Callable[[], object],
        normalise: tuple[float, float] | None,
    ) -> None:
        for spec in inputs:
            if not spec.shape or spec.shape[0] != 1:
                raise UsageError(f"{name}: input {spec.name} has shape {spec.shape}, expected batch size 1")
        if normalise is not None and any(spec.dtype != np.float32 for spec in inputs):
            raise UsageError(f"{name}: normalise is for graphs with float32 input")
        self._inputs, self._outputs = inputs, outputs
        self._views_in, self._views_out = views_in, views_out
        self._invoke = invoke
        self._normalise = float32_pair(normalise)
        # Most outputs carry the batch axis; blendshapes come as a bare (52,).
        self._cells = tuple(spec.shape[1:] if spec.shape[:1] == (1,) else spec.shape for spec in outputs)

    def run(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Outputs of each row, batch axis first; they belong to the caller."""
        count = self._batch_size(inputs)
        results = tuple(
            np.empty((count, *(n or 0 for n in cell)), spec.dtype)
            for cell, spec in zip(self._cells, self._outputs, strict=True)
        )
        for row in range(count):
            for view, values in zip(self._views_in, inputs, strict=True):
                write_input(view()[0], values[row], self._normalise)
            self._invoke()
            for view, result in zip(self._views_out, results, strict=True):
                result[row] = view().reshape(result.shape[1:])
        return results

    def _batch_size(self, inputs: Sequence[np.ndarray]) -> int:
        if len(inputs) != len(self._inputs):
            raise UsageError(f"this graph has {len(self._inputs)} inputs, {len(inputs)} were given")
        count = len(inputs[0])
        for spec, values in zip(self._inputs, inputs, strict=True):
            if values.shape != (count, *spec.shape[1:]):
                expected = ("n", *spec.shape[1:])
                raise UsageError(f"input {spec.name} has shape {values.shape}, expected {expected}")
        return count
