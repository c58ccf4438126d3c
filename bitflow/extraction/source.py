"""The file that a recording is made from, and how it is told that it is still the same one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitflow.errors import MediaError
from bitflow.places import place


@dataclass(frozen=True)
class Source:
    """An input file and the id that its recording gets."""

    id: str
    path: Path


def file_facts(path: Path) -> dict[str, Any]:
    """Path, size and time of change, as recording.json has them."""
    # A name whose bytes are not UTF-8 is spelled out: neither JSON nor Parquet holds it as it is.
    facts: dict[str, Any] = {"path": os.fsencode(str(path.absolute())).decode("utf-8", "backslashreplace")}
    try:
        status = path.stat()
    except OSError:
        return {**facts, "size": None, "modified_ns": None}
    return {**facts, "size": status.st_size, "modified_ns": status.st_mtime_ns}


def file_size(path: Path) -> int:
    """Bytes of a file, 0 when there is none: the measure for which recording takes longest."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_another_path(before: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether the file that a recording was made from is another one than `facts` tell of, and still there."""
    path = before.get("path")
    return path not in (None, facts["path"]) and place(path).exists()


def known_hash(before: Mapping[str, Any], facts: Mapping[str, Any]) -> str | None:
    """The hash of an earlier run, while path, size and time of change are the same."""
    same = all(before.get(key) == facts[key] for key in ("path", "size", "modified_ns"))
    return before.get("sha256") if same else None


def sha256(path: Path) -> str:
    """Of a file's bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
