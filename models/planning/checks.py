"""What a model's program must hold before it is shown: every name is there, units fit, and it can be carried out."""

from __future__ import annotations

from dataclasses import replace

from bitflow.events.language.checking import check
from bitflow.events.language.refusals import NotMeasured, Refusal, UnknownName
from bitflow.events.language.study import Condition, Covariate, Coverage, Measured, Value
from bitflow.events.language.tree import Program, Query
from bitflow.models.planning.names import Names
from bitflow.models.planning.veil import Veil


def checked(program: Program, names: Names, veil: Veil) -> Program:
    """The program with the real values of covariates in the place of stand-ins.

    Raises
    ------
    Refusal
        A name is not there, or no recording that was looked at can carry it out.
    """
    asked = program.queries[0]
    if isinstance(asked, Query):
        query = _recordings(asked, veil)
        _within(query, names)
        return Program((query,))
    values = [_real(each, names, veil) for each in asked.values]
    conditions = [_condition(each, names, veil) for each in asked.where]
    for name in asked.by:
        _covariate(name, names)
    sessions = asked.sessions
    if sessions is not None:
        if names.session is None:
            raise NotMeasured("there are no visits here", ["ask without `sessions`"])
        sessions = (veil.word(names.session, sessions[0]), veil.word(names.session, sessions[1]))
    if asked.per == "session" and names.session is None:
        raise NotMeasured("there are no visits here", ["per participant, or per recording"])
    return Program((replace(asked, values=tuple(values), where=tuple(conditions), sessions=sessions),))


def _recordings(query: Query, veil: Veil) -> Query:
    return replace(query, recordings=tuple(veil.recording(each) for each in query.recordings))


def _condition(condition: Condition, names: Names, veil: Veil) -> Condition:
    value = _real(condition.value, names, veil)
    if not condition.words:
        return replace(condition, value=value)
    assert isinstance(value, Covariate)
    return replace(condition, value=value, words=tuple(veil.word(value.name, each) for each in condition.words))


def _real(value: Value, names: Names, veil: Veil) -> Value:
    if isinstance(value, Measured | Coverage):
        measure = value.of.id if isinstance(value, Coverage) else value.id
        if measure not in names.measures:
            raise UnknownName.of("measure", measure, names.measures)
    elif isinstance(value, Covariate):
        _covariate(value.name, names)
    else:
        query = _recordings(value, veil)
        _within(query, names)
        return query
    return value


def _covariate(name: str, names: Names) -> None:
    if name not in names.covariates:
        raise UnknownName.of("covariate", name, names.covariates)


def _within(query: Query, names: Names) -> None:
    """Refuse what no recording that was looked at can carry out; one that can is enough."""
    first: Refusal | None = None
    for subjects in names.subjects:
        try:
            check(Program((query,)), subjects, names.definitions)
        except Refusal as refusal:
            first = first or refusal
        else:
            return
    raise first or NotMeasured("there are no recordings here")
