"""Agreement on units of time, corrected for chance: Cohen's and Fleiss' kappa, Krippendorff's alpha."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def cohen_kappa(first: NDArray[np.integer], second: NDArray[np.integer], weights: str | None = None) -> float:
    """Cohen's kappa of two annotators.

    Parameters
    ----------
    first, second
        ``(units,)`` categories as whole numbers; negative ones, which nobody coded, are left out in pairs.
    weights
        None, ``linear`` or ``quadratic`` for ordered categories.

    Returns
    -------
    float
        1 for perfect agreement, 0 for what chance gives; NaN where chance would give perfect agreement, which it does
        when both use one and the same category only.

    References
    ----------
    Cohen 1960.

    Examples
    --------
    >>> round(cohen_kappa(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0])), 3)
    0.5
    """
    from sklearn.metrics import cohen_kappa_score

    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape:
        raise UsageError(f"annotators must code the same units: {first.shape} and {second.shape}")
    both = (first >= 0) & (second >= 0)
    if len(np.unique(np.concatenate((first[both], second[both])))) < 2:
        return float("nan")
    return float(cohen_kappa_score(first[both], second[both], weights=weights))


def fleiss_kappa(ratings: NDArray[np.integer]) -> float:
    """Fleiss' kappa of any number of annotators.

    Parameters
    ----------
    ratings
        ``(units, annotators)`` categories as whole numbers; units that an annotator left out (negative) do not count.

    Returns
    -------
    float
        NaN when only one category occurs.

    References
    ----------
    Fleiss 1971.
    """
    ratings = np.asarray(ratings)
    ratings = ratings[(ratings >= 0).all(axis=1)]
    if ratings.ndim != 2 or ratings.shape[1] < 2:
        raise UsageError("Fleiss' kappa needs two annotators or more")
    categories = np.unique(ratings)
    if len(categories) < 2:
        return float("nan")
    counts = (ratings[:, :, None] == categories).sum(axis=1)
    raters = ratings.shape[1]
    observed = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return float((observed.mean() - chance) / (1 - chance))


def krippendorff_alpha(ratings: NDArray[np.float64], level: Level = "nominal") -> float:
    """Krippendorff's alpha of any number of annotators, with gaps.

    Parameters
    ----------
    ratings
        ``(units, annotators)``; NaN where an annotator left a unit out.
    level
        Of the scale: ``nominal``, ``ordinal``, ``interval`` or ``ratio``.

    Returns
    -------
    float
        1 for perfect agreement, 0 for what chance gives; NaN when fewer than two values can be paired or only one
        value occurs.

    References
    ----------
    Krippendorff 2011, *Computing Krippendorff's alpha-reliability*.
    """
    ratings = np.asarray(ratings, np.float64)
    given = ~np.isnan(ratings)
    pairable = given.sum(axis=1) >= 2
    ratings, given = ratings[pairable], given[pairable]
    values = np.unique(ratings[given])
    if len(values) < 2:
        return float("nan")
    counts = np.stack([((ratings == value) & given).sum(axis=1) for value in values], axis=1).astype(np.float64)
    raters = counts.sum(axis=1)
    # Coincidences: each unit gives its ordered pairs of values, weighted so that it counts as often as it was rated.
    coincidences = np.einsum("ui,uj,u->ij", counts, counts, 1 / (raters - 1))
    coincidences -= np.diag((counts / (raters - 1)[:, None]).sum(axis=0))
    totals = coincidences.sum(axis=1)
    distance = _squared_distances(values, totals, level)
    observed = (coincidences * distance).sum()
    expected = (np.outer(totals, totals) * distance).sum() / (totals.sum() - 1)
    return float(1 - observed / expected)


def _squared_distances(values: NDArray[np.float64], totals: NDArray[np.float64], level: Level) -> NDArray[np.float64]:
    if level == "nominal":
        return (values[:, None] != values).astype(np.float64)
    if level == "interval":
        return (values[:, None] - values) ** 2
    if level == "ratio":
        total = values[:, None] + values
        return np.divide(values[:, None] - values, total, out=np.zeros_like(total), where=total != 0) ** 2
    if level == "ordinal":
        below = np.cumsum(totals) - totals / 2
        return (below[:, None] - below) ** 2
    raise UsageError(f"a scale is nominal, ordinal, interval or ratio, not {level!r}")
