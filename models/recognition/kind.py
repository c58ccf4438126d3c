"""`bitflow train ambivalence`, `predict` and `evaluate`: recognisers of whole recordings from a labels file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bitflow import __version__
from bitflow.cohort.wording import plural
from bitflow.datasets.labels import Labels, read_labels
from bitflow.datasets.windows import FeatureDataset
from bitflow.errors import BitflowError, UsageError
from bitflow.models.evaluation import schemes
from bitflow.models.evaluation.ledger import count_scoring
from bitflow.models.evaluation.metrics import reliability
from bitflow.models.evaluation.schemes import Fold
from bitflow.models.evaluation.tables import comparison_lines, score_lines
from bitflow.models.kinds import Evaluation, Outcome, Prediction, Training
from bitflow.models.predictions import PREDICTIONS, WAVERS, export_predictions, prediction_rows, write_predictions
from bitflow.models.recognition.assessment import (
    Assessment,
    assess,
    frame_scores,
    held_frames,
    subgroups,
    without_discord,
    without_streams,
)
from bitflow.models.recognition.card import card, of_simulated
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import Placeable
from bitflow.models.recognition.folder import load_model, save_model
from bitflow.models.recognition.model import Model, prepared
from bitflow.models.recognition.recognizer import Recognizer, check_labels

if TYPE_CHECKING:
    from bitflow.models.recognition.onnx_model import OnnxModel


class ClipRecognition:
    """Recordings with one label each: ambivalence first, any other binary or multi-class task with `--task`."""

    name: ClassVar[str] = "ambivalence"
    summary: ClassVar[str] = "one label a recording, from face, voice, body and words"

    def train(self, request: Training) -> Outcome:
        """Train on all labelled recordings, or on those whose column `split` says train."""
        path = labels_file(request)
        task = request.task or self.name
        config = RecognizerConfig(task=task, seed=request.seed).changed(request.settings)
        labels = read_labels(path, group=request.group)
        refuse_shared(labels, allow_leak=request.allow_leak)
        notes = labels.sentences()
        if "train" in labels.covariates.get("split", ()):
            labels = labels.chosen(np.flatnonzero(labels.split("train")))
            notes.append("trained on the split `train` alone")
            where = [name for name in request.features if name in set(labels.recordings)]
        else:
            where = None
        request.say(f"reading {plural(len(labels), 'labelled recording')}")
        data = FeatureDataset.open(
            request.features,
            labels,
            task=task,
            rate=config.rate_hz,
            recordings=where,
            skip_unmatched=request.skip_unmatched,
        )
        check_labels(data)
        request.say(
            f"training on {plural(len(data), 'recording')} of {plural(len(set(data.participants)), 'participant')}"
        )
        recognizer = Recognizer(config)
        model, held = recognizer.fit_reported(data)
        bare = without_discord(data, held, recognizer)
        others = {} if bare is None else {"without discord": bare}
        found = assess(data, held.probability, held.folds, threshold=model.threshold or 0.5, others=others)
        trained = {
            **_described(data, labels, model),
            "simulated": sum(bool(request.features[clip.recording].info.get("simulated")) for clip in data.clips),
            "scheme": f"{len(held.folds)} folds by {request.group}",
            **found.as_dict(),
            "subgroups": subgroups(data, found),
            "without": without_streams(model, held, data),
            "frames": frame_scores(data.clips, held_frames(held, prepared(data.clips, config))),
            "calibration": _calibration(found),
        }
        if request.allow_leak:
            trained["leak"] = _inflation(recognizer, data, found)
        model = replace(model, trained=trained)
        identity = save_model(model, request.output, card=card(model), kind=self.name)
        summary = {"model": str(request.output), "id": identity, "notes": [*notes, *data.notes], **trained}
        lines = [
            *notes,
            *data.notes,
            "",
            *_lines(found),
            "",
            f"model {identity} in {request.output}, see card.md there",
            *of_simulated(trained),
        ]
        lines += _leak_lines(trained.get("leak"))
        return Outcome(_bare(summary), tuple(lines))

    def predict(self, request: Prediction) -> Outcome:
        """Predict recordings of a store, and keep the table `predictions`."""
        model, identity = open_model(request.model, request.device)
        model = _redeployed(model, request.settings)
        names = recordings_of(request)
        people = _participants(request, names)
        clips, failed = [], {}
        for name in names:
            try:
                data = FeatureDataset.open(request.store, rate=model.config.rate_hz, recordings=[name], task="")
                model.schema.check(data.clips)
                who, asked = people.get(name, ("", {}))
                clips.append(replace(data.clips[0], participant=who, covariates=asked))
            except BitflowError as error:  # one recording never stops the others
                failed[name] = str(error)
        found = model.predict(clips)
        notes = of_simulated(model.trained)
        written = []
        for at, clip in enumerate(clips):
            rows = prediction_rows(
                found, at, task=model.config.task, duration=clip.duration, rate=clip.rate, source=f"bitflow {identity}"
            )
            recording = request.store[clip.recording]
            write_predictions(recording, rows, provenance=_provenance(recording, identity, model), notes=notes)
            written.append(_summary(found, at))
        data = {
            "model": identity,
            "task": model.config.task,
            "classes": list(model.classes),
            "recordings": written,
            "notes": notes,
        }
        lines = [*(_sentence(row) for row in written), *notes]
        if request.output is not None:
            path = export_predictions(request.store, [clip.recording for clip in clips], request.output)
            data["file"] = str(path)
            lines.append(f"exported to {path}")
        return Outcome({**data, "failed": failed}, tuple(lines), failed)

    def evaluate(self, request: Evaluation) -> Outcome:
        """Score by a scheme; `as-is` scores the model itself, the others train its recipe anew."""
        path = labels_file(request)
        model, identity = open_model(request.model, "cpu")
        labels = read_labels(path, group=request.group)
        if request.scheme == "split":
            refuse_shared(labels, allow_leak=request.allow_leak)
        # The data's own labels may lack a class that the model knows, or hold one that it does not.
        config = model.config.changed(request.settings)
        data = FeatureDataset.open(
            request.store, labels, task=config.task, rate=config.rate_hz, skip_unmatched=request.skip_unmatched
        )
        recognizer = Recognizer(replace(config, members=0))
        extra: dict[str, Any] = {}
        if request.scheme == "as-is":
            data, probability, folds, frames = _as_is(model, data, request)
            limit = model.threshold
            extra["frames"] = frame_scores(data.clips, frames)
        else:
            check_labels(data)
            folds = folds_of(request, data)
            request.say(f"{plural(len(folds), 'fold')} of {request.scheme}")
            probability = recognizer.predict_folds(data, folds)
            limit = 0.5
        found = assess(data, probability, folds, threshold=limit or 0.5, resamples=request.resamples)
        if request.allow_leak and request.scheme != "as-is":
            extra["leak"] = _inflation(recognizer, data, found)
        tested = [data[i] for i in found.samples]
        times = count_scoring((clip.recording for clip in tested), (clip.label for clip in tested))
        data_out = {
            "model": identity,
            "task": config.task,
            "scheme": request.scheme,
            **found.as_dict(),
            "subgroups": subgroups(data, found),
            "calibration": _calibration(found),
            "times_scored": times,
            "notes": list(data.notes),
            **extra,
        }
        lines = [*labels.sentences(), *data.notes, "", *_lines(found)]
        lines += _leak_lines(extra.get("leak"))
        if times is not None:
            lines.append(f"these labels have been scored {plural(times, 'time')} on this machine")
        return Outcome(_bare(data_out), tuple(lines))


def labels_file(request: Training | Evaluation) -> Path:
    """The labels file of a request, its scheme checked where it has one.

    Raises
    ------
    UsageError
        No labels were given, or the scheme is none.
    """
    if request.labels is None:
        raise UsageError("labels are needed: --labels FILE.csv with recording,label and the group's column")
    if isinstance(request, Evaluation) and request.scheme not in schemes.SCHEMES:
        raise UsageError(f"a scheme is one of {', '.join(schemes.SCHEMES)}, not {request.scheme!r}")
    return request.labels


def recordings_of(request: Prediction) -> list[str]:
    """Recordings to predict: those that were chosen, or all.

    Raises
    ------
    UsageError
        There are none.
    """
    names = list(request.recordings) if request.recordings is not None else list(request.store)
    if not names:
        raise UsageError(f"{request.store.path}: the store holds no recordings; `bitflow extract` adds them")
    return names


def refuse_shared(labels: Labels, *, allow_leak: bool) -> None:
    """Refuse splits that share a participant.

    Raises
    ------
    UsageError
        Names them.
    """
    shared = labels.shared_groups()
    if shared and not allow_leak:
        some = ", ".join(f"{who!r} ({' and '.join(where)})" for who, where in list(shared.items())[:3])
        raise UsageError(
            f"{labels.source}: {len(shared)} {labels.group}s are in more than one split: {some}; scores would be too "
            "good. Mend the column `split`, or see by how much with --allow-leak"
        )


def open_model(path: Path, device: str) -> tuple[Model | OnnxModel, str]:
    """A model from its folder, or from an exported .onnx file, on that device; and its id."""
    if path.is_dir() or path.suffix.lower() != ".onnx":
        model, identity = load_model(path)
        placed = {name: e.on(device) if isinstance(e, Placeable) else e for name, e in model.experts.items()}
        return replace(model, experts=placed), identity
    from bitflow.models.recognition.onnx_model import load_onnx

    return load_onnx(path, device)


def folds_of(request: Evaluation, data: FeatureDataset) -> list[Fold]:
    """The folds of a scheme that trains anew."""
    groups = data.participants
    if request.scheme == "cross-validation":
        return schemes.grouped_folds(data.y, groups, seed=request.seed)
    if request.scheme == "split":
        split = data.covariate("split")
        train = split == "train"
        if not train.any() or train.all():
            raise UsageError("the column `split` of the labels needs rows that say train, and others to test on")
        return [schemes.given_split(train, ~train & (split != ""), groups, leak=request.allow_leak)]
    column = {"leave-participant-out": request.group, "leave-question-out": "question", "leave-site-out": "site"}[
        request.scheme
    ]
    values = groups if column == request.group else data.covariate(column)
    if not all(values):
        raise UsageError(f"the scheme {request.scheme} needs the column `{column}` in the labels, filled in every row")
    return schemes.left_out(values, groups, column, leak=request.allow_leak)


def _as_is(
    model: Model | OnnxModel, data: FeatureDataset, request: Evaluation
) -> tuple[FeatureDataset, NDArray[Any], list[Fold], list[NDArray[Any] | None]]:
    """The model's own predictions; refused on people it was trained on."""
    unknown = sorted(set(data.classes) - set(model.classes))
    if unknown:
        raise UsageError(f"the labels hold {unknown[0]!r}, the model knows {', '.join(map(repr, model.classes))}")
    salt = str(model.trained.get("salt", ""))
    seen = set(model.trained.get("participants_seen", ()))
    shared = [i for i, who in enumerate(data.participants) if hashed(salt, who) in seen]
    if shared and not request.allow_leak:
        raise UsageError(
            f"{len({data.participants[i] for i in shared})} participants of these labels were in the model's training: "
            "its scores on them would be too good. Use --scheme cross-validation, new participants, or --allow-leak"
        )
    data = replace(data, classes=model.classes)
    found = model.predict(data)
    everybody = np.arange(len(data))
    fold = Fold("as it stands", everybody, everybody)
    return data, found.probability, [fold], list(found.frames)


def _inflation(recognizer: Recognizer, data: FeatureDataset, honest: Assessment) -> dict[str, Any]:
    """Scores with folds that ignore who is who, and how much higher they are than by participant."""
    quick = Recognizer(replace(recognizer.config, members=0))
    folds = schemes.random_folds(data.y, seed=recognizer.config.seed)
    leaky = assess(data, quick.predict_folds(data, folds), folds, resamples=200)
    names = ("macro_f1", "average_precision", "auc")
    random = {name: leaky.rows[0][name] for name in names}
    grouped = {name: honest.rows[0][name] for name in names}
    inflation = {n: None if random[n] is None or grouped[n] is None else random[n] - grouped[n] for n in names}
    return {"random": random, "grouped": grouped, "inflation": inflation}


def _described(data: FeatureDataset, labels: Labels, model: Model) -> dict[str, Any]:
    """Who was trained on: counts for the card, and salted hashes by which an evaluation knows the same people again."""
    salt = hashlib.sha256("\n".join(labels.recordings).encode()).hexdigest()[:16]
    y = data.y
    return {
        "version": __version__,
        "clips": len(data),
        "people": len(set(data.participants)),
        "rates": {name: float((y == k).mean()) for k, name in enumerate(data.classes)},
        "annotated": sum(clip.segments is not None for clip in data),
        "experts": list(model.experts),
        "salt": salt,
        "participants_seen": sorted({hashed(salt, who) for who in data.participants}),
    }


def hashed(salt: str, who: str) -> str:
    """A participant's name as a model keeps it."""
    return hashlib.sha256(f"{salt}/{who}".encode()).hexdigest()[:16]


def _calibration(found: Assessment) -> list[list[float]]:
    """Said, found and count of each bin of probability; of two classes only."""
    if found.judged.probability.ndim > 1:
        return []
    return reliability(found.judged.y, found.judged.probability, 10).round(4).tolist()


def _redeployed(model: Any, settings: Any) -> Any:
    """With another prior: the one setting that a trained model still takes."""
    if not settings:
        return model
    unknown = sorted(set(settings) - {"prior"})
    if unknown or not isinstance(model, Model):
        raise UsageError(f"predicting takes the setting `prior` only (of a model's folder), not {', '.join(unknown)}")
    from bitflow.models.recognition.calibration import with_prior

    rate = float(model.trained["rates"][model.classes[-1]])
    return replace(model, calibrator=with_prior(model.calibrator, rate, float(settings["prior"])))


def _participants(request: Prediction, names: Sequence[str]) -> dict[str, tuple[str, dict[str, str]]]:
    """Whose each recording is and what was asked, from the labels file or from what was attached to the store."""
    from bitflow.participants import read_participants, recording_rows

    table = recording_rows(request.labels) if request.labels is not None else read_participants(request.store)
    if table is None or request.group not in table:
        return {}
    found = {}
    for row in table.to_dict("records"):
        who = row[request.group]
        question = row.get("question")
        asked = {} if question is None or question != question else {"question": _plain(question)}
        found[str(row["recording"])] = ("" if who != who or who is None else _plain(who), asked)
    return {name: found[name] for name in names if name in found}


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _provenance(recording: Any, identity: str, model: Any) -> dict[str, Any]:
    inputs = {}
    for table in recording.tables:
        if table not in (PREDICTIONS.name, "annotations"):
            inputs[table] = recording.file(table).metadata.get("fingerprint")
    return {
        "extractor": "predictions",
        "version": __version__,
        "parameters": {"task": model.config.task},
        "models": {"recognizer": identity},
        "inputs": inputs,
    }


def _summary(found: Any, at: int) -> dict[str, Any]:
    k = int(found.predicted[at])
    p = found.probability[at]
    return {
        "recording": found.recordings[at],
        "label": found.classes[k] if k >= 0 else None,
        "probability": {name: None if np.isnan(v) else float(v) for name, v in zip(found.classes, p, strict=True)},
        "low": None if np.isnan(found.low[at]) else float(found.low[at]),
        "high": None if np.isnan(found.high[at]) else float(found.high[at]),
        "abstains": bool(found.abstains[at]),
        "wavers": bool(found.wavers[at]),
        "possible": [name for name, yes in zip(found.classes, found.possible[at], strict=True) if yes],
        "coverage": found.coverage[at],
        "contributions": found.contributions[at],
        "cues": [vars(cue) for cue in found.cues[at]],
    }


def _sentence(row: dict[str, Any]) -> str:
    if row["label"] is None:
        return f"{row['recording']}: nothing to judge by"
    band = "" if row["low"] is None else f" [{row['low']:.2f}, {row['high']:.2f}]"
    seen = ", ".join(f"{name} {share:.0%}" for name, share in row["coverage"].items() if share) or "nothing"
    missing = ", ".join(name for name, share in row["coverage"].items() if not share)
    seen += f" (missing: {missing})" if missing else ""
    unsure = ""
    if row["wavers"]:
        unsure = f"; not sure enough to decide: {WAVERS}"
    elif row["abstains"]:
        unsure = "; not sure enough to decide"
    strongest = max(row["cues"], key=lambda cue: cue["value"], default=None)
    cue = "" if strongest is None else f"; {strongest['name']} at {strongest['start']:.0f} to {strongest['end']:.0f} s"
    said = f"{row['recording']}: {row['label']} with {row['probability'][row['label']]:.2f}"
    return f"{said}{band}{unsure}; seen {seen}{cue}"


def _lines(found: Assessment) -> list[str]:
    return [*score_lines(found.rows), "", *comparison_lines(found.comparisons)]


def _leak_lines(leak: dict[str, Any] | None) -> list[str]:
    if leak is None:
        return []
    return [
        "",
        "random folds, in which participants are on both sides: "
        + ", ".join(
            f"{name} {leak['random'][name]:.3f} ({leak['inflation'][name]:+.3f})"
            for name in leak["random"]
            if leak["inflation"][name] is not None
        ),
    ]


def _bare(summary: dict[str, Any]) -> dict[str, Any]:
    """Without what only a later evaluation needs."""
    return {name: value for name, value in summary.items() if name not in ("salt", "participants_seen")}
