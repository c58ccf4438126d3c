"""Claims about animals, judged on their cleaned poses; where a claim is near its threshold nothing is decided.

Quantities are in body lengths (bl): each animal's median distance from nose to tail base. Following and facing are
events of the event language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.models.grounding.claims import ANIMALS, INTERPRETATION, Claim, Evidence, Judged
from bitflow.models.grounding.verdicts import Sight, judge
from bitflow.poses import PoseSeries, kinematics, read_poses
from bitflow.poses.cleaning import clean, smoothed
from bitflow.poses.swaps import possible_swaps
from bitflow.regions import Regions, read_regions
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.store import Recording

Array = NDArray[np.float64]

#: Least share of a claim's time in which the quantity must be known.
COVERAGE = 0.25

#: A tracker that exchanged two animals mostly exchanges them back within this, s.
TAKEN_BACK_S = 4.0

#: Window of the smoothing, s.
SMOOTHED_S = 0.5

#: Thresholds, and the share of them on either side in which nothing is decided.
MOVING_BL_S, FAST_BL_S, SPEED_BAND = 0.5, 2.5, 0.14
NEAR_BL, NEAR_BAND = 1.5, 0.11
TOUCHING_BL, APART_BL = 0.15, 0.30
JITTER_BL_S = 0.15
CHANGE_BL, CHANGE_BAND = 0.5, 0.20

#: A side is a direction from the head, deg; between the sides nothing is decided.
SIDE_BAND_DEG, STEADY = 10.0, 0.7
_SIDES = {"right": (30.0, 150.0), "left": (-150.0, -30.0), "front": (-30.0, 30.0)}

#: Mean distances at beginning and end are taken over the first and last so many known frames of its outer thirds.
_ENDS = 5

#: What counts, and what may have been it, in the event language.
_FOLLOWING = ("follow or chase", "trail_dist(nose, tail_base, 0.5s) < 0.9bl and speed(nose) > 0.3bl/s for >=0.1s")
_FACING = ("watch or (abs(head_angle) < 20deg and dist < 6bl for >=0.3s)", "abs(head_angle) < 40deg for >=0.1s")


class _Unjudged(Exception):  # noqa: N818
    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class AnimalWitness:
    """The animals of a recording, ready to be asked.

    Parameters
    ----------
    poses
        Cleaned, on a uniform clock.
    swapped
        ``(T, A, A)``: where two animals may be taken for one another.
    """

    poses: PoseSeries
    swapped: NDArray[np.bool_]
    places: Regions = field(default_factory=Regions)
    source: Recording | None = None

    @classmethod
    def of(cls, recording: Recording) -> AnimalWitness:
        """From the table `poses` and the regions of a recording."""
        return cls.from_poses(read_poses(recording), read_regions(recording), recording)

    @classmethod
    def from_poses(
        cls, poses: PoseSeries, places: Regions | None = None, source: Recording | None = None
    ) -> AnimalWitness:
        """From poses in memory."""
        cleaned = clean(poses if poses.uniform else poses.on_clock(poses.rate))
        # Without smoothing a tracker's jitter moves animals that stand still.
        steady = smoothed(cleaned.poses, seconds=SMOOTHED_S)
        return cls(steady, unsettled(possible_swaps(cleaned.poses), cleaned.poses.rate), places or Regions(), source)

    @property
    def tracks(self) -> tuple[int, ...]:
        """Numbers of the animals."""
        return self.poses.tracks

    @property
    def names(self) -> dict[int, str]:
        """Names by number."""
        return dict(zip(self.poses.tracks, self.poses.animals, strict=True))

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return self.places.names

    @property
    def span(self) -> Interval:
        """From the first frame to the end of the last."""
        return Interval(float(self.poses.time[0]), float(self.poses.time[-1]) + 1 / self.poses.rate)

    @cached_property
    def lengths(self) -> Array:
        """Body lengths ``(A,)`` px."""
        return kinematics.body_lengths(self.poses)

    @cached_property
    def speed(self) -> Array:
        """Speed of the centres ``(T, A)`` bl/s."""
        return kinematics.speed(self.poses) / self.lengths

    @cached_property
    def distance(self) -> Array:
        """From centre to centre ``(T, A, A)`` in the actor's body lengths."""
        return kinematics.part_distance(self.poses) / self.lengths[:, None]

    @cached_property
    def gap(self) -> Array:
        """Between the nearest points of two bodies ``(T, A, A)`` in the actor's body lengths."""
        return kinematics.closest_distance(self.poses) / self.lengths[:, None]

    @cached_property
    def bearing(self) -> Array:
        """Direction of the other from the head ``(T, A, A)`` deg, positive to the animal's right as seen from above."""
        return kinematics.head_angle(self.poses)

    @cached_property
    def _evaluation(self) -> Any:
        from bitflow.events.language.animals import AnimalSubjects
        from bitflow.events.language.definitions import Definitions, builtin
        from bitflow.events.language.evaluation import Evaluation

        return Evaluation(AnimalSubjects(self.poses, self.places, self.source), Definitions.of(builtin()))

    def events(self, text: str, actor: int, target: int) -> Events | None:
        """Events of a statement of the event language for one pair of animals; None where it cannot be asked."""
        from bitflow.events.language.refusals import Refusal
        from bitflow.events.language.text import parse_body

        try:
            found = self._evaluation.events(parse_body(text))
        except Refusal as refusal:
            raise _Unjudged(f"refused:{type(refusal).__name__}") from refusal
        return found.cells.get((actor, target))


def unsettled(swaps: NDArray[np.bool_], rate: float) -> NDArray[np.bool_]:
    """From where two names may have been exchanged to where they may have been exchanged back, ``(T, A, A)``.

    An exchange that nothing takes back within 4 s leaves doubt at its own instant only.
    """
    doubtful = swaps.copy()
    for a, b in np.argwhere(swaps.any(axis=0)):
        at = np.flatnonzero(swaps[:, a, b])
        for first, last in zip(at[::2], at[1::2], strict=False):
            if last - first <= TAKEN_BACK_S * rate:
                doubtful[first : last + 1, a, b] = True
    return doubtful


def judge_animals(witness: AnimalWitness, claims: Sequence[Claim]) -> list[Judged]:
    """The verdict of the poses on each claim, in order; nothing is raised for a claim that cannot be judged."""
    return [_judged(witness, claim) for claim in claims]


def _judged(witness: AnimalWitness, claim: Claim) -> Judged:
    if claim.kind in INTERPRETATION:
        return Judged(claim, "not checkable", "interpretation")
    if claim.kind not in ANIMALS:
        return Judged(claim, "not checkable", "unknown")
    try:
        found = _positive(witness, replace(claim, holds=True))
    except _Unjudged as why:
        return Judged(claim, "not checkable", why.reason)
    return replace(found if claim.holds else found.turned(), claim=claim)


def _positive(witness: AnimalWitness, claim: Claim) -> Judged:
    if claim.kind == "animals_count":
        return _count(witness, claim)
    rows = _rows(witness, claim.when)
    actor = _place(witness, claim.who)
    target = _place(witness, claim.target) if claim.target >= 0 else -1
    if claim.kind in ("near", "approaching", "leaving", "beside", "facing", "following") and target < 0:
        raise _Unjudged("no_target")
    others = _perhaps_instead(witness, claim, rows, actor, target)
    if others and target >= 0:
        raise _Unjudged("possible_swap")
    found = _KINDS[claim.kind](witness, claim, rows, actor, target)
    # Where names may have been exchanged, the verdict stands if it is the same for whomever it may have been.
    if any(_KINDS[claim.kind](witness, claim, rows, other, target).verdict != found.verdict for other in others):
        raise _Unjudged("possible_swap")
    return found


def _rows(witness: AnimalWitness, when: Interval) -> slice:
    first, last = np.searchsorted(witness.poses.time, (when.start - 1e-6, when.end - 1e-6))
    if last - first < 2:
        raise _Unjudged("short")
    return slice(int(first), int(last))


def _place(witness: AnimalWitness, track: int) -> int:
    if track not in witness.tracks:
        raise _Unjudged("unknown_animal")
    return witness.tracks.index(track)


def _perhaps_instead(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> list[int]:
    """Others who may stand for one of the animals; what two do together stays when they change names."""
    swapped = np.asarray(witness.swapped[rows].any(axis=0))
    if claim.kind in ("near", "approaching", "leaving"):
        swapped = swapped.copy()
        swapped[actor, target] = swapped[target, actor] = False
    involved = swapped[actor] if target < 0 else swapped[actor] | swapped[target]
    return np.flatnonzero(involved).tolist()


def _known(values: Array) -> tuple[Array, float]:
    known = np.isfinite(values)
    return values[known], float(known.mean()) if len(values) else 0.0


def _against(claim: Claim, quantity: float, coverage: float, low: float, high: float, *, above: bool) -> Judged:
    """Supported beyond the band on the claimed side, contradicted beyond it on the other."""
    evidence = (Evidence("poses", claim.when.start, claim.when.end, value=quantity),)
    if coverage < COVERAGE:
        return Judged(claim, "not checkable", "low_coverage", coverage)
    if low <= quantity <= high:
        return Judged(claim, "not checkable", "between", coverage)
    so = quantity > high if above else quantity < low
    return Judged(claim, "supported" if so else "contradicted", "", coverage, evidence)


def _by_speed(threshold: float, *, above: bool) -> Callable[..., Judged]:
    def judged(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> Judged:
        values, coverage = _known(witness.speed[rows, actor])
        middle = float(np.median(values)) if len(values) else float("nan")
        # A tracker's jitter adds speed and takes none away.
        edges = threshold * (1 - SPEED_BAND), threshold * (1 + SPEED_BAND) + JITTER_BL_S
        return _against(claim, middle, coverage, *edges, above=above)

    return judged


def _near(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> Judged:
    if claim.detail == "touching":
        values, coverage = _known(witness.gap[rows, actor, target])
        least = float(np.min(values)) if len(values) else float("nan")
        return _against(claim, least, coverage, TOUCHING_BL, APART_BL, above=False)
    values, coverage = _known(witness.distance[rows, actor, target])
    middle = float(np.median(values)) if len(values) else float("nan")
    return _against(claim, middle, coverage, NEAR_BL * (1 - NEAR_BAND), NEAR_BL * (1 + NEAR_BAND), above=False)


def _by_change(sign: int) -> Callable[..., Judged]:
    def judged(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> Judged:
        values = witness.distance[rows, actor, target]
        third = max(_ENDS, len(values) // 3)
        first, last = _known(values[:third])[0][:_ENDS], _known(values[-third:])[0][-_ENDS:]
        coverage = min(len(first), len(last)) / _ENDS
        change = sign * float(last.mean() - first.mean()) if coverage else float("nan")
        return _against(
            claim, change, coverage, CHANGE_BL * (1 - CHANGE_BAND), CHANGE_BL * (1 + CHANGE_BAND), above=True
        )

    return judged


def _beside(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> Judged:
    if claim.detail not in (*_SIDES, "behind"):
        raise _Unjudged("unknown_side")
    values, coverage = _known(witness.bearing[rows, actor, target])
    if coverage < COVERAGE:
        return Judged(claim, "not checkable", "low_coverage", coverage)
    mean = np.exp(1j * np.deg2rad(values)).mean()
    if abs(mean) < STEADY:
        return Judged(claim, "not checkable", "between", coverage)
    angle = float(np.rad2deg(np.angle(mean)))
    if claim.detail == "behind":
        inside = abs(angle) - 150.0
    else:
        low, high = _SIDES[claim.detail]
        inside = min(angle - low, high - angle)
    evidence = (Evidence("poses", claim.when.start, claim.when.end, "head_angle", angle),)
    if abs(inside) < SIDE_BAND_DEG:
        return Judged(claim, "not checkable", "between", coverage)
    return Judged(claim, "supported" if inside > 0 else "contradicted", "", coverage, evidence)


def _by_events(programs: tuple[str, str]) -> Callable[..., Judged]:
    def judged(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> Judged:
        strict, lenient = (witness.events(text, actor, target) for text in programs)
        if strict is None or lenient is None:
            raise _Unjudged("no_target")
        return judge(claim, Sight(strict, lenient, "poses"))

    return judged


def _in_region(witness: AnimalWitness, claim: Claim, rows: slice, actor: int, target: int) -> Judged:
    if claim.detail not in witness.places:
        raise _Unjudged("unknown_region")
    distance = kinematics.region_distance(witness.poses, witness.places[claim.detail])[rows, actor]
    values, coverage = _known(distance / witness.lengths[actor])
    # Inside by a tenth of a body length for 60 % of the time, or outside by as much for 80 %.
    if coverage < COVERAGE:
        return Judged(claim, "not checkable", "low_coverage", coverage)
    inside, outside = float(np.mean(values < -0.1)), float(np.mean(values > 0.1))
    evidence = (Evidence("poses", claim.when.start, claim.when.end, "region_dist", float(np.median(values))),)
    if inside >= 0.6:
        return Judged(claim, "supported", "", coverage, evidence)
    if outside >= 0.8:
        return Judged(claim, "contradicted", "", coverage, evidence)
    return Judged(claim, "not checkable", "between", coverage)


def _count(witness: AnimalWitness, claim: Claim) -> Judged:
    if claim.value is None:
        raise _Unjudged("unknown")
    rows = _rows(witness, claim.when)
    seen = np.isfinite(witness.poses.points[rows]).all(axis=-1).any(axis=-1)
    steady, fleeting = int((seen.mean(axis=0) >= 0.5).sum()), int((seen.mean(axis=0) > 0.1).sum())
    evidence = (Evidence("poses", claim.when.start, claim.when.end, value=float(steady)),)
    if steady != fleeting:
        return Judged(claim, "not checkable", "between", 1.0)
    return Judged(claim, "supported" if steady == claim.value else "contradicted", "", 1.0, evidence)


_KINDS: dict[str, Callable[..., Judged]] = {
    "moving": _by_speed(MOVING_BL_S, above=True),
    "still": _by_speed(MOVING_BL_S, above=False),
    "fast": _by_speed(FAST_BL_S, above=True),
    "near": _near,
    "approaching": _by_change(-1),
    "leaving": _by_change(1),
    "beside": _beside,
    "facing": _by_events(_FACING),
    "following": _by_events(_FOLLOWING),
    "in_region": _in_region,
}
