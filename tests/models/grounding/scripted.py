"""Scripted people for tests of verdicts: made once, on seeds that nothing was tuned on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.grounding_people import claims_of
from bitflow.datasets.simulate.behaviours import script_behaviours, write_behaviours
from bitflow.events.scene import Scene
from bitflow.models.grounding.claims import Claim, Judged
from bitflow.models.grounding.people import judge_people
from bitflow.store import open_store


@dataclass(frozen=True)
class Tried:
    """One scripted recording, all claims about it and whether they are true."""

    scene: Scene
    claims: list[Claim]
    truth: list[bool]

    def judged(self, claims: list[Claim] | None = None) -> list[Judged]:
        return judge_people(self.scene, self.claims if claims is None else claims)

    def told(self, lies: float, random: np.random.Generator) -> list[Claim]:
        """What a captioner says who is wrong in a share of what it says."""
        chosen = []
        true = [claim for claim, holds in zip(self.claims, self.truth, strict=True) if holds]
        false = [claim for claim, holds in zip(self.claims, self.truth, strict=True) if not holds]
        for _ in range(40):
            pool = false if random.random() < lies else true
            chosen.append(pool[random.integers(len(pool))])
        return chosen


def tried(folder: Path, quality: str, seed: int, share: dict[str, float] | None = None) -> Tried:
    name = f"{quality}-{seed}"
    made = script_behaviours(quality=quality, seed=seed, recording=name, share=share)
    write_behaviours(folder, made)
    pairs = claims_of(made, np.random.default_rng(seed))
    return Tried(Scene(open_store(folder)[name]), [claim for claim, _ in pairs], [holds for _, holds in pairs])


def negated(claim: Claim) -> Claim:
    return replace(claim, holds=not claim.holds)
