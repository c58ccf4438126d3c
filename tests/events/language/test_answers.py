"""What programs come to, on animals whose movements are known."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.events.language import parse
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answers import answer
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.evaluation import Evaluation
from bitflow.regions import Regions
from tests.events.language.made import LENGTH, animals, asked, square, times

STILL = np.tile([[0.0, 0.0]], (60, 1))


def walking(first: int, last: int, speed: float = 6.0, frames: int = 60) -> np.ndarray:
    """Still, then from frame `first` to `last` so many px a frame to the right, then still."""
    return np.stack([np.clip(np.arange(frames) - first, 0, last - first) * speed, np.zeros(frames)], axis=1)


def truth(program: str, subjects: AnimalSubjects):
    body = parse(f"list {program}").queries[0].body
    return Evaluation(subjects, Definitions.of(builtin())).truth(body)


def test_speed_above_a_threshold_is_found_in_half_open_seconds():
    # 60 px/s from 2 s to 4 s; the central difference sees half of it at the two edges.
    found = asked("list speed > 45px/s", animals(walking(20, 40)))
    assert times(found) == [(2.1, 4.0)]
    assert found.events[0].actor == "mouse1"


@pytest.mark.parametrize("threshold", ["45px/s", "1.125bl/s", "4.5cm/s", "45mm/s"])
def test_a_length_is_the_same_in_every_unit(threshold):
    assert times(asked(f"list speed > {threshold}", animals(walking(20, 40), scale=0.1))) == [(2.1, 4.0)]


def test_all_of_a_head_cone_counts_not_only_one_side():
    straight, left, right = (np.tile([[100.0 * np.cos(a), 100.0 * np.sin(a)]], (20, 1)) for a in (0.0, -0.4, 0.4))
    for other in (straight, left, right):
        assert times(asked("list abs(head_angle) < 30deg by mouse1", animals(STILL[:20], other))) == [(0.0, 2.0)]
    behind = np.tile([[-100.0, 0.0]], (20, 1))
    assert not asked("list abs(head_angle) < 30deg by mouse1", animals(STILL[:20], behind)).events


def test_closing_speed_does_not_depend_on_the_clips_length():
    for frames in (30, 300):
        runs = np.stack([np.arange(frames) * 3.0, np.zeros(frames)], axis=1)
        other = np.tile([[5000.0, 0.0]], (frames, 1))
        found = asked("value closing_speed by mouse1", animals(runs, other))
        assert found.rows[0]["value"] == pytest.approx(30.0)


def test_a_chase_is_directed_and_its_matrix_says_who_whom():
    ahead, behind = walking(5, 55, 8.0) + np.array([60.0, 0.0]), walking(5, 55, 8.0)
    found = asked("list chase", animals(behind, ahead))
    assert [(event.actor, event.target) for event in found.events] == [("mouse1", "mouse2")]
    cells = asked("matrix chase", animals(behind, ahead)).rows
    assert {(row["actor"], row["target"]): row["value"] for row in cells} == {
        ("mouse1", "mouse2"): 1,
        ("mouse2", "mouse1"): 0,
    }
    assert [event.actor for event in asked("list flee", animals(behind, ahead)).events] == ["mouse2"]


def test_an_approach_is_judged_by_what_it_changes():
    towards = walking(5, 30, speed=5.0)  # 125 px nearer
    found = asked("list approach", animals(towards, np.tile([[160.0, 0.0]], (60, 1)), headings=[0.0, 0.0]))
    assert [(event.actor, event.target) for event in found.events] == [("mouse1", "mouse2")]
    far = asked("list approach", animals(towards, np.tile([[900.0, 0.0]], (60, 1))))
    assert not far.events  # it does not come within 1.5 body lengths


def test_what_was_not_seen_is_unknown_and_not_false():
    path = walking(20, 40)
    path[30:35] = np.nan
    judged = truth("speed > 45px/s", animals(path))
    assert not judged.known[0, 0, 29:36].any()
    assert judged.known[0, 0, :29].all()
    assert not (~judged).yes[0, 0, 29:36].any()
    found = asked("fraction speed > 45px/s merge 0s", animals(path))
    assert found.coverage == pytest.approx(53 / 60)
    assert found.rows[0]["value"] == pytest.approx(12 / 53)


def test_nobody_seen_gives_no_events_no_coverage_and_a_warning():
    nowhere = np.full((30, 2), np.nan)
    for program in ("list speed > 1px/s", "list not speed > 1px/s", "list freezing", "list closest < 1bl by any"):
        found = asked(program, animals(nowhere, nowhere))
        assert not found.events
        assert found.coverage == 0
        assert found.warnings[0].startswith("LowCoverage")
    assert asked("value speed", animals(nowhere)).rows[0]["value"] is None
    assert asked("fraction speed > 1px/s", animals(nowhere)).rows[0]["value"] is None


def test_missing_is_not_freezing():
    hidden = STILL.copy()
    hidden[20:50] = np.nan
    assert times(asked("list freezing", animals(hidden))) == [(0.0, 1.9)]
    assert times(asked("list freezing", animals(STILL))) == [(0.0, 6.0)]


def test_gaps_are_closed_before_short_events_are_dropped():
    on = np.zeros(40)
    on[[2, 4, 20]] = 1.0  # 0.1 s each, the first two 0.1 s apart
    path = np.stack([on * 100, np.zeros(40)], axis=1)
    assert times(asked("list x > 50px", animals(path))) == [(0.2, 0.5)]
    assert times(asked("list x > 50px for >=0.1s merge 0s", animals(path))) == [(0.2, 0.3), (0.4, 0.5), (2.0, 2.1)]
    assert times(asked("list x > 50px for <=0.1s", animals(path))) == [(2.0, 2.1)]


def test_regions_give_visits_entries_latency_and_exits():
    path = np.concatenate(
        [np.tile([[0.0, 0.0]], (20, 1)), np.tile([[100.0, 0.0]], (20, 1)), np.tile([[0.0, 0.0]], (20, 1))]
    )
    corner = Regions((square("corner", 80, -20, 40),))
    subjects = animals(path, regions=corner)
    assert times(asked("list inside(centre, corner)", subjects)) == [(2.0, 4.0)]
    assert asked("list inside(centre, corner)", subjects).events[0].region == "corner"
    assert times(asked("list enter(corner)", subjects)) == [(2.0, 2.1)]
    assert times(asked("list exit(corner)", subjects)) == [(4.0, 4.1)]
    assert asked("latency enter(corner)", subjects).rows[0]["value"] == pytest.approx(2.0)
    assert asked("total_time inside(centre, corner)", subjects).rows[0]["value"] == pytest.approx(2.0)
    assert times(asked("list inside([nose, tail_base], corner, all)", subjects)) == [(2.0, 4.0)]


def test_then_runs_from_the_first_to_the_second_within_its_time():
    path = walking(20, 30, frames=100)
    late = walking(60, 70, frames=100)
    both = animals(path + late)
    assert times(asked("list speed > 45px/s then speed > 45px/s within 5s", both)) == [(2.1, 7.0)]
    assert not asked("list speed > 45px/s then speed > 45px/s within 1s", both).events


def test_then_may_ask_that_both_be_of_one_animal_or_of_any():
    first, second = animals(walking(20, 30, frames=60), np.zeros((60, 2))), animals(walking(20, 30), walking(35, 45))
    program = "list then(speed > 45px/s, speed > 45px/s, within=2s, same_actor=false)"
    assert not asked(program, first).events
    assert times(asked(program, second)) == [(2.1, 4.5)]
    assert not asked("list speed > 45px/s then speed > 45px/s within 2s", second).events


def test_quantifiers_count_animals():
    near = np.tile([[5.0, 0.0]], (20, 1))
    subjects = animals(STILL[:20], near, near + np.array([1000.0, 0.0]))
    assert times(asked("list closest < 0.5bl by any", subjects)) == [(0.0, 2.0)]
    assert times(asked("list closest < 0.5bl at_least 2", subjects)) == [(0.0, 2.0)]
    assert not asked("list closest < 0.5bl at_least 3", subjects).events
    assert not asked("list closest < 0.5bl by all", subjects).events
    assert [(e.actor, e.target) for e in asked("list closest < 0.5bl pairs unordered", subjects).events] == [
        ("mouse1", "mouse2")
    ]
    assert len(asked("list closest < 0.5bl", subjects).events) == 2
    alone = asked("list not exists_target(closest < 0.5bl)", subjects)
    assert [event.actor for event in alone.events] == ["mouse3"]


def test_of_turns_a_statement_round_or_takes_that_of_one_animal():
    subjects = animals(walking(20, 40), STILL)
    moving = truth("of(target, speed > 45px/s)", subjects)
    assert (moving.axes.actor, moving.axes.target) == (False, True)
    both = truth("dist > 0px and of(target, speed > 45px/s)", subjects)
    assert both.yes[1, 0].any()
    assert not both.yes[0, 1].any()
    while_first = asked("list speed < 1px/s and of(mouse1, speed > 45px/s) by mouse2", subjects)
    assert times(while_first) == [(2.1, 4.0)]


def test_time_windows_cut_events_and_start_the_latency():
    subjects = animals(walking(20, 40))
    assert times(asked("list speed > 45px/s in 3s..5s", subjects)) == [(3.0, 4.0)]
    assert asked("latency speed > 45px/s in 1s..end", subjects).rows[0]["value"] == pytest.approx(1.1)
    assert times(asked("list in_time(1s, 2s)", subjects)) == [(1.0, 2.0)]


def test_percentiles_hysteresis_windows_and_changes():
    ramp = np.stack([np.arange(101.0), np.zeros(101)], axis=1)
    subjects = animals(ramp)
    assert times(asked("list x > p90", subjects)) == [(9.1, 10.1)]
    wave = np.stack([np.array([0, 5, 7, 5, 3, 5, 1, 0] * 4, float), np.zeros(32)], axis=1)
    held = truth("hysteresis(x, 6px, 2px)", animals(wave)).yes[0, 0, :8]
    assert held.tolist() == [False, False, True, True, True, True, False, False]
    assert asked("value delta(x, 1s) mean", subjects).rows[0]["value"] == pytest.approx(10.0)
    assert asked("value rolling(x, max, 0.3s) min", subjects).rows[0]["value"] == pytest.approx(1.0)
    assert asked("value zscore(x) sd", subjects).rows[0]["value"] == pytest.approx(1.0)
    assert asked("value x slope", subjects).rows[0]["value"] == pytest.approx(10.0)
    assert asked("value x * 2 + 1px max", subjects).rows[0]["value"] == pytest.approx(201.0)


def test_straightness_and_path_tell_a_line_from_a_circle():
    line = np.stack([np.arange(40.0) * 3, np.zeros(40)], axis=1)
    round_ = 50 * np.stack([np.cos(np.arange(40) * 2 * np.pi / 20), np.sin(np.arange(40) * 2 * np.pi / 20)], axis=1)
    assert asked("value straightness(2s)", animals(line)).rows[0]["value"] == pytest.approx(1.0)
    assert asked("value straightness(2s)", animals(round_)).rows[0]["value"] == pytest.approx(0.0, abs=1e-9)
    assert asked("value path_length max", animals(line)).rows[0]["value"] == pytest.approx(39 * 3.0)


def test_events_are_chosen_padded_and_combined():
    twice = animals(walking(20, 30, frames=100) + walking(60, 80, frames=100))
    run = "speed > 45px/s"
    assert times(asked(f"list longest({run})", twice)) == [(6.1, 8.0)]
    assert times(asked(f"longest {run}", twice)) == [(6.1, 8.0)]
    assert times(asked(f"list first({run})", twice)) == times(asked(f"list nth({run}, 1)", twice)) == [(2.1, 3.0)]
    assert times(asked(f"list pad({run}, 1s, 0.5s)", twice)) == [(1.1, 3.5), (5.1, 8.5)]
    assert times(asked(f"list during({run}, in_time(5s, 9s))", twice)) == [(6.1, 8.0)]
    assert times(asked(f"list minus({run}, in_time(7s, 9s))", twice)) == [(2.1, 3.0), (6.1, 7.0)]
    assert times(asked(f"list intersect({run}, in_time(7s, 9s))", twice)) == [(7.0, 8.0)]
    assert times(asked(f"list overlapping({run}, in_time(7s, 9s), min=1.5s)", twice)) == []
    assert times(asked(f"list filter({run}, duration > 1s)", twice)) == [(6.1, 8.0)]
    assert asked(f"mean_duration {run}", twice).rows[0]["value"] == pytest.approx(1.4)
    assert asked(f"rate(min) {run}", twice).rows[0]["value"] == pytest.approx(2 / (10 / 60))


def test_definitions_build_on_each_other_and_the_users_win():
    subjects = animals(walking(20, 40))
    program = parse(
        "define quick = speed > 45px/s; define rush = quick for >=1s; define moving = quick; list rush; count moving"
    )
    rush, moving = answer(program, subjects, Definitions.of(builtin()))
    assert times(rush) == [(2.1, 4.0)]
    assert moving.rows[0]["value"] == 1


def test_every_builtin_behaviour_holds_together():
    arena = Regions((square("arena", -100, -100, 600),))
    subjects = animals(walking(5, 55) + np.array([60.0, 0.0]), walking(5, 55), regions=arena)
    for definition in builtin():
        found = asked(f"count {definition.name}", subjects)
        assert all(row["value"] is not None for row in found.rows), definition.name
        assert definition.doc, definition.name


def test_pairs_are_measured_in_the_mean_of_both_lengths():
    small = animals(STILL[:20], np.tile([[LENGTH * 0.9, 0.0]], (20, 1)))
    assert truth("dist < 1bl", small).yes[0, 1].all()
    assert not truth("dist < 0.8bl", small).yes[0, 1].any()


def test_a_smoothed_statement_holds_where_most_of_the_window_does():
    on = np.zeros(30)
    on[[5, 10, 11, 13, 14]] = 1.0
    path = np.stack([on * 100, np.zeros(30)], axis=1)
    held = truth("smooth(x > 50px, mean, 5f)", animals(path)).yes[0, 0]
    assert np.flatnonzero(held).tolist() == [11, 12, 13]
    assert times(asked("list smooth(x, mean, 3f) > 90px for >=0.1s", animals(np.full((9, 2), 99.0)))) == [(0.0, 0.9)]
