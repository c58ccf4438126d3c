"""Making a voice another's: its pitch and its formants moved, its timing kept.

A shift hides a voice from a listener who does not know it. It can be undone by somebody who tries, and words stay as
they are: where that matters, mute.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from scipy.signal import get_window, resample_poly

Piece = tuple[float, np.ndarray]

#: Pitch and formants are multiplied by this: four semitones down.
SHIFT = Fraction(4, 5)

#: Sound is worked on in blocks of so many seconds, which overlap their neighbours by so many.
_BLOCK_S, _OVERLAP_S = 20.0, 0.25

_WINDOW_S = 0.04


def shift_pieces(pieces: Iterator[Piece], sample_rate_hz: int, factor: Fraction = SHIFT) -> Iterator[Piece]:
    """Shift contiguous pieces of sound ``(start s, (channels, n) float32)``; what comes out lasts as long."""
    overlap, block = round(_OVERLAP_S * sample_rate_hz), round(_BLOCK_S * sample_rate_hz)
    held: list[np.ndarray] = []
    count, at, tail = 0, 0.0, None
    for start, samples in pieces:
        if not held and tail is None:
            at = start
        held.append(samples)
        count += samples.shape[1]
        while count >= block + overlap:
            whole = np.concatenate(held, axis=1)
            given, tail = _joined(tail, whole[:, : block + overlap], overlap, sample_rate_hz, factor)
            yield at, given
            at += given.shape[1] / sample_rate_hz
            held, count = [whole[:, block:]], count - block
    if count:
        given, rest = _joined(tail, np.concatenate(held, axis=1), 0, sample_rate_hz, factor)
        yield at, np.concatenate([given, rest], axis=1)


def _joined(
    tail: np.ndarray | None, block: np.ndarray, keep: int, rate: int, factor: Fraction
) -> tuple[np.ndarray, np.ndarray]:
    """A block shifted and faded into from the last one's tail; its own last `keep` samples apart."""
    shifted = np.stack([shift_pitch(channel, rate, factor) for channel in block])
    if tail is not None:
        length = min(tail.shape[1], shifted.shape[1])
        fade = np.linspace(0.0, 1.0, length, dtype=np.float32)
        shifted[:, :length] = shifted[:, :length] * np.sqrt(fade) + tail[:, :length] * np.sqrt(1 - fade)
    shifted = np.clip(shifted, -1.0, 1.0)
    cut = shifted.shape[1] - keep
    return shifted[:, :cut], shifted[:, cut:]


def shift_pitch(samples: np.ndarray, sample_rate_hz: int, factor: Fraction = SHIFT) -> np.ndarray:
    """Multiply all frequencies of a signal, keeping its length.

    A phase vocoder (Flanagan & Golden 1966; phases locked to the nearest peak after Laroche & Dolson 1999)
    stretches the sound by `factor`, resampling brings it back to its length.

    Parameters
    ----------
    samples
        ``(n,)`` float, one channel.
    sample_rate_hz
        Of the samples.
    factor
        Ratio of new to old frequencies, between 1/2 and 2.

    Returns
    -------
    numpy.ndarray
        ``(n,)`` float32.
    """
    length = len(samples)
    if not length or not np.any(samples):
        return np.zeros(length, np.float32)
    size = 1 << round(np.log2(_WINDOW_S * sample_rate_hz))
    window = get_window("hann", size)
    # Whole hops with the very ratio of the shift, about a quarter and a fifth of the window.
    unit = max(1, size // 4 // max(factor.numerator, factor.denominator))
    analysis, synthesis = unit * factor.denominator, unit * factor.numerator
    padded = np.concatenate([np.zeros(size), np.asarray(samples, np.float64), np.zeros(2 * size)])
    starts = np.arange(0, len(padded) - size, analysis)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[starts] * window
    spectra = np.fft.rfft(frames, axis=1)
    turned = _stretched_phases(spectra, size, analysis, synthesis)
    pieces = np.fft.irfft(np.abs(spectra) * np.exp(1j * turned), size, axis=1) * window
    out = np.zeros(len(starts) * synthesis + size)
    weight = np.zeros_like(out)
    for number, piece in enumerate(pieces):
        place = number * synthesis
        out[place : place + size] += piece
        weight[place : place + size] += window**2
    stretched = out / np.maximum(weight, 1e-3)
    # A frame's middle, not its start, is what was stretched in time.
    first = (size // 2) + (size / 2) * (synthesis / analysis)
    back = resample_poly(stretched, factor.denominator, factor.numerator)
    offset = round(first * analysis / synthesis)
    result = back[offset : offset + length]
    return np.pad(result, (0, length - len(result))).astype(np.float32)


def _stretched_phases(spectra: np.ndarray, size: int, analysis: int, synthesis: int) -> np.ndarray:
    """Phases ``(frames, bins)`` that go on smoothly at the new hop; bins keep their phase to the nearest peak's."""
    phases, strengths = np.angle(spectra), np.abs(spectra)
    expected = 2 * np.pi * analysis * np.arange(spectra.shape[1]) / size
    steps = np.diff(phases, axis=0, prepend=phases[:1]) - expected
    steps = (expected + (steps + np.pi) % (2 * np.pi) - np.pi) * (synthesis / analysis)
    turned = np.empty_like(phases)
    turned[0] = phases[0]
    for number in range(1, len(phases)):
        free = turned[number - 1] + steps[number]
        peak = _nearest_peaks(strengths[number])
        turned[number] = free[peak] + phases[number] - phases[number][peak]
    return turned


def _nearest_peaks(strength: np.ndarray) -> np.ndarray:
    """For each bin the number of the nearest local maximum."""
    inner = (strength[1:-1] >= strength[:-2]) & (strength[1:-1] > strength[2:])
    peaks = np.flatnonzero(inner) + 1
    if not len(peaks):
        return np.arange(len(strength))
    borders = (peaks[1:] + peaks[:-1]) // 2
    return peaks[np.searchsorted(borders, np.arange(len(strength)), side="left")]
