"""What one recording answers as pictures: events as lanes, numbers as bars, curves, ways, places, words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from textwrap import wrap
from typing import Any

from bitflow.events.language.answers import Answer
from bitflow.report.axes import (
    WIDTH,
    Scale,
    bars,
    curves,
    is_known,
    key,
    lines_of_text,
    note,
    number,
    page,
    plane,
    shortened,
    top_of,
)
from bitflow.report.ethogram import Lane, ethogram
from bitflow.report.palette import colour

#: Kinds of answers that are no events.
_NUMBERS = ("value", "timeline", "trajectory", "occupancy", "summary", "describe")

#: Pieces in which a way is drawn, each in a colour of its own, from light to dark.
_PIECES = 48

_HEIGHT = 380.0


def pictures_of(recording: str, program: str, answers: Sequence[Answer], start: float, end: float) -> list[str]:
    """SVGs of a recording's answers: all its events in one, then one for every other answer."""
    title = f"{recording}: {program}" if recording else program
    eventful = [each for each in answers if each.answer not in _NUMBERS and not _in_bins(each)]
    lanes: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for each in eventful:
        for event in each.events:
            lanes.setdefault((each.query, _who(vars(event)) or "anybody"), []).append((event.start, event.end))
    found: list[str] = []
    if eventful:
        several = len({query for query, _ in lanes}) > 1
        drawn = [
            Lane(f"{who}, {shortened(query, 40)}" if several else who, tuple(times), query)
            for (query, who), times in sorted(lanes.items())
        ]
        notes = [line for each in eventful for line in wrap(_numbers_of(each), 130)]
        if not drawn:
            notes = ["no such event", *notes]
        found.append(ethogram(drawn, start, end, title=title, notes=notes))
    for each in answers:
        if each not in eventful:
            head = wrap(f"{recording}: {each.query}" if recording else each.query, 105)[:4]
            under = [] if each.coverage != each.coverage else [f"{each.coverage:.0%} of the time known"]
            body, height = (_course if _in_bins(each) else _DRAWN[each.answer])(each, top_of(head, under))
            found.append(page(head, under, body, height))
    return found


def stacked(pictures: Sequence[str]) -> str:
    """Several SVGs below each other as one."""
    if len(pictures) == 1:
        return pictures[0]
    at, width, pieces = 0.0, 0.0, []
    for picture in pictures:
        size = re.match(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', picture)
        assert size is not None
        pieces.append(picture.replace("<svg ", f'<svg y="{at:.0f}" ', 1))
        at, width = at + float(size[2]), max(width, float(size[1]))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{at:.0f}">\n{"".join(pieces)}</svg>\n'


def _in_bins(answer: Answer) -> bool:
    return bool(answer.rows) and {"start", "end", "value"} <= answer.rows[0].keys()


def _who(row: dict[str, Any]) -> str:
    names = [name for name in (row.get("actor"), row.get("target")) if name]
    return " → ".join(f"person {name}" if name.isdigit() else name for name in names)


def _unit(answer: Answer, name: str = "") -> str:
    told = name or answer.answer.replace("_", " ")
    return f"{told} ({answer.unit})" if answer.unit not in ("", "1") else told


def _numbers_of(answer: Answer) -> str:
    """The numbers of a question about events, in words."""
    told = [
        " = ".join(filter(None, [_who(row), number(row["value"]) if is_known(row["value"]) else "not known"]))
        for row in answer.rows
        if "value" in row
    ]
    seen = "" if answer.coverage != answer.coverage else f"{answer.coverage:.0%} of the time known"
    named = f"{_unit(answer)}: {', '.join(told)}" if told else ""
    return "; ".join(filter(None, [named, seen]))


def _values(answer: Answer, top: float) -> tuple[list[str], float]:
    """A bar a person or animal."""
    rows = [row for row in answer.rows if is_known(row.get("value"))]
    if not rows:
        return lines_of_text(["not known"], top)
    signals = list(dict.fromkeys(str(row.get("signal", "")) for row in rows))
    labels = [
        ", ".join(filter(None, [_who(row), str(row.get("signal", "")) if len(signals) > 1 else ""])) or "all"
        for row in rows
    ]
    name = _unit(answer, signals[0] if len(signals) == 1 else "value")
    return bars(labels, [row["value"] for row in rows], name, top, colour(0))


def _course(answer: Answer, top: float) -> tuple[list[str], float]:
    """Values of stretches, a curve a person or animal."""
    lines: dict[str, list[tuple[float, float | None]]] = {}
    for row in answer.rows:
        lines.setdefault(_who(row) or "all", []).append(((row["start"] + row["end"]) / 2, row["value"]))
    times = [row[at] for row in answer.rows for at in ("start", "end")]
    signal = str(answer.rows[0].get("signal", ""))
    return _plotted(lines, times, _unit(answer, signal), top, dots=True)


def _timeline(answer: Answer, top: float) -> tuple[list[str], float]:
    lines = {
        ", ".join(filter(None, [_who(row), str(row["signal"])])): [
            (row["start"] + place / row["rate"], value) for place, value in enumerate(row["values"])
        ]
        for row in answer.rows
    }
    return _plotted(lines, [at for line in lines.values() for at, _ in line], _unit(answer, "value"), top)


def _plotted(
    lines: dict[str, list[tuple[float, float | None]]],
    times: Sequence[float],
    name: str,
    top: float,
    *,
    dots: bool = False,
) -> tuple[list[str], float]:
    values = [value for line in lines.values() for _, value in line if value is not None]
    x, y, pieces, foot = plane(times, values, top, ("time (s)", name))
    for place, line in enumerate(lines.values()):
        pieces += curves(line, x, y, colour(place))
        if dots:
            pieces += [
                f'<circle cx="{x(at):.1f}" cy="{y(value):.1f}" r="3" fill="{colour(place)}"/>'
                for at, value in line
                if value is not None
            ]
    return [*pieces, *key(list(lines), [colour(place) for place in range(len(lines))], top)], foot


def _ways(answer: Answer, top: float) -> tuple[list[str], float]:
    """Where each went, in the picture's own proportions, its first row above; later is darker."""
    known = [row for row in answer.rows if row["x"]]
    if not known:
        return lines_of_text(["not seen"], top)
    xs, ys = ([value for row in known for value in row[axis]] for axis in ("x", "y"))
    x, y = _map_scales((min(xs), max(xs)), (min(ys), max(ys)), top)
    pieces = _map_axes(x, y)
    for place, row in enumerate(known):
        points = list(zip(row["x"], row["y"], strict=True))
        size = max(2, -(-len(points) // _PIECES))
        for first in range(0, len(points), size - 1):
            part = points[first : first + size]
            shade = 0.25 + 0.75 * first / len(points)
            told = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in part)
            pieces.append(
                f'<polyline points="{told}" fill="none" stroke="{colour(place)}" stroke-opacity="{shade:.2f}"/>'
            )
        for (a, b), fill in ((points[0], "#fff"), (points[-1], colour(place))):
            pieces.append(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="4" fill="{fill}" stroke="{colour(place)}"/>')
    names = [f"{_who(row)}, {row['part']}" for row in known]
    foot = y.end + 40
    pieces += key(names, [colour(place) for place in range(len(names))], top)
    return [*pieces, note("px; later is darker; ring: first, dot: last", foot)], foot + 26


def _places(answer: Answer, top: float) -> tuple[list[str], float]:
    """How long each was where, a map each."""
    pieces: list[str] = []
    at = top
    for row in answer.rows:
        most = max((seconds for line in row["seconds"] for seconds in line), default=0.0)
        edges = row["x_edges"], row["y_edges"]
        x, y = _map_scales((edges[0][0], edges[0][-1]), (edges[1][0], edges[1][-1]), at + 20)
        pieces.append(f'<text x="76" y="{at + 12:.1f}">{escape(_who(row))}, {escape(row["part"])}</text>')
        pieces += _map_axes(x, y)
        for j, line in enumerate(row["seconds"]):
            for i, seconds in enumerate(line):
                if seconds > 0:
                    a, b, c, d = x(edges[0][i]), x(edges[0][i + 1]), y(edges[1][j]), y(edges[1][j + 1])
                    pieces.append(
                        f'<rect x="{a:.1f}" y="{c:.1f}" width="{b - a:.1f}" height="{d - c:.1f}" fill="{colour(0)}" '
                        f'fill-opacity="{(seconds / most) ** 0.5:.2f}"><title>{seconds:.2f} s</title></rect>'
                    )
        at = y.end + 40
        pieces.append(note(f"px; the darkest: {number(most)} s", at - 8))
        at += 20
    return pieces, at


def _map_scales(xs: tuple[float, float], ys: tuple[float, float], top: float) -> tuple[Scale, Scale]:
    """Both axes with one px of the picture the same length, y downwards."""
    width, height = max(1e-9, xs[1] - xs[0]), max(1e-9, ys[1] - ys[0])
    one = min((WIDTH - 96 - 150) / width, _HEIGHT / height)
    return Scale(xs[0], xs[0] + width, 76, 76 + one * width), Scale(ys[0], ys[0] + height, top, top + one * height)


def _map_axes(x: Scale, y: Scale) -> list[str]:
    pieces = [
        f'<rect x="{x.start:.1f}" y="{y.start:.1f}" width="{x.end - x.start:.1f}" height="{y.end - y.start:.1f}" '
        f'fill="none" stroke="#ccc"/>'
    ]
    for tick in x.ticks:
        pieces.append(f'<text x="{x(tick):.1f}" y="{y.end + 16:.1f}" text-anchor="middle">{number(tick)}</text>')
    for tick in y.ticks:
        pieces.append(f'<text x="70" y="{y(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    return pieces


def _words(answer: Answer, top: float) -> tuple[list[str], float]:
    lines = []
    for row in answer.rows:
        unit = f" {answer.unit}" if answer.unit not in ("", "1") else ""
        rest = [
            _cell(name, value) + (unit if name == "value" else "")
            for name, value in row.items()
            if value not in (None, [], "") and name not in ("actor", "target")
        ]
        lines.append("  ".join(filter(None, [_who(row), *rest])))
    return lines_of_text(lines or ["nothing"], top)


def _cell(name: str, value: Any) -> str:
    told = number(value) if is_known(value) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return told if name in ("name", "what", "signal") else f"{name} {shortened(told, 60)}"


_DRAWN: dict[str, Callable[[Answer, float], tuple[list[str], float]]] = {
    "value": _values,
    "timeline": _timeline,
    "trajectory": _ways,
    "occupancy": _places,
    "summary": _words,
    "describe": _words,
}
