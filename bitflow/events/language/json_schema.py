"""The JSON Schema of programs, closed, with the names of a store filled in: what holds a model that writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.entries import Operator, Parameter
from bitflow.events.language.spelling import VERSION, argument_key, kind_key
from bitflow.events.language.subjects import Subjects
from bitflow.events.language.tree import (
    ANSWERS,
    COLOURS,
    COMPARISONS,
    DESCRIBED,
    MATRIX_CELLS,
    ORDERS,
    RATE_UNITS,
    STATISTICS,
)
from bitflow.events.language.units import UNITS
from bitflow.events.language.vocabulary import GROUPS, VOCABULARY

if TYPE_CHECKING:
    from bitflow.store import FeatureStore

_TEXT = {"type": "string", "maxLength": 200}
_FLAG = {"type": "boolean"}


def schema_of_store(
    store: FeatureStore, definitions: Definitions, recordings: Iterable[str] | None = None
) -> dict[str, Any]:
    """The schema with the names of a store's recordings, of the first where none is named."""
    from bitflow.errors import UsageError
    from bitflow.events.language.outcome import subjects_of

    wanted = list(recordings) if recordings else list(store)[:1]
    if not wanted:
        raise UsageError(f"{store.path}: the store holds no recordings")
    return json_schema(definitions, *(subjects_of(store[name]) for name in wanted))


def json_schema(definitions: Definitions, *subjects: Subjects) -> dict[str, Any]:
    """The schema; every name is one that some of the subjects know, or any where there are no subjects."""
    names = _names(definitions, subjects)
    nodes = {
        "signal": {"anyOf": [_operator(entry, names) for entry in _giving("signal", "strength")] + [_arithmetic()]},
        "body": {
            "anyOf": [*_statements(names), *(_operator(entry, names) for entry in _giving("statement", "events"))]
        },
        "quantity": {"type": "string", "pattern": _quantity_pattern()},
        "threshold": {"anyOf": [_ref("quantity"), {"type": "string", "pattern": r"^p\d+(\.\d+)?$"}, _ref("signal")]},
        "query": _query(names),
        "definition": _closed(
            {"name": _TEXT, "events": _ref("body"), **dict.fromkeys(("doc", "author", "date", "source"), _TEXT)},
            ("name", "events"),
        ),
    }
    single = _query(names)
    single = {**single, "properties": {"v": {"const": VERSION}, **single["properties"]}}
    several = _closed(
        {
            "v": {"const": VERSION},
            "define": {"type": "array", "items": _ref("definition")},
            "queries": {"type": "array", "items": _ref("query"), "minItems": 1},
        },
        ("v", "queries"),
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "anyOf": [single, several], "$defs": nodes}


def _names(definitions: Definitions, subjects: tuple[Subjects, ...]) -> dict[str, dict[str, Any]]:
    def known(values: Iterable[str]) -> dict[str, Any]:
        listed = sorted(set(values))
        return {"enum": listed} if subjects and listed else _TEXT

    from bitflow.poses.anatomy import ROLES

    parts = [part for each in subjects for part in each.parts]
    actors = [name for each in subjects for name in (*each.actors, *each.aliases)]
    return {
        "part": known([*parts, *ROLES] if parts else []),
        "parts": known([*parts, *ROLES, *GROUPS] if parts else []),
        "region": known(name for each in subjects for name in each.regions),
        "animal": known([*actors, "target"]),
        "actor": known(actors),
        "by": known([*actors, "each", "any", "all"]),
        "event": known([*definitions.by_name, *(name for each in subjects for name in each.behaviours)]),
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _closed(properties: dict[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _giving(*kinds: str) -> list[Operator]:
    return [entry for entry in VOCABULARY.values() if entry.gives in kinds]


def _operator(entry: Operator, names: dict[str, dict[str, Any]]) -> dict[str, Any]:
    key = kind_key(entry)
    arguments = {argument_key(each.name): _argument(each, names) for each in entry.parameters}
    required = (argument_key(each.name) for each in entry.parameters if each.required)
    return _closed({key: {"const": entry.name}, **arguments}, (key, *required))


def _argument(parameter: Parameter, names: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if parameter.choices:
        return {"enum": list(parameter.choices)}
    if parameter.kind == "parts":
        return {"type": "array", "items": names["parts"], "minItems": 1}
    if parameter.kind in names:
        return names[parameter.kind]
    kinds: dict[str, dict[str, Any]] = {
        "name": _TEXT,
        "names": {"type": "array", "items": _TEXT, "minItems": 1},
        "signal": _ref("signal"),
        "body": _ref("body"),
        "either": {"anyOf": [_ref("signal"), _ref("body")]},
        "flag": _FLAG,
    }
    return kinds.get(parameter.kind, _ref("quantity"))


def _arithmetic() -> dict[str, Any]:
    return _closed({"op": {"enum": list("+-*/")}, "a": _ref("signal"), "by": _ref("quantity")}, ("op", "a", "by"))


def _statements(names: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    several = {"type": "array", "items": _ref("body"), "minItems": 2}
    lengths = dict.fromkeys(("min", "max", "merge"), _ref("quantity"))
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return [
        _closed({"op": {"enum": list(COMPARISONS)}, "a": _ref("signal"), "b": _ref("threshold")}, ("op", "a", "b")),
        _closed(
            {"op": {"const": "in"}, "a": _ref("signal"), "low": _ref("quantity"), "high": _ref("quantity")},
            ("op", "a", "low", "high"),
        ),
        _closed({"op": {"enum": ["and", "or"]}, "args": several}, ("op", "args")),
        _closed({"op": {"const": "not"}, "a": _ref("body")}, ("op", "a")),
        _closed({"op": {"const": "events"}, "mask": _ref("body"), **lengths, "coverage": share}, ("op", "mask")),
        _closed(
            {
                "op": {"const": "then"},
                "first": _ref("body"),
                "second": _ref("body"),
                "within": _ref("quantity"),
                "same_actor": _FLAG,
                "overlap": _FLAG,
            },
            ("op", "first", "second"),
        ),
        _closed({"event": names["event"], "actor": names["actor"], "target": names["actor"]}, ("event",)),
    ]


def _query(names: dict[str, dict[str, Any]]) -> dict[str, Any]:
    edge = {"anyOf": [_ref("quantity"), {"type": "null"}]}
    return _closed(
        {
            "answer": {"enum": list(ANSWERS)},
            "events": _ref("body"),
            "signals": {"type": "array", "items": _ref("signal"), "minItems": 1},
            "part": names["part"],
            "stat": {"enum": list(STATISTICS)},
            "unit": {"enum": sorted(UNITS)},
            "per": {"enum": list(RATE_UNITS)},
            "cells": {"enum": list(MATRIX_CELLS)},
            "colour": {"enum": list(COLOURS)},
            "what": {"enum": list(DESCRIBED)},
            "by": names["by"],
            "pairs": {"enum": ["directed", "unordered"]},
            "order": {"enum": list(ORDERS)},
            "bins": _ref("quantity"),
            "recordings": {"type": "array", "items": _TEXT, "minItems": 1},
            "at_least": {"type": "integer", "minimum": 1},
            "time": {"type": "array", "items": edge, "minItems": 2, "maxItems": 2},
        },
        ("answer",),
    )


def _quantity_pattern() -> str:
    import re

    units = "|".join(sorted((re.escape(unit) for unit in UNITS if unit != "1"), key=len, reverse=True))
    return rf"^-?\d+(\.\d+)?([eE][+-]?\d+)?({units})?$"
