"""In which order a question wants units, and how many of them."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.study import Verb
from bitflow.models.asking.cohorts.slots import Slots
from bitflow.models.asking.cohorts.values import Telling

#: One of them: which participant, the recording with.
_ONE = re.compile(
    r"\b(?:which|what|the|name|find|single|one) (?:\w+ )?(?:participant|subject|person|individual|recording|video"
    r"|file|patient|control|woman|man|female|male)\b(?!s|'s)"
)
_SORTED = re.compile(r"\b(?:sort|order|arrange|line up)", re.I)


def asked_top(slots: Slots, verb: Verb) -> int | None:
    """``top 5``, ``the three participants who``; ``which participant has the highest`` is one."""
    if verb not in ("rank", "scan"):
        return None
    for n in slots.left("number"):
        quantity = slots.items[n].value
        near = slots.is_kind(n - 1, "superlative", "rank") or slots.is_kind(
            n + 1, "grain", "every", "superlative", "level", "move", "better", "drop"
        )
        if quantity.unit == "1" and float(quantity.value).is_integer() and near:
            slots.use(n)
            return int(quantity.value)
    if verb == "rank" and slots.all("superlative") and "rank" not in slots.verbs and not slots.all("order"):
        return 1 if _ONE.search(slots.text) and not re.search(r"\b(?:each|every|per)\b", slots.text) else None
    return None


def is_least(slots: Slots, verb: Verb, telling: Telling, moved: bool) -> bool:
    """Whether the lowest come first.

    Raises
    ------
    Ambiguous
        Two words say different things of the order.
    """
    if verb != "rank":
        return False
    sign = 0
    superlatives, orders = slots.left("superlative"), slots.left("order")
    for n in (*superlatives, *orders):
        item = slots.items[n]
        one = item.value[0] if item.kind == "superlative" else -item.value[0]
        if sign and one != sign:
            raise Ambiguous("the highest first, or the lowest?", ["rank … least"])
        sign = one
        slots.use(n)
    if telling.turned and any(slots.items[n].value[1] == "speed" for n in superlatives):
        sign = -sign
    for n in slots.left("better"):
        if not moved:
            raise Ambiguous("from which session to which?", ["from session 1 to 2"])
        for place in slots.used:
            if slots.items[place].kind in ("concept", "measure", "covariate"):
                telling.better(place)
        sign = (sign or 1) * slots.items[n].value
        slots.use(n)
    for n in slots.left("move"):
        up = slots.items[n].value
        if moved:
            if re.match(r"smallest|least", slots.items[n - 1].text.lower() if n else "") and up < 0:
                raise Ambiguous(
                    "the smallest of what fell: is a rise smaller?", ["… increased most", "… decreased most"]
                )
            sign = (sign or 1) * up
        elif slots.items[n].text.lower().endswith("ing") and not slots.all("session", "superlative"):
            sign = -up  # by increasing age
        else:
            raise Ambiguous("from which session to which?", ["from session 1 to 2"])
        slots.use(n)
    changes = "change" in slots.verbs and not slots.all("move", "better")
    if moved and superlatives and changes and sign < 0:
        raise Ambiguous("the smallest change, or the strongest fall?", ["… decreased most"])
    if not sign:
        return bool(_SORTED.search(slots.text)) and not moved
    return sign < 0
