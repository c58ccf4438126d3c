"""What of a program a stretch of the recording is enough for: computed block by block, so that a day fits in memory.

A speed needs the frames before and after, a median of half a second needs a quarter on either side; a percentile, an
event, a threshold that holds on until another is crossed need all that went before. The first kind has a reach, the
second has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.language.fields import Quantities, Truth
from bitflow.events.language.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Named,
    Not,
    Or,
    Percentile,
    children,
    gives_signal,
)
from bitflow.events.language.vocabulary import SIGNALS, operator

if TYPE_CHECKING:
    from bitflow.events.language.evaluation import Evaluation

#: Frames on either side that a signal looks at; the others look at one frame alone.
_NEIGHBOURS = {
    **dict.fromkeys(("speed", "ang_speed", "heading", "posture_speed", "closing_speed", "rel_heading"), 1),
    "accel": 2,
}

#: Signals of which every value hangs on all before it, or that are read from a table of their own.
_OF_ALL = frozenset({"path_length", "segment", "column"})

#: A reach beyond this share of a block would be read again more often than it is worth.
_WORTH = 0.5


def reach(node: Any, run: Evaluation) -> int | None:
    """Frames on either side that a signal or statement looks at; None where they are all that there are."""
    found = _reach(node, run)
    block = getattr(run.subjects, "block_frames", run.subjects.samples)
    return found if found is not None and found <= _WORTH * block else None


def _reach(node: Any, run: Evaluation) -> int | None:
    if isinstance(node, Compare):
        if isinstance(node.value, Percentile):
            return None
        return _most(run, node.signal, node.value if gives_signal(node.value) else None)
    if isinstance(node, Between | Arithmetic):
        return _reach(node.signal, run)
    if isinstance(node, And | Or):
        return _most(run, *(node.all if isinstance(node, And) else node.any))
    if isinstance(node, Not):
        return _reach(node.body, run)
    if isinstance(node, Named):
        known = node.name in run.definitions and not run.is_events(node)
        return _reach(run.definitions[node.name].body, run) if known else None
    if not isinstance(node, Call) or node.name in _OF_ALL or operator(node.name).gives == "events":
        return None
    if node.name in SIGNALS:
        return _window(node, run) if node.name in ("straightness", "trail_dist") else _NEIGHBOURS.get(node.name, 0)
    if node.name in ("abs", "of", "towards", "exists_target", "forall_target"):
        return _reach(node["of"], run)
    if node.name == "provided":
        return _most(run, node["of"], node["condition"])
    if node.name in ("smooth", "rolling", "delta"):
        inner = _reach(node["of"], run)
        return None if inner is None else inner + _window(node, run)
    return None


def _window(node: Call, run: Evaluation) -> int:
    return run.frames(node["window"]) + 1


def _most(run: Evaluation, *nodes: Any) -> int | None:
    each = [_reach(node, run) for node in nodes if node is not None]
    return None if None in each else max(frames for frames in each if frames is not None)


def block_statements(tree: Any, run: Evaluation) -> Iterator[Any]:
    """The largest statements of a program that have a reach, outside of definitions."""
    if isinstance(tree, Named):
        return
    stated = isinstance(tree, Compare | Between | And | Or | Not) or (
        isinstance(tree, Call) and operator(tree.name).gives != "events" and not gives_signal(tree)
    )
    if stated and reach(tree, run) is not None:
        yield tree
        return
    for child in children(tree):
        yield from block_statements(child, run)


def in_blocks(run: Evaluation, nodes: Sequence[Any]) -> list[Any]:
    """Signals (`Quantities`) or statements (`Truth`) of a whole recording, all in one pass over its blocks."""
    from bitflow.events.language.evaluation import Evaluation

    if not nodes:
        return []
    found: list[Any] = [None] * len(nodes)
    furthest = max(reach(node, run) or 0 for node in nodes)
    filled = 0
    for subjects, own in run.subjects.in_blocks(furthest):
        block = Evaluation(subjects, run.definitions)
        count = 0
        for place, node in enumerate(nodes):
            part = block.signal(node) if gives_signal(node) else block.truth(node)
            arrays = [part.values] if isinstance(part, Quantities) else [part.yes, part.known]
            arrays = [each[..., own] for each in arrays]
            if found[place] is None:
                shape = (*arrays[0].shape[:2], run.subjects.samples)
                found[place] = ([np.empty(shape, each.dtype) for each in arrays], part)
            count = arrays[0].shape[-1]
            for whole, piece in zip(found[place][0], arrays, strict=True):
                whole[..., filled : filled + count] = piece
        filled += count
    return [
        Quantities(arrays[0], part.axes, part.dimension)
        if isinstance(part, Quantities)
        else Truth(arrays[0], arrays[1], part.axes)
        for arrays, part in found
    ]
