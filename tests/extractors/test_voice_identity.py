"""A voice belongs to the person whose mouth moves with it."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.extractors.identity.voices import Voice, give_voices, mouth_of

TIMES = np.arange(0, 60, 1 / 25)


def talking_mouth(turns: np.ndarray, seed: int, times: np.ndarray = TIMES):
    """A mouth that opens and closes four times a second in the turns and trembles all the time."""
    draw = np.random.default_rng(seed)
    speaks = Voice(0, turns).speaks_at(times)
    opening = 0.1 + speaks * 0.08 * np.sin(2 * np.pi * 4 * times) + draw.normal(0, 0.004, len(times))
    return mouth_of(times, opening, np.zeros(len(times), int))


def alternating(first: float) -> np.ndarray:
    starts = np.arange(first, 60, 10.0)
    return np.stack([starts, starts + 4.5], axis=1)


ONE, TWO = Voice(0, alternating(0.0)), Voice(1, alternating(5.0))


def test_turns_are_half_open():
    assert ONE.speaks_at(np.array([0.0, 4.4999, 4.5, 9.9, 10.0])).tolist() == [True, True, False, False, True]


def test_two_people_who_alternate_get_their_own_voices():
    mouths = {7: talking_mouth(TWO.turns, 1), 3: talking_mouth(ONE.turns, 2)}
    given = give_voices([ONE, TWO], mouths)
    assert (given[0][0], given[1][0]) == (3, 7)
    assert min(given[0][1], given[1][1]) > 0.8


def test_a_voice_from_beside_the_camera_is_nobodys():
    given = give_voices([ONE, TWO], {0: talking_mouth(ONE.turns, 3)})
    assert given[0][0] == 0
    assert given[1] == (-1, 0.0)


def test_a_mouth_that_never_stops_chewing_is_not_taken_for_a_speaker():
    chewing = talking_mouth(np.array([[0.0, 60.0]]), 4)
    assert give_voices([ONE], {0: chewing})[0] == (-1, 0.0)


def test_two_mouths_that_move_alike_leave_the_voice_untold():
    mouths = {0: talking_mouth(ONE.turns, 5), 1: talking_mouth(ONE.turns, 6)}
    assert give_voices([ONE], mouths)[0] == (-1, 0.0)


def test_a_person_hardly_seen_while_the_voice_speaks_is_not_judged():
    times = np.arange(0, 1.2, 1 / 25)
    assert give_voices([ONE], {0: talking_mouth(ONE.turns, 7, times)})[0] == (-1, 0.0)


@pytest.mark.parametrize(("turns", "person"), [(np.array([[0.0, 60.0]]), 0), (np.array([[70.0, 71.0]]), -1)])
def test_without_silence_to_compare_with_a_talking_mouth_is_enough(turns, person):
    mouth = talking_mouth(np.array([[0.0, 60.0]]), 8)
    assert give_voices([Voice(0, turns)], {0: mouth})[0][0] == person


def test_no_speed_is_taken_over_a_gap_or_from_one_track_to_the_next():
    times = np.array([0.0, 0.04, 0.08, 5.0, 5.04])
    mouth = mouth_of(times, np.array([0.1, 0.1, 0.9, 0.1, 0.1]), np.array([0, 0, 1, 1, 1]))
    assert mouth.speed.max() == 0.0
