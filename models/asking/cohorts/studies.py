"""A question about participants, groups and sessions as a study, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from bitflow.events.language.refusals import Ambiguous, NotMeasured, UnknownName
from bitflow.events.language.study import Condition, Covariate, Grain, Study, Value, Verb
from bitflow.events.language.tree import Program
from bitflow.events.language.units import Quantity
from bitflow.models.asking.cohorts.conditions import conditions_of, take_bounds
from bitflow.models.asking.cohorts.known import KNOWN
from bitflow.models.asking.cohorts.leftovers import refuse_leftovers
from bitflow.models.asking.cohorts.ordering import asked_top, is_least
from bitflow.models.asking.cohorts.reading import Reading, read
from bitflow.models.asking.cohorts.sessions import take_sessions
from bitflow.models.asking.cohorts.slots import Slots
from bitflow.models.asking.cohorts.tables import table_in_words
from bitflow.models.asking.cohorts.terms import Terms
from bitflow.models.asking.cohorts.values import Telling
from bitflow.models.asking.cohorts.verbs import YES_NO, verb_of
from bitflow.models.asking.understood import Understood

#: Robust z beyond which a value is an outlier, unless a question says otherwise (Iglewicz & Hoaglin 1993).
OUTLIER_Z = 3.5

_GROUPED = ("average", "distribution", "course", "compare", "change", "scan", "how_many")

#: Words of what happens within a recording: one behaviour at the time of another, or a person by number.
_WITHIN = re.compile(r"\b(?:while|when|whenever|during|after|before|then|followed by|person \d+)\b", re.I)


def study_in_words(question: str | Reading, terms: Terms, *, certain: bool = False) -> Understood | None:
    """The study that a question means; None where it does not speak of participants, groups or sessions.

    Parameters
    ----------
    question
        In words, or as `read` has cut it.
    certain
        Take it for a study even where nothing says so.

    Raises
    ------
    Refusal
        It speaks of them, and was not understood to its last word.
    """
    reading = read(question, terms) if isinstance(question, str) else question
    if (table := table_in_words(reading, terms)) is not None:
        return table
    kinds = {item.kind for item in reading.items}
    behaviours = sum(item.kind == "concept" and KNOWN[item.value].event is not None for item in reading.items)
    if _WITHIN.search(reading.text) and (behaviours > 1 or "person" in reading.text.lower()):
        return None
    across = kinds & {"level", "covariate", "group", "session", "grain", "who", "outlier", "every", "absent"}
    verbs = {item.value for item in reading.items if item.kind == "verb"}
    if not certain and not across and not verbs & {"correlate", "agree", "scan"}:
        return None
    return Understood(Program((_study(Slots(reading, terms, list(reading.items))),)), reading.notes)


def _study(slots: Slots) -> Study:
    _refuse_unknown(slots)
    _absorb(slots)
    sessions = take_sessions(slots)
    bounds = take_bounds(slots)
    _refuse_absent(slots)
    telling = Telling(slots)
    telling.prepare()
    conditions, left_out = conditions_of(slots, bounds, lambda n: telling.value(n, condition=True))
    verb = verb_of(slots, sessions, len(bounds))
    outlier = _outlier(slots, telling)
    by, named = _by(slots, verb, sessions), slots.levels()
    pair = (sessions[0], sessions[1]) if verb in ("change", "rank") and len(sessions) == 2 else None
    if verb == "compare" and not by:
        by = _against_the_others(slots)
        named.pop(by[0])
    words = (*_words(slots, named, by, left_out), *([] if pair else _at(slots, sessions, by)))
    per = _per(slots, verb, bool(bounds))
    values = _values(slots, verb, telling, outlier)
    top = asked_top(slots, verb)
    least = is_least(slots, verb, telling, pair is not None)
    if (
        verb in ("average", "distribution")
        and YES_NO.match(slots.text)
        and not slots.verbs & {"average", "distribution"}
    ):
        raise Ambiguous("yes or no, compared with what?", ["do patients smile less than controls"])
    study = Study(verb, values, (*conditions, *words, *outlier), by, per, pair, top, least)
    refuse_leftovers(slots, study)
    return study


def _refuse_unknown(slots: Slots) -> None:
    unknown = [item.text for item in slots.all("unknown")]
    if unknown:
        raise Ambiguous(
            f"these words were not understood: {', '.join(map(repr, unknown))}",
            ["name a measure, a covariate or a group; `bitflow measure --list` names the measures"],
        )


def _refuse_absent(slots: Slots) -> None:
    """Groups and patients are asked about where nobody said which recordings are theirs."""
    absent = slots.all("absent")
    if absent:
        said = absent[0].text
        if not slots.terms.levels:
            raise NotMeasured(f"nothing says which recordings are of {said}", ["bitflow participants STORE FILE.csv"])
        levels = [
            f"{name}: {', '.join(each[:8])}" for name, each in slots.terms.levels.items() if name != "participant"
        ]
        raise UnknownName(f"no covariate has the value {said!r}", levels)
    if slots.has("group") and slots.terms.grouping is None:
        raise NotMeasured("no covariate `group` says who belongs where", ["bitflow participants STORE FILE.csv"])


def _absorb(slots: Slots) -> None:
    """Nouns that say nothing new: the patient group, female participants, the two groups, both sexes."""
    for n, item in enumerate(slots.items):
        beside = [each for each in (n - 1, n + 1) if slots.is_kind(each, "level")]
        if item.kind == "group" and any(slots.items[each].value[0] == slots.terms.grouping for each in beside):
            slots.use(n)
        if item.kind == "covariate" and any(slots.items[each].value[0] == item.value for each in beside):
            slots.use(n)  # sex f
        if item.kind == "grain" and item.value == "participant" and beside:
            slots.use(n)
        if item.kind == "number" and slots.is_kind(n + 1, "group", "covariate"):
            following = slots.items[n + 1]
            name = slots.terms.grouping if following.kind == "group" else following.value
            if item.value == Quantity(len(slots.terms.levels.get(name or "", ()))):
                slots.use(n)
        visits = item.kind == "number" and slots.is_kind(n + 1, "session") and not slots.is_kind(n + 2, "number")
        if visits and item.value == Quantity(len(slots.terms.sessions)):  # all three visits
            slots.use(n)


def _by(slots: Slots, verb: Verb, sessions: list[str]) -> tuple[str, ...]:
    if verb not in _GROUPED:
        return ()
    contrasted = slots.contrasted()
    names = [*contrasted, *(name for name in slots.groupings() if name not in contrasted)]
    if verb in ("average", "how_many") and contrasted:
        names = [name for name in names if name not in contrasted or _covers(slots, name)]
    slots.use(*(n for n in slots.left("group", "session")))
    slots.use(*(n for n in slots.left("covariate") if slots.items[n].value in slots.terms.levels))
    if verb in ("compare", "scan") and len(names) > 1:
        raise Ambiguous("compared by what?", [f"by {name}" for name in names])
    if verb == "scan" and not names and len(sessions) == 2 and slots.terms.session:
        return (slots.terms.session,)
    if verb == "scan" and not names:
        raise Ambiguous("between which groups?", ["by group"])
    return tuple(names)


def _covers(slots: Slots, name: str) -> bool:
    return set(slots.levels()[name]) == set(slots.terms.levels[name])


def _against_the_others(slots: Slots) -> tuple[str]:
    """``Is it higher in patients?``: than in the other of two groups."""
    named = [name for name in slots.levels() if name != "participant"]
    if len(named) == 1 and len(slots.terms.levels[named[0]]) == 2 and slots.has("direction", "move"):
        return (named[0],)
    raise Ambiguous(
        "between which groups?", [f"compare … by {name}" for name in slots.terms.levels][:4] or ["by group"]
    )


def _words(
    slots: Slots, named: dict[str, list[str]], by: tuple[str, ...], left_out: dict[str, bool]
) -> Iterable[Condition]:
    """Groups and participants that are named: only these, or all but these."""
    for name, levels in named.items():
        if left_out.get(name):
            places = [n for n, item in enumerate(slots.items) if item.kind == "level" and item.value[0] == name]
            if any(slots.is_kind(n, "exclude") for n in range(places[0], places[-1])):
                raise Ambiguous("which of them are left out?", ["… where covariate(group) not in [a]"])
            yield Condition(Covariate(name), "not_in", words=tuple(levels))
        elif not (name in by and set(levels) == set(slots.terms.levels.get(name, ()))):
            yield Condition(Covariate(name), "in", words=tuple(levels))


def _at(slots: Slots, sessions: list[str], by: tuple[str, ...]) -> Iterable[Condition]:
    session = slots.terms.session
    if sessions and session is not None and not (session in by and set(sessions) == set(slots.terms.sessions)):
        yield Condition(Covariate(session), "in", words=tuple(sessions))


def _outlier(slots: Slots, telling: Telling) -> tuple[Condition, ...]:
    if not slots.has("outlier"):
        return ()
    values = slots.values()
    if len(values) != 1:
        raise Ambiguous("outliers of what?", ["outliers in voice pitch"])
    numbers = slots.left("number")
    bound = slots.items[numbers[0]].value if numbers else Quantity(OUTLIER_Z)
    slots.use(*slots.left("outlier"), *numbers[:1])
    return (Condition(telling.value(values[0]), "outlier", bound),)


def _values(slots: Slots, verb: Verb, telling: Telling, outlier: tuple[Condition, ...]) -> tuple[Value, ...]:
    places = slots.values()
    if verb in ("scan", "how_many", "which") and not outlier:
        return ()
    aged = any(slots.items[n].value[1] == "age" for n in slots.left("direction", "superlative", "order"))
    found = list(dict.fromkeys(telling.value(n) for n in places))
    slots.use(*places)
    if aged and "age" in slots.terms.numeric and Covariate("age") not in found:
        found.append(Covariate("age"))
    wanted = 2 if verb == "correlate" else 1
    if not found:
        raise Ambiguous("no measure was named", ["`bitflow measure --list` names them"])
    if len(found) != wanted:
        raise Ambiguous(
            f"{len(found)} values are named where {wanted} would be understood", ["ask about one thing at a time"]
        )
    return tuple(sorted(found, key=lambda value: isinstance(value, Covariate)))


def _asks_for_people(slots: Slots, grain: int) -> bool:
    """``How many patients have recordings``: who is asked for stands before, and is no part of the noun."""
    asked = [n for n, item in enumerate(slots.items) if item.kind in ("counted", "verb", "who") and n < grain]
    for n in range(asked[0] + 1 if asked else 0, grain):
        item = slots.items[n]
        if item.kind == "level" and item.at + len(item.text.split()) < slots.items[grain].at:
            return not any(slots.is_kind(each, "mark", "verb", "by") for each in range(n, grain))
    return False


def _per(slots: Slots, verb: Verb, filtered: bool) -> Grain:
    """Recordings where they are what is asked for, participants else."""
    places = slots.left("grain")
    grains = [slots.items[n].value for n in places]
    slots.use(*places)
    if verb == "missing":
        return "participant"
    if verb in ("how_many", "which", "rank"):
        if len(set(grains)) > 1 or ("recording" in grains and _asks_for_people(slots, places[0])):
            raise Ambiguous("recordings, or participants?", ["how many recordings …", "how many participants …"])
        outlier = bool(slots.all("outlier"))
        return "recording" if "recording" in grains or (outlier and "participant" not in grains) else "participant"
    each = ("per", "each", "every", "for each", "for every")
    said = [n for n, item in enumerate(slots.items) if item.kind == "by" and item.text.lower() in each]
    if verb in ("compare", "scan", "change", "agree") and any(
        slots.is_kind(n + 1, "grain") and slots.items[n + 1].value == "recording" for n in said
    ):
        raise Ambiguous("groups are of participants, whose recordings are averaged", ["smile rate by group"])
    if verb in ("average", "distribution", "correlate") and "recording" in grains and not filtered:
        return "recording"
    return cast(Grain, "participant")


def speaks_of_many(reading: Reading, terms: Terms) -> bool:
    """Whether a question is about groups, sessions, covariates or many participants, and not about each recording."""
    items = reading.items
    kinds = {item.kind for item in items}
    if kinds & {"covariate", "group", "session", "outlier", "every"}:
        return True
    if any(item.kind == "verb" and item.value in ("correlate", "agree", "scan") for item in items):
        return True
    if any(item.kind == "level" and item.value[0] != "participant" for item in items):
        return True
    if any(item.kind == "absent" and item.text.lower() in _MANY for item in items):
        return True
    many = terms.recordings > 1
    if many and "level" in kinds:  # of one participant: an average, where a study gives one
        return _AVERAGED.search(reading.text) is not None
    if many and _EACH.search(reading.text):
        return True
    return many and any(item.kind in ("grain", "who") and item.text.lower() in _MANY for item in items)


#: Words for many people or recordings at once.
_MANY = frozenset(
    (
        *("participants", "people", "subjects", "individuals", "everyone", "everybody", "recordings"),
        *("videos", "files", "patients", "controls", "cases", "females", "males"),
        *("women", "men", "girls", "boys", "who", "whose"),
    )
)
#: One number a recording, which a study tells of a participant.
_AVERAGED = re.compile(r"\b(?:how often|average|mean|rate|per minute|fraction|share|exclud\w*|except|without)\b", re.I)
_EACH = re.compile(
    r"\b(?:which|what|each|every|per|how many) (?:participant|subject|recording|video|person|individual)", re.I
)
