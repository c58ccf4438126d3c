"""How phrases are written down: in their base form, with commas between; inflected words match by their stem."""

from __future__ import annotations


def phrases(listed: str) -> tuple[str, ...]:
    """Phrases between commas; one that begins with ``=`` matches to the letter.

    Examples
    --------
    >>> phrases("chase, run after")
    ('chase', 'run after')
    """
    return tuple(phrase.strip() for phrase in listed.split(","))
