"""Faces on real clips: found while they are there, the same for any number of workers, one chain's worth of looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import UsageError
from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.extractors.faces import Faces
from bitflow.extractors.tracking import appearance
from bitflow.extractors.tracking.appearance import appearance_distance
from bitflow.media import Frame
from bitflow.store import FeatureStore, Recording
from tests.composites import write_video

FACE_TABLES = ["faces", "face_landmarks", "face_actions", "head_pose", "gaze"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return tmp_path_factory.mktemp("faces")


@pytest.fixture(scope="module")
def extracted(shared_clip, models_available, stores):
    """Extract faces of a shared clip or a file, once for each set of options."""
    done: dict[tuple, tuple[Recording, tuple[str, ...]]] = {}

    def run(clip: str | Path, threads: int = 2, tables: tuple[str, ...] = ("faces",), **settings: object):
        path = shared_clip(f"people/{clip}") if isinstance(clip, str) else clip
        key = (path, threads, tables, *sorted(settings.items()))
        if key not in done:
            store = FeatureStore.create(stores / f"store{len(done)}")
            named = [f"{name.replace('__', '.')}={value}" for name, value in settings.items()]
            request = make_request(extractors=list(tables), parameters=named, threads=threads)
            outcome = extract_recording(store.path, Source(path.stem, path), request)
            assert outcome.error is None
            done[key] = store[path.stem], outcome.notes
        return done[key]

    return run


def frames_with_a_face(recording: Recording) -> set[int]:
    return set(recording.file("faces").column("frame").tolist())


def frames_of(recording: Recording, shared_clip, clip: str) -> int:
    from bitflow.media import VideoReader

    with VideoReader(shared_clip(f"people/{clip}")) as reader:
        return sum(1 for _ in reader)


@pytest.mark.parametrize("model", ["mesh468", "mesh478"])
def test_a_face_that_is_always_there_is_in_every_frame_of_one_track(extracted, shared_clip, models_available, model):
    if model == "mesh478":
        models_available("face_mesh_478")
    recording, _ = extracted("pyfeat_single_face.mp4", face_landmarks__model=model)
    assert frames_with_a_face(recording) == set(range(frames_of(recording, shared_clip, "pyfeat_single_face.mp4")))
    assert set(recording.file("faces").column("track").tolist()) == {0}


def test_a_person_sometimes_turned_away_is_in_98_percent_of_frames(extracted, shared_clip):
    recording, _ = extracted("pyfeat_wolfgang.mp4", face_landmarks__model="mesh468")
    count = frames_of(recording, shared_clip, "pyfeat_wolfgang.mp4")
    assert len(frames_with_a_face(recording)) >= 0.98 * count


def test_nobody_is_found_where_nobody_is(extracted, shared_clip):
    recording, _ = extracted("pyfeat_no_face.mp4", face_landmarks__model="mesh468")
    count = frames_of(recording, shared_clip, "pyfeat_no_face.mp4")
    assert len(frames_with_a_face(recording)) <= 0.01 * count


def test_a_face_that_leaves_is_gone_within_five_frames(extracted):
    recording, _ = extracted("pyfeat_face_noface.mov", face_landmarks__model="mesh468")
    seen = frames_with_a_face(recording)
    # MediaPipe's own runtime sees the face in frames 0 to 71 and in none after them.
    assert set(range(72)) <= seen
    assert max(seen) <= 76


@pytest.fixture
def group(shared_clip, tmp_path):
    """A clip of the group picture, drifting by a px a frame so that it is not one still picture."""
    import cv2

    picture = cv2.cvtColor(cv2.imread(str(shared_clip("people/pyfeat_multi_face.jpg"))), cv2.COLOR_BGR2RGB)
    pictures = [np.ascontiguousarray(picture[t : t + 640, t : t + 960]) for t in range(20)]
    return write_video(tmp_path / "group.mp4", pictures)


def test_everyone_in_a_group_has_a_track(extracted, group):
    recording, notes = extracted(group, face_landmarks__model="mesh468", faces__max_people=10)
    tracks = recording.file("faces").column("track")
    assert np.unique(tracks).tolist() == [0, 1, 2, 3, 4]
    assert np.bincount(tracks).tolist() == [20] * 5
    assert not any("seen at once" in note for note in notes)


def test_the_number_seen_is_reported_where_fewer_are_followed(extracted, group):
    recording, notes = extracted(group, face_landmarks__model="mesh468", faces__max_people=2)
    assert np.unique(recording.file("faces").column("track")).tolist() == [0, 1]
    assert any("5 faces were seen at once" in note for note in notes)


@pytest.mark.parametrize("clip", ["pyfeat_single_face.mp4", "pyfeat_face_noface.mov"])
def test_tables_are_the_same_bytes_for_any_number_of_workers(extracted, clip):
    one, _ = extracted(clip, threads=1, tables=tuple(FACE_TABLES), face_landmarks__model="mesh468")
    many, _ = extracted(clip, threads=3, tables=tuple(FACE_TABLES), face_landmarks__model="mesh468")
    for table in ("faces", "face_landmarks", "face_appearance", "face_actions", "head_pose", "gaze"):
        ours, theirs = (part.path / f"{table}.parquet" for part in (one, many))
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_border_between_chunks_does_not_show_in_the_landmarks(extracted):
    recording, _ = extracted("pyfeat_wolfgang.mp4", face_landmarks__model="mesh468")
    points = recording.file("face_landmarks").points()[:, :468, :2]
    ocular = np.linalg.norm(points[:, 33] - points[:, 263], axis=1).mean()
    bend = np.linalg.norm(points[2:] - 2 * points[1:-1] + points[:-2], axis=2).mean(axis=1) / ocular
    at_border = np.isin(np.arange(2, len(points)) % 24, (0, 1))
    assert np.median(bend[at_border]) <= 1.5 * np.median(bend[~at_border])


def test_both_models_see_the_same_face_to_three_percent(extracted, models_available):
    models_available("face_mesh_478")
    clip = "pyfeat_single_face.mp4"
    older, _ = extracted(clip, face_landmarks__model="mesh468", face_landmarks__irises="on")
    newer, _ = extracted(clip, face_landmarks__model="mesh478")
    points = [recording.file("face_landmarks").points()[..., :2] for recording in (older, newer)]
    ocular = np.linalg.norm(points[0][:, 33] - points[0][:, 263], axis=1)[:, None]
    gaps = np.linalg.norm(points[0] - points[1], axis=2) / ocular
    assert np.median(gaps[:, :468]) < 0.03
    assert np.median(gaps[:, [468, 473]]) < 0.03


def test_a_mirrored_recording_has_mirrored_angles(extracted, shared_clip, ffmpeg, tmp_path):
    clip = "pyfeat_single_face.mp4"
    mirrored = ffmpeg("-i", shared_clip(f"people/{clip}"), "-vf", "hflip", "-crf", "12", tmp_path / "mirrored.mp4")
    tables = tuple(FACE_TABLES)
    straight, _ = extracted(clip, tables=tables, face_landmarks__model="mesh468")
    turned, _ = extracted(mirrored, tables=tables, face_landmarks__model="mesh468")
    for table, name, sign in (
        ("head_pose", "yaw", -1),
        ("head_pose", "roll", -1),
        ("head_pose", "pitch", 1),
        ("head_pose", "tz", 1),
        ("face_actions", "mouth_opening", 1),
    ):
        ours, theirs = (part.file(table).column(name) for part in (straight, turned))
        # Degrees and cm; the models are not symmetric themselves.
        assert np.median(np.abs(ours - sign * theirs)) < (3.0 if table == "head_pose" else 0.03)


def test_blendshapes_follow_what_the_face_does(extracted, models_available):
    models_available("face_mesh_478", "face_blendshapes")
    recording, _ = extracted("pyfeat_single_face.mp4", tables=tuple(FACE_TABLES), face_landmarks__model="mesh478")
    actions = recording.file("face_actions").frame()
    smile = actions["mouthSmileLeft"] + actions["mouthSmileRight"]
    assert np.corrcoef(smile, actions["lip_width"])[0, 1] > 0.8
    assert actions.filter(regex="^(mouth|eye|brow|jaw)[A-Z]").notna().all(axis=None)


def test_blendshapes_are_missing_and_said_to_be_with_the_older_mesh(extracted):
    recording, notes = extracted("pyfeat_single_face.mp4", tables=tuple(FACE_TABLES), face_landmarks__model="mesh468")
    actions = recording.file("face_actions")
    assert np.isnan(actions.column("jawOpen")).all()
    assert np.isfinite(actions.column("mouth_opening")).all()
    assert sum("no blendshapes" in note for note in notes) == 1


def test_irises_may_be_left_out(extracted):
    recording, _ = extracted("pyfeat_single_face.mp4", face_landmarks__model="mesh468", face_landmarks__irises="off")
    points = recording.file("face_landmarks").points()
    assert points.shape[1:] == (478, 3)
    assert np.isfinite(points[:, :468]).all()
    assert np.isnan(points[:, 468:]).all()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"max_people": 0}, "max_people"),
        ({"min_score": 1.5}, "min_score"),
        ({"model": "mesh500"}, "mesh500"),
        ({"probe": 0}, "probe"),
    ],
)
def test_impossible_parameters_are_refused_by_name(wrong, named):
    with pytest.raises(UsageError, match=named):
        Faces(**wrong)


def test_appearance_of_one_person_is_nearer_than_of_two(extracted, group):
    same = extracted("pyfeat_single_face.mp4", face_landmarks__model="mesh468")[0].file("face_appearance")
    again = extracted("pyfeat_face_noface.mov", face_landmarks__model="mesh468")[0].file("face_appearance")
    other = extracted("pyfeat_wolfgang.mp4", face_landmarks__model="mesh468")[0].file("face_appearance")
    man, woman = same.column("vector"), other.column("vector")
    assert appearance_distance(man, again.column("vector")) < appearance.SAME
    assert appearance_distance(woman[: len(woman) // 2], woman[len(woman) // 2 :]) < appearance.SAME
    assert appearance_distance(man, woman) > appearance.DIFFERENT

    people, _ = extracted(group, face_landmarks__model="mesh468", faces__max_people=10)
    table = people.file("face_appearance")
    vectors, tracks = table.column("vector"), table.column("track")
    for a in range(5):
        for b in range(a):
            assert appearance_distance(vectors[tracks == a], vectors[tracks == b]) > appearance.SAME


def test_appearance_knows_too_little_at_the_edge_of_the_picture():
    frame = Frame.from_rgb(np.full((100, 100, 3), 128, np.uint8))
    points = np.zeros((478, 3)) + np.array([-500.0, -500.0, 0.0])
    points[33, 0], points[263, 0] = -520.0, -480.0
    vector = appearance.describe(frame, points)
    assert np.isnan(vector).all()
    assert np.isnan(appearance_distance(vector, vector))
