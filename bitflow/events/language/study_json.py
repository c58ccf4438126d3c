"""Studies as JSON, and the JSON Schema of it with the names of a store filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bitflow.events.language.refusals import Malformed, UnknownName
from bitflow.events.language.study import GRAINS, VERBS, Condition, Covariate, Coverage, Measured, SortKey, Study, Value
from bitflow.events.language.tree import COMPARISONS, Query

_KEYS = ("answer", "values", "where", "by", "per", "sessions", "top", "least", "min_coverage", "sort")


def study_out(study: Study, query_out: Callable[[Query], dict[str, Any]]) -> dict[str, Any]:
    """A study as JSON-able values; `query_out` spells what is asked of each recording."""
    said: dict[str, Any] = {"answer": study.verb}
    if study.values:
        said["values"] = [_value_out(each, query_out) for each in study.values]
    if study.where:
        said["where"] = [_condition_out(each, query_out) for each in study.where]
    if study.by:
        said["by"] = list(study.by)
    if study.per != "participant":
        said["per"] = study.per
    if study.sessions:
        said["sessions"] = list(study.sessions)
    if study.top is not None:
        said["top"] = study.top
    if study.least:
        said["least"] = True
    if study.min_coverage is not None:
        said["min_coverage"] = study.min_coverage
    if study.sort:
        said["sort"] = [
            {"covariate": key.name, **({"first": list(key.first)} if key.first else {}), "descending": key.descending}
            for key in study.sort
        ]
    return said


def study_in(described: Mapping[str, Any], query_in: Callable[[Any], Query]) -> Study:
    """A study from JSON-able values, read strictly."""
    _only(described, _KEYS, "a study")
    given: dict[str, Any] = {}
    given["values"] = tuple(_value_in(each, query_in) for each in _list(described.get("values", []), "values"))
    given["where"] = tuple(_condition_in(each, query_in) for each in _list(described.get("where", []), "where"))
    given["by"] = tuple(_word(each, "by") for each in _list(described.get("by", []), "by"))
    if "per" in described:
        given["per"] = _word(described["per"], "per")
    if "sessions" in described:
        sessions = tuple(_word(each, "sessions") for each in _list(described["sessions"], "sessions"))
        if len(sessions) != 2:
            raise Malformed("sessions are two names: from which to which")
        given["sessions"] = sessions
    if "top" in described:
        top = described["top"]
        if not isinstance(top, int) or isinstance(top, bool):
            raise Malformed(f"top is a whole number, not {str(top)[:60]!r}")
        given["top"] = top
    if "least" in described:
        if not isinstance(described["least"], bool):
            raise Malformed(f"least is true or false, not {str(described['least'])[:60]!r}")
        given["least"] = described["least"]
    if "min_coverage" in described:
        share = described["min_coverage"]
        if not isinstance(share, int | float) or isinstance(share, bool):
            raise Malformed(f"min_coverage is a share between 0 and 1, not {str(share)[:60]!r}")
        given["min_coverage"] = float(share)
    given["sort"] = tuple(_key_in(each) for each in _list(described.get("sort", []), "sort"))
    return Study(_word(described["answer"], "answer"), **given)  # type: ignore[arg-type]


def study_schema(
    measures: Iterable[str], covariates: Iterable[str], query: Mapping[str, Any], quantity: Mapping[str, Any]
) -> dict[str, Any]:
    """The closed schema of a study; only measures and covariates that are there can be named."""
    columns = _named(covariates)
    value = {
        "anyOf": [
            *(_closed({key: _named(measures)}, (key,)) for key in ("measure", "coverage")),
            _closed({"covariate": columns}, ("covariate",)),
            _closed({"query": query}, ("query",)),
        ]
    }
    text = {"type": "string", "maxLength": 200}
    condition = _closed(
        {
            "value": value,
            "op": {"enum": [*COMPARISONS, "in", "not_in", "outlier"]},
            "bound": quantity,
            "words": {"type": "array", "items": text, "minItems": 1},
        },
        ("value", "op"),
    )
    return _closed(
        {
            "answer": {"enum": list(VERBS)},
            "values": {"type": "array", "items": value, "maxItems": 2},
            "where": {"type": "array", "items": condition},
            "by": {"type": "array", "items": columns},
            "per": {"enum": list(GRAINS)},
            "sessions": {"type": "array", "items": text, "minItems": 2, "maxItems": 2},
            "top": {"type": "integer", "minimum": 1},
            "least": {"type": "boolean"},
            "min_coverage": {"type": "number", "minimum": 0, "maximum": 1},
            "sort": {
                "type": "array",
                "items": _closed(
                    {
                        "covariate": columns,
                        "first": {"type": "array", "items": text},
                        "descending": {"type": "boolean"},
                    },
                    ("covariate",),
                ),
            },
        },
        ("answer",),
    )


def _value_out(value: Value, query_out: Callable[[Query], dict[str, Any]]) -> dict[str, Any]:
    if isinstance(value, Measured):
        return {"measure": value.id}
    if isinstance(value, Covariate):
        return {"covariate": value.name}
    return {"coverage": value.of.id} if isinstance(value, Coverage) else {"query": query_out(value)}


def _condition_out(condition: Condition, query_out: Callable[[Query], dict[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {"value": _value_out(condition.value, query_out), "op": condition.op}
    if condition.bound is not None:
        said["bound"] = str(condition.bound)
    if condition.words:
        said["words"] = list(condition.words)
    return said


def _value_in(described: Any, query_in: Callable[[Any], Query]) -> Value:
    if not isinstance(described, Mapping) or len(described) != 1:
        raise Malformed("a value is an object of one key", ['{"measure": "blink_rate_per_min"}'])
    ((key, name),) = described.items()
    if key == "query":
        return query_in(name)
    kinds: dict[str, Callable[[str], Value]] = {
        "measure": Measured,
        "covariate": Covariate,
        "coverage": lambda text: Coverage(Measured(text)),
    }
    if key not in kinds:
        raise UnknownName.of("kind of value", str(key), (*kinds, "query"))
    return kinds[key](_word(name, key))


def _key_in(described: Any) -> SortKey:
    if not isinstance(described, Mapping) or "covariate" not in described:
        raise Malformed("a key of `sort` is an object", ['{"covariate": "age", "descending": false}'])
    _only(described, ("covariate", "first", "descending"), "a key of sort")
    descending = described.get("descending", False)
    if not isinstance(descending, bool):
        raise Malformed(f"descending is true or false, not {str(descending)[:60]!r}")
    first = tuple(_word(each, "first") for each in _list(described.get("first", []), "first"))
    return SortKey(_word(described["covariate"], "covariate"), first, descending)


def _condition_in(described: Any, query_in: Callable[[Any], Query]) -> Condition:
    from bitflow.events.language.spelling import quantity_in

    if not isinstance(described, Mapping):
        raise Malformed("a condition is an object")
    _only(described, ("value", "op", "bound", "words"), "a condition")
    for key in ("value", "op"):
        if key not in described:
            raise Malformed(f"a condition needs `{key}`")
    bound = quantity_in(described["bound"], "bound") if "bound" in described else None
    words = tuple(_word(each, "words") for each in _list(described.get("words", []), "words"))
    return Condition(_value_in(described["value"], query_in), _word(described["op"], "op"), bound, words)  # type: ignore[arg-type]


def _word(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{key} is text, not {str(value)[:60]!r}")
    return value


def _list(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{key} is a list, not {str(value)[:60]!r}")
    return value


def _only(described: Mapping[str, Any], allowed: Iterable[str], what: str) -> None:
    for key in described:
        if key not in allowed:
            raise UnknownName.of(f"key of {what}", str(key), allowed)


def _named(names: Iterable[str]) -> dict[str, Any]:
    listed = sorted(set(names))
    return {"enum": listed} if listed else {"type": "string", "maxLength": 200}


def _closed(properties: dict[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
