"""Files that appear whole or not at all: written under a hidden name and renamed, which is the commit."""

from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path

from bitflow.errors import StoreError


def draft_path(path: Path) -> Path:
    """A hidden name beside `path`, unique to this process, from which a finished file is renamed to its place."""
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.draft")


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file in one step: readers see the old content or the new, never a part.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    draft = draft_path(path)
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_stale_drafts(folder: Path) -> None:
    """Remove drafts in `folder` that a process of this machine left when it was killed."""
    for draft in folder.glob(".*.draft"):
        owner = draft.name.removesuffix(".draft").rpartition(".")[2].rpartition("-")[0]
        host, _, process = owner.rpartition("-")
        if host == _host() and process.isdigit() and not _is_alive(int(process)):
            draft.unlink(missing_ok=True)


def _host() -> str:
    return platform.node().replace(".", "_") or "host"


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
