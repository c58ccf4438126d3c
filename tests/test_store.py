"""A store is plain folders; everything beside its tables can be lost and is made again."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from bitflow.errors import StoreError
from bitflow.people import PEOPLE
from bitflow.store import FeatureStore, fingerprint, open_store
from bitflow.tables import TIME, TRACK_KEYS, Column, Schema, write_table

HEAD = Schema("head_pose", "frame", (*TRACK_KEYS, Column("yaw", "float32", "deg", resample="linear")), tracks="face")


def head_rows(tracks: list[int]):
    count = len(tracks)
    return HEAD.batch(
        {"frame": np.arange(count), "time": np.arange(count) / 10, "track": tracks, "yaw": np.arange(count) * 2.0}
    )


def stamp(inputs: dict | None = None, **changed) -> dict:
    provenance = {"extractor": "head_pose", "version": "1", "parameters": {}, "inputs": inputs or {"media": "m"}}
    provenance |= changed
    return {"provenance": provenance, "fingerprint": fingerprint(provenance), "notes": []}


def people_rows(tracks: list[int], persons: list[int]):
    count = len(tracks)
    nothing = dict.fromkeys(PEOPLE.names)
    return PEOPLE.batch(
        nothing
        | {
            "kind": ["face"] * count,
            "track": tracks,
            "person": persons,
            "confidence": np.ones(count),
            "role": [None] * count,
        }
    )


@pytest.fixture
def store(tmp_path):
    store = FeatureStore.create(tmp_path / "features")
    recording = store.draft("p01/visit 1")
    write_table(recording.path / "head_pose.parquet", HEAD, [head_rows([0, 0, 4, 7])], stamp())
    return store


def test_an_id_is_a_path_below_the_store(store):
    assert list(store) == ["p01/visit 1"]
    assert "p01/visit 1" in store
    assert store["p01/visit 1"].tables == ("head_pose",)


def test_an_unknown_recording_is_answered_with_the_nearest(store):
    with pytest.raises(StoreError, match="did you mean 'p01/visit 1'"):
        store["p01/visit1"]


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "a/../../b", "", "recordings.parquet"])
def test_an_id_cannot_lead_out_of_the_store(store, name):
    with pytest.raises(StoreError):
        store.draft(name)


def test_tracks_are_joined_to_persons_on_reading_and_unknown_ones_are_minus_one(store):
    recording = store["p01/visit 1"]
    assert recording.table("head_pose")["person"].tolist() == [-1, -1, -1, -1]
    write_table(recording.path / "people.parquet", PEOPLE, [people_rows([0, 4], [1, 2])], stamp())
    assert recording.table("head_pose")["person"].tolist() == [1, 1, 2, -1]
    assert recording.table("head_pose", ["person", "yaw"]).columns.tolist() == ["person", "yaw"]


def test_aligned_puts_tables_on_one_clock(store):
    aligned = store["p01/visit 1"].aligned(rate=20, max_gap=0.5)
    row = aligned[np.isclose(aligned["time"], 0.05)]
    assert row["head_pose_yaw"].dropna().tolist() == pytest.approx([1.0])


def test_a_lost_index_is_rebuilt_from_the_tables(store):
    recording = store["p01/visit 1"]
    assert recording.status == "done"
    assert recording.info["tables"]["head_pose"]["rows"] == 4
    store.index()
    (row,) = store.recordings().to_dict("records")
    assert (row["id"], row["status"], row["error"], row["tables"]) == ("p01/visit 1", "done", None, "head_pose")


def test_a_store_of_a_later_format_is_refused(store):
    (store.path / "bitflow.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(StoreError, match="written in format 99"):
        open_store(store.path)


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(StoreError, match="not a feature store"):
        open_store(tmp_path)


def test_a_missing_table_is_answered_with_those_that_are_there(store):
    with pytest.raises(StoreError, match="has no table 'gaze'; it has: head_pose"):
        store["p01/visit 1"].table("gaze")


def test_check_is_silent_on_a_sound_store(store):
    (store["p01/visit 1"].path / "recording.json").write_text(json.dumps({"status": "done", "tables": {}}))
    assert store.check() == []


def test_check_finds_damage_in_the_middle_of_a_table(store):
    path = store["p01/visit 1"].path / "head_pose.parquet"
    content = bytearray(path.read_bytes())
    content[8:60] = bytes(52)
    path.write_bytes(content)
    errors = [finding for finding in store.check() if finding.severity == "error"]
    assert [(error.recording, error.table) for error in errors] == [("p01/visit 1", "head_pose")]


def test_check_finds_one_flipped_bit_in_the_values(store):
    path = store["p01/visit 1"].path / "head_pose.parquet"
    write_table(path, HEAD, [head_rows([0] * 500)], stamp())
    sound = path.read_bytes()
    yaw = pq.read_metadata(path).row_group(0).column(3)
    end = yaw.data_page_offset + yaw.total_compressed_size
    for place in range(end - 40, end, 7):
        content = bytearray(sound)
        content[place] ^= 1
        path.write_bytes(content)
        assert any(finding.severity == "error" for finding in store.check()), place


def test_damage_in_the_footer_is_told_and_not_raised(store):
    path = store["p01/visit 1"].path / "head_pose.parquet"
    sound = path.read_bytes()
    place = sound.index(b'"columns"')
    path.write_bytes(sound[:place] + b"?" + sound[place + 1 :])
    with pytest.raises(StoreError, match=r"head_pose\.parquet: damaged.*extract again"):
        store["p01/visit 1"].table("head_pose")
    assert ("head_pose", "error") in [(finding.table, finding.severity) for finding in store.check()]


def test_check_finds_a_table_cut_short(store):
    path = store["p01/visit 1"].path / "head_pose.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert any(f.severity == "error" and "head_pose" in f.sentence for f in store.check())


def test_check_finds_a_table_whose_source_was_made_again(store):
    recording = store["p01/visit 1"]
    write_table(recording.path / "people.parquet", PEOPLE, [people_rows([0], [0])], stamp({"head_pose": "older"}))
    sentences = [finding.sentence for finding in store.check() if finding.table == "people"]
    assert sentences == ["is out of date: 'head_pose' was made again since; extract 'people' again"]


def test_check_finds_a_fingerprint_that_is_not_its_provenances(store):
    recording = store["p01/visit 1"]
    forged = stamp() | {"fingerprint": "0" * 64}
    write_table(recording.path / "head_pose.parquet", HEAD, [head_rows([0])], forged)
    assert any("does not fit its provenance" in finding.sentence for finding in store.check())


def test_check_flags_a_store_that_mixes_mesh_models(store):
    mesh = Schema("face_landmarks", "frame", TRACK_KEYS, tracks="face")
    for name, model in (("a", "mesh478"), ("b", "mesh468")):
        folder = store.draft(name).path
        parameters = {"face_landmarks": {"model": model}}
        write_table(folder / "face_landmarks.parquet", mesh, [], stamp(parameters=parameters))
    assert any("different models" in finding.sentence for finding in store.check())


def test_a_path_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="no store can be made there"):
        FeatureStore.create(tmp_path / "file" / "features")


def test_notes_of_a_table_that_is_replaced_go_with_it(tmp_path):
    place = FeatureStore.create(tmp_path / "features").draft("r")
    schema = Schema("pulse", "signal", (TIME,))
    made = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
    for note in ("an earlier note", "a later note"):
        place.write(schema, [schema.batch({"time": [0.0]})], provenance=made, notes=[note])
    assert place.info["notes"] == ["a later note"]


def test_a_recording_says_why_its_file_cannot_be_read(tmp_path):
    from bitflow.datasets.simulate.person import simulate_person

    simulate_person(tmp_path, duration=1)
    assert FeatureStore(tmp_path)["simulated"].source_missing == "it was simulated, from no file"
