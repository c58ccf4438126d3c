"""The answer to a study as a picture: groups with their intervals, points of two values, courses, ranks, names."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from textwrap import wrap
from typing import Any

from bitflow.events.language.printing import text_of
from bitflow.events.language.study import Covariate, Coverage, Measured, Study
from bitflow.events.language.text import parse
from bitflow.report.axes import (
    GREY,
    INK,
    RIGHT,
    ROW,
    WIDTH,
    Scale,
    bars,
    curves,
    frame,
    is_known,
    key,
    left_of,
    lines_of_text,
    note,
    number,
    page,
    plane,
    row_label,
    row_value,
    stroke,
    top_of,
)
from bitflow.report.palette import colour

#: Rows that are drawn; the answer has them all.
MOST_ROWS = 60

#: What of a test is told above the picture.
_EFFECTS = {"hedges_g": "Hedges g", "rank_biserial": "rank-biserial r", "rho": "ρ"}
_PS = {"p": "p", "permutation_p": "permutation p"}


def drawn(program: str, answer: dict[str, Any]) -> str:
    """An SVG that stands alone: the program, whose numbers they are, the test, and the rows with axis and unit."""
    study = _study(program)
    rows = answer["rows"]
    kind = "course" if rows and "start" in rows[0] and "end" in rows[0] else answer["kind"]
    head = [*wrap(program, 105)[:4]]
    under = [*wrap(_told(answer), 118)]
    if len(rows) > MOST_ROWS and kind not in ("correlate", "course"):
        under.append(f"the first {MOST_ROWS} of {len(rows)} rows")
    body, height = _BODIES.get(kind, _names)(rows, answer, study, top_of(head, under))
    return page(head, under, body, height)


def _study(program: str) -> Study | None:
    asked = parse(program).queries[0]
    return asked if isinstance(asked, Study) else None


def _told(answer: dict[str, Any]) -> str:
    """Whose numbers they are, and what the test says."""
    said = [f"{answer['participants']} participants, {answer['recordings']} recordings"]
    test = answer.get("test") or {}
    if "test" in test:
        numbers = [f"{name} = {number(test[key])}" for key, name in _EFFECTS.items() if is_known(test.get(key))]
        numbers += [f"{name} {_p(test[key])}" for key, name in _PS.items() if is_known(test.get(key))]
        said.append(": ".join(filter(None, [test["test"], ", ".join(numbers)])))
        said += [f"{' – '.join(pair['groups'])}: p {_p(pair['p_holm'])} (Holm)" for pair in test.get("pairs", ())[:6]]
    left = ", ".join(f"{each['recordings']} ({each['reason']})" for each in answer.get("excluded", ()))
    return "; ".join([*said, *([f"left out: {left}"] if left else [])])


def _value_name(study: Study | None, place: int = 0) -> str:
    if study is None or len(study.values) <= place:
        return ""
    value = study.values[place]
    if isinstance(value, Measured):
        return value.id
    if isinstance(value, Covariate):
        return value.name
    return f"coverage of {value.of.id}" if isinstance(value, Coverage) else text_of(value)


def _axis_name(study: Study | None, unit: str, place: int = 0) -> str:
    name = _value_name(study, place)
    if study is not None and study.sessions is not None:
        name = f"change of {name} from {study.sessions[0]} to {study.sessions[1]}"
    if study is not None and study.verb == "agree":
        name = f"ICC(2,1) of {name}"
    return f"{name} ({unit})" if unit not in ("", "1") else name


# rows under each other


def _intervals(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """Means with their intervals, a row a group; of distributions the spread as well."""
    rows = rows[:MOST_ROWS]
    labels = [f"{_label(row, study) or 'all'} (n = {row['n']})" if "n" in row else _label(row, study) for row in rows]
    ends = [row[key] for row in rows for key in ("value", "ci_low", "ci_high", "min", "max") if is_known(row.get(key))]
    left = left_of(labels)
    about_zero = answer["kind"] == "change"
    unit = answer["unit"]
    if answer["kind"] == "agree":
        ends, unit = [*ends, 0.0, 1.0], ""
    scale = Scale.over(ends, left, WIDTH - RIGHT, zero=about_zero and bool(ends))
    pieces, bottom = frame(scale, top, len(rows), _axis_name(study, unit), zero=about_zero)
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        y = top + ROW * (place + 0.5)
        pieces.append(row_label(label, left, y))
        if is_known(row.get("min")) and is_known(row.get("max")):
            pieces.append(stroke(scale(row["min"]), scale(row["max"]), y, "#bbb"))
            a, b = scale(row["p10"]), scale(row["p90"])
            pieces.append(f'<rect x="{a:.1f}" y="{y - 7:.1f}" width="{max(1, b - a):.1f}" height="14" fill="#e4e9f0"/>')
            m = scale(row["median"])
            pieces.append(f'<path d="M{m:.1f} {y - 7:.1f}V{y + 7:.1f}" stroke="{GREY}" stroke-width="2"/>')
        if is_known(row.get("ci_low")) and is_known(row.get("ci_high")):
            pieces.append(stroke(scale(row["ci_low"]), scale(row["ci_high"]), y, INK, width=1.6))
        if is_known(row.get("value")):
            pieces.append(f'<circle cx="{scale(row["value"]):.1f}" cy="{y:.1f}" r="5" fill="{colour(0)}"/>')
        pieces.append(row_value(row.get("value"), y))
    said = "dot: mean; line: 95 % interval"
    if any(is_known(row.get("min")) for row in rows):
        said += "; box: 10th to 90th percentile with the median; thin line: least to greatest"
    return [*pieces, note(said, bottom)], bottom + 26


def _bars(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """A bar a row, from 0."""
    rows = [row for row in rows if is_known(row.get("value"))][:MOST_ROWS]
    if not rows:
        return _names(answer["rows"], answer, study, top)
    labels = [_label(row, study) or "all" for row in rows]
    name = _axis_name(study, answer["unit"]) or "number"
    return bars(labels, [row["value"] for row in rows], name, top, colour(0))


def _scanned(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """Measures by how much groups differ in them: in standard deviations, or by p where there are more than two."""
    effect = all(is_known(row.get("hedges_g")) or is_known(row.get("rank_biserial")) for row in rows)
    rows = rows[:MOST_ROWS]
    if not rows:
        return _names(rows, answer, study, top)
    labels = [row["measure"] for row in rows]
    left = left_of(labels)
    values = [
        (row.get("hedges_g") or row.get("rank_biserial") or 0.0) if effect else -math.log10(max(row["p_holm"], 1e-300))
        for row in rows
    ]
    scale = Scale.over([0.0, *values], left, WIDTH - RIGHT, zero=True)
    by = " less ".join(rows[0].get("groups", ()))
    name = ("Hedges g" + (f", {by}" if by else "")) if effect else "−log10 of p (Holm)"
    pieces, bottom = frame(scale, top, len(rows), name, zero=True)
    for place, (row, label, value) in enumerate(zip(rows, labels, values, strict=True)):
        y = top + ROW * (place + 0.5)
        sure = row["p_holm"] < 0.05
        pieces.append(row_label(label, left, y))
        pieces.append(stroke(scale(0.0), scale(value), y, colour(0) if sure else "#999", width=2))
        fill = colour(0) if sure else "#999"
        pieces.append(f'<circle cx="{scale(value):.1f}" cy="{y:.1f}" r="5" fill="{fill}"/>')
        pieces.append(f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}">p {_p(row["p_holm"])}</text>')
    return [*pieces, note("p corrected by Holm; grey: 0.05 or more", bottom)], bottom + 26


def _label(row: dict[str, Any], study: Study | None) -> str:
    """Whom a row is about."""
    keys = (*(study.by if study is not None else ()), "recording", "participant", "session")
    return ", ".join(str(row[key]) for key in dict.fromkeys(keys) if isinstance(row.get(key), str))


# two axes


def _points(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """A point a participant."""
    units = [*str(answer["unit"]).split(", "), "", ""]
    x, y, pieces, foot = plane(
        [row["x"] for row in rows],
        [row["y"] for row in rows],
        top,
        (_axis_name(study, units[0]), _axis_name(study, units[1], 1)),
    )
    size = 4 if len(rows) < 200 else 2
    name = answer["per"]
    pieces += [
        f'<circle cx="{x(row["x"]):.1f}" cy="{y(row["y"]):.1f}" r="{size}" fill="{colour(0)}" fill-opacity="0.6">'
        f"<title>{escape(str(row.get(name, '')))}: {number(row['x'])}, {number(row['y'])}</title></circle>"
        for row in rows
        if is_known(row["x"]) and is_known(row["y"])
    ]
    return [*pieces, note(f"{len(rows)} {name}s, one dot each", foot)], foot + 26


def _courses(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """A line a group over time, with the interval of its mean."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if is_known(row.get("value")):
            groups.setdefault(_label(row, study) or "all", []).append(row)
    ends = [row[key] for row in rows for key in ("value", "ci_low", "ci_high") if is_known(row.get(key))]
    times = [row[key] for row in rows for key in ("start", "end")]
    x, y, pieces, foot = plane(times, ends, top, ("time (s)", _axis_name(study, answer["unit"])))
    named: list[str] = []
    for place, (name, mine) in enumerate(groups.items()):
        ink = colour(place)
        middle = [(row, x((row["start"] + row["end"]) / 2)) for row in mine]
        known = [(row, at) for row, at in middle if is_known(row.get("ci_low")) and is_known(row.get("ci_high"))]
        if len(known) > 1:
            around = [f"{at:.1f},{y(row['ci_high']):.1f}" for row, at in known]
            around += [f"{at:.1f},{y(row['ci_low']):.1f}" for row, at in reversed(known)]
            pieces.append(f'<polygon points="{" ".join(around)}" fill="{ink}" fill-opacity="0.15"/>')
        pieces += curves([((row["start"] + row["end"]) / 2, row["value"]) for row in mine], x, y, ink)
        pieces += [f'<circle cx="{at:.1f}" cy="{y(row["value"]):.1f}" r="3" fill="{ink}"/>' for row, at in middle]
        n = [row["n"] for row in mine if "n" in row]
        told = f" (n = {min(n)})" if n and min(n) == max(n) else f" (n = {min(n)}–{max(n)})" if n else ""
        named.append(f"{name}{told}")
    pieces += key(named, [colour(place) for place in range(len(named))], top)
    return [*pieces, note("line: mean; band: 95 % interval", foot)], foot + 26


# words


def _names(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """Who or what is meant, a line each."""
    if any(is_known(row.get("value")) for row in rows):
        return _bars(rows, answer, study, top)
    lines = ["  ".join(_cell(value) for value in row.values() if value is not None) for row in rows[:MOST_ROWS]] or [
        "none"
    ]
    return lines_of_text(lines, top)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return number(value) if is_known(value) else str(value)


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 1e-4 else "< 0.0001"


_BODIES: dict[str, Callable[..., tuple[list[str], float]]] = {
    **dict.fromkeys(("average", "distribution", "compare", "change", "agree"), _intervals),
    **dict.fromkeys(("rank", "how_many"), _bars),
    "scan": _scanned,
    "correlate": _points,
    "course": _courses,
}
