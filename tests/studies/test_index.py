"""The index of a store's measures: never behind what the recordings hold."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bitflow.cli.main import main
from bitflow.errors import StoreError
from bitflow.measures.records import MEASURES
from bitflow.store import FeatureStore
from bitflow.studies import gathering
from bitflow.studies.columns import floats, places, words
from bitflow.studies.index import FILE, measure_index
from bitflow.tables import write_table


def write(store, name, **values):
    """A recording's table of measures, of one person and a minute."""
    n = len(values)
    columns = dict.fromkeys(MEASURES.names, None)
    columns |= {"recording": name, "person": "0", "unit": "1/min", "start": 0.0, "end": 60.0, "n_valid": 9}
    columns |= {"duration_valid_s": 50.0, "coverage": 0.8, "status": "ok", "reason": "", "method_version": "1"}
    columns |= {"params_hash": "", "interval": "", "note": ""}
    batch = MEASURES.batch(
        {**{key: [each] * n for key, each in columns.items()}, "measure": list(values), "value": list(values.values())}
    )
    write_table(store.draft(name).path / FILE, MEASURES, [batch])


@pytest.fixture
def store(tmp_path):
    made = FeatureStore.create(tmp_path / "store")
    for n in range(3):
        write(made, f"p{n}/v1", a=float(n), b=10.0 + n)
    measure_index(made)
    time.sleep(0.05)  # longer than the grain of a file system's clock
    measure_index(made)
    return made


def values(store, measure):
    rows = measure_index(store).rows(measure)
    return dict(zip(words(rows["recording"]), floats(rows["value"]), strict=True))


def test_an_index_that_holds_is_not_written_again(store):
    before = (store.path / FILE).stat().st_mtime_ns
    assert values(store, "a") == {"p0/v1": 0.0, "p1/v1": 1.0, "p2/v1": 2.0}
    assert (store.path / FILE).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["p9/v1", "p1/v2", "alone"])
def test_a_recording_that_is_added_is_there(store, name):
    write(store, name, a=7.0, c=1.0)
    assert values(store, "a") == {"p0/v1": 0.0, "p1/v1": 1.0, "p2/v1": 2.0, name: 7.0}
    assert name in measure_index(store).recordings
    assert values(store, "c") == {name: 1.0}


def test_a_recording_that_is_measured_anew_has_its_new_values_and_the_others_their_old_ones(store):
    write(store, "p1/v1", a=5.0)
    assert values(store, "a") == {"p0/v1": 0.0, "p1/v1": 5.0, "p2/v1": 2.0}
    assert values(store, "b") == {"p0/v1": 10.0, "p2/v1": 12.0}


def test_a_table_that_is_changed_in_place_is_read_again(store):
    table = store.path / "p0/v1" / FILE
    write(store, "p3/v1", a=4.0)
    shutil.copyfile(store.path / "p3/v1" / FILE, table)  # the folder's own time stays as it is
    assert values(store, "a")["p0/v1"] == 4.0


def test_a_recording_that_is_gone_is_gone(store):
    shutil.rmtree(store.path / "p2")
    assert values(store, "a") == {"p0/v1": 0.0, "p1/v1": 1.0}
    assert measure_index(store).recordings == ("p0/v1", "p1/v1")


def test_a_recording_without_measures_is_counted(store):
    os.makedirs(store.path / "p5/v1")
    (store.path / "p5/v1/recording.json").write_text("{}")
    assert measure_index(store).recordings == ("p0/v1", "p1/v1", "p2/v1", "p5/v1")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no table"])
def test_an_index_that_is_broken_is_made_again(store, content):
    (store.path / FILE).write_bytes(content)
    assert values(store, "b") == {"p0/v1": 10.0, "p1/v1": 11.0, "p2/v1": 12.0}


def test_processes_read_what_one_does(store, monkeypatch):
    (store.path / "p1/v1" / FILE).write_bytes(b"no table")
    alone, unread = gathering.gathered(store, ["p0/v1", "p1/v1", "p2/v1"])
    monkeypatch.setattr(gathering, "_MANY", 2)
    monkeypatch.setattr("bitflow.cohort.cores.available_cores", lambda: 2)
    shared, also = gathering.gathered(store, ["p0/v1", "p1/v1", "p2/v1"])
    assert shared.to_pylist() == alone.to_pylist()
    assert list(also) == list(unread) == ["p1/v1"]


def test_measuring_writes_the_index(tmp_path):
    made = tmp_path / "store"
    assert main(["simulate", "person", "-o", str(made), "--duration", "40"]) == 0
    (made / FILE).unlink(missing_ok=True)
    assert main(["measure", str(made), "--measures", "blink_rate_per_min"]) == 0
    assert (made / FILE).is_file()


def test_columns_are_read_from_their_buffers():
    column = pa.chunked_array([["a", None, "b"], ["a"]])
    assert words(column, "").tolist() == ["a", "", "b", "a"]
    assert places(column.slice(1), {"b": 4}).tolist() == [-1, 4, -1]
    np.testing.assert_array_equal(floats(pa.chunked_array([[1.0, None, 5.0]]).slice(1)), [np.nan, 5.0])
    assert not len(words(pa.chunked_array([], pa.string())))


def test_a_table_that_bitflow_did_not_write_is_read_and_what_it_does_not_say_is_not_said(store):
    os.makedirs(store.path / "p7")
    frame = pd.DataFrame({"measure": ["blink_rate_per_min", "a"], "value": [12, 3], "person": [0, 0]})
    frame.to_parquet(store.path / "p7" / FILE)
    assert values(store, "a")["p7"] == 3.0
    index = measure_index(store)
    assert index.units["blink_rate_per_min"] == "1/min"
    (row,) = index.rows("blink_rate_per_min").to_pylist()
    assert (row["status"], row["person"], row["start"]) == ("ok", "0", None)


@pytest.mark.parametrize(
    "broken", [b"no table", pd.DataFrame({"measure": ["a"]}), pd.DataFrame({"measure": ["a"], "value": ["much"]})]
)
def test_a_table_that_cannot_be_read_costs_its_own_values_and_is_named(store, broken):
    table = store.path / "p1/v1" / FILE
    if isinstance(broken, bytes):
        table.write_bytes(broken)
    else:
        broken.to_parquet(table)
    for _ in range(2):  # made, and read
        assert values(store, "a") == {"p0/v1": 0.0, "p2/v1": 2.0}
        assert list(measure_index(store).unread) == ["p1/v1"]
    write(store, "p1/v1", a=4.0)
    assert values(store, "a")["p1/v1"] == 4.0
    assert measure_index(store).unread == {}


def test_somebodys_own_table_at_the_top_is_read_and_never_written_over(tmp_path):
    store = FeatureStore.create(tmp_path / "store")
    write(store, "p0/v1", a=0.0)
    store.draft("p0/v2").path.joinpath("recording.json").write_text("{}")
    own = pd.DataFrame({"recording": ["p0/v1", "p0/v2", "gone"], "measure": "a", "value": [7.0, 8.0, 9.0]})
    own.to_parquet(store.path / FILE)
    before = (store.path / FILE).read_bytes()
    assert values(store, "a") == {"p0/v1": 0.0, "p0/v2": 8.0}
    assert (store.path / FILE).read_bytes() == before
    own.drop(columns="recording").to_parquet(store.path / FILE)
    with pytest.raises(StoreError, match="bitflow did not write it"):
        measure_index(store)
