"""Signals of a clause, and the numbers that they are held against."""

from __future__ import annotations

from typing import Any

from bitflow.events.language.refusals import UnitMissing
from bitflow.events.language.tree import Call, Compare
from bitflow.events.language.units import EXAMPLES, Quantity
from bitflow.events.language.vocabulary import operator
from bitflow.models.asking.animals.clauses.state import State
from bitflow.models.asking.animals.lexicon import SignalWord

#: AmadeusGPT gives speeds as px a frame over 30: times 30 and the rate are px a second.
AMADEUS = 30.0


def read_signal(clause: State, word: SignalWord) -> None:
    """A signal, with the parts that it is of."""
    _settle(clause)
    clause.signal = word
    clause.compare = None
    ahead = 1
    if word.parts:  # distance from nose to tail base, speed of the nose
        after: list[str] = []
        while (item := clause.peek(ahead)) is not None and (
            item.is_("part")
            or (item.is_("stop", "between", "to", "each other", "and") and not item.is_("number", "signal", "compare"))
        ):
            if item.is_("part"):
                after.append(item["part"])
            if item.is_("each other"):
                clause.found.each_other = True
            if item.is_("and") and not (clause.peek(ahead + 1) and clause.part_follows(ahead)):
                break
            if item.is_("between") and clause.number_follows(ahead):
                break
            ahead += 1
        clause.parts += after
        clause.at += ahead


def called(clause: State, word: SignalWord | str) -> Call:
    """The signal that was named, of the parts that were named."""
    if isinstance(word, str):
        return Call("column", (("name", word),))
    parts = list(dict.fromkeys(clause.parts))
    clause.parts = []
    given: dict[str, Any] = {}
    if word.name == "dist" and parts:
        given = {"part": parts[0], "to": parts[1] if len(parts) > 1 else parts[0]}
    elif word.parts and parts:
        given = {"parts": tuple(parts)}
    elif parts and parts != ["centre"]:
        clause.leftover += parts
    return Call(word.name, tuple(given.items()))


def read_comparison(clause: State, op: str) -> None:
    """More than, at most: kept for the number."""
    clause.compare = op
    number = clause.next_number()
    if number is None and clause.signal is None:
        clause.leftover.append(clause.items[clause.at].text)


def named_after(clause: State, ahead: int = 1) -> SignalWord | None:
    """Under 30 degrees of head angle, closer than 40 px (closest distance): the signal that follows its number."""
    while (item := clause.peek(ahead)) is not None and item.is_("stop", "in") and not item.is_("signal", "region"):
        ahead += 1
    if item is None or not item.is_("signal") or item.is_("behaviour"):
        return None
    after = ahead + 1
    while (then := clause.peek(after)) is not None and then.is_("stop") and not then.is_("number", "between"):
        after += 1
    if then is not None and (then.is_("compare", "number", "between", "percentile", "part", "within")):
        return None
    del clause.items[clause.at + ahead]
    return item["signal"]


def trailing_comparison(clause: State) -> str | None:
    """``5 cm/s or more``."""
    after = clause.peek()
    return after["compare"] if after is not None and after.is_("compare") and after.text.startswith("or ") else None


def signal_of(clause: State, number: Quantity) -> SignalWord | None:
    """A speed is that of the animal, so many px apart are a distance; other numbers need to be told of what."""
    if number.dimension == "length" and _off_follows(clause):
        return SignalWord("dist", parts=True)
    for ahead in range(1, 4):
        item = clause.peek(ahead)
        if number.dimension == "length" and item is not None and item.text.lower() in ("apart", "away", "distant"):
            del clause.items[clause.at + ahead]
            return SignalWord("dist", parts=True)
    return SignalWord("speed", parts=True) if number.dimension == "speed" else None


def _off_follows(clause: State) -> bool:
    """Less than 2 cm from obj28, away from the corner, of mouse2."""
    ahead = 1
    while (item := clause.peek(ahead)) is not None and item.text.lower() in ("away", "off", "distant", "away from"):
        ahead += 1
    while ahead > 1 and item is not None and set(item.means) == {"stop"}:
        item = clause.peek(ahead := ahead + 1)
    if item is None or item.text.lower() not in ("from", "of", "off", "to"):
        return ahead > 1 and item is not None and item.is_("region", "animal", "each other")
    while (item := clause.peek(ahead := ahead + 1)) is not None and set(item.means) == {"stop"}:
        pass
    return item is not None and item.is_("region", "animal", "each other")


def compare(clause: State, op: str, number: Quantity | float) -> None:
    """The signal held against a number."""
    word = clause.signal
    assert word is not None
    turning = isinstance(number, Quantity) and number.dimension == "angular speed"
    if word == SignalWord("speed", parts=True) and turning and not clause.parts:
        word = SignalWord("ang_speed", absolute=True)  # rotates faster than 90 degrees a second
    region = _across(clause, word)
    signal = called(clause, word) if region is None else _from_region(clause, region)
    quantity = with_unit(clause, signal, number)
    size = isinstance(word, SignalWord) and word.absolute and quantity.value >= 0
    of: Any = Call("abs", (("of", signal),)) if size else signal
    clause.add(Compare(op, of, quantity))  # type: ignore[arg-type]
    clause.compare = None
    clause.signal = word  # "less than 260 and more than 50": the same signal again
    clause.parts = _parts_of(clause, signal)
    clause.compared = list(clause.parts)
    clause.said = True


def _across(clause: State, word: SignalWord | str) -> str | None:
    """Within 15 px of another's tail base, closer than 50 px to the corner: what the distance is to.

    A part is taken to the clause, a region is returned; nothing is taken that might begin another statement.
    """
    ahead = 1
    if not (isinstance(word, SignalWord) and word.name == "dist") or len(set(clause.parts)) > 1:
        return None
    if (item := clause.peek()) is None or item.text.lower() not in ("of", "from", "to", "off", "away from"):
        return None
    idle = ("stop", "to", "between", "each other", "any", "in")
    while (item := clause.peek(ahead)) is not None and not item.is_("part", "region"):
        away = item.text.lower().startswith(("away", "off"))
        if not (away or item.is_(*idle)) or item.is_("number", "and", "or", "compare"):
            return None
        ahead += 1
    if item is None or (item.is_("part") and not item.is_("region") and len(clause.parts) != 1):
        return None
    if any(each.is_("each other") for each in clause.items[clause.at + 1 : clause.at + ahead]):
        clause.found.each_other = True
    del clause.items[clause.at + 1 : clause.at + ahead + 1]
    if item.is_("region"):
        return item["region"]
    clause.parts.append(item["part"])
    return None


def _from_region(clause: State, region: str) -> Call:
    part = clause.parts[0] if clause.parts else "centre"
    clause.parts = []
    return Call("region_dist", (("part", part), ("region", region)))


def _parts_of(clause: State, signal: Call) -> list[str]:
    if signal.name == "dist" and signal.arguments:
        return [signal["part"], signal["to"]]
    return list(signal["parts"]) if signal.name == "speed" and signal.arguments else []


def with_unit(clause: State, signal: Call, number: Quantity | float) -> Quantity:
    """A number in the unit of its signal."""
    if isinstance(number, Quantity):
        return number
    dimension = operator(signal.name).dimension or ""
    if dimension == "angle":
        return Quantity(number, "deg")
    if dimension == "ratio" or (signal.name == "column" and not dimension):
        return Quantity(number)
    if clause.imported and dimension == "length":
        clause.found.notes.append(f"{number:g} was read as {number:g} px")
        return Quantity(number, "px")
    if clause.imported and dimension == "speed":
        px = round(number * AMADEUS * clause.names.rate, 6)
        clause.found.notes.append(
            f"{number:g} was read in AmadeusGPT's unit (px a frame, over 30): {px:g} px/s at "
            f"{clause.names.rate:g} frames a second"
        )
        if abs(px) > 1000:
            clause.found.notes.append(f"{px:g} px/s is more than an animal moves: check the number")
        return Quantity(px, "px/s")
    options = EXAMPLES.get(dimension, ("s",))
    raise UnitMissing(
        f"{number:g} needs a unit: {signal.name} is a {dimension}", [f"{number:g} {unit}" for unit in options]
    )


def _settle(clause: State) -> None:
    """A signal that was compared may be forgotten when another comes; a part after it is of the one that comes."""
    if clause.signal is not None and not clause.said:
        word = clause.signal
        clause.leftover.append(word if isinstance(word, str) else word.name)
    clause.signal = None
    clause.parts = clause.parts[len(clause.compared) :]
    clause.compared = []
    clause.said = False
