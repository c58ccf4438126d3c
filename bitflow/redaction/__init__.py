"""Videos that can be shared: every face covered, the voice kept, muted or changed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitflow.redaction.heads import Cover
    from bitflow.redaction.video import Redaction, redact

_HOMES = {"Cover": "heads", "Redaction": "video", "redact": "video"}

__all__ = ["Cover", "Redaction", "redact"]


def __getattr__(name: str) -> Any:
    """Load a name on first use: a decoder and filters are heavy."""
    if name in _HOMES:
        return getattr(import_module(f"bitflow.redaction.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'bitflow.redaction' has no attribute {name!r}")
