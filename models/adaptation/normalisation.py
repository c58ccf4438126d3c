"""Where a person rests and how much they vary, from their own unlabelled recordings: the first line of defence.

What a product of two signals says depends on their zeros, so it is signals that are normalised, before anything
nonlinear is made of them. Of features that are linear in the signals it can be done as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.adaptation.adapters import Matrix

#: Median absolute deviation to standard deviation of a normal distribution.
_MAD_TO_SD = 1.4826
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class ParticipantNorm:
    """z = (x − median) / (1.4826 MAD), median and MAD of the participant drawn towards those of everybody.

    Parameters
    ----------
    kappa
        Windows of a second that weigh as much as everybody: median = (n · own + κ · everybody's) / (n + κ).
    least_recordings, least_seconds
        With fewer recordings and less time than this, a participant is normalised like everybody.
    """

    kappa: float = 20.0
    least_recordings: int = 2
    least_seconds: float = 30.0

    def vectors(
        self,
        x: Matrix,
        participants: NDArray[Any],
        *,
        known: NDArray[np.bool_] | None = None,
        seconds: NDArray[Any] | None = None,
    ) -> Matrix:
        """Feature vectors ``(n, d)``, one a recording, in units of their participant.

        Parameters
        ----------
        known
            Which rows may be looked at, ``(n,)``; all by default.
        seconds
            Length of each recording; without it a row counts as one window.
        """
        rows = [row[None] for row in x]
        if seconds is None:
            return np.concatenate(self._normalised(rows, participants, known, np.ones(len(x)), np.zeros(len(x))))
        return np.concatenate(self._normalised(rows, participants, known, seconds, seconds))

    def signals(
        self, signals: list[Matrix], participants: NDArray[Any], *, rate: float, known: NDArray[np.bool_] | None = None
    ) -> list[Matrix]:
        """Signals of recordings, each ``(samples, d)`` with NaN where nothing was seen, in units of their participant.

        Parameters
        ----------
        rate
            Samples a second.
        known
            Which recordings may be looked at, ``(n,)``; all by default.
        """
        lengths = np.array([np.isfinite(values).any(axis=1).sum() / rate for values in signals])
        return self._normalised(signals, participants, known, lengths, lengths)

    def _normalised(
        self,
        parts: list[Matrix],
        participants: NDArray[Any],
        known: NDArray[np.bool_] | None,
        windows: Matrix,
        seconds: Matrix,
    ) -> list[Matrix]:
        usable = np.ones(len(parts), bool) if known is None else known
        if not usable.any():
            return parts
        everybody = _baseline(np.concatenate([parts[i] for i in np.flatnonzero(usable)]))
        found: dict[Any, tuple[Matrix, Matrix]] = {}
        for who in np.unique(participants):
            mine = np.flatnonzero(usable & (participants == who))
            if len(mine) < self.least_recordings and seconds[mine].sum() < self.least_seconds:
                found[who] = everybody
                continue
            own = _baseline(np.concatenate([parts[i] for i in mine]))
            found[who] = _drawn(own, everybody, float(windows[mine].sum()), self.kappa)
        return [(part - found[who][0]) / found[who][1] for part, who in zip(parts, participants, strict=True)]


def _baseline(values: Matrix) -> tuple[Matrix, Matrix]:
    """Median and scaled MAD of each column; NaN for a column that was never seen."""
    seen = np.isfinite(values).any(axis=0)
    median, spread = np.full((2, values.shape[1]), np.nan)
    median[seen] = np.nanmedian(values[:, seen], axis=0)
    spread[seen] = _MAD_TO_SD * np.nanmedian(np.abs(values[:, seen] - median[seen]), axis=0)
    return median, np.maximum(spread, _LEAST_SPREAD)


def _drawn(
    own: tuple[Matrix, Matrix], everybody: tuple[Matrix, Matrix], n: float, kappa: float
) -> tuple[Matrix, Matrix]:
    """The participant's baseline drawn towards everybody's; everybody's where the participant has none."""
    mixed = [(n * a + kappa * b) / (n + kappa) for a, b in zip(own, everybody, strict=True)]
    median, spread = (np.where(np.isfinite(m), m, b) for m, b in zip(mixed, everybody, strict=True))
    return median, spread
