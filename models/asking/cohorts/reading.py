"""A question about participants, groups and sessions cut into items: names, numbers and words that are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.units import Quantity, is_unit, unit_named
from bitflow.models.asking.cohorts.words import (
    BY,
    COMPARISONS,
    CONTROLS,
    DIRECTIONS,
    EVERY,
    GRAINS,
    GROUPS,
    NOT,
    OUTLIERS,
    PATIENTS,
    PLACE,
    SESSIONS,
    SEX,
    STOP,
    VERBS,
)
from bitflow.models.asking.concepts import CONCEPTS, REDUCERS
from bitflow.models.asking.reading import stem


@dataclass(frozen=True)
class Terms:
    """What a question about a store may name.

    Parameters
    ----------
    measures
        Units by measure.
    levels
        Of each covariate of words its values.
    numeric
        Covariates that are numbers.
    recordings
        How many there are.
    """

    measures: dict[str, str] = field(default_factory=dict)
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numeric: tuple[str, ...] = ()
    recordings: int = 1

    @property
    def covariates(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.levels, *self.numeric)

    @property
    def own(self) -> frozenset[str]:
        """Words that the study itself uses, lower case."""
        names = [*self.covariates, *(level for each in self.levels.values() if len(each) <= 50 for level in each)]
        return frozenset(word for name in names for word in re.findall(r"[\w-]+", name.lower()))

    @property
    def session(self) -> str | None:
        """The covariate that tells visits apart."""
        return next((name for name in ("session", "visit") if name in self.covariates), None)


_TOKEN = re.compile(r"<=|>=|[<>%?,;]|-?\d+(?:\.\d+)?|[^\W\d][\w]*(?:'\w+)?")


@dataclass(frozen=True)
class Item:
    """A piece of a question: what kind it is, what it stands for, and how it was written."""

    kind: str
    value: Any
    text: str


def plain(question: str) -> str:
    """A question with one sign for each thing."""
    text = question.replace("’", "'").replace("−", "-").replace("≤", "<=").replace("≥", ">=").replace("–", "-")
    text = re.sub(r"\b(\d+(?:\.\d+)?)\s*(?:%|percent|per cent)", r"\1 %", text)
    text = re.sub(r"(?<=[A-Za-z])-(?=\d)", " ", text)
    return re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text)


def _phrases(terms: Terms) -> dict[tuple[str, ...], list[Item]]:
    found: dict[tuple[str, ...], list[Item]] = {}

    def add(said: Iterable[str], kind: str, value: Any) -> None:
        for phrase in said:
            words = tuple(
                stem(word) for word in _TOKEN.findall(phrase.lower()) if word not in ("the", "of") or " " not in phrase
            )
            if words:
                found.setdefault(words, []).append(Item(kind, value, phrase))

    for name, concept in CONCEPTS.items():
        add(concept.said, "concept", name)
    for reducer, said in REDUCERS.items():
        add(said, "reducer", reducer)
    for verb, said in VERBS.items():
        add(said, "verb", verb)
    for grain, said in GRAINS.items():
        add(said, "grain", grain)
    for op, said in COMPARISONS.items():
        add(said, "comparison", op)
    for kind, said in (
        ("outlier", OUTLIERS),
        ("session", SESSIONS),
        ("group", GROUPS),
        ("every", EVERY),
        ("by", BY),
        ("direction", DIRECTIONS),
        ("not", NOT),
        ("coverage", ("coverage",)),
    ):
        add(said, kind, kind)
    add((*PATIENTS, *CONTROLS, *(word for words in SEX.values() for word in words if len(word) > 1)), "levels?", None)
    taken = frozenset(found)
    # Names of the store come last: none of them may stand for a word of the language.
    own: dict[tuple[str, ...], list[Item]] = {}
    for name in terms.measures:
        for phrase in {
            name.replace("_", " "),
            re.sub(r"_(per_min|per_s|fraction|deg|hz|db|s|ms|st)$", "", name).replace("_", " "),
        }:
            words = tuple(map(stem, phrase.split()))
            if words not in taken:
                own.setdefault(words, []).append(Item("measure", name, phrase))
    for name in terms.covariates:
        if name in ("participant", "session", "visit", "group", "recording"):
            continue
        words = tuple(stem(word) for word in re.findall(r"[^\W_]+", name.lower()))
        for spelled in {
            words,
            ("".join(words),),
            (stem(name.lower()),),
            tuple(re.findall(r"[a-z]+|\d+", name.lower())),
        }:
            if spelled and spelled not in taken:
                own.setdefault(spelled, []).append(Item("covariate", name, name))
    for name, levels in terms.levels.items():
        if name == "participant" or len(levels) > 50:
            continue
        for level in levels:
            words = tuple(stem(word) for word in re.findall(r"[^\W_]+", level.lower()))
            mine = words in {(stem(word),) for word in (*PATIENTS, *CONTROLS, *SEX["female"], *SEX["male"])}
            if words and (mine or words not in taken) and not all(word.isdigit() for word in words):
                own.setdefault(words, []).insert(0, Item("level", (name, level), level))
    for sex, said in SEX.items():
        for name, levels in terms.levels.items():
            level = next((each for each in levels if each.lower() in said), None)
            if level is not None and len(levels) <= 4 and name.lower() in ("sex", "gender"):
                for word in said[:4]:
                    own[(stem(word),)] = [Item("level", (name, level), sex)]
    _add_patients(own, terms)
    return {**found, **{words: items for words, items in own.items()}}


def _add_patients(own: dict[tuple[str, ...], list[Item]], terms: Terms) -> None:
    """``patients`` are those of two groups who are not the controls."""
    for name, levels in terms.levels.items():
        controls = [level for level in levels if level.lower() in CONTROLS]
        if len(controls) != 1:
            continue
        for word in ("control", "healthy"):
            own.setdefault((stem(word),), [Item("level", (name, controls[0]), controls[0])])
        own.setdefault((stem("healthy"), stem("control")), [Item("level", (name, controls[0]), controls[0])])
        others = [level for level in levels if level not in controls]
        if len(others) == 1:
            for word in PATIENTS:
                own.setdefault((stem(word),), [Item("level", (name, others[0]), others[0])])


def read(text: str, terms: Terms) -> tuple[list[Item], list[str]]:
    """The items of a question, and what was corrected in it."""
    text, people = _participants(text, terms)
    tokens = _TOKEN.findall(text)
    phrases = _phrases(terms)
    longest = max(map(len, phrases))
    items: list[Item] = [*people]
    notes: list[str] = []
    at = 0
    while at < len(tokens):
        word = tokens[at].lower()
        best = 0
        for length in range(min(longest, len(tokens) - at), 0, -1):
            key = tuple(stem(each.lower()) for each in tokens[at : at + length])
            if key in phrases:
                best = length
                items.append(_of_several(phrases[key], " ".join(tokens[at : at + length])))
                break
        if best:
            at += best
            continue
        if re.fullmatch(r"-?\d+(\.\d+)?", word) or (word in PLACE and word != "one"):
            value = float(PLACE.get(word, 0) or word)
            after = tokens[at + 1].lower() if at + 1 < len(tokens) else ""
            unit = after if after == "%" or (is_unit(after) and after not in ("h", "f", "m", "in")) else None
            items.append(Item("number", Quantity(value, unit_named(unit).symbol if unit else "1"), word))
            at += 2 if unit else 1
            continue
        if word not in STOP and word not in "?,;%":
            near = _misspelled(word, phrases)
            if near is not None:
                notes.append(f"read {word!r} as {near!r}")
                tokens[at] = near
                continue
            items.append(Item("unknown", word, tokens[at]))
        at += 1
    return items, notes


def _of_several(found: list[Item], text: str) -> Item:
    first = found[0]
    if first.kind == "level" and len({item.value for item in found if item.kind == "level"}) > 1:
        names = [f"{covariate} {level}" for covariate, level in (item.value for item in found if item.kind == "level")]
        raise Ambiguous(f"{text!r} is a value of several covariates", names)
    return replace(first, text=text)


def _misspelled(word: str, phrases: dict[tuple[str, ...], list[Item]]) -> str | None:
    from difflib import get_close_matches

    if len(word) < 5 or not word.isalpha():
        return None
    known = {item.text for items in phrases.values() for item in items if " " not in item.text and item.text.isalpha()}
    known |= {part for items in phrases.values() for item in items for part in item.text.split() if len(part) > 4}
    near = get_close_matches(word, sorted(each for each in known if each.lower() != word), 1, 0.85)
    return near[0] if near else None


def _participants(text: str, terms: Terms) -> tuple[str, list[Item]]:
    """Participants by their ids, which hold a digit or are quoted, so that no word of a question is taken for one."""
    names = {name.lower(): name for name in terms.levels.get("participant", ())}
    found: list[Item] = []

    def take(match: re.Match[str]) -> str:
        said = match.group(1) or match.group(2)
        name = names.get(said.lower())
        if name is None or (match.group(2) and not (re.search(r"\d", said) and re.search(r"[^\W\d]", said))):
            return match.group()
        found.append(Item("level", ("participant", name), name))
        return " "

    text = re.sub(r"""["'“]([^"'”]{1,80})["'”]|(?<![\w])([\w][\w./-]*\w)""", take, text)
    return text, found


def compared(items: list[Item]) -> list[Item]:
    """``less than controls`` compares groups, ``less than 5`` a number; ``higher`` asks than whom, ``how much`` does
    not."""
    found: list[Item] = []
    for at, item in enumerate(items):
        number = any(each.kind == "number" for each in items[at + 1 : at + 3])
        if item.kind == "comparison" and not number:
            found += [replace(item, kind="direction_of")]
            if item.text.lower().endswith("than"):
                found.append(Item("verb", "compare", "than"))
        elif item.kind == "direction" and item.text.lower() not in (
            "often",
            "much",
            "faster",
            "slower",
            "longer",
            "shorter",
        ):
            found.append(replace(item, kind="direction_of"))
        else:
            found.append(item)
    return found
