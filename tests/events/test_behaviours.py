"""Each behaviour is defined once, strictly to count and leniently to contradict."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.behaviour import Level, behaviours
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.table import event_batch
from bitflow.store import FeatureStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    truth = simulate_person(folder, people=1)
    return truth.scripts[0], Scene(FeatureStore(folder)["simulated"])


def onsets(scene: Scene, name: str) -> np.ndarray:
    return behaviours()[name].events(scene.person(0)).starts


@pytest.mark.parametrize(
    ("name", "planted", "before"),
    [
        ("smile", "smiles", 0.0),
        ("nod", "nods", 0.5),
        ("shake", "shakes", 0.5),
        ("eye_closure", "closures", 0.1),
        ("brow_lower", "frowns", 0.0),
    ],
)
def test_what_was_planted_is_found_where_it_was_planted(simulated, name, planted, before):
    script, scene = simulated
    expected = np.sort(np.array(getattr(script, planted)))
    found = onsets(scene, name)
    assert len(found) == len(expected)
    assert found == pytest.approx(expected, abs=0.25 + before)


def test_blinks_are_found_at_their_middles(simulated):
    script, scene = simulated
    found = behaviours()["blink"].events(scene.person(0))
    assert [event.middle for event in found] == pytest.approx(sorted(script.blinks), abs=0.02)


def test_pauses_are_half_a_second(simulated):
    script, scene = simulated
    pauses = behaviours()["pause"].events(scene.person(0))
    assert len(pauses) == len([turn for turn in script.turns])
    assert pauses.durations == pytest.approx(0.5, abs=0.011)


@pytest.mark.parametrize("name", sorted(name for name, each in behaviours().items() if each.has_level))
def test_whatever_counts_may_also_have_been(simulated, name):
    _, scene = simulated
    behaviour = behaviours()[name]
    strict = behaviour.events(scene.person(0))
    lenient = behaviour.events(scene.person(0), Level.LENIENT)
    assert len(strict.overlapping(lenient)) == len(strict)


def test_every_behaviour_says_what_it_is_and_needs():
    for behaviour in behaviours().values():
        assert behaviour.doc
        assert behaviour.needs
        assert behaviour.title


def test_the_table_of_events_is_sorted_and_holds_all_that_was_found(simulated):
    script, scene = simulated
    rows = event_batch(scene).to_pandas()
    assert rows["start"].is_monotonic_increasing
    assert (rows["name"] == "smile").sum() == len(script.smiles)
    assert set(rows["track"]) <= {0, -1}


def test_without_its_table_a_behaviour_is_undefined(tmp_path):
    simulate_person(tmp_path, duration=20)
    (tmp_path / "simulated" / "head_pose.parquet").unlink()
    scene = Scene(FeatureStore(tmp_path)["simulated"])
    with pytest.raises(Undefined) as refused:
        behaviours()["nod"].events(scene.person(0))
    assert refused.value.reason == "missing_table"


def test_no_measure_defines_a_behaviour_of_its_own():
    for path in (ROOT / "bitflow" / "measures").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "behaviour", path
