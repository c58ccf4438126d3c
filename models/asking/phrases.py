"""How phrases are written down: in their base form, with commas between; inflected words match by their stem."""

from __future__ import annotations

import re
from itertools import product


def phrases(listed: str) -> tuple[str, ...]:
    """Phrases between commas; ``(a|b)`` stands for either, and one that begins with ``=`` matches to the letter.

    Examples
    --------
    >>> phrases("chase, (run|go) after, sniff (at|)")
    ('chase', 'run after', 'go after', 'sniff at', 'sniff')
    """
    return tuple(spelled for phrase in listed.split(",") for spelled in _spelled_out(phrase.strip()))


def _spelled_out(phrase: str) -> list[str]:
    choices = [part.split("|") for part in re.split(r"[()]", phrase)] if "(" in phrase else [[phrase]]
    return [re.sub(r" +", " ", "".join(chosen)).strip() for chosen in product(*choices)]
