"""The rows of a study's answer as a picture: bars with their intervals, or points of two values."""

from __future__ import annotations

import math
from html import escape
from typing import Any

_WIDTH, _ROW, _LEFT, _MOST = 720, 22, 190, 60


def drawn(program: str, answer: dict[str, Any]) -> str:
    """An SVG; of ``correlate`` points, of all others a bar a row."""
    rows = [row for row in answer["rows"] if "x" in row or isinstance(row.get(_told(row)), int | float)]
    body = _points(rows) if rows and "x" in rows[0] else _bars(rows[:_MOST])
    height = 60 + (400 if rows and "x" in rows[0] else _ROW * max(1, min(len(rows), _MOST)))
    title = f'<text x="10" y="20">{escape(program)}</text>'
    unit = f'<text x="10" y="{height - 8}">{escape(str(answer["unit"]))}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif"'
        f' font-size="12"><title>{escape(program)}</title>{title}{body}{unit}</svg>'
    )


def _told(row: dict[str, Any]) -> str:
    return "value" if "value" in row else "difference"


def _bars(rows: list[dict[str, Any]]) -> str:
    ends = [float(row[key]) for row in rows for key in (_told(row), "ci_low", "ci_high") if _is_known(row.get(key))]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale = (_WIDTH - _LEFT - 80) / (high - low or 1.0)
    pieces: list[str] = []
    for place, row in enumerate(rows):
        y = 34 + place * _ROW
        told = ("rank", "n", "sd", "min", "p10", "median", "p90", "max", "unit", "test")
        name = ", ".join(str(v) for k, v in row.items() if isinstance(v, str) and k not in told)
        pieces.append(f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name[:30])}</text>')
        value = row[_told(row)]
        if not _is_known(value):
            continue
        start, end = sorted((_LEFT - low * scale, _LEFT + (value - low) * scale))
        pieces.append(
            f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="16" fill="#4878a8"/>'
            f'<text x="{_WIDTH - 70}" y="{y + 13}">{value:.4g}</text>'
        )
        if _is_known(row.get("ci_low")) and _is_known(row.get("ci_high")):
            a, b = (_LEFT + (float(row[key]) - low) * scale for key in ("ci_low", "ci_high"))
            pieces.append(f'<path d="M{a:.1f} {y + 8}H{b:.1f}" stroke="black"/>')
    return "".join(pieces)


def _points(rows: list[dict[str, Any]]) -> str:
    spans = {key: (min(row[key] for row in rows), max(row[key] for row in rows)) for key in ("x", "y")}

    def at(row: dict[str, Any], key: str, length: float) -> float:
        low, high = spans[key]
        return (row[key] - low) / (high - low or 1.0) * length

    return "".join(
        f'<circle cx="{60 + at(row, "x", 600):.1f}" cy="{420 - at(row, "y", 370):.1f}" r="3" fill="#4878a8"/>'
        for row in rows
    )


def _is_known(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
