"""Scores by subgroup: for whom a recogniser works less well."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.evaluation.scores import Draws, Judged, row

#: Fewer clips or people in a subgroup would say more about them than about it.
LEAST_CLIPS, LEAST_PEOPLE = 20, 5

#: A covariate with more values than this names people, not groups; numbers are cut into bands.
MOST_VALUES = 8

#: Covariates that say how the recordings were made or divided, not who is in them.
NO_GROUP = frozenset(
    {"split", "question", "video", "visit", "transcript", "release", "recording", "consent", "n_words"}
)


def subgroup_rows(
    judged: Judged, covariates: Mapping[str, NDArray[Any]], *, resamples: int = 500
) -> list[dict[str, Any]]:
    """A row a subgroup of at least 20 clips of at least 5 people; of the others only how many there are.

    Parameters
    ----------
    covariates
        Name → value of each sample, ``(n,)`` text; numbers with many values are cut at their quartiles.
    """
    rows = []
    for name, values in covariates.items():
        if name in NO_GROUP:
            continue
        for value, mine in _groups(values):
            people = len(np.unique(judged.groups[mine]))
            about = {"covariate": name, "value": value, "n": int(mine.sum()), "participants": people}
            if mine.sum() < LEAST_CLIPS or people < LEAST_PEOPLE:
                rows.append({**about, "macro_f1": None, "reason": "too few clips or people"})
                continue
            part = judged.chosen(mine)
            rows.append({**row(f"{name} = {value}", part, Draws(part.groups, resamples)), **about})
    return rows


def _groups(values: NDArray[Any]) -> list[tuple[str, NDArray[np.bool_]]]:
    text = np.asarray(values, dtype=object).astype(str)
    different = sorted(set(text) - {""})
    if len(different) < 2:
        return []
    if len(different) <= MOST_VALUES:
        return [(value, text == value) for value in different]
    try:
        numbers = np.array([float(value) if value else np.nan for value in text])
    except ValueError:
        return []
    cuts = np.nanquantile(numbers, [0.25, 0.5, 0.75])
    edges = [-np.inf, *np.unique(cuts), np.inf]
    bands = []
    for low, high in pairwise(edges):
        mine = (numbers > low) & (numbers <= high)
        known = numbers[mine]
        if mine.any():
            bands.append((f"{known.min():g} to {known.max():g}", mine))
    return bands
