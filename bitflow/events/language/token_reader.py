"""Reading tokens one after the other: words, numbers with their units, times, choices."""

from __future__ import annotations

from typing import Any

from bitflow.events.language.refusals import Malformed, Refusal, Span, TooLarge, UnknownName
from bitflow.events.language.tokens import Token, tokens_of
from bitflow.events.language.units import Quantity, unit_named

#: Brackets and calls inside each other; deeper text is refused before it exhausts the stack.
DEEPEST_TEXT = 60


class TokenReader:
    """A place in the tokens: looks at the next, takes it, or says what should have stood there."""

    def __init__(self, text: str):
        self.tokens = tokens_of(text)
        self.at = 0
        self.deep = 0

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """The token that comes, and on to the one after it."""
        token = self.next
        if token.kind != "end":
            self.at += 1
        return token

    def is_word(self, *words: str) -> bool:
        """Whether one of these words comes."""
        return self.next.kind == "word" and self.next.text in words

    def is_sign(self, *signs: str) -> bool:
        """Whether one of these signs comes."""
        return self.next.kind == "sign" and self.next.text in signs

    def skip(self, text: str) -> bool:
        """Take a word or sign if it comes; whether it did."""
        if self.next.kind in ("word", "sign") and self.next.text == text:
            self.take()
            return True
        return False

    def need(self, text: str) -> None:
        """Take a word or sign, or refuse what stands there."""
        if not self.skip(text):
            raise self.wrong(f"`{text}`")

    def wrong(self, expected: str, hints: tuple[str, ...] = ()) -> Malformed:
        """The refusal of what stands here."""
        return Malformed(
            f"{expected} expected, {self.next} came at character {self.next.span[0]}", hints, self.next.span
        )

    def expect_end(self) -> None:
        """Refuse what is left over."""
        if self.next.kind != "end":
            raise self.wrong("the end of the program")

    def name(self) -> str:
        """A word, or a name in quotes."""
        if self.next.kind not in ("word", "string"):
            raise self.wrong("a name")
        return self.take().text

    def names(self) -> tuple[str, ...]:
        """One name, or several in square brackets."""
        if not self.skip("["):
            return (self.name(),)
        found = [self.name()]
        while self.skip(","):
            found.append(self.name())
        self.need("]")
        return tuple(found)

    def labels(self) -> tuple[str, ...]:
        """One label, or several in square brackets; a number is one, too."""
        several = self.skip("[")
        found = [self._label()]
        while several and self.skip(","):
            found.append(self._label())
        if several:
            self.need("]")
        return tuple(found)

    def _label(self) -> str:
        if self.next.kind == "number" and self.next.unit is None:
            return self.take().text
        return self.name()

    def choice(self, *words: str) -> str:
        """One of these words."""
        if self.next.kind != "word" or self.next.text not in words:
            if self.next.kind == "word":
                raise UnknownName.of("word", self.next.text, words, self.next.span)
            raise self.wrong(f"one of {', '.join(words)}")
        return self.take().text

    def flag(self) -> bool:
        """``true`` or ``false``."""
        return self.choice("true", "false") == "true"

    def quantity(self) -> Quantity:
        """A number with its unit; without one, a plain number."""
        negative = self.skip("-")
        if self.next.kind != "number":
            raise self.wrong("a number with its unit")
        token = self.take()
        unit = "1" if token.unit is None else unit_named(token.unit, token.span).symbol
        return self._placed(token.span, lambda: Quantity(-token.value if negative else token.value, unit))

    def whole(self) -> int:
        """A whole number without a unit."""
        token = self.next
        quantity = self.quantity()
        if quantity.unit != "1" or quantity.value != int(quantity.value):
            raise Malformed(f"a whole number expected, {token} came", (), token.span)
        return int(quantity.value)

    def times(self) -> tuple[Quantity | None, Quantity | None]:
        """Two times with ``..`` between; None for the start and the end of the recording."""
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
