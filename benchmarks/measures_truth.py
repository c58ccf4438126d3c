"""Signals whose answer is known: theory beside bitflow, and beside the formulas that Bitbox and OpenWillis publish.

Their formulas are written again from their published definitions; none of their code is here. ``python -m
benchmarks.measures_truth`` prints the table and keeps it as ``benchmarks/results/measures_truth.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from bitflow.events import Events, Mask, Signal
from bitflow.events.eyes import EyeSeries, find_blinks
from bitflow.events.face import ActionUnit, FaceSeries
from bitflow.events.head import HeadSeries
from bitflow.events.speech import Turns
from bitflow.measures.correlation import windowed_correlation
from bitflow.measures.coupling import against_surrogates
from bitflow.measures.geometry import _ALL, PAIRS, FaceShape
from bitflow.measures.registry import registered
from bitflow.measures.voice import VoiceSeries
from bitflow.signals.angles import angular_velocity, geodesic_deg, rotation_matrices
from bitflow.signals.kinematics import difference
from bitflow.signals.rhythm import welch_spectrum

RESULT = Path(__file__).parent / "results" / "measures_truth.md"
Array = NDArray[np.float64]


def value(measure: str, *inputs: object, variant: str | None = None) -> float:
    found = registered()[measure].function(*inputs)
    return float((found if variant is None else found[variant]).value)  # pyright: ignore


# What the others publish ---------------------------------------------------------------------------------------------


def bitbox_peaks(signal: Array) -> int:
    """Strict maxima of the positive part of the mean-free signal, smoothed by one sample."""
    smooth = gaussian_filter1d(signal - signal.mean(), 1.0)
    positive = np.abs(np.where(smooth > 0, smooth, 0.0))
    return int((np.diff(np.sign(np.diff(positive))) == -2).sum())


def bitbox_kept_peaks(signal: Array) -> int:
    """The same, peaks beyond 1.5 interquartile ranges removed when there are more than five."""
    smooth = gaussian_filter1d(signal - signal.mean(), 1.0)
    positive = np.abs(np.where(smooth > 0, smooth, 0.0))
    heights = signal[np.flatnonzero(np.diff(np.sign(np.diff(positive))) == -2) + 1]
    if len(heights) > 5:
        q1, q3 = np.quantile(heights, (0.25, 0.75))
        heights = heights[(heights >= q1 - 1.5 * (q3 - q1)) & (heights <= q3 + 1.5 * (q3 - q1))]
    return len(heights)


def bitbox_acceleration(x: Array, rate: float) -> float:
    return float(np.linalg.norm(np.diff(rate * np.diff(x, axis=0), axis=0), axis=1).mean())


def bitbox_ldj(x: Array, rate: float) -> float:
    velocity = rate * np.diff(x, axis=0)
    squared = np.square(np.diff(velocity, axis=0)).sum()
    peak = np.linalg.norm(velocity, axis=1).max()
    return float(-np.log((len(x) / rate) ** 3 * squared / rate / peak**2))


def bitbox_path(x: Array) -> float:
    return float(np.linalg.norm(np.diff(x, axis=0), axis=1).sum())


def bitbox_coordination(x: Array, y: Array, rate: float) -> tuple[float, float]:
    """Mean size of the best r over shifts of both windows (0.5 s, ±3 frames), and its mean lag."""
    width, reach = round(0.5 * rate), round(0.5 * rate) // 4
    best: list[float] = []
    lags: list[float] = []
    for t in range(reach, len(x) - width - reach, width // 2):
        top = max(
            (
                (np.corrcoef(x[t + a : t + a + width], y[t + b : t + b + width])[0, 1], b - a)
                for a in range(-reach, reach + 1)
                for b in range(-reach, reach + 1)
            ),
            key=lambda found: abs(found[0]),
        )
        best.append(abs(top[0]))
        lags.append(top[1] / rate)
    return float(np.mean(best)), float(np.mean(lags))


def bitbox_asymmetry(left: Array, right: Array) -> float:
    """Distance to the mirrored side, the mirror laid anew between the feature's own two centres."""
    a, b = left.mean(axis=0), right.mean(axis=0)
    normal = (b - a) / np.linalg.norm(b - a)
    middle = (a + b) / 2
    mirrored = right - 2 * ((right - middle) @ normal)[:, None] * normal
    return float(np.linalg.norm(left - mirrored, axis=1).mean())


def openwillis_blinks(ear: Array, rate: float) -> Array:
    """Times of minima of the z-scored ratio with a prominence of 2; frames without a face are dropped before."""
    seen = ear[np.isfinite(ear)]
    z = (seen - seen.mean()) / seen.std()
    return find_peaks(-z, prominence=2, width=0.01)[0] / rate


def openwillis_displacement(angles: Array) -> float:
    """Sum of changes of the rotation's size."""
    matrix = rotation_matrices(angles)
    return float(np.abs(np.diff(geodesic_deg(matrix, np.broadcast_to(np.eye(3), matrix.shape)))).sum())


# The table -----------------------------------------------------------------------------------------------------------


def head(t: Array, pitch: Array | float = 0.0, yaw: Array | float = 0.0) -> HeadSeries:
    columns = [np.zeros(len(t)) + part for part in (pitch, yaw, 0.0)]
    return HeadSeries.from_angles(Signal(np.stack(columns, axis=1), 0.0, round(1 / (t[1] - t[0])), "deg"))


def minimum_jerk(t: Array, start: float, lasting: float) -> Array:
    s = np.clip((t - start) / lasting, 0, 1)
    return 10 * s**3 - 15 * s**4 + 6 * s**5


def blinking(t: Array, centres: Array) -> Array:
    return 1 - 0.9 * np.exp(-0.5 * ((t[:, None] - centres[None]) / 0.0637) ** 2).max(axis=1)


def turns_with(gaps: tuple[float, ...]) -> Turns:
    starts = 10.0 * np.arange(len(gaps))
    seen = Mask(np.ones(60000, bool), np.ones(60000, bool), 0.0, 1000.0)
    others = Events.at(starts, starts + 5, seen)
    mine = Events.at(starts + 5 + np.array(gaps), starts + 8 + np.array(gaps), seen)
    return Turns(mine, others, seen, 2)


def rows() -> list[tuple[str, str, str, str, str]]:
    table: list[tuple[str, str, str, str, str]] = []

    def add(name: str, theory: str, ours: object, bitbox: object = "–", openwillis: object = "–") -> None:
        table.append(
            (name, theory, *(f"{v:.3g}" if isinstance(v, float) else str(v) for v in (ours, bitbox, openwillis)))
        )

    random = np.random.default_rng(0)
    for rate in (30, 60, 120):
        t = np.arange(6 * rate) / rate
        yaw = 40 * minimum_jerk(t, 2, 2)
        reach = yaw[2 * rate : 4 * rate + 1, None]
        add(
            f"minimum-jerk movement at {rate} fps, log dimensionless jerk",
            "−5.32",
            value("head_smoothness_ldlj", head(t, yaw=yaw)),
            bitbox_ldj(reach, rate),
        )
    t30 = np.arange(1800) / 30
    circle = np.stack([np.cos(0.947 * t30), np.sin(0.947 * t30)], axis=1)
    ours = float(np.linalg.norm(difference(difference(circle, 30), 30)[:-2], axis=1).mean())
    add("unit circle at 0.947 rad/s, acceleration", "0.897", ours, bitbox_acceleration(circle, 30))
    two = np.array([[0.0, 20.0, 0.0], [0.0, -20.0, 0.0]])
    turned = float(np.linalg.norm(angular_velocity(two, 1.0)[0]))
    add(
        "a head at +20°, in the next sample at −20°: degrees turned",
        "40",
        turned,
        bitbox_path(two),
        openwillis_displacement(two),
    )
    still = 0.30 + 0.01 * random.standard_normal(1800)
    add(
        "a minute without a blink, eyelid noise",
        "0",
        value("blink_rate_per_min", EyeSeries.from_aspect_ratio(Signal(still))),
        "–",
        float(len(openwillis_blinks(still, 30))),
    )
    lids = 0.3 * blinking(t30, 1.5 + 3.4 * np.arange(17))
    add(
        "17 blinks in a minute",
        "17",
        value("blink_rate_per_min", EyeSeries.from_aspect_ratio(Signal(lids))),
        "–",
        float(len(openwillis_blinks(lids, 30))),
    )
    lost = 0.3 * blinking(t30, np.array([5.0, 40.0]))
    lost[450:750] = np.nan
    middle = list(find_blinks(EyeSeries.from_aspect_ratio(Signal(lost))))[-1].middle
    add("face lost for 10 s: time of the blink at 40 s", "40", middle, "–", float(openwillis_blinks(lost, 30)[-1]))
    plateaus = np.zeros(1800)
    for onset in (5, 15, 25, 35, 45):
        plateaus[30 * onset : 30 * onset + 30] = 0.8
    face = FaceSeries({"au12": ActionUnit("au12", Signal(plateaus), 0.5, 0.4)})
    add("five smiles of 1 s with a flat top", "5", value("smile_rate_per_min", face), float(bitbox_peaks(plateaus)))
    bumps = sum(
        (6.0 if k == 5 else 1.0) * np.exp(-0.5 * ((t30 - 3 - 6 * k) / (0.3 + 0.02 * k)) ** 2) for k in range(10)
    )
    unit = FaceSeries({"au12": ActionUnit("au12", Signal(np.asarray(bumps)), 0.5, 0.4)})
    add(
        "ten smiles, one of them six times as strong",
        "10",
        value("smile_rate_per_min", unit),
        float(bitbox_kept_peaks(np.asarray(bumps))),
    )
    nod = 5 * np.sin(2 * np.pi * t30)
    rhythm = [
        spectrum.peak(0.3, 5)[0]
        for part in (nod, np.abs(nod))
        if (spectrum := welch_spectrum(part - part.mean(), 30.0, 10.0))
    ]
    add("a nod at 1 Hz: its frequency", "1 Hz", rhythm[0], rhythm[1])
    smooth = gaussian_filter1d(random.standard_normal((2, 9000)), 6.0, axis=1)
    coupling = float(np.nanmean(windowed_correlation(*smooth[:, ::3], 10.0).z))
    _, p = against_surrogates(*smooth[:, ::3], 10.0)
    add(
        "two unrelated smooth signals, 5 min",
        "0, p > .05",
        f"{coupling:.2f}, p = {p:.2f}",
        bitbox_coordination(smooth[0, :1800], smooth[1, :1800], 30)[0],
    )
    leader = gaussian_filter1d(random.standard_normal(3600), 15.0)
    follower = np.roll(leader, 30)
    lag = float(np.nanmedian(windowed_correlation(leader[::3], follower[::3], 10.0).peaks()[1]))
    add(
        "a signal that follows after 1 s: its lag",
        "1.0 s",
        lag,
        bitbox_coordination(leader[:1800], follower[:1800], 30)[1],
    )
    yaw_nan = 10 * np.sin(np.pi * t30[:600])
    yaw_nan[300] = np.nan
    columns = np.stack([0 * yaw_nan, yaw_nan, 0 * yaw_nan], axis=1)
    add(
        "one missing row in a swinging head, mean deg/s",
        "20",
        value("head_angular_speed_mean_deg_per_s", head(t30[:600], yaw=yaw_nan)),
        float(30 * np.linalg.norm(np.diff(columns, axis=0), axis=1).mean()),
    )
    for rate in (30, 120):
        jitter = 0.1 * random.standard_normal((10 * rate, 3))
        on_clock = HeadSeries.from_angles(Signal(jitter[:: rate // 30], 0.0, 30.0))
        add(
            f"a still head with 0.1° of jitter at {rate} fps, deg in 10 s",
            "0",
            value("head_angular_displacement_total_deg", on_clock),
            bitbox_path(jitter),
        )
    add("right brow raised by 5 mm (inter-ocular distance 90 mm)", "5 mm", 90 * brow_raise(), bitbox_brow())
    gaps = (-0.3, -0.2, -0.2, -0.1, 0.1)
    add(
        "answers 0.3, 0.2, 0.2, 0.1 s before the end and 0.1 s after",
        "−0.2 s",
        value("response_latency_median_s", turns_with(gaps)),
        "–",
        float(np.median(np.maximum(gaps, 0))),
    )
    f0 = np.where(np.arange(1000) % 2 == 0, 150.0, np.nan)
    voice = VoiceSeries({"f0": Signal(f0, 0.0, 100.0)}, Mask(np.ones(1000, bool), np.ones(1000, bool), 0.0, 100.0))
    spread = float(np.std(np.nan_to_num(f0)) / np.mean(np.nan_to_num(f0)))
    add("a level voice at 150 Hz, half of it unvoiced: its spread", "0", value("voice_f0_sd_st", voice), "–", spread)
    return table


def _symmetric_mesh() -> Array:
    from bitflow.datasets.simulate.person import face_mesh
    from bitflow.datasets.simulate.script import PersonScript

    mesh = face_mesh(np.zeros(90), PersonScript(silent=True), np.zeros((90, 3)), np.zeros(3))
    mesh[:, [a for a, _ in PAIRS["brow"]], 1] += 4.0  # the simulated face's own asymmetry taken back
    return mesh


def brow_raise() -> float:
    """Asymmetry of the brows in inter-ocular distances when one is 5 of 90 mm higher."""
    mesh = _symmetric_mesh()
    mesh[:, [b for _, b in PAIRS["brow"]], 1] -= 100 * 5 / 90
    shape = FaceShape.from_mesh(Signal(mesh[:, list(_ALL)].astype(np.float32)), np.ones(90, bool))
    return value("facial_asymmetry_index[feature]", shape, variant="brow")


def bitbox_brow() -> float:
    """The same by the mirror that is laid between the brows themselves, in mm."""
    mesh = _symmetric_mesh()[0] * 0.9
    left, right = mesh[[a for a, _ in PAIRS["brow"][:5]]], mesh[[b for _, b in PAIRS["brow"][:5]]].copy()
    right[:, 1] -= 5
    return bitbox_asymmetry(left, right)


def markdown(table: list[tuple[str, str, str, str, str]]) -> str:
    lines = [
        "| signal and quantity | theory | bitflow | Bitbox's formula | OpenWillis' formula |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in table), ""])


def main(report: Callable[[str], object] = print) -> None:
    text = markdown(rows())
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    report(text)


if __name__ == "__main__":
    main()
