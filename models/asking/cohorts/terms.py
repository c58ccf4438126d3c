"""What a question about many may name, and the pieces that it is cut into."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bitflow.models.asking.concepts import Reducer
from bitflow.models.asking.inflection import stem

#: Words that may stand within a phrase.
LIGHT = frozenset(["the", "a", "an", "of", "his", "her", "their", "its", "our", "your", "own", "'s"])


@dataclass(frozen=True)
class Terms:
    """What a question about a store may name.

    Parameters
    ----------
    measures
        Units by measure.
    levels
        Of each covariate of words its values.
    numeric
        Covariates that are numbers.
    recordings
        How many there are.
    """

    measures: dict[str, str] = field(default_factory=dict)
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numeric: tuple[str, ...] = ()
    recordings: int = 1

    @property
    def covariates(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.levels, *self.numeric)

    @property
    def own(self) -> frozenset[str]:
        """Words that the study itself uses, lower case."""
        names = [*self.covariates, *(level for each in self.levels.values() if len(each) <= 50 for level in each)]
        return frozenset(word for name in names for word in re.findall(r"[\w-]+", name.lower()))

    @property
    def session(self) -> str | None:
        """The covariate that tells visits apart."""
        return next((name for name in ("session", "visit") if name in self.covariates), None)

    @property
    def sessions(self) -> tuple[str, ...]:
        """Visits in their order."""
        from bitflow.studies.design import natural

        return tuple(sorted(self.levels.get(self.session or "", ()), key=natural))

    @property
    def grouping(self) -> str | None:
        """The covariate that groups are told by: ``group``, or the only one of a few words."""
        if "group" in self.levels:
            return "group"
        apart = ("participant", "session", "visit")
        named = [name for name, each in self.levels.items() if 2 <= len(each) <= 6 and name not in apart]
        return named[0] if len(named) == 1 else None


@dataclass(frozen=True)
class Item:
    """A piece of a question.

    Parameters
    ----------
    kind, value
        What kind of thing it is, and which.
    text
        How it was written.
    at
        Its first word's place among the words.
    told
        Of a concept that was named by a measure: how it is told.
    """

    kind: str
    value: Any
    text: str
    at: int = 0
    told: Reducer | None = None


def words_of(phrase: str) -> tuple[str, ...]:
    """Stems of a phrase's words, without those that may be left out."""
    words = [word for word in re.findall(r"[^\W_]+(?:'\w+)?", phrase.lower()) if not word.isspace()]
    kept = [word for word in words if word not in LIGHT] or words
    return tuple(stem(word) for word in kept)
