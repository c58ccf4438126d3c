"""The JSON spelling: the same tree for programs and language models, read strictly and written canonically.

::

    {
        "v": 1,
        "answer": "list",
        "events": {"op": "events", "min": "0.5s", "mask": {"op": "<", "a": {"sig": "closest"}, "b": "40px"}},
    }
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from bitflow.events.language.entries import WORDS_OF, Operator
from bitflow.events.language.refusals import Malformed, TooLarge, UnknownName
from bitflow.events.language.study import VERBS, Study
from bitflow.events.language.study_json import study_in, study_out
from bitflow.events.language.tree import (
    COMPARISONS,
    And,
    Arithmetic,
    Between,
    Body,
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
    Signal,
    Then,
)
from bitflow.events.language.units import Quantity, number, unit_named
from bitflow.events.language.vocabulary import SIGNALS, operator

VERSION = 1

#: Objects and lists inside each other; deeper JSON is refused.
DEEPEST_JSON = 60

_QUANTITY = re.compile(r"\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S*)\s*")
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)")

#: Fields of a query that are spelled as they are, JSON key first.
QUERY_WORDS = {
    "part": "part",
    "stat": "statistic",
    "unit": "unit",
    "per": "per",
    "cells": "cells",
    "colour": "colour",
    "what": "what",
    "by": "by",
    "pairs": "pairs",
    "order": "order",
}


def kind_key(entry: Operator) -> str:
    """``sig`` of what poses and tables give, ``op`` of what makes one thing of another."""
    return "sig" if entry.gives == "signal" and entry.name in SIGNALS else "op"


def argument_key(name: str) -> str:
    """How JSON calls a parameter: what an operator works on is its ``a``."""
    return "a" if name == "of" else name


def to_json(node: Any) -> Any:
    """A tree as JSON-able values."""
    if isinstance(node, Program):
        if len(node.queries) == 1 and not node.definitions:
            return {"v": VERSION, **_asked_out(node.queries[0])}
        defined = {"define": [_definition_out(each) for each in node.definitions]} if node.definitions else {}
        return {"v": VERSION, **defined, "queries": [_asked_out(query) for query in node.queries]}
    if isinstance(node, Query | Study):
        return _asked_out(node)
    if isinstance(node, Definition):
        return _definition_out(node)
    return _out(node)


def from_json(value: Any) -> Program:
    """A program from JSON-able values.

    Raises
    ------
    Refusal
        It is none; the message names the key.
    """
    _check_depth(value)
    described = _object(value, "a program")
    version = described.get("v", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise Malformed(f"version {version!r} of the language came, {VERSION} is known", ['"v": 1'])
    rest = {key: each for key, each in described.items() if key != "v"}
    if "answer" in rest:
        return Program((_asked_in(rest),))
    _only(rest, {"define", "queries"}, "a program")
    definitions = tuple(_definition_in(each) for each in _list(rest.get("define", []), "define"))
    queries = tuple(_asked_in(each) for each in _list(rest.get("queries", []), "queries"))
    if not definitions and not queries:
        raise Malformed("an empty program", ['"answer" or "queries" is needed'])
    return Program(queries, definitions)


# out


def _asked_out(asked: Query | Study) -> dict[str, Any]:
    return study_out(asked, _query_out) if isinstance(asked, Study) else _query_out(asked)


def _query_out(query: Query) -> dict[str, Any]:
    said: dict[str, Any] = {"answer": query.answer}
    if query.signals:
        said["signals"] = [_out(signal) for signal in query.signals]
    if query.body is not None:
        said["events"] = _out(query.body)
    for key, field in QUERY_WORDS.items():
        if getattr(query, field) is not None:
            said[key] = getattr(query, field)
    if query.at_least is not None:
        said["at_least"] = query.at_least
    if query.start is not None or query.end is not None:
        said["time"] = [None if edge is None else str(edge) for edge in (query.start, query.end)]
    if query.bins is not None:
        said["bins"] = str(query.bins)
    if query.recordings:
        said["recordings"] = list(query.recordings)
    return said


def _definition_out(definition: Definition) -> dict[str, Any]:
    facts = {key: getattr(definition, key) for key in ("doc", "author", "date", "source")}
    return {"name": definition.name, "events": _out(definition.body), **{k: v for k, v in facts.items() if v}}


def _out(node: Any) -> Any:
    if isinstance(node, Quantity):
        return str(node)
    if isinstance(node, Percentile):
        return f"p{number(node.rank)}"
    if isinstance(node, Compare):
        return {"op": node.op, "a": _out(node.signal), "b": _out(node.value)}
    if isinstance(node, Between):
        return {"op": "in", "a": _out(node.signal), "low": str(node.low), "high": str(node.high)}
    if isinstance(node, Arithmetic):
        return {"op": node.op, "a": _out(node.signal), "by": str(node.by)}
    if isinstance(node, And):
        return {"op": "and", "args": [_out(part) for part in node.all]}
    if isinstance(node, Or):
        return {"op": "or", "args": [_out(part) for part in node.any]}
    if isinstance(node, Not):
        return {"op": "not", "a": _out(node.body)}
    if isinstance(node, Named):
        who = {key: getattr(node, key) for key in ("actor", "target") if getattr(node, key) is not None}
        return {"event": node.name, **who}
    if isinstance(node, Bouts):
        durations = {"min": node.shortest, "max": node.longest, "merge": node.merge}
        said = {key: str(value) for key, value in durations.items() if value is not None}
        covered = {} if node.coverage is None else {"coverage": node.coverage}
        return {"op": "events", "mask": _out(node.body), **said, **covered}
    if isinstance(node, Then):
        said = {"op": "then", "first": _out(node.first), "second": _out(node.second)}
        if node.within is not None:
            said["within"] = str(node.within)
        if not node.same_actor:
            said["same_actor"] = False
        if node.overlap:
            said["overlap"] = True
        return said
    said = {argument_key(name): _argument_out(value) for name, value in node.arguments}
    return {kind_key(operator(node.name)): node.name, **said}


def _argument_out(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | bool) else _out(value)


# in


def _asked_in(value: Any) -> Query | Study:
    described = _object(value, "a query")
    answer = described.get("answer")
    across = isinstance(answer, str) and answer in VERBS
    return study_in(described, _query_in) if across else _query_in(described)


def _query_in(value: Any) -> Query:
    described = _object(value, "a query")
    _only(described, {"answer", "signals", "events", "at_least", "time", "bins", "recordings", *QUERY_WORDS}, "a query")
    given: dict[str, Any] = {
        field: _word(described[key], key) for key, field in QUERY_WORDS.items() if key in described
    }
    if given.get("unit") is not None:
        given["unit"] = unit_named(given["unit"]).symbol
    if "signals" in described:
        given["signals"] = tuple(_signal_in(each) for each in _list(described["signals"], "signals"))
    if "events" in described:
        given["body"] = _body_in(described["events"])
    if "at_least" in described:
        count = described["at_least"]
        if not isinstance(count, int) or isinstance(count, bool):
            raise Malformed(f"at_least is a whole number, not {count!r}")
        given["at_least"] = count
    if "time" in described:
        edges = _list(described["time"], "time")
        if len(edges) != 2:
            raise Malformed("time is [start, end]; null for the recording's own", ['["30s", null]'])
        given["start"], given["end"] = (None if edge is None else quantity_in(edge, "time") for edge in edges)
    if "bins" in described:
        given["bins"] = quantity_in(described["bins"], "bins")
    if "recordings" in described:
        given["recordings"] = tuple(_word(each, "recordings") for each in _list(described["recordings"], "recordings"))
    return Query(_word(described.get("answer"), "answer"), **given)  # type: ignore[arg-type]


def _definition_in(value: Any) -> Definition:
    described = _object(value, "a definition")
    facts = ("doc", "author", "date", "source")
    _only(described, {"name", "events", *facts}, "a definition")
    if "events" not in described:
        raise Malformed("a definition needs `events`")
    said = {key: _word(described[key], key) for key in facts if key in described}
    return Definition(_word(described.get("name"), "name"), _body_in(described["events"]), **said)


def _signal_in(value: Any) -> Signal:
    node = _node_in(value)
    if not isinstance(node, Call | Arithmetic):
        raise Malformed(f"a signal expected, {str(value)[:60]} came", ['{"sig": "speed"}'])
    return node


def _body_in(value: Any) -> Body:
    node = _node_in(value)
    if isinstance(node, Arithmetic):
        raise Malformed("a statement or events expected, a signal came", ["compare it: > 5cm/s"])
    return cast(Body, node)


def _node_in(value: Any) -> Any:
    described = dict(_object(value, "a signal, statement or events"))
    for key, read in (("sig", _call_in), ("event", _named_in), ("op", _operator_in)):
        if key in described:
            return read(_word(described.pop(key), key), described)
    raise Malformed(f"`sig`, `event` or `op` is needed, {sorted(described)[:6]} came")


def _named_in(name: str, rest: dict[str, Any]) -> Named:
    _only(rest, {"actor", "target"}, f"event {name}")
    return Named(name, **{key: _word(value, key) for key, value in rest.items()})


def _operator_in(name: str, rest: dict[str, Any]) -> Any:
    if name in COMPARISONS:
        _needs(name, rest, {"a", "b"})
        return Compare(cast(Any, name), _signal_in(rest["a"]), _threshold(rest["b"]))
    readers: dict[str, tuple[set[str], set[str], Callable[[dict[str, Any]], Any]]] = {
        "in": ({"a", "low", "high"}, set(), _between_in),
        "and": ({"args"}, set(), lambda given: And(_bodies(given))),
        "or": ({"args"}, set(), lambda given: Or(_bodies(given))),
        "not": ({"a"}, set(), lambda given: Not(_body_in(given["a"]))),
        "events": ({"mask"}, {"min", "max", "merge", "coverage"}, _bouts_in),
        "then": ({"first", "second"}, {"within", "same_actor", "overlap"}, _then_in),
        **{sign: ({"a", "by"}, set(), lambda given, s=sign: _arithmetic_in(s, given)) for sign in "+-*/"},
    }
    if name not in readers:
        return _call_in(name, rest)
    needed, optional, read = readers[name]
    _needs(name, rest, needed, optional)
    return read(rest)


def _between_in(given: dict[str, Any]) -> Between:
    return Between(_signal_in(given["a"]), quantity_in(given["low"], "low"), quantity_in(given["high"], "high"))


def _arithmetic_in(sign: str, given: dict[str, Any]) -> Arithmetic:
    return Arithmetic(cast(Any, sign), _signal_in(given["a"]), quantity_in(given["by"], "by"))


def _bodies(given: dict[str, Any]) -> tuple[Body, ...]:
    return tuple(_body_in(each) for each in _list(given["args"], "args"))


def _bouts_in(given: dict[str, Any]) -> Body:
    body = _body_in(given["mask"])
    fields = {"min": "shortest", "max": "longest", "merge": "merge"}
    said: dict[str, Any] = {field: quantity_in(given[key], key) for key, field in fields.items() if key in given}
    if "coverage" in given:
        share = given["coverage"]
        if not isinstance(share, int | float) or isinstance(share, bool):
            raise Malformed(f"coverage is a share between 0 and 1, not {share!r}")
        said["coverage"] = float(share)
    return Bouts(body, **said) if said else body


def _then_in(given: dict[str, Any]) -> Then:
    said: dict[str, Any] = {}
    if given.get("within") is not None:
        said["within"] = quantity_in(given["within"], "within")
    for key in ("same_actor", "overlap"):
        if key in given:
            if not isinstance(given[key], bool):
                raise Malformed(f"{key} is true or false, not {given[key]!r}")
            said[key] = given[key]
    return Then(_body_in(given["first"]), _body_in(given["second"]), **said)


def _call_in(name: str, rest: dict[str, Any]) -> Call:
    declared = operator(name)
    arguments: list[tuple[str, Any]] = []
    for key, value in rest.items():
        parameter = "of" if key == "a" else key
        if parameter not in declared.parameter_names:
            raise UnknownName.of(f"argument of {name}", key, map(argument_key, declared.parameter_names))
        arguments.append((parameter, _argument_in(value, key, declared[parameter].kind)))
    return Call(name, tuple(arguments))


def _argument_in(value: Any, key: str, kind: str) -> Any:
    spelled = WORDS_OF.get(kind, kind)
    if spelled == "words":
        return tuple(_word(each, key) for each in (value if isinstance(value, list) else [value]))
    if spelled == "word":
        return _word(value, key)
    if spelled == "quantity":
        return quantity_in(value, key)
    if spelled == "signal":
        return _signal_in(value)
    return _node_in(value) if spelled == "either" else _body_in(value)


def _threshold(value: Any) -> Quantity | Percentile | Signal:
    if isinstance(value, Mapping):
        return _signal_in(value)
    rank = _PERCENTILE.fullmatch(value) if isinstance(value, str) else None
    return Percentile(float(rank.group(1))) if rank else quantity_in(value, "b")


def quantity_in(value: Any, key: str) -> Quantity:
    """A number with its unit, as JSON spells it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Quantity(_float(value, key))
    read = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if read is None:
        raise Malformed(f"{key} is a number with its unit, not {str(value)[:60]!r}", ['"40px"'])
    return Quantity(_float(read.group(1), key), read.group(2) or "1")


def _float(value: Any, key: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Malformed(f"{key}: a number too large to hold") from None


def _word(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{key} is text, not {str(value)[:60]!r}")
    return value


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(f"{what} is an object, not {str(value)[:60]!r}")
    return value


def _list(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{key} is a list, not {str(value)[:60]!r}")
    return value


def _only(described: Mapping[str, Any], allowed: set[str], what: str) -> None:
    for key in described:
        if key not in allowed:
            raise UnknownName.of(f"key of {what}", str(key), allowed)


def _needs(name: str, rest: dict[str, Any], needed: set[str], optional: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    _only(rest, needed | optional, f"`{name}`")
    missing = sorted(needed - set(rest))
    if missing:
        raise Malformed(f"`{name}` needs {', '.join(missing)}")


def _check_depth(value: Any) -> None:
    waiting, seen = [(value, 1)], 0
    while waiting:
        current, level = waiting.pop()
        seen += 1
        if level > DEEPEST_JSON or seen > 10_000:
            raise TooLarge(f"JSON deeper than {DEEPEST_JSON} or of more than 10000 values")
        below = current.values() if isinstance(current, Mapping) else current if isinstance(current, list) else ()
        waiting.extend((each, level + 1) for each in below)
