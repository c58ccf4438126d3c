"""Numbers in words, and times as a clock shows them."""

from __future__ import annotations

from collections.abc import Sequence

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {word: float(n) for n, word in enumerate(_ONES.split())} | {
    word: 10.0 * n for n, word in enumerate(_TENS.split(), 2)
}
_LARGE = {"hundred": 100.0, "thousand": 1000.0}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
#: Ordinals from the second on, by what they stand for; ``second`` may also be a unit.
PLACES: dict[str, int] = {word: n for n, word in enumerate(ORDINALS[1:], 2)}
WORDS = frozenset((*SMALL, *_LARGE, "dozen"))


def spoken_number(words: Sequence[str]) -> tuple[int, float] | None:
    """How many words at the front are a number, and which.

    Examples
    --------
    >>> spoken_number("two hundred and sixty pixels".split()), spoken_number(["twenty", "five"])
    ((4, 260.0), (2, 25.0))
    """
    total = current = 0.0
    taken = at = 0
    while at < len(words):
        word = words[at].lower()
        if word in SMALL and not (current % 10 or (current % 100 and SMALL[word] >= 10)):
            current += SMALL[word]
        elif word == "dozen":
            current = (current or 1) * 12
        elif word in _LARGE and (taken or word == "hundred"):
            current = (current or 1) * _LARGE[word]
            if word == "thousand":
                total, current = total + current, 0.0
        elif word == "and" and taken and current >= 100 and at + 1 < len(words) and words[at + 1].lower() in SMALL:
            at += 1
            continue
        else:
            break
        at += 1
        taken = at
    return (taken, total + current) if taken else None


def clock_seconds(text: str) -> float:
    """Seconds of ``m:ss`` or ``h:mm:ss``.

    Examples
    --------
    >>> clock_seconds("1:30"), clock_seconds("1:00:00.5")
    (90.0, 3600.5)
    """
    return sum(float(part) * 60**power for power, part in enumerate(reversed(text.split(":"))))
