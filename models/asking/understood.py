"""What a question comes to before it is carried out: a program, and what was assumed on the way."""

from __future__ import annotations

from dataclasses import dataclass

from bitflow.events.language.refusals import Refusal, TooLarge
from bitflow.events.language.tree import Program

#: Characters of a question.
LONGEST_QUESTION = 1000


@dataclass(frozen=True)
class Understood:
    """A program, and what was assumed or corrected on the way to it.

    Parameters
    ----------
    refused
        Of several questions asked at once those that have no program, and why.
    """

    program: Program
    notes: tuple[str, ...] = ()
    refused: tuple[tuple[str, Refusal], ...] = ()


def refuse_long(question: str) -> None:
    """Refuse a question that nobody would type.

    Raises
    ------
    TooLarge
        It has more than a thousand characters.
    """
    if len(question) > LONGEST_QUESTION:
        raise TooLarge(f"a question has at most {LONGEST_QUESTION} characters, this one {len(question)}")
