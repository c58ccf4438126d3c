"""ONNX files as bytes: the few messages of its Protocol Buffers schema that a network is made of.

Writing them takes these lines; the `onnx` package would take 20 MB and a protobuf runtime of its own in the core.
Field numbers and types are those of `onnx.proto` (ONNX, Apache-2.0), IR version 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

_IR_VERSION = 8
#: Operator set: the last one in which ReduceMean takes its axes as an attribute.
OPSET = 17

#: TensorProto.DataType of what a network of ours holds.
DATA_TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int64): 7}

#: AttributeProto.AttributeType
_FLOAT, _INT, _STRING, _INTS = 1, 2, 3, 7

Attribute = int | float | str | Sequence[int]


def node(operator: str, inputs: Iterable[str], output: str, **attributes: Attribute) -> bytes:
    """A NodeProto of one output; an empty input name leaves that input out."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(4, operator),
            *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def tensor(name: str, values: np.ndarray) -> bytes:
    """A TensorProto with its values in it."""
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    sizes = b"".join(_int(1, size) for size in values.shape)
    return sizes + _int(2, DATA_TYPES[values.dtype]) + _text(8, name) + _bytes(9, little.tobytes())


def value(name: str, dtype: np.dtype, shape: Sequence[int | str]) -> bytes:
    """A ValueInfoProto: what goes in or comes out; a string names an axis of any length."""
    axes = (_text(2, axis) if isinstance(axis, str) else _int(1, axis) for axis in shape)
    shaped = _int(1, DATA_TYPES[dtype]) + _bytes(2, b"".join(_bytes(1, axis) for axis in axes))
    return _text(1, name) + _bytes(2, _bytes(1, shaped))


def model(
    nodes: Iterable[bytes],
    *,
    initializers: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
    producer: str,
    version: str,
) -> bytes:
    """A whole ONNX file."""
    graph = b"".join(
        [
            *(_bytes(1, each) for each in nodes),
            _text(2, "graph"),
            *(_bytes(5, each) for each in initializers),
            *(_bytes(11, each) for each in inputs),
            *(_bytes(12, each) for each in outputs),
        ]
    )
    operators = _text(1, "") + _int(2, OPSET)
    return _int(1, _IR_VERSION) + _text(2, producer) + _text(3, version) + _bytes(7, graph) + _bytes(8, operators)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _int(20, _STRING)
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, _INT)
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _int(20, _FLOAT)
    return _text(1, name) + b"".join(_int(8, item) for item in value) + _int(20, _INTS)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers as two's complement of 64 bits
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
