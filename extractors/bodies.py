"""Bodies and their hands: poses in picture and space, what people wear, and hands found from the wrists.

One pass over the pictures makes three tables. A detector looks at the start of every chunk, the pose model follows
each body from frame to frame, hands are looked for at the wrists that the poses show, and the ordered join makes
tracks of both (`extractors.tracking`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from bitflow.errors import UsageError
from bitflow.extractors.hands import HANDS, HandResult, Sides, hand_rows, search
from bitflow.extractors.landmarks import pose
from bitflow.extractors.landmarks.hand import HandFollower
from bitflow.extractors.landmarks.pose import PoseFollower
from bitflow.extractors.landmarks.roi import to_image, turned
from bitflow.extractors.landmarks.veil import veil
from bitflow.extractors.tracking import clothing
from bitflow.extractors.tracking.chain import Chain, FollowedChunk, Rules, follow_chunk
from bitflow.extractors.tracking.rows import PX, box_columns, box_values, probability, row_order, sample_entries
from bitflow.extractors.tracking.stitch import StitchedChunk, stitch
from bitflow.extractors.tracking.windows import follow_windows
from bitflow.tables import TRACK_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import Frame, FrameChunk

#: A joint counts as seen from this visibility.
_SEEN = 0.5

BODIES = Schema(
    "bodies",
    "frame",
    (
        *TRACK_KEYS,
        Column(
            "points",
            "float32",
            "px",
            "33 joints: x, y, z of the same scale (0 at the mid-hip, smaller nearer the camera), and visibility in "
            "[0, 1]; joints outside the picture are guesses",
            "image",
            None,
            "linear",
            shape=(len(pose.POINTS), 4),
            quantum=PX,
        ),
        Column(
            "world",
            "float32",
            "m",
            "the same joints about the mid-hip, axes as in the image",
            "world",
            None,
            "linear",
            shape=(len(pose.POINTS), 3),
            quantum=1 / 4096,
        ),
        *box_columns("the visible joints inside the picture"),
        probability("score", "probability that a body is there"),
    ),
    "body poses",
    tracks="body",
)

BODY_APPEARANCE = Schema(
    "body_appearance",
    "frame",
    (
        *TRACK_KEYS,
        Column(
            "vector",
            "float32",
            "1",
            f"CIELAB colours of {clothing.SPOTS} spots of torso, arms and thighs; NaN where they are not seen",
            shape=(clothing.LENGTH,),
            quantum=1 / 16,
        ),
        probability("weight", "share of the spots that are seen"),
    ),
    "what a body wears, twice a second: which tracks show one person is settled by it",
    tracks="body",
)

_HANDS: dict[str, Any] = {"table": "hands"}

#: A body's crop is a square about the whole of it, arms raised: neighbours share much of it. A body's own place in
#: it is about its torso.
_BODY_RULES = Rules(settle=2, extent=0.35, max_shift=0.3, veil=veil)
#: Hands may touch and cross, and vanish for a few frames only.
_HAND_RULES = Rules(settle=2, look_every=3, near=0.5, max_gap=0.5)


@dataclass(frozen=True)
class Bodies:
    """Bodies, and their hands where the table `hands` is asked for.

    Parameters
    ----------
    max_people
        Most bodies followed at once; the largest at first sight are. Hands are followed for as many.
    min_score
        Detections below this probability are left out.
    min_presence
        A body is lost where the pose model's own probability falls below this.
    probe
        Frames between detections while fewer bodies are followed than were seen a moment before.
    min_palm_score, min_hand_presence, hand_probe
        The same for hands; `hand_probe` frames pass between looks while fewer hands than wrists are seen.
    """

    max_people: int = 4
    min_score: float = 0.5
    min_presence: float = 0.5
    probe: int = 6
    min_palm_score: float = field(default=0.5, metadata=_HANDS)
    min_hand_presence: float = field(default=0.5, metadata=_HANDS)
    hand_probe: int = field(default=3, metadata=_HANDS)

    name: ClassVar[str] = "bodies"
    version: ClassVar[str] = "2"
    needs: ClassVar[tuple[str, ...]] = ("video",)
    in_spans: ClassVar[bool] = True
    frame_ms: ClassVar[float] = 6.0
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (BODIES, BODY_APPEARANCE, HANDS)
    on_request: ClassVar[tuple[str, ...]] = ("hands",)

    def __post_init__(self) -> None:
        if self.max_people < 1:
            raise UsageError(f"bodies.max_people is at least 1, not {self.max_people}")
        for table, name in (("bodies", "probe"), ("hands", "hand_probe")):
            if getattr(self, name) < 1:
                raise UsageError(f"{table}.{name} is at least 1 frame, not {getattr(self, name)}")
        shares = (("bodies", "min_score"), ("bodies", "min_presence"))
        for table, name in (*shares, ("hands", "min_palm_score"), ("hands", "min_hand_presence")):
            if not 0.0 < getattr(self, name) < 1.0:
                raise UsageError(f"{table}.{name} lies between 0 and 1, not {getattr(self, name)}")

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Nothing is left open."""
        return self

    def models(self) -> tuple[str, ...]:
        """Detector and pose model, and those of the hands."""
        return ("pose_detection", "pose_landmarks_full", "palm_detection", "hand_landmarks", "hand_recrop")

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[FrameChunk], _Part]:
        """One thread's detectors and landmark models."""
        poses, rules = self._poses(runtime), self._rules()
        follow = follow_windows if runtime.in_batches else follow_chunk
        hands = self._hands(runtime) if "hands" in runtime.tables else None

        def work(chunk: FrameChunk) -> _Part:
            bodies = follow(chunk.frames, poses, rules)
            for chain in bodies.chains:
                _finish_body(chunk.frames, chain)
            if hands is None:
                return _Part(bodies, None)
            place = search(chunk.frames, [(chain, chain.result.points) for chain in bodies.chains], self.max_people)
            follower = hands.at_wrists(place.forearms)
            hand_rules = replace(self._hand_rules(), max_tracks=place.most)
            followed = follow(chunk.frames, follower, hand_rules, place.expected)
            for chain in followed.chains:
                chain.result = HandResult.of(chain)
            return _Part(bodies, followed)

        return work

    def join(
        self, parts: Iterator[_Part], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Tracks over chunk borders, sides of hands, and rows."""
        most, when = 0, 0.0
        bodies_of, hands_of = _parted(parts)
        bodies = stitch(bodies_of, lambda: self._poses(runtime), self._rules())
        hands = stitch(hands_of, lambda: self._hands(runtime), self._hand_rules())
        sides = Sides()
        for seen, gripped in zip(bodies, hands, strict=True):
            if seen.seen > most:
                most, when = seen.seen, seen.seen_at
            for _, chain in seen.pieces:
                if chain.result is None:
                    _finish_body(seen.frames, chain)
            yield from _body_rows(seen)
            for _, chain in gripped.pieces:
                if chain.result is None:
                    chain.result = HandResult.of(chain)
            rows = hand_rows(gripped, seen, sides)
            if rows is not None:
                yield "hands", rows
        if most > self.max_people:
            runtime.note(
                f"{most} bodies were seen at once (at {when:.1f} s); the {self.max_people} largest are followed, "
                "more with bodies.max_people"
            )

    def _poses(self, runtime: Runtime) -> PoseFollower:
        return PoseFollower(runtime, min_score=self.min_score)

    def _hands(self, runtime: Runtime) -> HandFollower:
        return HandFollower(runtime, min_score=self.min_palm_score, min_presence=self.min_hand_presence)

    def _rules(self) -> Rules:
        return replace(_BODY_RULES, max_tracks=self.max_people, min_presence=self.min_presence, look_every=self.probe)

    def _hand_rules(self) -> Rules:
        return replace(
            _HAND_RULES,
            max_tracks=2 * self.max_people,
            min_presence=self.min_hand_presence,
            look_every=self.hand_probe,
        )


@dataclass(frozen=True)
class _Part:
    """One chunk's bodies, and its hands where they are wanted."""

    bodies: FollowedChunk
    hands: FollowedChunk | None


def _parted(parts: Iterator[_Part]) -> tuple[Iterator[FollowedChunk], Iterator[FollowedChunk]]:
    """Bodies and hands of each part, for two readers of which the first is one part ahead at most.

    `itertools.tee` keeps blocks of 57 items, which are a minute of pictures.
    """
    waiting: deque[FollowedChunk] = deque()

    def bodies() -> Iterator[FollowedChunk]:
        for part in parts:
            waiting.append(part.hands or FollowedChunk(part.bodies.frames, []))
            yield part.bodies

    def hands() -> Iterator[FollowedChunk]:
        while waiting:
            yield waiting.popleft()

    return bodies(), hands()


@dataclass(frozen=True)
class _BodyResult:
    """The columns of one chain of bodies; all arrays have one entry a frame, but for the appearance samples."""

    points: np.ndarray  # (n, 33, 4) px, visibility
    world: np.ndarray  # (n, 33, 3) m
    sampled: np.ndarray  # (m,) entries that have an appearance
    vectors: np.ndarray  # (m, clothing.LENGTH)


def _finish_body(frames: Sequence[Frame], chain: Chain) -> None:
    """From crops to the picture."""
    rois = np.array(chain.rois)
    points = np.stack([seen.points for seen in chain.values]).astype(np.float64)
    points[..., :3] = to_image(points[..., :3], rois, pose.SIZE)
    world = turned(np.stack([seen.world for seen in chain.values]), rois)
    seen = frames[chain.start : chain.stop]
    sampled = sample_entries(seen)
    vectors = np.stack([clothing.describe(seen[i], chain.rois[i], points[i]) for i in sampled])
    chain.result = _BodyResult(points.astype(np.float32), world.astype(np.float32), sampled, vectors)


def _body_rows(chunk: StitchedChunk) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows of one chunk, by frame and then track."""
    if not chunk.pieces:
        return
    results: list[_BodyResult] = [chain.result for _, chain in chunk.pieces]
    keys, order = row_order(chunk)
    points = np.concatenate([result.points for result in results])[order]
    yield (
        "bodies",
        BODIES.batch(
            {
                **keys,
                "points": points,
                "world": np.concatenate([result.world for result in results])[order],
                **box_values(*_visible_box(points, chunk.frames[0].width, chunk.frames[0].height)),
                "score": np.concatenate([chain.presence for _, chain in chunk.pieces])[order].clip(0.0, 1.0),
            }
        ),
    )
    keys, order = row_order(chunk, [result.sampled for result in results])
    vectors = np.concatenate([result.vectors for result in results])[order]
    weight = np.isfinite(vectors).mean(axis=1)
    yield "body_appearance", BODY_APPEARANCE.batch({**keys, "vector": vectors, "weight": weight})


def _visible_box(points: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners ``(n, 2)`` of the box about the visible joints inside the picture, or about all when none is."""
    xy = points[..., :2]
    limits = np.array([width, height], np.float32)
    seen = (points[..., 3] >= _SEEN) & ((xy >= 0) & (xy <= limits)).all(axis=2)
    seen |= ~seen.any(axis=1, keepdims=True)
    low = np.where(seen[..., None], xy, np.inf).min(axis=1).clip(0, limits)
    high = np.where(seen[..., None], xy, -np.inf).max(axis=1).clip(0, limits)
    return low, high
