"""Studies as text: read by the reader of programs, written in one spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bitflow.events.language.refusals import Malformed
from bitflow.events.language.study import (
    GRAINS,
    VERBS,
    Condition,
    Covariate,
    Coverage,
    Measured,
    SortKey,
    Study,
    Value,
    Verb,
)
from bitflow.events.language.tree import COMPARISONS, Comparison, Query
from bitflow.events.language.units import Quantity, number

if TYPE_CHECKING:
    from bitflow.events.language.text import Reader

STUDY_GRAMMAR = """
study      = verb [ value { "," value } ] { "where" condition { "and" condition } | "by" name { "," name }
           | "per" grain | "from" name "to" name | "top" number | "least" | "coverage" ">=" number
           | "sort" key { "," key } } ;
key        = name [ "[" name { "," name } "]" ] [ "desc" ] ;
verb       = "average" | "distribution" | "course" | "compare" | "change" | "correlate" | "rank" | "agree" | "scan"
           | "which" | "how_many" | "missing" | "table" ;
grain      = "participant" | "recording" | "session" ;
value      = "measure" "(" name ")" | "covariate" "(" name ")" | "coverage" "(" name ")" | "(" query ")" ;
condition  = value ( comparison quantity | "outlier" number | [ "not" ] "in" "[" name { "," name } "]" ) ;
"""

_VALUES = ("measure", "covariate", "coverage")


def starts_study(reader: Reader) -> bool:
    """Whether a study begins here, and not an event that is called like its verb."""
    if not reader.is_word(*VERBS):
        return False
    after = reader.tokens[reader.at + 1]
    if VERBS[cast(Verb, reader.next.text)][0]:
        return after.text in (*_VALUES, "(") and after.kind in ("word", "sign")
    return after.kind == "end" or after.text in (*_VALUES, "(", "where", "by", "per", "top", "coverage", "sort", ";")


def read_study(reader: Reader) -> Study:
    """Read a study."""
    token = reader.take()
    verb = cast(Verb, token.text)
    values: list[Value] = []
    if _is_value(reader):
        values.append(_value(reader))
        while reader.skip(","):
            values.append(_value(reader))
    given: dict[str, Any] = {"values": tuple(values)}
    while True:
        if reader.skip("where"):
            conditions = [_condition(reader)]
            while reader.skip("and"):
                conditions.append(_condition(reader))
            given["where"] = tuple(conditions)
        elif reader.skip("by"):
            names = [reader.name()]
            while reader.skip(","):
                names.append(reader.name())
            given["by"] = tuple(names)
        elif reader.skip("per"):
            given["per"] = reader.choice(*GRAINS)
        elif reader.skip("from"):
            first = reader.name()
            reader.need("to")
            given["sessions"] = (first, reader.name())
        elif reader.skip("top"):
            given["top"] = reader.whole()
        elif reader.skip("least"):
            given["least"] = True
        elif reader.skip("sort"):
            keys = [_key(reader)]
            while reader.skip(","):
                keys.append(_key(reader))
            given["sort"] = tuple(keys)
        elif reader.skip("coverage"):
            reader.need(">=")
            given["min_coverage"] = reader.quantity().base
        else:
            break
    return reader._placed(token.span, lambda: Study(verb, **given))


def _is_value(reader: Reader) -> bool:
    after = reader.tokens[min(reader.at + 1, len(reader.tokens) - 1)]
    return reader.is_sign("(") or (reader.is_word(*_VALUES) and after.text == "(")


def _value(reader: Reader) -> Value:
    if reader.skip("("):
        query = reader.query()
        reader.need(")")
        if not isinstance(query, Query):
            raise Malformed("a study is not a value of another", ["(rate(min) smile)"])
        return query
    kind = reader.choice(*_VALUES)
    reader.need("(")
    name = reader.name()
    reader.need(")")
    if kind == "covariate":
        return Covariate(name)
    return Measured(name) if kind == "measure" else Coverage(Measured(name))


def _key(reader: Reader) -> SortKey:
    name = reader.name()
    first = reader.labels() if reader.is_sign("[") else ()
    return SortKey(name, first, reader.skip("desc"))


def _condition(reader: Reader) -> Condition:
    span = reader.next.span
    value = _value(reader)
    if reader.is_sign(*COMPARISONS):
        op = cast(Comparison, reader.take().text)
        bound = reader.quantity()
        return reader._placed(span, lambda: Condition(value, op, bound))
    if reader.skip("outlier"):
        bound = reader.quantity()
        return reader._placed(span, lambda: Condition(value, "outlier", bound))
    negative = reader.skip("not")
    reader.need("in")
    if not reader.is_sign("["):
        raise reader.wrong("`[`")
    words = reader.names()
    return reader._placed(span, lambda: Condition(value, "not_in" if negative else "in", words=words))


def study_text(study: Study) -> str:
    """The one spelling of a study."""
    pieces: list[str] = [study.verb]
    if study.values:
        pieces.append(", ".join(map(value_text, study.values)))
    if study.where:
        pieces.append("where " + " and ".join(map(_condition_text, study.where)))
    if study.by:
        pieces.append("by " + ", ".join(map(_word, study.by)))
    if study.per != "participant":
        pieces.append(f"per {study.per}")
    if study.sessions:
        pieces.append("from {} to {}".format(*map(_word, study.sessions)))
    if study.top is not None:
        pieces.append(f"top {study.top}")
    if study.least:
        pieces.append("least")
    if study.sort:
        pieces.append("sort " + ", ".join(map(_key_text, study.sort)))
    if study.min_coverage is not None:
        pieces.append(f"coverage >= {number(float(study.min_coverage))}")
    return " ".join(pieces)


def _key_text(key: SortKey) -> str:
    first = f" [{', '.join(map(_word, key.first))}]" if key.first else ""
    return f"{_word(key.name)}{first}{' desc' if key.descending else ''}"


def value_text(value: Value) -> str:
    """A value as text."""
    from bitflow.events.language.printing import text_of

    if isinstance(value, Measured):
        return f"measure({_word(value.id)})"
    if isinstance(value, Covariate):
        return f"covariate({_word(value.name)})"
    return f"coverage({_word(value.of.id)})" if isinstance(value, Coverage) else f"({text_of(value)})"


def _condition_text(condition: Condition) -> str:
    left = value_text(condition.value)
    if condition.op in ("in", "not_in"):
        return f"{left} {condition.op.replace('_', ' ')} [{', '.join(map(_word, condition.words))}]"
    bound: Quantity | None = condition.bound
    return f"{left} {condition.op} {bound}"


def _word(name: str) -> str:
    from bitflow.events.language.printing import word

    return word(name)
