"""An ONNX graph as it grows: nodes, constants, inputs, and other graphs taken into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bitflow.models.recognition.linear import FARTHEST, Linear

OPSET = 17

#: Of the file format, so that runtimes of the opset's time can read it.
IR_VERSION = 8

#: Stands for what was not seen where values are put in order: behind all others.
LAST = 1e300


@dataclass
class Graph:
    """Nodes and constants as they are added; every method gives the name of what it made. Numbers are float64."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)

    def op(self, kind: str, *names: str, **attributes: Any) -> str:
        """One node with one output."""
        return self.ops(kind, *names, outputs=1, **attributes)[0]

    def ops(self, kind: str, *names: str, outputs: int, **attributes: Any) -> list[str]:
        """One node with several outputs."""
        from onnx import helper

        made = [f"{kind.lower()}_{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(names), made, **attributes))
        return made

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        """Numbers that never change."""
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def whole(self, *values: int) -> str:
        """A list of whole numbers."""
        return self.constant(list(values), np.int64)

    def input(self, name: str, shape: Sequence[int | str], kind: str = "DOUBLE") -> str:
        """An input, made once; `kind` is a name of `onnx.TensorProto`."""
        from onnx import TensorProto, helper

        if name not in self.inputs:
            self.inputs[name] = helper.make_tensor_value_info(name, getattr(TensorProto, kind), list(shape))
        return name

    def number(self, values: str) -> str:
        """Anything as float64; flags are 0 and 1."""
        from onnx import TensorProto

        return self.op("Cast", values, to=TensorProto.DOUBLE)

    def rounded(self, values: str) -> str:
        """To float32 and back, as tables of statistics are kept."""
        return self.number(self.single(values))

    def single(self, values: str) -> str:
        """As float32."""
        from onnx import TensorProto

        return self.op("Cast", values, to=TensorProto.FLOAT)

    def index(self, values: str) -> str:
        """As int64."""
        from onnx import TensorProto

        return self.op("Cast", values, to=TensorProto.INT64)

    def known(self, values: str) -> str:
        """Which are not NaN."""
        return self.op("Not", self.op("IsNaN", values))

    def filled(self, values: str, by: float = 0.0) -> str:
        """NaN as another number."""
        return self.op("Where", self.known(values), values, self.constant(by))

    def where(self, flags: str, values: str) -> str:
        """NaN where the flags are false."""
        return self.op("Where", flags, values, self.constant(np.nan))

    def sum(self, values: str, axis: int, *, keep: bool = True) -> str:
        """Sum along an axis."""
        return self.op("ReduceSum", values, self.whole(axis), keepdims=int(keep))

    def count(self, flags: str, axis: int) -> str:
        """How many flags are true along an axis, which stays."""
        return self.sum(self.number(flags), axis)

    def any(self, flags: str, *axes: int) -> str:
        """Whether any is true along axes (the last), which stay."""
        most = self.op("ReduceMax", self.number(flags), axes=list(axes or (-1,)), keepdims=1)
        return self.op("Greater", most, self.constant(0.5))

    def length(self, values: str, axis: int) -> str:
        """Size along an axis, ``(1,)`` int64."""
        return self.op("Slice", self.op("Shape", values), self.whole(axis), self.whole(axis + 1))

    def range(self, count: str, step: int = 1) -> str:
        """0, step, 2 step … ``count`` of them, int64; `count` is ``(1,)``."""
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        numbers = self.op("Range", zero, self.op("Squeeze", count, self.whole(0)), one)
        return self.op("Mul", numbers, self.constant(step, np.int64)) if step != 1 else numbers

    def ordered(self, values: str, axis: int) -> str:
        """In ascending order along an axis, what is NaN as `LAST`."""
        filled = self.filled(values, LAST)
        return self.ops("TopK", filled, self.length(filled, axis), outputs=2, axis=axis, largest=0)[0]

    def linear(self, values: str, model: Linear) -> str:
        """`Linear.logits`, NaN where nothing is known."""
        centred = self.op("Sub", values, self.constant(model.centre))
        scaled = self.op("Div", centred, self.constant(model.scale))
        clipped = self.op("Clip", self.filled(scaled), self.constant(-FARTHEST), self.constant(FARTHEST))
        product = self.op("MatMul", clipped, self.constant(model.weight))
        total = self.op("Add", product, self.constant(model.bias))
        return self.where(self.any(self.known(values)), total)

    def include(self, content: bytes, prefix: str, feeds: Mapping[str, str]) -> dict[str, str]:
        """Another graph, fed with what is here already; its outputs by their own names."""
        import onnx
        from onnx import compose

        other = compose.add_prefix(onnx.load_model_from_string(content), prefix)
        for name, feed in feeds.items():
            self.nodes.append(onnx.helper.make_node("Identity", [feed], [f"{prefix}{name}"]))
        self.nodes += other.graph.node
        self.constants += other.graph.initializer
        return {output.name.removeprefix(prefix): output.name for output in other.graph.output}

    def model(self, outputs: Mapping[str, tuple[str, str, Sequence[int | str]]]) -> Any:
        """The finished model.

        Parameters
        ----------
        outputs
            By name: what it is called in here, its kind and its shape.
        """
        from onnx import TensorProto, checker, helper

        named = [helper.make_node("Identity", [made], [name]) for name, (made, _, _) in outputs.items()]
        infos = [
            helper.make_tensor_value_info(name, getattr(TensorProto, kind), list(shape))
            for name, (_, kind, shape) in outputs.items()
        ]
        made = helper.make_model(
            helper.make_graph(
                [*self.nodes, *named], "bitflow", list(self.inputs.values()), infos, initializer=self.constants
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="bitflow",
        )
        checker.check_model(made)
        return made
