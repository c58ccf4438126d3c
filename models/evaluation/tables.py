"""Scores as lines of text: for the terminal, and as Markdown for a model's card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_HEADERS = {
    "macro_f1": "macro-F1",
    "average_precision": "AP",
    "auc": "AUC",
    "within_question_auc": "within-question AUC",
}


def score_cells(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and cells: every row with its scores and their intervals; a score that no row has is left out."""
    shown = [name for name in _HEADERS if any(row.get(name) is not None for row in rows)]
    splits = any("split" in row for row in rows)
    header = [*(["split"] if splits else []), "model", *(_HEADERS[name] for name in shown)]
    cells = [
        [
            *([str(row.get("split", ""))] if splits else []),
            str(row["name"]),
            *(value_cell(row.get(name), row["ci"].get(name)) for name in shown),
        ]
        for row in rows
    ]
    return header, cells


def value_cell(value: float | None, interval: Any) -> str:
    """``.713 [.673, .753]``, or the reason why there is no interval."""
    if value is None:
        return "-"
    if isinstance(interval, list):
        return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
    return f"{value:.3f}" + (f" ({interval})" if interval else "")


def score_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """`score_cells` with aligned columns."""
    header, cells = score_cells(rows)
    return aligned([header, *cells])


def comparison_lines(comparisons: Iterable[Mapping[str, Any]]) -> list[str]:
    """``text+question - question  macro-F1 +0.052 [+0.017, +0.091], p 0.002``, one comparison a line."""
    cells = []
    for found in comparisons:
        where = f"{found['split']}: " if "split" in found else ""
        spread = ""
        if found["low"] is not None:
            spread = f" [{found['low']:+.3f}, {found['high']:+.3f}]"
        p = f", p {found['p']:.3f}" if found["p"] is not None else ""
        cells.append(
            [
                f"{where}{found['first']} - {found['second']}",
                _HEADERS[found["score"]],
                f"{found['value']:+.3f}{spread}{p}",
            ]
        )
    return aligned(cells)


def markdown(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(row) for row in cells)]
    return "\n".join(f"| {line} |" for line in lines)


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width."""
    if not cells:
        return []
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
