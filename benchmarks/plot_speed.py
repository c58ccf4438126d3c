"""The speed benchmark's summary as a plot, an SVG without any library. Usage: plot_speed.py RESULTS.json OUT.svg"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

_WIDTH, _LEFT, _BAR, _GAP, _HEAD = 760, 250, 18, 6, 34
_COLOURS = {
    "naive loop": "#9aa0a6",
    "bitflow --fast, 2 workers": "#d98324",
    "bitflow, ONNX Runtime, 2 workers": "#8e6bbf",
}
_OURS = "#2a7f9e"


def draw(figures: Mapping[str, Any], out: Path) -> None:
    """ms a frame as bars, a panel for each case and picture, the floor as a line across.

    Wall time of two cores; where the machine was busy, the CPU time that it would be shared out of.
    """
    busy = any(line["busy"] for line in figures["lines"])
    measure, least = ("cpu", "work") if busy else ("wall", "wall")
    panels: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for line in figures["lines"]:
        if line["runs"] and not line["contender"].startswith("two processes"):
            took = statistics.median(run[measure] for run in line["runs"])
            panels.setdefault((line["picture"], line["case"]), []).append((line["contender"], took))
    floors = {(floor["picture"], floor["case"]): floor[least] for floor in figures["floors"]}
    longest = max((took for bars in panels.values() for _, took in bars), default=1.0)
    scale = (_WIDTH - _LEFT - 70) / longest
    parts: list[str] = []
    y = 48
    for key, bars in panels.items():
        picture, case = key
        parts.append(f'<text x="12" y="{y}" class="head">{escape(case)}, {escape(picture)}</text>')
        y += 10
        top = y
        for contender, took in bars:
            colour = _COLOURS.get(contender, _OURS)
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 13}" class="name">{escape(contender)}</text>')
            parts.append(f'<rect x="{_LEFT}" y="{y}" width="{took * scale:.1f}" height="{_BAR}" fill="{colour}"/>')
            parts.append(f'<text x="{_LEFT + took * scale + 6:.1f}" y="{y + 13}">{took:.1f} ms</text>')
            y += _BAR + _GAP
        if key in floors:
            x = _LEFT + floors[key] * scale
            parts.append(f'<line x1="{x:.1f}" y1="{top - 3}" x2="{x:.1f}" y2="{y - 3}" class="floor"/>')
        y += _HEAD
    height = y
    style = (
        "text{font:12px system-ui,sans-serif;fill:#333}.name{text-anchor:end}.head{font-weight:600}"
        ".floor{stroke:#c0392b;stroke-width:1.5;stroke-dasharray:4 3}.note{fill:#666}"
    )
    title = "CPU time a frame" if busy else "Wall time a frame on two cores"
    spread = "" if busy else ", spread over two cores"
    note = f"{figures['date']}; dashed: the floor, decoding and models alone{spread}"
    out.parent.mkdir(exist_ok=True)
    out.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">'
        f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="12" y="20" class="head">{title}</text><text x="{_LEFT}" y="20" class="note">{escape(note)}</text>'
        f"{''.join(parts)}</svg>\n",
        encoding="utf-8",
    )


def main() -> int:
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
