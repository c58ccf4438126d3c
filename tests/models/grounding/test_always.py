"""People who do something all the time: their own median is no reference, and contradicts nobody."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.datasets.simulate.behaviours import script_behaviours, write_behaviours
from bitflow.events.scene import Scene
from bitflow.models.grounding.claims import Claim
from bitflow.models.grounding.people import judge_people
from bitflow.models.grounding.recordings import Witness
from bitflow.store import Recording, open_store
from bitflow.timeline import Interval

WHEN = Interval(10, 14)


@pytest.fixture
def place(tmp_path) -> Recording:
    write_behaviours(tmp_path, script_behaviours(duration=30, seed=11, recording="r"))
    return open_store(tmp_path)["r"]


def rewritten(place: Recording, table: str, **columns) -> None:
    """The table with other values in some columns."""
    schema = place.schema(table)
    rows = place.file(table).read()
    kept = {name: rows[name] if table == "hands" else np.asarray(rows[name]) for name in schema.names}
    n = len(rows)
    made = {name: np.broadcast_to(np.asarray(value, float), n).copy() for name, value in columns.items()}
    place.write(schema, [schema.batch({**kept, **made})], provenance={"extractor": "test"})


def verdict(place: Recording, kind: str, **more) -> str:
    (found,) = judge_people(Scene(place), [Claim(kind, WHEN, 0, **more)])
    return found.verdict


def wobble(place: Recording, table: str, size: float) -> np.ndarray:
    n = place.file(table).rows
    return size * np.sin(np.arange(n) / 7)


def test_who_smiles_throughout_is_supported(place):
    smile = 0.85 + wobble(place, "face_actions", 0.05)
    rewritten(place, "face_actions", mouthSmileLeft=smile, mouthSmileRight=smile)
    assert verdict(place, "smiling") == "supported"


def test_who_never_smiles_is_contradicted_whatever_the_rest(place):
    for rest in (0.03, 0.08, 0.2):
        still = rest + wobble(place, "face_actions", 0.02)
        rewritten(place, "face_actions", mouthSmileLeft=still, mouthSmileRight=still)
        assert verdict(place, "smiling") == "contradicted"


@pytest.mark.parametrize(
    ("kind", "column", "angle"),
    [("head_turned", "yaw", 40.0), ("head_tilted", "roll", 18.0), ("looking_away", "yaw", 35.0)],
)
def test_a_head_that_is_always_aside_is_not_contradicted_by_its_median(place, kind, column, angle):
    rewritten(place, "gaze", pitch=0.0, yaw=0.0)
    rewritten(place, "head_pose", pitch=0.0, yaw=0.0, roll=0.0)
    assert verdict(place, kind) == "contradicted"
    aside = {"pitch": 0.0, "yaw": 0.0, "roll": 0.0, column: angle + wobble(place, "head_pose", 0.5)}
    rewritten(place, "head_pose", **aside)
    assert verdict(place, kind) == "not checkable"


def test_a_face_turned_to_one_side_contradicts_the_other(place):
    rewritten(place, "head_pose", pitch=0.0, yaw=40 + wobble(place, "head_pose", 0.5), roll=0.0)
    assert verdict(place, "head_turned", detail="right") == "not checkable"
    assert verdict(place, "head_turned", detail="left") == "contradicted"


def test_eyes_that_look_down_are_not_said_to_be_closed(place):
    n = place.file("face_actions").rows
    part = (np.arange(n) > n // 3) & (np.arange(n) < 2 * n // 3)
    for lids, expected in ((0.38, "not checkable"), (0.08, "supported")):
        openness = 0.35 * np.where(part, 0.16 + 0.84 * lids, 1.0)
        rewritten(place, "face_actions", eye_openness_left=openness, eye_openness_right=openness)
        assert verdict(place, "eyes_closed") == expected


def test_a_lean_is_told_from_a_norm_that_seconds_do_not_give(tmp_path):
    for seconds, expected in ((12, "not checkable"), (40, "contradicted")):
        write_behaviours(tmp_path / str(seconds), script_behaviours(duration=seconds, seed=3, recording="r"))
        place = open_store(tmp_path / str(seconds))["r"]
        rewritten(place, "faces", size=100.0)
        (found,) = judge_people(Scene(place), [Claim("leaning_forward", Interval(4, 8), 0)])
        assert found.verdict == expected
        (back,) = judge_people(Scene(place), [Claim("leaning_forward", Interval(4, 8), 0, holds=False)])
        assert back.verdict == {"contradicted": "supported"}.get(expected, expected)


def test_a_body_that_is_hardly_believed_is_nobody(place):
    assert verdict(place, "people_count", value=1.0) == "supported"
    assert Witness(place).seen(WHEN, 0) > 0.8
    rewritten(place, "faces", score=0.84)
    assert verdict(place, "people_count", value=1.0) == "not checkable"
    assert verdict(place, "people_count", value=2.0) == "not checkable"
    assert Witness(place).seen(WHEN, 0) == 0
