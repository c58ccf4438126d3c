"""One clock: intervals on it, uniform clocks, and `align`, which brings tables of any rate to one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bitflow.errors import SchemaError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from bitflow.alignment import TableOnClock

_SLACK = 1e-6


@dataclass(frozen=True, order=True)
class Interval:
    """A stretch of time ``[start, end)`` in seconds on the media clock.

    Ordered by start, then end. Intervals that only touch do not overlap.

    Examples
    --------
    >>> smile = Interval(1.0, 3.0)
    >>> smile.duration, smile.middle, 1.0 in smile, 3.0 in smile
    (2.0, 2.0, True, False)
    >>> smile & Interval(2.5, 4.0)
    Interval(start=2.5, end=3.0)
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.end >= self.start:
            raise UsageError(f"an interval cannot end ({self.end} s) before it starts ({self.start} s)")

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """The instant half-way, in seconds."""
        return self.start + (self.end - self.start) / 2

    def __contains__(self, item: float | Interval) -> bool:
        if isinstance(item, Interval):
            return self.start <= item.start and item.end <= self.end
        return self.start <= item < self.end

    def __and__(self, other: Interval) -> Interval | None:
        """The stretch common to both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None

    def overlaps(self, other: Interval) -> bool:
        """Whether the two have a stretch in common."""
        return max(self.start, other.start) < min(self.end, other.end)


def uniform_clock(start: float, end: float, rate: float) -> np.ndarray:
    """Instants ``start, start + 1/rate, …`` before `end`.

    Parameters
    ----------
    start, end
        Seconds; `end` is not included.
    rate
        Instants a second (Hz).

    Returns
    -------
    numpy.ndarray
        ``(n,)`` float64, s.

    Raises
    ------
    UsageError
        The rate is not a positive number, or the end lies before the start.

    Examples
    --------
    >>> uniform_clock(0, 0.2, 25).tolist()
    [0.0, 0.04, 0.08, 0.12, 0.16]
    """
    import numpy as np

    if not (rate > 0 and math.isfinite(rate)):
        raise UsageError(f"a clock needs a positive rate in Hz, not {rate}")
    if not (math.isfinite(start) and math.isfinite(end) and end >= start):
        raise UsageError(f"a clock needs finite times with start ≤ end, not [{start}, {end})")
    return start + np.arange(math.ceil((end - start) * rate - _SLACK)) / rate


def align(
    tables: Mapping[str, Any],
    *,
    rate: float,
    start: float | None = None,
    end: float | None = None,
    max_gap: float = 0.25,
) -> pd.DataFrame:
    """Bring tables of different rates to one uniform clock.

    Parameters
    ----------
    tables
        Table name to ``(schema, rows)``, rows being a pandas DataFrame or an Arrow table, or to anything with
        `schema` and `frame()`. Tables without a clock (one row an entity) are left out.
    rate
        Rows a second of the result (Hz).
    start, end
        The clock is ``[start, end)`` in seconds. By default it runs over whatever the tables hold, on
        multiples of ``1 / rate``, so that two calls give instants that match.
    max_gap
        Longest distance between two rows (s) over which values are interpolated.

    Returns
    -------
    pandas.DataFrame
        `time`, then `<table>_<column>` for every column whose schema says how it is resampled, and
        `<table>_valid`.

        When a table has tracks, there is one row a time and person, by time and then `person`; tables of the
        whole recording, and intervals that are nobody's, are repeated for each. Rows of people not known (−1)
        are left out, unless nobody is known: then rows are told apart by `track` in the place of `person`,
        and with no track either the one person is −1. Of several rows of one person at one time, the one with
        the highest score counts.

    Raises
    ------
    UsageError
        The clock or `max_gap` is not valid.
    SchemaError
        A table lacks a column of its schema, or two columns of the result would have one name.

    Notes
    -----
    A row at `time` t stands for the bin ``[t, t + 1 / rate)``. ``Column.resample`` names the rule:

    linear
        The line through the neighbours, at t; never across a gap longer than `max_gap`, never beyond the
        first and last row. With a `period` the short way round.
    nearest, previous
        The value of the nearest row, or of the last one; across a longer gap than `max_gap` only as far as
        the row itself reaches, which is the table's typical step.
    mean
        When the clock is slower than the table, the mean over the bin of the line through the rows, so that
        nothing aliases, where at least half of the bin was observed; when it is not slower, `linear`.
    overlap
        The fraction of the bin in which a flag was set.

    A table of intervals gives `<table>_overlap`, the fraction of the bin that any of its intervals covers. Of
    its columns, a text that says `overlap` gives that fraction for each of its values (`<table>_<value>`), a
    number that says `mean` the mean over the covered part, and the other rules the value of the interval
    at t.

    Missing is NaN (None for text, NA for flags). `<table>_valid` is true where rows were measured: false
    where there are none, and false where a value is given but only interpolated over missing rows. Tables of
    intervals are taken to have looked everywhere: no interval is 0, not NaN. Tensors are left out;
    `Recording.points` reads them.
    """
    import numpy as np
    import pandas as pd

    from bitflow.alignment import TableOnClock, interleaved, subject_key, subjects_of

    if not max_gap >= 0:
        raise UsageError(f"max_gap is a time in seconds, not {max_gap}")
    uniform_clock(0.0, 0.0, rate)
    sources = [TableOnClock.of(name, table) for name, table in tables.items()]
    sources = [source for source in sources if source.schema.rows != "entity"]
    clock = _clock(sources, rate, start, end)
    edges = np.append(clock, clock[-1] + 1 / rate) if len(clock) else np.zeros(1)

    key = subject_key(sources)
    subjects = subjects_of(sources, key)
    result: dict[str, Any] = {"time": np.repeat(clock, max(1, len(subjects)))}
    if key is not None:
        result[key] = np.tile(np.asarray(subjects, "int64"), len(clock))
    for source in sources:
        if key is not None and key in source.rows:
            parts = [source.of_subject(key, who).columns(edges, max_gap) for who in subjects]
        else:
            parts = [source.columns(edges, max_gap)] * max(1, len(subjects))
        for name in parts[0]:
            label = f"{source.name}_{name}"
            if label in result:
                raise SchemaError(f"two columns would be called {label!r}: align these tables apart")
            result[label] = interleaved([part[name] for part in parts])
    return pd.DataFrame(result)


def _clock(sources: Iterable[TableOnClock], rate: float, start: float | None, end: float | None) -> np.ndarray:
    """The clock that was asked for, or multiples of ``1 / rate`` over everything that the tables hold."""
    firsts: list[float] = []
    lasts: list[float] = []
    for source in sources:
        if not len(source.rows):
            continue
        if source.schema.rows == "interval":
            firsts.append(source.rows["start"].to_numpy("float64").min())
            lasts.append(source.rows["end"].to_numpy("float64").max() - 2 * _SLACK)  # not part of the interval
        else:
            firsts.append(source.rows["time"].to_numpy("float64").min())
            lasts.append(source.rows["time"].to_numpy("float64").max())
    if start is None:
        start = math.floor(min(firsts) * rate + _SLACK) / rate if firsts else 0.0
    if end is None:
        end = max(start, (math.floor((max(lasts) + _SLACK) * rate) + 1) / rate) if lasts else start
    return uniform_clock(start, end, rate)
