"""Statements about every instant: true, false, or unknown because the input was not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.signals.cleaning import runs
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.events.intervals import Events


@dataclass(frozen=True, eq=False)
class Mask:
    """Three-valued truth on a uniform clock.

    ``&``, ``|`` and ``~`` follow Kleene's logic: false & unknown is false, true | unknown is true, everything else with
    unknown is unknown.

    Parameters
    ----------
    yes
        ``(n,)``, true where the statement holds; false where it does not or is not known.
    known
        ``(n,)``, true where it is known whether it holds.
    start, rate
        The clock: sample i stands for the bin that begins at ``start + i / rate`` seconds.

    Examples
    --------
    >>> smiling = Mask(np.array([True, False, False]), np.array([True, True, False]), rate=10.0)
    >>> smiling.fraction, (~smiling).fraction
    (0.5, 0.5)
    """

    yes: NDArray[np.bool_]
    known: NDArray[np.bool_]
    start: float = 0.0
    rate: float = 30.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "yes", self.yes & self.known)

    def __len__(self) -> int:
        return len(self.yes)

    @property
    def no(self) -> NDArray[np.bool_]:
        """Where the statement is known not to hold, ``(n,)``."""
        return self.known & ~self.yes

    @property
    def end(self) -> float:
        """End of the last bin, s."""
        return self.start + len(self.yes) / self.rate

    @property
    def seconds(self) -> float:
        """Time in which the statement holds."""
        return float(self.yes.sum()) / self.rate

    @property
    def known_seconds(self) -> float:
        """Time in which it is known whether it holds."""
        return float(self.known.sum()) / self.rate

    @property
    def fraction(self) -> float:
        """Share of the known time in which it holds; NaN when nothing is known."""
        known = int(self.known.sum())
        return float(self.yes.sum()) / known if known else float("nan")

    def crop(self, interval: Interval) -> Mask:
        """The bins that begin in an interval."""
        from bitflow.events.signal import sample_range

        first, last = sample_range(self.start, self.rate, len(self.yes), interval)
        return replace(
            self, yes=self.yes[first:last], known=self.known[first:last], start=self.start + first / self.rate
        )

    def __and__(self, other: Mask) -> Mask:
        self._check_clock(other)
        yes = self.yes & other.yes
        return replace(self, yes=yes, known=yes | self.no | other.no)

    def __or__(self, other: Mask) -> Mask:
        self._check_clock(other)
        yes = self.yes | other.yes
        return replace(self, yes=yes, known=yes | (self.no & other.no))

    def __invert__(self) -> Mask:
        return replace(self, yes=self.no)

    def on_clock(self, start: float, rate: float, samples: int) -> Mask:
        """The same at the instants of another clock, each as the nearest sample here; unknown beyond the ends."""
        at = np.round((start + np.arange(samples) / rate - self.start) * self.rate).astype(int)
        inside = (at >= 0) & (at < len(self))
        at = np.where(inside, at, 0)
        if not len(self):
            return Mask(np.zeros(samples, bool), np.zeros(samples, bool), start, rate)
        return Mask(self.yes[at] & inside, self.known[at] & inside, start, rate)

    def where(self, other: Mask) -> Mask:
        """Unknown wherever the other mask is not true."""
        self._check_clock(other)
        return replace(self, yes=self.yes & other.yes, known=self.known & other.yes)

    def events(
        self,
        *,
        shortest: float = 0.0,
        longest: float = float("inf"),
        merge: float = 0.0,
        coverage: float = 0.5,
        name: str = "",
    ) -> Events:
        """Stretches in which the statement holds.

        First stretches closer than `merge` become one, then those shorter than `shortest` or longer than `longest` are
        left out, then those of which less than the share `coverage` was seen.

        Parameters
        ----------
        shortest, longest, merge
            Seconds. What lies between two stretches may be false or unknown.
        coverage
            Least share of an event in which the statement is known.
        name
            What the events are called.
        """
        from bitflow.events.intervals import Events

        found = runs(self.yes)
        if merge > 0 and len(found) > 1:
            gaps = (found[1:, 0] - found[:-1, 1]) / self.rate
            apart = gaps >= merge - 1e-9
            found = np.stack(
                [found[np.concatenate(([True], apart)), 0], found[np.concatenate((apart, [True])), 1]], axis=1
            )
        length = (found[:, 1] - found[:, 0]) / self.rate
        found = found[(length >= shortest - 1e-9) & (length <= longest + 1e-9)]
        return Events.from_runs(found, self, name).covered(coverage)

    def _check_clock(self, other: Mask) -> None:
        if len(other) != len(self) or other.rate != self.rate or abs(other.start - self.start) > 0.5 / self.rate:
            raise UsageError("masks on different clocks cannot be combined")
