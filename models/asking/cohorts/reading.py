"""A question about participants, groups and sessions cut into items: names, numbers and words that are known."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.units import Quantity, is_unit, unit_named
from bitflow.models.asking.cohorts.context import in_context
from bitflow.models.asking.cohorts.groups import STOP
from bitflow.models.asking.cohorts.phrases import of_measure, phrases_of
from bitflow.models.asking.cohorts.spelling import plain
from bitflow.models.asking.cohorts.terms import LIGHT, Item, Terms
from bitflow.models.asking.inflection import inflected, stem
from bitflow.models.asking.mistyped import MISTYPED
from bitflow.models.asking.numerals import WORDS, spoken_number
from bitflow.models.asking.spelling import nearest
from bitflow.models.asking.understood import LONGEST_QUESTION
from bitflow.models.asking.windows import Window, course_in, window_in


@dataclass(frozen=True)
class Reading:
    """A question as items, the stretch of time that it speaks of, its bins, and what was corrected in it."""

    text: str
    items: tuple[Item, ...]
    window: Window | None
    bins: Quantity | None
    notes: tuple[str, ...]


_TOKEN = re.compile(r"<=|>=|==|[<>=%?,;:()]|\d+(?:st|nd|rd|th)\b|\d+(?:\.\d+)?|[^\W\d][\w]*(?:'\w+)?")
#: Verbs whose stems are nouns of the language.
_PARTICIPLES = frozenset(("measured", "measuring", "featured"))
_SIGNED = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "=": "==", "==": "=="}


def read(question: str, terms: Terms) -> Reading:
    """Cut a question."""
    text, bins = course_in(plain(question[:LONGEST_QUESTION]))
    text, window = window_in(text)
    if window is not None and window.start is not None and window.start.value == 0:
        window = replace(window, start=None)
    items, notes = _Cutter(text, terms).cut()
    return Reading(text, tuple(in_context(items)), window, bins, tuple(notes))


class _Cutter:
    def __init__(self, text: str, terms: Terms):
        self.terms = terms
        text, self.people = _participants(text, terms)
        self.words = _TOKEN.findall(text)
        self.known = phrases_of(terms)
        self.longest = max(map(len, self.known))
        self.notes: list[str] = []
        self._correct()

    def cut(self) -> tuple[list[Item], list[str]]:
        items: list[Item] = []
        at = 0
        while at < len(self.words):
            taken, item = self._next(at)
            if item is not None:
                items.append(replace(item, at=at))
            at += taken
        return items, self.notes

    def _next(self, at: int) -> tuple[int, Item | None]:
        word = self.words[at].lower()
        if word in self.people:
            return 1, Item("level", ("participant", self.people[word]), self.people[word])
        if word in _PARTICIPLES:
            return 1, None
        if word in self.terms.measures or "_" in word:
            return 1, self._named(word)
        phrase = self._phrase(at)
        if phrase is not None:
            return phrase
        number = self._number(at)
        if number is not None:
            return number
        if word in _SIGNED:
            return 1, Item("bound", _SIGNED[word], word)
        if re.fullmatch(r"\d+(?:st|nd|rd|th)", word):
            return 1, Item("ordinal", int(word[:-2]), word)
        if word in ",;:()?%":
            return 1, Item("mark", word, word) if word in ",;:" else None
        session = re.fullmatch(r"(?:v|s|t|visit|session)0?(\d+)", word)
        if session and self.terms.session is not None and session[1] in self.terms.sessions:
            return 1, Item("level", (self.terms.session, session[1]), word)
        if word in STOP:
            return 1, None
        return 1, Item("unknown", word, self.words[at])

    def _named(self, word: str) -> Item:
        """A measure or a covariate, spelled as it is stored."""
        for name in self.terms.measures:
            if name.lower() == word:
                return of_measure(name, word)
        for name in self.terms.covariates:
            if name.lower() == word:
                return Item("covariate", name, word)
        return Item("unknown", word, word)

    def _phrase(self, at: int) -> tuple[int, Item] | None:
        """The longest phrase that begins here; ``the`` and the like may stand within it."""
        key: list[str] = []
        best: tuple[int, Item] | None = None
        place = at
        while place < len(self.words) and len(key) < self.longest:
            word = self.words[place].lower()
            place += 1
            if word in LIGHT and (key or at + 1 < place):
                continue
            if not re.match(r"[^\W_]", word):
                break
            if word in LIGHT:
                return None
            key.append(stem(word))
            found = self.known.get(tuple(key))
            if found is not None:
                best = place - at, _of_several(found, " ".join(self.words[at:place]))
        return best

    def _number(self, at: int) -> tuple[int, Item] | None:
        word = self.words[at].lower()
        spoken = spoken_number([each.lower() for each in self.words[at : at + 5]])
        if re.fullmatch(r"\d+(?:\.\d+)?", word):
            taken, value = 1, float(word)
        elif spoken is not None and not (word == "one" and self._pronoun(at)):
            taken, value = spoken
        else:
            return None
        after = self.words[at + taken].lower() if at + taken < len(self.words) else ""
        unit = after if after == "%" or (is_unit(after) and after not in ("h", "f", "m", "in")) else None
        quantity = Quantity(value, unit_named(unit).symbol if unit else "1")
        said = " ".join(self.words[at : at + taken + bool(unit)])
        return taken + bool(unit), Item("number", quantity, said)

    def _pronoun(self, at: int) -> bool:
        """``one`` that stands for somebody, and not for a number: ``visit one``, ``one visit``."""
        near = (
            self.words[at - 1].lower() if at else "",
            self.words[at + 1].lower() if at + 1 < len(self.words) else "",
        )
        return not any(stem(each) in ("visit", "session", "wav", "minut", "second") for each in near)

    def _correct(self) -> None:
        """Read misspelled words as the known ones that they are nearest to."""
        stems = {each for key in self.known for each in key}
        names = {name.lower() for name in (*self.terms.measures, *self.terms.covariates)}
        parts: frozenset[str] = frozenset()
        for at, word in enumerate(self.words):
            low = word.lower()
            if len(low) < 3 or not low.isalpha() or low in STOP | LIGHT | names or stem(low) in stems:
                continue
            if low in self.people or is_unit(low) or low in WORDS:
                continue
            parts = parts or frozenset(
                form for key in self.known.values() for each in key for form in _forms(each.text)
            )
            near = MISTYPED.get(low) or (nearest(low, sorted(parts | STOP), STOP - parts) if len(low) > 3 else None)
            near = near or next((each for each in sorted(parts) if _lacks_one(low, each)), None)
            if near is not None and (near in STOP or stem(near) in stems):
                self.notes.append(f"read {word!r} as {near!r}")
                self.words[at] = near


def _lacks_one(word: str, known: str) -> bool:
    """Whether a word of four letters is another with one left out in its middle: vist, wich."""
    if len(word) != 4 or len(known) != 5 or word[0] != known[0] or word[-1] != known[-1]:
        return False
    return any(word == known[:at] + known[at + 1 :] for at in range(1, 4))


@cache
def _forms(text: str) -> frozenset[str]:
    """Words of a phrase with their regular endings."""
    words = [word for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) > 3]
    bent = [word for word in words if not word.endswith(("er", "est", "ed", "ing", "ly", "s"))]
    several = [f"{word}s" for word in words if not word.endswith(("ed", "ing", "ly", "s"))]
    return frozenset((*words, *several, *(form for word in bent for form in inflected(word))))


def _of_several(found: list[Item], text: str) -> Item:
    first = found[0]
    if first.kind == "level" and len({item.value for item in found if item.kind == "level"}) > 1:
        names = [f"{covariate} {level}" for covariate, level in (item.value for item in found if item.kind == "level")]
        raise Ambiguous(f"{text!r} is a value of several covariates", names)
    measures = {item.value for item in found if item.kind == "measure"}
    if first.kind == "measure" and len(measures) > 1:
        raise Ambiguous(f"{text!r} is several measures", sorted(measures)[:8])
    return replace(first, text=text)


def _participants(text: str, terms: Terms) -> tuple[str, dict[str, str]]:
    """Participants by their ids, which hold a digit or are quoted, so that no word of a question is taken for one."""
    names = {name.lower(): name for name in terms.levels.get("participant", ())}
    found: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        said = match.group(1) or match.group(2)
        name = names.get(said.lower())
        if name is None or (match.group(2) and not (re.search(r"\d", said) and re.search(r"[^\W\d]", said))):
            return match.group()
        mark = f"participantid{chr(97 + len(found) % 26)}{len(found)}"
        found[mark] = name
        return f" {mark} "

    text = re.sub(r"""(?<!\w)["'“]([^"'”]{1,80})["'”](?!\w)|(?<![\w])([\w][\w./-]*\w)""", take, text)
    return text, found
