"""Items of one question about people as programs: what is asked, of what, amid or after what, of whom, when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous, NotExpressible
from bitflow.events.language.tree import Body, Call, Named, Not, Query
from bitflow.events.language.units import Quantity
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
from bitflow.models.asking.people.whom import named, whom

_ASKED_LAST = re.compile(r"\b(?:is|does|did|was|has) (?:she|he|the \w+)\W*$", re.I)

_YES_NO = re.compile(
    r"^\W*(?:and |so |well |also )*(?:whether|if|is|are|was|were|does|do|did|has|have|can you see)\b",
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
    otherwise = any(item.is_("otherwise") for item in items)
    main, link, context = split([item for item in items if not item.is_("otherwise")])
    if otherwise and link not in ("during", "outside", "after"):
        raise Ambiguous("otherwise than when?", ["nods after the interviewer's questions versus otherwise"])
    slots = Slots.of(main, names)
    around = Slots.of(context, names)
    others = named(context, names)
    mine = named(main, names)
    yes_no = bool(_YES_NO.match(sentence) or _ASKED_LAST.search(sentence))
    target = target_of(slots)
    if target is None:
        raise _nothing(main)
    by = _of_whom(slots, target, others, sentence)
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
    found = _of_events(target, slots, times, by, link, setting, sentence, yes_no)
    return _both_ways(found) if otherwise else found


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


_INTERRUPTED = re.compile(r"\b(?:is|are|was|were|be|been|being|gets?|got)\b[\w ']*?\b(?:interrupted|cut off)\b", re.I)


def _of_whom(slots: Slots, target: object, others: Sequence[str], sentence: str) -> str | None:
    """Whose behaviour it is; whom it is done to is somebody else.

    Raises
    ------
    Ambiguous
        He, or she, is one of two who are named, and nothing tells which.
    """
    roles = named(slots.items, slots.names)
    he = any(item.is_("pronoun") and item.text.lower() in ("he", "she") for item in slots.items)
    if target == Named("interruption") and roles:
        passive = bool(_INTERRUPTED.search(sentence))
        doer = re.search(r"\bby (?:the )?(\w+(?: \d)?)", sentence, re.I)
        whose = [item for item in slots.items if item.is_("person", "role")]
        slots.used |= {k for k, item in enumerate(slots.items) if item.is_("person", "role", "pronoun", "noun")}
        if passive and doer is not None:
            named_doer = [item for item in whose if item.text.lower() == doer[1].lower()]
            if len(named_doer) == 1:
                return named(named_doer, slots.names)[0]
        if not passive and (len(roles) == 2 or he):
            return whom([_HE], slots.names, roles) if he else roles[0]
        if passive or len(roles) > 1 or re.search(r"\binterruptions? of\b", sentence, re.I):
            left = [role for role in slots.names.roles if role not in roles]
            if len(roles) == 1 and len(left) == 1 and slots.names.most == 2 and passive:
                return left[0]
            raise Ambiguous("who interrupts whom?", ["how many times does the participant interrupt"])
        return roles[0]
    if he and roles:
        raise Ambiguous("he or she, and somebody by name: whose is it?", [f"ask for {each} alone" for each in roles])
    return slots.person(others)


_HE = Item({"pronoun": "one"}, "he")


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
    return amid(answer if asked else None, target, setting, by, times, sentence, link == "outside", yes_no)


def _of_signal(
    target: SignalTarget, slots: Slots, times: Times, by: str | None, link: str | None, setting: Any, sentence: str
) -> Query:
    _refuse_whose_voice(target.column, slots)
    course = bool(slots.take_all("course"))
    statistics = [item["statistic"] for item in slots.items if item.is_("statistic")]
    slots.take_all("statistic")
    if any(item.is_("answer") and item["answer"] == "list" and _WHEN.search(item.text) for item in slots.items):
        raise Ambiguous("when a signal is so: above or below which number?", ["when is head yaw above 20 degrees?"])
    per = _slope_unit(slots, sentence) if "slope" in statistics else None
    if course or "slope" in statistics:
        slots.take_all("how")
    slots.take_all("answer", "list")
    unit = _unit(slots)
    unit = None if unit == _USUAL.get(target.column) else unit
    told = [item.text.lower() for item in slots.items if item.is_("statistic") and item["statistic"] == "mean"]
    if set(statistics) - {"mean"} and "mean" in statistics and all(_HOW_LARGE.match(each) for each in told):
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
    if statistic != "slope":
        per = None
    column = Call("column", (("name", target.column),))
    query = Query(
        "value", setting, (column,), statistic=statistic, unit=unit, by=_of_tracks(target.column, by), per=per
    )
    return binned(query, times, within_used=True)


#: How large is the greatest yaw: no mean.
_HOW_LARGE = re.compile(r"how\b|on average|in general|usual|typical", re.I)


def _slope_unit(slots: Slots, sentence: str) -> str:
    """``by how many Hz per minute does it rise``: per which time."""
    said = [item.text for item in slots.items if item.is_("answer") and item["answer"] == "rate"]
    slots.take_all("answer", "rate", "count", "fraction")
    hour = re.search(r"\bper hour\b", " ".join(said) + " " + sentence, re.I)
    return "h" if hour else "s" if re.search(r"\bper second\b", sentence, re.I) else "min"


def _of_tracks(column: str, by: str | None) -> str | None:
    """The voice of a recording is nobody's in particular."""
    return None if column.startswith("voice.") else by


def _refuse_whose_voice(column: str, slots: Slots) -> None:
    """The sound of a recording of several people is everybody's: of one by name it is that of the own turns."""
    if column.startswith("voice.") and slots.names.most > 1:
        for who in named(slots.items, slots.names):
            raise Ambiguous(
                f"{column} is of everybody who is heard", [f"value {column} mean over turn({who})", "ask for the voice"]
            )


def _unit(slots: Slots) -> str | None:
    """``in degrees``, ``in Hz``; the language says whether the signal can be told so."""
    return slots.take("unit")


def _of_measure(target: MeasureTarget, slots: Slots, times: Times, by: str | None, link: str | None) -> Query:
    if link is not None:
        raise NotExpressible(
            f"{target.id} is one number of a stretch of time, and cannot be told amid events",
            [f"value measure({target.id}) in 1min..2min"],
        )
    if slots.take_all("course") and times.bins is None:
        times = with_bins(times)
    slots.take_all("statistic", "mean")
    _told_as(target.id, slots)
    slots.take_all("measure", target.id)
    slots.take_all("each")
    slots.take_all("link", "in", "with", "when")
    slots.finish()
    no_durations(times)
    return binned(Query("value", None, (measured(target.id),), by=by), times)


_WHEN = re.compile(r"\b(?:when|times?|moments?|timestamps?|points?|where)\b", re.I)


def _told_as(measure: str, slots: Slots) -> None:
    """Take the words for how a measure is told: a share of a share, how often of a rate; others are left over."""
    if any(item.is_("answer") and item["answer"] == "list" and _WHEN.search(item.text) for item in slots.items):
        raise NotExpressible(
            f"{measure} is one number of a stretch of time, and tells no moments", [f"value measure({measure})"]
        )
    slots.take_all("answer", "list")
    if measure.endswith("_fraction"):
        slots.take_all("answer", "fraction")
    if "_per_" in measure:
        slots.take_all("answer", "rate")
    if measure.endswith(("_s", "_ms")):
        slots.take_all("answer", "mean_duration", "total_time", "latency")


def _nothing(items: Sequence[Item]) -> Ambiguous:
    if items and (left := [item.text for item in items if not item.is_("answer", "pronoun", "noun")]):
        return not_understood(left)
    return Ambiguous(
        "no behaviour, word, signal or measure was named",
        ["how long does she speak?", "what did he say while smiling?"],
    )
