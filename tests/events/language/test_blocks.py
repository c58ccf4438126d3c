"""A long recording is looked at block by block, and that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.events.language import parse
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answers import answer
from bitflow.events.language.blocks import reach
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.evaluation import Evaluation
from bitflow.poses import PoseFacts, PoseSeries, read_poses, write_poses
from bitflow.poses.stored import StoredPoses
from bitflow.regions import Regions
from bitflow.store import FeatureStore
from tests.events.language.made import square

PARTS = ("nose", "left_ear", "right_ear", "neck", "centre", "left_hip", "right_hip", "tail_base", "tail_tip")
PLACES = ((20, 0), (14, -5), (14, 5), (8, 0), (0, 0), (-12, -6), (-12, 6), (-20, 0), (-35, 0))
REGIONS = Regions((square("box", 50, 50, 120), square("arena", 0, 0, 300)))
KNOWN = Definitions.of(builtin())
PROVENANCE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}

#: Every signal and operator that looks at neighbours, and those that need all of the recording.
PROGRAMS = (
    *(f"list {name}" for name in KNOWN.by_name if name != "sleeping"),
    *(f"value {signal} mean" for signal in ("speed", "accel(trunk, max)", "ang_speed", "posture_speed", "elongation")),
    *(f"value {signal} median" for signal in ("area", "visible", "path_length", "straightness(1s)", "conf")),
    *(f"value {signal} sd" for signal in ("heading", "orient", "head_orient", "x", "y(nose)", "span(nose, tail_base)")),
    *(f"value {signal} max" for signal in ("joint(nose, neck, tail_base)", "dist", "dist_to_body", "closest")),
    *(f"value {signal} p90" for signal in ("trail_dist", "closing_speed", "rel_orient", "rel_heading", "head_angle")),
    "value region_dist(centre, box) mean over speed > 20px/s",
    "value region_angle(box) slope in 10s..50s",
    "timeline speed, body_angle in 9s..12s",
    "list smooth(speed, savgol, 0.7s) > 60px/s",
    "list smooth(speed, median, 0.7s) > 60px/s and smooth(closest < 60px, mean, 15f)",
    "list rolling(speed, sd, 1s) > 30px/s or rolling(dist, min, 2s) < 40px",
    "list delta(dist, 1s) < -10px and not inside(nose, box)",
    "list abs(head_angle) < 40deg and zscore(speed) > 1",
    "list speed > p90 and closest < 100px",
    "list rolling(speed, mean, 40s) > 50px/s",
    "list filter(closing_speed > 0.2bl/s, net_change(dist) < -0.2bl and mean_of(speed) > 10px/s)",
    "count enter(box) then moving within 2s",
    "list during(contact, in_time(5s, 40s)) by any",
    "fraction exists_target(closest < 60px) and dist(nose, neck) < dist(neck, nose) by mouse2",
    "matrix starts_in(contact, box) rate per min",
    "occupancy nose",
    "list provided(in_view(fov=120deg, range=3bl) and overlap, visible > 0.5)",
)


def wandering(frames: int = 2000, mice: int = 3, seed: int = 5) -> PoseSeries:
    random = np.random.default_rng(seed)
    turn = np.cumsum(random.normal(0, 0.1, (frames, mice)), axis=0)
    pace = np.repeat(random.choice([0.0, 0.3, 2.0, 5.0], (frames // 50, mice)), 50, axis=0)
    ahead = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    centre = 150 + 150 * np.sin(np.cumsum(ahead * pace[..., None], axis=0) / 150 + random.uniform(0, 6, (mice, 2)))
    side = np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1)
    points = np.stack([centre + ahead * x + side * y for x, y in PLACES], axis=2)
    points += random.normal(0, 0.3, points.shape)
    points[np.repeat(random.random((frames // 20, mice)) < 0.1, 20, axis=0)] = np.nan
    points[random.random(points.shape[:3]) < 0.02] = np.nan
    confidence = random.random(points.shape[:3])
    facts = PoseFacts(PARTS, tuple(f"mouse{i + 1}" for i in range(mice)))
    return PoseSeries.of(points, facts, rate=30.0, confidence=confidence)


def asked(program: str, subjects: AnimalSubjects) -> list:
    return [(each.events, each.rows, each.coverage, each.warnings) for each in answer(parse(program), subjects, KNOWN)]


@pytest.fixture(scope="module")
def whole() -> AnimalSubjects:
    return AnimalSubjects(wandering(), REGIONS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_blocks_give_what_the_whole_gives(whole: AnimalSubjects, program: str):
    expected = asked(program, whole)
    for block in (300, 701):
        found = asked(program, AnimalSubjects(whole.poses, REGIONS, block=block))
        np.testing.assert_equal(found, expected)


def test_programs_have_something_to_find(whole: AnimalSubjects):
    assert whole.at_once
    assert not AnimalSubjects(whole.poses, block=300).at_once
    empty = [program for program in PROGRAMS if not any(events or rows for events, rows, *_ in asked(program, whole))]
    assert len(empty) < len(PROGRAMS) / 4, empty


@pytest.mark.parametrize("uneven", [False, True])
def test_poses_that_stay_in_the_store_give_what_those_in_memory_give(tmp_path, uneven: bool):
    poses = wandering(1500)
    if uneven:
        clock = np.cumsum(
            np.random.default_rng(2).choice([1 / 30, 1 / 30, 1 / 15, 0.4], 1500, p=[0.5, 0.2, 0.29, 0.01])
        )
        poses = PoseSeries.of(poses.points, poses.facts, time=clock, confidence=poses.confidence)
    recording = FeatureStore.create(tmp_path).draft("long")
    write_poses(recording, [poses.rows(slice(k, k + 250)) for k in range(0, 1500, 250)], provenance=PROVENANCE)
    in_memory = AnimalSubjects(read_poses(recording), REGIONS)
    stored = AnimalSubjects(StoredPoses.of(recording), REGIONS, block=301)
    assert not stored.at_once
    assert stored.samples == in_memory.samples
    assert (stored.samples != 1500) == uneven
    for program in (
        "list chase",
        "list approach",
        "list smooth(speed) > 20px/s and closest < 80px",
        "value accel mean",
    ):
        np.testing.assert_equal(asked(program, stored), asked(program, in_memory))


def test_what_needs_everything_has_no_reach(whole: AnimalSubjects):
    run = Evaluation(AnimalSubjects(whole.poses, REGIONS, block=900), KNOWN)

    def of(text: str) -> int | None:
        return reach(parse(f"list {text}").queries[0].body, run)

    assert of("closest < 40px") == 0
    assert of("speed > 1bl/s") == 1
    assert (of("rolling(accel, mean, 1s) > 1bl/s2") or 0) >= 2 + 15
    assert of("speed > p90") is None
    assert of("still") is None
    assert of("rolling(speed, mean, 20s) > 1bl/s") is None
