"""Segmentation of simulated mice, without and with labels, on seeds that nothing was tuned on.

``python -m benchmarks.segmentation [unlabelled] [labelled] [few] [speed] [long]`` prints one table a part:

- unlabelled: 10 recordings of 2 min, each clustered alone into 6 kinds; adjusted Rand index with the truth and with the
  same recording under 0.5 px of noise, beside k-means of single instants on the same features.
- labelled: boosted trees trained on one recording of 3 min and tested on another, beside rules and the most common
  class; macro F1 of frames.
- few: labels proposed a few bouts at a time, against bouts drawn at random.
- speed: 54,000 animal-frames segmented, of which the number of kinds is chosen.
- long: 20 h of three animals, features and kinds; seconds and peak memory.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from bitflow.datasets.simulate.mice import SimulatedMice, simulate_mice
from bitflow.datasets.simulate.mice_store import mice_poses, write_mice
from bitflow.models.segmentation.body import scales_of
from bitflow.models.segmentation.discovery import discover
from bitflow.models.segmentation.features import Scaling
from bitflow.models.segmentation.reading import Read, read_features, series_features
from bitflow.models.segmentation.stability import adjusted_rand
from bitflow.poses import PoseSeries, write_poses
from bitflow.poses.kinematics import length
from bitflow.store import FeatureStore

PRESETS = ("easy", "hard")
UNLABELLED_SEEDS = range(40, 50)
LABELLED_SEEDS = range(60, 80, 2)
FEW_SEEDS = range(100, 130, 3)


def read_of(mice: SimulatedMice, noise: float = 0.0, seed: int = 0) -> Read:
    poses = mice_poses(mice)
    shaken = poses.points + noise * np.random.default_rng(seed).standard_normal(poses.points.shape)
    poses = poses.with_points(shaken)
    scale = scales_of(length(poses))
    features = series_features(poses, scale)
    return Read("simulated", mice.animals, poses.tracks, mice.duration, scale, features, (poses,))


def frames_of(kinds: np.ndarray, mice: SimulatedMice) -> np.ndarray:
    return kinds[np.minimum(np.arange(len(mice.label)) // 3, len(kinds) - 1)]


def unlabelled() -> None:
    from sklearn.cluster import KMeans

    print("| preset | truth ARI | noise ARI | single instants, k-means | bouts/min (true) |")
    print("|---|---|---|---|---|")
    for preset in PRESETS:
        rows = []
        for seed in UNLABELLED_SEEDS:
            mice = simulate_mice(duration=120, seed=seed, preset=preset)
            read, noisy = read_of(mice), read_of(mice, 0.5, seed)
            found, again = (
                frames_of(discover([each], kinds=6, jitter=0.5).timelines[0].kinds, mice) for each in (read, noisy)
            )
            points = Scaling.fit(read.features)(read.features)
            plain = KMeans(6, n_init=10, random_state=0).fit_predict(points.reshape(-1, points.shape[-1]))
            plain = frames_of(plain.reshape(points.shape[:2]), mice)
            truth = mice.label.ravel()
            rows.append(
                (
                    adjusted_rand(truth, found.ravel()),
                    adjusted_rand(found.ravel(), again.ravel()),
                    adjusted_rand(truth, plain.ravel()),
                    (np.diff(found, axis=0) != 0).sum() / found.shape[1] / 2,
                    mice.bouts_per_min,
                )
            )
        m, s = np.mean(rows, axis=0), np.std(rows, axis=0)
        print(
            f"| {preset} | {m[0]:.3f} ± {s[0]:.3f} | {m[1]:.3f} ± {s[1]:.3f} | {m[2]:.3f} ± {s[2]:.3f} | "
            f"{m[3]:.1f} ({m[4]:.1f}) |",
            flush=True,
        )


def labelled() -> None:
    from bitflow.models.segmenter.kind import load_segmenter, save_segmenter
    from bitflow.models.segmenter.labels import UNLABELLED
    from bitflow.models.segmenter.scoring import by_rules, majority, scores
    from bitflow.models.segmenter.training import examples_of, fit_trees, trained

    print("| preset | macro F1, frames | bouts, BANOS F1 | F1@25 | rules | most common |")
    print("|---|---|---|---|---|---|")
    for preset in PRESETS:
        rows = []
        for seed in LABELLED_SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                for name, number in (("train", seed), ("test", seed + 1)):
                    write_mice(folder, simulate_mice(seed=number, preset=preset), recording=name)
                store = FeatureStore(folder)
                model, _ = trained(*examples_of(store, ["train"]), fit_trees)
                save_segmenter(Path(folder) / "model", model, "trees")
                model, _ = load_segmenter(Path(folder) / "model")
                (test,), _, classes, keypoints = examples_of(store, ["test"])
                assert classes == model.classes, "a behaviour is missing in one of the two recordings"
                assert (test.labels != UNLABELLED).all()
                said = model.timeline(model.probabilities(test.windows, keypoints))
                told = scores(said, test.labels, classes)
                idle = int(np.bincount(test.labels.ravel()).argmax())
                rules = scores(by_rules(store, "test", classes, test.labels, idle), test.labels, classes)
                most = scores(majority([test.labels], test.labels), test.labels, classes)
                rows.append(
                    (told["macro_f1"], told["banos_mean"]["f1"], told["f1_at_25"], rules["macro_f1"], most["macro_f1"])
                )
        m, s = np.mean(rows, axis=0), np.std(rows, axis=0)
        print(f"| {preset} | {m[0]:.3f} ± {s[0]:.3f} | {m[1]:.3f} | {m[2]:.3f} | {m[3]:.3f} | {m[4]:.3f} |", flush=True)


def few(seeds: list[int]) -> None:
    from bitflow.models.segmenter.model import Model, changes_of, shortest_of, untouched
    from bitflow.models.segmenter.proposals import label_loop
    from bitflow.models.segmenter.scoring import scores
    from bitflow.models.segmenter.training import examples_of, fit_trees

    print("| seed | all labels | at 5 %, 10 %, 15 % of bouts: proposed | at random | of the score of all |")
    print("|---|---|---|---|---|")
    better = enough = 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            for name, number in (("a", seed), ("b", seed + 1), ("test", seed + 2)):
                write_mice(folder, simulate_mice(seed=number, preset="easy"), recording=name)
            store = FeatureStore(folder)
            examples, _, classes, keypoints = examples_of(store, ["a", "b", "test"])
            reads = [read_features(store[name]) for name in ("a", "b")]
        pool, test = examples[:2], examples[2]
        bouts = sum(int((np.diff(each.labels, axis=0) != 0).sum()) + each.labels.shape[1] for each in pool)
        budgets = [int(share * bouts) for share in (0.025, 0.05, 0.075, 0.1, 0.125, 0.15)]
        count, names = len(classes), test.windows.names

        def score(learner, labelled, test=test, classes=classes, keypoints=keypoints, count=count, names=names):
            change, shortest = changes_of(labelled, count), shortest_of(labelled, count)
            model = Model(classes, np.zeros(count, bool), keypoints, names, learner, untouched(count), change, shortest)
            return scores(model.timeline(model.probabilities(test.windows, keypoints)), test.labels, classes)[
                "macro_f1"
            ]

        full = score(fit_trees(pool, count, 0), pool)
        told = [
            [
                score(learner, labelled)
                for _, labelled, learner in label_loop(reads, pool, count, fit_trees, budgets, at_random=draw)
            ]
            for draw in (None, seed)
        ]
        better += told[0][-1] > told[1][-1]
        enough += told[0][-1] >= 0.95 * full
        shown = [", ".join(f"{value:.3f}" for value in each[1::2]) for each in told]
        print(f"| {seed} | {full:.3f} | {shown[0]} | {shown[1]} | {told[0][-1] / full:.3f} |", flush=True)
    print(f"better than random on {better} of {len(seeds)}, 95 % with at most 15 % on {enough}")


def clock() -> np.ndarray:
    """Seconds that passed, and seconds of processor: the second hardly depends on what else runs."""
    return np.array([time.perf_counter(), time.process_time()])


def told(clocks: list[np.ndarray], kinds: int) -> str:
    (features, features_cpu), (finding, finding_cpu) = np.diff(clocks, axis=0)
    return (
        f"features {features:.1f} s ({features_cpu:.1f} s of processor), "
        f"{kinds} kinds {finding:.1f} s ({finding_cpu:.1f} s of processor)"
    )


def speed() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = write_mice(folder, simulate_mice(duration=600, seed=200))
        warm = write_mice(folder, simulate_mice(duration=30, seed=200), recording="warm")
        discover([read_features(warm)], kinds=2)  # what is loaded once
        clocks = [clock()]
        read = read_features(place)
        clocks.append(clock())
        found = discover([read])
        clocks.append(clock())
    print(f"54,000 animal-frames: {told(clocks, found.kinds)}")


def long(hours: float) -> None:
    """Ten minutes of mice, again and again: what is measured is reading and arithmetic, not variety."""
    mice = simulate_mice(duration=600, seed=201)
    one = mice_poses(mice)

    def repeated():
        for number in range(round(hours * 6)):
            yield PoseSeries(
                one.frames + number * len(one),
                one.time + number * 600.0,
                one.points,
                one.confidence,
                one.facts,
                one.tracks,
            )

    with tempfile.TemporaryDirectory() as folder:
        place = FeatureStore.create(folder).draft("long")
        provenance = {"extractor": "benchmark", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
        write_poses(place, repeated(), provenance=provenance)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        clocks = [clock()]
        read = read_features(place)
        clocks.append(clock())
        found = discover([read])
        clocks.append(clock())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{hours:g} h × 3 animals: {told(clocks, found.kinds)}, peak memory {peak:.2f} GB ({before:.2f} GB before)")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parts = {"unlabelled": unlabelled, "labelled": labelled, "speed": speed}
    parser.add_argument("parts", nargs="*", default=["unlabelled", "labelled", "few", "speed", "long"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[*FEW_SEEDS], help="of the part `few`")
    parser.add_argument("--hours", type=float, default=20.0, help="of the long recording")
    asked = parser.parse_args()
    for name in asked.parts:
        print(f"\n{name}, {time.strftime('%Y-%m-%d')}", flush=True)
        if name == "long":
            long(asked.hours)
        elif name == "few":
            few(asked.seeds)
        else:
            parts[name]()


if __name__ == "__main__":
    main()
