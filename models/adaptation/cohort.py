"""People with recordings in an order, as feature vectors that can be made anew about a person's own baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.adaptation.adapters import Matrix
from bitflow.models.adaptation.normalisation import ParticipantNorm


@dataclass(frozen=True, eq=False)
class Cohort:
    """Recordings of people.

    Parameters
    ----------
    features
        As they are, ``(n, d)``, complete.
    personal
        Makes the same features about each participant's baseline, ``(n, d)``, from a mask ``(n,)`` of the recordings
        that may be looked at.
    y
        Class numbers, ``(n,)``.
    participants
        Whose each is, ``(n,)``.
    order
        What came first, by participant, ``(n,)``.
    """

    features: Matrix
    personal: Callable[[NDArray[np.bool_]], Matrix]
    y: NDArray[np.int64]
    participants: NDArray[Any]
    order: NDArray[Any]

    def __post_init__(self) -> None:
        lengths = {len(self.features), len(self.y), len(self.participants), len(self.order)}
        if len(lengths) > 1:
            raise UsageError(f"a cohort has as many features as labels, participants and places, not {sorted(lengths)}")
        if not np.isfinite(self.features).all():
            raise UsageError(
                "features of a cohort are complete; a missing one is filled in training, by the source mean"
            )

    @classmethod
    def of_vectors(
        cls,
        features: Matrix,
        y: NDArray[Any],
        participants: NDArray[Any],
        order: NDArray[Any],
        *,
        seconds: NDArray[Any] | None = None,
        norm: ParticipantNorm | None = None,
    ) -> Cohort:
        """Feature vectors that are themselves normalised by participant."""
        normalise = norm or ParticipantNorm()

        def personal(known: NDArray[np.bool_]) -> Matrix:
            return normalise.vectors(features, participants, known=known, seconds=seconds)

        return cls(features, personal, np.asarray(y, int), participants, order)

    @classmethod
    def of_signals(
        cls,
        signals: Sequence[Matrix],
        y: NDArray[Any],
        participants: NDArray[Any],
        order: NDArray[Any],
        *,
        rate: float,
        features: Callable[[list[Matrix]], Matrix],
        norm: ParticipantNorm | None = None,
    ) -> Cohort:
        """Signals that are normalised by participant before features are made of them.

        Parameters
        ----------
        signals
            One ``(samples, k)`` a recording, NaN where nothing was seen, `rate` samples a second.
        features
            Vectors ``(n, d)`` of such signals; what cannot be known may be NaN and becomes the column's mean.
        """
        given, normalise = list(signals), norm or ParticipantNorm()

        def personal(known: NDArray[np.bool_]) -> Matrix:
            return _filled(features(normalise.signals(given, participants, rate=rate, known=known)))

        return cls(_filled(features(given)), personal, np.asarray(y, int), participants, order)

    def first(self, recordings: int) -> NDArray[np.bool_]:
        """The first so many recordings of every participant, ``(n,)``."""
        chosen = np.zeros(len(self.y), bool)
        for who in np.unique(self.participants):
            mine = np.flatnonzero(self.participants == who)
            chosen[mine[np.argsort(self.order[mine], kind="stable")[:recordings]]] = True
        return chosen


def _filled(x: Matrix) -> Matrix:
    seen = np.isfinite(x)
    mean = np.where(seen, x, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.where(seen, x, mean)
