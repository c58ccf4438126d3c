"""Persons keep their number when they cross, leave and come back."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.extractors.identity.clusters import Likeness, cluster, confidences
from bitflow.extractors.identity.sightings import Sighting
from bitflow.store import FeatureStore
from tests.composites import HEADS, actor, stage, write_video

COLOUR = Likeness(lambda a, b: abs(float(np.median(a)) - float(np.median(b))), same=1.0, different=3.0)


def sighting(track: int, frames: range, look: float | None, x: float = 0.0) -> Sighting:
    numbers = np.array(frames)
    boxes = np.tile([x, 0.0, 50.0, 50.0], (len(numbers), 1))
    looks = np.empty((0, 0)) if look is None else np.full((4, 1), look)
    return Sighting("face", track, numbers, numbers / 25, boxes, looks)


def grouped(*sightings: Sighting) -> list[list[int]]:
    return [[one.track for one in group] for group in cluster(sightings, COLOUR)]


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


def test_confidence_falls_with_the_distance_of_looks():
    sure, unsure = (
        confidences([sighting(0, range(50), 5.0), sighting(1, range(100, 150), look)], COLOUR)[1] for look in (5.5, 6.8)
    )
    assert sure == 1.0
    assert unsure == pytest.approx(0.6)


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
