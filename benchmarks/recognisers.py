"""What the ambivalence simulator shows of recognisers, on seeds that nothing was tuned with.

    python -m benchmarks.recognisers speed            seconds for 560 clips: write, read, five folds of discord
    python -m benchmarks.recognisers personalisation  every method on `tonic`, all recordings and the first k
    python -m benchmarks.recognisers networks         tcn, gru, xattn and bam on `phasic`: folds, seconds

Figures are means over three cohorts of 80 people and 560 clips; with an argument, over those seeds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bitflow.datasets.simulate.ambivalence import STREAMS, simulate_clips
from bitflow.datasets.simulate.ambivalence_store import write_ambivalence
from bitflow.datasets.windows import FeatureDataset
from bitflow.models.adaptation.cohort import Cohort
from bitflow.models.adaptation.protocol import evaluate
from bitflow.models.evaluation.metrics import macro_f1, roc_auc
from bitflow.models.evaluation.schemes import grouped_folds
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import expert_kind
from bitflow.models.recognition.model import prepared
from bitflow.models.recognition.recognizer import Recognizer, target_of

SEEDS = (201, 202, 203)


def speed(seeds: tuple[int, ...]) -> None:
    for seed in seeds[:1]:
        with tempfile.TemporaryDirectory() as folder:
            clock = [time.perf_counter()]
            written = write_ambivalence(folder, "phasic", seed=seed)
            clock.append(time.perf_counter())
            data = FeatureDataset.open(written.store, written.labels)
            clock.append(time.perf_counter())
            config = RecognizerConfig(experts=("discord",), members=0)
            p = Recognizer(config).predict_folds(data, grouped_folds(data.y, data.participants))
            clock.append(time.perf_counter())
            write, read, folds = np.diff(clock)
            f1 = macro_f1(data.y, p[:, 1] >= 0.5)
            print(f"seed {seed}: write {write:.1f} s, read {read:.1f} s, five folds {folds:.1f} s (macro-F1 {f1:.3f})")
            print(f"  together {clock[-1] - clock[0]:.1f} s")


def personalisation(seeds: tuple[int, ...]) -> None:
    for first in (None, 1, 2, 3):
        rows: dict[str, list[tuple[float, ...]]] = {}
        for seed in seeds:
            for gain in evaluate(tonic(seed), first=first, resamples=500):
                found = (gain.macro_f1, gain.auc, gain.target_mean, gain.target_sd, gain.difference.value, gain.worse)
                rows.setdefault(gain.method, []).append(found)
        print("all recordings at hand" if first is None else f"first {first} at hand, the others predicted")
        print("  method                   macro-F1  AUC    by target      gain    worse")
        for name, values in rows.items():
            f1, auc, mean, sd, gain, worse = np.mean(values, axis=0)
            print(f"  {name:24s} {f1:.3f}     {auc:.3f}  {mean:.3f} ± {sd:.3f}  {gain:+.3f}  {worse:.2f}", flush=True)


def tonic(seed: int) -> Cohort:
    """Products of the streams' signals, about the person's baseline or as they are."""
    clips = simulate_clips("tonic", seed=seed)
    signals = [np.stack([clip.streams[name][:, 0] for name in STREAMS], axis=1) for clip in clips]
    y, who, order = (np.array([getattr(c, name) for c in clips]) for name in ("label", "participant", "video"))
    return Cohort.of_signals(signals, y, who, order, rate=5.0, features=pooled_products)


def pooled_products(signals: list[np.ndarray]) -> np.ndarray:
    rows = []
    for values in signals:
        smooth = np.stack([np.convolve(column, np.ones(5) / 5, "same") for column in values.T])
        row: list[float] = []
        for a, b in ((0, 1), (0, 2), (1, 2)):
            product = np.sort(smooth[a] * smooth[b])
            tenth = max(1, len(product) // 10)
            against = float(np.mean(product < -0.3))
            row += [product.mean(), product.std(), product[:tenth].mean(), product[-tenth:].mean(), against]
            row.append(np.log(1e-3 + against))
        rows.append(row)
    return np.array(rows)


def networks(seeds: tuple[int, ...]) -> None:
    kinds = ("tcn", "gru", "xattn", "bam")
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            written = write_ambivalence(Path(folder), "phasic", seed=seed)
            data = FeatureDataset.open(written.store, written.labels)
            config = RecognizerConfig(members=0)
            clips, target = prepared(data.clips, config), target_of(data, config)
            folds = grouped_folds(target.y, target.groups)
            for kind in kinds:
                begun = time.perf_counter()
                logits = np.empty(len(clips))
                for fold in folds:
                    expert = expert_kind(kind).fit([clips[i] for i in fold.train], target.chosen(fold.train), {})
                    logits[fold.test] = expert.logits([clips[i] for i in fold.test])[:, 0]
                seconds = time.perf_counter() - begun
                found[kind].append((macro_f1(target.y, logits > 0), roc_auc(target.y, logits), seconds))
                f1, auc, _ = found[kind][-1]
                print(
                    f"seed {seed} {kind:6s} macro-F1 {f1:.3f}  AUC {auc:.3f}  {seconds:.0f} s for five folds",
                    flush=True,
                )
    for kind, values in found.items():
        print(f"{kind:6s} mean macro-F1 {np.mean([v[0] for v in values]):.3f}")


if __name__ == "__main__":
    chosen = tuple(int(seed) for seed in sys.argv[2:]) or SEEDS
    {"speed": speed, "personalisation": personalisation, "networks": networks}[sys.argv[1]](chosen)
