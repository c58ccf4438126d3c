"""Conditions of a clause, joined."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import And, Body, Call, Compare, Named, Not, Or, walk
from bitflow.events.language.vocabulary import operator
from bitflow.models.asking.animals.clauses.places import in_region
from bitflow.models.asking.animals.clauses.state import State
from bitflow.models.asking.animals.lexicon import OF_PAIRS


def _turn_round(clause: State) -> None:
    """Side by side, but facing opposite ways."""
    turned = [
        (link, replace(body, name="side_by_side_reverse"))
        if isinstance(body, Named) and body.name == "side_by_side"
        else (link, body)
        for link, body in clause.conditions
    ]
    if not any(isinstance(body, Named) and body.name == "side_by_side_reverse" for _, body in turned):
        clause.leftover.append("opposite")
    clause.conditions = turned


def finish(clause: State) -> None:
    """Use what still waits: animals, parts, regions; what nothing uses is left over."""
    for (first, _), (second, _) in pairwise(clause.animals):
        if first == second:
            raise Ambiguous(f"{first} and itself: of which other animal?", [f"{first} and another"])
    if clause.reversed:
        _turn_round(clause)
    if clause.signal is not None and not clause.said and clause.compare is not None:
        word = clause.signal
        clause.leftover.append(word if isinstance(word, str) else word.name)
    if len(clause.animals) == 2 and clause.conditions and clause.found.by in (None, "any") and not _has_pair(clause):
        (first, _), (second, _) = clause.animals
        clause.animals = [(first, False)]
        link, body = clause.conditions[-1]
        clause.conditions[-1] = (link, Call("towards", (("who", second), ("of", body))))
    if len(clause.animals) == 2 and len(clause.conditions) == 1 and clause.directed:
        link, body = clause.conditions[0]
        if isinstance(body, Named) and body.name in OF_PAIRS and body.actor is None and body.target is None:
            (first, _), (second, _) = clause.animals  # sniffing, mouse1 to mouse2
            clause.conditions = [(link, Named(body.name, first, second))]
            clause.animals = []
    for animal, _ in clause.animals:
        if clause.found.by in (None, "any", "each"):
            clause.found.by = animal
        elif clause.found.by != animal:
            clause.leftover.append(animal)
    clause.leftover += [f"not {part}" for part in clause.denied]
    used = clause.compared if clause.said else ["centre"]
    clause.leftover += [part for part in clause.parts if part not in used]
    if clause.waiting and not clause.conditions:  # speed, open arm
        clause.add(in_region(clause, "in", tuple(clause.parts) or ("centre",), clause.waiting.pop()))
        clause.parts = []
    clause.leftover += [region for region in clause.waiting if region not in clause.found.regions]
    if clause.negative:
        clause.leftover.append("not")
    for first, link, second in zip(clause.items, clause.items[1:], clause.items[2:], strict=False):
        denied = first.is_("behaviour") and first.text.lower().startswith("not ")  # not moving is still
        if denied and link.is_("or") and second.is_("behaviour"):
            raise Ambiguous(
                f"{first.text} or {second.text}: neither of them, or {second.text} too?",
                [f"neither moving nor {second.text}", f"{second.text} or {first.text}"],
            )
    for (_, first), (link, second) in pairwise(clause.conditions):
        if link == "or" and isinstance(first, Not) and isinstance(first.body, Named) and isinstance(second, Named):
            one, other = first.body.name, second.name
            raise Ambiguous(
                f"not {one} or {other}: neither of them, or {other} too?",
                [f"neither {one} nor {other}", f"{other} or not {one}"],
            )


def _linked(clause: State) -> list[tuple[str, Body]]:
    """A comma says what the word at the end of its list says: in A, in B or in C."""
    found: list[tuple[str, Body]] = []
    after: tuple[str, Body] | None = None
    for link, body in reversed(clause.conditions):
        listed = (
            after is not None and after[0] == "or" and type(after[1]) is type(body) and not isinstance(body, Compare)
        )
        after = ("or" if listed else "and", body) if link == "," else (link, body)
        found.append(after)
    return found[::-1]


def _has_pair(clause: State) -> bool:
    """Whether the last condition is not about pairs, or says already of whom it is."""
    last = clause.conditions[-1][1]
    pairs = any(isinstance(node, Call) and operator(node.name).axes == "pair" for node in walk(last))
    return not pairs or any(isinstance(node, Named) and node.target is not None for node in walk(last))


def joined_body(clause: State) -> Body | None:
    """Conditions joined, `and` before `or`."""
    groups: list[list[Body]] = []
    for link, body in _linked(clause):
        if link == "or" and groups:
            groups.append([body])
        elif groups:
            if body not in groups[-1]:  # said twice
                groups[-1].append(body)
        else:
            groups.append([body])
    joined = [group[0] if len(group) == 1 else And(tuple(group)) for group in groups]
    if not joined:
        return None
    return joined[0] if len(joined) == 1 else Or(tuple(joined))


def take_out_actor(clause: State) -> None:
    """Mouse1 chases mouse2 in the corner: the corner is mouse1's, so that mouse1 is the actor of both."""
    actors = {body.actor for _, body in clause.conditions if isinstance(body, Named) and body.actor and body.target}
    if len(actors) == 1 and clause.found.by in (None, "any", *actors):
        clause.found.by = next(iter(actors))
        clause.conditions = [
            (link, replace(body, actor=None) if isinstance(body, Named) else body) for link, body in clause.conditions
        ]
