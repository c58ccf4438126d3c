"""What programs come to on people whose script is known: words, turns, gaps, what is missing, bins, order, measures."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.datasets.simulate.person import simulate_person
from bitflow.datasets.simulate.script import PersonScript, person_script
from bitflow.events.language import parse, text_of
from bitflow.events.language.answers import Answer, answer
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.outcome import ask_store, subjects_of
from bitflow.events.language.refusals import Malformed, NotMeasured, Refusal, ShapeMismatch, TooLarge, UnknownName
from bitflow.events.language.slopes import slope_interval
from bitflow.events.scene import Scene
from bitflow.events.speech import Turns
from bitflow.measures.turns import floor_offsets
from bitflow.people import name_role
from bitflow.store import FeatureStore

KNOWN = Definitions.of(builtin())


@pytest.fixture(scope="module")
def interview(tmp_path_factory) -> tuple[FeatureStore, tuple[PersonScript, ...]]:
    """Two people who take turns of 6.5 s with 0.2 s between; the second asks."""
    place = tmp_path_factory.mktemp("interview")
    truth = simulate_person(place, people=2)
    store = FeatureStore(place)
    name_role(store["simulated"], 0, "participant")
    name_role(store["simulated"], 1, "interviewer")
    return store, truth.scripts


def asked(store: FeatureStore, program: str, recording: str = "simulated") -> list[Answer]:
    read = parse(program)
    return answer(read, subjects_of(store[recording], read), KNOWN)


def times(found: Answer) -> list[tuple[float, float]]:
    return [(event.start, event.end) for event in found.events]


def values(found: Answer) -> list[float | None]:
    return [row["value"] for row in found.rows]


def test_words_are_found_by_pattern_and_told_as_they_were_written(interview):
    store, scripts = interview
    said = [word for word in scripts[0].words if word[2].lower() == "market"]
    (found,) = asked(store, "list words(market) by participant")
    assert times(found) == [pytest.approx(word[:2], abs=1e-6) for word in said]
    assert {event.text for event in found.events} == {"market"}
    (many,) = asked(store, 'list words("the mark*") by participant')
    assert [event.text for event in many.events] == ["the market"] * len(said)
    (either,) = asked(store, 'count words("market|sister") by participant')
    assert values(either) == [sum(word[2] in ("market", "sister") for word in scripts[0].words)]


def test_a_pattern_is_no_regular_expression(interview):
    assert asked(interview[0], 'list words("m.rket")')[0].events == ()
    with pytest.raises(Malformed):
        asked(interview[0], f'list words("{"a " * 40}")')


def test_words_while_smiling_are_those_that_share_time_with_a_smile(interview):
    store, scripts = interview
    found = asked(store, "list overlapping(words, smile) by participant")[0]
    smiles = times(asked(store, "list smile by participant")[0])
    expected = [w[:2] for w in scripts[0].words if any(a < w[1] - 1e-9 and w[0] < b - 1e-9 for a, b in smiles)]
    assert times(found) == [pytest.approx(each, abs=1e-6) for each in expected]
    assert expected


def test_a_gap_runs_from_the_end_of_a_turn_to_the_answer(interview):
    found = asked(interview[0], "list gap(turn(interviewer), turn(participant))")[0]
    assert [end - start for start, end in times(found)] == pytest.approx([0.2] * len(found.events))
    assert len(found.events) == len(interview[1][1].turns) == len(interview[1][0].turns) - 1
    everybody = asked(interview[0], "count gap(others(turn), turn)")[0]
    assert values(everybody) == [8, 8]


def test_an_answer_that_begins_before_the_question_ends_has_a_latency_below_zero(interview, tmp_path):
    simulate_person(tmp_path, people=2, duration=60.0)
    recording = FeatureStore(tmp_path)["simulated"]
    name_role(recording, 0, "participant")
    name_role(recording, 1, "interviewer")
    schema = recording.schema("speakers")
    rows = recording.table("speakers")
    theirs, mine = (rows[rows["person"] == who].iloc[0] for who in (1, 0))
    said = [(2.0, 6.0, theirs), (5.4, 9.0, mine), (12.0, 15.0, theirs), (13.0, 13.5, mine), (15.5, 20.0, mine)]
    turns = [{**row, "start": start, "end": end} for start, end, row in said]
    batch = schema.batch({name: [row[name] for row in turns] for name in schema.names})
    recording.write(schema, [batch], provenance={"extractor": "by hand"})
    (found,) = asked(FeatureStore(tmp_path), "list gap(turn(interviewer), turn(participant))")
    assert [event.value for event in found.events] == pytest.approx([-0.6, 0.5])  # a word amid a turn takes no floor
    assert times(found) == [pytest.approx((5.4, 6.0)), pytest.approx((15.0, 15.5))]
    assert found.events[0].as_dict()["value"] == -0.6
    for program, value in (
        ("mean_duration gap(turn(interviewer), turn(participant))", -0.05),
        ("longest gap(turn(interviewer), turn(participant))", 0.5),
        ("count gap(turn(interviewer), turn(participant)) for >=0s", 1),
        ("count gap(turn(interviewer), turn(participant)) for <=0s", 1),
        ("total_time gap(turn(interviewer), turn(participant))", 0.5),
        ("mean_duration gap(turn(interviewer), turn(participant)) in start..10s", -0.6),
    ):
        assert values(asked(FeatureStore(tmp_path), program)[0]) == pytest.approx([value]), program
    turns_of = Scene(FeatureStore(tmp_path)["simulated"]).person(0).get(Turns)
    assert floor_offsets(turns_of).tolist() == pytest.approx([-0.6, 0.5])  # as the measure tells it


def test_rates_amid_something_count_only_that_time(interview):
    store, _ = interview
    within, outside, all_of_it = (
        asked(store, f"{answer} {body} by participant")[0]
        for answer, body in (
            ("count", "amid(nod, after(turn(interviewer), 3s))"),
            ("count", "amid(nod, not after(turn(interviewer), 3s))"),
            ("count", "nod"),
        )
    )
    assert values(within)[0] + values(outside)[0] == values(all_of_it)[0]
    seconds = asked(store, "total_time after(turn(interviewer), 3s)")[0].rows[0]["value"]
    rate = asked(store, "rate(min) amid(nod, after(turn(interviewer), 3s)) by participant")[0]
    assert rate.rows[0]["value"] == pytest.approx(values(within)[0] / seconds * 60, rel=1e-3)
    assert rate.coverage > 0.95


def test_frames_without_a_face_are_missing_to_the_frame(tmp_path):
    clock = np.arange(1800) / 30
    scripts = (person_script(60.0),)
    simulate_person(tmp_path, duration=60.0, times=clock[(clock < 20) | (clock >= 25)], scripts=scripts)
    store = FeatureStore(tmp_path)
    (found,) = asked(store, "list missing(face) for >=0.5s")
    assert times(found) == [pytest.approx((20, 25), abs=0.05)]
    assert values(asked(store, "fraction not missing(face)")[0]) == pytest.approx([55 / 60], abs=0.002)
    assert values(asked(store, "fraction missing(hand, left)")[0]) == [1.0]
    assert values(asked(store, "fraction missing(hand, right)")[0]) == pytest.approx([5 / 60], abs=0.002)
    with pytest.raises(NotMeasured, match="only hands"):
        asked(store, "list missing(face, left)")


def test_bins_cut_the_time_and_counts_go_by_onset(interview):
    store, _ = interview
    whole = asked(store, "count smile by participant")[0]
    parts = asked(store, "count smile by participant bins 20s")[0]
    assert sum(values(parts)) == values(whole)[0]
    assert [(row["start"], row["end"]) for row in parts.rows] == [(20.0 * k, 20.0 * (k + 1)) for k in range(6)]
    shares = asked(store, "fraction smile by participant bins 20s")[0]
    assert np.mean(values(shares)) == pytest.approx(
        values(asked(store, "fraction smile by participant")[0])[0], abs=0.01
    )
    with pytest.raises(TooLarge):
        asked(store, "count smile bins 1ms")


def test_numbers_come_in_the_order_that_was_asked_for(interview):
    most, least = (asked(interview[0], f"total_time turn {order}")[0] for order in ("most", "least"))
    assert values(most) == sorted(values(most), reverse=True)
    assert values(least) == values(most)[::-1]


def test_a_measure_of_a_stretch_of_time_is_the_measure_that_windows_give(interview):
    from bitflow.events.scene import Scene
    from bitflow.measures.evaluation import Window, evaluate
    from bitflow.measures.registry import registered
    from bitflow.timeline import Interval

    store, _ = interview
    (found,) = asked(store, "value measure(speech_rate_syllables_per_s) in start..60s")
    chosen = registered()["speech_rate_syllables_per_s"]
    records = evaluate(Scene(store["simulated"]), [chosen], windows=[Window(Interval(0.0, 60.0), "w")])
    assert values(found) == pytest.approx([each.value for each in records if each.interval == "w"])
    assert found.unit == "1/s"
    for wrong in ("list measure(blink_rate_per_min) > 1", "value measure(blink_rate_per_min) median"):
        with pytest.raises(ShapeMismatch):
            asked(store, wrong)
    with pytest.raises(UnknownName, match="did you mean"):
        asked(store, "value measure(blink_rate_per_mim)")


def test_the_interval_of_a_slope_holds_the_slope_as_often_as_it_says():
    at = np.arange(1200)
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        noise = np.convolve(random.normal(size=1220), np.ones(10) / 10, "valid")[:1200]
        low, high = slope_interval(0.03 * at / 10 + noise, at, 10.0) or (np.nan, np.nan)
        held += low <= 0.03 <= high
    assert 0.88 <= held / 200 <= 0.99
    assert slope_interval(np.ones(3), np.arange(3), 10.0) is None


def test_a_role_is_a_name_and_an_unknown_one_is_refused_with_the_command_that_gives_it(interview, tmp_path):
    store, _ = interview
    by_role, by_number = (asked(store, f"total_time turn by {who}")[0] for who in ("interviewer", '"1"'))
    assert by_role.rows == by_number.rows
    simulate_person(tmp_path, duration=20.0)
    with pytest.raises(UnknownName, match="--role 0=interviewer"):
        asked(FeatureStore(tmp_path), "total_time turn by interviewer")
    with pytest.raises(Refusal, match="nobody else"):
        asked(FeatureStore(tmp_path), "count gap(others(turn), turn)")


def test_a_summary_tells_every_behaviour_of_the_stretch(interview):
    store, scripts = interview
    (found,) = asked(store, "summary in 30s..60s by participant")
    told = {row["what"]: row["count"] for row in found.rows}
    assert told["nod"] == sum(30 <= onset < 60 for onset in scripts[0].nods)
    assert told["words"] == sum(30 <= word[0] < 60 for word in scripts[0].words)


def test_only_the_recordings_that_are_named_are_asked(tmp_path):
    for name in ("p01/a", "p02/a"):
        simulate_person(tmp_path, recording=name, duration=20.0)
    store = FeatureStore(tmp_path)
    outcome = ask_store(store, parse('list blink from "p02/a"'), KNOWN)
    assert list(outcome.answers) == ["p02/a"]
    assert text_of(parse('list blink from "p02/a"')) == 'list blink from ["p02/a"]'
    with pytest.raises(UnknownName, match="p03"):
        ask_store(store, parse("list blink from [p03]"), KNOWN)


def test_silence_is_when_nobody_speaks_and_questions_need_punctuation(interview):
    store, _ = interview
    found = asked(store, "list silence; list question by participant")
    assert all(end - start >= 0.25 - 1e-6 for start, end in times(found[0]))
    assert any("punctuation" in warning for warning in found[1].warnings)
