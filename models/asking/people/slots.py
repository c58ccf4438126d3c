"""Items of a clause and what has used them; what is asked for, of what, for how long, in which stretches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Body, Bouts, Call, Named, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.names import PeopleNames
from bitflow.models.asking.people.times import Times
from bitflow.models.asking.people.whom import whom

_STRONGEST = ("latency", "longest", "mean_duration", "rate", "count", "fraction", "total_time", "first", "last", "list")

_WHEN = re.compile(r"\b(?:when|time|point|moment)\b", re.I)

#: Answers whose words stand beside each other: how long until.
_ALIKE = frozenset(
    frozenset(pair.split())
    for pair in ("longest total_time", "latency total_time", "rate count", "total_time fraction")
)
_APART = frozenset(("latency", "longest", "rate", "count", "fraction", "total_time", "mean_duration"))

#: Of a course, unless the question says how long its stretches are.
BINS = Quantity(10, "s")


@dataclass
class Slots:
    """Items of a clause, and which of them something used; what is left over was not understood."""

    items: list[Item]
    names: PeopleNames
    used: set[int]

    @classmethod
    def of(cls, items: Sequence[Item], names: PeopleNames) -> Slots:
        """None of them used."""
        return cls([*items], names, set())

    def has(self, *kinds: str) -> bool:
        """Whether an unused item may be any of these."""
        return any(item.is_(*kinds) for k, item in enumerate(self.items) if k not in self.used)

    def take(self, kind: str, *values: Any) -> Any:
        """The value of the first unused item that may be this, which is used now; None where there is none."""
        for k, item in enumerate(self.items):
            if k not in self.used and item.is_(kind) and (not values or item[kind] in values):
                self.used.add(k)
                return item[kind]
        return None

    def take_all(self, kind: str, *values: Any) -> list[Any]:
        """The values of all unused items that may be this."""
        found: list[Any] = []
        while (value := self.take(kind, *values)) is not None:
            found.append(value)
        return found

    def person(self, others: Sequence[str] = (), anybody: bool = False) -> str | None:
        """Of whom the clause is; `anybody`: whether the person may be whoever it is."""
        kinds = ("person", "role", "pronoun", "noun")
        items = [item for k, item in enumerate(self.items) if k not in self.used and item.is_(*kinds)]
        self.used |= {k for k, item in enumerate(self.items) if item.is_(*kinds)}
        return whom(items, self.names, others, anybody)

    def finish(self) -> None:
        """Refuse what is left.

        Raises
        ------
        Ambiguous
            With the words.
        """
        left = [item.text for k, item in enumerate(self.items) if k not in self.used]
        if left:
            raise not_understood(left)


def not_understood(words: Sequence[str]) -> Ambiguous:
    """Words that mean nothing here."""
    said = ", ".join(map(repr, dict.fromkeys(words)))
    return Ambiguous(
        f"these words were not understood: {said}", ["say it without them, or in other words", "describe behaviours"]
    )


def answer_of(slots: Slots, sentence: str) -> Any:
    """What is asked for, the strongest of what is said; None where nothing is."""
    said = {
        item["answer"]
        for k, item in enumerate(slots.items)
        if item.is_("answer") and (k not in slots.used or item.is_("event"))
    }
    if slots.has("length") and said <= {"list", "total_time"}:
        if slots.take("statistic", "max") or slots.take("order", "most"):
            said = {"longest"}
        elif slots.take("statistic", "mean"):
            said = {"mean_duration"}
        if said & {"longest", "mean_duration"}:
            slots.take_all("length")
    if slots.has("statistic") and slots.take("statistic", "mean"):
        slots.take_all("statistic", "mean")
        said.add("mean")
    if slots.has("order") and any(item.is_("answer") and item["answer"] == "longest" for item in slots.items):
        slots.take_all("order", "most")
    slots.take_all("answer")
    per = re.search(r"\b(?:per|a|an|each|every) (?:1 )?(?:min|minute|hour)\b|/ ?min\b", sentence, re.I)
    if per and "fraction" in said:
        raise Ambiguous("a share, or how often a minute?", ["share of the time in 1 min bins", "rate per minute"])
    if per and (not said or said & {"count", "rate", "list", "mean"}):
        return "rate"
    if said & {"mean"}:
        if said & {"total_time", "mean_duration"} or re.search(r"\b(?:duration|length|last)\b", sentence, re.I):
            return "mean_duration"
        if "count" in said:
            raise Ambiguous("the average number over what?", ["how many per minute", "how many in 1 min bins"])
        return next((each for each in ("rate", "fraction") if each in said), "mean")
    if not said and slots.take("unit", "%"):
        return "fraction"
    strong = [each for each in _STRONGEST if each in said]
    if strong and strong[0] in ("total_time", "count", "fraction", "rate", "longest"):
        summed = bool(slots.take_all("summed"))
        strong[0] = "count" if summed and strong[0] == "rate" else strong[0]  # how often in total
    asks_when = any(item.is_("answer") and _WHEN.search(item.text) for item in slots.items)
    if {"first", "list"} <= said and asks_when:
        return "latency"
    apart = [each for each in strong if each in _APART]
    if len(apart) > 1 and frozenset(apart[:2]) not in _ALIKE:
        raise Ambiguous(
            f"several answers were asked for at once: {', '.join(apart[:2])}",
            [f"ask for the {each} alone" for each in apart[:2]],
        )
    return strong[0] if strong else None


def told_in(slots: Slots, asked: str | None) -> None:
    """``in seconds``, ``in percent``: only what the answer can be told in."""
    if asked in ("total_time", "longest", "latency", "mean_duration", "list", "first", "last"):
        slots.take_all("unit", "s", "ms", "min")
    elif asked == "fraction":
        slots.take_all("unit", "%")


def lasting(body: Body, times: Times) -> Body:
    """Events of a body that last as long as was said."""
    if times.shortest is None and times.longest is None:
        return body
    return Bouts(body, times.shortest, times.longest)


def no_durations(times: Times) -> None:
    """Refuse a length of time where nothing is to last."""
    if times.shortest is not None or times.longest is not None:
        raise Ambiguous(f"what is to last {times.shortest or times.longest}?", ["list pauses longer than 2 s"])


def binned(query: Query, times: Times, within_used: bool = False) -> Query:
    """A question cut into the stretches that were asked for; what was to be listed is counted in each."""
    if times.bins is None:
        return query
    if query.answer == "list":
        query = replace(query, answer="count")
    if query.answer in ("latency", "first", "last", "longest"):
        raise Ambiguous(f"{query.answer} in bins", ["share of the time in 10 s bins"])
    return replace(query, bins=times.bins)


def with_bins(times: Times) -> Times:
    """With the usual bins of a course."""
    return replace(times, bins=BINS)


def query_of(answer: str, body: Body, by: str | None, sentence: str) -> Query:
    """A question about events; of a rate, by which unit of time."""
    per = None
    if answer == "rate":
        per = "h" if re.search(r"\b(?:per|an|each|every) hour\b", sentence, re.I) else "min"
        per = "s" if re.search(r"\bper second\b", sentence, re.I) else per
    return Query(answer, body, by=by, per=per)  # type: ignore[arg-type]


def is_words(body: Any) -> bool:
    """Whether a body is words, and not what goes on amid them."""
    while isinstance(body, Bouts):
        body = body.body
    return isinstance(body, Call) and body.name == "words"


def measured(name: str) -> Call:
    """A measure by its id."""
    return Call("measure", (("id", name),))


@dataclass(frozen=True)
class SignalTarget:
    """A column that a clause is about."""

    column: str


@dataclass(frozen=True)
class MeasureTarget:
    """A measure that a clause is about."""

    id: str


def target_of(slots: Slots) -> Body | SignalTarget | MeasureTarget | None:
    """What a clause is about; two things at once are left over, and so refused."""
    if slots.has("pattern"):
        pattern = slots.take("pattern")
        slots.take_all("say")
        slots.take_all("all words")
        if any(item.is_("event") and item["event"] == "speech" for item in slots.items):
            slots.take_all("event", "speech")
        return Call("words", (("pattern", pattern),))
    if slots.has("lexicon"):
        lexicon = slots.take("lexicon")
        slots.take_all("say")
        slots.take_all("all words")
        return Call("words", (("lexicon", lexicon),))
    if any(item.is_("measure") and str(item["measure"]).startswith("speech_rate") for item in slots.items) and all(
        item["event"] == "speech" for item in slots.items if item.is_("event") and not item.is_("measure")
    ):  # how many words per minute were spoken
        slots.take_all("event", "speech")
    if slots.has("measure") and all(
        k in slots.used or item.is_("measure") for k, item in enumerate(slots.items) if item.is_("event")
    ):
        return MeasureTarget(slots.take("measure"))
    spoken = {item["event"] for item in slots.items if item.is_("event")} <= {"speech"}
    if slots.has("all words") and spoken:
        slots.take_all("event", "speech")
        slots.take_all("all words")
        slots.take_all("say")
        return Call("words")
    if slots.has("label"):
        label = slots.take("label")
        return Call("segment", (("label", label), ("table", slots.names.labels[label])))
    if slots.has("event"):
        event = slots.take("event")
        slots.take_all("event", event)
        if event == "question":
            slots.take_all("say")
        if event == "overlap":
            slots.take_all("at once")
        return Named(event)
    if slots.has("signal"):
        return SignalTarget(slots.take("signal"))
    return None
