"""The loop that people write: cv2.VideoCapture and MediaPipe FaceMesh; run by the peer's interpreter.

Usage: peer_loop_faces.py CLIP REFINE(0 or 1). Prints JSON: frames, faces, wall and CPU seconds without
start-up.
"""

import json
import sys
import time

import cv2
import mediapipe as mp


def main():
    clip, refine = sys.argv[1], sys.argv[2] == "1"
    frames = faces = 0
    with mp.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=refine) as model:
        capture = cv2.VideoCapture(clip)
        wall, cpu = time.perf_counter(), time.process_time()
        while True:
            good, picture = capture.read()
            if not good:
                break
            result = model.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
            if result.multi_face_landmarks:
                faces += 1
                [(p.x, p.y, p.z) for p in result.multi_face_landmarks[0].landmark]
            frames += 1
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"frames": frames, "faces": faces, "wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main()
