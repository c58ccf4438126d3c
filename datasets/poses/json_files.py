"""Large JSON files, read one entry of their outer objects at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from bitflow.errors import MediaError, SchemaError

#: Largest file that is read whole, bytes.
WHOLE_BYTES = 256 << 20

_CHUNK = 4 << 20
_SPACE = re.compile(r"\s*")


def load(path: Path) -> Any:
    """The whole of a JSON file of moderate size.

    Raises
    ------
    MediaError
        It cannot be read, or is too large to be held.
    SchemaError
        It is no JSON.
    """
    try:
        if path.stat().st_size > WHOLE_BYTES:
            raise MediaError(f"{path}: is larger than {WHOLE_BYTES >> 20} MB; split it into parts by video")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"{path}: is no whole JSON file: {str(error)[:120]}") from error


def entries(path: Path, depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Values that lie `depth` objects deep, with the keys that lead to them, one at a time.

    Examples
    --------
    A file ``{"a": {"b": 1, "c": [2]}}`` gives, two deep, ``(("a", "b"), 1)`` and ``(("a", "c"), [2])``.

    Raises
    ------
    MediaError, SchemaError
        As of `load`.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _walk(_Reader(file), depth, ())
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"{path}: is no whole JSON file: {str(error)[:120]}") from error


class _Reader:
    """A JSON text of any length, of which one value at a time is held."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._held, self._at, self._ended = file, "", 0, False
        self._decoder = json.JSONDecoder()

    def mark(self) -> str:
        """The next sign that is no space; empty at the end."""
        while True:
            space = _SPACE.match(self._held, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._held) or not self._grow():
                return self._held[self._at : self._at + 1]

    def take(self, expected: str) -> str:
        """Pass over the next sign, one of those expected."""
        mark = self.mark()
        if not mark or mark not in expected:
            raise ValueError(f"{' or '.join(expected)} expected, {mark or 'its end'!r} came")
        self._at += 1
        return mark

    def value(self) -> Any:
        """The next value, whole."""
        self.mark()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._held, self._at)
            except ValueError:
                if not self._grow():
                    raise
                continue
            # A number at the end of what is held may go on.
            if end < len(self._held) or not self._grow():
                self._at = end
                return found

    def _grow(self) -> bool:
        """Hold twice as much as is left, so that a long value is not tried too often."""
        left = self._held[self._at :]
        more = "" if self._ended else self._file.read(max(_CHUNK, len(left)))
        self._ended = not more
        self._held, self._at = left + more, 0
        return bool(more)


def _walk(reader: _Reader, depth: int, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    reader.take("{")
    if reader.mark() == "}":
        reader.take("}")
        return
    while True:
        key = reader.value()
        if not isinstance(key, str):
            raise ValueError(f"a key expected, {str(key)[:40]} came")
        reader.take(":")
        if len(keys) + 1 < depth:
            yield from _walk(reader, depth, (*keys, key))
        else:
            yield (*keys, key), reader.value()
        if reader.take(",}") == "}":
            return
