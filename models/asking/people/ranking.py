"""Who does something more, or less, than the others."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Body, Call, Named, Query
from bitflow.models.asking.people.slots import Slots, binned, lasting, measured, no_durations
from bitflow.models.asking.people.times import Times

_COUNTED = ("rate", "count", "total_time", "fraction")

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
    if not slots.has("who") or not ordered or slots.has("link"):
        return None
    if slots.names.several and slots.names.most <= 1:
        return None
    slots.take("who")
    slots.take_all("who")
    longest = any(item.is_("order") and item.text.lower().startswith(("longe", "longe")) for item in slots.items)
    often = any(
        item.is_("order") and re.search(r"often|frequent|more times|fewer", item.text, re.I) for item in slots.items
    )
    fast = any(item.is_("order") and re.search(r"fast|quick|slow", item.text, re.I) for item in slots.items)
    order = slots.take("order") or ("most" if slots.take("statistic", "max") else None)
    if order is None and paced is not None:
        order = "least" if re.search(r"slow", paced, re.I) else "most"
    if order is None:
        return None
    if any(each != order for each in slots.take_all("order")):
        raise Ambiguous("most or least?", ["who talks more?"])
    event = slots.take("event")
    wanted = [item["answer"] for item in slots.items if item.is_("answer") and item["answer"] in _COUNTED]
    answer = wanted[0] if wanted else None
    slots.take_all("answer")
    slots.take_all("link", "in", "with", "when")
    if slots.has("signal"):
        column = slots.take("signal")
        statistic = slots.take("statistic") or "mean"
        slots.finish()
        no_durations(times)
        return [
            binned(
                Query("value", None, (Call("column", (("name", column),)),), statistic=statistic, order=order), times
            )
        ]
    if fast and event is not None:
        measure = "speech_rate_syllables_per_s" if event == "speech" else None
        if measure is None:
            raise Ambiguous("faster at what?", ["who speaks faster?"])
        slots.finish()
        return [binned(Query("value", None, (measured(measure),), order=order), times)]
    if slots.has("measure") and event is None:
        measure = slots.take("measure")
        slots.take_all("statistic", "mean")
        slots.finish()
        return [binned(Query("value", None, (measured(measure),), order=order), times)]
    if slots.has("lexicon", "all words"):
        lexicon = slots.take("lexicon")
        if lexicon is None:
            slots.take("all words")
        slots.take_all("say")
        slots.finish()
        body: Body = Call("words", (("lexicon", lexicon),) if lexicon else ())
        return [binned(Query(answer or "count", body, order=order), times)]  # type: ignore[arg-type]
    if event is None:
        return None
    slots.take_all("event", event)
    slots.finish()
    talk = event in ("speech", "turn") and not often
    if event == "speech" and talk:
        event = "turn"
    usual = (
        "rate"
        if often
        else "total_time"
        if talk or longest
        else "count"
        if event in ("interruption", "overlap", "question")
        else "rate"
    )
    if event == "question":
        usual = answer or "count"
    return [binned(Query(answer or usual, lasting(Named(event), times), order=order), times)]  # type: ignore[arg-type]
