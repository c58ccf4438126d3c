"""The clock: intervals, uniform clocks, and tables of any rate brought to one of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.errors import SchemaError, UsageError
from bitflow.resampling import coverage
from bitflow.tables import FRAME_KEYS, INTERVAL_KEYS, TIME, TRACK_KEYS, Column, Resample, Schema
from bitflow.timeline import Interval, align, uniform_clock


def signal(name: str, rule: Resample, times: np.ndarray, values: np.ndarray, **more) -> dict:
    schema = Schema(name, "signal", (TIME, Column("x", "float64", resample=rule, **more)))
    return {name: (schema, pd.DataFrame({"time": times, "x": values}))}


def video(name: str, rule: Resample, times: np.ndarray, values: np.ndarray, frames=None, **more) -> dict:
    schema = Schema(name, "frame", (*FRAME_KEYS, Column("x", "float64", resample=rule, **more)))
    frames = np.arange(len(times)) if frames is None else frames
    return {name: (schema, pd.DataFrame({"frame": frames, "time": times, "x": values}))}


def intervals(name: str, rows: list[dict], *extra: Column) -> dict:
    columns = {column.name: column for column in (*INTERVAL_KEYS, *extra)}
    schema = Schema(name, "interval", tuple(columns.values()))
    blank = {"name": name, "track": -1, "target": -1, "value": np.nan, "confidence": np.nan, "source": "test"}
    table = pd.DataFrame([{**blank, "coverage": 1.0, **row} for row in rows], columns=list(columns))
    return {name: (schema, table.astype({"track": "int32"}))}


class TestInterval:
    def test_has_a_duration_and_a_middle(self):
        assert (Interval(1.0, 4.0).duration, Interval(1.0, 4.0).middle) == (3.0, 2.5)

    def test_holds_its_start_and_not_its_end(self):
        assert 1.0 in Interval(1.0, 2.0)
        assert 2.0 not in Interval(1.0, 2.0)
        assert Interval(1.2, 2.0) in Interval(1.0, 2.0)
        assert Interval(1.2, 2.1) not in Interval(1.0, 2.0)

    def test_neighbours_that_touch_do_not_overlap(self):
        assert not Interval(0, 1).overlaps(Interval(1, 2))
        assert Interval(0, 1) & Interval(1, 2) is None

    def test_are_ordered_by_start_then_end(self):
        assert sorted([Interval(1, 3), Interval(0, 9), Interval(1, 2)]) == [
            Interval(0, 9),
            Interval(1, 2),
            Interval(1, 3),
        ]

    @pytest.mark.parametrize("end", [0.5, math.nan])
    def test_cannot_end_before_it_starts(self, end):
        with pytest.raises(UsageError, match="before it starts"):
            Interval(1.0, end)

    @given(*(st.floats(-1e3, 1e3) for _ in range(4)))
    def test_what_is_common_lies_in_both(self, a, b, c, d):
        one, other = Interval(*sorted((a, b))), Interval(*sorted((c, d)))
        common = one & other
        assert common == other & one
        assert (common is not None) == one.overlaps(other)
        if common:
            assert common in one
            assert common in other


class TestUniformClock:
    @pytest.mark.parametrize("rate", [1, 10, 23.976, 25, 29.97, 30, 100])
    def test_has_rate_times_duration_instants_and_no_rounding_ghost(self, rate):
        clock = uniform_clock(0.0, 1000 / rate, rate)
        assert len(clock) == 1000
        assert np.abs(np.diff(clock) - 1 / rate).max() < 1e-9

    @given(st.floats(0, 1e4), st.floats(0, 100), st.floats(0.1, 200))
    def test_lies_in_its_half_open_span(self, start, duration, rate):
        clock = uniform_clock(start, start + duration, rate)
        assert (clock >= start).all()
        assert (clock < start + duration + 1e-6).all()

    @pytest.mark.parametrize(("start", "end", "rate"), [(0, 1, 0), (0, 1, -5), (0, 1, math.inf), (1, 0, 25)])
    def test_refuses_what_is_no_clock(self, start, end, rate):
        with pytest.raises(UsageError):
            uniform_clock(start, end, rate)


class TestLinear:
    def test_a_straight_line_stays_the_line_on_any_clock(self):
        times = np.sort(np.random.default_rng(1).uniform(0, 10, 400))  # a variable rate
        aligned = align(signal("s", "linear", times, 3 * times - 1), rate=37, start=1, end=9)
        assert aligned["s_x"].to_numpy() == pytest.approx(3 * aligned["time"] - 1)
        assert len(aligned) == 8 * 37

    @pytest.mark.parametrize("rule", ["linear", "nearest", "previous", "mean"])
    def test_the_table_s_own_clock_gives_its_own_values(self, rule: Resample):
        times = np.arange(300) / 30
        values = np.random.default_rng(2).normal(size=300)
        aligned = align(video("s", rule, times, values), rate=30)
        assert aligned["s_x"].to_numpy() == pytest.approx(values)
        assert aligned["s_valid"].all()

    def test_times_rounded_to_milliseconds_lose_no_row(self):
        times = np.round(np.arange(300) / 30, 3)
        aligned = align(video("s", "linear", times, np.ones(300)), rate=30, end=10)
        assert len(aligned) == 300
        assert aligned["s_x"].notna().all()

    @pytest.mark.parametrize("rule", ["linear", "mean"])
    def test_a_gap_longer_than_max_gap_is_not_crossed(self, rule: Resample):
        times = np.concatenate((np.linspace(0, 1, 31), np.linspace(2, 3, 31)))
        aligned = align(signal("s", rule, times, times), rate=100)
        inside = aligned["time"].between(1, 2, inclusive="neither")
        assert aligned.loc[inside, "s_x"].isna().all()
        assert aligned.loc[~inside, "s_x"].notna().all()

    def test_a_short_gap_is_bridged_and_marked_as_not_measured(self):
        frames = np.delete(np.arange(90), np.arange(40, 45))  # 5 frames lost: 6/30 s from row to row
        times = frames / 30
        aligned = align(video("s", "linear", times, times, frames), rate=60)
        lost = aligned["time"].between(39.6 / 30 + 1 / 30, 45 / 30, inclusive="left") & (aligned.time < 44.9 / 30)
        assert aligned["s_x"].to_numpy()[:-1] == pytest.approx(aligned["time"].to_numpy()[:-1])
        assert not aligned.loc[lost, "s_valid"].any()
        assert aligned.loc[aligned.time < 40 / 30 - 1e-6, "s_valid"].all()

    def test_max_gap_is_the_longest_distance_that_is_bridged(self):
        table = signal("s", "linear", np.array([0.0, 0.5]), np.array([0.0, 1.0]))
        assert align(table, rate=4)["s_x"].isna().tolist() == [False, True, False]
        assert align(table, rate=4, max_gap=0.5)["s_x"].tolist() == [0, 0.5, 1]

    def test_nothing_is_extrapolated(self):
        aligned = align(signal("s", "linear", np.arange(1, 2.01, 0.1), np.ones(11)), rate=10, start=0, end=3)
        assert aligned["s_x"].notna().sum() == 11
        assert not aligned.loc[aligned.time > 2.1, "s_valid"].any()

    def test_missing_values_are_gaps_of_their_column_alone(self):
        times = np.arange(100) / 100
        schema = Schema("s", "signal", (TIME, *(Column(name, "float64", resample="linear") for name in ("a", "b"))))
        a = np.where((times > 0.2) & (times < 0.8), np.nan, 1.0)
        aligned = align({"s": (schema, pd.DataFrame({"time": times, "a": a, "b": 2.0}))}, rate=50)
        assert aligned["s_a"].isna().sum() == pytest.approx(29, abs=1)
        assert aligned["s_b"].notna().all()
        assert aligned["s_valid"].all()


class TestCircular:
    def test_359_to_1_degree_goes_through_0(self):
        table = signal("s", "linear", np.array([0.0, 0.2]), np.array([359.0, 1.0]), period=360)
        assert align(table, rate=20)["s_x"].tolist() == pytest.approx([359, 359.5, 0, 0.5, 1])

    def test_signed_angles_stay_signed(self):
        table = signal("s", "linear", np.array([0.0, 0.2]), np.array([179.0, -179.0]), period=360)
        assert align(table, rate=20)["s_x"].tolist() == pytest.approx([179, 179.5, -180, -179.5, -179])

    def test_the_mean_of_a_turning_angle_is_its_middle(self):
        times = np.arange(0, 10, 0.01)
        table = signal("s", "mean", times, np.mod(90 * times, 360), period=360)
        aligned = align(table, rate=5, end=9.8)
        assert aligned["s_x"].iloc[1:].to_numpy() == pytest.approx(
            np.mod(90 * (aligned["time"].iloc[1:] + 0.1), 360), abs=1e-6
        )


class TestMean:
    @pytest.mark.parametrize("rate", [1, 4, 10, 24])
    def test_of_a_sine_is_the_analytic_mean_over_each_bin(self, rate):
        hertz, times = 0.7, np.arange(0, 20.0001, 1 / 500)
        aligned = align(signal("s", "mean", times, np.sin(2 * np.pi * hertz * times)), rate=rate, end=20)
        turn = 2 * np.pi * hertz
        left = aligned["time"].to_numpy()
        expected = (np.cos(turn * left) - np.cos(turn * (left + 1 / rate))) * rate / turn
        assert aligned["s_x"].to_numpy() == pytest.approx(expected, abs=1e-4)

    def test_a_tone_above_half_the_clock_does_not_alias(self):
        times = np.arange(0, 10, 0.001)
        tone = np.sin(2 * np.pi * 50.5 * times)  # at 25 Hz a sampled 50.5 Hz tone reads as 0.5 Hz
        sampled = align(signal("s", "nearest", times, tone), rate=25)["s_x"]
        averaged = align(signal("s", "mean", times, tone), rate=25)["s_x"]
        assert sampled.abs().max() > 0.99
        assert averaged.abs().max() < 0.02

    def test_falls_to_linear_when_the_clock_is_faster(self):
        times = np.arange(10) / 10
        aligned = align(signal("s", "mean", times, times), rate=100)
        assert aligned["s_x"].to_numpy() == pytest.approx(aligned["time"])

    def test_ten_millisecond_windows_fill_the_bins_they_lie_in(self):
        centres = 0.005 + np.arange(400) * 0.01
        values = np.repeat(np.arange(100.0), 4)  # constant over each 40 ms bin but for the line between them
        aligned = align(signal("voice", "mean", centres, values), rate=25)
        assert len(aligned) == 100
        assert aligned["voice_x"].iloc[1:-1].to_numpy() == pytest.approx(np.arange(1.0, 99.0))
        assert aligned["voice_valid"].all()

    def test_a_bin_observed_by_less_than_half_is_missing(self):
        times = np.arange(0, 1.4, 0.01)
        aligned = align(signal("s", "mean", times, np.ones(140)), rate=1, start=0, end=2)
        assert aligned["s_x"].tolist() == [1, pytest.approx(math.nan, nan_ok=True)]
        assert aligned["s_valid"].tolist() == [True, False]

    def test_keeps_its_digits_after_a_day(self):
        times = 86_400 + np.arange(0, 60, 0.01)
        aligned = align(signal("s", "mean", times, 1e4 + np.sin(times)), rate=10)
        left = aligned["time"].to_numpy()[1:-1]
        expected = 1e4 + (np.cos(left) - np.cos(left + 0.1)) * 10
        assert aligned["s_x"].to_numpy()[1:-1] == pytest.approx(expected, abs=2e-5)

    @given(
        st.lists(st.floats(0.001, 0.2), min_size=3, max_size=60),
        st.floats(1, 40),
        st.floats(-100, 100),
    )
    def test_of_a_constant_is_the_constant_wherever_there_is_one(self, steps, rate, value):
        times = np.cumsum(steps)
        aligned = align(signal("s", "mean", times, np.full(len(times), value)), rate=rate)
        assert aligned["s_x"].dropna().to_numpy() == pytest.approx(value, abs=1e-9)

    @given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50), st.sampled_from([2.0, 5.0, 7.0]))
    def test_never_leaves_the_range_of_its_values(self, values, rate):
        times = np.arange(len(values)) / 30
        result = align(video("s", "mean", times, np.array(values)), rate=rate)["s_x"].dropna()
        assert (result >= min(values) - 1e-6).all()
        assert (result <= max(values) + 1e-6).all()


class TestNearestAndPrevious:
    times = np.array([0.0, 0.1, 0.2])

    def test_previous_is_the_last_value_and_nearest_the_closest(self):
        values = np.array([1.0, 2.0, 3.0])
        previous = align(signal("s", "previous", self.times, values), rate=50)
        nearest = align(signal("s", "nearest", self.times, values), rate=50)
        assert previous["s_x"].tolist() == [1] * 5 + [2] * 5 + [3]
        assert nearest["s_x"].tolist() == [1] * 3 + [2] * 5 + [3] * 3

    def test_text_whole_numbers_and_flags_keep_their_meaning(self):
        schema = Schema(
            "s",
            "signal",
            (
                TIME,
                Column("label", "string", resample="nearest"),
                Column("count", "int32", resample="previous"),
                Column("flag", "bool", resample="nearest"),
            ),
        )
        rows = pd.DataFrame(
            {"time": self.times, "label": ["a", "b", None], "count": [1, 2, 3], "flag": [True, False, True]}
        )
        aligned = align({"s": (schema, rows)}, rate=10, start=0, end=2)
        assert aligned["s_label"].tolist()[:2] == ["a", "b"]
        assert aligned["s_count"].tolist()[:3] == [1, 2, 3]
        assert aligned["s_flag"].tolist()[:3] == [True, False, True]
        assert aligned.loc[5:, ["s_label", "s_count", "s_flag"]].isna().all(axis=None)

    @pytest.mark.parametrize("rule", ["nearest", "previous"])
    def test_do_not_reach_across_a_gap(self, rule: Resample):
        times = np.concatenate((np.arange(10) / 10, 5 + np.arange(10) / 10))
        aligned = align(signal("s", rule, times, np.ones(20)), rate=10)
        assert aligned.loc[aligned.time.between(1.15, 4.85), "s_x"].isna().all()

    def test_a_flag_gives_the_fraction_of_the_bin_in_which_it_was_set(self):
        times = np.arange(30) / 30
        schema = Schema("s", "frame", (*FRAME_KEYS, Column("x", "bool", resample="overlap")))
        rows = pd.DataFrame({"frame": np.arange(30), "time": times, "x": np.arange(30) % 3 == 0})
        assert align({"s": (schema, rows)}, rate=10)["s_x"].to_numpy() == pytest.approx(1 / 3)


class TestIntervals:
    def test_a_bin_holds_its_left_edge_and_not_its_right(self):
        aligned = align(intervals("speech", [{"start": 1.0, "end": 2.0}]), rate=10, start=0, end=3)
        assert aligned["speech_overlap"].to_numpy() == pytest.approx(
            ((aligned.time > 0.95) & (aligned.time < 1.95)).astype(float)
        )
        assert aligned["speech_valid"].all()

    def test_overlap_is_the_covered_fraction_and_counts_no_instant_twice(self):
        rows = [{"start": 0.25, "end": 0.75}, {"start": 0.5, "end": 1.5}, {"start": 0.6, "end": 0.7}]
        aligned = align(intervals("speech", rows), rate=1, start=0, end=2)
        assert aligned["speech_overlap"].tolist() == [0.75, 0.5]

    def test_names_become_columns_where_the_schema_says_so(self):
        name = Column("name", "string", resample="overlap")
        rows = [{"start": 0, "end": 1, "name": "smile"}, {"start": 0.5, "end": 1, "name": "nod"}]
        aligned = align(intervals("events", rows, name), rate=1)
        assert aligned[["events_smile", "events_nod", "events_overlap"]].values.tolist() == [[1, 0.5, 1]]

    def test_a_value_is_weighted_by_time_over_the_covered_part(self):
        value = Column("value", "float64", resample="mean")
        rows = [{"start": 0.0, "end": 0.2, "value": 1.0}, {"start": 0.4, "end": 0.8, "value": 4.0}]
        aligned = align(intervals("events", rows, value), rate=1, start=0, end=2)
        assert aligned["events_value"].tolist() == [pytest.approx(3.0), pytest.approx(math.nan, nan_ok=True)]

    def test_the_speaker_at_an_instant_is_the_one_who_started_last(self):
        speaker = Column("speaker", "string", resample="previous")
        rows = [{"start": 0.0, "end": 1.0, "speaker": "a"}, {"start": 0.5, "end": 0.9, "speaker": "b"}]
        aligned = align(intervals("turns", rows, speaker), rate=4, start=0, end=1.25)
        assert aligned["turns_speaker"].tolist()[:4] == ["a", "a", "b", "b"]
        assert pd.isna(aligned["turns_speaker"].iloc[4])

    @given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 5)), max_size=20), st.floats(0.3, 30))
    def test_the_covered_time_is_that_of_the_union(self, spans, rate):
        edges = np.arange(0, math.ceil(26 * rate)) / rate
        edges = np.append(edges, 26.0 + 1 / rate)
        starts = np.array([start for start, _ in spans])
        ends = np.array([start + length for start, length in spans])
        marks = sorted({0.0, *starts, *ends})
        union = sum(
            b - a
            for a, b in itertools.pairwise(marks)
            if any(s <= a and b <= e for s, e in zip(starts, ends, strict=True))
        )
        assert float(coverage(edges, starts, ends) @ np.diff(edges)) == pytest.approx(union, abs=1e-6)


class TestSubjects:
    def faces(self, **columns) -> dict:
        schema = Schema(
            "faces", "frame", (*TRACK_KEYS, Column("x", "float64", resample="linear"), Column("score", "float32"))
        )
        return {"faces": (schema, pd.DataFrame(columns))}

    def two(self, person: list[int]) -> dict:
        frames = np.repeat(np.arange(50), 2)
        track = np.tile([4, 7], 50)
        return self.faces(
            frame=frames,
            time=frames / 25,
            track=track,
            person=np.tile(person, 50),
            x=np.where(track == 4, 1.0, 2.0),
            score=np.float32(1),
        )

    def test_one_row_a_time_and_person(self):
        aligned = align(self.two([0, 1]), rate=25)
        assert list(aligned.columns) == ["time", "person", "faces_x", "faces_valid"]
        assert aligned["person"].tolist() == [0, 1] * 50
        assert aligned["faces_x"].tolist() == [1.0, 2.0] * 50

    def test_tables_of_the_whole_recording_are_repeated_for_each_person(self):
        times = np.arange(50) / 25
        aligned = align({**self.two([0, 1]), **signal("voice", "linear", times, times)}, rate=25)
        assert aligned["voice_x"].to_numpy() == pytest.approx(aligned["time"])

    def test_tracks_that_are_one_person_follow_each_other(self):
        frames = np.arange(50)
        aligned = align(
            self.faces(frame=frames, time=frames / 25, track=frames // 25, person=0, x=1.0, score=np.float32(1)),
            rate=25,
        )
        assert aligned["faces_x"].tolist() == [1.0] * 50

    def test_nobody_s_rows_are_left_out_where_somebody_is_known(self):
        assert align(self.two([0, -1]), rate=25)["person"].unique().tolist() == [0]

    def test_tracks_stand_in_where_no_person_is_known(self):
        aligned = align(self.two([-1, -1]), rate=25)
        assert aligned["track"].unique().tolist() == [4, 7]
        assert "person" not in aligned

    def test_an_empty_table_gives_missing_values_of_nobody(self):
        aligned = align({**self.faces(frame=[], time=[], track=[], person=[], x=[], score=[])}, rate=5, end=2)
        assert aligned["person"].tolist() == [-1] * 10
        assert aligned["faces_x"].isna().all()
        assert not aligned["faces_valid"].any()

    def test_of_two_rows_at_one_time_the_better_one_counts(self):
        aligned = align(
            self.faces(
                frame=[0, 0, 1, 1],
                time=[0, 0, 0.04, 0.04],
                track=[0, 1, 0, 1],
                person=0,
                x=[1.0, 2.0, 3.0, 4.0],
                score=np.array([0.5, 0.9, 0.9, 0.5], "float32"),
            ),
            rate=25,
        )
        assert aligned["faces_x"].tolist() == [2.0, 3.0]

    def test_an_interval_of_one_person_is_not_another_s(self):
        turns = intervals("turns", [{"start": 0, "end": 1, "track": 4}, {"start": 1, "end": 2}])
        schema, rows = turns["turns"]
        turns["turns"] = (schema, rows.assign(person=[0, -1]))
        aligned = align({**self.two([0, 1]), **turns}, rate=1)
        assert aligned["turns_overlap"].tolist() == [1, 0, 1, 1]


class TestTables:
    def test_arrow_and_pandas_give_the_same(self):
        table = video("s", "linear", np.arange(30) / 30, np.arange(30.0))
        schema, rows = table["s"]
        pd.testing.assert_frame_equal(
            align(table, rate=25), align({"s": (schema, pa.Table.from_pandas(rows))}, rate=25)
        )

    def test_the_clock_lies_on_multiples_of_its_step(self):
        aligned = align(signal("s", "linear", 0.301 + np.arange(20) / 20, np.ones(20)), rate=25)
        assert aligned["time"].to_numpy() * 25 == pytest.approx(np.arange(7, 7 + len(aligned)))

    def test_tables_without_a_clock_are_left_out_and_columns_without_a_rule_too(self):
        people = Schema("people", "entity", (Column("person", "int32"),))
        schema = Schema("s", "signal", (TIME, Column("quiet", "float64"), Column("x", "float64", resample="mean")))
        rows = pd.DataFrame({"time": [0.0, 0.1], "quiet": [0.0, 0.0], "x": [1.0, 1.0]})
        aligned = align({"people": (people, pd.DataFrame({"person": [0]})), "s": (schema, rows)}, rate=10)
        assert list(aligned.columns) == ["time", "s_x", "s_valid"]

    def test_a_column_that_is_missing_is_named(self):
        schema = Schema("s", "signal", (TIME, Column("x", "float64", resample="mean")))
        with pytest.raises(SchemaError, match="s: column 'x'"):
            align({"s": (schema, pd.DataFrame({"time": [0.0]}))}, rate=10)

    def test_two_columns_of_one_name_are_refused(self):
        one = Schema("a", "signal", (TIME, Column("b_c", "float64", resample="mean")))
        other = Schema("a_b", "signal", (TIME, Column("c", "float64", resample="mean")))
        tables = {
            "a": (one, pd.DataFrame({"time": [0.0], "b_c": [1.0]})),
            "a_b": (other, pd.DataFrame({"time": [0.0], "c": [1.0]})),
        }
        with pytest.raises(SchemaError, match="'a_b_c'"):
            align(tables, rate=10)

    @pytest.mark.parametrize("tables", [{}, signal("s", "mean", np.empty(0), np.empty(0))])
    def test_nothing_gives_no_rows(self, tables):
        assert len(align(tables, rate=25)) == 0

    def test_a_negative_gap_is_refused(self):
        with pytest.raises(UsageError, match="max_gap"):
            align({}, rate=25, max_gap=-1)
