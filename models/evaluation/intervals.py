"""Intervals and comparisons that know that one person's recordings are not independent.

Participants are drawn again, with all their recordings. Two models are compared on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: With fewer participants an interval says more about chance than about the model.
LEAST_CLUSTERS = 10
RESAMPLES = 2000
SEED = 20240229

TOO_FEW = "too few participants"

#: Weight ``(resamples, n)`` in, score ``(resamples,)`` out.
Score = Callable[[NDArray[np.float64]], Any]


@dataclass(frozen=True)
class Difference:
    """How much better one model is than another on the same recordings.

    Parameters
    ----------
    value, low, high
        Difference of the scores, and 95 % of the participant bootstrap.
    p
        Two-sided, from exchanging the two models' predictions by participant.
    """

    value: float
    low: float
    high: float
    p: float

    def as_dict(self) -> dict[str, float | None]:
        """A JSON-able form; what is not known is null."""
        return {name: None if np.isnan(v) else v for name, v in vars(self).items()}


def resample_weights(groups: Any, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.float64]:
    """How often each sample is drawn when its participant is, ``(resamples, n)``."""
    names, at = np.unique(np.asarray(groups), return_inverse=True)
    draw = np.random.default_rng(seed)
    chosen = draw.integers(0, len(names), (resamples, len(names)))
    flat = chosen + len(names) * np.arange(resamples)[:, None]
    counts = np.bincount(flat.ravel(), minlength=resamples * len(names)).reshape(resamples, len(names))
    return counts[:, at].astype(float)


def interval(score: Score, weights: NDArray[np.float64], groups: Any, *, level: float = 0.95) -> list[float] | None:
    """Percentile interval ``[low, high]`` of a score under participant resampling; None with too few participants.

    Parameters
    ----------
    score
        A metric as a function of weights alone: ``lambda w: macro_f1(y, predicted, w)``.
    weights
        From `resample_weights` for the same groups.
    """
    if len(np.unique(np.asarray(groups))) < LEAST_CLUSTERS:
        return None
    found = np.asarray(score(weights), float)
    found = found[np.isfinite(found)]
    if len(found) < len(weights) / 2:
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return [float(low), float(high)]


def paired_difference(
    first: Score,
    second: Score,
    exchanged: Callable[[NDArray[np.bool_]], float],
    groups: Any,
    weights: NDArray[np.float64],
    *,
    flips: int = 500,
    seed: int = SEED,
) -> Difference:
    """Score of the first model less that of the second.

    Parameters
    ----------
    first, second
        The metric of each as a function of weights.
    exchanged
        The difference when the two models' predictions are exchanged for the samples of the mask ``(n,)``.
    flips
        Permutations for the p-value; 0 gives none.
    """
    ones = np.ones(len(np.asarray(groups)))
    value = float(first(ones) - second(ones))
    names, at = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < LEAST_CLUSTERS:
        return Difference(value, float("nan"), float("nan"), float("nan"))
    spread = np.asarray(first(weights), float) - np.asarray(second(weights), float)
    low, high = np.quantile(spread[np.isfinite(spread)], [0.025, 0.975])
    p = float("nan")
    if flips:
        draw = np.random.default_rng(seed)
        null = [exchanged((draw.random(len(names)) < 0.5)[at]) for _ in range(flips)]
        p = (1 + int(np.sum(np.abs(null) >= abs(value) - 1e-12))) / (flips + 1)
    return Difference(value, float(low), float(high), p)


def described(values: Mapping[str, list[float] | None]) -> dict[str, Any]:
    """Intervals for JSON; where there is none, the reason."""
    return {name: TOO_FEW if found is None else found for name, found in values.items()}
