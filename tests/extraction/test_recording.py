"""One recording: only what is missing is made, damage costs what is damaged, bytes do not depend on workers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bitflow.extraction.plan import PRESETS, make_request
from bitflow.extraction.recording import Source, decoder_threads, extract_recording, record_failure
from bitflow.store import FeatureStore
from tests.composites import write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    draw = np.random.default_rng(0)
    pictures = [draw.integers(0, 255, (120, 160, 3), np.uint8) for _ in range(60)]
    return write_video(tmp_path_factory.mktemp("video") / "noise.mp4", pictures)


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return FeatureStore.create(tmp_path / "features")


def extract(store, path, *, id="noise", **asked):
    asked.setdefault("extractors", ["frames"])
    return extract_recording(store.path, Source(id, path), make_request(**asked))


def tables_of(recording) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in recording.path.glob("*.parquet")}


def test_what_is_there_is_not_made_again(store, video):
    assert extract(store, video).status == "done"
    before = (store["noise"].path / "frames.parquet").stat().st_mtime_ns
    assert extract(store, video).status == "skipped"
    assert (store["noise"].path / "frames.parquet").stat().st_mtime_ns == before


def test_overwrite_makes_it_again_with_the_same_bytes(store, video):
    extract(store, video)
    before = tables_of(store["noise"])
    assert extract(store, video, overwrite=True).status == "done"
    assert tables_of(store["noise"]) == before


def test_another_rate_makes_another_table(store, video):
    assert extract(store, video).rows == {"frames": 60}
    outcome = extract(store, video, rate_hz=5.0)
    assert (outcome.status, outcome.rows) == ("done", {"frames": 12})
    times = store["noise"].table("frames")["time"]
    assert np.diff(times) == pytest.approx(np.full(11, 0.2))


def test_the_index_and_the_table_say_what_made_them(store, video):
    extract(store, video)
    recording = store["noise"]
    assert recording.info["software"]["bitflow"]
    provenance = recording.file("frames").metadata["provenance"]
    assert provenance["inputs"]["media"] == recording.info["sha256"]
    assert store.check() == []


def test_a_lost_recording_json_is_written_again_and_nothing_else(store, video):
    extract(store, video)
    before = tables_of(store["noise"])
    (store["noise"].path / "recording.json").unlink()
    assert store["noise"].info["media"]["video"]["width"] == 160
    extract(store, video)
    assert json.loads((store["noise"].path / "recording.json").read_text())["path"] == str(video)
    assert tables_of(store["noise"]) == before


def test_a_moved_video_is_the_same_recording(store, video, tmp_path):
    extract(store, video)
    moved = shutil.copy(video, tmp_path / "moved.mp4")
    assert extract(store, Path(moved)).status == "skipped"


def test_another_video_does_not_silently_take_over_an_id(store, video, tmp_path):
    extract(store, video)
    other = write_video(tmp_path / "other.mp4", [np.full((120, 160, 3), 99, np.uint8)] * 10)
    outcome = extract(store, other)
    assert outcome.status == "failed"
    assert "was made from another file" in (outcome.error or "")
    assert store["noise"].file("frames").rows == 60
    assert store["noise"].status == "done"
    assert extract(store, other).status == "failed"  # nor at the second attempt
    assert extract(store, other, overwrite=True).rows == {"frames": 10}


def test_a_file_that_changed_between_failures_is_read_anew(store, video, tmp_path):
    path = Path(shutil.copy(video, tmp_path / "noise.mp4"))
    extract(store, path)
    path.write_bytes(path.read_bytes()[:300])
    assert extract(store, path).status == "failed"
    record_failure(store, Source("noise", path), "the worker ended")
    write_video(path, [np.full((120, 160, 3), 99, np.uint8)] * 10)
    record_failure(store, Source("noise", path), "the worker ended")
    assert extract(store, path).rows == {"frames": 10}


def test_a_file_that_is_no_video_fails_with_a_sentence_and_a_row(store, tmp_path):
    (tmp_path / "notes.mp4").write_text("not a video at all, but long enough to be looked at" * 50)
    outcome = extract(store, tmp_path / "notes.mp4", id="notes")
    assert outcome.status == "failed"
    (row,) = store.recordings().to_dict("records")
    assert (row["id"], row["status"], row["error"]) == ("notes", "failed", outcome.error)


def test_sound_alone_fails_where_only_pictures_can_be_used(store, ffmpeg, tmp_path):
    sound = ffmpeg("-f", "lavfi", "-i", "sine=duration=1", tmp_path / "sound.wav")
    outcome = extract(store, sound, id="sound")
    assert outcome.status == "failed"
    assert "sound alone" in (outcome.error or "")


@pytest.mark.parametrize(
    ("stream", "name", "filled"),
    [
        ("sine=duration=1", "alone.wav", {"voice": 100}),
        ("testsrc=size=64x48:rate=10:duration=1", "alone.mp4", {"frames": 10}),
    ],
)
def test_sound_alone_and_pictures_alone_make_all_tables_of_the_default(
    stream, name, filled, store, ffmpeg, tmp_path, models_available
):
    outcome = extract(store, ffmpeg("-f", "lavfi", "-i", stream, tmp_path / name), extractors=None)
    assert (outcome.status, outcome.error) == ("done", None)
    assert set(PRESETS["clinical"]) <= set(store["noise"].tables)
    assert {table: rows for table, rows in outcome.rows.items() if rows} == filled
    assert store.check() == []


def test_a_file_cut_short_keeps_what_was_decoded_and_says_so(store, ffmpeg, tmp_path):
    whole = ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=8", "-c:v", "libx264", "-movflags", "+faststart",
        tmp_path / "whole.mp4",
    )  # fmt: skip
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    outcome = extract(store, cut, id="cut")
    assert outcome.status == "done"
    assert 40 < outcome.rows["frames"] < 200
    assert any("cut" in note or "truncated" in note for note in outcome.notes)


@pytest.mark.parametrize("threads", [1, 3])
def test_faces_have_the_same_bytes_whatever_the_number_of_workers(
    threads, store, shared_clip, models_available, tmp_path
):
    clip = shared_clip("people/pyfeat_single_face.mp4")
    extract(store, clip, id="clip", extractors=["gaze", "face_actions"], threads=2)
    other = FeatureStore.create(tmp_path / "other")
    extract(other, clip, id="clip", extractors=["gaze", "face_actions"], threads=threads)
    assert tables_of(other["clip"]) == tables_of(store["clip"])


def test_only_the_table_that_is_gone_is_made_again(store, shared_clip, models_available):
    clip = shared_clip("people/pyfeat_single_face.mp4")
    extract(store, clip, id="clip", extractors=["head_pose"])
    recording = store["clip"]
    before = tables_of(recording)
    (recording.path / "faces.parquet").unlink()
    outcome = extract(store, clip, id="clip", extractors=["head_pose"])
    assert set(outcome.rows) == {"faces"}
    assert tables_of(recording) == before


def test_a_table_made_again_takes_along_what_was_made_from_it(store, shared_clip, models_available):
    clip = shared_clip("people/pyfeat_single_face.mp4")
    extract(store, clip, id="clip", extractors=["head_pose"], parameters=["head_pose.fov=40"])
    outcome = extract(store, clip, id="clip", extractors=["faces"], parameters=["face_landmarks.model=mesh468"])
    assert outcome.error is None
    assert "head_pose" in outcome.rows
    made_with = store["clip"].file("head_pose").metadata["provenance"]["parameters"]["head_pose"]
    assert made_with["fov"] == 40
    assert [finding for finding in store.check() if finding.severity == "error"] == []


def test_decoding_gets_a_second_thread_only_where_the_workers_would_wait_for_it():
    small, hd = 640 * 360 / 1e6, 1920 * 1080 / 1e6
    assert decoder_threads(small, work_ms=0.9, workers=2) == 1
    assert decoder_threads(hd, work_ms=0.9, workers=2) == 2
    assert decoder_threads(hd, work_ms=6.9, workers=2) == 1
    assert decoder_threads(hd, work_ms=6.9, workers=8) == 8
    assert decoder_threads(hd, work_ms=0.0, workers=1) == 1
