"""Items of a clause as a statement or events of the event language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous, NeedsRegion, UnitMissing, UnknownName
from bitflow.events.language.tree import (
    And,
    Between,
    Body,
    Bouts,
    Call,
    Compare,
    Named,
    Not,
    Or,
    Percentile,
    Then,
    walk,
)
from bitflow.events.language.units import EXAMPLES, Quantity
from bitflow.events.language.vocabulary import operator
from bitflow.models.asking.lexicon import OF_PAIRS, SYMMETRIC, SignalWord
from bitflow.models.asking.names import Names
from bitflow.models.asking.reading import Item

#: AmadeusGPT gives speeds as px a frame over 30: times 30 and the rate are px a second.
AMADEUS = 30.0

#: The open arm, which is ROI0: one region in two words.
_RENAMING = ("which", "that", "called", "named", "defined")

#: Behaviours whose part that is touched makes another of them.
_TOUCHING = ("nose_to_body", "contact")

#: Words between the edges of a range.
_UP_TO = ("to", "-", "until", "till", "through")

_TIME = ("s", "ms", "min", "h", "f")


@dataclass
class Clause:
    """A body, and what was said beside it.

    Parameters
    ----------
    shortest, longest
        How long the events must last.
    smooth
        Window of a smoothing that was asked for.
    by, at_least, each_other
        Of whom; `counted` where so many were asked for in so many words: at least two.
    within
        A time that `then` was limited to.
    """

    body: Body | None = None
    shortest: Quantity | None = None
    longest: Quantity | None = None
    smooth: Quantity | None = None
    by: str | None = None
    at_least: int | None = None
    counted: bool = False
    each_other: bool = False
    within: Quantity | None = None
    start: Quantity | None = None
    end: Quantity | None = None
    regions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def events(self) -> Body | None:
        """The body with its durations and smoothing."""
        body = self.body
        if body is not None and self.smooth is not None:
            body = Call("smooth", (("of", body), ("by", "mean"), ("window", self.smooth)))
        if body is not None and (self.shortest is not None or self.longest is not None):
            body = Bouts(body, self.shortest, self.longest)
        return body


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
    return _Clause(items, names, imported).read()


def temporal(items: Sequence[Item], names: Names, *, imported: bool = False) -> Clause:
    """Read clauses joined by then, before, after; or by `and`, where one is to be within a time of the other.

    Raises
    ------
    Refusal
        A word is left over, or there are not two events to be within a time of each other.
    """
    rest = [item for item in items if not item.is_("later")]
    clause = _sequence(rest, names, imported=imported)
    later = len(rest) < len(items)
    if (clause.within is None and not later) or isinstance(clause.body, Then):
        return clause
    for at, item in enumerate(rest):  # enters the corner and freezes within 5 s
        if item.is_("and") and _says_something(rest[:at]) and _says_something(rest[at + 1 :]):
            first, second = (clause_of(part, names, imported=imported) for part in (rest[:at], rest[at + 1 :]))
            return _joined(first, second, second.within or first.within)
    raise Ambiguous("within what time of what?", ["freezing within 5 s after entering the corner"])


def _sequence(items: Sequence[Item], names: Names, *, imported: bool = False) -> Clause:
    for at, item in enumerate(items):
        if item.is_("then") and 0 < at < len(items) - 1 and _says_something(items[:at]):
            first = _sequence(items[:at], names, imported=imported)
            second = _sequence(items[at + 1 :], names, imported=imported)
            return _joined(first, second, first.within or second.within)
        if (item.is_("after", "soon after") or _within_of(items, at)) and at < len(items) - 1:
            rest = items[at + 1 :]
            if at == 0 or not _says_something(items[:at]):  # after entering the corner, does it freeze
                cut = next((n for n, each in enumerate(rest) if each.is_("mark") and each["mark"] == ","), None)
                if cut is None:
                    continue
                earlier, later = rest[:cut], [*items[:at], *rest[cut + 1 :]]
            else:
                earlier, later = rest, items[:at]
            first = _sequence(earlier, names, imported=imported)
            second = _sequence(later, names, imported=imported)
            within = second.within or first.within
            if within is None and item.is_("soon after"):
                within = Quantity(1, "s")
            return _joined(first, second, within)
    return clause_of(items, names, imported=imported)


def _within_of(items: Sequence[Item], at: int) -> bool:
    """Within 5 s of: after, and so soon."""
    within = at >= 2 and items[at - 2].is_("within") and items[at - 1].is_("number")
    return within and items[at].text.lower() == "of" and _says_something(items[at + 1 :])


def _says_something(items: Sequence[Item]) -> bool:
    return any(item.is_("behaviour", "signal", "region", "label", "adjective", "column") for item in items)


def _joined(first: Clause, second: Clause, within: Quantity | None) -> Clause:
    if first.events is None or second.events is None:
        raise Ambiguous(
            "two events are needed before and after `then`", ["freezing within 5 s after entering the corner"]
        )
    earlier, by = _without_actor(first.events)
    later, then_by = _without_actor(second.events)
    by, then_by = by or first.by, then_by or second.by
    target = next((node.target for node in walk(earlier) if isinstance(node, Named) and node.target), None)
    if isinstance(later, Named) and later.name in OF_PAIRS and later.target is None and target is not None:
        later = replace(later, target=target)
    named = [each for each in (by, then_by) if each not in (None, "any", "each", "all")]
    if len(set(named)) == 2:  # one does this, and then another that
        earlier, later = (
            Call("of", (("who", who), ("of", each))) for who, each in zip(named, (earlier, later), strict=True)
        )
        by = then_by = None
    joined = Clause(Then(earlier, later, within))
    joined.by = named[0] if len(set(named)) == 1 else by or then_by
    joined.at_least = first.at_least or second.at_least
    joined.each_other = first.each_other or second.each_other
    joined.start, joined.end = first.start or second.start, first.end or second.end
    joined.notes = [*first.notes, *second.notes]
    return joined


def _without_actor(body: Body) -> tuple[Body, str | None]:
    """A behaviour of one animal towards another without the actor, and the actor."""
    if isinstance(body, Named) and body.actor and body.target:
        return replace(body, actor=None), body.actor
    if isinstance(body, Bouts):
        inner, actor = _without_actor(body.body)
        return replace(body, body=inner), actor
    return body, None


class _Clause:
    def __init__(self, items: Sequence[Item], names: Names, imported: bool):
        self.items = list(items)
        self.names = names
        self.imported = imported
        self.at = 0
        self.found = Clause()
        self.conditions: list[tuple[str, Body]] = []
        self.link = "and"
        self.negative = False
        self.parts: list[str] = []
        self.animals: list[tuple[str, bool]] = []  # name, whether `by` stood before it
        self.signal: SignalWord | str | None = None
        self.signal_animals: list[str] = []
        self.compare: str | None = None
        self.leftover: list[str] = []
        self.by_stood = False
        self.waiting: list[str] = []
        self.reversed = False
        self.directed = False  # from mouse1 to mouse2

    def read(self) -> Clause:
        while self.at < len(self.items):
            before = self.at
            self._step(self.items[self.at])
            if self.at == before:
                self.at += 1
        self._finish()
        if self.leftover:
            said = ", ".join(repr(word) for word in self.leftover)
            raise Ambiguous(f"these words were not understood: {said}", ["say it without them, or in other words"])
        if len(self.conditions) > 1:
            self._take_out_actor()
        self.found.body = self._body()
        return self.found

    def _take_out_actor(self) -> None:
        """Mouse1 chases mouse2 in the corner: the corner is mouse1's, so that mouse1 is the actor of both."""
        actors = {body.actor for _, body in self.conditions if isinstance(body, Named) and body.actor and body.target}
        if len(actors) == 1 and self.found.by in (None, "any", *actors):
            self.found.by = next(iter(actors))
            self.conditions = [
                (link, replace(body, actor=None) if isinstance(body, Named) else body) for link, body in self.conditions
            ]

    def peek(self, ahead: int = 1) -> Item | None:
        return self.items[self.at + ahead] if self.at + ahead < len(self.items) else None

    # one item

    def _step(self, item: Item) -> None:
        if item.is_("smooth"):
            return self._smoothing()
        if item.is_("percent"):
            return self._percentile(item)
        if item.is_("behaviour") and item.is_("part") and self._touch_follows():
            return self.parts.append(item["part"])  # rear sniffing
        if item.is_("behaviour"):
            if item["behaviour"] == "moving" and self._speed_follows():
                return None  # moving at more than 5 cm/s says nothing more
            return self._behaviour(item["behaviour"])
        if item.is_("label"):
            label = item["label"]
            return self._add(Call("segment", (("label", label), ("table", self.names.labels[label]))))
        if item.is_("adjective"):
            name, op = item["adjective"]
            self.signal, self.compare = SignalWord(name, parts=True), op
            return None
        if self._is_place(item):
            return self._place(item)
        if item.is_("signal") and not (item.is_("stop") and self.signal is not None):
            return self._signal(item["signal"])
        if item.is_("column"):
            self.signal = item["column"]
            return None
        if item.is_("between") and self._is_range():
            return self._range()
        if item.is_("percentile"):
            return self._rank(item)
        if item.is_("number"):
            return self._number(item)
        if item.is_("within"):
            return self._within(item)
        if item.is_("for") and self._duration_follows():
            return self._duration(">=")
        if item.is_("compare"):
            return self._comparison(item["compare"])
        if item.is_("not"):
            self.negative = True
            return None
        if item.is_("or"):
            self.link = "or"
            return None
        if item.is_("mark") and item["mark"] == "," and self.link == "and":
            self.link = ","
            return None
        if item.is_("first", "last", "window") and self._time_words(item):
            return None
        if item.is_("closing"):
            return self._add(Compare(">", Call("closing_speed"), Quantity(0, "px/s")))
        return self._whom(item)

    def _whom(self, item: Item) -> None:
        if item.is_("animal"):
            self.animals.append((item["animal"], self.by_stood))
            self.by_stood = False
            following = self.peek()
            self.directed = self.directed or (following is not None and following.is_("to"))
        elif item.is_("part") and (not item.is_("stop") or item.is_("region")) and not self._entry_follows(item):
            self.parts.append(item["part"])
        elif item.is_("each other"):
            self.found.each_other = True
        elif item.is_("all"):
            self.found.by = "all"
        elif item.is_("any"):
            self.found.by = self.found.by or "any"
        elif item.is_("each"):
            self.found.by = "each"
        elif item.is_("by"):
            self.by_stood = True
        elif item.is_("region"):
            self.waiting.append(item["region"])
        elif item.is_("reverse"):
            self.reversed = True
        elif self.waiting and item.is_("in", "enter", "exit"):  # ROI0 visits
            how = next(kind for kind in ("enter", "exit", "in") if kind in item.means)
            bodies = [self._in_region(how, ("centre",), region) for region in self.waiting]
            if len(bodies) > 1 and self.link != "or":
                raise Ambiguous(
                    f"{', '.join(self.waiting)}: in all of them at once, or in any?", [" or ".join(self.waiting)]
                )
            self.link = "and"
            self.waiting = []
            self._add(bodies[0] if len(bodies) == 1 else Or(tuple(bodies)))
        elif item.is_("unknown", "statistic", "then", "after", "percent"):
            if not item.is_("stop"):
                self.leftover.append(item.text)
        elif (item.is_("first", "last", "window") and not item.is_("stop", "for")) or (
            item.is_("versus", "colour") and not item.is_("stop")
        ):
            self.leftover.append(item.text)

    def _entry_follows(self, item: Item) -> bool:
        """Center entries: the center is a region there, and no part of the body."""
        following = self.peek()
        return item.is_("region") and following is not None and following.is_("enter", "exit")

    def _speed_follows(self) -> bool:
        for ahead in range(1, 5):
            item = self.peek(ahead)
            if item is None or item.is_("and", "or", "mark", "behaviour", "signal"):
                return False
            if item.is_("number"):
                return isinstance(item["number"], Quantity) and item["number"].dimension == "speed"
        return False

    # regions

    def _is_place(self, item: Item) -> bool:
        """In, outside, entering, leaving: followed by a region, or by a word that must be one."""
        following = self.peek()
        if not item.is_("in", "out", "enter", "exit") or (
            following is not None and following.text.lower() in ("which", "what")
        ):
            return False
        ahead = 1
        while (after := self.peek(ahead)) is not None:
            if after.is_("region"):
                return True
            if after.is_("first", "last") and not item.is_("enter", "exit"):
                return False  # in the first minute
            if item.is_("enter") and after.is_("unknown"):
                return True
            if after.is_("stop", "unknown", "in", "out", "to", "any", "mark", "or", "all", "each", "first") and not (
                after.is_("behaviour", "signal") or (after.is_("number") and not after.text.isalpha())
            ):
                if after.is_("mark") and after["mark"] not in ",":
                    return False
                ahead += 1
                continue
            return False
        return (
            item.is_("enter", "exit", "in", "out")
            and any(each.is_("unknown") for each in self.items[self.at + 1 :])
            and not item.is_("stop")
        )

    def _place(self, item: Item) -> None:
        how = next((kind for kind in ("enter", "exit", "out") if kind in item.means), "in")
        self.at += 1
        every = ""
        regions: list[str] = []
        unknown: list[str] = []
        link, renamed, apart = "", False, True
        while self.at < len(self.items):
            each = self.items[self.at]
            if each.is_("region"):
                if regions and (renamed or not apart):  # the open arm, which is ROI0; the corners ROI0, ROI1
                    before = regions.pop()
                    if not renamed and _numbered_alike(before, each["region"]):
                        raise Ambiguous(
                            f"{before} {each['region']}: one of them, or in any?",
                            [f"{before} or {each['region']}", f"both {before} and {each['region']}"],
                        )
                regions.append(each["region"])
                renamed, apart = False, False
                unknown = []  # the words before it say what it is: the treadmill, object 5
            elif each.is_("unknown") and not (regions and not unknown and link == ""):
                unknown.append(each.text)
            elif regions and each.is_("stop") and each["stop"] in _RENAMING:
                renamed = renamed or self._region_follows()
            elif each.text.lower() in ("one", "any", "either", "both", "all"):
                every = each.text.lower() if each.text.lower() in ("both", "all") else "any"
            elif regions and (set(each.means) == {"stop"} or (link and each.is_("in"))):
                pass
            elif regions and each.is_("or", "and") and self._region_follows():
                if self._another_place():
                    break  # in the one and in the other: two statements
                link, apart = "or" if each.is_("or") else link or "and", True
            elif each.is_("mark") and each["mark"] == "," and regions and self._another_place():
                break
            elif each.is_("mark") and each["mark"] == "/" and regions and self._region_follows():
                link, apart = "or", True
            elif each.is_("mark") and each["mark"] == "," and (not regions or self._region_follows()):
                apart = True
            elif each.is_("number") and isinstance(each["number"], float) and each.text.isalpha() and not regions:
                pass  # one of the four corners
            elif (regions and not each.is_("or")) or (
                each.is_("number", "behaviour", "signal", "compare", "adjective") and not each.is_("in", "out")
            ):
                break
            elif each.is_("out") and how == "in":
                how = "out"
            elif not each.is_("stop", "in", "to", "any", "all", "first", "out"):
                break
            self.at += 1
        if not regions or unknown:
            self._no_region(unknown or [item.text])
        if len(regions) == 2 and not link and not every and not _numbered_alike(*regions):
            raise Ambiguous(
                f"{regions[0]}, {regions[1]}: one region in two words, or two?",
                [f"{regions[0]} or {regions[1]}", f"{regions[0]} which is {regions[1]}"],
            )
        self.found.regions = regions
        parts = tuple(dict.fromkeys(self.parts)) or ("centre",)
        self.parts = []
        bodies = [self._in_region(how, parts, region) for region in regions]
        if len(bodies) > 1 and link == "and" and not every and how != "out":
            listed = " and ".join(regions)
            raise Ambiguous(
                f"{how} {listed}: in all of them at once, or in any?",
                [f"any of {', '.join(regions)}", f"both {listed}", f"{' or '.join(regions)}"],
            )
        together = every in ("both", "all") or (how == "out" and link == "and")
        several = bodies[0] if len(bodies) == 1 else And(tuple(bodies)) if together else Or(tuple(bodies))
        self._add(several)

    def _in_region(self, how: str, parts: tuple[str, ...], region: str) -> Body:
        if how in ("enter", "exit"):
            return Call(how, (("region", region), ("part", parts[0])))
        inside = Call("inside", (("parts", parts), ("region", region)))
        return Not(inside) if how == "out" else inside

    def _region_follows(self) -> bool:
        ahead = 1
        while (
            (after := self.peek(ahead)) is not None
            and after.is_("stop", "in", "mark", "or", "and")
            and not after.is_("region")
        ):
            ahead += 1
        return after is not None and after.is_("region") and not after.is_("part")

    def _region_at_once(self) -> bool:
        """Touches object 5, which is no animal: is on it."""
        ahead = 1
        while (after := self.peek(ahead)) is not None and set(after.means) == {"stop"}:
            ahead += 1
        return after is not None and after.is_("region")

    def _another_place(self) -> bool:
        """``and in``: another statement, not another region of this one."""
        ahead = 1
        while (after := self.peek(ahead)) is not None and not after.is_("region"):
            if after.is_("in", "out", "enter", "exit"):
                return True
            ahead += 1
        return False

    def _no_region(self, words: list[str]) -> None:
        name = " ".join(words)
        if not self.names.regions:
            raise NeedsRegion(
                f"{name!r} would be a region, and none is drawn", ["`bitflow regions STORE FILE` takes polygons in px"]
            )
        raise UnknownName.of("region", name, self.names.regions)

    # behaviours

    def _behaviour(self, name: str) -> None:
        if name == "contact" and self._region_at_once():
            return self._place(self.items[self.at])
        before = [animal for animal, _ in self.animals]
        self.animals = []
        passive = self.items[self.at].is_("passive") and name not in SYMMETRIC
        touching = self.parts if name in _TOUCHING else []
        self.parts = [] if touching else self.parts
        after: list[str] = []
        agents: list[str] = []
        ahead = 1
        by = False
        touched: list[str] = []
        while (item := self.peek(ahead)) is not None:
            if item.is_("animal"):
                (agents if by else after).append(item["animal"])
                by = False
            elif item.is_("reverse"):
                self.reversed = True
            elif item.is_("each other"):
                self.found.each_other = True
            elif item.is_("by"):
                by = True
            elif item.text.lower() in ("with", "together with"):
                pass
            elif name == "nose_to_body" and item.is_("behaviour") and item["behaviour"].startswith("nose_to"):
                name = item["behaviour"]  # sniffs the anogenital area
            elif name in _TOUCHING and item.is_("part") and not item.is_("region"):
                touched.append(item["part"])
            elif name in _TOUCHING and item.is_("in") and self._part_follows(ahead):
                pass  # sniffed at the rear
            elif item.is_("any") and item.is_("stop") is False and name in OF_PAIRS:
                pass
            elif not item.is_("stop", "to") or item.is_(
                "number", "or", "and", "in", "for", "compare", "mark", "signal", "not"
            ):
                break
            ahead += 1
        self.at += ahead
        if touching or touched:
            name = self._contact(name, ([], touching + touched) if passive else (touching, touched))
        pair = name in OF_PAIRS
        if agents:  # chased by mouse2; approaches by mouse1
            others = [*before, *after]
            actor, target = agents[0], (others[-1] if others else None)
        elif passive and pair:
            actor, target = None, (before[-1] if before else None)
        else:
            actor, target = (before[-1] if before else None), (after[0] if after else None)
            if not pair and actor is None:
                actor, target = target, None
            if pair and len(before) >= 2 and target is None and not self.found.each_other:
                actor, target = before[-2], before[-1]
                if name not in SYMMETRIC and not self.directed:
                    self.found.each_other = True
        if pair and (actor or target):
            node = Named(name, actor if target else None, target)
            if node.actor is None and actor is not None:
                self._only(actor)
            elif self.found.each_other and actor and target:
                node = node if name in SYMMETRIC else None
                if node is None:
                    self.found.each_other = False
                    self._add(Or((Named(name, actor, target), Named(name, target, actor))))
                    return
            self._add(node)
            return
        if not pair and actor is not None:
            self._only(actor)
        self._add(Named(name))

    def _touch_follows(self) -> bool:
        following = self.peek()
        return following is not None and following.is_("behaviour") and following["behaviour"] in _TOUCHING

    def _contact(self, name: str, parts: tuple[list[str], list[str]]) -> str:
        """Sniffs the rear, noses touch: the parts that touch say which contact it is."""
        touching, touched = ({_role(part) for part in each} for each in parts)
        if name == "nose_to_body":  # rear sniffing: only noses sniff
            touching, touched = touching & {"nose"}, touched | touching - {"nose"}
        if touching | touched == {"nose"} and (name == "contact" or touched):
            return "nose_to_nose"
        if touching <= {"nose"} and (touching or name == "nose_to_body"):
            if touched <= {"centre"}:
                return "nose_to_body"
            if touched == {"tail_base"}:
                return "nose_to_tail"
        self.leftover += [part for each in parts for part in each]
        return name

    def _only(self, actor: str) -> None:
        if self.found.by not in (None, "any", actor):
            self._add(
                Call("of", (("who", actor), ("of", Named("moving"))))
            )  # two animals in one clause: see _two_animals
        self.found.by = actor

    # signals and numbers

    def _signal(self, word: SignalWord) -> None:
        self._settle()
        self.signal = word
        self.compare = None
        ahead = 1
        if word.parts:  # distance from nose to tail base, speed of the nose
            after: list[str] = []
            while (item := self.peek(ahead)) is not None and (
                item.is_("part")
                or (
                    item.is_("stop", "between", "to", "each other", "and")
                    and not item.is_("number", "signal", "compare")
                )
            ):
                if item.is_("part"):
                    after.append(item["part"])
                if item.is_("each other"):
                    self.found.each_other = True
                if item.is_("and") and not (self.peek(ahead + 1) and self._part_follows(ahead)):
                    break
                if item.is_("between") and self._number_follows(ahead):
                    break
                ahead += 1
            self.parts += after
            self.at += ahead

    def _part_follows(self, ahead: int) -> bool:
        step = ahead + 1
        while (item := self.peek(step)) is not None and item.is_("stop") and not item.is_("part"):
            step += 1
        return item is not None and item.is_("part")

    def _number_follows(self, ahead: int) -> bool:
        item = self.peek(ahead + 1)
        return item is not None and item.is_("number")

    def call(self, word: SignalWord | str) -> Call:
        """The signal that was named, of the parts that were named."""
        if isinstance(word, str):
            return Call("column", (("name", word),))
        parts = list(dict.fromkeys(self.parts))
        self.parts = []
        given: dict[str, Any] = {}
        if word.name == "dist" and parts:
            given = {"part": parts[0], "to": parts[1] if len(parts) > 1 else parts[0]}
        elif word.parts and parts:
            given = {"parts": tuple(parts)}
        elif parts and parts != ["centre"]:
            self.leftover += parts
        return Call(word.name, tuple(given.items()))

    def _comparison(self, op: str) -> None:
        self.compare = op
        number = self._next_number()
        if number is None and self.signal is None:
            self.leftover.append(self.items[self.at].text)

    def _next_number(self) -> Item | None:
        ahead = 1
        while (item := self.peek(ahead)) is not None and item.is_("stop") and not item.is_("number"):
            ahead += 1
        return item if item is not None and item.is_("number", "percentile") else None

    def _named_after(self, ahead: int = 1) -> SignalWord | None:
        """Under 30 degrees of head angle, closer than 40 px (closest distance): the signal that follows its number."""
        while (item := self.peek(ahead)) is not None and item.is_("stop", "in") and not item.is_("signal", "region"):
            ahead += 1
        if item is None or not item.is_("signal") or item.is_("behaviour"):
            return None
        after = ahead + 1
        while (then := self.peek(after)) is not None and then.is_("stop") and not then.is_("number", "between"):
            after += 1
        if then is not None and (then.is_("compare", "number", "between", "percentile", "part", "within")):
            return None
        del self.items[self.at + ahead]
        return item["signal"]

    def _number(self, item: Item) -> None:
        number = item["number"]
        after = self.peek()
        if after is not None and after.is_("smooth") and isinstance(number, Quantity) and number.unit in _TIME:
            self.found.smooth = number  # a 15 frame smoothing window
            self.at += 2
            return
        if isinstance(number, Quantity) and number.unit in _TIME:
            if self.compare is None and after is not None and after.text.lower() in _UP_TO and self._number_follows(1):
                self.at -= 1  # 30 to 60 seconds
                return self._range()
            trailing = self._trailing()
            op = self.compare or trailing or (">=" if not item.is_("clock") else None)
            if op is None:
                self.leftover.append(item.text)
                return
            if trailing is not None and self.compare is None:
                self.at += 2
            self._last(op, number)
            self.compare = None
            return
        trailing = self._trailing()
        op = self.compare or trailing
        usual = self.signal is None or getattr(self, "said", False) or self.signal == SignalWord("dist", parts=True)
        if op is not None and usual and (named := self._named_after()) is not None:
            self.signal = named
        if self.signal is None and isinstance(number, Quantity):
            self.signal = self._signal_of(number)
        if trailing and self.compare is None:
            self.at += 2
        if op is None and after is not None and after.text.lower() in _UP_TO and self._number_follows(1):
            self.at -= 1  # 50 to 260 px apart
            return self._range()
        if self.signal is None or op is None:
            if item.is_("mice") or (after is not None and after.is_("mice")):
                self.found.at_least = int(number) if not isinstance(number, Quantity) else None
                self.found.counted = self.compare is not None
                if after is not None and after.is_("mice"):
                    self.at += 2
                self.compare = None
                return
            self.leftover.append(item.text)
            return
        self._compare(op, number)

    def _trailing(self) -> str | None:
        """``5 cm/s or more``."""
        after = self.peek()
        return after["compare"] if after is not None and after.is_("compare") and after.text.startswith("or ") else None

    def _signal_of(self, number: Quantity) -> SignalWord | None:
        """A speed is that of the animal, so many px apart are a distance; other numbers need to be told of what."""
        for ahead in range(1, 4):
            item = self.peek(ahead)
            if number.dimension == "length" and item is not None and item.text.lower() in ("apart", "away", "distant"):
                del self.items[self.at + ahead]
                return SignalWord("dist", parts=True)
        return SignalWord("speed", parts=True) if number.dimension == "speed" else None

    def _compare(self, op: str, number: Quantity | float) -> None:
        word = self.signal
        assert word is not None
        signal = self.call(word)
        quantity = self._with_unit(signal, number)
        size = isinstance(word, SignalWord) and word.absolute
        of: Any = Call("abs", (("of", signal),)) if size else signal
        self._add(Compare(op, of, quantity))  # type: ignore[arg-type]
        self.compare = None
        self.signal = word  # "less than 260 and more than 50": the same signal again
        self.parts = self._parts_of(signal)
        self.said = True

    def _parts_of(self, signal: Call) -> list[str]:
        if signal.name == "dist" and signal.arguments:
            return [signal["part"], signal["to"]]
        return list(signal["parts"]) if signal.name == "speed" and signal.arguments else []

    def _with_unit(self, signal: Call, number: Quantity | float) -> Quantity:
        if isinstance(number, Quantity):
            return number
        dimension = operator(signal.name).dimension or ""
        if dimension == "angle":
            return Quantity(number, "deg")
        if dimension == "ratio" or (signal.name == "column" and not dimension):
            return Quantity(number)
        if self.imported and dimension == "length":
            self.found.notes.append(f"{number:g} was read as {number:g} px")
            return Quantity(number, "px")
        if self.imported and dimension == "speed":
            px = round(number * AMADEUS * self.names.rate, 6)
            self.found.notes.append(
                f"{number:g} was read in AmadeusGPT's unit (px a frame, over 30): {px:g} px/s at "
                f"{self.names.rate:g} frames a second"
            )
            if abs(px) > 1000:
                self.found.notes.append(f"{px:g} px/s is more than an animal moves: check the number")
            return Quantity(px, "px/s")
        options = EXAMPLES.get(dimension, ("s",))
        raise UnitMissing(
            f"{number:g} needs a unit: {signal.name} is a {dimension}", [f"{number:g} {unit}" for unit in options]
        )

    # ranges, times, percentiles

    def _is_range(self) -> bool:
        ahead = [
            item for item in self.items[self.at + 1 : self.at + 5] if not item.is_("mark") or item["mark"] not in ",;."
        ]
        numbers = [n for n, item in enumerate(ahead) if item.is_("number")]
        return (
            len(numbers) >= 1 and numbers[0] <= 1 and (len(numbers) >= 2 or any(item.is_("end") for item in ahead))
        ) or (bool(ahead) and ahead[0].is_("start"))

    def _range(self) -> None:
        self.at += 1
        edges: list[Any] = []
        while self.at < len(self.items) and len(edges) < 2:
            item = self.items[self.at]
            if item.is_("number"):
                edges.append(item["number"])
            elif item.is_("end"):
                edges.append("end")
            elif item.is_("start"):
                edges.append("start")
            elif not item.is_("stop", "and", "to", "between", "mark") and item.text.lower() not in _UP_TO:
                break
            self.at += 1
        low, high = (*edges, None, None)[:2]
        if isinstance(high, Quantity) and isinstance(low, float):
            low = Quantity(low, high.unit)
        if self.signal is None and any(
            (isinstance(edge, Quantity) and edge.unit in _TIME) or edge in ("end", "start") for edge in edges
        ):
            self.found.start = low if isinstance(low, Quantity) else None
            self.found.end = high if isinstance(high, Quantity) else None
            return
        if isinstance(low, Quantity) and low.unit in _TIME and isinstance(high, Quantity):
            self.found.start, self.found.end = low, high
            return
        if self.signal is None and isinstance(high, Quantity):
            self.at -= 1
            self.signal = self._signal_of(high)
            self.at += 1
        if self.signal is None or low is None or high is None:
            self.leftover.append(f"between {low} and {high}")
            return
        word = self.signal
        signal = self.call(word)
        low, high = self._with_unit(signal, low), self._with_unit(signal, high)
        if low.base > high.base and low.unit == high.unit:
            low, high = high, low
        absolute = isinstance(word, SignalWord) and word.absolute
        self._add(Between(Call("abs", (("of", signal),)) if absolute else signal, low, high))
        self.signal = None

    def _within(self, item: Item) -> None:
        number = self._next_number()
        if number is None:
            if not item.is_("stop"):
                self.leftover.append(item.text)
            return
        self.at = self.items.index(number, self.at) + 1
        value = number["number"]
        if isinstance(value, Quantity) and value.unit in _TIME:
            self.found.within = value
            return
        word = self.signal or SignalWord("dist", parts=True)
        if isinstance(word, SignalWord) and word.name not in ("dist", "closest", "head_angle", "body_angle"):
            self.leftover.append(item.text)
            return
        self.signal = word
        self._compare("<", value)
        self.signal = None

    def _duration_follows(self) -> bool:
        ahead = 1
        while (item := self.peek(ahead)) is not None and (item.is_("stop", "compare") and not item.is_("number")):
            ahead += 1
        return (
            item is not None
            and item.is_("number")
            and isinstance(item["number"], Quantity)
            and item["number"].unit in _TIME
        )

    def _duration(self, op: str) -> None:
        self.at += 1
        while not (item := self.items[self.at]).is_("number") or item.is_("compare"):
            if item.is_("compare"):
                op = item["compare"]
            self.at += 1
        trailing = self._trailing()
        if trailing:
            op = trailing
            self.at += 1
        self._last(op, item["number"])
        self.at += 1
        self.compare = None

    def _last(self, op: str, length: Quantity) -> None:
        if op in (">", ">="):
            self.found.shortest = length
        else:
            self.found.longest = length

    def _time_words(self, item: Item) -> bool:
        """``in the first minute``, ``last 30 seconds``, ``second half``."""
        if item.is_("window"):
            half = Quantity(round(self.names.seconds / 2, 6), "s")
            self.found.start, self.found.end = (None, half) if item.text.lower().startswith("first") else (half, None)
            return True
        after = self.peek()
        if after is None:
            return False
        length: Any = after["number"] if after.is_("number") else None
        if length is None and after.text.lower() in ("second", "minute", "hour"):
            length = Quantity(1, after.text.lower())
        if not isinstance(length, Quantity) or length.unit not in _TIME:
            return False
        if item.text.lower() in ("first", "initial", "opening"):
            self.found.end = length
        elif item.text.lower() in ("last", "final", "closing", "ending"):
            seconds = length.value / self.names.rate if length.unit == "f" else length.base
            self.found.start = Quantity(round(max(0.0, self.names.seconds - seconds), 6), "s")
        else:
            return False
        self.at += 2
        return True

    def _percentile(self, item: Item) -> None:
        """``the fastest 10 %``."""
        number = self._next_number()
        share = number["number"] if number is not None else None
        value = (
            share.value
            if isinstance(share, Quantity) and share.unit == "%"
            else share
            if isinstance(share, float)
            else None
        )
        if number is None or value is None:
            self.leftover.append(item.text)
            return
        self.at = self.items.index(number, self.at) + 1
        if self.at < len(self.items) and self.items[self.at].text in ("%", "percent"):
            self.at += 1
        fast = item.text.lower().startswith("fast")
        self._add(Compare(">" if fast else "<", Call("speed"), Percentile(100 - value if fast else value)))

    def _rank(self, item: Item) -> None:
        """``above the 90th percentile``."""
        if self.signal is None or self.compare is None:
            self.leftover.append(item.text)
            return
        self._add(Compare(self.compare, self.call(self.signal), Percentile(item["percentile"])))  # type: ignore[arg-type]
        self.signal = self.compare = None

    def _smoothing(self) -> None:
        """A window of smoothing, a few words after or before its number."""
        for ahead in range(1, 6):
            item = self.peek(ahead)
            if item is None or (item.is_("and", "behaviour", "signal", "region") and item.text.lower() != "with"):
                break
            if item.is_("number"):
                value = item["number"]
                self.found.smooth = value if isinstance(value, Quantity) else Quantity(value, "f")
                self.at += ahead + 1
                return
        if self.found.smooth is None:
            self.leftover.append(self.items[self.at].text)

    # putting it together

    def _add(self, body: Body) -> None:
        if self.negative:
            body = Not(body)
            self.negative = False
        self.conditions.append((self.link if self.conditions else "and", body))
        self.link = "and"

    def _settle(self) -> None:
        """A signal that was compared may be forgotten when another comes."""
        if self.signal is not None and not getattr(self, "said", False):
            word = self.signal
            self.leftover.append(word if isinstance(word, str) else word.name)
        self.signal = None
        self.said = False
        self.parts = []

    def _turn_round(self) -> None:
        """Side by side, but facing opposite ways."""
        turned = [
            (link, replace(body, name="side_by_side_reverse"))
            if isinstance(body, Named) and body.name == "side_by_side"
            else (link, body)
            for link, body in self.conditions
        ]
        if not any(isinstance(body, Named) and body.name == "side_by_side_reverse" for _, body in turned):
            self.leftover.append("opposite")
        self.conditions = turned

    def _finish(self) -> None:
        if self.reversed:
            self._turn_round()
        if self.signal is not None and not getattr(self, "said", False) and self.compare is not None:
            word = self.signal
            self.leftover.append(word if isinstance(word, str) else word.name)
        if len(self.animals) == 2 and self.conditions and self.found.by in (None, "any") and not self._has_pair():
            (first, _), (second, _) = self.animals
            self.animals = [(first, False)]
            link, body = self.conditions[-1]
            self.conditions[-1] = (link, Call("towards", (("who", second), ("of", body))))
        for animal, _ in self.animals:
            if self.found.by in (None, "any", "each"):
                self.found.by = animal
            elif self.found.by != animal:
                self.leftover.append(animal)
        if self.parts and not getattr(self, "said", False):
            self.leftover += [part for part in self.parts if part != "centre"]
        if self.waiting and not self.conditions:  # speed, open arm
            self._add(self._in_region("in", tuple(self.parts) or ("centre",), self.waiting.pop()))
            self.parts = []
        self.leftover += [region for region in self.waiting if region not in self.found.regions]
        if self.negative:
            self.leftover.append("not")

    def _linked(self) -> list[tuple[str, Body]]:
        """A comma says what the word at the end of its list says: in A, in B or in C."""
        found: list[tuple[str, Body]] = []
        after: tuple[str, Body] | None = None
        for link, body in reversed(self.conditions):
            listed = (
                after is not None
                and after[0] == "or"
                and type(after[1]) is type(body)
                and not isinstance(body, Compare)
            )
            after = ("or" if listed else "and", body) if link == "," else (link, body)
            found.append(after)
        return found[::-1]

    def _has_pair(self) -> bool:
        """Whether the last condition is not about pairs, or says already of whom it is."""
        last = self.conditions[-1][1]
        pairs = any(isinstance(node, Call) and operator(node.name).axes == "pair" for node in walk(last))
        return not pairs or any(isinstance(node, Named) and node.target is not None for node in walk(last))

    def _body(self) -> Body | None:
        """Conditions joined, `and` before `or`."""
        groups: list[list[Body]] = []
        for link, body in self._linked():
            if link == "or" and groups:
                groups.append([body])
            elif groups:
                if body not in groups[-1]:  # said twice
                    groups[-1].append(body)
            else:
                groups.append([body])
        joined = [group[0] if len(group) == 1 else And(tuple(group)) for group in groups]
        if not joined:
            return None
        return joined[0] if len(joined) == 1 else Or(tuple(joined))


def _numbered_alike(first: str, second: str) -> bool:
    """ROI0 and ROI1 are two regions; the open arm and ROI0 may be one."""
    return first != second and first.rstrip("0123456789") == second.rstrip("0123456789")


def _role(part: str) -> str:
    from bitflow.models.asking.names import folded
    from bitflow.poses.anatomy import ROLES

    name = folded(part)
    return next((role for role, names in ROLES.items() if name in names or name == folded(role)), part)
