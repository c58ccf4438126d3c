"""Whether a program says all that its question says: a word that changes the meaning and left no trace is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import (
    And,
    Bouts,
    Call,
    Compare,
    Definition,
    Named,
    Not,
    Or,
    Percentile,
    Query,
    Then,
    walk,
)
from bitflow.events.language.units import Quantity
from bitflow.events.language.vocabulary import operator
from bitflow.models.asking.animals.lexicon import OF_PAIRS
from bitflow.models.asking.item import Item

#: Kinds of which a word may also be, which then need not show: a name is looked for under its own kind.
_OTHERWISE = ("stop", "region", "part", "animal", "label", "column", "percent")

#: An answer, and those that also say it.
_SAID_BY = {
    "count": ("rate", "matrix", "latency", "transitions", "describe", "total_time"),
    "total_time": ("latency", "longest", "fraction", "mean_duration", "matrix", "value"),
    "rate": ("matrix", "count"),
    "fraction": ("matrix",),
    "mean_duration": ("matrix",),
    "longest": ("value",),
    "latency": (),
    "transitions": (),
    "matrix": (),
    "trajectory": ("describe",),
    "occupancy": ("list", "count", "total_time", "fraction", "rate", "mean_duration", "longest"),
}

#: Words that narrow or widen what is asked, and that no program says.
_NARROWING = re.compile(
    r"\b(?:only|solely|exclusively|except|excluding|apart from|other than|unless|instead|neither|nor|twice"
    r"|hardly|barely|(?:sorted|ordered|ranked|ranking) (?:by|from|in|according)|sort (?:them )?by"
    r"|(?:ends?|ended|ending|starts?|started|begins?|began) (?:in|with)\b"
    r"|(?:second|third|fourth|fifth|next|\w+th) (?:longest|shortest|fastest|slowest|highest|lowest|largest|smallest"
    r"|most)"
    r"|(?:exactly|precisely|about|approximately|approx|roughly|around|almost|nearly|circa|ca\.?) "
    r"(?=\d|one\b|two\b|three\b|four\b|five\b|ten\b|half\b)(?!\d+(?:\.\d+)?(?:st|nd|rd|th)))",
    re.I,
)

#: How one time, number or event stands to another: no program of events says that.
_RELATED = re.compile(
    r"\bbetween (?:the )?(?:first|second|last|two|successive|consecutive|one|each|its) (?!\d|noses|tails|heads"
    r"|mice|animals)\w+"
    r"|\b(?:fraction|share|percentage|percent|proportion|%) of (?:the |all |its |his |her |their )*(?:\w+ )?"
    r"(?:chases|approaches|bouts|episodes|entries|exits|visits|rears|contacts|events|turns|freezes|sniffs|huddles)\b"
    r"|\bbetween (?:the |its |two |successive )*(?:\w+ )?"
    r"(?:chases|approaches|bouts|episodes|entries|exits|visits|rears|contacts|events|turns|freezes|sniffs)\b"
    r"|\bhow close (?=.*\bgets?\b)(?!.*(?:minimum|closest|smallest|least))"
    r"|\bevery (?:second|third|other|fourth)\b"
    r"|\b(?:first|last|initial|final) (?:two|three|four|five|ten|\d+) (?!s\b|sec|min|hour|frame|percent|%)\w+"
    r"|\b(?:time|latency|delay|interval|long|duration) from\b(?=.* to )"
    r"|\bbetween [\d.]+ ?\w* ?(?:and|to) [\d.]+ ?\w+ (?:after|before|later|following|of)\b"
    r"|\bplus (?:the )?(?:time|number|count)"
    r"|\b(?:which (?:mouse|animal|rat|one)|the (?:mouse|animal|rat|one) (?:that|which"
    r"|who))\b(?=.*\b(?:longest|most|least|first|fastest|slowest|more|less)\b)",
    re.I,
)
_LAST = re.compile(r"\blast (?!on average|at (?:the )?(?:most|least))(?=(?:in|on|at|inside|seen|time)\b|\w+ed\b)", re.I)
_BY_ORDER = re.compile(
    r"\b(?:before|after|until|till|since|following|from|prior to) (?:the |its |their |his |her )*"
    r"(?:first|second|third|last|final)\b(?! (?:\d|minute|hour|half|frame|\w+ (?:s|seconds|minutes)))",
    re.I,
)
#: What opens a clause whose animal is no part of the one before.
_OPENS_CLAUSE = ("when", "whenever", "where", "which", "while", "whilst")
#: How many animals, not how many times.
_HEADS = re.compile(
    r"\b(?:number|count) of (?:different |distinct |the )?(?:mice|animals|rats|individuals)(?= (?:in|on|at"
    r"|inside|within|that"
    r"|which|who|[a-z]+ing)\b)|\bhow many (?:different |distinct )?(?:mice|animals|rats|individuals)\b"
    r"|\blongest (?:in total|altogether)\b",
    re.I,
)
_KINDS = r"(?:total|mean|average|median|longest|shortest|maximum|minimum|rate|frequency|latency|number|count)"
_TWO_ANSWERS = re.compile(rf"\b{_KINDS},? (?:and|or|plus|as well as) (?:the |its )?{_KINDS}\b", re.I)
#: Answers that are of events' own times, which two events after each other have none of.
_OF_DURATION = ("total_time", "fraction", "mean_duration", "longest", "latency")


def refuse_unsaid(
    sentence: str, items: Sequence[Item], queries: Sequence[Query], definitions: Iterable[Definition] = ()
) -> None:
    """Refuse a program that leaves out an animal, a number, a negation or an alternative of its question.

    Raises
    ------
    Ambiguous
        With the words that left no trace.
    """
    nodes = [node for query in queries for node in walk(query)]
    said = _Said(queries, [*nodes, *(node for each in definitions for node in walk(each))])
    left = [item.text for item in items if said.lacks(item)]
    left += [found.group().strip() for found in _NARROWING.finditer(sentence)]
    if "matrix" not in said.answers:
        left += [found.group().strip() for found in _RELATED.finditer(sentence)]
    if "latency" not in said.answers:
        left += [found.group().strip() for found in _BY_ORDER.finditer(sentence)]
    if not said.answers & {"last", "matrix"} and "last" not in said.words:
        left += [found.group().strip() for found in _LAST.finditer(sentence)]
    if "describe" not in said.answers:
        left += [found.group().strip() for found in _HEADS.finditer(sentence)]
    if len(queries) == 1:
        left += [found.group().strip() for found in _TWO_ANSWERS.finditer(sentence)]
    left += said.at_odds()
    left += _whose(items, said)
    if left:
        words = ", ".join(repr(word) for word in dict.fromkeys(left))
        raise Ambiguous(f"these words were not understood: {words}", ["say it without them, or in other words"])


def _whose(items: Sequence[Item], said: _Said) -> list[str]:
    """Chases when mouse2 is in the corner: mouse2 is no target by that, and its statement is its own."""
    found: list[str] = []
    for at, item in enumerate(items):
        opened = at > 1 and item.is_("animal") and items[at - 1].text.lower().split()[-1] in _OPENS_CLAUSE
        pairs = [each.is_("behaviour") and each["behaviour"] in OF_PAIRS for each in items]
        if opened and any(pairs[:at]) and not any(pairs[at:]) and item["animal"] in said.only_targets:
            found.append(f"{items[at - 1].text} {item.text}")
    return found


class _Said:
    """What a program says."""

    def __init__(self, queries: Sequence[Query], nodes: list[Any]):
        self.answers = {query.answer for query in queries}
        self.queries = queries
        calls = [node for node in nodes if isinstance(node, Call)]
        named = [node for node in nodes if isinstance(node, Named)]
        self.words: set[str] = {call.name for call in calls if call.name in ("first", "last", "nth")}
        self.words |= {value for call in calls for _, value in call.arguments if isinstance(value, str)}
        self.words |= {each for node in named for each in (node.name, node.actor, node.target) if each}
        self.words |= {query.by for query in queries if query.by}
        self.numbers = {round(node.base, 6) for node in nodes if isinstance(node, Quantity)}
        self.numbers |= {node.rank for node in nodes if isinstance(node, Percentile)}
        self.numbers |= {100 - node.rank for node in nodes if isinstance(node, Percentile)}
        self.numbers |= {float(query.at_least) for query in queries if query.at_least}
        self.denied = any(isinstance(node, Not) for node in nodes) or "still" in self.words
        self.either = any(isinstance(node, Or) for node in nodes) or "any" in self.words
        self.moved = {call.name for call in calls if call.name in ("enter", "exit")}
        self.paired = any(node.name in OF_PAIRS for node in named) or any(
            operator(c.name).axes == "pair" for c in calls
        )
        self.follows = any(isinstance(node, Then) for node in nodes)
        self.compares = any(isinstance(node, Compare | Bouts) for node in nodes)
        self.timed = any(query.start or query.end for query in queries) or any(call.name == "in_time" for call in calls)
        done = {node.actor for node in named} | {query.by for query in queries} | {"any", "each", "all"}
        self.only_targets = {node.target for node in named if node.target} - done
        self.statistics = {query.statistic for query in queries if query.statistic}

    def at_odds(self) -> list[str]:
        """What a program cannot mean: an actor who is another, how long an entry lasts, how long one after another."""
        found: list[str] = []
        for query in self.queries:
            nodes = list(walk(query))
            actors = {node.actor for node in nodes if isinstance(node, Named) and node.actor}
            if query.by not in (None, "any", "each", "all") and actors - {query.by}:
                found += sorted(actors)
            if query.answer in _OF_DURATION and isinstance(query.body, Then):
                found.append("then")
            for node in nodes:  # chases where mouse1 chases mouse3: one behaviour, said twice
                same = [each.name for each in node.all if isinstance(each, Named)] if isinstance(node, And) else []
                found += [name for name in set(same) if same.count(name) > 1]
            entries = [node for node in nodes if isinstance(node, Bouts) and isinstance(node.body, Call)]
            found += [node.body.name for node in entries if node.body.name in ("enter", "exit")]  # type: ignore[union-attr]
        return found

    def lacks(self, item: Item) -> bool:
        """Whether the program lacks what an item says."""
        if item.is_("animal"):
            return item["animal"] not in self.words
        if item.is_("number") and isinstance(item["number"], Quantity):
            number = item["number"]
            return round(number.value if number.unit == "%" else number.base, 6) not in self.numbers
        if item.is_(*_OTHERWISE):
            return False
        if (item.is_("not") and not item.is_("compare", "behaviour")) or item.text.lower().startswith("not in"):
            return not self.denied
        if item.is_("enter", "exit") and re.match(r"(?:enter|entry|exit|leav|depart)", item.text, re.I):
            return not self.moved & {kind for kind in ("enter", "exit") if item.is_(kind)}
        if item.is_("each other") and re.search(r"other", item.text, re.I):
            return not (self.paired or "matrix" in self.answers or "any" in self.words)
        if item.is_("or") and item.text.lower() == "or":
            return not (self.either or len(self.queries) > 1)
        if item.is_("then", "after", "soon after") and not item.is_("behaviour"):
            return not (self.follows or self.timed)
        if item.is_("intent") and item["intent"] in _SAID_BY and not item.is_("statistic", "compare", "first", "last"):
            return not self.answers & {item["intent"], *_SAID_BY[item["intent"]]}
        return False
