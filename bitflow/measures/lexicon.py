"""Counting in texts: syllables, fillers, repeats, lexical diversity."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

FILLERS = frozenset({"um", "uh", "er", "erm", "ah", "eh", "hm", "hmm", "mm", "uhm", "euh", "äh", "ähm", "öh"})
AFFIRMATIONS = frozenset(
    {"yes", "yeah", "yep", "yup", "sure", "right", "absolutely", "exactly", "ja", "oui", "sí", "si"}
)

#: Function words that English doubles on purpose ("that that", "had had"): not disfluent alone.
_DOUBLED = frozenset({"that", "had", "very", "no", "yes", "yeah", "really", "bye", "ha"})

_VOWELS = re.compile(r"[aeiouyäöüéèêàâîïôûáíóúœæø]+")


def syllables(word: str) -> int:
    """Syllables of a written word: groups of vowels, a silent final e of English left out; at least one.

    Examples
    --------
    >>> [syllables(w) for w in ("cat", "table", "banana", "make", "the")]
    [1, 2, 3, 1, 1]
    """
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ie", "oe", "ye")) and groups > 1
    ending = word.endswith(("es", "ed")) and not re.search(r"(?:[sxz]|ch|sh|[td])e[sd]$|[aeiouy]e[sd]$|le[sd]$", word)
    return max(1, groups - int(silent) - int(ending and groups > 1))


def immediate_repeats(words: Sequence[str]) -> int:
    """Words that are the same as the one before, but for those that are doubled on purpose."""
    return sum(a == b and a not in _DOUBLED for a, b in pairwise(words))


def moving_type_token_ratio(words: Sequence[str], window: int) -> float:
    """Mean share of different words over every window of that many; NaN for shorter texts.

    Examples
    --------
    >>> moving_type_token_ratio("a b a b".split(), 2)
    1.0
    """
    if len(words) < window:
        return float("nan")
    inside = Counter(words[:window])
    total = len(inside)
    for new, old in zip(words[window:], words, strict=False):
        inside[new] += 1
        inside[old] -= 1
        if not inside[old]:
            del inside[old]
        total += len(inside)
    return total / (len(words) - window + 1) / window


def mtld(words: Sequence[str], threshold: float = 0.72) -> float:
    """Measure of textual lexical diversity, the mean of both directions; infinite texts of new words give their
    length."""
    return (_factor_length(words, threshold) + _factor_length(list(reversed(words)), threshold)) / 2


def _factor_length(words: Sequence[str], threshold: float) -> float:
    factors, seen, count = 0.0, set(), 0
    for word in words:
        seen.add(word)
        count += 1
        if len(seen) / count < threshold:
            factors, seen, count = factors + 1, set(), 0
    if count:
        factors += (1 - len(seen) / count) / (1 - threshold)
    return len(words) / factors if factors else float(len(words))
