"""The text spelling read by recursive descent; `GRAMMAR` is what it accepts, in EBNF."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from bitflow.events.language.refusals import Malformed, Refusal, Span, TooLarge, UnknownName
from bitflow.events.language.study import Study
from bitflow.events.language.study_text import STUDY_GRAMMAR, read_study, starts_study
from bitflow.events.language.tokens import Token, tokens_of
from bitflow.events.language.tree import (
    ABOUT_PLACES,
    ABOUT_SIGNALS,
    ANSWERS,
    COLOURS,
    COMPARISONS,
    DESCRIBED,
    MATRIX_CELLS,
    RATE_UNITS,
    STATISTICS,
    And,
    Answer,
    Arithmetic,
    Between,
    Body,
    Bouts,
    Call,
    Compare,
    Comparison,
    Definition,
    Named,
    Not,
    Or,
    Percentile,
    Program,
    Query,
    Signal,
    Then,
    gives_signal,
)
from bitflow.events.language.units import Quantity, unit_named
from bitflow.events.language.vocabulary import SIGNALS, VOCABULARY, Parameter, operator

GRAMMAR = (
    """
program    = statement { ";" statement } [ ";" ] ;
statement  = definition | query | study ;
definition = "define" name [ string ] [ "(" fact { "," fact } ")" ] "=" body ;
fact       = ( "author" | "date" | "source" ) "=" ( string | name ) ;

query      = about_events | about_signal | about_place | "describe" what ;
about_events = ( "list" | "count" | "total_time" | "fraction" | "mean_duration" | "longest" | "first" | "last"
               | "latency" | "transitions" | "rate" [ "(" ( "s" | "min" | "h" ) ")" ] | "matrix" )
               [ "of" "(" name ")" ] body { tail | scope | cells } ;
about_signal = ( "value" | "timeline" ) signal { "," signal } { statistic | "over" body | scope | "as" unit } ;
about_place  = ( "trajectory" | "occupancy" ) name { "colour" "=" colour | scope } ;
scope      = "by" name | "pairs" ( "directed" | "unordered" ) | "at_least" number | "in" time ".." time ;
cells      = ( "count" | "total_time" | "fraction" | "mean_duration" | "rate" ) | "per" ( "s" | "min" | "h" ) ;

body       = bouts { "then" bouts [ "within" quantity ] } ;
bouts      = or { tail } ;
tail       = "for" ( ">=" | "<=" | ">" | "<" ) quantity | "merge" quantity | "coverage" number ;
or         = and { "or" and } ;
and        = not { "and" not } ;
not        = "not" not | statement_ ;
statement_ = signal comparison ( quantity | percentile | signal )
           | signal "in" quantity ".." quantity
           | call | named | "(" body ")" ;
comparison = "<" | "<=" | ">" | ">=" | "==" | "!=" ;

signal     = factor { ( "*" | "/" ) quantity } { ( "+" | "-" ) quantity } ;
factor     = call | "(" signal ")" ;
call       = word_of_the_vocabulary [ "(" argument { "," argument } ")" ] | table "." column
           | "then" "(" argument { "," argument } ")" ;
named      = name [ "(" [ "actor" "=" ] name [ "," [ "target" "=" ] name ] ")" ] ;
argument   = [ word ( "=" | ":" ) ] ( name | "[" name { "," name } "]" | quantity | signal | body | "true" | "false" ) ;

quantity   = [ "-" ] number [ unit ] ;
percentile = "p" number ;
time       = quantity | clock | "start" | "end" ;
clock      = [ hours ":" ] minutes ":" seconds ;
name       = word | string ;
"""
    + STUDY_GRAMMAR
)

#: Brackets and calls inside each other; deeper text is refused before it exhausts the stack.
DEEPEST_TEXT = 60

_TAILS = ("for", "merge", "coverage")
_LENGTHS = {">=": "shortest", ">": "shortest", "<=": "longest", "<": "longest"}


def parse(text: str) -> Program:
    """Read a program.

    Raises
    ------
    Refusal
        The text is none: `Malformed`, `UnknownName`, `UnitMismatch`, `TooLarge`; each knows the place.

    Examples
    --------
    >>> parse("count speed > 5cm/s for >=1s").queries[0].answer
    'count'
    """
    reader = _Reader(text)
    program = reader.program()
    reader.expect_end()
    return program


def parse_body(text: str) -> Body:
    """Read a statement or events alone, without an answer."""
    reader = _Reader(text)
    body = reader.body()
    reader.expect_end()
    return body


class _Reader:
    """A place in the tokens; each method reads what the grammar calls by its name."""

    def __init__(self, text: str):
        self.tokens = tokens_of(text)
        self.at = 0
        self.deep = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        if token.kind != "end":
            self.at += 1
        return token

    def is_word(self, *words: str) -> bool:
        return self.next.kind == "word" and self.next.text in words

    def is_sign(self, *signs: str) -> bool:
        return self.next.kind == "sign" and self.next.text in signs

    def skip(self, text: str) -> bool:
        if self.next.kind in ("word", "sign") and self.next.text == text:
            self.take()
            return True
        return False

    def need(self, text: str) -> None:
        if not self.skip(text):
            raise self.wrong(f"`{text}`")

    def wrong(self, expected: str, hints: tuple[str, ...] = ()) -> Malformed:
        return Malformed(
            f"{expected} expected, {self.next} came at character {self.next.span[0]}", hints, self.next.span
        )

    def expect_end(self) -> None:
        if self.next.kind != "end":
            raise self.wrong("the end of the program")

    # statements

    def program(self) -> Program:
        queries: list[Query | Study] = []
        definitions: list[Definition] = []
        while self.next.kind != "end":
            if self.skip("define"):
                definitions.append(self.definition())
            else:
                queries.append(read_study(self) if starts_study(self) else self.query())
            if not self.skip(";"):
                break
        if not queries and not definitions:
            raise Malformed("an empty program", ["for example: list speed > 5cm/s for >=1s"], (0, 0))
        return Program(tuple(queries), tuple(definitions))

    def definition(self) -> Definition:
        name = self.name()
        doc = self.take().text if self.next.kind == "string" else ""
        facts: dict[str, str] = {}
        if self.skip("("):
            while True:
                key = self.choice("author", "date", "source")
                self.need("=")
                facts[key] = self.name()
                if not self.skip(","):
                    break
            self.need(")")
        self.need("=")
        return Definition(name, self.body(), doc, **facts)

    def query(self) -> Query:
        token = self.next
        if token.kind != "word":
            raise self.wrong("an answer such as `list` or `count`")
        if token.text not in ANSWERS:
            if token.text in VOCABULARY or token.text in ("not", "then") or self._looks_like_body():
                return Query("list", **self._events_of("list"))  # a bare statement asks for its events
            raise UnknownName.of("answer", token.text, ANSWERS, token.span)
        self.take()
        answer = cast(Answer, token.text)
        given: dict[str, Any] = {}
        if answer == "describe":
            given["what"] = self.choice(*DESCRIBED) if self.next.kind == "word" else None
        elif answer in ABOUT_PLACES:
            given = {"part": self.name(), **self._modifiers(answer)}
        elif answer in ABOUT_SIGNALS:
            signals = [self.signal()]
            while self.skip(","):
                signals.append(self.signal())
            given = {"signals": tuple(signals), **self._modifiers(answer)}
        else:
            given = self._events_of(answer)
        return self._placed(token.span, lambda: Query(answer, **given))

    def _looks_like_body(self) -> bool:
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return after.text in ("and", "or", "for", "then", "by", "merge", ";", "(", "pairs") or after.kind == "end"

    def _events_of(self, answer: Answer) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if answer == "rate":
            given["per"] = "min"
            if (
                self.is_sign("(")
                and self.tokens[self.at + 1].text in RATE_UNITS
                and self.tokens[self.at + 2].text == ")"
            ):
                self.take()
                given["per"] = self.choice(*RATE_UNITS)
                self.need(")")
        if self.is_word("of") and self._is_whom():
            self.take()
            self.need("(")
            given["by"] = self.name()
            self.need(")")
        given["body"] = self.body()
        return {**given, **self._modifiers(answer, given["body"])}

    def _is_whom(self) -> bool:
        """``list of(resident) chase`` and not ``list of(resident, chase)``."""
        ahead = [token.text for token in self.tokens[self.at + 1 : self.at + 4]]
        return len(ahead) == 3 and ahead[0] == "(" and ahead[2] == ")"

    def _modifiers(self, answer: Answer, body: Body | None = None) -> dict[str, Any]:
        given: dict[str, Any] = {}
        while True:
            if self.skip("by"):
                given["by"] = self.name()
            elif self.skip("pairs"):
                given["pairs"] = self.choice("directed", "unordered")
            elif self.skip("at_least"):
                given["at_least"] = self.whole()
            elif self.skip("in"):
                given["start"], given["end"] = self.times()
            elif self.skip("as"):
                token = self.take()
                given["unit"] = unit_named(token.text, token.span).symbol
            elif self.skip("over"):
                given["body"] = self.body()
            elif self.is_word("colour", "color"):
                self.take()
                self.need("=")
                given["colour"] = self.choice(*COLOURS)
            elif answer == "value" and self.is_word(*STATISTICS):
                given["statistic"] = self.take().text
            elif answer == "matrix" and self.is_word(*MATRIX_CELLS):
                given["cells"] = self.take().text
            elif answer == "matrix" and self.skip("per"):
                given["per"] = self.choice(*RATE_UNITS)
            elif body is not None and self.is_word(*_TAILS):
                given["body"] = body = self.tails(given.get("body", body))
            else:
                return given

    # statements and events

    def body(self) -> Body:
        """A statement or events; a signal alone is neither."""
        start = self.next.span
        return self._stated(self.body_or_signal(), start)

    def body_or_signal(self) -> Body | Signal:
        self._deeper()
        start = self.next.span
        first = self.bouts()
        while self.skip("then"):
            after = self.next.span
            second = self._stated(self.bouts(), after)
            within = self.quantity() if self.skip("within") else None
            first = Then(self._stated(first, start), second, within)
        self.deep -= 1
        return first

    def bouts(self) -> Body | Signal:
        start = self.next.span
        found = self.either()
        return self.tails(self._stated(found, start)) if self.is_word(*_TAILS) else found

    def tails(self, body: Body) -> Body:
        given: dict[str, Any] = {}
        start = self.next.span
        while self.is_word(*_TAILS):
            token = self.take()
            if token.text == "merge":
                given["merge"] = self.quantity()
            elif token.text == "coverage":
                given["coverage"] = self.quantity().base
            else:
                if not self.is_sign(*_LENGTHS):
                    raise self.wrong("`>=` or `<=` after `for`", ("for >=0.5s",))
                length = _LENGTHS[self.take().text]
                given[length] = self.quantity()
        return self._placed(start, lambda: Bouts(body, **given))

    def either(self) -> Body | Signal:
        return self._several("or", Or, self.both)

    def both(self) -> Body | Signal:
        return self._several("and", And, self.denied)

    def _several(self, word: str, kind: type[And] | type[Or], read: Callable[[], Body | Signal]) -> Body | Signal:
        start = self.next.span
        first = read()
        if not self.is_word(word):
            return first
        parts = [self._stated(first, start)]
        while self.skip(word):
            start = self.next.span
            parts.append(self._stated(read(), start))
        return kind(tuple(parts))

    def denied(self) -> Body | Signal:
        if not self.skip("not"):
            return self.statement()
        self._deeper()
        start = self.next.span
        body = Not(self._stated(self.denied(), start))
        self.deep -= 1
        return body

    def statement(self) -> Body | Signal:
        if self.is_word("then"):
            return self.then_call()
        if self.skip("("):
            found = self.body_or_signal()
            self.need(")")
        elif self._is_call():
            found = self.call()
        else:
            word = self.next
            found = self.named()
            if self.is_sign(*COMPARISONS, "+", "-", "*", "/"):
                raise UnknownName.of("signal", word.text, SIGNALS, word.span)
        return self._compared(self._arithmetic(found)) if isinstance(found, Call | Arithmetic) else found

    def _stated(self, found: Body | Signal, span: Span) -> Body:
        if isinstance(found, Arithmetic):
            raise Malformed("a statement expected, a signal came", ["compare it: > 5cm/s"], span)
        return found

    def _compared(self, signal: Signal) -> Body | Signal:
        if self.is_sign(*COMPARISONS):
            op = cast(Comparison, self.take().text)
            span = self.next.span
            return self._placed(span, partial(Compare, op, signal, self.value()))
        if gives_signal(signal) and self._is_range():
            self.need("in")
            low = self.quantity()
            self.need("..")
            return Between(signal, low, self.quantity())
        return signal

    def _is_range(self) -> bool:
        """``in`` of a comparison; that of a query stands behind a whole statement."""
        return self.is_word("in") and (
            self.tokens[self.at + 1].kind == "number" or self.tokens[self.at + 1].text == "-"
        )

    def value(self) -> Quantity | Percentile | Signal:
        if self.next.kind == "number" or self.is_sign("-"):
            return self.quantity()
        rank = re.fullmatch(r"p(\d+(?:\.\d+)?)", self.next.text) if self.next.kind == "word" else None
        if rank:
            span = self.take().span
            return self._placed(span, lambda: Percentile(float(rank.group(1))))
        if not self._is_call() and not self.is_sign("("):
            raise self.wrong("a number with its unit, a percentile such as p90, or a signal")
        return self.signal()

    def named(self) -> Body:
        name = self.name()
        given: dict[str, str] = {}
        if self.skip("("):
            for position in ("actor", "target"):
                key = position
                if self.is_word("actor", "target") and self.tokens[self.at + 1].text in ("=", ":"):
                    key = self.take().text
                    self.take()
                if key in given:
                    raise self.wrong("the other animal")
                given[key] = self.name()
                if not self.skip(","):
                    break
            self.need(")")
        return Named(name, **given)

    # signals and calls

    def signal(self) -> Signal:
        self._deeper()
        found = self._arithmetic(self.factor())
        self.deep -= 1
        return found

    def _arithmetic(self, found: Signal) -> Signal:
        for signs in ("*/", "+-"):
            while self.is_sign(*signs):
                op = cast(Any, self.take().text)
                span = self.next.span
                found = self._placed(span, partial(Arithmetic, op, found, self.quantity()))
        return found

    def factor(self) -> Signal:
        if self.skip("("):
            signal = self.signal()
            self.need(")")
            return signal
        if not self._is_call():
            if self.next.kind == "word":
                raise UnknownName.of("signal", self.next.text, VOCABULARY, self.next.span)
            raise self.wrong("a signal")
        return self.call()

    def _is_call(self) -> bool:
        return self.next.kind == "word" and (self.next.text in VOCABULARY or "." in self.next.text)

    def call(self) -> Call:
        token = self.take()
        if "." in token.text:  # head_pose.yaw is column(head_pose.yaw)
            return Call("column", (("name", token.text),))
        declared = operator(token.text)
        given: dict[str, Any] = {}
        if self.skip("("):
            self._deeper()
            waiting = list(declared.parameters)
            while not self.is_sign(")"):
                parameter = self._parameter(declared.parameters, waiting, declared.signature)
                if parameter.name in given:
                    raise self.wrong(f"another argument than {parameter.name}", (declared.signature,))
                waiting = [each for each in waiting if each.name != parameter.name]
                given[parameter.name] = self.argument(parameter)
                if not self.skip(","):
                    break
            self.need(")")
            self.deep -= 1
        return self._placed(token.span, lambda: Call(token.text, tuple(given.items())))

    def _parameter(self, all_of_them: tuple[Parameter, ...], waiting: list[Parameter], signature: str) -> Parameter:
        token, sign = self.next, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if token.kind == "word" and sign.text in ("=", ":"):
            self.take()
            self.take()
            aliases = {"mask": "of", "events": "of", "signal": "of", "w": "window", "max": "range"}
            by_name = {each.name: each for each in all_of_them}
            name = token.text if token.text in by_name else aliases.get(token.text, token.text)
            if name not in by_name:
                raise UnknownName.of("argument", token.text, by_name, token.span)
            return by_name[name]
        if not waiting:
            raise self.wrong("`)`", (signature,))
        return waiting[0]

    def then_call(self) -> Then:
        span: Span = self.take().span
        self.need("(")
        self._deeper()
        first = self.body()
        self.need(",")
        second = self.body()
        given: dict[str, Any] = {}
        while self.skip(","):
            key = self.choice("within", "same_actor", "overlap")
            self.need("=")
            given[key] = self.quantity() if key == "within" else self.flag()
        self.need(")")
        self.deep -= 1
        return self._placed(span, lambda: Then(first, second, **given))

    def argument(self, parameter: Parameter) -> Any:
        """What stands for a parameter, read as its kind asks."""
        kind = parameter.kind
        if kind == "parts":
            return self.names()
        if kind in ("part", "region", "animal", "name", "choice"):
            return self.name()
        if kind in ("window", "time", "number"):
            return self.quantity()
        if kind == "signal":
            return self.signal()
        if kind == "flag":
            return self.flag()
        return self.body_or_signal() if kind == "either" else self.body()

    # words and numbers

    def name(self) -> str:
        if self.next.kind not in ("word", "string"):
            raise self.wrong("a name")
        return self.take().text

    def names(self) -> tuple[str, ...]:
        if not self.skip("["):
            return (self.name(),)
        found = [self.name()]
        while self.skip(","):
            found.append(self.name())
        self.need("]")
        return tuple(found)

    def choice(self, *words: str) -> str:
        if self.next.kind != "word" or self.next.text not in words:
            if self.next.kind == "word":
                raise UnknownName.of("word", self.next.text, words, self.next.span)
            raise self.wrong(f"one of {', '.join(words)}")
        return self.take().text

    def flag(self) -> bool:
        return self.choice("true", "false") == "true"

    def quantity(self) -> Quantity:
        negative = self.skip("-")
        if self.next.kind != "number":
            raise self.wrong("a number with its unit")
        token = self.take()
        unit = "1" if token.unit is None else unit_named(token.unit, token.span).symbol
        return self._placed(token.span, lambda: Quantity(-token.value if negative else token.value, unit))

    def whole(self) -> int:
        token = self.next
        quantity = self.quantity()
        if quantity.unit != "1" or quantity.value != int(quantity.value):
            raise Malformed(f"a whole number expected, {token} came", (), token.span)
        return int(quantity.value)

    def times(self) -> tuple[Quantity | None, Quantity | None]:
        start = None if self.skip("start") else self.quantity()
        self.need("..")
        return start, None if self.skip("end") else self.quantity()

    def _deeper(self) -> None:
        self.deep += 1
        if self.deep > DEEPEST_TEXT:
            raise TooLarge(f"more than {DEEPEST_TEXT} brackets inside each other", (), self.next.span)

    def _placed(self, span: Span, build: Any) -> Any:
        """Build a node; a refusal that does not know its place gets this one."""
        try:
            return build()
        except Refusal as refusal:
            refusal.span = refusal.span or span
            raise
