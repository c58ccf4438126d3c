"""Poses of files in a store: on the right clock, with a scale or its reason, and out again."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitflow.cli.main import main
from bitflow.datasets.poses.importing import Reading, import_poses
from bitflow.datasets.poses.recognise import open_poses
from bitflow.errors import BitflowError, SchemaError, StoreError, UsageError
from bitflow.poses import read_facts, read_poses
from bitflow.regions import read_regions
from bitflow.store import FeatureStore, open_store
from bitflow.tables.pictures import FRAMES, frames_batch


def test_without_a_frame_rate_nothing_is_imported(tmp_path, layouts, capsys):
    path = layouts.dlc_csv(tmp_path / "mouse_07.csv", *layouts.known())
    assert main(["import", "poses", str(path), "-o", str(tmp_path / "store")]) == 2
    assert "does not say how many frames a second it has; give --fps" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_the_recording_is_called_after_the_file_and_keeps_what_was_said(tmp_path, layouts, capsys):
    points, confidence = layouts.known()
    path = layouts.dlc_csv(tmp_path / "mouse_07.csv", points, confidence)
    store = tmp_path / "store"
    arguments = ["import", "poses", str(path), "-o", str(store), "--fps", "25", "--cm-per-px", "0.08", "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["recording"] for entry in told["recordings"]] == ["mouse_07"]
    recording = open_store(store)["mouse_07"]
    poses = read_poses(recording)
    np.testing.assert_array_equal(poses.points, points.astype(np.float32).astype(float))
    np.testing.assert_allclose(poses.time, np.arange(20) / 25)
    assert poses.facts.fps == 25
    assert poses.facts.scale.cm_per_px == 0.08
    assert recording.info["media"]["duration"] == pytest.approx(20 / 25)
    assert not open_store(store).check()


def test_a_scale_that_nobody_knows_has_a_reason(tmp_path, layouts):
    path = layouts.dlc_csv(tmp_path / "m.csv", *layouts.known())
    store = FeatureStore.create(tmp_path / "store")
    (kept,) = import_poses(store, path, "m", Reading(fps=30))
    assert any("no scale" in note for note in kept.notes)
    assert read_facts(store["m"]).scale.reason


def test_what_the_file_tells_is_taken(tmp_path, layouts):
    store = FeatureStore.create(tmp_path / "store")
    import_poses(store, layouts.movement(tmp_path / "m.nc", *layouts.known()), "m")
    assert read_poses(store["m"]).rate == 25.0
    points, confidence = layouts.known(keypoints=12)
    import_poses(store, layouts.jabs(tmp_path / "j.h5", points, confidence, 5), "j", Reading(fps=30))
    assert read_facts(store["j"]).scale.cm_per_px == pytest.approx(0.08)
    assert read_regions(store["j"]).names == ("arena", "lixit")
    times = 3.0 + np.arange(20) / 50
    import_poses(store, layouts.nwb(tmp_path / "n.nwb", *layouts.known(), times=times), "n")
    assert read_poses(store["n"]).rate == pytest.approx(50.0)
    assert read_poses(store["n"]).time[0] == 0.0


def test_the_pictures_of_a_video_in_the_store_give_the_times(tmp_path, layouts):
    store = FeatureStore.create(tmp_path / "store")
    place = store.draft("clip")
    shown = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.06, 20))
    made = {"extractor": "frames", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
    place.write(FRAMES, [frames_batch(np.arange(20), shown)], provenance=made)
    path = layouts.dlc_csv(tmp_path / "clip.csv", *layouts.known(18))
    import_poses(store, path, "clip")
    np.testing.assert_array_equal(read_poses(store["clip"]).time, shown)
    assert store["clip"].file("frames").metadata["provenance"]["extractor"] == "frames"
    longer = layouts.dlc_csv(tmp_path / "longer.csv", *layouts.known(40))
    with pytest.raises(UsageError, match="speaks about frame 39, and the video has 20"):
        import_poses(store, longer, "clip", overwrite=True)


def test_a_real_video_and_its_poses_line_up(tmp_path, shared_clip):
    store = FeatureStore.create(tmp_path / "store")
    video = shared_clip("animals/amadeus_mabe.mp4")
    (kept,) = import_poses(store, shared_clip("animals/amadeus_mabe.h5"), "mabe", Reading(media=video))
    poses = read_poses(store["mabe"])
    assert poses.points.shape == (1800, 3, 12, 2)
    assert poses.facts.image_size is not None
    assert store["mabe"].source == video
    assert any("pictures of the video" in note for note in kept.notes)
    np.testing.assert_allclose(np.diff(poses.time), 1 / poses.rate, atol=2e-3)
    assert np.isnan(poses.points).all(axis=(2, 3)).mean() == pytest.approx(0.104, abs=1e-3)


def test_poses_of_another_file_are_not_overwritten_unasked(tmp_path, layouts):
    store = FeatureStore.create(tmp_path / "store")
    first = layouts.dlc_csv(tmp_path / "a.csv", *layouts.known(10))
    other = layouts.dlc_csv(tmp_path / "b.csv", *layouts.known(12))
    import_poses(store, first, "m", Reading(fps=30))
    import_poses(store, first, "m", Reading(fps=15))  # the same bytes, understood better
    assert read_poses(store["m"]).rate == 15
    assert store["m"].info["media"]["duration"] == pytest.approx(10 / 15)
    assert [note for note in store["m"].info["notes"] if "as given" in note] == [
        "times from 15 frames a second, as given"
    ]
    with pytest.raises(StoreError, match="has a table 'poses' already"):
        import_poses(store, other, "m", Reading(fps=30))
    import_poses(store, other, "m", Reading(fps=30), overwrite=True)
    assert len(read_poses(store["m"])) == 12


def test_files_of_several_sequences_become_several_recordings(tmp_path, layouts):
    points, confidence = layouts.known(keypoints=7)
    names = ("task1/test/mouse071", "task1/test/mouse072")
    path = layouts.calms21(tmp_path / "calms21.json", points, confidence, names)
    store = FeatureStore.create(tmp_path / "store")
    import_poses(store, path, "calms21")
    assert sorted(store) == ["calms21/mouse071", "calms21/mouse072"]
    with pytest.raises(UsageError, match="did you mean 'mouse071'"):
        import_poses(store, path, "calms21", Reading(sequence="mouse71"))


def test_frames_that_come_twice_and_files_of_nothing_are_refused(tmp_path, layouts):
    store = FeatureStore.create(tmp_path / "store")
    points, confidence = layouts.known(4, 1)
    twice = layouts.dlc_csv(tmp_path / "t.csv", points, confidence, index=[0, 1, 1, 2])
    with pytest.raises(SchemaError, match="comes twice"):
        import_poses(store, twice, "t", Reading(fps=30))
    nothing = layouts.dlc_csv(tmp_path / "n.csv", np.full_like(points, np.nan), confidence)
    with pytest.raises(SchemaError, match="no point is known in any frame"):
        import_poses(store, nothing, "n", Reading(fps=30))
    empty = layouts.dlc_csv(tmp_path / "e.csv", points[:0], confidence[:0])
    with pytest.raises(SchemaError, match="holds no frames"):
        import_poses(store, empty, "e", Reading(fps=30))
    assert list(store) == []


def test_a_name_that_is_no_text_is_told_all_the_same(tmp_path):
    import h5py

    path = tmp_path / "broken.h5"
    with h5py.File(path, "w") as file:
        file.create_group(b"\xffpose")
        file.create_group("else")
    with pytest.raises(SchemaError, match="none of the layouts"):
        list(open_poses(path))


def test_one_bad_file_stops_no_other(tmp_path, layouts, capsys):
    good = layouts.dlc_csv(tmp_path / "good.csv", *layouts.known())
    bad = tmp_path / "bad.csv"
    bad.write_text("nothing of the kind")
    store = tmp_path / "store"
    assert main(["import", "poses", str(bad), str(good), "-o", str(store), "--fps", "30"]) == 1
    assert "none of the layouts" in capsys.readouterr().err
    assert list(open_store(store)) == ["good"]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_deeplabcut_csv_survives_the_round_trip(tmp_path, layouts, dimensions):
    points, confidence = layouts.known(dimensions=dimensions)
    path = layouts.dlc_csv(tmp_path / "m.csv", points, confidence)
    store = FeatureStore.create(tmp_path / "store")
    import_poses(store, path, "m", Reading(fps=30))
    assert main(["export", str(tmp_path / "store"), "-o", str(tmp_path / "out"), "--format", "dlc"]) == 0
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["m.csv"]
    import_poses(store, tmp_path / "out" / "m.csv", "again", Reading(fps=30))
    first, again = read_poses(store["m"]), read_poses(store["again"])
    np.testing.assert_array_equal(again.points, first.points)
    np.testing.assert_array_equal(again.confidence, first.confidence)
    assert again.facts.animals == first.facts.animals
    assert again.facts.source["scorer"] == "net"


def test_sleap_analysis_survives_the_round_trip(tmp_path, layouts):
    path = layouts.sleap_analysis(tmp_path / "m.h5", *layouts.known(50))
    store = FeatureStore.create(tmp_path / "store")
    import_poses(store, path, "cage/m", Reading(fps=30))
    assert main(["export", str(tmp_path / "store"), "-o", str(tmp_path / "out"), "--format", "sleap"]) == 0
    import_poses(store, tmp_path / "out" / "cage" / "m.analysis.h5", "again", Reading(fps=30))
    first, again = read_poses(store["cage/m"]), read_poses(store["again"])
    np.testing.assert_array_equal(again.points, first.points)
    np.testing.assert_array_equal(again.confidence, first.confidence)
    assert again.facts.skeleton == first.facts.skeleton == ((0, 1), (1, 2), (2, 3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("deepof/testDLC_csv_table_madlc.csv", "deepof/testDLC_h5_table_madlc.h5"),
        ("deepof/testDLC_sleap.slp", "deepof/testDLC_sleap.analysis.h5"),
    ],
)
def test_shared_files_of_one_recording_give_equal_tables(tmp_path, shared_clip, one, other):
    store = FeatureStore.create(tmp_path / "store")
    for name, file in (("one", one), ("other", other)):
        import_poses(store, shared_clip(f"animals/{file}"), name, Reading(fps=25))
    first, second = read_poses(store["one"]), read_poses(store["other"])
    common = min(len(first), len(second))
    order = [second.facts.keypoint(name) for name in first.keypoints]
    assert first.animals == second.animals
    np.testing.assert_array_equal(first.points[:common], second.points[:common][:, :, order])
    np.testing.assert_array_equal(first.confidence[:common], second.confidence[:common][:, :, order])


@pytest.mark.parametrize(
    ("file", "shape", "missing"),
    [
        ("amadeus_horse_gt.h5", (308, 1, 22, 2), 0.315),
        ("amadeus_maushaus3d.h5", (1000, 1, 30, 3), 0.0),
        ("jabs/sample_pose_est_v2.h5", (1800, 1, 12, 2), 0.0),
        ("jabs/sample_pose_est_v5.h5", (1800, 3, 12, 2), 0.083),
        ("deepof/testDLC_h5_table.h5", (100, 1, 14, 2), 0.0),
        ("deepof/testDLC_csv_table.csv", (97, 1, 14, 2), 0.0),
    ],
)
def test_real_files_have_the_poses_that_they_are_known_to_have(shared_clip, read, file, shape, missing):
    _, _, points, _ = read(shared_clip(f"animals/{file}"))
    assert points.shape == shape
    assert 1 - np.isfinite(points).all(axis=-1).mean() == pytest.approx(missing, abs=1e-3)


def test_cleaning_touches_next_to_no_tail_tip_of_the_shared_clip(shared_clip, read):
    from bitflow.poses import PoseSeries
    from bitflow.poses.cleaning import clean

    source, _, points, confidence = read(shared_clip("animals/amadeus_mabe.h5"))
    cleaned = clean(PoseSeries.of(points, source.facts, rate=30.0, confidence=confidence))
    tips = [row for row in cleaned.report if row.keypoint == "tail tip"]
    assert len(tips) == 3
    assert all(row.touched < 0.02 for row in tips)


def refusal(action: Callable[[], object]) -> str | None:
    """The sentence with which an action is refused; any other error is a defect."""
    try:
        action()
    except BitflowError as error:
        return str(error)
    return None


WRITERS = ("dlc_csv", "dlc_fixed", "dlc_table", "sleap_analysis", "sleap_project", "nwb", "movement", "superanimal")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_end_in_a_sentence_and_leave_nothing_behind(tmp_path_factory, layouts, data):
    folder = tmp_path_factory.mktemp("damage")
    writer = data.draw(st.sampled_from(WRITERS))
    path = getattr(layouts, writer)(folder / "file", *layouts.known(6))
    content = bytearray(path.read_bytes())
    cut = data.draw(st.integers(0, len(content)))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)):
        content[at] = value
    path.write_bytes(content[: cut or len(content)])
    store = FeatureStore.create(folder / "store")
    refused = refusal(lambda: import_poses(store, path, "m", Reading(fps=30)))
    if refused is None:
        assert len(read_poses(store["m"]))
    else:
        assert "file" in refused
        assert list(store) == []


cells = st.one_of(st.floats(allow_nan=True), st.just(""), st.sampled_from(["x", "nan", "1e400", "-", "NA", '"a,b"']))


@settings(max_examples=60, deadline=None)
@given(
    header=st.lists(st.sampled_from(["scorer", "individuals", "bodyparts", "coords", "", "x"]), max_size=5),
    names=st.lists(st.sampled_from(["nose", "x", "y", "likelihood", "", "m1"]), max_size=7),
    rows=st.lists(st.lists(cells, max_size=7), max_size=4),
)
def test_any_csv_is_poses_or_a_sentence(tmp_path_factory, header, names, rows):
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    lines = [",".join([label, *names]) for label in ["scorer", *header]]
    lines += [",".join(str(cell) for cell in row) for row in rows]
    path.write_text("\n".join(lines))
    store = FeatureStore.create(path.parent / "s")
    refused = refusal(lambda: import_poses(store, path, "m", Reading(fps=30)))
    assert store["m"].file("poses").rows > 0 if refused is None else "file.csv" in refused
