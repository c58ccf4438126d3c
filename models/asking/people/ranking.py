"""Who does something more, or less, than the others."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Call, Named, Query
from bitflow.models.asking.people.slots import Slots, binned, lasting, measured, no_durations
from bitflow.models.asking.people.times import Times

_COUNTED = ("rate", "count", "total_time", "fraction")

#: So many of them, and not so often: the most nods, fewer times; most often is how often.
_SO_MANY = re.compile(
    r"\b(?:more|most|less|least|fewer|fewest|(?:greater|greatest|larger|largest|higher|highest|lower|lowest|smaller|"
    r"smallest|bigger|biggest) (?:number|count)s?(?: of)?) (?:(?!often\b|frequent\w*\b|time\b)\w+ ){0,2}?"
    r"(?!(?:is|was|has|does|his|as|always|less|this|seconds|minutes)\b)\w{3,}(?<!s)s\b",
    re.I,
)

_PACE = re.compile(r"fast|quick|slow", re.I)


def _take_both(slots: Slots) -> None:
    """``…, the participant or the interviewer?``: both are named, so everybody is asked about."""
    whose = [k for k, item in enumerate(slots.items) if item.is_("role", "person")]
    if len(whose) == 2 and slots.names.most == 2:
        slots.used |= {*whose}
        slots.used |= {k for k in range(*whose) if slots.items[k].text.lower() == "or"}
        slots.take_all("summed")


def in_order(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """``who talks more?``"""
    paced = next((item.text for item in slots.items if item.is_("measure") and _PACE.search(item.text)), None)
    ordered = slots.has("order", "statistic") or paced is not None
    linked = any(item.is_("link") and item["link"] not in ("in", "with", "when") for item in slots.items)
    if not slots.has("who") or not ordered or linked:
        return None
    if slots.names.several and slots.names.most <= 1:
        return None
    slots.take("who")
    slots.take_all("who")
    said = " ".join(item.text.lower() for item in slots.items if item.is_("order"))
    order = slots.take("order") or ("most" if slots.take("statistic", "max") else None)
    if order is None and paced is not None:
        order = "least" if re.search(r"slow", paced, re.I) else "most"
    if order is None:
        return None
    if any(each != order for each in slots.take_all("order")):
        raise Ambiguous("most or least?", ["who talks more?"])
    for kind in ("noun", "summed", "occur"):
        slots.take_all(kind)
    slots.take_all("pronoun", "all")
    _take_both(slots)
    longest = _length_of_one(slots)
    event = slots.take("event")
    if event == "speech" and slots.has("all words", "lexicon", "pattern"):
        event = None  # who speaks the fewest words
    wanted = [item["answer"] for item in slots.items if item.is_("answer") and item["answer"] in _COUNTED]
    slots.take_all("answer")
    slots.take_all("unit", "s", "min")
    slots.take_all("link", "in", "with", "when")
    found = _ranked(slots, times, event, longest or (wanted[0] if wanted else None), said, sentence)
    if found is None:
        return None
    slots.finish()
    return [binned(replace(found, order=order), times)]


def _length_of_one(slots: Slots) -> str | None:
    """``who has the longest pause``, ``who has longer pauses``: of single ones, and not of all together."""
    for before, after in pairwise(slots.items):
        if before.is_("order") and after.is_("event") and not after.is_("answer"):
            if before.text.lower().endswith("longer") and re.search(r"ing\b(?! turns?\b)", after.text, re.I):
                return "total_time"  # spends longer talking
            if before.text.lower().endswith("longest"):
                return "longest"
            if before.text.lower().endswith("longer"):
                return "mean_duration"
            if re.search(r"short", before.text, re.I):
                raise Ambiguous("the shortest of them", ["who has the longest pause?"])
    return None


def _ranked(slots: Slots, times: Times, event: str | None, asked: Any, said: str, sentence: str) -> Query | None:
    """What everybody is put in order by."""
    if event is None and slots.has("signal"):
        no_durations(times)
        column = Call("column", (("name", slots.take("signal")),))
        return Query("value", None, (column,), statistic=slots.take("statistic") or "mean")
    if event is None and slots.has("measure"):
        slots.take_all("statistic", "mean")
        no_durations(times)
        return Query("value", None, (measured(slots.take("measure")),))
    if event is None and slots.has("pattern"):
        pattern = slots.take("pattern")
        slots.take_all("all words")
        slots.take_all("say")
        no_durations(times)
        often = re.search(r"often|frequent", said)
        return Query(
            asked or ("rate" if often else "count"),
            Call("words", (("pattern", pattern),)),
            per="min" if often or asked == "rate" else None,
        )
    if event is None and re.search(r"\bwords\b", said) and not slots.has("lexicon"):  # who uses more words
        slots.take_all("all words")
        slots.take_all("say")
        no_durations(times)
        if asked == "rate":
            return Query("value", None, (measured("speech_rate_words_per_min"),))
        return Query("count", Call("words"))
    if event is None and slots.has("lexicon", "all words"):
        lexicon = slots.take("lexicon")
        slots.take_all("all words")
        slots.take_all("say")
        no_durations(times)
        return Query(asked or "count", Call("words", (("lexicon", lexicon),) if lexicon else ()))
    if event is None:
        return None
    slots.take_all("event", event)
    if re.search(r"fast|quick|slow", said):
        if event != "speech":
            raise Ambiguous("faster at what?", ["who speaks faster?"])
        return Query("value", None, (measured("speech_rate_syllables_per_s"),))
    often = bool(re.search(r"often|frequent|more times|fewer", said))
    talk = event in ("speech", "turn") and not often
    usual = "rate"
    if event not in ("speech", "turn") and _SO_MANY.search(sentence):
        usual = "count"
    elif talk or (not often and re.search(r"long|time|share", said)):
        usual = "total_time"
    elif event in ("interruption", "overlap", "question") and not often:
        usual = "count"
    return Query(asked or usual, lasting(Named("turn" if event == "speech" and talk else event), times))
