"""Covariates of recordings: participant, visit, group and whatever else a study knows, attached by recording id."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bitflow.errors import UsageError
from bitflow.tables import Column, Schema, TableFile, write_table

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import FeatureStore

FILE = "participants.parquet"

#: Columns that are names, whatever they look like: ``007`` stays as it is.
NAMES = ("recording", "participant", "visit", "session")

#: How covariates that are missing are written, by R, pandas and spreadsheets.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>"})


def attach_file(store: FeatureStore, path: str | Path) -> pd.DataFrame:
    """Attach the rows of a CSV file with a column `recording`; those of recordings that the store lacks are left out.

    Returns
    -------
    pandas.DataFrame
        What was attached; ``attrs["left_out"]`` names the recordings that the store lacks.

    Raises
    ------
    UsageError
        As `recording_rows`, or the file names no recording that the store has.
    """
    return _attach(store, recording_rows(path), str(path))


def recording_rows(path: str | Path) -> pd.DataFrame:
    """A CSV file with one row a recording; ids, participants and visits are text, other columns numbers if they can be.

    An empty cell is missing, and so are the spellings of `MISSING` but in ids: somebody may be called ``NA``. ``None``
    is a value like others, such as no treatment.

    Raises
    ------
    UsageError
        The file cannot be read, has no column `recording`, or names a recording twice or not at all.
    """
    import pandas as pd

    file = Path(path)
    try:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: not a readable CSV file: {error}") from error
    rows.columns = [str(name).strip() for name in rows.columns]
    rows = pd.DataFrame({name: _told(name, rows[name].str.strip()) for name in rows.columns})
    if "recording" not in rows:
        raise UsageError(f"{file}: a column `recording` is needed; it has {', '.join(rows.columns)}")
    if rows["recording"].isna().any():
        line = int(rows["recording"].isna().to_numpy().argmax()) + 2
        raise UsageError(f"{file}, line {line}: the recording's id is missing")
    twice = rows["recording"][rows["recording"].duplicated()]
    if len(twice):
        line = int(rows["recording"].duplicated().to_numpy().argmax()) + 2
        raise UsageError(f"{file}, line {line}: recording {twice.iloc[0]!r} is named twice")
    return rows


def attach_pattern(store: FeatureStore, pattern: str) -> pd.DataFrame:
    """Attach what a pattern reads from the ids: ``{participant}/visit{visit}`` or a regular expression with named
    groups.

    Raises
    ------
    UsageError
        The pattern is not valid, names nothing, or fits no recording.
    """
    import pandas as pd

    compiled = _compiled(pattern)
    found = [(name, compiled.fullmatch(name)) for name in store]
    rows = [{"recording": name, **match.groupdict()} for name, match in found if match]
    if not rows:
        some = ", ".join(name for name, _ in found[:3]) or "none"
        raise UsageError(f"the pattern {pattern!r} fits no recording; ids are: {some}")
    return _attach(store, pd.DataFrame(rows), f"pattern {pattern!r}")


def read_participants(store: FeatureStore) -> pd.DataFrame | None:
    """The covariates, a row a recording with its id in `recording`; None when nothing was attached."""
    path = store.path / FILE
    return TableFile(path).frame() if path.is_file() else None


def unmatched(store: FeatureStore, rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Recordings without covariates, and covariates without a recording."""
    there, named = set(store), set(rows["recording"])
    return sorted(there - named), sorted(named - there)


def _compiled(pattern: str) -> re.Pattern[str]:
    if "(?P<" not in pattern:
        parts = re.split(r"\{(\w+)\}", pattern)
        pattern = "".join(f"(?P<{part}>[^/]+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"the pattern {pattern!r} cannot be read: {error}") from error
    if not compiled.groupindex:
        raise UsageError("the pattern names nothing: write {participant} where the participant's name stands")
    if "recording" in compiled.groupindex:
        raise UsageError("`recording` is the id itself and cannot be read from it")
    return compiled


def _told(name: str, cells: pd.Series) -> pd.Series:
    """A column as what it holds: names, numbers, or words; None or NaN where it is missing."""
    import pandas as pd

    if name in NAMES:
        return cells.where(cells != "", None)
    known = cells.where(~cells.str.lower().isin(MISSING), None)
    truths = known.str.lower().map({"true": True, "false": False})
    if known.notna().any() and truths.notna().equals(known.notna()):
        return truths if known.isna().any() else truths.astype(bool)
    numbers = pd.to_numeric(known, errors="coerce")
    return known if (numbers.isna() & known.notna()).any() else numbers


def _attach(store: FeatureStore, rows: pd.DataFrame, source: str) -> pd.DataFrame:
    import pandas as pd

    _, unknown = unmatched(store, rows)
    rows = rows[~rows["recording"].isin(unknown)].reset_index(drop=True)
    if not len(rows):
        named = f"the store has no recording {unknown[0]!r}" if unknown else "it names no recording"
        raise UsageError(f"{source}: {named} ({len(unknown)} such rows, and no other)")
    columns: list[Column] = []
    values: dict[str, list[object]] = {}
    for name in rows.columns:
        series = rows[name]
        numeric = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        numeric = numeric and name not in NAMES
        columns.append(
            Column(name, "float64" if numeric else "string", description="covariate", nullable=name != "recording")
        )
        values[name] = [None if pd.isna(v) else (float(v) if numeric else str(v)) for v in series]
    schema = Schema("participants", "entity", tuple(columns), f"covariates attached from {source}")
    write_table(store.path / FILE, schema, [schema.batch(values)])
    rows.attrs["left_out"] = unknown
    return rows
