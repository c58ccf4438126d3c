"""Captions joined to an ethogram: a model may join neighbours and choose among supported words, nothing else."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.annotations.files import read_annotations
from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.models.captioning.ethogram import ethogram_rows
from bitflow.models.captioning.merging import (
    NOTHING,
    Opinion,
    Stretch,
    checked_plan,
    judged_by_two,
    merge_by_label,
    stretches_of,
)
from bitflow.store import open_store
from tests.models.endpoints.stub_server import Stub

STRETCHES = [
    Stretch(0, 2, 0, ("smiling",)),
    Stretch(2, 4, 0, ("smiling", "speaking")),
    Stretch(4, 6, 0, ("speaking",)),
    Stretch(6, 8, 0, ()),
]


def test_neighbours_with_the_same_label_are_one():
    found = [(each.start, each.end, each.label) for each in merge_by_label(STRETCHES)]
    assert found == [(0, 4, "smiling"), (4, 6, "speaking"), (6, 8, NOTHING)]


@pytest.mark.parametrize(
    "groups",
    [
        [(0, 1), (3, 3)],  # a gap
        [(0, 2), (2, 3)],  # an overlap
        [(0, 2)],  # not to the end
        [(1, 3)],  # not from the beginning
        [(0, 1), (2, 9)],  # beyond
        [(2, 3), (0, 1)],  # out of order
        [],
    ],
)
def test_a_plan_that_does_not_cover_every_stretch_once_is_refused(groups):
    data = {"groups": [{"first": a, "last": b, "label": "smiling"} for a, b in groups]}
    assert checked_plan(data, STRETCHES) is None


def test_a_label_that_no_table_supports_gives_way_to_one_that_does():
    data = {"groups": [{"first": 0, "last": 1, "label": "deceiving"}, {"first": 2, "last": 3, "label": "Speaking"}]}
    assert checked_plan(data, STRETCHES) == [(0, 1, "smiling"), (2, 3, "speaking")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.text(max_size=8)), max_size=5))
def test_whatever_is_proposed_no_time_is_invented_or_lost(groups):
    data = {"groups": [{"first": a, "last": b, "label": label} for a, b, label in groups]}
    plan = checked_plan(data, STRETCHES)
    if plan is not None:
        assert [k for first, last, _ in plan for k in range(first, last + 1)] == [0, 1, 2, 3]
        assert all(label in ("smiling", "speaking", NOTHING) for _, _, label in plan)


def said(stretches, by, own=True):
    return Opinion(tuple(merge_by_label(stretches, by)), (own,) * len(stretches), int(not own))


def test_two_judges_keep_what_both_say():
    other = [*STRETCHES[:1], Stretch(2, 4, 0, ("speaking",)), *STRETCHES[2:]]
    first, second = (said(stretches, by) for stretches, by in ((STRETCHES, "a"), (other, "b")))
    judged = judged_by_two(STRETCHES, first, second)
    assert [(each.start, each.end, each.label) for each in judged.merged] == [
        (0, 2, "smiling"),
        (4, 6, "speaking"),
        (6, 8, NOTHING),
    ]
    assert judged.kappa == pytest.approx((0.75 - 0.3125) / (1 - 0.3125))


def test_a_judge_that_fell_back_does_not_agree_with_anybody():
    judged = judged_by_two(STRETCHES, said(STRETCHES, "a"), said(STRETCHES, "b", own=False))
    assert math.isnan(judged.kappa)
    assert [each.label for each in judged.merged] == [each.label for each in merge_by_label(STRETCHES)]


def test_what_both_say_keeps_whom_it_is_directed_at_and_how_much_was_seen():
    chases = [
        Stretch(0, 2, 1, ("following",), 0.5, {"following": 2}),
        Stretch(2, 4, 1, ("following",), 1.0, {"following": 2}),
    ]
    (both,) = judged_by_two(chases, said(chases, "a"), said(chases, "b")).merged
    assert (both.label, both.target, both.coverage) == ("following", 2, 0.75)


def test_a_model_is_no_second_judge_of_itself(tmp_path, capsys):
    simulate_person(tmp_path, duration=30)
    assert main(["caption", str(tmp_path)]) == 0
    with Stub(answer=plan_of("speaking")) as stub:
        arguments = ["caption", str(tmp_path), "--merge", "--endpoint", stub.url, "--model", "a"]
        assert main([*arguments, "--second-model", "a"]) == 2
    assert stub.requests == []
    assert "would judge beside itself" in capsys.readouterr().err


def test_the_ethogram_goes_to_elan_and_acts_name_stretches_before_states(tmp_path):
    simulate_person(tmp_path / "features", duration=60)
    store = str(tmp_path / "features")
    assert main(["caption", store]) == 0
    assert main(["caption", store, "--merge"]) == 0
    rows = open_store(store)["simulated"].table("ethogram")
    assert rows["start"].to_numpy()[1:] == pytest.approx(rows["end"].to_numpy()[:-1])
    out = tmp_path / "ethogram.eaf"
    assert main(["annotations", "convert", store, "--table", "ethogram", "-o", str(out)]) == 0
    assert len(read_annotations(out)) == len(rows)
    captions = open_store(store)["simulated"].file("captions").read().to_pylist()
    assert any(stretch.label == "shaking head" for stretch in stretches_of(captions)[0])


def plan_of(text):
    """A model that joins everything, whatever it is told."""

    def made(body):
        told = json.loads(body["messages"][1]["content"][0]["text"].splitlines()[0])
        return {"groups": [{"first": 0, "last": len(told) - 1, "label": text}]}

    return made


def test_a_model_sees_words_only_and_two_of_them_are_compared(tmp_path):
    simulate_person(tmp_path, duration=30)
    assert main(["caption", str(tmp_path)]) == 0
    with Stub(answer=plan_of("speaking"), forbidden=("simulated", "umbrellas", "market")) as stub:
        arguments = ["caption", str(tmp_path), "--merge", "--endpoint", stub.url, "--model", "a"]
        assert main([*arguments, "--second-model", "b", "--json"]) == 0
    assert stub.faults == []
    assert len(stub.requests) == 2
    rows = open_store(tmp_path)["simulated"].table("ethogram")
    assert list(rows["name"]) == ["speaking"]
    assert list(rows["judges"]) == ["a and b"]


def test_a_model_out_of_form_changes_nothing_but_is_told_of(tmp_path, capsys):
    simulate_person(tmp_path, duration=30)
    assert main(["caption", str(tmp_path)]) == 0
    assert main(["caption", str(tmp_path), "--merge"]) == 0
    before = open_store(tmp_path)["simulated"].table("ethogram")
    with Stub(answer=lambda body: {"groups": [{"first": 3, "last": 1, "label": "x"}]}) as stub:
        assert main(["caption", str(tmp_path), "--merge", "--endpoint", stub.url, "--model", "a"]) == 0
    assert "1 piece joined by label" in capsys.readouterr().err
    after = open_store(tmp_path)["simulated"].table("ethogram")
    assert after[["start", "end", "name"]].equals(before[["start", "end", "name"]])


def captioned(start, end, *said, who=0, subject=""):
    """A row of the table `captions`: claims as (kind, value, target, seconds)."""
    claims = [
        {"kind": kind, "value": value, "target": target, "verdict": "supported", "holds": "true", "start": f"{start}"}
        | {"end": f"{start + seconds}"}
        for kind, value, target, seconds in said
    ]
    return {"start": start, "end": end, "person": who, "subject": subject, "claims": claims, "coverage": 1.0}


def test_a_label_is_what_fills_the_stretch_and_acts_come_before_states():
    rows = [
        captioned(0, 4, ("smiling", "true", "", 4), ("head_tilted", "true", "", 4), ("nodding", "true", "", 1)),
        captioned(4, 8, ("mouth_open", "true", "", 4), ("eyes_closed", "true", "", 3)),
    ]
    first, second = stretches_of(rows)[0]
    assert first.words == ("smiling", "head tilted", "nodding")
    assert second.words == ("eyes closed", "mouth open")


def test_what_is_said_of_nearly_every_stretch_names_none_that_has_another_word():
    speaking = ("speaking", "true", "", 4.0)
    rows = [captioned(4 * k, 4 * k + 4, speaking, *([("looking_away", "true", "", 4)] * (k == 2))) for k in range(6)]
    assert [each.label for each in stretches_of(rows)[0]] == [*["speaking"] * 2, "looking away", *["speaking"] * 3]


def test_animals_are_joined_while_they_do_the_same_to_the_same_one(tmp_path):
    rows = [
        captioned(0, 4, ("near", "touching", "1", 4), ("near", "true", "1", 4), subject="mouse1"),
        captioned(4, 8, ("near", "touching", "1", 4), subject="mouse1"),
        captioned(8, 12, ("near", "touching", "2", 4), subject="mouse1"),
        captioned(12, 16, ("still", "true", "", 4), ("leaving", "true", "2", 4), subject="mouse1"),
    ]
    merged = merge_by_label(stretches_of(rows)[0])
    assert [(each.start, each.end, each.label, each.target) for each in merged] == [
        (0, 8, "touching", 1),
        (8, 12, "touching", 2),
        (12, 16, "still", -1),
    ]
    assert [(row["track"], row["subject"]) for row in ethogram_rows(merged, "tables", animals=True)] == [
        (0, "mouse1")
    ] * 3
