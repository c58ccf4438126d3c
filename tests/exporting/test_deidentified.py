"""Nothing that names or shows a person leaves in a deidentified export."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from bitflow.errors import UsageError
from bitflow.exporting import export_store
from bitflow.store import FeatureStore
from bitflow.tables import INTERVAL_KEYS, Column, Schema, write_table

#: Everything in the store that says who somebody is, or what was said.
TELLING = ("anna", "dr bo", "uncle", 'say "', "secret", "clinic", "abababab")


@pytest.mark.parametrize("format", ["csv", "parquet", "npz", "openface"])
def test_no_name_word_path_or_hash_is_in_any_file(store: FeatureStore, tmp_path: Path, format: str):
    export_store(store, tmp_path / "out", format=format, deidentified=True)  # pyright: ignore[reportArgumentType]
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert "anna" not in file.as_posix().removeprefix(tmp_path.as_posix()).lower()
        for content in contents(file):
            for word in TELLING:
                assert word.encode() not in content.lower(), f"{word} in {file.name}"


def contents(file: Path) -> list[bytes]:
    if file.suffix == ".npz":
        with zipfile.ZipFile(file) as archive:
            # NumPy writes text as UTF-32.
            return [archive.read(name).replace(b"\0", b"") + name.encode() for name in archive.namelist()]
    if file.suffix == ".parquet":
        table = pd.read_parquet(file)
        return [file.read_bytes(), table.to_csv().encode()]
    return [file.read_bytes()]


def test_behaviour_stays_and_identity_goes(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", deidentified=True)
    (folder,) = [path for path in (tmp_path / "out").iterdir() if path.is_dir()]
    assert {path.stem for path in folder.iterdir()} == {
        "frames", "faces", "head_pose", "gaze", "voice", "speech", "people",
    }  # fmt: skip
    assert list(pd.read_csv(folder / "voice.csv").columns) == ["time", "f0"]
    speech = pd.read_csv(folder / "speech.csv")
    assert "text" not in speech
    assert "source" not in speech
    assert speech["start"].tolist() == [0.1, 1.0]
    assert speech["speaker"].tolist() == ["S0", "S1"]
    assert pd.read_csv(folder / "people.csv")["role"].tolist() == ["participant", "other"]


def test_a_speaker_has_one_name_in_all_tables(store: FeatureStore, tmp_path: Path):
    schema = Schema("speakers", "interval", (*INTERVAL_KEYS, Column("speaker", "string")))
    rows = {name: [None, None] for name in schema.names} | {"start": [0.0, 1.0], "end": [1.0, 2.0]}
    rows |= {"speaker": ["Anna", "Dr Bo"]}  # the other way round than in `speech`
    write_table(store["clinic/anna_visit1"].path / "speakers.parquet", schema, [schema.batch(rows)])
    export_store(store, tmp_path / "out", deidentified=True)
    names = {file.stem: pd.read_csv(file)["speaker"].tolist() for file in (tmp_path / "out").glob("*/spe*.csv")}
    assert names == {"speakers": names["speech"][::-1], "speech": names["speech"]}
    assert set(names["speech"]) == {"S0", "S1"}


def test_openface_columns_have_no_landmarks(store: FeatureStore, tmp_path: Path):
    export_store(store, tmp_path / "out", format="openface", deidentified=True)
    file = next((tmp_path / "out").glob("*_person0.csv"))
    columns = pd.read_csv(file, skipinitialspace=True).columns
    assert "pose_Rx" in columns
    assert not any(column.startswith(("x_", "y_")) for column in columns)


def test_the_key_gives_the_same_ids_again_and_without_it_they_change(store: FeatureStore, tmp_path: Path):
    def ids(name: str, key: Path | None) -> list[str]:
        export_store(store, tmp_path / name, deidentified=True, key=key)
        return pd.read_csv(tmp_path / name / "recordings.csv")["id"].tolist()

    key = tmp_path / "private" / "key.csv"
    first = ids("a", key)
    assert ids("b", key) == first
    assert ids("c", None) != first
    kept = pd.read_csv(key)
    assert kept["id"].tolist() == ["clinic/anna_visit1"]
    assert kept["pseudonym"].tolist() == first


def test_a_key_that_would_travel_with_the_export_is_refused(store: FeatureStore, tmp_path: Path):
    with pytest.raises(UsageError, match="would travel with it"):
        export_store(store, tmp_path / "out", deidentified=True, key=tmp_path / "out" / "key.csv")
