"""Plans: a program in steps, and the closed schema that holds the model that writes them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bitflow.events.language import parse, text_of
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.refusals import Malformed, Refusal, TooLarge, UnknownName
from bitflow.models.planning.examples import examples
from bitflow.models.planning.form import MOST_STEPS, plan_of, plan_schema, program_of, refusal_in
from bitflow.models.planning.names import Names
from bitflow.models.planning.veil import Veil
from tests.models.asking.scoring import clips

ASKING = Path(__file__).parents[1] / "asking"
PROGRAMS = sorted(
    {
        each["expected"]
        for file in ("questions.json", "people.json")
        for each in json.loads((ASKING / file).read_text(encoding="utf-8"))
        if isinstance(each["expected"], str) and not each["expected"].startswith("!") and ";" not in each["expected"]
    }
)
MEASURES = {"blink_rate_per_min": "1/min", "smile_rate_per_min": "1/min"}
LEVELS = {"participant": ("P01", "P02"), "visit": ("1", "2"), "group": ("control", "patient"), "age": ()}
PEOPLE = Names("person", measures=MEASURES, levels=LEVELS, events=("smile", "blink"), columns={"head_pose.yaw": "deg"})
MICE = Names("animal", clips(), Definitions.of(builtin()), events=tuple(Definitions.of(builtin()).by_name))


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_program_and_its_plan_mean_the_same(text):
    program = parse(text)
    assert program_of(json.loads(json.dumps(plan_of(program)))) == program


@pytest.mark.parametrize(
    "text",
    [
        "average (rate(min) smile) where covariate(group) in [patient] and measure(blink_rate_per_min) > 3 by group",
        "which where (total_time smile) > 5s per recording",
        'change coverage(blink_rate_per_min) from "1" to "2" by group',
        "list (smile or blink) and not column(head_pose.yaw) in 0deg..30deg for >=1s merge 0.5s in 30s..end",
        "list column(head_pose.yaw) > abs(column(head_pose.yaw))",
    ],
)
def test_values_conditions_and_times_are_cut_and_put_together_again(text):
    assert program_of(plan_of(parse(text))) == parse(text)


EMPTY = {"string": "", "integer": 0, "boolean": False, "array": [], "number": 0}


def filled(plan, schema):
    """A plan as a strict server makes a model write it: what is not wanted is empty."""

    def whole(node, kinds):
        for kind in kinds:
            made = {key: "" if "enum" in each else EMPTY[each["type"]] for key, each in kind["properties"].items()}
            made |= node
            if jsonschema.Draft202012Validator(kind).is_valid(made):
                return made
        raise AssertionError(f"{node} is of no kind")

    return {"steps": [whole(step, schema["properties"]["steps"]["items"]["anyOf"]) for step in plan["steps"]]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("list smile for >=2s", PEOPLE),
        ("count blink in 0s..60s", PEOPLE),
        ("compare measure(smile_rate_per_min) by group", PEOPLE),
        ("scan by group", PEOPLE),
        ("how_many where coverage(blink_rate_per_min) < 0.6 per recording", PEOPLE),
        ("rate(min) chase", MICE),
        ("list inside(nose, ROI0) for >=1s", MICE),
    ],
)
def test_a_plan_with_all_that_is_not_wanted_left_empty_fits_the_schema_and_means_the_same(text, names):
    schema = plan_schema(names)
    plan = filled(plan_of(parse(text)), schema)
    jsonschema.Draft202012Validator(schema).validate(plan)
    assert program_of(plan) == parse(text)


@pytest.mark.parametrize("names", [PEOPLE, MICE])
def test_the_schema_is_closed_shallow_and_names_only_what_is_there(names):
    schema = plan_schema(names)
    jsonschema.Draft202012Validator.check_schema(schema)
    said = json.dumps(schema)
    for keyword in ("$ref", "$defs", '"const"', '"null"'):
        assert keyword not in said
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert set(node["required"]) == set(node["properties"])
            waiting += node.values()
    absent = ("chase", "column") if names is PEOPLE else ("head_pose.yaw", "smile_rate_per_min")
    assert f'"{absent[0]}"' not in said
    assert ('"head_pose.yaw"' in said) == (names is PEOPLE)
    assert "ROI7" not in said


def test_a_store_without_behaviours_or_columns_can_be_asked_across_recordings_alone():
    schema = plan_schema(Names("person", measures=MEASURES, levels=LEVELS))
    kinds = schema["properties"]["steps"]["items"]["anyOf"]
    answers = {answer for each in kinds for answer in each["properties"].get("answer", {}).get("enum", ())}
    assert "compare" in answers
    assert "list" not in answers


STEP = {"step": 1, "event": "smile"}
LIST = {"answer": "list", "events": 1}


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [
        ({"steps": [LIST]}, Malformed),
        ({"steps": [{"step": 1, "op": "not", "a": 1}, LIST]}, Malformed),
        ({"steps": [{"step": 1, "op": "not", "a": 2}, {**STEP, "step": 2}, LIST]}, Malformed),
        ({"steps": [STEP, STEP, LIST]}, Malformed),
        ({"steps": [{"step": "1", "event": "smile"}, LIST]}, Malformed),
        ({"steps": ["smile", LIST]}, Malformed),
        ({"steps": "smile"}, Malformed),
        ({"steps": []}, Malformed),
        ({}, Malformed),
        ({"steps": [STEP, "list"]}, Malformed),
        ({"steps": [STEP]}, Malformed),
        ({"steps": [STEP, LIST], "run": "rm"}, Malformed),
        ({"steps": [STEP, {**STEP, "step": 2}, {**LIST, "step": 3}]}, Malformed),
        ({"steps": [STEP, LIST, {**LIST, "step": 3}]}, Malformed),
        ({"steps": [STEP, {"answer": "drop", "events": 1}]}, UnknownName),
        ({"steps": [{**STEP, "run": "rm"}, LIST]}, UnknownName),
        ({"steps": [STEP, {"answer": "list", "events": True}]}, Malformed),
        ({"steps": [STEP, {"answer": "compare", "values": [1], "by": ["group"]}]}, Malformed),
        ({"steps": [STEP, {"answer": "how_many", "where": [1]}]}, Refusal),
        ({"steps": [{"step": 1, "measure": "x"}, LIST]}, Malformed),
        ({"steps": [{**STEP, "step": n} for n in range(1, MOST_STEPS + 2)]}, TooLarge),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_a_reason(plan, refusal):
    with pytest.raises(refusal):
        program_of(plan)


def test_steps_that_double_each_other_are_counted_as_what_they_unfold_to():
    steps = [{"step": 1, "event": "smile"}]
    steps += [{"step": n, "op": "and", "args": [n - 1, n - 1]} for n in range(2, MOST_STEPS)]
    with pytest.raises(TooLarge, match="200 nodes"):
        program_of({"steps": [*steps, {"answer": "count", "events": MOST_STEPS - 1}]})


def test_what_is_empty_is_left_out():
    asked = {"answer": "count", "events": 1, "signals": [], "time": ["", ""], "at_least": 0, "stat": "", "by": ""}
    plan = {"steps": [{"step": 1, "event": "smile", "actor": "", "target": ""}, asked]}
    assert text_of(program_of(plan)) == "count smile"


@pytest.mark.parametrize("names", [PEOPLE, MICE, Names("person", measures=MEASURES, levels=LEVELS)])
def test_examples_are_written_as_the_schema_wants_them_and_in_its_order(names):
    schema = plan_schema(names)
    shown = [(question, program) for question, program in examples(names, Veil(names)) if program is not None]
    assert len(shown) > 4
    for question, program in shown:
        plan = plan_of(program)
        jsonschema.Draft202012Validator(schema).validate(plan)
        for step in plan["steps"]:
            kinds = [
                kind for kind in schema["properties"]["steps"]["items"]["anyOf"] if set(kind["properties"]) == set(step)
            ]
            assert [*step] in [[*kind["properties"]] for kind in kinds], question


def test_an_example_names_no_stand_in_of_a_participant():
    told = [text_of(program) for _, program in examples(PEOPLE, Veil(PEOPLE)) if program is not None]
    assert any("by group" in each for each in told)
    assert not any("participant" in each for each in told)


def test_a_condition_in_the_place_of_a_value_is_told_where_it_belongs():
    some = {"step": 1, "covariate": "group", "op": "in", "words": ["patient"]}
    with pytest.raises(Malformed, match="goes into `where`"):
        program_of({"steps": [some, {"step": 2, "answer": "average", "values": [1]}]})


def test_what_a_refusal_says_is_one_of_the_codes():
    assert refusal_in({"steps": [STEP, {"answer": "refuse", "code": "CAUSAL"}]}) == "CAUSAL"
    for plan in ({"steps": [{"answer": "refuse", "code": "BORED"}]}, {"steps": []}, {"steps": [3]}, {}, [], None):
        assert refusal_in(plan) == ""
