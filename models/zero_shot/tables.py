"""What is kept in a store: a row of the table `predictions`, its cues, and the numbers that recognisers may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.predictions import PREDICTIONS
from bitflow.models.zero_shot.judgements import Judgement
from bitflow.models.zero_shot.material import Material
from bitflow.models.zero_shot.settings import ZeroShotSettings
from bitflow.store import Recording
from bitflow.tables import INTERVAL_KEYS, Schema

ZERO_SHOT = Schema(
    "zero_shot",
    "interval",
    INTERVAL_KEYS,
    "what a language model that was never trained on labels said about the recording: a number a row, not calibrated",
)


def write_judgement(
    recording: Recording,
    judgement: Judgement,
    material: Material | None,
    probability: NDArray[Any],
    settings: ZeroShotSettings,
    *,
    identity: str,
    source: str,
    note: str = "",
) -> dict[str, Any]:
    """Commit one recording's rows, and give a summary.

    Parameters
    ----------
    probability
        ``(classes,)`` in the order of the labels; NaN without a verdict.
    identity
        Of the model's folder.
    source
        Of the numbers: who was asked, and how.
    note
        What a reader must know about the whole run.
    """
    duration = _duration(recording, material)
    decided = bool(np.isfinite(probability).all())
    k = int(np.argmax(probability)) if decided else -1
    reason = "; ".join(part for part in (judgement.reason, note) if part) or None
    rows: list[dict[str, Any]] = [
        _row(
            0.0,
            duration,
            settings.task,
            level="clip",
            label=settings.labels[k] if decided else None,
            value=(float(probability[1]) if len(probability) == 2 else float(probability[k])) if decided else None,
            confidence=float(probability[k]) if decided else None,
            abstains=not decided,
            reason=reason,
        )
    ]
    if decided and len(probability) > 2:
        rows += [
            _row(0.0, duration, settings.task, level="class", value=float(p), label=name)
            for p, name in zip(probability, settings.labels, strict=True)
        ]
    rows += _cue_rows(judgement, material)
    rows.sort(key=lambda row: row["start"])  # stable: the clip's row stays first
    provenance = {
        "extractor": "zero-shot",
        "version": "1",
        "parameters": {"asked": {"settings": source, "orders": list(judgement.seeds)}},
        "models": {"zero-shot": identity},
        "inputs": {},
    }
    predicted = _columns(rows, PREDICTIONS, f"bitflow {identity}")
    recording.write(PREDICTIONS, [PREDICTIONS.batch(predicted)], provenance=provenance)
    numbers = [_row(0.0, duration, name, value=value) for name, value in judgement.numbers.items()]
    recording.write(ZERO_SHOT, [ZERO_SHOT.batch(_columns(numbers, ZERO_SHOT, source))], provenance=provenance)
    return {
        "recording": recording.id,
        "label": rows[0]["label"],
        "probability": {
            name: float(p) if decided else None for name, p in zip(settings.labels, probability, strict=True)
        },
        "abstains": not decided,
        "reason": reason,
        "cues": len(judgement.cues),
    }


def _cue_rows(judgement: Judgement, material: Material | None) -> list[dict[str, Any]]:
    """The cues that can be placed, as marks on the clock."""
    rows = []
    for cue in judgement.cues if material else ():
        when = material.span(cue["modality"], list(cue["where"])) if material else None
        if when is not None:
            name = f"{cue['modality']} {cue.get('cue') or cue.get('remark')}"
            rows.append(_row(when.start, when.end, name, level="cue"))
    return rows


def _duration(recording: Recording, material: Material | None) -> float:
    known = (recording.info.get("media") or {}).get("duration")
    return float(known) if known else max(material.duration if material else 0.0, 1e-3)


def _columns(rows: Sequence[dict[str, Any]], schema: Schema, source: str) -> dict[str, Any]:
    return {name: [row.get(name) for row in rows] for name in schema.names} | {"source": [source] * len(rows)}


def _row(start: float, end: float, name: str, **values: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "name": name, "track": -1, "target": -1, **values}
