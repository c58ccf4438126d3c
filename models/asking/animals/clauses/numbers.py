"""Numbers of a clause that are neither a range nor a duration: bounds, shares, ranks, windows of smoothing."""

from __future__ import annotations

from bitflow.events.language.tree import Call, Compare, Percentile
from bitflow.events.language.units import Quantity
from bitflow.events.language.vocabulary import operator
from bitflow.models.asking.animals.clauses.signals import called, compare, named_after, signal_of, trailing_comparison
from bitflow.models.asking.animals.clauses.spans import TIME, UP_TO, keep_duration, read_range
from bitflow.models.asking.animals.clauses.state import State
from bitflow.models.asking.animals.lexicon import SignalWord
from bitflow.models.asking.item import Item

_REPEATED = ("every", "each", "per")


def read_number(clause: State, item: Item) -> None:
    """A number: a bound, a duration, the edge of a range, or how many animals."""
    number = item["number"]
    after = clause.peek()
    if after is not None and after.is_("smooth") and isinstance(number, Quantity) and number.unit in TIME:
        clause.found.smooth = number  # a 15 frame smoothing window
        clause.at += 2
        return
    if isinstance(number, Quantity) and number.unit in TIME:
        if clause.at and clause.items[clause.at - 1].text.lower() in _REPEATED:
            clause.leftover.append(f"{clause.items[clause.at - 1].text} {item.text}")  # chases every 10 s
            return
        if clause.compare is None and after is not None and after.text.lower() in UP_TO and clause.number_follows(1):
            clause.at -= 1  # 30 to 60 seconds
            return read_range(clause)
        trailing = trailing_comparison(clause)
        op = clause.compare or trailing or (">=" if not item.is_("clock") else None)
        if op is None:
            clause.leftover.append(item.text)
            return
        if trailing is not None and clause.compare is None:
            clause.at += 2
        keep_duration(clause, op, number)
        clause.compare = None
        return
    trailing = trailing_comparison(clause)
    op = clause.compare or trailing
    if clause.said and isinstance(number, Quantity) and _of_another(clause, number):
        clause.signal, clause.said, clause.parts, clause.compared = None, False, [], []
    usual = clause.signal is None or clause.said or clause.signal == SignalWord("dist", parts=True)
    if op is not None and usual and (named := named_after(clause)) is not None:
        clause.signal = named
    if clause.signal is None and isinstance(number, Quantity):
        clause.signal = signal_of(clause, number)
    if trailing and clause.compare is None:
        clause.at += 2
    if op is None and after is not None and after.text.lower() in UP_TO and clause.number_follows(1):
        clause.at -= 1  # 50 to 260 px apart
        return read_range(clause)
    if clause.signal is None or op is None:
        if clause.compare in ("<", "<=") and (item.is_("mice") or (after is not None and after.is_("mice"))):
            clause.leftover.append(item.text)  # fewer than two mice
            return
        if item.is_("mice") or (after is not None and after.is_("mice")):
            more = clause.compare == ">"
            clause.found.at_least = int(number) + more if not isinstance(number, Quantity) else None
            clause.found.counted = clause.compare is not None
            if after is not None and after.is_("mice"):
                clause.at += 2
            clause.compare = None
            return
        clause.leftover.append(item.text)
        return
    compare(clause, op, number)


def _of_another(clause: State, number: Quantity) -> bool:
    """Head angle below 30 degrees and at more than 90 px/s: the second number is of no angle, but of a speed."""
    word = clause.signal
    if not isinstance(word, SignalWord) or operator(word.name).dimension in (None, number.dimension):
        return False
    apart = any(
        each.text.lower() in ("apart", "away", "distant") for each in clause.items[clause.at + 1 : clause.at + 4]
    )
    return number.dimension == "speed" or (number.dimension == "length" and apart)


def read_within(clause: State, item: Item) -> None:
    """``within 5 s``, ``within 40 px``."""
    number = clause.next_number()
    if number is None:
        if not item.is_("stop"):
            clause.leftover.append(item.text)
        return
    clause.at = clause.items.index(number, clause.at)
    value = number["number"]
    if isinstance(value, Quantity) and value.unit in TIME:
        clause.found.within = value
        clause.at += 1
        return
    word = clause.signal or SignalWord("dist", parts=True)
    if isinstance(word, SignalWord) and word.name not in ("dist", "closest", "head_angle", "body_angle"):
        clause.leftover.append(item.text)
        clause.at += 1
        return
    clause.signal = word
    compare(clause, "<", value)
    clause.signal = None
    clause.at += 1


def read_share(clause: State, item: Item) -> None:
    """``the fastest 10 %``."""
    number = clause.next_number()
    share = number["number"] if number is not None else None
    value = (
        share.value
        if isinstance(share, Quantity) and share.unit == "%"
        else share
        if isinstance(share, float)
        else None
    )
    if number is None or value is None:
        clause.leftover.append(item.text)
        return
    clause.at = clause.items.index(number, clause.at) + 1
    if clause.at < len(clause.items) and clause.items[clause.at].text in ("%", "percent"):
        clause.at += 1
    fast = not item.text.lower().startswith("slow")
    clause.add(Compare(">" if fast else "<", Call("speed"), Percentile(100 - value if fast else value)))


def read_rank(clause: State, item: Item) -> None:
    """``above the 90th percentile``."""
    if clause.signal is None and clause.compare is not None:  # above the 90th percentile of speed
        following = next((n for n in (1, 2, 3) if (each := clause.peek(n)) is not None and each.is_("signal")), None)
        if following and all(set(clause.items[clause.at + n].means) == {"stop"} for n in range(1, following)):
            clause.signal = clause.items[clause.at + following]["signal"]
            del clause.items[clause.at + following]
    if clause.signal is None or clause.compare is None:
        clause.leftover.append(item.text)
        return
    clause.add(Compare(clause.compare, called(clause, clause.signal), Percentile(item["percentile"])))  # type: ignore[arg-type]
    clause.signal = clause.compare = None


def read_smoothing(clause: State) -> None:
    """A window of smoothing, a few words after or before its number."""
    for ahead in range(1, 6):
        item = clause.peek(ahead)
        if item is None or (item.is_("and", "behaviour", "signal", "region") and item.text.lower() != "with"):
            break
        if item.is_("number"):
            value = item["number"]
            clause.found.smooth = value if isinstance(value, Quantity) else Quantity(value, "f")
            clause.at += ahead + 1
            return
    if clause.found.smooth is None:
        clause.leftover.append(clause.items[clause.at].text)
