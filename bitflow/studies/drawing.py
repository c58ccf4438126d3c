"""The answer to a study as a picture: groups with their intervals, points of two values, courses, ranks, names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

from bitflow.events.language.printing import text_of
from bitflow.events.language.study import Covariate, Coverage, Measured, Study
from bitflow.events.language.text import parse
from bitflow.report.palette import colour

_WIDTH, _LINE, _ROW, _RIGHT, _CHAR = 760, 18, 26, 90, 6.6

#: Rows that are drawn; the answer has them all.
MOST_ROWS = 60

#: What of a test is told above the picture.
_EFFECTS = {"hedges_g": "Hedges g", "rank_biserial": "rank-biserial r", "rho": "ρ"}
_PS = {"p": "p", "permutation_p": "permutation p"}

_GREY, _INK = "#666", "#222"


@dataclass(frozen=True)
class _Scale:
    """Numbers from `low` to `high` on pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, *, zero: bool = False) -> _Scale:
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


def drawn(program: str, answer: dict[str, Any]) -> str:
    """An SVG that stands alone: the program, whose numbers they are, the test, and the rows with axis and unit."""
    study = _study(program)
    rows = answer["rows"]
    kind = "course" if rows and "start" in rows[0] and "end" in rows[0] else answer["kind"]
    head = [*wrap(program, 105)[:4]]
    under = [*wrap(_told(answer), 118)]
    if len(rows) > MOST_ROWS and kind not in ("correlate", "course"):
        under.append(f"the first {MOST_ROWS} of {len(rows)} rows")
    top = 14 + _LINE * (len(head) + len(under)) + 10
    body, height = _BODIES.get(kind, _names)(rows, answer, study, top)
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} '
        f'{height:.0f}" font-family="system-ui, sans-serif" font-size="12" fill="{_INK}">',
        f"<title>{escape(program)}</title>",
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#fff"/>',
    ]
    for at, line in enumerate([*head, *under]):
        style = "" if at < len(head) else f' fill="{_GREY}"'
        pieces.append(f'<text x="12" y="{14 + _LINE * (at + 0.5):.0f}"{style}>{escape(line)}</text>')
    return "\n".join([*pieces, *body, "</svg>", ""])


def _study(program: str) -> Study | None:
    asked = parse(program).queries[0]
    return asked if isinstance(asked, Study) else None


def _told(answer: dict[str, Any]) -> str:
    """Whose numbers they are, and what the test says."""
    said = [f"{answer['participants']} participants, {answer['recordings']} recordings"]
    test = answer.get("test") or {}
    if "test" in test:
        numbers = [f"{name} = {_number(test[key])}" for key, name in _EFFECTS.items() if _known(test.get(key))]
        numbers += [f"{name} {_p(test[key])}" for key, name in _PS.items() if _known(test.get(key))]
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
    ends = [row[key] for row in rows for key in ("value", "ci_low", "ci_high", "min", "max") if _known(row.get(key))]
    left = _left(labels)
    about_zero = answer["kind"] == "change"
    unit = answer["unit"]
    if answer["kind"] == "agree":
        ends, unit = [*ends, 0.0, 1.0], ""
    scale = _Scale.over(ends, left, _WIDTH - _RIGHT, zero=about_zero and bool(ends))
    pieces, bottom = _frame(scale, top, len(rows), _axis_name(study, unit), zero=about_zero)
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        y = top + _ROW * (place + 0.5)
        pieces.append(_row_label(label, left, y))
        if _known(row.get("min")) and _known(row.get("max")):
            pieces.append(_line(scale(row["min"]), scale(row["max"]), y, "#bbb"))
            a, b = scale(row["p10"]), scale(row["p90"])
            pieces.append(f'<rect x="{a:.1f}" y="{y - 7:.1f}" width="{max(1, b - a):.1f}" height="14" fill="#e4e9f0"/>')
            m = scale(row["median"])
            pieces.append(f'<path d="M{m:.1f} {y - 7:.1f}V{y + 7:.1f}" stroke="{_GREY}" stroke-width="2"/>')
        if _known(row.get("ci_low")) and _known(row.get("ci_high")):
            pieces.append(_line(scale(row["ci_low"]), scale(row["ci_high"]), y, _INK, width=1.6))
        if _known(row.get("value")):
            pieces.append(f'<circle cx="{scale(row["value"]):.1f}" cy="{y:.1f}" r="5" fill="{colour(0)}"/>')
        pieces.append(_row_value(row.get("value"), y))
    said = "dot: mean; line: 95 % interval"
    if any(_known(row.get("min")) for row in rows):
        said += "; box: 10th to 90th percentile with the median; thin line: least to greatest"
    return [*pieces, _note(said, bottom)], bottom + 26


def _bars(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """A bar a row, from 0."""
    rows = [row for row in rows if _known(row.get("value"))][:MOST_ROWS]
    if not rows:
        return _names(answer["rows"], answer, study, top)
    labels = [_label(row, study) or "all" for row in rows]
    left = _left(labels)
    scale = _Scale.over([0.0, *(row["value"] for row in rows)], left, _WIDTH - _RIGHT, zero=True)
    name = _axis_name(study, answer["unit"]) or "number"
    pieces, bottom = _frame(scale, top, len(rows), name, zero=True)
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        y = top + _ROW * (place + 0.5)
        a, b = sorted((scale(0.0), scale(row["value"])))
        pieces.append(_row_label(label, left, y))
        pieces.append(
            f'<rect x="{a:.1f}" y="{y - 8:.1f}" width="{max(1.0, b - a):.1f}" height="16" fill="{colour(0)}"/>'
        )
        pieces.append(_row_value(row["value"], y))
    return pieces, bottom + 8


def _scanned(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """Measures by how much groups differ in them: in standard deviations, or by p where there are more than two."""
    effect = all(_known(row.get("hedges_g")) or _known(row.get("rank_biserial")) for row in rows)
    rows = rows[:MOST_ROWS]
    if not rows:
        return _names(rows, answer, study, top)
    labels = [row["measure"] for row in rows]
    left = _left(labels)
    values = [
        (row.get("hedges_g") or row.get("rank_biserial") or 0.0) if effect else -math.log10(max(row["p_holm"], 1e-300))
        for row in rows
    ]
    scale = _Scale.over([0.0, *values], left, _WIDTH - _RIGHT, zero=True)
    by = " less ".join(rows[0].get("groups", ()))
    name = ("Hedges g" + (f", {by}" if by else "")) if effect else "−log10 of p (Holm)"
    pieces, bottom = _frame(scale, top, len(rows), name, zero=True)
    for place, (row, label, value) in enumerate(zip(rows, labels, values, strict=True)):
        y = top + _ROW * (place + 0.5)
        sure = row["p_holm"] < 0.05
        pieces.append(_row_label(label, left, y))
        pieces.append(_line(scale(0.0), scale(value), y, colour(0) if sure else "#999", width=2))
        fill = colour(0) if sure else "#999"
        pieces.append(f'<circle cx="{scale(value):.1f}" cy="{y:.1f}" r="5" fill="{fill}"/>')
        pieces.append(f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 4:.1f}">p {_p(row["p_holm"])}</text>')
    return [*pieces, _note("p corrected by Holm; grey: 0.05 or more", bottom)], bottom + 26


def _frame(scale: _Scale, top: float, count: int, name: str, *, zero: bool) -> tuple[list[str], float]:
    """Grid, numbers and name of the axis below `count` rows; how far down it reaches."""
    foot = top + _ROW * max(1, count)
    pieces = []
    for tick in scale.ticks:
        x = scale(tick)
        ink = "#888" if zero and tick == 0 else "#e2e2e2"
        pieces.append(f'<path d="M{x:.1f} {top:.1f}V{foot:.1f}" stroke="{ink}"/>')
        pieces.append(f'<text x="{x:.1f}" y="{foot + 16:.1f}" text-anchor="middle">{_number(tick)}</text>')
    middle = (scale.start + scale.end) / 2
    pieces.append(f'<text x="{middle:.1f}" y="{foot + 34:.1f}" text-anchor="middle">{escape(_cut(name, 90))}</text>')
    return pieces, foot + 40


def _label(row: dict[str, Any], study: Study | None) -> str:
    """Whom a row is about."""
    keys = (*(study.by if study is not None else ()), "recording", "participant", "session")
    return ", ".join(str(row[key]) for key in dict.fromkeys(keys) if isinstance(row.get(key), str))


def _left(labels: Sequence[str]) -> float:
    return 24 + _CHAR * min(40, max(map(len, labels), default=0))


def _row_label(label: str, left: float, y: float) -> str:
    return f'<text x="{left - 10:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(_cut(label, 40))}</text>'


def _row_value(value: Any, y: float) -> str:
    return f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 4:.1f}">{_number(value) if _known(value) else "–"}</text>'


def _line(a: float, b: float, y: float, ink: str, width: float = 1.0) -> str:
    return f'<path d="M{a:.1f} {y:.1f}H{b:.1f}" stroke="{ink}" stroke-width="{width}"/>'


def _note(text: str, y: float) -> str:
    return f'<text x="12" y="{y + 12:.1f}" fill="{_GREY}" font-size="11">{escape(text)}</text>'


# two axes


def _points(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """A point a participant."""
    units = [*str(answer["unit"]).split(", "), "", ""]
    x, y, pieces, foot = _plane(
        [row["x"] for row in rows],
        [row["y"] for row in rows],
        top,
        (_axis_name(study, units[0]), _axis_name(study, units[1], 1)),
    )
    size = 4 if len(rows) < 200 else 2
    name = answer["per"]
    pieces += [
        f'<circle cx="{x(row["x"]):.1f}" cy="{y(row["y"]):.1f}" r="{size}" fill="{colour(0)}" fill-opacity="0.6">'
        f"<title>{escape(str(row.get(name, '')))}: {_number(row['x'])}, {_number(row['y'])}</title></circle>"
        for row in rows
        if _known(row["x"]) and _known(row["y"])
    ]
    return [*pieces, _note(f"{len(rows)} {name}s, one dot each", foot)], foot + 26


def _courses(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """A line a group over time, with the interval of its mean."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if _known(row.get("value")):
            groups.setdefault(_label(row, study) or "all", []).append(row)
    ends = [row[key] for row in rows for key in ("value", "ci_low", "ci_high") if _known(row.get(key))]
    times = [row[key] for row in rows for key in ("start", "end")]
    x, y, pieces, foot = _plane(times, ends, top, ("time (s)", _axis_name(study, answer["unit"])))
    for place, (name, mine) in enumerate(groups.items()):
        ink = colour(place)
        middle = [(row, x((row["start"] + row["end"]) / 2)) for row in mine]
        known = [(row, at) for row, at in middle if _known(row.get("ci_low")) and _known(row.get("ci_high"))]
        if len(known) > 1:
            around = [f"{at:.1f},{y(row['ci_high']):.1f}" for row, at in known]
            around += [f"{at:.1f},{y(row['ci_low']):.1f}" for row, at in reversed(known)]
            pieces.append(f'<polygon points="{" ".join(around)}" fill="{ink}" fill-opacity="0.15"/>')
        line = " ".join(f"{at:.1f},{y(row['value']):.1f}" for row, at in middle)
        pieces.append(f'<polyline points="{line}" fill="none" stroke="{ink}" stroke-width="2"/>')
        pieces += [f'<circle cx="{at:.1f}" cy="{y(row["value"]):.1f}" r="3" fill="{ink}"/>' for row, at in middle]
        n = [row["n"] for row in mine if "n" in row]
        told = f" (n = {min(n)})" if n and min(n) == max(n) else f" (n = {min(n)}–{max(n)})" if n else ""
        pieces.append(
            f'<text x="{_WIDTH - 20}" y="{top + 14 + 16 * place:.1f}" text-anchor="end" fill="{ink}">'
            f"{escape(_cut(name, 30) + told)}</text>"
        )
    return [*pieces, _note("line: mean; band: 95 % interval", foot)], foot + 26


def _plane(
    xs: Sequence[float], ys: Sequence[float], top: float, names: tuple[str, str]
) -> tuple[_Scale, _Scale, list[str], float]:
    """Both axes with their grid, numbers and names; how far down they reach."""
    foot = top + 340
    x, y = _Scale.over(xs, 76, _WIDTH - 20), _Scale.over(ys, foot, top)
    pieces = []
    for tick in x.ticks:
        pieces.append(f'<path d="M{x(tick):.1f} {top:.1f}V{foot:.1f}" stroke="#e8e8e8"/>')
        pieces.append(f'<text x="{x(tick):.1f}" y="{foot + 16:.1f}" text-anchor="middle">{_number(tick)}</text>')
    for tick in y.ticks:
        pieces.append(f'<path d="M76 {y(tick):.1f}H{_WIDTH - 20}" stroke="#e8e8e8"/>')
        pieces.append(f'<text x="70" y="{y(tick) + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    middle = (top + foot) / 2
    pieces.append(
        f'<text x="{(76 + _WIDTH - 20) / 2:.1f}" y="{foot + 34:.1f}" text-anchor="middle">{escape(_cut(names[0], 90))}'
        f'</text><text x="18" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 18 {middle:.1f})">'
        f"{escape(_cut(names[1], 52))}</text>"
    )
    return x, y, pieces, foot + 40


# words


def _names(
    rows: list[dict[str, Any]], answer: dict[str, Any], study: Study | None, top: float
) -> tuple[list[str], float]:
    """Who or what is meant, a line each."""
    if any(_known(row.get("value")) for row in rows):
        return _bars(rows, answer, study, top)
    lines = ["  ".join(_cell(value) for value in row.values() if value is not None) for row in rows[:MOST_ROWS]] or [
        "none"
    ]
    body = [
        f'<text x="24" y="{top + _LINE * (place + 0.8):.1f}">{escape(_cut(line, 105))}</text>'
        for place, line in enumerate(lines)
    ]
    return body, top + _LINE * len(lines) + 16


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return _number(value) if _known(value) else str(value)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _number(value: float) -> str:
    """At most four digits that count, with a true minus."""
    if value and abs(value) < 1e-4:
        return "<0.0001" if value > 0 else f"{value:.1e}".replace("-", "−", 1)
    return f"{value:.4g}".replace("-", "−", 1)


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 1e-4 else "< 0.0001"


def _known(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_BODIES: dict[str, Callable[..., tuple[list[str], float]]] = {
    **dict.fromkeys(("average", "distribution", "compare", "change", "agree"), _intervals),
    **dict.fromkeys(("rank", "how_many"), _bars),
    "scan": _scanned,
    "correlate": _points,
    "course": _courses,
}
