"""Animals whose movements are known."""

from __future__ import annotations

import numpy as np

from bitflow.events.language import parse
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answers import Answer, answer
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.poses import PoseFacts, PoseSeries, Scale
from bitflow.regions import Region, Regions

RATE = 10.0
POINTS = ("nose", "neck", "tail_base")
LENGTH = 40.0


def animals(
    *centres: np.ndarray,
    headings: list[float] | None = None,
    scale: float | None = None,
    regions: Regions | None = None,
) -> AnimalSubjects:
    """Stiff animals 40 px long whose middle points ``(n, 2)`` are given, looking along `headings` (deg)."""
    points = np.stack(
        [_body(place, h) for place, h in zip(centres, headings or [0.0] * len(centres), strict=True)], axis=1
    )
    facts = PoseFacts(POINTS, tuple(f"mouse{i + 1}" for i in range(len(centres))), scale=Scale(scale))
    return AnimalSubjects(PoseSeries.of(points, facts, rate=RATE), regions or Regions())


def _body(centre: np.ndarray, heading: float) -> np.ndarray:
    ahead = np.array([np.cos(np.deg2rad(heading)), np.sin(np.deg2rad(heading))])
    return np.stack([centre + ahead * LENGTH / 2, centre, centre - ahead * LENGTH / 2], axis=1)


def moved(*steps: tuple[int, float, float], start: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A path ``(n, 2)``: so many frames, each so many px to the right and down."""
    path = [np.array(start)]
    for frames, x, y in steps:
        path += [path[-1] + np.array([x, y]) * (k + 1) for k in range(frames)]
        path = [*path]
    return np.array(path)


def square(name: str, left: float, top: float, size: float) -> Region:
    corners = ((left, top), (left + size, top), (left + size, top + size), (left, top + size))
    return Region(name, "polygon", corners)


def asked(program: str, subjects: AnimalSubjects) -> Answer:
    """The answer to a program of one question."""
    return answer(parse(program), subjects, Definitions.of(builtin()))[0]


def times(found: Answer) -> list[tuple[float, float]]:
    return [(round(event.start, 3), round(event.end, 3)) for event in found.events]
