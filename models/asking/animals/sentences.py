"""A question cut into sentences, and the sentences among them that say what a word is to mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bitflow.models.asking.animals.names import Names, folded
from bitflow.models.asking.animals.reading import read

_BORDER = re.compile(
    r"(?<=[?!;])\s+|(?<=[a-zA-Z\s)])\.\s+|(?<=\d)\.\s+(?=[A-Z]|(?:when|how|what|which"
    r"|list|show|give|find|count|tell|plot|please|i|we)\b)|\n+"
)

#: A sentence without any of these only adds to the one before it.
_ASKS = re.compile(
    r"\b(when|how|what|which|who|where|why|give|show|list|count|find|tell|plot|draw|make|is|are|do|does|did"
    r"|define|number)\b"
    r"|[=:]",
    re.I,
)
_OPENS = r"^\s*(?:when|how|what|which|who|where|why|is|are|do|does|did|give|show|find|list|plot|count)\b"

#: What a condition or a part of a question begins with, and no name.
_FRONTED = (
    "for|in|per|during|each|every|with|by|at|on|of|from|between|after|before|while|whenever|within|over|as|all"
    "|any|no|not"
    "|total|average|mean|number|rate|times?|and|or|but"
)

#: ``chase = …``, ``define chases as …``, ``drinking means …``, ``approaching: …``.
_NAME_FIRST = re.compile(
    r"""^\s*(?:please\s+|i\s+)?(?P<verb>define|let|call\ it|call|consider)?\s*(?:the\s+|a\s+)?(?:behaviou?r\s+)?
    [\'"“]?(?P<name>[A-Za-z_][\w\ ]{1,30}?)[\'"”]?\s*
    (?P<is>=|:=|\bas\b(?:\ when|\ times\ when|\ events\ where|\ follows:?)?|\bmeans\b(?:\ that)?
    |\bbe\b(?:\ when|\ that)?|\bis\ defined\ as\b|\bis\ when\b|\bare\ defined\ as\b|:(?=\s))\s*(?P<meaning>.+)$""",
    re.I | re.S | re.X,
)

#: ``if … the animal is watching``, ``… → watching``, ``call it dips when …``.
_NAME_LATER = (
    re.compile(
        r"""^\s*(?:if|whenever)\s+(?P<meaning>.+?)[,;]?\s+(?:then\s+)?(?:we\ say\s+)?(?:the\s+|an?\s+)?
        (?:animals?|mouse|mice|it|they|this)\s+(?:is|are)\s+(?:called\s+|considered\s+)?
        (?P<name>\w+)\b[,;.]?\s*(?P<rest>.*)$""",
        re.I | re.S | re.X,
    ),
    re.compile(
        r"""^(?P<meaning>.*\d.*?)\s*(?:→|->|=>|⇒|\bmeans\b|\bis\ called\b
        |\bcounts\ as\b|\bis\ considered\b|\bdefines\b)\s*(?P<name>\w+)\b[,;.]?\s*(?P<rest>.*)$""",
        re.I | re.S | re.X,
    ),
    re.compile(
        r"""^\s*(?:we\ say\ (?:that\ )?|say\ (?:that\ )?)?(?:the|an?|a\ single)\ (?:animal|mouse|rat)\ (?:is\ )?
        (?P<name>\w+)\s+
        (?:when|if|whenever|as\ long\ as)\s+(?P<meaning>.+?)(?:[;.:?]\s*(?P<rest>.+))?$""",
        re.I | re.S | re.X,
    ),
    re.compile(
        r"""^\s*(?:please\s+)?(?:(?:i|i\'d|we|let\ us|let\'s)\s+)?(?:would\s+|will\s+)?
        (?:(?:call|name)|(?:count|score|treat|regard)(?=\s+\w+\s+as\b))\s+
        (?:it|this|that)\s+(?:as\s+)?(?:an?\s+)?(?P<name>\w+)\s+
        (?:when|if|whenever)\s+(?P<meaning>.+?)(?:[;.?]\s*(?P<rest>.+))?$""",
        re.I | re.S | re.X,
    ),
)
#: List drinking, where drinking = nose in ROI1.
_MEANING_LATER = re.compile(
    r"^([^.?!;]+?),?\s+(?:where|if|with)\s+(\w+)\s*(?:=|\bmeans\b|\bis defined as\b)"
    r"\s*([^.?!;]+)\??$",
    re.I,
)
_QUESTION_AFTER = re.compile(r"[,;]\s*(?:and\s+)?((?:when|how|what|give|show|list|count|find|tell)\b.+)$", re.I | re.S)


@dataclass(frozen=True)
class Meaning:
    """A word and what it is to mean; `question` is what follows in the same sentence."""

    name: str
    meaning: str
    question: str | None = None


def split(question: str) -> list[str]:
    """Sentences; one that only adds to the one before it, such as ``minimum 20 frames``, is joined to it.

    Examples
    --------
    >>> split("drinking = nose in ROI1. Minimum 20 frames. When does it drink?")
    ['drinking = nose in ROI1, Minimum 20 frames', 'When does it drink?']
    """
    text = re.sub(r"\b(i\.\s?e\.|that is,|namely)", "which is", question.strip(), flags=re.I)
    text = re.sub(r"\b(no|nr|num)\.\s*(?=\d)", "number ", text, flags=re.I)
    text = re.sub(r",?\s+(?:and\s+)?then\s+(?=(?:count|list|show|give|tell|plot)\b)", "; ", text, flags=re.I)
    text = re.sub(
        r"(\b(?:animal|mouse|rat|it)(?: ?\d+)? )(?:is )?(\w+),? which is,? (?=(?:has|have|is|holds|keeps|was|had)\b)",
        r"\1",
        text,
    )
    text = _MEANING_LATER.sub(r"\2 = \3. \1", text)
    joined: list[str] = []
    for part in (each.strip() for each in _BORDER.split(text)):
        if not part.strip(" .;?!"):
            continue
        if joined and not _ASKS.search(part):
            joined[-1] = f"{joined[-1].rstrip('.;?! ')}, {part}"
        else:
            joined.append(part)
    return joined


def definition_in(sentence: str, names: Names) -> Meaning | None:
    """What a sentence defines; None when it asks."""
    later = next((found for pattern in _NAME_LATER if (found := pattern.match(sentence))), None)
    if later is not None and later["meaning"] and not _can_be_meant(later, names):
        later = None
    if later is not None and later["meaning"]:
        rest = (later["rest"] or "").strip()
        return Meaning(later["name"].lower(), later["meaning"], rest if rest.strip(" .?!") else None)
    first = _NAME_FIRST.match(sentence)
    if first is None or re.match(_OPENS, sentence, re.I) or not _can_be_named(first, names):
        return None
    name = re.sub(r"\W+", "_", re.sub(r"^(the|a)\s+", "", first["name"].strip().lower()))
    name = re.sub(r"^(events?|times?|behaviou?rs?)_", "", name)
    after = _QUESTION_AFTER.search(first["meaning"])
    if after is None:
        return Meaning(name, first["meaning"])
    return Meaning(name, first["meaning"][: after.start()], after.group(1))


def _can_be_meant(match: re.Match[str], names: Names) -> bool:
    """Whether what is given as a name is one, and what it is to mean says something."""
    if re.fullmatch(_FRONTED + r"|inside|outside|it|list|when|there|the|an?|so", match["name"], re.I):
        return False
    kinds = ("behaviour", "signal", "region", "part", "adjective", "label", "column", "number")
    return any(item.is_(*kinds) for item in read(match["meaning"], names).items)


def _can_be_named(match: re.Match[str], names: Names) -> bool:
    """Whether what stands before the sign is a new name, and not a part of a question."""
    name = match["name"].strip()
    if len(name.split()) > 3:
        return False
    verb = (match["verb"] or "").lower()
    if match["is"].lower().startswith("be") and verb != "let":
        return False
    if "=" in match["is"] or verb in ("define", "let"):
        return True
    if re.match(rf"(?:{_FRONTED})\b", name, re.I):
        return False
    if any(item.is_("intent", "signal", "between", "region", "number") for item in read(name, names).items):
        return False
    if any(
        item.is_("animal", "each", "pairs", "then", "after", "first", "last", "ordinal", "window")
        for item in read(name, names).items
    ):
        return False
    return folded(name) not in {folded(each) for each in (*names.regions, *names.parts, *names.actors)}
