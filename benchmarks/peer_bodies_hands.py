"""MediaPipe's own pose and hands on a clip; run by the peer's interpreter, writes what it saw to an .npz file.

Usage: peer_bodies_hands.py CLIP FRAMES OUT
"""

import sys
from typing import Any

import mediapipe as mp
import numpy as np
from peer_faces import as_array, frames

HANDS = 2


def poses(clip, limit, static):
    """Points (frames, 33, 4): x, y, z px and visibility; world points (frames, 33, 3) m; NaN where none."""
    points, world = [], []
    with mp.solutions.pose.Pose(static_image_mode=static, model_complexity=1) as model:
        for picture in frames(clip, limit):
            height, width = picture.shape[:2]
            result = model.process(picture)
            if result.pose_landmarks is None:
                points.append(np.full((33, 4), np.nan))
                world.append(np.full((33, 3), np.nan))
                continue
            marks = result.pose_landmarks.landmark
            seen = [[mark.visibility] for mark in marks]
            points.append(np.concatenate([as_array(marks, width, height), seen], axis=1))
            world.append([(p.x, p.y, p.z) for p in result.pose_world_landmarks.landmark])
    return np.array(points), np.array(world)


def hands(clip, limit, static):
    """Points (frames, 2, 21, 3) px, world points (frames, 2, 21, 3) m, whether labelled Left (frames, 2)."""
    points, world, left = [], [], []
    with mp.solutions.hands.Hands(static_image_mode=static, max_num_hands=HANDS) as model:
        for picture in frames(clip, limit):
            height, width = picture.shape[:2]
            result = model.process(picture)
            row, deep, label = np.full((HANDS, 21, 3), np.nan), np.full((HANDS, 21, 3), np.nan), np.full(HANDS, np.nan)
            for i, marks in enumerate(result.multi_hand_landmarks or []):
                row[i] = as_array(marks.landmark, width, height)
                deep[i] = [(p.x, p.y, p.z) for p in result.multi_hand_world_landmarks[i].landmark]
                label[i] = result.multi_handedness[i].classification[0].label == "Left"
            points.append(row)
            world.append(deep)
            left.append(label)
    return np.array(points), np.array(world), np.array(left)


def main():
    clip, limit, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    seen: dict[str, Any] = {}
    for mode, static in (("static", True), ("video", False)):
        seen[f"pose_{mode}"], seen[f"pose_world_{mode}"] = poses(clip, limit, static)
        seen[f"hands_{mode}"], seen[f"hands_world_{mode}"], seen[f"hands_left_{mode}"] = hands(clip, limit, static)
    np.savez(out, **seen)


if __name__ == "__main__":
    main()
