"""A page that shows a segmentation: who did what when, what follows what, and what each kind looks like in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.report.ethogram import Lane, ethogram

if TYPE_CHECKING:
    from bitflow.models.segmentation.portraits import Portrait, Segment

STYLE = (
    "body{font:15px system-ui;margin:2em;max-width:75em}td,th{padding:.2em .7em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
)


def ethogram_page(
    segments: Sequence[Segment],
    portraits: Sequence[Portrait],
    followed: NDArray[np.int64],
    names: Mapping[tuple[str, int], str],
) -> str:
    """HTML with the lanes of each recording, a table of kinds and the transition matrix; it needs no network."""
    labels = [f"kind {portrait.kind + 1}" for portrait in portraits]
    plots = []
    for recording in dict.fromkeys(recording for recording, _ in names):
        mine = [each for each in segments if each.recording == recording]
        lanes = [
            Lane(
                f"{animal} · {label}",
                tuple((s.start, s.end) for s in mine if (s.track, s.kind) == (track, portrait.kind)),
                label,
            )
            for (where, track), animal in names.items()
            if where == recording
            for portrait, label in zip(portraits, labels, strict=True)
        ]
        plots.append(ethogram(lanes, 0.0, max((s.end for s in mine), default=0.0), title=recording))
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Ethogram</title><style>{STYLE}</style>"
        "<h1>Segments found without labels</h1><p>Kinds are candidates to look at, not behaviours.</p>"
        f"{''.join(plots)}{_kinds(portraits, labels)}"
        f"<h2>What follows what</h2>{_matrix(followed, labels)}</html>"
    )


def _kinds(portraits: Sequence[Portrait], labels: Sequence[str]) -> str:
    keys = list(portraits[0].card) if portraits else []
    head = ["kind", "share", "segments", "median s", *(key.replace("_", " ") for key in keys), "seen best at"]
    rows = []
    for label, each in zip(labels, portraits, strict=True):
        numbers = (f"{each.card.get(key, float('nan')):.2f}" for key in keys)
        best = ", ".join(f"{e.recording} {e.start:.1f} s" for e in each.exemplars)
        rows.append([label, f"{100 * each.share:.0f} %", each.segments, f"{each.median_s:.1f}", *numbers, best])
    return _table(head, ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows))


def _matrix(followed: NDArray[np.int64], labels: Sequence[str]) -> str:
    """Counts, the darker the larger their share of what follows a kind."""
    share = followed / np.maximum(followed.sum(axis=1, keepdims=True), 1)
    rows = (
        f"<th>{escape(label)}</th>"
        + "".join(
            f"<td style='background:rgba(0,114,178,{part:.2f})'>{count}</td>"
            for count, part in zip(counts, parts, strict=True)
        )
        for label, counts, parts in zip(labels, followed, share, strict=True)
    )
    return _table(["followed by", *labels], rows)


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in (first, *rows)) + "</table>"
