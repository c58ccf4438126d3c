"""The batch tracker in a small world whose things are known: discs that move, hide one another, come and go.

The world's detector and landmark model behave as real ones do: the detector may be blind for a while, the model
follows whatever fills its crop, and locks onto the thing in front where two overlap.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from bitflow.extractors.landmarks.face import FaceFollower
from bitflow.extractors.landmarks.hand import HandFollower
from bitflow.extractors.landmarks.pose import Pose, PoseFollower
from bitflow.extractors.landmarks.roi import Roi
from bitflow.extractors.tracking.chain import Observation, Rules, Seed, follow_chunk
from bitflow.extractors.tracking.stitch import StitchedChunk, stitch
from bitflow.extractors.tracking.windows import follow_windows

SIZE = 100.0
RATE = 25.0


class NoModels:
    """A runtime on which opening a model is a mistake."""

    def session(self, model: str, **options: object) -> object:
        pytest.fail(f"{model} was opened")


@dataclass(frozen=True)
class Thing:
    """A disc: its path (frames, 2) px, NaN while away, and what it looks like; later things are in front."""

    path: np.ndarray
    look: float = 0.0
    size: float = SIZE


@dataclass
class Picture:
    """One frame of the world."""

    index: int
    time: float
    things: Sequence[tuple[int, Thing]]
    blind: bool = False
    duration: float = 1 / RATE


@dataclass
class World:
    """Things, and the frames in which the detector sees nothing."""

    things: Sequence[Thing]
    blind: frozenset[int] = frozenset()
    looks: Counter[int] = field(default_factory=Counter)
    batches: int = 0

    def pictures(self) -> list[Picture]:
        count = len(self.things[0].path)
        return [
            Picture(
                t,
                t / RATE,
                [(i, thing) for i, thing in enumerate(self.things) if np.isfinite(thing.path[t]).all()],
                t in self.blind,
            )
            for t in range(count)
        ]


class WorldFollower:
    """Detector and landmark model of the world; a thing's number is what the model "sees"."""

    def __init__(self, world: World) -> None:
        self._world = world

    def detect(self, frame: Picture) -> Sequence[Seed]:
        if frame.blind:
            return []
        seeds = []
        for at, (_, thing) in enumerate(frame.things):
            x, y = thing.path[frame.index]
            hidden = any(
                math.dist((x, y), other.path[frame.index]) < 0.5 * other.size for _, other in frame.things[at + 1 :]
            )
            if not hidden:
                seeds.append(Seed((x + 3.0, y - 2.0, 1.1 * thing.size, 0.0), 0.9))
        return sorted(seeds, key=lambda seed: -seed.roi[2])

    def follow(self, frame: Picture, roi: Roi) -> Observation:
        self._world.looks[frame.index] += 1
        near = [
            (i, thing) for i, thing in frame.things if math.dist(roi[:2], thing.path[frame.index]) < 0.45 * thing.size
        ]
        if not near:
            return Observation((-1, 0.0), 0.1, roi)
        i, thing = near[-1]
        x, y = thing.path[frame.index]
        return Observation((i, thing.look), 0.95, (float(x), float(y), thing.size, 0.0))

    def detect_all(self, frames: Sequence[Picture]) -> list[Sequence[Seed]]:
        return [self.detect(frame) for frame in frames]

    def follow_all(self, views: Sequence[tuple[Picture, Roi]]) -> list[Observation]:
        self._world.batches += bool(views)
        return [self.follow(frame, roi) for frame, roi in views]

    def alike(self, before: tuple[int, float], after: tuple[int, float]) -> bool:
        return abs(before[1] - after[1]) < 1.0


#: How chunks are followed: every test holds for both ways.
follow = follow_chunk


@pytest.fixture(params=[follow_chunk, follow_windows], ids=["frame by frame", "in windows"], autouse=True)
def following(request, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "follow", request.param)
    return request.param


def still(count: int, x: float, y: float = 200.0) -> np.ndarray:
    return np.tile([x, y], (count, 1)).astype(float)


def during(path: np.ndarray, start: int, stop: int) -> np.ndarray:
    """The path, away before `start` and from `stop` on."""
    seen = path.copy()
    seen[:start], seen[stop:] = np.nan, np.nan
    return seen


def track(world: World, chunk: int = 24, rules: Rules | None = None) -> dict[int, dict[int, int]]:
    """For each track, the thing that was seen in each of its frames."""
    return seen_by_track(run(world, chunk, rules))


def run(world: World, chunk: int = 24, rules: Rules | None = None) -> list[StitchedChunk]:
    rules = rules or Rules()
    pictures = world.pictures()
    parts = [
        follow(pictures[at : at + chunk], WorldFollower(world), rules)  # type: ignore[arg-type]
        for at in range(0, len(pictures), chunk)
    ]
    return list(stitch(parts, lambda: WorldFollower(world), rules))  # type: ignore[arg-type, return-value]


def seen_by_track(chunks: list[StitchedChunk]) -> dict[int, dict[int, int]]:
    tracks: dict[int, dict[int, int]] = {}
    for part in chunks:
        for number, chain in part.pieces:
            for t in range(chain.start, chain.stop):
                frames = tracks.setdefault(number, {})
                assert part.frames[t].index not in frames, "a track is in a frame once"
                frames[part.frames[t].index] = chain.values[t - chain.start][0]
    return tracks


def frames_of(tracks: dict[int, dict[int, int]]) -> dict[int, list[int]]:
    return {number: sorted(frames) for number, frames in tracks.items()}


def test_one_thing_in_sight_is_one_track_over_all_chunks():
    assert frames_of(track(World([Thing(still(100, 200))]))) == {0: list(range(100))}


def test_a_steady_thing_costs_one_look_a_frame_and_a_few_at_the_start_of_each_chunk():
    world = World([Thing(still(96, 200))])
    run(world)
    if follow is follow_chunk:
        assert sum(world.looks.values()) <= 96 + 3 * 4
    else:
        # five key frames a chunk are looked at twice; all else is one batch
        assert sum(world.looks.values()) <= 96 + 5 * 4
        assert world.batches <= 3 * 4


def test_a_track_goes_on_through_a_chunk_whose_detector_is_blind():
    world = World([Thing(still(100, 200))], blind=frozenset(range(24, 48)))
    assert frames_of(track(world)) == {0: list(range(100))}


def test_what_comes_in_the_middle_of_a_chunk_is_found_and_followed_back_to_its_first_frame():
    world = World([Thing(during(still(48, 200), 9, 48))])
    assert frames_of(track(world)) == {0: list(range(9, 48))}


def test_what_comes_at_the_end_of_a_chunk_is_followed_back_over_the_border():
    world = World([Thing(during(still(48, 200), 22, 48))])
    assert frames_of(track(world)) == {0: list(range(22, 48))}


def test_what_leaves_ends_with_its_last_frame():
    world = World([Thing(during(still(72, 200), 0, 31))])
    assert frames_of(track(world)) == {0: list(range(31))}


def test_a_second_one_who_comes_while_the_first_is_followed_is_found_by_the_next_chunk():
    world = World([Thing(still(96, 150), 1), Thing(during(still(96, 450), 30, 96), 5)])
    assert frames_of(track(world)) == {0: list(range(96)), 1: list(range(30, 96))}


def test_a_fast_thing_is_followed_over_borders():
    x = np.linspace(50, 550, 72)
    world = World([Thing(np.column_stack([x, np.full(72, 200.0)]))])
    assert frames_of(track(world)) == {0: list(range(72))}


def test_a_short_loss_in_the_same_place_keeps_the_track_a_long_one_does_not():
    path = still(120, 200)
    path[40:55] = np.nan
    assert len(track(World([Thing(path)]))) == 1
    path[40:80] = np.nan
    assert len(track(World([Thing(path)]))) == 2


def test_a_cut_to_another_thing_in_the_same_place_starts_a_new_track():
    first, second = during(still(96, 200), 0, 37), during(still(96, 200), 37, 96)
    tracks = track(World([Thing(first, look=0.0), Thing(second, look=9.0)]))
    assert frames_of(tracks) == {0: list(range(37)), 1: list(range(37, 96))}


def test_a_cut_at_a_chunks_border_starts_a_new_track():
    first, second = during(still(96, 200), 0, 48), during(still(96, 200), 48, 96)
    tracks = track(World([Thing(first, look=0.0), Thing(second, look=9.0)]))
    assert frames_of(tracks) == {0: list(range(48)), 1: list(range(48, 96))}


@pytest.mark.parametrize("speed", [3.0, 6.0, 10.0, 16.0])
@pytest.mark.parametrize("chunk", [12, 24, 96])
@pytest.mark.parametrize("alike", [True, False])
def test_no_track_ever_changes_its_owner_when_two_cross(speed, chunk, alike):
    t = np.arange(96) - 48.0
    rightward = np.column_stack([300 + speed * t, np.full(96, 200.0)])
    leftward = np.column_stack([300 - speed * t, np.full(96, 205.0)])
    world = World([Thing(rightward, look=0.0), Thing(leftward, look=0.0 if alike else 9.0)])
    tracks = track(world, chunk)
    for seen in tracks.values():
        assert len(set(seen.values())) == 1
    longest = Counter({i: sum(list(seen.values()).count(i) for seen in tracks.values()) for i in (0, 1)})
    assert longest[1] == 96, "the one in front is never lost"
    assert longest[0] >= 96 - 2.5 * SIZE / (2 * speed) - 8, "the one behind is lost only while it is hidden"


def test_two_side_by_side_keep_their_tracks():
    world = World([Thing(still(72, 200)), Thing(still(72, 290))])
    assert frames_of(track(world)) == {0: list(range(72)), 1: list(range(72))}


def test_only_the_largest_are_followed_and_all_are_counted():
    things = [Thing(still(48, 120 + 220 * i), size=60.0 + 20 * i) for i in range(4)]
    chunks = run(World(things), rules=Rules(max_tracks=2))
    tracks = seen_by_track(chunks)
    assert {owner for seen in tracks.values() for owner in seen.values()} == {2, 3}
    assert frames_of(tracks) == {0: list(range(48)), 1: list(range(48))}
    assert max(chunk.seen for chunk in chunks) == 4


def test_who_is_followed_stays_followed_when_a_larger_one_comes():
    small, large = still(96, 150), during(still(96, 450), 30, 96)
    world = World([Thing(small, size=80.0), Thing(large, size=150.0)])
    tracks = track(world, rules=Rules(max_tracks=1))
    assert frames_of(tracks) == {0: list(range(96))}
    assert set(tracks[0].values()) == {0}


def test_a_flash_of_a_detection_makes_no_track():
    world = World([Thing(still(96, 150)), Thing(during(still(96, 450), 48, 50))])
    assert frames_of(track(world)) == {0: list(range(96))}


def test_a_recording_of_one_picture_has_its_track():
    assert frames_of(track(World([Thing(still(1, 200))]))) == {0: [0]}


def test_an_empty_recording_has_no_tracks():
    assert list(stitch([], lambda: pytest.fail("nothing to look at"), Rules())) == []  # type: ignore[arg-type]


def test_chunks_may_be_followed_in_any_order():
    draw = np.random.default_rng(3)
    starts = np.array([[[150, 150]], [[330, 200]], [[520, 160]]])
    paths = starts + np.cumsum(draw.normal(0, 4, (3, 120, 2)), axis=1)
    paths[1, 40:60] = np.nan
    world = World([Thing(path, look=float(i)) for i, path in enumerate(paths)], blind=frozenset(range(48, 60)))
    pictures = world.pictures()
    rules = Rules()
    firsts = list(range(0, 120, 24))
    by_start = {
        at: follow_chunk(pictures[at : at + 24], WorldFollower(world), rules)  # type: ignore[arg-type]
        for at in draw.permutation(firsts).tolist()
    }
    shuffled = list(stitch([by_start[at] for at in firsts], lambda: WorldFollower(world), rules))  # type: ignore[arg-type, return-value]
    assert seen_by_track(shuffled) == track(world)


def test_models_are_opened_when_something_is_looked_at_not_to_tell_likenesses() -> None:
    runtime: Any = NoModels()
    face = FaceFollower(runtime, "mesh468", min_score=0.5, min_size=12.0, thorough=True)
    body = PoseFollower(runtime, min_score=0.5)
    HandFollower(runtime, min_score=0.5, min_presence=0.5)
    dark, striped = np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8)
    striped[::2] = 255
    for follower, seen in ((face, lambda look: (None, look)), (body, lambda look: Pose(dark, dark, look))):
        assert follower.alike(seen(dark), seen(dark))
        assert not follower.alike(seen(dark), seen(striped))
