"""Questions about a recording itself, and plots: what is tracked, where an animal was, how its limbs move."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Call, Query
from bitflow.models.asking.animals.clauses import clause_of
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.item import Item

#: What no description of a recording has a place for.
_SAYS_MORE = ("unknown", "region", "compare", "enter", "number", "then", "after", "during", "start", "end")


_NOUNS = {
    "keypoints": r"(?:(?:(?:tracked|labell?ed|marked|annotated|detected) )?"
    r"(?:key ?points?|body[ -]?(?:parts?|points?)|landmarks?|markers?)"
    r"|(?:tracked|labell?ed|marked|annotated|detected) points"
    r"|points (?:on|of) the (?:body|animals?|mouse|mice)|parts of the (?:body|animals?|mouse))",
    "regions": r"(?:regions? of interest|regions?|rois?|zones?|areas?|objects?)",
    "behaviours": r"(?:behaviou?rs?|actions?|activities)",
    "signals": r"(?:signals?|quantities|variables)",
    "animals": r"(?:animals?|mice|mouse|rats?|subjects?|individuals?)",
}
_WHICH_POINTS = re.compile(rf"\W*(?:what|which) {_NOUNS['keypoints']}\b", re.I)
_ASKS = re.compile(
    r"\b(?:what|which|who|list|names?|show|tell|how many|give|describe|available|print|enumerate)\b", re.I
)
_IDLE_WORDS = (
    "a about all and animal's any are as ask available be been body called can clip contain contained contains "
    "could count data dataset define defined describe detect detected do does drawn enumerate exist exists "
    "experiment file for get give got had has have here how i identities ids in included is it its know known "
    "labeled labelled list many marked me mouse's name named names of on our possible present print query "
    "recognise recognised recognize recognized recorded recording see session set show someone store stored study "
    "supported tell that the their there these they this to track tracked tracking up us use used video visible "
    "was we were what which who whose with you your "
)
_IDLE = frozenset(_IDLE_WORDS.split())


def _asked_of_itself(sentence: str) -> str | None:
    """What of the recording is asked about, where nothing else is said: what zones have been drawn?"""
    text = sentence.lower()
    if not _ASKS.search(text):
        return None
    for what, noun in _NOUNS.items():
        rest = re.sub(rf"\b{noun}\b(?! ?\d)", " ", text)
        if rest != text and set(re.findall(r"[\w']+", rest)) <= _IDLE:
            return what
    return (
        "animals"
        if re.fullmatch(r"\W*who(?:'s| is| are| was| were)? (?:all )?(?:in|on) (?:the|this) \w+\W*", text)
        else None
    )


def described(items: list[Item], sentence: str) -> Query | None:
    """What a question about the recording itself asks to be described; None for other questions."""
    if (what := _asked_of_itself(sentence)) is not None:
        return Query("describe", what=what)
    found = [item["describe"] for item in items if item.is_("describe")]
    if _WHICH_POINTS.match(sentence) and any(item.is_("region") and not item.is_("stop", "part") for item in items):
        raise Ambiguous("which keypoints: no answer is a list of them", ["when is the nose in ROI0?"])
    plotted = re.search(r"\b(plot|draw|trajectory|path|route|heat ?map|occupancy|gait)\b", sentence, re.I)
    if (
        not found
        or plotted
        or any(item.is_("behaviour", "adjective", "label") for item in items if not item.is_("describe"))
    ):
        return None
    asks = re.search(
        r"\b(what|which|list|name|names|show|tell|how many|there|available|describe|tracked)\b", sentence, re.I
    )
    content = [item for item in items if item.is_(*_SAYS_MORE) and not item.is_("stop", "describe")]
    alone = all(set(item.means) & {"describe", "mark", "stop", "intent"} for item in items)
    return Query("describe", what=found[0]) if (asks or alone) and not content else None


#: Words that say no more than that something is drawn, or where all of it happens.
_OF_PLOTS = frozenset(
    ("trace", "path", "track", "route", "trail", "way", "line", "plot", "map", "arena", "cage", "box", "field", "maze")
)


def place_of(answer: str, items: list[Item], names: Names) -> Query:
    """A trajectory or an occupancy."""
    parts = [item["part"] for item in items if item.is_("part")]
    colour = next((item["colour"] for item in items if item.is_("colour")), None)
    actors = [item["animal"] for item in items if item.is_("animal")]
    left = [item.text for item in items if item.is_("unknown") and not item.is_("stop", "part")]
    left = [word for word in left if word.lower() not in _OF_PLOTS]
    left += [item.text for item in items if _says_when(item)]
    if left or len(set(parts)) > 1:
        raise Ambiguous(
            f"these words were not understood: {', '.join(left or parts)}", ["plot the trajectory of the nose"]
        )
    clause = clause_of(
        [item for item in items if item.is_("between", "number", "first", "last", "end", "start", "mark")], names
    )
    return Query(
        answer,  # type: ignore[arg-type]
        part=parts[0] if parts else "centre",
        colour=colour if answer == "trajectory" else None,
        by=actors[0] if len(actors) == 1 else None,
        start=clause.start,
        end=clause.end,
    )


def _says_when(item: Item) -> bool:
    """A condition, which a plot of a whole recording does not have."""
    moving = item.is_("behaviour") and item["behaviour"] == "moving"
    return not moving and (
        item.is_("behaviour", "label", "adjective", "percentile")
        or (item.is_("region") and not item.is_("part"))
        or (item.is_("signal", "not") and not item.is_("stop", "intent", "colour"))
    )


#: Words that say whose limb it is that bends, or that it does.
_OF_LIMBS = frozenset(
    (
        "horse",
        "dog",
        "cow",
        "foreleg",
        "forelimb",
        "hindlimb",
        "hind",
        "fore",
        "front",
        "change",
        "changes",
        "changing",
        "chain",
    )
)


def gait_of(items: list[Item], names: Names) -> Query:
    """Angles of the joints along a limb, over time."""
    parts = [item["part"] for item in items if item.is_("part")]
    left = [item.text for item in items if item.is_("unknown") and not item.is_("stop", "part")]
    left = [word for word in left if word.lower().removesuffix("'s") not in _OF_LIMBS]
    if left:
        raise Ambiguous(
            f"these words were not understood: {', '.join(left)}", [f"keypoints are: {', '.join(names.parts)}"]
        )
    if len(parts) < 3:
        raise Ambiguous("a joint angle needs three keypoints or more, along the limb", ["gait of hip, knee, paw"])
    joints = [
        Call("joint", (("first", a), ("at", b), ("second", c)))
        for a, b, c in zip(parts, parts[1:], parts[2:], strict=False)
    ]
    return Query("timeline", signals=tuple(joints))
