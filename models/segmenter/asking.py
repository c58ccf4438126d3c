"""Bouts of a store's recordings to ask a person about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.annotations.labels import Annotations, Label
from bitflow.annotations.table import write_csv_labels
from bitflow.errors import StoreError
from bitflow.models.segmentation.reading import Read, read_features
from bitflow.models.segmenter.judged import judged
from bitflow.models.segmenter.kind import load_segmenter
from bitflow.models.segmenter.labels import UNLABELLED, annotators_of, bouts_of, painted_rows
from bitflow.models.segmenter.proposals import propose
from bitflow.store import FeatureStore


@dataclass(frozen=True)
class Question:
    """A bout to label: where it is, whose, and what a model takes it for (empty without a model)."""

    recording: str
    start: float
    end: float
    animal: str
    track: int
    name: str
    worth: float

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


def propose_store(store: FeatureStore, count: int, *, model: Path | None = None) -> list[Question]:
    """The next bouts to label in all recordings with poses; what annotations cover is not asked again.

    Raises
    ------
    StoreError
        No recording has poses.
    """
    names = [name for name in store if "poses" in store[name]]
    if not names:
        raise StoreError(f"{store.path}: no recording has poses; `bitflow import poses FILE -o STORE` brings them in")
    reads = [read_features(store[name]) for name in names]
    known = load_segmenter(model)[0] if model is not None else None
    labels, said = [], []
    for name, read in zip(names, reads, strict=True):
        labels.append(_covered(store, name, read))
        if known is not None:
            said.append(judged(known, store[name]).probability[: len(read.features)])
    found = propose(reads, labels, count, said or None)
    return [
        Question(
            names[each.recording],
            float(reads[each.recording].features.time[each.first]),
            float(np.append(reads[each.recording].features.time, reads[each.recording].end)[each.last]),
            reads[each.recording].animals[each.animal],
            reads[each.recording].tracks[each.animal],
            known.classes[each.suggestion] if known is not None else "",
            each.worth,
        )
        for each in found
    ]


def write_proposals(folder: Path, questions: Sequence[Question]) -> list[Path]:
    """One CSV of labels a recording, which `bitflow annotations attach` reads once the names are right."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in dict.fromkeys(each.recording for each in questions):
        files.append(folder / f"{name.replace('/', '_')}.csv")
        mine = [each for each in questions if each.recording == name]
        labels = [Label(each.start, each.end, each.name or "?", subject=each.animal) for each in mine]
        write_csv_labels(files[-1], Annotations.of(labels))
    return files


def _covered(store: FeatureStore, name: str, read: Read) -> np.ndarray:
    """Rows that some annotator has labelled: 0 there, `UNLABELLED` elsewhere."""
    rows, animals = len(read.features), len(read.animals)
    covered = np.full((rows, animals), UNLABELLED)
    if "annotations" in store[name]:
        for annotator in annotators_of(store[name]):
            labelled = bouts_of(store[name], read.animals, annotator)
            names = tuple(sorted({bout.name for bout in labelled.bouts}))
            covered[painted_rows(labelled, names, rows, animals) != UNLABELLED] = 0
    return covered
