"""Running a model graph: arrays in, arrays out, on whatever device was asked for.

>>> session = open_session("face_mesh_468", normalise=(1 / 255, 0.0))  # doctest: +SKIP
>>> points, presence = session.run(crops)  # crops: uint8 (n, 192, 192, 3)  # doctest: +SKIP
"""

from __future__ import annotations

from bitflow.inference.devices import Device, available_devices
from bitflow.inference.engine import Engine
from bitflow.inference.session import Session, TensorSpec, open_session

__all__ = ["Device", "Engine", "Session", "TensorSpec", "available_devices", "open_session"]
