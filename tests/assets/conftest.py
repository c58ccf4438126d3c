"""A catalogue of small made-up files, an empty cache, and servers for both kinds of network source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bitflow.assets import Asset, entries, fetching

from .loopback import FileServer, make_wheel


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no mirror, a network that may be used."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("BITFLOW_CACHE", str(folder))
    monkeypatch.delenv("BITFLOW_ASSETS", raising=False)
    monkeypatch.delenv("BITFLOW_OFFLINE", raising=False)
    monkeypatch.setattr(fetching, "_unreachable", {})
    return folder


@pytest.fixture
def register(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """``register(entry, …)`` makes these the whole catalogue."""

    def replace(*made: Asset) -> None:
        monkeypatch.setattr(entries, "_ASSETS", made)
        entries.catalogue.cache_clear()

    yield replace
    monkeypatch.undo()
    entries.catalogue.cache_clear()


@pytest.fixture
def server() -> Iterator[FileServer]:
    """An empty file server."""
    made = FileServer()
    yield made
    made.close()


@pytest.fixture
def wheel_index(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, dict[str, bytes]], None]:
    """``wheel_index(name, version, files)`` offers a wheel on a package index that the user's pip is set to use."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)

    def offer(name: str, version: str, files: dict[str, bytes]) -> None:
        path = make_wheel(tmp_path, name, version, files)
        server.files[f"/files/{path.name}"] = path.read_bytes()
        server.files[f"/simple/{name}/"] = f'<a href="/files/{path.name}">{path.name}</a>'.encode()

    return offer
