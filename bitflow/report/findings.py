"""Measured values of a recording as a page shows them: with interval, coverage, and the reason when there is none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.reasons import REASONS
from bitflow.measures.estimate import NO_INTERVAL
from bitflow.measures.registry import Measure, registered

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording


@dataclass(frozen=True)
class Value:
    """One value in words.

    `status` is ``ok``, ``low_coverage`` or ``undefined``; `why` says why there is no value, or no interval.
    """

    measure: str
    title: str
    definition: str
    person: str
    part: str
    value: str
    unit: str
    interval: str
    coverage: float
    seconds: float
    status: str
    why: str


@dataclass(frozen=True)
class Findings:
    """All values of a recording by family of measures, and its events.

    `stored` says whether they are the store's own tables; `stale` that tables changed since they were measured.
    """

    families: dict[str, tuple[Value, ...]]
    parts: tuple[Value, ...]
    counts: dict[str, int]
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    events: pd.DataFrame | None
    stored: bool
    stale: bool
    quality: dict[str, float]

    @property
    def without_values(self) -> dict[str, tuple[Value, ...]]:
        """Families of which nothing could be measured: those of people, where only animals are."""
        return {
            family: values
            for family, values in self.families.items()
            if all(value.status == "undefined" for value in values)
        }


def findings(recording: Recording) -> Findings:
    """Values and events of a recording; computed here where the store has none, which changes nothing in it."""
    stored = "measures" in recording and "events" in recording
    if stored:
        measures, events = recording.table("measures"), recording.table("events")
    else:
        measures, events = _computed(recording)
        if "events" in recording:  # somebody found and kept them, measures or not
            events = recording.table("events")
    known = {measure.column(): measure for measure in registered().values()}
    rows: Any = measures.itertuples(index=False)
    values = [_value(row, _of(row.measure, known)) for row in rows]
    families: dict[str, list[Value]] = {}
    for value in values:
        if not value.part:
            found = _of(value.measure, known)
            families.setdefault(found.family if found else "other", []).append(value)
    whole = measures[measures["interval"].fillna("") == ""]
    quality = _quality(whole)
    if "faces" in recording and "frames" in recording and recording.file("frames").rows > 1:
        quality.setdefault("face_coverage_fraction", 0.0)  # nobody was seen, so there is nobody to have the value
    return Findings(
        {family: tuple(found) for family, found in families.items()},
        tuple(value for value in values if value.part),
        {status: int((whole["status"] == status).sum()) for status in ("ok", "low_coverage", "undefined")},
        _missing(whole),
        events,
        stored,
        stored and _is_stale(recording),
        quality,
    )


def written_number(value: float) -> str:
    """Four significant digits, without a needless exponent.

    >>> written_number(0.123456), written_number(12345.6), written_number(0.0)
    ('0.1235', '12346', '0')
    """
    if not np.isfinite(value):
        return ""
    if abs(value) < 1e-9:
        return "0"
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}"


def _computed(recording: Recording) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    from bitflow.events.scene import Scene
    from bitflow.events.table import event_batch
    from bitflow.measures.evaluation import evaluate
    from bitflow.measures.records import record_frame
    from bitflow.measures.registry import select

    scene = Scene(recording)
    return record_frame(evaluate(scene, select(None))), event_batch(scene).to_pandas()


def _of(column: str, known: dict[str, Measure]) -> Measure | None:
    """The measure that a column belongs to: ``au_base_rate_fraction_au12`` is a variant of its stem."""
    if column in known:
        return known[column]
    stem = column
    while "_" in stem:
        stem = stem.rpartition("_")[0]
        if stem in known:
            return known[stem]
    return None


def _value(row: Any, measure: Measure | None) -> Value:
    why = REASONS.get(row.reason) or NO_INTERVAL.get(row.reason) or (row.reason or "").replace("_", " ")
    note = row.note or ""
    if row.status == "undefined":
        why = f"{why} ({note})" if note and note != why else why
    elif note:
        why = f"{why}; {note}" if why else note
    ends = (row.ci_low, row.ci_high)
    interval = f"{written_number(ends[0])} – {written_number(ends[1])}" if np.isfinite(ends).all() else ""
    coverage = float(row.coverage) if row.coverage is not None and np.isfinite(row.coverage) else 0.0
    seconds = float(row.duration_valid_s) if np.isfinite(row.duration_valid_s) else 0.0
    return Value(
        row.measure,
        measure.title.replace("``", "") if measure else "",
        measure.doc.replace("``", "") if measure else "",
        row.person or "",
        row.interval or "",
        written_number(float(row.value)),
        "" if row.unit in (None, "1") else row.unit,
        interval,
        coverage,
        seconds,
        row.status,
        why,
    )


def _missing(whole: pd.DataFrame) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Reasons with the measures that they keep from being defined, the commonest first."""
    undefined = whole[whole["status"] == "undefined"]
    by_reason = Counter(str(reason) for reason in undefined["reason"])
    return tuple(
        (
            REASONS.get(code, code),
            tuple(sorted({str(name) for name in undefined.loc[undefined["reason"] == code, "measure"]})),
        )
        for code, _ in by_reason.most_common()
    )


def _quality(whole: pd.DataFrame) -> dict[str, float]:
    """Quality of the recording: of several persons the face seen most, else the worst."""
    found: dict[str, float] = {}
    for name, chosen in (
        ("face_coverage_fraction", max),
        ("frame_rate_effective_hz", min),
        ("head_pose_offaxis_fraction", max),
        ("audio_snr_db", min),
    ):
        values = whole.loc[(whole["measure"] == name) & (whole["status"] != "undefined"), "value"].dropna()
        if len(values):
            found[name] = float(chosen(values))
    return found


def _is_stale(recording: Recording) -> bool:
    inputs = (recording.file("measures").metadata.get("provenance") or {}).get("inputs", {})
    return any(
        table not in recording or recording.file(table).metadata.get("fingerprint") != made
        for table, made in inputs.items()
        if table != "media"
    )
