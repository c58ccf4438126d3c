"""Text cut into tokens, each with its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from bitflow.events.language.refusals import Malformed, Span, TooLarge
from bitflow.events.language.units import is_unit

Kind = Literal["word", "string", "number", "unit", "sign", "end"]

#: Longest program in characters.
LONGEST_TEXT = 10_000

#: Words with a place in the grammar; a name that is one of them is written in quotes.
RESERVED = frozenset(
    {
        *("and", "or", "not", "in", "for", "merge", "coverage", "then", "within", "by", "pairs", "at_least"),
        *("define", "over", "as", "true", "false"),
    }
)

_WORD = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![\w]))?")
_EXPONENT_WITH_UNIT = re.compile(r"\d+(?:\.\d+)?[eE][+-]?\d+")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)(?![\d:])")
_UNIT = re.compile(r"[^\W\d_]+\d?(?:/(?:s2|s\^2|s²|[^\W\d_]+))?|[°%]|/(?:s|min)\b")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_SIGN = re.compile(r"\.\.|<=|>=|==|!=|≤|≥|[<>=()\[\],;:*/+\-]")
_SKIPPED = re.compile(r"(?:\s+|#[^\n]*)+")
_SAME = {"≤": "<=", "≥": ">="}


@dataclass(frozen=True)
class Token:
    """A piece of text: a word, a quoted string, a number with its unit, a sign, or the end.

    `unit` is None where a number has none.
    """

    kind: Kind
    text: str
    span: Span
    value: float = 0.0
    unit: str | None = None

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"`{self.text}`"


def tokens_of(text: str) -> list[Token]:
    """Tokens of a program, the end among them.

    Raises
    ------
    TooLarge
        The text is longer than a program may be.
    Malformed
        A character has no place in the language.
    """
    if len(text) > LONGEST_TEXT:
        raise TooLarge(f"a program has at most {LONGEST_TEXT} characters, this one {len(text)}")
    found: list[Token] = []
    at = 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped:
            at = skipped.end()
            continue
        after_as = bool(found) and found[-1].text == "as" and found[-1].kind == "word"
        token = (_unit(text, at) if after_as else None) or _token(text, at)
        found.append(token)
        at = token.span[1]
    found.append(Token("end", "", (len(text), len(text))))
    return found


def is_plain(word: str) -> bool:
    """Whether a name may be written without quotes."""
    return bool(_WORD.fullmatch(word)) and word not in RESERVED


def _unit(text: str, at: int) -> Token | None:
    """After ``as`` stands a unit: ``cm/s`` is one word there."""
    unit = _UNIT.match(text, at) or re.compile("1").match(text, at)
    return Token("unit", unit.group(), unit.span()) if unit else None


def _token(text: str, at: int) -> Token:
    if clock := _CLOCK.match(text, at):
        hours, minutes, seconds = clock.groups()
        value = float(hours or 0) * 3600 + float(minutes) * 60 + float(seconds)
        return Token("number", clock.group(), clock.span(), value, "s")
    if number := _EXPONENT_WITH_UNIT.match(text, at) or _NUMBER.match(text, at):
        return _number(text, number)
    if word := _WORD.match(text, at):
        return Token("word", word.group(), word.span())
    if string := _STRING.match(text, at):
        try:
            return Token("string", json.loads(string.group()), string.span())
        except ValueError:
            raise Malformed(f"a quoted name that cannot be read: {string.group()}", (), string.span()) from None
    if sign := _SIGN.match(text, at):
        return Token("sign", _SAME.get(sign.group(), sign.group()), sign.span())
    raise Malformed(
        f"unexpected character {text[at]!r}", ['names with spaces or signs are quoted: "open arm"'], (at, at + 1)
    )


def _number(text: str, number: re.Match[str]) -> Token:
    value = float(number.group())
    if value == float("inf"):
        raise Malformed(f"a number too large to hold: {number.group()}", (), number.span())
    end = number.end()
    adjacent = _UNIT.match(text, end)
    if adjacent:
        return Token(
            "number", text[number.start() : adjacent.end()], (number.start(), adjacent.end()), value, adjacent.group()
        )
    gap = re.compile(r"[ \t]+").match(text, end)
    apart = _UNIT.match(text, gap.end()) if gap else None
    if apart and is_unit(apart.group()) and not apart.group().startswith("/"):
        return Token("number", text[number.start() : apart.end()], (number.start(), apart.end()), value, apart.group())
    return Token("number", number.group(), number.span(), value)
