"""The items of a clause, one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Call, Compare, Or
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.clauses.assembly import finish, joined_body, take_out_actor
from bitflow.models.asking.animals.clauses.doings import distance_follows, read_behaviour, speed_follows, touch_follows
from bitflow.models.asking.animals.clauses.numbers import (
    read_number,
    read_rank,
    read_share,
    read_smoothing,
    read_within,
)
from bitflow.models.asking.animals.clauses.places import entry_follows, in_region, is_place, read_place
from bitflow.models.asking.animals.clauses.signals import read_comparison, read_signal
from bitflow.models.asking.animals.clauses.spans import (
    duration_follows,
    is_range,
    read_duration,
    read_range,
    read_time_words,
)
from bitflow.models.asking.animals.clauses.state import Clause, State
from bitflow.models.asking.animals.lexicon import SignalWord
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.item import Item

#: What must have been of use: a question that is answered without it is another question.
_NEVER_IDLE = ("first", "last", "ordinal", "window", "soon after", "versus", "colour")
_BORDERS = re.compile(r"recording|video|beginning", re.I)


def clause_of(items: Sequence[Item], names: Names, *, imported: bool = False) -> Clause:
    """Read a clause.

    Parameters
    ----------
    imported
        Whether bare numbers are in AmadeusGPT's units: px, and px a frame over 30.

    Raises
    ------
    Refusal
        A word is left over, a number has no unit, or a name is not known.
    """
    return read_clause(State(items, names, imported))


def _step(clause: State, item: Item) -> None:
    if item.is_("smooth"):
        return read_smoothing(clause)
    if item.is_("percent"):
        return read_share(clause, item)
    if item.is_("behaviour") and distance_follows(clause, item["behaviour"]):
        return None  # nose to nose distance
    if item.is_("behaviour") and item.is_("part") and touch_follows(clause):
        return clause.parts.append(item["part"])  # rear sniffing
    if item.is_("behaviour"):
        if item["behaviour"] == "moving" and speed_follows(clause):
            return None  # moving at more than 5 cm/s says nothing more
        return read_behaviour(clause, item["behaviour"])
    if item.is_("label"):
        label = item["label"]
        return clause.add(Call("segment", (("label", label), ("table", clause.names.labels[label]))))
    if item.is_("adjective"):
        name, op = item["adjective"]
        clause.signal, clause.compare = SignalWord(name, parts=True), op
        return None
    if item.text.lower().startswith("overlap") and not any(each.is_("region", "unknown") for each in clause.items):
        return clause.add(Call("overlap"))
    if item.is_("out") and item.text.lower().startswith("not") and not is_place(clause, item):
        clause.negative = True  # not in contact
        return None
    if is_place(clause, item):
        return read_place(clause, item)
    if item.is_("signal") and not (item.is_("stop") and clause.signal is not None):
        return read_signal(clause, item["signal"])
    if item.is_("column"):
        clause.signal = item["column"]
        return None
    if item.is_("between") and is_range(clause):
        return read_range(clause)
    if item.is_("percentile"):
        return read_rank(clause, item)
    if item.is_("number"):
        return read_number(clause, item)
    if item.is_("within"):
        return read_within(clause, item)
    if item.is_("for") and duration_follows(clause):
        return read_duration(clause, ">=")
    if item.is_("compare"):
        return read_comparison(clause, item["compare"])
    if item.is_("not"):
        denied = clause.parts and clause.part_follows(0)
        clause.negative = not denied
        clause.denied = clause.parts if denied else clause.denied
        clause.parts = [] if denied else clause.parts
        return None
    if item.is_("or"):
        if clause.parts and clause.part_follows(0):
            clause.any_part = True
        elif not (item.text.lower() == "either" and clause.part_follows(0)):
            clause.link = "or"
        return None
    if item.is_("mark") and item["mark"] == "," and clause.link == "and":
        clause.link = ","
        return None
    if item.is_("first", "last", "window") and read_time_words(clause, item):
        return None
    if item.is_("closing"):
        return clause.add(Compare(">", Call("closing_speed"), Quantity(0, "px/s")))
    return _whom(clause, item)


def _whom(clause: State, item: Item) -> None:
    if item.is_("animal"):
        clause.animals.append((item["animal"], clause.by_stood))
        clause.by_stood = False
        following = clause.peek()
        clause.directed = clause.directed or (following is not None and following.is_("to"))
    elif item.is_("part") and (not item.is_("stop") or item.is_("region")) and not entry_follows(clause, item):
        clause.parts.append(item["part"])
    elif item.is_("each other"):
        clause.found.each_other = True
    elif item.is_("all"):
        clause.found.by = "all"
    elif item.is_("any"):
        clause.found.by = clause.found.by or "any"
    elif item.is_("each"):
        clause.found.by = "each"
    elif item.is_("by"):
        clause.by_stood = True
    elif item.is_("region"):
        clause.waiting.append(item["region"])
    elif item.is_("reverse"):
        clause.reversed = True
    elif clause.waiting and item.is_("in", "enter", "exit"):  # ROI0 visits
        how = next(kind for kind in ("enter", "exit", "in") if kind in item.means)
        bodies = [in_region(clause, how, ("centre",), region) for region in clause.waiting]
        if len(bodies) > 1 and clause.link != "or":
            raise Ambiguous(
                f"{', '.join(clause.waiting)}: in all of them at once, or in any?", [" or ".join(clause.waiting)]
            )
        clause.link = "and"
        clause.waiting = []
        clause.add(bodies[0] if len(bodies) == 1 else Or(tuple(bodies)))
    elif item.is_("unknown", "statistic", "then", "after", "percent"):
        if not item.is_("stop"):
            clause.leftover.append(item.text)
    elif (item.is_(*_NEVER_IDLE) and not item.is_("stop", "for", "statistic")) or (
        item.is_("end", "start") and _BORDERS.search(item.text)  # at the end of the recording: for how long?
    ):
        clause.leftover.append(item.text)


def read_clause(clause: State) -> Clause:
    """Read all items, and what they come to."""
    while clause.at < len(clause.items):
        before = clause.at
        _step(clause, clause.items[clause.at])
        if clause.at == before:
            clause.at += 1
    finish(clause)
    if clause.leftover:
        said = ", ".join(repr(word) for word in clause.leftover)
        raise Ambiguous(f"these words were not understood: {said}", ["say it without them, or in other words"])
    if len(clause.conditions) > 1:
        take_out_actor(clause)
    clause.found.body = joined_body(clause)
    return clause.found
