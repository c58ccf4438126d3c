"""Taking turns at talk."""

from __future__ import annotations

import numpy as np

from bitflow.events.reasons import Undefined
from bitflow.events.speech import (
    PairTurns,
    Turns,
    find_backchannels,
    find_interruptions,
    find_overlaps,
    floor_transfers,
)
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure

_VOICE = ("voice",)
_BOTH = ("voice", "speakers")
_MINUTE = Minimum(seconds=59)
_HELDNER = ("Heldner & Edlund 2010, J Phonetics 38:555", "Stivers et al. 2009, PNAS 106:10587")
_BEATTIE = ("Beattie 1982, Semiotica 39:93",)


def floor_offsets(turns: Turns) -> np.ndarray:
    """Seconds from the end of another's turn to the start of the person's, a number a transfer; overlaps negative."""
    if turns.speakers < 2:
        raise Undefined("single_speaker")
    return np.array([start - end for end, start in floor_transfers(turns.mine, turns.others)])


@measure(id="response_latency_median_s", unit="s", needs=_BOTH, minimum=Minimum(seconds=10), cite=_HELDNER, core=True)
def response_latency(turns: Turns) -> Estimate:
    """Median time from the end of another's turn to the start of the person's, overlaps negative; at least 5
    transfers."""
    return statistics.event_median(floor_offsets(turns), turns.mine, 5)


@measure(id="overlap_time_fraction", unit="1", needs=_BOTH, minimum=_MINUTE, cite=_BEATTIE, range=(0, 1))
def overlap_time(turns: Turns) -> Estimate:
    """Share of the time in which the person and another hold the floor at once for at least 0.2 s."""
    return statistics.fraction(find_overlaps(turns).mask(turns.speech))


@measure(
    id="interruption_rate_per_min",
    unit="1/min",
    needs=_BOTH,
    minimum=_MINUTE,
    cite=_BEATTIE,
    range=(0, None),
    counts=True,
)
def interruption_rate(turns: Turns) -> Estimate:
    """Interruptions by the person a minute; see the behaviour `interruption`."""
    return statistics.event_rate(find_interruptions(turns))


@measure(
    id="backchannel_rate_per_min",
    unit="1/min",
    needs=_BOTH,
    minimum=_MINUTE,
    cite=_BEATTIE,
    range=(0, None),
    counts=True,
)
def backchannel_rate(turns: Turns) -> Estimate:
    """Utterances of at most 1 s inside another's turn, a minute."""
    return statistics.event_rate(find_backchannels(turns))


@measure(id="talk_time_fraction", unit="1", needs=_VOICE, minimum=_MINUTE, range=(0, 1), core=True)
def talk_time(turns: Turns) -> Estimate:
    """Share of the time in which the person speaks."""
    return statistics.fraction(turns.own_speech)


@measure(id="turn_count", unit="1", needs=_VOICE, minimum=_MINUTE, range=(0, None), core=True, counts=True)
def turn_count(turns: Turns) -> Estimate:
    """Turns of the person."""
    found = statistics.event_rate(turns.mine)
    unit = found.seconds / 60.0
    return Estimate(float(len(turns.mine)), found.low * unit, found.high * unit, found.n, found.seconds, found.coverage)


@measure(id="turn_duration_median_s", unit="s", needs=_VOICE, minimum=_MINUTE, range=(0, None), core=True)
def turn_duration(turns: Turns) -> Estimate:
    """Median duration of the person's turns."""
    return statistics.event_median(turns.mine.durations, turns.mine, 1)


@measure(id="speaker_balance", unit="1", needs=_BOTH, scope="pair", minimum=_MINUTE, range=(0, 1))
def speaker_balance(turns: PairTurns) -> Estimate:
    """1 − abs(2p − 1) with p the first's share of what both speak: 1 when both speak as much, 0 when one is silent."""
    a, b = turns.first.own_speech, turns.second.own_speech
    if not a.yes.any() and not b.yes.any():
        raise Undefined("no_speech")
    columns = np.stack([a.yes, b.yes], axis=1).astype(float)
    columns[~(a.known & b.known)] = np.nan

    def balance(m: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1 - np.abs(2 * m[..., 0] / (m[..., 0] + m[..., 1]) - 1)

    return statistics.of_means(columns, a.rate, balance)
