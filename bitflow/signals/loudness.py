"""Level, clipping and signal-to-noise ratio of a waveform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .framing import centre_samples, odd_length

SILENCE_DBFS = -120.0
"""Level that digital silence is given: below the noise floor of 16-bit sound (-98 dBFS)."""

CLIPPED_AT = 0.97
"""Magnitude from which a sample counts as clipped. Lossy coding and resampling round the corners
of a clipped peak, so that its samples lie below full scale as well as on it."""


def rms_level(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
    window_s: float = 0.025,
) -> NDArray[np.float32]:
    """RMS level of a window centred on each time, dBFS.

    0 dBFS is an RMS of 1: a full-scale square wave; a full-scale sine reads -3.01 dBFS. At the
    ends of the samples the mean is taken over the part of the window that exists.

    Parameters
    ----------
    samples : np.ndarray
        Shape (m,), full scale ±1.
    times : np.ndarray
        Shape (n,), s.
    start : float
        Time of sample 0, s.
    sample_rate_hz : int
        Sample rate, Hz.
    window_s : float
        Window length, s.

    Returns
    -------
    np.ndarray
        Shape (n,), dBFS, not below -120; NaN where no sample lies in the window.
    """
    return to_decibel(_window_mean(np.square(samples, dtype=np.float64), times, start, sample_rate_hz, window_s))


def clipped_fraction(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
    window_s: float = 0.025,
) -> NDArray[np.float32]:
    """Fraction of the samples of a window centred on each time that touch full scale.

    Parameters are those of `rms_level`.

    Returns
    -------
    np.ndarray
        Shape (n,), 0 to 1; NaN where no sample lies in the window.
    """
    over = (np.abs(samples) >= CLIPPED_AT).astype(np.float64)
    return _window_mean(over, times, start, sample_rate_hz, window_s).astype(np.float32)


def to_decibel(power: ArrayLike) -> NDArray[np.float32]:
    """Ten times the decimal logarithm of a power relative to full scale, not below -120 dB."""
    floor = 10.0 ** (SILENCE_DBFS / 10.0)
    return (10.0 * np.log10(np.maximum(np.asarray(power, dtype=np.float64), floor))).astype(np.float32)


@dataclass(frozen=True)
class AudioQuality:
    """How far the sound of a recording can be trusted.

    Attributes
    ----------
    snr_db : float
        Level of speech over the level of what is left in the pauses, dB; NaN when either is lacking.
    speech_dbfs, noise_dbfs : float
        Median level while somebody speaks, and in the pauses, dBFS; NaN when there is none.
    clipped_fraction : float
        Fraction of the samples during speech (of all samples when there is none) that touch full scale.
    speech_fraction : float
        Fraction of the time with speech.
    """

    snr_db: float
    speech_dbfs: float
    noise_dbfs: float
    clipped_fraction: float
    speech_fraction: float

    def complaints(self) -> tuple[str, ...]:
        """One sentence for each thing about the sound that spoils measures of the voice."""
        found = []
        if self.snr_db < 10.0:
            found.append(
                f"The speech stands only {self.snr_db:.0f} dB above the noise: below 10 dB pitch, voice "
                "quality and words are unreliable."
            )
        if self.clipped_fraction > 0.005:
            found.append(
                f"The sound is clipped ({100 * self.clipped_fraction:.1f} % of the samples touch full scale): "
                "loudness, formants and voice quality are distorted."
            )
        return tuple(found)


def audio_quality(
    loudness: NDArray[np.float32], speech: NDArray[np.float32], clipped: NDArray[np.float32]
) -> AudioQuality:
    """Signal-to-noise ratio and clipping of a recording, from columns of its `voice` table.

    The SNR takes the power in the pauses from the power while somebody speaks:
    10 log10((P_speech - P_noise) / P_noise), with medians over frames well inside either, so that
    one cough or door does not set it.

    Parameters
    ----------
    loudness : np.ndarray
        Shape (n,), dBFS.
    speech : np.ndarray
        Shape (n,), probability of speech.
    clipped : np.ndarray
        Shape (n,), fraction of clipped samples.

    Returns
    -------
    AudioQuality
    """
    speaking, pausing = speech >= 0.8, speech <= 0.1
    known = np.isfinite(loudness)
    speech_dbfs = _median(loudness[speaking & known])
    noise_dbfs = _median(loudness[pausing & known])
    over = 10.0 ** (speech_dbfs / 10.0) - 10.0 ** (noise_dbfs / 10.0)
    snr = float("nan") if np.isnan(over) else 10.0 * np.log10(max(over, 1e-12)) - noise_dbfs
    heard = clipped[speaking & known] if np.any(speaking & known) else clipped[known]
    return AudioQuality(
        snr_db=float(snr),
        speech_dbfs=speech_dbfs,
        noise_dbfs=noise_dbfs,
        clipped_fraction=float(np.mean(heard)) if heard.size else float("nan"),
        speech_fraction=float(np.mean(speech >= 0.5)) if speech.size else float("nan"),
    )


def _median(values: NDArray[np.float32]) -> float:
    return float(np.median(values)) if values.size else float("nan")


def _window_mean(
    values: NDArray[np.float64],
    times: NDArray[np.float64],
    start: float,
    sample_rate_hz: int,
    window_s: float,
) -> NDArray[np.float64]:
    half = odd_length(window_s, sample_rate_hz) // 2
    centres = centre_samples(times, start=start, sample_rate_hz=sample_rate_hz)
    first = np.clip(centres - half, 0, len(values))
    last = np.clip(centres + half + 1, 0, len(values))
    total = np.concatenate([[0.0], np.cumsum(values)])
    count = last - first
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, (total[last] - total[first]) / np.maximum(count, 1), np.nan)
