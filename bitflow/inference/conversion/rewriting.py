"""A TFLite file's bytes made an ONNX file's."""

from __future__ import annotations

import numpy as np

from bitflow.errors import UsageError
from bitflow.inference.conversion import messages
from bitflow.inference.conversion.graph import CHANNELS_FIRST, Graph
from bitflow.inference.conversion.operators import write_operator
from bitflow.inference.tflite import read_model

#: Of the converter; a change in what it writes takes a new one, so that files of the old one are left alone.
VERSION = "1"

#: The name of the free first axis.
_BATCH = "batch"


def convert(content: bytes, name: str, normalise: tuple[float, float] | None = None) -> bytes:
    """An ONNX file that computes what a TFLite file does, for any batch size.

    Parameters
    ----------
    content
        A TFLite file of one graph, whose inputs and outputs have a first axis of 1.
    name
        What messages call it.
    normalise
        (scale, offset): the new graph takes uint8 pixels and computes ``x * scale + offset`` itself, so that a
        quarter of the bytes travels to a GPU.

    Returns
    -------
    bytes
        Inputs and outputs have the names, the order and the layout (channels last) of the TFLite file's. Weights are
        float32, whatever the file stores.

    Raises
    ------
    UsageError
        Not a TFLite file of one graph, or one with an operator that is not known here.
    """
    graph = Graph(read_model(content, name), content, name)
    inputs = [_write_input(graph, int(number), normalise) for number in graph.source.inputs]
    for operator in graph.source.operators:
        write_operator(graph, operator)
    outputs = []
    for number in map(int, graph.source.outputs):
        label = _label(graph, number)
        graph.nodes.append(messages.node("Identity", [graph.channels_last(number)], label))
        outputs.append(messages.value(label, graph.dtype(number), (_BATCH, *graph.shape(number)[1:])))
    return messages.model(
        graph.nodes,
        initializers=graph.initializers,
        inputs=inputs,
        outputs=outputs,
        producer="bitflow",
        version=VERSION,
    )


def _write_input(graph: Graph, number: int, normalise: tuple[float, float] | None) -> bytes:
    """One input of the graph, scaled where it takes pixels, and in ONNX's layout from here on."""
    label, shape, dtype = _label(graph, number), graph.shape(number), graph.dtype(number)
    if shape[:1] != (1,):
        raise graph.refuse(f"input {label} has shape {shape}, expected a batch of 1")
    name = graph.add("Transpose", label, perm=CHANNELS_FIRST) if len(shape) == 4 else label
    if normalise is not None:
        if dtype != np.float32:
            raise UsageError(f"{graph.name}: normalise is for graphs with float32 input")
        scale, offset = normalise
        name = graph.add("Cast", name, to=messages.DATA_TYPES[dtype])
        name = graph.add("Mul", name, graph.weight(np.array(scale, np.float32)))
        if offset:
            name = graph.add("Add", name, graph.weight(np.array(offset, np.float32)))
        dtype = np.dtype(np.uint8)
    graph.keep(number, name)
    return messages.value(label, dtype, (_BATCH, *shape[1:]))


def _label(graph: Graph, number: int) -> str:
    return (graph.source.tensors[number].name or b"").decode() or f"tensor{number}"
