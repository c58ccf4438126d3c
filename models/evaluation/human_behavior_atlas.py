"""Scores of the Human Behavior Atlas, by the rules of its own scorer or by those that statistics expects.

The atlas' own rules (`compat`) are kept for comparison with published tables only: see `score_answers`.
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.human_behavior_atlas.manifest import read_manifest, read_text
from bitflow.datasets.human_behavior_atlas.samples import HbaSample
from bitflow.datasets.human_behavior_atlas.vocabulary import ATLAS, LabelMap
from bitflow.errors import SchemaError, UsageError
from bitflow.models.evaluation.intervals import TOO_FEW, interval, resample_weights
from bitflow.models.evaluation.metrics import weighted_f1
from bitflow.models.kinds import Outcome

#: Not a class: an answer that names none.
NONE = -1

#: Says whether an answer to an open question is right: question, reference, answer.
Judge = Callable[[str, str, str], bool]

_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.IGNORECASE | re.DOTALL)
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_THINKING = re.compile(r"<think>.*?</think>", re.IGNORECASE | re.DOTALL)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True)
class TaskScore:
    """The score of one data set.

    Parameters
    ----------
    metric
        ``weighted_f1``, ``mean_weighted_accuracy``, ``binary_weighted_f1``, or for open questions ``exact_match``,
        ``normalised_match``, ``token_f1``, ``judged``.
    unparsed
        Share of answers that name no class; they are wrong, not a class of their own.
    ci
        95 % by participant bootstrap, or the reason why there is none.
    """

    dataset: str
    task: str
    samples: int
    metrics: Mapping[str, float | None]
    unparsed: float
    ci: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {**vars(self), "metrics": dict(self.metrics), "ci": dict(self.ci)}


def score_answers(
    samples: Sequence[HbaSample],
    answers: Sequence[str],
    *,
    compat: bool = False,
    labels: LabelMap = ATLAS,
    judge: Judge | None = None,
    resamples: int = 2000,
) -> list[TaskScore]:
    """Score one answer a sample, by data set.

    Parameters
    ----------
    compat
        The rules of the published scorer: answers are looked for in brackets before ``<answer>`` tags; blanks around
        ``<``, ``>`` and ``/`` are taken out first; a label that is no class of the atlas ends the scoring. By default
        a boxed or tagged answer counts first, and an answer that names no class is a miss and is counted.
    judge
        For open questions; there is none by default, and nothing is asked over a network.
    resamples
        Of the bootstrap over those whose samples they are; 0 for none.

    Raises
    ------
    UsageError
        As many answers as samples are needed.
    SchemaError
        With `compat`, an answer names no class.

    Notes
    -----
    In both: the classes are those that occur in the reference; a prediction outside them is a miss and nobody's false
    alarm. Sentiment is scored as positive against negative with neutral references left out, and a neutral answer is
    wrong. Emotion is the mean over classes of ½(TP/P + TN/N).
    """
    if len(samples) != len(answers):
        raise UsageError(f"{len(answers)} answers for {len(samples)} samples: one each is needed")
    found: list[TaskScore] = []
    for dataset, task in sorted({(sample.dataset, sample.task) for sample in samples}):
        at = [i for i, sample in enumerate(samples) if (sample.dataset, sample.task) == (dataset, task)]
        mine, said = [samples[i] for i in at], [answers[i] for i in at]
        if mine[0].kind == "qa":
            found.append(_open_questions(dataset, task, mine, said, compat, judge, resamples))
        else:
            found.append(_classes(dataset, task, mine, said, compat, labels, resamples))
    return found


def evaluate_atlas(manifest: Path, answers: Path, *, compat: bool = False, resamples: int = 2000) -> Outcome:
    """Score a file of answers against a manifest.

    Parameters
    ----------
    answers
        JSONL with `answer` (or `prediction`) and, unless the rows stand in the manifest's order, the sample's `id`.

    Raises
    ------
    SchemaError, UsageError
        A row is no answer, or samples have none; the message names the line or the sample.
    """
    samples = list(read_manifest(manifest))
    scores = score_answers(samples, _answers(answers, samples), compat=compat, resamples=resamples)
    rows = [each.as_dict() for each in scores]
    rules = "of the published scorer" if compat else "of bitflow"
    lines = [f"{each.dataset} ({each.task}, {each.samples} samples): {_told(each)}" for each in scores]
    return Outcome({"rows": rows, "compat": compat}, (f"by the rules {rules}", *lines))


def parsed_answer(text: str, *, compat: bool = False) -> str:
    r"""The answer in what a model wrote.

    Examples
    --------
    >>> parsed_answer("<think>hm</think> \\boxed{Sad}"), parsed_answer("[1] so <answer>sad</answer>")
    ('Sad', 'sad')
    >>> parsed_answer("[1] so <answer>sad</answer>", compat=True)
    '1'
    """
    if compat:
        text = re.sub(r"\s*([<>/])\s*", r"\1", text)
        patterns: tuple[re.Pattern[str], ...] = (_BOXED, _BRACKETS, _ANSWER)
    else:
        text = _THINKING.sub("", text)
        patterns = (_BOXED, _ANSWER)
    for pattern in patterns:
        match = pattern.findall(text)
        if match:
            return str(match[0 if compat else -1]).strip()
    return text.strip()


def _classes(
    dataset: str,
    task: str,
    samples: Sequence[HbaSample],
    answers: Sequence[str],
    compat: bool,
    labels: LabelMap,
    resamples: int,
) -> TaskScore:
    truth = np.array([sample.label.index for sample in samples])  # type: ignore[union-attr]
    said = np.array([_class_of(dataset, answer, compat, labels) for answer in answers])
    domain = labels.datasets[dataset]
    unparsed = float(np.mean(said == NONE))
    if domain == "sentiment":
        truth, said, keep = _polarity(truth, said, labels)
        samples = [sample for sample, kept in zip(samples, keep, strict=True) if kept]
        name, score = "binary_weighted_f1", weighted_f1_of_present
    elif domain == "emotion":
        name, score = "mean_weighted_accuracy", mean_weighted_accuracy
    else:
        name, score = "weighted_f1", weighted_f1_of_present
    if not len(truth):
        return TaskScore(dataset, task, 0, {name: None}, unparsed)
    value = float(score(truth, said))
    ci = _interval(samples, lambda weight: score(truth, said, weight), resamples)
    return TaskScore(dataset, task, len(truth), {name: value}, unparsed, {name: ci})


def weighted_f1_of_present(truth: NDArray[Any], said: NDArray[Any], weight: NDArray[Any] | None = None) -> Any:
    """Weighted F1 over the classes of the reference; other predictions are misses and nobody's false alarm."""
    classes, y, predicted = _among_present(truth, said)
    return weighted_f1(y, predicted, weight, classes=len(classes) + 1)


def mean_weighted_accuracy(truth: NDArray[Any], said: NDArray[Any], weight: NDArray[Any] | None = None) -> Any:
    """Mean over the classes of the reference of ½(TP/P + TN/N).

    Examples
    --------
    >>> mean_weighted_accuracy(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    0.75
    """
    classes, y, predicted = _among_present(truth, said)
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    parts = []
    for k in range(len(classes)):
        positive, called = y == k, predicted == k
        hits = (w * (positive & called)).sum(-1) / np.maximum((w * positive).sum(-1), 1e-12)
        negatives = (w * ~positive).sum(-1)
        rejected = (w * (~positive & ~called)).sum(-1)
        # A class without negatives cannot be told from anything: its half counts as recall alone.
        specific = np.where(negatives > 0, rejected / np.maximum(negatives, 1e-12), hits)
        parts.append((hits + specific) / 2)
    mean = np.mean(parts, axis=0)
    return float(mean) if np.ndim(mean) == 0 else mean


def _among_present(truth: NDArray[Any], said: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Classes of the reference, and both codings with one number more for whatever else was said."""
    classes = np.unique(truth)
    at = np.searchsorted(classes, said)
    known = (at < len(classes)) & (classes[np.minimum(at, len(classes) - 1)] == said)
    return classes, np.searchsorted(classes, truth), np.where(known, at, len(classes))


def _polarity(
    truth: NDArray[Any], said: NDArray[Any], labels: LabelMap
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Sentiment as 0 negative, 1 positive; a neutral answer, or none, is `NONE`; neutral references are left out."""
    signs = {NONE: NONE}
    for each in labels.of_domain("sentiment"):
        signs[each.index] = 1 if "positive" in each.text else 0 if "negative" in each.text else NONE
    truth, said = (np.array([signs.get(int(index), NONE) for index in coded]) for coded in (truth, said))
    keep = truth != NONE
    return truth[keep], said[keep], keep


def _class_of(dataset: str, answer: str, compat: bool, labels: LabelMap) -> int:
    text = parsed_answer(answer, compat=compat).strip(" .\"'")
    try:
        return labels.label(dataset, text).index
    except SchemaError:
        if compat:
            raise
        return NONE


def _open_questions(
    dataset: str,
    task: str,
    samples: Sequence[HbaSample],
    answers: Sequence[str],
    compat: bool,
    judge: Judge | None,
    resamples: int,
) -> TaskScore:
    said = [parsed_answer(answer, compat=compat) for answer in answers]
    columns: dict[str, NDArray[np.float64]] = {
        "exact_match": np.array([float(s.answer == a) for s, a in zip(samples, said, strict=True)]),
        "normalised_match": np.array(
            [float(_plain(s.answer) == _plain(a)) for s, a in zip(samples, said, strict=True)]
        ),
        "token_f1": np.array([token_f1(s.answer, a) for s, a in zip(samples, said, strict=True)]),
    }
    if judge is not None:
        verdicts = [float(judge(s.prompt, s.answer, a)) for s, a in zip(samples, said, strict=True)]
        columns["judged"] = np.array(verdicts)
    metrics = {name: float(values.mean()) for name, values in columns.items()}
    ci = {
        name: _interval(samples, lambda w, values=values: (w @ values) / w.sum(axis=-1), resamples)
        for name, values in columns.items()
    }
    empty = float(np.mean([not answer for answer in said]))
    return TaskScore(dataset, task, len(samples), metrics, empty, ci)


def token_f1(reference: str, answer: str) -> float:
    """F1 of the words of two short texts, small words and punctuation aside.

    Examples
    --------
    >>> token_f1("The red car", "a red bus")
    0.5
    """
    wanted, said = Counter(_plain(reference).split()), Counter(_plain(answer).split())
    common = sum((wanted & said).values())
    total = sum(wanted.values()) + sum(said.values())
    return 2 * common / total if total else 1.0


def _plain(text: str) -> str:
    bare = text.lower().translate(str.maketrans("", "", string.punctuation))
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _interval(samples: Sequence[HbaSample], score: Callable[[NDArray[np.float64]], Any], resamples: int) -> Any:
    """Interval by whose samples they are; where nobody can know, by sample, and it says so."""
    if not resamples:
        return None
    known = all(sample.group for sample in samples)
    groups = [sample.group if known else sample.id for sample in samples]
    found = interval(score, resample_weights(groups, resamples=resamples), groups)
    if found is None:
        return TOO_FEW
    return {"low": found[0], "high": found[1], "resampled": "participants" if known else "samples"}


def _answers(path: Path, samples: Sequence[HbaSample]) -> list[str]:
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise SchemaError(f"{path}, line {number}: is no JSON: {error}") from error
        said = row.get("answer", row.get("prediction")) if isinstance(row, dict) else None
        if not isinstance(said, str):
            raise SchemaError(f"{path}, line {number}: needs a text `answer` (or `prediction`)")
        rows.append((row.get("id"), said))
    if all(name is None for name, _ in rows):
        return [said for _, said in rows]
    by_id = dict(rows)
    missing = [sample.id for sample in samples if sample.id not in by_id]
    if missing:
        raise UsageError(f"{path}: {len(missing)} samples have no answer: {', '.join(missing[:3])}")
    return [by_id[sample.id] for sample in samples]


def _told(score: TaskScore) -> str:
    parts = []
    for name, value in score.metrics.items():
        ci = score.ci.get(name)
        between = f" ({ci['low']:.3f}–{ci['high']:.3f} by {ci['resampled']})" if isinstance(ci, dict) else ""
        parts.append(f"{name} {'–' if value is None else f'{value:.3f}'}{between}")
    if score.unparsed:
        parts.append(f"{score.unparsed:.1%} of the answers name nothing")
    return ", ".join(parts)
