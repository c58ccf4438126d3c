"""What a study comes to: numbers, the test that goes with them, where they come from, and what to be careful of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.printing import text_of
from bitflow.events.language.refusals import EmptyWindow
from bitflow.events.language.study import Study
from bitflow.store import FeatureStore
from bitflow.studies.described import average, course, distribution, how_many, missing, table, which
from bitflow.studies.design import Design
from bitflow.studies.index import MeasureIndex, measure_index
from bitflow.studies.prompts import by_prompt, is_prompt
from bitflow.studies.run import StudyRun
from bitflow.studies.tested import agree, change, compare, correlate, rank, scan
from bitflow.studies.values import Source

if TYPE_CHECKING:
    from bitflow.events.language.recordings import Counted

#: Mean coverage below which an answer carries a warning.
LOW_COVERAGE = 0.6

_ANSWERS: dict[str, Callable[[StudyRun], dict[str, Any]]] = {
    **{f.__name__: f for f in (average, course, distribution, how_many, missing, table, which)},
    **{f.__name__: f for f in (agree, change, compare, correlate, rank, scan)},
}


@dataclass(frozen=True)
class StudyAnswer:
    """The answer to a study.

    Parameters
    ----------
    program
        Its text.
    answer
        ``kind``, ``unit``, ``rows``, ``test``, numbers of recordings and units, and who was left out, why.
    evidence
        The stretches of recordings that carry it.
    coverage
        Mean share of their time that was seen; NaN where that means nothing.
    warnings
        Each begins with its code, such as ``small_n``.
    """

    program: str
    answer: dict[str, Any]
    evidence: tuple[dict[str, Any], ...]
    coverage: float
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The form that ``bitflow ask --json`` prints."""
        return {**vars(self), "evidence": list(self.evidence), "warnings": list(self.warnings)}


def answer_study(
    study: Study,
    store: FeatureStore,
    definitions: Definitions,
    recordings: list[str] | None = None,
    index: MeasureIndex | None = None,
    counted: Counted | None = None,
) -> StudyAnswer:
    """Answer a study over a store, or over some of its recordings; `counted` is told how many have answered.

    Raises
    ------
    Refusal
        What it is about is not in the store, or no recording meets its conditions.
    """
    index = index or measure_index(store)
    names = list(index.recordings) if recordings is None else recordings
    design = Design.of(store, names)
    return _answered(StudyRun(study, Source(store, index, definitions, counted), design))


def _answered(run: StudyRun) -> StudyAnswer:
    study = run.study
    for condition in study.where:
        run.keep(condition)
    if not run.design.recordings and study.verb not in ("which", "how_many"):
        raise EmptyWindow("no recording meets the conditions")
    for name in (each for each in study.by if is_prompt(each, run.design)):
        run.design = by_prompt(run.source.store, run.design, name)
    found = _ANSWERS[study.verb](run)
    said = {
        "kind": study.verb,
        "per": study.per,
        "recordings": len(set(run.design.recordings)),
        "participants": len(set(run.design.participants)),
        **found,
        "excluded": [{"reason": why, "recordings": n} for why, n in sorted(run.excluded.items())],
    }
    coverage = [values.coverage[kept] for values, _, kept in run.used if kept.any()]
    known = np.concatenate(coverage)[np.isfinite(np.concatenate(coverage))] if coverage else np.empty(0)
    mean = float(known.mean()) if len(known) else float("nan")
    if mean < LOW_COVERAGE:
        run.warnings.append(f"low_coverage: {mean:.0%} of the time was seen")
    return StudyAnswer(text_of(study), said, run.evidence(), mean, tuple(dict.fromkeys(run.warnings)))
