"""Items of one question about people as programs: what is asked, of what, amid or after what, of whom, when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bitflow.events.language.refusals import Ambiguous, NotExpressible
from bitflow.events.language.tree import Body, Call, Named, Not, Query
from bitflow.models.asking.people.context import AFTER, after, amid, setting_of, split
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.names import PeopleNames
from bitflow.models.asking.people.particular import compared_with, disagreeing, presence, responses, summed_up
from bitflow.models.asking.people.ranking import in_order
from bitflow.models.asking.people.slots import (
    MeasureTarget,
    SignalTarget,
    Slots,
    answer_of,
    binned,
    is_words,
    lasting,
    measured,
    no_durations,
    not_understood,
    query_of,
    target_of,
    told_in,
    with_bins,
)
from bitflow.models.asking.people.times import Times
from bitflow.models.asking.people.whom import named

_ASKED_LAST = re.compile(r"\b(?:is|does|did|was|has) (?:she|he|the \w+)\W*$", re.I)

_YES_NO = re.compile(
    r"^\W*(?:and |so |well |also )*(?:is|are|was|were|does|do|did|has|have|can you see)\b",
    re.I,
)

#: Units that signals are told in anyway.
_USUAL = {"voice.f0": "Hz", "voice.loudness": "dB"}
_USUAL |= {f"{table}.{angle}": "deg" for table in ("head_pose", "gaze") for angle in ("yaw", "pitch", "roll")}


def queries_of(items: list[Item], times: Times, names: PeopleNames, sentence: str) -> list[Query]:
    """The programs that a clause means, without its stretches of time.

    Raises
    ------
    Refusal
        It is not understood to its last word.
    """
    found = compared_with(Slots.of(items, names), times, sentence)
    if found is not None:
        return found
    unknown = [item.text for item in items if item.is_("unknown")]
    if unknown:
        raise not_understood(unknown)
    for reader in (summed_up, presence, disagreeing, responses, in_order):
        found = reader(Slots.of(items, names), times, sentence)
        if found is not None:
            return found
    return _behaviour(items, times, names, sentence)


def _behaviour(items: list[Item], times: Times, names: PeopleNames, sentence: str) -> list[Query]:
    main, link, context = split(items)
    slots = Slots.of(main, names)
    around = Slots.of(context, names)
    others = named(context, names)
    mine = named(main, names)
    yes_no = bool(_YES_NO.match(sentence) or _ASKED_LAST.search(sentence))
    target = target_of(slots)
    if target is None:
        raise _nothing(main)
    by = slots.person(others)
    setting = None
    if link is not None:
        setting, denied, their = setting_of(around, link, mine)
        if by is None and not mine and not others and their is not None:
            by, their = their, None  # pauses while he smiles
        link = {"during": "outside", "outside": "during"}.get(link, link) if denied else link
        if their is not None and their != by:
            owned = Call("of", (("who", their), ("of", setting)))
            setting = Named(setting.name, their) if isinstance(setting, Named) else owned
        elif setting == Named("question") and names.most > 1 and their is None:
            setting = Call("others", (("of", setting),))  # who nods after questions nods after those of others
    if isinstance(target, MeasureTarget):
        return [_of_measure(target, slots, times, by, link)]
    if isinstance(target, SignalTarget):
        return [_of_signal(target, slots, times, by, link, setting, sentence)]
    return _of_events(target, slots, times, by, link, setting, sentence, yes_no)


def _of_events(
    target: Body,
    slots: Slots,
    times: Times,
    by: str | None,
    link: str | None,
    setting: Any,
    sentence: str,
    yes_no: bool,
) -> list[Query]:
    if times.loose:
        raise Ambiguous(
            "between which times of the recording, or how long they last?",
            ["from 0:02 to 0:03", "of at least 2 s and at most 3 s"],
        )
    course = bool(slots.take_all("course"))
    asked = answer_of(slots, sentence)
    if asked == "mean":
        asked = "mean_duration" if not is_words(target) else None
        if asked is None:
            raise Ambiguous("the average of words", ["how many words does he say per minute?"])
        raise Ambiguous(
            "the average of what: how often, how long, which share of the time?",
            ["rate per minute", "average duration", "share of the time"],
        )
    if slots.has("not"):
        slots.take_all("not")
        if link is not None or asked in ("rate", "count"):
            raise Ambiguous("what is not to happen?", ["how long does she not speak?"])
        target = Not(target)
    slots.take_all("each")
    slots.take_all("occur")
    if course:
        slots.take_all("how")
    slots.take_all("link", "when", "in", "with")
    if asked in (None, "list"):
        slots.take_all("frames")
    told_in(slots, asked)
    slots.finish()
    if course or times.bins is not None:
        if asked in (None, "list"):
            asked = "count" if is_words(target) else "fraction"
        times = times if times.bins is not None else with_bins(times)
    answer = asked or "list"
    if answer in ("total_time", "longest", "fraction") and target == Named("speech") and link is None:
        target = Named("turn")  # who speaks holds the floor: pauses belong to it
    if target == Named("overlap") and link is None:
        by = (
            by
            if by is not None and answer not in ("count", "list", "rate", "total_time")
            else "any"
            if by is None
            else by
        )
    if target == Named("silence"):
        by = None
    target = lasting(target, times)
    if link is None:
        if yes_no and asked is None and is_words(target):
            return [binned(Query("list", target, by=by), times), binned(Query("count", target, by=by), times)]
        return [binned(query_of(answer, target, by, sentence), times)]
    if link == "after":
        return after(answer if asked else None, target, setting, by, times, sentence)
    if asked is None and not yes_no and slots.items and slots.items[0].is_("event"):
        asked = answer = "count"  # touches of the face in silence: so many
    return amid(answer if asked else None, target, setting, by, times, sentence, link == "outside", yes_no)


def _of_signal(
    target: SignalTarget, slots: Slots, times: Times, by: str | None, link: str | None, setting: Any, sentence: str
) -> Query:
    course = bool(slots.take_all("course"))
    statistics = [item["statistic"] for item in slots.items if item.is_("statistic")]
    slots.take_all("statistic")
    if course or "slope" in statistics:
        slots.take_all("how")
    slots.take_all("answer", "list")
    unit = _unit(slots)
    unit = None if unit == _USUAL.get(target.column) else unit
    if set(statistics) - {"mean"} and "mean" in statistics:
        statistics = [each for each in statistics if each != "mean"]
    if len(set(statistics)) > 1:
        raise Ambiguous(f"several numbers were asked for at once: {', '.join(dict.fromkeys(statistics))}")
    slots.take_all("link", "in", "when", "with")
    slots.finish()
    no_durations(times)
    statistic = statistics[0] if statistics else "mean"
    if course and times.bins is None and statistic != "slope":
        times = with_bins(times)
    if link == "after":
        setting = Call("after", (("of", setting), ("within", times.within or AFTER)))
    elif times.within is not None:
        raise Ambiguous("within what time of what?", ["head yaw within 2 s after the interviewer's questions"])
    if link == "outside":
        setting = Not(setting)
    per = "min" if statistic == "slope" else None
    column = Call("column", (("name", target.column),))
    query = Query(
        "value", setting, (column,), statistic=statistic, unit=unit, by=_of_tracks(target.column, by), per=per
    )
    return binned(query, times, within_used=True)


def _of_tracks(column: str, by: str | None) -> str | None:
    """The voice of a recording is nobody's in particular."""
    return None if column.startswith("voice.") else by


def _unit(slots: Slots) -> str | None:
    """``in degrees``, ``in Hz``; the language says whether the signal can be told so."""
    return slots.take("unit")


def _of_measure(target: MeasureTarget, slots: Slots, times: Times, by: str | None, link: str | None) -> Query:
    if link is not None:
        raise NotExpressible(
            f"{target.id} is one number of a stretch of time, and cannot be told amid events",
            [f"value measure({target.id}) in 1min..2min"],
        )
    slots.take_all("course")
    slots.take_all("statistic", "mean")
    slots.take_all("answer")
    slots.take_all("each")
    slots.take_all("link", "in", "with", "when")
    slots.finish()
    no_durations(times)
    return binned(Query("value", None, (measured(target.id),), by=by), times)


def _nothing(items: Sequence[Item]) -> Ambiguous:
    if items and (left := [item.text for item in items if not item.is_("answer", "pronoun", "noun")]):
        return not_understood(left)
    return Ambiguous(
        "no behaviour, word, signal or measure was named",
        ["how long does she speak?", "what did he say while smiling?"],
    )
