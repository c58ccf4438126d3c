"""Names that a question gives by what follows them, and what it points back to: by my own criteria, leaving it."""

from __future__ import annotations

import re

from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.animals.reading import read
from bitflow.models.asking.item import Item

_LIST = (
    r"(?:(?:can|could|would|will) you )?(?:please )?(?:(?:list|show|find|give|get|detect|tell|report|i (?:want|need)"
    r"|when (?:are|is|do|does)|who(?:'s| is| are| was))\b(?: me| us)?(?: (?:all|the|every|any|my|our|of|there))* )?"
)
#: Approaches by my own criteria: …; chases, defined as …; the drinking bouts: …
_BY_CRITERIA = re.compile(
    rf"^\W*{_LIST}(?P<name>[\w -]{{3,40}}?),? (?:\(?(?:by|with|using|under|on|according to|following|as per|per|after)"
    r" (?:my|our|the|these|this|those)(?: own| following| usual| lab's)?"
    r" (?:criteria|criterion|definition|rules?|conditions?|thresholds?|cut-?offs?)\)?)\s*[:,(=-]+\s*(?P<meaning>.+)$",
    re.I | re.S,
)
_BY_COLON = re.compile(
    rf"^\W*{_LIST}(?P<name>[\w' -]{{3,40}}?)(?P<pairs>,? ?directed pairs)?\s*:\s*(?P<meaning>.+)$", re.I | re.S
)
_THAT_IS = re.compile(
    r"^(?P<name>[^,:;.?!]{3,80}?),? (?:i\.\s?e\.,?|that is(?: to say)?,?|which is to say,?|namely,?|meaning(?: that)?)"
    r" (?P<meaning>.+)$",
    re.I | re.S,
)
_MOMENTS_WHEN = re.compile(r"^(?:the )?(?:moments?|times?|periods?|bouts?) (?:when|where|in which|with) ", re.I)
_GOES = r"\b(?:com|go|went|gone|step|mov|walk|get|got|run|ran|came)\w* (?:back |straight )?"
_OUT_OF_IT = re.compile(
    rf"(?:\b(?:leav|exit)\w*|{_GOES}out(?: of)?) (?:it|there|that region)\b(?: again)?",
    re.I,
)
_OUT_AGAIN = re.compile(rf"{_GOES}out(?: again|(?=\s*(?:within|in less|[,.?!]|$)))", re.I)
_MEASURES = ("signal", "adjective", "region")


def by_criteria(text: str, names: Names) -> str:
    """A question whose behaviour is said to be what follows, as a question for what follows.

    Approaches by my own criteria: distance < 300 px, speed > 90 px/s; who is chasing, directed pairs: … ; chases,
    i.e. moments when the closest distance is under 40 px. What only says the same again is left out: runs after
    mouse1, i.e. chases it.
    """
    text = re.sub(r"\bi\. e\.", "i.e.", text)
    said = _BY_CRITERIA.match(text)
    if said is not None and _measured(said["meaning"], names) and _names_behaviour(said["name"], names):
        return f"list {_closed(said['meaning'])}"
    said = _BY_COLON.match(text)
    asked = re.match(rf"^\W*{_LIST}", text, re.I)
    if said is not None and asked is not None and asked.group().strip() and _measured(said["meaning"], names):
        name = re.sub(r"\b(?:bouts?|events?|episodes?|times?|moments?)\b", " ", said["name"]).strip()
        if name and "=" not in said["meaning"].split(",")[0].replace("<=", "").replace(">=", ""):
            items = [item for item in read(name, names).items if not item.is_("stop", "mark")]
            behaves = len(items) == 1 and items[0].is_("behaviour")
            unknown = len(items) == 1 and set(items[0].means) == {"unknown"}
            if behaves or unknown:
                return f"{'directed pairs: ' if said['pairs'] else ''}list {said['meaning']}"
    said = _THAT_IS.match(text)
    if said is not None:
        before = _behaviours(said["name"], names)
        if before and _measured(said["meaning"], names) and not _measured(said["name"], names):
            return f"list {_MOMENTS_WHEN.sub('', said['meaning'])}"
        after = _behaviours(said["meaning"], names)
        if before and before == after and not _others(said["meaning"], said["name"], names):
            return said["name"]
    return text


def pointed_back(text: str, names: Names) -> str:
    """Goes into the open arm and leaves it: the region, where one alone was named before.

    ``Corners are ROI0 and ROI1 - when is it in one of them``: those that were listed.
    """
    listed = re.match(
        r"^\W*(?:the |our |my )?[a-z]+ (?:are|=|being) (?P<list>\w+(?: \d+)?(?:, \w+(?: \d+)?)*,? (?:and|or"
        r"|&) \w+(?: \d+)?)"
        r"\s*(?:[-–:;,.])+\s*(?:so )?(?P<rest>.+)$",
        text,
        re.I | re.S,
    )
    if listed is not None and len(_regions(listed["list"], names)) > 1:
        pattern = r"\b(one|any|either|all|both|each|none) of (?:them|these|those)\b"
        if re.search(pattern, listed["rest"], re.I):
            return re.sub(pattern, rf"\1 of {listed['list']}", listed["rest"], count=1, flags=re.I)
    back = _OUT_OF_IT.search(text) or _OUT_AGAIN.search(text)
    if back is None:
        return text
    known = list(dict.fromkeys(_regions(text[: back.start()], names)))
    if len(known) != 1:
        return text
    return f"{text[: back.start()]}exit {known[0]}{text[back.end() :]}"


def arrows(text: str, names: Names) -> str:
    """Entry into the corner -> freezing: the one, and then the other; … -> when?: a question about what precedes."""
    text = re.sub(
        r"\s*(?:-+>|→|=>|⇒)\s*(?=(?:when|how|what|list|count|show|give|find|which)\b)", "; ", text, flags=re.I
    )
    parts = re.split(r"\s*(?:-+>|→|=>|⇒)\s*", text)
    if len(parts) < 2 or not all(_happens(part, names) for part in parts) or _measured(parts[0], names):
        return text
    return " and then ".join(parts)


def _closed(text: str) -> str:
    return text.rstrip(" )") if text.count(")") > text.count("(") else text


def _measured(text: str, names: Names) -> bool:
    """Whether a text holds something against a number."""
    items = read(text, names).items
    return any(item.is_(*_MEASURES) for item in items) and any(
        item.is_("number") and not item.is_("stop") for item in items
    )


def _behaviours(text: str, names: Names) -> set[str]:
    return {item["behaviour"] for item in read(text, names).items if item.is_("behaviour")}


def _names_behaviour(text: str, names: Names) -> bool:
    return bool(_behaviours(text, names)) and not _measured(text, names)


def _regions(text: str, names: Names) -> list[str]:
    return [item["region"] for item in read(text, names).items if item.is_("region")]


def _happens(text: str, names: Names) -> bool:
    return any(item.is_("behaviour", "enter", "exit") for item in read(text, names).items)


def _others(said: str, before: str, names: Names) -> bool:
    """Whether the second says more than the first: another animal, a number, a word that is not known."""

    def told(item: Item) -> bool:
        return item.is_("animal", "region", "number", "not", "unknown", "signal") and not item.is_("stop")

    known = {item.text.lower() for item in read(before, names).items}
    return any(told(item) and item.text.lower() not in known for item in read(said, names).items)
