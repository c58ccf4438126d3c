"""Every layout gives back the poses that were written, missing points missing whatever the code."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from bitflow.errors import BitflowError, SchemaError, UnsafeFileError, UsageError


def same(read, layouts, path, points, confidence, *, names=None, animals=None, format="", **options):
    source, frames, found, scores = read(path, **options)
    np.testing.assert_allclose(found, points, atol=1e-9)
    if confidence is not None:
        known = np.isfinite(points).all(axis=-1)
        np.testing.assert_allclose(scores[known], confidence[known].astype(np.float32))
    np.testing.assert_array_equal(frames, np.arange(len(points)))
    assert source.facts.keypoints == (names or layouts.NAMES)
    assert source.facts.animals == (animals or layouts.ANIMALS)
    assert source.format.startswith(format)
    return source


def test_deeplabcut_csv_of_several_animals_in_any_order_of_columns(tmp_path, layouts, read):
    points, confidence = layouts.known()
    order = np.random.default_rng(1).permutation(2 * 4 * 3)
    for number, (given, end) in enumerate([(None, "\n"), (order, "")]):
        path = layouts.dlc_csv(tmp_path / f"{number}.csv", points, confidence, order=given, end=end)
        source, _, found, _ = read(path)
        place = [source.facts.keypoint(name) for name in layouts.NAMES]
        who = [source.facts.animal(name) for name in layouts.ANIMALS]
        np.testing.assert_array_equal(found[:, who][:, :, place], points)


def test_deeplabcut_csv_of_one_animal_and_in_space(tmp_path, layouts, read):
    points, confidence = layouts.known(animals=1)
    path = layouts.dlc_csv(tmp_path / "one.csv", points, confidence)
    same(read, layouts, path, points, confidence, animals=("animal",), format="DeepLabCut CSV")
    space, _ = layouts.known(animals=1, dimensions=3)
    source = same(read, layouts, layouts.dlc_csv(tmp_path / "3d.csv", space), space, None, animals=("animal",))
    assert source.facts.dimensions == 3
    assert source.facts.unit == ""


def test_labelled_images_are_frames_of_their_number(tmp_path, layouts, read):
    points, _ = layouts.known(3, 1)
    for number, index in enumerate(
        (
            [f"labeled-data/cage/img{at:03d}.png" for at in (7, 12, 30)],
            [("labeled-data", "cage", f"img{at:03d}.png") for at in (7, 12, 30)],
        )
    ):
        path = layouts.dlc_csv(tmp_path / f"{number}.csv", points, index=index)
        _, frames, found, _ = read(path)
        assert frames.tolist() == [7, 12, 30]
        np.testing.assert_array_equal(found, points)
    mixed = layouts.dlc_csv(tmp_path / "mixed.csv", points, index=["a/v1/1.png", "a/v2/1.png", "a/v2/2.png"])
    with pytest.raises(UsageError, match="of 2 videos"):
        read(mixed)


def test_animals_with_different_keypoints_are_taken_together(tmp_path, read):
    path = tmp_path / "ragged.csv"
    path.write_text(
        "scorer,net,net,net,net,net,net\nindividuals,m1,m1,m1,single,single,single\n"
        "bodyparts,nose,nose,nose,corner,corner,corner\ncoords,x,y,likelihood,x,y,likelihood\n0,1,2,0.9,3,4,0.8\n"
    )
    source, _, points, _ = read(path)
    assert source.facts.animals == ("m1", "single")
    assert np.isnan(points[0, 0, 1]).all()
    assert points[0, 1, 1].tolist() == [3, 4]
    assert any("different keypoints" in note for note in source.notes)


def test_zeros_are_missing_only_where_they_are_a_code(tmp_path, read):
    head = "scorer,n,n,n,n,n,n\nbodyparts,a,a,a,b,b,b\ncoords,x,y,likelihood,x,y,likelihood\n"
    path = tmp_path / "zeros.csv"
    path.write_text(head + "0,0,0,0,5,6,0.9\n1,0,0,0.9,5,6,0.9\n2,0,0,0.4,0,0,0.4\n")
    _, _, points, _ = read(path)
    assert np.isnan(points[0, 0, 0]).all()  # likelihood 0
    assert points[1, 0, 0].tolist() == [0, 0]  # a point in the corner
    assert np.isnan(points[2]).all()  # the whole animal at 0


def test_names_that_begin_with_the_animal_are_taken_apart_when_asked(tmp_path, layouts, read):
    points, confidence = layouts.known(animals=2)
    flat = points.reshape(len(points), 1, -1, 2), confidence.reshape(len(points), 1, -1)
    names = [f"{prefix}_{name}" for prefix in "BW" for name in layouts.NAMES]
    path = layouts.dlc_csv(tmp_path / "p.csv", *flat, names=names)
    same(read, layouts, path, points, confidence, animals=("B", "W"), prefixes=("B_", "W_"))
    with pytest.raises(UsageError, match=r"'W_nose' begins with none of the prefixes B_, X_"):
        read(path, prefixes=("B_", "X_"))


def test_columns_of_ensembles_are_left_out(tmp_path, read):
    path = tmp_path / "lp.csv"
    path.write_text("scorer,t,t,t,t\nbodyparts,a,a,a,a\ncoords,x,y,likelihood,x_ens_var\n0,1,2,0.9,7\n")
    source, _, points, _ = read(path)
    assert points.ravel().tolist() == [1, 2]
    assert "x_ens_var" in source.notes[0]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("animals", [1, 2])
def test_deeplabcut_fixed_hdf5(tmp_path, layouts, read, animals, transposed):
    points, confidence = layouts.known(animals=animals)
    path = layouts.dlc_fixed(tmp_path / "f.h5", points, confidence, transposed=transposed)
    names = {1: ("animal",), 2: layouts.ANIMALS}[animals]
    same(read, layouts, path, points, confidence, animals=names, format="DeepLabCut HDF5")


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_deeplabcut_table_hdf5_whatever_the_pickle_protocol(tmp_path, layouts, read, protocol):
    points, confidence = layouts.known()
    path = layouts.dlc_table(tmp_path / "t.h5", points, confidence, protocol=protocol)
    same(read, layouts, path, points, confidence)


class _Attack:
    def __reduce__(self):
        import os

        return os.system, ("touch pwned",)


@pytest.mark.parametrize(
    ("packed", "opcode"),
    [
        (b"cos\nsystem\n(S'touch pwned'\ntR.", "GLOBAL"),
        (pickle.dumps(_Attack(), 4), "STACK_GLOBAL"),
        (pickle.dumps([_Attack()], 2), "GLOBAL"),
    ],
)
def test_a_pickle_that_would_run_code_is_refused(tmp_path, layouts, read, monkeypatch, packed, opcode):
    monkeypatch.chdir(tmp_path)
    path = layouts.dlc_table(tmp_path / "evil.h5", *layouts.known(), packed=packed)
    with pytest.raises(UnsafeFileError, match=rf"evil\.h5.*opcode {opcode}"):
        read(path)
    assert not (tmp_path / "pwned").exists()


def test_files_do_not_lead_into_other_files(tmp_path, layouts, read):
    import h5py

    secret = layouts.sleap_analysis(tmp_path / "secret.h5", *layouts.known())
    path = tmp_path / "link.h5"
    with h5py.File(path, "w") as file:
        file["node_names"] = np.array([b"nose"])
        file["tracks"] = h5py.ExternalLink(str(secret), "/tracks")
    with pytest.raises(UnsafeFileError, match="leads into another file"):
        read(path)
    raw = tmp_path / "raw.h5"
    (tmp_path / "passwords").write_bytes(bytes(8 * 2 * 3))
    with h5py.File(raw, "w") as file:
        file["node_names"] = np.array([b"nose"])
        file.create_dataset("tracks", (1, 2, 1, 3), "f8", external=[(str(tmp_path / "passwords"), 0, 48)])
    with pytest.raises(UnsafeFileError, match="values in another file"):
        read(raw)


@pytest.mark.parametrize("turned", [False, True])
def test_sleap_analysis_either_way_round(tmp_path, layouts, read, turned):
    points, confidence = layouts.known()
    path = layouts.sleap_analysis(tmp_path / "s.h5", points, confidence, turned=turned)
    source = same(read, layouts, path, points, confidence, format="SLEAP analysis")
    assert source.facts.skeleton == ((0, 1), (1, 2), (2, 3))


def test_sleap_projects_agree_with_their_analysis_files(tmp_path, layouts, read):
    points, confidence = layouts.known()
    source = same(read, layouts, layouts.sleap_project(tmp_path / "s.slp", points, confidence), points, confidence)
    assert source.facts.skeleton == ((0, 1),)  # the link that only says what mirrors what is no bone


def test_what_a_person_placed_stands_before_what_was_predicted(tmp_path, layouts, read):
    points, confidence = layouts.known(whole=True)
    path = layouts.sleap_project(tmp_path / "s.slp", points, confidence, by_user=(2,))
    _, _, found, scores = read(path)
    np.testing.assert_allclose(found[2] - points[2], np.broadcast_to([1.0, 0.0], found[2].shape))
    assert (scores[2] == 1).all()


def test_a_project_of_several_videos_is_several_sequences(tmp_path, layouts):
    from bitflow.datasets.poses.recognise import open_poses

    path = layouts.sleap_project(tmp_path / "s.slp", *layouts.known(), videos=2)
    assert [source.name for source in open_poses(path)] == ["cage_0", "cage_1"]


def test_instances_without_tracks_say_that_names_do_not_last(tmp_path, layouts, read):
    points, confidence = layouts.known()
    source, *_ = read(layouts.sleap_project(tmp_path / "s.slp", points, confidence, tracked=False))
    assert source.facts.animals == ("instance_0", "instance_1")
    assert "no tracks" in source.notes[0]


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6, 7, 8])
def test_jabs_of_every_version(tmp_path, layouts, read, version):
    from bitflow.datasets.poses.jabs import KEYPOINTS

    points, confidence = layouts.known(animals=1 if version == 2 else 2, keypoints=12)
    points = points.round()
    if version == 2:
        points = points[5:]
        confidence = confidence[5:]
    confidence = np.where(np.isfinite(confidence), np.maximum(confidence, 0.35) * 4, np.nan)  # heat-map values
    few = np.isfinite(points[:, :, :10, 0]).sum(axis=2) < 3
    points[few] = np.nan
    animals = {2: ("mouse1",), 3: ("track_7", "track_8")}.get(version, ("mouse1", "mouse2"))
    path = layouts.jabs(tmp_path / "j.h5", points, confidence, version)
    source = same(read, layouts, path, points, confidence, names=KEYPOINTS, animals=animals, format=f"JABS v{version}")
    if version >= 4:
        assert source.facts.scale.cm_per_px == pytest.approx(0.08)
    if version >= 5:
        arena, spout = source.regions
        assert arena.name == "arena"
        assert arena.area == 300 * 200
        assert spout.points == ((300.0, 60.0),)


def test_nwb_with_its_conversion_and_its_own_clock(tmp_path, layouts, read):
    points, confidence = layouts.known()
    times = 12.5 + np.arange(len(points)) / 25
    path = layouts.nwb(tmp_path / "a.nwb", points, confidence, times=times, conversion=0.25)
    by_name = ("black", "white")  # groups are listed by the alphabet, keypoints as the skeleton does
    source = same(read, layouts, path, points[:, ::-1], confidence[:, ::-1], animals=by_name, format="NWB")
    (part,) = source.stretches()
    np.testing.assert_allclose(part.times, np.arange(len(points)) / 25)
    assert source.facts.skeleton == ((0, 1), (1, 2))


def test_nwb_series_with_timestamps_of_their_own_meet_on_one_clock(tmp_path, layouts, read):
    import h5py

    points, confidence = layouts.known(animals=1)
    path = layouts.nwb(tmp_path / "a.nwb", points, confidence)
    with h5py.File(path, "r+") as file:
        nose = file["processing/behavior/white/nose"]
        for name in ("data", "confidence", "timestamps"):
            kept = nose[name][2:15]
            del nose[name]
            nose[name] = kept + (0.003 if name == "timestamps" else 0)
    points[:2, 0, 0] = points[15:, 0, 0] = np.nan
    _, _, found, _ = read(path)
    np.testing.assert_allclose(found, points)


def test_timestamps_that_count_frames_are_no_times(tmp_path, layouts, read):
    path = layouts.nwb(tmp_path / "a.nwb", *layouts.known(), times=np.arange(20.0))
    source, *_ = read(path)
    assert "look like frame numbers" in source.notes[0]
    assert next(source.stretches()).times is None


@pytest.mark.parametrize("plural", [False, True])
def test_movement_with_old_and_new_names_of_dimensions(tmp_path, layouts, read, plural):
    points, confidence = layouts.known()
    path = layouts.movement(tmp_path / "m.nc", points, confidence, plural=plural)
    source = same(read, layouts, path, points, confidence, format="movement")
    assert source.facts.fps == 25.0


def test_calms21_has_coordinates_before_keypoints(tmp_path, layouts, read):
    from bitflow.datasets.poses.calms21 import ANIMALS, KEYPOINTS

    points, confidence = layouts.known(keypoints=7)
    points = np.nan_to_num(points, nan=5.0)
    confidence = np.nan_to_num(confidence, nan=0.5)
    path = layouts.calms21(tmp_path / "c.json", points, confidence)
    source = same(read, layouts, path, points, confidence, names=KEYPOINTS, animals=ANIMALS, format="CalMS21")
    assert source.facts.fps == 30.0


def test_arrays_of_mabe_are_known_by_their_shape(tmp_path, layouts, read):
    points, _ = layouts.known(animals=3, keypoints=12)
    stored = points.copy()
    absent = ~np.isfinite(points).any(axis=(2, 3))
    stored[absent] = 0.0
    np.save(tmp_path / "m.npy", stored)
    source, _, found, _ = read(tmp_path / "m.npy")
    np.testing.assert_array_equal(found, points)
    assert source.facts.keypoints[9] == "tail_base"
    assert source.facts.animals == ("mouse1", "mouse2", "mouse3")


def test_archives_hold_sequences_and_pickles_are_refused(tmp_path, layouts):
    from bitflow.datasets.poses.recognise import open_poses

    points, _ = layouts.known(animals=3, keypoints=12)
    np.savez(tmp_path / "m.npz", EGS8=points, A7Q=points[:5])
    assert [source.name for source in open_poses(tmp_path / "m.npz")] == ["EGS8", "A7Q"]
    np.save(tmp_path / "official.npy", {"sequences": {}}, allow_pickle=True)
    with pytest.raises(UnsafeFileError, match=r"official\.npy.*numpy\.savez"):
        open_poses(tmp_path / "official.npy")
    np.savez(tmp_path / "evil.npz", a=np.array([{}], object))
    with pytest.raises(UnsafeFileError):
        open_poses(tmp_path / "evil.npz")


def test_coco_data_sets_and_results(tmp_path, layouts, read):
    points, _ = layouts.known()
    source = same(
        read, layouts, layouts.coco(tmp_path / "c.json", points), points, None, animals=("track_1", "track_2")
    )
    assert source.facts.skeleton == ((0, 1), (1, 2))
    kept = points[np.isfinite(points).any(axis=(1, 2, 3))]
    path = layouts.coco(tmp_path / "r.json", kept, results=True)
    source, *_ = read(path, keypoints=layouts.NAMES)
    assert source.facts.keypoints == layouts.NAMES


def test_coco_without_tracks_says_so(tmp_path, layouts, read):
    points, _ = layouts.known(whole=True)
    source, *_ = read(layouts.coco(tmp_path / "c.json", points, tracked=False))
    assert "no track_id" in source.notes[0]


def test_superanimal_bodies_have_no_names(tmp_path, layouts, read):
    points, confidence = layouts.known(whole=True)
    path = layouts.superanimal(tmp_path / "s.json", points, confidence)
    source, _, found, _ = read(path, keypoints=layouts.NAMES)
    assert source.facts.keypoints == layouts.NAMES
    np.testing.assert_allclose(found, points)
    with pytest.raises(UsageError, match="has 4 keypoints, and --keypoints names 2"):
        read(path, keypoints=("a", "b"))


def test_anipose_points_lie_in_space(tmp_path, layouts, read):
    points, confidence = layouts.known(animals=1, dimensions=3)
    path = layouts.anipose(tmp_path / "a.csv", points, confidence)
    source = same(read, layouts, path, points, confidence, animals=("animal",), format="Anipose")
    assert source.facts.unit == "mm"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"time,value\n1,2\n", "none of the layouts"),
        (b"CDF\x01rest", "netCDF-4"),
        (b"\x80\x04\x95rest", "is a pickle"),
        (b'{"a": 1}', "none of COCO"),
        (b"scorer,n,n\nbodyparts,a,a\n", "'coords' is missing"),
        (b"scorer,n,n\nbodyparts,a,a\ncoords,x,y\n0,1,oops\n", "not as it says"),
        (b"scorer,n,n\nbodyparts,a,a\ncoords,x,y\n0,1\n", "not as it says"),
        (b"scorer,n,n\nbodyparts,a,a\ncoords,x,x\n0,1,2\n", "'x' of 'a' is there twice"),
        (b"scorer,n\nbodyparts,a\ncoords,x\n0,1\n", "x and y of 'a'"),
        (b"scorer,n,n\nbodyparts,a,a,a\ncoords,x,y\n0,1,2\n", "'bodyparts' has 4 cells"),
        (b"\x89HDF\r\n\x1a\nrubbish", "may be cut short"),
    ],
)
def test_what_is_no_file_of_poses_is_refused_in_one_sentence(tmp_path, read, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BitflowError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_json_of_any_length_is_read_an_entry_at_a_time(tmp_path, monkeypatch):
    from bitflow.datasets.poses import json_files

    monkeypatch.setattr(json_files, "_CHUNK", 3)
    value = {"a": {"k": [1, {"x": 'q"}]\\'}], "l": 123456}, "b": {}, "c": {"m": None}}
    path = tmp_path / "f.json"
    for text in (json.dumps(value), json.dumps(value, indent=2)):
        path.write_text(text)
        assert list(json_files.entries(path, 2)) == [
            (("a", "k"), value["a"]["k"]),
            (("a", "l"), 123456),
            (("c", "m"), None),
        ]
    path.write_text(json.dumps(value)[:-9])
    with pytest.raises(SchemaError, match="no whole JSON"):
        list(json_files.entries(path, 2))
