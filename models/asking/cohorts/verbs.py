"""What a question about many asks: to compare, to rank, to correlate …, from the kinds of words that it holds."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.study import Verb
from bitflow.models.asking.cohorts.known import KNOWN
from bitflow.models.asking.cohorts.slots import Slots

#: Values are to be told: what is the smile rate by group? ``smile rate by group`` alone compares.
_TOLD = re.compile(
    r"^\W*(?:and |please |pls |can you |could you |would you |i (?:want|need|would like|'d like) "
    r"(?:to (?:see|know))? ?)*"
    r"(?:what|show|give|tell|display|report|list|get|print|tabulate|how)\b|\b(?:table|overview|summary|figures|values) "
    r"(?:of|for)\b"
)
#: A question that yes or no answers.
YES_NO = re.compile(
    r"^\W*(?:and |so |then |also |well,? )?(?:do|does|did|is|are|was|were|has|have|will)\b(?! (?:you|we|i|there)\b)"
)
_OPEN = re.compile(r"\b(?:what|where|which|how|in which|all|every|anything|everything)\b")
_WHICH_OF_THEM = re.compile(
    r"\b(?:which|what|list|name|find) (?:of the )?(?:participants?|people|subjects?|individuals?|patients?)\b"
)


def verb_of(slots: Slots, sessions: list[str], bounds: int) -> Verb:
    """The verb of the study that a question means.

    Parameters
    ----------
    sessions
        That are named.
    bounds
        How many comparisons with numbers there are.

    Raises
    ------
    Ambiguous
        Two sessions are named, and nothing says what of them.
    """
    verbs, values = slots.verbs, slots.values()
    contrasted, groupings = slots.contrasted(), slots.groupings()
    parts = bool(contrasted or [name for name in groupings if name != slots.terms.session])
    if slots.bins is not None:
        return "course"
    if slots.has("outlier"):
        return "which"
    if "missing" in verbs:
        return "missing"
    if _is_scan(slots, parts or bool(groupings) or len(sessions) == 2):
        return "scan"
    if "correlate" in verbs:
        return "correlate"
    if "agree" in verbs and not contrasted:
        return "agree"
    if _counts_units(slots):
        return "how_many"
    if len(sessions) == 2:
        return _of_two_sessions(slots, contrasted, groupings)
    aged = any(slots.items[n].value[1] == "age" for n in slots.left("direction"))
    if len(values) + aged == 2 and not contrasted and _goes_with(slots):
        return "correlate"
    if slots.has("superlative", "order") or "rank" in verbs:
        if (
            (contrasted or (parts and slots.has("group", "covariate")))
            and not slots.has("order")
            and "rank" not in verbs
        ):
            return "compare"
        return "rank"
    if slots.has("direction", "move") and (contrasted or parts or _one_of_two(slots)):
        return "compare"
    if "compare" in verbs:
        return "compare"
    if (
        bounds
        and not values
        and ("which" in verbs or slots.has("who", "grain") or slots.all("level") or _asks_which(slots))
    ):
        return "which"
    if "distribution" in verbs or _spread(slots):
        return "distribution"
    if not values and ("which" in verbs or _asks_which(slots)) and slots.all("level"):
        return "which"
    if "average" in verbs:
        return "average"
    if contrasted and not groupings:
        return "compare"
    if len(groupings) == 1 and parts and values and not _TOLD.search(slots.text):
        return "compare"
    if groupings:
        return "distribution"
    return "average"


def _is_scan(slots: Slots, parts: bool) -> bool:
    """``Which measures differ``: no measure is named, and what differs is asked."""
    verbs = slots.verbs
    if slots.values() or not parts:
        return False
    if verbs & {"scan", "separate"}:
        return True
    asks = slots.has("every") or _OPEN.search(slots.text) is not None
    differs = bool(verbs & {"compare", "change"}) or (slots.has("every") and slots.has("superlative"))
    return (
        (asks and differs and not slots.all("level", "who", "grain"))
        or (slots.has("every") and differs)
        or (asks and differs and bool(slots.contrasted()) and not slots.has("direction", "who"))
    )


def _counts_units(slots: Slots) -> bool:
    """``How many recordings``, ``number of women``: what is counted stands after the word, first."""
    for n in slots.left("counted"):
        if n == len(slots.items) - 1 and slots.has("grain") and not slots.values():
            return True  # recordings below 60 % face coverage: how many?
        place = n + 1
        while slots.is_kind(place, "level", "number") and not slots.is_kind(place, "grain"):
            if slots.is_kind(place, "level"):
                return True
            place += 1
        if slots.is_kind(place, "grain", "level"):
            return True
    return False


def _of_two_sessions(slots: Slots, contrasted: list[str], groupings: list[str]) -> Verb:
    moved = slots.has("move", "better", "drop") or "change" in slots.verbs
    asked = slots.has("who", "grain", "group", "level") or _asks_which(slots) or moved
    if "rank" in slots.verbs or (slots.has("superlative") and asked):
        return "rank"
    if "average" in slots.verbs and not (moved or slots.verbs & {"compare"} or slots.has("direction")):
        raise Ambiguous("the mean of the two sessions, or the change?", ["change … from visit 1 to visit 3"])
    if contrasted and not moved:
        raise Ambiguous("groups in different sessions were not understood", ["compare … by group in session 1"])
    told = slots.verbs & {"compare"} or slots.has("direction")
    if slots.has("who") and not contrasted:
        raise Ambiguous("who, of all?", ["whose speech rate increased most from visit 1 to visit 3"])
    if _WHICH_OF_THEM.search(slots.text) and not contrasted:
        raise Ambiguous("which, of all?", ["whose speech rate increased most from visit 1 to visit 3"])
    if moved or told or re.search(r"\bfrom\b|\bbetween\b|\bto\b", slots.text):
        return "change"
    raise Ambiguous("what of the two sessions?", ["change … from visit 1 to visit 3"])


def _goes_with(slots: Slots) -> bool:
    """Two values of which one is said to go by the other: do older people blink more, smile rate by age."""
    values = [slots.items[n] for n in slots.values()]
    numeric = [item for item in values if item.kind == "covariate"]
    directions = len(slots.left("direction")) + len([n for n in slots.left("quality") if is_said_of_value(slots, n)])
    if slots.has("superlative", "order") or "rank" in slots.verbs:
        return False
    if not directions and len(values) == 2 and any(item.kind == "move" for item in slots.items):
        return True
    if directions >= 2 or (directions == 1 and any(item.kind == "move" for item in slots.items)):
        return True
    if len(numeric) != 1 or slots.groupings():
        return False
    return slots.has("by") or "compare" in slots.verbs


def is_said_of_value(slots: Slots, n: int) -> bool:
    """``high`` or ``low`` of what follows: a high PHQ-9."""
    said = slots.items[n].text.lower() in ("high", "low")
    return said and slots.is_kind(n + 1, "concept", "measure", "covariate") and slots.has("direction")


def _spread(slots: Slots) -> bool:
    """The spread of what has none of its own: its distribution."""
    places = [n for n, item in enumerate(slots.items) if item.kind == "reducer" and item.value == "spread"]
    concepts = [item for item in slots.items if item.kind == "concept"]
    return bool(places) and len(concepts) == 1 and "spread" not in KNOWN[concepts[0].value].measures


def _one_of_two(slots: Slots) -> bool:
    named = [name for name in slots.levels() if name != "participant"]
    return len(named) == 1 and len(slots.terms.levels[named[0]]) == 2


def _asks_which(slots: Slots) -> bool:
    return re.search(r"\b(?:which|what|who|whose|list|find|show|name)\b", slots.text) is not None
