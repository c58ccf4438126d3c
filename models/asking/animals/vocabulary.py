"""The words that questions are read by: those of the lexicon, and those that a store adds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from bitflow.models.asking.animals.lexicon import BEHAVIOURS, FILLERS, IMPOSSIBLE, LABELLED, OF_PEOPLE, ROLES, entries
from bitflow.models.asking.animals.names import Names, folded
from bitflow.models.asking.inflection import inflected, stem

ARTICLES = frozenset(("the", "a", "an", "its", "their", "his", "her", "own"))

UNTOLD = (
    frozenset(word for said in IMPOSSIBLE.values() for phrase in said for word in phrase.replace("=", "").split())
    - FILLERS
)
CORE = frozenset(
    form
    for phrase, kind, _ in entries()
    if kind not in ("statistic", "impossible", "describe")
    for word in phrase.replace("=", "").split()
    for form in inflected(word)
) | frozenset(form for said in BEHAVIOURS.values() for phrase in said for w in phrase.split() for form in inflected(w))
LIGHT = frozenset(form for word in FILLERS for form in inflected(word))
STOP_STEMS = frozenset(stem(word) for word in FILLERS)
KNOWN_WORDS = (
    frozenset(
        word
        for phrase, _, _ in (
            *entries(),
            *((p, "", "") for table in (BEHAVIOURS, LABELLED) for ps in table.values() for p in ps),
        )
        for word in phrase.replace("=", "").split()
    )
    | FILLERS
    | {"minus", "plus"}  # signs, which are not misspelled
)


@cache
def lexicon() -> dict[tuple[str, ...], dict[str, Any]]:
    """What the phrases of the lexicon mean, by the stems of their words."""
    return by_stems(entries())


def by_stems(phrases: Iterable[tuple[str, str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    """What phrases mean, by the stems of their words; articles do not matter."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for phrase, kind, value in phrases:
        words = [phrase] if phrase.startswith("=") else [stem(word) for word in phrase.split() if word not in ARTICLES]
        if not words:
            words = [stem(word) for word in phrase.split()]
        found.setdefault(tuple(words), {})[kind] = value  # of two with one name the later, which is the user's
    return found


def phrases_of(names: Names) -> list[tuple[str, str, Any]]:
    """Phrases for the behaviours and columns that a store knows."""
    found: list[tuple[str, str, Any]] = []
    for name in names.behaviours:
        found += [(spelled, "behaviour", name) for spelled in {name, name.replace("_", " ")}]
        known = {**BEHAVIOURS, **(OF_PEOPLE if names.kind == "person" else {})}
        found += [(phrase, "behaviour", name) for phrase in known.get(name, ())]
    for label in names.labels:
        found.append((label.replace("_", " "), "label", label))
    for label, phrases in LABELLED.items():
        if label in names.labels:
            found += [(phrase, "label", label) for phrase in phrases]
        else:
            found += [(phrase, "impossible", "labels") for phrase in phrases]
    for column in names.columns:
        table, _, name = column.partition(".")
        plain = name.replace("_", " ")
        found.append((plain, "column", column))
        found.append((f"{table.split('_')[0]} {plain}", "column", column))
    return found


def names_by_folded(names: Names) -> dict[str, dict[str, Any]]:
    """A store's animals, regions and parts by how they are written, in all the ways in which they may be."""
    found: dict[str, dict[str, Any]] = {}
    for kind, each in (("animal", names.actors), ("region", names.regions), ("part", names.parts)):
        for name in each:
            found.setdefault(folded(name), {})[kind] = name
    for name in names.regions:  # British and American spelling are one
        for one, other in (("centre", "center"), ("center", "centre")):
            if one in name.lower():
                found.setdefault(folded(name).replace(one, other), {}).setdefault("region", name)
    for name in names.regions:  # obj5 is also called object 5
        number = re.fullmatch(r"(roi|object|obj|zone|area|region)[\s_]*(\d+)", name.lower())
        if number:
            for noun in ("object", "obj") if number[1] in ("object", "obj") else (number[1],):
                found.setdefault(f"{noun}{number[2]}", {})["region"] = name
    for noun in ("roi", "region", "zone", "area"):  # region 0 is ROI0, where no other region has the number
        for name in names.regions:
            number = re.search(r"(\d+)$", name)
            alone = (
                number is not None
                and sum(each.endswith(number[1]) and not re.search(rf"\d{number[1]}$", each) for each in names.regions)
                == 1
            )
            if number is not None and alone:
                found.setdefault(f"{noun}{number[1]}", {}).setdefault("region", name)
    for noun in ("mouse", "animal", "rat", "subject", "individual", "m", "person", "participant"):
        for name in names.actors:
            number = re.search(r"(\d+)$", name)
            if number:
                found.setdefault(f"{noun}{number[1]}", {}).setdefault("animal", name)
    if names.kind == "animal":
        for role, spelled in ROLES.items():
            for each in spelled:
                found.setdefault(folded(each), {}).setdefault("part", role)
    return found
