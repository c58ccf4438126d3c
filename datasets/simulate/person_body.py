"""How a simulated person looks at every instant: angles of the head, face, mesh, body and hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.face_scores import EMOTION_CLASSES
from bitflow.datasets.simulate.script import PersonScript, Times, bursts, dips, plateau, wander
from bitflow.extractors.face_actions import FACE_ACTIONS
from bitflow.measures.geometry import PAIRS
from bitflow.signals.angles import rotation_matrices

OCULAR_PX = 100.0
BROW_ASYMMETRY = 0.04
"""By how much the left brow is higher throughout, in inter-ocular distances."""

TAP_HZ = 1.5
EYE_OPEN, EYE_SHUT = 0.30, 0.06
TREMOR_HZ, TREMOR_PALM = 5.0, 0.06


def head_angles(t: Times, script: PersonScript) -> NDArray[np.float64]:
    """Pitch, yaw, roll ``(n, 3)`` deg: slow wandering, nods of ±5° at 2 Hz, shakes of ±6°, turns of 30° for 2 s."""
    x = t - script.delay
    pitch = wander(x, 0.3, 1.5) + 5.0 * bursts(x, script.nods, 2.0, 3)
    yaw = wander(x, 1.1, 2.0) + 6.0 * bursts(x, script.shakes, 2.0, 3) + 30.0 * plateau(x, script.turns_aside, 2.0, 0.8)
    return np.stack([pitch, yaw, wander(x, 2.2, 1.0)], axis=1)


def face_actions(t: Times, script: PersonScript) -> dict[str, NDArray[np.float64]]:
    """Columns of `face_actions`: eyes, mouth and 52 blendshapes."""
    shut = np.maximum(dips(t, script.blinks, 0.15), plateau(t, script.closures, 1.0, 0.15))
    shut = np.maximum(shut, 0.5 * dips(t, script.half_blinks, 0.15))
    eye = EYE_OPEN - (EYE_OPEN - EYE_SHUT) * shut
    smile, cheeks = plateau(t, script.smiles, 2.0), plateau(t, script.genuine, 2.0)
    frown = plateau(t, script.frowns, 1.5)
    talk = talking(t, script)
    mouth = 0.02 + 0.05 * talk * (1 - np.cos(2 * np.pi * 4.0 * t))
    geometry = {name: np.full(len(t), 0.3) + wander(t, k, 0.003) for k, name in enumerate(_geometry_names())}
    shapes = {name: 0.03 + wander(t, script.phase + 0.37 * k, 0.01) for k, name in enumerate(shape_names())}
    for side in ("Left", "Right"):
        geometry[f"mouth_corner_lift_{side.lower()}"] += 0.07 * smile
        shapes[f"mouthSmile{side}"] = shapes[f"mouthSmile{side}"] + 0.75 * smile
        shapes[f"cheekSquint{side}"] = shapes[f"cheekSquint{side}"] + 0.6 * cheeks
        shapes[f"browDown{side}"] = shapes[f"browDown{side}"] + 0.7 * frown
        shapes[f"eyeBlink{side}"] = np.clip(0.02 + 0.9 * shut, 0, 1)
    shapes["jawOpen"] = shapes["jawOpen"] + 5 * (mouth - 0.02)
    shapes = {name: np.clip(values, 0, 1) for name, values in shapes.items()}
    return {**geometry, **shapes, "eye_openness_left": eye, "eye_openness_right": eye, "mouth_opening": mouth}


def talking(t: Times, script: PersonScript) -> NDArray[np.float64]:
    """1 during the person's utterances, 0 otherwise."""
    value = np.zeros(len(t))
    for a, b in script.utterances:
        value[(t >= a) & (t < b)] = 1.0
    return value


def _geometry_names() -> list[str]:
    return [
        name for name in FACE_ACTIONS.names if name.islower() and name not in ("frame", "time", "track", "_neutral")
    ]


def shape_names() -> list[str]:
    """Columns of `face_actions` that are blendshapes."""
    return [name for name in FACE_ACTIONS.names if not name.islower() or name == "_neutral"]


def face_mesh(
    t: Times, script: PersonScript, angles: NDArray[np.float64], centre: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points ``(n, 478, 3)`` px: a symmetric face but for the left brow, lips that talk and smile."""
    shape = np.broadcast_to(_TEMPLATE, (len(t), 478, 3)).copy()
    brow_left = [a for a, _ in PAIRS["brow"]]
    shape[:, brow_left, 1] += BROW_ASYMMETRY
    mouth = 0.05 * talking(t, script) * (1 - np.cos(2 * np.pi * 4.0 * t))
    for upper, lower in ((13, 14), (0, 17), (37, 84), (267, 314), (39, 181), (269, 405)):
        shape[:, upper, 1] += mouth[:, None][:, 0] / 2
        shape[:, lower, 1] -= mouth / 2
    smile = plateau(t, script.smiles, 2.0)
    for point in (61, 291):
        shape[:, point, 1] += 0.08 * smile
    turned = np.einsum("nij,nkj->nki", rotation_matrices(angles * np.array([-1.0, 1.0, -1.0])), shape) * OCULAR_PX
    turned[:, :, 1:] *= -1.0
    return turned + centre


def _template() -> NDArray[np.float64]:
    """478 points in inter-ocular distances: x to the subject's left, y up, z to the camera; mirrored pairs exact."""
    random = np.random.default_rng(7)
    x, y = random.uniform(-0.7, 0.7, 478), random.uniform(-1.0, 0.9, 478)
    points = np.stack([x, y, 0.6 - 0.5 * x**2 - 0.2 * y**2], axis=1)
    heights = {"eye": 0.0, "brow": 0.28, "mouth": -0.65}
    for feature, pairs in PAIRS.items():
        for k, (left, right) in enumerate(pairs):
            px, py = 0.12 + 0.035 * k, heights[feature] + 0.02 * (k % 3 - 1)
            points[left] = (px, py, 0.5 - 0.4 * px**2)
            points[right] = (-px, py, 0.5 - 0.4 * px**2)
    for left, right, px in ((263, 33, 0.5), (362, 133, 0.2)):
        points[left], points[right] = (px, 0.0, 0.42 - 0.3 * px), (-px, 0.0, 0.42 - 0.3 * px)
    for k, point in enumerate((10, 168, 6, 197, 195, 4, 2, 0, 13, 14, 17, 152)):
        points[point] = (0.0, 0.8 - 0.16 * k, 0.55 + 0.12 * np.exp(-((k - 4) ** 2) / 4))
    for left, right in ((297, 67), (280, 50), (425, 205), (411, 187), (377, 148), (400, 176)):
        points[right] = points[left] * np.array([-1.0, 1.0, 1.0])
    return points


_TEMPLATE = _template()


def emotions(t: Times, script: PersonScript) -> dict[str, Any]:
    """Columns of `emotions`: scores ``(n,)`` of the classes, valence and arousal."""
    smile, frown = plateau(t, script.smiles, 2.0), plateau(t, script.frowns, 1.5)
    scores = {name: np.full(len(t), 0.02) for name in EMOTION_CLASSES}
    scores["happiness"] = 0.02 + 0.9 * smile
    scores["anger"] = 0.02 + 0.8 * frown * (1 - smile)
    scores["neutral"] = 1.0 - np.sum([values for name, values in scores.items() if name != "neutral"], axis=0)
    scores["neutral"] = np.clip(scores["neutral"], 0, 1)
    return {
        **scores,
        "valence": 0.6 * smile - 0.5 * frown * (1 - smile) + wander(t, 1.0, 0.05),
        "arousal": wander(t, 2.0, 0.3),
    }


def body_points(t: Times, script: PersonScript, left: float) -> NDArray[np.float64]:
    """Points of `bodies` ``(n, 33, 4)``, px; `left` is where the person begins."""
    n, width = len(t), 200.0
    points = np.zeros((n, 33, 4))
    points[:, :, 3] = 0.9
    centre = np.stack([left + 75 + wander(t, 6.0, 3.0), 400 + wander(t, 7.0, 1.0)], axis=1)
    points[:, :, :2] = centre[:, None]
    points[:, 0, :2] = centre + np.array([0, -160])
    for joint, offset in (
        (11, (100, 0)),
        (12, (-100, 0)),
        (13, (120, 120)),
        (14, (-120, 120)),
        (23, (70, 260)),
        (24, (-70, 260)),
    ):
        points[:, joint, :2] = centre + offset
    # A gesture: the right wrist swings at about 1.5 shoulder widths a second for 1.5 s.
    swing = 0.4 * width * bursts(t, script.gestures, 1.0, 2)
    points[:, 16, :2] = centre + np.array([-110, 200])
    points[:, 16, 0] -= swing
    touch = plateau(t, script.touches, 1.2, 0.4)
    rest, face = centre + np.array([110, 230]), np.array([left + 75.0, 250.0])
    points[:, 15, :2] = rest + touch[:, None] * (face - rest)
    return points


def hand_points(t: Times, left: float) -> NDArray[np.float64]:
    """Points of `hands` ``(n, 21, 3)``, px: a tapping thumb and a tremor of the forefinger."""
    palm = 30.0
    points = np.zeros((len(t), 21, 3))
    points[:, :, 0], points[:, :, 1] = left - 30, 600.0
    points[:, 5, 0], points[:, 17, 0] = left - 30 + palm / 2, left - 30 - palm / 2
    points[:, 8, 0] = left
    points[:, 8, 1] = 570 + TREMOR_PALM * palm * np.sin(2 * np.pi * TREMOR_HZ * t)
    points[:, 4, 0] = left - palm * (0.6 - 0.4 * np.cos(2 * np.pi * TAP_HZ * t))
    points[:, 4, 1] = 570
    return points
