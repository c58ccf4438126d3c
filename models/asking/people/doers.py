"""Whose behaviour a question is about, and whom it is done to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Named
from bitflow.models.asking.people.items import Item
from bitflow.models.asking.people.slots import Slots
from bitflow.models.asking.people.whom import named, whom

_INTERRUPTED = re.compile(r"\b(?:is|are|was|were|be|been|being|gets?|got)\b[\w ']*?\b(?:interrupted|cut off)\b", re.I)


def whose(slots: Slots, target: object, others: Sequence[str], sentence: str) -> str | None:
    """Whose behaviour it is; whom it is done to is somebody else.

    Raises
    ------
    Ambiguous
        He, or she, is one of two who are named, and nothing tells which.
    """
    roles = named(slots.items, slots.names)
    he = any(item.is_("pronoun") and item.text.lower() in ("he", "she") for item in slots.items)
    if target == Named("interruption") and roles:
        passive = bool(_INTERRUPTED.search(sentence))
        doer = re.search(r"\bby (?:the )?(\w+(?: \d)?)", sentence, re.I)
        whose = [item for item in slots.items if item.is_("person", "role")]
        slots.used |= {k for k, item in enumerate(slots.items) if item.is_("person", "role", "pronoun", "noun")}
        if passive and doer is not None:
            named_doer = [item for item in whose if item.text.lower() == doer[1].lower()]
            if len(named_doer) == 1:
                return named(named_doer, slots.names)[0]
        if not passive and (len(roles) == 2 or he):
            return whom([_HE], slots.names, roles) if he else roles[0]
        if passive or len(roles) > 1 or re.search(r"\binterruptions? of\b", sentence, re.I):
            left = [role for role in slots.names.roles if role not in roles]
            if len(roles) == 1 and len(left) == 1 and slots.names.most == 2 and passive:
                return left[0]
            raise Ambiguous("who interrupts whom?", ["how many times does the participant interrupt"])
        return roles[0]
    if he and roles:
        raise Ambiguous("he or she, and somebody by name: whose is it?", [f"ask for {each} alone" for each in roles])
    return slots.person(others)


_HE = Item({"pronoun": "one"}, "he")
