"""Of several people in a recording the participant counts, where it is known who that is."""

from __future__ import annotations

import shutil
import time

import pytest

from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.language import parse
from bitflow.events.language.definitions import Definitions
from bitflow.measures.run import measure_store
from bitflow.people import name_role
from bitflow.store import FeatureStore
from bitflow.studies.answering import answer_study
from bitflow.studies.index import measure_index

MEASURE = "average measure(head_pitch_mean_deg) per recording"
EVENTS = "average (value head_pose.pitch mean) per recording"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roles") / "store"
    simulate_person(folder, people=2, duration=60.0, recording="talk")
    (folder / "talk/face_landmarks.parquet").unlink()
    measure_store(folder, measures=["head_pitch_mean_deg"])
    return folder


@pytest.fixture
def store(measured, tmp_path):
    shutil.copytree(measured, tmp_path / "store")
    time.sleep(0.05)  # longer than the grain of a file system's clock
    return FeatureStore(tmp_path / "store")


def value(store, program):
    found = answer_study(parse(program).queries[0], store, Definitions.of(()))
    return found.answer["rows"][0]["value"], [warning.split(":")[0] for warning in found.warnings]


@pytest.mark.parametrize("program", [MEASURE, EVENTS])
def test_the_participant_counts_alone_as_soon_as_somebody_says_who_it_is(store, program):
    rows = store["talk"].table("measures")
    angles = dict(zip(rows["person"], rows["value"], strict=True))
    assert angles["0"] != angles["1"]
    both, warned = value(store, program)
    assert both == pytest.approx((angles["0"] + angles["1"]) / 2, rel=1e-3)
    assert "several_people" in warned
    for person in (0, 1, 0):
        name_role(store["talk"], 1 - person, "interviewer")
        name_role(store["talk"], person, "participant")
        found, warned = value(store, program)
        assert found == pytest.approx(angles[str(person)], rel=1e-3)
        assert "participant" in warned
        assert "several_people" not in warned


def test_who_is_who_is_read_again_only_where_it_changed(store, monkeypatch):
    name_role(store["talk"], 1, "participant")
    time.sleep(0.05)
    assert measure_index(store).participants == {"talk": "1"}
    time.sleep(0.05)
    measure_index(store)
    monkeypatch.setattr("bitflow.studies.roles.people_rows", lambda recording: pytest.fail("read again"))
    assert measure_index(store).participants == {"talk": "1"}
    (store.path / "talk/measures.parquet").unlink()
    assert measure_index(store).participants == {}
