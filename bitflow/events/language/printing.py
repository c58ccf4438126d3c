"""The canonical text of a tree: one spelling, which `parse` reads back to an equal tree."""

from __future__ import annotations

import json
import re
from typing import Any

from bitflow.events.language.study import Study
from bitflow.events.language.study_text import study_text
from bitflow.events.language.tokens import is_plain
from bitflow.events.language.tree import (
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
from bitflow.events.language.units import Quantity, number
from bitflow.events.language.vocabulary import VOCABULARY, operator

_RANK = re.compile(r"p\d+(\.\d+)?")

#: How tightly a node holds together; one below what its place asks for is put in brackets.
_THEN, _BOUTS, _OR, _AND, _NOT, _ATOM = range(6)


def text_of(node: Any) -> str:
    """A program, query, definition, statement or signal as text."""
    if isinstance(node, Program):
        return "; ".join([*map(_definition, node.definitions), *map(_asked, node.queries)])
    if isinstance(node, Definition):
        return _definition(node)
    if isinstance(node, Query | Study):
        return _asked(node)
    if isinstance(node, Arithmetic):
        return _signal(node, 0)
    if isinstance(node, Quantity):
        return str(node)
    if isinstance(node, Percentile):
        return f"p{number(node.rank)}"
    return _body(node, _THEN)


def word(name: str) -> str:
    """A name, quoted where it must be."""
    return name if is_plain(name) else json.dumps(name, ensure_ascii=False)


def _definition(definition: Definition) -> str:
    said = [(key, getattr(definition, key)) for key in ("author", "date", "source")]
    facts = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in said if value)
    doc = f" {json.dumps(definition.doc, ensure_ascii=False)}" if definition.doc else ""
    return f"define {word(definition.name)}{doc}{f' ({facts})' if facts else ''} = {_body(definition.body, _THEN)}"


def _asked(asked: Query | Study) -> str:
    return study_text(asked) if isinstance(asked, Study) else _query(asked)


def _query(query: Query) -> str:
    pieces: list[str] = [query.answer if query.answer != "rate" else f"rate({query.per})"]
    if query.signals:
        pieces.append(", ".join(_signal(signal, 0) for signal in query.signals))
    if query.statistic:
        pieces.append(query.statistic)
    if query.part is not None:
        pieces.append(word(query.part))
    if query.colour:
        pieces.append(f"colour={query.colour}")
    if query.what:
        pieces.append(query.what)
    if query.body is not None:
        over = "over " if query.answer == "value" else ""
        pieces.append(over + _body(query.body, _THEN))
    if query.cells:
        pieces.append(query.cells)
    if query.per and query.answer in ("matrix", "value"):
        pieces.append(f"per {query.per}")
    if query.unit:
        pieces.append(f"as {'1' if query.unit == '1' else query.unit}")
    if query.pairs:
        pieces.append(f"pairs {query.pairs}")
    if query.at_least is not None:
        pieces.append(f"at_least {query.at_least}")
    if query.by is not None:
        pieces.append(f"by {word(query.by)}")
    if query.order is not None:
        pieces.append(query.order)
    if query.start is not None or query.end is not None:
        pieces.append(f"in {query.start or 'start'}..{query.end or 'end'}")
    if query.bins is not None:
        pieces.append(f"bins {query.bins}")
    if query.recordings:
        pieces.append(f"from [{', '.join(map(word, query.recordings))}]")
    return " ".join(pieces)


def _body(node: Any, at_least: int) -> str:
    text, holds = _loose(node)
    return text if holds >= at_least else f"({text})"


def _loose(node: Any) -> tuple[str, int]:
    if isinstance(node, Then):
        second = _body(node.second, _BOUTS)
        within = f" within {node.within}" if node.within else ""
        if node.same_actor and not node.overlap:
            return f"{_body(node.first, _THEN)} then {second}{within}", _THEN
        options = [_body(node.first, _THEN), _body(node.second, _THEN)]
        options += [f"within={node.within}"] if node.within else []
        options += [] if node.same_actor else ["same_actor=false"]
        options += ["overlap=true"] if node.overlap else []
        return f"then({', '.join(options)})", _ATOM
    if isinstance(node, Bouts):
        pieces = [_body(node.body, _OR)]
        pieces += [f"for >={node.shortest}"] if node.shortest else []
        pieces += [f"for <={node.longest}"] if node.longest else []
        pieces += [f"merge {node.merge}"] if node.merge else []
        pieces += [] if node.coverage is None else [f"coverage {number(node.coverage)}"]
        return " ".join(pieces), _BOUTS
    if isinstance(node, Or):
        return _joined("or", node.any, _AND), _OR
    if isinstance(node, And):
        return _joined("and", node.all, _NOT), _AND
    if isinstance(node, Not):
        return f"not {_body(node.body, _NOT)}", _NOT
    return _atom(node), _ATOM


def _joined(by: str, parts: tuple[Any, ...], least: int) -> str:
    return f" {by} ".join(_body(part, least) for part in parts)


def _atom(node: Any) -> str:
    if isinstance(node, Compare):
        value = node.value
        right = _signal(value, 0) if isinstance(value, Call | Arithmetic) else text_of(value)
        return f"{_signal(node.signal, 0)} {node.op} {right}"
    if isinstance(node, Between):
        return f"{_signal(node.signal, 0)} in {node.low}..{node.high}"
    if isinstance(node, Named):
        given = [(key, getattr(node, key)) for key in ("actor", "target")]
        who = ", ".join(f"{key}={word(name)}" for key, name in given if name is not None)
        taken = node.name in VOCABULARY or "." in node.name
        name = json.dumps(node.name, ensure_ascii=False) if taken else word(node.name)
        return f"{name}({who})" if who else name
    return _call(node)


def _signal(node: Any, at_least: int) -> str:
    if isinstance(node, Arithmetic):
        holds = 1 if node.op in "*/" else 0
        text = f"{_signal(node.signal, holds)} {node.op} {node.by}"
        return text if holds >= at_least else f"({text})"
    return _body(node, _ATOM)


def _call(node: Call) -> str:
    if node.name == "column" and "." in node["name"] and is_plain(node["name"]) and not _RANK.fullmatch(node["name"]):
        return node["name"]
    declared = operator(node.name)
    given = dict(node.arguments)
    required = max((place for place, each in enumerate(declared.parameters) if each.required), default=-1)
    written: list[str] = []
    in_order = True
    for place, parameter in enumerate(declared.parameters):
        if parameter.name not in given and (place > required or parameter.default is None):
            in_order = False
            continue
        value = _argument(node[parameter.name], parameter.kind)
        written.append(value if in_order else f"{parameter.name}={value}")
    return f"{node.name}({', '.join(written)})" if written else node.name


def _argument(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return word(value)
    if isinstance(value, tuple):
        return word(value[0]) if len(value) == 1 else f"[{', '.join(map(word, value))}]"
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, Arithmetic):
        return _signal(value, 0)
    return _body(value, _THEN)
