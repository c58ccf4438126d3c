"""From a store to files: tables kept, exports as other programs read them, wrong input in one sentence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.errors import UsageError
from bitflow.measures.registry import registered, select
from bitflow.measures.reliability import icc_2_1, spearman_brown
from bitflow.measures.run import measure_store
from bitflow.participants import attach_file, attach_pattern, read_participants
from bitflow.store import FeatureStore, open_store

LONG = [
    "recording",
    "person",
    "measure",
    "value",
    "unit",
    "start",
    "end",
    "n_valid",
    "duration_valid_s",
    "coverage",
    "ci_low",
    "ci_high",
    "status",
    "reason",
    "method_version",
    "params_hash",
]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    store = folder / "features"
    simulate_person(store, recording="p01/visit1", people=2, duration=60)
    simulate_person(store, recording="p02/visit1", people=1, duration=40, seed=3)
    done = measure_store(store, folder / "out", measures=["core"])
    return store, folder / "out", done


def test_measures_csv_is_one_row_a_recording_and_person(measured):
    _, out, _ = measured
    rows = pd.read_csv(out / "measures.csv", dtype={"person": str}, keep_default_na=False, na_values=[""])
    assert list(rows.columns[:2]) == ["recording", "person"]
    keys = {(r, p if isinstance(p, str) else "") for r, p in zip(rows["recording"], rows["person"], strict=True)}
    assert keys == {("p01/visit1", p) for p in ("", "0", "1", "0+1")} | {("p02/visit1", p) for p in ("", "0")}
    assert "blink_rate_per_min" in rows
    assert "au_base_rate_fraction_au12_proxy" in rows
    assert not [name for name in rows.columns if "[" in name]


def test_measures_long_has_the_promised_columns_and_agrees_with_the_wide_form(measured):
    _, out, _ = measured
    long = pd.read_parquet(out / "measures_long.parquet")
    assert list(long.columns) == LONG
    wide = pd.read_csv(out / "measures.csv", dtype={"person": str}).fillna({"person": ""})
    for _, row in long[long["status"] == "ok"].iterrows():
        cell = wide.loc[(wide["recording"] == row["recording"]) & (wide["person"] == row["person"]), row["measure"]]
        assert cell.iloc[0] == pytest.approx(row["value"], rel=1e-9)


def test_the_dictionary_explains_every_column(measured):
    _, out, _ = measured
    dictionary = pd.read_csv(out / "dictionary.csv")
    wide = pd.read_csv(out / "measures.csv")
    assert set(dictionary["column"]) == set(wide.columns) - {"recording", "person"}
    assert dictionary["definition"].notna().all()
    assert dictionary["unit"].notna().all()


def test_the_methods_say_that_it_is_simulated_and_cite(measured):
    _, out, _ = measured
    text = (out / "methods.md").read_text()
    assert "simulated" in text
    assert "Soukupová" in text


def test_the_store_keeps_values_and_events_and_stays_whole(measured):
    store, _, _ = measured
    opened = open_store(store)
    assert {"events", "measures"} <= set(opened["p01/visit1"].tables)
    assert [finding for finding in opened.check() if finding.severity == "error"] == []
    events = opened["p01/visit1"].table("events")
    assert {"smile", "nod", "blink", "pause"} <= set(events["name"])


def test_measuring_twice_writes_the_same_bytes(measured):
    store, out, _ = measured
    before = [(store / "p02/visit1/measures.parquet").read_bytes(), (out / "measures.csv").read_bytes()]
    measure_store(store, out, measures=["core"])
    assert [(store / "p02/visit1/measures.parquet").read_bytes(), (out / "measures.csv").read_bytes()] == before


def test_windows_and_intervals_give_values_for_each(measured, tmp_path):
    store, _, _ = measured
    tasks = tmp_path / "tasks.csv"
    tasks.write_text("start,end,name,recording\n0,30,rest,p01/visit1\n30,60,talk,p01/visit1\n")
    done = measure_store(store, tmp_path, measures=["smile_rate_per_min"], window=20.0, intervals=tasks)
    by_name = {(r.recording, r.interval, r.person): r for r in done.records}
    assert {name for recording, name, _ in by_name if recording == "p01/visit1"} == {
        "",
        "window 1",
        "window 2",
        "window 3",
        "rest",
        "talk",
    }
    whole = by_name["p01/visit1", "", "0"].n_valid
    assert by_name["p01/visit1", "rest", "0"].n_valid + by_name["p01/visit1", "talk", "0"].n_valid == whole
    rows = pd.read_csv(tmp_path / "measures.csv")
    assert list(rows.columns[:5]) == ["recording", "person", "interval", "start", "end"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("begin,end\n0,1\n", "'start'"),
        ("start,end\n5,2\n", "row 1"),
        ("start,end\nx,2\n", "row 1"),
        ("start,end,recording\n0,1,nobody\n", "nobody"),
    ],
)
def test_a_wrong_interval_file_is_refused_with_the_place(measured, tmp_path, text, complaint):
    store, _, _ = measured
    file = tmp_path / "tasks.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=complaint):
        measure_store(store, measures=["blink_rate_per_min"], intervals=file)


def test_covariates_are_joined(measured, tmp_path):
    store, _, _ = measured
    file = tmp_path / "participants.csv"
    file.write_text("recording,participant,visit,age\np01/visit1,01,1,34\np02/visit1,02,1,\n")
    attach_file(open_store(store), file)
    measure_store(store, tmp_path, measures=["blink_rate_per_min"])
    rows = pd.read_csv(tmp_path / "measures.csv", dtype={"participant": str})
    assert set(rows.loc[rows["recording"] == "p01/visit1", "participant"]) == {"01"}
    assert set(rows.loc[rows["recording"] == "p01/visit1", "age"]) == {34}
    (store / "participants.parquet").unlink()


def test_covariates_are_read_from_the_ids(measured):
    store, _, _ = measured
    attach_pattern(open_store(store), "{participant}/visit{visit}")
    rows = read_participants(open_store(store))
    assert rows is not None
    assert rows.set_index("recording").loc["p01/visit1"].to_dict() == {"participant": "p01", "visit": "1"}
    (store / "participants.parquet").unlink()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id,age\np01/visit1,3\n", "`recording`"),
        ("recording,age\np01/visit1,3\np01/visit1,4\n", "line 3.*twice"),
        ("recording,age\np01/visit1,3\n,4\n", "line 3.*missing"),
        ("recording,age\nnobody,3\n", "nobody"),
    ],
)
def test_wrong_covariates_are_refused_with_the_line(measured, tmp_path, text, complaint):
    store, _, _ = measured
    file = tmp_path / "participants.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=complaint):
        attach_file(open_store(store), file)


def test_an_unknown_measure_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="blink_rate_per_min"):
        select(["blink_rate"])


def test_an_empty_store_says_so(tmp_path, capsys):
    FeatureStore.create(tmp_path)
    assert main(["measure", str(tmp_path)]) == 2
    assert "holds no recordings" in capsys.readouterr().err


def test_the_command_lists_measures_and_what_a_store_lacks(measured, capsys):
    store, _, _ = measured
    assert main(["measure", str(store), "--list", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(registered()) <= set(rows)
    assert rows["blink_rate_per_min"]["available"] == ""
    assert "not computed" in rows["egemaps_*"]["available"]


def test_the_command_measures_and_counts(measured, tmp_path, capsys):
    store, _, _ = measured
    code = main(["measure", str(store), "-o", str(tmp_path), "--measures", "eyes", "--reliability", "--json"])
    summary = json.loads(capsys.readouterr().out)
    assert code == 0
    assert summary["recordings"] == 2
    assert (tmp_path / "reliability.csv").is_file()


def test_a_damaged_recording_does_not_stop_the_others(tmp_path):
    simulate_person(tmp_path / "s", recording="good", duration=20)
    simulate_person(tmp_path / "s", recording="bad", duration=20)
    (tmp_path / "s" / "bad" / "face_actions.parquet").write_bytes(b"no table")
    done = measure_store(tmp_path / "s", measures=["eyes"])
    assert set(done.failed) == {"bad"}
    assert any(record.recording == "good" for record in done.records)


def test_the_catalogue_and_its_core_are_complete():
    assert len(registered()) >= 112
    assert sum(measure.core for measure in registered().values()) >= 60


def test_agreement_over_visits_of_shrout_and_fleiss():
    # Their table of six targets and four judges: ICC(2,1) is .29.
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    found = icc_2_1(ratings)
    assert found.icc == pytest.approx(0.29, abs=0.005)
    assert (found.low, found.high) == (pytest.approx(0.02, abs=0.01), pytest.approx(0.76, abs=0.01))
    assert found.mdc == pytest.approx(1.96 * np.sqrt(2) * found.sem)


def test_halves_that_agree_fully_make_a_reliable_whole():
    assert spearman_brown(1.0) == 1.0
