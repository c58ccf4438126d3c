"""ONNX files written by hand: the onnx package is an extra, and three operators need no more than this."""

from __future__ import annotations

from pathlib import Path


def write_model(path: Path, shape: tuple[int | str, ...]) -> Path:
    """A graph x -> (y = -x, z = |x|) on float32 of `shape`; a string names a free axis."""
    graph = b"".join(
        [
            _bytes(1, _bytes(1, b"x") + _bytes(2, b"y") + _bytes(4, b"Neg")),
            _bytes(1, _bytes(1, b"x") + _bytes(2, b"z") + _bytes(4, b"Abs")),
            _bytes(2, b"tiny"),
            *(_bytes(number, _value(name, shape)) for number, name in ((11, b"x"), (12, b"y"), (12, b"z"))),
        ]
    )
    path.write_bytes(_int(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _int(2, 13)))
    return path


def _value(name: bytes, shape: tuple[int | str, ...]) -> bytes:
    axes = (_int(1, axis) if isinstance(axis, int) else _bytes(2, axis.encode()) for axis in shape)
    tensor = _int(1, 1) + _bytes(2, b"".join(_bytes(1, axis) for axis in axes))
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
