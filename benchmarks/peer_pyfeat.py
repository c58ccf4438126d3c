"""py-feat's detector on a clip; run by its own interpreter. Usage: peer_pyfeat.py CLIP

Prints JSON as peer_loop.py does. Its weights are fetched from its authors' hub when they are not there; without them it
ends with the reason.
"""

import json
import sys
import time

from memory import peak


def main():
    import feat

    # named Detectorv1 from version 2 on
    detector = getattr(feat, "Detectorv1", None) or feat.Detector
    detector = detector(device="cpu")
    wall, cpu = time.perf_counter(), time.process_time()
    table = detector.detect(sys.argv[1], data_type="video", batch_size=1, progress_bar=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"frames": int(table["frame"].nunique()), "wall": wall, "cpu": cpu, "peak": peak()}))


if __name__ == "__main__":
    main()
