"""A redacted video shows no face, keeps its times, and carries nothing of the source along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import MediaError, StoreError, UsageError
from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.media import AudioReader, VideoReader
from bitflow.redaction import redact
from bitflow.store import FeatureStore


@pytest.fixture(scope="module")
def clip(tmp_path_factory, shared_clip, ffmpeg, models_available) -> Path:
    """Two seconds of a real face at uneven times, stored on its side, with a tone and a title."""
    models_available("face_mesh_478")
    folder = tmp_path_factory.mktemp("redact")
    turned = ffmpeg(
        *("-i", shared_clip("people/pyfeat_single_face.mp4"), "-f", "lavfi", "-i", "sine=f=300:r=48000:d=2"),
        *("-vf", "trim=end_frame=40,setpts='if(lt(N,20),N/25,0.8+(N-20)/20)/TB',scale=480:-2,transpose=1"),
        *("-fps_mode", "vfr", "-map", "0:v", "-map", "1:a", "-metadata", "title=Anna", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-c:a", "aac", folder / "stored.mp4"),
    )
    return ffmpeg("-i", turned, "-c", "copy", "-metadata:s:v", "rotate=90", folder / "clip.mp4")


@pytest.fixture(scope="module")
def redacted(clip: Path):
    target = clip.with_name("redacted.mp4")
    return redact(clip, target, audio="pitch")


def faces_in(path: Path, folder: Path) -> int:
    store = FeatureStore.create(folder)
    request = make_request(extractors=["faces"], parameters=["faces.min_score=0.4"], device="cpu", rate_hz=4)
    outcome = extract_recording(store.path, Source("x", path), request)
    assert outcome.error is None
    return outcome.rows["faces"]


def test_no_face_is_found_in_the_result(clip: Path, redacted, tmp_path: Path):
    assert faces_in(clip, tmp_path / "before") > 0
    assert faces_in(redacted.path, tmp_path / "after") == 0
    assert redacted.covered == redacted.frames == 40


def test_every_picture_keeps_its_time_and_the_way_up(clip: Path, redacted):
    with VideoReader(clip) as before, VideoReader(redacted.path) as after:
        old, new = list(before), list(after)
        assert after.info.video is not None
        assert before.info.video is not None
        assert (after.info.video.rotation, before.info.video.rotation % 180) == (0, 90)
    np.testing.assert_allclose([f.time for f in new], [f.time for f in old], atol=1e-5)
    assert (new[0].width, new[0].height) == (old[0].width, old[0].height)


def test_the_picture_beside_the_head_is_as_it_was(clip: Path, redacted):
    with VideoReader(clip) as before, VideoReader(redacted.path) as after:
        old, new = next(iter(before)).planes[0], next(iter(after)).planes[0]
    corner = (slice(-40, None), slice(-40, None))
    assert np.abs(old[corner].astype(int) - new[corner]).mean() < 3
    height, width = old.shape
    face = (slice(height // 4, height // 2), slice(3 * width // 8, 5 * width // 8))
    assert (
        np.abs(np.diff(new[face].astype(int), axis=0)).mean()
        < 0.5 * np.abs(np.diff(old[face].astype(int), axis=0)).mean()
    )


def test_the_voice_is_lower_and_as_long(clip: Path, redacted):
    def strongest(path: Path) -> tuple[float, float]:
        with AudioReader(path) as reader:
            samples = np.concatenate([chunk.samples for chunk in reader])
        spectrum = np.abs(np.fft.rfft(samples[4000:28000] * np.hanning(24000)))
        return float(spectrum.argmax() * 16000 / 24000), len(samples) / 16000

    (old, old_length), (new, new_length) = strongest(clip), strongest(redacted.path)
    assert old == pytest.approx(300, abs=1)
    assert new == pytest.approx(240, abs=2)
    assert new_length == pytest.approx(old_length, abs=0.03)


def test_no_title_travels_along(clip: Path, redacted, ffprobe: Callable[..., str]):
    assert "Anna" in ffprobe("-show_entries", "format_tags", clip)
    assert "Anna" not in ffprobe("-show_entries", "format_tags:stream_tags", redacted.path)
    assert b"Anna" not in redacted.path.read_bytes()


def test_faces_of_a_store_are_taken_only_for_the_very_file(clip: Path, tmp_path: Path):
    store = FeatureStore.create(tmp_path / "store")
    request = make_request(extractors=["faces"], device="cpu", rate_hz=5)
    assert extract_recording(store.path, Source("visit", clip), request).error is None
    done = redact(clip, tmp_path / "out.mp4", store=store.path, method="box", audio="mute")
    assert done.covered == 40  # bridged between five sightings a second
    with VideoReader(done.path) as reader:
        assert reader.info.audio is None
    other = tmp_path / "clip.mp4"
    other.write_bytes(clip.read_bytes() + b"\0")
    with pytest.raises(
        StoreError, match=r"no recording was made from .*clip.mp4; recording 'visit' was made from another"
    ):
        redact(other, tmp_path / "other.mp4", store=store.path)
    assert not (tmp_path / "other.mp4").exists()


def test_what_cannot_be_redacted_is_said_before_any_work(clip: Path, tmp_path: Path, ffmpeg):
    there = tmp_path / "there.mp4"
    there.write_bytes(b"x")
    with pytest.raises(UsageError, match="is there already"):
        redact(clip, there)
    with pytest.raises(UsageError, match="is the input itself"):
        redact(clip, clip, overwrite=True)
    with pytest.raises(UsageError, match=r"is written as \.mp4"):
        redact(clip, tmp_path / "out.avi")
    with pytest.raises(MediaError, match="no such file"):
        redact(tmp_path / "gone.mp4", tmp_path / "out.mp4")
    sound = ffmpeg("-f", "lavfi", "-i", "sine=d=1", tmp_path / "s.wav")
    with pytest.raises(MediaError, match="sound alone"):
        redact(sound, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.wav", "there.mp4"]


def test_a_video_without_faces_says_that_nothing_is_covered(tmp_path: Path, ffmpeg, models_available):
    models_available("face_mesh_478")
    plain = ffmpeg("-f", "lavfi", "-i", "testsrc2=s=161x121:r=10:d=1", "-pix_fmt", "yuv444p", tmp_path / "plain.mp4")
    done = redact(plain, tmp_path / "out.mp4")
    assert (done.covered, done.frames) == (0, 10)
    assert any("no face was found" in note for note in done.notes)


def test_two_people_who_cross_and_one_who_comes_back_are_covered_in_every_picture(
    tmp_path: Path, shared_clip: Callable[[str], Path], models_available
):
    from tests.composites import actor, stage, write_video

    models_available("face_mesh_478")
    count = 80
    there = np.column_stack([np.linspace(90, 550, count), np.full(count, 170.0)])
    back = np.column_stack([np.linspace(550, 90, count), np.full(count, 190.0)])
    back[30:60] = np.nan
    names = ("people/pyfeat_single_face.mp4", "people/openwillis_baseline.mp4")
    actors = [actor(shared_clip(name), name, path) for name, path in zip(names, (there, back), strict=True)]
    video = write_video(tmp_path / "two.mp4", stage(actors))
    done = redact(video, tmp_path / "out.mp4", method="box")
    with VideoReader(done.path) as reader:
        for number, frame in enumerate(reader):
            for path in (there, back):
                if np.isfinite(path[number]).all():
                    x, y = path[number].astype(int)
                    face = frame.planes[0][y - 25 : y + 25, x - 20 : x + 20].astype(int)
                    assert np.abs(face - 128).mean() < 3, f"a face shows in picture {number} at {x}, {y}"
