"""What a body does, on a clip's clock: posture, nearness, hands, gestures of head and arms.

Joints in pixels tell where a camera stood and how somebody is built. Here they are in shoulder widths, relative to the
person, and behaviours are those of `bitflow.events`, so that a nod is the same nod as in measures and reports.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from bitflow.events.behaviour import behaviours
from bitflow.events.body import BodySeries, HeadNearness
from bitflow.events.hands import TouchSeries
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.signal import Signal

if TYPE_CHECKING:
    from bitflow.store import Recording

#: Tables of which any lets something be said about the body.
TABLES = frozenset({"bodies", "hands", "head_pose", "faces"})

#: A face so much larger than the person's median is one unit of approach, see `approach`: leaning forward.
NEARER = 1.12

#: Share of the time that each is seen to go on.
BEHAVIOURS = (
    *("gesture", "posture_shift", "self_touch", "lean_forward", "lean_back"),
    *("nod", "shake", "head_tilt", "look_away"),
)


def lean(person: Person) -> Signal:
    """Trunk against the vertical, deg."""
    return person.get(BodySeries).lean


def shoulder_height(person: Person) -> Signal:
    """How near the shoulders are to the nose, in shoulder widths, larger when they are drawn up."""
    body = person.get(BodySeries)
    return body.joint("nose").channel(1) - body.shoulders.channel(1)


def hand_to_face(person: Person) -> Signal:
    """Distance of the nearer hand to the face, in face heights; 0 at the face."""
    return person.get(TouchSeries).distance


def approach(person: Person) -> Signal:
    """Nearer to the camera than the person's median is positive, in steps of leaning forward."""
    return person.get(HeadNearness).ratio.map(lambda ratio: np.log(ratio) / np.log(NEARER))


SIGNALS: dict[str, tuple[Callable[[Person], Signal], str]] = {
    "lean": (lean, "deg"),
    "shoulder_height": (shoulder_height, "1"),
    "hand_to_face": (hand_to_face, "1"),
    "approach": (approach, "1"),
}

#: How fast joints go from bin to bin, see `_speeds`.
SPEEDS = ("restlessness", "wrist_speed")

NAMES = tuple(f"body.{name}" for name in (*SPEEDS, *SIGNALS, *BEHAVIOURS))
UNITS = (*("1/s" for _ in SPEEDS), *(unit for _, unit in SIGNALS.values()), *("1" for _ in BEHAVIOURS))


def body_cues(recording: Recording, edges: np.ndarray) -> np.ndarray:
    """The columns of `NAMES` of the main person ``(bins, columns)`` float32; NaN where nothing was seen.

    Parameters
    ----------
    edges
        Edges of the bins, ``(bins + 1,)`` s.
    """
    found = np.full((len(edges) - 1, len(NAMES)), np.nan, np.float32)
    person = _main_person(recording)
    if person is None:
        return found
    known = behaviours()
    with suppress(Undefined):
        found[:, 0], found[:, 1] = _speeds(person.get(BodySeries), edges)
    for column, (signal, _) in enumerate(SIGNALS.values(), start=len(SPEEDS)):
        try:
            found[:, column] = _means(signal(person), edges)
        except Undefined:
            continue
    for column, name in enumerate(BEHAVIOURS, start=len(SPEEDS) + len(SIGNALS)):
        try:
            mask = known[name].events(person).mask()
        except Undefined:
            continue
        share = Signal(np.where(mask.known, mask.yes.astype(float), np.nan), mask.start, mask.rate)
        found[:, column] = _means(share, edges)
    return found


def _speeds(body: BodySeries, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean speed of the joints that are seen, and of the faster wrist, ``(bins,)`` each, shoulder widths a second.

    Between means of bins, which shake less than the points do.
    """
    rate = 1.0 / (edges[1] - edges[0])
    speed = {}
    for name, joint in body.joints.items():
        place = np.column_stack([_means(joint.channel(k), edges) for k in (0, 1)])
        speed[name] = rate * np.linalg.norm(np.diff(place, axis=0, prepend=place[:1] * np.nan), axis=1)
    every = np.array(list(speed.values()))
    known = np.isfinite(every)
    total, count = np.where(known, every, 0.0).sum(axis=0), known.sum(axis=0)
    mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean, np.fmax(speed["left_wrist"], speed["right_wrist"])


def _main_person(recording: Recording) -> Person | None:
    """Whose body it is; where nobody was told apart, the first that is there."""
    from bitflow.people import main_person, people_rows

    scene = Scene(recording)
    who = main_person(people_rows(recording)) if "people" in scene.tables else None
    if who is None:
        who = next(iter(scene.people), None)
    return None if who is None else scene.person(who)


def _means(signal: Signal, edges: np.ndarray) -> np.ndarray:
    """Mean of the known samples that begin in each bin, ``(bins,)``."""
    at = np.searchsorted(edges, signal.times + 1e-9, side="right") - 1
    inside = (at >= 0) & (at < len(edges) - 1) & np.isfinite(signal.values)
    total = np.bincount(at[inside], signal.values[inside], len(edges) - 1)
    count = np.bincount(at[inside], minlength=len(edges) - 1)
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
