"""bitflow: folders of video in, time-aligned behaviour tables out.

>>> import bitflow
>>> store = bitflow.open_store("features")  # doctest: +SKIP
>>> store["p01/visit1"].table("head_pose")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitflow.cohort import extract
    from bitflow.errors import (
        AssetError,
        BitflowError,
        DeviceError,
        ExtractionError,
        MediaError,
        ModelError,
        SchemaError,
        StoreError,
        UsageError,
    )
    from bitflow.exporting import export_store
    from bitflow.measures.run import measure_store as measure
    from bitflow.store import FeatureStore, Recording, open_store
    from bitflow.timeline import Interval, align, uniform_clock

__version__ = "0.1.0"

__all__ = [
    "AssetError",
    "BitflowError",
    "DeviceError",
    "ExtractionError",
    "FeatureStore",
    "Interval",
    "MediaError",
    "ModelError",
    "Recording",
    "SchemaError",
    "StoreError",
    "UsageError",
    "__version__",
    "align",
    "export_store",
    "extract",
    "measure",
    "open_store",
    "uniform_clock",
]

# Looked up when first used, so that `import bitflow` loads neither pandas nor a decoder.
_HOMES = {
    "AssetError": "bitflow.errors",
    "BitflowError": "bitflow.errors",
    "DeviceError": "bitflow.errors",
    "ExtractionError": "bitflow.errors",
    "FeatureStore": "bitflow.store",
    "Interval": "bitflow.timeline",
    "MediaError": "bitflow.errors",
    "ModelError": "bitflow.errors",
    "Recording": "bitflow.store",
    "SchemaError": "bitflow.errors",
    "StoreError": "bitflow.errors",
    "UsageError": "bitflow.errors",
    "align": "bitflow.timeline",
    "export_store": "bitflow.exporting",
    "extract": "bitflow.cohort",
    "measure": "bitflow.measures.run:measure_store",
    "open_store": "bitflow.store",
    "uniform_clock": "bitflow.timeline",
}

# A checkout without symlinks (Windows) or an unpacked sdist: the sub-packages lie beside this folder.
# In a wheel they lie inside it, and through the links they seem to.
_here = _Path(__file__).resolve().parent
if not (_here / "extractors").is_dir() and (_here.parent / "extractors").is_dir():
    __path__.append(str(_here.parent))


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'bitflow' has no attribute {name!r}")
    module, _, other_name = home.partition(":")
    value = getattr(_import_module(module), other_name or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
