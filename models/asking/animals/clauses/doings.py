"""Behaviours of a clause: who does them, and to whom."""

from __future__ import annotations

from bitflow.events.language.tree import Call, Named, Or
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.clauses.places import read_place, region_at_once
from bitflow.models.asking.animals.clauses.state import State
from bitflow.models.asking.animals.lexicon import OF_PAIRS, SYMMETRIC, SignalWord

#: Behaviours whose part that is touched makes another of them.
_TOUCHING = ("nose_to_body", "contact")

#: Behaviours whose ``from`` says from whom, not by whom.
_AWAY = ("withdraw", "flee")

#: Behaviours that are called after two parts.
_BETWEEN = {"nose_to_nose": ("nose", "nose"), "nose_to_tail": ("nose", "tail_base")}


def read_behaviour(clause: State, name: str) -> None:
    """A behaviour, with the animals and parts around it."""
    if name == "contact" and region_at_once(clause):
        return read_place(clause, clause.items[clause.at])
    before = [animal for animal, _ in clause.animals]
    clause.animals = []
    passive = clause.items[clause.at].is_("passive") and name not in SYMMETRIC
    touching = clause.parts if name in _TOUCHING else []
    clause.parts = [] if touching else clause.parts
    after: list[str] = []
    agents: list[str] = []
    ahead = 1
    by = False
    touched: list[str] = []
    while (item := clause.peek(ahead)) is not None:
        if item.is_("between") and pair_named(clause, ahead):
            before = []  # contact between mouse1 and mouse3
        elif item.text.lower() == "and" and after and clause.animal_follows(ahead) and _another(clause, ahead, after):
            pass
        elif item.is_("animal"):
            (agents if by else after).append(item["animal"])
            by = False
        elif item.is_("reverse"):
            clause.reversed = True
        elif item.is_("each other"):
            clause.found.each_other = True
        elif item.is_("by"):
            by = True
        elif item.text.lower() == "from" and (animal := clause.peek(ahead + 1)) is not None and animal.is_("animal"):
            by = name not in _AWAY  # sniffing from mouse1 to mouse2; retreats from mouse2
        elif item.text.lower() in ("with", "together with"):
            pass
        elif name == "nose_to_body" and item.is_("behaviour") and item["behaviour"].startswith("nose_to"):
            name = item["behaviour"]  # sniffs the anogenital area
        elif name in _TOUCHING and item.is_("part") and not item.is_("region"):
            touched.append(item["part"])
        elif name in _TOUCHING and item.is_("in") and clause.part_follows(ahead):
            pass  # sniffed at the rear
        elif item.is_("any") and item.is_("stop") is False and name in OF_PAIRS:
            pass
        elif not item.is_("stop", "to") or item.is_(
            "number", "or", "and", "in", "for", "compare", "mark", "signal", "not"
        ):
            break
        ahead += 1
    clause.at += ahead
    if touching or touched:
        name = _contact(clause, name, ([], touching + touched) if passive else (touching, touched))
    pair = name in OF_PAIRS
    if agents:  # chased by mouse2; approaches by mouse1
        others = [*before, *after]
        actor, target = agents[0], (others[-1] if others else None)
    elif passive and pair:
        actor, target = None, (before[-1] if before else None)
    elif len(after) == 2 and not before:
        actor, target = after
    else:
        actor, target = (before[-1] if before else None), (after[0] if after else None)
        if not pair and actor is None:
            actor, target = target, None
        if pair and len(before) >= 2 and target is None and not clause.found.each_other:
            actor, target = before[-2], before[-1]
            if name not in SYMMETRIC and not clause.directed:
                clause.found.each_other = True
    if pair and (actor or target):
        node = Named(name, actor if target else None, target)
        if node.actor is None and actor is not None:
            _only(clause, actor)
        elif clause.found.each_other and actor and target:
            node = node if name in SYMMETRIC else None
            if node is None:
                clause.found.each_other = False
                clause.add(Or((Named(name, actor, target), Named(name, target, actor))))
                return
        clause.add(node)
        return
    if not pair and actor is not None:
        _only(clause, actor)
    clause.add(Named(name))


def _another(clause: State, ahead: int, named: list[str]) -> bool:
    """Whether the animal after that is none that was named: approaches mouse2 and mouse2 freezes are two statements."""
    item = clause.peek(ahead + 1)
    return item is not None and item["animal"] not in named


def pair_named(clause: State, ahead: int) -> bool:
    """Whether two animals follow, with `and` between them."""
    named: list[str] = []
    while (item := clause.peek(ahead := ahead + 1)) is not None and item.is_("animal", "and", "stop"):
        named += [item["animal"]] if item.is_("animal") else []
    return len(named) == 2


def touch_follows(clause: State) -> bool:
    """Whether a part that is touched is named before the touch: rear sniffing."""
    ahead = 1
    while (following := clause.peek(ahead)) is not None and set(following.means) == {"stop"}:
        ahead += 1
    return following is not None and following.is_("behaviour") and following["behaviour"] in _TOUCHING


def distance_follows(clause: State, name: str) -> bool:
    """Whether ``nose to tail`` only says between which parts a distance is, which are kept then."""
    following = clause.peek()
    if following is None or not following.is_("signal") or name not in _BETWEEN:
        return False
    distance = following["signal"] == SignalWord("dist", parts=True)
    clause.parts += _BETWEEN[name] if distance else ()
    return distance


def _contact(clause: State, name: str, parts: tuple[list[str], list[str]]) -> str:
    """Sniffs the rear, noses touch: the parts that touch say which contact it is."""
    touching, touched = ({_role(part) for part in each} for each in parts)
    if name == "nose_to_body":  # rear sniffing: only noses sniff
        touching, touched = touching & {"nose"}, touched | touching - {"nose"}
    if touching | touched == {"nose"} and (name == "contact" or touched):
        return "nose_to_nose"
    if touching <= {"nose"} and (touching or name == "nose_to_body"):
        if touched <= {"centre"}:
            return "nose_to_body"
        if touched == {"tail_base"}:
            return "nose_to_tail"
    clause.leftover += [part for each in parts for part in each]
    return name


def _only(clause: State, actor: str) -> None:
    if clause.found.by not in (None, "any", actor):
        clause.add(Call("of", (("who", actor), ("of", Named("moving")))))  # two animals in one clause: see _two_animals
    clause.found.by = actor


def speed_follows(clause: State) -> bool:
    """Whether ``moving`` is only said of a speed that follows."""
    for ahead in range(1, 5):
        item = clause.peek(ahead)
        if item is None or item.is_("and", "or", "mark", "behaviour", "signal"):
            return False
        if item.is_("number"):
            return isinstance(item["number"], Quantity) and item["number"].dimension == "speed"
    return False


def _role(part: str) -> str:
    from bitflow.models.asking.animals.names import folded
    from bitflow.poses.anatomy import ROLES

    name = folded(part)
    return next((role for role, names in ROLES.items() if name in names or name == folded(role)), part)
