"""The loop that people write: cv2.VideoCapture, then MediaPipe's solutions one after another on every frame.

Run by the peer's interpreter. Usage: peer_loop.py CLIP MODELS [OUT], where MODELS are of face, refined, body, hands.
Prints JSON: frames, wall and CPU seconds without start-up, peak memory. It keeps nothing, unless OUT asks for what it
saw, as an .npz file.
"""

import json
import sys
import time

import cv2
import mediapipe as mp
import numpy as np
from memory import peak

HANDS = 2


def opened(models):
    """The solutions asked for, in video mode, by name."""
    solutions = mp.solutions
    makers = {
        "face": lambda: solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=False),
        "refined": lambda: solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True),
        "body": lambda: solutions.pose.Pose(model_complexity=1),
        "hands": lambda: solutions.hands.Hands(max_num_hands=HANDS),
    }
    return {name: makers[name]() for name in models}


def main():
    clip, models = sys.argv[1], sys.argv[2].split(",")
    running = opened(models)
    kept = {name: [] for name in models}
    frames, size = 0, (0, 0)
    capture = cv2.VideoCapture(clip)
    wall, cpu = time.perf_counter(), time.process_time()
    while True:
        good, picture = capture.read()
        if not good:
            break
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        for name, model in running.items():
            result = model.process(rgb)
            if len(sys.argv) > 3:
                kept[name].append(result)
        frames += 1
        size = picture.shape[1], picture.shape[0]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"frames": frames, "wall": wall, "cpu": cpu, "peak": peak()}))
    if len(sys.argv) > 3:
        np.savez(sys.argv[3], **{name: points(name, results, size) for name, results in kept.items()})


def points(name, results, size):
    """Landmarks in px: faces (frames, n, 3), bodies (frames, 33, 4) with visibility, hands (frames, 2, 21, 3)."""
    width, height = size
    if name in ("face", "refined"):
        found = [result.multi_face_landmarks for result in results]
        count = 478 if name == "refined" else 468
        return np.array([located(marks[0], size) if marks else np.full((count, 3), np.nan) for marks in found])
    if name == "body":
        found = [result.pose_landmarks for result in results]
        rows = [
            [(p.x * width, p.y * height, p.z * width, p.visibility) for p in marks.landmark] if marks else None
            for marks in found
        ]
        return np.array([np.full((33, 4), np.nan) if row is None else row for row in rows])
    seen = np.full((len(results), HANDS, 21, 3), np.nan)
    for at, result in enumerate(results):
        for k, marks in enumerate(result.multi_hand_landmarks or []):
            seen[at, k] = located(marks, size)
    return seen


def located(marks, size):
    return [(p.x * size[0], p.y * size[1], p.z * size[0]) for p in marks.landmark]


if __name__ == "__main__":
    main()
