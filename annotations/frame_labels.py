"""Labels at every picture, and labels as intervals: the same on the media clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.labels import Annotations, Label
from bitflow.errors import UsageError

#: In frame labels: the category was not coded at this picture.
UNKNOWN = -1


def frame_labels(
    labels: Iterable[Label],
    times: NDArray[np.float64],
    names: Sequence[str],
    *,
    coded: tuple[float, float] | None = None,
) -> NDArray[np.int8]:
    """Whether each category holds at each picture.

    Parameters
    ----------
    times
        ``(frames,)`` presentation times in s, rising.
    names
        Categories, one a column.
    coded
        ``[start, end)`` in s outside which nobody looked; by default everything was coded.

    Returns
    -------
    numpy.ndarray
        ``(frames, names)``: 1 where a label ``start ≤ time < end`` covers the picture, 0 where none does, `UNKNOWN`
        outside `coded`. A label without a length counts at the picture that is shown at its instant.

    Examples
    --------
    >>> frame_labels([Label(0.1, 0.3, "smile")], np.arange(5) / 10, ["smile"])[:, 0].tolist()
    [0, 1, 1, 0, 0]
    """
    times = _rising(times)
    found = np.zeros((len(times), len(names)), np.int8)
    column = {name: index for index, name in enumerate(names)}
    for label in labels:
        if label.name not in column or not len(times):
            continue
        if label.duration == 0:
            at = int(np.searchsorted(times, label.start, "right")) - 1
            found[max(at, 0) : max(at, 0) + 1, column[label.name]] = 1
        else:
            first, last = np.searchsorted(times, (label.start, label.end), "left")
            found[first:last, column[label.name]] = 1
    if coded is not None:
        found[(times < coded[0]) | (times >= coded[1])] = UNKNOWN
    return found


def label_intervals(
    frames: NDArray[np.integer],
    times: NDArray[np.float64],
    names: Sequence[str],
    *,
    last_duration: float | None = None,
    annotator: str = "",
) -> Annotations:
    """The runs of 1 in frame labels as intervals: the inverse of `frame_labels` for labels that begin at pictures.

    Parameters
    ----------
    frames
        ``(frames, names)``; 1 where a category holds, 0 where not, `UNKNOWN` where nobody looked.
    times
        ``(frames,)`` presentation times in s, rising. A run lasts until the next picture is shown.
    last_duration
        How long the last picture is shown, in s; by default as long as the median picture.
    """
    times = _rising(times)
    if frames.shape != (len(times), len(names)):
        raise UsageError(f"frame labels are (frames, names) = ({len(times)}, {len(names)}), not {frames.shape}")
    if not len(times):
        return Annotations(())
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    edges = np.append(times, times[-1] + (step if last_duration is None else last_duration))
    labels: list[Label] = []
    for column, name in enumerate(names):
        padded = np.concatenate(([0], (frames[:, column] == 1).astype(np.int8), [0]))
        change = np.diff(padded)
        for first, last in zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True):
            labels.append(Label(float(edges[first]), float(edges[last]), name, annotator=annotator))
    return Annotations.of(labels, duration=float(edges[-1]))


def _rising(times: NDArray[np.float64]) -> NDArray[np.float64]:
    times = np.asarray(times, np.float64)
    if np.any(np.diff(times) < 0):
        raise UsageError("times of pictures must rise")
    return times
