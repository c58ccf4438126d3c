"""py-feat's CSV: its versions, its signs, and the times that it does not keep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.datasets.overlap_tracks import overlap_tracks
from bitflow.datasets.pyfeat import fitting_rates, read_pyfeat
from bitflow.errors import SchemaError, UsageError
from bitflow.extractors.landmarks.head import face_pose, pose_angles

BOX = {"FaceRectX": 10, "FaceRectY": 20, "FaceRectWidth": 30, "FaceRectHeight": 40, "FaceScore": 0.9}


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def tables(path: Path, **options: Any) -> dict[str, pd.DataFrame]:
    return {schema.name: batch.to_pandas() for schema, batch in read_pyfeat(path, "r", **options).tables}


def test_signs_agree_with_the_mesh_in_the_same_file(shared_clip: Callable[[str], Path]) -> None:
    path = shared_clip("tables/pyfeat_fex.csv")
    found = {schema.name: batch for schema, batch in read_pyfeat(path, "r").tables}
    mesh = np.stack([np.asarray(cell) for cell in found["face_landmarks"].column("points").to_pylist()])
    pitch, _, roll = pose_angles(face_pose(mesh.reshape(-1, 478, 3).astype(float), 1080, 1080).rotation)
    pose = found["head_pose"].to_pandas()
    assert np.corrcoef(pitch, pose["pitch"])[0, 1] > 0.9
    assert np.corrcoef(roll, pose["roll"])[0, 1] > 0.9
    assert np.abs(roll - pose["roll"]).max() < 2


def test_times_are_those_of_the_one_rate_that_fits_the_seconds(shared_clip: Callable[[str], Path]) -> None:
    found = tables(shared_clip("tables/pyfeat_fex.csv"))
    np.testing.assert_allclose(found["faces"]["time"], np.arange(0, 40, 2) / 25)


@given(st.sampled_from([24, 25, 30, 50, 60]), st.integers(10, 5000))
def test_the_true_rate_is_always_among_those_that_fit(rate: int, last: int) -> None:
    frames = np.arange(0, last, 7)
    stamps = [f"{int(f / rate) // 60:02d}:{int(f / rate) % 60:02d}" for f in frames]
    assert rate in fitting_rates(frames, stamps)


def test_without_times_a_rate_or_the_video_must_be_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [{**BOX, "frame": 0}, {**BOX, "frame": 9000}])
    with pytest.raises(UsageError, match=r"--media FILE, or its pictures a second with --rate HZ"):
        read_pyfeat(path, "r")
    assert tables(path, rate_hz=25)["faces"]["time"].tolist() == [0, 360]


def test_the_video_gives_the_times_of_its_pictures(tmp_path: Path, ffmpeg: Callable[..., Path]) -> None:
    video = ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=12.5:duration=1", tmp_path / "v.mp4")
    path = written(tmp_path / "a.csv", [{**BOX, "frame": 0}, {**BOX, "frame": 5}])
    np.testing.assert_allclose(tables(path, media=video)["faces"]["time"], [0, 0.4], atol=1e-3)
    far = written(tmp_path / "b.csv", [{**BOX, "frame": 0}, {**BOX, "frame": 50}])
    with pytest.raises(SchemaError, match="line 3, column 'frame'"):
        read_pyfeat(far, "r", media=video)


@pytest.mark.parametrize("scale", [1.0, 180 / np.pi])
def test_angles_come_in_degrees_from_radians_and_from_older_degrees(tmp_path: Path, scale: float) -> None:
    head = {"Pitch": 0.2 * scale, "Yaw": 0.1 * scale, "Roll": -0.1 * scale}
    pose = tables(written(tmp_path / "a.csv", [{**BOX, "frame": 0, **head}]), rate_hz=25)["head_pose"].iloc[0]
    assert pose[["pitch", "yaw", "roll"]].tolist() == pytest.approx([-11.459, -5.730, -5.730], abs=1e-3)


@pytest.mark.parametrize("names", [("happiness", "sadness", "neutral"), ("Happy", "Sad", "Neutral")])
def test_emotions_of_both_versions_have_one_name(tmp_path: Path, names: tuple[str, str, str]) -> None:
    scores = dict(zip(names, (0.7, 0.2, 0.1), strict=True))
    emotions = tables(written(tmp_path / "a.csv", [{**BOX, "frame": 0, **scores}]), rate_hz=25)["emotions"].iloc[0]
    assert emotions[["happiness", "sadness", "neutral"]].tolist() == pytest.approx([0.7, 0.2, 0.1])
    assert np.isnan(emotions["anger"])


def test_a_row_without_a_face_is_missing_and_an_unknown_column_kept(tmp_path: Path) -> None:
    empty = dict.fromkeys(BOX, np.nan)
    path = written(tmp_path / "a.csv", [{**BOX, "frame": 0, "mood": "calm"}, {**empty, "frame": 1, "mood": "calm"}])
    found = tables(path, rate_hz=25)
    assert len(found["frames"]) == 2
    assert len(found["faces"]) == 1
    assert found["pyfeat"]["mood"].tolist() == ["calm"]
    notes = read_pyfeat(path, "r", rate_hz=25).notes
    assert any("1 of 2 rows hold no face" in note for note in notes)
    assert any("kept in the table pyfeat: mood" in note for note in notes)


def test_action_units_are_probabilities(tmp_path: Path) -> None:
    imported = read_pyfeat(written(tmp_path / "a.csv", [{**BOX, "frame": 0, "AU12": 0.8}]), "r", rate_hz=25)
    schema = next(schema for schema, _ in imported.tables if schema.name == "action_units")
    assert schema["au12"].range == (0, 1)
    with pytest.raises(SchemaError, match="line 2, column 'AU12': 3 is no probability"):
        read_pyfeat(written(tmp_path / "b.csv", [{**BOX, "frame": 0, "AU12": 3}]), "r", rate_hz=25)


def test_another_tools_csv_and_several_videos_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("frame,timestamp\n1,0\n")
    with pytest.raises(SchemaError, match="line 1: no CSV of py-feat"):
        read_pyfeat(tmp_path / "a.csv", "r")
    rows = [{**BOX, "frame": 0, "input": "a.mp4"}, {**BOX, "frame": 0, "input": "b.mp4"}]
    with pytest.raises(SchemaError, match=r"line 3, column 'input': 'b\.mp4' after 'a\.mp4'"):
        read_pyfeat(written(tmp_path / "b.csv", rows), "r", rate_hz=25)


def test_faces_in_no_order_keep_their_tracks() -> None:
    """Two boxes drift apart from picture to picture, listed in random order."""
    random = np.random.default_rng(0)
    frames, boxes, truth = [], [], []
    for frame in range(50):
        for face in random.permutation(2):
            frames.append(frame)
            boxes.append([100 + 300 * face + 3 * frame, 50, 80, 80])
            truth.append(face)
    tracks = overlap_tracks(np.array(frames), np.array(frames) / 25, np.array(boxes, float))
    assert len({*zip(truth, tracks.tolist(), strict=True)}) == 2
