"""Asking a model for a program, and what is done with what it writes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitflow.errors import StoreError, UsageError
from bitflow.events.language import text_of
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.refusals import Beyond, Malformed, NotExpressible, Refusal
from bitflow.events.language.tree import Program
from bitflow.models.asking.understood import Understood
from bitflow.models.endpoints.address import Endpoint
from bitflow.models.endpoints.budget import Spending
from bitflow.models.endpoints.client import Client, Patience
from bitflow.models.endpoints.consent import CONSENT, REPLIES
from bitflow.models.endpoints.prompt import FINAL, Reply
from bitflow.models.endpoints.replies import Replies
from bitflow.models.planning.checks import checked
from bitflow.models.planning.form import REFUSALS, program_of, refusal_in
from bitflow.models.planning.limits import sendable
from bitflow.models.planning.names import MOST_LEVELS, Names, names_of_store
from bitflow.models.planning.prompt import plan_prompt
from bitflow.models.planning.veil import IDS, Veil
from bitflow.places import is_remote
from bitflow.store import FeatureStore
from bitflow.studies.design import Design
from bitflow.studies.index import MeasureIndex

#: A small model on a busy machine reads the names of a store for minutes.
_PATIENCE = Patience(read=300.0, total=600.0)

#: Answers that no table gives: those of the model are taken as they are.
_LIMITS = frozenset(REFUSALS) - {"NOT_MEASURED", "AMBIGUOUS", "NOT_EXPRESSIBLE"}


class NotConfirmed(Refusal):
    """A model's program that nobody said yes to."""

    def __init__(self, program: str, hints: tuple[str, ...]):
        self.program = program
        super().__init__("a model wrote this program, and it is run when somebody says so", hints)

    def as_dict(self) -> dict[str, Any]:
        """With the program."""
        return {**super().as_dict(), "program": self.program}


@dataclass(frozen=True)
class Planner:
    """A model that plans.

    Parameters
    ----------
    levels
        Whether it is told the values of covariates, such as the names of groups; ids of participants never.
    say
        Takes sentences about what is sent.
    """

    endpoint: Endpoint
    levels: bool = False
    say: Callable[[str], None] = lambda sentence: None

    @property
    def called(self) -> str:
        """The model and where it is."""
        return f"{self.endpoint.model} at {self.endpoint.host or 'this process'}"


def plan_question(
    store: FeatureStore,
    question: str,
    refusal: Refusal,
    planner: Planner,
    definitions: Definitions,
    index: MeasureIndex,
    recordings: list[str] | None = None,
) -> Understood:
    """The program that a model writes for a question that the offline parser refused.

    It is checked like any other and not carried out here. What is sent: the question without ids, paths and addresses,
    names and units. A plan that does not hold is sent back with what is wrong with it, twice at most.

    Raises
    ------
    Refusal
        The question is of those that are never sent, or no program came of it.
    UsageError
        The server gives no answer.
    """
    names = names_of_store(store, definitions, index, recordings)
    design = Design.of(store, recordings or list(index.recordings))
    sendable(question, refusal, _own(names))
    ids = frozenset(design.recordings) | frozenset(names.levels.get("participant", ()))
    told = _told_levels(names, design, planner.endpoint.remote) if planner.levels else {}
    veil = Veil(names, ids, told)
    asked = veil.question(question)

    def program(plan: Mapping[str, Any]) -> Program:
        return checked(program_of(plan), names, veil)

    def check(plan: Any) -> None:
        try:
            if not refusal_in(plan):
                program(_object(plan))
        except Refusal as wrong:
            raise ValueError(veil.without_ids(f"{wrong.reason}: {wrong}", design.recordings[:64])) from None

    spending = Spending()
    replies = _kept(store)
    with Client(planner.endpoint, replies=replies, spending=spending, patience=_PATIENCE, in_flight=1) as client:
        prompt = plan_prompt(asked, names, veil, check)
        if replies.get(prompt.key(planner.endpoint.model)) is None:
            planner.say(_what_is_sent(names, planner))
        reply = _asked(client, prompt)
    data = _answer(reply, planner, refusal)
    if not reply.kept:
        about = "about " if spending.estimated else ""
        planner.say(f"{reply.requests} requests, {about}{spending.tokens_in} tokens sent, {spending.tokens_out} back")
    if code := refusal_in(data):
        raise _refused(code, planner, refusal)
    found = program(data)
    notes = [f"planned_by_model: {planner.called} wrote this program; the question was not understood offline"]
    return Understood(found, (*notes, *_unused(question, found)))


def _asked(client: Client, prompt: Any) -> Reply:
    try:
        return client.ask(prompt)
    except StoreError:  # the answer cannot be kept: it is asked for anew next time
        client.replies = Replies(None)
        return client.ask(prompt)


def _answer(reply: Reply, planner: Planner, refusal: Refusal) -> Mapping[str, Any]:
    if reply.outcome == "ok" and reply.data is not None:
        return reply.data
    if reply.outcome in FINAL:
        why = {"refused": "the model would not answer", "truncated": "its answer had no end"}.get(reply.outcome)
        said = why or f"what it wrote is no program: {reply.text[:200]}"
        raise NotExpressible(f"{refusal.message}; {planner.called} did not help: {said}", refusal.hints)
    raise UsageError(
        f"{planner.endpoint.url}: {reply.text or reply.outcome} ({reply.outcome}); `bitflow doctor llm` tells more"
    )


def _refused(code: str, planner: Planner, refusal: Refusal) -> Refusal:
    if code in _LIMITS:
        return Beyond(code, f"{planner.called}: this is not measured", refusal.hints)
    return NotExpressible(f"{refusal.message}; {planner.called} says {code}", refusal.hints)


def _object(plan: Any) -> Mapping[str, Any]:
    if not isinstance(plan, Mapping):
        raise Malformed("a plan is an object of `steps`")
    return plan


def _own(names: Names) -> frozenset[str]:
    """Words of the study itself: a group may be called by a diagnosis."""
    levels = [level for known in names.levels.values() if len(known) <= MOST_LEVELS for level in known]
    return frozenset(word for name in (*names.covariates, *levels) for word in re.findall(r"[\w-]+", name.lower()))


def _told_levels(names: Names, design: Design, remote: bool) -> dict[str, tuple[str, ...]]:
    """Values of covariates; to another machine only of recordings that may leave this one."""
    found: dict[str, tuple[str, ...]] = {}
    leaving = None
    if remote:
        column = design.levels_of(CONSENT) if CONSENT in design.columns else [""] * len(design.recordings)
        leaving = [str(each).strip().lower() in ("yes", "true", "1") for each in column]
    for name, known in names.levels.items():
        if known and name not in IDS and len(known) <= MOST_LEVELS:
            said = set(known)
            if leaving is not None:
                said = {str(level) for level, may in zip(design.levels_of(name), leaving, strict=True) if may}
            found[name] = tuple(level for level in known if level in said)
    return {name: levels for name, levels in found.items() if levels}


def _what_is_sent(names: Names, planner: Planner) -> str:
    counts = {"measures": names.measures, "covariates": names.covariates, "events": names.events}
    counts["columns"] = names.columns
    listed = ", ".join(f"{len(each)} {what}" for what, each in counts.items() if each)
    place = "another machine" if planner.endpoint.remote else "this machine"
    levels = ", values of covariates" if planner.levels else ""
    return (
        f"to {planner.called} ({place}): the question, names and units of {listed or 'what is tracked'}{levels}; "
        "no recordings, numbers, words, ids or file names"
    )


def _unused(question: str, program: Program) -> list[str]:
    """Numbers of a question that its program does not hold: a reader should look twice."""
    number = r"(?<![\w.])\d+(?:\.\d+)?(?=\s?[a-z%°]|\W|$)"
    text = text_of(program)
    said = dict.fromkeys(re.findall(number, question))
    held = {float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)}
    scales = (1, 60, 3600, 0.01, 0.001, 1000)
    lost = [each for each in said if not any(abs(float(each) * k - number) < 1e-9 for k in scales for number in held)]
    return [f"unused: the question says {', '.join(lost)}, the program does not"] if lost else []


def _kept(store: FeatureStore) -> Replies:
    """Plans are kept beside the recordings, so that a question is not sent twice."""
    if is_remote(store.path) or not os.access(store.path, os.W_OK):
        return Replies(None)
    return Replies(Path(store.path) / REPLIES)
