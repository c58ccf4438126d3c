"""Shape of the short-term spectrum, and mel-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .framing import HOP_S, centre_samples, odd_length, windows_at

WINDOW_S = 0.025
MEL_BANDS = 40
COEFFICIENTS = 13
SLOPE_BAND_HZ = (50.0, 5000.0)
ROLLOFF = 0.85

# Power below this (a full-scale sine has about 0.1) is digital silence: it has no shape.
_SILENT_POWER = 1e-12


@dataclass(frozen=True)
class SpectralShape:
    """Shape of the spectrum in each frame; NaN where there is no sound at all.

    Attributes
    ----------
    centroid, spread : np.ndarray
        Shape (n,), Hz: power-weighted mean frequency and standard deviation around it.
    flux : np.ndarray
        Shape (n,), 0 to 1.42: distance between the unit-norm magnitude spectra of this moment and 10 ms before.
    rolloff : np.ndarray
        Shape (n,), Hz: frequency below which 85 % of the power lies.
    slope : np.ndarray
        Shape (n,), dB/kHz: regression line through the log power from 50 Hz to 5 kHz.
    flatness : np.ndarray
        Shape (n,), 0 to 1: geometric over arithmetic mean of the power; 0 for a tone, about 0.56 for
        white noise seen in one frame.
    mfcc : np.ndarray
        Shape (n, 13): orthonormal DCT-II of the log (dB) power in 40 mel bands.
    """

    centroid: NDArray[np.float32]
    spread: NDArray[np.float32]
    flux: NDArray[np.float32]
    rolloff: NDArray[np.float32]
    slope: NDArray[np.float32]
    flatness: NDArray[np.float32]
    mfcc: NDArray[np.float32]


def spectral_shape(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
) -> SpectralShape:
    """Shape of the spectrum of a 25 ms Hann window centred on each time.

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

    Returns
    -------
    SpectralShape
        The definitions are those of Peeters (2004), "A large set of audio features for sound description".
    """
    blocks = [_shape(samples, times[i : i + 1000], start, sample_rate_hz) for i in range(0, max(len(times), 1), 1000)]
    return SpectralShape(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _shape(
    samples: NDArray[np.float32], times: NDArray[np.float64], start: float, sample_rate_hz: int
) -> tuple[NDArray[np.float32], ...]:
    power = power_spectra(samples, times, start=start, sample_rate_hz=sample_rate_hz)
    # The flux needs what was 10 ms before each frame, whichever frames were asked for.
    magnitude = _unit(np.sqrt(power))
    known_before = np.zeros((0, power.shape[1]), dtype=np.float32)
    if len(times):
        first = power_spectra(samples, times[:1] - HOP_S, start=start, sample_rate_hz=sample_rate_hz)
        regular = np.allclose(np.diff(times), HOP_S)
        known_before = (
            np.concatenate([_unit(np.sqrt(first)), magnitude[:-1]])
            if regular
            else _unit(np.sqrt(power_spectra(samples, times - HOP_S, start=start, sample_rate_hz=sample_rate_hz)))
        )
    frequency = np.fft.rfftfreq(2 * (power.shape[1] - 1), 1 / sample_rate_hz).astype(np.float32)
    total = power.sum(axis=1)
    sounding = total > _SILENT_POWER
    weight = power / np.where(sounding, total, 1)[:, None]
    centroid = weight @ frequency
    spread = np.sqrt(np.maximum(weight @ frequency**2 - centroid**2, 0))
    rolloff = frequency[(np.cumsum(weight, axis=1) >= ROLLOFF - 1e-6).argmax(axis=1)]
    level = 10 * np.log10(np.maximum(power, 1e-20))
    inside = (frequency >= SLOPE_BAND_HZ[0]) & (frequency <= SLOPE_BAND_HZ[1])
    kilohertz = frequency[inside] / 1000 - (frequency[inside] / 1000).mean()
    slope = level[:, inside] @ kilohertz / (kilohertz @ kilohertz)
    flatness = 10 ** (level.mean(axis=1) / 10) / np.where(sounding, power.mean(axis=1), 1)
    flux = np.linalg.norm(magnitude - known_before, axis=1)
    has_before = known_before.any(axis=1)
    nothing = np.float32(np.nan)
    return (
        *(
            np.where(sounding & known, values, nothing).astype(np.float32)
            for values, known in (
                (centroid, True),
                (spread, True),
                (flux, has_before),
                (rolloff, True),
                (slope, True),
                (flatness, True),
            )
        ),
        np.where(sounding[:, None], mfcc_of(power, sample_rate_hz=sample_rate_hz), nothing).astype(np.float32),
    )


def power_spectra(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
    window_s: float = WINDOW_S,
) -> NDArray[np.float32]:
    """Power spectrum of a Hann window centred on each time.

    Returns
    -------
    np.ndarray
        Shape (n, bins): bins from 0 to half the sample rate, scaled so that a sine of amplitude A
        falling on a bin has A²/4 there.
    """
    from scipy import fft

    length = odd_length(window_s, sample_rate_hz)
    centres = centre_samples(times, start=start, sample_rate_hz=sample_rate_hz)
    window = np.hanning(length + 2)[1:-1].astype(np.float32)
    frames = windows_at(samples, centres, length) * (window / window.sum())
    spectrum: Any = fft.rfft(frames, 1 << (length - 1).bit_length(), axis=1)
    return spectrum.real**2 + spectrum.imag**2


def mfcc_of(power: NDArray[np.float32], *, sample_rate_hz: int) -> NDArray[np.float32]:
    """Mel-frequency cepstral coefficients of power spectra.

    40 triangular bands from 20 Hz to half the sample rate (at most 8 kHz), equally wide on the mel
    scale 2595 log10(1 + f/700), each normalised to unit area; log in dB, floor -120 dB; orthonormal DCT-II.

    Parameters
    ----------
    power : np.ndarray
        Shape (n, bins).
    sample_rate_hz : int
        Sample rate, Hz.

    Returns
    -------
    np.ndarray
        Shape (n, 13). Coefficient 0 carries the level, the others the shape.
    """
    from scipy import fft

    bands = power @ mel_filters(power.shape[1], sample_rate_hz).T
    level = 10 * np.log10(np.maximum(bands, 1e-12))
    coefficients: Any = fft.dct(level, type=2, norm="ortho", axis=1)
    return coefficients[:, :COEFFICIENTS]


@cache
def mel_filters(bins: int, sample_rate_hz: int, *, bands: int = MEL_BANDS) -> NDArray[np.float32]:
    """Triangular filters, shape (bands, bins), each summing to 1."""
    top = min(sample_rate_hz / 2, 8000.0)
    mel = np.linspace(_mel(20.0), _mel(top), bands + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    frequency = np.linspace(0, sample_rate_hz / 2, bins)
    rising = (frequency - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequency) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    return (filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _mel(frequency_hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency_hz / 700.0))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(norm**2 > _SILENT_POWER, rows / np.maximum(norm, 1e-20), 0).astype(np.float32)
