"""What the face does: action units, smiles, emotions.

Action units come from an imported table (`action_units`, columns ``au01`` … with their tool's own scale), or else as
proxies from blendshapes (``au12_proxy``): scores of a face model, uncalibrated, no FACS intensities.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal

#: Blendshapes whose mean stands for an action unit; a minus sign takes one away from the first.
PROXIES: dict[str, tuple[str, ...]] = {
    "au01": ("browInnerUp",),
    "au02": ("browOuterUpLeft", "browOuterUpRight"),
    "au04": ("browDownLeft", "browDownRight"),
    "au05": ("eyeWideLeft", "eyeWideRight"),
    "au06": ("cheekSquintLeft", "cheekSquintRight"),
    "au07": ("eyeSquintLeft", "eyeSquintRight"),
    "au09": ("noseSneerLeft", "noseSneerRight"),
    "au10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "au12": ("mouthSmileLeft", "mouthSmileRight"),
    "au14": ("mouthDimpleLeft", "mouthDimpleRight"),
    "au15": ("mouthFrownLeft", "mouthFrownRight"),
    "au16": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "au17": ("mouthShrugLower",),
    "au18": ("mouthPucker",),
    "au20": ("mouthStretchLeft", "mouthStretchRight"),
    "au22": ("mouthFunnel",),
    "au24": ("mouthPressLeft", "mouthPressRight"),
    "au25": ("jawOpen", "-mouthClose"),
    "au26": ("jawOpen",),
    "au28": ("mouthRollLower", "mouthRollUpper"),
    "au34": ("cheekPuff",),
    "au45": ("eyeBlinkLeft", "eyeBlinkRight"),
}

PROXY_ON = 0.35
PROXY_ON_BY_UNIT = {"au12": 0.40, "au45": 0.50}
REST_AT_MOST = {"au12": 0.10}
"""No face at rest scores more: a higher 10th percentile is that of somebody who smiles nearly all the time.

Six filmed faces at rest scored 0.00 to 0.02; who smiles throughout scores 0.84 at the 10th percentile, too.
"""

HYSTERESIS = 0.1
"""Share of the scale between coming on and going off."""

AU_SHORTEST_S = 0.1
AU_MERGE_S = 0.2
AU_MEDIAN_S = 0.1

STUCK_AU6 = 0.1
"""The blendshape for AU6 hardly moves: where its 95th percentile lies below this, it says nothing."""

CORNER_LIFTS = ("mouth_corner_lift_left", "mouth_corner_lift_right")
LEAST_LIFT = 0.05
"""Rise of the mouth corners, in inter-ocular distances, for each unit of the smile blendshapes.

The blendshapes score corners that are pulled back, upward or not. In filmed smiles of two people the corners rose by
0.08 to 0.10 a unit, and in portraits of six who smile they stand 0.06 to 0.13 a unit high; in a weeping grimace that
the blendshapes score up to 0.9 they rose by -0.01 to 0.03.
"""

LEAST_HEIGHT = 0.065
"""Height of the mouth corners for each unit of the blendshapes in who shows no rest: by the same portraits and films,
where it is 0.067 and 0.074 in two who smile throughout, and 0.05 in the weeping grimace."""

STUCK_LIFT = 0.02
"""Corners that stay within this, from the 5th to the 95th percentile, say nothing of smiles."""

_UNIT = re.compile(r"au(\d{2})")


@dataclass(frozen=True, eq=False)
class ActionUnit:
    """One action unit.

    Parameters
    ----------
    name
        ``au12``, or ``au12_proxy`` where a blendshape stands for it.
    signal
        Score on its own scale, cleaned by a median over 0.1 s.
    on, off
        It comes on at `on` and goes off below `off`.
    """

    name: str
    signal: Signal
    on: float
    off: float

    @property
    def active(self) -> Mask:
        """Where it is on."""
        return self.signal.hysteresis(self.on, self.off)

    def events(self, level: Level = Level.STRICT) -> Events:
        """Stretches in which it is on, 0.1 s or longer, closer than 0.2 s made one; values are their highest scores."""
        drop = 0.0 if level is Level.STRICT else self.on - self.off
        active = self.signal.hysteresis(self.on - drop, self.off - drop)
        found = active.events(shortest=AU_SHORTEST_S, merge=AU_MERGE_S, name=self.name)
        return found.valued(peaks(self.signal, found))

    @property
    def is_constant(self) -> bool:
        """Whether the score never changes."""
        seen = self.signal.known_values
        return not len(seen) or bool(np.ptp(seen) == 0)


@dataclass(frozen=True, eq=False)
class FaceSeries:
    """All action units that the tables hold, by number (``au12``).

    Parameters
    ----------
    corner_lift
        Height of the mouth corners over the middle of the lips, above the person's 10th percentile, in inter-ocular
        distances; None where the units come from elsewhere than the mesh, and where it is stuck.
    corner_height
        The same over the middle of the lips, of who smiles nearly all the time, so that no rest is known; else None.
    """

    units: dict[str, ActionUnit]
    corner_lift: Signal | None = None
    corner_height: Signal | None = None

    @classmethod
    def of(cls, person: Person) -> FaceSeries:
        """From imported units where there are any, else proxies from blendshapes."""
        scene = person.scene
        if "action_units" in scene.tables:
            names = [n for n in scene.schema("action_units").names if _UNIT.fullmatch(n)]
            if names:
                return cls({name: _imported(person, name) for name in names})
        if "face_actions" not in scene.tables:
            raise Undefined("missing_table", "face_actions")
        schema = scene.schema("face_actions")
        if "mouthSmileLeft" not in schema:
            raise Undefined("missing_column", "face_actions has no blendshapes")
        wanted = sorted({shape.lstrip("-") for shapes in PROXIES.values() for shape in shapes})
        scores = person.signal("face_actions", wanted)
        if not np.isfinite(scores.values).any():
            raise Undefined("missing_column", "the blendshape model did not run")
        place = {name: i for i, name in enumerate(wanted)}
        units = {au: _proxy(au, scores, place) for au in PROXIES}
        height = _corner_height(person)
        if height is None:
            return cls(units)
        return cls(units, _above_rest(height), height if _smiles_throughout(scores, place) else None)

    def unit(self, number: str) -> ActionUnit:
        """One of them.

        Raises
        ------
        Undefined
            The source does not have it, it is stuck, or it says too little.
        """
        if number not in self.units:
            raise Undefined("missing_column", number)
        unit = self.units[number]
        if not unit.signal.known.any():
            raise Undefined("no_face")
        if unit.is_constant:
            raise Undefined("constant_signal", unit.name)
        if unit.name == "au06_proxy" and np.quantile(unit.signal.known_values, 0.95) < STUCK_AU6:
            raise Undefined("not_calibrated", "the blendshape for AU6 hardly moves")
        return unit


def _imported(person: Person, name: str) -> ActionUnit:
    declared = person.scene.schema("action_units")[name]
    top = declared.range[1] if declared.range and declared.range[1] else 1.0
    signal = person.signal("action_units", name).median_filtered(AU_MEDIAN_S)
    # OpenFace's intensities run to 5 and count from 1; probabilities count from one half.
    on = 1.0 if top > 1.5 else 0.5
    return ActionUnit(name, signal, on, on - HYSTERESIS * (5 if top > 1.5 else 1))


def _proxy(number: str, scores: Signal, place: dict[str, int]) -> ActionUnit:
    shapes = PROXIES[number]
    plus = [scores.values[:, place[s]] for s in shapes if not s.startswith("-")]
    value = np.mean(plus, axis=0)
    for shape in shapes:
        if shape.startswith("-"):
            value = np.maximum(0.0, value - scores.values[:, place[shape[1:]]])
    signal = replace(scores, values=value, unit="1").median_filtered(AU_MEDIAN_S)
    if number != "au45":
        signal = _above_rest(signal, REST_AT_MOST.get(number, np.inf)).map(lambda values: np.maximum(values, 0.0))
    on = PROXY_ON_BY_UNIT.get(number, PROXY_ON)
    return ActionUnit(f"{number}_proxy", signal, on, on - HYSTERESIS)


def _smiles_throughout(scores: Signal, place: dict[str, int]) -> bool:
    pulled = scores.values[:, [place[name] for name in PROXIES["au12"]]].mean(axis=1)
    return bool(np.nanquantile(pulled, 0.10) > REST_AT_MOST["au12"])


def _corner_height(person: Person) -> Signal | None:
    if any(name not in person.scene.schema("face_actions") for name in CORNER_LIFTS):
        return None
    corners = person.signal("face_actions", CORNER_LIFTS).map(lambda values: values.mean(axis=1))
    height = corners.median_filtered(AU_MEDIAN_S)
    if not height.known.any() or np.ptp(np.quantile(height.known_values, (0.05, 0.95))) < STUCK_LIFT:
        return None
    return height


def _above_rest(signal: Signal, at_most: float = np.inf) -> Signal:
    """A signal above the person's 10th percentile, or above the most that a rest can be."""
    rest = float(np.quantile(signal.known_values, 0.10)) if signal.known.any() else 0.0
    return signal.map(lambda values: values - min(rest, at_most))


@behaviour("smile", needs=("face_actions|action_units",), title="smile")
def find_smiles(face: FaceSeries, level: Level = Level.STRICT) -> Events:
    """Lip corners pulled up: action unit 12 on, by the rules of every action unit; the value is the highest score.

    The proxy counts from 0.40 above the person's 10th percentile, or above 0.10 where that is more, until it falls
    below 0.30 (lenient: 0.30, 0.20). Where the mesh shows the mouth the corners must rise with it, by 0.05 inter-ocular
    distances a unit in the mean, or, of who smiles throughout, stand 0.065 a unit high (lenient: whether or not):
    corners pulled aside, as in weeping, are no smile. OpenFace intensities count from 1.0, probabilities from 0.5.
    """
    unit = face.unit("au12")
    found = unit.events(level).named("smile")
    if level is Level.LENIENT or face.corner_lift is None or not len(found):
        return found
    risen = _raised(found, unit.signal, face.corner_lift, LEAST_LIFT)
    if face.corner_height is not None:
        risen |= _raised(found, unit.signal, face.corner_height, LEAST_HEIGHT)
    return found.chosen(risen)


def _raised(smiles: Events, pull: Signal, corners: Signal, least: float) -> NDArray[np.bool_]:
    """For each smile whether the corners are so high for each unit of pull, ``(n,)``; true where nobody can tell."""
    both = pull.known & corners.known
    first, last = _sample_span(smiles, pull.start, pull.rate, len(pull))
    raised = np.ones(len(smiles), bool)
    for k, (a, b) in enumerate(zip(first, last, strict=True)):
        seen = both[a:b]
        if seen.any():
            raised[k] = corners.values[a:b][seen].mean() >= least * pull.values[a:b][seen].mean()
    return raised


@behaviour("brow_lower", needs=("face_actions|action_units",), title="brows lowered")
def find_brow_lowering(face: FaceSeries, level: Level = Level.STRICT) -> Events:
    """Brows drawn down: action unit 4 on."""
    return face.unit("au04").events(level).named("brow_lower")


@behaviour("brow_raise", needs=("face_actions|action_units",), title="brows raised")
def find_brow_raising(face: FaceSeries, level: Level = Level.STRICT) -> Events:
    """Brows raised: action unit 1 or 2 on."""
    inner, outer = face.unit("au01"), face.unit("au02")
    lowered = 0.0 if level is Level.STRICT else HYSTERESIS
    either = inner.signal.hysteresis(inner.on - lowered, inner.off - lowered) | outer.signal.hysteresis(
        outer.on - lowered, outer.off - lowered
    )
    return either.events(shortest=AU_SHORTEST_S, merge=AU_MERGE_S).named("brow_raise")


def duchenne(smiles: Events, face: FaceSeries) -> NDArray[np.bool_]:
    """For each smile whether action unit 6 is on for at least half of it (Ekman, Davidson & Friesen 1990)."""
    cheeks = face.unit("au06").active
    held = np.concatenate(([0], np.cumsum(cheeks.yes)))
    first, last = _sample_span(smiles, cheeks.start, cheeks.rate, len(cheeks))
    return (held[last] - held[first]) >= 0.5 * (last - first)


def negative_expression(face: FaceSeries) -> Mask:
    """Where any of the negative patterns shows: AU4 with 7, AU9, AU10, AU15 with 17."""
    patterns: list[Mask] = []
    for members in (("au04", "au07"), ("au09",), ("au10",), ("au15", "au17")):
        try:
            masks = [face.unit(number).active for number in members]
        except Undefined as missing:
            if missing.reason in ("constant_signal", "missing_column"):
                continue
            raise
        together = masks[0]
        for mask in masks[1:]:
            together = together & mask
        patterns.append(together)
    if not patterns:
        raise Undefined("missing_column", "none of the action units 4, 7, 9, 10, 15, 17")
    union = patterns[0]
    for pattern in patterns[1:]:
        union = union | pattern
    return union


def peaks(signal: Signal, events: Events) -> NDArray[np.float64]:
    """Highest value of a signal in each event, ``(n,)``."""
    first, last = _sample_span(events, signal.start, signal.rate, len(signal))
    return np.array(
        [np.nanmax(signal.values[a:b]) if b > a else np.nan for a, b in zip(first, last, strict=True)], float
    )


def rise_speeds(signal: Signal, events: Events) -> NDArray[np.float64]:
    """Steepest rise between onset and apex of each event, a second, ``(n,)``."""
    slope = np.diff(signal.values, append=np.nan) * signal.rate
    first, last = _sample_span(events, signal.start, signal.rate, len(signal))
    speeds = np.full(len(events), np.nan)
    for k, (a, b) in enumerate(zip(first, last, strict=True)):
        apex = a + int(np.nanargmax(signal.values[a:b]))
        rise = slope[max(0, a - 1) : max(apex, a)]
        if np.isfinite(rise).any():
            speeds[k] = np.nanmax(rise)
    return speeds


def _sample_span(
    events: Events, start: float, rate: float, samples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first = np.clip(np.round((events.starts - start) * rate).astype(np.int64), 0, samples)
    last = np.clip(np.round((events.ends - start) * rate).astype(np.int64), 0, samples)
    return first, np.maximum(last, np.minimum(first + 1, samples))
