"""Hands: tremor, tapping, self-touch."""

from __future__ import annotations

import numpy as np

from bitflow.events.hands import Hand, HandSeries, Taps, TouchSeries, find_self_touches
from bitflow.events.reasons import Undefined
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.signals.rhythm import Spectrum, welch_spectrum
from bitflow.signals.smoothing import high_passed

_HANDS = ("hands",)
_TREMOR = Minimum(seconds=6, rate_hz=29.0, coverage=0.3)
_BHATIA = ("Bhatia et al. 2018, Mov Disord 33:75",)
_UPDRS = ("Goetz et al. 2008, Mov Disord 23:2129 (MDS-UPDRS 3.4)",)

TREMOR_BAND_HZ = (3.0, 12.0)
WIDE_BAND_HZ = (0.5, 14.9)
SIGNIFICANT = 4.0
"""A peak counts when it exceeds four times the band's median: the 99th percentile of white noise is 2.6."""


def _spectrum(hand: Hand) -> Spectrum:
    tip = hand.index_tip
    found = welch_spectrum(high_passed(tip.values, tip.rate, 1.0), tip.rate)
    if found is None:
        raise Undefined("too_short", "no 4 s without a gap")
    return found


def _about(hand: Hand, value: float, note: str = "") -> Estimate:
    known = hand.index_tip.known
    seconds = float(known.sum()) / hand.index_tip.rate
    return Estimate(
        value,
        n=int(known.sum()),
        seconds=seconds,
        coverage=float(known.mean()),
        no_interval="ci_none_undefined",
        note=f"{hand.side} hand{'; ' + note if note else ''}",
    )


@measure(id="hand_tremor_peak_hz", unit="Hz", needs=_HANDS, minimum=_TREMOR, cite=_BHATIA, range=(3, 12))
def tremor_peak(hands: HandSeries) -> Estimate:
    """Frequency of the strongest rhythm of the index finger's tip between 3 and 12 Hz, where it stands out of the
    noise.

    Of the hand seen longest; Welch's spectrum over 4 s. Undefined without a peak of four times the band's median.
    """
    peak, prominence = _spectrum(hands.main).peak(*TREMOR_BAND_HZ)
    if not prominence >= SIGNIFICANT:
        raise Undefined("too_few_events", "no rhythm stands out of the noise")
    return _about(hands.main, peak)


@measure(id="hand_tremor_amplitude_rms", unit="1", needs=_HANDS, minimum=_TREMOR, cite=_BHATIA, range=(0, None))
def tremor_amplitude(hands: HandSeries) -> Estimate:
    """Root mean square of the fingertip within 1 Hz of the tremor's peak, in palm widths.

    Without a peak that stands out it is an upper bound, and the note says so.
    """
    spectrum = _spectrum(hands.main)
    peak, prominence = spectrum.peak(*TREMOR_BAND_HZ)
    note = "" if prominence >= SIGNIFICANT else "no tremor stands out: an upper bound"
    return _about(hands.main, float(np.sqrt(spectrum.power(peak - 1, peak + 1))), note)


@measure(id="hand_tremor_band_ratio", unit="1", needs=_HANDS, minimum=_TREMOR, cite=_BHATIA, range=(0, 1))
def tremor_ratio(hands: HandSeries) -> Estimate:
    """Power of the fingertip between 3 and 12 Hz over that between 0.5 and 15 Hz; white noise gives 9/14.5."""
    tip = hands.main.index_tip
    spectrum = welch_spectrum(tip.values, tip.rate)
    if spectrum is None:
        raise Undefined("too_short", "no 4 s without a gap")
    whole = spectrum.power(*WIDE_BAND_HZ)
    if not whole > 0:
        raise Undefined("constant_signal")
    return _about(hands.main, spectrum.power(*TREMOR_BAND_HZ) / whole)


_TAPS = Minimum(seconds=1, rate_hz=23.9, coverage=0.3)


def _tapping(taps: Taps) -> Taps:
    if len(taps.events) < 5:
        raise Undefined("too_few_events", "fewer than 5 taps")
    return taps


@measure(id="finger_tap_rate_hz", unit="Hz", needs=_HANDS, minimum=_TAPS, cite=_UPDRS, range=(0, None))
def tap_rate(taps: Taps) -> Estimate:
    """One over the median time from tap to tap; at least 5 taps."""
    events = _tapping(taps).events
    found = statistics.event_median(events.durations, events, 5)
    low, high = 1 / found.high, 1 / found.low
    return Estimate(1 / found.value, low, high, found.n, found.seconds, found.coverage, found.no_interval)


@measure(id="finger_tap_amplitude_mean", unit="1", needs=_HANDS, minimum=_TAPS, cite=_UPDRS, range=(0, None))
def tap_amplitude(taps: Taps) -> Estimate:
    """Mean of the widest opening of thumb and index finger in each tap, in palm widths."""
    events = _tapping(taps).events
    return statistics.event_mean(events.values, events, 5)


@measure(id="finger_tap_interval_cv", unit="1", needs=_HANDS, minimum=_TAPS, cite=_UPDRS, range=(0, None))
def tap_interval_cv(taps: Taps) -> Estimate:
    """Standard deviation over mean of the times from tap to tap."""
    events = _tapping(taps).events
    return statistics.event_statistic(events.durations, events, lambda v: v.std(axis=-1, ddof=1) / v.mean(axis=-1), 5)


@measure(id="finger_tap_decrement_per_tap", unit="1", needs=_HANDS, minimum=_TAPS, cite=_UPDRS)
def tap_decrement(taps: Taps) -> Estimate:
    """Slope of the widest opening against the number of the tap, in palm widths a tap; negative when taps shrink."""
    from scipy.special import stdtrit

    events = _tapping(taps).events
    number = np.arange(len(events)) - (len(events) - 1) / 2
    slope = float(number @ events.values / (number @ number))
    rest = events.values - events.values.mean() - slope * number
    error = np.sqrt(rest @ rest / (len(events) - 2) / (number @ number))
    half = float(stdtrit(len(events) - 2, 0.975) * error)
    about = statistics.event_mean(events.values, events, 5)
    return Estimate(slope, slope - half, slope + half, len(events), about.seconds, about.coverage)


@measure(id="finger_tap_halt_count", unit="1", needs=_HANDS, minimum=_TAPS, cite=_UPDRS, range=(0, None))
def tap_halts(taps: Taps) -> Estimate:
    """Times from tap to tap longer than twice their median."""
    events = _tapping(taps).events
    halts = int((events.durations > 2 * np.median(events.durations)).sum())
    about = statistics.event_mean(events.values, events, 5)
    return Estimate(float(halts), n=len(events), seconds=about.seconds, coverage=about.coverage).exact()


_TOUCH = ("faces", "hands|bodies")


@measure(
    id="self_touch_rate_per_min",
    unit="1/min",
    needs=_TOUCH,
    minimum=Minimum(seconds=30, coverage=0.3),
    range=(0, None),
    counts=True,
)
def self_touch_rate(touch: TouchSeries) -> Estimate:
    """Touches of the own face a minute of the time in which face and a hand are seen; see `self_touch`."""
    return statistics.event_rate(find_self_touches(touch))


@measure(id="self_touch_time_fraction", unit="1", needs=_TOUCH, minimum=Minimum(seconds=30, coverage=0.3), range=(0, 1))
def self_touch_time(touch: TouchSeries) -> Estimate:
    """Share of that time spent touching it."""
    return statistics.fraction(find_self_touches(touch).mask())
