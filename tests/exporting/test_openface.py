"""OpenFace's conventions, held against a file that OpenFace wrote and against geometry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bitflow.exporting import export_store
from bitflow.exporting.openface import LANDMARKS, eye_directions, head_rotation, pose_angles
from bitflow.store import FeatureStore


def rotation(angles: np.ndarray) -> np.ndarray:
    """R = Rx · Ry · Rz, as OpenFace documents it."""
    (a, b, c) = angles
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_x @ about_y @ about_z


@pytest.mark.parametrize(
    ("pitch", "yaw", "roll", "nose"),
    [
        (0.0, 0.0, 0.0, (0, 0, -1)),
        (30.0, 0.0, 0.0, (0, -0.5, -np.sqrt(3) / 2)),  # nose up: -y
        (0.0, 30.0, 0.0, (0.5, 0, -np.sqrt(3) / 2)),  # to the subject's left: +x, right in the picture
        (0.0, 0.0, 30.0, (0, 0, -1)),
    ],
)
def test_the_nose_points_where_the_signs_of_the_table_say(pitch: float, yaw: float, roll: float, nose: tuple):
    angles = pose_angles(np.array([pitch]), np.array([yaw]), np.array([roll]))[0]
    np.testing.assert_allclose(rotation(angles) @ (0, 0, -1), nose, atol=1e-12)


def test_roll_toward_the_right_shoulder_moves_the_crown_to_the_left_of_the_picture():
    angles = pose_angles(np.zeros(1), np.zeros(1), np.array([20.0]))[0]
    assert angles[2] == pytest.approx(-np.radians(20))
    crown = rotation(angles) @ (0, -1, 0)
    assert crown[0] == pytest.approx(-np.sin(np.radians(20)))


def test_angles_and_matrix_say_the_same_for_any_pose():
    pitch, yaw, roll = np.random.default_rng(5).uniform(-70, 70, (3, 50))
    for matrix, angles in zip(head_rotation(pitch, yaw, roll), pose_angles(pitch, yaw, roll), strict=True):
        np.testing.assert_allclose(rotation(angles), matrix, atol=1e-12)


def test_an_eye_that_looks_left_and_up_points_right_and_up_in_the_picture():
    x, y, z = eye_directions(np.eye(3)[None], np.array([10.0]), np.array([20.0]))[0]
    assert x > 0 > y
    assert np.degrees(np.arctan2(x, -z)) == pytest.approx(20)
    assert np.hypot(np.hypot(x, y), z) == pytest.approx(1)


def test_columns_are_those_of_openface_in_its_order(
    store: FeatureStore, tmp_path: Path, shared_clip: Callable[[str], Path]
):
    theirs = shared_clip("tables/openface2.csv").read_text().split("\n", 1)[0].split(",")
    done = export_store(store, tmp_path / "out", format="openface")
    ours = (tmp_path / "out" / "clinic" / "anna_visit1_person0.csv").read_text().split("\n", 1)[0].split(",")
    known = [column for column in ours if column.strip() not in ("face_id", "gaze_angle_x", "gaze_angle_y")]
    assert [column for column in theirs if column in known] == known
    assert any("action units" in note for note in done.notes)
    assert len(list((tmp_path / "out").rglob("*.csv"))) == 2  # scripts read every CSV file that is there
    assert not any("AU" in column for column in ours)


def test_each_person_has_a_row_for_every_picture_and_none_is_made_up(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", format="openface")
    rows = pd.read_csv(tmp_path / "out" / "clinic" / "anna_visit1_person1.csv", skipinitialspace=True)
    assert rows["frame"].tolist() == list(range(1, 51))
    np.testing.assert_allclose(rows["timestamp"], np.arange(50) / 25)
    assert rows["success"].tolist() == [0] * 25 + [1] * 25
    assert rows.loc[:24, "pose_Tx":].isna().all(axis=None)
    seen = rows.iloc[-1]
    assert (seen["pose_Tx"], seen["pose_Ty"], seen["pose_Tz"]) == (10, -20, 600)  # mm
    assert seen["pose_Rx"] < 0
    assert [seen[f"x_{k}"] for k in range(68)] == (LANDMARKS + 1000).tolist()
    assert [seen[f"y_{k}"] for k in range(68)] == (2 * LANDMARKS).tolist()
    assert seen["gaze_angle_x"] == pytest.approx(np.radians(20), abs=1e-6)  # eyes straight in a turned head


def test_a_rate_samples_the_pictures_on_screen(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", format="openface", rate_hz=10)
    rows = pd.read_csv(tmp_path / "out" / "clinic" / "anna_visit1_person0.csv", skipinitialspace=True)
    assert rows["timestamp"].tolist() == [round(k / 10, 6) for k in range(20)]
    assert rows["frame"].tolist() == [int(2.5 * k) + 1 for k in range(20)]


def test_the_landmarks_of_a_real_face_lie_in_the_order_of_the_68_points(models_available, tmp_path: Path, shared_clip):
    from bitflow.extraction.plan import make_request
    from bitflow.extraction.recording import Source, extract_recording

    models_available("face_mesh_478")
    made = FeatureStore.create(tmp_path / "store")
    source = Source("face", shared_clip("people/pyfeat_single_face.mp4"))
    request = make_request(extractors=["frames", "face_landmarks", "head_pose"], rate_hz=2, device="cpu")
    assert extract_recording(made.path, source, request).error is None
    export_store(made, tmp_path / "out", format="openface")
    row = pd.read_csv(tmp_path / "out" / "face.csv", skipinitialspace=True).iloc[0]
    x = np.array([row[f"x_{k}"] for k in range(68)])
    y = np.array([row[f"y_{k}"] for k in range(68)])
    assert (np.diff(x[1:16]) > 0).all()  # the jaw goes from left to right
    assert y[:17].argmax() in (7, 8, 9)
    assert x[36] < x[39] < x[42] < x[45]  # eye corners
    assert x[17] < x[21] < x[22] < x[26]
    assert y[19] < y[37] < y[33] < y[51] < y[57] < y[8]  # brow, eye, nose, lips, chin
    assert x[48] < x[51] < x[54]
    assert y[62] < y[66]
