"""Praat's TextGrid files."""

from __future__ import annotations

from pathlib import Path

from bitflow.annotations.labels import Annotations, Label, label_of, layers
from bitflow.errors import SchemaError


def read_textgrid(path: Path) -> Annotations:
    """Read the tiers of a TextGrid, long or short form; intervals without a text are what lies between labels.

    Points become labels without a length. A tier called ``smile@mother`` is the mother's.

    Raises
    ------
    SchemaError
        It is no TextGrid.
    """
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(
            str(path), includeEmptyIntervals=False, reportingMode="silence", duplicateNamesMode="rename"
        )
    except (PraatioException, UnicodeError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"{path}: is no TextGrid that can be read: {type(error).__name__} {error}") from error
    labels: list[Label] = []
    for name in grid.tierNames:
        for *times, text in grid.getTier(name).entries:  # (start, end, text) of an interval, (time, text) of a point
            labels.append(label_of(name, float(times[0]), float(times[-1]), text))
    return Annotations.of(labels, duration=float(grid.maxTimestamp))


def write_textgrid(path: Path, annotations: Annotations) -> tuple[str, ...]:
    """Write a TextGrid in its long form: an interval tier a stream, a point tier where labels have no length.

    Returns
    -------
    tuple of str
        What the format cannot hold.
    """
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.data_classes.point_tier import PointTier
    from praatio.utilities.constants import Interval, Point

    if not annotations.labels:
        raise SchemaError(f"{path}: a TextGrid needs at least one label")
    early = [label for label in annotations.labels if label.start < 0]
    if early:
        raise SchemaError(f"{path}: a TextGrid begins at 0, the label {early[0].name!r} at {early[0].start} s")
    end = annotations.end or 1e-3
    grid = textgrid.Textgrid()
    for name, labels in layers(annotations.labels, points_apart=True).items():
        if labels[0].duration == 0:
            tier = PointTier(name, [Point(label.start, label.name) for label in labels], 0.0, end)
        else:
            tier = IntervalTier(name, [Interval(label.start, label.end, label.name) for label in labels], 0.0, end)
        grid.addTier(tier, reportingMode="silence")
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True, reportingMode="silence")
    lost = [kept for kept in ("annotator", "comment") if any(getattr(label, kept) for label in annotations.labels)]
    return (f"a TextGrid has no place for: {', '.join(lost)}",) if lost else ()
