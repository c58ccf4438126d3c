"""Names of many recordings of animals: put together, kept, and not lost with one that is damaged."""

from __future__ import annotations

import shutil
import time

import pytest

from bitflow.cli.main import main
from bitflow.errors import StoreError
from bitflow.events.language import kept
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.models.asking.animals import names
from bitflow.store import open_store

KNOWN = Definitions.of(builtin())


@pytest.fixture
def store(tmp_path, monkeypatch):
    folder = tmp_path / "mice"
    for number, animals in enumerate((2, 3)):
        made = ["simulate", "mice", "-o", str(folder), "--recording", f"r{number}", "--animals", str(animals)]
        assert main([*made, "--duration", "5"]) == 0
    monkeypatch.setattr(kept, "_WORTH_S", 0.0)
    time.sleep(0.05)  # longer than the grain of a file system's clock
    return open_store(folder)


def test_names_are_those_of_all_and_are_found_once(store, monkeypatch):
    looked = []
    really = names._told

    def watched(opened, name):
        looked.append(name)
        return really(opened, name)

    monkeypatch.setattr(names, "_told", watched)
    first = names.names_in(store, KNOWN)
    assert first.actors == ("mouse1", "mouse2", "mouse3")
    assert first.seconds == pytest.approx(5.0)
    assert first.labels
    assert names.names_in(store, KNOWN) == first
    assert looked == ["r0", "r1"]
    shutil.copy2(store.path / "r0/poses.parquet", store.path / "r1/poses.parquet")
    assert names.names_in(store, KNOWN).actors == ("mouse1", "mouse2")
    assert looked == ["r0", "r1", "r1"]


def test_a_damaged_recording_takes_its_own_names_with_it(store):
    (store.path / "r1/poses.parquet").write_bytes(b"no table")
    assert names.names_in(store, KNOWN).actors == ("mouse1", "mouse2")
    with pytest.raises(StoreError, match="damaged"):
        names.names_in(store, KNOWN, ["r1"])
