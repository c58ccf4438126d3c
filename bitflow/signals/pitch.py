"""Fundamental frequency and harmonics-to-noise ratio from the normalised autocorrelation.

Boersma (1993), "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound", IFA Proceedings 17: the autocorrelation of a windowed frame is divided by
that of the window; its peaks are candidates; the cheapest path through them is the pitch. Candidates
need only a frame's own samples, so they can be had in parallel; the path runs in time order.

One thing differs from the paper. Peaks are looked for in the autocorrelation of the frame low-passed at
about 1 kHz: upper harmonics of a gliding voice slip out of phase within one window, and noise lives up
there too. The harmonics-to-noise ratio is read from the full band, at the period so found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .framing import centre_samples, odd_length, windows_at
from .peaks import REACH, refine_peak

FLOOR_HZ = 65.0
CEILING_HZ = 500.0
PERIODS = 3.0
"""Periods of the floor frequency in an analysis window."""

CANDIDATES = 7
VOICING_THRESHOLD = 0.45
OCTAVE_COST = 0.01
OCTAVE_JUMP_COST = 0.35
VOICING_COST = 0.14
SILENCE_THRESHOLD = 0.03
"""Peak relative to the loudest recent sound below which a frame counts as silent."""

PEAK_DECAY_PER_FRAME = 10.0 ** (-0.5 / 20.0 / 100.0)
"""The loudest recent sound fades by half a dB a second, so that a shout does not silence what follows."""

LOW_PASS_HZ = 1000.0
SILENT_PEAK = 1e-3
"""Absolute peak (-60 dBFS) below which nothing is called voiced."""

_STRONGEST = 1.0 - 1e-6


@dataclass(frozen=True)
class PitchCandidates:
    """What each frame's pitch may be.

    Attributes
    ----------
    frequency : np.ndarray
        Shape (n, k), Hz, best first; 0 where there are fewer candidates.
    strength : np.ndarray
        Shape (n, k), normalised autocorrelation at the candidate below 1 kHz, 0 to 1.
    harmonicity : np.ndarray
        Shape (n, k), the same over the full band.
    peak : np.ndarray
        Shape (n,), largest magnitude in the frame after its mean is removed, full scale 1.
    """

    frequency: NDArray[np.float32]
    strength: NDArray[np.float32]
    harmonicity: NDArray[np.float32]
    peak: NDArray[np.float32]

    @property
    def periodicity(self) -> NDArray[np.float32]:
        """Shape (n, k): mean of both. Rumble is periodic below 1 kHz only, and so, almost, is a fast glide."""
        return 0.5 * (self.strength + self.harmonicity)

    def __len__(self) -> int:
        return len(self.peak)

    def __getitem__(self, rows: slice) -> PitchCandidates:
        return PitchCandidates(self.frequency[rows], self.strength[rows], self.harmonicity[rows], self.peak[rows])


@dataclass(frozen=True)
class Pitch:
    """The pitch path.

    Attributes
    ----------
    f0 : np.ndarray
        Shape (n,), Hz, NaN where unvoiced.
    voicing : np.ndarray
        Shape (n,), normalised autocorrelation at the chosen (when unvoiced: the best) candidate, 0 to 1.
    hnr : np.ndarray
        Shape (n,), harmonics-to-noise ratio in dB, NaN where unvoiced.
    """

    f0: NDArray[np.float32]
    voicing: NDArray[np.float32]
    hnr: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.f0)


def window_length(sample_rate_hz: int, *, floor_hz: float = FLOOR_HZ) -> int:
    """Samples in the analysis window: three periods of the floor frequency, odd."""
    return odd_length(PERIODS / floor_hz, sample_rate_hz)


def pitch_candidates(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
    floor_hz: float = FLOOR_HZ,
    ceiling_hz: float = CEILING_HZ,
    count: int = CANDIDATES,
) -> PitchCandidates:
    """Peaks of each frame's normalised autocorrelation.

    Parameters
    ----------
    samples : np.ndarray
        Shape (m,), full scale ±1.
    times : np.ndarray
        Shape (n,), frame centres, s.
    start : float
        Time of sample 0, s.
    sample_rate_hz : int
        Sample rate, Hz.
    floor_hz, ceiling_hz : float
        Range of the fundamental, Hz.
    count : int
        Candidates kept a frame.

    Returns
    -------
    PitchCandidates
    """
    if not 0 < floor_hz < ceiling_hz < sample_rate_hz / 4:
        raise ValueError(f"expected 0 < floor < ceiling < {sample_rate_hz / 4:g} Hz, got {floor_hz}, {ceiling_hz}")
    length = window_length(sample_rate_hz, floor_hz=floor_hz)
    centres = centre_samples(times, start=start, sample_rate_hz=sample_rate_hz)
    blocks = [
        _candidates(windows_at(samples, centres[i : i + 500], length), sample_rate_hz, floor_hz, ceiling_hz, count)
        for i in range(0, len(centres), 500)
    ]
    if not blocks:
        empty = np.zeros((0, count), dtype=np.float32)
        return PitchCandidates(empty, empty.copy(), empty.copy(), np.zeros(0, dtype=np.float32))
    return PitchCandidates(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _candidates(
    frames: NDArray[np.float32], sample_rate_hz: int, floor_hz: float, ceiling_hz: float, count: int
) -> tuple[NDArray[np.float32], ...]:
    from scipy import fft

    n, length = frames.shape
    shortest = int(sample_rate_hz / ceiling_hz)
    longest = int(np.ceil(sample_rate_hz / floor_hz))
    reach = longest + REACH + 2
    size = fft.next_fast_len(length + reach, real=True)
    frames -= frames.mean(axis=1, keepdims=True)
    peak = np.abs(frames).max(axis=1)
    frames *= np.hanning(length + 2)[1:-1].astype(np.float32)
    spectrum: Any = fft.rfft(frames, size, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    taper = _window_autocorrelation(length, size, reach)
    full = _autocorrelation(power, size, reach) / taper
    power *= _low_pass(size, sample_rate_hz)
    correlation = _autocorrelation(power, size, reach) / taper

    lags = slice(max(shortest, 2), longest + 1)
    inside = correlation[:, lags]
    before = correlation[:, lags.start - 1 : longest]
    after = correlation[:, lags.start + 1 : longest + 2]
    is_peak = (inside > before) & (inside >= after) & (inside > 0.1)
    octave = np.log2(floor_hz / sample_rate_hz * np.arange(lags.start, lags.stop, dtype=np.float32))
    merit = np.where(is_peak, inside - OCTAVE_COST * octave, -np.inf)
    count = min(count, merit.shape[1])
    picked = np.argpartition(merit, -count, axis=1)[:, -count:]
    rows = np.arange(n)[:, None]
    picked = picked[rows, np.argsort(-merit[rows, picked], axis=1)]
    real = np.isfinite(merit[rows, picked])
    lag, strength = _refine(correlation, picked + lags.start)
    _, harmonicity = _refine(full, np.clip(np.rint(lag).astype(np.int64), lags.start, longest))
    frequency = np.where(real, sample_rate_hz / lag, 0.0).astype(np.float32)
    strength, harmonicity = (
        np.where(real, np.clip(height, 0.0, _STRONGEST), 0.0).astype(np.float32) for height in (strength, harmonicity)
    )
    return frequency, strength, harmonicity, peak.astype(np.float32)


def _autocorrelation(power: NDArray[np.float32], size: int, reach: int) -> NDArray[np.float32]:
    """Autocorrelation from power spectra, 1 at lag 0, shape (n, reach)."""
    from scipy import fft

    lags: Any = fft.irfft(power, size, axis=1)
    energy = lags[:, :1]
    return lags[:, :reach] / np.where(energy > 0, energy, 1)


@cache
def _low_pass(size: int, sample_rate_hz: int) -> NDArray[np.float32]:
    frequency = np.fft.rfftfreq(size, 1 / sample_rate_hz)
    return (1.0 / (1.0 + (frequency / LOW_PASS_HZ) ** 4)).astype(np.float32)


@cache
def _window_autocorrelation(length: int, size: int, reach: int) -> NDArray[np.float32]:
    window = np.hanning(length + 2)[1:-1]
    spectrum = np.fft.rfft(window, size)
    result = np.fft.irfft(np.abs(spectrum) ** 2, size)[:reach]
    return (result / result[0]).astype(np.float32)


def _refine(
    correlation: NDArray[np.float32], peaks: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lag (samples) and height of each peak between the samples."""
    rows = np.arange(len(peaks))[:, None, None]
    # The autocorrelation is even: a reach below lag 0 folds back.
    near = correlation[rows, np.abs(peaks[:, :, None] + np.arange(-REACH, REACH + 1))]
    offset, height = refine_peak(near)
    return peaks + offset, height


class PitchPath:
    """Finds the cheapest path through candidates that come in time order.

    Rows go in with `push` and come out, settled for good, from `push` and `finish`. Wherever the
    candidates are cut into blocks, the path is the same: a frame is settled only once every
    continuation agrees on it.
    """

    def __init__(self, *, floor_hz: float = FLOOR_HZ, voicing_threshold: float = VOICING_THRESHOLD) -> None:
        self._floor_hz = floor_hz
        self._threshold = voicing_threshold
        self._loudest = 0.0
        self._score: NDArray[np.float64] | None = None
        self._last: NDArray[np.float64] | None = None
        self._back: list[NDArray[np.int64]] = []
        self._waiting: list[PitchCandidates] = []

    def push(self, candidates: PitchCandidates) -> Pitch:
        """Take the next frames; return those that are settled now."""
        if len(candidates):
            self._forward(candidates)
            self._waiting.append(candidates)
        return self._settle(finished=False)

    def finish(self) -> Pitch:
        """Return the frames that are left; the next ones begin a new path."""
        rest = self._settle(finished=True)
        self._score = self._last = None
        return rest

    def _forward(self, candidates: PitchCandidates) -> None:
        octaves, merit = self._scores(candidates)
        score, last = self._score, self._last
        states = np.arange(octaves.shape[1])
        for now, gain in zip(octaves, merit, strict=True):
            if score is None or last is None:
                score, last = gain, now
                self._back.append(states)
                continue
            # NaN marks the unvoiced state: voiced to voiced pays for octaves, a change of voicing a fixed cost.
            jump = np.abs(now[:, None] - last[None, :]) * OCTAVE_JUMP_COST
            jump[np.isnan(jump)] = VOICING_COST
            jump[0, 0] = 0.0
            total = score[None, :] - jump
            back = total.argmax(axis=1)
            score = total[states, back] + gain
            score -= score.max()
            last = now
            self._back.append(back)
        self._score, self._last = score, last

    def _scores(self, candidates: PitchCandidates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """log2 frequency and merit of each state, (n, 1 + k); state 0 is unvoiced."""
        n = len(candidates)
        reference = np.empty(n)
        for i, peak in enumerate(candidates.peak.tolist()):
            self._loudest = max(self._loudest * PEAK_DECAY_PER_FRAME, peak)
            reference[i] = self._loudest
        relative = candidates.peak / np.maximum(reference, 1e-9)
        quiet = np.maximum(0.0, 2.0 - relative * (1.0 + self._threshold) / SILENCE_THRESHOLD)
        voiced = candidates.frequency > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            octaves = np.where(voiced, np.log2(candidates.frequency / self._floor_hz), np.nan)
            merit = np.where(voiced, candidates.periodicity + OCTAVE_COST * octaves, -1e9)
        merit[candidates.peak < SILENT_PEAK] = -1e9
        return (
            np.concatenate([np.full((n, 1), np.nan), octaves], axis=1),
            np.concatenate([(self._threshold + quiet)[:, None], merit], axis=1),
        )

    def _settle(self, *, finished: bool) -> Pitch:
        n = len(self._back)
        if not n or self._score is None:
            return _pitch(np.zeros(0, dtype=np.int64), [])
        path = np.empty(n, dtype=np.int64)
        if finished:
            state = int(self._score.argmax())
            settled = n
            for i in range(n - 1, -1, -1):
                path[i] = state
                state = self._back[i][state]
        else:
            settled = 0
            states = np.arange(len(self._score))
            agreed = -1
            for i in range(n - 1, -1, -1):
                if agreed >= 0:
                    path[i] = agreed
                    agreed = int(self._back[i][agreed])
                    continue
                if (states == states[0]).all():
                    settled, path[i] = i + 1, states[0]
                    agreed = int(self._back[i][states[0]])
                else:
                    states = self._back[i][states]
        waiting = self._take(settled)
        del self._back[:settled]
        return _pitch(path[:settled], waiting)

    def _take(self, settled: int) -> list[PitchCandidates]:
        taken, left = [], []
        for block in self._waiting:
            if settled >= len(block):
                taken.append(block)
                settled -= len(block)
            elif settled > 0:
                taken.append(block[:settled])
                left.append(block[settled:])
                settled = 0
            else:
                left.append(block)
        self._waiting = left
        return taken


def _pitch(path: NDArray[np.int64], candidates: list[PitchCandidates]) -> Pitch:
    if not len(path):
        empty = np.zeros(0, dtype=np.float32)
        return Pitch(empty, empty.copy(), empty.copy())
    frequency = np.concatenate([c.frequency for c in candidates])
    strength = np.concatenate([c.periodicity for c in candidates])
    voiced = path > 0
    column = np.maximum(path - 1, 0)
    rows = np.arange(len(path))
    chosen = strength[rows, column]
    harmonic = np.concatenate([c.harmonicity for c in candidates])[rows, column].astype(np.float64)
    with np.errstate(divide="ignore"):
        hnr = 10.0 * np.log10(harmonic / (1.0 - harmonic))
    return Pitch(
        f0=np.where(voiced, frequency[rows, column], np.nan).astype(np.float32),
        voicing=chosen,
        hnr=np.where(voiced, hnr, np.nan).astype(np.float32),
    )


def track_pitch(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
    floor_hz: float = FLOOR_HZ,
    ceiling_hz: float = CEILING_HZ,
) -> Pitch:
    """Fundamental frequency, voicing and harmonics-to-noise ratio at each time.

    Parameters
    ----------
    samples : np.ndarray
        Shape (m,), full scale ±1.
    times : np.ndarray
        Shape (n,), s, ascending in steps of 10 ms (costs of the path are per step).
    start : float
        Time of sample 0, s.
    sample_rate_hz : int
        Sample rate, Hz.
    floor_hz, ceiling_hz : float
        Range of the fundamental, Hz.

    Returns
    -------
    Pitch

    Examples
    --------
    >>> t = np.arange(16000) / 16000
    >>> pitch = track_pitch(np.sin(2 * np.pi * 200 * t), np.array([0.5]), sample_rate_hz=16000)
    >>> round(float(pitch.f0[0]), 1)
    200.0
    """
    candidates = pitch_candidates(
        samples, times, start=start, sample_rate_hz=sample_rate_hz, floor_hz=floor_hz, ceiling_hz=ceiling_hz
    )
    return concatenate(_both(PitchPath(floor_hz=floor_hz), candidates))


def _both(path: PitchPath, candidates: PitchCandidates) -> Iterator[Pitch]:
    yield path.push(candidates)
    yield path.finish()


def concatenate(parts: Iterable[Pitch]) -> Pitch:
    """Join stretches of one path."""
    found = list(parts)
    return Pitch(*(np.concatenate([getattr(p, name) for p in found]) for name in ("f0", "voicing", "hnr")))
