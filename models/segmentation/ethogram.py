"""A page that shows a segmentation: who did what when, what follows what, and what each kind looks like in numbers."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bitflow.models.segmentation.portraits import Portrait, Segment

COLOURS = (
    *("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#222255"),
    *("#994455", "#997700", "#6699cc", "#ee99aa", "#004488", "#ddaa33", "#117733"),
)


def ethogram_page(
    segments: Sequence[Segment],
    portraits: Sequence[Portrait],
    followed: NDArray[np.int64],
    names: Mapping[tuple[str, int], str],
) -> str:
    """HTML with a lane an animal, a table of kinds and the transition matrix; it needs no network."""
    import plotly.graph_objects as go
    from plotly.offline import get_plotlyjs

    labels = [f"kind {portrait.kind + 1}" for portrait in portraits]
    figure = go.Figure()
    for portrait, label in zip(portraits, labels, strict=True):
        mine = [each for each in segments if each.kind == portrait.kind]
        figure.add_bar(
            base=[each.start for each in mine],
            x=[each.end - each.start for each in mine],
            y=[f"{each.recording} · {names[each.recording, each.track]}" for each in mine],
            orientation="h",
            name=label,
            marker={"color": COLOURS[portrait.kind % len(COLOURS)], "line": {"width": 0}},
        )
    lanes = len(names)
    figure.update_layout(
        barmode="overlay", bargap=0.15, height=160 + 44 * lanes, xaxis_title="time (s)", legend_orientation="h",
        margin={"l": 10, "r": 10, "t": 10, "b": 40}, template="plotly_white", legend_y=-0.5,
    )  # fmt: skip
    figure.update_yaxes(automargin=True)
    share = followed / np.maximum(followed.sum(axis=1, keepdims=True), 1)
    matrix = go.Figure(
        go.Heatmap(
            z=share[::-1],
            x=labels,
            y=labels[::-1],
            colorscale="Blues",
            zmin=0,
            text=followed[::-1],
            texttemplate="%{text}",
        )
    )
    matrix.update_layout(height=420, width=560, xaxis_title="followed by", template="plotly_white")
    parts = [each.to_html(full_html=False, include_plotlyjs=False) for each in (figure, matrix)]
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Ethogram</title>"
        f"<script>{get_plotlyjs()}</script><style>body{{font:15px system-ui;margin:2em;max-width:75em}}"
        "td,th{padding:.2em .7em;text-align:right}td:first-child,td:last-child{text-align:left}</style>"
        "<h1>Segments found without labels</h1><p>Kinds are candidates to look at, not behaviours.</p>"
        f"{parts[0]}{_table(portraits)}<h2>What follows what</h2>{parts[1]}</html>"
    )


def _table(portraits: Sequence[Portrait]) -> str:
    keys = list(portraits[0].card) if portraits else []
    head = ["kind", "share", "segments", "median s", *(key.replace("_", " ") for key in keys), "seen best at"]
    rows = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)]
    for each in portraits:
        best = ", ".join(f"{e.recording} {e.start:.1f} s" for e in each.exemplars)
        cells: list[Any] = [
            f"kind {each.kind + 1}", f"{100 * each.share:.0f} %", each.segments, f"{each.median_s:.1f}",
            *(f"{each.card.get(key, float('nan')):.2f}" for key in keys), best,
        ]  # fmt: skip
        rows.append("".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells))
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
