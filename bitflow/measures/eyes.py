"""Blinks and closed eyes."""

from __future__ import annotations

import numpy as np

from bitflow.events.eyes import (
    EyeSeries,
    find_blinks,
    find_closures,
    find_incomplete_blinks,
    find_shut_eyes,
    opening_speeds,
)
from bitflow.events.reasons import Undefined
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure

_NEEDS = ("face_actions|action_units",)
_BLINKS = Minimum(seconds=30, rate_hz=20)
_MINUTE = Minimum(seconds=59, rate_hz=10)
_DINGES = ("Wierwille et al. 1994", "Dinges & Grace 1998, FHWA-MCRT-98-006")


@measure(
    id="blink_rate_per_min",
    unit="1/min",
    needs=_NEEDS,
    minimum=_BLINKS,
    cite=("Soukupová & Čech 2016, CVWW", "Bentivoglio et al. 1997, Mov Disord 12:1028"),
    range=(0, None),
    core=True,
    counts=True,
)
def blink_rate(eyes: EyeSeries) -> Estimate:
    """Blinks a minute of the time seen.

    A blink is a fall of eyelid openness below 0.5 for 50–500 ms. The threshold is absolute: a still, noisy eyelid
    gives 0, not a rate set by its own variance.
    """
    return statistics.event_rate(find_blinks(eyes))


@measure(
    id="blink_duration_mean_ms",
    unit="ms",
    needs=_NEEDS,
    minimum=_BLINKS,
    cite=("Schleicher et al. 2008, Ergonomics 51:982",),
    range=(0, None),
    core=True,
)
def blink_duration(eyes: EyeSeries) -> Estimate:
    """Mean time for which openness stays below 0.5 in a blink; at least 5 blinks."""
    blinks = find_blinks(eyes)
    return statistics.event_mean(blinks.durations, blinks, 5).scaled(1000.0)


@measure(id="blink_incomplete_fraction", unit="1", needs=_NEEDS, minimum=_BLINKS, range=(0, 1), core=True)
def blink_incomplete(eyes: EyeSeries) -> Estimate:
    """Share of blinks that turn back between 0.8 and 0.5 of full openness; at least 5 of both kinds together."""
    full, part = find_blinks(eyes), find_incomplete_blinks(eyes)
    flags = np.concatenate([np.zeros(len(full), bool), np.ones(len(part), bool)])
    return statistics.event_share(flags, full, 5)


@measure(id="blink_interval_cv", unit="1", needs=_NEEDS, minimum=_BLINKS, range=(0, None), core=True)
def blink_interval_cv(eyes: EyeSeries) -> Estimate:
    """Standard deviation over mean of the times between blinks: 0 periodic, 1 at random; at least 5 blinks.

    Times across which the eyes were lost from sight are left out.
    """
    blinks = find_blinks(eyes)
    if len(blinks) < 5:
        raise Undefined("too_few_events")
    hidden = np.concatenate(([0], np.cumsum(~eyes.openness.known)))
    at = np.clip(((blinks.starts - eyes.openness.start) * eyes.openness.rate).astype(int), 0, len(hidden) - 1)
    unbroken = hidden[at[1:]] - hidden[at[:-1]] == 0
    gaps = np.diff(blinks.starts)[unbroken]

    def variation(values: np.ndarray) -> np.ndarray:
        return values.std(axis=-1, ddof=1) / values.mean(axis=-1)

    if len(gaps) < 4:
        raise Undefined("too_few_events")
    return statistics.event_statistic(gaps, blinks, variation, 4)


@measure(
    id="blink_closing_speed_mean_per_s",
    unit="1/s",
    needs=_NEEDS,
    minimum=_BLINKS,
    cite=("Schleicher et al. 2008, Ergonomics 51:982",),
    range=(0, None),
)
def blink_closing_speed(eyes: EyeSeries) -> Estimate:
    """Mean of the fastest fall of openness in a blink; at least 5 blinks. Limited by the frame rate."""
    blinks = find_blinks(eyes)
    return statistics.event_mean(opening_speeds(eyes, blinks)[:, 0], blinks, 5)


@measure(id="perclos_80_fraction", unit="1", needs=_NEEDS, minimum=_MINUTE, cite=_DINGES, range=(0, 1), core=True)
def perclos(eyes: EyeSeries, *, with_blinks: bool = False) -> Estimate:
    """Share of the time in which the eyes are at least 80 % closed, closures shorter than 0.5 s left out.

    With `with_blinks` they count, too: 17 ordinary blinks a minute alone make .026.
    """
    shut = find_shut_eyes(eyes, with_blinks=with_blinks)
    return statistics.fraction(shut.mask())


@measure(
    id="eye_closure_long_rate_per_min",
    unit="1/min",
    needs=_NEEDS,
    minimum=_MINUTE,
    range=(0, None),
    core=True,
    counts=True,
)
def eye_closure_rate(eyes: EyeSeries) -> Estimate:
    """Closures of more than 0.5 s a minute of the time seen."""
    return statistics.event_rate(find_closures(eyes))
