"""TFLite graphs as ONNX ones: the same weights, any batch size, for runtimes that know no TFLite.

>>> from bitflow.assets import fetch
>>> from bitflow.inference.conversion import converted
>>> converted(fetch("face_mesh_468"), normalise=(1 / 255, 0.0))  # doctest: +SKIP
PosixPath('…/converted/1055cb9d4a9ca8b8-….onnx')
"""

from __future__ import annotations

from bitflow.inference.conversion.files import converted
from bitflow.inference.conversion.rewriting import VERSION, convert

__all__ = ["VERSION", "convert", "converted"]
