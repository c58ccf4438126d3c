"""Programs as text: read by recursive descent; `grammar` says what is accepted."""

from __future__ import annotations

from typing import Any, cast

from bitflow.events.language.body_text import TAILS, BodyReader
from bitflow.events.language.refusals import Malformed, UnknownName
from bitflow.events.language.study import Study
from bitflow.events.language.study_text import read_study, starts_study
from bitflow.events.language.tree import (
    ABOUT_PLACES,
    ABOUT_SIGNALS,
    ANSWERS,
    COLOURS,
    DESCRIBED,
    MATRIX_CELLS,
    ORDERS,
    RATE_UNITS,
    STATISTICS,
    Answer,
    Body,
    Definition,
    Program,
    Query,
)
from bitflow.events.language.units import unit_named
from bitflow.events.language.vocabulary import VOCABULARY


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
    reader = Reader(text)
    program = reader.program()
    reader.expect_end()
    return program


def parse_body(text: str) -> Body:
    """Read a statement or events alone, without an answer."""
    reader = Reader(text)
    body = reader.body()
    reader.expect_end()
    return body


class Reader(BodyReader):
    """Reads whole programs."""

    def program(self) -> Program:
        """Definitions and questions, with semicolons between."""
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
        """A name, what is known of its origin, and what it means."""
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
        """A question; a bare statement asks for its events."""
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
        elif answer == "summary":
            given = self._modifiers(answer)
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
            elif self.is_word(*ORDERS):
                given["order"] = self.take().text
            elif self.skip("bins"):
                given["bins"] = self.quantity()
            elif self.skip("from"):
                given["recordings"] = self.names()
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
            elif answer in ("matrix", "value") and self.skip("per"):
                given["per"] = self.choice(*RATE_UNITS)
            elif body is not None and self.is_word(*TAILS):
                given["body"] = body = self.tails(given.get("body", body))
            else:
                return given
