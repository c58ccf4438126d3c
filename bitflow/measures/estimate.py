"""A value with what it stands on."""

from __future__ import annotations

from dataclasses import dataclass, replace

NAN = float("nan")

#: Why a value has no confidence interval.
NO_INTERVAL: dict[str, str] = {
    "ci_none_counted": "everything was counted; nothing was sampled",
    "ci_none_single": "there is a single value to judge from",
    "ci_none_few_blocks": "too little time for resampling in blocks",
    "ci_none_few_events": "too few events for an interval",
    "ci_none_surrogates": "its uncertainty is what the surrogates tell",
    "ci_none_undefined": "no interval is known for this statistic",
}


@dataclass(frozen=True)
class Estimate:
    """A measured value.

    Parameters
    ----------
    value
        NaN never stands for undefined here: a measure raises `Undefined` instead.
    low, high
        Ends of the 95 % confidence interval; NaN when there is none.
    n
        Samples or events that it stands on.
    seconds
        Time that it stands on.
    coverage
        That time over the time that was analysed.
    no_interval
        A key of `NO_INTERVAL` when there is no interval.
    note
        What a reader must know about this value.
    """

    value: float
    low: float = NAN
    high: float = NAN
    n: int = 0
    seconds: float = 0.0
    coverage: float = 0.0
    no_interval: str = ""
    note: str = ""

    def scaled(self, factor: float) -> Estimate:
        """In another unit."""
        low, high = (
            sorted((self.low * factor, self.high * factor))
            if factor < 0
            else (
                self.low * factor,
                self.high * factor,
            )
        )
        return replace(self, value=self.value * factor, low=low, high=high)

    def exact(self, reason: str = "ci_none_counted") -> Estimate:
        """Without an interval, and why."""
        return replace(self, low=NAN, high=NAN, no_interval=reason)
