"""The canonical face: 33 points that hardly move with expression, in cm, with their weights.

x runs to the subject's left, y up, z toward the camera. The figures are those of MediaPipe's face geometry
module (`canonical_face_model.obj` and `geometry_pipeline_metadata_landmarks`, Apache-2.0, © The MediaPipe
Authors), which the face landmarker bundle carries as `geometry_pipeline_metadata_landmarks.binarypb`;
`read_geometry` reads that file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_TABLE = np.array(
    [
        # id, weight, x, y, z
        (4, 0.070909939706326, 0.000000, -0.463170, 7.586580),
        (6, 0.032100144773722, 0.000000, 2.473255, 5.788627),
        (10, 0.008446550928056, 0.000000, 8.261778, 4.481535),
        (33, 0.058724168688059, -4.445859, 2.663991, 3.173422),
        (54, 0.007667080033571, -6.279331, 6.615427, 1.425850),
        (67, 0.009078059345484, -3.523964, 8.005976, 3.729163),
        (117, 0.009791937656701, -5.258659, 0.945811, 2.974312),
        (119, 0.014565368182957, -3.300681, 0.861641, 3.872784),
        (121, 0.018591361120343, -1.820731, 1.467954, 4.224124),
        (127, 0.005197994410992, -7.743095, 2.364999, -2.005167),
        (129, 0.120625205338001, -1.785794, -0.978284, 4.850470),
        (132, 0.005560018587857, -7.270895, -2.890917, -2.252455),
        (133, 0.053286183625460, -1.856432, 2.585245, 3.757904),
        (136, 0.066890455782413, -5.085276, -7.178590, 0.714711),
        (143, 0.014816547743976, -6.407571, 2.236021, 1.560843),
        (147, 0.014262833632529, -6.234883, -1.944430, 1.663542),
        (198, 0.025462191551924, -1.246815, 0.230297, 5.681036),
        (205, 0.047252278774977, -3.832928, -1.537326, 4.137731),
        (263, 0.058724168688059, 4.445859, 2.663991, 3.173422),
        (284, 0.007667080033571, 6.279331, 6.615427, 1.425850),
        (297, 0.009078059345484, 3.523964, 8.005976, 3.729163),
        (346, 0.009791937656701, 5.258659, 0.945811, 2.974312),
        (348, 0.014565368182957, 3.300681, 0.861641, 3.872784),
        (350, 0.018591361120343, 1.820731, 1.467954, 4.224124),
        (356, 0.005197994410992, 7.743095, 2.364999, -2.005167),
        (358, 0.120625205338001, 1.785794, -0.978284, 4.850470),
        (361, 0.005560018587857, 7.270895, -2.890917, -2.252455),
        (362, 0.053286183625460, 1.856432, 2.585245, 3.757904),
        (365, 0.066890455782413, 5.085276, -7.178590, 0.714711),
        (372, 0.014816547743976, 6.407571, 2.236021, 1.560843),
        (376, 0.014262833632529, 6.234883, -1.944430, 1.663542),
        (420, 0.025462191551924, 1.246815, 0.230297, 5.681036),
        (425, 0.047252278774977, 3.832928, -1.537326, 4.137731),
    ]
)
#: Mesh numbers of the 33 points.
BASIS = _TABLE[:, 0].astype(np.intp)
#: Their weights in the alignment, (33,), summing to about 1.
WEIGHTS = _TABLE[:, 1].copy()
#: Their places, (33, 3) cm.
POINTS = _TABLE[:, 2:].copy()


def read_geometry(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Basis numbers (33,), weights (33,) and all canonical points (468, 3) cm of a geometry file of the
    bundle.

    The file is a protocol buffer with two fields in use: 1 is the mesh (its field 3 the vertex buffer: x y
    z u v), 2 the basis points (number, weight).
    """
    basis, weights, points = [], [], np.empty((0, 3))
    for field, value in _fields(path.read_bytes()):
        if field == 1 and isinstance(value, bytes):
            buffer = [v for f, v in _fields(value) if f == 3]
            points = np.array(buffer, np.float64).reshape(-1, 5)[:, :3]
        elif field == 2 and isinstance(value, bytes):
            entry = dict(_fields(value))
            basis.append(entry[1])
            weights.append(entry[2])
    return np.array(basis, np.intp), np.array(weights, np.float64), points


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of one protocol-buffer message, in order."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        field, kind = key >> 3, key & 7
        if kind == 0:
            yield field, varint()
        elif kind == 5:
            yield field, struct.unpack_from("<f", message, at)[0]
            at += 4
        elif kind == 1:
            yield field, struct.unpack_from("<d", message, at)[0]
            at += 8
        elif kind == 2:
            size = varint()
            yield field, message[at : at + size]
            at += size
        else:
            raise ValueError(f"not a geometry file: wire type {kind}")
