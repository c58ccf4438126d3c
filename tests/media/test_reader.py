"""Reading goes past damage, says what was lost, and refuses in a sentence what cannot be read."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.errors import MediaError
from bitflow.media import AudioReader, VideoReader
from bitflow.media.probe import probe
from bitflow.media.video import _thinned

Clip = Callable[[str], Path]


def _cut(path: Path, share: float, folder: Path) -> Path:
    data = path.read_bytes()
    cut = folder / f"cut{path.suffix}"
    cut.write_bytes(data[: int(len(data) * share)])
    return cut


def _damaged(path: Path, folder: Path, size: int = 40_000) -> Path:
    """The file with random bytes in its middle."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + size] = random.Random(0).randbytes(size)
    hurt = folder / f"hurt{path.suffix}"
    hurt.write_bytes(data)
    return hurt


@pytest.mark.parametrize("name", ["long.mp4", "long.mkv"])
@pytest.mark.parametrize("threads", [1, 2])
def test_cut_file_keeps_what_was_decoded_and_says_where_it_stops(
    name: str, threads: int, clips: Clip, tmp_path: Path
) -> None:
    path = _cut(clips(name), 0.6, tmp_path)
    with VideoReader(path, threads=threads) as reader:
        frames = list(reader)
    last = frames[-1].time
    assert 8 < last < 16
    assert len(frames) > 0.97 * last * 30
    assert reader.report.truncated
    assert reader.report.sentence is not None
    assert reader.report.sentence.startswith(f"stops at {reader.report.sentence.split()[2]} s of 20.0 s")
    assert float(reader.report.sentence.split()[2]) == pytest.approx(last, abs=0.3)
    assert "the file is truncated" in reader.report.sentence


def test_cut_avi_is_known_from_a_whole_one(clips: Clip, tmp_path: Path) -> None:
    whole = clips("mjpeg.avi")
    reader = VideoReader(_cut(whole, 0.5, tmp_path))
    assert 10 < len(list(reader)) < 40
    assert reader.report.truncated
    reader = VideoReader(whole)
    assert len(list(reader)) == 50
    assert reader.report.sentence is None


@pytest.mark.parametrize("name", ["long.mp4", "long.mkv", "long.ts"])
def test_damage_in_the_middle_costs_only_what_is_damaged(name: str, clips: Clip, tmp_path: Path) -> None:
    whole = {round(frame.time, 3) for frame in VideoReader(clips(name))}
    readers = [VideoReader(_damaged(clips(name), tmp_path), threads=threads) for threads in (1, 2)]
    found = [[round(frame.time, 3) for frame in reader] for reader in readers]
    assert found[0] == found[1]
    # 40 kB of a clip of 1 MB, and a keyframe a second: about 1.5 s of 20 may go.
    assert len(set(found[0]) & whole) > 0.85 * len(whole)
    assert max(found[0]) == max(whole)
    assert not readers[0].report.truncated
    # MPEG-TS has no sizes or checksums by which the loss of whole packets could be told.
    assert name == "long.ts" or readers[0].report.sentence is not None


@pytest.mark.parametrize("name", ["long.mp4", "long.mkv"])
def test_pictures_that_damage_took_are_told_with_their_place(name: str, clips: Clip, tmp_path: Path) -> None:
    whole = [frame.time for frame in VideoReader(clips(name))]
    reader = VideoReader(_damaged(clips(name), tmp_path))
    times = [frame.time for frame in reader]
    at = int(np.argmax(np.diff(times)))
    assert times[at + 1] - times[at] > 0.3
    lost = [time for time in whole if times[at] + 0.001 < time < times[at + 1] - 0.001]
    assert lost
    assert reader.report.sentence is not None
    told = reader.report.sentence.rpartition("pictures are missing from ")[2]
    begin, _, end = told.split(" s")[0].partition(" to ")
    assert float(begin) == pytest.approx(lost[0], abs=0.06)
    assert float(end) == pytest.approx(times[at + 1], abs=0.06)


def test_whole_file_of_any_rate_misses_no_pictures(clips: Clip) -> None:
    for name in ("vfr.mkv", "offset.mkv", "long.mkv", "ntsc.mkv"):
        reader = VideoReader(clips(name))
        assert list(reader)
        assert reader.report.sentence is None, name


def test_picture_before_a_hole_is_not_stretched_over_it(clips: Clip, tmp_path: Path) -> None:
    frames = list(VideoReader(_damaged(clips("long.mp4"), tmp_path)))
    assert max(np.diff([frame.time for frame in frames])) > 0.1
    assert max(frame.duration for frame in frames) < 0.1


def test_sound_keeps_a_hole_that_damage_left(clips: Clip, tmp_path: Path) -> None:
    whole = np.concatenate([chunk.samples for chunk in AudioReader(clips("long.mp4"))])
    reader = AudioReader(_damaged(clips("long.mp4"), tmp_path))
    chunks = list(reader)
    assert reader.report.errors > 0
    assert len(chunks) > 1
    assert chunks[-1].end == pytest.approx(len(whole) / 16000, abs=0.005)
    for chunk in chunks[1:]:
        at = round(chunk.start * 16000)
        inner = slice(2000, min(len(chunk.samples), 20000))
        expected = whole[at + inner.start : at + inner.stop]
        assert np.abs(chunk.samples[inner] - expected).max() < 0.05


def _bad_files(folder: Path, clips: Clip) -> dict[str, tuple[Path, str]]:
    head = clips("long.mkv").read_bytes()
    files = {
        "missing": ("missing.mp4", None, "no such file"),
        "empty": ("empty.mp4", b"", "empty"),
        "text": ("text.mp4", b"Dear diary, this is no video.\n" * 50, "not a video"),
        "random": ("random.mp4", random.Random(1).randbytes(100_000), "not a video"),
        "playlist": ("list.mp4", b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n#EXT-X-ENDLIST\n", "not a video"),
        "cut header": ("cut.mkv", head[:60], "header of this Matroska/WebM file is cut off"),
        "no index": ("cut.mp4", clips("b_frames.mp4").read_bytes()[:20_000], "before its index (moov)"),
        "half an index": ("half.mp4", clips("long.mp4").read_bytes()[:1500], "inside its index (moov)"),
        "no frames": ("none.mp4", None, "no frames"),
        "sound alone": ("sound.mp4", clips("sound.m4a").read_bytes(), "sound alone"),
    }
    made = {}
    for kind, (name, data, sentence) in files.items():
        path = folder / name
        if data is not None:
            path.write_bytes(data)
        made[kind] = (path, sentence)
    (folder / "folder.mp4").mkdir()
    made["folder"] = (folder / "folder.mp4", "is a folder")
    os.symlink(folder / "a.mp4", folder / "b.mp4")
    os.symlink(folder / "b.mp4", folder / "a.mp4")
    made["link loop"] = (folder / "a.mp4", "cannot be read")
    os.symlink(folder / "nowhere", folder / "dangling.mp4")
    made["dangling link"] = (folder / "dangling.mp4", "a link to a file that is not there")
    os.mkfifo(folder / "pipe.mp4")
    made["pipe"] = (folder / "pipe.mp4", "device or pipe")
    return made


def test_every_kind_of_bad_file_is_refused_in_its_own_sentence(
    clips: Clip, tmp_path: Path, ffmpeg: Callable[..., Path]
) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2", "-t", 0, "-c:v", "libx264", tmp_path / "none.mp4")
    for kind, (path, sentence) in _bad_files(tmp_path, clips).items():
        with pytest.raises(MediaError) as caught:
            list(VideoReader(path))
        assert sentence in str(caught.value), kind
        assert str(path) in str(caught.value), kind


def test_file_without_permission_is_refused(clips: Clip, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    shutil.copy(clips("b_frames.mp4"), path)
    path.chmod(0)
    was_root = os.geteuid() == 0
    if was_root:  # root may read everything
        os.seteuid(65534)
    try:
        with pytest.raises(MediaError, match="cannot be read"):
            probe(path)
    finally:
        if was_root:
            os.seteuid(0)


def test_cover_art_is_no_video(clips: Clip, tmp_path: Path, ffmpeg: Callable[..., Path]) -> None:
    song = ffmpeg(
        "-i", clips("sound.m4a"), "-i", clips("picture.jpg"), "-map", 0, "-map", 1, "-c", "copy",
        "-disposition:v:0", "attached_pic", tmp_path / "song.m4a",
    )  # fmt: skip
    info = probe(song)
    assert info.video is None
    assert info.audio is not None


def test_silent_film_has_no_sound(clips: Clip) -> None:
    with pytest.raises(MediaError, match="holds no sound"):
        AudioReader(clips("b_frames.mp4"))


def test_any_file_name_is_read(clips: Clip, tmp_path: Path) -> None:
    names = ["a b.mp4", "a:b.mp4", "q'\".mp4", "new\nline.mp4", "ünï.mp4", "100%d.mp4", "-v.mp4", "bad\udcff.mp4", "x"]
    for name in names:
        path = tmp_path / name
        shutil.copy(clips("b_frames.mp4"), path)
        assert sum(1 for _ in VideoReader(path)) == 50, name
    numbered = tmp_path / "100%d.jpg"
    shutil.copy(clips("picture.jpg"), numbered)
    assert sum(1 for _ in VideoReader(numbered)) == 1


def test_what_libav_says_stays_out_of_stderr(clips: Clip, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    list(VideoReader(_damaged(clips("long.mp4"), tmp_path)))
    assert capfd.readouterr().err == ""


def test_probe_describes_a_clip(clips: Clip) -> None:
    info = probe(clips("sound_and_pictures.mp4"))
    assert info.video is not None
    assert info.audio is not None
    assert (info.video.codec, info.video.width, info.video.height) == ("h264", 320, 240)
    assert (info.video.average_rate_hz, info.video.frames, info.video.rotation) == (25.0, 75, 0)
    assert (info.audio.codec, info.audio.sample_rate_hz, info.audio.channels) == ("aac", 44100, 1)
    assert info.duration == pytest.approx(3, abs=0.03)
    assert json.loads(json.dumps(info.as_dict()))["video"]["codec"] == "h264"


def test_pictures_that_change_size_keep_the_grid_of_the_first(
    clips: Clip, tmp_path: Path, ffmpeg: Callable[..., Path]
) -> None:
    """A video call that drops to a quarter of its resolution still shows the same scene at the same place."""
    large = clips("raw.h264")
    small = ffmpeg("-i", large, "-vf", "scale=160:120", "-c:v", "libx264", "-qp", 10, tmp_path / "small.h264")
    joined = tmp_path / "joined.h264"
    joined.write_bytes(large.read_bytes() + small.read_bytes())
    frames = list(VideoReader(joined))
    assert len(frames) == 50
    assert {(frame.width, frame.height) for frame in frames} == {(320, 240)}
    assert {frame.planes[0].shape for frame in frames} == {(240, 320)}
    first, again = (frames[k].planes[0].astype(int) for k in (3, 28))
    assert np.abs(first - again).mean() < 12


def test_reader_can_be_iterated_again_and_left_early(clips: Clip) -> None:
    with VideoReader(clips("b_frames.mp4")) as reader:
        first = next(iter(reader)).time
        again = [frame.time for frame in reader]
    assert again[0] == first
    assert len(again) == 50


def test_closing_ends_an_iteration(clips: Clip) -> None:
    reader = VideoReader(clips("b_frames.mp4"))
    frames = iter(reader)
    next(frames)
    reader.close()
    assert list(frames) == []
    assert reader.report.sentence is None


def test_chunks_hold_a_second_and_lose_nothing(clips: Clip) -> None:
    reader = VideoReader(clips("b_frames.mp4"))
    chunks = list(reader.chunks())
    assert [len(chunk.frames) for chunk in chunks] == [25, 25]
    assert [frame.index for chunk in chunks for frame in chunk.frames] == list(range(50))
    assert (chunks[1].start, chunks[0].end) == (pytest.approx(1.0), pytest.approx(1.0))
    # 320 x 240 x 1.5 x 4 x 20 bytes hold 20 frames.
    assert [len(chunk.frames) for chunk in reader.chunks(max_bytes=9_216_000)] == [20, 20, 10]
    assert [len(chunk.frames) for chunk in reader.chunks(max_bytes=1)] == [12, 12, 12, 12, 2]
    assert [len(chunk.frames) for chunk in VideoReader(clips("fast.mp4")).chunks()] == [96, 24]


def test_thinned_reading_keeps_the_first_frame_at_each_grid_point(clips: Clip) -> None:
    frames = list(VideoReader(clips("b_frames.mp4"), rate_hz=10))
    assert [frame.index for frame in frames[:5]] == [0, 3, 5, 8, 10]
    assert [frame.time for frame in frames[:5]] == pytest.approx([0, 0.12, 0.2, 0.32, 0.4])


@pytest.mark.parametrize("rate", [30000 / 1001, 30, 60, 1000])
def test_thinning_to_the_clips_own_rate_or_more_keeps_every_frame(rate: float, clips: Clip) -> None:
    assert len(list(VideoReader(clips("ntsc.mkv"), rate_hz=rate))) == 60


class _Stub:
    def __init__(self, time: float) -> None:
        self.time = time


@given(gaps=st.lists(st.floats(0.001, 0.5), min_size=1, max_size=80), start=st.floats(0, 5), rate=st.floats(0.5, 60))
def test_thinning_keeps_one_frame_a_grid_interval(gaps: list[float], start: float, rate: float) -> None:
    times = (start + np.cumsum(gaps)).tolist()
    kept = [frame.time for frame in _thinned(iter([_Stub(t) for t in times]), rate, 0.0)]  # type: ignore[arg-type]
    cells = [int(np.floor((t + 1e-6) * rate)) for t in times]
    first_of_each = [t for k, t in enumerate(times) if k == 0 or cells[k] != cells[k - 1]]
    assert kept == first_of_each


def test_bad_parameters_are_refused(clips: Clip) -> None:
    for wrong in ({"threads": 0}, {"rate_hz": 0.0}, {"rate_hz": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            VideoReader(clips("b_frames.mp4"), **wrong)  # type: ignore[arg-type]
