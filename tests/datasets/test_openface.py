"""OpenFace's CSV: what a known face in it becomes, and how what is wrong is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bitflow.datasets.imported import keep
from bitflow.datasets.openface import read_openface
from bitflow.errors import MediaError, SchemaError, StoreError
from bitflow.store import FeatureStore


def written(path: Path, rows: list[Mapping[str, Any]]) -> Path:
    """A CSV with a space after its commas, as OpenFace's own."""
    names = list(rows[0])
    lines = [", ".join(names), *(", ".join(str(row[name]) for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def row(frame: int, **values: Any) -> dict[str, Any]:
    return {"frame": frame, "face_id": 0, "timestamp": (frame - 1) / 30, "confidence": 0.9, "success": 1, **values}


def table(path: Path, name: str, **options: Any) -> pd.DataFrame:
    imported = read_openface(path, "r", **options)
    return next(batch for schema, batch in imported.tables if schema.name == name).to_pandas()


POSE = {"pose_Tx": 0, "pose_Ty": 0, "pose_Tz": 0, "pose_Rx": 0, "pose_Ry": 0, "pose_Rz": 0}


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        # OpenFace: Rx > 0 is nose down, Ry > 0 nose to the left of the picture, Rz > 0 clockwise in it.
        ({"pose_Rx": np.radians(10)}, "pitch", -10),
        ({"pose_Ry": np.radians(10)}, "yaw", -10),
        ({"pose_Rz": np.radians(10)}, "roll", -10),
        ({"pose_Tx": 55}, "tx", 5.5),
        ({"pose_Ty": -20}, "ty", -2),
        ({"pose_Tz": 600}, "tz", 60),
    ],
)
def test_pose_comes_in_degrees_and_centimetres_with_bitflows_signs(
    tmp_path: Path, given: dict[str, float], name: str, expected: float
) -> None:
    path = written(tmp_path / "a.csv", [row(1, **{**POSE, **given})])
    pose = table(path, "head_pose").iloc[0]
    assert pose[name] == pytest.approx(expected, abs=1e-4)
    others = {"pitch", "yaw", "roll", "tx", "ty", "tz"} - {name}
    assert max(abs(pose[other]) for other in others) < 1e-4


def test_the_nose_of_a_real_face_points_where_the_angles_say(shared_clip: Callable[[str], Path]) -> None:
    """The 3-D landmarks in the file are independent of the angles' signs."""
    imported = read_openface(shared_clip("tables/openface2.csv"), "r")
    tables = {schema.name: batch for schema, batch in imported.tables}
    world = np.stack([np.asarray(cell) for cell in tables["face_landmarks_68"].column("world").to_pylist()])
    world = world.reshape(-1, 68, 3)
    eyes, mouth = world[:, 36:48].mean(axis=1), world[:, 48:68].mean(axis=1)
    # The normal of eye line and eye-mouth line points out of the face: toward the camera, up where pitch is.
    outward = np.cross(world[:, 45] - world[:, 36], eyes - mouth)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    assert (outward[:, 2] < 0).all()
    pose = tables["head_pose"].to_pandas()
    pitch = np.degrees(np.arcsin(-outward[:, 1]))
    yaw = np.degrees(np.arctan2(outward[:, 0], -outward[:, 2]))
    roll = np.degrees(np.arctan2(-(world[:, 45, 1] - world[:, 36, 1]), world[:, 45, 0] - world[:, 36, 0]))
    assert np.corrcoef(yaw, pose["yaw"])[0, 1] > 0.95
    assert np.corrcoef(pitch, pose["pitch"])[0, 1] > 0.9
    assert np.median(np.abs(roll - pose["roll"])) < 2


def test_gaze_to_the_right_of_the_picture_and_up_is_positive(tmp_path: Path) -> None:
    def looking(frame: int, x: float, y: float) -> dict[str, Any]:
        length = np.sqrt(x**2 + y**2 + 1)
        eye = {"x": x / length, "y": y / length, "z": -1 / length}
        return row(frame, **POSE, **{f"gaze_{n}_{axis}": v for n in "01" for axis, v in eye.items()})

    ten = np.tan(np.radians(10))
    rows = [looking(1, 0, 0), looking(2, ten, 0), looking(3, 0, -ten), looking(4, 0, 0), looking(5, 0, 0)]
    gaze = table(written(tmp_path / "a.csv", rows), "gaze")
    np.testing.assert_allclose(gaze["yaw"], [0, 10, 0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(gaze["pitch"], [0, 0, 10, 0, 0], atol=1e-3)
    np.testing.assert_allclose(gaze["head_yaw"], [0, 10, 0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(gaze["sigma"], 9.1, rtol=1e-6)


def test_rows_without_success_are_missing_though_they_hold_values(tmp_path: Path) -> None:
    rows = [row(1, AU12_r=1.0), {**row(2, AU12_r=3.0), "success": 0}, row(3, AU12_r=2.0)]
    path = written(tmp_path / "a.csv", rows)
    assert table(path, "frames")["frame"].tolist() == [0, 1, 2]
    assert table(path, "faces")["frame"].tolist() == [0, 2]
    assert table(path, "action_units")["au12"].tolist() == [1.0, 2.0]
    assert any("1 of 3 rows have success = 0" in note for note in read_openface(path, "r").notes)


def test_several_faces_are_tracks_and_an_unknown_column_is_kept_and_named(tmp_path: Path) -> None:
    rows = [{**row(1, mood="calm", heat=36.5)}, {**row(1, mood="gay", heat=37.0), "face_id": 1}]
    path = written(tmp_path / "a.csv", rows)
    assert table(path, "faces")["track"].tolist() == [0, 1]
    kept = table(path, "openface")
    assert kept["mood"].tolist() == ["calm", "gay"]
    assert kept["heat"].tolist() == [36.5, 37.0]
    assert any("mood, heat" in note for note in read_openface(path, "r").notes)


def test_intensities_keep_their_scale_of_five_and_presences_theirs(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [row(1, AU12_r=4.5, AU12_c=1, AU28_c=0)])
    imported = read_openface(path, "r")
    schema, batch = next(entry for entry in imported.tables if entry[0].name == "action_units")
    assert schema["au12"].range == (0, 5)
    assert batch.to_pandas()[["au12", "au12_c", "au28_c"]].iloc[0].tolist() == [4.5, 1, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "line 1: no OpenFace 2 CSV: the column 'frame' is missing"),
        ("frame, timestamp, success\n1, 0.0, 1\n2, soon, 1\n", "line 3, column 'timestamp': 'soon' is not a number"),
        ("frame, timestamp, success\n1, 0.0, 1\n2, 0.1\n", "line 3"),
        ("frame, timestamp, success\n1, 0.5, 1\n2, 0.1, 1\n", "line 3, column 'timestamp'"),
        ("frame, timestamp, success\n1, 0.0, 1\n1, 0.0, 1\n", "line 3, column 'frame'"),
        ("frame, timestamp, success\n1, , 1\n", "line 2, column 'timestamp'"),
        ("frame, timestamp, success, confidence\n1, 0, 1, 7\n", "line 2, column 'confidence': 7 lies outside 0 to 1"),
        ("frame, timestamp, success, frame\n1, 0, 1, 1\n", "line 1: the column 'frame' is there twice"),
        ("frame, timestamp, success\n", "there are no rows"),
        ("frame, timestamp, success, AU12_r\n1, 0, 1, -nan(ind)\n2, 1, 1, 9\n", "line 3, column 'AU12_r': 9"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    with pytest.raises(SchemaError) as refusal:
        read_openface(path, "r")
    assert said in str(refusal.value)
    assert "wrong.csv" in str(refusal.value)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"PK\x03\x04\x00\x00")
    with pytest.raises(SchemaError, match="no CSV file"):
        read_openface(tmp_path / "a.csv", "r")
    with pytest.raises(MediaError, match="cannot be read"):
        read_openface(tmp_path / "b.csv", "r")


def test_time_stamps_of_a_folder_of_pictures_are_pointed_out_and_a_rate_mends_them(
    shared_clip: Callable[[str], Path],
) -> None:
    path = shared_clip("tables/openface2.csv")
    assert any("1 ms apart" in note and "--rate" in note for note in read_openface(path, "r").notes)
    times = table(path, "faces", rate_hz=30)["time"]
    np.testing.assert_allclose(times, np.arange(100) / 30)


def test_an_imported_store_is_whole_and_measures_run_on_it(shared_clip: Callable[[str], Path], tmp_path: Path) -> None:
    from bitflow.measures.run import measure_store

    store = FeatureStore.create(tmp_path / "store")
    keep(store, read_openface(shared_clip("tables/openface2.csv"), "openface2", rate_hz=30))
    assert [str(finding) for finding in store.check()] == []
    assert store["openface2"].status == "done"
    measure_store(store)
    values = store["openface2"].table("measures").set_index("measure")
    assert values.loc["face_coverage_fraction", "value"] == 1.0
    assert values.loc["frame_rate_effective_hz", "value"] == pytest.approx(30)
    assert values.loc["blink_rate_per_min", "reason"] == "too_short"


def test_tables_of_another_source_are_not_replaced_unasked(tmp_path: Path) -> None:
    store = FeatureStore.create(tmp_path / "store")
    first = read_openface(written(tmp_path / "a.csv", [row(1)]), "r")
    keep(store, first)
    keep(store, first)
    other = read_openface(written(tmp_path / "b.csv", [row(1), row(2)]), "r")
    with pytest.raises(StoreError, match="made by import openface"):
        keep(store, other)
    keep(store, other, overwrite=True)
    assert store["r"].file("faces").rows == 2


def test_what_was_imported_is_exported_as_it_was(shared_clip: Callable[[str], Path], tmp_path: Path) -> None:
    from bitflow.exporting.openface import write_recording

    path = shared_clip("tables/openface2.csv")
    store = FeatureStore.create(tmp_path / "store")
    write_recording(tmp_path, "out", keep(store, read_openface(path, "r", rate_hz=30)))
    given, back = (pd.read_csv(p, skipinitialspace=True) for p in (path, tmp_path / "out.csv"))
    for name in [f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"] + ["AU01_r", "AU45_r", "AU28_c"]:
        np.testing.assert_allclose(back[name], given[name], atol=2e-4, rtol=1e-5, err_msg=name)
