"""A question in words as a program, or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous, NotExpressible, Refusal
from bitflow.events.language.tree import And, Body, Call, Definition, Named, Or, Program, Query, walk
from bitflow.events.language.units import UNITS, Quantity
from bitflow.models.asking.clauses import Clause, clause_of, temporal
from bitflow.models.asking.lexicon import OF_PAIRS, REASONS, SignalWord
from bitflow.models.asking.names import Names
from bitflow.models.asking.reading import Item, read
from bitflow.models.asking.sentences import definition_in, split

#: Of several answers that a question's words could ask for, the first of these.
_STRONGEST = (
    *("gait", "trajectory", "occupancy", "matrix", "transitions", "latency", "longest", "rate", "mean_duration"),
    *("fraction", "count", "total_time", "first", "last", "list"),
)

_ONLY_WHEN = re.compile(r"\s*(and\s+)?when( is (that|this|it))?\s*[?.!]*\s*", re.I)
#: How long until, how long does it take, how long before it first does.
_UNTIL = re.compile(
    r"\b(until|till|before|takes?|took|needs?|needed)\b|\bfirst\b(?! (minute|hour|half|\d|[a-z]+ (seconds|minutes)))",
    re.I,
)
#: Time in ROI0, total; when it is not told apart by other words.
_SUMMED = re.compile(
    r"\b(total|altogether|overall|cumulative|summed|sum|in all)\b"
    r"|^\W*(the )?time (spent |spend )?(in|on|at|inside|near)\b",
    re.I,
)
_FIRST_TIME = re.compile(r"\bwhen\b.*\bfirst\b(?! (minute|hour|half|\d))", re.I)
_WHO_WHOM = re.compile(
    r"\b(who|which (mouse|animal|rat|one))\b.*\b(whom|who|which (other )?(mouse|animal|rat|one))\b"
    r"|\bwhom\b.*\bby (who|which)|\b(each|every|all) pairs?\b",
    re.I,
)


@dataclass(frozen=True)
class Understood:
    """A program, and what was assumed or corrected on the way to it."""

    program: Program
    notes: tuple[str, ...] = ()


def understand(question: str, names: Names) -> Understood:
    """The program that a question means.

    Raises
    ------
    Refusal
        `NotExpressible` with the reason and what can be asked instead; `Ambiguous` with the words that were not
        understood; `UnitMissing`, `UnknownName` and the like.
    """
    sentences = split(question)
    if not sentences:
        raise Ambiguous("an empty question", ["for example: when does mouse1 chase mouse2?"])
    notes: list[str] = []
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
            queries += _asked(asked, known, imported, notes, waiting)
    if not queries and waiting is not None:
        queries = [Query("list", Named(waiting))]
    if not queries:
        raise Ambiguous("nothing was asked", ["for example: how long does mouse1 freeze?"])
    return Understood(_program(list(dict.fromkeys(queries)), defined), tuple(dict.fromkeys(notes)))


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


# questions


def _asked(sentence: str, names: Names, imported: bool, notes: list[str], waiting: str | None) -> list[Query]:
    reading = read(sentence, names)
    notes += reading.notes
    items = list(reading.items)
    _refuse_impossible(items)
    described = _described(items, sentence)
    if described is not None:
        return [described]
    answers = [item["intent"] for item in items if item.is_("intent")]
    answer = _answer(answers, items, sentence)
    if answer in ("trajectory", "occupancy"):
        return [_place(answer, items, names)]
    if answer == "gait":
        return [_gait(items, names)]
    if _OVER_TIME.search(sentence) and any(item.is_("signal", "column") for item in items):
        answer = "timeline"
    value = _value(answer, items, sentence, names, imported, notes)
    if value is not None:
        return value
    ordinal = _ordinal(sentence) if answer not in ("latency", "first", "last", "rate") else None
    if ordinal is not None:
        items = _without_ordinal(items, ordinal)
        answer = ordinal if answer == "list" and isinstance(ordinal, str) else answer
    also = _also_asked(answer, sentence)
    answer = "list" if also else answer
    rest = [item for item in items if not any(_is_intent(item, each) for each in (answer, *also))]
    if answer in ("latency", "first", "last"):
        rest = _without(rest, "first" if answer == "latency" else answer)
    rest = [item for item in rest if item.text.lower() not in _SAID_BY.get(answer, ())]
    clause = temporal(rest, names, imported=imported)
    notes += clause.notes
    body = clause.events
    if answer == "transitions" and isinstance(body, And):
        body = Or(body.all)
    if body is not None and ordinal is not None and answer != ordinal:
        body = _nth(body, ordinal)
    if body is not None and _is_of_pairs(body) and _ITSELF.search(sentence):
        raise Ambiguous("an animal and itself: of which other animal?", ["when does mouse1 chase mouse2?"])
    if body is None:
        if waiting is None:
            raise _nothing(items, sentence)
        body = Named(waiting)
    return [_query(each, clause, body, items, sentence) for each in (answer, *also)]


#: ``the last chase``, ``the corner was last entered``: not ``the first minute``, and no verb that says how long.
_LENGTHS = r"(?! (?:\d|minute|second|hour|half|frame|(?:\w+ ){0,2}?(?:seconds|minutes|hours|frames|s|sec|min|h)\b))"
_ORDINAL = re.compile(
    r"\b(?:the|its|their|was|is|were|very) (?P<which>(?:first|last)(?! time)|final|second|third|fourth|fifth)"
    rf"{_LENGTHS} \w+"
    r"|\b(?P<once>first|last) (?!lasted)\w+ed\b",
    re.I,
)
_PLACES = {"second": 2, "third": 3, "fourth": 4, "fifth": 5}
_LEAST = re.compile(r"\b(min|minimum|minimal|smallest|shortest|least) (distance|dist|separation|gap)\b", re.I)
_ITSELF = re.compile(r"\b(itself|himself|herself|themselves)\b", re.I)
_OVER_TIME = re.compile(
    r"\b(plot|graph|draw|show|chart|curve|trace)\b.*\b(over|against|versus|vs|as a function of) time\b", re.I
)


def _ordinal(sentence: str) -> str | int | None:
    """Which of the events is meant: ``first``, ``last``, or its number; None for all."""
    found = _ORDINAL.search(sentence)
    if found is None:
        return None
    which = (found["which"] or found["once"]).lower()
    return _PLACES.get(which, "last" if which == "final" else which)


def _without_ordinal(items: list[Item], ordinal: str | int) -> list[Item]:
    word = ordinal if isinstance(ordinal, str) else next(word for word, n in _PLACES.items() if n == ordinal)
    words = ("last", "final") if word == "last" else (word,)
    at = next((n for n, item in enumerate(items) if item.text.lower().split()[0] in words), None)
    return items if at is None else [*items[:at], *items[at + 1 :]]


def _nth(body: Body, ordinal: str | int) -> Body:
    if isinstance(ordinal, str):
        return Call(ordinal, (("of", body),))
    return Call("nth", (("of", body), ("number", Quantity(ordinal))))


def _query(answer: str, clause: Clause, body: Body, items: list[Item], sentence: str) -> Query:
    given: dict[str, Any] = {"body": body, "start": clause.start, "end": clause.end}
    if clause.by not in (None, "any") or answer != "matrix":
        given["by"] = clause.by
    given["at_least"] = clause.at_least
    if clause.at_least == 2 and not clause.counted and _is_of_pairs(body):
        given["at_least"] = None  # two mice side by side: a pair
    if clause.by == "all" and answer != "matrix" and _is_of_pairs(body):
        given["by"], given["at_least"] = "all", None
    if clause.each_other and _is_of_pairs(body):
        given["pairs"] = "directed"
        given["by"] = given.get("by") or ("any" if answer != "matrix" else None)
    if answer == "matrix":
        given |= {"cells": _cells(items, sentence), "by": None, "pairs": None}
    if answer == "rate":
        given["per"] = (
            "h"
            if re.search(r"\b(per|an|each|every) hour\b", sentence, re.I)
            else "s"
            if re.search(r"\bper second\b", sentence, re.I)
            else "min"
        )
    if given["at_least"] is not None:
        given["by"] = None
    return Query(answer, **given)  # type: ignore[arg-type]


def _answer(answers: list[str], items: list[Item], sentence: str) -> str:
    said = set(answers)
    if "total_time" in said and ("latency" in said or _UNTIL.search(sentence)):
        return "latency"
    if (
        said <= {"list", "first"}
        and _SUMMED.search(sentence)
        and re.search(r"\b(time|duration|seconds)\b", sentence, re.I)
    ):
        return "total_time"
    if said & {"first", "list"} and _FIRST_TIME.search(sentence) and any(item.is_("enter", "exit") for item in items):
        return "latency"
    if re.search(r"\btime (it|he|she|they|that it) (takes?|took|needs?|needed)\b", sentence, re.I):
        return "latency"
    if "total_time" in said and re.search(r"\b(on average|average|mean)\b", sentence, re.I):
        return "mean_duration"
    if said <= {"list"} and re.search(r"\b(average|mean|avg|typical)\b(?! of)[\w ]*\b(duration|length)\b", sentence):
        return "mean_duration"
    if re.search(r"\b(times|often) (a|each|every) (minute|hour|min)\b", sentence, re.I) and said & {"count", "rate"}:
        return "rate"
    if "count" in said and re.search(r"\b(per|each|every|a|an) (minute|hour|min)\b", sentence, re.I):
        return "rate"
    if "rate" in said and re.search(r"\bin total\b", sentence, re.I):
        return "count"
    if said & {"total_time", "longest"} and re.search(r"\b(at most|at the most|maximally)\s*[?.]?$", sentence, re.I):
        return "longest"
    if _WHO_WHOM.search(sentence):
        return "matrix"
    answer = next((each for each in _STRONGEST if each in said), "list")
    if answer == "list" and (unread := re.match(r"\s*how (much|many|often)\b", sentence, re.I)):
        raise Ambiguous(
            f"{unread[0].strip()!r} of what was not understood",
            ["how many times", "how long in total", "what fraction"],
        )
    unsaid = said & _SEVERAL - _MEANT_BY.get(answer, frozenset((answer,)))
    if answer in _SEVERAL and unsaid:
        asked = [answer, *sorted(unsaid)]
        raise Ambiguous(
            f"several answers were asked for at once: {', '.join(asked)}",
            [f"ask for the {each} alone" for each in asked],
        )
    return answer


#: Answers of which one is asked for at a time, and those whose words another one's may hold.
_SEVERAL = frozenset(("count", "rate", "total_time", "fraction", "mean_duration", "longest", "latency", "transitions"))
_MEANT_BY = {
    "rate": frozenset(("rate", "count")),
    "latency": frozenset(("latency", "total_time")),
    "longest": frozenset(("longest", "total_time")),
    "mean_duration": frozenset(("mean_duration", "total_time")),
    "fraction": frozenset(("fraction", "total_time")),
}


def _also_asked(answer: str, sentence: str) -> list[str]:
    """``when …, and how often``: two answers about one thing; the first is when."""
    both = re.search(
        r"\b(?:when|list|show|give)\b.*(\band\b|,|\bas well as\b)"
        r".*\b(how (many|often|long|much)|number|total|count|rate)\b",
        sentence,
        re.I,
    )
    return [answer] if both and answer in ("count", "total_time", "rate", "fraction", "mean_duration") else []


def _is_intent(item: Item, answer: str) -> bool:
    """Whether an item only says what is asked; words that may mean more are left to the clause."""
    if not item.is_("intent"):
        return False
    others = set(item.means) - {"intent", "stop", "statistic"}
    weak = {"first", "last"} & {item["intent"]}
    return (
        not others or (item["intent"] == answer and not weak) or (not others - {"compare"} and item["intent"] != "list")
    )


def _without(items: list[Item], kind: str) -> list[Item]:
    return [item for item in items if not (item.is_(kind) and not item.is_("region", "part", "animal", "behaviour"))]


def _refuse_impossible(items: list[Item]) -> None:
    for item in items:
        if item.is_("impossible") and not item.is_("behaviour", "label", "region", "column", "part", "animal"):
            why, hints = REASONS[item["impossible"]]
            raise NotExpressible(f"{item.text!r}: {why}", hints)


#: What no description of a recording has a place for.
_SAYS_MORE = ("unknown", "region", "compare", "enter", "number", "then", "after", "during", "start", "end")


def _described(items: list[Item], sentence: str) -> Query | None:
    found = [item["describe"] for item in items if item.is_("describe")]
    plotted = re.search(r"\b(plot|draw|trajectory|path|route|heat ?map|occupancy|gait)\b", sentence, re.I)
    if (
        not found
        or plotted
        or any(item.is_("behaviour", "adjective", "label") for item in items if not item.is_("describe"))
    ):
        return None
    asks = re.search(
        r"\b(what|which|list|name|names|show|tell|how many|there|available|describe|tracked)\b", sentence, re.I
    )
    content = [item for item in items if item.is_(*_SAYS_MORE) and not item.is_("stop", "describe")]
    alone = all(set(item.means) & {"describe", "mark", "stop", "intent"} for item in items)
    return Query("describe", what=found[0]) if (asks or alone) and not content else None


def _place(answer: str, items: list[Item], names: Names) -> Query:
    parts = [item["part"] for item in items if item.is_("part")]
    colour = next((item["colour"] for item in items if item.is_("colour")), None)
    actors = [item["animal"] for item in items if item.is_("animal")]
    left = [item.text for item in items if item.is_("unknown") and not item.is_("stop", "part")]
    left += [item.text for item in items if _says_when(item)]
    if left or len(set(parts)) > 1:
        raise Ambiguous(
            f"these words were not understood: {', '.join(left or parts)}", ["plot the trajectory of the nose"]
        )
    clause = clause_of(
        [item for item in items if item.is_("between", "number", "first", "last", "end", "start", "mark")], names
    )
    return Query(
        answer,  # type: ignore[arg-type]
        part=parts[0] if parts else "centre",
        colour=colour if answer == "trajectory" else None,
        by=actors[0] if len(actors) == 1 else None,
        start=clause.start,
        end=clause.end,
    )


def _says_when(item: Item) -> bool:
    """A condition, which a plot of a whole recording does not have."""
    moving = item.is_("behaviour") and item["behaviour"] == "moving"
    return not moving and (
        item.is_("behaviour", "label", "adjective", "percentile")
        or (item.is_("region") and not item.is_("part"))
        or (item.is_("signal", "not") and not item.is_("stop", "intent", "colour"))
    )


def _gait(items: list[Item], names: Names) -> Query:
    parts = [item["part"] for item in items if item.is_("part")]
    left = [item.text for item in items if item.is_("unknown") and not item.is_("stop", "part")]
    if left:
        raise Ambiguous(
            f"these words were not understood: {', '.join(left)}", [f"keypoints are: {', '.join(names.parts)}"]
        )
    if len(parts) < 3:
        raise Ambiguous("a joint angle needs three keypoints or more, along the limb", ["gait of hip, knee, paw"])
    joints = [
        Call("joint", (("first", a), ("at", b), ("second", c)))
        for a, b, c in zip(parts, parts[1:], parts[2:], strict=False)
    ]
    return Query("timeline", signals=tuple(joints))


_STATS = {"longest": "max"}


#: Words that belong to an answer wherever they stand.
_SAID_BY = {
    "matrix": ("most", "often", "frequently", "how", "pair", "pairs"),
    "latency": ("until", "till"),
    "mean_duration": ("on average", "average", "mean", "avg", "typical"),
    "longest": ("at most", "at the most", "maximum"),
    "rate": ("minute", "minutes", "hour", "min", "second", "per"),
}


def _value(
    answer: str, items: list[Item], sentence: str, names: Names, imported: bool, notes: list[str]
) -> list[Query] | None:
    """A question about a signal's size: ``average speed in the open arm``; None when it is about events."""
    if not _asks_for_size(answer, items):
        return None
    words: list[SignalWord | str] = list(
        dict.fromkeys(
            item["signal"] if item.is_("signal") else item["column"] for item in items if item.is_("signal", "column")
        )
    )
    statistic = next((item["statistic"] for item in items if item.is_("statistic")), None)
    if statistic is None and words == [SignalWord("closest")] and _LEAST.search(sentence):
        statistic = "min"
    first = next((at for at, item in enumerate(items) if item.is_("signal", "column", "statistic")), 0)
    apart = len(words) > 1 and not items[first].is_("statistic")  # straightness and mean speed
    rest = [item for item in items if not (item.is_("signal", "column", "statistic") or _only_asks(item))]
    if re.search(r"\bcompar", sentence, re.I):
        joins = ("with", "and", "to")
        rest = [Item({"versus": ""}, item.text) if item.text.lower() in joins else item for item in rest]
    rest = _without_bare_moving(rest)
    unit, rest = _unit_asked(rest)
    queries: list[Query] = []
    for group in _versus(rest):
        parts = [item["part"] for item in group if item.is_("part") and not item.is_("region")]
        clause = clause_of(
            [item for item in group if not (item.is_("part") and not item.is_("region"))], names, imported=imported
        )
        notes += clause.notes
        over = None if answer == "timeline" else _over(clause, names)
        if answer == "timeline" and (clause.body is not None or statistic is not None):
            raise Ambiguous("a plot over time is of the whole time, or from when to when", ["plot speed over time"])
        for word in words:
            signal = _signal_of(word, parts)
            if answer == "timeline":
                queries.append(Query("timeline", signals=(signal,), by=clause.by, start=clause.start, end=clause.end))
                continue
            said = None if apart and word == words[0] else statistic
            usual = None if signal.name == "straightness" else "max" if signal.name == "path_length" else "mean"
            queries.append(
                Query("value", body=over, signals=(signal,), statistic=said or usual, by=clause.by, unit=unit)
            )
    return queries


def _without_bare_moving(items: list[Item]) -> list[Item]:
    """How far does it travel, how straight does it walk: the verb says nothing more; ``while moving`` does."""
    return [
        item
        for at, item in enumerate(items)
        if not (item.is_("behaviour") and item["behaviour"] == "moving")
        or any(each.is_("and", "during") for each in items[max(0, at - 3) : at])
    ]


def _asks_for_size(answer: str, items: list[Item]) -> bool:
    first = next((at for at, item in enumerate(items) if item.is_("signal", "column")), None)
    if first is None or any(item.is_("adjective", "within", "percentile", "percent", "smooth") for item in items):
        return False
    for at, item in enumerate(items):
        follows = any(each.is_("number") for each in items[at + 1 : at + 3])
        if item.is_("compare") and not (item.is_("statistic") and not follows):
            return False
        if item.is_("number") and not (isinstance(item["number"], Quantity) and item["number"].dimension == "time"):
            return False
    if any(item.is_("behaviour") and not item.is_("signal") for item in items[:first]):
        return False
    plain = ("list", "longest", "total_time", "first", "last", "timeline")
    return answer in plain or any(item.is_("statistic") for item in items)


def _only_asks(item: Item) -> bool:
    return item.is_("intent") and not item.is_("in", "first", "last")


def _over(clause: Clause, names: Names) -> Body | None:
    """When the signal is looked at: events, a stretch of time, or both at once."""
    if clause.body is None and (clause.shortest or clause.longest):
        length = clause.shortest or clause.longest
        raise Ambiguous(f"what is to last {length}?", ["average speed between 30 s and 60 s"])
    if clause.start is None and clause.end is None:
        return clause.events
    start, end = clause.start or Quantity(0, "s"), clause.end or Quantity(round(names.seconds, 6), "s")
    stretch = Call("in_time", (("start", start), ("end", end)))
    return stretch if clause.events is None else And((clause.events, stretch))


def _signal_of(word: SignalWord | str, parts: list[str]) -> Call:
    if isinstance(word, str):
        return Call("column", (("name", word),))
    if word.name == "dist" and parts:
        return Call("dist", (("part", parts[0]), ("to", parts[1] if len(parts) > 1 else parts[0])))
    return Call(word.name, (("parts", tuple(parts)),) if word.parts and parts and word.name != "dist" else ())


def _unit_asked(items: list[Item]) -> tuple[str | None, list[Item]]:
    """``in cm/s``: the unit that the answer should be in; its words are left out."""
    text = [item.text.lower() for item in items]
    for at, word in enumerate(text):
        if word in ("cm", "px", "mm", "bl", "pixels", "centimetres", "centimeters", "deg", "degrees", "body"):
            symbol = {"pixels": "px", "centimetres": "cm", "centimeters": "cm", "degrees": "deg", "body": "bl"}.get(
                word, word
            )
            end = at + 1 + (word == "body")
            rest = text[end : end + 2]
            if len(rest) == 2 and rest[0] in ("/", "per") and rest[1] in ("s", "sec", "second"):
                symbol, end = f"{symbol}/s", end + 2
            if symbol in UNITS:
                first = at - 1 if at and text[at - 1] in ("in", "as") else at
                return symbol, [*items[:first], *items[end:]]
    return None, items


def _versus(items: list[Item]) -> list[list[Item]]:
    groups: list[list[Item]] = [[]]
    for at, item in enumerate(items):
        placed = any(each.is_("in") for each in groups[-1])
        following = next((each for each in items[at + 1 :] if set(each.means) != {"stop"}), None)
        again = placed and item.is_("and") and following is not None and following.is_("in", "region")
        if item.is_("versus") or again:
            groups.append([])
        else:
            groups[-1].append(item)
    first_in = next((item for item in groups[0] if item.is_("in", "out")), None)
    for group in groups[1:]:  # in the open arm versus the closed arm
        if (
            first_in is not None
            and not any(item.is_("in", "out", "enter", "exit") for item in group)
            and any(item.is_("region") for item in group)
        ):
            group.insert(0, first_in)
    return [group for group in groups if group]


def _cells(items: list[Item], sentence: str) -> str:
    if re.search(r"\b(how long|time spent|total time|duration|longest|most time)\b", sentence, re.I):
        return "total_time"
    if re.search(r"\bper minute\b", sentence, re.I):
        return "rate"
    return "count"


def _is_of_pairs(body: Body) -> bool:
    from bitflow.events.language.vocabulary import operator

    return any(
        (isinstance(node, Named) and node.name in OF_PAIRS)
        or (isinstance(node, Call) and operator(node.name).axes == "pair")
        for node in walk(body)
    )


def _meaning(text: str, names: Names, imported: bool, notes: list[str]) -> Body:
    """What a definition means."""
    reading = read(text, names)
    notes += reading.notes
    items = list(reading.items)
    _refuse_impossible(items)
    clause = temporal([item for item in items if not _is_intent(item, "list")], names, imported=imported)
    notes += clause.notes
    if clause.events is None:
        raise Ambiguous(f"what {text.strip()!r} means was not understood", ["nose in ROI1 for at least 20 frames"])
    return clause.events


def _nothing(items: list[Item], sentence: str) -> Refusal:
    left = [item.text for item in items if item.is_("unknown")]
    if left:
        return Ambiguous(
            f"these words were not understood: {', '.join(map(repr, left))}", ["name a behaviour, a signal or a region"]
        )
    return Ambiguous(
        "no behaviour, signal or region was named", ["when does mouse1 chase mouse2?", "how long is the nose in ROI1?"]
    )
