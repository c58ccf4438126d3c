"""Which files a folder, a pattern or a name stands for, and which id each gets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.cohort.inputs import scan
from bitflow.errors import UsageError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def ids(*inputs: object, store: Path | None = None) -> list[str]:
    return [source.id for source in scan([str(given) for given in inputs], store).sources]


def test_an_id_is_the_path_below_the_given_folder_without_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "p01/visit1.mp4", "p01/visit2.MOV", "p02/visit1.wav", "deep/er/still/a.b.mkv")
    assert ids(tmp_path) == ["deep/er/still/a.b", "p01/visit1", "p01/visit2", "p02/visit1"]


def test_a_single_file_has_its_stem_as_id(tmp_path: Path) -> None:
    touch(tmp_path, "p01/visit1.mp4")
    assert ids(tmp_path / "p01/visit1.mp4") == ["visit1"]


def test_suffixes_are_kept_by_all_files_that_would_clash(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.mov", "b.mp4", "a.mp4.mkv")
    assert ids(tmp_path) == ["a.mov", "a.mp4", "a.mp4.mkv", "b"]


def test_same_names_in_several_given_folders_get_the_folders_name(tmp_path: Path) -> None:
    touch(tmp_path, "siteA/p1.mp4", "siteA/p2.mp4", "siteB/p1.mp4", "other/x.mp4")
    found = ids(tmp_path / "siteA", tmp_path / "siteB", tmp_path / "other")
    assert found == ["siteA/p1", "siteA/p2", "siteB/p1", "x"]


def test_files_named_by_themselves_that_clash_get_their_folders_name(tmp_path: Path) -> None:
    touch(tmp_path, "p1/visit.mp4", "p2/visit.mp4")
    assert ids(tmp_path / "p1/visit.mp4", tmp_path / "p2/visit.mp4") == ["p1/visit", "p2/visit"]


def test_folders_of_one_name_with_one_file_name_are_refused_with_both_files_named(tmp_path: Path) -> None:
    touch(tmp_path, "x/videos/a.mp4", "y/videos/a.mp4")
    with pytest.raises(UsageError, match=r"x/videos/a\.mp4 and .*y/videos/a\.mp4 would both be recording"):
        scan([tmp_path / "x/videos", tmp_path / "y/videos"])


@pytest.mark.parametrize("quoted", ["*.mp4", "*/*.mp4", "**/*.mp4", "p?/v*", "p[12]/v.mp4", "**"])
def test_a_quoted_pattern_reads_the_files_that_it_matches(tmp_path: Path, quoted: str) -> None:
    touch(tmp_path, "top.mp4", "p1/v.mp4", "p2/w/v.mp4", ".hidden/v.mp4")
    expected = {
        "*.mp4": ["top"],
        "*/*.mp4": ["v"],
        "**/*.mp4": ["p1/v", "top", "w/v"],
        "p?/v*": ["v"],
        "p[12]/v.mp4": ["v"],
        "**": ["p1/v", "p2/w/v", "top"],
    }
    assert ids(tmp_path / quoted) == expected[quoted]


def test_a_pattern_gives_the_ids_that_a_shell_expanding_it_gives(tmp_path: Path) -> None:
    touch(tmp_path, "p1/v.mp4", "p2/v.mp4", "p3/u.mp4")
    expanded = sorted(tmp_path.glob("*/*.mp4"))
    assert ids(tmp_path / "*/*.mp4") == ids(*expanded)


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    touch(tmp_path, "take[1].mp4", "take1.mp4")
    assert ids(tmp_path / "take[1].mp4") == ["take[1]"]


def test_hidden_files_pictures_and_others_are_left_out_and_the_last_two_counted(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", ".b.mp4", ".c/d.mp4", "e.jpg", "f.PNG", "notes.txt", "data.csv", "no_suffix")
    found = scan([tmp_path])
    assert [source.id for source in found.sources] == ["a"]
    assert (found.pictures, found.others) == (2, 3)
    assert found.sentence == "left out: 2 pictures and 3 other files"


def test_a_picture_named_by_itself_is_a_recording(tmp_path: Path) -> None:
    touch(tmp_path, "face.jpg", "a.mp4")
    assert ids(tmp_path / "face.jpg") == ["face"]
    assert ids(tmp_path / "face.jpg", tmp_path / "a.mp4") == ["a", "face"]
    assert ids(tmp_path / "*.jpg") == ["face"]
    assert ids(tmp_path / "*") == ["a"]


def test_a_file_of_unknown_suffix_is_taken_when_it_is_all_that_was_named(tmp_path: Path) -> None:
    touch(tmp_path, "capture.dat", "a.mp4")
    assert ids(tmp_path / "capture.dat") == ["capture"]
    assert ids(tmp_path / "capture.dat", tmp_path / "a.mp4") == ["a"]


def test_linked_files_are_read_and_keep_the_links_name(tmp_path: Path) -> None:
    touch(tmp_path, "archive/0001.mp4")
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "p01.mp4").symlink_to(tmp_path / "archive/0001.mp4")
    (videos / "again.mp4").symlink_to(tmp_path / "archive/0001.mp4")
    assert ids(videos) == ["again", "p01"]


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.mp4", "b/y.mp4")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/b").symlink_to(tmp_path / "b")
    (tmp_path / "b/a").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    assert ids(tmp_path) == ["a/x", "b/y"]
    assert ids(tmp_path / "**/*.mp4") == ["x", "y"]


def test_a_linked_folder_is_read_below_the_links_name(tmp_path: Path) -> None:
    touch(tmp_path, "disk/x.mp4")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/p01").symlink_to(tmp_path / "disk")
    assert ids(tmp_path / "videos") == ["p01/x"]


def test_a_link_to_nothing_is_a_recording_that_will_fail_not_one_that_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "unplugged/gone.mp4")
    assert ids(tmp_path) == ["a", "gone"]


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes there")
def test_a_named_pipe_is_not_opened(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    assert ids(tmp_path) == ["a"]


def test_the_same_file_named_in_several_ways_is_one_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "v/sub/a.mp4")
    monkeypatch.chdir(tmp_path)
    assert ids("v/sub/a.mp4", tmp_path / "v/sub/a.mp4", "v/../v/sub/a.mp4", "v/*/a.mp4") == ["a"]
    assert ids("v/sub/a.mp4", "v") == ids("v", "v/sub/a.mp4") == ["sub/a"]


def test_equal_content_under_two_names_is_two_recordings(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mp4")
    assert ids(tmp_path) == ["a", "b"]


def test_stores_inside_a_folder_are_not_scanned(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "features/a/clip.mp4", "old/bitflow.json", "old/b/clip.mp4")
    assert ids(tmp_path, store=tmp_path / "features") == ["a"]


def test_a_store_at_the_very_folder_still_finds_the_recordings(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "bitflow.json", "recordings.parquet", "a/frames.parquet", "a/recording.json")
    found = scan([tmp_path], tmp_path)
    assert [source.id for source in found.sources] == ["a"]
    assert found.others == 0


def test_no_recording_takes_the_name_of_a_stores_own_file(tmp_path: Path) -> None:
    touch(tmp_path, "recordings.parquet.mp4", "bitflow.json.mov", "participants.parquet/x.mp4", "p/frames.parquet.avi")
    assert ids(tmp_path) == [
        "bitflow.json.mov",
        "p/frames.parquet.avi",
        "participants.parquet_/x",
        "recordings.parquet.mp4",
    ]


@pytest.mark.parametrize(
    "name", ["with space", "Ünïcødé 日本語", "quo'te\"d", "new\nline", "-dash", "a\\b", "tab\t%s{}"]
)
def test_odd_names_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"{name}.mp4")
    (source,) = scan([tmp_path]).sources
    assert source.id == name
    assert source.path.read_bytes() == b"x"


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_name_that_is_not_unicode_gets_an_id_that_is(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")).write_bytes(b"x")
    (source,) = scan([tmp_path]).sources
    assert source.id == "caf\\xe9"
    assert source.path.read_bytes() == b"x"


def test_an_input_that_is_not_there_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    with pytest.raises(UsageError, match=r"vidoes: no such file or folder"):
        scan([tmp_path, tmp_path / "vidoes"])
    with pytest.raises(UsageError, match=r"\*\.mkv: the pattern matches nothing"):
        scan([tmp_path / "*.mkv"])


def test_a_folder_without_recordings_says_what_was_looked_for_and_what_was_there(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.txt")
    with pytest.raises(UsageError, match=r"no recording found; looked for \.mp4 .*1 picture and 1 other file"):
        scan([tmp_path])


def test_the_home_folder_is_found_in_a_quoted_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "videos/a.mp4")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert ids("~/videos") == ids("~/videos/*.mp4") == ["a"]


PARTS = st.sampled_from(["a", "b", "a.mp4", "a.parquet", "recordings.parquet", "x y"])
SUFFIXES = st.sampled_from([".mp4", ".mov", ".mp4.mov"])


@settings(max_examples=60, deadline=None)
@given(st.sets(st.tuples(st.lists(PARTS, max_size=2), PARTS, SUFFIXES).map(lambda n: "/".join([*n[0], n[1] + n[2]]))))
def test_every_file_has_an_id_of_its_own_and_the_same_one_each_time(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("videos")
    files = []
    for name in sorted(names):
        path = folder / name
        if not path.is_dir() and not any(parent.is_file() for parent in path.parents):
            touch(folder, name)
            files.append(path)
    if not files:
        return
    found = scan([folder]).sources
    assert sorted(source.path for source in found) == sorted(files)
    assert len({source.id for source in found}) == len(files)
    assert scan([folder]).sources == found
