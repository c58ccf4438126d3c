"""A question cut into items: names, numbers with units, and phrases of the lexicon, each the longest that fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any

from bitflow.events.language.refusals import TooLarge
from bitflow.events.language.units import Quantity, is_unit, unit_named
from bitflow.models.asking.lexicon import BEHAVIOURS, FILLERS, LABELLED, OF_PEOPLE, entries
from bitflow.models.asking.names import Names, folded

#: Longest question in characters.
LONGEST_QUESTION = 1000

#: How alike a word must be to one that is known, to count as its misspelling.
ALIKE = 0.82

ARTICLES = frozenset(("the", "a", "an", "its", "their", "his", "her", "own"))

_TOKEN = re.compile(
    r"\d+:\d{2}(?::\d{2})?(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|[^\W\d]\w*(?:['’]\w+)?|<=|>=|[<>=%°?!;.,:&|/]|[-−–](?=\s*\d)"
)
_IRREGULAR = {
    **{
        "mice": "mouse",
        "fled": "flee",
        "ran": "run",
        "went": "go",
        "gone": "go",
        "goes": "go",
        "going": "go",
        "froze": "freeze",
        "frozen": "freeze",
    },
    **{"stood": "stand", "sat": "sit", "lay": "lie", "lying": "lie", "slept": "sleep", "kept": "keep", "held": "hold"},
    **{
        "came": "come",
        "got": "get",
        "spent": "spend",
        "fought": "fight",
        "bit": "bite",
        "spoke": "speak",
        "left": "left",
    },
    **{
        "stops": "stop",
        "stopped": "stop",
        "does": "do",
        "did": "do",
        "done": "do",
        "is": "be",
        "are": "be",
        "was": "be",
    },
    **{
        "were": "be",
        "been": "be",
        "being": "be",
        "feet": "foot",
        "bodies": "body",
        "anxieties": "anxiety",
        "hid": "hide",
    },
}
_NUMBERS = {
    word: float(n)
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ]
    )
} | {"twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "ninety": 90.0, "hundred": 100.0}
_UNITS = {
    "px",
    "pixel",
    "pixels",
    "cm",
    "mm",
    "m",
    "bl",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "ms",
    "millisecond",
} | {
    *("milliseconds", "min", "mins", "minute", "minutes", "h", "hour", "hours", "frame", "frames", "f", "deg", "degs"),
    *("degree", "degrees", "hz", "centimetre", "centimetres", "centimeter", "centimeters", "millimetre", "millimetres"),
    *("millimeter", "millimeters", "percent", "%", "°", "db", "rad", "fps"),
}


@dataclass(frozen=True)
class Item:
    """A piece of a question and what it may mean: by kind its value. `text` is how it was written."""

    means: dict[str, Any] = field(hash=False)
    text: str

    def is_(self, *kinds: str) -> bool:
        """Whether it may be any of these."""
        return any(kind in self.means for kind in kinds)

    def __getitem__(self, kind: str) -> Any:
        return self.means[kind]


@dataclass(frozen=True)
class Reading:
    """The items of a question, and what was corrected in it."""

    items: tuple[Item, ...]
    notes: tuple[str, ...]


def stem(word: str) -> str:
    """A word without its inflection.

    Examples
    --------
    >>> stem("chasing") == stem("chases") == stem("chase"), stem("mice") == stem("mouse")
    (True, True)
    """
    word = word.lower().replace("’", "'")
    word = _IRREGULAR.get(word, word)
    word = re.sub(r"'s?$", "", word)
    if len(word) <= 3:
        return word
    for suffix in ("ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)] + ("y" if suffix in ("ied", "ies") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word.rstrip("e") if len(word) > 3 else word


@cache
def _lexicon() -> dict[tuple[str, ...], dict[str, Any]]:
    return _by_stems(entries())


def _by_stems(phrases: Iterable[tuple[str, str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for phrase, kind, value in phrases:
        words = [phrase] if phrase.startswith("=") else [stem(word) for word in phrase.split() if word not in ARTICLES]
        if not words:
            words = [stem(word) for word in phrase.split()]
        found.setdefault(tuple(words), {})[kind] = value  # of two with one name the later, which is the user's
    return found


def read(question: str, names: Names) -> Reading:
    """The items of a question.

    Raises
    ------
    TooLarge
        It is longer than a question may be.
    """
    if len(question) > LONGEST_QUESTION:
        raise TooLarge(f"a question has at most {LONGEST_QUESTION} characters, this one {len(question)}")
    return _Reader(_plain(question), names).read()


def _plain(question: str) -> str:
    text = question.replace("−", "-").replace("≤", "<=").replace("≥", ">=").replace("’", "'")
    text = re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text)
    text = re.sub(r"\b([Ii]|[Ww]e|[Yy]ou)\s+(want|wanted|would like|'d like|need|think|wonder|would love)\b", " ", text)
    text = re.sub(r"\b(one|1) and a half\b", "1.5", text, flags=re.I)
    text = re.sub(r"\b(?:a )?half (?:a |an )?(second|minute|hour|body length)\b", r"0.5 \1", text, flags=re.I)
    text = re.sub(r"\ba quarter (?:of )?(?:a |an )?(second|minute|hour)\b", r"0.25 \1", text, flags=re.I)
    text = re.sub(r"\ba couple of (seconds|minutes|frames)\b", r"2 \1", text, flags=re.I)
    text = re.sub(
        r"\b(second|minute|frame)s? (\d+(?:\.\d+)?)\b(?! ?(?:s|sec|min|frame|px|cm|deg))", r"\2 \1", text, flags=re.I
    )
    text = re.sub(r"^\s*will (?!you\b)", "predict ", text, flags=re.I)
    text = re.sub(r"\b(do|does|did)\b(.*)\b(like|dislike|love|hate|enjoy)\b", r"\1\2 prefer", text, flags=re.I)
    text = re.sub(r"\b(\d+(?:\.\d+)?)(?:st|nd|rd|th) percentile\b", r"p\1", text, flags=re.I)
    text = re.sub(r"\b(\d+(?:\.\d+)?) ?(?:%|percent) (?:of the )?(fastest|slowest)\b", r"\2 \1 %", text, flags=re.I)
    text = re.sub(r"\b(?:a|an|any|some)\s+(?:single\s+)?(mouse|animal|rat)\b(?!\s*\d)", "anyone", text, flags=re.I)
    text = re.sub(r"\b(?:no|none of the|neither) (mouse|mice|animals?|rats?)\b", "not all mice", text, flags=re.I)
    lead = r"(?<!per )(?<!times )(?<!time )(?<!every )(?<!often )"
    return re.sub(
        lead + r"\b(?:a|an|one) (?:single |full |whole )?(second|minute|hour|frame|body length)\b",
        r"1 \1",
        text,
        flags=re.I,
    )


class _Reader:
    def __init__(self, text: str, names: Names):
        self.words = [match.group() for match in _TOKEN.finditer(text)]
        self.names = names
        self.lexicon = _lexicon()
        self.own = _by_stems(_phrases_of(names))
        self.by_folded = _names_by_folded(names)
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
        if word in ".;?!,:=/&|%°":
            return 1, Item({"mark": word}, word)
        if word.lower() in FILLERS or stem(word) in _STOP_STEMS:
            return 1, Item({"stop": word.lower()}, word)
        return self._corrected(at)

    def _merged(self, name: tuple[int, Item], phrase: tuple[int, Item] | None) -> tuple[int, Item]:
        """A word that is a name and something else may be either."""
        if phrase is not None and phrase[0] == name[0]:
            return name[0], Item({**phrase[1].means, **name[1].means}, name[1].text)
        return name

    def _corrected(self, at: int) -> tuple[int, Item | None]:
        """A misspelled word as the known one that is most like it; else an unknown word."""
        word = self.words[at]
        if len(word) >= 5 and word.isalpha() and word.lower() not in self.vocabulary:
            near = get_close_matches(word.lower(), self.vocabulary, 1, ALIKE)
            if near:
                self.notes.append(f"read {word!r} as {near[0]!r}")
                self.words[at] = near[0]
                return self._next(at)
        if "_" in word:
            return 1, Item({"part": word, "unknown": word}, word)
        return 1, Item({"unknown": word}, word)

    @cached_property
    def vocabulary(self) -> list[str]:
        """Words that a misspelled one may have been."""
        named = (*self.names.regions, *self.names.parts, *self.names.actors, *self.names.behaviours)
        own = {part.lower() for name in named for part in re.split(r"[\W_]+", name)}
        return sorted(word for word in _WORDS | own if len(word) >= 4)

    def _numbered(self, at: int) -> tuple[int, Item] | None:
        """``mouse 4`` and ``ROI9`` that the store has not: names all the same, to be refused by name."""
        text = self.words[at].lower()
        following = self.words[at + 1] if at + 1 < len(self.words) else ""
        for kind, nouns in (("animal", _ANIMAL), ("region", _REGION)):
            together = re.fullmatch(rf"(?:{nouns})_?(\d+)", text)
            if together:
                return 1, Item({kind: self.words[at]}, self.words[at])
            if re.fullmatch(nouns, text) and following.isdigit():
                return 2, Item({kind: f"{self.words[at]}{following}"}, f"{self.words[at]} {following}")
        return None

    def _name(self, at: int) -> tuple[int, Item] | None:
        numbered = self._numbered(at)
        for length in range(min(4, len(self.words) - at), 0, -1):
            words = self.words[at : at + length]
            if any(word in ".;?!,<>=" for word in words):
                continue
            last = re.sub(r"['’]s?$", "", words[-1])
            joined = folded(
                "".join(
                    [*words[:-1], str(int(_NUMBERS[last.lower()])) if length > 1 and last.lower() in _NUMBERS else last]
                )
            )
            if joined in self.by_folded:
                return length, Item(self.by_folded[joined], " ".join(words))
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
            if means:
                best = end - at, Item(means, " ".join(self.words[at:end]))
        return best

    def _number(self, at: int) -> tuple[int, Item] | None:
        word = self.words[at]
        negative = word in "-−–" and at + 1 < len(self.words)
        place = at + 1 if negative else at
        text = self.words[place].lower()
        if re.fullmatch(r"\d+(:\d{2})+(\.\d+)?", text):
            parts = [float(part) for part in text.split(":")]
            seconds = sum(part * 60**power for power, part in enumerate(reversed(parts)))
            return 1, Item({"number": Quantity(seconds, "s"), "clock": True}, text)
        if re.fullmatch(r"\d*\.?\d+", text):
            value = float(text)
        elif text in _NUMBERS and not negative and self._unit(place + 1)[1] is not None:
            value = _NUMBERS[text]
        elif text in _NUMBERS and text not in ("one",):
            return 1, Item({"number": _NUMBERS[text], "stop": text, **self._also(at)}, text)
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
        return taken, unit_named(word).symbol


def _with_voice(items: list[Item]) -> list[Item]:
    """``is chased``: a behaviour that is done to somebody is marked as passive."""
    found = list(items)
    for at, item in enumerate(items):
        before = {each.text.lower() for each in items[max(0, at - 3) : at]}
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


_AUXILIARIES = frozenset(("is", "are", "was", "were", "be", "been", "being", "get", "gets", "got", "getting"))
_ANIMAL = "mouse|mice|animal|rat|subject|individual|fish|fly|person|participant|m"
_REGION = "roi|object|obj|zone|area|region"
_STOP_STEMS = frozenset(stem(word) for word in FILLERS)
_WORDS = (
    frozenset(
        word
        for phrase, _, _ in (
            *entries(),
            *((p, "", "") for table in (BEHAVIOURS, LABELLED) for ps in table.values() for p in ps),
        )
        for word in phrase.replace("=", "").split()
    )
    | FILLERS
)


def _phrases_of(names: Names) -> list[tuple[str, str, Any]]:
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


def _names_by_folded(names: Names) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind, each in (("animal", names.actors), ("region", names.regions), ("part", names.parts)):
        for name in each:
            found.setdefault(folded(name), {})[kind] = name
    for name in names.regions:  # obj5 is also called object 5
        number = re.fullmatch(r"(roi|object|obj|zone|area|region)[\s_]*(\d+)", name.lower())
        if number:
            for noun in ("object", "obj") if number[1] in ("object", "obj") else (number[1],):
                found.setdefault(f"{noun}{number[2]}", {})["region"] = name
    for noun in ("mouse", "animal", "rat", "subject", "individual", "m", "person", "participant"):
        for name in names.actors:
            number = re.search(r"(\d+)$", name)
            if number:
                found.setdefault(f"{noun}{number[1]}", {}).setdefault("animal", name)
    if names.kind == "animal":
        for role, spelled in _ROLES.items():
            for each in spelled:
                found.setdefault(folded(each), {}).setdefault("part", role)
    return found


_ROLES: dict[str, Sequence[str]] = {
    "centre": (
        *(
            "centre",
            "center",
            "body center",
            "body centre",
            "animal center",
            "animal centre",
            "mouse centre",
            "centroid",
        ),
        *("center of the body", "centre of the body", "center of mass", "middle of the body", "center point", "body"),
        *("mouse center", "animals center", "center of the animal", "centre of the animal", "body midpoint"),
    ),
    "nose": ("nose", "snout", "nose tip", "tip of the nose", "face"),
    "neck": ("neck", "nape"),
    "tail_base": (
        *(
            "tail base",
            "base of tail",
            "base of the tail",
            "rear end",
            "rear",
            "bottom",
            "butt",
            "backside",
            "hindquarters",
        ),
        *("anogenital region", "genitals", "anus", "back end", "tail", "tail root", "behind"),
    ),
    "left_ear": ("left ear",),
    "right_ear": ("right ear",),
}
