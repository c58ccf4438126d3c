"""Each behaviour is defined once, strictly to count and leniently to contradict."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.behaviour import Level, behaviours
from bitflow.events.face import CORNER_LIFTS, ActionUnit, FaceSeries, find_smiles
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.signal import Signal
from bitflow.events.table import event_batch
from bitflow.store import FeatureStore, Recording

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


@pytest.mark.parametrize("name", sorted(behaviours()))
def test_a_behaviour_can_be_what_is_asked_first(simulated, name):
    def answer(scene: Scene) -> int | str:
        try:
            return len(behaviours()[name].events(scene.person(0)))
        except Undefined as undefined:
            return undefined.reason

    _, scene = simulated
    fresh = Scene(scene.recording)  # which nobody has asked who is there
    assert answer(fresh) == answer(scene)


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


@pytest.mark.parametrize(("corners", "counted"), [(0.09, 1), (0.02, 0), (-0.05, 0), (None, 1), (np.nan, 1)], ids=str)
def test_corners_that_are_pulled_aside_and_do_not_rise_are_no_smile_and_contradict_none(corners, counted):
    pull = np.zeros(300)
    pull[100:160] = 0.9
    lift = None if corners is None else Signal(np.where(pull > 0, corners, 0.0), unit="1")
    face = FaceSeries({"au12": ActionUnit("au12_proxy", Signal(pull), 0.4, 0.3)}, lift)
    assert len(find_smiles(face)) == counted
    assert len(find_smiles(face, Level.LENIENT)) == 1


def with_corners(place: Recording, lift: np.ndarray) -> Scene:
    """The recording as it is seen when its mouth corners lie so high."""
    schema = place.schema("face_actions")
    columns = {name: np.asarray(place.file("face_actions").read([name])[name]) for name in schema.names}
    columns |= {side: lift for side in CORNER_LIFTS}
    place.write(schema, [schema.batch(columns)], provenance={"extractor": "test"})
    return Scene(place)


@pytest.mark.parametrize("rest", [-0.04, 0.06])
def test_the_rest_of_the_corners_is_the_persons_own(tmp_path, rest):
    simulate_person(tmp_path, duration=60, people=1)
    place = FeatureStore(tmp_path)["simulated"]
    pull = place.table("face_actions")["mouthSmileLeft"].to_numpy()
    otherwise = 0.05 * np.clip(np.sin(np.arange(len(pull)) / 40), 0, 1) * (pull < 0.1)
    assert len(onsets(with_corners(place, rest + 0.08 * pull), "smile")) > 0
    assert len(onsets(with_corners(place, rest + otherwise), "smile")) == 0


def test_corners_that_are_stuck_take_no_smile_away(tmp_path):
    script = simulate_person(tmp_path, duration=60, people=1).scripts[0]
    place = FeatureStore(tmp_path)["simulated"]
    stuck = np.full(len(place.table("face_actions")), 0.3)
    assert len(onsets(with_corners(place, stuck), "smile")) == len(script.smiles) > 0
