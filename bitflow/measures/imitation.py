"""Whether one person's expressions follow the other's; and how parts of one face go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitflow.events.face import FaceSeries, find_smiles
from bitflow.events.intervals import Events
from bitflow.events.person import Pair
from bitflow.events.reasons import Undefined
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure

_NEEDS = ("face_actions|action_units",)
_HESS = ("Hess & Fischer 2013, Pers Soc Psychol Rev 17:142",)
RESPONSE_S = (0.2, 3.0)
LEAST_MODELS = 5
SHUFFLES = 500


@dataclass(frozen=True, eq=False)
class Smiles:
    """Smiles of both of a pair: the first is the model, the second may imitate."""

    model: Events
    partner: Events

    @classmethod
    def of(cls, pair: Pair) -> Smiles:
        """From the faces of both."""
        return cls(find_smiles(pair.first.get(FaceSeries)), find_smiles(pair.second.get(FaceSeries)))

    @property
    def delays(self) -> np.ndarray:
        """From each model's onset to the partner's next one 0.2–3 s later, s; NaN where none came."""
        return delays_of(self.model.starts, self.partner.starts)


def delays_of(model: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """From each onset to the first of the other's between 0.2 and 3 s later, s; NaN where there is none."""
    at = np.searchsorted(partner, model + RESPONSE_S[0])
    delay = np.append(partner, np.inf)[at] - model
    return np.where(delay <= RESPONSE_S[1], delay, np.nan)


def _delays(smiles: Smiles) -> np.ndarray:
    if len(smiles.model) < LEAST_MODELS:
        raise Undefined("too_few_events", f"the model smiles {len(smiles.model)} times, 5 are needed")
    return smiles.delays


@measure(
    id="imitation_hit_rate", unit="1", needs=_NEEDS, scope="pair", minimum=Minimum(seconds=20), cite=_HESS, range=(0, 1)
)
def hit_rate(smiles: Smiles) -> Estimate:
    """Share of the first person's smiles after which the second begins to smile within 0.2–3 s; at least 5."""
    return statistics.event_share(np.isfinite(_delays(smiles)), smiles.model, LEAST_MODELS)


@measure(
    id="imitation_excess_rate",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=Minimum(seconds=20),
    cite=_HESS,
    range=(-1, 1),
)
def excess_rate(smiles: Smiles) -> Estimate:
    """That share minus what it is when the second person's smiles are shifted around the recording at random."""
    hits = np.isfinite(_delays(smiles))
    span = len(smiles.model.seen) / smiles.model.seen.rate
    shift = np.random.default_rng(statistics.SEED).uniform(0, span, SHUFFLES)
    start = smiles.model.seen.start
    chance = np.mean(
        [
            np.isfinite(
                delays_of(smiles.model.starts, np.sort((smiles.partner.starts - start + s) % span + start))
            ).mean()
            for s in shift
        ]
    )
    chance = float(chance)
    share = statistics.event_share(hits, smiles.model, LEAST_MODELS)
    return Estimate(
        share.value - chance,
        share.low - chance,
        share.high - chance,
        share.n,
        share.seconds,
        share.coverage,
        note=f"chance {chance:.3f}",
    )


@measure(
    id="imitation_latency_median_s",
    unit="s",
    needs=_NEEDS,
    scope="pair",
    minimum=Minimum(seconds=20),
    cite=_HESS,
    range=(0.2, 3),
)
def latency(smiles: Smiles) -> Estimate:
    """Median delay of those answers; at least 3."""
    return statistics.event_median(_delays(smiles), smiles.model, 3)


_PARTS = {"brow": ("au04", "au01"), "eye": ("au06", "au07"), "mouth": ("au12", "au25")}


@measure(id="coordination_face_parts_r[a,b]", unit="1", needs=_NEEDS, minimum=Minimum(seconds=30), range=(-1, 1))
def face_parts(face: FaceSeries):
    """Correlation of two parts of the face at one time, the third held constant: brow (AU4, else 1), eye (6, 7),
    mouth (12, 25)."""
    signals = {}
    for part, numbers in _PARTS.items():
        for number in numbers:
            try:
                signals[part] = face.unit(number).signal
                break
            except Undefined:
                continue
    if len(signals) < 3:
        raise Undefined("constant_signal", "a part of the face never moves")
    names = list(signals)
    x = np.stack([signals[name].values - np.nanmean(signals[name].values) for name in names], axis=1)
    products = np.stack([x[:, i] * x[:, j] for i in range(3) for j in range(i, 3)], axis=1)
    columns = np.concatenate([x, products], axis=1)
    rate = signals[names[0]].rate
    return {
        f"{names[i]}_{names[j]}": statistics.of_means(columns, rate, lambda m, i=i, j=j: partial_r(m, i, j))
        for i, j in ((0, 1), (0, 2), (1, 2))
    }


def partial_r(means: np.ndarray, i: int, j: int) -> np.ndarray:
    """Partial correlation of two of three variables from their means and mean products ``(…, 9)``."""
    place = {(0, 0): 3, (0, 1): 4, (0, 2): 5, (1, 1): 6, (1, 2): 7, (2, 2): 8}

    def covariance(a: int, b: int) -> np.ndarray:
        return means[..., place[min(a, b), max(a, b)]] - means[..., a] * means[..., b]

    def r(a: int, b: int) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return covariance(a, b) / np.sqrt(covariance(a, a) * covariance(b, b))

    k = 3 - i - j
    with np.errstate(divide="ignore", invalid="ignore"):
        return (r(i, j) - r(i, k) * r(j, k)) / np.sqrt((1 - r(i, k) ** 2) * (1 - r(j, k) ** 2))
