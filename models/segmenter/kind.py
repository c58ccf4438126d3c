"""`bitflow train segmenter`, `predict` and `evaluate`: behaviour of animals, from annotations in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.labels import Label
from bitflow.cohort.wording import plural
from bitflow.errors import BitflowError, StoreError, UsageError
from bitflow.models.evaluation.metrics import calibration_error
from bitflow.models.folder import read_model, write_model
from bitflow.models.kinds import Evaluation, Outcome, Prediction, Training
from bitflow.models.predictions import PREDICTIONS, write_predictions
from bitflow.models.segmentation.portraits import DIRECTED_BL
from bitflow.models.segmenter.exports import Predicted, rows_of_frames, write_predicted
from bitflow.models.segmenter.judged import Judged, judged
from bitflow.models.segmenter.labels import NOTHING, UNLABELLED, annotators_of, bouts_of, painted_rows
from bitflow.models.segmenter.model import Model
from bitflow.models.segmenter.scoring import by_rules, majority, mean_of, scores
from bitflow.models.segmenter.tcn import EPOCHS, Tcn
from bitflow.models.segmenter.training import Fit, Unseen, examples_of, fit_trees, trained
from bitflow.models.segmenter.trees import ROUNDS, Trees
from bitflow.participants import read_participants
from bitflow.signals.cleaning import runs
from bitflow.store import FeatureStore, Recording

VERSION = "1"
LEAST_SEEN = 0.5
SETTINGS: dict[str, type] = {"learner": str, "rounds": int, "epochs": int, "annotator": str}
LEARNERS: dict[str, type[Trees] | type[Tcn]] = {"trees": Trees, "tcn": Tcn}


class Segmenter:
    """Who does what, when, to whom: a timeline of each animal."""

    name: ClassVar[str] = "segmenter"
    summary: ClassVar[str] = "behaviour of animals, from poses and the store's annotations"

    def train(self, request: Training) -> Outcome:
        """Train on every recording that has poses and annotations."""
        settings = _settings(request.settings)
        if request.labels is not None:
            raise UsageError("a segmenter learns from bouts: attach them with `bitflow annotations attach`")
        names = [name for name in request.features if {"poses", "annotations"} <= set(request.features[name].tables)]
        if not names:
            raise StoreError(f"{request.features.path}: no recording has both poses and annotations")
        request.say(f"reading {len(names)} annotated recordings")
        examples, labelled, classes, keypoints = examples_of(
            request.features, names, annotator=settings.get("annotator")
        )
        learner = settings.get("learner", "trees")
        fit: Fit = partial(fit_trees, rounds=settings.get("rounds", ROUNDS))
        if learner == "tcn":
            fit = partial(Tcn.fit, epochs=settings.get("epochs", EPOCHS))
        request.say(f"training on {sum(len(each.bouts) for each in labelled)} bouts of {', '.join(classes)}")
        groups = groups_of(request.features, names, request.group)
        model, unseen = trained(examples, labelled, classes, keypoints, fit, groups=groups, seed=request.seed)
        told = [scores(each.timeline, each.truth, classes) for each in unseen]
        card = _card(names, len(set(groups)), classes, learner, told, unseen)
        identity = save_segmenter(request.output, model, learner, card)
        data = {
            "model": str(request.output),
            "id": identity,
            "classes": list(classes),
            "recordings": names,
            "groups": groups,
            "bouts": sum(len(each.bouts) for each in labelled),
            "held_out": dict(zip([each.recording for each in unseen], told, strict=True)),
        }
        return Outcome(data, tuple(card.strip().splitlines()))

    def predict(self, request: Prediction) -> Outcome:
        """Keep each recording's bouts in the table `predictions`; a folder as output gets other programs' files."""
        model, identity = load_segmenter(request.model)
        if request.output is not None and request.output.suffix:
            raise UsageError(f"{request.output}: name a folder: it gets .h5, .boris.csv and .banos.csv files")
        names = request.recordings or tuple(name for name in request.store if "poses" in request.store[name])
        done, failed, lines = {}, {}, []
        for name in names:
            try:
                said = predicted(model, identity, request.store[name])
            except BitflowError as error:
                failed[name] = str(error)
                continue
            files = write_predicted(request.output, said) if request.output is not None else []
            share = {kind: float((said.timeline == k).mean()) for k, kind in enumerate(said.classes)}
            done[name] = {"bouts": len(said.bouts), "share": share, "files": [str(path) for path in files]}
            shares = ", ".join(f"{kind} {100 * part:.0f} %" for kind, part in share.items() if part >= 0.005)
            lines.append(f"{name}: {len(said.bouts)} bouts; {shares}")
        request.store.index()
        return Outcome({"model": identity, "recordings": done}, tuple(lines), failed)

    def evaluate(self, request: Evaluation) -> Outcome:
        """Score timelines against the annotations, beside the most common class, rules and a second annotator."""
        settings = _settings(request.settings)
        model, identity = load_segmenter(request.model)
        store = request.store
        names = [name for name in store if {"poses", "annotations"} <= set(store[name].tables)]
        if not names:
            raise StoreError(f"{store.path}: no recording has both poses and annotations")
        results, ceilings, rules = {}, {}, {}
        pooled: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        for name in names:
            told = judged(model, store[name])
            people = annotators_of(store[name])
            first = settings.get("annotator", people[0])
            truth = painted_rows(bouts_of(store[name], told.animals, first), model.classes, *told.seen.shape)
            timeline = model.timeline(told.probability)
            results[name] = scores(timeline, truth, model.classes)
            idle = model.classes.index(NOTHING) if NOTHING in model.classes else int(majority([truth], truth)[0, 0])
            rules[name] = scores(by_rules(store, name, model.classes, truth, idle), truth, model.classes)
            pooled.append((timeline, truth))
            for other in [each for each in people if each != first][:1]:
                second = painted_rows(bouts_of(store[name], told.animals, other), model.classes, *told.seen.shape)
                both = np.where((second == UNLABELLED), UNLABELLED, truth)
                ceilings[name] = scores(second, both, model.classes)
        everything = _pooled(pooled, model.classes)
        most = [scores(majority([t for _, t in pooled], truth), truth, model.classes) for _, truth in pooled]
        baselines = {"majority": mean_of(most, "macro_f1")[0], "rules": mean_of([*rules.values()], "macro_f1")[0]}
        data = {
            "model": identity,
            "recordings": results,
            "pooled": everything,
            "mean_macro_f1": mean_of([*results.values()], "macro_f1"),
            "baselines": baselines,
            "ceiling": ceilings or None,
        }
        return Outcome(data, tuple(_lines(data, everything, ceilings)))


def groups_of(store: FeatureStore, names: Sequence[str], column: str) -> list[str]:
    """Whose each recording is, by a column of the participants attached to the store; its own where nobody said.

    Raises
    ------
    UsageError
        Nothing of that name was attached.
    """
    rows = read_participants(store)
    if rows is None or column not in rows:
        if column != Training.group:
            there = ", ".join(rows.columns.drop("recording")) if rows is not None else "nothing"
            raise UsageError(
                f"{store.path}: of recordings {there} is known and no {column!r}: `bitflow participants` attaches it"
            )
        return list(names)
    given = rows.dropna(subset=[column])
    known = {row: f"{column} {who}" for row, who in zip(given["recording"], given[column], strict=True)}
    return [known.get(name, name) for name in names]


def predicted(model: Model, identity: str, recording: Recording) -> Predicted:
    """Predict one recording, and keep its bouts in the table `predictions`."""
    told = judged(model, recording)
    known = told.seen >= LEAST_SEEN
    timeline = np.where(known, model.timeline(told.probability), UNLABELLED)
    rows = _rows(model, told, timeline, identity)
    inputs = {"poses": recording.file("poses").metadata.get("fingerprint")}
    provenance = {
        "extractor": "bitflow segmenter",
        "version": VERSION,
        "parameters": {},
        "models": {"segmenter": identity},
        "inputs": inputs,
    }
    write_predictions(
        recording, {column: [row.get(column) for row in rows] for column in PREDICTIONS.names}, provenance=provenance
    )
    bouts = [
        Label(row["start"], row["end"], row["name"], subject=told.animals[row["track"]], annotator=identity)
        for row in rows
    ]
    frames = np.asarray(recording.file("frames").column("time"), float)
    raw = np.where(known, told.probability.argmax(axis=-1), UNLABELLED)
    return Predicted(
        recording.id, rows_of_frames(told.time, frames), told.animals, model.classes,
        told.probability * known[..., None], raw, timeline, tuple(bouts), told.end, identity,
        str(inputs["poses"]).encode(),
    )  # fmt: skip


def _pooled(pairs: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], classes: Sequence[str]) -> dict[str, Any]:
    """Scores of all recordings taken together; animals that only some have are not coded in the others."""
    most = max(said.shape[1] for said, _ in pairs)

    def whole(timeline: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.pad(timeline, ((0, 0), (0, most - timeline.shape[1])), constant_values=UNLABELLED)

    said = np.concatenate([whole(said) for said, _ in pairs])
    true = np.concatenate([whole(true) for _, true in pairs])
    return scores(said, true, classes)


def save_segmenter(folder: Path, model: Model, learner: str, card: str = "") -> str:
    """Write a segmenter; returns its id."""
    arrays = {
        "directed": model.directed,
        "calibration": model.calibration,
        "change": model.change,
        "shortest": model.shortest,
        **model.learner.pack(),
    }
    schema = {"keypoints": list(model.keypoints), "features": list(model.names)}
    config = {"learner": learner, "classes": list(model.classes)}
    return write_model(
        folder, kind=Segmenter.name, config=config, arrays=arrays, schema=schema, texts={"card.md": card}
    )


def load_segmenter(folder: Path) -> tuple[Model, str]:
    """Read a segmenter and its id; errors as of `read_model`."""
    found = read_model(folder)
    if found.kind != Segmenter.name:
        raise UsageError(f"{folder}: holds a model of kind {found.kind!r}, not a segmenter")
    arrays = found.arrays
    learner = LEARNERS[found.config["learner"]].unpack(arrays)
    model = Model(
        tuple(found.config["classes"]),
        arrays["directed"],
        tuple(found.schema["keypoints"]),
        tuple(found.schema["features"]),
        learner,
        arrays["calibration"],
        arrays["change"],
        arrays["shortest"],
    )
    return model, found.id


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [name for name in given if name not in SETTINGS]
    if unknown:
        raise UsageError(f"a segmenter has no setting {unknown[0]!r}; it has {', '.join(SETTINGS)}")
    try:
        settings = {name: SETTINGS[name](value) for name, value in given.items()}
    except ValueError as error:
        raise UsageError(f"a setting is no whole number: {error}") from error
    if settings.get("learner", "trees") not in LEARNERS:
        raise UsageError(f"no learner {settings['learner']!r}; there are {', '.join(LEARNERS)}")
    if min(settings.get("rounds", 1), settings.get("epochs", 1)) < 1:
        raise UsageError("rounds and epochs count from 1")
    return settings


def _rows(model: Model, told: Judged, timeline: NDArray[np.int64], source: str) -> list[dict[str, Any]]:
    """Rows of `PREDICTIONS`, by start."""
    edges = np.append(told.time, told.end)
    rows = []
    for who in range(timeline.shape[1]):
        for kind, name in enumerate(model.classes):
            for first, last in runs(timeline[:, who] == kind):
                inside = slice(int(first), int(last))
                target = -1
                if model.directed[kind] and np.median(told.apart[inside, who]) < 5 * DIRECTED_BL:
                    near = told.nearest[inside, who]
                    target = int(np.bincount(near[near >= 0]).argmax())
                rows.append(
                    {
                        "start": float(edges[first]),
                        "end": float(edges[last]),
                        "name": name,
                        "track": who,
                        "target": target,
                        "confidence": float(told.probability[inside, who, kind].mean().clip(0, 1)),
                        "source": source,
                        "coverage": float(told.seen[inside, who].mean().clip(0, 1)),
                        "level": "bout",
                        "label": name,
                        "abstains": False,
                    }
                )
    return sorted(rows, key=lambda row: (row["start"], row["track"]))


def _card(
    names: Sequence[str],
    individuals: int,
    classes: Sequence[str],
    learner: str,
    told: Sequence[dict[str, Any]],
    unseen: Sequence[Unseen],
) -> str:
    learned = (
        f"Learned from {plural(len(names), 'recording')} of {plural(individuals, 'group')}, "
        "of which none was on both sides of a fold."
    )
    lines = [f"# Segmenter ({learner}) of {', '.join(classes)}", "", learned]
    if not told:
        lines += ["One recording, or one group, is alone: there was nothing unseen to score or calibrate on."]
        return "\n".join(lines) + "\n"
    mean, spread = mean_of(told, "macro_f1")
    truth = np.concatenate([each.truth.ravel() for each in unseen])
    probability = np.concatenate([each.probability.reshape(-1, len(classes)) for each in unseen])[truth != UNLABELLED]
    truth = truth[truth != UNLABELLED]
    hit = probability.argmax(axis=1) == truth
    lines += [
        f"On recordings that the scored model had not seen: macro F1 {mean:.3f} ± {spread:.3f} (frames), calibration "
        f"error {calibration_error(hit, probability.max(axis=1)):.3f}.",
    ]
    for name in classes:
        each = [entry["f1"][name] for entry in told if name in entry["f1"]]
        bouts = [entry["banos"][name]["f1"] for entry in told if name in entry["banos"]]
        if each:
            lines.append(f"- {name}: F1 {np.mean(each):.3f} (frames), {np.nanmean(bouts):.3f} (bouts)")
    return "\n".join(lines) + "\n"


def _lines(data: Mapping[str, Any], pooled: Mapping[str, Any], ceilings: Mapping[str, Any]) -> list[str]:
    mean, spread = data["mean_macro_f1"]
    human = f"{mean_of([*ceilings.values()], 'macro_f1')[0]:.3f}" if ceilings else "one annotator only"
    lines = [
        f"macro F1 of frames, mean over {len(data['recordings'])} recordings: {mean:.3f} ± {spread:.3f}; pooled "
        f"{pooled['macro_f1']:.3f}",
        f"  most common class {data['baselines']['majority']:.3f}, rules {data['baselines']['rules']:.3f}, "
        f"human ceiling: {human}",
        f"kappa {pooled['kappa']:.3f}, F1@25 {pooled['f1_at_25']:.3f}, F1@50 {pooled['f1_at_50']:.3f}, edit "
        f"{pooled['edit']:.3f}",
        "behaviour  frames F1  bouts F1  SO  TP  IC  prevalence  [human ceiling: frames, bouts]",
    ]
    for name, f1 in pooled["f1"].items():
        bouts = pooled["banos"][name]
        ceiling = [(entry["f1"].get(name, np.nan), entry["banos"].get(name, {}).get("f1", np.nan)) for entry in
                   ceilings.values()]  # fmt: skip
        beside = " [" + ", ".join(f"{value:.3f}" for value in np.nanmean(ceiling, axis=0)) + "]" if ceiling else ""
        lines.append(
            f"{name}: {f1:.3f}  {bouts['f1']:.3f}  {bouts['so']:.3f}  {bouts['tp']:.3f}  {bouts['ic']:.3f}  "
            f"{pooled['prevalence'][name]:.3f}{beside}"
        )
    return lines
