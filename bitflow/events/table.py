"""The table `events`: every behaviour that was found, as intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.behaviour import Behaviour, behaviours
from bitflow.events.intervals import Events
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.view import View
from bitflow.tables import INTERVAL_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

EVENTS = Schema(
    "events",
    "interval",
    (
        *INTERVAL_KEYS,
        Column(
            "person", "int32", "1", "who did it, as `people` had it when it was found; -1 for nobody", range=(-1, None)
        ),
    ),
    "behaviours as bitflow.events defines them, by the strict thresholds that measures count with",
)

SOURCE = "bitflow.events"


def find_all(
    scene: Scene, chosen: Iterable[Behaviour] | None = None
) -> Iterator[tuple[View, Behaviour, Events | Undefined]]:
    """Every behaviour in everybody of a scene; where it cannot be looked for, the reason."""
    people: list[View] = [scene.person(who) for who in scene.people] or [scene]
    for behaviour in chosen if chosen is not None else behaviours().values():
        for view in people if behaviour.scope == "person" else [scene]:
            if not isinstance(view, Person) and behaviour.scope == "person" and behaviour.needs != ("voice",):
                continue
            try:
                _require(scene, behaviour)
                yield view, behaviour, behaviour.events(view)
            except Undefined as undefined:
                yield view, behaviour, undefined


def event_batch(scene: Scene) -> pa.RecordBatch:
    """All events of a scene as rows of `EVENTS`, by start and name."""
    rows: list[dict[str, Any]] = []
    for view, behaviour, found in find_all(scene):
        if isinstance(found, Undefined):
            continue
        who = view.who if isinstance(view, Person) else -1
        tracks = _tracks(view, behaviour, found.starts)
        for k in range(len(found)):
            rows.append(
                {
                    "start": float(found.starts[k]),
                    "end": float(found.ends[k]),
                    "name": behaviour.name,
                    "track": int(tracks[k]),
                    "target": -1,
                    "value": None if np.isnan(found.values[k]) else float(found.values[k]),
                    "confidence": None,
                    "source": SOURCE,
                    "coverage": float(np.clip(found.coverage[k], 0, 1)),
                    "person": who,
                }
            )
    rows.sort(key=lambda row: (row["start"], row["name"], row["person"]))
    return EVENTS.batch({name: [row[name] for row in rows] for name in EVENTS.names})


def _require(scene: Scene, behaviour: Behaviour) -> None:
    for need in behaviour.needs:
        if not any(table in scene.tables for table in need.split("|")):
            raise Undefined("missing_table", need)


def _tracks(view: View, behaviour: Behaviour, starts: np.ndarray) -> np.ndarray:
    """The track by which the person was seen when each event began; −1 where it has none."""
    if isinstance(view, Person):
        for need in behaviour.needs:
            for table in need.split("|"):
                if (
                    table in view.scene.tables
                    and "track" in view.scene.schema(table)
                    and "time" in view.scene.schema(table)
                ):
                    rows = view.rows(table)
                    if len(rows):
                        at = np.searchsorted(rows["time"].to_numpy(), starts + 1e-6, "right") - 1
                        return rows["track"].to_numpy()[np.clip(at, 0, len(rows) - 1)]
    return np.full(len(starts), -1)
