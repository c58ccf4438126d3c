"""Who did what when, as lanes of bars: an SVG that stands alone, or one that a page takes in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from bitflow.report.palette import colour

_LANE, _BAR, _WIDTH, _CHAR = 26, 16, 960, 7.2


@dataclass(frozen=True)
class Lane:
    """A line of the plot: its label, and bars ``(start, end)`` in s; `kind` chooses the colour."""

    label: str
    bars: tuple[tuple[float, float], ...]
    kind: str = ""


def ethogram(lanes: Sequence[Lane], start: float, end: float, *, title: str = "", notes: Iterable[str] = ()) -> str:
    """Lanes over time as SVG; a bar shorter than a pixel is drawn as one.

    Examples
    --------
    >>> ethogram([Lane("mouse1 → mouse2", ((1.0, 2.5),), "chase")], 0, 10).count("<rect")
    3
    """
    kinds = list(dict.fromkeys(lane.kind for lane in lanes))
    left = 20 + _CHAR * max([len(lane.label) for lane in lanes], default=0)
    top = 34 if title else 12
    height = top + _LANE * max(1, len(lanes)) + 34
    below = [*notes]
    scale = (_WIDTH - left - 20) / max(end - start, 1e-9)
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height + 18 * len(below)}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">',
        f'<rect width="{_WIDTH}" height="{height + 18 * len(below)}" fill="#fff"/>',
    ]
    if title:
        pieces.append(f'<text x="12" y="20" font-size="13">{escape(title)}</text>')
    for tick in _ticks(start, end):
        x = left + (tick - start) * scale
        pieces.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{height - 28}" stroke="#ddd"/>')
        pieces.append(f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle">{tick:g} s</text>')
    for row, lane in enumerate(lanes):
        y = top + _LANE * row + (_LANE - _BAR) / 2
        pieces.append(f'<text x="12" y="{y + 12:.1f}">{escape(lane.label)}</text>')
        pieces.append(
            f'<rect x="{left:.1f}" y="{y:.1f}" width="{(end - start) * scale:.1f}" height="{_BAR}" fill="#f3f3f3"/>'
        )
        fill = colour(kinds.index(lane.kind))
        for first, last in lane.bars:
            x, width = left + (first - start) * scale, max(1.0, (last - first) * scale)
            pieces.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}" fill="{fill}">'
                f"<title>{escape(lane.kind or lane.label)} {first:.2f}–{last:.2f} s</title></rect>"
            )
    for row, note in enumerate(below):
        pieces.append(f'<text x="12" y="{height + 5 + 18 * row:.1f}" fill="#666">{escape(note)}</text>')
    return "\n".join([*pieces, "</svg>", ""])


def _ticks(start: float, end: float) -> list[float]:
    """About eight round times."""
    span = max(end - start, 1e-9)
    step = next(
        (s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600) if span / s <= 9),
        span / 8,
    )
    first = int(start // step) + (start % step > 0)
    return [n * step for n in range(first, int(end // step) + 1)]
