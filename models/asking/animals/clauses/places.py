"""Regions of a clause: in, outside, entering and leaving them."""

from __future__ import annotations

from bitflow.events.language.refusals import Ambiguous, NeedsRegion, UnknownName
from bitflow.events.language.tree import And, Body, Call, Not, Or
from bitflow.models.asking.animals.clauses.state import State
from bitflow.models.asking.item import Item

#: The open arm, which is ROI0: one region in two words.
_RENAMING = ("which", "that", "called", "named", "defined")


def is_place(clause: State, item: Item) -> bool:
    """In, outside, entering, leaving: followed by a region, or by a word that must be one."""
    following = clause.peek()
    if not item.is_("in", "out", "enter", "exit") or (
        following is not None and following.text.lower() in ("which", "what")
    ):
        return False
    ahead = 1
    while (after := clause.peek(ahead)) is not None:
        if after.is_("region"):
            return True
        if after.is_("first", "last") and not item.is_("enter", "exit"):
            return False  # in the first minute
        if item.is_("enter") and after.is_("unknown"):
            return True
        if item.is_("enter", "exit") and after.is_("animal"):
            ahead += 1  # entries of mouse1 into the centre
            continue
        if item.is_("enter", "exit") and after.text.lower() == "from":
            ahead += 1
            continue
        if after.is_("stop", "unknown", "in", "out", "to", "any", "mark", "or", "all", "each", "first") and not (
            after.is_("behaviour", "signal") or (after.is_("number") and not after.text.isalpha())
        ):
            if after.is_("mark") and after["mark"] not in ",":
                return False
            ahead += 1
            continue
        return False
    return (
        item.is_("enter", "exit", "in", "out")
        and any(each.is_("unknown") for each in clause.items[clause.at + 1 :])
        and not item.is_("stop")
    )


def read_place(clause: State, item: Item) -> None:
    """A place, up to the last of its regions."""
    how = next((kind for kind in ("enter", "exit", "out") if kind in item.means), "in")
    clause.at += 1
    every = ""
    regions: list[str] = []
    unknown: list[str] = []
    link, renamed, apart, apposed = "", False, True, False
    while clause.at < len(clause.items):
        each = clause.items[clause.at]
        if each.is_("region"):
            if regions and (renamed or not apart):  # the open arm, which is ROI0; the corners ROI0, ROI1
                before = regions.pop()
                if not renamed and _numbered_alike(before, each["region"]):
                    raise Ambiguous(
                        f"{before} {each['region']}: one of them, or in any?",
                        [f"{before} or {each['region']}", f"both {before} and {each['region']}"],
                    )
            regions.append(each["region"])
            renamed, apart = False, False
            unknown = []  # the words before it say what it is: the treadmill, object 5
        elif each.is_("unknown") and not (regions and not unknown and link == ""):
            unknown.append(each.text)
        elif each.is_("animal") and not regions and how in ("enter", "exit"):
            clause.animals.append((each["animal"], False))
        elif regions and each.is_("stop") and each["stop"] in _RENAMING:
            renamed = renamed or _region_follows(clause)
        elif each.text.lower() in ("one", "any", "either", "both", "all"):
            every = each.text.lower() if each.text.lower() in ("both", "all") else "any"
        elif regions and (set(each.means) == {"stop"} or (link and each.is_("in"))):
            pass
        elif regions and each.is_("or", "and") and _region_follows(clause):
            if _another_place(clause):
                break  # in the one and in the other: two statements
            link, apart = "or" if each.is_("or") else link or "and", True
        elif each.is_("mark") and each["mark"] == "," and regions and _another_place(clause):
            break
        elif each.is_("mark") and each["mark"] == "/" and regions and _region_follows(clause):
            link, apart = "or", True
        elif each.is_("mark") and each["mark"] == "," and (not regions or _region_follows(clause)):
            apart = True
            after = clause.peek()
            apposed = after is not None and after.text.lower() in ("the", "our", "my", "i", "which")
        elif len(regions) == 1 and (said := _apposed(clause, regions[0])):
            clause.at += said
            break
        elif each.is_("number") and isinstance(each["number"], float) and each.text.isalpha() and not regions:
            pass  # one of the four corners
        elif (regions and not each.is_("or")) or (
            each.is_("number", "behaviour", "signal", "compare", "adjective") and not each.is_("in", "out")
        ):
            break
        elif each.text.lower() == "from" and not regions and how in ("enter", "exit"):
            pass
        elif each.is_("out") and how == "in":
            how = "out"
        elif not each.is_("stop", "in", "to", "any", "all", "first", "out"):
            break
        clause.at += 1
    if not regions or unknown:
        _no_region(clause, unknown or [item.text])
    numbered = [region for region in regions if region[-1:].isdigit()]
    if len(regions) == 2 and not link and not every and len(numbered) == 1 and apposed:
        regions = numbered  # ROI0, the open arm
    if len(regions) == 2 and not link and not every and not _numbered_alike(*regions):
        raise Ambiguous(
            f"{regions[0]}, {regions[1]}: one region in two words, or two?",
            [f"{regions[0]} or {regions[1]}", f"{regions[0]} which is {regions[1]}"],
        )
    clause.found.regions = regions
    parts = tuple(dict.fromkeys(clause.parts)) or ("centre",)
    clause.parts = []
    bodies = [in_region(clause, how, parts, region) for region in regions]
    if len(bodies) > 1 and link == "and" and not every and how != "out":
        listed = " and ".join(regions)
        raise Ambiguous(
            f"{how} {listed}: in all of them at once, or in any?",
            [f"any of {', '.join(regions)}", f"both {listed}", f"{' or '.join(regions)}"],
        )
    together = every in ("both", "all") or (how == "out" and link == "and")
    clause.any_part = False
    several = bodies[0] if len(bodies) == 1 else And(tuple(bodies)) if together else Or(tuple(bodies))
    if how == "out" and isinstance(several, Or):  # not in A or B: in neither
        several = Not(Or(tuple(in_region(clause, "in", parts, region) for region in regions)))
    if clause.denied and how == "in" and len(bodies) == 1:  # the nose but not the tail base in ROI1
        clause.add(in_region(clause, "in", tuple(dict.fromkeys(clause.denied)), regions[0]))
        several, clause.denied = Not(several), []
    clause.add(several)


def in_region(clause: State, how: str, parts: tuple[str, ...], region: str) -> Body:
    """Parts of the body in, outside, entering or leaving a region."""
    if how in ("enter", "exit"):
        clause.leftover += parts[1:]
        return Call(how, (("region", region), ("part", parts[0])))
    mode = (("mode", "any"),) if clause.any_part and len(parts) > 1 else ()
    inside = Call("inside", (("parts", parts), ("region", region), *mode))
    return Not(inside) if how == "out" else inside


def _region_follows(clause: State) -> bool:
    ahead = 1
    while (
        (after := clause.peek(ahead)) is not None
        and after.is_("stop", "in", "mark", "or", "and")
        and not after.is_("region")
    ):
        ahead += 1
    return after is not None and after.is_("region") and not after.is_("part")


def _apposed(clause: State, region: str) -> int:
    """Words of ``object 5, the treadmill`` that only say what the region is: a comma, an article, one or two words."""
    words = clause.items[clause.at : clause.at + 5]
    if not region[-1:].isdigit() or len(words) < 3 or words[0].means.get("mark") != ",":
        return 0
    if words[1].text.lower() not in ("the", "our", "my", "a", "an"):
        return 0
    size = 2
    while size < len(words) and set(words[size].means) == {"unknown"} and not words[size].text.endswith("s"):
        size += 1
    ends = size == len(words) or words[size].is_("mark")
    return size if ends and 3 <= size <= 4 else 0


def region_at_once(clause: State) -> bool:
    """Touches object 5, which is no animal: is on it."""
    ahead = 1
    while (after := clause.peek(ahead)) is not None and set(after.means) == {"stop"}:
        ahead += 1
    return after is not None and after.is_("region")


def _another_place(clause: State) -> bool:
    """``and in``: another statement, not another region of this one."""
    ahead = 1
    while (after := clause.peek(ahead)) is not None and not after.is_("region"):
        if after.is_("in", "out", "enter", "exit"):
            return True
        ahead += 1
    return False


def _no_region(clause: State, words: list[str]) -> None:
    name = " ".join(words)
    if not clause.names.regions:
        raise NeedsRegion(
            f"{name!r} would be a region, and none is drawn", ["`bitflow regions STORE FILE` takes polygons in px"]
        )
    raise UnknownName.of("region", name, clause.names.regions)


def entry_follows(clause: State, item: Item) -> bool:
    """Center entries: the center is a region there, and no part of the body."""
    following = clause.peek()
    if not item.is_("region") or following is None:
        return False
    stays = following.is_("in") and following.text.lower().startswith(("visit", "stay", "occup", "presence"))
    return following.is_("enter", "exit") or stays


def _numbered_alike(first: str, second: str) -> bool:
    """ROI0 and ROI1 are two regions; the open arm and ROI0 may be one."""
    return first != second and first.rstrip("0123456789") == second.rstrip("0123456789")
