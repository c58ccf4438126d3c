"""What holds for every measure: frame rate, gaps, missing and constant input, time shift, persons, repetition,
noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.reasons import REASONS
from bitflow.events.scene import Scene
from bitflow.measures.estimate import NO_INTERVAL
from bitflow.measures.evaluation import evaluate
from bitflow.measures.records import Record
from bitflow.measures.registry import registered, select
from bitflow.store import FeatureStore, Recording
from bitflow.tables import Schema, write_table

ALL = sorted(registered())


@dataclass(eq=False)
class Worlds:
    """Simulated stores by what is done to them, each measured once for all measures."""

    folder: Path

    @cache  # noqa: B019
    def values(self, world: str) -> dict[str, list[Record]]:
        recording = getattr(self, f"_{world}")()
        records = evaluate(Scene(recording), select(None))
        found: dict[str, list[Record]] = {each: [] for each in ALL}
        homes = sorted(((measure.column(), id) for id, measure in registered().items()), key=lambda p: -len(p[0]))
        for record in records:
            home = next(id for stem, id in homes if record.measure == stem or record.measure.startswith(f"{stem}_"))
            found[home].append(record)
        return found

    def _simulated(self, name: str, **options) -> Recording:
        simulate_person(self.folder / name, people=2, duration=120.0, **options)
        return FeatureStore(self.folder / name)["simulated"]

    def _plain(self) -> Recording:
        return self._simulated("plain")

    def _again(self) -> Recording:
        return FeatureStore(self.folder / "plain")["simulated"]

    def _film(self) -> Recording:
        return self._simulated("film", rate_hz=24.0)

    def _double(self) -> Recording:
        return self._simulated("double", rate_hz=59.94)

    def _variable(self) -> Recording:
        # Alternating minutes of 24 and 30 pictures a second.
        steps = np.concatenate([np.full(24 * 30, 1 / 24), np.full(30 * 30, 1 / 30)] * 2)
        times = np.concatenate(([0.0], np.cumsum(steps)))[:-1]
        return self._simulated("variable", times=times)

    def _later(self) -> Recording:
        return self._simulated("later", start=3600.0)

    def _dropout(self) -> Recording:
        """A third of every ten seconds is lost in all tables of what is seen."""
        return self._edited("dropout", lambda name, t: (t % 10.0) >= 3.0 if _is_sight(name) else np.ones(len(t), bool))

    def _nobody(self) -> Recording:
        return self._edited("nobody", lambda name, t: np.full(len(t), name == "frames" or name == "people"))

    def _instant(self) -> Recording:
        return self._edited("instant", lambda name, t: np.arange(len(t)) < 1)

    def _empty(self) -> Recording:
        return self._edited("empty", lambda name, t: np.zeros(len(t), bool))

    def _constant(self) -> Recording:
        def frozen(name: str, rows):
            clocks = ("time", "frame", "track", "start", "end", "duration")
            for column in rows.columns:
                if column not in clocks and len(rows) and rows[column].dtype.kind == "f":
                    rows[column] = rows[column].groupby(rows.get("track", rows.index * 0)).transform("first")
                if column == "points" and len(rows):
                    firsts = rows.groupby("track")["points"].first()
                    rows[column] = rows["track"].map(firsts)
            return rows

        return self._edited("constant", lambda name, t: np.ones(len(t), bool), frozen)

    def _larger(self) -> Recording:
        """Pictures of twice the size."""

        def scaled(name: str, rows):
            for column in ("box_x", "box_y", "box_width", "box_height", "size"):
                if column in rows:
                    rows[column] = rows[column] * 2
            if "points" in rows and name != "bodies":
                rows["points"] = [2 * p for p in rows["points"]]
            elif "points" in rows:
                rows["points"] = [(p.reshape(33, 4) * (2, 2, 2, 1)).ravel() for p in rows["points"]]
            return rows

        return self._edited("larger", lambda name, t: np.ones(len(t), bool), scaled)

    def _swapped(self) -> Recording:
        def exchanged(name: str, rows):
            if "track" in rows:
                rows["track"] = 1 - rows["track"]
            if name == "people":
                rows["person"] = 1 - rows["person"]
            return rows

        return self._edited("swapped", lambda name, t: np.ones(len(t), bool), exchanged)

    def _edited(self, name: str, keep, change=lambda name, rows: rows) -> Recording:
        self.values("plain")
        source = FeatureStore(self.folder / "plain")["simulated"]
        place = FeatureStore.create(self.folder / name).draft("simulated")
        (place.path / "recording.json").write_text((source.path / "recording.json").read_text())
        for table in source.tables:
            if table in ("events", "measures"):
                continue
            schema = source.schema(table)
            rows = source.file(table).frame()
            clock = {"entity": None, "interval": "start"}.get(schema.rows, "time")
            if clock:
                rows = rows[keep(table, rows[clock].to_numpy())]
            rows = change(table, rows.reset_index(drop=True))
            write_table(place.path / f"{table}.parquet", schema, [schema.batch(_columns(schema, rows))])
        return place


def _is_sight(table: str) -> bool:
    return table in ("faces", "face_landmarks", "face_actions", "head_pose", "gaze", "emotions", "bodies", "hands")


def _columns(schema: Schema, rows) -> dict[str, object]:
    columns: dict[str, object] = {}
    for column in schema.columns:
        values = rows[column.name]
        if column.shape:
            stacked = np.stack(list(values)) if len(rows) else np.empty((0, int(np.prod(column.shape))))
            columns[column.name] = stacked.reshape(-1, *column.shape).astype(column.dtype)
        elif column.dtype == "string":
            columns[column.name] = [None if v is None else str(v) for v in values]
        else:
            filled = values.fillna(0 if column.dtype.startswith(("int", "bool")) else np.nan)
            columns[column.name] = filled.to_numpy().astype(column.dtype)
    return columns


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("worlds"))


def _by_name(records: list[Record]) -> dict[tuple[str, str], Record]:
    return {(record.person, record.measure): record for record in records}


#: Measures that follow the frame rate by their nature, or judge by a threshold near which the script lies; tolerance.
_FRAME_RATE = {
    "frame_rate_effective_hz": None,  # it is the frame rate
    "face_gap_max_s": 0.05,
    "facial_asymmetry_signed[feature]": None,  # the script's movements are no clean ones
    "facial_movement_lag_lr_ms": None,
    "sync_granger_f[dir]": None,  # a noiseless copy: the ratio of two rounding errors
    "sync_granger_p[dir]": None,
    **dict.fromkeys(("sync_crqa_det", "sync_crqa_lmax_s"), None),  # likewise: a line breaks at the first rounding error
    "cross_modal_lag_s[voice,head]": None,  # voice and head are unrelated in the script
}
#: Relative tolerance where linear interpolation between pictures changes what is fast.
_LOOSE = {
    "head_angular_acceleration_mean_deg_per_s2": 0.10,
    "head_smoothness_ldlj": 0.10,
    "head_smoothness_sparc": 0.05,
    "blink_closing_speed_mean_per_s": 0.25,
    "blink_incomplete_fraction": 0.5,
    "blink_rate_per_min": 0.06,
    "blink_interval_cv": 0.2,
    "event_burstiness": 0.1,
    "perclos_80_fraction": 0.06,
    "au_rise_speed_mean_per_s[AU]": 0.25,
    "au_event_duration_mean_s[AU]": 0.06,
    "au_event_peak_mean[AU]": 0.10,
    "au_event_rate_per_min[AU]": 0.10,
    "expression_events_per_min": 0.06,
    "mouth_speed_mean_io_per_s": 0.15,
    "hand_tremor_amplitude_rms": 0.15,
    "body_joint_speed_mean_sw_per_s[joint]": 0.06,
    "emotion_time_fraction[class]": 0.15,
    "ambivalence_mixed_expression_fraction": 0.1,
    "hesitation_gaze_aversion_on_answer_fraction": 0.1,
    "expression_transition_rate_per_min": 0.15,
    "dynamics_sample_entropy": 0.10,
    "dynamics_permutation_entropy": 0.05,
    "dynamics_rqa_det": 0.05,
    "dynamics_ar1": 0.05,
    "ews_ar1_trend_tau": 0.30,  # a trend that is not there is unstable by nature
    "ews_variance_trend_tau": 0.30,
    "head_angular_displacement_total_deg": 0.04,
    "head_angular_speed_mean_deg_per_s": 0.04,
    "head_angular_speed_rms_deg_per_s": 0.04,
    "facial_landmark_motion_mean_io_per_s": 0.10,
    "finger_tap_interval_cv": 1.0,
    "sync_wcc_lag_median_s": 0.15,
    "sync_wcc_lag_iqr_s": 0.15,
    "sync_wcc_peak_fraction": 0.10,
    "sync_wcc_peak_mean_r": 0.10,
    "sync_surrogate_z": 0.15,
    "sync_surrogate_p": 1.0,
    "sync_dtw_distance": 0.5,
    "speaking_face_fraction": 0.3,
    **{f"facial_motion_{region}_mean_io_per_s": 0.10 for region in ("upper", "lower", "brow", "lips")},
    "au_base_rate_fraction[AU]": 0.05,
    "facial_asymmetry_index[feature]": 0.05,
}


@pytest.mark.parametrize("world", ["film", "double", "variable"])
@pytest.mark.parametrize("id", ALL)
def test_s1_the_frame_rate_does_not_matter(worlds, id, world):
    tolerance = _FRAME_RATE.get(id, _LOOSE.get(id, 0.02))
    if tolerance is None:
        pytest.skip("follows the frame rate, or the script has nothing to measure")
    plain, other = _by_name(worlds.values("plain")[id]), _by_name(worlds.values(world)[id])
    compared = 0
    for key, record in other.items():
        if record.reason == "fps_too_low" or key not in plain or plain[key].status == "undefined":
            continue
        expected = plain[key].value
        near = max(abs(expected) * tolerance, 0.02 if registered()[id].unit == "1" else 0.05)
        assert record.value == pytest.approx(expected, abs=near), key
        compared += 1
    assert (
        compared
        or all(r.status == "undefined" for r in plain.values())
        or all(r.reason == "fps_too_low" for r in other.values())
    )


#: What a third of lost time must change: amounts, and what needs runs without a break.
_AMOUNTS = {
    *("face_coverage_fraction", "face_gap_max_s", "head_angular_displacement_total_deg", "turn_count"),
    *("expression_entropy_bits", "expression_entropy_normalised", "finger_tap_halt_count", "finger_tap_interval_cv"),
    "au_event_duration_mean_s[AU]",  # long events are cut more often than short ones
    *("facial_asymmetry_signed[feature]", "smile_latency_s", "finger_tap_rate_hz", "finger_tap_decrement_per_tap"),
}


@pytest.mark.parametrize("id", ALL)
def test_s2_lost_time_lowers_coverage_and_keeps_the_value_within_its_interval(worlds, id):
    plain, other = _by_name(worlds.values("plain")[id]), _by_name(worlds.values("dropout")[id])
    within: list[bool] = []
    for key, record in other.items():
        whole = plain.get(key)
        if whole is None or whole.status == "undefined" or record.status == "undefined":
            continue
        sight = set(_seen_tables(id))
        if sight and id not in _AMOUNTS and registered()[id].counts:
            assert record.coverage < 0.9
        if np.isfinite(record.ci_low) and id not in _AMOUNTS:
            slack = 0.02 + 0.05 * abs(whole.value)
            within.append(record.ci_low - slack <= whole.value <= record.ci_high + slack)
    assert not within or np.mean(within) >= 0.9 - 1e-9 or sum(not each for each in within) <= 2


def _seen_tables(id: str) -> list[str]:
    return [table for need in registered()[id].needs for table in need.split("|") if _is_sight(table)]


@pytest.mark.parametrize("id", ALL)
def test_s3_with_nobody_to_be_seen_or_heard_there_is_a_reason_and_never_a_zero(worlds, id):
    ignored = {
        "frame_rate_effective_hz",
        "body_motion_energy_mean",
        "body_activity_fraction",
    }  # made from the pictures alone
    records = worlds.values("nobody")[id]
    assert records or registered()[id].scope == "pair"
    for record in records:
        if id not in ignored:
            assert record.status == "undefined"
            assert np.isnan(record.value)
            assert record.reason in REASONS


@pytest.mark.parametrize("id", ALL)
def test_s4_a_constant_input_gives_a_value_or_a_reason(worlds, id):
    for record in worlds.values("constant")[id]:
        assert (record.status == "undefined") == bool(np.isnan(record.value))
        assert record.reason != "bad_input" or id == "audio_snr_db", record.note
        if id.startswith(("sync_", "dynamics_", "ews_", "coordination_", "au_event", "smile", "cross_modal")):
            assert record.status == "undefined"


@pytest.mark.parametrize("world", ["instant", "empty"])
@pytest.mark.parametrize("id", ALL)
def test_s5_a_single_picture_or_none_is_too_short(worlds, id, world):
    for record in worlds.values(world)[id]:
        if id == "transcript_confidence_mean" and world == "instant":
            continue  # one word has a confidence
        assert np.isnan(record.value), record
        assert record.reason in (
            "too_short",
            "too_few_events",
            "no_face",
            "no_person",
            "no_audio",
            "no_speech",
            "missing_column",
        )


@pytest.mark.parametrize("id", ALL)
def test_s6_an_hour_later_the_values_are_the_same(worlds, id):
    plain, other = _by_name(worlds.values("plain")[id]), _by_name(worlds.values("later")[id])
    assert plain.keys() == other.keys()
    for key, record in plain.items():
        if id in ("sync_granger_f[dir]",):
            continue
        assert other[key].value == pytest.approx(record.value, rel=1e-3, abs=2e-3, nan_ok=True), key


@pytest.mark.parametrize("id", [each for each in ALL if registered()[each].scope == "person"])
def test_s7_exchanged_persons_exchange_their_values(worlds, id):
    plain, other = _by_name(worlds.values("plain")[id]), _by_name(worlds.values("swapped")[id])
    for (person, name), record in plain.items():
        twin = other[{"0": "1", "1": "0"}[person], name]
        assert (twin.value, twin.status) == pytest.approx((record.value, record.status), nan_ok=True) or (
            np.isnan(twin.value) and np.isnan(record.value)
        )


@pytest.mark.parametrize("id", ALL)
def test_s8_measuring_again_gives_the_same_bits(worlds, id):
    first, second = worlds.values("plain")[id], worlds.values("again")[id]
    assert [repr(record) for record in first] == [repr(record) for record in second]


@pytest.mark.parametrize("id", ALL)
def test_s9_the_size_of_the_picture_does_not_matter(worlds, id):
    plain, other = _by_name(worlds.values("plain")[id]), _by_name(worlds.values("larger")[id])
    for key, record in plain.items():
        assert other[key].value == pytest.approx(record.value, rel=1e-3, abs=1e-3, nan_ok=True), key


@pytest.mark.parametrize("id", ALL)
def test_every_value_has_an_interval_or_says_why_not(worlds, id):
    low, high = registered()[id].range
    for record in worlds.values("plain")[id]:
        if record.status == "undefined":
            assert record.reason in REASONS
            continue
        assert low is None or record.value >= low - 1e-6
        assert high is None or record.value <= high + 1e-6
        if np.isnan(record.ci_low):
            assert record.reason in NO_INTERVAL, record
        else:
            assert record.ci_low <= record.value + 1e-9
            assert record.value <= record.ci_high + 1e-9


#: The floor of measures that count or add up movement, of a still person before a good camera.
_FLOOR = {
    "head_angular_speed_mean_deg_per_s": 2.5,  # 1 deg/s of slow wandering, and 0.1° of jitter
    "head_nod_rate_per_min": 0.0,
    "head_shake_rate_per_min": 0.0,
    "blink_rate_per_min": 0.0,
    "eye_closure_long_rate_per_min": 0.0,
    "perclos_80_fraction": 0.0,
    "smile_rate_per_min": 0.0,
    "expression_events_per_min": 0.5,
    "facial_landmark_motion_mean_io_per_s": 0.06,
    "gesture_rate_per_min": 0.0,
    "self_touch_rate_per_min": 0.0,
    "gaze_shift_rate_per_min": 0.0,
}


@pytest.fixture(scope="module")
def still(tmp_path_factory) -> dict[str, Record]:
    from bitflow.datasets.simulate.script import PersonScript

    folder = tmp_path_factory.mktemp("still")
    simulate_person(folder, duration=60.0, noise=1.0, scripts=(PersonScript(duration=60.0, silent=True),))
    return {
        record.measure: record for record in evaluate(Scene(FeatureStore(folder)["simulated"]), select(list(_FLOOR)))
    }


@pytest.mark.parametrize("id", sorted(_FLOOR))
def test_s10_a_still_person_gives_the_floor(still, id):
    assert 0 <= still[id].value <= _FLOOR[id]
