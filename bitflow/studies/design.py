"""Who was recorded, when, and in which group: the participants' table by recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.participants import FILE
from bitflow.store import FeatureStore
from bitflow.tables import TableFile

#: Names that a study may give to the column of visits.
SESSION_NAMES = ("session", "visit")

_NONE = ""


@dataclass(frozen=True, eq=False)
class Design:
    """Covariates of recordings.

    Parameters
    ----------
    recordings
        Their ids.
    columns
        Of each covariate a value a recording: text, empty where it is missing, or numbers with NaN.
    """

    recordings: tuple[str, ...]
    columns: dict[str, NDArray]

    @classmethod
    def of(cls, store: FeatureStore, recordings: Sequence[str]) -> Design:
        """The design of some recordings; one without a row has no covariates."""
        path = store.path / FILE
        if not path.is_file():
            return cls(tuple(recordings), {})
        rows = TableFile(path).read(None)
        place = {name: at for at, name in enumerate(rows["recording"].to_pylist())}
        at = np.array([place.get(name, -1) for name in recordings], int)
        columns: dict[str, NDArray] = {}
        for name in rows.column_names:
            if name == "recording":
                continue
            column = rows[name]
            if str(column.type) == "double":
                values = np.array([*column.to_pylist(), None], float)  # Arrow's own way loads pandas
            else:
                values = np.array([*(each or _NONE for each in column.to_pylist()), _NONE], object)
            columns[name] = values[at]
        return cls(tuple(recordings), columns)

    def column(self, name: str) -> NDArray:
        """A covariate.

        Raises
        ------
        Refusal
            There is none of that name.
        """
        if name in self.columns:
            return self.columns[name]
        if name == "recording":
            return np.array(self.recordings, object)
        if not self.columns:
            raise NotMeasured(
                f"there is no covariate {name!r}: nothing is known about the participants",
                ["bitflow participants STORE FILE.csv attaches them"],
            )
        raise UnknownName.of("covariate", name, self.columns)

    @property
    def session_name(self) -> str | None:
        """The covariate that tells visits apart."""
        return next((name for name in SESSION_NAMES if name in self.columns), None)

    @property
    def participants(self) -> NDArray:
        """Whose recording it is; a recording of nobody named stands for itself."""
        named = self.columns.get("participant")
        own = np.array(self.recordings, object)
        return own if named is None else np.where(named == _NONE, own, named)

    @property
    def sessions(self) -> NDArray:
        """Which visit it was.

        Raises
        ------
        NotMeasured
            No covariate tells.
        """
        if self.session_name is None:
            raise NotMeasured(
                "no covariate `session` or `visit` tells the sessions apart",
                ["bitflow participants STORE FILE.csv attaches it"],
            )
        return self.levels_of(self.session_name)

    def levels_of(self, name: str) -> NDArray:
        """A covariate as text; empty where it is missing."""
        column = self.column(name)
        if column.dtype == object:
            return column
        return np.array([_NONE if np.isnan(each) else f"{each:g}" for each in column], object)

    def chosen(self, keep: NDArray[np.bool_]) -> Design:
        """Some of the recordings."""
        names = tuple(name for name, kept in zip(self.recordings, keep, strict=True) if kept)
        return Design(names, {name: column[keep] for name, column in self.columns.items()})
