"""Corrections of who is who are kept apart from what the machine said, and survive a new extraction."""

from __future__ import annotations

import pytest

from bitflow.errors import UsageError
from bitflow.people import PEOPLE, forget_corrections, merge_people, name_role, persons_of, read_people, split_person
from bitflow.store import FeatureStore
from bitflow.tables import write_table


def write_people(recording, rows):
    """Rows are (kind, track, person, start, end)."""
    kind, track, person, start, end = (list(column) for column in zip(*rows, strict=True))
    seconds = [b - a for a, b in zip(start, end, strict=True)]
    columns = dict.fromkeys(PEOPLE.names) | {
        "kind": kind, "track": track, "person": person, "start": start, "end": end, "seconds": seconds,
    }  # fmt: skip
    write_table(recording.path / "people.parquet", PEOPLE, [PEOPLE.batch(columns)])


@pytest.fixture
def recording(tmp_path):
    recording = FeatureStore.create(tmp_path / "features").draft("visit")
    write_people(
        recording,
        [("face", 0, 0, 0.0, 60.0), ("face", 1, 1, 0.0, 20.0), ("face", 2, 2, 30.0, 60.0), ("body", 0, 0, 0.0, 60.0)],
    )
    return recording


def test_merged_persons_have_one_number_in_every_table(recording):
    merge_people(recording, [1, 2])
    assert persons_of(recording, "face") == {0: 0, 1: 1, 2: 1}
    assert recording.file("people").read().column("person").to_pylist() == [0, 1, 2, 0]


def test_a_split_track_becomes_a_new_person(recording):
    split_person(recording, [("body", 0)])
    assert persons_of(recording, "body") == {0: 3}
    assert persons_of(recording, "face") == {0: 0, 1: 1, 2: 2}


def test_a_split_takes_back_a_merge_of_the_same_track(recording):
    merge_people(recording, [1, 2])
    split_person(recording, [("face", 2)])
    assert persons_of(recording, "face")[1] != persons_of(recording, "face")[2]


def test_a_role_belongs_to_the_person_with_all_its_tracks(recording):
    name_role(recording, 0, "interviewer")
    people = read_people(recording)
    assert people[people["person"] == 0]["role"].tolist() == ["interviewer", "interviewer"]
    assert people[people["person"] != 0]["role"].isna().all()


def test_corrections_survive_a_rerun_that_deals_out_other_numbers(recording):
    merge_people(recording, [1, 2])
    name_role(recording, 1, "child")
    write_people(
        recording,
        [("face", 5, 0, 0.1, 20.0), ("face", 6, 1, 30.0, 59.0), ("face", 7, 2, 0.0, 60.0), ("body", 1, 2, 0.0, 60.0)],
    )
    people = read_people(recording).set_index("track")
    assert people.loc[5, "person"] == people.loc[6, "person"] != people.loc[7, "person"]
    assert people.loc[[5, 6], "role"].tolist() == ["child", "child"]


def test_a_correction_of_somebody_who_is_gone_changes_nobody_else(recording):
    name_role(recording, 1, "child")
    write_people(recording, [("face", 0, 0, 40.0, 60.0)])
    assert read_people(recording)["role"].isna().all()


def test_forgetting_brings_back_what_the_machine_said(recording):
    merge_people(recording, [0, 1])
    forget_corrections(recording)
    assert persons_of(recording, "face") == {0: 0, 1: 1, 2: 2}


def test_an_unknown_person_or_track_is_refused(recording):
    with pytest.raises(UsageError, match="there is no person 9; there are: 0, 1, 2"):
        merge_people(recording, [0, 9])
    with pytest.raises(UsageError, match="there is no face track 9"):
        split_person(recording, [("face", 9)])
