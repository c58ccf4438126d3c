"""Which tracks of different kinds are parts of one person, from where they are in the frames that show both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bitflow.extractors.identity.sightings import Sighting, together

#: Marks of a body, in this order, as numbers of its pose points.
BODY_MARKS = (0, 15, 16, 13, 14)
NOSE, LEFT_WRIST, RIGHT_WRIST, LEFT_ELBOW, RIGHT_ELBOW = range(5)

#: Marks of a hand: its wrist and the root of its middle finger.
HAND_MARKS = (0, 9)

#: A nose belongs to a face when it lies in the box about the mesh, enlarged by this factor.
FACE_BOX = 1.2
#: A hand is at a wrist when it is nearer than this part of the forearm, or than one palm.
FOREARM = 0.35
#: Joints below this visibility are guesses.
SEEN = 0.3

#: Frames in which two tracks must be seen together before anything is said.
ENOUGH_FRAMES = 3


@dataclass(frozen=True)
class Link:
    """How two tracks go together: in `agreed` of the `seen` frames that could tell."""

    seen: int
    agreed: int

    @property
    def share(self) -> float:
        """Part of the frames that agree."""
        return self.agreed / self.seen if self.seen else 0.0

    @property
    def holds(self) -> bool:
        """Whether they are one person's; a single picture must do where there is no more."""
        return self.agreed > 0 and self.share >= 0.5

    @property
    def excludes(self) -> bool:
        """Whether they are two persons'."""
        return self.seen >= ENOUGH_FRAMES and self.share < 0.2


def face_to_body(face: Sighting, body: Sighting) -> Link:
    """Does the body's nose lie in the face?"""
    mine, theirs = together(face, body)
    box, nose = face.boxes[mine], body.marks[theirs, NOSE]
    centre, half = box[:, :2] + box[:, 2:] / 2, box[:, 2:] / 2 * FACE_BOX
    tells = nose[:, 2] >= SEEN
    inside = (np.abs(nose[:, :2] - centre) <= half).all(axis=1)
    return Link(int(tells.sum()), int((inside & tells).sum()))


def hand_to_body(hand: Sighting, body: Sighting) -> Link:
    """Is the hand at one of the body's wrists?"""
    mine, theirs = together(hand, body)
    wrist, palm = hand.marks[mine, 0, :2], hand.marks[mine, 1, :2]
    reach = np.linalg.norm(palm - wrist, axis=1)
    at_wrist, tells = np.zeros(len(mine), bool), np.zeros(len(mine), bool)
    for joint, elbow in ((LEFT_WRIST, LEFT_ELBOW), (RIGHT_WRIST, RIGHT_ELBOW)):
        place = body.marks[theirs, joint]
        forearm = np.linalg.norm(place[:, :2] - body.marks[theirs, elbow, :2], axis=1)
        near = np.linalg.norm(place[:, :2] - wrist, axis=1) <= np.maximum(FOREARM * forearm, reach)
        seen = place[:, 2] >= SEEN
        tells |= seen
        at_wrist |= near & seen
    return Link(int(tells.sum()), int(at_wrist.sum()))


def links(
    firsts: Sequence[Sighting], seconds: Sequence[Sighting], judge: Callable[[Sighting, Sighting], Link]
) -> dict[tuple[int, int], Link]:
    """Links by pair of track numbers, for tracks that were seen together at all."""
    found: dict[tuple[int, int], Link] = {}
    for first in firsts:
        for second in seconds:
            if first.frames[0] <= second.frames[-1] and second.frames[0] <= first.frames[-1]:
                link = judge(first, second)
                if link.seen:
                    found[first.track, second.track] = link
    return found
