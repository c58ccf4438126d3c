"""The table `predictions`: what a model says about a recording, about its moments, and where streams disagree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import UsageError
from bitflow.store import FeatureStore, Recording
from bitflow.tables import INTERVAL_KEYS, Column, Schema

if TYPE_CHECKING:
    from bitflow.models.recognition.model import Predictions

#: Why a model abstains whose band crosses the decision.
WAVERS = "models of other participants would not all say so"

#: Seconds of one row of moments.
MOMENT_S = 1.0

PREDICTIONS = Schema(
    "predictions",
    "interval",
    (
        *INTERVAL_KEYS,
        Column(
            "level",
            "string",
            "",
            "clip: the recording; frame: a second of it; class: another class; cue: disagreement; bout: of an animal",
        ),
        Column("label", "string", "", "what is predicted; null where nothing can be said"),
        Column("low", "float64", "1", "5 % of the probability over models trained on other participants", range=(0, 1)),
        Column("high", "float64", "1", "95 % of it", range=(0, 1)),
        Column(
            "abstains",
            "bool",
            "",
            "more than one class is possible at 90 %, or none, or the band crosses the decision: better not to decide",
        ),
        Column("reason", "string", "", "why there is no prediction, or what it lacked"),
    ),
    "Predictions of a recogniser: `value` is the probability of the second class (rows clip, frame), or of `label` "
    "where there are more than two; `confidence` is the probability of `label`.",
)


def prediction_rows(
    found: Predictions, at: int, *, task: str, duration: float, rate: float, source: str
) -> dict[str, Any]:
    """Rows of one recording, as columns of `PREDICTIONS`."""
    rows: list[dict[str, Any]] = [_clip_row(found, at, task, duration)]
    if len(found.classes) > 2:
        for k, name in enumerate(found.classes):
            rows.append(_row(0.0, duration, task, "class", value=_known(found.probability[at, k]), label=name))
    frames = found.frames[at]
    if frames is not None:
        rows += _moments(frames, found.classes, task, rate)
    rows += [_row(cue.start, cue.end, cue.name, "cue", value=cue.value) for cue in found.cues[at]]
    rows.sort(key=lambda row: row["start"])  # stable: the clip's row stays first
    return {name: [row.get(name) for row in rows] for name in PREDICTIONS.names} | {"source": [source] * len(rows)}


def write_predictions(
    recording: Recording, columns: dict[str, Any], *, provenance: dict[str, Any], notes: Iterable[str] = ()
) -> None:
    """Commit one recording's rows, with sentences that their reader must know; earlier predictions are replaced."""
    recording.write(PREDICTIONS, [PREDICTIONS.batch(columns)], provenance=provenance, notes=notes)


def export_predictions(store: FeatureStore, recordings: Iterable[str], output: Path) -> Path:
    """The predictions of recordings in one file, CSV or Parquet by its ending; into a folder as predictions.csv.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    import pandas as pd

    path = output if output.suffix.lower() in (".csv", ".parquet") else output / "predictions.csv"
    frames = []
    for name in recordings:
        rows = store[name].table("predictions")
        rows.insert(0, "recording", name)
        rows.attrs = {}
        frames.append(rows)
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["recording", *PREDICTIONS.names])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".parquet":
            table.to_parquet(path, index=False)
        else:
            table.to_csv(path, index=False)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def _clip_row(found: Predictions, at: int, task: str, duration: float) -> dict[str, Any]:
    k = int(found.predicted[at])
    lacking = [name for name, share in found.coverage[at].items() if share == 0.0]
    reasons = [f"missing: {', '.join(lacking)}"] if lacking else []
    if found.wavers[at]:
        reasons.append(WAVERS)
    reason = "; ".join(reasons) or None
    covered = float(np.mean(list(found.coverage[at].values()))) if found.coverage[at] else 0.0
    if k < 0:
        return _row(
            0.0, duration, task, "clip", abstains=True, reason=reason or "nothing to judge by", coverage=covered
        )
    value = found.probability[at, 1] if len(found.classes) == 2 else found.probability[at, k]
    return _row(
        0.0,
        duration,
        task,
        "clip",
        value=_known(value),
        confidence=_known(found.probability[at, k]),
        coverage=covered,
        label=found.classes[k],
        low=_known(found.low[at]),
        high=_known(found.high[at]),
        abstains=bool(found.abstains[at]),
        reason=reason,
    )


def _moments(frames: np.ndarray, classes: tuple[str, ...], task: str, rate: float) -> list[dict[str, Any]]:
    """A row a second in which anything was judged; seconds that were not seen have none."""
    step = max(1, round(MOMENT_S * rate))
    rows = []
    for first in range(0, len(frames), step):
        part = frames[first : first + step]
        known = part[np.isfinite(part).reshape(len(part), -1).all(axis=1)]
        if not len(known):
            continue
        p = known.mean(axis=0)
        full = np.array([1 - p, p]) if np.ndim(p) == 0 else p
        k = int(np.argmax(full))
        end = min(first + step, len(frames)) / rate
        value = float(full[1]) if len(classes) == 2 else float(full[k])
        rows.append(
            _row(
                first / rate,
                end,
                task,
                "frame",
                value=value,
                confidence=float(full[k]),
                label=classes[k],
                coverage=len(known) / len(part),
            )
        )
    return rows


def _row(start: float, end: float, name: str, level: str, **values: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "name": name, "track": -1, "target": -1, "level": level, **values}


def _known(value: float) -> float | None:
    return float(np.clip(value, 0.0, 1.0)) if np.isfinite(value) else None
