"""What the verdicts on many claims say about the one who made them, and about the tables.

Where nobody knows the truth, the share of contradicted claims still tells how often somebody is wrong, given how often
the judge catches a false claim and how often it flags a true one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

from bitflow.models.grounding.claims import Claim, Judged
from bitflow.timeline import Interval

#: Judges all claims of one recording.
Judge = Callable[[Sequence[Claim]], list[Judged]]

#: A kind of claim that is contradicted this often where the others are not says more about the tables.
MANY, FEW = 0.25, 0.05

#: Shifts of the captions' times that are tried, s.
SHIFTS = tuple(np.arange(-2.0, 2.01, 0.5).tolist())


@dataclass(frozen=True)
class Rates:
    """How a judge does: shares of false claims that it flags, and of true ones."""

    caught: float
    flagged: float


@dataclass(frozen=True)
class LieRate:
    """How often somebody is wrong on what can be judged.

    Parameters
    ----------
    rate, low, high
        Share of false claims, and 95 % of a bootstrap over recordings; NaN where the judge cannot tell.
    claims
        Claims that could be judged in principle.
    flagged
        Share that was contradicted.
    """

    rate: float
    low: float
    high: float
    claims: int
    flagged: float


@cache
def simulated_rates(quality: Literal["easy", "hard"] = "easy") -> Mapping[str, Rates]:
    """Rates by kind of claim on scripted people, as the benchmark `grounding_people` measured them."""
    text = files("bitflow.models.grounding").joinpath("rates.json").read_text(encoding="utf-8")
    return {kind: Rates(*values) for kind, values in json.loads(text)[quality].items()}


def lie_rate(
    recordings: Sequence[Sequence[Judged]], rates: Mapping[str, Rates], *, resamples: int = 500, seed: int = 0
) -> LieRate:
    """Estimate the share of false claims from the share of contradicted ones: (flags − f) / (c − f).

    Parameters
    ----------
    recordings
        Verdicts by recording: the bootstrap draws recordings.
    rates
        Of the judge by kind of claim, on material of like quality.

    Notes
    -----
    f and c are the judge's mean rates over the kinds that were claimed. Of Rogan & Gladen (1978), for the prevalence of
    a disease from an imperfect test.
    """
    counted = [_counts(each, rates) for each in recordings]
    counted = [each for each in counted if each[0]]
    if not counted:
        return LieRate(float("nan"), float("nan"), float("nan"), 0, float("nan"))
    table = np.array(counted, float)
    draws = np.random.default_rng(seed).integers(0, len(table), (resamples, len(table)))
    estimates = [_estimate(table[rows].sum(axis=0)) for rows in draws]
    known = [value for value in estimates if np.isfinite(value)]
    low, high = np.quantile(known, (0.025, 0.975)) if len(counted) > 1 and known else (float("nan"), float("nan"))
    total = table.sum(axis=0)
    return LieRate(_estimate(total), float(low), float(high), int(total[0]), float(total[1] / total[0]))


def shuffled_contrast(claims: Sequence[Claim], judge: Judge, *, seed: int = 0) -> tuple[float, float]:
    """Shares of claims contradicted as they stand, and moved to another claim's time in the same recording.

    Captions that are not contradicted clearly less than shuffled ones carry no information.
    """
    stretches = sorted({claim.when for claim in claims})
    if len(stretches) < 2:
        return float("nan"), float("nan")
    draw = np.random.default_rng(seed)
    by = draw.integers(1, len(stretches), len(claims))
    moved = [
        replace(claim, when=stretches[(stretches.index(claim.when) + int(step)) % len(stretches)])
        for claim, step in zip(claims, by, strict=True)
    ]
    return contradicted_share(judge(claims)), contradicted_share(judge(moved))


def contradicted_share(verdicts: Sequence[Judged]) -> float:
    """Share of contradicted among the claims that were supported or contradicted; NaN where none was."""
    decided = [found.verdict for found in verdicts if found.verdict != "not checkable"]
    return decided.count("contradicted") / len(decided) if decided else float("nan")


def suspect_kinds(verdicts: Sequence[Judged], *, least: int = 8) -> tuple[str, ...]:
    """Kinds of claim that are contradicted in more than a quarter where the others are in less than a twentieth.

    Mirrored pictures, exchanged persons or a wrong sign look so: it is a finding about the tables.
    """
    by_kind: dict[str, list[str]] = {}
    for found in verdicts:
        if found.verdict != "not checkable":
            by_kind.setdefault(found.claim.kind, []).append(found.verdict)
    shares = {kind: each.count("contradicted") / len(each) for kind, each in by_kind.items() if len(each) >= least}
    return tuple(
        kind
        for kind, share in sorted(shares.items())
        if share > MANY and all(other < FEW for name, other in shares.items() if name != kind) and len(shares) > 1
    )


def best_shift(
    claims: Sequence[Claim], judge: Judge, shifts: Sequence[float] = SHIFTS
) -> tuple[float, dict[float, float]]:
    """By how many seconds captions must be moved to be supported most, and the share supported at each shift.

    A peak away from 0 says that pictures and captions are not on one clock.
    """
    shares: dict[float, float] = {}
    for shift in shifts:
        moved = [replace(claim, when=Interval(claim.when.start + shift, claim.when.end + shift)) for claim in claims]
        verdicts = judge(moved)
        shares[shift] = sum(found.verdict == "supported" for found in verdicts) / max(1, len(verdicts))
    best = max(shares, key=lambda shift: (shares[shift], -abs(shift)))
    return best, shares


def _counts(verdicts: Sequence[Judged], rates: Mapping[str, Rates]) -> tuple[float, float, float, float]:
    """Claims, contradicted ones, and the sums of both rates over the claims."""
    known = [found for found in verdicts if found.claim.kind in rates and found.claim.holds]
    flagged = sum(found.verdict == "contradicted" for found in known)
    caught = sum(rates[found.claim.kind].caught for found in known)
    wrongly = sum(rates[found.claim.kind].flagged for found in known)
    return float(len(known)), float(flagged), caught, wrongly


def _estimate(total: np.ndarray) -> float:
    claims, flagged, caught, wrongly = total
    apart = (caught - wrongly) / claims
    return float(np.clip((flagged - wrongly) / claims / apart, 0, 1)) if apart > 0.2 else float("nan")
