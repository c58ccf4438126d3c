"""What is asked of each recording: a measure, a covariate, or an event or signal in a part of the time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import cast

from bitflow.events.language.refusals import Ambiguous, NotMeasured, Refusal
from bitflow.events.language.study import Covariate, Coverage, Measured, Value
from bitflow.events.language.tree import Call, Named, Query
from bitflow.models.asking.cohorts.known import KNOWN
from bitflow.models.asking.cohorts.phrases import CONCEPT_OF
from bitflow.models.asking.cohorts.slots import Slots
from bitflow.models.asking.concepts import Concept, Reducer

#: Of these, how fast is another measure.
_FAST = {"talk": "speech rate", "head turn": "head movement"}
#: Things that go fast or slowly; of speech, how fast is another measure.
_SPEEDY = frozenset(("speech rate", "words per minute", "articulation", "head movement", "body movement"))
#: Told by how long they take, so that fast is low.
_DELAYS = frozenset(("response latency",))
#: Lengths of time by themselves.
_LENGTHS = frozenset(("response latency", "pause time"))
#: Where the best is the highest.
_QUALITIES = frozenset(("face coverage", "audio quality"))
#: Where less is better, or nobody can say.
_NOT_BETTER = frozenset(
    (
        *("response latency", "pause", "pause time", "jitter", "shimmer", "disfluency", "filler"),
        *("eye closure", "overlap", "interruption", "self touch"),
    )
)
_MOMENTS = re.compile(r"\bsd\b|standard deviation|variance", re.I)
_SPED = re.compile(r"speed|sped|slow|accelerat|decelerat", re.I)
_EVENT_ANSWERS: dict[str, str] = {
    "rate": "rate",
    "fraction": "fraction",
    "duration": "mean_duration",
    "latency": "latency",
    "count": "count",
    "total": "total_time",
}
#: Of several words for how a value is told, what they say together.
_TOGETHER: dict[frozenset[str], Reducer] = {
    frozenset(("rate", "count")): "rate",
    frozenset(("total", "duration")): "duration",
    frozenset(("total", "fraction")): "fraction",
    frozenset(("level", "spread")): "spread",
    frozenset(("level", "duration")): "duration",
    frozenset(("level", "rate")): "rate",
    frozenset(("level", "fraction")): "fraction",
    frozenset(("total", "count")): "count",
}


@dataclass
class Telling:
    """How each value of a question is told, by the place of its item."""

    slots: Slots
    told: dict[int, set[str]] = field(default_factory=dict)
    #: Sign of fast and slow where a value is a delay: turned round.
    turned: bool = False

    def prepare(self) -> None:
        """Give every word for how something is told to the value that it stands nearest to.

        Raises
        ------
        Ambiguous
            It is the word of no value, or says of it what cannot be said.
        """
        slots = self.slots
        places = [n for n, item in enumerate(slots.items) if slots.is_number(item) and item.kind != "covariate"]
        for n, item in enumerate(slots.items):
            if (
                item.kind == "ordinal"
                and item.text.lower() in ("last", "lasts", "lasting", "lasted")
                and n in slots.left("ordinal")
            ):
                slots.items[n] = replace(item, kind="reducer", value="duration")
            elif (
                item.kind == "counted" and n not in slots.used and slots.is_kind(n + 1, "concept", "measure", "reducer")
            ):
                slots.items[n] = replace(item, kind="reducer", value="count")
        for n in slots.left("reducer", "speed", "direction", "superlative", "median", "at once", "move", "order"):
            item = slots.items[n]
            how = item.value[1] if item.kind in ("direction", "superlative", "order") else item.value
            if item.kind == "move":
                if not _SPED.search(item.text):
                    continue
                how = "speed"
            if item.kind in ("direction", "superlative", "order") and how in ("", "age"):
                continue
            if not places:
                if item.kind in ("reducer", "speed", "median"):
                    raise Ambiguous(f"{item.text} of what?", ["the blink rate"])
                continue
            place = min(places, key=lambda each: (abs(each - n), each < n))
            self._tell(place, str(how), item.text)
            if item.kind not in ("direction", "superlative", "move", "order"):
                slots.use(n)

    def _tell(self, place: int, how: str, said: str) -> None:
        item = self.slots.items[place]
        name = item.value if item.kind == "concept" else CONCEPT_OF.get(item.value, ("",))[0]
        if how == "speed":
            if name in _FAST:
                self.slots.items[place] = replace(item, value=_FAST[name], told=None)
            elif name in _DELAYS:
                self.turned = True
            elif name not in _SPEEDY:
                raise Ambiguous(f"{said} in what?", ["its duration or its rate"])
            return
        if how == "length":
            if name in _LENGTHS or item.told == "duration" or (item.told == "fraction" and name == "pause"):
                return
            if name == "" or "duration" not in KNOWN[name].measures:
                raise Ambiguous(f"{said} in what?", ["its duration or its rate"])
            how = "duration"
        if how == "good":
            if name not in _QUALITIES:
                raise Ambiguous(f"{said}: the highest or the lowest?", ["the highest speech rate"])
            return
        if how == "median":
            measures = [item.value] if item.kind == "measure" else KNOWN[name].measures.values()
            if not any("median" in measure for measure in measures):
                raise Ambiguous(f"the median of {item.text} is not measured", ["the mean, or its distribution"])
            return
        if how == "at once":
            raise Ambiguous(f"{said!r} was not understood")
        own = name in KNOWN and "spread" in KNOWN[name].measures
        if how == "spread" and not own and _MOMENTS.search(said):
            raise Ambiguous(f"{said} of {item.text}?", ["its average is told with its standard deviation"])
        if how == "spread" and name and "spread" not in KNOWN[name].measures and self.slots.window is None:
            return  # its distribution
        self.told.setdefault(place, set()).add(how)

    def reducer(self, place: int) -> Reducer | None:
        """How the value at a place is told; None where nothing says it."""
        item = self.slots.items[place]
        said = self.told.get(place, set())
        if item.told is not None:
            if said and said not in ({item.told}, {"level"}, {"count"}) and item.told not in said:
                raise Ambiguous(f"{item.text}, and how it is told: {', '.join(sorted(said))}")
            return item.told
        if len(said) > 1:
            together = _TOGETHER.get(frozenset(said))
            if together is None:
                raise Ambiguous(f"{item.text} is told in several ways: {', '.join(sorted(said))}", ["ask for one"])
            return together
        return cast(Reducer, next(iter(said))) if said else None

    def better(self, place: int) -> None:
        """Refuse to say what is better where less may be.

        Raises
        ------
        Ambiguous
            Nobody can say which way this improves.
        """
        item = self.slots.items[place]
        if item.kind == "covariate" or item.value in _NOT_BETTER or item.kind == "measure":
            raise Ambiguous(f"better or worse in {item.text}: up or down?", ["whose … increased most"])

    def value(self, place: int, condition: bool = False) -> Value:
        """The value that the item at a place stands for.

        Raises
        ------
        Refusal
            It is not measured, or not told like this.
        """
        slots, item = self.slots, self.slots.items[place]
        if item.kind == "covariate":
            return Covariate(item.value)
        if item.kind == "measure":
            if slots.window is not None and not condition:
                raise _whole(item.text)
            if item.value not in slots.terms.measures and "missing" not in slots.verbs:
                raise _not_measured(item.text, item.value)
            if self.told.get(place, set()) - {"level"}:
                raise Ambiguous(f"{item.text} is told as it is measured", ["ask for one"])
            coverage = slots.left("coverage")
            if coverage and condition:
                slots.use(coverage[0])
                return Coverage(Measured(item.value))
            return Measured(item.value)
        concept = KNOWN[item.value]
        reducer = self.reducer(place)
        if condition:
            return self._measured(item.value, concept, reducer, item.text)
        if slots.bins is not None:
            return replace(self._windowed(item.value, concept, reducer or "fraction"), bins=slots.bins)
        if slots.window is not None or concept.lexicon is not None:
            return self._windowed(item.value, concept, reducer)
        return self._measured(item.value, concept, reducer, item.text)

    def _measured(self, name: str, concept: Concept, reducer: Reducer | None, said: str) -> Value:
        measures = self.slots.terms.measures
        if name in ("face coverage", "pause time") and reducer in ("total", "rate"):
            reducer = "fraction"
        if (
            reducer == "rate"
            and "level" in concept.measures
            and "rate" not in concept.measures
            and len(concept.measures) == 1
        ):
            reducer = "level" if "rate" in concept.measures["level"] else reducer
        if reducer is None and next(iter(concept.measures), None) == "spread" and concept.signal is not None:
            return self._windowed(name, concept, None, whole=True)  # how loud, and not how much that varies
        measure = concept.measures.get(reducer) if reducer else next(iter(concept.measures.values()), None)
        if measure is not None and measure in measures:
            return Measured(measure)
        if concept.event is not None and (measure is None or not measures):
            return self._windowed(name, concept, reducer or "rate", whole=True)
        if measure is None:
            ways = ", ".join(concept.measures) or "none"
            raise Ambiguous(f"{said} has no {reducer}", [f"it is told as: {ways}"])
        raise _not_measured(said, measure)

    def _windowed(self, name: str, concept: Concept, reducer: Reducer | None, whole: bool = False) -> Query:
        window = None if whole else self.slots.window
        start, end = (window.start, window.end) if window is not None else (None, None)
        if concept.event is not None or concept.lexicon is not None:
            body = Named(concept.event) if concept.event else Call("words", (("lexicon", concept.lexicon),))
            told = reducer or next(iter(concept.measures), "rate")
            if told == "rate":
                return Query("rate", body, per="min", start=start, end=end)
            answer = _EVENT_ANSWERS.get(str(told))
            if answer is not None:
                return Query(answer, body, start=start, end=end)  # type: ignore[arg-type]
        if concept.signal is not None and reducer in (None, "level", "spread"):
            statistic = "sd" if reducer == "spread" else "mean"
            signal = Call("column", (("name", concept.signal),))
            return Query("value", signals=(signal,), statistic=statistic, start=start, end=end)
        raise _whole(name)


def _not_measured(said: str, measure: str) -> Refusal:
    return NotMeasured(
        f"{said} is {measure}, which is not in the store", [f"bitflow measure STORE --measures {measure}"]
    )


def _whole(name: str) -> Refusal:
    return Ambiguous(
        f"{name} is measured over whole recordings", ["bitflow measure STORE --intervals FILE measures parts"]
    )
