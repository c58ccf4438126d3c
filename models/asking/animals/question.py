"""A question in words as a program, or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous, NotExpressible, Refusal
from bitflow.events.language.tree import IN_BINS, And, Body, Call, Definition, Named, Or, Program, Query, walk
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.clauses import Clause, temporal
from bitflow.models.asking.animals.faithful import refuse_unsaid
from bitflow.models.asking.animals.framing import framed
from bitflow.models.asking.animals.lexicon import OF_PAIRS, REASONS
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.animals.reading import read
from bitflow.models.asking.animals.sentences import definition_in, split
from bitflow.models.asking.animals.stretches import Stretch, stretch_in
from bitflow.models.asking.animals.wanted.answers import (
    SAID_BY,
    also_asked,
    cells_asked,
    is_intent,
    wanted_answer,
    without_second,
)
from bitflow.models.asking.animals.wanted.order import in_order, ranked
from bitflow.models.asking.animals.wanted.ordinals import nth, ordinal_in, without_ordinal
from bitflow.models.asking.animals.wanted.pictures import described, gait_of, place_of
from bitflow.models.asking.animals.wanted.sizes import sizes
from bitflow.models.asking.item import Item
from bitflow.models.asking.understood import Understood

_ONLY_WHEN = re.compile(r"\s*(and\s+)?when( is (that|this|it))?\s*[?.!]*\s*", re.I)
_AT_ONCE = re.compile(r"\b(?:while|at once|same time|both|during|when|simultaneous\w*|together|where)\b", re.I)
_ITSELF = re.compile(r"\b(itself|himself|herself|themselves)\b", re.I)
_OVER_TIME = re.compile(
    r"\b(?:plot|graph|draw|show|chart|curve|trace|line|plotted|drawn|graphed|shown|give)\b.*\b(?:over|against|versus|vs"
    r"|as a function of|across|through) (?:the )?time\b|\bover time\b.*\b(?:plotted|plot|graph|drawn|chart|curve)\b"
    r"|\b(?:vs|versus|against|as a function of) time\b|\btime (?:course|series|trace|plot)\b|\btimeline of\b"
    r"|^\W*(?:the )?[\w' ]{3,40} over time\b(?: (?:in|as) [\w/ ]{1,24})?\W*$",
    re.I,
)
_PER = re.compile(r"\b(?:per|each|every|an?) (?P<unit>minute|min|hour|second)\b", re.I)
_TIME_WORDS = re.compile(
    r",?\s*\b(?:(?:plotted |shown |drawn )?(?:over|against|versus|vs|as a function of|across"
    r"|through) (?:the )?time|(?:the )?time (?:course|series|trace|plot)(?: of)?)\b",
    re.I,
)


def understand(question: str, names: Names) -> Understood:
    """The program that a question means.

    Raises
    ------
    Refusal
        `NotExpressible` with the reason and what can be asked instead; `Ambiguous` with the words that were not
        understood; `UnitMissing`, `UnknownName` and the like.
    """
    question, corrections = framed(question, names)
    sentences = _with_their_answers(split(question), names)
    if not sentences:
        raise Ambiguous("an empty question", ["for example: when does mouse1 chase mouse2?"])
    notes: list[str] = [*corrections]
    defined: dict[str, Body] = {}
    known = names
    queries: list[Query] = []
    imported = _is_imported(question)
    waiting: str | None = None
    for sentence in sentences:
        definition = definition_in(sentence, known)
        asked: str | None = sentence
        if definition is not None:
            waiting = definition.name
            defined[waiting] = _meaning(definition.meaning, known, imported, notes)
            known = replace(known, behaviours=(*known.behaviours, waiting))
            asked = definition.question
        if asked is not None and queries and _ONLY_WHEN.fullmatch(asked):
            continue  # closest distance < 40 px. When?
        if asked is not None:
            queries += _within_time(asked, known, imported, notes, waiting, defined)
    if not queries and waiting is not None:
        queries = [Query("list", Named(waiting))]
    if not queries:
        raise Ambiguous("nothing was asked", ["for example: how long does mouse1 freeze?"])
    return Understood(_program(list(dict.fromkeys(queries)), defined), tuple(dict.fromkeys(notes)))


def _with_their_answers(sentences: list[str], names: Names) -> list[str]:
    """``Who chases whom? Give a table of counts.``: what only says what to answer belongs to the sentence before."""
    joined: list[str] = []
    for sentence in sentences:
        only = joined and definition_in(sentence, names) is None and definition_in(joined[-1], names) is None
        if only and not _ONLY_WHEN.fullmatch(sentence) and not _about_something(sentence, names):
            joined[-1] = f"{joined[-1].rstrip('.;?! ')}, {sentence}"
        else:
            joined.append(sentence)
    return joined


def _about_something(sentence: str, names: Names) -> bool:
    kinds = ("behaviour", "signal", "region", "part", "label", "adjective", "column", "animal", "describe", "unknown")
    items = read(sentence, names).items
    if any(item.is_("intent") and item["intent"] in ("trajectory", "occupancy", "gait") for item in items):
        return True
    return any(item.is_(*kinds) and not item.is_("stop") for item in items)


def _program(queries: list[Query], defined: dict[str, Body]) -> Program:
    """A definition that is asked about once is written out; one that is asked about more often keeps its name."""
    uses = {name: sum(_uses(query, name) for query in queries) for name in defined}
    whole = {name: sum(query.body == Named(name) for query in queries) for name in defined}
    for name, body in defined.items():
        if uses[name] == whole[name] == 1:
            queries = [replace(query, body=_inlined(query.body, name, body)) for query in queries]
    kept = tuple(
        Definition(name, body, source="user")
        for name, body in defined.items()
        if uses[name] > whole[name] or uses[name] > 1
    )
    kept = tuple(replace(each, source="") for each in kept)
    return Program(tuple(queries), kept)


def _uses(query: Query, name: str) -> int:
    return 0 if query.body is None else sum(isinstance(node, Named) and node.name == name for node in walk(query.body))


def _inlined(body: Body | None, name: str, meaning: Body) -> Body | None:
    return meaning if body == Named(name) else body


def _is_imported(question: str) -> bool:
    """Whether a question gives several criteria as AmadeusGPT's users do: numbers without units beside each other."""
    kinds = {"distance": r"\bdistance\b", "angle": r"\bangle\b", "speed": r"\b(speed|travel|faster)\b"}
    said = sum(bool(re.search(pattern, question, re.I)) for pattern in kinds.values())
    return said >= 2


def _within_time(
    sentence: str, names: Names, imported: bool, notes: list[str], waiting: str | None, defined: dict[str, Body]
) -> list[Query]:
    """What a sentence asks, of the time that it speaks of; nothing of it may be without a trace in the program."""
    stretch = stretch_in(sentence, names.seconds)
    text, order = ranked(stretch.text.strip(" ,"))
    asked = _asked(text, names, imported, notes, waiting)
    asked = in_order(asked, order, of_pairs=any(each.body is not None and _is_of_pairs(each.body) for each in asked))
    queries = [_placed(query, stretch, names) for query in asked]
    if not imported:
        meanings = [Definition(name, body) for name, body in defined.items()]
        refuse_unsaid(text, read(text, names).items, queries, meanings)
    return queries


def _placed(query: Query, stretch: Stretch, names: Names) -> Query:
    start, end = stretch.start, stretch.end
    if stretch.bins is not None:
        if query.answer == "list" and not re.search(r"\b(?:when|list)\b", stretch.text, re.I):
            query = replace(query, answer="count")
        if query.answer not in IN_BINS:
            raise Ambiguous(f"`{query.answer}` is not told bin by bin", ["time in the center in bins of 30 s"])
        query = replace(query, bins=stretch.bins)
    if start is None and end is None:
        return query
    timed = query.body is not None and any(isinstance(node, Call) and node.name == "in_time" for node in walk(query))
    if query.start or query.end or timed or query.answer == "describe":
        raise Ambiguous("two stretches of time are asked about", ["ask about the one, then about the other"])
    if query.answer != "value":
        return replace(query, start=start, end=end)
    until = end or Quantity(round(names.seconds, 6), "s")
    span = Call("in_time", (("start", start or Quantity(0, "s")), ("end", until)))
    return replace(query, body=span if query.body is None else And((query.body, span)))


def _asked(sentence: str, names: Names, imported: bool, notes: list[str], waiting: str | None) -> list[Query]:
    over_time = _OVER_TIME.search(sentence) is not None
    sentence = _TIME_WORDS.sub("", sentence) if over_time else sentence
    sentence, twice = without_second(sentence)
    reading = read(sentence, names)
    notes += reading.notes
    items = list(reading.items)
    _refuse_impossible(items)
    itself = described(items, sentence)
    if itself is not None:
        return [itself]
    answers = [item["intent"] for item in items if item.is_("intent")]
    answer = wanted_answer(answers, items, sentence)
    if answer in ("trajectory", "occupancy"):
        return [place_of(answer, items, names)]
    if answer == "gait":
        return [gait_of(items, names)]
    if over_time and any(item.is_("signal", "column") for item in items):
        answer = "timeline"
    value = sizes(answer, items, sentence, names, imported, notes)
    if value is not None:
        return value
    ordinal = ordinal_in(sentence) if answer not in ("latency", "first", "last", "rate") else None
    if ordinal is not None:
        items = without_ordinal(items, ordinal)
        if answer in ("list", "first", "last") and re.search(r"\b(?:duration|length|how long)\b", sentence, re.I):
            answer = "total_time"
        answer = ordinal if answer == "list" and isinstance(ordinal, str) else answer
    answer, also = (answer, ["total_time"]) if twice and answer == "count" else also_asked(answer, sentence)
    rest = [item for item in items if not any(is_intent(item, each) for each in (answer, *also))]
    if answer in ("latency", "first", "last"):
        rest = _without(rest, "first" if answer == "latency" else answer)
    rest = [item for item in rest if item.text.lower() not in SAID_BY.get(answer, ())]
    clause = temporal(rest, names, imported=imported)
    notes += clause.notes
    body = clause.events
    if answer == "transitions" and isinstance(body, And):
        body = Or(body.all)
    if body is not None and ordinal is not None and answer != ordinal:
        body = nth(body, ordinal)
    if body is not None and _is_of_pairs(body) and _ITSELF.search(sentence):
        raise Ambiguous("an animal and itself: of which other animal?", ["when does mouse1 chase mouse2?"])
    nouns = [item.text for item in items if item.is_("behaviour") and re.search(r"[^s]s$", item.text)]
    if isinstance(body, Or) and isinstance(body.any[-1], And) and isinstance(body.any[0], Named):
        inside = [node for node in walk(body.any[-1]) if isinstance(node, Call) and node.name == "inside"]
        if inside:
            raise Ambiguous("in the region both of them, or the last alone?", ["freezing in ROI0 or rearing in ROI0"])
    listed = isinstance(body, And) and len(body.all) > 2 and all(isinstance(each, Named) for each in body.all)
    plural = isinstance(body, And) and len(nouns) > 1 and len(nouns) == len(body.all)
    if (listed or plural) and not _AT_ONCE.search(sentence):
        nouns = [item.text for item in items if item.is_("behaviour")]
        raise Ambiguous(
            f"{' and '.join(nouns)}: at once, or any of them?", [" or ".join(nouns), f"{nouns[0]} during {nouns[1]}"]
        )
    if body is None:
        if waiting is None:
            raise _nothing(items, sentence)
        body = Named(waiting)
    return [_query(each, clause, body, items, sentence) for each in (answer, *also)]


def _meaning(text: str, names: Names, imported: bool, notes: list[str]) -> Body:
    """What a definition means."""
    reading = read(text, names)
    notes += reading.notes
    items = list(reading.items)
    _refuse_impossible(items)
    clause = temporal([item for item in items if not is_intent(item, "list")], names, imported=imported)
    notes += clause.notes
    if clause.events is None:
        raise Ambiguous(f"what {text.strip()!r} means was not understood", ["nose in ROI1 for at least 20 frames"])
    return clause.events


def _query(answer: str, clause: Clause, body: Body, items: list[Item], sentence: str) -> Query:
    given: dict[str, Any] = {"body": body, "start": clause.start, "end": clause.end}
    if clause.by not in (None, "any") or answer != "matrix":
        given["by"] = clause.by
    given["at_least"] = clause.at_least
    if clause.at_least == 2 and not clause.counted and _is_of_pairs(body):
        given["at_least"] = None  # two mice side by side: a pair
    if clause.by == "all" and answer != "matrix" and _is_of_pairs(body):
        given["by"], given["at_least"] = "all", None
    towards = any(isinstance(node, Call) and node.name == "towards" for node in walk(body))
    if clause.each_other and _is_of_pairs(body) and not towards:
        given["pairs"] = "directed"
        behaves = not isinstance(body, And) or any(isinstance(node, Named) for node in walk(body))
        given["by"] = given.get("by") or ("any" if answer != "matrix" and behaves else None)
    if (
        any(item.is_("pairs") and not item.is_("intent") for item in items)
        and _is_of_pairs(body)
        and answer != "matrix"
    ):
        given["pairs"] = "directed"
    if answer == "matrix":
        given |= {"cells": cells_asked(sentence), "by": None, "pairs": None}
        if given["cells"] == "rate" and (unit := _PER.search(sentence)) is not None:
            given["per"] = {"m": "min", "h": "h", "s": "s"}[unit["unit"][0].lower()]
    if answer == "rate":
        given["per"] = (
            "h"
            if re.search(r"\b(?:per|an|each|every)[ -]hour\b", sentence, re.I)
            else "s"
            if re.search(r"\bper[ -]second\b", sentence, re.I)
            else "min"
        )
    if clause.each_other and not _is_of_pairs(body) and given.get("by") is None and answer != "matrix":
        given["by"] = "any"  # freezing among the mice
    if given["at_least"] is not None:
        given["by"] = None
    return Query(answer, **given)  # type: ignore[arg-type]


def _without(items: list[Item], kind: str) -> list[Item]:
    return [item for item in items if not (item.is_(kind) and not item.is_("region", "part", "animal", "behaviour"))]


def _refuse_impossible(items: list[Item]) -> None:
    for item in items:
        if item.is_("impossible") and not item.is_("behaviour", "label", "region", "column", "part", "animal"):
            why, hints = REASONS[item["impossible"]]
            raise NotExpressible(f"{item.text!r}: {why}", hints)


def _is_of_pairs(body: Body) -> bool:
    from bitflow.events.language.vocabulary import operator

    return any(
        (isinstance(node, Named) and node.name in OF_PAIRS)
        or (isinstance(node, Call) and operator(node.name).axes == "pair")
        for node in walk(body)
    )


def _nothing(items: list[Item], sentence: str) -> Refusal:
    left = [item.text for item in items if item.is_("unknown")]
    if left:
        return Ambiguous(
            f"these words were not understood: {', '.join(map(repr, left))}", ["name a behaviour, a signal or a region"]
        )
    return Ambiguous(
        "no behaviour, signal or region was named", ["when does mouse1 chase mouse2?", "how long is the nose in ROI1?"]
    )
