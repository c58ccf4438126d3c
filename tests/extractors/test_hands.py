"""Hands: crops, where they are looked for, and whose side they are on."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from bitflow.extractors.bodies import Bodies
from bitflow.extractors.hands import HandResult, Sides, match_wrists, search
from bitflow.extractors.landmarks import hand
from bitflow.extractors.tracking.chain import Chain
from bitflow.extractors.tracking.stitch import StitchedChunk
from tests.extractors.in_memory import chunks, extract, pictures

FRAMES = [SimpleNamespace(index=i, time=i / 25, width=640, height=360) for i in range(6)]


def open_hand(x: float, y: float, size: float = 30.0) -> np.ndarray:
    """Points (21, 3) of a flat hand, fingers up, its wrist at x, y."""
    points = np.zeros((21, 3))
    for finger, across in enumerate((-0.8, -0.4, 0.0, 0.4, 0.8)):
        for joint in range(4):
            points[1 + 4 * finger + joint, :2] = across * size, -size * (0.5 + 0.5 * joint)
    return points + np.array([x, y, 0.0])


def body(left: tuple[float, float], right: tuple[float, float], visible: float = 0.9) -> np.ndarray:
    """Joints (33, 4) of a body with its wrists there, elbows 60 px below."""
    joints = np.full((33, 4), (320.0, 300.0, 0.0, 0.9))
    for (elbow, wrist, pinky, index), (x, y) in zip(((13, 15, 17, 19), (14, 16, 18, 20)), (left, right), strict=True):
        joints[elbow, :2] = x, y + 60.0
        joints[wrist] = x, y, 0.0, visible
        joints[pinky, :2] = x + 8.0, y - 20.0
        joints[index, :2] = x - 8.0, y - 20.0
    return joints


def chain(points: np.ndarray, right: float = 0.5) -> Chain:
    """A chain over all frames whose result is the same everywhere."""
    count = len(FRAMES)
    made = Chain(0, places=[(0.0, 0.0, 1.0, 0.0)] * count)
    repeated = np.repeat(points[None], count, axis=0)
    if points.shape == (21, 3):
        made.result = HandResult(repeated, repeated, np.full(count, right))
    else:
        made.result = SimpleNamespace(points=repeated)
    return made


def stitched(*chains: Chain) -> StitchedChunk:
    return StitchedChunk(FRAMES, list(enumerate(chains)), 0, 0.0)  # type: ignore[arg-type]


def test_the_next_crop_is_about_the_palm_with_the_knuckles_up() -> None:
    upright = hand.roi_of_hand(open_hand(200.0, 200.0)[:, :2])
    # The palm and first joints span 48 px across and 45 px from the wrist up; shifted up by a tenth of that.
    assert upright == pytest.approx((200.0, 177.5 - 4.5, 2 * 48.0, 0.0))


@pytest.mark.parametrize("angle", [0.4, -1.2, 2.9])
def test_the_next_crop_turns_with_the_hand(angle: float) -> None:
    points = open_hand(0.0, 0.0)[:, :2]
    c, s = math.cos(angle), math.sin(angle)
    turned = points @ np.array([[c, s], [-s, c]])  # clockwise on the screen
    x, y, side, _ = hand.roi_of_hand(points)
    assert hand.roi_of_hand(turned) == pytest.approx((c * x - s * y, s * x + c * y, side, angle))


def test_the_forearm_leads_to_a_crop_beyond_the_wrist() -> None:
    x, y, side, angle = hand.roi_of_forearm((100.0, 100.0), (100.0, 80.0), (100.0, 80.0))
    assert (x, angle) == pytest.approx((100.0, 0.0))
    assert side == pytest.approx(2 * 20.0 * 2.7)
    assert y == pytest.approx(80.0 - 0.1 * 40.0)


def test_a_wrist_decides_the_side_whatever_the_model_says() -> None:
    bodies = stitched(chain(body(left=(400.0, 200.0), right=(240.0, 200.0))))
    hands = stitched(chain(open_hand(242.0, 205.0), right=0.05), chain(open_hand(398.0, 196.0), right=0.9))
    settled = Sides().settle(hands, bodies)
    assert settled == {0: ("right", 1.0), 1: ("left", 1.0)}


def test_without_a_wrist_nearby_the_model_decides() -> None:
    bodies = stitched(chain(body(left=(400.0, 200.0), right=(240.0, 200.0))))
    side, score = Sides().settle(stitched(chain(open_hand(60.0, 60.0), right=0.8)), bodies)[0]
    assert (side, score) == ("right", pytest.approx(0.8))
    hidden = stitched(chain(body(left=(400.0, 200.0), right=(240.0, 200.0), visible=0.4)))
    assert Sides().settle(stitched(chain(open_hand(240.0, 200.0), right=0.1)), hidden)[0][0] == "left"


def test_one_hand_a_wrist_and_the_nearest_gets_it() -> None:
    bodies = stitched(chain(body(left=(400.0, 200.0), right=(240.0, 200.0))))
    near, far = chain(open_hand(241.0, 200.0)), chain(open_hand(255.0, 205.0))
    sides = match_wrists(stitched(far, near), bodies)
    assert (sides[0] == -1).all()
    assert (sides[1] == 1).all()


def test_a_side_once_settled_by_the_wrist_outlasts_the_wrist() -> None:
    sides = Sides()
    seen = stitched(chain(body(left=(400.0, 200.0), right=(240.0, 200.0))))
    assert sides.settle(stitched(chain(open_hand(240.0, 200.0), right=0.2)), seen)[0][0] == "right"
    assert sides.settle(stitched(chain(open_hand(240.0, 200.0), right=0.2)), stitched())[0][0] == "right"


def test_hands_are_looked_for_at_wrists_that_are_seen_and_now_and_then_elsewhere() -> None:
    both, one, none = ((400.0, 200.0), (240.0, 200.0)), ((400.0, 200.0), (240.0, 400.0)), ((0.0, 500.0), (1.0, 400.0))
    for places, expected in ((both, 2), (one, 1), (none, 0)):
        joints = np.repeat(body(*places)[None], len(FRAMES), axis=0)
        found = search(FRAMES, [(chain(body(*places)), joints)], max_people=4)  # type: ignore[arg-type]
        assert [len(found.forearms.get(frame.index, ())) for frame in FRAMES] == [expected] * len(FRAMES)
        assert list(found.expected) == [2] + [expected] * (len(FRAMES) - 1)
        assert found.most == 2
    assert search(FRAMES, [], max_people=4).most == 8  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hand_at_the_mouth(shared_clip, models_available) -> list[np.ndarray]:
    """A woman lays a hand on her mouth: her right one, as thumb and fingers show."""
    models_available(*Bodies().models())
    return pictures(shared_clip("people/pyfeat_wolfgang.mp4"), 84)[60:]


@pytest.mark.parametrize(("mirrored", "side"), [(False, "right"), (True, "left")])
def test_a_hand_carries_the_subjects_own_side(hand_at_the_mouth: list[np.ndarray], mirrored: bool, side: str) -> None:
    shown = [picture[:, ::-1] if mirrored else picture for picture in hand_at_the_mouth]
    hands = extract(chunks(shown))["hands"]
    assert hands["frame"].tolist() == list(range(len(shown)))
    assert set(hands["track"]) == {0}
    assert set(hands["handedness"]) == {side}
    assert (hands["handedness_score"] > 0.8).all()


def test_hands_do_not_depend_on_the_number_of_workers(hand_at_the_mouth: list[np.ndarray]) -> None:
    alone, together = (extract(chunks(hand_at_the_mouth, 8), threads=n)["hands"] for n in (1, 3))
    assert len(alone["frame"]) == len(hand_at_the_mouth)
    for name, values in alone.items():
        np.testing.assert_array_equal(values, together[name], err_msg=name)


def test_hands_that_nobody_asks_for_are_not_looked_for(hand_at_the_mouth: list[np.ndarray]) -> None:
    found = extract(chunks(hand_at_the_mouth[:12]), ("bodies",))
    assert len(found["bodies"]["frame"]) == 12
    assert len(found["hands"]["frame"]) == 0


def test_a_hand_has_the_size_of_a_hand(hand_at_the_mouth: list[np.ndarray]) -> None:
    hands = extract(chunks(hand_at_the_mouth[:12]))["hands"]
    span = np.ptp(hands["world"], axis=1).max(axis=1)
    assert ((span > 0.08) & (span < 0.25)).all()  # an adult's hand, in metres
    assert np.abs(hands["points"][:, hand.WRIST, 2]).max() < 1.0  # depth counts from the wrist
