"""Covariates from a CSV file: names stay names, what is missing is missing, and nothing else is."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from bitflow.cli.main import main
from bitflow.errors import UsageError
from bitflow.participants import attach_file, read_participants, recording_rows
from bitflow.store import FeatureStore

CSV = """recording,participant,visit,session,group,medication,age,asked
r1,NA,01,1,control,None,34,True
r2,null,1e3,02, patient ,lithium,NA,False
r3,007,,3,NA,None,,True
"""


def test_names_stay_names_and_only_covariates_are_missing_by_spelling(tmp_path):
    (tmp_path / "p.csv").write_text(CSV)
    rows = recording_rows(tmp_path / "p.csv")
    assert list(rows["participant"]) == ["NA", "null", "007"]
    assert list(rows["visit"][:2]) == ["01", "1e3"]
    assert pd.isna(rows["visit"][2])
    assert list(rows["session"]) == ["1", "02", "3"]
    assert list(rows["group"][:2]) == ["control", "patient"]
    assert pd.isna(rows["group"][2])
    assert list(rows["medication"]) == ["None", "lithium", "None"]
    assert rows["age"][0] == 34
    assert all(map(math.isnan, rows["age"][1:]))
    assert rows["asked"].dtype == bool


def test_rows_of_recordings_that_are_not_there_are_left_out_and_told(tmp_path, capsys):
    store = FeatureStore.create(tmp_path / "store")
    for name in ("r1", "r2", "r4"):
        (store.draft(name).path / "recording.json").write_text("{}")
    (tmp_path / "p.csv").write_text(CSV)
    assert attach_file(store, tmp_path / "p.csv").attrs["left_out"] == ["r3"]
    attached = read_participants(store)
    assert attached is not None
    assert list(attached["recording"]) == ["r1", "r2"]
    assert main(["participants", str(store.path), str(tmp_path / "p.csv")]) == 0
    said = capsys.readouterr().err
    assert "1 row (r3)" in said
    assert "1 recording without covariates: r4" in said


@pytest.mark.parametrize("text", ["recording,age\nnobody,3\n", "recording,age\n"])
def test_a_file_of_other_recordings_is_refused(tmp_path, text):
    store = FeatureStore.create(tmp_path / "store")
    (store.draft("r1").path / "recording.json").write_text("{}")
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(UsageError, match="such rows"):
        attach_file(store, tmp_path / "p.csv")
