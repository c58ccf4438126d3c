"""Misspelled words as the known ones that they are nearest to."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

#: A word of so many letters may be wrong in so many; shorter ones only in two letters that changed places.
ONE_WRONG, TWO_WRONG = 5, 7


def nearest(
    word: str, known: Iterable[str], light: Container[str] = (), rather: Container[str] = (), last: Container[str] = ()
) -> str | None:
    """The known word that was probably meant; None where none is near enough.

    A misspelling keeps the first letter, and leaves letters out rather than adding any; where two letters are wrong,
    none is another's: chewing is not chasing. A word that would be `light`,
    without a meaning of its own, has only two letters swapped or letters left out: playing is not placing. Of several
    that are as near, one of two swapped letters is meant, then one of those that are `rather` meant; those of `last` at
    the end.

    Examples
    --------
    >>> nearest("fraciton", ["fraction", "friction"]), nearest("dance", ["distance"])
    ('fraction', None)
    """
    size = len(word)
    allowed = 2 if size >= TWO_WRONG else 1
    best: tuple[tuple, str] | None = None
    for each in known:
        if not -1 <= len(each) - size <= 2 or (each[0] != word[0] and each[:2] != word[1::-1]):
            continue
        wrong = edits(word, each)
        doubled = _undoubled(word) == _undoubled(each) and size >= ONE_WRONG - 1
        if wrong > allowed or (size < ONE_WRONG and sorted(word) != sorted(each) and not doubled):
            continue
        swapped = sorted(word) == sorted(each)
        if (wrong == 2 or each in light) and not swapped and not doubled and not _is_within(word, each):
            continue
        order = (wrong, not swapped, each in last, each not in rather, -len(each), each)
        if best is None or order < best[0]:
            best = order, each
    return best[1] if best is not None else None


def _undoubled(word: str) -> str:
    """A word with no letter twice in a row: momments is moments."""
    return re.sub(r"(.)\1", r"\1", word)


def _is_within(short: str, long: str) -> bool:
    """Whether a word is another with letters left out."""
    letters = iter(long)
    return all(letter in letters for letter in short)


def edits(first: str, second: str) -> int:
    """Letters to add, leave out, change, or swap with their neighbour, to make one word of the other.

    Examples
    --------
    >>> edits("anmial", "animal"), edits("freze", "freeze"), edits("chase", "chaser")
    (1, 1, 1)
    """
    before: list[int] = []
    last = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]
