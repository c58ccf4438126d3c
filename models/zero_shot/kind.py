"""`bitflow train zero-shot`, and `predict` and `evaluate` with what it writes: labels by a model not trained on them.

"Training" fits nothing but a calibration, on training participants, where labels are given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bitflow import __version__
from bitflow.cohort.wording import plural, printable
from bitflow.datasets.labels import Labels, read_labels
from bitflow.datasets.windows import FeatureDataset
from bitflow.errors import ModelError, UsageError
from bitflow.models.evaluation import metrics
from bitflow.models.evaluation.schemes import Fold
from bitflow.models.evaluation.tables import comparison_lines, score_lines
from bitflow.models.folder import read_model, write_model
from bitflow.models.kinds import Evaluation, Outcome, Prediction, Training
from bitflow.models.predictions import export_predictions
from bitflow.models.recognition.assessment import assess
from bitflow.models.recognition.kind import folds_of, hashed, labels_file, recordings_of, refuse_shared
from bitflow.models.zero_shot.asking import Asked, ask_recordings
from bitflow.models.zero_shot.calibration import Calibration, calibrated_on_folds, probability_of
from bitflow.models.zero_shot.judgements import Judgement, degenerate, number_names
from bitflow.models.zero_shot.material import Material
from bitflow.models.zero_shot.questions import TEMPLATE, questions
from bitflow.models.zero_shot.settings import AMBIVALENCE, Manner, ZeroShotSettings, parted
from bitflow.models.zero_shot.tables import write_judgement


@dataclass(frozen=True, eq=False)
class ZeroShotModel:
    """What a folder of this kind holds; `trained` says on whom the calibration was fitted."""

    settings: ZeroShotSettings
    calibration: Calibration | None
    trained: dict[str, Any]
    identity: str

    @property
    def source(self) -> str:
        """Who is asked, and how: what two judgements must share to be comparable."""
        told = {name: value for name, value in self.settings.as_dict().items() if name != "endpoint"}
        return f"{TEMPLATE} {json.dumps(told, sort_keys=True, ensure_ascii=False)}"


class ZeroShot:
    """A closed set of labels by a language or vision-language model behind an endpoint, without training it."""

    name: ClassVar[str] = "zero-shot"
    summary: ClassVar[str] = "labels by a model behind an endpoint, which was never trained on them"

    def train(self, request: Training) -> Outcome:
        """Write a model's folder; with labels, ask about them and fit the calibration."""
        mine, manner = parted(request.settings)
        labels = None if request.labels is None else read_labels(request.labels, group=request.group)
        if labels is not None:
            refuse_shared(labels, allow_leak=request.allow_leak)
            if "train" in labels.covariates.get("split", ()):
                labels = labels.chosen(np.flatnonzero(labels.split("train")))
            mine.setdefault("labels", list(labels.classes))
        settings = ZeroShotSettings.of({"task": request.task or AMBIVALENCE, "seed": request.seed, **mine})
        manner.endpoint(settings.endpoint, settings.model)
        notes: list[str] = []
        calibration, trained = None, {"version": __version__, "prompt": TEMPLATE}
        if labels is not None:
            calibration, told, notes = _calibrated(request, labels, settings, manner)
            trained |= told
        else:
            notes.append("no labels: probabilities are the model's own")
        identity = write_model(
            request.output,
            kind=self.name,
            config={**settings.as_dict(), "prompt": TEMPLATE},
            arrays={} if calibration is None else calibration.arrays(),
            schema={"rate_hz": 0.0, "streams": {}},
            texts={
                "calibration.json": json.dumps(None if calibration is None else calibration.described()),
                "metrics.json": json.dumps(trained, sort_keys=True, indent=1),
                "card.md": _card(settings, trained, calibration),
            },
        )
        told = {name: value for name, value in trained.items() if name not in ("salt", "participants_seen")}
        lines = (*notes, f"model {identity} in {request.output}: {settings.model} at {settings.endpoint} is asked")
        return Outcome({"model": str(request.output), "id": identity, "notes": notes, **told}, lines)

    def predict(self, request: Prediction) -> Outcome:
        """Ask about recordings of a store, and keep the tables `predictions` and `zero_shot`."""
        model = open_zero_shot(request.model)
        settings, manner = _for_this_run(model.settings, request.settings)
        names = recordings_of(request)
        for name in names:
            request.store[name]
        asked = ask_recordings(request.store, names, settings, manner, request.say)
        answered = [name for name in names if name in asked.judgements]
        judgements = [asked.judgements[name] for name in answered]
        probability = probability_of(model.calibration, judgements, settings.labels)
        constant = degenerate(judgement.label for judgement in judgements)
        note = "" if constant is None else _constant_note(*constant)
        rows = [
            write_judgement(
                request.store[name], judgement, asked.materials.get(name), p, settings,
                identity=model.identity, source=model.source, note="degenerate run" if constant else "",
            )
            for name, judgement, p in zip(answered, judgements, probability, strict=True)
        ]  # fmt: skip
        request.store.index()
        data: dict[str, Any] = {
            "model": model.identity,
            "task": settings.task,
            "classes": list(settings.labels),
            "calibrated": model.calibration is not None,
            "recordings": rows,
            "abstained": sum(row["abstains"] for row in rows),
            "degenerate": constant is not None,
            "spent": asked.spent,
            "stopped": asked.stopped,
        }
        lines = [_sentence(row) for row in rows]
        lines += [line for line in (note, asked.stopped) if line]
        if request.output is not None:
            path = export_predictions(request.store, answered, request.output)
            data["file"] = str(path)
            lines.append(f"exported to {path}")
        failed = {**asked.failed, **_not_reached(names, asked)}
        return Outcome({**data, "failed": failed}, tuple(lines), failed)

    def evaluate(self, request: Evaluation) -> Outcome:
        """Score against labels; the calibration as it stands, or by a scheme fitted anew on each fold."""
        path = labels_file(request)
        model = open_zero_shot(request.model)
        settings, manner = _for_this_run(model.settings, request.settings)
        labels = read_labels(path, group=request.group)
        if request.scheme == "split":
            refuse_shared(labels, allow_leak=request.allow_leak)
        data = FeatureDataset.open(
            request.store, labels, task=settings.task, skip_unmatched=request.skip_unmatched
        )  # fmt: skip
        unknown = sorted(set(data.classes) - set(settings.labels))
        if unknown:
            known = ", ".join(map(repr, settings.labels))
            raise UsageError(f"the labels hold {unknown[0]!r}, the model knows {known}")
        data = replace(data, classes=settings.labels)
        folds = _folds(request, model, data)
        names = [clip.recording for clip in data]
        asked = ask_recordings(request.store, names, settings, manner, request.say)
        _refuse_incomplete(names, asked)
        judgements = [asked.judgements[name] for name in names]
        probability = _by_scheme(request.scheme, model, judgements, data, folds, settings)
        others: dict[str, NDArray[Any]] = {}
        notes = list(data.notes)
        if settings.transcript and (settings.pictures or settings.facts):
            twin = ask_recordings(request.store, names, settings, manner, request.say, shown=_words_alone)
            _refuse_incomplete(names, twin)
            alone = [twin.judgements[name] for name in names]
            p = _by_scheme(request.scheme, model, alone, data, folds, settings)
            blank = np.asarray(~np.isfinite(p).all(axis=1))
            others["words alone"] = np.where(blank[:, None], 1 / len(settings.labels), p)
            notes.append(f"words alone: the same questions without pictures and facts; {int(blank.sum())} abstained")
        tested = np.unique(np.concatenate([fold.test for fold in folds]))
        said = [judgements[i] for i in tested]
        constant = degenerate(judgement.label for judgement in said)
        if constant is not None:
            notes.append(_constant_note(*constant))
        if not np.isfinite(probability[tested]).all(axis=1).any():
            raise UsageError(
                f"{settings.model} decided on none of {plural(len(tested), 'recording')}: {_reasons(said)}"
            )
        found = assess(data, probability, folds, resamples=request.resamples, others=others)
        out = {
            "model": model.identity,
            "task": settings.task,
            "scheme": request.scheme,
            **found.as_dict(),
            **_abstentions(data, probability, tested, said),
            "degenerate": constant is not None,
            "verdicts": _verdict_row(data, judgements, tested),
            "notes": notes,
        }
        lines = [
            *labels.sentences(),
            *notes,
            "",
            *score_lines(found.rows),
            "",
            *comparison_lines(found.comparisons),
            f"abstained on {out['abstained']} of {len(tested)} ({out['abstention']:.1%}); as misses, macro-F1 is "
            f"{out['macro_f1_all']:.3f}",
        ]
        return Outcome(out, tuple(lines))


def open_zero_shot(folder: Path) -> ZeroShotModel:
    """Read a model.

    Raises
    ------
    ModelError
        The folder is damaged, or was written for other wordings.
    """
    found = read_model(folder)
    config = dict(found.config)
    wording = config.pop("prompt", None)
    if wording != TEMPLATE:
        raise ModelError(
            f"{folder}: was written for the wording {wording}, this bitflow asks {TEMPLATE}; train it again"
        )
    try:
        described = json.loads(found.texts["calibration.json"])
        calibration = None if described is None else Calibration.of(described, found.arrays)
        trained = json.loads(found.texts["metrics.json"])
        return ZeroShotModel(ZeroShotSettings.of(config), calibration, trained, found.id)
    except (KeyError, ValueError, TypeError, UsageError) as error:
        raise ModelError(f"{folder}: not a zero-shot model ({type(error).__name__}: {error})") from error


def _calibrated(
    request: Training, labels: Labels, settings: ZeroShotSettings, manner: Manner
) -> tuple[Calibration | None, dict[str, Any], list[str]]:
    unknown = sorted(set(labels.classes) - set(settings.labels))
    if unknown:
        raise UsageError(f"{request.labels}: holds the label {unknown[0]!r}, which is not among {settings.labels}")
    labels, notes = labels.matched(list(request.features), str(request.features.path), skip=True)
    asked = ask_recordings(request.features, labels.recordings, settings, manner, request.say)
    at = [i for i, name in enumerate(labels.recordings) if name in asked.judgements]
    judgements = [asked.judgements[labels.recordings[i]] for i in at]
    y = np.array([settings.labels.index(labels.values[i]) for i in at], int)
    groups = np.array([labels.groups[i] for i in at], dtype=object).astype(str)
    names = number_names(questions(settings, (), "")[0])
    fitted = Calibration.fit(judgements, names, y, groups, classes=len(settings.labels), seed=settings.seed)
    if fitted is None:
        notes.append("not calibrated: two classes and two participants with a verdict are needed")
    salt = f"{settings.seed}/{len(at)}"
    constant = degenerate(judgement.label for judgement in judgements)
    if constant is not None:
        notes.append(_constant_note(*constant))
    notes += [f"{name}: {sentence}" for name, sentence in asked.failed.items()]
    told = {
        "clips": len(at),
        "people": len(set(groups)),
        "abstained": sum(judgement.label is None for judgement in judgements),
        "degenerate": constant is not None,
        "spent": asked.spent,
        "salt": salt,
        "participants_seen": sorted({hashed(salt, who) for who in groups}) if fitted else [],
    }
    if asked.stopped:
        notes.append(asked.stopped)
    return fitted, told, notes


def _for_this_run(kept: ZeroShotSettings, given: Any) -> tuple[ZeroShotSettings, Manner]:
    """How to ask now: a server may have moved; what is asked stays as it was."""
    mine, manner = parted(given)
    other = sorted(set(mine) - {"endpoint"})
    if other:
        raise UsageError(
            f"a model that is there takes endpoint, allow_remote, key_variable, in_flight and max_calls, not "
            f"{other[0]}: train another"
        )
    return kept.changed(mine), manner


def _folds(request: Evaluation, model: ZeroShotModel, data: FeatureDataset) -> list[Fold]:
    if request.scheme != "as-is":
        return folds_of(request, data)
    seen = set(model.trained.get("participants_seen", ()))
    salt = str(model.trained.get("salt", ""))
    shared = {who for who in data.participants if hashed(salt, who) in seen}
    if shared and not request.allow_leak:
        raise UsageError(
            f"{plural(len(shared), 'participant')} of these labels were in the calibration: its scores on them would "
            "be too good. Use --scheme cross-validation, new participants, or --allow-leak"
        )
    everybody = np.arange(len(data))
    return [Fold("as it stands", everybody, everybody)]


def _by_scheme(
    scheme: str,
    model: ZeroShotModel,
    judgements: Sequence[Judgement],
    data: FeatureDataset,
    folds: Sequence[Fold],
    settings: ZeroShotSettings,
) -> NDArray[np.float64]:
    if scheme == "as-is":
        return probability_of(model.calibration, judgements, settings.labels)
    names = number_names(questions(settings, (), "")[0])
    return calibrated_on_folds(judgements, names, data.y, data.participants, folds, settings.labels)


def _abstentions(
    data: FeatureDataset, probability: NDArray[Any], tested: NDArray[Any], said: Sequence[Judgement]
) -> dict[str, Any]:
    """How often nothing was decided, and the score when that is a miss of the true class and nobody's false alarm."""
    known = np.isfinite(probability[tested]).all(axis=1)
    none = len(data.classes)
    predicted = np.where(known, np.argmax(np.nan_to_num(probability[tested]), axis=1), none)
    y = data.y[tested]
    per_class = [
        2 * np.sum((y == k) & (predicted == k)) / max(1, np.sum(y == k) + np.sum(predicted == k))
        for k in range(none)
        if np.any(y == k) or np.any(predicted == k)
    ]
    reasons: dict[str, int] = {}
    for judgement in said:
        if judgement.label is None:
            reasons[judgement.reason] = reasons.get(judgement.reason, 0) + 1
    return {
        "abstained": int((~known).sum()),
        "abstention": float((~known).mean()),
        "abstention_reasons": reasons,
        "macro_f1_all": float(np.mean(per_class)),
    }


def _verdict_row(data: FeatureDataset, judgements: Sequence[Judgement], tested: NDArray[Any]) -> dict[str, Any]:
    """The model's own verdicts, before any calibration, over those that it decided."""
    at = [i for i in tested if judgements[i].label is not None]
    said = [data.classes.index(str(judgements[i].label)) for i in at]
    score = metrics.macro_f1(data.y[at], np.array(said, int)) if at else None
    return {"decided": len(at), "macro_f1": None if score is None else float(score)}


def _refuse_incomplete(names: Sequence[str], asked: Asked) -> None:
    """Scores of part of the recordings would look like scores of all."""
    missing = {**asked.failed, **_not_reached(names, asked)}
    if missing:
        name, sentence = next(iter(missing.items()))
        raise UsageError(f"{plural(len(missing), 'recording')} could not be asked about; {printable(name)}: {sentence}")


def _not_reached(names: Sequence[str], asked: Asked) -> dict[str, str]:
    reached = set(asked.judgements) | set(asked.failed)
    return {name: asked.stopped or "was not asked about" for name in names if name not in reached}


def _words_alone(material: Material) -> Material:
    return material.words_alone


def _reasons(judgements: Sequence[Judgement]) -> str:
    return "; ".join(sorted({judgement.reason for judgement in judgements if judgement.reason}))


def _constant_note(label: str, share: float) -> str:
    return f"degenerate: {share:.0%} of the answers are {label!r}: the model does not tell these recordings apart"


def _sentence(row: dict[str, Any]) -> str:
    name = printable(row["recording"])
    if row["abstains"]:
        return f"{name}: no verdict ({row['reason']})"
    return f"{name}: {row['label']} with {row['probability'][row['label']]:.2f}; {plural(row['cues'], 'cue')}"


def _card(settings: ZeroShotSettings, trained: dict[str, Any], calibration: Calibration | None) -> str:
    shown = ", ".join(name for name in ("pictures", "transcript", "facts") if getattr(settings, name))
    fitted = (
        "Not calibrated: probabilities are the model's own, and mean little."
        if calibration is None
        else f"Calibrated on {trained['clips']} recordings of {trained['people']} participants "
        f"({trained['abstained']} without a verdict)."
    )
    return (
        f"# Zero-shot {settings.task}\n\n{settings.model}, asked with the wording {TEMPLATE}; shown: {shown}; labels: "
        f"{', '.join(settings.labels)}. {fitted}\n\nA language model's verdict is an interpretation, no measurement. "
        "Without training it may repeat one answer (then a run is called degenerate), read the words and not look "
        "(compare the row `words alone` of an evaluation), and change with its server. It is no diagnosis.\n"
    )
