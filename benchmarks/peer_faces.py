"""MediaPipe's own runtime on a clip; run by the peer's interpreter, writes what it saw to an .npz file.

Usage: peer_faces.py CLIP FRAMES OUT [FACE_LANDMARKER_TASK]
"""

import sys
from typing import Any

import cv2
import mediapipe as mp
import numpy as np


def frames(clip, limit):
    """RGB pictures as cv2 4.11 decodes them: with the BT.601 matrix, whatever the stream says."""
    capture = cv2.VideoCapture(clip)
    for _ in range(limit):
        good, picture = capture.read()
        if not good:
            break
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def as_array(landmarks, width, height):
    """Normalised landmarks as (n, 3) px."""
    return np.array([(p.x, p.y, p.z) for p in landmarks]) * (width, height, width)


def meshes(clip, limit, static):
    """468-point meshes (frames, 468, 3) px, NaN where none."""
    found = []
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=static, max_num_faces=1) as model:
        for picture in frames(clip, limit):
            result = model.process(picture).multi_face_landmarks
            size = picture.shape[1], picture.shape[0]
            found.append(as_array(result[0].landmark, *size) if result else np.full((468, 3), np.nan))
    return np.array(found)


def detections(clip, limit, model_selection):
    """Best detection a frame: score, box x y w h and 6 keypoints, px: (frames, 17); and the number found."""
    rows, counts = [], []
    with mp.solutions.face_detection.FaceDetection(model_selection=model_selection) as model:
        for picture in frames(clip, limit):
            height, width = picture.shape[:2]
            result = model.process(picture).detections or []
            counts.append(len(result))
            row = np.full(17, np.nan)
            if result:
                data = result[0].location_data
                box = data.relative_bounding_box
                row[:5] = (
                    result[0].score[0],
                    box.xmin * width,
                    box.ymin * height,
                    box.width * width,
                    box.height * height,
                )
                row[5:] = np.array([(k.x * width, k.y * height) for k in data.relative_keypoints]).reshape(-1)
            rows.append(row)
    return np.array(rows), np.array(counts)


def landmarker(clip, limit, task):
    """478-point meshes, blendshapes (frames, 52), transforms (frames, 4, 4), in image mode."""
    vision = mp.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=task),
        running_mode=vision.RunningMode.IMAGE,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    points, scores, transforms = [], [], []
    with vision.FaceLandmarker.create_from_options(options) as model:
        for picture in frames(clip, limit):
            height, width = picture.shape[:2]
            result = model.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=picture))
            found = bool(result.face_landmarks)
            points.append(as_array(result.face_landmarks[0], width, height) if found else np.full((478, 3), np.nan))
            scores.append([s.score for s in result.face_blendshapes[0]] if found else np.full(52, np.nan))
            transforms.append(result.facial_transformation_matrixes[0] if found else np.full((4, 4), np.nan))
    return np.array(points), np.array(scores), np.array(transforms)


def main():
    clip, limit, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    seen: dict[str, Any] = {"static": meshes(clip, limit, True), "video": meshes(clip, limit, False)}
    seen["short"], seen["short_count"] = detections(clip, limit, 0)
    seen["full"], seen["full_count"] = detections(clip, limit, 1)
    if len(sys.argv) > 4:
        seen["points478"], seen["blendshapes"], seen["transforms"] = landmarker(clip, limit, sys.argv[4])
    np.savez(out, **seen)


if __name__ == "__main__":
    main()
