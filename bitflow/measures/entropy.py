"""Entropy of a label over time, corrected for the few samples that are independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate


def entropy_bits(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shannon entropy along the last axis, bit.

    Examples
    --------
    >>> float(entropy_bits(np.full(8, 1 / 8)))
    3.0
    """
    safe = np.where(shares > 0, shares, 1.0)
    return -(safe * np.log2(safe)).sum(axis=-1)


def effective_samples(labels: NDArray[np.float64], rate: float) -> float:
    """Independent samples in a series of labels: its stretches of one label, or its samples if those are fewer."""
    known = np.isfinite(labels)
    if not known.any():
        return 0.0
    values = labels[known]
    changes = 1 + int(np.count_nonzero(np.diff(values)))
    memory = statistics.integral_time_scale(np.where(known, labels - values.mean(), 0.0), known, rate)
    by_memory = len(values) / max(1.0, 2 * memory * rate)
    return float(min(len(values), max(changes, by_memory)))


def entropy_estimate(labels: NDArray[np.float64], rate: float, *, normalised_by: int | None = None) -> Estimate:
    """Entropy of labels ``(n,)`` (NaN missing), Miller–Madow corrected with the effective number of samples.

    With `normalised_by` classes it is divided by the largest entropy they can have.
    """
    known = np.isfinite(labels)
    seen = np.unique(labels[known])
    top = np.log2(normalised_by or len(seen)) if (normalised_by or len(seen)) > 1 else 1.0
    correction = (len(seen) - 1) / (2 * max(1.0, effective_samples(labels, rate)) * np.log(2))
    columns = np.where(known[:, None], labels[:, None] == seen[None, :], np.nan).astype(float)
    columns[~known] = np.nan
    unit = top if normalised_by else 1.0

    def corrected(shares: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(entropy_bits(shares) + correction, top) / unit

    return statistics.of_means(columns, rate, corrected)
