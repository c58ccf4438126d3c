"""Power spectra of short signals: the strongest rhythm in a band, and whether it stands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import runs, valid_rows


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power spectral density ``(frequencies,)``, averaged over the stretches it was measured on."""

    frequency: NDArray[np.float64]
    density: NDArray[np.float64]

    def peak(self, low: float, high: float) -> tuple[float, float]:
        """Frequency (Hz) of the highest density in a band, and that density over the band's median.

        The frequency lies between the bins, on the parabola through the logarithms of the three highest.
        """
        band = np.flatnonzero((self.frequency >= low) & (self.frequency <= high))
        if len(band) < 3:
            return float("nan"), float("nan")
        at = int(band[np.argmax(self.density[band])])
        floor = float(np.median(self.density[band]))
        prominence = float(self.density[at]) / floor if floor > 0 else float("inf")
        offset = 0.0
        if 0 < at < len(self.density) - 1 and (self.density[at - 1 : at + 2] > 0).all():
            a, b, c = np.log(self.density[at - 1 : at + 2])
            curve = a - 2 * b + c
            offset = float(np.clip(0.5 * (a - c) / curve, -0.5, 0.5)) if curve < 0 else 0.0
        step = float(self.frequency[1] - self.frequency[0])
        return float(self.frequency[at]) + offset * step, prominence

    def power(self, low: float, high: float) -> float:
        """Power between two frequencies, in the squared unit of the signal: the integral of the density's polygon."""
        low, high = max(low, float(self.frequency[0])), min(high, float(self.frequency[-1]))
        inside = (self.frequency > low) & (self.frequency < high)
        at = np.concatenate([[low], self.frequency[inside], [high]])
        density = np.interp(at, self.frequency, self.density)
        return float(np.diff(at) @ (density[1:] + density[:-1]) / 2)


def welch_spectrum(values: NDArray[np.float64], rate: float, window_s: float = 4.0) -> Spectrum | None:
    """Welch's estimate (Hann, half overlap) over all stretches of at least one window; None when there is none.

    Parameters
    ----------
    values
        ``(n,)``, or ``(n, d)`` whose channels' densities are added; NaN is missing.
    """
    from scipy.signal import detrend, welch

    size = round(window_s * rate)
    total: NDArray[np.float64] | None = None
    frequency = np.empty(0)
    weight = 0
    for first, last in runs(valid_rows(values)):
        if last - first < size:
            continue
        frequency, density = welch(detrend(values[first:last], axis=0), rate, nperseg=size, axis=0)
        density = density if density.ndim == 1 else density.sum(axis=1)
        total = density * (last - first) + (0 if total is None else total)
        weight += last - first
    return None if total is None else Spectrum(frequency, total / weight)
