"""Persons keep their number when they cross, leave and come back."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.extractors.identity.clusters import Likeness, cluster, confidence
from bitflow.extractors.identity.sightings import Sighting
from bitflow.extractors.people import give_hands, tell_apart
from bitflow.extractors.tracking.appearance import LENGTH
from bitflow.store import FeatureStore
from tests.composites import HEADS, actor, stage, write_video

COLOUR = Likeness(
    lambda one, others: np.abs(others[:, 0] - one[0]),
    lambda samples: np.median(samples, axis=0),
    same=1.0,
    different=3.0,
)


def sighting(track: int, frames: range, look: float | None, x: float = 0.0) -> Sighting:
    numbers = np.array(frames)
    boxes = np.tile([x, 0.0, 50.0, 50.0], (len(numbers), 1))
    looks = np.empty((0, 0)) if look is None else np.full((4, LENGTH), look)
    return Sighting("face", track, numbers, numbers / 25, boxes, looks=looks)


def grouped(*sightings: Sighting) -> list[list[int]]:
    return [[one.track for one in group] for group in cluster([[one] for one in sightings], {"face": COLOUR})]


def test_tracks_that_look_alike_are_one_person():
    assert grouped(sighting(0, range(50), 5.0), sighting(1, range(500, 550), 5.5)) == [[0, 1]]


def test_tracks_seen_at_the_same_time_are_two_persons_however_alike():
    assert grouped(sighting(0, range(50), 5.0), sighting(1, range(40, 90), 5.0, x=300)) == [[0], [1]]
    assert grouped(sighting(0, range(1), 5.0), sighting(1, range(1), 5.0)) == [[0], [1]]


def test_a_doubtful_likeness_is_decided_by_where_the_track_was_lost():
    lost, near, far = (
        sighting(0, range(50), 5.0),
        sighting(1, range(60, 90), 7.5, x=5),
        sighting(2, range(60, 90), 7.5, x=400),
    )
    assert grouped(lost, near) == [[0, 1]]
    assert grouped(lost, far) == [[0], [2]]


def test_an_unlike_face_in_the_same_place_is_somebody_else():
    assert grouped(sighting(0, range(50), 5.0), sighting(1, range(52, 90), 9.0)) == [[0], [1]]


def test_the_closest_pair_is_joined_first():
    first, twin, other = (
        sighting(0, range(50), 5.0),
        sighting(1, range(100, 150), 5.1),
        sighting(2, range(100, 150), 6.0),
    )
    assert grouped(first, twin, other) == [[0, 1], [2]]


def test_a_film_of_many_cuts_costs_a_look_at_each_track_not_at_each_pair():
    looks = 0

    def distances(one: np.ndarray, others: np.ndarray) -> np.ndarray:
        nonlocal looks
        looks += 1
        return np.abs(others[:, 0] - one[0])

    colour = Likeness(distances, COLOUR.middle, COLOUR.same, COLOUR.different)
    tracks = [sighting(number, range(100 * number, 100 * number + 90), number % 2 * 9.0) for number in range(120)]
    groups = cluster([[one] for one in tracks], {"face": colour})
    assert [{one.track % 2 for one in group} for group in groups] == [{0}, {1}]
    assert looks <= 2 * len(tracks)


def test_confidence_falls_with_the_distance_of_looks():
    def of(look: float) -> float:
        pair = [sighting(0, range(50), 5.0), sighting(1, range(100, 150), look)]
        return confidence(pair[1], pair, {"face": COLOUR})

    assert (of(5.5), of(6.5), of(7.0), of(9.0)) == pytest.approx((1.0, 0.75, 0.5, 0.0))


@pytest.fixture
def persons_at(shared_clip, models_available, tmp_path):
    """Extract the faces of a staged scene; answers with person numbers and the true actor of each row."""

    def run(paths: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        names = list(HEADS)[:2]
        actors = [actor(shared_clip(name), name, path) for name, path in zip(names, paths, strict=True)]
        video = write_video(tmp_path / "scene.mp4", stage(actors))
        store = FeatureStore.create(tmp_path / "features")
        outcome = extract_recording(store.path, Source("scene", video), make_request(extractors=["faces"], threads=2))
        assert outcome.error is None
        faces = store["scene"].table("faces")
        centre = (faces["box_x"] + faces["box_width"] / 2).to_numpy()
        places = np.stack([path[faces["frame"], 0] for path in paths], axis=1)
        apart = ~(np.abs(places[:, 0] - places[:, 1]) < 60)
        nearest = np.nanargmin(np.abs(places - centre[:, None]), axis=1)
        return faces["person"].to_numpy()[apart], nearest[apart]

    return run


def test_two_people_who_cross_keep_their_numbers(persons_at):
    there = np.stack([np.linspace(110, 530, 110), np.full(110, 175.0)], axis=1)
    back = np.stack([np.linspace(530, 110, 110), np.full(110, 190.0)], axis=1)
    person, truth = persons_at([there, back])
    assert len(person) > 160
    assert {(p, t) for p, t in zip(person, truth, strict=True)} in ({(0, 0), (1, 1)}, {(0, 1), (1, 0)})


def test_somebody_who_leaves_and_comes_back_is_the_same_person(persons_at):
    stays = np.tile([200.0, 180.0], (110, 1))
    leaves = np.tile([460.0, 180.0], (110, 1))
    leaves[35:75] = np.nan
    person, truth = persons_at([stays, leaves])
    assert len(person) == pytest.approx(110 + 70, abs=6)
    assert {(p, t) for p, t in zip(person, truth, strict=True)} == {(0, 0), (1, 1)}


def body(track: int, frames: range, nose: tuple[float, float], wrists=((0.0, 300.0), (200.0, 300.0))) -> Sighting:
    numbers = np.array(frames)
    marks = np.array([[*nose, 1.0], *([*wrist, 1.0] for wrist in wrists), [0, 200, 1], [200, 200, 1]])
    boxes = np.tile([0.0, 0.0, 200.0, 400.0], (len(numbers), 1))
    return Sighting("body", track, numbers, numbers / 25, boxes, np.tile(marks, (len(numbers), 1, 1)))


def persons(groups: list[list[Sighting]]) -> list[set[tuple[str, int]]]:
    return [{(one.kind, one.track) for one in group} for group in groups]


def test_a_face_belongs_to_the_body_whose_nose_it_holds():
    left, right = sighting(0, range(50), None, x=0), sighting(1, range(50), None, x=300)
    bodies = [body(0, range(50), (325, 25)), body(1, range(50), (25, 25))]
    assert sorted(map(sorted, persons(tell_apart([left, right], bodies)))) == [
        [("body", 0), ("face", 1)],
        [("body", 1), ("face", 0)],
    ]


def test_a_body_that_stays_in_sight_carries_the_identity_over_a_look_away():
    before, after = sighting(0, range(50), None), sighting(1, range(400, 450), None)
    assert persons(tell_apart([before, after], [body(0, range(450), (25, 25))])) == [
        {("face", 0), ("face", 1), ("body", 0)}
    ]


def test_a_face_and_a_body_seen_apart_are_never_one_person():
    face, other = sighting(0, range(50), 5.0), sighting(1, range(100, 150), 5.0)
    elsewhere = body(0, range(150), (900, 25))
    assert persons(tell_apart([face, other], [elsewhere])) == [{("face", 0), ("face", 1)}, {("body", 0)}]


def test_a_hand_is_whose_wrist_it_is_at_and_nobodys_elsewhere():
    owner = body(0, range(50), (25, 25))
    numbers = np.arange(50)
    boxes = np.tile([0.0, 290.0, 40.0, 40.0], (50, 1))
    hands = [
        Sighting("hand", track, numbers, numbers / 25, boxes, np.tile([[x, 300.0, 1], [x, 330.0, 1]], (50, 1, 1)))
        for track, x in enumerate((195.0, 600.0))
    ]
    claims = give_hands(hands, [[sighting(0, range(50), None)], [owner]])
    assert [(claim.person, claim.confidence) for claim in claims] == [(1, 1.0), (-1, 0.0)]
