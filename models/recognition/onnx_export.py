"""A recogniser as one ONNX graph: from what is measured of each clip to calibrated probabilities.

Measuring (statistics of streams, gaps, disagreement) and turning words into n-grams stay outside: they need the tables,
the participant's other clips, and a vocabulary. The graph standardises, judges, pools windows, fuses and calibrates.
All of it is float64, so that it agrees with the model's own arithmetic to rounding.

Inputs, each with a free batch axis: ``<expert>`` features ``(B, d)`` of a dense expert, ``windows`` ``(B, W, d)`` with
a free number of windows (NaN rows are padding), logits ``(B, K)`` of any other expert (text, networks); NaN is missing.
Outputs: ``probability`` ``(B, classes)``, ``known`` ``(B)``, ``logits`` ``(B, experts × K)``, and ``moments`` ``(B, W,
K)`` where there are windows.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.drafts import replace_file
from bitflow.errors import UsageError
from bitflow.models.folder import ONNX_KEY
from bitflow.models.recognition.calibration import Calibrator
from bitflow.models.recognition.experts import DenseExpert, Expert
from bitflow.models.recognition.folder import packed
from bitflow.models.recognition.fusion import Gated, Stacked
from bitflow.models.recognition.heads import TOP, WindowsExpert
from bitflow.models.recognition.linear import FARTHEST, Linear
from bitflow.models.recognition.model import Model

OPSET = 17

#: What the graph keeps of how the model was trained: whom it knows, and on what.
_TOLD = ("salt", "participants_seen", "rates", "clips", "simulated")

#: Of the file format, so that runtimes of the opset's time can read it.
IR_VERSION = 8


@dataclass
class _Graph:
    """Nodes and constants as they are added; every method gives the name of what it made."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)

    def op(self, kind: str, *names: str, **attributes: Any) -> str:
        from onnx import helper

        made = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(names), [made], **attributes))
        return made

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        from onnx import TensorProto, helper

        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.DOUBLE, list(shape)))
        return name

    def number(self, flags: str) -> str:
        """Flags as 0.0 and 1.0."""
        from onnx import TensorProto

        return self.op("Cast", flags, to=TensorProto.DOUBLE)

    def known(self, values: str) -> str:
        """Which are not NaN."""
        return self.op("Not", self.op("IsNaN", values))

    def filled(self, values: str) -> str:
        """NaN as 0."""
        return self.op("Where", self.known(values), values, self.constant(0.0))

    def any(self, flags: str) -> str:
        """Whether any is true along the last axis, which stays."""
        most = self.op("ReduceMax", self.number(flags), axes=[-1], keepdims=1)
        return self.op("Greater", most, self.constant(0.5))

    def linear(self, values: str, model: Linear) -> str:
        """`Linear.logits`, NaN where nothing is known."""
        centred = self.op("Sub", values, self.constant(model.centre))
        scaled = self.op("Div", centred, self.constant(model.scale))
        clipped = self.op("Clip", self.filled(scaled), self.constant(-FARTHEST), self.constant(FARTHEST))
        product = self.op("MatMul", clipped, self.constant(model.weight))
        total = self.op("Add", product, self.constant(model.bias))
        return self.op("Where", self.any(self.known(values)), total, self.constant(np.nan))


def export_onnx(model: Model, path: Path, *, kind: str = "ambivalence") -> Path:
    """Write a model as an ONNX file that `bitflow predict` and any runtime of opset 17 can run.

    Raises
    ------
    UsageError
        The package `onnx` is not installed, or the calibration is a staircase.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError as error:
        raise UsageError('the package onnx is not installed: pip install "bitflow-behavior[train]"') from error

    graph = _Graph()
    width = 1 if len(model.classes) == 2 else len(model.classes)
    judged, moments = [], ""
    for name, expert in model.experts.items():
        if isinstance(expert, WindowsExpert):
            moments = graph.linear(graph.input(name, ["B", "W", len(expert.model.centre)]), expert.model)
            judged.append(_pooled(graph, moments, expert, width))
        elif isinstance(expert, DenseExpert):
            judged.append(graph.linear(graph.input(name, ["B", len(expert.model.centre)]), expert.model))
        else:
            judged.append(graph.input(name, ["B", width]))
    logits = graph.op("Concat", *judged, axis=1) if len(judged) > 1 else graph.op("Identity", judged[0])
    fused = _stacked(graph, judged, model.fusion) if isinstance(model.fusion, Stacked) else _gated(graph, logits, model)
    known = graph.op("Squeeze", graph.any(graph.known(logits)), graph.constant([1], np.int64))
    probability = _calibrated(graph, fused, model.calibrator, width)
    names = {"probability": probability, "known": known, "logits": logits, **({"moments": moments} if moments else {})}
    nodes = [*graph.nodes, *(helper.make_node("Identity", [made], [name]) for name, made in names.items())]
    shapes: dict[str, list[int | str]] = {
        "probability": ["B", max(2, width)],
        "known": ["B"],
        "logits": ["B", width * len(judged)],
        "moments": ["B", "W", width],
    }
    outputs = [
        helper.make_tensor_value_info(n, TensorProto.BOOL if n == "known" else TensorProto.DOUBLE, shapes[n])
        for n in names
    ]
    made = helper.make_model(
        helper.make_graph(nodes, "bitflow", graph.inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="bitflow",
    )
    helper.set_model_props(made, {ONNX_KEY: json.dumps(_metadata(model, kind))})
    checker.check_model(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, made.SerializeToString(deterministic=True))
    return path


def is_external(expert: Expert) -> bool:
    """Whether an expert judges outside the graph and hands in logits."""
    return not isinstance(expert, (DenseExpert, WindowsExpert))


def _metadata(model: Model, kind: str) -> dict[str, Any]:
    """What is needed to measure clips and read the outputs; weights only of the experts outside the graph."""
    described, arrays = packed(model)
    outside = [f"experts/{name}/" for name, expert in model.experts.items() if is_external(expert)]
    kept = {name: v for name, v in arrays.items() if name == "conformal" or name.startswith(tuple(outside or ["-"]))}
    held = io.BytesIO()
    np.savez_compressed(held, allow_pickle=False, **kept)
    return {
        "kind": kind,
        "config": {**model.config.as_dict(), "classes": list(model.classes)},
        "schema": model.schema.as_dict(),
        "experts": {name: described["experts"][name] for name in described["order"]},
        "order": described["order"],
        "threshold": model.threshold,
        "trained": {k: model.trained[k] for k in _TOLD if k in model.trained},
        "arrays": base64.b64encode(held.getvalue()).decode(),
    }


def _pooled(graph: _Graph, moments: str, expert: WindowsExpert, width: int) -> str:
    """`heads.pool` over the windows axis: ``(B, W, K)`` to ``(B, K)``; NaN where no window is known."""
    known = graph.known(moments)
    count = graph.op("ReduceSum", graph.number(known), graph.constant([1], np.int64), keepdims=1)
    some = graph.op("Greater", count, graph.constant(0.5))
    lowest = graph.op("Where", known, moments, graph.constant(-1e300))
    how, sharpness = expert.settings["pooling"], float(expert.settings["sharpness"])
    if how == "topk":
        size = graph.op("Slice", graph.op("Shape", moments), *(graph.constant([v], np.int64) for v in (1, 2)))
        ordered = f"ordered_{len(graph.nodes)}"
        from onnx import helper

        graph.nodes.append(helper.make_node("TopK", [lowest, size], [ordered, f"{ordered}_at"], axis=1))
        few = graph.op("Ceil", graph.op("Mul", count, graph.constant(TOP)))
        ones = graph.op("Sub", graph.number(known), graph.number(known))
        rank = graph.op("CumSum", graph.op("Add", ones, graph.constant(1.0)), graph.constant(1, np.int64))
        chosen = graph.op("LessOrEqual", rank, few)
        kept = graph.op("Where", chosen, ordered, graph.constant(0.0))
        total = graph.op("ReduceSum", kept, graph.constant([1], np.int64), keepdims=1)
        value = graph.op("Div", total, graph.op("Max", few, graph.constant(1.0)))
    else:
        highest = graph.op("ReduceMax", lowest, axes=[1], keepdims=1)
        above = graph.op("Mul", graph.op("Sub", lowest, highest), graph.constant(sharpness))
        weights = graph.op("Where", known, graph.op("Exp", above), graph.constant(0.0))
        total = graph.op("ReduceSum", weights, graph.constant([1], np.int64), keepdims=1)
        if how == "lse":
            mean = graph.op("Div", total, graph.op("Max", count, graph.constant(1.0)))
            value = graph.op("Add", highest, graph.op("Div", graph.op("Log", mean), graph.constant(sharpness)))
        else:
            product = graph.op("Mul", weights, graph.filled(moments))
            value = graph.op("Div", graph.op("ReduceSum", product, graph.constant([1], np.int64), keepdims=1), total)
    whole = graph.op("Where", some, value, graph.constant(np.nan))
    return graph.op("Squeeze", whole, graph.constant([1], np.int64))


def _stacked(graph: _Graph, judged: Sequence[str], fusion: Stacked) -> str:
    """`fusion.Stacked.fused`: logits, 0 where missing, then one flag an expert."""
    flags = []
    for name in judged:
        least = graph.op("ReduceMin", graph.number(graph.known(name)), axes=[-1], keepdims=1)
        flags.append(least)
    return graph.linear(graph.op("Concat", *(graph.filled(name) for name in judged), *flags, axis=1), fusion.model)


def _gated(graph: _Graph, logits: str, model: Model) -> str:
    """`fusion.Gated.fused`."""
    fusion = model.fusion
    assert isinstance(fusion, Gated)
    ordered = graph.op("Gather", logits, graph.constant(fusion.order, np.int64), axis=1)
    z = graph.op("Div", graph.op("Sub", ordered, graph.constant(fusion.centre)), graph.constant(fusion.scale))

    def column(k: int) -> str:
        return graph.op("Slice", z, *(graph.constant([v], np.int64) for v in (k, k + 1, 1)))

    a, c, absent = (float(v) for v in fusion.anchor)
    first = column(0)
    b = graph.op("Where", graph.known(first), first, graph.constant(absent))
    total = graph.op("Add", graph.op("Mul", b, graph.constant(a)), graph.constant(c))
    for k, (u, on_text, on_own, offset) in enumerate(fusion.residual, start=1):
        value = graph.filled(column(k))
        inner = graph.op(
            "Add", graph.op("Mul", b, graph.constant(on_text)), graph.op("Mul", value, graph.constant(on_own))
        )
        gate = graph.op("Sigmoid", graph.op("Add", inner, graph.constant(offset)))
        total = graph.op("Add", total, graph.op("Mul", gate, graph.op("Mul", value, graph.constant(u))))
    return total


def _calibrated(graph: _Graph, fused: str, calibrator: Calibrator, width: int) -> str:
    """`Calibrator.probability`."""
    z = graph.filled(fused)
    method, values = calibrator.method, calibrator.values
    if method == "isotonic":
        raise UsageError(
            "a staircase calibration has no ONNX form: train on fewer than 2,000 clips, or keep the folder"
        )
    if method == "temperature":
        z = graph.op("Div", z, graph.constant(float(values[0])))
    elif method == "platt":
        z = graph.op("Add", graph.op("Mul", z, graph.constant(float(values[0]))), graph.constant(float(values[1])))
    elif method == "beta":
        a, b, c = (float(v) for v in values)
        below = graph.op("Mul", _softplus(graph, graph.op("Neg", z)), graph.constant(-a))
        above = graph.op("Mul", _softplus(graph, z), graph.constant(b))
        z = graph.op("Add", graph.op("Add", below, above), graph.constant(c))
    if width > 1:
        return graph.op("Softmax", z, axis=1)
    z = graph.op("Add", z, graph.constant(calibrator.shift))
    second = graph.op("Sigmoid", z)
    return graph.op("Concat", graph.op("Sub", graph.constant(1.0), second), second, axis=1)


def _softplus(graph: _Graph, z: str) -> str:
    """log(1 + exp z) without overflow; the runtime has Softplus for float32 only."""
    positive = graph.op("Max", z, graph.constant(0.0))
    shrunk = graph.op("Exp", graph.op("Neg", graph.op("Abs", z)))
    return graph.op("Add", positive, graph.op("Log", graph.op("Add", shrunk, graph.constant(1.0))))


def unpacked_arrays(metadata: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The arrays of `_metadata`."""
    with np.load(io.BytesIO(base64.b64decode(metadata["arrays"])), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
