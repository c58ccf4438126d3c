"""Studies over small stores whose answers are known."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bitflow.cli.main import main
from bitflow.events.language import from_json, parse, text_of, to_json
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.refusals import Refusal
from bitflow.measures.records import MEASURES
from bitflow.participants import attach_file
from bitflow.store import FeatureStore
from bitflow.studies.answering import answer_study
from bitflow.studies.design import natural
from bitflow.studies.drawing import drawn
from bitflow.studies.statistics import holm, paired, several_groups, spearman, two_groups
from bitflow.tables import write_table


def write_store(folder, rows):
    """Recordings ``(id, participant, visit, group, value, seconds)`` with one measure; None is a value not known."""
    store = FeatureStore.create(folder)
    lines = ["recording,participant,visit,group,age"]
    for name, who, visit, group, value, seconds in rows:
        status = ("undefined", "too_few_valid") if value is None else ("ok", "")
        record = {
            **{"recording": name, "person": "0", "measure": "smile_rate_per_min", "value": value, "unit": "1/min"},
            **{"start": 0.0, "end": 60.0, "n_valid": 9, "duration_valid_s": seconds, "coverage": seconds / 60},
            **{"ci_low": None, "ci_high": None, "status": status[0], "reason": status[1], "method_version": "1"},
            **{"params_hash": "", "interval": "", "note": ""},
        }
        batch = MEASURES.batch({key: [each] for key, each in record.items()})
        write_table(store.draft(name).path / "measures.parquet", MEASURES, [batch])
        lines.append(f"{name},{who},{visit},{group},{20 + len(lines)}")
    (folder.parent / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    attach_file(store, folder.parent / "p.csv")
    return store


@pytest.fixture
def store(tmp_path):
    rows = []
    for n in range(12):
        group = "patient" if n % 2 else "control"
        for visit in (1, 2):
            rows.append((f"p{n}/v{visit}", f"P{n}", visit, group, float(n + 10 * (group == "control") + visit), 30.0))
    return write_store(tmp_path / "store", rows)


def answered(store, text):
    return answer_study(parse(text).queries[0], store, Definitions.of(()))


def test_sessions_are_averaged_by_the_time_seen_and_not_counted_twice(tmp_path):
    rows = [("a/1", "A", 1, "g", 2.0, 10.0), ("a/2", "A", 2, "g", 8.0, 50.0), ("b/1", "B", 1, "g", 1.0, 60.0)]
    found = answered(write_store(tmp_path / "store", rows), "average measure(smile_rate_per_min)")
    assert found.answer["rows"][0]["n"] == 2
    assert found.answer["rows"][0]["value"] == pytest.approx(((2 * 10 + 8 * 50) / 60 + 1) / 2)
    assert len(found.evidence) == 3


def test_groups_are_compared_between_participants(store):
    found = answered(store, "compare measure(smile_rate_per_min) by group")
    control, patient = [n + 11.5 for n in range(0, 12, 2)], [n + 1.5 for n in range(1, 12, 2)]
    test = stats.ttest_ind(control, patient, equal_var=False)
    assert found.answer["test"]["p"] == pytest.approx(test.pvalue)
    assert found.answer["test"]["difference"] == pytest.approx(9.0)
    assert [row["n"] for row in found.answer["rows"]] == [6, 6]
    assert {row["table"] for row in found.evidence} == {"measures"}


def test_few_are_described_and_not_tested(store):
    found = answered(
        store, "compare measure(smile_rate_per_min) where covariate(participant) in [P0, P1, P2, P3] by group"
    )
    assert found.answer["test"] is None
    assert any(warning.startswith("small_n") for warning in found.warnings)


def test_what_is_missing_is_counted_with_its_reason(tmp_path):
    rows = [(f"r{n}", f"P{n}", 1, "a", None if n < 2 else 1.0 * n, 60.0) for n in range(6)]
    opened = write_store(tmp_path / "store", rows)
    found = answered(opened, "average measure(smile_rate_per_min)")
    assert found.answer["excluded"] == [{"reason": "too_few_valid", "recordings": 2}]
    assert found.answer["rows"][0]["value"] == pytest.approx(3.5)
    lacking = answered(opened, "missing measure(smile_rate_per_min)").answer["rows"]
    assert [row["recording"] for row in lacking] == ["r0", "r1"]


def test_change_rank_agreement_and_counts(store):
    change = answered(store, 'change measure(smile_rate_per_min) from "1" to "2"').answer["rows"][0]
    assert (change["n"], change["value"]) == (12, pytest.approx(1.0))
    ranked = answered(store, "rank measure(smile_rate_per_min) top 2").answer["rows"]
    assert [row["participant"] for row in ranked] == ["P10", "P8"]
    assert answered(store, "agree measure(smile_rate_per_min)").answer["rows"][0]["value"] > 0.9
    counted = answered(store, "how_many where measure(smile_rate_per_min) > 10/min per recording")
    assert counted.answer["n"] == len(counted.evidence) == 15


def test_groups_of_the_same_people_are_compared_within_them_the_first_less_the_second(tmp_path):
    draw = np.random.default_rng(1)
    rows = [
        (f"r{n}/{visit}", f"P{n}", visit, ("pre", "post")[visit - 1], float(draw.gamma(3)), 60.0)
        for n in range(9)
        for visit in (1, 2)
        if (n, visit) != (3, 2)
    ]
    found = answered(write_store(tmp_path / "store", rows), "compare measure(smile_rate_per_min) by group")
    pre, post = ({row[1]: row[4] for row in rows if row[3] == group} for group in ("pre", "post"))
    less = np.array([post[who] - pre[who] for who in pre if who in post])
    test = found.answer["test"]
    assert [row["group"] for row in found.answer["rows"]] == test["groups"] == ["post", "pre"]
    assert (test["test"], test["n"]) == ("Wilcoxon", 8)
    assert test["difference"] == pytest.approx(less.mean())
    assert test["p"] == pytest.approx(stats.wilcoxon(less).pvalue)
    assert any(warning.startswith("unpaired: 1 of 9") for warning in found.warnings)


def test_a_value_of_which_nothing_was_seen_does_not_count(tmp_path):
    rows = [(f"r{n}", f"P{n}", 1, "a", 100.0 if n < 2 else float(n), 0.0 if n < 2 else 40.0) for n in range(8)]
    found = answered(write_store(tmp_path / "store", rows), "average measure(smile_rate_per_min)")
    assert (found.answer["rows"][0]["n"], found.answer["rows"][0]["value"]) == (6, pytest.approx(4.5))
    assert found.answer["excluded"] == [{"reason": "low_coverage", "recordings": 2}]


def test_what_is_the_same_for_all_correlates_with_nothing(tmp_path):
    rows = [(f"r{n}", f"P{n}", 1, "a", 2.0, 60.0) for n in range(8)]
    found = answered(write_store(tmp_path / "store", rows), "correlate measure(smile_rate_per_min), covariate(age)")
    assert any(warning.startswith("constant: the first") for warning in found.warnings)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (
            "compare measure(smile_rate_per_min) by group",
            ["control (n = 6)", "smile_rate_per_min (1/min)", "Hedges g ="],
        ),
        ("distribution measure(smile_rate_per_min) by group", ["patient (n = 6)", "10th to 90th percentile"]),
        ('change measure(smile_rate_per_min) from "1" to "2"', ["change of smile_rate_per_min from 1 to 2 (1/min)"]),
        ("correlate measure(smile_rate_per_min), covariate(age)", ["Spearman: ρ =", ">age<", "12 participants"]),
        ("rank measure(smile_rate_per_min) top 3", [">P10<", ">P8<"]),
        ("agree measure(smile_rate_per_min)", ["ICC(2,1) of smile_rate_per_min", "all (n = 12)"]),
        ("scan by group", ["Hedges g, control less patient", "corrected by Holm"]),
        ("how_many by group", [">control<", ">6<"]),
        ("which where measure(smile_rate_per_min) > 12/min", [">P10<"]),
        ("missing measure(smile_rate_per_min)", [">none<"]),
    ],
)
def test_a_picture_says_what_it_shows(store, program, told):
    found = answered(store, program)
    picture = drawn(found.program, found.answer)
    ElementTree.fromstring(picture)
    assert [each for each in told if each not in picture] == []


def test_the_evidence_is_what_the_answer_stands_on(store):
    program = 'change measure(smile_rate_per_min) where covariate(participant) in [P1, P2] from "1" to "2"'
    names = [row["recording"] for row in answered(store, program).evidence if row["table"] == "measures"]
    assert names == ["p1/v1", "p1/v2", "p2/v1", "p2/v2"]
    counted = answered(store, "how_many where covariate(group) in [control]")
    assert len(counted.evidence) == 12
    assert {row["table"] for row in counted.evidence} == {"participants"}


def test_participants_whose_names_are_no_numbers_stand_after_those_whose_are():
    assert sorted(["nan", "10", "b", "2", "inf"], key=natural) == ["2", "10", "b", "inf", "nan"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=6, max_size=14), st.lists(st.integers(-50, 50), min_size=6, max_size=14))
def test_statistics_are_those_of_scipy(a, b):
    x, y = np.array(a, float), np.array(b, float)
    if x.std() and y.std():
        assert two_groups(x, y)["p"] == pytest.approx(stats.ttest_ind(x, y, equal_var=False).pvalue)
        assert several_groups({"x": x, "y": y})["p"] == pytest.approx(stats.kruskal(x, y).pvalue)
        n = min(len(x), len(y))
        rho = stats.spearmanr(x[:n], y[:n]).statistic
        assert spearman(x[:n], y[:n])["rho"] == pytest.approx(rho, nan_ok=True)
    before = np.arange(8.0)
    after = before + np.array([1.0, -2, 3, 4, 5, -6, 7, 8])
    assert paired(before, after)["p"] == pytest.approx(stats.wilcoxon(after - before).pvalue)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@pytest.mark.parametrize(
    "text",
    [
        "compare measure(smile_rate_per_min) where covariate(group) not in [a, b] and (count smile) > 3 by group",
        'rank measure(x) from "1" to "3" top 5 least coverage >= 0.6',
        "correlate (fraction pause), covariate(age) per session",
        "which coverage(x) where measure(a) outlier 3.5 per recording",
        'scan by "a; b"',
    ],
)
def test_text_and_json_are_two_spellings_of_one_study(text):
    program = parse(text)
    assert text_of(program) == text
    assert from_json(json.loads(json.dumps(to_json(program)))) == program


@pytest.mark.parametrize("text", ["compare measure(x)", "rank measure(x) top 0", "change measure(x)", "which by group"])
def test_what_means_nothing_is_refused(text):
    with pytest.raises(Refusal):
        parse(text)


def test_the_index_is_made_anew_when_a_recording_changes(store):
    before = answered(store, "average measure(smile_rate_per_min)").answer["rows"][0]["value"]
    (store.path / "p0" / "v1" / "measures.parquet").unlink()
    assert answered(store, "average measure(smile_rate_per_min)").answer["rows"][0]["value"] != before


def test_ask_prints_the_published_form_and_refuses_with_a_code(store, capsys, tmp_path):
    where = str(store.path)
    assert (
        main(["ask", where, "Do patients smile less than controls?", "--json", "--plot", str(tmp_path / "a.svg")]) == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["program", "answer", "evidence", "coverage", "warnings"]
    assert all(set(row) == {"recording", "start", "end", "table"} for row in said["evidence"])
    assert "control" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert main(["ask", where, "Is he lying?", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "DECEPTION"
    assert main(["ask", where, "Do patients smile less than controls?", "--show", "program", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["json"]["answer"] == "compare"
