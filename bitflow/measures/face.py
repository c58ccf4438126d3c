"""Facial action units, one by one: how often, how long, how strong; and smiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bitflow.events.face import (
    ActionUnit,
    FaceSeries,
    duchenne,
    find_smiles,
    negative_expression,
    rise_speeds,
)
from bitflow.events.reasons import Undefined
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure

_NEEDS = ("face_actions|action_units",)
_TEN = Minimum(seconds=10)
_TWENTY = Minimum(seconds=20, rate_hz=10)
_FACS = ("Ekman, Friesen & Hager 2002, FACS",)
_COHN = ("Cohn & Schmidt 2004, Int J Wavelets 2:121",)
_EKMAN = ("Ekman, Davidson & Friesen 1990, JPSP 58:342",)


def _each(face: FaceSeries, estimate: Callable[[ActionUnit], Estimate]) -> dict[str, Estimate | Undefined]:
    """One value a unit; a unit that cannot be measured says why and does not take the others with it."""
    values: dict[str, Estimate | Undefined] = {}
    for number in face.units:
        name = face.units[number].name
        try:
            values[name] = estimate(face.unit(number))
        except Undefined as undefined:
            values[name] = undefined
    return values


@measure(id="au_base_rate_fraction[AU]", unit="1", needs=_NEEDS, minimum=_TEN, cite=_FACS, range=(0, 1), core=True)
def au_base_rate(face: FaceSeries):
    """Share of the time in which the action unit is on.

    Thresholds are the source's: 0.35 above the person's 10th percentile for proxies (AU12 .40, AU45 .50), 1 for
    OpenFace's intensities, .5 for probabilities; it goes off a tenth of the scale lower.
    """
    return _each(face, lambda unit: statistics.fraction(unit.active))


@measure(
    id="au_event_rate_per_min[AU]",
    unit="1/min",
    needs=_NEEDS,
    minimum=_TWENTY,
    cite=_COHN,
    range=(0, None),
    core=True,
    counts=True,
)
def au_event_rate(face: FaceSeries):
    """Events of the action unit a minute: on for at least 0.1 s, gaps shorter than 0.2 s closed."""
    return _each(face, lambda unit: statistics.event_rate(unit.events()))


def _durations(unit: ActionUnit) -> Estimate:
    events = unit.events()
    events = events.chosen(events.complete)
    return statistics.event_mean(events.durations, events, 3)


@measure(
    id="au_event_duration_mean_s[AU]", unit="s", needs=_NEEDS, minimum=_TWENTY, cite=_COHN, range=(0, None), core=True
)
def au_event_duration(face: FaceSeries):
    """Mean duration of the action unit's events whose beginning and end were seen; at least 3."""
    return _each(face, _durations)


def _apexes(unit: ActionUnit) -> Estimate:
    events = unit.events()
    return statistics.event_mean(events.values, events, 3)


@measure(id="au_event_peak_mean[AU]", unit="1", needs=_NEEDS, minimum=_TWENTY, cite=_COHN, core=True)
def au_event_peak(face: FaceSeries):
    """Mean of the highest score in each event, on the source's own scale; the strongest are kept; at least 3 events."""
    return _each(face, _apexes)


def _rises(unit: ActionUnit) -> Estimate:
    events = unit.events()
    return statistics.event_mean(rise_speeds(unit.signal, events), events, 3)


@measure(
    id="au_rise_speed_mean_per_s[AU]", unit="1/s", needs=_NEEDS, minimum=_TWENTY, cite=_COHN, range=(0, None), core=True
)
def au_rise_speed(face: FaceSeries):
    """Mean of the steepest rise between onset and highest score of each event; at least 3 events."""
    return _each(face, _rises)


@measure(id="au_intensity_mean[AU]", unit="1", needs=_NEEDS, minimum=_TEN, core=True)
def au_intensity_mean(face: FaceSeries):
    """Mean score over the time seen, on the source's own scale."""
    return _each(face, lambda unit: statistics.mean(unit.signal))


@measure(id="au_intensity_sd[AU]", unit="1", needs=_NEEDS, minimum=_TEN, range=(0, None), core=True)
def au_intensity_sd(face: FaceSeries):
    """Standard deviation of the score over the time seen."""
    return _each(face, lambda unit: statistics.standard_deviation(unit.signal))


@measure(
    id="smile_rate_per_min",
    unit="1/min",
    needs=_NEEDS,
    minimum=_TWENTY,
    cite=_EKMAN,
    range=(0, None),
    core=True,
    counts=True,
)
def smile_rate(face: FaceSeries) -> Estimate:
    """Smiles a minute of the time seen; see the behaviour `smile`."""
    return statistics.event_rate(find_smiles(face))


@measure(id="smile_time_fraction", unit="1", needs=_NEEDS, minimum=_TEN, range=(0, 1), core=True)
def smile_time(face: FaceSeries) -> Estimate:
    """Share of the time spent smiling."""
    return statistics.fraction(find_smiles(face).mask())


@measure(id="smile_duchenne_fraction", unit="1", needs=_NEEDS, minimum=_TWENTY, cite=_EKMAN, range=(0, 1), core=True)
def smile_duchenne(face: FaceSeries) -> Estimate:
    """Share of smiles with action unit 6 on for at least half of them; at least 3 smiles."""
    smiles = find_smiles(face)
    face.unit("au06")
    return statistics.event_share(duchenne(smiles, face), smiles, 3)


@measure(id="smile_intensity_peak_mean", unit="1", needs=_NEEDS, minimum=_TWENTY, core=True)
def smile_intensity(face: FaceSeries) -> Estimate:
    """Mean of the highest score in each smile, on the source's own scale; at least 3 smiles."""
    smiles = find_smiles(face)
    return statistics.event_mean(smiles.values, smiles, 3)


@measure(id="smile_latency_s", unit="s", needs=_NEEDS, minimum=Minimum(seconds=1, rate_hz=10), range=(0, None))
def smile_latency(face: FaceSeries) -> Estimate:
    """From the beginning of the analysed time, which is the stimulus with ``--intervals``, to the first smile's
    onset."""
    smiles = find_smiles(face)
    if not len(smiles):
        raise Undefined("too_few_events", "no smile")
    analysed = len(smiles.seen) / smiles.seen.rate
    seen = smiles.seen_seconds
    value = float(smiles.starts[0] - smiles.seen.start)
    return Estimate(value, n=1, seconds=seen, coverage=seen / analysed).exact("ci_none_single")


@measure(
    id="brow_lower_time_fraction",
    unit="1",
    needs=_NEEDS,
    minimum=_TEN,
    cite=("Girard et al. 2014, Image and Vision Computing 32:641",),
    range=(0, 1),
)
def brow_lower_time(face: FaceSeries) -> Estimate:
    """Share of the time in which action unit 4 is on."""
    return statistics.fraction(face.unit("au04").active)


@measure(
    id="negative_expression_time_fraction", unit="1", needs=_NEEDS, minimum=_TEN, cite=_FACS, range=(0, 1), core=True
)
def negative_time(face: FaceSeries) -> Estimate:
    """Share of the time in which AU4 with AU7, AU9, AU10, or AU15 with AU17 is on: their union, not their sum."""
    return statistics.fraction(negative_expression(face))


@measure(id="expression_events_per_min", unit="1/min", needs=_NEEDS, minimum=_TWENTY, range=(0, None), counts=True)
def expression_events(face: FaceSeries) -> Estimate:
    """Events of all action units but blinks together, a minute."""
    counts, seen = 0, None
    for number in face.units:
        if number in ("au45", "au43"):
            continue
        try:
            events = face.unit(number).events()
        except Undefined:
            continue
        counts += len(events)
        seen = events
    if seen is None:
        raise Undefined("constant_signal")
    return statistics.poisson_rate(counts, seen.seen_seconds, len(seen.seen) / seen.seen.rate)


@measure(id="expressivity_index", unit="1", needs=_NEEDS, minimum=_TWENTY, range=(0, None))
def expressivity(face: FaceSeries) -> Estimate:
    """Mean over time and action units of the score above its 10th percentile, in its own standard deviations.

    The scale of the source cancels. A skewed signal, still with rare expressions, reads low.
    """
    columns: list[np.ndarray] = []
    signal = None
    for number in face.units:
        if number in ("au45", "au43"):
            continue
        try:
            signal = face.unit(number).signal
        except Undefined:
            continue
        seen = signal.known_values
        spread = float(seen.std())
        if spread > 0:
            columns.append((signal.values - np.quantile(seen, 0.10)) / spread)
    if signal is None or not columns:
        raise Undefined("constant_signal")
    return statistics.of_means(np.mean(columns, axis=0)[:, None], signal.rate)
