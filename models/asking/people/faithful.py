"""Whether programs say all that their question says: a word that changes the meaning and left no trace is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bitflow.events.language.tree import Bouts, Call, Compare, Named, Not, Query, walk
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.names import PeopleNames
from bitflow.models.asking.people.slots import not_understood
from bitflow.models.asking.people.whom import named

#: Words that narrow or widen what is asked, and that no program says.
_NARROWING = re.compile(
    r"\b(?:only|solely|exclusively|instead|twice|thrice|hardly|barely|almost|nearly|neither|nor|alternately|"
    r"respectively"
    r"|either|half as|times as|as (?:often|long|much|many) as|consecutive(?:ly)?|in a row(?! )|"
    r"every (?:other|second|third|fourth|fifth) (?=[a-z])|(?:exactly|precisely|about|around|approximately) (?=\d|"
    r"one\b|two\b|three\b|four\b|five\b|six\b|ten\b))\b"
    r"|(?<!the )(?<!these )(?<!those )(?<!of )(?<!both )\btwo (?!speakers|persons|sides|voices|parties|"
    r"participants|others|"
    r"interlocutors|seconds|minutes|hours)\w+s\b",
    re.I,
)
#: Words that deny.
_DENYING = re.compile(
    r"\b(?:not|never|no|nobody|nothing|none|without|except|excluding|apart from|other than|unless|but not)\b|n't\b",
    re.I,
)
_QUOTED = re.compile(r"[\"“][^\"“”]{1,80}[\"”]|(?<!\w)['‘][^'‘’\"]{1,80}['’](?!\w)")


_OF_SAYING = re.compile(r"\b(?:sa(?:y|ys|id|ying)|words?|utter\w*|mention\w*|transcript|phrases?)\b", re.I)
_MARKS = "\"“”'‘’"


def refuse_unsaid(sentence: str, items: Sequence[Item], queries: Sequence[Query], names: PeopleNames) -> None:
    """Refuse programs that leave out a denial, a narrowing word or a person of their question.

    Raises
    ------
    Ambiguous
        With the words that left no trace.
    """
    nodes = [node for query in queries for node in walk(query)]
    patterns = {node["pattern"].lower() for node in nodes if isinstance(node, Call) and node.name == "words"}
    text = _QUOTED.sub(" ", sentence)
    left = [found.group() for found in _NARROWING.finditer(text)]
    if "longest" in {query.answer for query in queries}:
        left = [each for each in left if each.lower() not in ("in a row", "consecutive")]
    if not any(query.answer == "last" for query in queries):
        left += [found.group() for found in re.finditer(r"\bfor the (?:last|final) time\b", text, re.I)]
    if not any(_denies(node) for node in nodes) and not any(query.answer == "summary" for query in queries):
        left += [found.group() for found in _DENYING.finditer(text) if found.group().lower() not in patterns]
    interrupts = names.most == 2 and any(isinstance(node, Named) and node.name == "interruption" for node in nodes)
    if not interrupts and not any(
        query.order or query.at_least for query in queries
    ):  # who interrupts one of two is the other
        said = {name for node in nodes if isinstance(node, Named) for name in (node.actor, node.target)}
        said |= {query.by for query in queries} | {node["who"] for node in nodes if _is_of(node)}
        people = [(item.text, {*named([item], names)}) for item in items if item.is_("person", "role")]
        left += [text for text, who in people if who and not who & said]
    heard = " ".join(patterns)
    if _OF_SAYING.search(text):
        quotes = [found.group() for found in _QUOTED.finditer(sentence)]
        left += [each for each in quotes if each.strip(_MARKS).strip().lower() not in heard]
    if left:
        raise not_understood(left)


_UNPLEASANT = Call("words", (("lexicon", "negative"),))


def _denies(node: object) -> bool:
    if isinstance(node, Call):
        return node.name in ("missing", "discord") or node == _UNPLEASANT
    if isinstance(node, Named):
        return node.name in ("silence", "pause")
    return isinstance(node, Not | Compare) or (isinstance(node, Bouts) and node.longest is not None)


def _is_of(node: object) -> bool:
    return isinstance(node, Call) and node.name == "of"
