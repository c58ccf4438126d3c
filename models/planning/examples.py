"""About a dozen questions with their programs, in the names of a store: what a model learns the language from."""

from __future__ import annotations

from collections.abc import Iterable

from bitflow.events.language import parse
from bitflow.events.language.refusals import Refusal
from bitflow.events.language.tree import Program
from bitflow.models.planning.checks import checked
from bitflow.models.planning.names import Names
from bitflow.models.planning.veil import IDS, Veil

#: Names that make plain examples, where a store has them.
_MEASURES = ("smile_rate_per_min", "blink_rate_per_min", "pause_time_fraction", "speech_rate_syllables_per_s")
_EVENTS = ("smile", "speaking", "chase", "approach", "blink")
_COLUMNS = ("head_pose.yaw", "voice.f0")


def examples(names: Names, veil: Veil) -> Iterable[tuple[str, Program | None]]:
    """Questions with their programs, each of which the store can carry out; None is a refusal."""
    yield "Is she unhappy today?", None  # not the last: small models repeat that
    for question, text in (*_across(names), *_within(names)):
        try:
            program = parse(text)
            if names.subjects:
                checked(program, names, veil)
            yield question, program
        except Refusal:  # a name that the text cannot spell, or tables that the recordings do not have
            continue


def _across(names: Names) -> Iterable[tuple[str, str]]:
    measures = _first(_MEASURES, names.measures)
    if not measures:
        return
    m, other = measures[0], measures[min(1, len(measures) - 1)]
    yield f"What is the usual {_said(m)}?", f"average measure({m})"
    yield f"Auffällige Werte bei {_said(other)}?", f"which measure({other}) where measure({other}) outlier 3.5"
    seen = f"how_many where coverage({m}) < 0.6 per recording"
    yield f"In how many recordings was less than 60 % of {_said(m)} seen?", seen
    groups = [name for name, known in names.levels.items() if 2 <= len(known) <= 6 and name not in IDS]
    for name in sorted(groups, key=lambda name: (name == names.session, name != "group"))[:1]:
        yield f"Do the groups differ in {_said(other)}?", f"compare measure({other}) by {name}"
        yield "Which measures tell the groups apart?", f"scan by {name}"
        yield f"{_said(m)} of the first {name}", f'average measure({m}) where covariate({name}) in ["#1"]'
    for name in [name for name, known in names.levels.items() if not known][:1]:
        yield f"Does {_said(m)} go with {_said(name)}?", f"correlate measure({m}), covariate({name})"
    if names.session and len(names.levels[names.session]) > 1:
        rose = f"Whose {_said(other)} rose most from the first visit to the second? The best five."
        yield rose, f'rank measure({other}) from "#1" to "#2" top 5'


def _within(names: Names) -> Iterable[tuple[str, str]]:
    events = _first(_EVENTS, names.events)
    if events:
        first, second = events[0], events[min(1, len(events) - 1)]
        yield f"When does {_said(first)} last longer than two seconds?", f"list {first} for >=2s"
        yield f"How often a minute {_said(first)} outside {_said(second)}?", f"rate(min) {first} and not {second}"
        yield f"How long {_said(second)} in the second minute?", f"total_time {second} in 60s..120s"
        yield f"Words during {_said(second)}?", f"list overlapping(words, {second})"
        yield (
            f"How many {_said(second)} start within 3 s after {_said(first)}?",
            f"count {first} then {second} within 3s",
        )
        for role in names.listed("aliases")[:1]:
            yield f"At what time does the {role} first {_said(second)}?", f"latency {second} by {role}"
    for column in _first(_COLUMNS, names.columns)[:1]:
        over = f" over {events[0]}" if events else ""
        yield f"Mean {_said(column.partition('.')[2])}{over}", f"value column({column}) mean{over}"
    if names.kind == "person" and names.speaks_of_time:
        yield "What share of the time was no voice found?", "fraction missing(voice)"
    if names.kind == "animal":
        yield "When are two of them closer than 40 pixels?", "list dist < 40px"


def _first(likely: Iterable[str], known: Iterable[str]) -> list[str]:
    """Names of a store, the likely ones first."""
    there = list(known)
    return list(dict.fromkeys([*(name for name in likely if name in there), *there]))


def _said(name: str) -> str:
    return name.replace("_", " ")
