"""Items of one question about people as programs: what is asked, of what, amid or after what, of whom, when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Body, Call, Named, Not, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.people.context import after, amid, setting_of, split
from bitflow.models.asking.people.doers import whose
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.names import PeopleNames
from bitflow.models.asking.people.numbers import compared_with, of_measure, of_signal
from bitflow.models.asking.people.particular import disagreeing, presence, responses, summed_up, together
from bitflow.models.asking.people.ranking import in_order
from bitflow.models.asking.people.slots import (
    MeasureTarget,
    SignalTarget,
    Slots,
    answer_of,
    binned,
    is_words,
    lasting,
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
    r"^\W*(?:and |so |well |also )*(?:whether|if|is|are|was|were|does|do|did|has|have|can you see)\b",
    re.I,
)


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
    for reader in (summed_up, presence, disagreeing, responses, together, in_order):
        found = reader(Slots.of(items, names), times, sentence)
        if found is not None:
            return found
    return _behaviour(items, times, names, sentence)


def _behaviour(items: list[Item], times: Times, names: PeopleNames, sentence: str) -> list[Query]:
    otherwise = any(item.is_("otherwise") for item in items)
    main, link, context = split([item for item in items if not item.is_("otherwise")])
    if otherwise and link not in ("during", "outside", "after"):
        raise Ambiguous("otherwise than when?", ["nods after the interviewer's questions versus otherwise"])
    if (
        otherwise
        and link != "after"
        and any(item.is_("event") for item in main)
        and not any(item.is_("answer") for item in main)
    ):
        main = [*main, Item({"answer": "rate"}, "otherwise")]  # does she blink more while speaking than otherwise
    slots = Slots.of(main, names)
    around = Slots.of(context, names)
    others = named(context, names)
    mine = named(main, names)
    yes_no = bool(_YES_NO.match(sentence) or _ASKED_LAST.search(sentence))
    target = target_of(slots)
    if target is None:
        raise _nothing(main)
    by = whose(slots, target, others, sentence)
    setting = None
    if link is not None:
        setting, denied, their = setting_of(
            around, link, mine, not mine and not any(item.is_("pronoun") for item in main)
        )
        if by is None and not mine and not others and their is not None:
            by, their = their, None  # pauses while he smiles
        if by is None and not mine and is_words(setting) and not is_words(target) and _HIS_WORD.search(sentence):
            by, their = their, None  # a smile amid his "no": his words
        if by is None and not mine and is_words(target) and _SAID_BY.search(sentence):
            by, their = their, None  # words said with a smile by the patient
        link = {"during": "outside", "outside": "during"}.get(link, link) if denied else link
        if their is not None and their != by:
            owned = Call("of", (("who", their), ("of", setting)))
            setting = Named(setting.name, their) if isinstance(setting, Named) else owned
        elif setting == Named("question") and names.most > 1 and their is None:
            setting = Call("others", (("of", setting),))  # who nods after questions nods after those of others
    if isinstance(target, MeasureTarget):
        if otherwise:
            raise Ambiguous("otherwise in what?", ["nods per minute while he speaks versus otherwise"])
        return [of_measure(target, slots, times, by, link)]
    if isinstance(target, SignalTarget):
        number = of_signal(target, slots, times, by, link, setting, sentence)
        if otherwise and number.body is not None:
            turned = number.body.body if isinstance(number.body, Not) else Not(number.body)
            return [number, replace(number, body=turned)]
        if otherwise:
            raise Ambiguous("otherwise in what?", ["mean pitch while smiling versus otherwise"])
        return [number]
    found = _of_events(target, slots, times, by, link, setting, sentence, yes_no)
    return _both_ways(found) if otherwise else found


_HIS_WORD = re.compile(r"'s? (?:words? )?[\"“'‘]\w", re.I)
_SAID_BY = re.compile(r"\b(?:by|from) (?:the )?\w+\W*$", re.I)
#: ``while nobody speaks``: not only he.
_NOBODY = re.compile(r"\b(?:nobody|no one|no[- ]?body|none of them|neither)\b", re.I)
#: ``how much does he smile``: of nothing.
_HOW_MUCH = re.compile(
    r"^\W*how much (?!of\b|time\b)(?!.*\b(?:share|fraction|percent\w*|proportion|of the (?:time|video|recording|"
    r"interview|clip|session))\b)",
    re.I,
)
#: ``how long is the first smile``: of that one, and not of all; a first minute is a stretch of time.
_ONLY_ONE = re.compile(
    r"\b(?:the|his|her|their|its|'s) (?:very )?(?P<which>first|last|final)\b"
    r"(?! (?:time|\d|minutes?|seconds?|half|hour|one|two|three|four|five|ten|few)\b)",
    re.I,
)
_SHARE_OF_EVENTS = re.compile(
    r"\b(?:share|fraction|percentage|percent|proportion|part|%) of (?:all )?(?:of )?(?:the |his |her |their |these |"
    r"'s |participant's |"
    r"interviewer's |patient's )*(?:\w+ )?(?:smiles|nods|blinks|pauses|turns|words|questions|gestures|touches|"
    r"closures|aversions"
    r"|look aways|shakes|silences|answers|interruptions|overlaps)\b",
    re.I,
)


def _refuse_share_of_events(asked: str | None, link: str | None, times: Times, sentence: str) -> None:
    """A share of events is none of the time: which of her smiles last longer than 2 s, or come while she speaks."""
    lasting_so = times.shortest is not None or times.longest is not None
    if asked == "fraction" and (link is not None or lasting_so) and _SHARE_OF_EVENTS.search(sentence):
        raise Ambiguous("a share of events, and not of the time", ["how many smiles last longer than 2 s?"])


def _plural(slots: Slots) -> bool:
    """Blinks, smiles: so many; blinking and smiling go on for some of the time."""
    return any(
        item.is_("event") and item.text.lower().endswith(("nks", "les", "ods", "kes", "ures", "hes"))
        for item in slots.items
    )


def _both_ways(found: list[Query]) -> list[Query]:
    """What goes on amid something, and the same of the rest of the time."""
    if len(found) == 2:
        return found
    (query,) = found
    body = query.body
    if isinstance(body, Call) and body.name in ("amid", "provided"):
        name = "others" if body.name == "amid" else "condition"
        turned = tuple((key, Not(value) if key == name else value) for key, value in body.arguments)
        return [query, replace(query, body=Call(body.name, turned))]
    raise Ambiguous("otherwise in what?", ["nods per minute while he speaks versus otherwise"])


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
    if times.within is not None and link != "after":
        raise Ambiguous(f"within {times.within} of what?", ["nods within 2 s after the interviewer's questions"])
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
    if asked == "fraction" and not course and times.bins is None and _HOW_MUCH.search(sentence):
        raise Ambiguous(
            "how much: which share of the time, or how long?", ["what share of the time", "how long in total"]
        )
    if asked == "fraction" and is_words(target):
        raise Ambiguous("a share of words", ["how many positive words does she say?", "how many words does she say?"])
    _refuse_share_of_events(asked, link, times, sentence)
    if slots.has("not"):
        denials = [item.text.lower() for item in slots.items if item.is_("not")]
        slots.take_all("not")
        if link is not None or asked in ("rate", "count") or is_words(target) or {*denials} & {"no", "never"}:
            raise Ambiguous("what is not to happen?", ["how long does she not speak?"])
        target = Not(target)
    place = slots.take("nth")
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
        if asked in (None, "list") and not course and isinstance(target, Named) and _plural(slots):
            raise Ambiguous("how many in each stretch, or for which share of it?", ["number of blinks in 10 s bins"])
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
    if target == Named("silence") and by is not None:
        target = Not(Named("speech"))  # somebody is silent who does not speak, whoever else does
    only = _ONLY_ONE.search(sentence) if asked in ("total_time", "mean_duration", "count", "rate", "fraction") else None
    target = lasting(target, times)
    if only is not None:
        if asked not in ("total_time", "mean_duration") or link is not None or times.bins is not None:
            raise Ambiguous(f"what of the {only['which']} one?", ["how long is the first smile?"])
        which = "first" if only["which"].lower() == "first" else "last"
        asked, answer, target = "total_time", "total_time", Call(which, (("of", target),))
    if place is not None:
        if asked not in (None, "list", "mean_duration", "total_time") or link is not None or times.bins is not None:
            raise Ambiguous("what of that one event?", ["when is the second nod of the participant?"])
        target = Call("nth", (("of", target), ("number", Quantity(float(place)))))
    if link is None:
        if yes_no and asked is None and is_words(target):
            return [binned(Query("list", target, by=by), times), binned(Query("count", target, by=by), times)]
        return [binned(query_of(answer, target, by, sentence), times)]
    if link == "after":
        return after(answer if asked else None, target, setting, by, times, sentence)
    if asked is None and not yes_no and slots.items and slots.items[0].is_("event"):
        asked = answer = "count"  # touches of the face in silence: so many
    of_all = bool(_NOBODY.search(sentence))
    return amid(answer if asked else None, target, setting, by, times, sentence, link == "outside", yes_no, of_all)


def _nothing(items: Sequence[Item]) -> Ambiguous:
    if items and (left := [item.text for item in items if not item.is_("answer", "pronoun", "noun")]):
        return not_understood(left)
    return Ambiguous(
        "no behaviour, word, signal or measure was named",
        ["how long does she speak?", "what did he say while smiling?"],
    )
