"""A question about people cut into items: the longest phrase that fits, names, patterns of words, numbers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from bitflow.events.language.units import unit_named
from bitflow.models.asking.inflection import stem
from bitflow.models.asking.item import Item
from bitflow.models.asking.people.names import ROLES, PeopleNames
from bitflow.models.asking.people.phrases import LIGHT, ORDINALS, PRONOUNS, entries

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d]\w*(?:'\w+)?|[<>=]=?|[%°]|[^\w\s]")
_MARKS = frozenset(".,;:!?-–—()[]\"'“”‘’/&*…")
_SAID = {
    "said": "say",
    "saying": "say",
    "shook": "shake",
    "shaken": "shake",
    "rose": "rise",
    "risen": "rise",
    "fell": "fall",
}
_SAID |= {"using": "use", "used": "use"}
_SAID |= {"spoke": "speak", "spoken": "speak", "began": "begin", "fallen": "fall", "grew": "grow", "shut": "shut"}

#: Words that only open a question, where no phrase needs them.
_IDLE = frozenset(("and", "what", "which"))

#: What comes first is said last: not to be read as `following`.
_REVERSED = frozenset(("followed", "follows", "follow", "preceded", "precedes", "preceding"))

#: Units that an answer may be asked in.
_UNITS = {"hz": "Hz", "hertz": "Hz", "deg": "deg", "degree": "deg", "degrees": "deg", "°": "deg", "db": "dB"}
_UNITS |= {"decibel": "dB", "decibels": "dB", "percent": "%", "%": "%", "radians": "rad"}
_UNITS |= {"seconds": "s", "secs": "s", "ms": "ms", "milliseconds": "ms", "minutes": "min", "mins": "min"}

#: Light words that a phrase may be interrupted by, and how many.
MOST_SKIPPED = 6

#: Words after a verb of saying that are no pattern.
_HARDLY = """
    while when whenever whilst during after before in within at the a an and or he she they to something anything
    nothing it that this what who how most more less often words word first last for on with positive negative of by
    are is was were per each every does do did
"""
_NO_PATTERN = frozenset(_HARDLY.split())

#: Words that are said more often than they mean something in a question.
_OFTEN = "um uh yes no yeah okay sorry well maybe never always thanks please hello not"
_UTTERED = frozenset(_OFTEN.split())


#: Said in two words.
_IN_TWO = frozenset(("thank you", "of course", "excuse me", "all right", "i see", "never mind", "oh no", "oh yes"))


_STILL_QUOTED = re.compile(r"[\"“]([^\"“”]{1,80})[\"”]|(?<!\w)['‘]([^'‘’\"]{1,80})['’](?!\w)")
_OF_SAYING = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|words?|utter\w*|mention\w*|transcript|sp(?:oke|oken|eech)|phrases?)\b", re.I
)


def root(word: str) -> str:
    """A word without its inflection."""
    word = word.lower()
    return stem(_SAID.get(word, word))


@cache
def _table() -> dict[tuple[str, ...], dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for phrase, kind, value in entries():
        found.setdefault(_key(phrase), {}).setdefault(kind, value)
    return found


def _key(phrase: str) -> tuple[str, ...]:
    words = re.findall(r"[\w']+", phrase.lower())
    kept = [word for word in words if word not in LIGHT] or words
    return tuple(map(root, kept))


def is_known(word: str, names: PeopleNames) -> bool:
    """Whether a word, lower case, means something here."""
    if word in LIGHT or word in PRONOUNS or word in _IDLE or word in _UNITS or word in _SAID or root(word) in _roots():
        return True
    if any(word in said or word.removesuffix("s") in said for said in ROLES.values()) or word in names.some_roles:
        return True
    ids = (*names.recordings, *names.participants, *names.labels, *names.behaviours, *names.columns)
    return any(word in re.findall(r"[^\W_]+", each.lower()) for each in ids)


@cache
def _roots() -> frozenset[str]:
    return frozenset(word for key in _table() for word in key)


def items_of(text: str, names: PeopleNames) -> list[Item]:
    """Its items, in order."""
    return _Cutter(text, names).cut()


class _Cutter:
    def __init__(self, text: str, names: PeopleNames):
        self.names = names
        self.held: list[Item] = []
        text = self._quoted(text)
        text = re.sub(r"\b(what|who|when|where|how|he|she|it|that)'s\b", r"\1 is", text, flags=re.I)
        text = (
            text.replace("’", "'")
            .replace("can't", "can not")
            .replace("won't", "will not")
            .replace("n't", " not")
            .replace("'re ", " are ")
            .replace("cannot", "can not")
        )
        self.words = [match.group() for match in _TOKEN.finditer(text)]
        self.own = _own(names)

    def _quoted(self, text: str) -> str:
        """What stands in quotes after a verb of saying is a pattern; its place is kept."""

        def take(match: re.Match[str]) -> str:
            self.held.append(Item({"pattern": (match[2] or match[3]).strip()}, match[0]))
            return f" {match[1]} pattern{len(self.held) - 1}q "

        def take_said(verb: str, pattern: str) -> str:
            self.held.append(Item({"pattern": pattern.strip()}, pattern))
            return f" {verb} pattern{len(self.held) - 1}q "

        said = r"\b(sa(?:y|ys|ying|id)|words?|utter\w*|mention\w*|phrases?)\s*[,:]?\s*"
        text = re.sub(rf"{said}(?:{_STILL_QUOTED.pattern})", take, text, flags=re.I)
        whose = r"\b(his|her|their|of|many|any|each|every|the|'s|an?)\s+"
        text = re.sub(
            r"[\"“]([^\"”]{1,80})[\"”]\s+(?:being |been )?(said|spoken|uttered|used|mentioned)\b",
            lambda found: take_said(found[2], found[1]),
            text,
            flags=re.I,
        )
        text = re.sub(rf"{whose}[\"“]([^\"”]{{1,80}})()[\"”](?:s\b)?", take, text, flags=re.I)
        return _STILL_QUOTED.sub(lambda found: self._word_in_quotes(found, text), text)

    def _word_in_quotes(self, found: re.Match[str], text: str) -> str:
        """Any other quote is what was said, unless nobody speaks of saying, and it names what is looked at."""
        quoted = next(filter(None, found.groups())).strip()
        spoken_of = _OF_SAYING.search(text[: found.start()] + text[found.end() :])
        means = {*_table().get(_key(quoted), {}), *_own(self.names).get(_key(quoted), {})}
        if not quoted or (not spoken_of and means & {"event", "signal", "measure", "label", "thing"}):
            return found.group()
        self.held.append(Item({"pattern": quoted}, found.group()))
        return f" pattern{len(self.held) - 1}q "

    def cut(self) -> list[Item]:
        items: list[Item] = []
        at = 0
        while at < len(self.words):
            taken, found = self._next(at)
            items += found
            at += taken
        return items

    def _next(self, at: int) -> tuple[int, list[Item]]:
        word = self.words[at]
        lower = word.lower()
        if (held := re.fullmatch(r"pattern(\d+)q", lower)) is not None:
            return 1, [self.held[int(held[1])]]
        if word in _MARKS:
            return 1, []
        if lower in _REVERSED or lower == "lasting":  # how long was cut out already; what is left is not `last`
            return 1, [Item({"unknown": word}, word)]
        person = self._person(at)
        if person is not None:
            return person
        best = self._phrase(at)
        if best is not None and best[1][-1].is_("say") and lower != "words":
            pattern = self._pattern(at + best[0])
            if pattern is not None:
                taken = best[0] + (2 if pattern.text.lower() in _IN_TWO else 1)
                return taken, [*best[1], pattern]
        if best is not None:
            return best
        if lower in PRONOUNS:
            return 1, [Item({"pronoun": PRONOUNS[lower]}, word)]
        if lower in LIGHT or lower in _IDLE:
            return 1, []
        if lower in ORDINALS and (after := self._phrase(at + 1)) is not None and after[1][-1].is_("event"):
            return 1, [Item({"nth": ORDINALS[lower]}, word)]
        if lower in _UNITS:
            return 1, [Item({"unit": unit_named(_UNITS[lower]).symbol}, word)]
        if re.fullmatch(r"\d+(?:\.\d+)?|[<>=]=?", word):
            return 1, [Item({"number": word}, word)]
        return 1, [Item({"unknown": word}, word)]

    def _pattern(self, at: int) -> Item | None:
        """The one word after ``say``: `no`, `yes`."""
        while at < len(self.words) and self.words[at].lower() in ("the", "word", "words", "a"):
            return None
        if at >= len(self.words):
            return None
        word = self.words[at]
        if (held := re.fullmatch(r"pattern(\d+)q", word.lower())) is not None:
            return self.held[int(held[1])]
        if not word[0].isalpha() or word.lower() in _NO_PATTERN or word.lower() in PRONOUNS:
            return None
        after = self.words[at + 1] if at + 1 < len(self.words) else ""
        if f"{word} {after}".lower() in _IN_TWO:
            return Item({"pattern": f"{word} {after}".lower()}, f"{word} {after}")
        means_more = word.lower() not in _UTTERED and self._phrase(at) is not None
        return None if means_more else Item({"pattern": word.lower()}, word)

    def _person(self, at: int) -> tuple[int, list[Item]] | None:
        lower = self.words[at].lower().removesuffix("'s")
        following = self.words[at + 1] if at + 1 < len(self.words) else ""
        if lower in ("person", "speaker", "people") and following.isdigit():
            return 2, [Item({"person": following}, f"{self.words[at]} {following}")]
        role = next((role for role in self.names.some_roles if role == lower), None) or next(
            (role for role, said in ROLES.items() if lower in said or lower.removesuffix("s") in said), None
        )
        return (1, [Item({"role": role}, self.words[at])]) if role is not None else None

    def _phrase(self, at: int) -> tuple[int, list[Item]] | None:
        """The longest phrase that begins here; light words and persons between its words are passed over."""
        if at >= len(self.words) or (self.words[at].lower() in LIGHT and self.words[at].lower() not in ("is", "are")):
            return None
        roots: list[str] = []
        passed: list[Item] = []
        best: tuple[int, list[Item]] | None = None
        end, skipped = at, 0
        while end < len(self.words) and len(roots) < 7:
            word = self.words[end]
            lower = word.lower()
            if word in ".;?!,:()[]":
                break
            end += 1
            if roots and (lower in LIGHT or lower in PRONOUNS or self._is_person(end - 1)):
                skipped += 1
                if skipped > MOST_SKIPPED:
                    break
                if lower in PRONOUNS:
                    passed.append(Item({"pronoun": PRONOUNS[lower]}, word))
                elif self._is_person(end - 1):
                    passed += (self._person(end - 1) or (1, []))[1]
                continue
            roots.append(root(lower))
            key = tuple(roots)
            means = {**_table().get(key, {}), **self.own.get(key, {})}
            if means:
                found = Item(means, " ".join(self.words[at:end]))
                # while he is not speaking: he speaks; does he nod: he nods
                best = end - at, [found, *passed] if found.is_("link") else [*passed, found]
            if not _begins(key, self.own):
                break
        return best

    def _is_person(self, at: int) -> bool:
        found = self._person(at)
        return found is not None and found[0] == 1


@cache
def _prefixes() -> frozenset[tuple[str, ...]]:
    return frozenset(key[:length] for key in _table() for length in range(1, len(key) + 1))


def _begins(key: tuple[str, ...], own: dict[tuple[str, ...], dict[str, Any]]) -> bool:
    return key in _prefixes() or any(each[: len(key)] == key for each in own)


def _own(names: PeopleNames) -> dict[tuple[str, ...], dict[str, Any]]:
    """Phrases for the behaviours, labels, columns and measures that a store has; none takes a word of the language."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}

    def add(phrase: str, kind: str, value: Any) -> None:
        key = _key(phrase)
        if key and key not in _table():
            found.setdefault(key, {}).setdefault(kind, value)

    for name in names.behaviours:
        add(name.replace("_", " "), "event", name)
    for label in names.labels:
        add(label.replace("_", " "), "label", label)
    for column in names.columns:
        table, _, name = column.partition(".")
        add(f"{table} {name}".replace("_", " "), "signal", column)
        add(column, "signal", column)
    for measure in names.measures:
        add(measure.replace("_", " "), "measure", measure)
    return found
