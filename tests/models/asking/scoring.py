"""Whether a program that was understood is the expected one: the same tree, or the same events on made clips."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from bitflow.events.language import parse, text_of
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answers import answer
from bitflow.events.language.checking import check
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.refusals import Refusal
from bitflow.events.language.tree import And, Between, Call, Compare, Named, Program, Query, walk
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.names import Names, names_of
from bitflow.models.asking.animals.question import understand
from bitflow.poses import PoseFacts, PoseSeries, Scale
from bitflow.regions import Region, Regions

HERE = Path(__file__).parent
KNOWN = Definitions.of(builtin())
PARTS = ("nose", "neck", "tail_base", "left_ear", "right_ear", "mouse_center", "head_midpoint")
LIMB = ("Offfrontfoot", "Offfrontfetlock", "Offknee", "Elbow", "Shoulder")
ALIKE = 0.99
FRAMES = 3600


@dataclass(frozen=True)
class Score:
    """A phrasing: how it was understood, and whether that is ``exact``, ``equal``, ``refused`` rightly, or ``wrong``;
    a refusal of what could be answered is ``missed``."""

    number: int
    phrasing: str
    understood: str
    verdict: str


def questions(name: str) -> list[dict]:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


@cache
def clips() -> tuple[AnimalSubjects, ...]:
    """Three clips of three mice that wander over all regions, meet, run and rest; one in ten frames unseen."""
    return tuple(_clip(seed) for seed in (1, 2, 3))


def _clip(seed: int) -> AnimalSubjects:
    random = np.random.default_rng(seed)
    n, mice = FRAMES, 3
    pace = np.repeat(random.choice([0.0, 0.0, 1.0, 3.0, 6.0], (n // 60, mice)), 60, axis=0)
    turn = np.cumsum(random.normal(0, 0.08, (n, mice)), axis=0)
    steps = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * pace[..., None]
    centre = 500 - np.abs((np.cumsum(steps, axis=0) + random.uniform(0, 500, (1, mice, 2))) % 1000 - 500)
    ahead = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    side = np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1)
    places = {"nose": (20, 0), "neck": (8, 0), "tail_base": (-20, 0), "left_ear": (12, -6), "right_ear": (12, 6)}
    places |= {"mouse_center": (0, 0), "head_midpoint": (14, 0)}
    places |= {name: (-10.0 + 4 * k, 6.0 + (k % 2) * 3) for k, name in enumerate(LIMB)}
    points = np.stack([centre + ahead * x + side * y for x, y in places.values()], axis=2)
    points += random.normal(0, 0.2, points.shape)
    unseen = np.repeat(random.random((n // 20, mice)) < 0.1, 20, axis=0)
    points[unseen] = np.nan
    facts = PoseFacts(tuple(places), ("mouse1", "mouse2", "mouse3"), scale=Scale(0.1))
    squares = {
        "ROI0": (0, 0),
        "ROI1": (100, 100),
        "ROI2": (300, 0),
        "ROI3": (0, 300),
        "obj5": (200, 200),
        "obj28": (350, 350),
    }
    squares |= {"corner": (400, 400), "center": (200, 150), "open": (0, 200), "closed": (250, 0)}
    regions = Regions(tuple(_square(name, x, y) for name, (x, y) in squares.items()))
    return AnimalSubjects(PoseSeries.of(points, facts, rate=30.0), regions)


def _square(name: str, x: float, y: float, size: float = 150.0) -> Region:
    return Region(name, "polygon", ((x, y), (x + size, y), (x + size, y + size), (x, y + size)))


@cache
def names() -> Names:
    return names_of(clips(), KNOWN)


def score(number: int, expected: str, phrasing: str) -> Score:
    """Understand a phrasing and hold it against what was expected."""
    try:
        program = understand(phrasing, names()).program
        check(program, clips()[0], Definitions.of(KNOWN.by_name.values(), program.definitions))
    except Refusal as refusal:
        verdict = (
            "refused"
            if expected == f"!{refusal.code}"
            else "missed"
            if not expected.startswith("!")
            else "refused otherwise"
        )
        return Score(number, phrasing, f"{refusal.code}: {refusal}", verdict)
    if expected.startswith("!"):
        return Score(number, phrasing, text_of(program), "wrong")
    wanted = parse(expected)
    if program == wanted:
        return Score(number, phrasing, text_of(program), "exact")
    alike = (
        set(program.queries) == set(wanted.queries)
        or [_normal(each) for each in program.queries] == [_normal(each) for each in wanted.queries]
        or same_answers(program, wanted)
    )
    return Score(number, phrasing, text_of(program), "equal" if alike else "wrong")


def _normal(node):
    """A query with one spelling for what is asked alike: times in seconds, `by each` unsaid, an average `in` a time
    `over` it, an actor as `by`; animals that are told one by one are told as pairs."""
    if isinstance(node, Quantity):
        return Quantity(round(node.base, 6), "s") if node.dimension == "time" and node.unit != "f" else node
    if isinstance(node, tuple):
        return tuple(_normal(each) for each in node)
    if isinstance(node, Call):
        return Call(node.name, tuple((name, _normal(value)) for name, value in node.arguments))
    if isinstance(node, Query):
        return _normal_query(replace(node, **{each.name: _normal(getattr(node, each.name)) for each in fields(node)}))
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{each.name: _normal(getattr(node, each.name)) for each in fields(node)})
    return node


def _normal_query(query: Query) -> Query:
    if query.by == "each":
        query = replace(query, by=None)
    if query.pairs == "directed" and query.by is None:
        query = replace(query, pairs=None)
    if query.answer == "value" and (query.start or query.end):
        span = Call("in_time", (("start", query.start or Quantity(0, "s")), ("end", query.end or Quantity(120, "s"))))
        body = span if query.body is None else And((query.body, span))
        query = replace(query, start=None, end=None, body=body)
    actors = {node.actor for node in walk(query) if isinstance(node, Named)}
    alone = not any(isinstance(node, Call | Compare | Between) for node in walk(query))
    if alone and query.by is None and len(actors) == 1 and None not in actors:
        query = replace(_without_actors(query), by=actors.pop())
    return query


def _without_actors(node):
    if isinstance(node, tuple):
        return tuple(_without_actors(each) for each in node)
    if isinstance(node, Call):
        return Call(node.name, tuple((name, _without_actors(value)) for name, value in node.arguments))
    if is_dataclass(node) and not isinstance(node, type):
        node = replace(node, **{each.name: _without_actors(getattr(node, each.name)) for each in fields(node)})
        return replace(node, actor=None) if isinstance(node, Named) else node
    return node


def same_answers(first: Program, second: Program) -> bool:
    """Whether two programs ask the same of the same events: IoU of their events at least .99 on every clip."""
    if len(first.queries) != len(second.queries):
        return False
    for a, b in zip(first.queries, second.queries, strict=True):
        if replace(a, body=b.body, pairs=b.pairs) != b or (a.body is None) != (b.body is None):
            return False
    if not any(query.body is not None for query in second.queries):
        return False
    return all(_alike(first, second, clip) for clip in clips())


def _alike(first: Program, second: Program, clip: AnimalSubjects) -> bool:
    for mine, theirs in zip(answer(first, clip, KNOWN), answer(second, clip, KNOWN), strict=True):
        if mine.rows != theirs.rows:
            return False
        both, either = _overlap(mine.events, theirs.events)
        if both < ALIKE * either:
            return False
    return True


def _overlap(mine, theirs) -> tuple[float, float]:
    masks = []
    for events in (mine, theirs):
        found = {}
        for event in events:
            mask = found.setdefault((event.actor, event.target), np.zeros(FRAMES, bool))
            mask[round(event.start * 30) : round(event.end * 30)] = True
        masks.append(found)
    whom = set(masks[0]) | set(masks[1])
    none = np.zeros(FRAMES, bool)
    both = sum(int((masks[0].get(w, none) & masks[1].get(w, none)).sum()) for w in whom)
    either = sum(int((masks[0].get(w, none) | masks[1].get(w, none)).sum()) for w in whom)
    return both, either


def scores(name: str) -> list[Score]:
    """Every phrasing of a file of questions."""
    return [
        score(each["number"], each["expected"], phrasing) for each in questions(name) for phrasing in each["phrasings"]
    ]
