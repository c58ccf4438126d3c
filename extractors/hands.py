"""Hands: where they are looked for, whose side they are on, and their table.

The body says where to look: crops at its wrists first, palms elsewhere in the picture only while fewer hands are
followed than wrists are seen. `extractors.bodies` runs this after its own pass over the same pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bitflow.extractors.landmarks import hand, pose
from bitflow.extractors.landmarks.hand import roi_of_forearm
from bitflow.extractors.landmarks.roi import Roi, to_image, turned
from bitflow.extractors.tracking.rows import PX, box_columns, box_values, probability, row_order
from bitflow.tables import TRACK_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extractors.tracking.chain import Chain
    from bitflow.extractors.tracking.stitch import StitchedChunk
    from bitflow.media import Frame

HANDS = Schema(
    "hands",
    "frame",
    (
        *TRACK_KEYS,
        Column("handedness", "string", description="left or right: the subject's own hand", resample="nearest"),
        probability("handedness_score", "share of what was seen of this hand so far that speaks for its side"),
        Column(
            "points",
            "float32",
            "px",
            "21 points from wrist to finger tips: x, y, and z of the same scale, 0 at the wrist, smaller nearer the "
            "camera",
            "image",
            None,
            "linear",
            shape=(len(hand.POINTS), 3),
            quantum=PX,
        ),
        Column(
            "world",
            "float32",
            "m",
            "the same points about the hand's middle, axes as in the image",
            "world",
            None,
            "linear",
            shape=(len(hand.POINTS), 3),
            quantum=1 / 8192,
        ),
        *box_columns("the points"),
        probability("score", "probability that a hand is there"),
    ),
    "hands, two a person at most",
    tracks="hand",
)

#: A wrist is looked at from this visibility; below the lower one it does not even tell that a palm may be there.
_SEEN, _PERHAPS = 0.5, 0.3
#: Frames between looks for hands that no wrist tells of: those of a bust shot, whose arms are guesses, and those
#: without a body in the picture.
_UNTOLD = 6

#: Elbow, wrist, little finger, index finger; the subject's left first.
_ARMS = np.array(
    [
        (pose.LEFT_ELBOW, pose.LEFT_WRIST, pose.LEFT_PINKY, pose.LEFT_INDEX),
        (pose.RIGHT_ELBOW, pose.RIGHT_WRIST, pose.RIGHT_PINKY, pose.RIGHT_INDEX),
    ]
)
#: A hand is a wrist's when it lies nearer than this part of the forearm, or than one palm.
_REACH = 0.35


@dataclass(frozen=True)
class HandResult:
    """What was seen of one chain of hands, in the picture."""

    points: np.ndarray  # (n, 21, 3) px
    world: np.ndarray  # (n, 21, 3) m
    right: np.ndarray  # (n,) the model's probability of a right hand

    @classmethod
    def of(cls, chain: Chain) -> HandResult:
        """From the crops of a chain."""
        rois = np.array(chain.rois)
        points = to_image(np.stack([seen.points for seen in chain.values]), rois, hand.SIZE)
        world = turned(np.stack([seen.world for seen in chain.values]), rois)
        right = np.array([seen.right for seen in chain.values])
        return cls(points.astype(np.float32), world.astype(np.float32), right)


@dataclass(frozen=True)
class Search:
    """Where hands are to be looked for in a chunk.

    `forearms` holds, by frame number, a number for each wrist that is seen and the crop that it leads to;
    `expected` how many hands there should be in each frame, `most` how many there can be.
    """

    forearms: Mapping[int, Sequence[tuple[int, Roi]]]
    expected: Sequence[int]
    most: int


def search(frames: Sequence[Frame], bodies: Sequence[tuple[Chain, np.ndarray]], max_people: int) -> Search:
    """What bodies tell about hands.

    Parameters
    ----------
    frames
        Of one chunk.
    bodies
        Its chains of bodies, each with their points ``(n, 33, 4)`` px and visibility.
    max_people
        How many bodies are followed at most.
    """
    count = len(frames)
    people = np.zeros(count, int)
    expected = np.zeros(count, int)
    forearms: dict[int, list[tuple[int, Roi]]] = {}
    size = (frames[0].width, frames[0].height)
    for number, (chain, points) in enumerate(bodies):
        wrists = points[:, _ARMS[:, 1]]
        inside = ((wrists[..., :2] >= 0) & (wrists[..., :2] < size)).all(axis=2)
        seen, perhaps = inside & (wrists[..., 3] > _SEEN), inside & (wrists[..., 3] > _PERHAPS)
        span = slice(chain.start, chain.stop)
        people[span] += 1
        expected[span] += perhaps.sum(axis=1)
        for at, side in np.argwhere(seen).tolist():
            _, wrist, pinky, index = points[at, _ARMS[side], :2].tolist()
            guess = roi_of_forearm(wrist, index, pinky)
            forearms.setdefault(frames[chain.start + at].index, []).append((2 * number + side, guess))
    untold = np.arange(count) % _UNTOLD == 0
    expected[untold] = 2 * np.where(people[untold] > 0, people[untold], max_people)
    return Search(forearms, expected.tolist(), 2 * (int(people.max()) if people.all() else max_people))


@dataclass
class Sides:
    """Left or right, settled for each track by all that was seen of it so far.

    Where the hand lies at a wrist of a body, the wrist decides; elsewhere the hand model does.
    """

    _wrist: dict[int, np.ndarray] = field(default_factory=dict)
    _model: dict[int, np.ndarray] = field(default_factory=dict)

    def settle(self, hands: StitchedChunk, bodies: StitchedChunk) -> dict[int, tuple[str, float]]:
        """Take a chunk in; returns side and score of each of its tracks of hands."""
        matched = match_wrists(hands, bodies)
        for (track, chain), sides in zip(hands.pieces, matched, strict=True):
            right = chain.result.right
            said = self._model.setdefault(track, np.zeros(2))
            said += (len(right) - right.sum(), right.sum())
            lay = self._wrist.setdefault(track, np.zeros(2))
            lay += ((sides == 0).sum(), (sides == 1).sum())
        settled = {}
        for track in {track for track, _ in hands.pieces}:
            votes = self._wrist[track]
            if votes[0] == votes[1]:
                votes = self._model[track]
            right = votes[1] > votes[0]
            settled[track] = ("right" if right else "left", float(votes.max() / votes.sum()))
        return settled


def match_wrists(hands: StitchedChunk, bodies: StitchedChunk) -> list[np.ndarray]:
    """At whose side each hand lies: for each piece of `hands` one number a frame, 0 left, 1 right, -1 neither.

    One hand a wrist and one wrist a hand, the nearest first.
    """
    count = len(hands.frames)
    costs = np.full((len(hands.pieces), 2 * len(bodies.pieces), count), np.inf)
    for i, (_, chain) in enumerate(hands.pieces):
        for j, (_, body) in enumerate(bodies.pieces):
            low, high = max(chain.start, body.start), min(chain.stop, body.stop)
            if low < high:
                seen = chain.result.points[low - chain.start : high - chain.start]
                joints = body.result.points[low - body.start : high - body.start]
                costs[i, 2 * j : 2 * j + 2, low:high] = _distances(seen, joints).T
    sides = np.full((len(hands.pieces), count), -1)
    if costs.size:
        flat = costs.reshape(-1, count)
        at = np.arange(count)
        for _ in range(min(costs.shape[:2])):
            best = flat.argmin(axis=0)
            piece, wrist = np.divmod(best, costs.shape[1])
            near = np.flatnonzero(flat[best, at] < 1.0)
            sides[piece[near], near] = wrist[near] % 2
            costs[piece[near], :, near] = np.inf
            costs[:, wrist[near], near] = np.inf
    return [sides[i, chain.start : chain.stop] for i, (_, chain) in enumerate(hands.pieces)]


def _distances(seen: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Distance of hands ``(n, 21, 3)`` from a body's wrists ``(n, 33, 4)``, ``(n, 2)`` in units of their reach."""
    wrists, elbows = joints[:, _ARMS[:, 1]], joints[:, _ARMS[:, 0]]
    forearm = np.linalg.norm(wrists[..., :2] - elbows[..., :2], axis=2)
    palm = np.linalg.norm(seen[:, hand.MIDDLE_MCP, :2] - seen[:, hand.WRIST, :2], axis=1)
    away = np.linalg.norm(wrists[..., :2] - seen[:, None, hand.WRIST, :2], axis=2)
    away /= np.maximum(np.maximum(_REACH * forearm, palm[:, None]), 1e-6)
    return np.where(wrists[..., 3] > _SEEN, away, np.inf)


def hand_rows(hands: StitchedChunk, bodies: StitchedChunk, sides: Sides) -> pa.RecordBatch | None:
    """Rows of one chunk, whose `bodies` are at hand; None when it has none."""
    if not hands.pieces:
        return None
    settled = sides.settle(hands, bodies)
    keys, order = row_order(hands)
    results: list[HandResult] = [chain.result for _, chain in hands.pieces]
    points = np.concatenate([result.points for result in results])[order]
    said = [settled[track] for track in keys["track"].tolist()]
    return HANDS.batch(
        {
            **keys,
            "handedness": [side for side, _ in said],
            "handedness_score": np.array([score for _, score in said]),
            "points": points,
            "world": np.concatenate([result.world for result in results])[order],
            **box_values(points[..., :2].min(axis=1), points[..., :2].max(axis=1)),
            "score": np.concatenate([chain.presence for _, chain in hands.pieces])[order].clip(0.0, 1.0),
        }
    )
