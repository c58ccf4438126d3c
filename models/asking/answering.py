"""A question asked of a store: understood, shown, answered."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.errors import UsageError
from bitflow.events.language import parse
from bitflow.events.language.checking import check
from bitflow.events.language.definitions import Definitions, builtin, read_definitions
from bitflow.events.language.outcome import subjects_of
from bitflow.events.language.presence import table_of
from bitflow.events.language.prompts import prompt_labels
from bitflow.events.language.refusals import Ambiguous, NotExpressible, Refusal, UnknownName
from bitflow.events.language.study import Study
from bitflow.events.language.tree import Call, Named, Program, Query, walk
from bitflow.models.asking.beyond import refuse_beyond
from bitflow.models.asking.cohorts.prompts import prompts_in, study_by_prompt
from bitflow.models.asking.cohorts.reading import Reading, read
from bitflow.models.asking.cohorts.studies import speaks_of_many, study_in_words
from bitflow.models.asking.cohorts.terms import Terms
from bitflow.models.asking.parts import apart, questions_of
from bitflow.models.asking.understood import Understood, refuse_long
from bitflow.store import FeatureStore
from bitflow.studies.index import MeasureIndex, measure_index

if TYPE_CHECKING:
    from bitflow.events.language.outcome import Outcome
    from bitflow.events.language.recordings import Counted


@dataclass(frozen=True)
class Reply:
    """What a question comes to.

    Parameters
    ----------
    program
        Text of the program that was answered.
    answer
        Numbers, by kind of question.
    evidence
        ``recording, start, end, table``: the stretches that carry it.
    coverage
        Share of their time that was seen; NaN where that means nothing.
    outcome
        Of a question about what happens within recordings.
    parts
        Of several questions asked at once, each its own; empty of one.
    """

    program: str
    answer: dict[str, Any]
    evidence: tuple[dict[str, Any], ...]
    coverage: float
    warnings: tuple[str, ...]
    outcome: Outcome | None = None
    parts: tuple[Reply, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The form that ``bitflow ask --json`` prints."""
        keys = ("program", "answer", "evidence", "coverage", "warnings")
        coverage = None if math.isnan(self.coverage) else round(self.coverage, 4)
        return {**{key: getattr(self, key) for key in keys}, "coverage": coverage}


def terms_of(store: FeatureStore, index: MeasureIndex, recordings: list[str]) -> Terms:
    """Measures and covariates that a question may name."""
    from bitflow.studies.design import Design

    design = Design.of(store, recordings)
    words = {name: column for name, column in design.columns.items() if column.dtype == object}
    return Terms(
        index.units,
        {name: tuple(sorted(set(column) - {""})) for name, column in words.items()},
        tuple(name for name in design.columns if name not in words),
        len(recordings),
    )


def understand_of_store(
    store: FeatureStore,
    question: str,
    definitions: Definitions,
    recordings: list[str] | None = None,
    index: MeasureIndex | None = None,
) -> Understood:
    """The program that a question means in a store.

    Raises
    ------
    Refusal
        It is not understood to its last word, or asks what no table tells.
    """
    index = index or measure_index(store)
    wanted = recordings or list(index.recordings)
    people = bool(wanted) and "poses" not in store[wanted[0]]
    if (written := _written(question)) is not None:
        return written
    terms = terms_of(store, index, wanted)
    if people:
        return understand_of_people(store, question, definitions, wanted, terms)
    if terms.covariates:
        study = study_in_words(question, terms)
        if study is not None:
            return study
    return _of_animals(store, question, definitions, wanted)


def understand_of_people(
    store: FeatureStore, question: str, definitions: Definitions, wanted: list[str], terms: Terms
) -> Understood:
    """The program that a question about people means: of each recording, or across them.

    Raises
    ------
    Refusal
        It is not understood to its last word, or asks what no table tells.
    """
    from bitflow.models.asking.people.injections import without_orders

    refuse_long(question)
    text, orders = without_orders(question)
    notes = tuple(f"left out, since it is no question: {order!r}" for order in orders)
    if not wanted:
        raise UsageError(f"{store.path}: the store holds no recordings")
    questions = questions_of(text)
    if len(questions) > 1 and not _DEFINES.search(text):
        found = apart(questions, lambda each: _of_people(store, each, definitions, wanted, terms))
    else:
        found = _of_people(store, text, definitions, wanted, terms)
    return replace(found, notes=(*notes, *found.notes))


def _of_people(store: FeatureStore, text: str, definitions: Definitions, wanted: list[str], terms: Terms) -> Understood:
    """The program of one question without orders."""
    reading = read(text, terms)
    if (found := _by_prompt(store, text, wanted, terms)) is not None:
        return found
    if speaks_of_many(reading, terms):
        refuse_beyond(text, terms.own)
        study = study_in_words(reading, terms)
        if study is not None:
            return study
    if _DEFINES.search(text):
        refuse_beyond(text, terms.own)
        return _of_animals(store, text, definitions, wanted)
    from bitflow.models.asking.people.names import people_names
    from bitflow.models.asking.people.understanding import people_in_words

    names = people_names(store, definitions, wanted)
    if names.several and _AVERAGED.search(text) and not _OF_ONE.search(text):
        study = _certain_study(text, reading, terms)
        if study is not None:
            return study
    try:
        if (typed := _typed(text, store, definitions, wanted)) is not None:
            return typed
        return people_in_words(text, names, terms.own)
    except (Ambiguous, UnknownName):
        if terms.measures and names.several and not _OF_ONE.search(text):
            study = _certain_study(text, reading, terms)
            if study is not None:
                return study
        raise


def _of_animals(store: FeatureStore, text: str, definitions: Definitions, wanted: list[str]) -> Understood:
    """The program of a question that names animals, their parts and regions, or definitions of its own."""
    from bitflow.models.asking.animals.names import names_in
    from bitflow.models.asking.animals.question import understand

    return understand(text, names_in(store, definitions, wanted))


def _by_prompt(store: FeatureStore, text: str, wanted: list[str], terms: Terms) -> Understood | None:
    """What a question asks of prompts, where it speaks of any."""
    if prompts_in(text) is None:
        return None
    refuse_beyond(text, terms.own)
    labels = prompt_labels(store[name] for name in wanted[:: max(1, len(wanted) // MOST_LOOKED_AT)])
    return study_by_prompt(text, terms, labels, lambda rest, known: study_in_words(rest, known, certain=True))


#: Recordings of a large store that are opened for the labels of their prompts.
MOST_LOOKED_AT = 50


def _certain_study(text: str, reading: Reading, terms: Terms) -> Understood | None:
    """A question that does not say that it is about many, taken for one that is; None where that makes no sense."""
    try:
        refuse_beyond(text, terms.own)
        return study_in_words(reading, terms, certain=True)
    except Refusal:
        return None


#: One number of all of them.
_AVERAGED = re.compile(r"\b(?:average|mean|averaged|typical)\b", re.I)

#: Words of what happens in one recording: where one of them stands, a question is no study of all of them.
_OF_ONE = re.compile(
    r"\b(?:he|she|him|her|his|hers|when|while|whilst|during|after|before|until|say|says|said|saying|first|last|longest|list|show"
    r"|which|where|who|what did|missing|summar\w*|moments?|times?)\b",
    re.I,
)

#: A behaviour of the user's own: ``define calm = …``.
_DEFINES = re.compile(r"\bdefine\b|:=|(?<![<>=!])=(?!=)", re.I)


def _typed(text: str, store: FeatureStore, definitions: Definitions, wanted: list[str]) -> Understood | None:
    """A program that was typed as it is, where the recording knows all its names."""
    try:
        program = parse(text)
        check(program, subjects_of(store[wanted[0]], program), definitions)
    except Refusal:
        return None
    return Understood(program)


def _written(question: str) -> Understood | None:
    """A program that was typed as it is: a study, such as an earlier one with a condition more."""
    try:
        program = parse(question)
    except Refusal:
        return None
    return Understood(program) if any(isinstance(each, Study) for each in program.queries) else None


def reply_to(
    store: FeatureStore,
    understood: Understood,
    definitions: Definitions,
    recordings: list[str] | None = None,
    index: MeasureIndex | None = None,
    counted: Counted | None = None,
) -> Reply:
    """Carry out what was understood; `counted` is told how many recordings have answered, and of how many.

    Raises
    ------
    Refusal
        It cannot be answered from the tables.
    """
    program = understood.program
    studies = [each for each in program.queries if isinstance(each, Study)]
    within = replace(program, queries=tuple(each for each in program.queries if not isinstance(each, Study)))
    asked: list[Callable[[], Reply]] = []
    if within.queries or not studies:
        asked.append(partial(_of_each, store, within, definitions, recordings, counted))
    asked += [partial(_across, store, study, definitions, recordings, index, counted) for study in studies]
    found: list[Reply] = []
    refused = list(understood.refused)
    for answer in asked:
        try:
            found.append(answer())
        except Refusal as refusal:
            if len(asked) == 1:
                raise
            refused.append(("", refusal))
    if not found:
        raise refused[-1][1]
    notes = (*understood.notes, *map(_not_answered, refused))
    if len(found) == 1:
        return replace(found[0], warnings=(*notes, *found[0].warnings))
    return _in_parts(found, notes)


def _not_answered(question: tuple[str, Refusal]) -> str:
    asked, refusal = question
    return f"not answered: {refusal.reason}: {refusal}" + (f" ({asked})" if asked else "")


def _of_each(
    store: FeatureStore,
    program: Program,
    definitions: Definitions,
    recordings: list[str] | None,
    counted: Counted | None,
) -> Reply:
    from bitflow.events.language.outcome import ask_store

    outcome = ask_store(store, program, definitions, recordings, counted)
    evidence = tuple(_evidence(outcome))
    return Reply(outcome.program, _told(outcome), evidence, outcome.coverage, tuple(outcome.warnings), outcome)


def _across(
    store: FeatureStore,
    study: Study,
    definitions: Definitions,
    recordings: list[str] | None,
    index: MeasureIndex | None,
    counted: Counted | None,
) -> Reply:
    from bitflow.studies.answering import answer_study

    found = answer_study(study, store, definitions, recordings, index, counted)
    return Reply(found.program, found.answer, found.evidence, found.coverage, found.warnings)


def _in_parts(found: list[Reply], notes: tuple[str, ...]) -> Reply:
    """Several answers as one: each keeps its own form under ``parts``; the least coverage is that of all."""
    known = [each.coverage for each in found if not math.isnan(each.coverage)]
    return Reply(
        "; ".join(each.program for each in found),
        {"kind": "several", "unit": "", "rows": [], "parts": [each.as_dict() for each in found]},
        tuple(row for each in found for row in each.evidence),
        min(known) if known else float("nan"),
        (*notes, *dict.fromkeys(warning for each in found for warning in each.warnings)),
        parts=tuple(found),
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    told = outcome.as_dict()
    kinds = [each["answer"] for each in told["answers"]]
    rows = [{"recording": each["recording"], **row} for each in told["answers"] for row in each["rows"]]
    return {
        "kind": kinds[0] if kinds else "",
        "unit": next((each["unit"] for each in told["answers"]), ""),
        "rows": rows or told["events"],
        "answers": told["answers"],
        "definitions": told["definitions"],
        "thresholds": told["thresholds"],
    }


def _evidence(outcome: Outcome) -> Iterable[dict[str, Any]]:
    """Events where there are any; else the stretch of every recording that answered."""
    for recording, answers in outcome.answers.items():
        told: dict[tuple[float, float, str], None] = {}
        for each in answers:
            program = parse(each.query) if each.answer != "describe" else Program()
            table = _table(program)
            spans = [(event.start, event.end) for event in each.events]
            for start, end in spans or [_asked_span(program, outcome.spans[recording])]:
                told[start, end, table] = None
        for start, end, table in told:
            yield {"recording": recording, "start": start, "end": end, "table": table}


def _asked_span(program: Program, span: tuple[float, float]) -> tuple[float, float]:
    """The part of a recording that a question is about."""
    query = next((each for each in program.queries if isinstance(each, Query)), None)
    start = span[0] if query is None or query.start is None else max(span[0], query.start.base)
    end = span[1] if query is None or query.end is None else min(span[1], query.end.base)
    return start, end


def _table(program: Program) -> str:
    """The table that a program reads first."""
    from bitflow.events.behaviour import behaviours

    for node in walk(program):
        if isinstance(node, Call) and node.name == "column":
            return node["name"].split(".")[0]
        if isinstance(node, Call) and node.name == "segment":
            return node["table"]
        if isinstance(node, Call) and node.name in ("discord", "predicted"):
            return "predictions"
        if isinstance(node, Call) and node.name == "prompt":
            continue
        if isinstance(node, Call) and node.name in ("words", "missing", "measure"):
            return {"words": "words", "measure": "measures"}.get(node.name) or table_of(node["what"])
        if isinstance(node, Query) and node.answer == "summary":
            return "events"
        if isinstance(node, Named) and node.name in (known := behaviours()):
            return known[node.name].needs[0].split("|")[0]
    return "poses"


def definitions_of(file: Path | None) -> Definitions:
    """bitflow's own behaviours, and a file's."""
    return Definitions.of(builtin(), read_definitions(file) if file is not None else ())


def ask_in_words(
    store: FeatureStore,
    question: str,
    *,
    definitions: Path | None = None,
    recordings: Iterable[str] | None = None,
    shown: Callable[[Understood], None] | None = None,
) -> tuple[Understood, Outcome]:
    """Answer a question about what happens within recordings.

    Parameters
    ----------
    definitions
        A file of behaviours of the user's own.
    recordings
        Ids; all where there are none.
    shown
        Is given the program before it is answered.

    Raises
    ------
    Refusal
        The question is not understood, or cannot be answered from the tables.
    """
    from bitflow.events.language.outcome import ask_store

    wanted = list(recordings) if recordings else None
    known = definitions_of(definitions)
    understood = understand_of_store(store, question, known, wanted)
    if any(isinstance(each, Study) for each in understood.program.queries):
        raise NotExpressible("this is asked across recordings", [f"bitflow ask {store.path} …"])
    if shown is not None:
        shown(understood)
    return understood, ask_store(store, understood.program, known, wanted)
