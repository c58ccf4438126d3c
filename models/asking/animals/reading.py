"""A question cut into items: names, numbers with units, and phrases of the lexicon, each the longest that fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bitflow.events.language.units import Quantity, is_unit, unit_named
from bitflow.models.asking.animals.lexicon import FILLERS
from bitflow.models.asking.animals.names import Names, folded
from bitflow.models.asking.animals.plain import plain
from bitflow.models.asking.animals.vocabulary import (
    ARTICLES,
    CORE,
    KNOWN_WORDS,
    LIGHT,
    STOP_STEMS,
    UNTOLD,
    by_stems,
    lexicon,
    names_by_folded,
    phrases_of,
)
from bitflow.models.asking.inflection import inflected, stem
from bitflow.models.asking.item import Item
from bitflow.models.asking.numerals import SMALL, WORDS, clock_seconds, spoken_number
from bitflow.models.asking.spelling import nearest
from bitflow.models.asking.understood import refuse_long

_TOKEN = re.compile(
    r"\d+:\d{2}(?::\d{2})?(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|[^\W\d]\w*(?:['’]\w+)?|<=|>=|[<>=%°?!;.,:&|/]|[-−–](?=\s*\d)"
)
_UNIT_WORDS = (
    "px pixel pixels cm mm m bl s sec secs second seconds ms millisecond milliseconds min mins minute minutes h hour "
    "hours frame frames f deg degs degree degrees hz centimetre centimetres centimeter centimeters millimetre "
    "millimetres millimeter millimeters percent % ° db rad fps"
)
_UNITS = frozenset(_UNIT_WORDS.split())


@dataclass(frozen=True)
class Reading:
    """The items of a question, and what was corrected in it."""

    items: tuple[Item, ...]
    notes: tuple[str, ...]


def read(question: str, names: Names) -> Reading:
    """The items of a question.

    Raises
    ------
    TooLarge
        It is longer than a question may be.
    """
    refuse_long(question)
    return _Reader(plain(question), names).read()


def corrected(text: str, names: Names) -> tuple[str, tuple[str, ...]]:
    """A question with its misspelled words as the known ones that are nearest, and what was corrected."""
    reader = _Reader("", names)
    known = {stem(word) for word in reader.vocabulary} | STOP_STEMS
    notes: list[str] = []

    def right(match: re.Match[str]) -> str:
        word = match.group().lower()
        if word in reader.vocabulary or stem(word) in known or word in FILLERS or folded(word) in reader.by_folded:
            return match.group()
        near = nearest(word, reader.vocabulary, LIGHT, CORE, UNTOLD)
        if near is None or near in UNTOLD:
            return match.group()
        notes.append(f"read {match.group()!r} as {near!r}")
        return near

    return re.sub(r"(?<![\w'’])[^\W\d_]{3,}(?![\w'’])", right, text), tuple(notes)


class _Reader:
    def __init__(self, text: str, names: Names):
        self.words = [match.group() for match in _TOKEN.finditer(text)]
        self.names = names
        self.lexicon = lexicon()
        self.own = by_stems(phrases_of(names))
        self.by_folded = names_by_folded(names)
        self.longest = max((len(key) for table in (self.lexicon, self.own) for key in table), default=1)
        self.notes: list[str] = []

    def read(self) -> Reading:
        items: list[Item] = []
        at = 0
        while at < len(self.words):
            taken, item = self._next(at)
            if item is not None:
                items.append(item)
            at += taken
        return Reading(tuple(_with_units(_with_voice(items))), tuple(self.notes))

    def _next(self, at: int) -> tuple[int, Item | None]:
        word = self.words[at]
        rank = self._percentile(word.lower())
        if rank is not None and self._name(at) is None:
            return 1, rank
        number = self._number(at)
        name = self._name(at)
        phrase = self._phrase(at)
        if number is not None and (name is None or name[0] <= 1):
            return number
        if name is not None and (phrase is None or name[0] >= phrase[0]):
            return self._merged(name, phrase)
        if phrase is not None:
            return phrase
        if word in _MARKS:
            return 1, Item({"mark": word}, word)
        if word.lower() in FILLERS or stem(word) in STOP_STEMS:
            return 1, Item({"stop": word.lower()}, word)
        return self._corrected(at)

    def _merged(self, name: tuple[int, Item], phrase: tuple[int, Item] | None) -> tuple[int, Item]:
        """A word that is a name and something else may be either."""
        if phrase is not None and phrase[0] == name[0]:
            return name[0], Item({**phrase[1].means, **name[1].means}, name[1].text)
        return name

    def _corrected(self, at: int) -> tuple[int, Item | None]:
        """A misspelled word as the known one that is nearest; else an unknown word."""
        word = self.words[at]
        if len(word) >= 3 and word.isalpha() and word.lower() not in self.vocabulary:
            near = nearest(word.lower(), self.vocabulary, LIGHT, CORE, UNTOLD)
            if near is not None:
                self.notes.append(f"read {word!r} as {near!r}")
                self.words[at] = near
                return self._next(at)
        if "_" in word:
            return 1, Item({"part": word, "unknown": word}, word)
        return 1, Item({"unknown": word}, word)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Words that a misspelled one may have been, with their endings."""
        named = (*self.names.regions, *self.names.parts, *self.names.actors, *self.names.behaviours)
        own = {part.lower() for name in named for part in re.split(r"[\W_]+", name)}
        known = KNOWN_WORDS | own | WORDS
        return frozenset(
            form for word in known if len(word) >= 3 for form in (inflected(word) if word not in UNTOLD else (word,))
        )

    def _numbered(self, at: int) -> tuple[int, Item] | None:
        """``mouse 4`` and ``ROI9`` that the store has not: names all the same, to be refused by name."""
        text = self.words[at].lower()
        following = self.words[at + 1] if at + 1 < len(self.words) else ""
        for kind, nouns in (("animal", _ANIMAL), ("region", _REGION)):
            together = re.fullmatch(rf"(?:{nouns})_?(\d+)", text)
            if together:
                return 1, Item({kind: self.words[at]}, self.words[at])
            if re.fullmatch(nouns, text) and following.isdigit() and text != "mice":  # two mice 50 px apart
                return 2, Item({kind: f"{self.words[at]}{following}"}, f"{self.words[at]} {following}")
        return None

    def _name(self, at: int) -> tuple[int, Item] | None:
        numbered = self._numbered(at)
        for length in range(min(4, len(self.words) - at), 0, -1):
            words = self.words[at : at + length]
            if any(word in _MARKS for word in words):
                continue
            last = re.sub(r"['’]s?$", "", words[-1])
            joined = folded(
                "".join([*words[:-1], str(int(SMALL[last.lower()])) if length > 1 and last.lower() in SMALL else last])
            )
            for spelled in (joined, joined.removesuffix("s")):  # the noses of two mice
                if spelled in self.by_folded:
                    return length, Item(self.by_folded[spelled], " ".join(words))
        return numbered

    def _phrase(self, at: int) -> tuple[int, Item] | None:
        """The longest phrase that begins here; articles between its words do not matter."""
        if (exact := self.lexicon.get((f"={self.words[at].lower()}",))) is not None:
            return 1, Item(dict(exact), self.words[at])
        stems: list[str] = []
        best: tuple[int, Item] | None = None
        end = at
        while end < len(self.words) and len(stems) < self.longest:
            word = self.words[end]
            if word in ".;?!,":
                break
            end += 1
            if word.lower() in ARTICLES and stems:
                continue
            stems.append(stem(word))
            means = {**self.lexicon.get(tuple(stems), {}), **self.own.get(tuple(stems), {})}
            if (
                "each" in means
                and (  # chased by mouse 2, spent by the mouse
                    "the" in self.words[at:end] or (end < len(self.words) and self.words[end].isdigit())
                )
            ):
                means.pop("each")
            if means:
                best = end - at, Item(means, " ".join(self.words[at:end]))
        return best

    def _number(self, at: int) -> tuple[int, Item] | None:
        word = self.words[at]
        negative = word.lower() in ("-", "−", "–", "minus") and at + 1 < len(self.words)
        place = at + 1 if negative else at
        text = self.words[place].lower()
        if re.fullmatch(r"\d+(:\d{2})+(\.\d+)?", text):
            return 1, Item({"number": Quantity(clock_seconds(text), "s"), "clock": True}, text)
        if re.fullmatch(r"\d*\.?\d+", text):
            value = float(text)
        elif (spoken := spoken_number(self.words[place:])) is not None:
            count, value = spoken
            if count == 1 and not negative and self._unit(place + 1)[1] is None:
                also = self._also(at)
                return (1, Item({"number": value, "stop": text, **also}, text)) if text != "one" else None
            place += count - 1
        else:
            return None
        value = -value if negative else value
        taken, unit = self._unit(place + 1)
        length = place + 1 + taken - at
        shown = " ".join(self.words[at : at + length])
        if unit is None:
            return length, Item({"number": value}, shown)
        return length, Item({"number": Quantity(value, unit)}, shown)

    def _percentile(self, text: str) -> Item | None:
        rank = re.fullmatch(r"p(\d+(?:\.\d+)?)", text)
        return Item({"percentile": float(rank.group(1))}, text) if rank and float(rank.group(1)) <= 100 else None

    def _also(self, at: int) -> dict[str, Any]:
        phrase = self._phrase(at)
        return phrase[1].means if phrase is not None and phrase[0] == 1 else {}

    def _unit(self, at: int) -> tuple[int, str | None]:
        """The unit that follows a number: words taken, and its symbol."""
        if at >= len(self.words):
            return 0, None
        word = self.words[at].lower()
        taken = 1
        if word == "body" and at + 1 < len(self.words) and self.words[at + 1].lower() in ("length", "lengths"):
            word, taken = "bl", 2
        if word not in _UNITS or not is_unit(word):
            return 0, None
        per = [each.lower() for each in self.words[at + taken : at + taken + 2]]
        if len(per) == 2 and per[0] in ("/", "per", "a", "each") and per[1] in ("s", "sec", "second", "seconds"):
            symbol = f"{unit_named(word).symbol}/s"
            if is_unit(symbol):
                return taken + 2, symbol
        if per == ["/", "s2"] and is_unit(f"{unit_named(word).symbol}/s2"):
            return taken + 2, f"{unit_named(word).symbol}/s2"
        return taken, unit_named(word).symbol


def _with_voice(items: list[Item]) -> list[Item]:
    """``is chased``: a behaviour that is done to somebody is marked as passive."""
    found = list(items)
    for at, item in enumerate(items):
        the_one = at > 0 and items[at - 1].text.lower() in ("one", "one being")  # is the one chased
        before = {each.text.lower() for each in items[max(0, at - 3 - 2 * the_one) : at]}
        if item.is_("behaviour") and item.text.lower().split()[0].endswith("ed") and before & _AUXILIARIES:
            found[at] = Item({**item.means, "passive": True}, item.text)
    return found


def _with_units(items: list[Item]) -> list[Item]:
    """``between 30 and 60 s``: the first number has the unit of the second."""
    found = list(items)
    for at in range(len(items) - 2):
        first, link, second = items[at : at + 3]
        bare = first.is_("number") and isinstance(first["number"], float)
        if (
            bare
            and link.text.lower() in ("and", "to", "-")
            and second.is_("number")
            and isinstance(second["number"], Quantity)
        ):
            found[at] = Item({**first.means, "number": Quantity(first["number"], second["number"].unit)}, first.text)
        bare = second.is_("number") and isinstance(second["number"], float)
        if (
            bare
            and link.text.lower() in ("and", "to", "-")
            and first.is_("number")
            and isinstance(first["number"], Quantity)
        ):
            found[at + 2] = Item(
                {**second.means, "number": Quantity(second["number"], first["number"].unit)}, second.text
            )
    return found


_MARKS = tuple(".;?!,:=/&|%°<>")
_AUXILIARIES = frozenset(("is", "are", "was", "were", "be", "been", "being", "get", "gets", "got", "getting"))
_ANIMAL = "mouse|mice|animal|rat|subject|individual|fish|fly|person|participant|m"
_REGION = "roi|object|obj|zone|area|region"
