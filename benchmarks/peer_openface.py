"""OpenFace 3's face detector, landmarks and multitask network on a clip; run by its own interpreter.

Usage: peer_openface.py CLIP. Prints JSON as peer_loop.py does. Its weights are fetched from its authors' hub when they
are not there; without them it ends with the reason.
"""

import json
import os
import sys
import tempfile
import time

from memory import peak

REPOSITORY = "nutPace/openface_weights"  # where its own `openface download` looks
WEIGHTS = ("Alignment_RetinaFace.pth", "Landmark_98.pkl", "MTL_backbone.pth")


def main():
    import cv2

    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    weights = os.path.join(cache, "bitflow", "openface-weights")
    if not all(os.path.exists(os.path.join(weights, name)) for name in WEIGHTS):
        from huggingface_hub import snapshot_download

        snapshot_download(repo_id=REPOSITORY, local_dir=weights, etag_timeout=10)

    from openface.face_detection import FaceDetector
    from openface.landmark_detection import LandmarkDetector
    from openface.multitask_model import MultitaskPredictor

    faces = FaceDetector(model_path=os.path.join(weights, WEIGHTS[0]), device="cpu")
    landmarks = LandmarkDetector(model_path=os.path.join(weights, WEIGHTS[1]), device="cpu")
    multitask = MultitaskPredictor(model_path=os.path.join(weights, WEIGHTS[2]), device="cpu")
    frames = 0
    capture = cv2.VideoCapture(sys.argv[1])
    wall, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        picture_path = os.path.join(folder, "frame.png")  # its detector takes the name of a file
        while True:
            good, picture = capture.read()
            if not good:
                break
            cv2.imwrite(picture_path, picture)
            crop, found = faces.get_face(picture_path)
            if crop is not None and found is not None:
                landmarks.detect_landmarks(picture, found)
                multitask.predict(crop)
            frames += 1
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"frames": frames, "wall": wall, "cpu": cpu, "peak": peak()}))


if __name__ == "__main__":
    main()
