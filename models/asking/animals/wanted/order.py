"""Which animal does something most, or least: everybody's numbers in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import IN_ORDER, Query

_ONE = (
    r"^\W*(?:(?:can|could|would) you (?:please )?)?(?:(?:tell|show) (?:me )?)?(?:who|which (?:one )?(?:of the )?"
    r"(?:(?:two|three|four|\d+) )?(?:mouse|mice|animals?|rats?|one|subject|individual))\b"
    r"(?: (?:is|was) (?:the one|it)(?: that| which| who)?)?"
)
_MOST = r"(?P<which>most|least|fewest|greatest|highest|largest|biggest|lowest|smallest)"
_NUMBER = r"(?:often|frequently|(?:number|count)(?: of (?:times?|bouts|episodes|events))?(?: of)?|times|bouts(?: of)?)"
_TIME = r"(?:(?:total |overall |cumulative )?time|seconds|(?:amount of|total) time|total duration)(?: spent)?"
_RANKED = re.compile(
    rf"{_ONE} (?P<before>.*?) ?\b(?:for )?(?:the )?{_MOST}(?: (?:(?P<number>{_NUMBER})|(?P<time>{_TIME})|"
    r"(?P<noun>(?=\w+(?:s|ies)\b|(?:mean|average|median|total|speed|velocity)\b))))"
    r"(?P<after>.*)$",
    re.I,
)
_FARTHEST = re.compile(
    rf"{_ONE} (?P<verb>travel\w*|cover\w*|mov\w*|walk\w*|runs?|ran|goes|went)(?: the)? (?:(?P<far>greatest|longest"
    rf"|most|farthest"
    r"|furthest|largest|biggest)|(?P<near>least|shortest|smallest))(?P<noun> (?:total )?(?:distance|path|way|ground))?"
    r"(?P<after>(?: (?:in|during|over|in total|overall)\b.*)?\W*)$",
    re.I,
)
_FASTEST = re.compile(
    rf"{_ONE} (?:is|was|mov\w*|runs?|ran|travel\w*|walk\w*)(?: the)? (?P<which>fastest"
    rf"|slowest) on average(?P<after>.*)$",
    re.I,
)
_LEAST = ("least", "fewest", "lowest", "smallest")


def ranked(sentence: str) -> tuple[str, str | None]:
    """A question for who does something most as one for how much everybody does it, and in which order.

    Examples
    --------
    >>> ranked("Which mouse rears the greatest number of times?")
    ('how many times rears?', 'most')
    >>> ranked("How often does it rear?")
    ('How often does it rear?', None)
    """
    far = _FARTHEST.match(sentence)  # runs longest: how long, or how far?
    if far is not None and (
        far["noun"] or re.match("travel|cover", far["verb"], re.I) or re.search("f[au]rthest", sentence, re.I)
    ):
        return f"how far does it travel{far['after']}", "most" if far["far"] else "least"
    if (fast := _FASTEST.match(sentence)) is not None:
        return f"mean speed{fast['after']}", "most" if fast["which"].lower() == "fastest" else "least"
    found = _RANKED.match(sentence)
    if found is None or re.search(r"\b(?:which|whom?|most|least)\b", f"{found['before']} {found['after']}", re.I):
        return sentence, None
    before = re.sub(r"^(?:has|had|have|makes?|made|shows?|showed|does|did|performs?|gets?)\b ?", "", found["before"])
    after = re.sub(r"^ (?:in total|overall|altogether)\b", "", found["after"])
    order = "least" if found["which"].lower() in _LEAST else "most"
    if found["time"]:
        return f"total time {before}{after}", order
    if found["number"]:
        return f"how many times {before}{after}", order
    if before:  # freezes the most bouts
        return sentence, None
    sized = re.match(r" ?(?:mean|average|median|total|speed|velocity)\b", after, re.I)
    if sized and re.match(r" ?(?:speed|velocity)\b", after, re.I):
        if order == "least":
            return sentence, None  # the lowest of its speeds, or the lowest on average?
        after = f"maximum {after.strip()}"
    return f"{'what is the' if sized else 'how many'} {after.strip()}", order


def in_order(queries: Sequence[Query], order: str | None, *, of_pairs: bool) -> list[Query]:
    """The same queries, everybody's numbers in order.

    Raises
    ------
    Ambiguous
        They have no number for each animal, or one for each pair of animals.
    """
    if order is None:
        return list(queries)
    if of_pairs or any(each.answer not in IN_ORDER or each.by or each.at_least for each in queries):
        raise Ambiguous(f"who does it {order}: of whom?", ["how many times does each mouse chase each of the others?"])
    return [replace(each, order=order) for each in queries]
