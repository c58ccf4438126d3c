"""A TFLite graph being rewritten as an ONNX one: its tensors, its constants, and the nodes written so far.

Activations of four axes live in ONNX's layout (batch, channels, height, width) all the way through; TFLite's has the
channels last. They are turned where a graph begins and ends, and where a reshape reads them in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from bitflow.errors import UsageError
from bitflow.inference.conversion import messages

#: Where each axis of a TFLite activation goes.
CHANNELS_FIRST, CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)

_OPERATOR_NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_DTYPES = {schema.TensorType.FLOAT32: np.dtype(np.float32), schema.TensorType.UINT8: np.dtype(np.uint8)}


class Graph:
    """One TFLite graph, and its ONNX counterpart under construction.

    Parameters
    ----------
    model
        The parsed file, of one subgraph.
    content
        Its bytes.
    name
        What messages call it.
    """

    def __init__(self, model: Any, content: bytes, name: str) -> None:
        self.name = name
        self._codes = model.operatorCodes
        self.source = model.subgraphs[0]
        self._computed = _known(model)
        self._constants = _values(model, content, name, self._computed)
        self._names: dict[int, str] = {}
        self.nodes: list[bytes] = []
        self.initializers: list[bytes] = []

    def refuse(self, why: str) -> UsageError:
        """The error that says what of this graph cannot be converted."""
        return UsageError(f"{self.name} cannot be converted to ONNX: {why}; run it on the CPU with LiteRT")

    def operator_name(self, operator: Any) -> str:
        """As in TFLite's schema, or the custom operator's own."""
        code = self._codes[operator.opcodeIndex]
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        if number == schema.BuiltinOperator.CUSTOM:
            return (code.customCode or b"custom").decode()
        return _OPERATOR_NAMES.get(number, f"operator {number}")

    def shape(self, tensor: int) -> tuple[int, ...]:
        """The shape of a tensor in TFLite's layout."""
        return tuple(int(size) for size in self.source.tensors[tensor].shape)

    def dtype(self, tensor: int) -> np.dtype:
        """The type of a graph's own input or output."""
        kind = self.source.tensors[tensor].type
        if kind not in _DTYPES:
            raise self.refuse(f"a tensor of type {kind} goes in or comes out, float32 expected")
        return _DTYPES[kind]

    def is_constant(self, tensor: int) -> bool:
        """Whether a tensor is a weight, or computed from weights alone."""
        return tensor in self._computed

    def constant(self, tensor: int) -> np.ndarray:
        """The values of a weight, in TFLite's layout."""
        if tensor not in self._constants:
            raise self.refuse("a weight, or an axis, is computed from the input")
        return self._constants[tensor]

    def add(self, operator: str, *inputs: str, **attributes: messages.Attribute) -> str:
        """Write one node; returns the name of its output."""
        output = f"value/{len(self.nodes)}"
        self.nodes.append(messages.node(operator, inputs, output, **attributes))
        return output

    def weight(self, values: np.ndarray) -> str:
        """Write a constant; returns its name."""
        name = f"weight/{len(self.initializers)}"
        self.initializers.append(messages.tensor(name, values))
        return name

    def integers(self, *values: int) -> str:
        """Write a list of integers, as shapes and axes are."""
        return self.weight(np.array(values, np.int64))

    def channels_first(self, tensor: int) -> str:
        """The name under which a tensor goes on, in ONNX's layout."""
        if tensor in self._names:
            return self._names[tensor]
        values = self.constant(tensor)
        # constants broadcast against activations: from the last axis in TFLite, where the channels are
        if values.ndim and values.ndim <= 4:
            values = values.reshape((1,) * (4 - values.ndim) + values.shape).transpose(CHANNELS_FIRST)
        return self.weight(values)

    def channels_last(self, tensor: int) -> str:
        """The same in TFLite's layout."""
        name = self.channels_first(tensor)
        return self.add("Transpose", name, perm=CHANNELS_LAST) if len(self.shape(tensor)) == 4 else name

    def keep(self, tensor: int, name: str) -> None:
        """A tensor is now there, in ONNX's layout."""
        self._names[tensor] = name

    def keep_channels_last(self, tensor: int, name: str) -> None:
        """A tensor is now there, in TFLite's layout."""
        if len(self.shape(tensor)) == 4:
            name = self.add("Transpose", name, perm=CHANNELS_FIRST)
        self.keep(tensor, name)


def _known(model: Any) -> frozenset[int]:
    """Numbers of the tensors that are weights, or computed from weights alone."""
    graph = model.subgraphs[0]
    known = {
        number
        for number, tensor in enumerate(graph.tensors)
        if model.buffers[tensor.buffer].data is not None and len(model.buffers[tensor.buffer].data)
    }
    for operator in graph.operators:
        inputs = _inputs(operator)
        if inputs and known.issuperset(inputs):
            known.update(int(number) for number in operator.outputs)
    return frozenset(known)


def _values(model: Any, content: bytes, name: str, known: frozenset[int]) -> dict[int, np.ndarray]:
    """What is known and read by an operator whose result is not.

    Half-precision weights are widened and sparse ones unfolded by the runtime itself, run once on zeros: the formats
    are its own business.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    needed: set[int] = set()
    for operator in model.subgraphs[0].operators:
        inputs = _inputs(operator)
        if not known.issuperset(inputs):
            needed.update(known.intersection(inputs))
    try:
        interpreter = Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        interpreter.allocate_tensors()
        interpreter.invoke()
        return {number: interpreter.get_tensor(number) for number in sorted(needed)}
    except (ValueError, RuntimeError) as error:
        raise UsageError(f"LiteRT cannot run {name}: {error}") from error


def _inputs(operator: Any) -> list[int]:
    return [int(number) for number in operator.inputs if number >= 0]
