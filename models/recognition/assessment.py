"""How well a recogniser does, beside what it must beat: one assessment for training, evaluation and the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.agreement.matching import match_events
from bitflow.annotations.labels import Label
from bitflow.datasets.clips import Clip
from bitflow.datasets.windows import FeatureDataset
from bitflow.models.evaluation import baselines, metrics
from bitflow.models.evaluation.schemes import Fold
from bitflow.models.evaluation.scores import Draws, Judged, row
from bitflow.models.evaluation.subgroups import subgroup_rows
from bitflow.models.recognition.calibration import choose_calibrator
from bitflow.models.recognition.fusion import FUSIONS
from bitflow.models.recognition.model import Model
from bitflow.models.recognition.recognizer import DISCORD, OutOfFold, Recognizer, target_of
from bitflow.models.recognition.text import TextExpert, log_words

#: Least overlap of a predicted and an annotated segment, as intersection over union.
OVERLAPS = (0.1, 0.3, 0.5)

#: A predicted segment lasts at least this long (s).
SHORTEST_S = 0.6


@dataclass(frozen=True, eq=False)
class Assessment:
    """Scores of a recogniser and of the baselines, on the same samples.

    `samples` are the numbers of the clips that were judged; `judged` the recogniser's own predictions.
    """

    judged: Judged
    samples: NDArray[np.int64]
    rows: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    draws: Draws

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the recogniser's scores at the top, every row below."""
        own = self.rows[0]
        return {
            **{name: value for name, value in own.items() if name != "name"},
            "rows": self.rows,
            "comparisons": self.comparisons,
        }


def assess(
    data: FeatureDataset,
    probability: NDArray[Any],
    folds: Sequence[Fold],
    *,
    threshold: float = 0.5,
    resamples: int = 2000,
    others: dict[str, NDArray[Any]] | None = None,
) -> Assessment:
    """Score probabilities ``(n, classes)`` and the always-on baselines fitted on the same folds.

    Parameters
    ----------
    others
        Further probabilities to show and compare with, by name: the recogniser without discord, say.
    """
    samples = np.unique(np.concatenate([fold.test for fold in folds]))
    samples = samples[np.isfinite(probability[samples]).all(axis=1)]
    groups, question = data.participants[samples], data.covariate("question")
    # Only scores of one model can be ranked: pairs are of one question and one fold.
    place = np.zeros(len(data), int)
    for number, fold in enumerate(folds):
        place[fold.test] = number
    asked = np.array([f"{q}/{k}" for q, k in zip(question, place, strict=True)])[samples] if any(question) else None

    def judge(p: NDArray[Any], limit: float = 0.5) -> Judged:
        return Judged(data.y[samples], baselines.flat(p[samples]), groups, asked, limit)

    own = judge(probability, threshold)
    draws = Draws(groups, resamples)
    found = {name: judge(p) for name, p in {**(others or {}), **baseline_probabilities(data, folds)}.items()}
    rows = [row("model", own, draws), *(row(name, each, draws) for name, each in found.items())]
    comparisons = [
        {"first": "model", "second": name, "score": score, **draws.difference(own, each, score).as_dict()}
        for name, each in found.items()
        if name != "prior"
        for score in ("macro_f1", "average_precision")
    ]
    return Assessment(own, samples, rows, comparisons, draws)


def baseline_probabilities(data: FeatureDataset, folds: Sequence[Fold]) -> dict[str, NDArray[np.float64]]:
    """Those of prior, question, length and text that apply, ``(n, classes)`` each, from each fold's training part."""
    classes = len(data.classes)
    texts = [clip.text or "" for clip in data]
    asked = data.covariate("question")
    amount = log_words(texts) if any(texts) else np.log([clip.duration for clip in data])
    found = {name: np.full((len(data), classes), np.nan) for name in ("prior", "question", "length", "text")}
    for fold in folds:
        y, test = data.y[fold.train], fold.test
        found["prior"][test] = baselines.prior(y, len(test), classes)
        if any(asked):
            found["question"][test] = baselines.stratum_rates(y, asked[fold.train], asked[test], classes)
        found["length"][test] = baselines.length(y, amount[fold.train], amount[test], classes)
        said = [i for i in fold.train if texts[i]]
        if len(set(data.y[said])) > 1 and len(said) > 1:
            expert = TextExpert.fit_texts(
                [texts[i] for i in said], [""] * len(said), data.y[said], np.ones(len(said)), classes=classes
            )
            logits = expert.text_logits([texts[i] for i in test], [""] * len(test))
            found["text"][test] = baselines.probabilities(logits)
    return {name: p for name, p in found.items() if np.isfinite(p).any()}


def without_discord(data: FeatureDataset, held: OutOfFold, recognizer: Recognizer) -> NDArray[np.float64] | None:
    """Out-of-fold probabilities without the experts that read disagreement; None where there are none, or no others."""
    kept = [name for name in held.names if name.split(":")[0] not in DISCORD]
    if not kept or len(kept) == len(held.names):
        return None
    target = target_of(data, recognizer.config)
    width = target.width
    columns = [held.names.index(name) * width + k for name in kept for k in range(width)]
    logits = held.logits[:, columns]
    fused = np.zeros((len(data), width))
    for fold in held.folds:
        fusion = FUSIONS[recognizer.config.fusion].fit(
            logits[fold.train], target.y[fold.train], target.weight[fold.train], kept, len(target.classes)
        )
        fused[fold.test] = np.nan_to_num(fusion.fused(logits[fold.test]))
    return choose_calibrator(fused, target.y, held.folds).probability(fused)


def without_streams(model: Model, held: OutOfFold, data: FeatureDataset) -> list[dict[str, Any]]:
    """What is lost when a stream is missing: macro-F1 and AUC out of fold with it taken from the tested clips."""
    clips = model.prepared(data)
    rows = []
    spoken = ["words"] if any(clip.text for clip in clips) else []
    for stream in [*model.schema.streams, *spoken]:
        bare = tuple(_without(clip, stream) for clip in clips)
        fused = np.full((len(clips), held.logits.shape[1] // len(held.names)), np.nan)
        for fold, experts, fusion in zip(held.folds, held.experts, held.fusions, strict=True):
            test = [bare[i] for i in fold.test]
            parts = [
                experts[name].logits(test) if name in experts else np.full((len(test), fused.shape[1]), np.nan)
                for name in held.names
            ]
            fused[fold.test] = fusion.fused(np.hstack(parts))
        known = np.isfinite(fused).all(axis=1)
        if not known.any():
            rows.append({"missing": stream, "macro_f1": None, "auc": None, "judged": 0})
            continue
        p = baselines.flat(held.calibrator.probability(fused[known]))
        judged = Judged(data.y[known], p, data.participants[known])
        ones = np.ones(int(known.sum()))
        rows.append(
            {
                "missing": stream,
                "macro_f1": float(judged.score("macro_f1")(ones)),
                "auc": _finite(judged.score("auc")(ones)),
                "judged": int(known.sum()),
            }
        )
    return rows


def subgroups(data: FeatureDataset, found: Assessment) -> list[dict[str, Any]]:
    """Scores by every covariate of the labels file that divides people into groups."""
    names = sorted({name for clip in data for name in clip.covariates})
    return subgroup_rows(found.judged, {name: data.covariate(name)[found.samples] for name in names})


def frame_scores(clips: Sequence[Clip], probability: Sequence[NDArray[Any] | None]) -> dict[str, Any] | None:
    """Scores of moments against annotated segments, over the clips where somebody annotated and two classes exist.

    Returns
    -------
    dict or None
        ``auc``, ``average_precision``, ``macro_f1`` over moments; ``event_f1`` by least overlap; median
        ``onset_error_s``; ``false_alarms_per_min``. None where nothing was annotated or judged.
    """
    truth, scores = [], []
    matched, reference, named, false, minutes = dict.fromkeys(OVERLAPS, 0), 0, 0, 0, 0.0
    onsets: list[float] = []
    for clip, p in zip(clips, probability, strict=True):
        if clip.segments is None or p is None or p.ndim > 1:
            continue
        inside = np.zeros(clip.bins, bool)
        for segment in clip.segments:
            inside |= (clip.times >= segment.start) & (clip.times < segment.end)
        known = np.isfinite(p)
        truth.append(inside[known])
        scores.append(p[known])
        real = [Label(segment.start, segment.end, "segment") for segment in clip.segments]
        said = [Label(start, end, "segment") for start, end in _stretches(p >= 0.5, clip.rate)]
        reference, named, minutes = reference + len(real), named + len(said), minutes + clip.duration / 60
        for overlap in OVERLAPS:
            pairs = match_events(real, said, overlap=overlap)
            matched[overlap] += len(pairs)
            if overlap == OVERLAPS[0]:
                false += len(said) - len(pairs)
                onsets += [abs(real[i].start - said[j].start) for i, j in pairs]
    if not truth:
        return None
    y, s = np.concatenate(truth).astype(int), np.concatenate(scores)
    return {
        "auc": _finite(metrics.roc_auc(y, s)),
        "average_precision": _finite(metrics.average_precision(y, s)),
        "macro_f1": float(metrics.macro_f1(y, s >= 0.5, classes=2)),
        "prevalence": float(y.mean()),
        "event_f1": {f"{o:g}": 2 * m / (reference + named) if reference + named else None for o, m in matched.items()},
        "onset_error_s": float(np.median(onsets)) if onsets else None,
        "false_alarms_per_min": false / minutes if minutes else None,
    }


def held_frames(held: OutOfFold, clips: Sequence[Clip]) -> list[NDArray[np.float64] | None]:
    """Probability of moments by experts that had not seen the participant."""
    found: list[NDArray[np.float64] | None] = [None] * len(clips)
    for fold, experts in zip(held.folds, held.experts, strict=True):
        test = [clips[i] for i in fold.test]
        for expert in experts.values():
            logits = expert.frames(test)
            if any(each is not None for each in logits):
                for i, each in zip(fold.test, logits, strict=True):
                    if each is not None and each.shape[1] == 1:
                        found[i] = 1 / (1 + np.exp(-each[:, 0]))
                break
    return found


def _stretches(yes: NDArray[np.bool_], rate: float) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], yes, [False])).astype(int))).reshape(-1, 2)
    return [(first / rate, last / rate) for first, last in edges if (last - first) / rate >= SHORTEST_S]


def _without(clip: Clip, stream: str) -> Clip:
    if stream == "words":
        return replace(clip, words=None, text=None)
    return replace(clip, streams={name: values for name, values in clip.streams.items() if name != stream})


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
