"""How far a measure can be trusted: split halves within recordings, agreement over repeated visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.drafts import replace_file
from bitflow.errors import BitflowError
from bitflow.events import Events, Mask, Signal
from bitflow.events.behaviour import input_types
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.measures.estimate import Estimate
from bitflow.measures.records import Record
from bitflow.measures.registry import Measure
from bitflow.participants import read_participants
from bitflow.store import FeatureStore

if TYPE_CHECKING:
    import pandas as pd

BLOCK_S = 10.0
LEAST_UNITS = 3


@dataclass(frozen=True)
class Agreement:
    """ICC(2,1) with its 95 % interval, standard error of measurement, minimal detectable change."""

    icc: float
    low: float
    high: float
    sem: float
    mdc: float
    subjects: int
    visits: int


def icc_2_1(values: NDArray[np.float64]) -> Agreement:
    """Two-way random effects, absolute agreement, single visit (Shrout & Fleiss 1979; interval of McGraw & Wong 1996).

    Parameters
    ----------
    values
        ``(subjects, visits)`` without NaN.

    Returns
    -------
    Agreement
        SEM = SD·√(1 − ICC), MDC = 1.96·√2·SEM.
    """
    from scipy.special import fdtri

    n, k = values.shape
    grand = values.mean()
    rows = k * np.square(values.mean(axis=1) - grand).sum() / (n - 1)
    columns = n * np.square(values.mean(axis=0) - grand).sum() / (k - 1)
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + grand
    error = np.square(rest).sum() / ((n - 1) * (k - 1))
    icc = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    a = k * icc / (n * (1 - icc)) if icc < 1 else np.inf
    b = 1 + k * icc * (n - 1) / (n * (1 - icc)) if icc < 1 else np.inf
    low = high = float("nan")
    if np.isfinite(a) and error > 0:
        free = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
        upper, lower = fdtri(n - 1, free, 0.975), fdtri(free, n - 1, 0.975)
        low = n * (rows - upper * error) / (upper * (k * columns + (k * n - k - n) * error) + n * rows)
        high = n * (lower * rows - error) / (k * columns + (k * n - k - n) * error + n * lower * rows)
    sem = float(values.std(ddof=1) * np.sqrt(max(0.0, 1 - icc)))
    return Agreement(float(icc), float(low), float(high), sem, float(1.96 * np.sqrt(2) * sem), n, k)


def spearman_brown(r: float) -> float:
    """Reliability of the whole from the correlation of its halves.

    Examples
    --------
    >>> round(spearman_brown(0.5), 3)
    0.667
    """
    return 2 * r / (1 + r) if r > -1 else float("nan")


def only_blocks(series: Any, parity: int, origin: float, block_s: float = BLOCK_S) -> Any:
    """A series with every other block of time made unknown."""
    if isinstance(series, Signal):
        inside = _inside(series.times, parity, origin, block_s)
        keep = inside.reshape(-1, *([1] * (series.values.ndim - 1)))
        return replace(series, values=np.where(keep, series.values, np.nan))
    if isinstance(series, Mask):
        times = series.start + np.arange(len(series)) / series.rate
        return replace(series, known=series.known & _inside(times, parity, origin, block_s))
    if isinstance(series, Events):
        chosen = series.chosen(_inside(series.starts, parity, origin, block_s))
        times = series.seen.start + np.arange(len(series.seen)) / series.seen.rate
        return replace(chosen, seen=replace(series.seen, yes=series.seen.yes & _inside(times, parity, origin, block_s)))
    if isinstance(series, dict):
        return {key: only_blocks(value, parity, origin, block_s) for key, value in series.items()}
    if isinstance(series, tuple):
        return tuple(only_blocks(value, parity, origin, block_s) for value in series)
    if is_dataclass(series) and not isinstance(series, type) and not hasattr(series, "crop"):
        changed = {
            f.name: only_blocks(getattr(series, f.name), parity, origin, block_s) for f in fields(series) if f.init
        }
        return replace(series, **changed)
    if isinstance(series, (str, int, float, bool, type(None), Undefined)):
        return series
    raise Undefined("bad_input", "this input cannot be split")


def split_halves(scene: Scene, measures: Sequence[Measure]) -> dict[tuple[str, str], tuple[float, float]]:
    """Values from odd and from even blocks of 10 s, by person and measure; those that both halves can give."""
    halves: dict[tuple[str, str], tuple[float, float]] = {}
    for who in scene.people:
        person = scene.person(who)
        for measure in measures:
            if measure.scope != "person":
                continue
            try:
                inputs = [person.get(kind) for kind in input_types(measure.function)]
                both = [
                    measure.function(*(only_blocks(each, parity, scene.interval.start) for each in inputs))
                    for parity in (0, 1)
                ]
            except (Undefined, BitflowError, ValueError, IndexError, ZeroDivisionError, FloatingPointError):
                continue
            for name, first, second in _paired(measure, *both):
                halves[person.label, name] = (first, second)
    return halves


def reliability_frame(store: FeatureStore, measures: Sequence[Measure], records: Sequence[Record]) -> pd.DataFrame:
    """One row a measure: split-half reliability over persons, test-retest agreement over visits."""
    import pandas as pd

    halves: dict[str, list[tuple[float, float]]] = {}
    for recording in store:
        for (_, name), pair in split_halves(Scene(store[recording]), measures).items():
            halves.setdefault(name, []).append(pair)
    repeats = _visits(store, records)
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys([*halves, *repeats]):
        row: dict[str, Any] = {"measure": name}
        pairs = np.array(halves.get(name, []), float).reshape(-1, 2)
        row["split_half_n"] = len(pairs)
        if len(pairs) >= LEAST_UNITS and (pairs.std(axis=0) > 0).all():
            row["split_half_spearman_brown"] = spearman_brown(float(np.corrcoef(pairs.T)[0, 1]))
        table = repeats.get(name)
        if table is not None and len(table) >= LEAST_UNITS and np.ptp(table) > 0:
            found = icc_2_1(table)
            row |= {
                "icc_2_1": found.icc,
                "icc_low": found.low,
                "icc_high": found.high,
                "sem": found.sem,
                "minimal_detectable_change": found.mdc,
                "participants": found.subjects,
                "visits": found.visits,
            }
        else:
            row["reason"] = f"agreement over visits needs {LEAST_UNITS} participants with two visits of one person each"
        rows.append(row)
    columns = ["measure", "split_half_n", "split_half_spearman_brown", "icc_2_1", "icc_low", "icc_high", "sem"]
    columns += ["minimal_detectable_change", "participants", "visits", "reason"]
    return pd.DataFrame(rows).reindex(columns=columns)


def write_reliability(
    store: FeatureStore, measures: Sequence[Measure], records: Sequence[Record], folder: Path
) -> Path:
    """Write reliability.csv."""
    path = folder / "reliability.csv"
    replace_file(path, reliability_frame(store, measures, records).to_csv(index=False, lineterminator="\n").encode())
    return path


def _visits(store: FeatureStore, records: Sequence[Record]) -> dict[str, NDArray[np.float64]]:
    """Values ``(participants, visits)`` by measure, of recordings with one person each and participants seen every
    time."""
    covariates = read_participants(store)
    if covariates is None or not {"participant", "visit"} <= set(covariates.columns):
        return {}
    import pandas as pd

    frame = pd.DataFrame(
        [(r.recording, r.person, r.measure, r.value) for r in records if not r.interval and r.status != "undefined"],
        columns=["recording", "person", "measure", "value"],
    ).merge(covariates[["recording", "participant", "visit"]], on="recording")
    frame = frame[~frame["person"].str.contains("+", regex=False)]
    alone = frame.groupby(["recording", "measure"])["person"].transform("nunique") == 1
    tables: dict[str, NDArray[np.float64]] = {}
    for name, rows in frame[alone].groupby("measure", sort=False):
        wide = rows.pivot_table(index="participant", columns="visit", values="value", aggfunc="mean").dropna()
        if wide.shape[1] >= 2:
            tables[str(name)] = wide.to_numpy(float)
    return tables


def _inside(times: NDArray[np.float64], parity: int, origin: float, block_s: float) -> NDArray[np.bool_]:
    return np.floor((times - origin) / block_s + 1e-9).astype(int) % 2 == parity


def _paired(measure: Measure, first: Any, second: Any) -> list[tuple[str, float, float]]:
    if isinstance(first, Estimate) and isinstance(second, Estimate):
        pairs = [(measure.column(), first, second)]
    elif isinstance(first, dict) and isinstance(second, dict):
        pairs = [(measure.column(key), first[key], second[key]) for key in first if key in second]
    else:
        return []
    least = measure.minimum.seconds / 2
    return [
        (name, a.value, b.value)
        for name, a, b in pairs
        if isinstance(a, Estimate)
        and isinstance(b, Estimate)
        and min(a.seconds, b.seconds) >= least - 0.5
        and np.isfinite([a.value, b.value]).all()
    ]
