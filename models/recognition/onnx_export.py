"""A recogniser as one ONNX graph: from streams on the clip's clock to calibrated probabilities.

Statistics, windows, centring, disagreement, standardising, linear models, networks, pooling, fusion, calibration and
the band are nodes. Outside stay what needs words (n-grams and their counts, gaps, the polarity of words), a
participant's other clips (baselines), and experts that ask somebody else. Arithmetic is float64 inside, so that it
agrees with the model's own to rounding; networks are float32, as trained.

Inputs, those that a model needs, with free B (clips) and T (bins, padded at the end):

- ``bins`` int64 ``(B,)``: length of each clip; ``values_<stream>`` float32 ``(B, T, D)`` and ``mask_<stream>`` bool
  ``(B, T)``: columns of the schema, and where they were seen (a NaN was not).
- ``polarity`` float32 ``(B, T)``: of the words that are being said, NaN where none; ``baseline`` float64
  ``(B, channels, 2)``: centre and spread of the participant's signed channels, NaN for the clip's own.
- ``gaps`` float64 ``(B, 16)``; ``text`` float32 ``(B, d)``: rows of the text expert's features, NaN without a text.
- ``<network>.values_<stream>`` float32, ``<network>.mask_<stream>`` bool: columns about the participant's baseline.
- ``<expert>`` float64 ``(B, K)``: logits of any other expert.

Outputs: ``probability`` ``(B, classes)``, ``known`` ``(B,)``, ``logits`` ``(B, experts × K)``; with bootstrap members
``less`` and ``more`` ``(B, classes)``, the probabilities at the ends of the band; with an expert that judges moments
``moments`` ``(B, T, K)``.
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
from bitflow.extras import to_install
from bitflow.models.folder import ONNX_KEY
from bitflow.models.recognition import discord
from bitflow.models.recognition.adapter_expert import AdapterExpert
from bitflow.models.recognition.calibration import Calibrator
from bitflow.models.recognition.experts import DenseExpert, Expert
from bitflow.models.recognition.folder import packed
from bitflow.models.recognition.fusion import Gated, Stacked
from bitflow.models.recognition.heads import TOP, WindowsExpert
from bitflow.models.recognition.linear import FARTHEST
from bitflow.models.recognition.model import BAND, LEAST_MEMBERS, Model
from bitflow.models.recognition.network_experts import GRAPH, WEIGHTS, NetworkExpert
from bitflow.models.recognition.onnx_features import Measured
from bitflow.models.recognition.onnx_graph import Graph
from bitflow.models.recognition.text import TextExpert

#: What the graph keeps of how the model was trained: whom it knows, and on what.
_TOLD = ("salt", "participants_seen", "rates", "clips", "simulated")

TEXT = "text"


def export_onnx(model: Model, path: Path, *, kind: str = "ambivalence") -> Path:
    """Write a model as an ONNX file that `bitflow predict` and any runtime of opset 17 can run.

    Raises
    ------
    UsageError
        The package `onnx` is not installed.
    """
    try:
        from onnx import helper
    except ImportError as error:
        raise UsageError(f"the package onnx is not installed: {to_install('train')}") from error

    made = _Export(model).graph()
    helper.set_model_props(made, {ONNX_KEY: json.dumps(_metadata(model, kind))})
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, made.SerializeToString(deterministic=True))
    return path


def signed_streams(experts: Mapping[str, Any]) -> tuple[str, ...]:
    """Streams whose signed channel an expert reads, by their packed settings; in the order of the input `baseline`."""
    found: set[str] = set()
    for name, settings in experts.items():
        kind = name.split(":")[0]
        parts = settings["parts"] if kind == "early" else [[kind, settings]]
        for part, given in parts:
            found |= set(given.get({"discord": "streams", "windows": "streams", "bam": "pairs"}.get(part, ""), ()))
    return tuple(stream for stream in discord.ORDER if stream in found)


@dataclass
class _Export:
    """One model on its way into a graph."""

    model: Model
    g: Graph = field(default_factory=Graph)
    moments: str = ""

    def __post_init__(self) -> None:
        described = {name: expert.pack()[0] for name, expert in self.model.experts.items()}
        self.width = 1 if len(self.model.classes) == 2 else len(self.model.classes)
        self.measured = Measured(self.g, self.model.schema, signed_streams(described))

    def graph(self) -> Any:
        """The finished model."""
        g, model = self.g, self.model
        judged = [self._judged(name, expert, first=True) for name, expert in model.experts.items()]
        logits = g.op("Concat", *judged, axis=1) if len(judged) > 1 else g.op("Identity", judged[0])
        fused = self._fused(judged)
        known = g.op("Squeeze", g.any(g.known(logits)), g.whole(1))
        probability = _calibrated(g, fused, model.calibrator, self.width)
        classes = max(2, self.width)
        outputs: dict[str, tuple[str, str, Sequence[int | str]]] = {
            "probability": (probability, "DOUBLE", ["B", classes]),
            "known": (known, "BOOL", ["B"]),
            "logits": (logits, "DOUBLE", ["B", self.width * len(judged)]),
        }
        if len(model.members) >= LEAST_MEMBERS:
            less, more = self._band(judged, fused, probability)
            outputs |= {"less": (less, "DOUBLE", ["B", classes]), "more": (more, "DOUBLE", ["B", classes])}
        if self.moments:
            outputs["moments"] = (self.moments, "DOUBLE", ["B", "T", self.width])
        return g.model(outputs)

    def _judged(self, name: str, expert: Expert, *, first: bool, member: str = "") -> str:
        """Logits of an expert ``(B, K)``; the `first` that judges moments gives the graph's."""
        g = self.g
        if isinstance(expert, WindowsExpert):
            settings = expert.settings
            logits = g.linear(self._window_features(settings), expert.model)
            if first and not self.moments:
                self.moments = self.measured.spread(logits, settings["seconds"], settings["hop"])
            return _pooled(g, logits, expert, self.width)
        if isinstance(expert, DenseExpert):
            return g.linear(self._features(name.split(":")[0], expert.settings), expert.model)
        if isinstance(expert, TextExpert):
            rows = g.number(g.input(TEXT, ["B", len(expert.weight)], "FLOAT"))
            known = g.any(g.known(rows))
            product = g.op("MatMul", g.filled(rows), g.constant(expert.weight))
            return g.where(known, g.op("Add", product, g.constant(expert.bias)))
        if isinstance(expert, NetworkExpert):
            clip, moments = self._network(name, expert)
            self.moments = self.moments or moments
            return clip
        if isinstance(expert, AdapterExpert):
            return self._adapter(name, expert)
        return g.input(f"{name}{member}", ["B", self.width])

    def _features(self, kind: str, settings: Mapping[str, Any]) -> str:
        """What a dense expert reads, ``(B, d)``."""
        if kind == "statistics":
            return self.measured.whole(settings["stream"])
        if kind == "gaps":
            return self.measured.gaps()
        if kind == "discord":
            return self.measured.discord(settings["centring"], settings["streams"])
        parts = [self._features(part, given) for part, given in settings["parts"]]
        return self.g.op("Concat", *parts, axis=1)

    def _window_features(self, settings: Mapping[str, Any]) -> str:
        seconds, hop = settings["seconds"], settings["hop"]
        if settings["streams"]:
            return self.measured.moments(settings["centring"], settings["streams"], seconds, hop)
        parts = [self.measured.windows(name, seconds, hop) for name in settings["columns"]]
        return self.g.op("Concat", *parts, axis=2)

    def _network(self, name: str, expert: NetworkExpert) -> tuple[str, str]:
        """Logits of a network and of its moments; NaN where nothing was seen."""
        g, feeds, masks = self.g, {}, []
        for stream, columns in expert.inputs.columns.items():
            values, mask = f"values_{stream}", f"mask_{stream}"
            feeds[values] = g.input(f"{name}.{values}", ["B", "T", len(columns)], "FLOAT")
            feeds[mask] = g.input(f"{name}.{mask}", ["B", "T"], "BOOL")
            masks.append(g.op("Unsqueeze", feeds[mask], g.whole(2)))
        seen = masks[0]
        for mask in masks[1:]:
            seen = g.op("Or", seen, mask)
        found = g.include(expert.onnx(), f"{name}/", feeds)
        clip = g.where(g.op("Squeeze", g.any(seen, 1), g.whole(1)), g.number(found["clip"]))
        return clip, g.where(seen, g.number(found["moments"]))

    def _adapter(self, name: str, expert: AdapterExpert) -> str:
        g = self.g
        raw = {"vector": [self.measured.whole(stream) for stream in expert.streams]}
        if len(expert.pairs) > 1:
            raw["discord"] = [self.measured.discord(expert.centring, expert.pairs)]
        raw["gaps"] = [self.measured.gaps()]
        feeds, present = {}, {}
        for part, pieces in raw.items():
            values = g.op("Concat", *pieces, axis=1)
            centred = g.op("Sub", values, g.constant(expert.arrays[f"{part}.centre"]))
            scaled = g.op("Div", centred, g.constant(expert.arrays[f"{part}.scale"]))
            clipped = g.op("Clip", g.filled(scaled), g.constant(-FARTHEST), g.constant(FARTHEST))
            feeds[part], present[part] = g.single(clipped), g.any(g.known(values))
        feeds["present"] = g.op("Concat", *(there for part, there in present.items() if part != "vector"), axis=1)
        found = g.include(expert.onnx(), f"{name}/", feeds)
        something = g.any(g.op("Concat", *present.values(), axis=1))
        return g.where(something, g.number(found["clip"]))

    def _fused(self, judged: Sequence[str]) -> str:
        fusion = self.model.fusion
        if isinstance(fusion, Gated):
            return _gated(self.g, self.g.op("Concat", *judged, axis=1), fusion)
        assert isinstance(fusion, Stacked)
        return _stacked(self.g, judged, fusion)

    def _band(self, judged: Sequence[str], fused: str, probability: str) -> tuple[str, str]:
        """`Model._band`."""
        g, model = self.g, self.model
        others = []
        for number, member in enumerate(model.members):
            mine = [
                self._judged(name, member[name], first=False, member=f".member{number}") if name in member else main
                for name, main in zip(model.experts, judged, strict=True)
            ]
            logits = g.op("Concat", *mine, axis=1) if len(mine) > 1 else mine[0]
            known = g.any(g.known(logits))
            others.append(g.op("Unsqueeze", g.where(known, self._fused(mine)), g.whole(2)))
        every = g.op("Concat", *others, axis=2)  # (B, K, members)
        away = g.op("Sub", every, g.op("ReduceMean", every, axes=[2], keepdims=1))
        total = g.op("ReduceSum", g.op("Mul", away, away), g.whole(2), keepdims=0)
        spread = g.op("Sqrt", g.op("Div", total, g.constant(float(len(others) - 1))))
        if self.width == 1:
            second = g.op("Gather", probability, g.whole(1), axis=1)
            said = g.number(g.op("GreaterOrEqual", second, g.constant(model.threshold)))
            shift = g.op("Sub", g.op("Mul", said, g.constant(2.0)), g.constant(1.0))
        else:
            best = g.op("ArgMax", probability, axis=1, keepdims=1)
            shift = g.number(g.op("Equal", best, g.constant(np.arange(self.width)[None], np.int64)))
        reach = g.op("Mul", g.op("Mul", spread, shift), g.constant(BAND))
        ends = []
        for sign in ("Sub", "Add"):
            end = g.op(sign, fused, reach)
            least = g.op("ReduceMin", g.number(g.known(end)), axes=[1], keepdims=1)
            known = g.op("Greater", least, g.constant(0.5))
            ends.append(g.where(known, _calibrated(g, end, model.calibrator, self.width)))
        return ends[0], ends[1]


def _metadata(model: Model, kind: str) -> dict[str, Any]:
    """What is needed to feed the graph and read it: settings of all experts, arrays of what stays outside."""
    described, arrays = packed(model)
    inside = {n for n, e in model.experts.items() if isinstance(e, (DenseExpert, WindowsExpert, AdapterExpert))}
    kept = {"conformal": arrays["conformal"]}
    for name in set(model.experts) - inside:
        places = ["experts", *(f"member{k}" for k, member in enumerate(model.members) if name in member)]
        for key, values in arrays.items():
            if key.startswith(tuple(f"{place}/{name}/" for place in places)) and not key.endswith((GRAPH, WEIGHTS)):
                kept[key] = values
    held = io.BytesIO()
    np.savez_compressed(held, allow_pickle=False, **kept)
    return {
        "kind": kind,
        "config": {**model.config.as_dict(), "classes": list(model.classes)},
        "schema": model.schema.as_dict(),
        "experts": {name: described["experts"][name] for name in described["order"]},
        "members": [
            {name: settings for name, settings in member.items() if name not in inside}
            for member in described["members"]
        ],
        "order": described["order"],
        "threshold": model.threshold,
        "trained": {k: model.trained[k] for k in _TOLD if k in model.trained},
        "arrays": base64.b64encode(held.getvalue()).decode(),
    }


def _pooled(graph: Graph, moments: str, expert: WindowsExpert, width: int) -> str:
    """`heads.pool` over the windows axis: ``(B, W, K)`` to ``(B, K)``; NaN where no window is known."""
    known = graph.known(moments)
    count = graph.count(known, 1)
    some = graph.op("Greater", count, graph.constant(0.5))
    lowest = graph.filled(moments, -1e300)
    how, sharpness = expert.settings["pooling"], float(expert.settings["sharpness"])
    if how == "topk":
        ordered = graph.ops("TopK", lowest, graph.length(moments, 1), outputs=2, axis=1)[0]
        few = graph.op("Ceil", graph.op("Mul", count, graph.constant(TOP)))
        rank = graph.op("Unsqueeze", graph.number(graph.range(graph.length(moments, 1))), graph.whole(1))
        chosen = graph.op("Less", rank, few)
        kept = graph.op("Where", chosen, ordered, graph.constant(0.0))
        value = graph.op("Div", graph.sum(kept, 1), graph.op("Max", few, graph.constant(1.0)))
    else:
        highest = graph.op("ReduceMax", lowest, axes=[1], keepdims=1)
        above = graph.op("Mul", graph.op("Sub", lowest, highest), graph.constant(sharpness))
        weights = graph.op("Where", known, graph.op("Exp", above), graph.constant(0.0))
        total = graph.sum(weights, 1)
        if how == "lse":
            mean = graph.op("Div", total, graph.op("Max", count, graph.constant(1.0)))
            value = graph.op("Add", highest, graph.op("Div", graph.op("Log", mean), graph.constant(sharpness)))
        else:
            value = graph.op("Div", graph.sum(graph.op("Mul", weights, graph.filled(moments)), 1), total)
    return graph.op("Squeeze", graph.where(some, value), graph.whole(1))


def _stacked(graph: Graph, judged: Sequence[str], fusion: Stacked) -> str:
    """`fusion.Stacked.fused`: logits, 0 where missing, then one flag an expert."""
    flags = []
    for name in judged:
        least = graph.op("ReduceMin", graph.number(graph.known(name)), axes=[-1], keepdims=1)
        flags.append(least)
    return graph.linear(graph.op("Concat", *(graph.filled(name) for name in judged), *flags, axis=1), fusion.model)


def _gated(graph: Graph, logits: str, fusion: Gated) -> str:
    """`fusion.Gated.fused`."""
    ordered = graph.op("Gather", logits, graph.constant(fusion.order, np.int64), axis=1)
    z = graph.op("Div", graph.op("Sub", ordered, graph.constant(fusion.centre)), graph.constant(fusion.scale))

    def column(k: int) -> str:
        return graph.op("Gather", z, graph.whole(k), axis=1)

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


def _calibrated(graph: Graph, fused: str, calibrator: Calibrator, width: int) -> str:
    """`Calibrator.probability`."""
    z = graph.filled(fused)
    method, values = calibrator.method, calibrator.values
    if method == "temperature":
        z = graph.op("Div", z, graph.constant(float(values[0])))
    elif method == "platt":
        z = graph.op("Add", graph.op("Mul", z, graph.constant(float(values[0]))), graph.constant(float(values[1])))
    elif method == "beta":
        a, b, c = (float(v) for v in values)
        below = graph.op("Mul", _softplus(graph, graph.op("Neg", z)), graph.constant(-a))
        above = graph.op("Mul", _softplus(graph, z), graph.constant(b))
        z = graph.op("Add", graph.op("Add", below, above), graph.constant(c))
    elif method == "isotonic":
        z = _staircase(graph, z, values)
    if width > 1:
        return graph.op("Softmax", z, axis=1)
    z = graph.op("Add", z, graph.constant(calibrator.shift))
    second = graph.op("Sigmoid", z)
    return graph.op("Concat", graph.op("Sub", graph.constant(1.0), second), second, axis=1)


def _staircase(graph: Graph, z: str, values: NDArray[np.float64]) -> str:
    """Log-odds on the lines between the steps, as ramps that are added up."""
    at, p = values
    rise, run = np.diff(p), np.diff(at)
    probability = graph.constant(p[:1])
    if len(rise):
        ramp = graph.op("Div", graph.op("Sub", z, graph.constant(at[:-1])), graph.constant(np.maximum(run, 1e-300)))
        ramp = graph.op("Clip", ramp, graph.constant(0.0), graph.constant(1.0))
        probability = graph.op("Add", graph.op("MatMul", ramp, graph.constant(rise[:, None])), probability)
    probability = graph.op("Clip", probability, graph.constant(1e-6), graph.constant(1 - 1e-6))
    return graph.op("Log", graph.op("Div", probability, graph.op("Sub", graph.constant(1.0), probability)))


def _softplus(graph: Graph, z: str) -> str:
    """log(1 + exp z) without overflow; the runtime has Softplus for float32 only."""
    positive = graph.op("Max", z, graph.constant(0.0))
    shrunk = graph.op("Exp", graph.op("Neg", graph.op("Abs", z)))
    return graph.op("Add", positive, graph.op("Log", graph.op("Add", shrunk, graph.constant(1.0))))


def unpacked_arrays(metadata: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The arrays of `_metadata`."""
    with np.load(io.BytesIO(base64.b64decode(metadata["arrays"])), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
