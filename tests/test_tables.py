"""Schemas travel with their tables, and a table that breaks its schema is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bitflow.errors import SchemaError
from bitflow.tables import INTERVAL_KEYS, TRACK_KEYS, Column, Schema, TableFile, TableWriter, write_table

MESH = Schema(
    "mesh",
    "frame",
    (
        *TRACK_KEYS,
        Column("points", "float32", "px", "landmarks", "image", shape=(4, 3), quantum=1 / 32, resample="linear"),
        Column("presence", "float32", "1", range=(0, 1)),
        Column("label", "string"),
    ),
    "four landmarks",
    tracks="face",
)


def mesh_columns(rows: int, seed: int = 0) -> dict:
    draw = np.random.default_rng(seed)
    return {
        "frame": np.arange(rows),
        "time": np.arange(rows) / 30,
        "track": np.zeros(rows),
        "points": draw.uniform(0, 1920, (rows, 4, 3)),
        "presence": draw.uniform(0, 1, rows),
        "label": [None if row % 7 == 0 else f"é{row}" for row in range(rows)],
    }


def test_a_schema_comes_back_from_its_file_column_by_column_in_order(tmp_path):
    write_table(tmp_path / "mesh.parquet", MESH, [MESH.batch(mesh_columns(3))])
    assert TableFile(tmp_path / "mesh.parquet").schema == MESH


def test_units_stand_in_the_parquet_fields_where_any_reader_finds_them(tmp_path):
    write_table(tmp_path / "mesh.parquet", MESH, [MESH.batch(mesh_columns(3))])
    field = pq.read_schema(tmp_path / "mesh.parquet").field("points")
    assert field.metadata[b"unit"] == b"px"
    assert field.metadata[b"reference_frame"] == b"image"


def test_plain_pandas_reads_points_as_a_flat_float_list_a_row(tmp_path):
    columns = mesh_columns(5)
    write_table(tmp_path / "mesh.parquet", MESH, [MESH.batch(columns)])
    cell = pd.read_parquet(tmp_path / "mesh.parquet")["points"][2]
    assert len(cell) == 12
    assert np.allclose(cell, columns["points"][2].ravel(), atol=1 / 64)


def test_points_come_back_as_one_array_within_half_a_quantum(tmp_path):
    columns = mesh_columns(900)
    write_table(tmp_path / "mesh.parquet", MESH, [MESH.batch(columns)])
    read = TableFile(tmp_path / "mesh.parquet").points()
    assert read.shape == (900, 4, 3)
    assert np.abs(read - columns["points"]).max() <= 1 / 64 + 1e-4
    assert np.array_equal(read * 32, np.rint(read * 32))


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_bytes_depend_on_the_rows_and_not_on_how_they_were_batched(tmp_path, size):
    whole = MESH.batch(mesh_columns(1000))
    write_table(tmp_path / "once.parquet", MESH, [whole])
    write_table(tmp_path / "parts.parquet", MESH, [whole.slice(at, size) for at in range(0, 1000, size)])
    assert (tmp_path / "once.parquet").read_bytes() == (tmp_path / "parts.parquet").read_bytes()


def test_a_value_outside_its_range_is_refused_with_column_and_row(tmp_path):
    columns = mesh_columns(600)
    columns["presence"][523] = 1.5
    with pytest.raises(SchemaError, match=r"presence, row 523: 1\.5"):
        write_table(
            tmp_path / "mesh.parquet", MESH, [MESH.batch(columns).slice(0, 400), MESH.batch(columns).slice(400)]
        )
    assert list(tmp_path.iterdir()) == []


def test_missing_values_are_within_every_range(tmp_path):
    columns = mesh_columns(4)
    columns["presence"][1] = np.nan
    columns["points"][2] = np.nan
    write_table(tmp_path / "mesh.parquet", MESH, [MESH.batch(columns)])
    file = TableFile(tmp_path / "mesh.parquet")
    assert np.isnan(file.column("presence")).tolist() == [False, True, False, False]
    assert np.isnan(file.points()[2]).all()


def test_time_that_runs_backwards_is_refused_also_between_batches(tmp_path):
    late, early = mesh_columns(2), mesh_columns(2)
    late["time"] = np.array([5.0, 6.0])
    with pytest.raises(SchemaError, match="time, row 2: time runs backwards"):
        write_table(tmp_path / "mesh.parquet", MESH, [MESH.batch(late), MESH.batch(early)])


def test_an_interval_that_ends_before_it_starts_is_refused(tmp_path):
    schema = Schema("turns", "interval", INTERVAL_KEYS)
    row = dict.fromkeys(schema.names) | {"start": [1.0, 2.0], "end": [1.5, 1.0]}
    with pytest.raises(SchemaError, match="row 1: ends before it starts"):
        write_table(tmp_path / "turns.parquet", schema, [schema.batch(row)])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"presence": np.zeros(3)}, "3 rows, the others have 2"),
        ({"points": np.zeros((2, 3, 3))}, r"cells of shape \(4, 3\) expected, \(3, 3\) came"),
        ({"pressure": np.zeros(2)}, "unknown column 'pressure'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, sentence):
    with pytest.raises(SchemaError, match=sentence):
        MESH.batch(mesh_columns(2) | change)


def test_a_missing_column_is_named():
    columns = mesh_columns(2)
    del columns["label"]
    with pytest.raises(SchemaError, match="column 'label' is missing"):
        MESH.batch(columns)


def test_an_uncommitted_table_leaves_nothing_behind(tmp_path):
    with TableWriter(tmp_path / "mesh.parquet", MESH) as writer:
        writer.write(MESH.batch(mesh_columns(5000)))
    assert list(tmp_path.iterdir()) == []


def test_a_commit_replaces_the_old_table_and_adds_to_its_metadata(tmp_path):
    path = tmp_path / "mesh.parquet"
    write_table(path, MESH, [MESH.batch(mesh_columns(3))], {"fingerprint": "old"})
    with TableWriter(path, MESH, {"fingerprint": "new"}) as writer:
        writer.write(MESH.batch(mesh_columns(4)))
        writer.commit({"notes": ["two faces"]})
    file = TableFile(path)
    assert (file.rows, file.metadata["fingerprint"], file.metadata["notes"]) == (4, "new", ["two faces"])


def test_a_table_of_no_rows_keeps_its_columns(tmp_path):
    write_table(tmp_path / "mesh.parquet", MESH, [])
    frame = pd.read_parquet(tmp_path / "mesh.parquet")
    assert list(frame.columns) == list(MESH.names)
    assert len(frame) == 0


def test_a_minute_of_a_face_mesh_at_30_fps_stays_under_5_megabytes(tmp_path):
    """478 points of a head that moves and trembles as tracked faces do (0.15 px a point, 0.3 px together)."""
    schema = Schema("m", "frame", (*TRACK_KEYS, Column("points", "float32", "px", shape=(478, 3), quantum=1 / 32)))
    draw = np.random.default_rng(1)
    head = np.cumsum(draw.normal(0, 0.3, (1800, 1, 3)), axis=0)
    points = draw.uniform(100, 500, (478, 3)) + head + draw.normal(0, 0.15, (1800, 478, 3))
    keys = {"frame": np.arange(1800), "time": np.arange(1800) / 30, "track": np.zeros(1800)}
    write_table(tmp_path / "m.parquet", schema, [schema.batch({**keys, "points": points})])
    assert (tmp_path / "m.parquet").stat().st_size < 5e6


def test_records_are_lists_of_texts_in_a_cell_and_come_back_as_such(tmp_path):
    claims = Column("claims", "records", members=("kind", "verdict"))
    schema = Schema("captions", "interval", (*INTERVAL_KEYS[:2], claims))
    cells = [[{"kind": "smiling", "verdict": "supported"}, {"kind": "nodding", "verdict": None}], []]
    batch = schema.batch({"start": [0.0, 1.0], "end": [1.0, 2.0], "claims": cells})
    write_table(tmp_path / "captions.parquet", schema, [batch])
    assert TableFile(tmp_path / "captions.parquet").read().column("claims").to_pylist() == cells
    assert Schema.from_dict(schema.as_dict()) == schema
    with pytest.raises(SchemaError, match="have members"):
        Column("claims", "records")
