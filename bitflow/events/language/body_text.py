"""Statements, events, signals and calls as text, read by recursive descent."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from bitflow.events.language.entries import Parameter
from bitflow.events.language.refusals import Malformed, Span, UnknownName
from bitflow.events.language.token_reader import TokenReader
from bitflow.events.language.tree import (
    COMPARISONS,
    And,
    Arithmetic,
    Between,
    Body,
    Bouts,
    Call,
    Compare,
    Comparison,
    Named,
    Not,
    Or,
    Percentile,
    Signal,
    Then,
    gives_signal,
)
from bitflow.events.language.units import Quantity
from bitflow.events.language.vocabulary import SIGNALS, VOCABULARY, operator

TAILS = ("for", "merge", "coverage")
_LENGTHS = {">=": "shortest", ">": "shortest", "<=": "longest", "<": "longest"}


class BodyReader(TokenReader):
    """Each method reads what the grammar calls by its name."""

    # statements and events

    def body(self) -> Body:
        """A statement or events; a signal alone is neither."""
        start = self.next.span
        return self._stated(self.body_or_signal(), start)

    def body_or_signal(self) -> Body | Signal:
        """A statement, events, or a signal that an operator takes."""
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
        """A statement, and how long, how close and how well seen its events are."""
        start = self.next.span
        found = self.either()
        return self.tails(self._stated(found, start)) if self.is_word(*TAILS) else found

    def tails(self, body: Body) -> Body:
        """What says how events are made of a statement."""
        given: dict[str, Any] = {}
        start = self.next.span
        while self.is_word(*TAILS):
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
        """Statements of which one holds."""
        return self._several("or", Or, self.both)

    def both(self) -> Body | Signal:
        """Statements that hold together."""
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
        """A statement, or its contrary."""
        if not self.skip("not"):
            return self.statement()
        self._deeper()
        start = self.next.span
        body = Not(self._stated(self.denied(), start))
        self.deep -= 1
        return body

    def statement(self) -> Body | Signal:
        """A comparison, a call, a behaviour by its name, or anything in brackets."""
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
        """What a signal is compared with."""
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
        """A behaviour, of whom and towards whom."""
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
        """A signal, and what is done to it with numbers."""
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
        """A signal of one word, or in brackets."""
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
        """A word of the vocabulary with its arguments, or a column of a table."""
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
        """One after the other, in the spelling of a call."""
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
        if kind == "names":
            return self.labels()
        if kind in ("part", "region", "animal", "name", "choice"):
            return self.name()
        if kind in ("window", "time", "number"):
            return self.quantity()
        if kind == "signal":
            return self.signal()
        if kind == "flag":
            return self.flag()
        return self.body_or_signal() if kind == "either" else self.body()
