"""What verdicts tell about a captioner whose lies were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bitflow.models.grounding.honesty import (
    best_shift,
    lie_rate,
    shuffled_contrast,
    simulated_rates,
    suspect_kinds,
)
from bitflow.timeline import Interval
from tests.models.grounding.scripted import tried


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripted")
    return [tried(folder, "easy", 7500 + k) for k in range(24)]


@pytest.mark.parametrize("planted", [0.10, 0.24])
def test_the_planted_lie_rate_is_found_within_two_hundredths(planted, people):
    random = np.random.default_rng(3)
    told, lies = [], 0
    for each in people:
        true = {id(claim): holds for claim, holds in zip(each.claims, each.truth, strict=True)}
        claims = each.told(planted, random)
        lies += sum(not true[id(claim)] for claim in claims)
        told.append(each.judged(claims))
    found = lie_rate(told, simulated_rates("easy"))
    assert found.rate == pytest.approx(lies / found.claims, abs=0.02)
    assert found.low < found.rate < found.high


def test_an_honest_captioner_is_found_honest(people):
    told = [
        each.judged([claim for claim, holds in zip(each.claims, each.truth, strict=True) if holds]) for each in people
    ]
    assert lie_rate(told, simulated_rates("easy")).rate < 0.02


def test_nothing_that_could_be_judged_gives_no_rate():
    assert np.isnan(lie_rate([[], []], simulated_rates()).rate)


def test_captions_moved_to_another_time_are_contradicted_far_more_often(people):
    each = people[0]
    true = [claim for claim, holds in zip(each.claims, each.truth, strict=True) if holds]
    as_told, shuffled = shuffled_contrast(true, each.judged)
    assert shuffled > as_told + 0.3


def test_a_kind_that_is_always_contradicted_is_a_finding_about_the_tables(people):
    told = []
    for each in people[:6]:
        true = [claim for claim, holds in zip(each.claims, each.truth, strict=True) if holds]
        swapped = [replace(claim, holds=False) if claim.kind == "smiling" else claim for claim in true]
        told += each.judged([claim for claim in swapped if claim.kind not in ("nodding", "shaking_head")])
    assert suspect_kinds(told) == ("smiling",)


def test_captions_that_are_late_show_their_shift(people):
    each = people[2]
    true = [claim for claim, holds in zip(each.claims, each.truth, strict=True) if holds]
    short = [replace(claim, when=Interval(claim.when.start + 1.5, claim.when.end + 1.5)) for claim in true]
    best, shares = best_shift(short, each.judged)
    assert best == pytest.approx(-1.5, abs=0.5)
    assert shares[best] > shares[2.0]
