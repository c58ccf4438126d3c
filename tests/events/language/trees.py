"""Random trees of the language for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from bitflow.events.language.tree import (
    ABOUT_EVENTS,
    COMPARISONS,
    And,
    Arithmetic,
    Between,
    Bouts,
    Call,
    Compare,
    Definition,
    Named,
    Not,
    Or,
    Percentile,
    Program,
    Query,
    Then,
)
from bitflow.events.language.units import UNITS, Quantity
from bitflow.events.language.vocabulary import VOCABULARY

NUMBERS = (
    st.floats(-1e9, 1e9, allow_nan=False) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99)
)
QUANTITIES = st.builds(Quantity, NUMBERS, st.sampled_from(sorted(UNITS)))
NAMES = st.sampled_from(
    (
        "nose",
        "tail_base",
        "open arm",
        'a "b" \\',
        "and",
        "speed",
        "p90",
        "é",
        "mouse-1",
        "mean",
        "x.y",
        "1",
        "in",
        "",
        "then",
    )
) | st.text(max_size=6)


def _argument(parameter, signals, bodies):
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    words = {"part", "region", "animal", "name", "choice"}
    if parameter.kind in words:
        return NAMES
    return {
        "parts": st.lists(NAMES, min_size=1, max_size=3).map(tuple),
        "window": QUANTITIES,
        "time": QUANTITIES,
        "number": QUANTITIES,
        "signal": signals,
        "body": bodies,
    }[parameter.kind]


def _calls(names, signals, bodies, *, signals_only=True):
    def call(name):
        of = signals if signals_only else signals | bodies
        required = {
            p.name: of if p.kind == "either" else _argument(p, signals, bodies)
            for p in VOCABULARY[name].parameters
            if p.required
        }
        optional = {p.name: _argument(p, signals, bodies) for p in VOCABULARY[name].parameters if not p.required}
        given = st.fixed_dictionaries(required, optional=optional)
        return given.map(lambda chosen: Call(name, tuple(chosen.items())))

    return st.sampled_from(sorted(names)).flatmap(call)


def _of(gives, *, deep):
    return [
        name
        for name, entry in VOCABULARY.items()
        if entry.gives in gives and (deep or not any(p.kind in ("signal", "body", "either") for p in entry.parameters))
    ]


_LEAVES = _calls(_of({"signal"}, deep=False), st.nothing(), st.nothing())
_THRESHOLDS = QUANTITIES | st.builds(Percentile, st.floats(0, 100)) | _LEAVES
SIGNALS = st.recursive(
    _LEAVES,
    lambda below: (
        _calls(_of({"signal", "strength"}, deep=True), below, st.builds(Compare, st.just("<"), below, QUANTITIES))
        | st.builds(Arithmetic, st.sampled_from("+-*"), below, QUANTITIES)
    ),
    max_leaves=3,
)
_STATEMENTS = (
    st.builds(Compare, st.sampled_from(COMPARISONS), SIGNALS, _THRESHOLDS)
    | st.builds(Between, SIGNALS, QUANTITIES, QUANTITIES)
    | st.builds(Named, NAMES, st.none() | NAMES, st.none() | NAMES)
)
_SHARES = st.none() | st.floats(0, 1)
_SPANS = st.none() | QUANTITIES
BODIES = st.recursive(
    _STATEMENTS,
    lambda below: (
        st.builds(And, st.lists(below, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(below, min_size=2, max_size=3).map(tuple))
        | st.builds(Not, below)
        | st.builds(Bouts, below, QUANTITIES, _SPANS, _SPANS, _SHARES)
        | st.builds(Bouts, below, st.none(), _SPANS, QUANTITIES, _SHARES)
        | st.builds(Then, below, below, _SPANS, st.booleans(), st.booleans())
        | _calls(_of({"statement", "events"}, deep=True), SIGNALS, below)
        | _calls(["smooth"], below, below, signals_only=False)
    ),
    max_leaves=5,
)
_SCOPE = {
    "by": st.none() | NAMES,
    "pairs": st.sampled_from((None, "directed", "unordered")),
    "at_least": st.none() | st.integers(1, 9),
    "start": st.none() | QUANTITIES,
    "end": st.none() | QUANTITIES,
    "recordings": st.lists(NAMES, max_size=2, unique=True).map(tuple),
}
_BINS = {"bins": st.none() | QUANTITIES, "order": st.sampled_from((None, "most", "least"))}
QUERIES = (
    st.builds(Query, st.sampled_from(ABOUT_EVENTS), BODIES, **_SCOPE)
    | st.builds(Query, st.sampled_from(("count", "rate", "fraction", "total_time")), BODIES, **_SCOPE, **_BINS)
    | st.builds(Query, st.just("summary"), **_SCOPE)
    | st.builds(
        Query,
        st.just("value"),
        st.none(),
        st.lists(SIGNALS, min_size=1, max_size=1).map(tuple),
        statistic=st.just("slope"),
        per=st.sampled_from((None, "s", "min", "h")),
        **_SCOPE,
        **_BINS,
    )
    | st.builds(
        Query,
        st.just("value"),
        st.none() | BODIES,
        st.lists(SIGNALS, min_size=1, max_size=1).map(tuple),
        statistic=st.sampled_from((None, "mean", "p90", "slope")),
        unit=st.none() | st.sampled_from(sorted(UNITS)),
        **_SCOPE,
    )
    | st.builds(Query, st.just("timeline"), st.none(), st.lists(SIGNALS, min_size=1, max_size=3).map(tuple), **_SCOPE)
    | st.builds(Query, st.just("trajectory"), part=NAMES, colour=st.sampled_from((None, "time", "speed")), **_SCOPE)
    | st.builds(Query, st.just("describe"), what=st.sampled_from(("keypoints", "animals")))
)
DEFINITIONS = st.builds(Definition, NAMES, BODIES, *[st.text(max_size=9)] * 4)
PROGRAMS = st.builds(
    Program, st.lists(QUERIES, min_size=1, max_size=2).map(tuple), st.lists(DEFINITIONS, max_size=2).map(tuple)
)
