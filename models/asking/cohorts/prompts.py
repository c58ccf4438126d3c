"""Questions by prompt: of each prompt that participants answered, or of some of them.

Prompts are a covariate where each recording answers one, or intervals that somebody marked within recordings. The rest
of the question is read as it would be without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bitflow.events.language.prompts import NO_PROMPTS, TIERS, meant
from bitflow.events.language.refusals import Ambiguous, NotExpressible, NotMeasured, Refusal, UnknownName
from bitflow.events.language.study import Condition, Covariate, Study, Value
from bitflow.events.language.tree import Call, Compare, Program, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.cohorts.terms import Terms
from bitflow.models.asking.understood import Understood
from bitflow.studies.prompts import within_prompt

_NOUN = r"(?:prompts?|questions?)"
_BY = re.compile(
    rf"\s*\b(?:by|per|(?:for|in|of|during|to|at|on) (?:each|every)|across|broken down by|split by|separately for(?: "
    rf"each)?"
    rf"|each|every)\s+(?:the\s+)?{_NOUN}\b",
    re.I,
)
_LABELLED = re.compile(
    rf"\s*\b(?:(?:during|in|for|on|at|to|of|within|while answering|when answering|answering)\s+)+(?:the\s+|all\s+)*"
    rf"(?:{_NOUN}\s+(?:nos?\.?\s+|numbers?\s+|#\s*)?(?P<after>\w+(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|"
    rf"\s*&\s*)\d\w*)*)"
    rf"|(?P<before>\w+)\s+{_NOUN})\b",
    re.I,
)
#: What a recogniser of ambivalence flagged, and the probability that it gave.
_FLAGGED = re.compile(
    r"\b(?:(?:share|fraction|proportion|percentage|percent|amount) of (?:the )?)?"
    r"(?:A/?H|ambivalence(?:/| and | or )?(?:hesitancy)?)[ -]?(?:flagged|positive|score\w*|labelled)(?: (?:time|"
    r"moments|seconds))?",
    re.I,
)
_EACH_TIME = re.compile(r"\b(?:rate|often|frequen\w+|per minute|number|count|times|how many)\b", re.I)
#: From where on a moment counts as flagged.
_FLAG = Quantity(0.5)


@dataclass(frozen=True)
class Prompts:
    """What a question says of prompts.

    Parameters
    ----------
    text
        The question without it.
    each
        Whether every prompt is asked about for itself.
    said
        Numbers or labels of those that are asked about.
    """

    text: str
    each: bool
    said: tuple[str, ...]


def prompts_in(text: str) -> Prompts | None:
    """What a question says of prompts; None where it says nothing.

    Examples
    --------
    >>> prompts_in("Average gaze aversion during questions 4 and 7")
    Prompts(text='Average gaze aversion', each=False, said=('4', '7'))
    >>> prompts_in("Share of time smiling per prompt").each
    True
    """
    labelled = _LABELLED.search(text)
    if labelled is not None:
        said = labelled["after"] or labelled["before"]
        words = tuple(each for each in re.split(r"\s*(?:,|&|\band\b|\bor\b)\s*", said) if each)
        if (labelled["before"] or "").lower() not in (
            "each",
            "every",
            "the",
            "all",
            "interviewer",
            "his",
            "her",
            "their",
            "s",
        ):
            return Prompts(_without(text, labelled), False, words)
    by = _BY.search(text)
    return None if by is None else Prompts(_without(text, by), True, ())


def _without(text: str, found: re.Match[str]) -> str:
    return re.sub(r"\s+", " ", f"{text[: found.start()]} {text[found.end() :]}").strip(" ,")


def study_by_prompt(
    text: str, terms: Terms, labels: tuple[str, ...], study: Callable[[str, Terms], Understood | None]
) -> Understood | None:
    """The study that a question by prompt means; None where it is of no prompts, or the store has none.

    Parameters
    ----------
    labels
        Of the prompts that were marked within recordings.
    study
        Reads the rest of the question.

    Raises
    ------
    Refusal
        The rest of it is not understood, or a prompt is not there.
    """
    said = prompts_in(text)
    column = next((name for name in terms.levels if name.lower() in TIERS), None)
    flagged = _FLAGGED.search(text)
    if said is None or (column is None and not labels):
        if said is not None and re.search(r"\bprompts?\b", text, re.I):
            raise NotMeasured("nothing says when which prompt was answered", NO_PROMPTS)
        return None
    rest = said.text if flagged is None else _FLAGGED.sub("share of time smiling", said.text)
    try:
        found = study(rest, replace(terms, measures={}) if column is None else terms)
    except Refusal:
        if said.said or re.search(r"\bprompts?\b", text, re.I):
            raise
        return None  # each question of the interviewer, it may be
    if found is None or len(found.program.queries) != 1 or not isinstance(found.program.queries[0], Study):
        return None
    asked = found.program.queries[0]
    values = asked.values
    if flagged is not None:
        values = (_flagged_time(asked),)
    elif not _EACH_TIME.search(text):
        values = tuple(map(_share_of_time, values))
    known = terms.levels[column] if column is not None else labels
    if said.each:
        if asked.verb not in ("average", "distribution"):
            raise NotExpressible(f"`{asked.verb}` by prompt", ["distribution (fraction look_away) by prompt"])
        by = (*asked.by, column or "prompt")
        return replace(found, program=Program((replace(asked, verb="distribution", values=values, by=by),)))
    wanted = tuple(dict.fromkeys(label for each in said.said for label in _named(each, known)))
    if column is not None:
        where = (*asked.where, Condition(Covariate(column), "in", words=wanted))
        return replace(found, program=Program((replace(asked, values=values, where=where),)))
    if not all(isinstance(value, Query) for value in values):
        raise NotExpressible("this is not told of some prompts", ["fraction, rate, count or mean of a signal"])
    inside = tuple(within_prompt(value, *wanted) for value in values if isinstance(value, Query))
    return replace(found, program=Program((replace(asked, values=inside),)))


def _named(said: str, known: tuple[str, ...]) -> list[str]:
    found = meant(said, known)
    if not found and not re.search(r"\d", said):
        raise Ambiguous(f"which prompts are {said!r}?", [f"during prompts {' and '.join(known[:2])}"])
    if not found:
        raise UnknownName.of("prompt", said, known)
    return found


def _flagged_time(asked: Study) -> Query:
    """Share of the time in which the recogniser's probability is a half or more."""
    if len(asked.values) != 1 or asked.verb not in ("average", "distribution", "compare"):
        raise Ambiguous("what of the flagged time?", ["share of A/H-flagged time per question"])
    return Query("fraction", Compare(">=", Call("predicted", (("task", "ambivalence"),)), _FLAG))


def _share_of_time(value: Value) -> Value:
    """Gaze aversion in a prompt is the share of its time, where nobody asks how often."""
    if isinstance(value, Query) and value.answer == "rate" and value.body is not None:
        return Query("fraction", value.body, start=value.start, end=value.end)
    return value
