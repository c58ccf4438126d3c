"""Exports hold the store's own numbers, under names that the dictionary explains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bitflow.errors import StoreError, UsageError
from bitflow.exporting import export_store
from bitflow.store import FeatureStore

ID = "clinic/anna_visit1"


def test_csv_holds_every_row_with_its_person(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out")
    faces = pd.read_csv(tmp_path / "out" / ID / "faces.csv")
    table = store[ID].table("faces")
    assert list(faces.columns) == list(table.columns)
    np.testing.assert_allclose(faces.to_numpy("float64"), table.to_numpy("float64"), rtol=1e-6)
    assert set(zip(faces["track"], faces["person"], strict=True)) == {(0, 0), (1, 1)}


def test_csv_text_survives_quotes_and_commas_and_missing_numbers_are_empty(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out")
    words = pd.read_csv(tmp_path / "out" / ID / "words.csv")
    assert words["word"].tolist() == ["Anna", 'say "hi", you']
    voice = (tmp_path / "out" / ID / "voice.csv").read_text().splitlines()
    assert voice[1] == "0.005,200,1"
    assert voice[-1] == "1.995,,1"


def test_dictionary_explains_every_column_of_every_csv_file(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", tables=["faces", "face_landmarks", "voice", "people"])
    known = pd.read_csv(tmp_path / "out" / "dictionary.csv")
    explained = set(zip(known["table"], known["column"], strict=True))
    for file in (tmp_path / "out" / ID).glob("*.csv"):
        columns = pd.read_csv(file, nrows=0).columns
        assert {(file.stem, column) for column in columns} <= explained
    box = known[(known["table"] == "faces") & (known["column"] == "box_x")].iloc[0]
    assert (box["unit"], box["reference_frame"], box["resample"]) == ("px", "image", "linear")


def test_csv_leaves_points_out_unless_their_table_is_named(store: FeatureStore, tmp_path: Path):
    done = export_store(store, tmp_path / "all")
    assert "points_000_x" not in pd.read_csv(tmp_path / "all" / ID / "face_landmarks.csv", nrows=0).columns
    assert any("face_landmarks" in note for note in done.notes)
    export_store(store, tmp_path / "some", tables=["face_landmarks"])
    points = pd.read_csv(tmp_path / "some" / ID / "face_landmarks.csv")
    assert points["points_477_y"].eq(2 * 477).all()
    assert not (tmp_path / "some" / ID / "faces.csv").exists()


def test_parquet_keeps_tensors_and_units(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", format="parquet")
    file = tmp_path / "out" / ID / "face_landmarks.parquet"
    assert pq.read_schema(file).field("points").metadata[b"unit"] == b"px"
    table = pq.read_table(file)
    assert table.column("person").to_pylist() == store[ID].table("face_landmarks")["person"].tolist()
    assert table.column("points").type.shape == [478, 3]


def test_npz_opens_without_pickle(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", format="npz")
    with np.load(tmp_path / "out" / f"{ID}.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["face_landmarks/points"], store[ID].points("face_landmarks"))
        assert arrays["words/word"].tolist() == ["Anna", 'say "hi", you']
        assert np.isnan(arrays["voice/f0"][100:]).all()


@pytest.mark.parametrize("format", ["csv", "parquet", "npz"])
def test_aligned_is_what_the_store_aligns(store: FeatureStore, tmp_path: Path, format: str):
    tables = ["faces", "voice"]
    export_store(store, tmp_path / "out", format=format, rate_hz=10, tables=tables)  # pyright: ignore[reportArgumentType]
    expected = store[ID].aligned(10, tables)
    if format == "npz":
        with np.load(tmp_path / "out" / f"{ID}.npz", allow_pickle=False) as arrays:
            found = pd.DataFrame({name: arrays[name] for name in arrays.files})
    else:
        path = tmp_path / "out" / ID / f"aligned.{format}"
        found = pd.read_csv(path) if format == "csv" else pd.read_parquet(path)
    assert list(found.columns) == list(expected.columns)
    np.testing.assert_allclose(found.to_numpy("float64"), expected.to_numpy("float64"), rtol=1e-6)
    known = pd.read_csv(tmp_path / "out" / "dictionary.csv")
    assert set(found.columns) <= set(known["column"])
    assert known.set_index("column").loc["voice_f0", "unit"] == "Hz"


def test_what_cannot_be_exported_is_said_in_a_sentence(store: FeatureStore, tmp_path: Path):
    with pytest.raises(UsageError, match=r"no recording has a table 'nope'; there are: face_landmarks"):
        export_store(store, tmp_path / "out", tables=["nope"])
    with pytest.raises(UsageError, match="lies in the store itself"):
        export_store(store, store.path / "out")
    with pytest.raises(UsageError, match="positive number of Hz"):
        export_store(store, tmp_path / "out", rate_hz=0)
    with pytest.raises(StoreError, match="no recording 'clinic/ana_visit1'; did you mean"):
        export_store(store, tmp_path / "out", recordings=["clinic/ana_visit1"])
    with pytest.raises(UsageError, match="holds no recordings"):
        export_store(FeatureStore.create(tmp_path / "empty"), tmp_path / "out")
    export_store(store, tmp_path / "out")
    with pytest.raises(UsageError, match="is not empty"):
        export_store(store, tmp_path / "out")
    assert export_store(store, tmp_path / "out", overwrite=True).failed == {}


def test_a_broken_table_costs_its_recording_and_no_other(store: FeatureStore, tmp_path: Path):
    other = store.draft("other")
    (other.path / "faces.parquet").write_bytes(b"PAR1 not really")
    done = export_store(store, tmp_path / "out")
    assert list(done.failed) == ["other"]
    assert (tmp_path / "out" / ID / "faces.csv").exists()
    assert pd.read_csv(tmp_path / "out" / "recordings.csv")["id"].tolist() == [ID]
