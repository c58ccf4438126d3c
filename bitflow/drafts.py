"""Files that appear whole or not at all: written under a hidden name and renamed, which is the commit.

What goes to a remote place is written in a folder for scratch files on this machine and handed over when it is whole.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from bitflow.errors import StoreError
from bitflow.places import RemotePath, is_remote


def draft_path(path: Path) -> Path:
    """A hidden name beside `path`, unique to this process, in which a file is made before it takes its place."""
    folder = scratch_folder() if is_remote(path) else path.parent
    return folder / f".{path.name}.{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.draft"


def scratch_folder() -> Path:
    """Where this machine's drafts and copies of remote files lie, below $TMPDIR; made when it is not there."""
    owner = os.getuid() if hasattr(os, "getuid") else ""
    folder = Path(tempfile.gettempdir()) / f"bitflow-scratch-{owner}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def publish(draft: Path, path: Path, *, durable: bool = True) -> None:
    """Move a finished draft to its place, in one step for whoever looks; a durable one outlives a power cut."""
    if isinstance(path, RemotePath):
        path.receive(draft)
        draft.unlink()
        return
    if durable:
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
    draft.replace(path)


@contextlib.contextmanager
def drafted(path: Path, *, suffix: str | None = None) -> Iterator[Path]:
    """A file to write in the block, which takes the place of `path` at its end and is gone if the block fails.

    Parameters
    ----------
    path
        On this machine; its folder is made when it is not there.
    suffix
        Of the draft, for writers that tell the format by it.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    draft = draft_path(path) if suffix is None else draft_path(path).with_suffix(suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # a read-only place refuses this, too
            draft.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file in one step: readers see the old content or the new, never a part.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    draft = draft_path(path)
    try:
        if is_remote(path):
            path.write_bytes(content)
        else:
            draft.write_bytes(content)
            draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a read-only place refuses this, too
            draft.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_stale_drafts(folder: Path) -> None:
    """Remove drafts in `folder` that a process of this machine left when it was killed."""
    if is_remote(folder):
        folder = scratch_folder()
    for draft in folder.glob(".*.draft"):
        owner = draft.name.removesuffix(".draft").rpartition(".")[2].rpartition("-")[0]
        host, _, process = owner.rpartition("-")
        if host == _host() and process.isdigit() and not _is_alive(int(process)):
            if draft.is_dir():
                shutil.rmtree(draft, ignore_errors=True)
            else:
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
