"""What something goes on amid, outside or after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import And, Body, Call, Named, Not, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.slots import MeasureTarget, SignalTarget, Slots, binned, is_words, query_of, target_of
from bitflow.models.asking.people.times import Times
from bitflow.models.asking.people.whom import named

#: After another's event, unless the question says how long.
AFTER = Quantity(2, "s")


#: Links that say nothing where nothing was named before them: the period during which.
_IDLE = ("when", "in", "with", "during")


def split(items: list[Item]) -> tuple[list[Item], str | None, list[Item]]:
    """What is asked about, and what it is to go on amid or after."""
    for at, item in enumerate(items):
        if not item.is_("link"):
            continue
        link = item["link"]
        before, after = items[:at], items[at + 1 :]
        said_before = any(
            each.is_("event", "signal", "measure", "pattern", "all words", "lexicon", "label") for each in before
        )
        said_after = any(each.is_("event", "pattern", "lexicon", "label", "signal") for each in after)
        if link == "when":
            if not said_before or not said_after:
                continue
            link = "during"
        if link == "in":
            if not said_before or not (
                after and any(each.is_("event") and each["event"] in ("silence", "overlap") for each in after[:2])
            ):
                continue
            link = "during"
        if link == "with":
            if not said_before or not said_after:
                continue
            link = "during"
        if said_after and not said_before and link in ("during", "after"):  # while smiling, what did he say
            for cut in range(len(after), 0, -1):
                first, rest = after[:cut], after[cut:]
                if any(each.is_("all words", "answer") for each in rest[:1]) and says(first) and says(rest):
                    return [*before, *rest], link, first
        if not said_before or not said_after:
            continue
        while after and after[-1].is_("answer", "summed") and not after[-1].is_("event"):
            before = [*before, after[-1]]
            after = after[:-1]
        if link == "between":
            raise Ambiguous(
                "the time between events is not asked for", ["list gap(turn(interviewer), turn(participant))"]
            )
        if link == "before":
            raise Ambiguous("the time before an event is not asked for", ["nods after the interviewer's questions"])
        return before, link, after
    idle = [
        item
        for at, item in enumerate(items)
        if item.is_("link") and item["link"] in _IDLE and not item.is_("answer") and not says(items[:at])
    ]
    return [item for item in items if not any(item is each for each in idle)], None, []


def says(items: Sequence[Item]) -> bool:
    """Whether items name anything that can be looked at."""
    return any(item.is_("event", "pattern", "lexicon", "label", "all words", "signal", "measure") for item in items)


def setting_of(around: Slots, link: str, mine: Sequence[str], anybody: bool) -> tuple[Body, bool, str | None]:
    """What something goes on amid or after, whether that is denied, and whose it is; `anybody`: the person is "
    "whoever."""
    setting = target_of(around)
    if setting is None or isinstance(setting, SignalTarget | MeasureTarget):
        raise Ambiguous(f"{link} what?", ["what did he say while smiling?", "pauses while he smiles"])
    denied = bool(around.take_all("not"))
    the_same = (
        len(mine) == 1 and any(item.is_("pronoun") for item in around.items) and not named(around.items, around.names)
    )
    if the_same:
        around.take_all("pronoun")
    their = mine[0] if the_same else around.person(mine, anybody)
    around.take_all("each")
    around.take_all("answer", "list")
    around.take_all("link", "in", "with", "when")
    around.finish()
    return setting, denied, their


def after(asked: str | None, target: Body, setting: Body, by: str | None, times: Times, sentence: str) -> list[Query]:
    """A behaviour in the time after another: how often there, and how often elsewhere."""
    given: tuple[tuple[str, Any], ...] = (("of", setting), ("within", times.within or AFTER))
    window = Call("after", given)
    if asked is None and is_words(target):
        asked = "list"
    if asked is None:  # does he nod after: how often there, and how often elsewhere
        asked = "rate"
        outside = query_of("rate", _within(target, Not(window)), by, sentence)
        return [binned(query_of("rate", _within(target, window), by, sentence), times), binned(outside, times)]
    if asked in ("list", "count", "rate"):
        return [binned(query_of(asked, _within(target, window), by, sentence), times)]
    if asked == "fraction":
        return [binned(Query("fraction", Call("provided", (("of", target), ("condition", window))), by=by), times)]
    if asked == "total_time":
        return [binned(Query("total_time", And((target, window)), by=by), times)]
    raise Ambiguous(f"{asked} after an event", ["how often does he nod after the interviewer's questions?"])


def _within(target: Body, setting: Body) -> Call:
    return Call("amid", (("of", target), ("others", setting)))


def amid(
    asked: str | None,
    target: Body,
    setting: Body,
    by: str | None,
    times: Times,
    sentence: str,
    outside: bool,
    yes_no: bool,
    of_all: bool = False,
) -> list[Query]:
    """A behaviour at the time of another, or outside it; `of_all` where nobody is to speak."""
    if setting == Named("silence") and not of_all:
        setting = Not(Named("speech"))
    if is_words(setting) and not is_words(target) and not outside:
        target, setting = setting, target  # smiling while saying no: the words
    if outside:
        setting = Not(setting)
    if is_words(target):
        body: Body = Call("overlapping", (("of", target), ("others", setting)))
        if asked is None and yes_no:
            return [binned(Query("list", body, by=by), times), binned(Query("count", body, by=by), times)]
        if asked in ("rate", "fraction", "mean_duration"):
            raise Ambiguous(f"{asked} of words amid something", ["how many words does he say while smiling?"])
        return [binned(Query(asked or "list", body, by=by), times)]  # type: ignore[arg-type]
    if asked == "count":
        return [binned(Query("count", Call("during", (("of", target), ("others", setting))), by=by), times)]
    if asked == "rate":
        return [binned(query_of("rate", _within(target, setting), by, sentence), times)]
    if asked == "fraction":
        return [binned(Query("fraction", Call("provided", (("of", target), ("condition", setting))), by=by), times)]
    if asked == "mean_duration":
        raise Ambiguous("the duration of events amid others", ["how long does she smile while speaking, in total?"])
    return [binned(query_of(asked or "list", And((target, setting)), by, sentence), times)]
