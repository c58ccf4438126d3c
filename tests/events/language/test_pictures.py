"""Every kind of answer of a recording as a picture that is well formed and says what it shows."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.language import parse
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.outcome import ask_store
from bitflow.events.language.pictures import pictures_of, stacked
from bitflow.store import FeatureStore

KNOWN = Definitions.of(builtin())


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "people"
    simulate_person(folder, duration=20.0, seed=0)
    return FeatureStore(folder)


@pytest.fixture(scope="module")
def mice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "mice"
    assert main(["simulate", "mice", "-o", str(folder), "--duration", "20", "--animals", "2"]) == 0
    return FeatureStore(folder)


def drawn(store, text):
    outcome = ask_store(store, parse(text), KNOWN)
    (recording,) = outcome.answers
    picture = stacked(pictures_of(recording, outcome.program, outcome.answers[recording], *outcome.spans[recording]))
    ElementTree.fromstring(picture)
    return picture


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("count blink", ["person 0", "count: person 0 = ", "of the time known", " s</text>"]),
        ("value head_pose.yaw mean", ["person 0", "head_pose.yaw (deg)"]),
        ("timeline head_pose.yaw", ["time (s)", "value (deg)", "person 0, head_pose.yaw", "<polyline"]),
        ("rate(min) blink bins 5s", ["time (s)", "rate (1/min)", "<polyline"]),
        ("summary", ["person 0", "blink"]),
        ("describe", ["persons"]),
        ("list blink; value voice.f0", ["voice.f0 (Hz)", "list blink"]),
        ("list blink in 0s..0.1s", ["no such event"]),
    ],
)
def test_answers_about_people(people, text, told):
    picture = drawn(people, text)
    assert [each for each in told if each not in picture] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("value speed mean", ["mouse1", "mouse2", "speed (px/s)"]),
        ("trajectory centre", ["mouse1, centre", "later is darker"]),
        ("occupancy centre", ["mouse2, centre", "the darkest: "]),
        ("matrix chase", ["of the time known"]),
    ],
)
def test_answers_about_animals(mice, text, told):
    picture = drawn(mice, text)
    assert [each for each in told if each not in picture] == []
