"""Agreement on events: which of one annotator's are another's, and how far their borders lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.labels import Label


@dataclass(frozen=True)
class EventAgreement:
    """How far two sets of events are the same.

    Parameters
    ----------
    reference, found, matched
        Numbers of events: of the one who counts as right, of the other, and of both.
    precision, recall, f1
        Of the other against the reference; NaN when there is nothing to be right about.
    onset_error_s, offset_error_s
        Median distance of the borders of matched events, in s.
    onset_bias_s
        Median of the other's onset minus the reference's, in s: positive is later.
    """

    reference: int
    found: int
    matched: int
    precision: float
    recall: float
    f1: float
    onset_error_s: float
    offset_error_s: float
    onset_bias_s: float

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form; NaN becomes None."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def match_events(
    reference: Sequence[Label], found: Sequence[Label], *, overlap: float = 0.5, tolerance: float = 0.5
) -> list[tuple[int, int]]:
    """Pairs of events that are the same, each used once, by the assignment with the largest total overlap.

    Parameters
    ----------
    overlap
        Least intersection over union of two events that last.
    tolerance
        Largest distance (s) of the onsets where one of the two has no length.

    Returns
    -------
    list of tuple
        Positions in `reference` and `found`.
    """
    from scipy.optimize import linear_sum_assignment

    if not reference or not found:
        return []
    likeness = _intersection_over_union(_borders(reference), _borders(found))
    first, second = _borders(reference), _borders(found)
    points = (first[:, 0] == first[:, 1])[:, None] | (second[:, 0] == second[:, 1])[None, :]
    distance = np.abs(first[:, :1] - second[:, 0])
    near = np.where(distance <= tolerance, 1 - distance / (2 * tolerance) if tolerance else 1.0, 0.0)
    likeness = np.where(points, near, np.where(likeness >= overlap, likeness, 0.0))
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if likeness[i, j] > 0]


def event_agreement(
    reference: Sequence[Label], found: Sequence[Label], *, overlap: float = 0.5, tolerance: float = 0.5
) -> EventAgreement:
    """Event-level F1 and border errors; parameters as for `match_events`.

    Examples
    --------
    >>> agreement = event_agreement([Label(0, 2, "nod"), Label(5, 6, "nod")], [Label(0.1, 2, "nod")])
    >>> agreement.matched, agreement.precision, agreement.recall
    (1, 1.0, 0.5)
    """
    pairs = match_events(reference, found, overlap=overlap, tolerance=tolerance)
    first = _borders([reference[i] for i, _ in pairs])
    second = _borders([found[j] for _, j in pairs])
    matched = len(pairs)
    precision = matched / len(found) if found else float("nan")
    recall = matched / len(reference) if reference else float("nan")
    total = len(reference) + len(found)
    apart = second - first
    return EventAgreement(
        len(reference),
        len(found),
        matched,
        precision,
        recall,
        2 * matched / total if total else float("nan"),
        _median(np.abs(apart[:, 0])),
        _median(np.abs(apart[:, 1])),
        _median(apart[:, 0]),
    )


def _borders(labels: Sequence[Label]) -> NDArray[np.float64]:
    return np.array([(label.start, label.end) for label in labels], np.float64).reshape(-1, 2)


def _intersection_over_union(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    common = np.minimum(first[:, 1:], second[:, 1]) - np.maximum(first[:, :1], second[:, 0])
    common = np.maximum(common, 0.0)
    union = (first[:, 1] - first[:, 0])[:, None] + (second[:, 1] - second[:, 0]) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else float("nan")
