"""The hand networks: a palm detector, a model of 21 points, and one that centres a crop guessed from the body.

Follows MediaPipe's hand and holistic landmark graphs: which crop a palm, a hand or a forearm asks for, and what the
tensors mean. The model's handedness assumes a mirrored picture; here it is turned into the probability of the
subject's own right hand in a picture as cameras take it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bitflow.extractors.landmarks import ssd
from bitflow.extractors.landmarks.crops import Crops, View
from bitflow.extractors.landmarks.finder import Finder
from bitflow.extractors.landmarks.roi import Roi, around_box, direction
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
        self._min_presence = min_presence
        # Opened when first used: in many recordings no hand is ever seen.
        self._hand = cache(lambda: runtime.session("hand_landmarks", normalise=(1 / 255, 0.0)))
        self._finder = cache(lambda: Finder(runtime, "palm_detection", ssd.PALM, min_score=min_score))
        self._recrop = cache(lambda: runtime.session("hand_recrop", normalise=(1 / 255, 0.0)))
        self._crops, self._guesses = Crops(SIZE), Crops(_RECROP_SIZE)
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
        return [*at_wrists, *_palm_seeds(self._finder().find([frame])[0])]

    def detect_all(self, frames: Sequence[Frame]) -> list[Sequence[Seed]]:
        """Hands in each of some pictures: at all wrists, and palms where these do not tell of all."""
        wrists = [[guess for _, guess in self._forearms.get(frame.index, ())] for frame in frames]
        guessed = [(frame, guess) for frame, guesses in zip(frames, wrists, strict=True) for guess in guesses]
        centred = self.centred_all(guessed)
        looked = iter(self.follow_all([(frame, roi) for (frame, _), roi in zip(guessed, centred, strict=True)]))
        at_wrists = [
            [Seed(seen.roi, seen.presence) for seen in islice(looked, len(guesses)) if self._is_hand(seen)]
            for guesses in wrists
        ]
        open_ = [i for i, guesses in enumerate(wrists) if not guesses or len(at_wrists[i]) < len(guesses)]
        palms = dict(zip(open_, self._finder().find([frames[i] for i in open_]), strict=True))
        return [[*seeds, *(_palm_seeds(palms[i]) if i in palms else ())] for i, seeds in enumerate(at_wrists)]

    def follow(self, frame: Frame, roi: Roi) -> Observation:
        """The hand in a crop; its values are a `Hand`."""
        seen = self.follow_all([(frame, roi)])[0]
        if self._at != frame.index:
            self._at, self._followed = frame.index, []
        if self._is_hand(seen):
            self._followed.append(seen.roi)
        return seen

    def follow_all(self, views: Sequence[View]) -> list[Observation]:
        """The hands in some crops."""
        if not views:
            return []
        crops, matrices = self._crops.cut(views)
        rows, flags, sides, world = self._hand().run(crops)
        points = rows.reshape(len(views), len(POINTS), 3)
        points[..., 2] /= _FLATNESS
        world = world.reshape(len(views), len(POINTS), 3)
        scores = zip(flags.reshape(-1).tolist(), sides.reshape(-1).tolist(), strict=True)
        return [
            Observation(Hand(xyz, metres, side), flag, roi_of_hand(xyz[:, :2] @ matrix[:, :2].T + matrix[:, 2]))
            for xyz, metres, (flag, side), matrix in zip(points, world, scores, matrices, strict=True)
        ]

    def alike(self, before: Hand, after: Hand) -> bool:
        """Whether two neighbouring looks can show one hand."""
        return True

    def _is_hand(self, seen: Observation) -> bool:
        return seen.presence >= self._min_presence

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
            if self._is_hand(seen):
                seeds.append(Seed(seen.roi, seen.presence))
                followed.append(seen.roi)
            else:
                self._tried[number] = frame.index
        return seeds, tried

    def centred(self, frame: Frame, guess: Roi) -> Roi:
        """A rough crop about a hand, moved and scaled onto it."""
        return self.centred_all([(frame, guess)])[0]

    def centred_all(self, guesses: Sequence[View]) -> list[Roi]:
        """Rough crops about hands, moved and scaled onto them."""
        if not guesses:
            return []
        crops, matrices = self._guesses.cut(guesses)
        (rows,) = self._recrop().run(crops)
        points = rows.reshape(len(guesses), 2, -1)[..., :2].astype(np.float64)
        return [_centred(xy @ matrix[:, :2].T + matrix[:, 2]) for xy, matrix in zip(points, matrices, strict=True)]


def _centred(xy: np.ndarray) -> Roi:
    """The crop about a hand from its middle and a point beyond, ``(2, 2)`` px."""
    (cx, cy), (x, y) = xy.tolist()
    half = math.hypot(x - cx, y - cy)
    angle = direction((cx, cy), (x, y), -math.pi / 2.0)
    return around_box((cx - half, cy - half, cx + half, cy + half), angle, 1.0, shift_y=-0.1)


def _palm_seeds(found: ssd.Detections) -> list[Seed]:
    return [
        Seed(roi_of_palm(box, points), float(score))
        for box, points, score in zip(found.boxes, found.keypoints, found.scores, strict=True)
    ]


def _inside(guess: Roi, hand: Roi) -> bool:
    """Whether a followed hand is the one that a rough crop is about."""
    return math.hypot(hand[0] - guess[0], hand[1] - guess[1]) < _TAKEN * guess[2]
