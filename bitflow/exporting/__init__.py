"""What leaves a store: tables in other programs' formats, and pictures and sound as new files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitflow.exporting.stores import Export, export_store

__all__ = ["Export", "export_store"]


def __getattr__(name: str) -> Any:
    """Load a name on first use."""
    if name in __all__:
        return getattr(import_module("bitflow.exporting.stores"), name)
    raise AttributeError(f"module 'bitflow.exporting' has no attribute {name!r}")
