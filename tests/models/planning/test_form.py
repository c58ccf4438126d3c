"""Plans: a program in steps, and the closed schema that holds the model that writes them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bitflow.events.language import parse, text_of
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.refusals import Malformed, Refusal, TooLarge, UnknownName
from bitflow.models.planning.form import MOST_STEPS, plan_of, plan_schema, program_of
from bitflow.models.planning.names import Names
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

    steps = [whole(step, schema["properties"]["steps"]["items"]["anyOf"]) for step in plan["steps"]]
    return {"steps": steps, "ask": whole(plan["ask"], schema["properties"]["ask"]["anyOf"])}


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
    kinds = schema["properties"]["ask"]["anyOf"]
    answers = {answer for each in kinds for answer in each["properties"]["answer"]["enum"]}
    assert "compare" in answers
    assert "list" not in answers


STEP = {"step": 1, "event": "smile"}
LIST = {"answer": "list", "events": 1}


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [
        ({"steps": [], "ask": LIST}, Malformed),
        ({"steps": [{"step": 1, "op": "not", "a": 1}], "ask": LIST}, Malformed),
        ({"steps": [{"step": 1, "op": "not", "a": 2}, {**STEP, "step": 2}], "ask": LIST}, Malformed),
        ({"steps": [STEP, STEP], "ask": LIST}, Malformed),
        ({"steps": [{"step": "1", "event": "smile"}], "ask": LIST}, Malformed),
        ({"steps": ["smile"], "ask": LIST}, Malformed),
        ({"steps": "smile", "ask": {"answer": "list"}}, Malformed),
        ({"steps": [STEP], "ask": "list"}, Malformed),
        ({"steps": [STEP]}, Malformed),
        ({"steps": [STEP], "ask": {"answer": "drop", "events": 1}}, UnknownName),
        ({"steps": [{**STEP, "run": "rm"}], "ask": LIST}, UnknownName),
        ({"steps": [STEP], "ask": {"answer": "list", "events": True}}, Malformed),
        ({"steps": [STEP], "ask": {"answer": "compare", "values": [1], "by": ["group"]}}, Malformed),
        ({"steps": [STEP], "ask": {"answer": "how_many", "where": [1]}}, Refusal),
        ({"steps": [{"step": 1, "measure": "x"}], "ask": LIST}, Malformed),
        ({"steps": [{**STEP, "step": n} for n in range(1, MOST_STEPS + 2)], "ask": LIST}, TooLarge),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_a_reason(plan, refusal):
    with pytest.raises(refusal):
        program_of(plan)


def test_steps_that_double_each_other_are_counted_as_what_they_unfold_to():
    steps = [{"step": 1, "event": "smile"}]
    steps += [{"step": n, "op": "and", "args": [n - 1, n - 1]} for n in range(2, MOST_STEPS + 1)]
    with pytest.raises(TooLarge, match="200 nodes"):
        program_of({"steps": steps, "ask": {"answer": "count", "events": MOST_STEPS}})


def test_what_is_empty_is_left_out():
    plan = {
        "steps": [{"step": 1, "event": "smile", "actor": "", "target": ""}],
        "ask": {"answer": "count", "events": 1, "signals": [], "time": ["", ""], "at_least": 0, "stat": "", "by": ""},
    }
    assert text_of(program_of(plan)) == "count smile"
