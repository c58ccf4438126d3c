"""Several questions at once: what is understood offline stays as it is, and a model plans the others one by one."""

from __future__ import annotations

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.refusals import Refusal
from bitflow.models.asking.answering import understand_of_store
from bitflow.models.asking.parts import asks, questions_of, together
from bitflow.models.asking.understood import Understood
from bitflow.models.planning.planner import Planner, plan_question
from bitflow.store import FeatureStore
from bitflow.studies.index import MeasureIndex


def understand_or_plan(
    store: FeatureStore,
    question: str,
    planner: Planner,
    definitions: Definitions,
    index: MeasureIndex,
    recordings: list[str] | None = None,
) -> tuple[Understood, bool]:
    """The program of a question, and whether a model wrote some of it.

    The offline parser is first. Of several questions each that it refuses is planned for itself, and one that has no
    program is told beside the answers to the others.

    Raises
    ------
    Refusal
        None of the questions has a program, or a sentence that asks nothing is not understood.
    UsageError
        The server gives no answer.
    """
    try:
        understood = understand_of_store(store, question, definitions, recordings, index)
    except Refusal as refusal:
        several = questions_of(question)
        if len(several) < 2 or _are_animals(store, index, recordings):
            return plan_question(store, question, refusal, planner, definitions, index, recordings), True
    else:
        if not understood.refused:
            return understood, False
        several = questions_of(question)
    found: list[Understood] = []
    refused: list[tuple[str, Refusal]] = []
    planned = False
    for each in several:
        try:
            found.append(understand_of_store(store, each, definitions, recordings, index))
            continue
        except Refusal as not_understood:
            refusal = not_understood
        try:
            found.append(plan_question(store, each, refusal, planner, definitions, index, recordings))
            planned = True
        except Refusal as without_program:
            if not asks(each):
                raise
            refused.append((each, without_program))
    return together(found, refused), planned


def _are_animals(store: FeatureStore, index: MeasureIndex, recordings: list[str] | None) -> bool:
    wanted = recordings or list(index.recordings)
    return bool(wanted) and "poses" in store[wanted[0]]
