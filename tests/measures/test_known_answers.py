"""Every measure on a signal whose value follows from a formula."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.events import Mask, Signal
from bitflow.events.body import BodySeries, MotionSeries
from bitflow.events.emotions import AffectSeries, EmotionSeries
from bitflow.events.hands import Hand, HandSeries, Taps, TouchSeries, find_taps
from bitflow.events.head import HeadPlace
from bitflow.events.mouth import MouthSeries
from bitflow.events.reasons import Undefined
from bitflow.events.speech import PairTurns
from bitflow.measures.ambivalence import Answers, YesAndShake, conflict
from bitflow.measures.coupling import Coupling, Recurrence, Surrogacy, VoiceAndHead
from bitflow.measures.dynamics import burstiness_of, trend_against_surrogates
from bitflow.measures.expression import Dominant
from bitflow.measures.gaze import PairGaze
from bitflow.measures.geometry import FaceShape
from bitflow.measures.imitation import Smiles
from bitflow.measures.movement import ellipse_area
from bitflow.measures.quality import Clipping, FrameTimes, Presence, Sound
from bitflow.measures.registry import registered
from bitflow.measures.speech import Fluency
from bitflow.measures.tracks import PairTracks, Tracks
from bitflow.measures.voice import HeldSound, VoiceSeries
from tests.measures.series import (
    ask,
    blink_train,
    clock,
    events,
    eyes,
    face,
    gaze,
    head,
    mask,
    minimum_jerk,
    plateaus,
    spans,
    turns,
    voice,
    words,
)


def random(seed=5):
    """A generator of its own for each case: no case may depend on which others ran before it."""
    return np.random.default_rng(seed)


T20, T40, T60, T120 = clock(20), clock(40), clock(60), clock(120)
YAW = head(T20, yaw=10 * np.sin(2 * np.pi * 0.5 * T20))
SINE_PLACE = HeadPlace(Signal(np.stack([5 * np.sin(2 * np.pi * 0.5 * T20), 0 * T20, 60 + 0 * T20], 1)))
REACH = head(clock(10), yaw=minimum_jerk(clock(10), 3.0, 2.0, 40.0))
BLINKS17 = eyes(blink_train(T60, 1.5 + 3.4 * np.arange(17)))
FIVE = face(au12=plateaus(T60, (5, 15, 25, 35, 45), 1.0, 0.8))
FOUR_SMILES = (2.0, 17.0, 32.0, 47.0)
SMILING = face(au12=plateaus(T60, FOUR_SMILES, 3.75, 0.9), au06=plateaus(T60, FOUR_SMILES[:2], 3.75, 0.9))
SMILES5 = face(au12=plateaus(T60, (5, 15, 25, 35, 45), 2.0), au06=plateaus(T60, (5, 15, 25), 2.0))


def nodding() -> np.ndarray:
    pitch = np.zeros(len(T60))
    for onset in (5, 14, 23, 32, 41, 50):
        inside = (onset <= T60) & (onset + 1.5 > T60)
        pitch[inside] += 5 * np.sin(2 * np.pi * 2 * (T60[inside] - onset))
    return pitch


def presence(pattern: np.ndarray, rate: float = 10.0, tracks: np.ndarray | None = None) -> Presence:
    n = len(pattern)
    track = np.where(pattern, 0, -1) if tracks is None else tracks
    return Presence(np.arange(n) / rate, pattern.astype(bool), track, n / rate)


def noisy_tone() -> Sound:
    speaking = (clock(20, 100) % 10) < 5
    # Noise of power 1 throughout, speech of power 100 on top: 20 dB.
    return Sound(Signal(10 * np.log10(np.where(speaking, 101.0, 1.0)), 0, 100), Signal(speaking * 1.0, 0, 100))


def body(**joints) -> BodySeries:
    return BodySeries({name: Signal(np.asarray(xy, float)) for name, xy in joints.items()})


def at(x, y, t=T40) -> np.ndarray:
    return np.stack([np.zeros(len(t)) + x, np.zeros(len(t)) + y], axis=1)


CIRCLE = body(
    left_shoulder=at(0.5 + 0.1 * np.cos(np.pi * T40), 0.1 * np.sin(np.pi * T40)),
    right_shoulder=at(-0.5 + 0.1 * np.cos(np.pi * T40), 0.1 * np.sin(np.pi * T40)),
)


def leaning(deg: np.ndarray) -> BodySeries:
    x, y = np.sin(np.deg2rad(deg)), -np.cos(np.deg2rad(deg))
    return body(left_shoulder=at(x + 0.5, y), right_shoulder=at(x - 0.5, y), left_hip=at(0.5, 0), right_hip=at(-0.5, 0))


def gesturing() -> BodySeries:
    swing = np.zeros(len(T60))
    for onset in (5.0, 20.0, 35.0, 50.0):
        inside = (onset <= T60) & (onset + 2 > T60)
        swing[inside] = 0.4 * np.sin(2 * np.pi * (T60[inside] - onset))
    return body(
        left_wrist=at(0.5, 0.5, T60),
        right_wrist=at(-0.5 + swing, 0.5, T60),
        left_hip=at(0.3, 1.5, T60),
        right_hip=at(-0.3, 1.5, T60),
    )


def hand(tip_y: np.ndarray, aperture: np.ndarray | None = None, t=T20) -> HandSeries:
    tip = Signal(np.stack([np.zeros(len(t)), tip_y], axis=1))
    return HandSeries((Hand("right", tip, Signal(aperture if aperture is not None else np.ones(len(t)))),))


TREMOR = hand(0.1 * np.sin(2 * np.pi * 5 * T20) + 0.005 * random().standard_normal(len(T20)))


def tapping() -> Taps:
    """3 Hz, 1 % smaller each tap, with a pause of a second in the middle."""
    t = clock(12, 90)
    phase = np.where(t < 5, t, np.where(t < 6, 5.0, t - 1.0)) * 3.0
    size = 1.0 - 0.01 * np.floor(phase)
    aperture = 0.1 + size * 0.5 * (1 - np.cos(2 * np.pi * phase))
    tip = Signal(np.zeros((len(t), 2)), 0.0, 90.0)
    return Taps(find_taps(HandSeries((Hand("right", tip, Signal(aperture, 0.0, 90.0)),))))


def touching() -> TouchSeries:
    return TouchSeries(Signal(np.where(spans(T60, (10, 13), (30, 33), (50, 53)), 0.0, 1.0)))


PAUSES = turns(40, [(1, 31.8)], speech=[(1, 11), (11.3, 20.3), (20.8, 25.8), (26.8, 31.8)])
TWENTY = Fluency(
    words(20, ["banana"] * 6 + ["cat", "cat"], first=1.0, each=0.625),
    turns(20, [(1.0, 9.0)], speech=[(1.0, 3.5), (6.0, 8.5)]),
)
THIRTY = Fluency(words(30, [f"w{i}" for i in range(30)], first=1.0, each=0.5), turns(30, [(1.0, 16.0)]))


def voiced(f0: np.ndarray, speech: np.ndarray | None = None, **columns) -> VoiceSeries:
    spoken = np.ones(len(f0)) if speech is None else speech
    signals = {name: Signal(values, 0.0, 100.0) for name, values in {"f0": f0, **columns}.items()}
    return VoiceSeries(signals, mask(spoken, 100.0))


T10V = clock(10, 100)
VIBRATO = voiced(150 * 2 ** (np.sin(2 * np.pi * 1.0 * T10V) / 12))
TREMBLING = voiced(200 * (1 + 0.02 * np.sin(2 * np.pi * 5 * T10V)))


def pulses(delta: float = 0.0) -> HeldSound:
    """A vowel-like tone at 100 Hz whose periods alternate by ± delta of themselves; amplitudes alternate alike."""
    rate = 16000
    periods = np.where(np.arange(300) % 2 == 0, 1 + delta, 1 - delta) / 100
    starts = np.cumsum(periods)
    t = np.arange(3 * rate) / rate
    sound = np.zeros(len(t))
    for k, start in enumerate(starts):
        x = t - start
        near = (x >= 0) & (x < 0.012)
        loud = 1 + (delta if k % 2 else -delta)
        sound[near] += loud * np.exp(-x[near] / 0.002) * np.sin(2 * np.pi * 700 * x[near])
    return HeldSound(((0.5 * sound).astype(np.float32),))


def pair(x: np.ndarray, y: np.ndarray) -> Coupling:
    def one(values: np.ndarray) -> Tracks:
        return Tracks({"head_speed": Signal(values, 0.0, 10.0)}, {})

    return Coupling(PairTracks(one(x), one(y)))


def smooth_noise(seed: int, n: int = 3000, width: float = 3.0) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    values = gaussian_filter1d(np.random.default_rng(seed).standard_normal(n), width)
    return values / values.std()


LEADER = smooth_noise(1)
SLOW = smooth_noise(1, width=6.0)
FOLLOWS = pair(LEADER, np.roll(LEADER, 8))
UNRELATED = pair(smooth_noise(2, 12000), smooth_noise(3, 12000))
T_SLOW = clock(120, 10)
IN_PHASE = pair(np.sin(2 * np.pi * 0.3 * T_SLOW), np.sin(2 * np.pi * 0.3 * T_SLOW + 1.0))


def one_way() -> Coupling:
    random = np.random.default_rng(4)
    x, y = np.zeros(2000), np.zeros(2000)
    for i in range(4, 2000):
        x[i] = 0.5 * x[i - 2] + random.standard_normal()
        y[i] = 0.5 * y[i - 2] + 0.6 * x[i - 2] + random.standard_normal()
    return pair(x, y)


ONE_WAY = one_way()


def autoregressive(phi: float, n: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = np.zeros(n)
    for i in range(1, n):
        values[i] = phi * values[i - 1] + random.standard_normal()
    return values


def tracks(values: np.ndarray, rate: float = 10.0, name: str = "head_speed") -> Tracks:
    return Tracks({name: Signal(values, 0.0, rate)}, {})


WHITE = tracks(np.random.default_rng(8).standard_normal(2000))
RAMP = np.concatenate([autoregressive(phi, 40, seed) for seed, phi in enumerate(np.linspace(0.2, 0.95, 30))])


def labelled(values: np.ndarray, classes: int) -> Dominant:
    return Dominant(Signal(values.astype(float)), classes)


def emotions(labels: np.ndarray) -> EmotionSeries:
    p = np.full((len(labels), 3), 0.1)
    p[np.arange(len(labels)), labels] = 0.8
    p[labels == 2] = (0.34, 0.33, 0.33)  # nobody ahead by a tenth
    return EmotionSeries(("anger", "happiness", "neutral"), Signal(p))


def affect(values: np.ndarray, rate: float = 1.0) -> AffectSeries:
    return AffectSeries(Signal(values, 0.0, rate), Signal(values, 0.0, rate))


def shape(left: np.ndarray | None = None, right: np.ndarray | None = None, **regions: np.ndarray) -> FaceShape:
    names = ("all", "upper", "lower", "brow", "lips")
    motion = {n: Signal(regions.get(n, np.zeros(len(T20)))) for n in names}
    flat = {n: Signal(regions.get(n, np.zeros(len(T20)))) for n in ("eye", "brow", "mouth", "overall")}
    zero = np.zeros(len(T20))
    parts = ("eye", "brow", "mouth")
    return FaceShape(
        motion,
        flat,
        {n: Signal(zero if left is None else left) for n in parts},
        {n: Signal(zero if right is None else right) for n in parts},
    )


BUMP = minimum_jerk(T20, 5, 1, 1.0) - minimum_jerk(T20, 8, 1, 1.0)
LATER = minimum_jerk(T20, 5.1, 1, 1.0) - minimum_jerk(T20, 8.1, 1, 1.0)
ALTERNATE = [(0.0, 4.0), (10.0, 14.0), (20.0, 24.0), (30.0, 34.0), (40.0, 44.0), (50.0, 54.0)]


def answering(*gaps: float) -> object:
    """The other speaks for 5 s, the person answers after each gap for 3 s."""
    mine, others, now = [], [], 0.0
    for gap in gaps:
        others.append((now, now + 5))
        mine.append((now + 5 + gap, now + 8 + gap))
        now += 10.0
    return turns(max(60.0, now), mine, others)


ANSWERS = answering(-0.2, 0.1, 0.4, 0.0, 0.3)
LATENT = answering(-0.2, 0.1, 0.4, 0.1, 0.1)
INTERRUPTING = turns(60, [(4.5, 8.0), (21.0, 21.6), (40.0, 42.0)], [(0.0, 5.0), (20.0, 25.0), (30.0, 35.0)])


def delayed_smiles() -> Smiles:
    onsets = 10.0 * np.arange(10) + 2
    answered = [t + 1.2 for t in onsets[:8]]
    return Smiles(events(110, *((t, t + 1) for t in onsets)), events(110, *((t, t + 1) for t in answered)))


def correlated(rho: float) -> object:
    a, b = smooth_noise(11, 36000), smooth_noise(12, 36000)
    return face(au04=a, au06=smooth_noise(13, 36000), au12=rho * a + np.sqrt(1 - rho**2) * b)


def voice_and_head() -> VoiceAndHead:
    loud = smooth_noise(21, 1200)
    both = Tracks(
        {
            "loudness": Signal(loud, 0, 10),
            "head_speed": Signal(np.interp(np.arange(1200) - 1.5, np.arange(1200), loud), 0, 10),
        },
        {},
    )
    return VoiceAndHead(both, voice(np.ones(12000)))


#: id, value, expected, tolerance.
CASES: list[tuple[str, object, float, float]] = [
    ("face_coverage_fraction", lambda: ask("face_coverage_fraction", presence(np.arange(100) < 40)), 0.40, 1e-12),
    (
        "face_gap_max_s",
        lambda: ask("face_gap_max_s", presence((np.arange(100) < 30) | (np.arange(100) >= 62))),
        3.2,
        0.1,
    ),
    (
        "track_switch_count",
        lambda: ask("track_switch_count", presence(np.ones(90), tracks=np.repeat([0, 3, 5], 30))),
        2,
        0,
    ),
    (
        "frame_rate_effective_hz",
        lambda: ask("frame_rate_effective_hz", FrameTimes(np.cumsum([1 / 24] * 30 + [1 / 30] * 60))),
        30,
        1e-6,
    ),
    (
        "head_pose_offaxis_fraction",
        lambda: ask("head_pose_offaxis_fraction", head(T20, yaw=np.where(T20 < 10, 45, 0))),
        0.5,
        0,
    ),
    ("audio_snr_db", lambda: ask("audio_snr_db", noisy_tone()), 20.0, 0.05),
    (
        "audio_clipping_fraction",
        lambda: ask("audio_clipping_fraction", Clipping(Signal(np.full(500, 0.01), 0, 100))),
        0.01,
        1e-12,
    ),
    ("head_yaw_mean_deg", lambda: ask("head_yaw_mean_deg", head(T20, yaw=7.0)), 7, 1e-9),
    ("head_pitch_mean_deg", lambda: ask("head_pitch_mean_deg", head(T20, pitch=-3.0)), -3, 1e-9),
    ("head_roll_mean_deg", lambda: ask("head_roll_mean_deg", head(T20, roll=2.0)), 2, 1e-9),
    ("head_yaw_sd_deg", lambda: ask("head_yaw_sd_deg", YAW), 10 / np.sqrt(2), 0.02),
    (
        "head_pitch_sd_deg",
        lambda: ask("head_pitch_sd_deg", head(T20, pitch=4 * np.sin(np.pi * T20))),
        4 / np.sqrt(2),
        0.02,
    ),
    (
        "head_roll_sd_deg",
        lambda: ask("head_roll_sd_deg", head(T20, roll=4 * np.sin(np.pi * T20))),
        4 / np.sqrt(2),
        0.02,
    ),
    ("head_angular_displacement_total_deg", lambda: ask("head_angular_displacement_total_deg", YAW), 400, 8),
    ("head_angular_speed_mean_deg_per_s", lambda: ask("head_angular_speed_mean_deg_per_s", YAW), 20, 0.4),
    ("head_angular_speed_rms_deg_per_s", lambda: ask("head_angular_speed_rms_deg_per_s", YAW), 22.21, 0.3),
    (
        "head_angular_acceleration_mean_deg_per_s2",
        lambda: ask("head_angular_acceleration_mean_deg_per_s2", YAW),
        62.8,
        1.9,
    ),
    ("head_range_yaw_deg", lambda: ask("head_range_yaw_deg", YAW), 19.75, 0.2),
    ("head_range_pitch_deg", lambda: ask("head_range_pitch_deg", head(T20, pitch=5 * np.sin(np.pi * T20))), 9.88, 0.1),
    ("head_translation_speed_mean_mm_per_s", lambda: ask("head_translation_speed_mean_mm_per_s", SINE_PLACE), 100, 2),
    ("head_nod_rate_per_min", lambda: ask("head_nod_rate_per_min", head(T60, pitch=nodding())), 6, 0),
    ("head_shake_rate_per_min", lambda: ask("head_shake_rate_per_min", head(T60, yaw=nodding())), 6, 0),
    (
        "head_stillness_fraction",
        lambda: ask("head_stillness_fraction", head(T60, yaw=np.where(T60 < 30, 0, 5 * (T60 - 30)))),
        0.5,
        0.01,
    ),
    ("head_frontal_fraction", lambda: ask("head_frontal_fraction", head(T40, yaw=np.where(T40 < 10, 0, 40))), 0.25, 0),
    ("head_smoothness_ldlj", lambda: ask("head_smoothness_ldlj", REACH), -5.25, 0.15),
    ("head_smoothness_sparc", lambda: ask("head_smoothness_sparc", REACH), -1.40, 0.01),
    ("blink_rate_per_min", lambda: ask("blink_rate_per_min", BLINKS17), 17, 0),
    (
        "blink_duration_mean_ms",
        # Down to 0.04 from 1: half of the way is at 0.52, and openness is below 0.5 for slightly less than the width.
        lambda: ask("blink_duration_mean_ms", eyes(blink_train(T60, 1.5 + 3.4 * np.arange(17), 0.15, 1.0))),
        150,
        3,
    ),
    (
        "blink_incomplete_fraction",
        lambda: ask(
            "blink_incomplete_fraction",
            eyes(
                np.minimum(blink_train(T60, 2 + 8 * np.arange(7)), blink_train(T60, 5.5 + 8 * np.arange(3), 0.2, 0.4))
            ),
        ),
        0.3,
        1e-9,
    ),
    ("blink_interval_cv", lambda: ask("blink_interval_cv", eyes(blink_train(T60, 1.5 + 3.0 * np.arange(19)))), 0, 0.01),
    (
        "blink_closing_speed_mean_per_s",
        # The steepest slope of a bell of height d and width s is d/(s·√e).
        lambda: ask("blink_closing_speed_mean_per_s", eyes(blink_train(T60, 1.5 + 3.4 * np.arange(17), 0.4))),
        0.9 / (0.4 / 2.35482 * np.sqrt(np.e)),
        0.15,
    ),
    (
        "perclos_80_fraction",
        lambda: ask(
            "perclos_80_fraction",
            eyes(
                np.where(spans(T60, (5, 11), (30, 36)), 0.1, blink_train(T60, (1, 13, 16, 19, 22, 25, 40, 45, 50, 55)))
            ),
        ),
        0.20,
        0.005,
    ),
    (
        "eye_closure_long_rate_per_min",
        lambda: ask(
            "eye_closure_long_rate_per_min", eyes(np.where(spans(T60, (5, 6), (15, 16), (25, 26), (35, 36)), 0.1, 1.0))
        ),
        4,
        0,
    ),
    ("gaze_on_target_fraction", lambda: ask("gaze_on_target_fraction", gaze(np.where(T40 < 30, 0, 40.0))), 0.75, 0),
    (
        "gaze_dispersion_bcea_deg2",
        lambda: ask(
            "gaze_dispersion_bcea_deg2", gaze(2 * random(5).standard_normal(20000), random(6).standard_normal(20000))
        ),
        14.3,
        0.5,
    ),
    (
        "gaze_entropy_bits",
        lambda: ask(
            "gaze_entropy_bits", gaze(10.0 * random(5).integers(0, 2, 4000), 10.0 * random(6).integers(0, 2, 4000))
        ),
        2.0,
        0.02,
    ),
    (
        "gaze_shift_rate_per_min",
        lambda: ask("gaze_shift_rate_per_min", gaze(np.where((T60 % 12) < 6.4, 0, 30.0))),
        9,
        0,
    ),
    (
        "mutual_gaze_fraction",
        lambda: ask(
            "mutual_gaze_fraction",
            PairGaze(
                gaze(np.where(spans(clock(30), (0, 12)), 0, 40.0)),
                gaze(np.where(spans(clock(30), (6, 12), (20, 25)), 0, 40.0)),
            ),
        ),
        0.2,
        1e-9,
    ),
    (
        "au_base_rate_fraction[AU]",
        lambda: ask("au_base_rate_fraction[AU]", face(au12=np.where(T40 < 10, 1.0, 0)), variant="au12"),
        0.25,
        0,
    ),
    ("au_event_rate_per_min[AU]", lambda: ask("au_event_rate_per_min[AU]", FIVE, variant="au12"), 5, 0),
    ("au_event_duration_mean_s[AU]", lambda: ask("au_event_duration_mean_s[AU]", FIVE, variant="au12"), 1.0, 1 / 30),
    ("au_event_peak_mean[AU]", lambda: ask("au_event_peak_mean[AU]", FIVE, variant="au12"), 0.8, 1e-9),
    (
        "au_rise_speed_mean_per_s[AU]",
        lambda: ask(
            "au_rise_speed_mean_per_s[AU]", face(0.45, au12=np.clip((T60 % 10), 0, 1) * (T60 % 10 < 5)), variant="au12"
        ),
        1.0,
        1e-6,
    ),
    (
        "au_intensity_mean[AU]",
        lambda: ask("au_intensity_mean[AU]", face(au12=np.where(T40 < 10, 0.8, 0)), variant="au12"),
        0.2,
        1e-12,
    ),
    (
        "au_intensity_sd[AU]",
        lambda: ask("au_intensity_sd[AU]", face(au12=np.where(T40 < 20, 0.8, 0)), variant="au12"),
        0.4,
        1e-9,
    ),
    ("smile_rate_per_min", lambda: ask("smile_rate_per_min", SMILING), 4, 0),
    ("smile_time_fraction", lambda: ask("smile_time_fraction", SMILING), 0.25, 0.005),
    ("smile_duchenne_fraction", lambda: ask("smile_duchenne_fraction", SMILES5), 0.6, 1e-12),
    ("smile_intensity_peak_mean", lambda: ask("smile_intensity_peak_mean", SMILING), 0.9, 1e-9),
    ("smile_latency_s", lambda: ask("smile_latency_s", face(au12=(T20 >= 1.5) & (T20 < 4))), 1.5, 1 / 30),
    ("brow_lower_time_fraction", lambda: ask("brow_lower_time_fraction", face(au04=np.where(T20 < 8, 1.0, 0))), 0.4, 0),
    (
        "negative_expression_time_fraction",
        lambda: ask("negative_expression_time_fraction", face(au09=spans(T40, (0, 10)), au10=spans(T40, (5, 15)))),
        15 / 40,
        1e-9,
    ),
    ("expression_events_per_min", lambda: ask("expression_events_per_min", SMILES5), 8, 0),
    ("expressivity_index", lambda: ask("expressivity_index", face(au12=np.where(T40 < 20, 0.3, 0))), 1.0, 1e-9),
    (
        "facial_landmark_motion_mean_io_per_s",
        lambda: ask("facial_landmark_motion_mean_io_per_s", shape(all=np.full(600, 0.04))),
        0.04,
        1e-12,
    ),
    *(
        (
            f"facial_motion_{region}_mean_io_per_s",
            lambda region=region: ask(f"facial_motion_{region}_mean_io_per_s", shape(**{region: np.full(600, 0.02)})),
            0.02,
            1e-12,
        )
        for region in ("upper", "lower", "brow", "lips")
    ),
    (
        "expression_entropy_bits",
        lambda: ask("expression_entropy_bits", labelled(random().integers(0, 8, 8000), 8)),
        3.0,
        0.02,
    ),
    (
        "expression_entropy_normalised",
        lambda: ask("expression_entropy_normalised", labelled(random().integers(0, 4, 8000), 16)),
        0.5,
        0.01,
    ),
    (
        "expression_transition_rate_per_min",
        lambda: ask("expression_transition_rate_per_min", labelled(np.floor(T60 / (60 / 11)) % 2, 3)),
        10,
        0,
    ),
    (
        "emotion_time_fraction[class]",
        lambda: ask("emotion_time_fraction[class]", emotions(np.where(T40 < 10, 1, 0)), variant="happiness"),
        0.25,
        1e-9,
    ),
    ("valence_mean", lambda: ask("valence_mean", affect(np.full(100, 0.3))), 0.3, 1e-12),
    ("arousal_mean", lambda: ask("arousal_mean", affect(np.full(100, -0.3))), -0.3, 1e-12),
    ("valence_sd", lambda: ask("valence_sd", affect(np.tile([0.5, -0.5], 50))), 0.5, 1e-9),
    ("arousal_sd", lambda: ask("arousal_sd", affect(np.tile([0.2, -0.2], 50))), 0.2, 1e-9),
    ("valence_inertia_ar1", lambda: ask("valence_inertia_ar1", affect(autoregressive(0.7, 3000))), 0.7, 0.05),
    ("valence_instability_mssd", lambda: ask("valence_instability_mssd", affect(np.tile([0.5, -0.5], 100))), 1.0, 1e-9),
    (
        "facial_asymmetry_index[feature]",
        lambda: ask("facial_asymmetry_index[feature]", shape(brow=np.full(600, 0.05)), variant="brow"),
        0.05,
        1e-9,
    ),
    (
        "facial_asymmetry_signed[feature]",
        lambda: ask("facial_asymmetry_signed[feature]", shape(2 * BUMP, BUMP), variant="mouth"),
        1 / 3,
        0.005,
    ),
    ("facial_movement_lag_lr_ms", lambda: ask("facial_movement_lag_lr_ms", shape(BUMP, LATER)), 100, 34),
    (
        "mouth_opening_mean_io",
        lambda: ask("mouth_opening_mean_io", MouthSeries(Signal(np.where(T20 < 10, 0.2, 0)))),
        0.1,
        1e-12,
    ),
    (
        "mouth_opening_range_io",
        lambda: ask("mouth_opening_range_io", MouthSeries(Signal(0.1 * np.sin(np.pi * T20)))),
        0.1975,
        0.002,
    ),
    (
        "mouth_speed_mean_io_per_s",
        lambda: ask("mouth_speed_mean_io_per_s", MouthSeries(Signal(0.1 * np.sin(2 * np.pi * T20)))),
        0.4,
        0.01,
    ),
    (
        "speaking_face_fraction",
        lambda: ask(
            "speaking_face_fraction",
            MouthSeries(
                Signal(
                    0.002 * random().standard_normal(1200) + np.where(T40 < 20, 0.08 * np.sin(2 * np.pi * 4 * T40), 0)
                )
            ),
            voice(clock(40, 100) < 20),
        ),
        0.5,
        0.025,
    ),
    (
        "body_motion_energy_mean",
        lambda: ask("body_motion_energy_mean", MotionSeries(Signal(np.full(600, 0.02)))),
        0.02,
        1e-12,
    ),
    (
        "body_activity_fraction",
        lambda: ask("body_activity_fraction", MotionSeries(Signal(np.where(T40 < 20, 0.02, 0)))),
        0.5,
        1e-9,
    ),
    (
        "body_joint_speed_mean_sw_per_s[joint]",
        lambda: ask(
            "body_joint_speed_mean_sw_per_s[joint]",
            body(**{n: at(0.5 * np.sin(np.pi * T40), 0) for n in ("nose",)} | {n: at(0, 0) for n in _OTHER_JOINTS}),
            variant="nose",
        ),
        4 * 0.5 * 0.5,
        0.02,
    ),
    ("body_posture_lean_mean_deg", lambda: ask("body_posture_lean_mean_deg", leaning(np.full(1200, 12.0))), 12, 1e-6),
    (
        "body_posture_lean_sd_deg",
        lambda: ask("body_posture_lean_sd_deg", leaning(5 * np.sin(np.pi * T40))),
        5 / np.sqrt(2),
        0.01,
    ),
    ("postural_sway_path_per_s", lambda: ask("postural_sway_path_per_s", CIRCLE), 2 * np.pi * 0.1 * 0.5, 0.005),
    ("postural_sway_rms", lambda: ask("postural_sway_rms", CIRCLE), 0.1, 0.001),
    # A circle of radius r has variances r²/2 on both axes: π·5.991·r²/2.
    ("postural_sway_ellipse95", lambda: ask("postural_sway_ellipse95", CIRCLE), np.pi * 5.991 * 0.005, 0.001),
    ("hand_tremor_peak_hz", lambda: ask("hand_tremor_peak_hz", TREMOR), 5, 0.05),
    ("hand_tremor_amplitude_rms", lambda: ask("hand_tremor_amplitude_rms", TREMOR), 0.1 / np.sqrt(2), 0.0035),
    (
        "hand_tremor_band_ratio",
        lambda: ask("hand_tremor_band_ratio", hand(random().standard_normal(9000), t=clock(300))),
        9 / 14.5,
        0.03,
    ),
    ("finger_tap_rate_hz", lambda: ask("finger_tap_rate_hz", tapping()), 3, 0.02),
    ("finger_tap_amplitude_mean", lambda: ask("finger_tap_amplitude_mean", tapping()), 0.1 + 1 - 0.01 * 16, 0.01),
    ("finger_tap_interval_cv", lambda: ask("finger_tap_interval_cv", tapping()), 0.48, 0.05),
    ("finger_tap_decrement_per_tap", lambda: ask("finger_tap_decrement_per_tap", tapping()), -0.01, 0.0005),
    ("finger_tap_halt_count", lambda: ask("finger_tap_halt_count", tapping()), 1, 0),
    ("gesture_rate_per_min", lambda: ask("gesture_rate_per_min", gesturing()), 4, 0.01),
    ("self_touch_rate_per_min", lambda: ask("self_touch_rate_per_min", touching()), 3, 0),
    ("self_touch_time_fraction", lambda: ask("self_touch_time_fraction", touching()), 9 / 60, 1e-9),
    ("voice_f0_mean_hz", lambda: ask("voice_f0_mean_hz", voiced(np.where(T10V < 5, 150.0, np.nan))), 150, 1e-9),
    ("voice_f0_median_st", lambda: ask("voice_f0_median_st", voiced(np.full(1000, 110.0))), 12, 1e-9),
    ("voice_f0_sd_st", lambda: ask("voice_f0_sd_st", VIBRATO), 1 / np.sqrt(2), 0.002),
    ("voice_f0_range90_st", lambda: ask("voice_f0_range90_st", VIBRATO), 1.975, 0.01),
    (
        "voice_voiced_fraction",
        lambda: ask("voice_voiced_fraction", voiced(np.where(clock(4, 100) < 3, 150, np.nan))),
        0.75,
        1e-9,
    ),
    ("voice_hnr_db", lambda: ask("voice_hnr_db", voiced(np.full(200, 150.0), hnr=np.full(200, 20.0))), 20, 1e-9),
    (
        "voice_formant_mean_hz[1-3]",
        lambda: ask(
            "voice_formant_mean_hz[1-3]",
            voiced(np.full(200, 150.0), **{f"formant_{i}": np.full(200, 730.0) for i in (1, 2, 3)}),
            variant="1",
        ),
        730,
        1e-9,
    ),
    (
        "voice_mfcc_mean[0-12]",
        lambda: ask(
            "voice_mfcc_mean[0-12]",
            voiced(np.full(400, 150.0), **{f"mfcc_{i:02d}": np.full(400, 1.0 * i) for i in range(13)}),
            variant="7",
        ),
        7,
        1e-9,
    ),
    (
        "voice_intensity_sd_db",
        lambda: ask(
            "voice_intensity_sd_db", voiced(VIBRATO.columns["f0"].values, loudness=-20 + 6 * np.sin(2 * np.pi * T10V))
        ),
        6 / np.sqrt(2),
        0.01,
    ),
    (
        "voice_intensity_range90_db",
        lambda: ask(
            "voice_intensity_range90_db",
            voiced(VIBRATO.columns["f0"].values, loudness=-20 + 6 * np.sin(2 * np.pi * T10V)),
        ),
        6 * 1.975,
        0.06,
    ),
    ("voice_tremor_frequency_hz", lambda: ask("voice_tremor_frequency_hz", TREMBLING), 5, 0.1),
    ("voice_tremor_intensity_pct", lambda: ask("voice_tremor_intensity_pct", TREMBLING), 2.0, 0.2),
    ("voice_jitter_local", lambda: ask("voice_jitter_local", pulses(0.01)), 0.02, 0.004),
    ("voice_jitter_rap", lambda: ask("voice_jitter_rap", pulses(0.0)), 0.0, 0.003),
    ("voice_jitter_ppq5", lambda: ask("voice_jitter_ppq5", pulses(0.0)), 0.0, 0.003),
    ("voice_shimmer_local", lambda: ask("voice_shimmer_local", pulses(0.0)), 0.0, 0.02),
    ("voice_shimmer_apq3", lambda: ask("voice_shimmer_apq3", pulses(0.0)), 0.0, 0.02),
    ("voice_shimmer_apq11", lambda: ask("voice_shimmer_apq11", pulses(0.0)), 0.0, 0.02),
    ("voice_cpps_db", lambda: _cpps_gain_difference(), 0.0, 0.01),
    ("speech_rate_words_per_min", lambda: ask("speech_rate_words_per_min", THIRTY), 120, 0.5),
    ("speech_rate_syllables_per_s", lambda: ask("speech_rate_syllables_per_s", _spoken_twenty()), 2.0, 0.02),
    ("articulation_rate_syllables_per_s", lambda: ask("articulation_rate_syllables_per_s", TWENTY), 4.0, 0.05),
    ("pause_rate_per_min", lambda: ask("pause_rate_per_min", PAUSES), 3 / (30.8 / 60), 0.01),
    ("pause_duration_median_s", lambda: ask("pause_duration_median_s", PAUSES), 0.5, 0.011),
    ("pause_duration_mean_s", lambda: ask("pause_duration_mean_s", PAUSES), 0.6, 0.011),
    ("pause_time_fraction", lambda: ask("pause_time_fraction", PAUSES), 1.8 / 30.8, 0.001),
    ("response_latency_median_s", lambda: ask("response_latency_median_s", LATENT), 0.1, 1e-9),
    ("overlap_time_fraction", lambda: ask("overlap_time_fraction", INTERRUPTING), (0.5 + 0.6) / 60, 0.001),
    ("interruption_rate_per_min", lambda: ask("interruption_rate_per_min", INTERRUPTING), 1, 0),
    ("backchannel_rate_per_min", lambda: ask("backchannel_rate_per_min", INTERRUPTING), 1, 0),
    ("talk_time_fraction", lambda: ask("talk_time_fraction", turns(60, [(0, 18)])), 0.3, 1e-9),
    ("turn_count", lambda: ask("turn_count", ANSWERS), 5, 1e-9),
    ("turn_duration_median_s", lambda: ask("turn_duration_median_s", ANSWERS), 3, 1e-9),
    (
        "speaker_balance",
        lambda: ask("speaker_balance", PairTurns(turns(60, [(0, 18)], [(18, 60)]), turns(60, [(18, 60)], [(0, 18)]))),
        0.6,
        1e-6,
    ),
    ("disfluency_rate_per_100_words", lambda: ask("disfluency_rate_per_100_words", _hundred_words()), 5, 1e-9),
    ("lexical_mattr_50", lambda: ask("lexical_mattr_50", words(60, [f"w{i}" for i in range(80)])), 1.0, 1e-12),
    ("lexical_mtld", lambda: ask("lexical_mtld", words(60, [f"w{i}" for i in range(80)])), 80, 1e-9),
    (
        "transcript_confidence_mean",
        lambda: ask("transcript_confidence_mean", words(30, ["a"] * 20, confidence=0.8)),
        0.8,
        1e-9,
    ),
    ("sync_wcc_mean_z", lambda: ask("sync_wcc_mean_z", UNRELATED), 0, 0.02),
    ("sync_wcc_peak_mean_r", lambda: ask("sync_wcc_peak_mean_r", pair(SLOW, np.roll(SLOW, 8))), 1.0, 0.02),
    ("sync_wcc_peak_fraction", lambda: ask("sync_wcc_peak_fraction", pair(LEADER, np.roll(LEADER, 2))), 1.0, 0.05),
    ("sync_wcc_lag_median_s", lambda: ask("sync_wcc_lag_median_s", FOLLOWS), 0.8, 0.1),
    ("sync_wcc_lag_iqr_s", lambda: ask("sync_wcc_lag_iqr_s", pair(LEADER, LEADER)), 0.0, 0.02),
    (
        "sync_surrogate_z",
        lambda: ask("sync_surrogate_z", Surrogacy(pair(LEADER[:1200], LEADER[:1200])), count=19),
        20,
        19,
    ),
    (
        "sync_surrogate_p",
        lambda: ask("sync_surrogate_p", Surrogacy(pair(LEADER[:1200], LEADER[:1200])), count=19),
        0.05,
        1e-9,
    ),
    ("sync_lead_fraction", lambda: ask("sync_lead_fraction", FOLLOWS), 0.9, 0.1),
    ("sync_dtw_distance", lambda: ask("sync_dtw_distance", pair(LEADER, LEADER)), 0, 1e-12),
    ("sync_crqa_rec", lambda: ask("sync_crqa_rec", Recurrence(pair(smooth_noise(6), smooth_noise(7)))), 0.05, 0.02),
    (
        "sync_crqa_det",
        lambda: ask("sync_crqa_det", Recurrence(pair(np.sin(0.2 * np.arange(1200)), np.sin(0.2 * np.arange(1200))))),
        1.0,
        0.05,
    ),
    ("sync_crqa_lmax_s", lambda: ask("sync_crqa_lmax_s", Recurrence(pair(LEADER[:1200], LEADER[:1200]))), 120, 1e-6),
    ("sync_plv[band]", lambda: ask("sync_plv[band]", IN_PHASE, variant="slow"), 1.0, 0.01),
    ("sync_granger_f[dir]", lambda: ask("sync_granger_f[dir]", ONE_WAY, variant="second_to_first"), 1.0, 3.0),
    ("sync_granger_p[dir]", lambda: ask("sync_granger_p[dir]", ONE_WAY, variant="first_to_second"), 0.0, 0.01),
    ("imitation_hit_rate", lambda: ask("imitation_hit_rate", delayed_smiles()), 0.8, 1e-9),
    ("imitation_latency_median_s", lambda: ask("imitation_latency_median_s", delayed_smiles()), 1.2, 1e-9),
    # Eight answers of 2.8 s each in 110 s meet a model by chance about 8·2.8/110 of the time, once a model.
    ("imitation_excess_rate", lambda: ask("imitation_excess_rate", delayed_smiles()), 0.8 - 8 * 2.8 / 110, 0.06),
    (
        "coordination_face_parts_r[a,b]",
        lambda: ask("coordination_face_parts_r[a,b]", correlated(0.6), variant="brow_mouth"),
        0.6,
        0.06,
    ),
    ("cross_modal_lag_s[voice,head]", lambda: ask("cross_modal_lag_s[voice,head]", voice_and_head()), 0.15, 0.05),
    ("ews_ar1_trend_tau", lambda: _Value(trend_against_surrogates(RAMP, 0, 100)[0]), 0.95, 0.05),
    ("ews_variance_trend_tau", lambda: _Value(trend_against_surrogates(RAMP, 1, 100)[0]), 0.95, 0.05),
    ("dynamics_ar1", lambda: ask("dynamics_ar1", tracks(autoregressive(0.7, 3000), 1.0)), 0.7, 0.05),
    (
        "dynamics_sample_entropy",
        lambda: ask("dynamics_sample_entropy", tracks(random().standard_normal(1000))),
        2.2,
        0.2,
    ),
    ("dynamics_permutation_entropy", lambda: ask("dynamics_permutation_entropy", WHITE), 0.995, 0.005),
    ("dynamics_dfa_alpha", lambda: ask("dynamics_dfa_alpha", tracks(random().standard_normal(20000))), 0.5, 0.05),
    ("dynamics_rqa_det", lambda: ask("dynamics_rqa_det", tracks(np.sin(0.1 * np.arange(1000)))), 1.0, 0.02),
    (
        "dynamics_spectral_peak_hz",
        lambda: ask(
            "dynamics_spectral_peak_hz",
            tracks(np.sin(2 * np.pi * 0.25 * T_SLOW) + 0.1 * random().standard_normal(1200), name="head_pitch"),
        ),
        0.25,
        0.025,
    ),
    ("event_burstiness", lambda: ask("event_burstiness", BLINKS17), -1, 0.03),
    (
        "ambivalence_cross_modal_conflict",
        lambda: _Value(conflict([LEADER, -LEADER], 10.0).value - abs(conflict([LEADER, -LEADER], 10.0).value)),
        0,
        0,
    ),
    (
        "ambivalence_mixed_expression_fraction",
        lambda: ask("ambivalence_mixed_expression_fraction", face(au12=spans(T40, (0, 10)), au04=spans(T40, (4, 20)))),
        0.15,
        1e-9,
    ),
    ("hesitation_pause_before_answer_s", lambda: ask("hesitation_pause_before_answer_s", ANSWERS), 0.12, 1e-9),
    ("hesitation_filler_rate", lambda: ask("hesitation_filler_rate", _hundred_words()), 3, 1e-9),
    (
        "hesitation_gaze_aversion_on_answer_fraction",
        lambda: ask(
            "hesitation_gaze_aversion_on_answer_fraction",
            Answers(
                events(60, (10, 13), (30, 33), (50, 53)),
                gaze(np.where(spans(T60, (9.5, 11.0), (29.5, 30.25)), 30.0, 0)),
            ),
        ),
        0.5,
        0.02,
    ),
    (
        "hesitation_head_shake_while_yes_rate",
        lambda: ask(
            "hesitation_head_shake_while_yes_rate",
            YesAndShake(words(60, ["yes"], first=5.2, each=1.0), head(T60, yaw=nodding())),
        ),
        1,
        0,
    ),
]

_OTHER_JOINTS = (
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow"),
    *("left_wrist", "right_wrist", "left_hip", "right_hip"),
)


class _Value:
    """A figure in the place of an estimate."""

    def __init__(self, value: float):
        self.value = value


def _cpps_gain_difference() -> _Value:
    loud = pulses()
    soft = HeldSound(tuple(0.1 * part for part in loud.samples))
    return _Value(ask("voice_cpps_db", loud).value - ask("voice_cpps_db", soft).value)


def _spoken_twenty() -> Fluency:
    """Twenty syllables in 5 s of speech and 5 s of pauses."""
    text = ["banana"] * 6 + ["cat", "cat"]
    speech = [(0.0, 1.25), (2.92, 4.17), (5.84, 7.09), (8.75, 10.0)]
    starts = np.concatenate([np.array([a, a + 0.625]) for a, _ in speech])
    said = events(12, *((s, s + 0.6) for s in starts))
    from bitflow.events.speech import Words

    fluency = Fluency(Words(said, tuple(text)), turns(12, [(0.0, 10.0)], speech=speech))
    # Ten seconds of speech are asked for; the same twice over, so that the ratio stays.
    doubled = [(a + 20 * k, b + 20 * k) for k in (0, 1) for a, b in speech]
    twice = events(40, *((s + 20 * k, s + 20 * k + 0.6) for k in (0, 1) for s in starts))
    del fluency
    return Fluency(Words(twice, tuple(text * 2)), turns(40, [(0.0, 10.0), (20.0, 30.0)], speech=doubled))


def _hundred_words():
    text = [f"w{i}" for i in range(95)]
    text[10:10] = ["um"]
    text[30:30] = ["uh"]
    text[50:50] = ["er"]
    return words(60, [*text, text[-1], text[-1]])


@pytest.mark.parametrize(("id", "value", "expected", "tolerance"), CASES, ids=[case[0] for case in CASES])
def test_measure_gives_the_known_answer(id, value, expected, tolerance):
    assert value().value == pytest.approx(expected, abs=tolerance + 1e-12)


def test_every_measure_has_a_known_answer():
    assert set(registered()) - {case[0] for case in CASES} == set()


def test_no_blink_is_found_when_only_noise_moves_the_eyelid():
    for sd in (0.02, 0.1):
        still = eyes(np.clip(1 + sd * np.random.default_rng(0).standard_normal(1800), 0, 1.2))
        assert ask("blink_rate_per_min", still).value == 0


def test_blinks_keep_their_times_when_the_face_is_lost_for_ten_seconds():
    from bitflow.events.eyes import find_blinks

    openness = blink_train(T60, (5.0, 40.0, 50.0))
    openness[spans(T60, (15, 25))] = np.nan
    middles = [event.middle for event in find_blinks(eyes(openness))]
    assert middles == pytest.approx([5.0, 40.0, 50.0], abs=0.02)


def test_a_turn_from_one_side_to_the_other_is_its_whole_angle():
    yaw = 20 - minimum_jerk(clock(12), 4, 1.5, 40.0)
    total = ask("head_angular_displacement_total_deg", head(clock(12), yaw=yaw)).value
    assert total == pytest.approx(40, abs=0.5)


def test_smoothness_of_a_minimum_jerk_movement_is_the_same_at_any_frame_rate():
    values = []
    for rate in (30, 60, 120):
        t = clock(10, rate)
        values.append(ask("head_smoothness_ldlj", head(t, yaw=minimum_jerk(t, 3, 2, 40))).value)
    assert max(values) - min(values) <= 0.15
    assert all(-5.4 <= value <= -5.1 for value in values)


def test_two_submovements_are_less_smooth_than_one():
    from bitflow.signals.kinematics import spectral_arc_length

    # Two movements of 1 s, the second beginning 0.2 s after the first ended.
    t = clock(2.2, 100)
    both = np.gradient(minimum_jerk(t, 0, 1, 1) + minimum_jerk(t, 1.2, 1, 1), t)
    assert spectral_arc_length(both, 100) == pytest.approx(-2.71, abs=0.05)


def test_sway_of_gaussian_places_fills_its_ellipse():
    random = np.random.default_rng(1)
    path = Signal(random.standard_normal((20000, 2)) * (2.0, 1.0))
    assert ellipse_area(path).value == pytest.approx(37.6, rel=0.03)


def test_swapping_two_persons_turns_the_lead_around():
    forth = ask("sync_lead_fraction", FOLLOWS).value
    back = ask("sync_lead_fraction", pair(np.roll(LEADER, 8), LEADER)).value
    assert forth > 0.8
    assert back == pytest.approx(1 - forth, abs=0.02)


def test_a_person_who_does_not_smile_in_full_view_smiles_zero_times():
    found = ask("smile_rate_per_min", face(au12=0.1 * smooth_noise(3, 1800)))
    assert found.value == 0
    assert found.high == pytest.approx(3.69, abs=0.01)  # Poisson: nothing in one minute


def test_a_stuck_action_unit_is_no_rate_of_zero():
    assert ask("au_event_rate_per_min[AU]", face(au12=np.zeros(1800)), variant="au12").reason == "constant_signal"


def test_identical_channels_do_not_conflict_and_opposite_ones_do():
    assert conflict([LEADER, LEADER], 10.0).value < 0 < conflict([LEADER, -LEADER], 10.0).value


def test_random_blinks_are_neither_periodic_nor_bursty():
    gaps = np.random.default_rng(2).exponential(3.0, 2000)
    assert burstiness_of(gaps, events(60, (0, 1))).value == pytest.approx(0, abs=0.05)


def test_gaze_of_too_large_an_error_is_not_calibrated():
    with pytest.raises(Undefined) as refused:
        ask("gaze_on_target_fraction", gaze(np.zeros(600), sigma=20.0))
    assert refused.value.reason == "not_calibrated"


def test_tremor_is_undefined_in_white_noise():
    with pytest.raises(Undefined):
        ask("hand_tremor_peak_hz", hand(0.01 * np.random.default_rng(3).standard_normal(600)))


def test_too_few_smiles_have_no_mean():
    with pytest.raises(Undefined) as refused:
        ask("smile_intensity_peak_mean", face(au12=plateaus(T60, (5, 15), 1.0)))
    assert refused.value.reason == "too_few_events"


def test_pauses_shorter_than_a_quarter_second_belong_to_the_speech():
    choppy = turns(20, [(1, 13)], speech=[(1, 5), (5.2, 13)])
    assert ask("pause_rate_per_min", choppy).value == 0


def test_a_mask_knows_nothing_where_nothing_was_seen():
    seen = Mask(np.array([True, False, True]), np.array([True, True, False]))
    assert (seen & ~seen).fraction == 0.0
    assert (seen | ~seen).known.tolist() == [True, True, False]
