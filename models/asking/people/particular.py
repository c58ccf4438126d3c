"""Questions that stand for themselves: summaries, what is missing, discord, answering, a signal against a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bitflow.events.language.refusals import Ambiguous, NotExpressible, NotMeasured
from bitflow.events.language.tree import Body, Bouts, Call, Named, Not, Query, walk
from bitflow.events.language.units import Quantity
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.names import PeopleNames
from bitflow.models.asking.people.slots import (
    Slots,
    answer_of,
    binned,
    lasting,
    measured,
    no_durations,
    query_of,
    told_in,
)
from bitflow.models.asking.people.times import Times
from bitflow.models.asking.people.whom import named, whom

#: What is missing for less than this is not worth a row, unless the question says so.
MISSING_FOR = Quantity(0.5, "s")


def summed_up(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """``summarise 2:00-3:00``."""
    if not slots.has("summary") or slots.has("event", "signal", "measure", "thing"):
        return None
    slots.take_all("summary")
    slots.take_all("answer", "list")
    by = slots.person()
    slots.finish()
    no_durations(times)
    if times.bins is not None:
        raise Ambiguous("a summary is of one stretch of time", ["summarise 2:00-3:00"])
    return [Query("summary", by=by)]


def presence(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """``which frames are missing for the left hand``, ``how much of the video has a usable face``."""
    slots = _face_coverage(slots)
    things = [item["thing"] for item in slots.items if item.is_("thing")]
    links = [item for item in slots.items if item.is_("link") and not item.is_("missing", "present")]
    linked = {item["link"] for item in links} - {"when", "in", "with", "during"}
    if not things or not slots.has("missing", "present") or slots.has("disagree") or linked:
        return None
    covers = any(re.search(r"coverage|usable|covered", item.text, re.I) for item in slots.items)
    if any(
        item.is_("event", "signal", "measure") and not item.is_("thing", "missing", "present") for item in slots.items
    ):
        return None
    slots.take_all("thing")
    if len(set(things)) > 1:
        raise Ambiguous("two things are named", ["which frames are missing for the left hand?"])
    what, side = things[0]
    missing = bool(slots.take_all("missing"))
    denied = bool(slots.take_all("not"))
    slots.take_all("present")
    frames = bool(slots.take_all("frames"))
    gone_so = missing or denied
    if (
        what == "hand"
        and side is None
        and re.search(r"\bboth\b" if not gone_so else r"\b(?:either|one|one of)\b", sentence, re.I)
    ):
        raise Ambiguous("both hands, or one of them?", ["when is the left hand missing?", "when is any hand visible?"])
    answer = answer_of(slots, sentence)
    if answer is None:
        answer = "fraction" if covers and not missing else "list"
    if frames and answer in ("count", "rate"):
        raise Ambiguous("frames are not counted", ["which frames are missing for the face", "how long is it missing"])
    slots.take_all("link")
    slots.take_all("each")
    told_in(slots, answer)
    by = slots.person()
    slots.finish()
    given = (("what", what), *((("side", side),) if side else ()))
    gone: Body = Call("missing", given)
    body: Body = gone if missing or denied else Not(gone)
    if (
        missing
        and denied
        and not re.search(
            r"\bnot (?:be )?(?:visible|seen|detected|tracked|there|found|usable|present|available)", sentence, re.I
        )
    ):
        raise Ambiguous("missing, or not missing?", ["how much of the video has a usable face?"])
    shortest = times.shortest or (MISSING_FOR if answer in ("list", "count") and body is gone else None)
    if shortest is not None or times.longest is not None:
        body = Bouts(body, shortest, times.longest)
    if answer in ("value", "mean"):
        answer = "fraction"
    return [binned(Query(answer, body, by=by), times)]


def _face_coverage(slots: Slots) -> Slots:
    """``face coverage`` is said in one phrase as well as in two."""
    items: list[Item] = []
    for item in slots.items:
        if item.is_("measure") and item["measure"] == "face_coverage_fraction":
            items += [Item({"thing": ("face", None)}, item.text), Item({"present": "present"}, item.text)]
        else:
            items.append(item)
    return Slots.of(items, slots.names)


_BOTH = re.compile(r"\bboth\b|\b(?:the|these) two\b|\beach other\b", re.I)


def together(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """``when do both of them smile at the same time``."""
    events = {item["event"] for item in slots.items if item.is_("event")}
    roles = {*named(slots.items, slots.names)}
    if slots.names.most != 2 or len(events) != 1 or not slots.has("at once") or events & {"overlap", "speech", "turn"}:
        return None
    if not _BOTH.search(sentence) and len(roles) != 2:
        return None
    (event,) = events
    for kind in ("event", "at once", "pronoun", "role", "person", "noun"):
        slots.take_all(kind)
    slots.take_all("link", "when", "in", "with")
    answer = answer_of(slots, sentence) or "list"
    if answer not in ("list", "count", "rate", "total_time", "fraction"):
        raise Ambiguous(
            f"{answer} of what two do at once", [f"list {event} at_least 2", f"total_time {event} at_least 2"]
        )
    told_in(slots, answer)
    slots.finish()
    return [binned(replace(query_of(answer, lasting(Named(event), times), None, sentence), at_least=2), times)]


def disagreeing(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """Where streams disagree: as a recogniser found it, else pleasant words with a frown and unpleasant ones with a
    smile."""
    if slots.take("disagree") is None:
        return None
    slots.take_all("disagree")
    spoken = slots.take("spoken") is not None or slots.take("all words") is not None
    slots.take_all("spoken")
    seen = {item["thing"][0] for item in slots.items if item.is_("thing")}
    slots.take_all("thing")
    streams = {name for thing, name in _STREAMS.items() if thing in seen} | ({"text"} if spoken else set())
    cues = slots.names.cues
    if len(streams) != 2 or (not cues and streams != {"text", "face"}):
        raise NotExpressible(
            "two of words, face, voice and body are held against each other where a recogniser did so, else words and "
            "face: what is said pleasantly with a frown, or the other way",
            ["show moments where face and words disagree", "bitflow predict MODEL STORE finds where streams disagree"],
        )
    answer = answer_of(slots, sentence) or "list"
    for idle in ("in", "with", "between", "when"):
        slots.take_all("link", idle)
    by = slots.person()
    slots.finish()
    body = _discord(streams) if cues else _POLARITY
    return [binned(Query(answer, lasting(body, times), by=None if cues else by), times)]


#: Things that people name, by the stream of a recogniser.
_STREAMS = {"face": "face", "voice": "voice", "body": "body"}
_PLEASANT, _UNPLEASANT = (Call("words", (("lexicon", each),)) for each in ("positive", "negative"))
_POLARITY = Call(
    "union",
    (
        ("of", Call("overlapping", (("of", _UNPLEASANT), ("others", Named("smile"))))),
        ("others", Call("overlapping", (("of", _PLEASANT), ("others", Named("brow_lower"))))),
    ),
)


def _discord(streams: set[str]) -> Call:
    first, second = (stream for stream in ("text", "face", "voice", "body") if stream in streams)
    return Call("discord", (("first", first), ("second", second)))


def interpretations(queries: Sequence[Query]) -> list[str]:
    """What has to be said of programs that interpret: by which rule, and that it is no measurement."""
    if any(node == _POLARITY for query in queries for node in walk(query)):
        return [
            "face and words disagree where a pleasant word meets a frown or an unpleasant one a smile: an "
            "interpretation "
            " by a list of words, no measurement; `bitflow predict` with a recogniser looks at the streams themselves"
        ]
    return []


def responses(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """How long answers take: from the end of another's turn to the beginning of the own."""
    if not slots.has("response") or (
        slots.has("link") and slots.has("event", "signal") and slots.take("link", "during")
    ):
        return None
    slots.take_all("response")
    statistic = slots.take("statistic")
    answer = answer_of(slots, sentence) if statistic is None else "mean_duration" if statistic == "mean" else statistic
    spelled = slots.has("each")
    slots.take_all("link", "after", "in", "when")
    slots.take_all("event", "question", "turn", "speech")
    spelled |= any(item.is_("response") and re.search(r"\b(?:each|every)\b", item.text, re.I) for item in slots.items)
    each = bool(slots.take_all("each")) or spelled
    order = slots.take("order")
    who, asker = _who_answers(slots, sentence)
    slots.used |= {k for k, item in enumerate(slots.items) if item.is_("person", "role", "pronoun", "noun")}
    slots.take_all("unit", "s", "ms", "min")
    slots.finish()
    if slots.names.most == 1:
        raise NotMeasured("one person alone answers nobody", ["bitflow people STORE tells who was heard"])
    body = _answering(who, asker, slots.names)
    by = who if body[1] else None
    if order == "least":
        raise Ambiguous("the shortest of the response latencies", ["response latency to each question"])
    if statistic == "median" and "response_latency_median_s" in slots.names.measures:
        no_durations(times)
        return [binned(Query("value", None, (measured("response_latency_median_s"),), by=who), times)]
    if answer in (None, "list", "total_time", "latency"):
        answer = "list" if each or answer == "list" else "mean_duration"
    if answer in ("max", "longest") or order == "most":
        answer = "longest"
    elif answer not in ("list", "count", "mean_duration", "rate"):
        raise Ambiguous(
            f"{answer} of response latencies", ["average response latency", "response latency to each question"]
        )
    return [binned(Query(answer, lasting(body[0], times), by=by), times)]


_ASKED = (
    r"(?:\b(?:to|after|following|once|when|from|by|since)\s+|\b(?:answers?|answering|answered)\s+)"
    r"(?:(?:the|each|every|all|any|an?|one|of|end|ends|turns?|questions?|utterances?|what|whatever)\s+)*"
)
_ANSWERS_OF = (
    r"(?:'s|s'|s)?\s+(?:answers?|answering|repl\w+|respon\w+|reactions?|latenc\w+|start|to (?:answer|reply|"
    r"respond|react))\b"
)


def _who_answers(slots: Slots, sentence: str) -> tuple[str | None, str | None]:
    """Who answers and whom: ``how long does the participant take to answer the interviewer``.

    Raises
    ------
    Ambiguous
        Two of them could answer.
    """
    answering: list[str] = []
    asking: list[str] = []
    for item in slots.items:
        if not item.is_("person", "role"):
            continue
        (who,) = named([item], slots.names)
        said = re.escape(item.text)
        asked = re.search(rf"{_ASKED}{said}\b(?!{_ANSWERS_OF})", sentence, re.I)
        (asking if asked else answering).append(who)
    if any(item.is_("pronoun") and item["pronoun"] == "one" for item in slots.items) and not answering:
        answering = [who for who in [whom([_HE], slots.names, asking)] if who is not None]
    if len({*answering}) > 1 or len({*asking}) > 1 or {*answering} & {*asking}:
        raise Ambiguous("who answers whom?", ["response latency of the participant to the interviewer"])
    return next(iter(answering), None), next(iter(asking), None)


_HE = Item({"pronoun": "one"}, "he")


def _answering(who: str | None, asker: str | None, names: PeopleNames) -> tuple[Body, bool]:
    """Gaps before the answers of one, and whether they are still everybody's."""
    if names.most == 2 and len(names.roles) == 2:
        if who is None:
            others = [role for role in names.roles if role != asker]
            who = others[0] if asker is not None else "participant" if "participant" in names.roles else None
        asker = asker or next((role for role in names.roles if role != who), None)
        if who in names.roles and asker in names.roles:
            return Call("gap", (("of", Named("turn", asker)), ("others", Named("turn", who)))), False
    if asker is not None and who is not None:
        return Call("gap", (("of", Named("turn", asker)), ("others", Named("turn", who)))), False
    if asker is not None:
        raise Ambiguous("who answers?", [f"response latency of the participant to {asker}"])
    return Call("gap", (("of", Call("others", (("of", Named("turn")),))), ("others", Named("turn")))), True
