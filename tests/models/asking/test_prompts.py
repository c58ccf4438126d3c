"""Questions by prompt, and tables sorted by several covariates: read, printed, answered on made recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.language import from_json, parse, text_of, to_json
from bitflow.events.language.refusals import Refusal
from bitflow.store import FeatureStore
from tests.events.language.test_recognised import write_predictions, write_prompts

PEOPLE = (("A", "m", 50), ("B", "f", 40), ("C", "f", 30), ("D", "m", 20), ("E", "f", None))


def made(place: Path, covariates: str, rows: list[str]) -> Path:
    (place / "people.csv").write_text("\n".join([covariates, *rows]), encoding="utf-8")
    assert main(["participants", str(place), str(place / "people.csv")]) == 0
    return place


@pytest.fixture(scope="module")
def marked(tmp_path_factory) -> Path:
    """Five people; prompts 1 and difficult are marked within each recording, and the first is flagged."""
    place = tmp_path_factory.mktemp("marked")
    rows = []
    for seed, (name, sex, age) in enumerate(PEOPLE):
        simulate_person(place, recording=f"r{name}", duration=40.0, seed=seed)
        recording = FeatureStore(place)[f"r{name}"]
        write_prompts(recording, [("1", 0.0, 20.0), ("difficult", 20.0, 40.0)])
        write_predictions(recording, [0.9 if k < 10 else 0.1 for k in range(40)])
        rows.append(f"r{name},{name},{sex},{'' if age is None else age}")
    return made(place, "recording,participant,sex,age", rows)


@pytest.fixture(scope="module")
def answered(tmp_path_factory) -> Path:
    """One recording a question, as in BAH: 1 and 4 of two people."""
    place = tmp_path_factory.mktemp("answered")
    rows = []
    for seed, (who, question) in enumerate((w, q) for w in ("A", "B") for q in ("1", "4")):
        simulate_person(place, recording=f"{who}{question}", duration=40.0, seed=seed)
        write_predictions(FeatureStore(place)[f"{who}{question}"], [0.9 if question == "4" else 0.1] * 40)
        rows.append(f"{who}{question},{who},Q{question}")
    return made(place, "recording,participant,question", rows)


def ask(capsys, store: Path, question: str) -> tuple[int, dict]:
    code = main(["ask", str(store), question, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_flagged_time_by_prompt_is_told_of_intervals_and_of_recordings(marked, answered, capsys):
    code, said = ask(capsys, marked, "Share of A/H-flagged time per question")
    assert (code, said["program"]) == (0, "distribution (fraction predicted(ambivalence) >= 0.5) by prompt")
    told = {row["prompt"]: row["value"] for row in said["answer"]["rows"]}
    assert told == {"1": pytest.approx(0.5, abs=0.02), "difficult": pytest.approx(0.0, abs=0.02)}
    assert said["answer"]["participants"] == said["answer"]["recordings"] == 5
    code, said = ask(capsys, answered, "Share of A/H-flagged time per question")
    assert (code, said["program"]) == (0, "distribution (fraction predicted(ambivalence) >= 0.5) by question")
    assert {row["question"]: row["value"] for row in said["answer"]["rows"]} == {"Q1": 0.0, "Q4": 1.0}


def test_gaze_aversion_during_some_prompts_is_a_share_of_their_time(marked, answered, capsys):
    code, said = ask(capsys, marked, "Average gaze aversion during difficult questions")
    assert (code, said["program"]) == (0, "average (fraction provided(look_away, prompt(difficult)))")
    assert said["answer"]["rows"][0]["n"] == 5
    code, said = ask(capsys, answered, "Average gaze aversion during questions 1 and 4")
    assert said["program"] == "average (fraction look_away) where covariate(question) in [Q1, Q4]"
    code, said = ask(capsys, answered, "Average gaze aversion during difficult questions")
    assert (code, said["error"]["code"]) == (3, "AMBIGUOUS")
    code, said = ask(capsys, answered, "Average gaze aversion during prompt 9")
    assert (code, said["error"]["code"]) == (3, "UNKNOWN_NAME")


def test_without_prompts_nothing_is_measured_of_them(tmp_path, capsys):
    simulate_person(tmp_path, recording="r", duration=20.0)
    for question in ("Share of A/H-flagged time per prompt", "Average gaze aversion during prompt 4"):
        code, said = ask(capsys, tmp_path, question)
        assert (code, said["error"]["code"]) == (3, "NOT_MEASURED")
        assert any("tier called `prompt`" in hint for hint in said["error"]["hints"])
    for program in ("distribution (fraction smile) by prompt", "average (fraction predicted >= 0.5)"):
        code, said = ask(capsys, tmp_path, program)
        assert (code, said["error"]["code"]) == (3, "NOT_MEASURED")


def test_a_table_is_sorted_by_several_covariates_with_what_is_missing_last(marked, capsys):
    code, said = ask(capsys, marked, "Females first: order the table by age")
    assert (code, said["program"]) == (0, "table sort sex [f], age")
    rows = [(row["participant"], row["sex"], row["age"]) for row in said["answer"]["rows"]]
    assert rows == [("C", "f", 30.0), ("B", "f", 40.0), ("E", "f", None), ("D", "m", 20.0), ("A", "m", 50.0)]
    assert ask(capsys, marked, "sort participants by sex, then age")[1]["program"] == "table sort sex, age"
    said = ask(capsys, marked, "order participants by sex and age, men first, oldest first")[1]
    assert said["program"] == "table sort sex [m], age desc"
    assert [row["participant"] for row in said["answer"]["rows"]] == ["A", "D", "B", "C", "E"]
    assert ask(capsys, marked, "sort participants by age")[1]["program"] == "rank covariate(age) least"
    assert ask(capsys, marked, "table (fraction smile) sort age")[1]["answer"]["rows"][0]["participant"] == "D"
    assert main(["ask", str(marked), "table sort sex, age"]) == 0
    assert "participant" in capsys.readouterr().out


@pytest.mark.parametrize(
    "program",
    [
        "table sort sex [f], age",
        "table measure(blink_rate_per_min) where covariate(age) > 20 per recording sort sex [f, m] desc, age desc",
        "distribution (fraction provided(look_away, prompt([4, 7]))) by prompt",
        "average (fraction predicted(ambivalence) >= 0.5)",
        "average (rate(min) amid(smile, prompt(1)))",
    ],
)
def test_programs_are_spelled_in_one_way(program):
    read = parse(program)
    assert parse(text_of(read)) == read == from_json(to_json(read))


@pytest.mark.parametrize(
    "program",
    ["table", "table sort age, age", "rank covariate(age) sort sex", "table sort", "average measure(a) sort b"],
)
def test_a_table_needs_its_keys_and_nothing_else_has_any(program):
    with pytest.raises(Refusal):
        parse(program)
