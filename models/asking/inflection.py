"""Words without and with their endings."""

from __future__ import annotations

import re

_IRREGULAR = {
    **dict.fromkeys(("is", "are", "was", "were", "been", "being"), "be"),
    **dict.fromkeys(("does", "did", "done"), "do"),
    **dict.fromkeys(("went", "gone", "goes", "going"), "go"),
    **dict.fromkeys(("froze", "frozen"), "freeze"),
    **dict.fromkeys(("lay", "lying", "lain"), "lie"),
    **dict.fromkeys(("stops", "stopped"), "stop"),
    **dict.fromkeys(("bit", "bitten"), "bite"),
    **dict.fromkeys(("hid", "hidden"), "hide"),
    **dict.fromkeys(("took", "taken"), "take"),
    **dict.fromkeys(("gave", "given"), "give"),
    **dict.fromkeys(("drew", "drawn"), "draw"),
    **dict.fromkeys(("spoke", "spoken"), "speak"),
    **{"mice": "mouse", "feet": "foot", "bodies": "body", "anxieties": "anxiety"},
    **{"fled": "flee", "ran": "run", "came": "come", "got": "get", "spent": "spend", "fought": "fight"},
    **{"stood": "stand", "sat": "sit", "slept": "sleep", "kept": "keep", "held": "hold", "left": "left"},
    **{"began": "begin", "found": "find", "made": "make", "met": "meet", "saw": "see", "lost": "lose"},
}


def stem(word: str) -> str:
    """A word without its inflection.

    Examples
    --------
    >>> stem("chasing") == stem("chases") == stem("chase"), stem("mice") == stem("mouse")
    (True, True)
    """
    word = word.lower().replace("’", "'")
    word = _IRREGULAR.get(word, word)
    word = re.sub(r"'s?$", "", word)
    if len(word) <= 3:
        return word
    for suffix in ("ings", "ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith(("ss", "eed")):
            word = word[: -len(suffix)] + ("y" if suffix in ("ied", "ies") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word.rstrip("e") if len(word) > 3 else word


def inflected(word: str) -> tuple[str, ...]:
    """A word and its regular forms, to be held against misspelled ones.

    Examples
    --------
    >>> inflected("chase")
    ('chase', 'chases', 'chased', 'chasing')
    """
    root = word.removesuffix("e")
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word, f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing"
    plural = f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
    return word, plural, f"{root}ed", f"{root}ing"
