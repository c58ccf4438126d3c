"""Who was recorded, when, and in which group: the participants' table by recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.events.language.study import Grain
from bitflow.participants import FILE
from bitflow.store import FeatureStore
from bitflow.studies.columns import floats, words
from bitflow.tables import TableFile

#: Names that a study may give to the column of visits.
SESSION_NAMES = ("session", "visit")

_NONE = ""


@dataclass(frozen=True, eq=False)
class Coding:
    """Units of a design in order of their names.

    Parameters
    ----------
    names
        ``(units,)`` participant, recording, or participant and session.
    groups
        Of each covariate of a grouping the unit's level.
    of
        ``(recordings,)`` the unit that a recording is part of; −1 where a level is missing.
    """

    names: NDArray
    groups: tuple[NDArray, ...]
    of: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Design:
    """Covariates of recordings.

    Parameters
    ----------
    recordings
        Their ids.
    columns
        Of each covariate a value a recording: text, empty where it is missing, or numbers with NaN.
    prompt
        The covariate that holds the prompt where a recording has a row for each of its prompts.
    """

    recordings: tuple[str, ...]
    columns: dict[str, NDArray]
    _coded: dict[tuple[str, ...], Coding] = field(default_factory=dict, repr=False)
    prompt: str | None = None

    @classmethod
    def of(cls, store: FeatureStore, recordings: Sequence[str]) -> Design:
        """The design of some recordings; one without a row has no covariates."""
        path = store.path / FILE
        if not path.is_file():
            return cls(tuple(recordings), {})
        rows = TableFile(path).read(None)
        place = {name: at for at, name in enumerate(words(rows["recording"]))}
        at = np.array([place.get(name, -1) for name in recordings], int)
        columns: dict[str, NDArray] = {}
        for name in rows.column_names:
            if name == "recording":
                continue
            column = rows[name]
            if str(column.type) == "double":
                values = np.append(floats(column), np.nan)
            else:
                values = np.append(words(column, _NONE), _NONE)
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

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each recording stands."""
        return {name: at for at, name in enumerate(self.recordings)}

    def coded(self, per: Grain, by: tuple[str, ...]) -> Coding:
        """Which unit each recording belongs to, and of which levels; found once, whatever values are put together."""
        key = (per, *by)
        if key not in self._coded:
            self._coded[key] = self._coding(per, by)
        return self._coded[key]

    def _coding(self, per: Grain, by: tuple[str, ...]) -> Coding:
        if per == "recording":
            whose = np.array(self.recordings, object)
        elif per == "participant":
            whose = self.participants
        else:
            both = zip(self.participants, self.sessions, strict=True)
            whose = np.array([f"{who} {when}" for who, when in both], object)
        levels = [self.levels_of(name) for name in by]
        grouped = np.ones(len(self.recordings), bool)
        for column in levels:
            grouped &= column != _NONE
        at = np.flatnonzero(grouped)
        keys = list(zip(whose[at], *(column[at] for column in levels), strict=True))
        ordered = sorted(set(keys), key=lambda key: [natural(each) for each in key])
        number = {key: place for place, key in enumerate(ordered)}
        of = np.full(len(self.recordings), -1)
        of[at] = [number[key] for key in keys]
        names = np.array([key[0] for key in ordered], object)
        groups = tuple(np.array([key[1 + place] for key in ordered], object) for place in range(len(by)))
        return Coding(names, groups, of)

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


def natural(name: str) -> tuple[bool, float, str]:
    """Order in which 2 stands before 10."""
    try:
        number = float(name)
    except ValueError:
        return (True, 0.0, name)
    return (False, number, name) if np.isfinite(number) else (True, 0.0, name)  # somebody may be called "nan"
