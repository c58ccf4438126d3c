"""The judge of a recording: of people, of animals, whatever its tables hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bitflow.events.scene import Scene
from bitflow.models.endpoints.answers import plain, quotable
from bitflow.models.grounding.animals import AnimalWitness, judge_animals
from bitflow.models.grounding.claims import ANIMALS, Claim, Judged
from bitflow.models.grounding.people import SURELY_SEEN, judge_people
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.store import Recording


class Witness:
    """Everything a recording's tables can say about claims; loads each kind of table once.

    Parameters
    ----------
    recording
        Of people, with the tables of an extraction; or of animals, with `poses`.
    """

    def __init__(self, recording: Recording):
        self.recording = recording
        self._lock = threading.RLock()

    @property
    def of_animals(self) -> bool:
        """Whether the recording holds poses of animals."""
        return "poses" in self.recording

    @cached_property
    def scene(self) -> Scene:
        """The recording as people's behaviour sees it."""
        return Scene(self.recording)

    @cached_property
    def animals(self) -> AnimalWitness:
        """The recording as animals' behaviour sees it."""
        return AnimalWitness.of(self.recording)

    @property
    def span(self) -> Interval:
        """From the first to the last instant of the tables."""
        return self.animals.span if self.of_animals else self.scene.interval

    @property
    def subjects(self) -> tuple[int, ...]:
        """Persons, or tracks of animals."""
        return self.animals.tracks if self.of_animals else self.scene.people

    def name(self, who: int) -> str:
        """How captions call somebody."""
        if self.of_animals:
            return quotable(plain(self.animals.names.get(who, ""))) or f"animal {who}"
        return f"Person {who}"

    def seen(self, when: Interval, who: int) -> float:
        """Share of a stretch in which somebody is in the pictures; 1 where no table tells."""
        with self._lock:
            if self.of_animals:
                poses = self.animals.poses
                rows = (poses.time >= when.start) & (poses.time < when.end)
                if who not in poses.tracks or not rows.any():
                    return 1.0
                points = poses.points[rows, poses.tracks.index(who)]
                return float(np.isfinite(points).all(axis=-1).any(axis=-1).mean())
            tables = [name for name in ("faces", "bodies") if name in self.scene.tables]
            pictures = when.duration * self.scene.native_rate("frames") if "frames" in self.scene.tables else 0.0
            if who < 0 or not tables or not pictures:
                return 1.0
            return max(self._pictures(name, when, who) for name in tables) / pictures

    def _pictures(self, table: str, when: Interval, who: int) -> int:
        rows = self.scene.frame(table)
        mine = rows[(rows[self.scene.key] == who) & (rows["time"] >= when.start) & (rows["time"] < when.end)]
        doubtful = "score" in mine and float(mine["score"].mean()) < SURELY_SEEN - 1e-6
        return 0 if doubtful else len(mine)

    def judge(self, claims: Sequence[Claim]) -> list[Judged]:
        """The verdict on each claim, in order."""
        with self._lock:  # tables are loaded when they are first needed
            return [self._judged(claim) for claim in claims]

    def _judged(self, claim: Claim) -> Judged:
        if claim.kind not in ANIMALS:
            return judge_people(self.scene, [claim])[0]
        if not self.of_animals:
            return Judged(claim, "not checkable", "missing_table:poses")
        return judge_animals(self.animals, [claim])[0]
