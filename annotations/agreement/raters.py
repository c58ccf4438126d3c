"""Everything about the agreement of two annotators or more on one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.agreement.chance import cohen_kappa, fleiss_kappa, krippendorff_alpha
from bitflow.annotations.agreement.judges import conservative_intersection
from bitflow.annotations.agreement.matching import event_agreement
from bitflow.annotations.frame_labels import frame_labels
from bitflow.annotations.labels import Annotations
from bitflow.errors import UsageError
from bitflow.timeline import uniform_clock


def agreement_of(
    annotators: Mapping[str, Annotations],
    *,
    names: Sequence[str] | None = None,
    step: float = 0.1,
    overlap: float = 0.5,
    tolerance: float = 0.5,
    duration: float | None = None,
) -> dict[str, Any]:
    """Agreement by category: on units of time, and on events against the first annotator.

    Parameters
    ----------
    annotators
        Annotations by the annotator's name; the first counts as the reference for events.
    names
        Categories; by default all that occur.
    step
        Length of a unit of time in s. Kappa depends on it little, its standard error much: neighbouring units are
        not independent.
    overlap, tolerance
        When two events are the same; see `match_events`.
    duration
        Seconds that all coded; by default the shortest length that the files tell, else the last end.

    Returns
    -------
    dict
        ``annotators``, ``duration_s``, ``step_s``, ``categories``: by name ``cohen_kappa`` (mean over pairs),
        ``fleiss_kappa``, ``krippendorff_alpha``, ``percent_agreement``, ``agreed_s`` and ``disputed_s`` (two
        annotators), and ``events`` by annotator.

    Raises
    ------
    UsageError
        Fewer than two annotators, or a category that nobody used.
    """
    if len(annotators) < 2:
        raise UsageError("agreement needs the labels of two annotators or more")
    everyone = list(annotators.values())
    known = sorted({name for each in everyone for name in each.names})
    for name in names or ():
        if name not in known:
            raise UsageError(f"nobody used the label {name!r}; there are: {', '.join(known) or 'none'}")
    told = [each.duration for each in everyone if each.duration is not None]
    length = duration if duration is not None else min(told) if told else max(each.end for each in everyone)
    chosen = list(names or known)
    middles = uniform_clock(0.0, length, 1 / step) + step / 2
    coded = np.stack([frame_labels(each.labels, middles, chosen) for each in everyone], axis=2)
    categories: dict[str, Any] = {}
    for column, name in enumerate(chosen):
        categories[name] = _on_units(coded[:, column, :])
        if len(everyone) == 2:
            both = conservative_intersection(*everyone)
            for key, part in (("agreed_s", both.agreed), ("disputed_s", both.disputed)):
                categories[name][key] = sum(label.duration for label in part.named(name))
        first, *others = annotators
        reference = annotators[first].named(name)
        categories[name]["events"] = {
            other: event_agreement(
                reference, annotators[other].named(name), overlap=overlap, tolerance=tolerance
            ).as_dict()
            for other in others
        }
    return {"annotators": list(annotators), "duration_s": length, "step_s": step, "categories": categories}


def _on_units(coded: NDArray[np.integer]) -> dict[str, float | None]:
    """Statistics of one category, ``(units, annotators)``."""
    raters = coded.shape[1]
    pairs = [(i, j) for i in range(raters) for j in range(i + 1, raters)]
    kappas = [cohen_kappa(coded[:, i], coded[:, j]) for i, j in pairs]
    same = [float(np.mean(coded[:, i] == coded[:, j])) if len(coded) else float("nan") for i, j in pairs]
    found = {
        "cohen_kappa": float(np.mean(kappas)),
        "fleiss_kappa": fleiss_kappa(coded),
        "krippendorff_alpha": krippendorff_alpha(coded.astype(np.float64)),
        "percent_agreement": 100 * float(np.mean(same)),
    }
    return {name: None if value != value else value for name, value in found.items()}
