"""Files that are at hand are found without the network, and only with the pinned bytes."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bitflow.assets import BundleMember, Url, WheelMember, fetch, locate, sha256_of, state, verify
from bitflow.assets.entries import Wheel
from bitflow.assets.files import cached
from bitflow.errors import AssetError

from .loopback import CONTENT, made_asset, make_wheel

NOWHERE = Url("https://127.0.0.1:9/none")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("BITFLOW_ASSETS", str(folder))
    return folder


def test_a_mirrored_file_is_used_where_it_lies(register: Callable, mirror: Path, cache: Path) -> None:
    register(made_asset("thing", NOWHERE))
    (mirror / "thing.bin").write_bytes(CONTENT)
    assert locate("thing") == mirror / "thing.bin"
    assert state("thing").origin == "mirror"
    assert not cache.exists()


def test_a_mirrored_file_is_known_by_its_bytes_under_any_name(register: Callable, mirror: Path) -> None:
    register(made_asset("thing", NOWHERE))
    (mirror / "clips").mkdir()
    (mirror / "clips" / "renamed.mp4").write_bytes(CONTENT)
    (mirror / "clips" / "same size.mp4").write_bytes(CONTENT[::-1])
    assert locate("thing") == mirror / "clips" / "renamed.mp4"


def test_the_second_of_two_mirrors_is_searched_too(
    register: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    register(made_asset("thing", NOWHERE))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thing.bin").write_bytes(CONTENT)
    monkeypatch.setenv("BITFLOW_ASSETS", os.pathsep.join([str(tmp_path / "missing"), str(tmp_path / "b")]))
    assert locate("thing") == tmp_path / "b" / "thing.bin"


def test_wrong_bytes_in_a_mirror_are_refused_but_left_to_their_owner(register: Callable, mirror: Path) -> None:
    register(made_asset("thing", NOWHERE))
    (mirror / "thing.bin").write_bytes(CONTENT[:-1] + b"!")
    assert locate("thing") is None
    assert state("thing").status == "damaged"
    assert (mirror / "thing.bin").exists()


def test_verify_finds_a_byte_that_changed_without_a_trace_in_size_or_time(register: Callable, cache: Path) -> None:
    entry = made_asset("thing", NOWHERE)
    register(entry)
    path = cached(entry)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    before = path.stat()
    assert [s.status for s in verify()] == ["present"]
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [s.status for s in verify()] == ["damaged"]


def test_a_hash_follows_the_file_when_its_content_changes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    path.write_bytes(b"abc")
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_members_come_out_of_a_mirrored_bundle_all_at_once(register: Callable, mirror: Path) -> None:
    parts = {"a.bin": b"a" * 2000, "b.bin": b"b" * 3000}
    with zipfile.ZipFile(mirror / "bundle.bin", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    bundle = made_asset("bundle", NOWHERE, content=(mirror / "bundle.bin").read_bytes())
    a = made_asset("a", BundleMember("bundle", "a.bin"), content=parts["a.bin"])
    b = made_asset("b", BundleMember("bundle", "b.bin"), content=parts["b.bin"])
    register(bundle, a, b)
    found = locate("a")
    assert found is not None
    assert found.read_bytes() == parts["a.bin"]
    assert cached(b).read_bytes() == parts["b.bin"]


def test_a_wheel_laid_into_the_mirror_serves_offline(
    register: Callable, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = Wheel("made-models", "1.2", 1)
    register(made_asset("thing", WheelMember(wheel, "made_models/thing.bin")))
    make_wheel(mirror, "made-models", "1.2", {"made_models/thing.bin": CONTENT})
    monkeypatch.setenv("BITFLOW_OFFLINE", "1")
    assert state("thing").origin == "archive"
    assert fetch("thing").read_bytes() == CONTENT
    assert state("thing").origin == "cache"


def test_a_wheel_of_another_release_is_not_opened(register: Callable, mirror: Path) -> None:
    wheel = Wheel("made-models", "1.2", 1)
    register(made_asset("thing", WheelMember(wheel, "made_models/thing.bin")))
    make_wheel(mirror, "made-models", "1.21", {"made_models/thing.bin": CONTENT})
    assert locate("thing") is None


def test_an_installed_package_is_read_in_place_and_not_imported(
    register: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(make_wheel(tmp_path, "made-models", "3.0", {"made_models/thing.bin": CONTENT})) as archive:
        archive.extractall(site)
    (site / "made_models" / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    register(made_asset("thing", WheelMember(Wheel("made-models", "1.2", 1), "made_models/thing.bin")))
    assert locate("thing") == site / "made_models" / "thing.bin"


def test_a_cache_that_cannot_be_written_says_which_variable_to_set(
    register: Callable, mirror: Path, cache: Path
) -> None:
    cache.write_bytes(b"a file where a folder should be")
    register(made_asset("thing", WheelMember(Wheel("made-models", "1.2", 1), "made_models/thing.bin")))
    make_wheel(mirror, "made-models", "1.2", {"made_models/thing.bin": CONTENT})
    with pytest.raises(AssetError, match="BITFLOW_CACHE"):
        locate("thing")
