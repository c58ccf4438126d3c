"""Short forms of steps and questions: a few properties, each of them wanted.

Strict servers make a model write every property of a form. A form of seventeen properties, fifteen of them to be left
empty, is filled by small models with whatever comes to mind. So what is usually asked has forms of its own, beside the
whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from bitflow.events.language.study import VERBS, Verb

#: Properties of a step beside those that it needs; without a row the needed ones alone.
_STEPS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "event": ((), ("actor",)),
    "events": (("min",), ("max",), ("min", "merge")),
    "words": ((), ("pattern",), ("lexicon",)),
    "pad": (("before", "after"),),
    "after": (("within",),),
    "then": (("within",),),
}

#: Properties of a question about one recording, by what is asked: those that it needs, and sets of others.
_BY_AND_TIME = ((), ("by",), ("time",), ("by", "time"))
_QUERIES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]], ...] = (
    (
        ("list", "count", "total_time", "fraction", "mean_duration", "longest", "first", "last", "latency"),
        ("events",),
        _BY_AND_TIME,
    ),
    (("rate",), ("events", "per"), _BY_AND_TIME),
    (("count", "total_time", "fraction", "rate"), ("events",), (("order",), ("bins",), ("by", "bins"))),
    (("value",), ("signals",), ((), ("by",), ("time",))),
    (("value",), ("signals", "stat"), (*_BY_AND_TIME, ("per",))),
    (("value",), ("signals", "events", "stat"), ((), ("by",))),
    (("timeline",), ("signals",), _BY_AND_TIME),
    (("summary",), (), ((), ("time",))),
    (("describe",), ("what",), ((),)),
)

#: Properties of a question across recordings beside its values.
_STUDIES: Mapping[Verb, tuple[tuple[str, ...], ...]] = {
    "average": ((), ("by",), ("where",), ("where", "by")),
    "distribution": ((), ("by",), ("where",), ("where", "by")),
    "course": ((), ("by",)),
    "compare": (("by",), ("where", "by"), ("sessions",), ("where", "sessions")),
    "change": (("sessions",), ("by", "sessions")),
    "correlate": ((), ("where",)),
    "rank": ((), *(each for n in (1, 2) for each in combinations(("sessions", "top", "least"), n)), ("where",)),
    "agree": ((), ("where",)),
    "scan": (("by",), ("where", "by"), ("sessions",)),
    "which": (("where",), ("where", "per")),
    "how_many": (("where",), ("where", "per")),
    "missing": ((), ("where",)),
}


def step_forms(step: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The short forms of a step, then the whole one where it has more."""
    properties, needed = step["properties"], step["required"]
    extras = _STEPS.get(_kind(properties), ((),))
    short = [(*needed, *extra) for extra in extras if set(extra) <= set(properties)]
    yield from (_form(properties, names) for names in short)
    if not any(set(names) == set(properties) for names in short):
        yield dict(step)


def query_forms(query: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The short forms of a question about a recording, or of a step that asks a number of each; then the whole one."""
    known = query["properties"]["answer"]["enum"]
    for answers, needed, extras in _QUERIES:
        properties = {**query["properties"], "answer": {"enum": [answer for answer in answers if answer in known]}}
        forms = (("answer", *needed, *extra) for extra in extras)
        if properties["answer"]["enum"]:
            yield from (_form(properties, names) for names in forms if set(names) <= set(properties))
    yield dict(query)


def study_forms(study: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The short forms of a question across recordings, then the whole one."""
    for verb, extras in _STUDIES.items():
        fewest, most, _ = VERBS[verb]
        properties = {**study["properties"], "answer": {"enum": [verb]}}
        properties["values"] = {**properties["values"], "minItems": max(fewest, 1), "maxItems": most}
        for listed in ("where", "by"):
            properties[listed] = {**properties[listed], "minItems": 1}
        counts = {bool(fewest), bool(most)}
        for valued in sorted(counts, reverse=True):
            yield from (_form(properties, ("answer", *(("values",) if valued else ()), *extra)) for extra in extras)
    yield dict(study)


def _form(properties: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A form of some properties, in the order in which programs write them."""
    made = {name: properties[name] for name in names}
    return {"type": "object", "properties": made, "required": [*made], "additionalProperties": False}


def _kind(properties: Mapping[str, Any]) -> str:
    """What a step is called: its operator or signal, or `event`."""
    for key in ("op", "sig"):
        if "const" in properties.get(key, {}):
            return str(properties[key]["const"])
    return "event" if "event" in properties else ""
