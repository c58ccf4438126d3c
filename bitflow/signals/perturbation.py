"""Cycle-to-cycle irregularity of an interval of waveform: jitter and shimmer.

Jitter and shimmer compare neighbouring glottal cycles. A cycle is found by matching the waveform with itself one
period later, not by its peaks (Titze & Liang 1993: least affected by noise); the ratios follow the definitions
that Praat's manual made common. They mean something on sustained or at least voiced sound; on running speech the
melody itself moves them, so compare like with like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .framing import HOP_S, frame_range, frame_times
from .peaks import REACH, refine_peak
from .pitch import CEILING_HZ, FLOOR_HZ, track_pitch

LARGEST_PERIOD_RATIO = 1.3
"""Neighbouring cycles whose durations differ by more are not neighbours: one was missed."""

LARGEST_AMPLITUDE_RATIO = 1.6

SHORTEST_STRETCH = 5
"""Frames of 10 ms. Shorter stretches are mostly the ringing of a resonance after the last pulse."""

AMPLITUDE_REACH = 0.2
"""A cycle's amplitude is read within this part of a period on either side of its pulse."""


@dataclass(frozen=True)
class GlottalCycles:
    """Consecutive cycles of a voice.

    Attributes
    ----------
    times : np.ndarray
        Shape (n,), s from the first sample: the same phase of each cycle.
    amplitudes : np.ndarray
        Shape (n,), full scale 1: RMS of a Hann window reaching 0.2 periods to either side.
    stretch : np.ndarray
        Shape (n,), number of the voiced stretch a cycle lies in; cycles of two stretches are never compared.
    """

    times: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    stretch: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Perturbation:
    """Cycle-to-cycle irregularity.

    Attributes
    ----------
    jitter_local, jitter_rap, jitter_ppq5 : float
        Mean difference of a period from the one before, from the mean of 3 and of 5, over the mean period; 1.
    shimmer_local, shimmer_apq3, shimmer_apq11 : float
        Mean difference of an amplitude from the one before, from the mean of 3 and of 11, over the mean amplitude; 1.
    mean_period : float
        s.
    cycles : int
        Cycles found. Below about 100 the figures are rough.
    """

    jitter_local: float
    jitter_rap: float
    jitter_ppq5: float
    shimmer_local: float
    shimmer_apq3: float
    shimmer_apq11: float
    mean_period: float
    cycles: int


def glottal_cycles(
    samples: NDArray[np.float32],
    *,
    sample_rate_hz: int,
    floor_hz: float = FLOOR_HZ,
    ceiling_hz: float = CEILING_HZ,
) -> GlottalCycles:
    """Glottal cycles of the voiced stretches of a waveform.

    Parameters
    ----------
    samples : np.ndarray
        Shape (m,), full scale ±1.
    sample_rate_hz : int
        Sample rate, Hz.
    floor_hz, ceiling_hz : float
        Range of the fundamental, Hz.

    Returns
    -------
    GlottalCycles
    """
    centres = frame_times(frame_range(0.0, len(samples) / sample_rate_hz))
    f0 = track_pitch(samples, centres, sample_rate_hz=sample_rate_hz, floor_hz=floor_hz, ceiling_hz=ceiling_hz).f0
    wave = np.asarray(samples, dtype=np.float64)
    times: list[float] = []
    amplitudes: list[float] = []
    stretch: list[int] = []
    voiced = [run for run in _runs(np.isfinite(f0)) if run[1] - run[0] >= SHORTEST_STRETCH]
    number = 0
    for first, last in voiced:
        for found, strength in _match_forward(wave, f0[first:last], first, sample_rate_hz):
            times += found
            amplitudes += strength
            stretch += [number] * len(found)
            number += 1
    return GlottalCycles(np.array(times, float), np.array(amplitudes, float), np.array(stretch, np.int64))


def _match_forward(
    wave: NDArray[np.float64], f0: NDArray[np.float32], first_frame: int, rate: int
) -> Iterator[tuple[list[float], list[float]]]:
    """Times and amplitudes of the cycles in a voiced stretch, each found from the one before; cut where none fits."""
    start, stop = first_frame * HOP_S, (first_frame + len(f0)) * HOP_S
    # Begin at the largest excursion of the first cycle: matching from a strong point is the steadiest.
    begin = int(start * rate)
    head = wave[begin : begin + int(np.ceil(rate / float(f0[0]))) + 1]
    if not len(head):
        return
    position = float(begin + int(np.abs(head).argmax()))
    times: list[float] = []
    amplitudes: list[float] = []
    while position < stop * rate:
        frame = min(max(int((position / rate - start) / HOP_S), 0), len(f0) - 1)
        period = rate / float(f0[frame])
        lag, amplitude = _best_lag(wave, position, period)
        if lag is None:
            yield times, amplitudes
            times, amplitudes = [], []
            position += period
            continue
        times.append(position / rate)
        amplitudes.append(amplitude)
        position += lag
    yield times, amplitudes


def _best_lag(wave: NDArray[np.float64], position: float, period: float) -> tuple[float | None, float]:
    """Lag (samples) at which one period of sound around `position` best matches itself, and its level."""
    centre = round(position)
    half = max(int(period / 2), 2)
    shortest, longest = int(period * 0.8), int(np.ceil(period * 1.25))
    low, high = centre - half, centre + half + 1
    if low < 0 or high + longest + REACH > len(wave) or shortest <= REACH:
        return None, 0.0
    here = wave[low:high]
    later = np.lib.stride_tricks.sliding_window_view(wave[low + shortest - REACH : high + longest + REACH], len(here))
    energy = np.sqrt((here @ here) * np.einsum("ij,ij->i", later, later))
    match = later @ here / np.where(energy > 0, energy, 1)
    best = int(match[REACH:-REACH].argmax()) + REACH
    if match[best] < 0.3:
        return None, 0.0
    offset, _ = refine_peak(match[best - REACH : best + REACH + 1])
    lag = shortest - REACH + best + float(offset)
    # The level is read close to the pulse: a window as long as the cycle would average its neighbours in.
    near = AMPLITUDE_REACH * period
    around = np.arange(int(np.ceil(position - near)), int(position + near) + 1)
    window = np.cos(0.5 * np.pi * (around - position) / near) ** 2
    level = float(np.sqrt(np.sum((wave[around] * window) ** 2) / np.sum(window**2)))
    return lag, level


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def perturbation(cycles: GlottalCycles) -> Perturbation:
    """Jitter and shimmer of glottal cycles.

    Parameters
    ----------
    cycles : GlottalCycles
        From `glottal_cycles`.

    Returns
    -------
    Perturbation
        NaN where too few neighbouring cycles exist.
    """
    periods, amplitudes = [], []
    for number in np.unique(cycles.stretch):
        inside = cycles.stretch == number
        duration = np.diff(cycles.times[inside])
        strength = cycles.amplitudes[inside][:-1]
        # A jump in duration cuts the stretch: a missed cycle is no jitter.
        ratio = duration[1:] / duration[:-1]
        cut = np.flatnonzero(np.maximum(ratio, 1 / ratio) > LARGEST_PERIOD_RATIO) + 1
        periods += np.split(duration, cut)
        amplitudes += np.split(strength, cut)
    every = np.concatenate(periods) if periods else np.zeros(0)
    mean_period = float(every.mean()) if every.size else float("nan")
    loud = np.concatenate(amplitudes) if amplitudes else np.zeros(0)
    mean_amplitude = float(loud.mean()) if loud.size else float("nan")
    return Perturbation(
        jitter_local=_irregularity(periods, 2, mean_period, LARGEST_PERIOD_RATIO),
        jitter_rap=_irregularity(periods, 3, mean_period, LARGEST_PERIOD_RATIO),
        jitter_ppq5=_irregularity(periods, 5, mean_period, LARGEST_PERIOD_RATIO),
        shimmer_local=_irregularity(amplitudes, 2, mean_amplitude, LARGEST_AMPLITUDE_RATIO),
        shimmer_apq3=_irregularity(amplitudes, 3, mean_amplitude, LARGEST_AMPLITUDE_RATIO),
        shimmer_apq11=_irregularity(amplitudes, 11, mean_amplitude, LARGEST_AMPLITUDE_RATIO),
        mean_period=mean_period,
        cycles=len(cycles),
    )


def _irregularity(runs: list[NDArray[np.float64]], width: int, mean: float, largest_ratio: float) -> float:
    """Mean distance of a value from its `width` neighbours' mean (2: from the value before), over `mean`."""
    distances = []
    for values in runs:
        if len(values) < width:
            continue
        near = np.lib.stride_tricks.sliding_window_view(values, width)
        ratio = near[:, 1:] / np.maximum(near[:, :-1], 1e-12)
        fair = (np.maximum(ratio, 1 / np.maximum(ratio, 1e-12)) <= largest_ratio).all(axis=1)
        distance = np.abs(near[:, 1] - near[:, 0]) if width == 2 else np.abs(near[:, width // 2] - near.mean(axis=1))
        distances.append(distance[fair])
    every = np.concatenate(distances) if distances else np.zeros(0)
    return float(every.mean() / mean) if every.size else float("nan")
