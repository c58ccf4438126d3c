"""Stores and recordings at URLs: what is not committed is not there, and everything reads as it does from a folder."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import bitflow
from bitflow import places
from bitflow.cohort.inputs import scan
from bitflow.drafts import scratch_folder
from bitflow.errors import MediaError, StoreError, UsageError
from bitflow.media.copies import at_hand, drop_copy
from bitflow.places import RemotePath, files_by_folder, place, with_markers
from bitflow.store import FeatureStore, open_store
from bitflow.tables import Column, Schema, TableFile, write_table
from tests.composites import write_video

NUMBERS = Schema("numbers", "entity", (Column("n", "int64"),))


@pytest.fixture
def remote() -> Iterator[RemotePath]:
    """A folder of its own in fsspec's memory."""
    fsspec = pytest.importorskip("fsspec", reason="fsspec is in the extra `ray`")
    folder = place(f"memory://{uuid.uuid4().hex}")
    assert isinstance(folder, RemotePath)
    yield folder
    fs = fsspec.filesystem("memory")
    if fs.exists(folder.url):
        fs.rm(folder.url, recursive=True)


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    draw = np.random.default_rng(0)
    pictures = [draw.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(30)]
    return write_video(tmp_path_factory.mktemp("video") / "noise.mp4", pictures)


def write(path: object, *numbers: int) -> None:
    write_table(path, NUMBERS, [NUMBERS.batch({"n": np.array(numbers)})])


def test_a_path_stays_a_path_and_a_url_is_a_remote_one() -> None:
    assert place("features") == place(Path("features")) == Path("features")
    assert place("file:///data/features") == Path("/data/features")
    far = place("s3://bucket/a/b.mp4/")
    assert (str(far), far.name, far.stem, far.suffix) == ("s3://bucket/a/b.mp4", "b.mp4", "b", ".mp4")
    assert [str(folder) for folder in far.parents] == ["s3://bucket/a", "s3://bucket"]
    assert far.relative_to(place("s3://bucket")).as_posix() == "a/b.mp4"
    assert place(far) is far
    assert place("C:\\features") == Path("C:\\features")


def test_an_unknown_kind_of_url_is_refused_with_a_sentence() -> None:
    pytest.importorskip("fsspec", reason="fsspec is in the extra `ray`")
    with pytest.raises(UsageError, match="nosuch://"):
        open_store("nosuch://bucket/features")


def test_a_table_is_seen_once_its_marker_is_written(remote) -> None:
    folder = with_markers(remote)
    write(folder / "numbers.parquet", 1, 2)
    assert [path.name for path in folder.glob("*.parquet")] == ["numbers.parquet"]
    marker = remote / ".numbers.parquet.committed"
    assert marker.exists()
    marker.unlink()
    assert (remote / "numbers.parquet").is_file()
    assert not (folder / "numbers.parquet").is_file()
    assert list(folder.glob("*.parquet")) == []


@pytest.mark.parametrize("dies_before", ["put_file", "pipe_file"])
def test_a_writer_that_dies_midway_leaves_no_table(remote, monkeypatch, dies_before) -> None:
    """Whether before the bytes went over or before the marker did, and over an earlier table as well."""
    folder = with_markers(remote)
    write(folder / "numbers.parquet", 1)
    fs, _ = places._reached(remote.url)

    class Death(BaseException):
        pass

    def die(*given: object, **more: object) -> None:
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(fs, dies_before, die)
        with pytest.raises(Death):
            write(folder / "numbers.parquet", 2)
    assert not (folder / "numbers.parquet").is_file()
    write(folder / "numbers.parquet", 3)
    assert TableFile(folder / "numbers.parquet").column("n").tolist() == [3]


def test_a_connection_that_comes_back_is_waited_for(remote, monkeypatch) -> None:
    monkeypatch.setattr(places, "PATIENCE_S", (0.0,) * 3)
    fs, _ = places._reached(remote.url)
    put, failures = fs.put_file, iter([ConnectionResetError("gone"), TimeoutError(), None])

    def flaky(*given: object, **more: object) -> None:
        if error := next(failures):
            raise error
        put(*given, **more)

    monkeypatch.setattr(fs, "put_file", flaky)
    write(remote / "numbers.parquet", 7)
    assert TableFile(remote / "numbers.parquet").column("n").tolist() == [7]


def test_a_store_that_stays_away_is_one_sentence(remote, monkeypatch) -> None:
    FeatureStore.create(remote)
    monkeypatch.setattr(places, "PATIENCE_S", (0.0, 0.0))
    fs, _ = places._reached(remote.url)

    def gone(*given: object, **more: object) -> None:
        raise ConnectionRefusedError("nobody listens")

    asked: list[str] = []
    for call in ("cat_file", "put_file", "open", "info"):
        monkeypatch.setattr(fs, call, lambda *given, call=call, **more: (asked.append(call), gone()))
    with pytest.raises(StoreError, match=r"bitflow\.json: cannot be read: .*does not answer \(nobody listens\)"):
        open_store(remote)
    with pytest.raises(StoreError, match=r"numbers\.parquet: cannot be written: does not answer"):
        write(remote / "numbers.parquet", 1)
    with pytest.raises(StoreError, match=r"numbers\.parquet: does not answer"):
        _ = TableFile(remote / "numbers.parquet").rows
    with pytest.raises(MediaError, match=r"a\.mp4: cannot be read: does not answer"):
        at_hand(remote / "a.mp4")
    assert asked == ["cat_file"] * 3 + ["put_file", "open", "info"]  # after the first, nobody waits
    monkeypatch.undo()
    write(remote / "numbers.parquet", 1)
    assert TableFile(remote / "numbers.parquet").rows == 1


def test_inputs_at_a_url_have_the_ids_that_they_have_in_a_folder(remote, tmp_path) -> None:
    names = ("p01/visit1.mp4", "p01/visit2.MOV", "p02/.hidden/x.mp4", "a.mp4", "a.mov", "notes.txt", "pic.jpg")
    stores = ("old/bitflow.json", "old/a/clip.mp4")
    for name in (*names, *stores):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        (remote / name).write_bytes(b"x")
    here, far = scan([tmp_path]), scan([str(remote)])
    assert [source.id for source in far.sources] == [source.id for source in here.sources]
    assert (far.pictures, far.others) == (here.pictures, here.others)
    for pattern in ("p01/*.mp4", "**/*.mp4", "p0?/v*", "p01/visit1.mp4"):
        here, far = scan([tmp_path / pattern]), scan([f"{remote}/{pattern}"])
        assert [source.id for source in far.sources] == [source.id for source in here.sources]
    with pytest.raises(UsageError, match="nothing is there"):
        scan([f"{remote}/p03"])
    with pytest.raises(UsageError, match="the pattern matches nothing"):
        scan([f"{remote}/*.avi"])


def test_a_remote_recording_is_copied_once_and_the_copy_goes_with_the_next(remote, video) -> None:
    for name in ("a.mp4", "b.mp4"):
        (remote / name).write_bytes(video.read_bytes())
    first = at_hand(remote / "a.mp4")
    assert (first.name, first.read_bytes()) == ("a.mp4", video.read_bytes())
    assert at_hand(remote / "a.mp4") == first
    second = at_hand(remote / "b.mp4")
    assert second.exists()
    assert not first.exists()
    drop_copy()
    assert not second.exists()
    assert scratch_folder() in second.parents


def test_what_is_extracted_to_a_url_has_the_bytes_of_the_same_in_a_folder(remote, video, tmp_path, monkeypatch) -> None:
    from bitflow.extraction.plan import make_request
    from bitflow.extraction.recording import Source, extract_recording

    (remote / "videos/noise.mp4").write_bytes(video.read_bytes())
    (remote / "videos/bad.mp4").write_bytes(b"no video")
    here, far = FeatureStore.create(tmp_path / "features"), FeatureStore.create(remote / "features")
    request = make_request(extractors=["frames"])
    assert extract_recording(here.path, Source("noise", video), request).status == "done"
    source = Source("noise", place(f"{remote}/videos/noise.mp4"))
    assert extract_recording(far.path, source, request).status == "done"
    assert (far["noise"].path / "frames.parquet").read_bytes() == (here["noise"].path / "frames.parquet").read_bytes()
    bad = extract_recording(far.path, Source("bad", place(f"{remote}/videos/bad.mp4")), request)
    assert bad.error == f"{remote}/videos/bad.mp4: is not a video: no known container format"
    drop_copy()
    with monkeypatch.context() as patched:
        patched.setattr(places._reached(str(remote))[0], "get_file", None)  # what is there is not even copied
        assert extract_recording(far.path, source, request).status == "skipped"
    far.index()
    again = open_store(str(remote / "features"))
    assert list(again) == ["bad", "noise"]
    assert again["noise"].table("frames").equals(here["noise"].table("frames"))
    assert [finding.severity for finding in again.check()] == ["warning"]  # that bad.mp4 failed
    assert again.recordings()["status"].tolist() == ["failed", "done"]


def test_folders_and_their_files_are_listed_alike_here_and_there(remote, tmp_path) -> None:
    for name in ("bitflow.json", "p/a/frames.parquet", "p/a/.spans/0000/frames.parquet", "p/recording.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        (remote / name).write_bytes(b"x")
    listed = {inside: files for inside, files in files_by_folder(tmp_path) if files}
    assert dict(files_by_folder(remote)) == listed


@pytest.fixture(scope="module")
def bucket(tmp_path_factory) -> Iterator[str]:
    """An empty bucket of a real S3 server (moto's), reached through fsspec's own configuration."""
    pytest.importorskip("s3fs", reason="s3fs is in the extra `ray`")
    pytest.importorskip("moto.server", reason="moto[s3] and flask, an S3 server in Python, are not installed")
    import fsspec
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "FSSPEC_S3_ENDPOINT_URL": f"http://{host}:{port}",
        "FSSPEC_S3_KEY": "test",
        "FSSPEC_S3_SECRET": "test",
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in settings.items():
            patched.setenv(name, value)
        fsspec.config.set_conf_env(fsspec.config.conf)
        places._file_system.cache_clear()
        fsspec.filesystem("s3").mkdir("study")
        yield "s3://study"
    fsspec.config.conf.pop("s3", None)
    places._file_system.cache_clear()
    server.stop()


def test_a_folder_of_s3_is_extracted_read_and_exported_by_the_command_line(bucket, video, tmp_path) -> None:
    place(f"{bucket}/videos/p01/noise.mp4").write_bytes(video.read_bytes())
    store = f"{bucket}/features"
    for command in (
        ["extract", f"{bucket}/videos", "-o", store, "--extractors", "frames", "--workers", "1"],
        ["check", store],
    ):
        done = subprocess.run([sys.executable, "-m", "bitflow.cli.main", *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert "1 recording read: 0 errors, 0 warnings" in done.stdout
    bitflow.extract(video, tmp_path / "features", extractors="frames")
    (here,) = (tmp_path / "features").rglob("frames.parquet")
    assert place(f"{store}/p01/noise/frames.parquet").read_bytes() == here.read_bytes()
    bitflow.export_store(open_store(store), tmp_path / "csv")
    assert list((tmp_path / "csv").rglob("*frames*.csv"))
