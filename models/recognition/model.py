"""A trained recogniser: what it says about clips, how sure it is, when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.datasets.windows import FeatureDataset, FeatureSchema
from bitflow.models.recognition import discord
from bitflow.models.recognition.calibration import Calibrator, Conformal
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import Expert
from bitflow.models.recognition.fusion import Fusion

#: Half-width of the 5-95 % band in standard deviations of the members.
BAND = 1.645

#: A spread needs so many members.
LEAST_MEMBERS = 2

#: Experts to which words are an input, so that their absence is worth a word.
READ_WORDS = frozenset({"text", "gaps"})

#: From this opposition on, for this long, two streams are said to disagree: a cue.
CUE_LEVEL, CUE_S = discord.OPPOSED, 1.0


@dataclass(frozen=True)
class Cue:
    """Where two streams disagreed: ``text positive, face negative``, from `start` to `end` s, mean opposition
    `value`."""

    start: float
    end: float
    name: str
    value: float


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says about clips.

    Parameters
    ----------
    recordings
        ``(n,)`` ids.
    classes
        Their names.
    probability
        ``(n, classes)``; NaN where no expert had anything to go by.
    low, high
        ``(n,)`` 5 and 95 % of the predicted class's probability over bootstrap members; NaN without members.
    wavers
        ``(n,)``: at the band's end another class would be said.
    predicted
        ``(n,)`` class numbers, −1 where nothing can be said.
    possible
        ``(n, classes)``: the conformal set.
    frames
        For each clip the second class's probability on its clock ``(bins,)`` (of more classes ``(bins, classes)``);
        None where no expert judges moments.
    cues
        For each clip, where streams disagreed.
    coverage
        For each clip the share of it in which each stream was seen; words are there (1) or not (0).
    contributions
        For each clip what each expert said, as a logit of the predicted class.
    """

    recordings: tuple[str, ...]
    classes: tuple[str, ...]
    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    wavers: NDArray[np.bool_]
    predicted: NDArray[np.int64]
    possible: NDArray[np.bool_]
    frames: tuple[NDArray[np.float64] | None, ...]
    cues: tuple[tuple[Cue, ...], ...]
    coverage: tuple[dict[str, float], ...]
    contributions: tuple[dict[str, float], ...]

    @property
    def abstains(self) -> NDArray[np.bool_]:
        """Where more than one class, or none, is possible, or models of other participants would say another one."""
        return (self.possible.sum(axis=1) != 1) | (self.predicted < 0) | self.wavers


@dataclass(frozen=True, eq=False)
class Model:
    """A trained recogniser.

    Parameters
    ----------
    config, classes, schema
        Settings, names of the classes, and the columns it reads.
    experts
        By name, in the order in which the fusion knows them.
    fusion, calibrator, threshold, conformal
        From their logits to a decision.
    members
        Bootstrap versions of the experts that are cheap to have several of, by name.
    trained
        On what, and how well that went: what the card shows.
    """

    config: RecognizerConfig
    classes: tuple[str, ...]
    schema: FeatureSchema
    experts: Mapping[str, Expert]
    fusion: Fusion
    calibrator: Calibrator
    threshold: float
    conformal: Conformal
    members: tuple[Mapping[str, Expert], ...]
    trained: Mapping[str, Any]

    def predict(self, data: FeatureDataset | Sequence[Clip]) -> Predictions:
        """Judge clips.

        Raises
        ------
        SchemaError
            A clip's columns are not those that the model was trained on.
        """
        clips = self.prepared(data)
        logits = self.expert_logits(clips)
        fused = self.fusion.fused(logits)
        probability = self.calibrated(fused)
        predicted = decided(probability, self.classes, self.threshold)
        return told(
            clips,
            self.schema,
            self.classes,
            probability,
            *self._band(clips, logits, fused, predicted),
            predicted,
            self.threshold,
            self.conformal,
            moment_probabilities(self.moments(clips), len(self.classes)),
            [find_cues(clip, self.config.centring) for clip in clips],
            logits,
            tuple(self.experts),
        )

    def prepared(self, data: FeatureDataset | Sequence[Clip]) -> tuple[Clip, ...]:
        """The clips with the model's columns and their participants' baselines."""
        clips = tuple(data)
        self.schema.check(clips)
        clips = tuple(self.schema.fitted(clip) for clip in clips)
        return prepared(clips, self.config)

    def expert_logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """``(n, experts × K)``; NaN where an expert has nothing to go by."""
        return np.hstack([expert.logits(clips) for expert in self.experts.values()])

    def calibrated(self, fused: NDArray[Any]) -> NDArray[np.float64]:
        """Probabilities ``(n, classes)`` of fused logits."""
        found = np.full((len(fused), len(self.classes)), np.nan)
        known = np.isfinite(fused).all(axis=1)
        found[known] = self.calibrator.probability(fused[known])
        return found

    def moments(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """Logits on each clip's clock, from the first expert that judges moments."""
        for expert in self.experts.values():
            found = expert.frames(clips)
            if any(logits is not None for logits in found):
                return found
        return [None] * len(clips)

    def _band(
        self, clips: Sequence[Clip], logits: NDArray[Any], fused: NDArray[Any], predicted: NDArray[Any]
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Probabilities ``(n, classes)`` at both ends of the band; None without members.

        Members differ in the participants they were trained on; ends are taken for and against the predicted class.
        """
        width = fused.shape[1]
        if len(self.members) < LEAST_MEMBERS:
            return None, None
        others = []
        for member in self.members:
            mine = logits.copy()
            for place, name in enumerate(self.experts):
                if name in member:
                    mine[:, place * width : (place + 1) * width] = member[name].logits(clips)
            others.append(self.fusion.fused(mine))
        spread = np.std(others, axis=0, ddof=1)
        shift = np.zeros_like(fused)
        if width == 1:
            shift[:, 0] = np.where(predicted == 1, 1.0, -1.0)
        else:
            shift[np.arange(len(fused)), np.maximum(predicted, 0)] = 1.0
        reach = BAND * spread * shift
        return self.calibrated(fused - reach), self.calibrated(fused + reach)


def told(
    clips: Sequence[Clip],
    schema: FeatureSchema,
    classes: tuple[str, ...],
    probability: NDArray[Any],
    less: NDArray[Any] | None,
    more: NDArray[Any] | None,
    predicted: NDArray[Any],
    threshold: float,
    conformal: Conformal,
    frames: Sequence[NDArray[np.float64] | None],
    cues: Sequence[tuple[Cue, ...]],
    logits: NDArray[Any],
    experts: Sequence[str],
) -> Predictions:
    """Put together what was found about clips; `less` and `more` are the probabilities at the ends of the band."""
    known = predicted >= 0
    row, k = np.arange(len(predicted)), np.maximum(predicted, 0)
    low, high = (np.full(len(row), np.nan) if end is None else end[row, k] for end in (less, more))
    wavers = np.zeros(len(row), bool) if less is None else known & (decided(less, classes, threshold) != predicted)
    possible = np.zeros(probability.shape, bool)
    possible[known] = conformal.sets(probability[known])
    return Predictions(
        tuple(clip.recording for clip in clips),
        classes,
        probability,
        low,
        high,
        wavers,
        predicted,
        possible,
        tuple(frames),
        tuple(cues),
        tuple(_coverage(clip, schema, experts) for clip in clips),
        tuple(_contributions(row, int(k), experts) for row, k in zip(logits, predicted, strict=True)),
    )


def _coverage(clip: Clip, schema: FeatureSchema, experts: Sequence[str]) -> dict[str, float]:
    found = {name: clip.coverage(name) for name in schema.streams}
    if READ_WORDS & {name.split(":")[0] for name in experts}:
        found["words"] = float(clip.text is not None)
    return found


def decided(probability: NDArray[Any], classes: Sequence[str], threshold: float) -> NDArray[np.int64]:
    """Class numbers of probabilities ``(n, classes)``; −1 where nothing is known."""
    known = np.asarray(np.isfinite(probability).all(axis=1))
    found = np.full(len(probability), -1)
    if len(classes) == 2:
        found[known] = probability[known, 1] >= threshold
    else:
        found[known] = np.argmax(probability[known], axis=1)
    return found


def moment_probabilities(logits: Sequence[NDArray[Any] | None], classes: int) -> list[NDArray[np.float64] | None]:
    """Logits of moments ``(bins, K)`` as probabilities: ``(bins,)`` of the second of two classes, else all of them."""
    from bitflow.models.evaluation.baselines import flat, probabilities

    made: list[NDArray[np.float64] | None] = []
    for each in logits:
        if each is None:
            made.append(None)
            continue
        known = np.asarray(np.isfinite(each).all(axis=1))
        p = np.full((len(each), classes), np.nan)
        p[known] = probabilities(each[known])
        made.append(flat(p))
    return made


def prepared(clips: Sequence[Clip], config: RecognizerConfig) -> tuple[Clip, ...]:
    """Clips as experts read them: only the streams asked for, and the participants' baselines."""
    found = tuple(clips)
    if config.streams:
        found = tuple(
            replace(clip, streams={name: s for name, s in clip.streams.items() if name in config.streams})
            for clip in found
        )
    return discord.with_baselines(found) if config.centring == "participant" else found


def find_cues(clip: Clip, centring: str) -> tuple[Cue, ...]:
    """Stretches of a second or more in which two signed channels have opposite signs, strongest pairs by name."""
    channels = discord.centred_channels(clip, centring)
    found: list[Cue] = []
    for a, b in discord.pairs(list(channels)):
        product = channels[a] * channels[b]
        opposed = np.nan_to_num(-product) > CUE_LEVEL
        edges = np.flatnonzero(np.diff(np.concatenate(([False], opposed, [False])).astype(int)))
        for first, last in edges.reshape(-1, 2):
            if (last - first) / clip.rate < CUE_S:
                continue
            name = ", ".join(f"{s} {_sign(s, channels[s][first:last])}" for s in (a, b))
            found.append(Cue(first / clip.rate, last / clip.rate, name, float(-product[first:last].mean())))
    return tuple(sorted(found, key=lambda cue: (cue.start, cue.name)))


def _sign(stream: str, values: NDArray[Any]) -> str:
    up, down = ("near", "withdrawn") if stream == "body" else ("positive", "negative")
    return up if np.nanmean(values) > 0 else down


def _contributions(row: NDArray[Any], k: int, experts: Sequence[str]) -> dict[str, float]:
    """What each expert said, as a logit of the predicted class."""
    width = len(row) // len(experts)
    if k < 0:
        return {}
    column, sign = (0, 1.0 if k == 1 else -1.0) if width == 1 else (k, 1.0)
    each = {name: sign * float(row[i * width + column]) for i, name in enumerate(experts)}
    return {name: value for name, value in each.items() if np.isfinite(value)}
