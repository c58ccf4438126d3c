"""Statements over a store: recordings, participants, sessions and groups, on the syntax tree of what happens in one.

A *study* asks one thing of values that every recording has: a measure of the table ``measures``, a covariate of
``participants``, or what a `Query` comes to in each recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bitflow.events.language.refusals import Malformed, UnknownName
from bitflow.events.language.tree import COMPARISONS, Comparison, Query
from bitflow.events.language.units import Quantity

Verb = Literal[
    "average",
    "distribution",
    "course",
    "compare",
    "change",
    "correlate",
    "rank",
    "agree",
    "scan",
    "which",
    "how_many",
    "missing",
    "table",
]

#: What is asked, with how many values it is asked of, fewest and most, and what it is.
VERBS: dict[Verb, tuple[int, int, str]] = {
    "average": (1, 1, "mean over the units with its interval; by a covariate, of each group"),
    "distribution": (1, 1, "quantiles over the units; by a covariate, of each group"),
    "course": (
        1,
        1,
        "a question in bins, each bin its mean over the units with its interval; by a covariate, of each group",
    ),
    "compare": (1, 1, "groups, or sessions of the same participants, with an effect size and a test"),
    "change": (1, 1, "from one session to another, within participants"),
    "correlate": (2, 2, "rank correlation over the units"),
    "rank": (1, 1, "units in order, the highest first; of the change where sessions are given"),
    "agree": (1, 1, "how alike a participant's sessions are: ICC(2,1)"),
    "scan": (0, 0, "every measure compared, corrected for their number"),
    "which": (0, 1, "the units for which the conditions hold"),
    "how_many": (0, 0, "how many units the conditions hold for"),
    "missing": (1, 1, "recordings in which the value is not known, and why"),
    "table": (0, 2, "units with what is known of them, sorted by covariates, one after the other"),
}

Grain = Literal["recording", "participant", "session"]
GRAINS: tuple[Grain, ...] = ("participant", "recording", "session")

#: Layer-1 answers that are one number a recording.
NUMBERS = ("count", "total_time", "fraction", "mean_duration", "longest", "latency", "rate", "value")

MOST_TOP = 10_000


@dataclass(frozen=True)
class Measured:
    """A measure by its id, as the table ``measures`` has it."""

    id: str


@dataclass(frozen=True)
class Covariate:
    """A column of the participants' table."""

    name: str


@dataclass(frozen=True)
class Coverage:
    """Share of the time in which a measure was seen."""

    of: Measured


Value = Measured | Covariate | Coverage | Query


@dataclass(frozen=True)
class Condition:
    """What must hold for a recording: a number compared, a word among others, or a value far from all others.

    Parameters
    ----------
    op
        A comparison, ``in``, ``not_in``, or ``outlier``: a robust z beyond the bound.
    bound
        Of comparisons and ``outlier``.
    words
        Of ``in`` and ``not_in``.
    """

    value: Value
    op: Comparison | Literal["in", "not_in", "outlier"]
    bound: Quantity | None = None
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_value(self.value)
        if self.op not in (*COMPARISONS, "in", "not_in", "outlier"):
            raise UnknownName.of("comparison", str(self.op), (*COMPARISONS, "in", "not_in", "outlier"))
        if self.op in ("in", "not_in"):
            if not isinstance(self.value, Covariate) or not self.words or self.bound is not None:
                raise Malformed(f"`{self.op}` compares a covariate with words", ["covariate(group) in [a, b]"])
            object.__setattr__(self, "words", tuple(sorted(set(self.words))))
        elif self.bound is None or self.words:
            raise Malformed(f"`{self.op}` needs a number", ["measure(face_coverage_fraction) < 0.6"])


@dataclass(frozen=True)
class SortKey:
    """A covariate that units are sorted by: numbers upwards, words by name.

    Parameters
    ----------
    first
        Values that come first, in their order.
    descending
        The highest, or the last by name, first.
    """

    name: str
    first: tuple[str, ...] = ()
    descending: bool = False


@dataclass(frozen=True)
class Study:
    """One question across the recordings of a store.

    Parameters
    ----------
    verb
        What is asked.
    values
        Of what.
    where
        Which recordings count.
    by
        Covariates that make the groups.
    per
        The unit: sessions of a participant are averaged, weighted by the time seen, unless it is finer.
    sessions
        From which to which, of ``change`` and ``rank``.
    top
        How many of them.
    least
        The lowest first.
    min_coverage
        Share of time below which a value does not count; None for the measure's own.
    sort
        Of ``table``: the first key first.
    """

    verb: Verb
    values: tuple[Value, ...] = ()
    where: tuple[Condition, ...] = ()
    by: tuple[str, ...] = ()
    per: Grain = "participant"
    sessions: tuple[str, str] | None = None
    top: int | None = None
    least: bool = False
    min_coverage: float | None = None
    sort: tuple[SortKey, ...] = ()

    def __post_init__(self) -> None:
        _check(self)


def _check_value(value: Value) -> None:
    if isinstance(value, Query) and value.answer not in NUMBERS:
        raise Malformed(f"`{value.answer}` is not one number a recording", [f"one of {', '.join(NUMBERS)}"])
    if isinstance(value, Query) and (value.order is not None or value.recordings):
        raise Malformed("which recordings, and in which order, is said by the study", ["rank …", "which …"])


def _check(study: Study) -> None:
    if study.verb not in VERBS:
        raise UnknownName.of("answer", str(study.verb), VERBS)
    fewest, most, _ = VERBS[study.verb]
    if not fewest <= len(study.values) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise Malformed(f"`{study.verb}` is of {wanted} values, not {len(study.values)}")
    for value in study.values:
        _check_value(value)
    binned = [value for value in study.values if isinstance(value, Query) and value.bins is not None]
    if bool(binned) != (study.verb == "course"):
        raise Malformed(
            "`course` is of a question in bins, and nothing else is", ["course (fraction smile bins 10s) by group"]
        )
    if study.per not in GRAINS:
        raise UnknownName.of("unit", str(study.per), GRAINS)
    if study.verb in ("compare", "scan") and len(study.by) != 1:
        raise Malformed(f"`{study.verb}` needs one covariate", [f"{study.verb} … by group"])
    if study.by and study.verb not in ("average", "distribution", "course", "compare", "change", "scan", "how_many"):
        raise Malformed(f"`{study.verb}` takes no `by`")
    if len(set(study.by)) < len(study.by):
        raise Malformed("a covariate is named twice")
    if study.verb == "change" and study.sessions is None:
        raise Malformed("`change` needs two sessions", ['change … from "1" to "3"'])
    if study.sessions is not None and (study.verb not in ("change", "rank") or len(set(study.sessions)) != 2):
        raise Malformed("two different sessions are for `change` and `rank`")
    if study.top is not None and (study.verb not in ("rank", "scan") or not 1 <= study.top <= MOST_TOP):
        raise Malformed(f"`top` is of `rank` and `scan`, 1 to {MOST_TOP}")
    if bool(study.sort) != (study.verb == "table"):
        raise Malformed("`table` is sorted, and nothing else is", ["table sort sex, age"])
    if len({key.name for key in study.sort}) < len(study.sort):
        raise Malformed("a covariate is sorted by twice")
    if study.least and study.verb != "rank":
        raise Malformed("`least` is of `rank`")
    if study.min_coverage is not None and not 0 <= study.min_coverage <= 1:
        raise Malformed(f"coverage is a share between 0 and 1, not {study.min_coverage:g}")
