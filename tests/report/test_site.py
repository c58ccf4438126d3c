"""The report's files: what is in them, and what is left out."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.errors import UsageError
from bitflow.report.packing import MISSING, packed_integers, packed_values, script_json
from bitflow.report.playable import playable
from bitflow.report.site import page_names, write_report
from bitflow.report.traces import signals
from bitflow.store import FeatureStore
from bitflow.tables import TIME, Column, Schema


def unpacked(packed: dict[str, Any]) -> np.ndarray:
    """What player.js does."""
    planes = np.frombuffer(gzip.decompress(base64.b64decode(packed["data"])), np.uint8)
    planes = planes.reshape(packed["bytes"], -1).T
    kind = np.dtype(f"<i{packed['bytes']}")
    changes = np.ascontiguousarray(planes).view(kind).reshape(packed["width"], packed["rows"])
    return np.cumsum(changes, axis=1, dtype=kind).T


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=40))
def test_whole_numbers_survive_packing(values: list[int]) -> None:
    given_values = np.array(values, np.int16)
    assert unpacked(packed_integers(given_values))[:, 0].tolist() == values


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=40))
def test_values_are_kept_to_a_65000th_of_their_range(values: list[float]) -> None:
    array = np.array(values)
    packed = packed_values(array)
    whole = unpacked(packed)[:, 0]
    back = np.where(whole == MISSING, np.nan, packed["origin"] + packed["step"] * whole.astype(float))
    assert (np.isnan(back) == np.isnan(array)).all()
    known = array[np.isfinite(array)]
    if len(known):
        assert np.nanmax(np.abs(back - array)) <= np.ptp(known) / 65000 + 1e-9


@given(st.text())
def test_json_in_a_page_ends_no_script(text: str) -> None:
    packed = script_json({"text": text})
    assert not set("<>&\u2028\u2029") & set(packed)
    assert json.loads(packed) == {"text": text}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=8, unique=True))
def test_every_recording_has_a_page_of_its_own_with_a_plain_name(ids: list[str]) -> None:
    names = page_names(ids)
    assert len({name.lower() for name in names.values()}) == len(ids)
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") for name in names.values()
    )


def test_without_video_no_picture_no_point_and_no_word_is_in_any_file(store: FeatureStore, tmp_path: Path) -> None:
    page = write_report(store, tmp_path / "report", video=False)
    assert not (page.parent / "media").exists()
    for html in page.parent.rglob("*.html"):
        text = html.read_text()
        for word in ("first", "third", "pwned = ", "<video", "clip", "a &lt;b&gt;note"):
            assert word not in text, (html, word)
        if html != page:
            data = text.split('id="data">')[1].split("</script>")[0]
            assert json.loads(data)["layers"] == []
            assert json.loads(data)["signals"]


def test_a_report_with_videos_is_not_turned_into_one_without(store: FeatureStore, tmp_path: Path) -> None:
    write_report(store, tmp_path / "report", recordings=["talk"])
    with pytest.raises(UsageError, match="holds the videos of an earlier report"):
        write_report(store, tmp_path / "report", video=False)


def test_the_index_says_what_is_missing_and_why(report: Path) -> None:
    html = (report / "index.html").read_text()
    assert "there is no sound, or its file is not at hand</b>: audio_snr_db" in html


def test_a_value_stands_with_interval_coverage_and_reason(report: Path) -> None:
    html = (report / "recordings" / "talk.html").read_text()
    assert "<b>10</b> deg" in html
    assert "4 – 6" in html
    assert "everything was counted; nothing was sampled" in html


def test_an_empty_store_and_a_folder_in_the_store_are_refused(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no recordings"):
        write_report(FeatureStore.create(tmp_path / "empty"), tmp_path / "report")
    with pytest.raises(UsageError, match="lies in the store"):
        write_report(store, store.path / "report")


@pytest.mark.parametrize(
    ("suffix", "codec", "kept"), [(".mkv", "libx264", True), (".avi", "mpeg4", False), (".webm", "libvpx", True)]
)
def test_a_video_plays_in_a_browser_with_its_pictures_at_their_times(
    tmp_path: Path, ffmpeg: Callable[..., Path], ffprobe: Callable[..., str], suffix: str, codec: str, kept: bool
) -> None:
    source = ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=2", "-c:v", codec, "-pix_fmt", "yuv420p"),
        tmp_path / f"source{suffix}",
    )
    said: list[str] = []
    address = playable(source, tmp_path / "report" / "media", "name", tell=said.append)
    made = tmp_path / "report" / address.removeprefix("../")
    asked = ("-select_streams", "v", "-show_entries", "stream=codec_name:packet=pts_time", "-of", "json")
    described = json.loads(ffprobe(*asked, made))
    assert described["streams"][0]["codec_name"] in ("h264", "vp8")
    times = sorted(float(packet["pts_time"]) for packet in described["packets"])
    np.testing.assert_allclose(np.array(times) - times[0], np.arange(20) / 10, atol=2e-3)
    assert bool(said) != kept


def test_a_curated_signal_that_never_moves_is_not_drawn(tmp_path: Path) -> None:
    recording = FeatureStore.create(tmp_path / "store").draft("one")
    voice = Schema("voice", "signal", (TIME, Column("loudness", "float32", "dB"), Column("f0", "float32", "Hz")))
    time = np.arange(800) / 100
    made = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
    silent = voice.batch({"time": time, "loudness": np.full(800, -120.0), "f0": np.full(800, np.nan)})
    recording.write(voice, [silent], provenance=made)
    assert signals(recording) == []
    heard = voice.batch({"time": time, "loudness": np.sin(time), "f0": np.where(time < 4, 200 + time, np.nan)})
    recording.write(voice, [heard], provenance=made)
    assert [(row["title"], row["unit"]) for row in signals(recording)] == [
        ("loudness", "dB"),
        ("pitch of the voice", "Hz"),
    ]
