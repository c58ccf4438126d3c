"""Names and quantities as people read them."""

from __future__ import annotations

import os


def printable(name: str) -> str:
    """A file name or id on one line of a terminal: control characters and undecodable bytes are spelled out.

    >>> printable("visit 1 – “baseline”"), printable("a\\nb")
    ('visit 1 – “baseline”', 'a\\\\nb')
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def clock(seconds: float) -> str:
    """A duration: ``42 s``, ``3 min 05 s``, ``2 h 07 min``.

    >>> clock(42.4), clock(185), clock(7620)
    ('42 s', '3 min 05 s', '2 h 07 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def byte_size(size: float) -> str:
    """A number of bytes: ``512 B``, ``3.4 MB``.

    >>> byte_size(512), byte_size(3_400_000)
    ('512 B', '3.4 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def plural(number: int, noun: str) -> str:
    """``1 recording``, ``3 recordings``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
