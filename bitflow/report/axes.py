"""Axes, rows and curves of pictures that stand alone: numbers on pixels, grids, labels, in plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, LINE, ROW, RIGHT = 760, 18, 26, 90

GREY, INK = "#666", "#222"

_CHAR = 6.6

#: Points of a curve that are drawn: more than there are pixels is for nobody.
_MOST_POINTS = 1500


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high` on pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a number."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, *, zero: bool = False) -> Scale:
        """With some room on either side of the values, and 0 among them where that is asked for."""
        known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        if zero and not any(known):
            known = [0.0, 1.0]
        low, high = min(known), max(known)
        room = 0.06 * ((high - low) or abs(high) or 1.0)
        if not zero:
            return cls(low - room, high + room, start, end)
        return cls(low - room if low < 0 else 0.0, high + room if high > 0 else 0.0, start, end)

    @property
    def ticks(self) -> list[float]:
        """About six round numbers."""
        rough = (self.high - self.low) / 6
        size = 10 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [round(n * step, 12) + 0.0 for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def page(head: Sequence[str], under: Sequence[str], body: Iterable[str], height: float) -> str:
    """A picture that stands alone: lines of its title, lines in grey, and what is below `top_of` them."""
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} '
        f'{height:.0f}" font-family="system-ui, sans-serif" font-size="12" fill="{INK}">',
        f"<title>{escape(' '.join(head))}</title>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>',
    ]
    for at, text in enumerate([*head, *under]):
        style = "" if at < len(head) else f' fill="{GREY}"'
        pieces.append(f'<text x="12" y="{14 + LINE * (at + 0.5):.0f}"{style}>{escape(text)}</text>')
    return "\n".join([*pieces, *body, "</svg>", ""])


def top_of(head: Sequence[str], under: Sequence[str]) -> float:
    """Where the body of a page begins, px."""
    return 24 + LINE * (len(head) + len(under))


def lines_of_text(lines: Sequence[str], top: float) -> tuple[list[str], float]:
    """Lines below each other; how far down they reach."""
    body = [
        f'<text x="24" y="{top + LINE * (place + 0.8):.1f}">{escape(shortened(text, 105))}</text>'
        for place, text in enumerate(lines)
    ]
    return body, top + LINE * len(lines) + 16


def bars(labels: Sequence[str], values: Sequence[float], name: str, top: float, ink: str) -> tuple[list[str], float]:
    """A bar a row, from 0; how far down they reach."""
    left = left_of(labels)
    scale = Scale.over([0.0, *values], left, WIDTH - RIGHT, zero=True)
    pieces, bottom = frame(scale, top, len(values), name, zero=True)
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = top + ROW * (place + 0.5)
        a, b = sorted((scale(0.0), scale(value)))
        pieces.append(row_label(label, left, y))
        pieces.append(f'<rect x="{a:.1f}" y="{y - 8:.1f}" width="{max(1.0, b - a):.1f}" height="16" fill="{ink}"/>')
        pieces.append(row_value(value, y))
    return pieces, bottom + 8


def curves(points: Sequence[tuple[float, float | None]], x: Scale, y: Scale, ink: str) -> list[str]:
    """A curve through points in order of x, broken where there is no number."""
    step = max(1, len(points) // _MOST_POINTS)
    pieces: list[str] = []
    run: list[str] = []
    for at, value in [*points[::step], (0.0, None)]:
        if value is not None and math.isfinite(value):
            run.append(f"{x(at):.1f},{y(value):.1f}")
        elif run:
            pieces.append(
                f'<polyline points="{" ".join(run)}" fill="none" stroke="{ink}" stroke-width="1.6"/>'
                if len(run) > 1
                else f'<circle cx="{run[0].split(",")[0]}" cy="{run[0].split(",")[1]}" r="1.5" fill="{ink}"/>'
            )
            run = []
    return pieces


def key(names: Sequence[str], inks: Sequence[str], top: float) -> list[str]:
    """Names of curves in their colours, at the right above."""
    return [
        f'<text x="{WIDTH - 20}" y="{top + 14 + 16 * place:.1f}" text-anchor="end" fill="{ink}" '
        f'stroke="#fff" stroke-width="3" paint-order="stroke">{escape(shortened(name, 48))}</text>'
        for place, (name, ink) in enumerate(zip(names, inks, strict=True))
    ]


def frame(scale: Scale, top: float, count: int, name: str, *, zero: bool) -> tuple[list[str], float]:
    """Grid, numbers and name of the axis below `count` rows; how far down it reaches."""
    foot = top + ROW * max(1, count)
    pieces = []
    for tick in scale.ticks:
        x = scale(tick)
        ink = "#888" if zero and tick == 0 else "#e2e2e2"
        pieces.append(f'<path d="M{x:.1f} {top:.1f}V{foot:.1f}" stroke="{ink}"/>')
        pieces.append(f'<text x="{x:.1f}" y="{foot + 16:.1f}" text-anchor="middle">{number(tick)}</text>')
    middle = (scale.start + scale.end) / 2
    told = escape(shortened(name, 90))
    pieces.append(f'<text x="{middle:.1f}" y="{foot + 34:.1f}" text-anchor="middle">{told}</text>')
    return pieces, foot + 40


def left_of(labels: Sequence[str]) -> float:
    """Where rows with these labels begin, px."""
    return 24 + _CHAR * min(40, max(map(len, labels), default=0))


def row_label(label: str, left: float, y: float) -> str:
    """What a row is about, left of it."""
    return f'<text x="{left - 10:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(shortened(label, 40))}</text>'


def row_value(value: Any, y: float) -> str:
    """The number of a row, right of it."""
    return f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}">{number(value) if is_known(value) else "–"}</text>'


def stroke(a: float, b: float, y: float, ink: str, width: float = 1.0) -> str:
    """A horizontal line."""
    return f'<path d="M{a:.1f} {y:.1f}H{b:.1f}" stroke="{ink}" stroke-width="{width}"/>'


def note(text: str, y: float) -> str:
    """A line of small print below."""
    return f'<text x="12" y="{y + 12:.1f}" fill="{GREY}" font-size="11">{escape(text)}</text>'


def plane(
    xs: Sequence[float], ys: Sequence[float], top: float, names: tuple[str, str]
) -> tuple[Scale, Scale, list[str], float]:
    """Both axes with their grid, numbers and names; how far down they reach."""
    foot = top + 340
    x, y = Scale.over(xs, 76, WIDTH - 20), Scale.over(ys, foot, top)
    pieces = []
    for tick in x.ticks:
        pieces.append(f'<path d="M{x(tick):.1f} {top:.1f}V{foot:.1f}" stroke="#e8e8e8"/>')
        pieces.append(f'<text x="{x(tick):.1f}" y="{foot + 16:.1f}" text-anchor="middle">{number(tick)}</text>')
    for tick in y.ticks:
        pieces.append(f'<path d="M76 {y(tick):.1f}H{WIDTH - 20}" stroke="#e8e8e8"/>')
        pieces.append(f'<text x="70" y="{y(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    middle = (top + foot) / 2
    across = escape(shortened(names[0], 90))
    pieces.append(
        f'<text x="{(76 + WIDTH - 20) / 2:.1f}" y="{foot + 34:.1f}" text-anchor="middle">{across}</text>'
        f'<text x="18" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 18 {middle:.1f})">'
        f"{escape(shortened(names[1], 52))}</text>"
    )
    return x, y, pieces, foot + 40


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def number(value: float) -> str:
    """At most four digits that count, with a true minus."""
    if value and abs(value) < 1e-4:
        return "<0.0001" if value > 0 else f"{value:.1e}".replace("-", "−", 1)
    return f"{value:.4g}".replace("-", "−", 1)


def is_known(value: Any) -> bool:
    """Whether it is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
