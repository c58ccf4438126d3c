"""What was computed of a clip, kept as long as the clip lives: folds and bootstrap members ask for the same again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from bitflow.datasets.clips import Clip

_memory: WeakKeyDictionary[Clip, dict[Any, Any]] = WeakKeyDictionary()


def remembered(clip: Clip, name: Any, function: Callable[[Clip], Any]) -> Any:
    """``function(clip)``, computed once under that name."""
    known = _memory.setdefault(clip, {})
    if name not in known:
        known[name] = function(clip)
    return known[name]
