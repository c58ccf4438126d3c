"""A question about participants, groups and sessions as a study, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from bitflow.events.language.refusals import Ambiguous, NotMeasured, Refusal, UnknownName
from bitflow.events.language.study import Condition, Covariate, Coverage, Grain, Measured, Study, Value, Verb
from bitflow.events.language.tree import Call, Comparison, Named, Program, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.cohorts.reading import Item, Terms, compared, plain, read
from bitflow.models.asking.cohorts.words import LOWEST
from bitflow.models.asking.concepts import CONCEPTS, Concept, Reducer
from bitflow.models.asking.question import Understood
from bitflow.models.asking.reading import LONGEST_QUESTION, stem
from bitflow.models.asking.windows import Window, course_in, window_in

#: Robust z beyond which a value is an outlier, unless a question says otherwise (Iglewicz & Hoaglin 1993).
OUTLIER_Z = 3.5


def study_in_words(question: str, terms: Terms, *, certain: bool = False) -> Understood | None:
    """The study that a question means; None where it does not speak of participants, groups or sessions.

    Parameters
    ----------
    certain
        Take it for a study even where nothing says so.

    Raises
    ------
    Refusal
        It speaks of them, and was not understood to its last word.
    """
    text, bins = course_in(plain(question[:LONGEST_QUESTION]))
    text, window = window_in(text)
    items, notes = read(text, terms)
    kinds = {item.kind for item in items}
    behaviours = sum(item.kind == "concept" for item in items)
    if _WITHIN.search(text) and (behaviours > 1 or "person" in text.lower()):
        return None
    across = kinds & {"level", "covariate", "group", "session", "grain", "outlier", "every", "levels?"}
    verbs = {item.value for item in items if item.kind == "verb"}
    if not certain and not across and not verbs & {"correlate", "agree", "scan"}:
        return None
    return Understood(Program((_Meaning(items, terms, window, notes, bins=bins).study(),)), tuple(notes))


def speaks_of_many(question: str, terms: Terms) -> bool:
    """Whether a question is about groups, sessions, covariates or many participants, and not about each recording."""
    text, _ = course_in(plain(question[:LONGEST_QUESTION]))
    text, _ = window_in(text)
    items, _ = read(text, terms)
    kinds = {item.kind for item in items}
    if kinds & {"covariate", "group", "session", "outlier", "every"}:
        return True
    if any(item.kind == "verb" and item.value in ("correlate", "agree", "scan") for item in items):
        return True
    if any(item.kind == "level" and item.value[0] != "participant" for item in items):
        return True
    if any(item.kind == "levels?" and item.text.lower() in _MANY for item in items):
        return True
    many = terms.recordings > 1
    if many and any(item.kind == "level" for item in items):  # of one participant: an average, where a study gives one
        return _averaged(text)
    grains = [item.text.lower() for item in items if item.kind == "grain"]
    if many and re.search(
        r"\b(?:which|what|each|every|per|how many) (?:participant|subject|recording|video|person|individual)",
        text,
        re.I,
    ):
        return True
    return many and any(grain in _MANY for grain in grains)


#: Words for many people or recordings at once.
_MANY = frozenset(
    (
        *("participants", "people", "subjects", "individuals", "everyone", "everybody", "recordings"),
        *("videos", "files", "patients", "controls", "cases", "females", "males"),
        *("women", "men", "girls", "boys", "who", "whose"),
    )
)


def _averaged(text: str) -> bool:
    """Whether what is asked is one number a recording, which a study tells of a participant."""
    return bool(
        re.search(r"\b(?:how often|average|mean|rate|per minute|fraction|share|exclud\w*|except|without)\b", text, re.I)
    )


# meaning


_HOW = frozenset(("longer", "shorter", "faster", "slower"))

#: Words of what happens within a recording: one behaviour at the time of another, or a person by number.
_WITHIN = re.compile(r"\b(?:while|when|whenever|during|after|before|then|followed by|person \d+)\b", re.I)


@dataclass
class _Meaning:
    """Items of a question on their way to a study; what is left at the end was not understood."""

    items: list[Item]
    terms: Terms
    window: Window | None
    notes: list[str]
    denied: int = 0
    bins: Quantity | None = None

    def of(self, *kinds: str) -> list[Item]:
        return [item for item in self.items if item.kind in kinds]

    def has(self, *kinds: str) -> bool:
        return bool(self.of(*kinds))

    @property
    def verbs(self) -> set[str]:
        return {item.value for item in self.of("verb")}

    def study(self) -> Study:
        self.items = compared(self.items)
        unknown = [item.text for item in self.of("unknown")]
        if unknown:
            raise Ambiguous(
                f"these words were not understood: {', '.join(map(repr, unknown))}",
                ["name a measure, a covariate or a group; `bitflow measure --list` names the measures"],
            )
        self._refuse_absent()
        verb = self._verb()
        sessions = self._sessions() if verb in ("change", "rank") else None
        conditions, used = self._conditions(verb)
        by = self._by(verb, used)
        values = self._values(verb, conditions)
        if verb == "compare" and not by:
            raise Ambiguous(
                "between which groups?", [f"compare … by {name}" for name in self.terms.levels][:4] or ["by group"]
            )
        if verb == "average" and self.has("direction_of"):
            verb, by = "compare", self._against_the_others()
        per = self._per(verb)
        words = tuple(self._words(verb, by))
        top = self._top(verb)
        least = verb == "rank" and any(stem(item.text.split()[-1].lower()) in LOWEST for item in self.of("verb"))
        self._check_consumed(verb, conditions, words, by, top)
        return Study(verb, values, (*words, *conditions), by, per, sessions, top, least)

    def _top(self, verb: Verb) -> int | None:
        """``top 5``, ``the three participants who``."""
        if verb not in ("rank", "scan"):
            return None
        for at, item in enumerate(self.items):
            if item.kind != "number" or item.value.unit != "1" or (at and self.items[at - 1].kind == "session"):
                continue
            near = [each for each in (*self.items[max(0, at - 1) : at], *self.items[at + 1 : at + 2])]
            if any(each.kind in ("grain", "every") or each.text.lower() in ("top", "best", "worst") for each in near):
                return int(item.value.value)
        return None

    def _against_the_others(self) -> tuple[str, ...]:
        """``Is it higher in patients?``: than in the other of two groups."""
        named = {item.value[0] for item in self.of("level")} - {"participant"}
        if len(named) == 1 and len(self.terms.levels[name := next(iter(named))]) == 2:
            self.items = [item for item in self.items if item.kind != "level"]
            return (name,)
        raise Ambiguous("than whom?", ["do patients smile less than controls"])

    def _refuse_absent(self) -> None:
        """Groups, sessions and patients are asked about where nobody said which recordings are theirs."""
        absent = self.of("levels?")
        if absent:
            said = absent[0].text
            if not self.terms.levels:
                raise NotMeasured(
                    f"nothing says which recordings are of {said}", ["bitflow participants STORE FILE.csv"]
                )
            levels = [
                f"{name}: {', '.join(each[:8])}" for name, each in self.terms.levels.items() if name != "participant"
            ]
            raise UnknownName(f"no covariate has the value {said!r}", levels)
        if self.has("session") and self.terms.session is None:
            raise NotMeasured(
                "no covariate `session` or `visit` tells the sessions apart", ["bitflow participants STORE FILE.csv"]
            )
        if self.has("group") and "group" not in self.terms.levels and self._one_grouping() is None:
            raise NotMeasured("no covariate `group` says who belongs where", ["bitflow participants STORE FILE.csv"])

    def _one_grouping(self) -> str | None:
        if "group" in self.terms.levels:
            return "group"
        named = [
            n
            for n, each in self.terms.levels.items()
            if 2 <= len(each) <= 6 and n not in ("participant", "session", "visit")
        ]
        return named[0] if len(named) == 1 else None

    def _two_levels(self) -> str | None:
        """The covariate of which two values are named."""
        names = [item.value[0] for item in self.of("level")]
        return next(
            (
                n
                for n in names
                if len({i.value for i in self.of("level") if i.value[0] == n}) > 1 and n != "participant"
            ),
            None,
        )

    def _verb(self) -> Verb:
        verbs = self.verbs
        if self.bins is not None:
            return "course"
        concepts = self.of("concept", "measure")
        if self.has("outlier"):
            return "which"
        if self.has("every") and verbs & {"compare", "rank"}:
            return "scan"
        if "correlate" in verbs:
            return "correlate"
        if "agree" in verbs:
            return "agree"
        if "missing" in verbs:
            return "missing"
        if self._two_levels() and self._two_levels() != self.terms.session:
            return "compare"
        if len(self._numbered_sessions()) == 2:
            return "rank" if "rank" in verbs and self._asks_who() else "change"
        counted = self.has("comparison") or (self.has("level") and not concepts)
        if "how_many" in verbs and (self.has("grain") or counted) and (counted or not concepts):
            return "how_many"
        if "which" in verbs and self.has("comparison"):
            return "which"
        if "rank" in verbs:
            return "rank"
        if "compare" in verbs:
            return "compare"
        if "distribution" in verbs:
            return "distribution"
        if "which" in verbs and not concepts:
            return "which"
        if concepts and any(item.kind in ("group", "session", "covariate") for item in self.items):
            numeric = [item for item in self.of("covariate") if item.value in self.terms.numeric]
            return "correlate" if numeric and not self.has("comparison") else "distribution"
        if "change" in verbs:
            raise Ambiguous("from which session to which?", ["from session 1 to 2"])
        return "average"

    def _asks_who(self) -> bool:
        return any(item.kind == "grain" for item in self.items) or any(
            item.text.lower() in ("which", "rank", "ranking", "top") for item in self.items
        )

    def _numbered_sessions(self) -> list[str]:
        """Sessions that are named by number, or by a value of their covariate."""
        known = {str(level).lower(): level for level in self.terms.levels.get(self.terms.session or "", ())}
        found = [item.value[1] for item in self.of("level") if item.value[0] == self.terms.session]
        if self.has("session"):
            place = next(at for at, item in enumerate(self.items) if item.kind == "session")
            for item in self.items[max(0, place - 2) :]:
                if item.kind == "number" and item.value.unit == "1":
                    name = f"{item.value.value:g}"
                    level = known.get(name) or known.get(f"v{name}") or known.get(f"s{name}")
                    if level is not None:
                        found.append(level)
        return list(dict.fromkeys(found))

    def _sessions(self) -> tuple[str, str] | None:
        found = self._numbered_sessions()
        if len(found) == 2:
            return found[0], found[1]
        if self.has("session") and self.of("number") and len(found) < 2 and "change" in self.verbs | {"change"}:
            known = ", ".join(self.terms.levels.get(self.terms.session or "", ()))
            if len(self.of("number")) >= 2:
                raise UnknownName("these sessions are not in the participants' table", [f"there are: {known}"])
        if self.verbs & {"change"} and not found:
            raise Ambiguous("from which session to which?", ["from session 1 to 2"])
        return None

    def _conditions(self, verb: Verb) -> tuple[tuple[Condition, ...], set[int]]:
        """``face coverage below 60 %``, ``age over 30``: what is named before, or else after, a comparison."""
        found: list[Condition] = []
        used: set[int] = set()
        for at, item in enumerate(self.items):
            number = next((each for each in self.items[at + 1 : at + 3] if each.kind == "number"), None)
            if item.kind != "comparison" or number is None:
                continue
            before = [
                n for n in range(at) if self.items[n].kind in ("concept", "measure", "covariate") and n not in used
            ]
            after = [
                n for n in range(at + 1, len(self.items)) if self.items[n].kind in ("concept", "measure", "covariate")
            ]
            place = before[-1] if before else after[0] if after else None
            if place is None:
                raise Ambiguous(f"what is {item.text} {number.value}?", ["face coverage below 60 %"])
            used |= {place, at, self.items.index(number)}
            op = item.value
            negative = any(each.kind == "not" for each in self.items[max(0, place - 3) : at])
            if negative:
                self.denied += 1
                op = {"<": ">=", ">": "<=", ">=": "<", "<=": ">"}[op]
            found.append(
                Condition(self._value(self.items[place], place, condition=True), cast(Comparison, op), number.value)
            )
        if self.has("outlier"):
            place = next(
                (n for n, each in enumerate(self.items) if each.kind in ("concept", "measure", "covariate")), None
            )
            if place is None:
                raise Ambiguous("outliers of what?", ["outliers in voice pitch"])
            bound = next((each.value for each in self.of("number")), Quantity(OUTLIER_Z))
            found.append(Condition(self._value(self.items[place], place), "outlier", bound))
            used.add(place)
        self.used = used
        return tuple(found), used

    def _by(self, verb: Verb, used: set[int]) -> tuple[str, ...]:
        if verb not in ("average", "distribution", "course", "compare", "change", "scan", "how_many"):
            return ()
        names: list[str] = []
        two = self._two_levels()
        if two and verb in ("compare", "scan", "distribution"):
            names.append(two)
        for at, item in enumerate(self.items):
            if at in used:
                continue
            named = {each.value[0] for each in self.of("level")}
            if item.kind == "group" and not (self._one_grouping() in named and (two or verb == "how_many")):
                names.append(self._one_grouping() or "group")
            elif item.kind == "session" and not self._numbered_sessions() and verb != "change":
                names.append(self.terms.session or "session")
            elif item.kind == "covariate" and item.value in self.terms.levels:
                names.append(item.value)
        names = list(dict.fromkeys(names))
        if verb in ("compare", "scan"):
            names = names or [name for name in [two] if name]
            if len(names) > 1:
                raise Ambiguous("compared by what?", [f"by {name}" for name in names])
        return tuple(names)

    def _values(self, verb: Verb, conditions: tuple[Condition, ...]) -> tuple[Value, ...]:
        if verb in ("scan", "how_many"):
            return ()
        rest = [(n, item) for n, item in enumerate(self.items) if n not in self.used]
        found = [self._value(item, n) for n, item in rest if item.kind in ("concept", "measure")]
        numeric = [
            Covariate(item.value) for _, item in rest if item.kind == "covariate" and item.value in self.terms.numeric
        ]
        if verb == "which" and conditions and not found:
            outlier = next((each.value for each in conditions if each.op == "outlier"), None)
            return (outlier,) if outlier is not None else ()
        if verb == "which" and not found and not numeric:
            return ()
        found = list(dict.fromkeys([*found, *numeric]))
        wanted = 2 if verb == "correlate" else 1
        if len(found) != wanted:
            if not found:
                raise Ambiguous("no measure was named", ["`bitflow measure --list` names them"])
            raise Ambiguous(
                f"{len(found)} values are named where {wanted} would be understood", ["ask about one thing at a time"]
            )
        return tuple(found)

    def _per(self, verb: Verb) -> Grain:
        grains = [item.value for item in self.of("grain")]
        if verb == "missing" or "recording" in grains or (self.has("outlier") and not grains):
            return "recording" if verb != "compare" else "participant"
        return "participant"

    def _words(self, verb: Verb, by: tuple[str, ...]) -> Iterable[Condition]:
        """Groups and participants that are named: only these, and all but these where it says so."""
        named: dict[str, list[str]] = {}
        for item in self.of("level"):
            named.setdefault(item.value[0], []).append(item.value[1])
        sessions = self._numbered_sessions()
        if sessions and self.terms.session and verb not in ("change", "rank"):
            named[self.terms.session] = sessions
        elif self.terms.session in named and verb in ("change", "rank") and len(sessions) == 2:
            named.pop(self.terms.session)
        elif len(sessions) == 1 and self.terms.session:
            named[self.terms.session] = sessions
        for name, levels in named.items():
            if name in by and set(levels) == set(self.terms.levels.get(name, ())):
                continue
            first = next((n for n, item in enumerate(self.items) if item.kind == "level" and item.value[0] == name), 0)
            near = self.items if name == "participant" else self.items[max(0, first - 2) : first]
            negative = any(item.kind == "not" for item in near) and not self.denied
            yield Condition(Covariate(name), "not_in" if negative else "in", words=tuple(levels))

    def _check_consumed(
        self,
        verb: Verb,
        conditions: tuple[Condition, ...],
        words: tuple[Condition, ...],
        by: tuple[str, ...],
        top: int | None,
    ) -> None:
        """No number, direction or denial may go unheard."""
        numbers = len(self.of("number"))
        told = sum(condition.bound is not None and condition.bound.value != OUTLIER_Z for condition in conditions)
        told += len(self._numbered_sessions()) if self.has("session") else 0
        told += top is not None
        if numbers > told:
            left = ", ".join(item.text for item in self.of("number"))
            raise Ambiguous(
                f"what the numbers {left} stand for was not understood", ["with a comparison, a session or `top`"]
            )
        left_out = sum(each.op == "not_in" for each in words)
        if len(self.of("not")) > left_out + self.denied:
            raise Ambiguous("what is left out was not understood", ["face coverage is not below 60 %"])
        if any(item.text.lower() in _HOW for item in self.of("direction")) and verb != "scan":
            raise Ambiguous("longer, shorter, faster or slower in what?", ["its duration or its rate"])
        if verb in ("rank", "correlate", "which", "agree", "missing") and self.has("group") and not self.has("level"):
            raise Ambiguous(f"{verb} is of participants or recordings, not of groups", ["… by group"])
        if verb in ("rank", "correlate", "which", "missing") and self.has("session") and not self._numbered_sessions():
            raise Ambiguous(f"{verb} is of participants or recordings, not of sessions", ["… by session"])
        if verb in ("compare", "scan") and len(self._numbered_sessions()) > 1 and self.terms.session not in by:
            raise Ambiguous("groups in different sessions were not understood", ["compare … by group in session 1"])
        if self.has("comparison") and not conditions:
            raise Ambiguous(f"{self.of('comparison')[0].text} what?", ["a number, or a group"])
        if (
            "compare" in self.verbs
            and verb not in ("compare", "scan", "change")
            and any(item.text.lower() == "than" for item in self.of("verb"))
        ):
            raise Ambiguous("than whom?", ["do patients smile less than controls"])

    # values

    def _value(self, item: Item, place: int, condition: bool = False) -> Value:
        if item.kind == "measure":
            if self.window is not None:
                raise self._whole(item.text)
            return Coverage(Measured(item.value)) if self.has("coverage") and condition else Measured(item.value)
        if item.kind == "covariate":
            return Covariate(item.value)
        concept = CONCEPTS[item.value]
        reducer = self._reducer(concept, place)
        if self.bins is not None:
            asked = self._windowed(item.value, concept, reducer or "fraction")
            return replace(asked, bins=self.bins)
        if self.window is not None or concept.lexicon is not None:
            return self._windowed(item.value, concept, reducer)
        measure = concept.measures.get(reducer) if reducer else next(iter(concept.measures.values()), None)
        if measure is not None and measure in self.terms.measures:
            return Measured(measure)
        if concept.event is not None and (measure is None or not self.terms.measures):
            return self._windowed(item.value, concept, reducer or "rate")
        if measure is None:
            ways = ", ".join(concept.measures) or "none"
            raise Ambiguous(f"{item.text} has no {reducer}", [f"it is told as: {ways}"])
        raise NotMeasured(
            f"{item.text} is {measure}, which is not in the store", [f"bitflow measure STORE --measures {measure}"]
        )

    def _reducer(self, concept: Concept, place: int) -> Reducer | None:
        """How a value is told: by the word that stands nearest before it, or anywhere in the question."""
        said = [(abs(n - place), item.value) for n, item in enumerate(self.items) if item.kind == "reducer"]
        usable = [(far, value) for far, value in said if value in concept.measures or value in _EVENT_ANSWERS]
        if "latency" in [value for _, value in said] and "latency" not in concept.measures and concept.event is None:
            usable = []
        if not usable:
            return None
        return cast(Reducer, min(usable)[1])

    def _windowed(self, name: str, concept: Concept, reducer: Reducer | None) -> Query:
        start, end = (self.window.start, self.window.end) if self.window is not None else (None, None)
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
            return Query(
                "value",
                signals=(Call("column", (("name", concept.signal),)),),
                statistic=statistic,
                start=start,
                end=end,
            )
        raise self._whole(name)

    @staticmethod
    def _whole(name: str) -> Refusal:
        return Ambiguous(
            f"{name} is measured over whole recordings", ["bitflow measure STORE --intervals FILE measures parts"]
        )


_EVENT_ANSWERS: dict[str, str] = {
    "rate": "rate",
    "fraction": "fraction",
    "duration": "mean_duration",
    "latency": "latency",
    "count": "count",
    "total": "total_time",
}
