"""From a store to what recognisers train on: nothing seen is NaN, never 0; forms for scikit-learn, PyTorch, Hugging
Face."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bitflow.datasets.clips import Clip, Stream, read_clip
from bitflow.datasets.labels import read_labels
from bitflow.datasets.windows import (
    STATISTICS,
    FeatureDataset,
    FeatureSchema,
    window_labels,
    window_spans,
    window_statistics,
)
from bitflow.errors import SchemaError, UsageError
from bitflow.store import FeatureStore, open_store
from bitflow.tables import FRAME, TIME, TRACK, Column, Schema
from bitflow.timeline import Interval
from tests.models.stores import MADE, write_discord_store


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "features"
    write_discord_store(folder, people=3, visits=2, drop={"p01/v1": "voice"}, words=True)
    return folder


@pytest.fixture(scope="module")
def data(features) -> FeatureDataset:
    return FeatureDataset.open(features, features / "labels.csv")


def clip_of(values: np.ndarray, **more) -> Clip:
    values = np.asarray(values, np.float32).reshape(len(values), -1)
    names = tuple(f"face.c{i}" for i in range(values.shape[1]))
    return Clip("a", 5.0, len(values), {"face": Stream(names, ("1",) * len(names), values)}, **more)


def test_a_clip_has_its_streams_words_and_segments_on_one_clock(data):
    clip = data[0]
    assert set(clip.streams) == {"face", "voice", "text"}
    assert clip.streams["face"].names == ("emotions.valence", "emotions.other")
    assert clip.bins == 100
    assert clip.times[0] == pytest.approx(0.1)
    assert len(clip.words.texts) == 5
    assert clip.covariates["age"] == "20"
    assert [len(c.segments) for c in data] == [int(c.label) for c in data]


def test_a_stream_that_is_missing_is_missing_and_not_zero(data):
    clip = next(c for c in data if c.recording == "p01/v1")
    assert "voice" not in clip.streams
    windows = data.windows()
    mine = windows.clip == list(data).index(clip)
    assert np.isnan(windows.values["voice"][mine]).all()
    assert np.isfinite(windows.values["voice"][~mine]).all()
    assert windows.matrix.shape == (len(windows), 6 * len(STATISTICS))
    assert len(windows.names["face"]) == 2 * len(STATISTICS)


def test_rows_fall_into_the_bin_of_their_time_and_gaps_stay_open(tmp_path):
    store = FeatureStore.create(tmp_path)
    column = Column("valence", "float32", "1", resample="mean")
    schema = Schema("emotions", "frame", (FRAME, TIME, TRACK, column), tracks="face")
    times = np.array([0.0, 0.04, 0.21, 1.0])
    rows = {"frame": [0, 1, 5, 25], "time": times, "track": [0] * 4, "valence": [1.0, 3.0, np.nan, 5.0]}
    facts = {"media": {"duration": 1.2}}
    store.draft("r").write(schema, [schema.batch(rows)], provenance=MADE, facts=facts)
    values = read_clip(store["r"]).streams["face"].values[:, 0]
    assert values.tolist() == pytest.approx([2.0, np.nan, np.nan, np.nan, np.nan, 5.0], nan_ok=True)


def test_two_faces_give_the_one_that_is_seen_longest(tmp_path):
    store = FeatureStore.create(tmp_path)
    column = Column("valence", "float32", "1", resample="mean")
    schema = Schema("emotions", "frame", (FRAME, TIME, TRACK, column), tracks="face")
    rows = {
        "frame": [0, 0, 1, 1, 2],
        "time": [0.0, 0.0, 0.2, 0.2, 0.4],
        "track": [4, 7, 4, 7, 7],
        "valence": [1.0, 2.0, 1.0, 2.0, 2.0],
    }
    store.draft("r").write(schema, [schema.batch(rows)], provenance=MADE, facts={"media": {"duration": 0.6}})
    assert read_clip(store["r"]).streams["face"].values[:, 0].tolist() == [2.0, 2.0, 2.0]


def test_statistics_of_a_line_are_those_of_a_line():
    values = np.arange(10.0)[:, None]
    found = dict(zip(STATISTICS, window_statistics(values, np.array([[0, 10]]))[0].tolist(), strict=True))
    assert found["mean"] == pytest.approx(4.5)
    assert found["sd"] == pytest.approx(np.std(np.arange(10)))
    assert (found["p10"], found["p90"]) == pytest.approx((0.9, 8.1))
    assert (found["slope"], found["mean_change"], found["sd_change"]) == pytest.approx((1.0, 1.0, 0.0))


def test_what_is_missing_changes_no_statistic_until_half_of_it_is():
    values = np.tile([[1.0], [2.0]], (5, 1))
    values[4] = np.nan
    found = window_statistics(values, np.array([[0, 10]]))[0]
    assert found[-1] == pytest.approx(0.9)
    assert found[0] == pytest.approx(np.nanmean(values))
    assert (found[2], found[3]) == pytest.approx(tuple(np.nanquantile(values, (0.1, 0.9))))
    values[:6] = np.nan
    assert np.isnan(window_statistics(values, np.array([[0, 10]]))[0][:-1]).all()


def test_a_window_is_positive_from_half_inside_a_segment_and_unused_on_its_border():
    clip = clip_of(np.zeros(50), label="1", segments=(Interval(2.0, 4.0),))
    spans = window_spans(clip, 2.0, 1.0)
    label, weight = window_labels(clip, spans, ("0", "1"))
    assert label.tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 0]  # [1,3) and [3,5) lie half inside
    assert weight[0] == 0.5
    border = clip_of(np.zeros(50), label="1", segments=(Interval(2.0, 2.6),))
    assert window_labels(border, spans, ("0", "1"))[0].tolist()[1:3] == [-1, -1]


def test_a_clip_shorter_than_a_window_is_one_window():
    assert window_spans(clip_of(np.zeros(7)), 3.0, 1.0).tolist() == [[0, 7]]


def test_a_column_in_two_units_is_refused():
    one = clip_of(np.zeros(5))
    other = replace(one, recording="b", streams={"face": replace(one.streams["face"], units=("deg",))})
    with pytest.raises(SchemaError, match=r"face\.c0 is in '1' in recording 'a' and in 'deg' in 'b'"):
        FeatureDataset.of([one, other])


def test_a_schema_survives_json_and_fits_clips_that_lack_a_column():
    wide, narrow = clip_of(np.ones((5, 2))), clip_of(np.ones((5, 1)))
    schema = FeatureSchema.of([wide, narrow])
    assert FeatureSchema.from_dict(schema.as_dict()) == schema
    assert np.isnan(schema.fitted(narrow).streams["face"].values[:, 1]).all()


def test_labels_and_recordings_must_match_or_be_left_out_by_name(features, tmp_path):
    rows = (features / "labels.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([*rows[:-1], "gone,1,p09,1,40"]), encoding="utf-8")
    with pytest.raises(UsageError, match=r"'gone'; .*'p02/v1'"):
        FeatureDataset.open(features, path)
    data = FeatureDataset.open(features, path, skip_unmatched=True)
    assert len(data) == 5
    assert len(data.notes) == 2


def test_labels_tell_their_rates_and_leaks(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("recording,label,participant,split\na,0,p,train\nb,1,p,test\nc,1,q,test\n", encoding="utf-8")
    labels = read_labels(path)
    assert labels.described()["splits"]["test"] == {
        "recordings": 2,
        "participants": 2,
        "rates": {"0": 0.0, "1": 1.0},
    }
    assert labels.shared_groups() == {"p": ["test", "train"]}
    assert "'p'" in labels.sentences()[-1]


def test_pytorch_items_have_masks_and_batches_are_padded_where_the_mask_is_false(data):
    torch = pytest.importorskip("torch", reason="PyTorch is an extra (train)")
    short = FeatureDataset.of([*list(data)[:2], replace(data[3], bins=40, streams={
        n: replace(s, values=s.values[:40]) for n, s in data[3].streams.items()})])  # fmt: skip
    items = short.torch()
    batch = FeatureDataset.collate([items[i] for i in range(3)])
    values, mask = batch["streams"]["voice"]
    assert values.shape == mask.shape == (3, 100, 2)
    assert batch["length"].tolist() == [100, 100, 40]
    assert not mask[2].any()  # that recording has no voice
    assert mask[0].all()
    face, seen = batch["streams"]["face"]
    assert not seen[2, 40:].any()
    assert torch.isfinite(face).all()
    assert batch["label"].tolist() == [short.classes.index(clip.label) for clip in short]


def test_a_hugging_face_row_is_a_clip_and_missing_values_are_null(data):
    from bitflow.datasets.hugging_face import clip_table

    table = clip_table(data)
    rows = {row["recording"]: row for row in table.to_pylist()}
    assert rows["p01/v1"]["voice.valence"] is None
    assert len(rows["p00/v0"]["voice.valence"]) == 100
    assert table.schema.field("emotions.valence").metadata[b"unit"] == b"1"
    from importlib import import_module

    if not hasattr(import_module("datasets"), "Dataset"):
        pytest.skip("the package datasets is not installed")
    assert data.hugging_face()[0]["participant"] == "p00"


def test_the_main_person_of_several_is_read(tmp_path):
    from bitflow.people import PEOPLE

    store = FeatureStore.create(tmp_path)
    column = Column("valence", "float32", "1", resample="mean")
    schema = Schema("emotions", "frame", (FRAME, TIME, TRACK, column), tracks="face")
    rows = {"frame": [0, 0], "time": [0.0, 0.0], "track": [1, 2], "valence": [1.0, 2.0]}
    recording = store.draft("r")
    recording.write(schema, [schema.batch(rows)], provenance=MADE, facts={"media": {"duration": 0.2}})
    people = {
        "kind": ["face", "face"], "track": [1, 2], "person": [0, 1], "confidence": [1.0, 1.0],
        "role": [None, "participant"], "start": [0.0, 0.0], "end": [9.0, 1.0], "seconds": [9.0, 1.0],
    }  # fmt: skip
    recording.write(PEOPLE, [PEOPLE.batch(people)], provenance=MADE)
    assert read_clip(open_store(tmp_path)["r"]).streams["face"].values[:, 0].tolist() == [2.0]
