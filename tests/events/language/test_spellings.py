"""Text and JSON are two spellings of one tree; nothing that is no program gets through, and nothing crashes."""

from __future__ import annotations

import json
from contextlib import suppress

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitflow.events.language import from_json, parse, text_of, to_json
from bitflow.events.language.refusals import Malformed, Refusal, TooLarge, UnitMismatch, UnknownName
from bitflow.events.language.tree import Call, Compare, Named, Query
from bitflow.events.language.units import Quantity
from tests.events.language.trees import PROGRAMS

FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(PROGRAMS)
def test_every_tree_survives_text_and_json(program):
    assert parse(text_of(program)) == program
    assert from_json(json.loads(json.dumps(to_json(program)))) == program


@FEW
@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_a_program_or_a_refusal(text):
    for candidate in (text, f"list {text}", f"list speed > {text}", f'list "{text}"'):
        with suppress(Refusal):
            parse(candidate)


WORDS = (
    'list count speed dist ( ) [ ] , and or not then within 5px 0.5s < >= for in .. by chase "a" abs inside filter p90 '
    "- * define = ; of value"
)
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14))
def test_any_order_of_words_is_a_program_or_a_refusal(pieces):
    try:
        program = parse(" ".join(pieces))
    except Refusal:
        return
    assert parse(text_of(program)) == program


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["list", "speed", "<", "5px"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["v", "answer", "events", "op", "sig", "event", "a", "b", "args", "mask", "time", "queries"]
            )
            | st.text(max_size=3),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@FEW
@given(JSON)
def test_any_json_is_a_program_or_a_refusal(value):
    for candidate in (
        value,
        {"answer": "list", "events": value},
        {"answer": "list", "events": {"op": "<", "a": value, "b": value}},
    ):
        with suppress(Refusal):
            from_json(candidate)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("list inside(centre, ROI0)", None),
        ("total_time inside(centre,ROI0)", "total_time inside(centre, ROI0)"),
        (
            "define dips = inside([mouse_center,neck],ROI0,all) and not inside(head,ROI1); list dips; count dips",
            "define dips = inside([mouse_center, neck], ROI0) and not inside(head, ROI1); list dips; count dips",
        ),
        ("list closest < 40px and abs(head_angle) < 30deg and speed > 90px/s pairs directed", None),
        (
            "list smooth(mask: dist(centre,centre) in 50px..260px and abs(head_angle) < 15deg, mean, 15f)",
            "list smooth(dist in 50px..260px and abs(head_angle) < 15deg, mean, 15f)",
        ),
        ("list inside(nose, obj28) for >=20f", None),
        ("trajectory centre color=time", "trajectory centre colour=time"),
        ("occupancy centre", None),
        ("describe keypoints", None),
        ("list chase pairs directed by any", None),
        ("rate(min) nose_to_tail(actor=mouse1,target=mouse2)", "rate(min) nose_to_tail(actor=mouse1, target=mouse2)"),
        ("matrix approach count", None),
        ("list freezing for >=2s by any", None),
        ("list enter(corner) then freezing within 5s", None),
        ("longest huddle at_least 3", None),
        ("latency enter(center)", None),
        ("value speed mean over inside(centre, open)", None),
        (
            "list of(resident) then(investigate(target=resident), attack(actor=resident), within=1s)",
            "list investigate(target=resident) then attack(actor=resident) within 1s by resident",
        ),
        ("list speed > p90 by each for >=0.2s", "list speed > p90 for >=0.2s by each"),
        ("value straightness over in_time(30s,60s)", "value straightness over in_time(30s, 60s)"),
        ("value ang_speed mean", None),
        ("timeline joint(Elbow, Shoulder, Offknee), span(nose, tail)", None),
        ("count 40 px > speed", Malformed),
        ("list head_pose.yaw in -5..5deg in 0:30..1:00", "list head_pose.yaw in -5deg..5deg in 30s..60s"),
        ('list "open arm"(mouse1)', 'list "open arm"(actor=mouse1)'),
        ("value speed mean as cm/s", None),
        ("list enter(corner) in 30s..end", None),
        ("list overlap in 30s..60s", None),
        ("list smooth(overlap, mean, 15f) in 30s..60s", None),
    ],
)
def test_programs_have_one_canonical_text(text, canonical):
    if canonical is Malformed:
        with pytest.raises(Malformed):
            parse(text)
        return
    program = parse(text)
    assert text_of(program) == (canonical or text)
    assert parse(text_of(program)) == program == from_json(json.loads(json.dumps(to_json(program))))


def test_the_json_of_a_program_is_as_published():
    told = {
        "v": 1,
        "answer": "list",
        "events": {
            "op": "events",
            "min": "0.5s",
            "merge": "0.2s",
            "mask": {
                "op": "and",
                "args": [
                    {"op": "<", "a": {"sig": "closest"}, "b": "40px"},
                    {"op": "<", "a": {"op": "abs", "a": {"sig": "head_angle"}}, "b": "30deg"},
                    {"op": ">", "a": {"sig": "speed"}, "b": "90px/s"},
                ],
            },
        },
    }
    text = "list closest < 40px and abs(head_angle) < 30deg and speed > 90px/s for >=0.5s merge 0.2s"
    assert to_json(parse(text)) == told
    assert from_json(told) == parse(text)


def test_what_the_schema_allows_is_what_is_read():
    from bitflow.events.language.definitions import Definitions, builtin
    from bitflow.events.language.json_schema import json_schema

    schema = json_schema(Definitions.of(builtin()))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for text in (
        "list closest < 40px and abs(head_angle) < 30deg or not dist in 1bl..6bl for >=0.5s merge 0.2s by any",
        "list enter(corner) then freezing within 5s in 30s..end",
        "value speed([nose, neck], max) p90 over inside(centre, open) as cm/s",
        "define a = filter(contact, duration > 1s); list a; matrix a rate per min",
    ):
        validator.validate(to_json(parse(text)))
    for wrong in (
        {"v": 1, "answer": "list", "events": {"op": "exec", "code": "1"}},
        {"v": 1, "answer": "list", "events": {"op": "<", "a": {"sig": "speed"}, "b": "40 furlongs"}},
        {"v": 1, "answer": "list", "events": {"op": "<", "a": {"sig": "speed"}, "b": "40px/s"}, "shell": "true"},
    ):
        assert not validator.is_valid(wrong)
        with pytest.raises((Malformed, UnknownName, UnitMismatch)):
            from_json(wrong)


def test_a_number_keeps_every_digit():
    value = Quantity(0.1 + 0.2, "px")
    assert parse(f"list x > {value}").queries[0].body == Compare(">", Call("x"), value)
    with pytest.raises(TooLarge):
        parse("list " + "(" * 100 + "x > 1px" + ")" * 100)


def test_a_word_is_a_signal_and_a_quoted_one_a_behaviour():
    assert parse('list "speed"').queries == (Query("list", Named("speed")),)
