"""A quantity on a uniform clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.events.mask import Mask
from bitflow.signals.cleaning import held_state, median_filtered, valid_rows
from bitflow.signals.kinematics import difference
from bitflow.signals.smoothing import low_passed
from bitflow.timeline import Interval


@dataclass(frozen=True, eq=False)
class Signal:
    """Samples ``(n,)`` or ``(n, k)`` at ``start + i / rate`` seconds; NaN is missing, never zero.

    Comparing it with a number gives a `Mask` that is unknown where the signal is. Arithmetic works with numbers and
    with signals on the same clock.

    Examples
    --------
    >>> yaw = Signal(np.array([0.0, 30.0, np.nan]), rate=10.0, unit="deg")
    >>> (abs(yaw) > 20).fraction
    0.5
    """

    values: NDArray[np.float64]
    start: float = 0.0
    rate: float = 30.0
    unit: str = "1"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def end(self) -> float:
        """End of the last sample's bin, s."""
        return self.start + len(self.values) / self.rate

    @property
    def interval(self) -> Interval:
        """From the first sample to the end of the last."""
        return Interval(self.start, self.end)

    @property
    def times(self) -> NDArray[np.float64]:
        """Instants of the samples ``(n,)``, s."""
        return self.start + np.arange(len(self.values)) / self.rate

    @property
    def known(self) -> NDArray[np.bool_]:
        """Instants at which every channel has a value, ``(n,)``."""
        return valid_rows(self.values)

    @property
    def known_values(self) -> NDArray[np.float64]:
        """Values at those instants."""
        return self.values[self.known]

    @property
    def seconds(self) -> float:
        """Time for which the signal is known."""
        return float(self.known.sum()) / self.rate

    def crop(self, interval: Interval) -> Signal:
        """The samples whose instants lie in an interval."""
        first, last = sample_range(self.start, self.rate, len(self.values), interval)
        return replace(self, values=self.values[first:last], start=self.start + first / self.rate)

    def map(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]], unit: str | None = None) -> Signal:
        """The same clock with other values."""
        return replace(self, values=change(self.values), unit=self.unit if unit is None else unit)

    def channel(self, index: int) -> Signal:
        """One channel of several."""
        return replace(self, values=self.values[:, index])

    def where(self, mask: Mask) -> Signal:
        """Missing wherever the mask is not true."""
        keep = mask.yes if self.values.ndim == 1 else mask.yes[:, None]
        return replace(self, values=np.where(keep, self.values, np.nan))

    def low_passed(self, cutoff: float) -> Signal:
        """Jitter above `cutoff` Hz removed; see `bitflow.signals.smoothing.low_passed`."""
        return self.map(lambda values: low_passed(values, self.rate, cutoff))

    def median_filtered(self, seconds: float) -> Signal:
        """Running median over a window of the given length."""
        return self.map(lambda values: median_filtered(values, round(seconds * self.rate)))

    def difference(self) -> Signal:
        """Rate of change from each sample to the next."""
        return self.map(lambda values: difference(values, self.rate), f"{self.unit}/s")

    def norm(self) -> Signal:
        """Length of the vector of channels."""
        return self.map(lambda values: np.linalg.norm(values, axis=-1))

    def hysteresis(self, enter: float, leave: float) -> Mask:
        """True from where the signal reaches `enter` until it falls below `leave`.

        Unknown ends the state: what happened meanwhile is not known. With ``enter < leave`` the other way round: true
        from where it falls below `enter` until it reaches `leave`.
        """
        known = self.known
        values = np.where(known, self.values, 0.0)
        if enter >= leave:
            yes = held_state(known & (values >= enter), ~known | (values < leave))
        else:
            yes = held_state(known & (values < enter), ~known | (values >= leave))
        return Mask(yes, known, self.start, self.rate)

    def between(self, low: float, high: float) -> Mask:
        """True where low ≤ value ≤ high."""
        return (self >= low) & (self <= high)

    def __abs__(self) -> Signal:
        return self.map(np.abs)

    def __neg__(self) -> Signal:
        return self.map(np.negative)

    def __add__(self, other: Signal | float) -> Signal:
        return self._combined(other, np.add)

    def __sub__(self, other: Signal | float) -> Signal:
        return self._combined(other, np.subtract)

    def __mul__(self, other: Signal | float) -> Signal:
        return self._combined(other, np.multiply)

    def __truediv__(self, other: Signal | float) -> Signal:
        return self._combined(other, np.divide)

    def __gt__(self, other: Signal | float) -> Mask:
        return self._compared(other, np.greater)

    def __ge__(self, other: Signal | float) -> Mask:
        return self._compared(other, np.greater_equal)

    def __lt__(self, other: Signal | float) -> Mask:
        return self._compared(other, np.less)

    def __le__(self, other: Signal | float) -> Mask:
        return self._compared(other, np.less_equal)

    def _combined(self, other: Signal | float, operation: Callable[..., NDArray[np.float64]]) -> Signal:
        operand = self._on_same_clock(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            return replace(self, values=operation(self.values, operand))

    def _compared(self, other: Signal | float, operation: Callable[..., NDArray[np.bool_]]) -> Mask:
        operand = self._on_same_clock(other)
        known = self.known & np.isfinite(operand)
        with np.errstate(invalid="ignore"):
            return Mask(operation(self.values, operand) & known, known, self.start, self.rate)

    def _on_same_clock(self, other: Signal | float) -> NDArray[np.float64] | float:
        if not isinstance(other, Signal):
            return float(other)
        if len(other) != len(self) or other.rate != self.rate or abs(other.start - self.start) > 0.5 / self.rate:
            raise UsageError(
                f"signals on different clocks cannot be combined: {len(self)} samples at {self.rate:g} Hz from "
                f"{self.start:g} s, and {len(other)} at {other.rate:g} Hz from {other.start:g} s"
            )
        return other.values


def sample_range(start: float, rate: float, samples: int, interval: Interval) -> tuple[int, int]:
    """Half-open range of those samples of a clock whose instants lie in an interval."""
    first = int(np.clip(np.ceil((interval.start - start) * rate - 1e-6), 0, samples))
    last = int(np.clip(np.ceil((interval.end - start) * rate - 1e-6), first, samples))
    return first, last
