"""What makes a signal of a signal, and what compares signals: one function for every such operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.fields import Quantities
from bitflow.events.language.tree import Call
from bitflow.signals.windows import rolling

if TYPE_CHECKING:
    from bitflow.events.language.evaluation import Evaluation


COMPARE: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def _windows(
    change: Callable[[Evaluation, NDArray, Call], NDArray], dimension: str | None = None
) -> Callable[..., Quantities]:
    return lambda run, signal, node: signal.map(lambda values: change(run, values, node), dimension)


def _smooth_signal(run: Evaluation, values: NDArray, node: Call) -> NDArray:
    from scipy.signal import savgol_filter

    from bitflow.signals.cleaning import median_filtered, runs

    size = run.frames(node["window"])
    if node["by"] == "mean":
        return rolling(values, size, "mean")
    result = np.array(values, float)
    for at in np.ndindex(values.shape[:2]):
        if node["by"] == "median":
            result[at] = median_filtered(values[at], size)
            continue
        for first, last in runs(np.isfinite(values[at])):
            if last - first >= size > 2:
                result[at][first:last] = savgol_filter(values[at][first:last], size, 2)
    return result


def _delta(run: Evaluation, values: NDArray, node: Call) -> NDArray:
    """Change from half a window before to half a window after."""
    half = max(1, round(run.seconds(node["window"]) * run.subjects.rate / 2))
    found = np.full(values.shape, np.nan)
    if values.shape[-1] > 2 * half:
        found[..., half:-half] = values[..., 2 * half :] - values[..., : -2 * half]
    return found


def _zscore(run: Evaluation, values: NDArray, node: Call) -> NDArray:
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=-1, keepdims=True) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=-1, keepdims=True) / count)
    return np.divide(values - mean, spread, out=np.full(values.shape, np.nan), where=spread > 0)


CHANGES: dict[str, Callable[[Evaluation, Quantities, Call], Quantities]] = {
    "abs": _windows(lambda run, values, node: np.abs(values)),
    "smooth": _windows(_smooth_signal),
    "delta": _windows(_delta),
    "rolling": _windows(lambda run, values, node: rolling(values, run.frames(node["window"]), node["stat"])),
    "zscore": _windows(_zscore, "ratio"),
}
