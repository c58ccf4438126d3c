"""Clips begin and end where they were asked to, picture and sound together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitflow.clips import Cut, cut_clips, cuts_of_event, read_intervals
from bitflow.errors import UsageError
from bitflow.media import AudioReader, VideoReader
from bitflow.store import FeatureStore
from bitflow.tables import INTERVAL_KEYS, Schema, write_table

#: A white picture and a beep begin together at these times (s).
FLASHES = (2.0, 5.0, 8.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Path:
    """Ten seconds with keyframes far apart, a flash and a beep of 0.2 s at each of `FLASHES`."""
    lit = "+".join(f"between(t,{at},{at + 0.199})" for at in FLASHES)
    return ffmpeg(
        *("-f", "lavfi", "-i", "color=black:s=160x120:r=25:d=10", "-f", "lavfi"),
        *("-i", f"aevalsrc='0.5*sin(2*PI*1000*t)*({lit})':s=48000:d=10"),
        *("-vf", f"drawbox=color=white:t=fill:enable='{lit}'", "-c:v", "libx264", "-g", "250", "-c:a", "aac"),
        *("-pix_fmt", "yuv420p", "-metadata", "title=secret", "-metadata", "location=+48+002/"),
        tmp_path_factory.mktemp("clips") / "flashes.mp4",
    )


@pytest.fixture
def store(tmp_path: Path, video: Path) -> FeatureStore:
    made = FeatureStore.create(tmp_path / "store")
    recording = made.draft("p01/visit1")
    info = {"id": recording.id, "path": str(video), "status": "done", "error": None, "notes": [], "tables": {}}
    (recording.path / "recording.json").write_text(json.dumps(info))
    events = Schema("events", "interval", INTERVAL_KEYS)
    rows = {name: [None] * 3 for name in events.names}
    rows |= {"start": [2.0, 3.0, 5.0], "end": [2.2, 3.5, 5.2], "name": ["flash", "nod", "flash"]}
    write_table(recording.path / "events.parquet", events, [events.batch(rows)])
    return made


def onsets(path: Path) -> tuple[list[float], list[float]]:
    """Times (s) at which pictures turn white and sound begins."""
    with VideoReader(path) as reader:
        pictures = [(frame.time, frame.planes[0].mean() > 128) for frame in reader]
    lit = [time for (time, now), (_, before) in zip(pictures, [(0, False), *pictures], strict=False) if now > before]
    beeps: list[float] = []
    with AudioReader(path, sample_rate_hz=48000) as reader:
        for chunk in reader:
            loud = np.convolve(np.abs(chunk.samples), np.ones(96) / 96, "same") > 0.1
            beeps += [chunk.start + at / 48000 for at in np.flatnonzero(np.diff(loud.astype(int), prepend=0) > 0)]
    return lit, beeps


def test_a_clip_shows_the_event_after_its_margin_with_the_sound_on_it(store: FeatureStore, tmp_path: Path):
    clips = cut_clips(store, cuts_of_event(store, "flash"), tmp_path / "out", margin_s=0.5)
    assert [(clip.clip_start, clip.clip_end) for clip in clips] == [(1.5, 2.7), (4.5, 5.7)]
    for clip in clips:
        lit, beeps = onsets(tmp_path / "out" / str(clip.file))
        assert lit == [pytest.approx(0.5, abs=1e-4)]
        assert beeps == [pytest.approx(0.5, abs=0.005)]


def test_a_clip_lasts_as_long_as_asked_and_nothing_beyond_it_is_in_the_file(
    store: FeatureStore, tmp_path: Path, ffprobe: Callable[..., str]
):
    (clip,) = cut_clips(store, [Cut("p01/visit1", "x", 6.13, 7.9)], tmp_path / "out", margin_s=0)
    path = tmp_path / "out" / str(clip.file)
    for stream in ("v", "a"):
        asked = ("-select_streams", stream, "-show_entries", "stream=duration", "-of", "csv=p=0")
        assert float(ffprobe(*asked, path)) == pytest.approx(1.77, abs=0.002)
    assert onsets(path) == ([], [])


def test_the_first_picture_is_the_one_on_screen_at_the_start(store: FeatureStore, tmp_path: Path):
    (clip,) = cut_clips(store, [Cut("p01/visit1", "x", 2.15, 2.3)], tmp_path / "out", margin_s=0)
    with VideoReader(tmp_path / "out" / str(clip.file)) as reader:
        frames = [(frame.time, frame.planes[0].mean() > 128) for frame in reader]
    assert frames[0] == (0.0, True)  # lit until 2.2
    np.testing.assert_allclose([time for time, _ in frames], [0, 0.01, 0.05, 0.09, 0.13], atol=1e-4)


def test_margins_stop_at_the_ends_of_the_recording(store: FeatureStore, tmp_path: Path):
    (clip,) = cut_clips(store, [Cut("p01/visit1", "all", 0.2, 9.9)], tmp_path / "out", margin_s=5)
    assert clip.clip_start == 0
    assert clip.clip_end == pytest.approx(10, abs=0.05)


def test_nothing_of_the_source_but_picture_and_sound_travels_along(
    store: FeatureStore, tmp_path: Path, ffprobe: Callable[..., str]
):
    (clip, _) = cut_clips(store, cuts_of_event(store, "flash"), tmp_path / "out")
    tags = ffprobe("-show_entries", "format_tags:stream_tags", tmp_path / "out" / str(clip.file))
    assert "secret" not in tags
    assert "location" not in tags
    assert "creation_time" not in tags


def test_a_list_of_clips_says_where_each_is_from(store: FeatureStore, tmp_path: Path):
    cut_clips(store, cuts_of_event(store, "nod"), tmp_path / "out")
    lines = (tmp_path / "out" / "clips.csv").read_text().splitlines()
    assert lines[0].startswith("recording,name,start,end,file")
    assert lines[1].startswith("p01/visit1,nod,3.0,3.5,p01_visit1_nod_0003.00.mp4")


def test_sound_alone_is_cut_to_the_sample(tmp_path: Path, ffmpeg: Callable[..., Path]):
    sound = ffmpeg("-f", "lavfi", "-i", "sine=f=500:r=16000:d=5", tmp_path / "s.wav")
    made = FeatureStore.create(tmp_path / "store")
    recording = made.draft("s")
    info = {"id": "s", "path": str(sound), "status": "done", "error": None, "notes": [], "tables": {}}
    (recording.path / "recording.json").write_text(json.dumps(info))
    (clip,) = cut_clips(made, [Cut("s", "x", 1.0, 2.0)], tmp_path / "out", margin_s=0.25)
    assert str(clip.file).endswith(".m4a")
    with AudioReader(tmp_path / "out" / str(clip.file)) as reader:
        assert sum(len(chunk.samples) for chunk in reader) / 16000 == pytest.approx(1.5, abs=0.07)  # AAC's own frames


def test_a_video_that_has_gone_costs_its_own_clips_only(store: FeatureStore, tmp_path: Path):
    gone = store.draft("gone")
    info = {"id": "gone", "path": "/not/there.mp4", "status": "done", "error": None, "notes": [], "tables": {}}
    (gone.path / "recording.json").write_text(json.dumps(info))
    clips = cut_clips(store, [Cut("gone", "x", 1, 2), Cut("p01/visit1", "x", 1, 2)], tmp_path / "out")
    assert "/not/there.mp4) is not there any more" in str(clips[0].error)
    assert clips[1].error is None


def test_an_unknown_event_names_those_that_are_there(store: FeatureStore):
    with pytest.raises(UsageError, match="there is no event 'smile'; there are: flash, nod"):
        cuts_of_event(store, "smile")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("begin,end\n1,2\n", "column 'start' is missing; its columns are: begin, end"),
        ("start,end\n1,2\nx,3\n", "line 3: start is 'x', not a number of seconds"),
        ("start,end\n2,1\n", "line 2: .2.0, 1.0. is no interval"),
        ("start,end,recording\n1,2,p02\n", "line 2: .* has no recording 'p02'"),
        ("start,end\n", "holds no intervals"),
    ],
)
def test_a_bad_interval_file_is_told_by_its_line(store: FeatureStore, tmp_path: Path, text: str, sentence: str):
    file = tmp_path / "intervals.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        read_intervals(file, store)


def test_intervals_may_be_separated_by_semicolons_and_named(store: FeatureStore, tmp_path: Path):
    file = tmp_path / "intervals.csv"
    file.write_text("\ufeffStart;End;Name\n1;2.5;a laugh\n", encoding="utf-8")
    assert read_intervals(file, store) == [Cut("p01/visit1", "a laugh", 1.0, 2.5)]
