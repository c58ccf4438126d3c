"""Text and JSON are two spellings of one tree; nothing that is no program gets through, and nothing crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitflow.events.language import from_json, parse, text_of, to_json
from bitflow.events.language.refusals import Malformed, Refusal, TooLarge, UnitMismatch, UnknownName
from bitflow.events.language.tree import Call, Compare, Named, Query
from bitflow.events.language.units import Quantity
from tests.events.language.trees import PROGRAMS

FEW = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(PROGRAMS)
def test_every_tree_survives_text_and_json(program):
    assert parse(text_of(program)) == program
    assert from_json(json.loads(json.dumps(to_json(program)))) == program
