"""A manifest of the Human Behavior Atlas answered by a server, and scored by the atlas' own scorer."""

from __future__ import annotations

import json

from bitflow.cli.main import main
from bitflow.datasets.human_behavior_atlas.manifest import read_manifest
from tests.datasets.test_human_behavior_atlas import row
from tests.models.endpoints.stub_server import Stub, schema_of

MOODS = ("anger", "sad", "happy")


def write(folder, rows):
    path = folder / "test.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


def moods(n):
    """Samples whose words say the answer."""
    rows = []
    for k in range(n):
        made = row(answer=MOODS[k % 3], videos=[f"v/{1000 + k}_a.mp4"])
        rows.append(made | {"problem": made["problem"].replace("it is over", f"i am {MOODS[k % 3]}")})
    return rows


def reads(body):
    """The letter of the option that the words name; an open question gets an open answer."""
    if "answer" in schema_of(body)["properties"]:
        return {"seen": "a hat", "answer": "he waves goodbye"}
    data, asked = (part["text"] for part in body["messages"][1]["content"][-2:])
    mood = next(name for name in MOODS if f"i am {name}" in data)
    return {"cues": [], "verdict": asked[asked.index(f": {mood}") - 1]}


def test_answers_of_a_server_are_scored_by_the_atlas_scorer(tmp_path, capsys):
    question = {"problem": "<video>\nhello\nThe above is a clip. What does he do?", "answer": "He waves goodbye."}
    asked = row("mimeqa", "He waves goodbye.", "nonverbal_qa", videos=["m/1.mp4"])
    manifest = write(tmp_path, [*moods(9), asked | question])
    answers = tmp_path / "answers.jsonl"
    with Stub(answer=reads) as stub:
        command = ["predict", "hba", "--manifest", str(manifest), "--endpoint", stub.url, "--model", "stub-1"]
        assert main([*command, "-o", str(answers), "--set", "in_flight=4"]) == 0
        before, requests = answers.read_bytes(), len(stub.requests)
        assert main([*command, "-o", str(answers)]) == 0
    assert (answers.read_bytes(), len(stub.requests)) == (before, requests)
    assert stub.faults == []
    rows = [json.loads(line) for line in answers.read_text().splitlines()]
    assert len({tuple(each["options"]) for each in rows if each["options"]}) > 1
    assert [each["id"] for each in rows] == [sample.id for sample in read_manifest(manifest)]
    capsys.readouterr()
    assert main(["evaluate", "hba", "--manifest", str(manifest), "--answers", str(answers), "--json"]) == 0
    scores = {each["dataset"]: each["metrics"] for each in json.loads(capsys.readouterr().out)["rows"]}
    assert scores["cremad"]["mean_weighted_accuracy"] == 1.0
    assert scores["mimeqa"]["normalised_match"] == 1.0


def test_an_abstention_is_an_answer_that_names_nothing(tmp_path, capsys):
    manifest, answers = write(tmp_path, moods(6)), tmp_path / "answers.jsonl"
    with Stub(answer=lambda body: {"cues": [], "verdict": "cannot_tell"}) as stub:
        command = ["predict", "hba", "--manifest", str(manifest), "--endpoint", stub.url, "--model", "stub-1"]
        assert main([*command, "-o", str(answers)]) == 0
    capsys.readouterr()
    assert main(["evaluate", "hba", "--manifest", str(manifest), "--answers", str(answers), "--json"]) == 0
    score = json.loads(capsys.readouterr().out)["rows"][0]
    assert score["unparsed"] == 1.0
    assert score["metrics"]["mean_weighted_accuracy"] == 0.5  # no hit, no false alarm


def test_what_is_missing_is_said_before_anything_is_asked(tmp_path, capsys):
    assert main(["predict", "hba", "--manifest", str(tmp_path / "none.jsonl")]) == 2
    assert "--endpoint URL" in capsys.readouterr().err
    assert main(["predict", str(tmp_path), str(tmp_path), "--manifest", "x"]) == 2
    assert "belong to `bitflow predict hba`" in capsys.readouterr().err
