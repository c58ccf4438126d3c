"""Questions about a signal's size: average speed in the open arm, greatest distance, speed over time."""

from __future__ import annotations

import re
from itertools import pairwise

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import And, Body, Call, Query
from bitflow.events.language.units import UNITS, Quantity
from bitflow.models.asking.animals.clauses import Clause, clause_of
from bitflow.models.asking.animals.lexicon import SignalWord
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.item import Item

_LEAST = re.compile(r"\b(min|minimum|minimal|smallest|shortest|least) (distance|dist|separation|gap)\b", re.I)


def sizes(
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
        if any(item.is_("part") and (item["part"] == "centre" or not item.is_("region")) for item in items):
            words = [SignalWord("dist", parts=True)]  # between their centres, between the noses
    if (
        statistic is None
        and answer == "list"
        and re.match(r"\W*(?:when|at what|list|how (?:often|many))\b", sentence, re.I)
    ):
        raise Ambiguous("a signal and no number that it is held against", ["when is the speed above 5 cm/s?"])
    first = next((at for at, item in enumerate(items) if item.is_("signal", "column", "statistic")), 0)
    apart = len(words) > 1 and not items[first].is_("statistic")  # straightness and mean speed
    rest = [item for item in items if not (item.is_("signal", "column", "statistic") or _only_asks(item))]
    if re.search(r"\bcompar", sentence, re.I):
        joins = ("with", "and", "to")
        rest = [Item({"versus": ""}, item.text) if item.text.lower() in joins else item for item in rest]
    rest = _without_bare_moving(rest)
    unit, rest = _unit_asked(rest)
    queries: list[Query] = []
    away = _region_away(rest) if words == [SignalWord("dist", parts=True)] else None
    if away is not None:
        rest = [item for item in rest if item is not away]
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
            if away is not None:
                signal = Call("region_dist", (("part", parts[0] if parts else "centre"), ("region", away["region"])))
            if answer == "timeline":
                queries.append(
                    Query("timeline", signals=(signal,), by=clause.by, unit=unit, start=clause.start, end=clause.end)
                )
                continue
            said = None if apart and word == words[0] else statistic
            usual = None if signal.name == "straightness" else "max" if signal.name == "path_length" else "mean"
            queries.append(
                Query("value", body=over, signals=(signal,), statistic=said or usual, by=clause.by, unit=unit)
            )
    return queries


def _region_away(items: list[Item]) -> Item | None:
    """The region that a distance is to: distance from the nose to ROI0."""
    for at, item in enumerate(items):
        before = next((each for each in reversed(items[:at]) if set(each.means) != {"stop"}), None)
        if item.is_("part") and at > 1 and items[at - 2].is_("part"):
            continue  # centre to centre
        near = items[at - 1].text.lower() if at else ""
        if item.is_("region") and (
            near in ("to", "from") or (before is not None and before.text.lower() in ("to", "from"))
        ):
            return item
    return None


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
    if word.name == "path_length" and parts:
        return Call("path_length", (("part", parts[0]),))
    if parts and parts != ["centre"] and not word.parts:
        raise Ambiguous(f"{word.name} is of no part: {', '.join(parts)}", [f"{word.name} alone"])
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
    if len(groups) == 1 and not any(item.is_("in", "out", "enter", "exit") for item in items):
        regions = [at for at, item in enumerate(items) if item.is_("region")]
        between = [items[a + 1 : b] for a, b in pairwise(regions)]
        if len(regions) > 1 and all(any(each.is_("mark", "and") for each in some) for some in between):
            rest = [item for at, item in enumerate(items) if at not in regions and not item.is_("mark", "and")]
            return [[Item({"in": ""}, "in"), items[at], *rest] for at in regions]  # open arm, closed arm
    first_in = next((item for item in groups[0] if item.is_("in", "out")), None)
    for group in groups[1:]:  # in the open arm versus the closed arm
        if (
            first_in is not None
            and not any(item.is_("in", "out", "enter", "exit") for item in group)
            and any(item.is_("region") for item in group)
        ):
            group.insert(0, first_in)
    return [group for group in groups if group] or [[]]
