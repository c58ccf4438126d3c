"""Evaluate measures on a recording: everybody in it, every pair, the recording itself; whole or in windows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bitflow.events.behaviour import inputs_of
from bitflow.events.person import FACE_TABLES, Person
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.view import View
from bitflow.measures.estimate import NAN, Estimate
from bitflow.measures.records import Record
from bitflow.measures.registry import Measure
from bitflow.timeline import Interval

logger = logging.getLogger("bitflow")

#: Settings by measure id, or by name for every measure that has it.
Settings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Window:
    """A named part of a recording."""

    interval: Interval
    name: str = ""


def windows_of(span: Interval, seconds: float) -> list[Window]:
    """Windows of equal length from the beginning; a rest of half a window or more is one, too."""
    starts = span.start + seconds * np.arange(max(1, int(np.ceil(span.duration / seconds - 0.5))))
    return [
        Window(Interval(float(a), min(float(a) + seconds, span.end)), f"window {i + 1}") for i, a in enumerate(starts)
    ]


def evaluate(
    scene: Scene,
    measures: Sequence[Measure],
    *,
    windows: Sequence[Window] = (),
    settings: Settings | None = None,
) -> list[Record]:
    """Records of every measure for all to whom it applies: of the whole recording, then of each window."""
    people: list[Person] = [scene.person(who) for who in scene.people] or [_Nobody(scene)]
    pairs = list(scene.pairs())
    records: list[Record] = []
    for window in (Window(scene.interval), *windows):
        part = window.interval & scene.interval
        for measure in measures:
            views: Iterable[tuple[View, str]]
            if measure.scope == "recording":
                views = [(scene, "")]
            elif measure.scope == "person":
                views = [(person, person.label) for person in people]
            else:
                views = [(pair, pair.label) for pair in pairs]
            for view, label in views:
                chosen = settings.get(measure.id, {}) if settings else {}
                if part is None:
                    span = Interval(window.interval.start, window.interval.start)
                    found = [_undefined(measure, "too_short", "")]
                else:
                    span = part
                    seen = view.during(part) if window.name else view
                    found = list(_values(measure, seen, chosen, scene))
                records += [_record(scene, label, measure, span, window.name, chosen, each) for each in found]
    return records


@dataclass(frozen=True)
class _Value:
    column: str
    estimate: Estimate
    status: str
    reason: str


class _Nobody(Person):
    """Stands for the person when nobody was seen: what is heard in the recording is nobody else's."""

    def __init__(self, scene: Scene):
        super().__init__(scene, -1)

    @property
    def label(self) -> str:
        return ""


def _values(measure: Measure, view: View, settings: Mapping[str, Any], scene: Scene) -> Iterator[_Value]:
    try:
        _check_input(measure, view, scene)
        result = measure.function(*inputs_of(measure.function, view), **settings)
    except Undefined as undefined:
        yield _undefined(measure, undefined.reason, undefined.detail)
        return
    except (ValueError, FloatingPointError, IndexError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        logger.error("measure %s failed on %s", measure.id, scene.recording.id, exc_info=error)
        yield _undefined(measure, "bad_input", f"{type(error).__name__}: {error}")
        return
    if isinstance(result, Estimate):
        yield _judged(measure, measure.column(), result)
    elif not result:
        yield _undefined(measure, "missing_column", "")
    else:
        for variant, estimate in result.items():
            yield _judged(measure, measure.column(variant), estimate)


def _check_input(measure: Measure, view: View, scene: Scene) -> None:
    duration = view.interval.duration
    if duration <= 0 or duration < measure.minimum.seconds - 1e-6:
        raise Undefined("too_short", f"{duration:.1f} s were analysed, {measure.minimum.seconds:g} s are needed")
    for need in measure.needs:
        choices = need.split("|")
        if not any(table in scene.tables for table in choices):
            raise Undefined("missing_table", " or ".join(choices))
        filled = [table for table in choices if table in scene.tables and len(scene.frame(table))]
        if not filled and scene.schema(next(t for t in choices if t in scene.tables)).rows != "interval":
            table = choices[0]
            raise Undefined("no_face" if table in FACE_TABLES else "no_audio" if table == "voice" else "no_person")
        rates = [scene.native_rate(table) for table in filled]
        rate = max((each for each in rates if np.isfinite(each)), default=NAN)
        if measure.minimum.rate_hz and rate < 0.98 * measure.minimum.rate_hz:
            raise Undefined("fps_too_low", f"{choices[0]} has {rate:.1f} rows a second")


def _judged(measure: Measure, column: str, estimate: Estimate | Undefined) -> _Value:
    if isinstance(estimate, Undefined):
        return _undefined(measure, estimate.reason, estimate.detail, column)
    if estimate.seconds < measure.minimum.seconds - 0.05:
        return _undefined(measure, "too_short", f"{estimate.seconds:.1f} s were seen", column, estimate)
    if estimate.coverage < measure.minimum.coverage - 1e-9:
        if measure.counts:
            return _undefined(measure, "too_few_valid", f"{estimate.coverage:.0%} were seen", column, estimate)
        return _Value(column, estimate, "low_coverage", "too_few_valid")
    return _Value(column, estimate, "ok", estimate.no_interval)


def _undefined(measure: Measure, reason: str, detail: str, column: str = "", about: Estimate | None = None) -> _Value:
    about = about or Estimate(NAN)
    empty = Estimate(NAN, n=about.n, seconds=about.seconds, coverage=about.coverage, note=detail)
    return _Value(column or measure.column(), empty, "undefined", reason)


def _record(
    scene: Scene, label: str, measure: Measure, span: Interval, name: str, settings: Mapping[str, Any], found: _Value
) -> Record:
    estimate = found.estimate
    low, high = measure.range
    ends = [
        float(np.clip(end, -np.inf if low is None else low, np.inf if high is None else high))
        for end in (estimate.low, estimate.high)
    ]
    return Record(
        scene.recording.id,
        label,
        found.column,
        float(estimate.value),
        measure.unit,
        span.start,
        span.end,
        int(estimate.n),
        float(estimate.seconds),
        float(min(1.0, max(0.0, estimate.coverage))),
        ends[0],
        ends[1],
        found.status,
        found.reason,
        measure.version,
        measure.params_hash(settings),
        name,
        estimate.note,
    )
