"""A long recording in spans: a fixed grid, tracks joined over its borders, the same bytes whoever made which piece."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.extraction.joining import Counted, SpanTables, fit, join_tables
from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Outcome, Source, extract_piece, extract_recording
from bitflow.extraction.spans import LONG_S, SPAN_S, Piece, Span, Split, grid
from bitflow.media import VideoReader
from bitflow.store import FeatureStore
from bitflow.tables import TRACK_KEYS, Column, Schema, TableFile, write_table
from tests.composites import write_video

BOXES = Schema(
    "boxes",
    "frame",
    (*TRACK_KEYS, *(Column(f"box_{side}", "float32", "px") for side in ("x", "y", "width", "height"))),
    tracks="face",
)
MARKS = Schema("marks", "frame", (*TRACK_KEYS, Column("mark", "float32", "1", shape=(2,))), tracks="face")


@pytest.fixture(scope="module")
def long_video(tmp_path_factory) -> Path:
    """Over two spans at one picture a second, a keyframe every twelve."""
    draw = np.random.default_rng(0)
    few = [draw.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(7)]
    pictures = [few[at % 7] for at in range(int(LONG_S) + 60)]
    return write_video(tmp_path_factory.mktemp("video") / "long.mp4", pictures, rate=1, keyframe_every=12)


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return FeatureStore.create(tmp_path / "features")


def frames_of(store: FeatureStore) -> bytes:
    return (store["long"].path / "frames.parquet").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.2, 59), min_size=2, max_size=400), st.floats(0, 20))
def test_borders_are_keyframes_on_the_grid_and_spans_tile_the_recording(gaps: list[float], rest: float) -> None:
    keyframes = np.cumsum(gaps).tolist()
    end = keyframes[-1] + rest
    spans = grid(keyframes, end)
    borders = [span.start for span in spans[1:]]
    assert (spans[0].start, spans[-1].stop) == (-math.inf, math.inf)
    assert [span.stop for span in spans[:-1]] == borders
    for border in borders:
        assert border in keyframes
        before = [time for time in keyframes if time < border]
        assert border % SPAN_S <= 59 or not before
    assert all(SPAN_S - 59 < span.stop - span.start < SPAN_S + 59 for span in spans[1:-1])
    assert not borders or end - borders[-1] >= SPAN_S / 2


def test_pieces_survive_the_trip_to_a_worker() -> None:
    piece = Piece("span", 1, grid(np.arange(0, 2000, 7.3).tolist(), 2000.0), spent=2.5)
    assert Piece.from_dict(json.loads(json.dumps(piece.as_dict()))) == piece
    assert Piece.from_dict(json.loads(json.dumps(Piece().as_dict()))) == Piece()


def test_spans_number_frames_as_one_reading_does(store, long_video) -> None:
    assert extract_recording(store.path, Source("long", long_video), make_request(extractors=["frames"])).rows == {
        "frames": 660
    }
    table = store["long"].table("frames")
    with VideoReader(long_video) as reader:
        read = [(frame.index, frame.time, frame.keyframe, frame.duration) for frame in reader]
    assert list(table[["frame", "time", "keyframe", "duration"]].itertuples(index=False, name=None)) == read
    assert table["motion_energy"].isna().tolist() == [True] + [False] * 659
    assert store.check() == []


def test_the_order_of_pieces_and_the_number_of_threads_change_no_byte(store, long_video, tmp_path) -> None:
    request = make_request(extractors=["frames"], threads=2)
    extract_recording(store.path, Source("long", long_video), make_request(extractors=["frames"]))
    other = FeatureStore.create(tmp_path / "other")
    split = extract_piece(other.path, Source("long", long_video), request, lambda seconds: None)
    assert isinstance(split, Split)
    assert [piece.kind for piece in split.pieces] == ["span", "span"]
    for piece in [*reversed(split.pieces), split.join]:
        outcome = extract_piece(other.path, Source("long", long_video), request, lambda seconds: None, piece)
        assert isinstance(outcome, Outcome)
        assert outcome.status == "done"
    assert frames_of(other) == frames_of(store)
    assert not (other["long"].path / ".spans").exists()


def test_a_span_that_is_committed_is_not_made_again(store, long_video) -> None:
    request = make_request(extractors=["frames"])
    split = extract_piece(store.path, Source("long", long_video), request, lambda seconds: None)
    assert isinstance(split, Split)
    told: list[float] = []
    for again in (False, True):
        extract_piece(store.path, Source("long", long_video), request, told.append, split.pieces[1])
        assert bool(told) is not again
        told.clear()
    extract_recording(store.path, Source("long", long_video), request, told.append)
    assert 290 < max(told) < 330  # the first span alone was read


def test_a_thinned_recording_keeps_the_same_pictures(store, long_video) -> None:
    extract_recording(store.path, Source("long", long_video), make_request(extractors=["frames"], rate_hz=0.25))
    with VideoReader(long_video, rate_hz=0.25) as reader:
        assert store["long"].table("frames")["frame"].tolist() == [frame.index for frame in reader]


def test_a_face_that_goes_through_all_spans_is_one_track_with_the_values_of_one_pass(
    store, shared_clip, models_available, tmp_path, monkeypatch
) -> None:
    with VideoReader(shared_clip("people/pyfeat_single_face.mp4")) as reader:
        faces = [np.ascontiguousarray(frame.rgb()[::2, ::2]) for frame in reader][::6]
    pictures = [faces[at % len(faces)] for at in range(2 * int(LONG_S) + 20)]
    video = write_video(tmp_path / "face.mp4", pictures, rate=2, keyframe_every=20)
    request = make_request(extractors=["faces"], parameters=["face_landmarks.model=mesh468", "faces.max_people=1"])
    extract_recording(store.path, Source("spans", video), request)
    monkeypatch.setattr("bitflow.extraction.spans.LONG_S", math.inf)
    extract_recording(store.path, Source("whole", video), request)
    spans, whole = (store[name].table("faces") for name in ("spans", "whole"))
    assert len(spans) == len(whole) == len(pictures)
    assert set(spans["track"]) == set(whole["track"]) == {0}
    points = [store[name].points("face_landmarks", "points")[:, :468, :2] for name in ("spans", "whole")]
    apart = np.linalg.norm(points[0] - points[1], axis=2).mean(axis=1) / whole["size"].to_numpy()
    assert np.median(apart) <= 0.02
    assert np.percentile(apart, 95) <= 0.04


def test_a_recording_with_few_keyframes_is_one_span() -> None:
    assert grid([0.0, 250.0, 500.0, 900.0], 1200.0) == (Span(-math.inf, math.inf),)


def test_a_missing_picture_at_a_border_is_noticed(tmp_path) -> None:
    spans = (Span(-math.inf, 10.0), Span(10.0, math.inf))
    times = np.arange(0.0, 20.0).tolist()
    for kept, whole in ((times, True), ([time for time in times if time != 10.0], False)):
        parts = [
            _written(tmp_path, span, read, [], seen)
            for span, read, seen in ((spans[0], times[:14], 0), (spans[1], [t for t in kept if t >= 8.0], 1))
        ]
        assert fit(parts) is whole


@pytest.mark.parametrize("seed", range(5))
def test_tracks_are_joined_whatever_numbers_the_spans_gave_them(tmp_path, seed) -> None:
    """Four people on a line who come and go, and walk past each other; no box touches another's."""
    draw = np.random.default_rng(seed)
    times = np.arange(0.0, 60.0, 0.5)
    truth = []  # time, person, x
    for person in range(4):
        start, stop = (0.0, 60.0) if person == 0 else np.sort(draw.uniform(0, 60, 2))
        truth += [(t, person, 100.0 * person + 30 * np.sin(t / 5)) for t in times if start <= t <= stop]
    spans = (Span(-math.inf, 20.0), Span(20.0, 41.5), Span(41.5, math.inf))
    parts = []
    for number, span in enumerate(spans):
        read = [t for t in times if span.window[0] - 1.0 <= t < span.window[1]]
        local = draw.permutation(10)
        rows = [(t, int(local[person]), x) for t, person, x in truth if read[0] <= t <= read[-1]]
        parts.append(_written(tmp_path / str(number), span, read, rows, number))
    joined = {"boxes": [], "marks": []}
    for table, batch in join_tables((BOXES, MARKS), ("boxes", "marks"), parts):
        joined[table] += batch.to_pylist()
    for table in joined.values():
        assert [(row["frame"], row["track"]) for row in table] == sorted((row["frame"], row["track"]) for row in table)
    found: dict[int, int] = {}
    for row, mark in zip(joined["boxes"], joined["marks"], strict=True):
        person = round((row["box_x"] - 30 * np.sin(row["time"] / 5)) / 100)
        assert found.setdefault(row["track"], person) == person
        assert row["frame"] == round(row["time"] / 0.5)
        assert (mark["frame"], mark["track"], mark["mark"][0]) == (row["frame"], row["track"], row["box_x"])
    assert len(set(found.values())) == len(found) == len({person for _, person, _ in truth})
    assert len(joined["boxes"]) == len(truth)


def _written(folder: Path, span: Span, times: list[float], rows: list[tuple[float, int, float]], seed: int):
    """A span's tables as its worker leaves them, frames counted from the first that was read."""
    folder.mkdir(exist_ok=True)
    rows = sorted(rows)
    keys = {
        "frame": np.array([times.index(t) for t, _, _ in rows], np.int64),
        "time": np.array([t for t, _, _ in rows], np.float64),
        "track": np.array([track for _, track, _ in rows], np.int32),
    }
    x = np.array([x for _, _, x in rows], np.float32)
    size = np.full(len(x), 20, np.float32)
    stamp = {"counted": Counted.of(span, times).as_dict()}
    box = {"box_x": x, "box_y": 0 * x, "box_width": size, "box_height": size}
    files = {}
    for schema, values in ((BOXES, box), (MARKS, {"mark": np.stack([x, x], axis=1)})):
        path = folder / f"{schema.name}{seed}.parquet"
        write_table(path, schema, [schema.batch({**keys, **values})], stamp)
        files[schema.name] = TableFile(path)
    return SpanTables(span, files)
