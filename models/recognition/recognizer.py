"""Training a recogniser: experts on folds by participant, fusion of what they say about people they have not seen.

Nothing is learned from a participant and then judged on the same participant: scaling, vocabularies, fusion,
calibration, threshold and conformal limits come from out-of-fold logits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.datasets.windows import FeatureDataset
from bitflow.errors import UsageError
from bitflow.models.evaluation.schemes import Fold, grouped_folds
from bitflow.models.recognition import discord
from bitflow.models.recognition.calibration import Calibrator, Conformal, choose_calibrator, threshold, with_prior
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import Expert, Target, expert_kind
from bitflow.models.recognition.fusion import FUSIONS, Fusion
from bitflow.models.recognition.model import Model, prepared

#: Experts that a bootstrap member has its own version of; the others are costly, and shared.
_CHEAP = frozenset({"statistics", "discord", "gaps", "early", "windows", "zero-shot"})

#: Experts that read how streams agree: what the ablation on the card leaves out.
DISCORD = frozenset({"discord", "windows"})


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What was learned about participants who were not in training.

    Parameters
    ----------
    names
        Experts, in order.
    logits
        ``(n, experts × K)``.
    folds
        By participant.
    experts, fusions, calibrator
        Of each fold; the calibrator of all.
    probability
        ``(n, classes)`` of the whole recogniser, calibrated.
    """

    names: tuple[str, ...]
    logits: NDArray[np.float64]
    folds: tuple[Fold, ...]
    experts: tuple[dict[str, Expert], ...]
    fusions: tuple[Fusion, ...]
    calibrator: Calibrator
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class Recognizer:
    """Settings, and how to train by them."""

    config: RecognizerConfig = field(default_factory=RecognizerConfig)

    def fit(self, data: FeatureDataset) -> Model:
        """Train.

        Raises
        ------
        UsageError
            Labels are missing, all of one class, or of one participant; no expert has anything to read.
        """
        return self.fit_reported(data)[0]

    def fit_reported(self, data: FeatureDataset) -> tuple[Model, OutOfFold]:
        """Train, and keep what was said out of fold."""
        check_labels(data)
        config = self.config
        missing = sorted(set(config.streams) - set(data.schema.streams))
        if missing:
            there = ", ".join(data.schema.streams) or "none"
            raise UsageError(f"no recording has the stream {missing[0]!r}; there are {there}")
        clips = prepared(data.clips, config)
        target = target_of(data, config)
        wanted = self.experts_for(clips)
        # On everything first: what was asked for and cannot be trained is an error; what was not is left out.
        fit = _fitted if config.experts else _fitted_on_part
        experts = {name: fit(name, clips, target, settings) for name, settings in wanted.items()}
        fitted = {name: expert for name, expert in experts.items() if expert is not None}
        if not fitted:
            raise UsageError(
                f"nothing can be learned from these recordings by {', '.join(wanted)}; extract more tables"
            )
        wanted = {name: wanted[name] for name in fitted}
        held = self._out_of_fold(clips, target, wanted)
        fusion = FUSIONS[config.fusion].fit(held.logits, target.y, target.weight, held.names, len(target.classes))
        calibrator = held.calibrator
        if config.prior and target.width == 1:
            calibrator = with_prior(calibrator, float(np.mean(target.y == 1)), config.prior)
        limit = threshold(held.probability[:, 1], target.y, config.threshold) if target.width == 1 else 0.0
        model = Model(
            config,
            target.classes,
            data.schema,
            fitted,
            fusion,
            calibrator,
            limit,
            Conformal.fit(held.probability, target.y),
            tuple(self._members(clips, target, wanted)),
            {},
        )
        return model, held

    def predict_folds(self, data: FeatureDataset, folds: Iterable[Fold]) -> NDArray[np.float64]:
        """Probabilities ``(n, classes)`` of clips by recognisers that were trained on the other part of their fold."""
        found = np.full((len(data), len(data.classes)), np.nan)
        data = replace(data, clips=prepared(data.clips, self.config))  # once: a baseline is the participant's alone
        for fold in folds:
            model = self.fit(data.chosen(fold.train))
            found[fold.test] = model.calibrated(model.fusion.fused(model.expert_logits(
                model.prepared(data.chosen(fold.test)))))  # fmt: skip
        return found

    def experts_for(self, clips: Sequence[Clip]) -> dict[str, dict[str, Any]]:
        """Names and settings of the experts that are asked for, or that the clips can feed."""
        config = self.config
        columns = {name: list(stream.names) for clip in clips for name, stream in clip.streams.items()}
        streams = sorted(columns)
        asks = any(clip.covariates.get("question") for clip in clips) and "question" not in config.exclude
        shared: dict[str, dict[str, Any]] = {
            "text": {"question": asks, "embeddings": config.embeddings},
            "discord": {"centring": config.centring},
            "bam": {"centring": config.centring},
            "windows": {
                "centring": config.centring,
                "pooling": config.pooling,
                "seconds": config.seconds,
                "hop": config.hop,
            },
        }
        names = list(config.experts or _possible(clips))
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            kind, _, stream = name.partition(":")
            if kind == "statistics" and stream and stream not in columns:
                raise UsageError(f"no recording has the stream {stream!r}; there are {', '.join(streams) or 'none'}")
            for each in [stream] if stream else streams if kind == "statistics" else [""]:
                full = f"{kind}:{each}" if each else kind
                about = {"stream": each, "columns": columns[each]} if each in columns else {}
                own = {**config.expert_settings.get(kind, {}), **config.expert_settings.get(full, {})}
                found[full] = {**shared.get(kind, {}), **about, **own}
        if config.fusion == "early":
            dense = {name: s for name, s in found.items() if name.split(":")[0] in ("statistics", "gaps", "discord")}
            if dense:
                rest = {name: settings for name, settings in found.items() if name not in dense}
                found = {"early": {"parts": [[name.split(":")[0], s] for name, s in dense.items()]}, **rest}
        if not found:
            raise UsageError("the recordings have no stream, word or text that any expert reads; extract more tables")
        return found

    def _out_of_fold(self, clips: Sequence[Clip], target: Target, wanted: dict[str, dict[str, Any]]) -> OutOfFold:
        config = self.config
        folds = grouped_folds(target.y, target.groups, config.folds, seed=config.seed)
        names = tuple(wanted)
        logits = np.full((len(clips), len(names) * target.width), np.nan)
        experts = []
        for fold in folds:
            train, test = [clips[i] for i in fold.train], [clips[i] for i in fold.test]
            part = target.chosen(fold.train)
            fitted = {name: _fitted_on_part(name, train, part, settings) for name, settings in wanted.items()}
            for place, name in enumerate(names):
                expert = fitted[name]
                if expert is not None:
                    logits[fold.test, place * target.width : (place + 1) * target.width] = expert.logits(test)
            experts.append({name: expert for name, expert in fitted.items() if expert is not None})
        fused = np.full((len(clips), target.width), np.nan)
        fusions = []
        for fold in folds:
            fusion = FUSIONS[config.fusion].fit(
                logits[fold.train], target.y[fold.train], target.weight[fold.train], names, len(target.classes)
            )
            fused[fold.test] = fusion.fused(logits[fold.test])
            fusions.append(fusion)
        known = np.asarray(np.isfinite(fused).all(axis=1))
        if not known.any():
            raise UsageError("no expert could judge any clip of a participant it had not seen; extract more tables")
        filled = np.where(known[:, None], fused, 0.0)
        calibrator = choose_calibrator(filled, target.y, folds)
        return OutOfFold(
            names, logits, tuple(folds), tuple(experts), tuple(fusions), calibrator, calibrator.probability(filled)
        )

    def _members(
        self, clips: Sequence[Clip], target: Target, wanted: dict[str, dict[str, Any]]
    ) -> Iterable[dict[str, Expert]]:
        """Experts trained on participants drawn with repetition."""
        names, at = np.unique(target.groups, return_inverse=True)
        draw = np.random.default_rng(self.config.seed)
        for _ in range(self.config.members):
            counts = np.bincount(draw.integers(0, len(names), len(names)), minlength=len(names))
            weight = target.weight * counts[at]
            again = Target(target.y, target.classes, weight, target.groups, target.seed)
            cheap = {name: s for name, s in wanted.items() if name.split(":")[0] in _CHEAP}
            fitted = {name: _fitted_on_part(name, clips, again, settings) for name, settings in cheap.items()}
            yield {name: expert for name, expert in fitted.items() if expert is not None}


def check_labels(data: FeatureDataset) -> None:
    """Refuse what nothing can be learned from.

    Raises
    ------
    UsageError
        A clip has no label or participant, or all have the same.
    """
    bare = [clip.recording for clip in data if clip.label not in data.classes]
    if bare:
        raise UsageError(f"recording {bare[0]!r} has no label ({len(bare)} such): training needs one for each")
    nobody = [clip.recording for clip in data if not clip.participant]
    if nobody:
        raise UsageError(f"recording {nobody[0]!r} has no participant ({len(nobody)} such): splits go by participant")
    found = {clip.label for clip in data}
    if len(found) < 2:
        raise UsageError(
            f"all {len(data)} labels are {next(iter(found), '')!r}: a recogniser needs at least two classes"
        )
    people = sorted({clip.participant for clip in data})
    if len(people) < 2:
        raise UsageError(
            f"all {len(data)} recordings are of {people[0]!r}: a recogniser needs at least two participants"
        )


def target_of(data: FeatureDataset, config: RecognizerConfig) -> Target:
    """Labels, and weights by which every participant counts the same."""
    groups = data.participants
    weight = np.ones(len(data))
    if config.equal_participants:
        _, at, counts = np.unique(groups, return_inverse=True, return_counts=True)
        weight = 1.0 / counts[at]
        weight *= len(weight) / weight.sum()
    return Target(data.y, data.classes, weight, groups, config.seed)


def _possible(clips: Sequence[Clip]) -> list[str]:
    found = ["statistics"] if any(clip.streams for clip in clips) else []
    if any(clip.text for clip in clips):
        found.append("text")
    if any(clip.words is not None and len(clip.words.starts) for clip in clips):
        found.append("gaps")
    signed = {stream for clip in clips for stream in discord.channels(clip)}
    if len(signed) > 1:
        found += ["discord", "windows"]
    elif any(clip.segments for clip in clips) and any(clip.streams for clip in clips):
        found.append("windows")
    return found


def _fitted(name: str, clips: Sequence[Clip], target: Target, settings: dict[str, Any]) -> Expert | None:
    """A trained expert; None when this part of the data has nothing that it reads."""
    kind = expert_kind(name.split(":")[0])
    present = {int(k) for k, w in zip(target.y, target.weight, strict=True) if w > 0}
    if len(present) < 2:
        return None
    return kind.fit(clips, target, settings)


def _fitted_on_part(name: str, clips: Sequence[Clip], target: Target, settings: dict[str, Any]) -> Expert | None:
    """The same of an expert that all of the data can train: of a part without what it reads it knows nothing."""
    try:
        return _fitted(name, clips, target, settings)
    except UsageError:
        return None
