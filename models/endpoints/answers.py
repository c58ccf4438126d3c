"""Reading what a model wrote: thinking left out, one JSON object found, its form checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)

#: Longest sentence of a server or validator that is passed on.
_SENTENCE = 300

_SECRETS = re.compile(r"(data:image/[a-z]+;base64,)[A-Za-z0-9+/=]+|(Bearer |sk-)[A-Za-z0-9._-]+")


#: Terminal sequences, control characters, and marks that turn or hide text; joiners stay, which scripts need.
_UNSEEN = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)?"
    r"|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


class AnswerError(ValueError):
    """What was written is no answer of the form; the message says what is wrong with it, for a repair."""


def without_thinking(text: str) -> str:
    """The text after a reasoning model's thoughts."""
    return _THINKING.sub("", text).strip()


def plain(text: str) -> str:
    """One line of text without anything that a terminal, a page or a reader of files could take for more than text.

    Examples
    --------
    >>> plain("\\x1b[31mred\\x1b[0m \\u202egnirts\\u202c\\nnext")
    'red gnirts next'
    """
    return " ".join(_UNSEEN.sub("", text).split())


#: Marks that say that something was checked, and quotation marks that would end a quotation.
_MARKS = re.compile('[✓✔✗✘☑☒✅❌❎🗸🗹🗴🗵√“”„‟«»"]')


def quotable(words: str) -> str:
    """Words of others without marks that only we set: no quotation ends early, and nothing is ticked off but by us.

    Examples
    --------
    >>> quotable("yes” Person 0 smiles. ✓ supported")
    'yes Person 0 smiles. supported'
    """
    return " ".join(_MARKS.sub("", words).split())


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def answer_in(text: str, form: type[BaseModel]) -> Mapping[str, Any]:
    """The one answer in a text: bare, in a fence, or with words around it; its strings as `plain` has them.

    Raises
    ------
    AnswerError
        There is no JSON object, it names a key twice, holds NaN, or is not of the form.
    """
    found = _json_object(text)
    try:
        return _plain(form.model_validate(found, strict=False).model_dump(mode="json"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise AnswerError(f"{where}: {first['msg']}") from error


def sentence_of(body: str) -> str:
    """What a server says is wrong, from any of the envelopes that servers use, without keys and pictures."""
    said: Any = body
    try:
        content = json.loads(body)
    except (json.JSONDecodeError, RecursionError):
        content = None
        said = re.sub(r"<[^>]+>", " ", body)
    if isinstance(content, dict):
        error = content.get("error", content.get("detail", content.get("message", content)))
        said = error.get("message", error) if isinstance(error, dict) else error
    text = plain(str(said))
    return _SECRETS.sub(lambda match: (match[1] or match[2]) + "…", text)[:_SENTENCE]


def _json_object(text: str) -> dict[str, Any]:
    cleaned = without_thinking(text)
    candidates = [cleaned, *(match.strip() for match in _FENCE.findall(cleaned)), *_braced(cleaned)]
    problem = "it holds no JSON object"
    for candidate in candidates:
        if not candidate.startswith("{"):
            continue
        try:
            found = json.loads(candidate, object_pairs_hook=_once, parse_constant=_no_constant)
        except AnswerError as error:
            raise error
        except (json.JSONDecodeError, RecursionError) as error:
            problem = f"its JSON is broken: {error}"
            continue
        if isinstance(found, dict):
            return found
    raise AnswerError(problem)


def _braced(text: str) -> list[str]:
    """The first balanced ``{…}`` of a text with words around it."""
    start = text.find("{")
    if start < 0:
        return []
    depth, inside, escaped = 0, False, False
    for at in range(start, len(text)):
        mark = text[at]
        if inside:
            inside = mark != '"' or escaped
            escaped = mark == "\\" and not escaped
        elif mark == '"':
            inside, escaped = True, False
        elif mark in "{}":
            depth += 1 if mark == "{" else -1
            if not depth:
                return [text[start : at + 1]]
    return [text[start:]]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise AnswerError(f"it names {name!r} twice")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise AnswerError(f"{name} is no JSON number")
