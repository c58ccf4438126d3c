"""Exports of measures: one row a person and recording, one record a value, the dictionary, the methods text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bitflow
from bitflow.drafts import replace_file
from bitflow.errors import BitflowError, StoreError
from bitflow.measures.evaluation import Settings
from bitflow.measures.records import LONG_COLUMNS, MEASURES, Record, record_frame
from bitflow.measures.registry import Measure
from bitflow.participants import read_participants
from bitflow.store import FeatureStore
from bitflow.tables import Schema, canonical_json, write_table

if TYPE_CHECKING:
    import pandas as pd

_METHODS = (
    "All times are presentation times of the media. Signals were brought to a uniform clock (face, head and body "
    "30 Hz, voice 100 Hz) by linear interpolation over gaps of at most 0.25 s; derivatives and spectra do not cross "
    "longer gaps. Pose, joints and landmarks were low-pass filtered at 6 Hz (zero-phase Butterworth, effective order "
    "4) before differentiation. Rows of a confidence below 0.5 count as missing. A value is undefined, and never "
    "zero, where less than its minimum was seen; values from less than 60 % of the analysed time are marked. "
    "Intervals are 95 %: block bootstrap over time (1000 resamples; blocks of at least 2 s and four times the "
    "signal's integral time-scale), exact Poisson for counts, Student's t, order statistics and Wilson's for means, "
    "medians and shares of events. Coupling between persons was tested against 199 amplitude-adjusted "
    "phase-randomised surrogates."
)
_RESERVATIONS = (
    "Definitions, units, minima and versions are in dictionary.csv. Facial action units named `_proxy` are scores of "
    "a face model's blendshapes and not FACS intensities; they are uncalibrated. Gaze is uncalibrated."
)


def export_measures(
    store: FeatureStore, records: Sequence[Record], measures: Sequence[Measure], folder: Path, settings: Settings
) -> tuple[Path, ...]:
    """Write the four files; returns their paths.

    Raises
    ------
    StoreError
        The folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror or error}") from error
    files = tuple(folder / name for name in ("measures.csv", "measures_long.parquet", "dictionary.csv", "methods.md"))
    replace_file(files[0], _csv(wide_frame(store, records, measures)))
    _write_long(files[1], records)
    replace_file(files[2], _csv(dictionary_frame(records, measures, settings)))
    replace_file(files[3], methods_text(store, records, measures, settings).encode())
    return files


def wide_frame(store: FeatureStore, records: Sequence[Record], measures: Sequence[Measure]) -> pd.DataFrame:
    """One row a recording and person: `recording`, `person`, the measures, then covariates.

    Where windows were asked for there is one row for each, with `interval`, `start` and `end` after the person.
    """
    import pandas as pd

    order = columns_of(records, measures)
    long = record_frame(records)
    windowed = bool(len(long)) and bool((long["interval"] != "").any())
    keys = ["recording", "person", "interval", "start", "end"] if windowed else ["recording", "person"]
    if not len(long):
        return pd.DataFrame(columns=[*keys, *order])
    wide = long.pivot_table(index=keys, columns="measure", values="value", aggfunc="first", dropna=False, sort=False)
    seen = long[keys].drop_duplicates()
    wide = seen.merge(wide.reset_index(), on=keys, how="left").reindex(columns=[*keys, *order])
    covariates = read_participants(store)
    if covariates is not None:
        clashing = {
            name: f"{name}_covariate" for name in covariates.columns if name in wide.columns and name != "recording"
        }
        wide = wide.merge(covariates.rename(columns=clashing), on="recording", how="left")
    return wide


def columns_of(records: Sequence[Record], measures: Sequence[Measure]) -> list[str]:
    """Names of the values in the order of the catalogue; a measure that gave none keeps its own name."""
    seen = list(dict.fromkeys(record.measure for record in records))
    names: list[str] = []
    taken: set[str] = set()
    stems = sorted((measure.column() for measure in measures), key=len, reverse=True)
    home = {name: next((stem for stem in stems if name == stem or name.startswith(f"{stem}_")), name) for name in seen}
    for measure in measures:
        mine = [name for name in seen if home[name] == measure.column()]
        variants = [name for name in mine if name != measure.column()]
        # The bare name of a measure with variants says why there is none; it is a column only where none exists.
        for name in variants or mine or [measure.column()]:
            if name not in taken:
                taken.add(name)
                names.append(name)
    return names


def dictionary_frame(records: Sequence[Record], measures: Sequence[Measure], settings: Settings) -> pd.DataFrame:
    """What each column of measures.csv means."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    by_stem = {measure.column(): measure for measure in measures}
    for name in columns_of(records, measures):
        stem = next((s for s in sorted(by_stem, key=len, reverse=True) if name == s or name.startswith(f"{s}_")), name)
        measure = by_stem[stem]
        low, high = measure.range
        parameters = {**measure.parameters, **settings.get(measure.id, {})}
        rows.append(
            {
                "column": name,
                "measure": measure.id,
                "family": measure.family,
                "unit": measure.unit,
                "scope": measure.scope,
                "definition": " ".join(measure.doc.split()),
                "needs": "; ".join(need.replace("|", " or ") for need in measure.needs),
                "minimum_seconds": measure.minimum.seconds,
                "minimum_rate_hz": measure.minimum.rate_hz,
                "minimum_coverage": measure.minimum.coverage,
                "smallest": low,
                "largest": high,
                "maturity": "core" if measure.core else "experimental",
                "citation": "; ".join(measure.cite),
                "method_version": measure.version,
                "parameters": canonical_json(parameters) if parameters else "",
                "params_hash": measure.params_hash(settings.get(measure.id, {})),
            }
        )
    return pd.DataFrame(rows)


def methods_text(
    store: FeatureStore, records: Sequence[Record], measures: Sequence[Measure], settings: Settings
) -> str:
    """A methods paragraph for a paper: versions, models, parameters, citations."""
    extractors, simulated = _provenance(store)
    recordings = len({record.recording for record in records})
    used = [m for m in measures if any(_belongs(r.measure, m) and r.status != "undefined" for r in records)]
    cites = sorted({cite for measure in used for cite in measure.cite})
    changed = {key: dict(values) for key, values in settings.items() if values}
    lines = ["# Methods", ""]
    if simulated:
        lines += ["**Some of these recordings are simulated.**", ""]
    lines += [
        f"Behaviour was measured with bitflow {bitflow.__version__} in {recordings} recording(s). "
        + (f"Tables were made by {'; '.join(extractors)}. " if extractors else "")
        + _METHODS,
        "",
        f"{len(used)} measures gave values. "
        + (
            f"Settings other than the defaults: {canonical_json(changed)}. "
            if changed
            else "All settings were the defaults. "
        )
        + _RESERVATIONS,
        "",
        "## Citations",
        "",
        *(f"- {cite}" for cite in cites),
        "",
    ]
    return "\n".join(lines)


def _belongs(column: str, measure: Measure) -> bool:
    stem = measure.column()
    return column == stem or ("[" in measure.id and column.startswith(f"{stem}_"))


def _provenance(store: FeatureStore) -> tuple[list[str], bool]:
    made: dict[str, None] = {}
    simulated = False
    for name in store:
        recording = store[name]
        for table in recording.tables:
            if table in ("events", "measures"):
                continue
            try:
                provenance = recording.file(table).metadata.get("provenance") or {}
            except BitflowError:
                continue
            simulated |= bool(provenance.get("simulated"))
            models = ", ".join(f"{key} {value[:12]}" for key, value in sorted((provenance.get("models") or {}).items()))
            if provenance.get("extractor"):
                made[
                    f"{provenance['extractor']} {provenance.get('version', '')}".strip()
                    + (f" ({models})" if models else "")
                ] = None
    return list(made), simulated


def _write_long(path: Path, records: Sequence[Record]) -> None:
    windowed = any(record.interval for record in records)
    names = (*LONG_COLUMNS, *(("interval",) if windowed else ()))
    schema = Schema("measures", "entity", tuple(MEASURES[name] for name in names), MEASURES.description)
    write_table(path, schema, [schema.batch({name: [getattr(r, name) for r in records] for name in names})])


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")
