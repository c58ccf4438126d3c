"""What recognisers said of moments, and prompts that somebody marked, in programs: on rows written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitflow.annotations.table import ANNOTATIONS
from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.language import from_json, parse, text_of, to_json
from bitflow.events.language.answers import Answer, answer
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.outcome import subjects_of
from bitflow.events.language.prompts import meant, prompt_labels
from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.models.predictions import PREDICTIONS
from bitflow.store import FeatureStore


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A minute: prompt 1 to 20 s, 2 to 40 s, 4 to 60 s; flagged from 10 to 30 s; words against face from 12 to 15 s."""
    place = tmp_path_factory.mktemp("recognised")
    simulate_person(place, duration=60.0)
    recording = FeatureStore(place)["simulated"]
    write_prompts(recording, [("Q1", 0.0, 20.0), ("Q2", 20.0, 40.0), ("Q4", 40.0, 60.0)])
    write_predictions(recording, [0.9 if 10 <= k < 30 else 0.2 for k in range(60)])
    return place


def write_prompts(recording, spans):
    rows = [{"start": a, "end": b, "name": name, "track": -1, "target": -1, "tier": "prompt"} for name, a, b in spans]
    batch = ANNOTATIONS.batch({name: [row.get(name) for row in rows] for name in ANNOTATIONS.names})
    recording.write(ANNOTATIONS, [batch], provenance={"extractor": "by hand"})


def write_predictions(recording, moments, task="ambivalence"):
    rows = [
        {"start": float(k), "end": k + 1.0, "name": task, "level": "frame", "value": v} for k, v in enumerate(moments)
    ]
    cue = {"start": 12.0, "end": 15.0, "name": "text positive, face negative", "level": "cue", "value": 0.8}
    other = {"start": 40.0, "end": 42.0, "name": "text negative, voice positive", "level": "cue", "value": 0.7}
    rows += [cue, other]
    rows.sort(key=lambda row: row["start"])
    filled = [{"track": -1, "target": -1, "abstains": False, **row} for row in rows]
    batch = PREDICTIONS.batch({name: [row.get(name) for row in filled] for name in PREDICTIONS.names})
    recording.write(PREDICTIONS, [batch], provenance={"extractor": "by hand"})


def asked(store: Path, program: str) -> Answer:
    read = parse(program)
    subjects = subjects_of(FeatureStore(store)["simulated"], read)
    return answer(read, subjects, Definitions.of(builtin()))[0]


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("fraction predicted(ambivalence) >= 0.5", 20 / 60),
        ("fraction predicted >= 0.5", 20 / 60),
        ("fraction provided(predicted >= 0.5, prompt(1))", 0.5),
        ('fraction provided(predicted >= 0.5, prompt(["Q1", 2]))', 0.5),
        ("fraction provided(predicted >= 0.5, prompt([4]))", 0.0),
        ("total_time prompt([1, 4])", 40.0),
        ("value predicted mean over prompt(1)", 0.55),
        ("count discord", 1),
        ("count discord(text, voice)", 1),
    ],
)
def test_moments_of_a_recogniser_and_prompts_are_statements_like_others(store, program, value):
    assert asked(store, program).rows[0]["value"] == pytest.approx(value, abs=0.02)
    read = parse(program)
    assert parse(text_of(read)) == read == from_json(to_json(read))


def test_where_streams_disagree_is_told_as_the_recogniser_said_it_and_as_an_interpretation(store):
    found = asked(store, "list discord")
    assert [(event.start, event.end, event.text) for event in found.events] == [
        (12.0, 15.0, "text positive, face negative")
    ]
    assert any("interpretation" in warning for warning in found.warnings)


def test_what_nobody_recognised_or_marked_is_not_measured(store, tmp_path):
    simulate_person(tmp_path, duration=20.0)
    for program in ("list discord", "fraction predicted >= 0.5", "total_time prompt(1)"):
        with pytest.raises(NotMeasured):
            asked(tmp_path, program)
    for program in ("total_time prompt(9)", "fraction predicted(joy) >= 0.5", "list discord(face, face)"):
        with pytest.raises(UnknownName):
            asked(store, program)


def test_prompts_are_called_by_label_or_number():
    assert meant("4", ["Q4", "Q14", "q 4"]) == ["Q4", "q 4"]
    assert meant("Question 4", ["4", "14"]) == ["4"]
    assert meant("hard", ["Hard", "easy"]) == ["Hard"]
    assert meant("hard", ["4"]) == []


def test_labels_of_prompts_stand_in_their_order(store):
    assert prompt_labels([FeatureStore(store)["simulated"]]) == ("Q1", "Q2", "Q4")


def test_the_question_about_face_and_words_uses_the_recogniser_and_says_so(store, tmp_path, capsys):
    assert main(["ask", str(store), "Show moments where face and words disagree", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["program"] == "list discord"
    assert any("recogniser: an interpretation" in each for each in said["warnings"])
    assert said["evidence"][0]["table"] == "predictions"
    simulate_person(tmp_path, duration=20.0)
    assert main(["ask", str(tmp_path), "Show moments where face and words disagree", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["program"].startswith("list union(")
    assert any("interpretation" in each for each in said["warnings"])
    assert main(["ask", str(tmp_path), "When do voice and words disagree?", "--json"]) == 3
    capsys.readouterr()
    assert main(["ask", str(store), "When do voice and words disagree?", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["program"] == "list discord(second=voice)"
