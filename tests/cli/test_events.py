"""``bitflow events`` and ``bitflow ask``: one form for people, one for programs, and refusals with exit code 3."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.poses import PoseFacts, PoseSeries, write_poses
from bitflow.regions import Region, Regions, write_regions
from bitflow.store import FeatureStore

PROVENANCE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}


@pytest.fixture(scope="module")
def mice(tmp_path_factory):
    """Two mice; the second runs after the first from 2 s to 4 s, into the corner."""
    store = FeatureStore.create(tmp_path_factory.mktemp("store") / "features")
    along = np.clip(np.arange(60) - 20, 0, 20) * 8.0
    body = np.array([[20.0, 0], [0, 0], [-20, 0]])
    points = np.stack(
        [np.stack([along + ahead, np.zeros(60)], axis=1)[:, None] + body for ahead in (60.0, 0.0)], axis=1
    )
    facts = PoseFacts(("nose", "neck", "tail_base"), ("mouse1", "mouse2"))
    recording = store.draft("mice")
    write_poses(recording, PoseSeries.of(points, facts, rate=10.0), provenance=PROVENANCE)
    write_regions(recording, Regions((Region("corner", "polygon", ((180, -50), (400, -50), (400, 50), (180, 50))),)))
    return store.path


def run(capsys, *words: object) -> tuple[int, dict]:
    code = main([str(word) for word in (*words, "--json")])
    return code, json.loads(capsys.readouterr().out)


def test_events_have_the_published_form(mice, capsys):
    code, said = run(capsys, "events", mice, "--query", "list chase")
    assert code == 0
    assert said["program"] == "list chase"
    (event,) = said["events"]
    assert set(event) == {"recording", "actor", "target", "region", "start", "end", "coverage"}
    assert (event["recording"], event["actor"], event["target"]) == ("mice", "mouse2", "mouse1")
    assert (event["start"], event["end"], event["coverage"]) == (pytest.approx(2.1), pytest.approx(4.0), 1.0)
    assert said["coverage"] == 1.0
    assert said["warnings"] == []
    assert said["definitions"]["chase"].startswith("speed > 1.5bl/s")


def test_a_question_in_words_is_the_program_it_means(mice, capsys):
    asked = run(capsys, "ask", mice, "when does mouse 2 chase mouse 1?")[1]
    assert asked["program"] == "list chase(actor=mouse2, target=mouse1)"
    found = run(capsys, "events", mice, "--ask", "when does mouse 2 chase mouse 1?")[1]
    assert found["program"] == asked["program"]
    assert set(asked) == {"program", "answer", "evidence", "coverage", "warnings"}
    (event,) = asked["evidence"]
    assert (event["recording"], event["table"]) == ("mice", "poses")
    assert [row["target"] for row in asked["answer"]["rows"]] == ["mouse1"]


def test_the_program_is_shown_before_the_answer(mice, capsys):
    assert main(["ask", str(mice), "how long is mouse1 in the corner?"]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[0] == "understood as:  total_time inside(centre, corner) by mouse1"
    assert "mouse1" in out


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("events", "--query", "list chse"), "UnknownName"),
        (("events", "--query", "list speed > 5cm/s"), "MissingCalibration"),
        (("events", "--query", '{"v": 1, "answer": "list", "events": {"op": "exec"}}'), "UnknownName"),
        (("events", "--query", '{"v": 1,'), "Malformed"),
        (("ask", "is mouse1 happy?"), "NotExpressible"),
        (("events", "--ask", "when is mouse1 faster than 5?"), "UnitMissing"),
    ],
)
def test_a_refusal_is_an_object_and_exit_code_3(mice, capsys, words, kind):
    code, said = run(capsys, words[0], mice, *words[1:])
    assert code == 3
    assert set(said) == {"error"}
    assert set(said["error"]) == {"type", "message", "hints"} | ({"code"} if words[0] == "ask" else set())
    assert said["error"]["type"] == kind
    assert main([words[0], str(mice), *words[1:]]) == 3
    assert capsys.readouterr().err.startswith("bitflow: ")


def test_who_whom_plots_schema_files_and_the_table(mice, capsys, tmp_path):
    assert main(["events", str(mice), "--query", "matrix chase", "--plot", str(tmp_path / "chase.svg")]) == 0
    assert "mouse2  1       ·" in capsys.readouterr().out
    assert (tmp_path / "chase.svg").read_text(encoding="utf-8").count("<title>") == 1
    program = tmp_path / "quick.events"
    program.write_text("define quick = speed > 1.9bl/s; count quick", encoding="utf-8")
    assert [row["value"] for row in run(capsys, "events", mice, "--query", program)[1]["answers"][0]["rows"]] == [1, 1]
    own = tmp_path / "own.events"
    own.write_text("define quick = speed > 1.9bl/s for >=1s;", encoding="utf-8")
    assert (
        len(run(capsys, "events", mice, "--query", "list quick", "--definitions", own, "--save", "quick")[1]["events"])
        == 2
    )
    rows = FeatureStore(mice)["mice"].table("events")
    assert sorted(rows["track"]) == [0, 1]
    assert set(rows["name"]) == {"quick"}
    assert not FeatureStore(mice).check()
    code, schema = run(capsys, "events", mice, "--schema")
    assert code == 0
    assert "chase" in json.dumps(schema["$defs"]["body"])
    assert "mouse2" in json.dumps(schema["$defs"]["query"])


def test_people_are_asked_for_what_measures_count(tmp_path, capsys):
    truth = simulate_person(tmp_path, people=1)
    code, said = run(capsys, "events", tmp_path, "--query", "list smile; rate(min) blink; value head_pose.yaw sd")
    assert code == 0
    assert [event["start"] for event in said["events"]] == pytest.approx(sorted(truth.scripts[0].smiles), abs=0.25)
    assert said["answers"][2]["unit"] == "deg"
    both = run(capsys, "ask", tmp_path, "count pauses of person 0 while smiling")[1]
    assert both["program"] == 'count during(pause, smile) by "0"'
    code, said = run(capsys, "events", tmp_path, "--query", "list chase")
    assert (code, said["error"]["type"]) == (3, "NotMeasured")
