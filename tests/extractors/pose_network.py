"""A pose network that is trained in a moment, and the simulated animal that it knows.

The animal is a bright nose and a dark tail base on noise. The network is one
convolution for the maps and one for the offsets, fitted by least squares to pictures whose points are known, and
written as ONNX by hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

NAMES = ("nose", "tail_base")
SIDE, STRIDE, KERNEL = 160, 8, 24
#: Pixels that a patch reaches beyond its cell.
PAD = (KERNEL - STRIDE) // 2


def points_at(times: np.ndarray) -> np.ndarray:
    """Where nose and tail base are, ``(n, 2, 2)`` px: the animal goes round and turns."""
    middle = 80 + 30 * np.stack([np.cos(times), np.sin(1.3 * times)], axis=-1)
    ahead = 22 * np.stack([np.cos(2 * times), np.sin(2 * times)], axis=-1)
    return np.stack([middle + ahead, middle - ahead], axis=1)


def pictures(points: np.ndarray, seed: int = 0) -> np.ndarray:
    """Grey pictures ``(n, SIDE, SIDE)`` uint8 of animals with their points at ``(n, 2, 2)``."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    drawn = np.full((len(points), SIDE, SIDE), 110.0)
    for n, place in enumerate(points):
        for (cx, cy), height in zip(place, (110, -90), strict=True):
            drawn[n] += height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 4**2))
    return np.clip(drawn + random.normal(0, 4, drawn.shape), 0, 255).astype(np.uint8)


def trained(path: Path, *, offsets: bool, locref_stdev: float = 7.2801, spare: int = 0) -> Path:
    """Fit the network and write it: grey pictures ``(n, 1, h, w)`` of 0 to 255 in, maps and perhaps offsets out.

    `spare` maps more than there are points are 0 everywhere.
    """
    points = points_at(np.random.default_rng(1).uniform(0, 50, 60))
    patches = _patches(pictures(points, 2).astype(np.float64) - 110)
    cells = SIDE // STRIDE
    middles = (np.arange(cells) + 0.5) * STRIDE
    dx = points[:, :, 0, None, None] - middles[None, None, None, :]
    dy = points[:, :, 1, None, None] - middles[None, None, :, None]
    maps = np.exp(-(dx**2 + dy**2) / (2 * (0.7 * STRIDE) ** 2))
    weights = [_fit(patches, maps[:, k].ravel()) for k in range(2)]
    kernels = [weight[:-1] for weight in weights]
    biases = [weight[-1] - 110 * weight[:-1].sum() for weight in weights]
    nothing = np.zeros((spare, KERNEL * KERNEL))
    layers = [("maps", np.concatenate([kernels, nothing]), np.concatenate([biases, nothing[:, 0]]))]
    if offsets:
        kernels, biases = [], []
        for k in range(2):
            near = (maps[:, k] > 0.4).ravel()
            for away in (dx, dy):
                target = np.broadcast_to(away[:, k], maps[:, k].shape).ravel()[near] / locref_stdev
                weight = _fit(patches[near], target)
                kernels.append(weight[:-1])
                biases.append(weight[-1] - 110 * weight[:-1].sum())
        layers.append(("offsets", np.array(kernels), np.array(biases)))
    return write_convolutions(path, layers)


def _patches(values: np.ndarray) -> np.ndarray:
    padded = np.pad(values, ((0, 0), (PAD, PAD), (PAD, PAD)), constant_values=-110)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL), axis=(1, 2))
    return windows[:, ::STRIDE, ::STRIDE].reshape(-1, KERNEL * KERNEL)


def _fit(patches: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Ridge regression with a constant."""
    full = np.concatenate([patches, np.full((len(patches), 1), 100.0)], axis=1)
    weight = np.linalg.solve(full.T @ full + 3e4 * np.eye(full.shape[1]), full.T @ target)
    weight[-1] *= 100.0
    return weight


def write_convolutions(path: Path, layers: list[tuple[str, np.ndarray, np.ndarray]]) -> Path:
    """Convolutions side by side on one grey picture, each an output of its own."""
    nodes, initializers, outputs = b"", b"", b""
    for name, kernels, biases in layers:
        weight = kernels.reshape(len(kernels), 1, KERNEL, KERNEL).astype(np.float32)
        initializers += _bytes(5, _tensor(f"{name}_w", weight))
        initializers += _bytes(5, _tensor(f"{name}_b", biases.astype(np.float32)))
        ends = b"".join(_bytes(1, each) for each in (b"picture", f"{name}_w".encode(), f"{name}_b".encode()))
        attributes = _ints("strides", (STRIDE, STRIDE)) + _ints("pads", (PAD, PAD, PAD, PAD))
        nodes += _bytes(1, ends + _bytes(2, name.encode()) + _bytes(4, b"Conv") + attributes)
        outputs += _bytes(12, _value(name, ("n", len(kernels), "rows", "columns")))
    graph = nodes + _bytes(2, b"poses") + initializers + _bytes(11, _value("picture", ("n", 1, "h", "w"))) + outputs
    path.write_bytes(_int(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _int(2, 13)))
    return path


def _tensor(name: str, values: np.ndarray) -> bytes:
    axes = b"".join(_int(1, axis) for axis in values.shape)
    return axes + _int(2, 1) + _bytes(8, name.encode()) + _bytes(9, values.astype("<f4").tobytes())


def _ints(name: str, values: tuple[int, ...]) -> bytes:
    return _bytes(5, _bytes(1, name.encode()) + b"".join(_int(8, value) for value in values) + _int(20, 7))


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    axes = (_int(1, axis) if isinstance(axis, int) else _bytes(2, axis.encode()) for axis in shape)
    tensor = _int(1, 1) + _bytes(2, b"".join(_bytes(1, axis) for axis in axes))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
