"""Words that were said, by a pattern or a list of words, as events of those who said them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bitflow.events.intervals import Events
from bitflow.events.language.refusals import Malformed
from bitflow.events.speech import Words, plain

LONGEST_PATTERN = 200
MOST_WORDS = 12


def spoken(words: Words, pattern: str, lexicon: str | None) -> tuple[Events, list[str]]:
    """Events of a pattern among somebody's words, and how each was written.

    Parameters
    ----------
    pattern
        One word or several in a row, ``|`` between alternatives; ``*`` stands for any letters, alone for any word.
        Case and punctuation do not matter.
    lexicon
        Only words of this list: ``positive, negative, filler, affirmation``; None for all.

    Raises
    ------
    Malformed
        The pattern holds no word, or too many.
    """
    found: list[tuple[int, int]] = []
    for choice in _choices(pattern):
        found += _runs(words.text, choice)
    if lexicon is not None:
        found = [(a, b) for a, b in found if all(_is_of(lexicon, word) for word in words.text[a:b])]
    found = sorted(set(found))
    starts = np.array([words.said.starts[a] for a, _ in found])
    ends = np.array([words.said.ends[b - 1] for _, b in found])
    return Events.at(starts, ends, words.said.seen, "words"), [" ".join(words.marks[a:b]) for a, b in found]


def _choices(pattern: str) -> Iterator[list[re.Pattern[str]]]:
    if len(pattern) > LONGEST_PATTERN:
        raise Malformed(f"a pattern of words has at most {LONGEST_PATTERN} characters, this one {len(pattern)}")
    for choice in pattern.split("|"):
        said = [word for word in (each if each == "*" else plain(each) for each in choice.split()) if word]
        if not said or len(said) > MOST_WORDS:
            raise Malformed(f"a pattern of 1 to {MOST_WORDS} words is needed, not {choice!r}", ['words("thank you")'])
        yield [re.compile(r"\S*".join(map(re.escape, re.split(r"\*+", word)))) for word in said]


def _runs(text: tuple[str, ...], choice: list[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    for at in range(len(text) - len(choice) + 1):
        if all(word.fullmatch(text[at + k]) for k, word in enumerate(choice)):
            yield at, at + len(choice)


def _is_of(lexicon: str, word: str) -> bool:
    from bitflow.measures.lexicon import AFFIRMATIONS, FILLERS
    from bitflow.measures.polarity import polarity

    if lexicon in ("filler", "affirmation"):
        return word in (FILLERS if lexicon == "filler" else AFFIRMATIONS)
    grade = polarity(word)
    return grade > 0 if lexicon == "positive" else grade < 0
