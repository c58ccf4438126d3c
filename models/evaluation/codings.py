"""A coding held against another, frame by frame and bout by bout, beside what a second annotator reaches."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.agreement.chance import cohen_kappa
from bitflow.annotations.binary_csv import read_binary_csv
from bitflow.annotations.files import read_annotations
from bitflow.annotations.frame_labels import frame_labels
from bitflow.errors import UsageError
from bitflow.models.evaluation.banos import Matching, banos
from bitflow.models.evaluation.metrics import class_f1
from bitflow.models.evaluation.segmental import OVERLAPS, edit_score, segmental_f1

Coding = dict[str, NDArray[np.bool_]]
"""Flags ``(frames,)`` by behaviour."""

METRICS = ("banos", "segmental", "frame")


def read_codings(paths: Sequence[Path], *, format: str | None = None, step: float = 0.1) -> list[Coding]:
    """Codings of one recording on the same frames.

    Parameters
    ----------
    paths
        CSV files with a 0/1 column a behaviour and a row a frame; or labels in any format that is read, which are put
        on frames of `step` s.

    Raises
    ------
    UsageError
        Frames and intervals are mixed, or the files have different numbers of frames.
    """
    framed = [path for path in paths if format is None and _is_binary(path)]
    if framed and len(framed) < len(paths):
        other = next(path for path in paths if path not in framed)
        raise UsageError(f"{framed[0]} has a row a frame and {other} has intervals: bring both to one of the two")
    if framed:
        codings = [read_binary_csv(path) for path in paths]
        lengths = [len(next(iter(coding.values()))) for coding in codings]
        if len(set(lengths)) > 1:
            told = ", ".join(f"{path} has {frames}" for path, frames in zip(paths, lengths, strict=True))
            raise UsageError(f"codings of the same frames are compared, but {told} frames")
        return codings
    found = [read_annotations(path, format) for path in paths]
    times = np.asarray((np.arange(round(max(each.end for each in found) / step)) + 0.5) * step, np.float64)
    names = sorted({name for each in found for name in each.names})
    tables = [frame_labels(each.labels, times, names) == 1 for each in found]
    return [{name: table[:, number] for number, name in enumerate(names)} for table in tables]


def scores_of(
    prediction: Mapping[str, NDArray[Any]],
    truth: Mapping[str, NDArray[Any]],
    metrics: Sequence[str] = METRICS,
    *,
    matching: Matching = "greedy",
) -> dict[str, dict[str, dict[str, float]]]:
    """Scores by metric and behaviour, of the behaviours that both codings have.

    Parameters
    ----------
    metrics
        Of `METRICS`: ``banos``; ``segmental`` (F1 at 10, 25 and 50 % overlap, edit score); ``frame`` (F1, Cohen's
        kappa, share of frames in the truth).

    Raises
    ------
    UsageError
        An unknown metric, or no behaviour in common.
    """
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise UsageError(f"no metric {unknown[0]!r}; there are {', '.join(METRICS)}")
    common = [name for name in prediction if name in truth]
    if not common:
        raise UsageError(
            f"the codings share no behaviour: {', '.join(prediction) or 'none'} against {', '.join(truth) or 'none'}"
        )
    score = {
        "banos": lambda said, true: asdict(banos(said, true, matching=matching)),
        "segmental": _segmental,
        "frame": _frame,
    }
    return {
        metric: {name: score[metric](np.asarray(prediction[name]), np.asarray(truth[name])) for name in common}
        for metric in metrics
    }


def _segmental(said: NDArray[Any], true: NDArray[Any]) -> dict[str, float]:
    at = {
        f"f1_at_{round(100 * share)}": segmental_f1(said, true, overlap=share, background=[False]) for share in OVERLAPS
    }
    return {**at, "edit": edit_score(said, true)}


def _frame(said: NDArray[Any], true: NDArray[Any]) -> dict[str, float]:
    said, true = said.astype(int), true.astype(int)
    return {
        "f1": float(class_f1(true, said, 2)[1]) if (said.any() or true.any()) else float("nan"),
        "kappa": cohen_kappa(said, true),
        "prevalence": float(true.mean()),
    }


def _is_binary(path: Path) -> bool:
    """Whether a CSV has a row a frame: it lacks the columns that labels as rows must have."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.reader(file)
        header = {cell.strip().lower() for cell in next(rows, [])}
        cells = {cell.strip() for cell in next(rows, ["?"])}
    return not {"start", "end", "name"} <= header and bool(cells & {"0", "1", "0.0", "1.0"})
