"""The hand networks: a palm detector, a model of 21 points, and one that centres a crop guessed from the body.

Follows MediaPipe's hand and holistic landmark graphs: which crop a palm, a hand or a forearm asks for, and what the
tensors mean. The model's handedness assumes a mirrored picture; here it is turned into the probability of the
subject's own right hand in a picture as cameras take it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bitflow.extractors.landmarks import ssd
from bitflow.extractors.landmarks.roi import Roi, around_box, crop_matrix, direction, letterbox
from bitflow.extractors.tracking.chain import Observation, Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitflow.extraction.protocol import Runtime
    from bitflow.media import Frame

#: Names of the 21 points, in order.
POINTS = (
    "wrist",
    *("thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip"),
    *("index_mcp", "index_pip", "index_dip", "index_tip"),
    *("middle_mcp", "middle_pip", "middle_dip", "middle_tip"),
    *("ring_mcp", "ring_pip", "ring_dip", "ring_tip"),
    *("pinky_mcp", "pinky_pip", "pinky_dip", "pinky_tip"),
)

#: Pairs of points that a skeleton draws.
EDGES = (
    *((0, 1), (1, 2), (2, 3), (3, 4), (0, 5), (5, 6), (6, 7), (7, 8)),
    *((5, 9), (9, 10), (10, 11), (11, 12), (9, 13), (13, 14), (14, 15), (15, 16)),
    *((13, 17), (0, 17), (17, 18), (18, 19), (19, 20)),
)

WRIST, INDEX_MCP, MIDDLE_MCP, RING_MCP = 0, 5, 9, 13

#: Side of the model's crop and of the centring model's, in px.
SIZE = 224
_RECROP_SIZE = 256
#: The model's z is this much too flat for x and y.
_FLATNESS = 0.4

#: Points about whose box the next crop lies: the palm and the fingers' first joints.
_STEADY = np.array([0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18])

#: Frames for which a wrist is not tried again after nothing was found at it.
_PATIENCE = 6
#: Part of a crop at a wrist that must be free of hands already followed.
_TAKEN = 0.3


class Hand(NamedTuple):
    """What the model saw in one crop."""

    #: x, y, z in px of the crop.  # (21, 3)
    points: np.ndarray
    #: Metres about the hand's middle, turned as the crop is.  # (21, 3)
    world: np.ndarray
    #: Probability of a right hand.
    right: float


def roi_of_palm(box: np.ndarray, keypoints: np.ndarray) -> Roi:
    """The crop for a detected palm: beyond it toward the fingers, which point up."""
    angle = direction((keypoints[0, 0], keypoints[0, 1]), (keypoints[2, 0], keypoints[2, 1]), math.pi / 2.0)
    return around_box((box[0], box[1], box[2], box[3]), angle, 2.6, shift_y=-0.5)


def roi_of_hand(xy: np.ndarray) -> Roi:
    """The crop for the next frame, from the points ``(21, 2)`` px: about the palm and first joints, knuckles up."""
    (wx, wy), (ix, iy), (mx, my), (rx, ry) = xy[[WRIST, INDEX_MCP, MIDDLE_MCP, RING_MCP]].tolist()
    angle = direction((wx, wy), (((ix + rx) / 2.0 + mx) / 2.0, ((iy + ry) / 2.0 + my) / 2.0), math.pi / 2.0)
    c, s = math.cos(angle), math.sin(angle)
    steady = xy[_STEADY]
    along = steady[:, 0] * c + steady[:, 1] * s
    across = steady[:, 1] * c - steady[:, 0] * s
    left, right = float(along.min()), float(along.max())
    top, bottom = float(across.min()), float(across.max())
    width, height = right - left, bottom - top
    x, y = (left + right) / 2.0, (top + bottom) / 2.0 - 0.1 * height
    return (x * c - y * s, x * s + y * c, max(width, height) * 2.0, angle)


def roi_of_forearm(wrist: Sequence[float], index: Sequence[float], pinky: Sequence[float]) -> Roi:
    """A first guess from the body's wrist and knuckles: large, since these are rough."""
    (wx, wy), (ix, iy), (px, py) = wrist, index, pinky
    x, y = (2.0 * ix + px) / 3.0, (2.0 * iy + py) / 3.0
    half = math.hypot(x - wx, y - wy)
    angle = direction((wx, wy), (x, y), math.pi / 2.0)
    return around_box((x - half, y - half, x + half, y + half), angle, 2.7, shift_y=-0.1)


class HandFollower:
    """Palm detector and hand model as the tracker needs them.

    Parameters
    ----------
    min_score
        Palms below this probability are left out.
    min_presence
        Probability from which a crop at a wrist holds a hand.
    """

    def __init__(self, runtime: Runtime, *, min_score: float, min_presence: float) -> None:
        self._min_score, self._min_presence = min_score, min_presence
        self._hand = runtime.session("hand_landmarks", normalise=(1 / 255, 0.0))
        self._detector = runtime.session("palm_detection", normalise=(ssd.PALM.scale, ssd.PALM.offset))
        self._recrop = runtime.session("hand_recrop", normalise=(1 / 255, 0.0))
        self._crop = np.empty((1, SIZE, SIZE, 3), np.uint8)
        self._picture = np.empty((1, ssd.PALM.size, ssd.PALM.size, 3), np.uint8)
        self._guess = np.empty((1, _RECROP_SIZE, _RECROP_SIZE, 3), np.uint8)
        self._forearms: Mapping[int, Sequence[tuple[int, Roi]]] = {}
        self._at, self._followed = -1, []
        self._tried: dict[int, int] = {}
        self._looks = 0

    def at_wrists(self, forearms: Mapping[int, Sequence[tuple[int, Roi]]]) -> HandFollower:
        """The same follower, told where the wrists of the next chunk are.

        Parameters
        ----------
        forearms
            By frame number: a number for each wrist that is seen, the same in all frames, and the crop about
            the hand that it leads to.
        """
        self._forearms = forearms
        self._at, self._followed = -1, []
        self._tried, self._looks = {}, 0
        return self

    def detect(self, frame: Frame) -> Sequence[Seed]:
        """Hands at the wrists where none is followed yet; palms anywhere else in the picture at every other look."""
        followed = self._followed if self._at == frame.index else []
        at_wrists, tried = self._at_wrists(frame, list(followed))
        self._looks += 1
        if tried and not at_wrists and self._looks % 2 == 0:
            return []
        if at_wrists and len(at_wrists) == tried:
            return at_wrists
        return [*at_wrists, *self._palms(frame)]

    def detections(self, frame: Frame) -> ssd.Detections:
        """What the palm detector finds, in px of the picture."""
        size = ssd.PALM.size
        frame.warp(
            crop_matrix(letterbox(frame.width, frame.height), size), (size, size), border="zero", out=self._picture[0]
        )
        rows, logits = self._detector.run(self._picture)
        candidates = ssd.decode(ssd.PALM, rows[0], logits[0], self._min_score)
        return ssd.detections_in_image(ssd.suppress(candidates), frame.width, frame.height)

    def follow(self, frame: Frame, roi: Roi) -> Observation:
        """The hand in a crop; its values are a `Hand`."""
        matrix = crop_matrix(roi, SIZE)
        frame.warp(matrix, (SIZE, SIZE), out=self._crop[0])
        rows, flag, side, world = self._hand.run(self._crop)
        points = rows.reshape(len(POINTS), 3)
        points[:, 2] /= _FLATNESS
        place = roi_of_hand(points[:, :2] @ matrix[:, :2].T + matrix[:, 2])
        if self._at != frame.index:
            self._at, self._followed = frame.index, []
        presence = flag.item()
        if presence >= self._min_presence:
            self._followed.append(place)
        return Observation(Hand(points, world.reshape(len(POINTS), 3), side.item()), presence, place)

    def alike(self, before: Hand, after: Hand) -> bool:
        """Whether two neighbouring looks can show one hand."""
        return True

    def _palms(self, frame: Frame) -> list[Seed]:
        found = self.detections(frame)
        return [
            Seed(roi_of_palm(box, points), float(score))
            for box, points, score in zip(found.boxes, found.keypoints, found.scores, strict=True)
        ]

    def _at_wrists(self, frame: Frame, followed: list[Roi]) -> tuple[list[Seed], int]:
        """Hands found at wrists, and how many wrists were tried."""
        seeds: list[Seed] = []
        tried = 0
        for number, guess in self._forearms.get(frame.index, ()):
            if any(_inside(guess, roi) for roi in followed):
                continue
            if frame.index - self._tried.get(number, -_PATIENCE) < _PATIENCE:
                continue
            tried += 1
            roi = self.centred(frame, guess)
            seen = self.follow(frame, roi)
            if seen.presence >= self._min_presence:
                seeds.append(Seed(seen.roi, seen.presence))
                followed.append(seen.roi)
            else:
                self._tried[number] = frame.index
        return seeds, tried

    def centred(self, frame: Frame, guess: Roi) -> Roi:
        """A rough crop about a hand, moved and scaled onto it."""
        matrix = crop_matrix(guess, _RECROP_SIZE)
        frame.warp(matrix, (_RECROP_SIZE, _RECROP_SIZE), out=self._guess[0])
        (rows,) = self._recrop.run(self._guess)
        xy = rows.reshape(2, -1)[:, :2].astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
        (cx, cy), (x, y) = xy.tolist()
        half = math.hypot(x - cx, y - cy)
        angle = direction((cx, cy), (x, y), -math.pi / 2.0)
        return around_box((cx - half, cy - half, cx + half, cy + half), angle, 1.0, shift_y=-0.1)


def _inside(guess: Roi, hand: Roi) -> bool:
    """Whether a followed hand is the one that a rough crop is about."""
    return math.hypot(hand[0] - guess[0], hand[1] - guess[1]) < _TAKEN * guess[2]
