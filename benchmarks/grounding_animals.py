"""How well claims about animals are judged: simulated mice, true claims and their inversions in random stretches.

    python -m benchmarks.grounding_animals --recordings 6 --first-seed 900

Truth comes from the tracks without noise, with a margin of 10 % around every threshold; the judge sees the noisy ones.
"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from bitflow.datasets.simulate.mice import SimulatedMice, simulate_mice
from bitflow.models.grounding.animals import AnimalWitness, judge_animals
from bitflow.models.grounding.claims import Claim
from bitflow.poses import PoseFacts, PoseSeries, kinematics
from bitflow.timeline import Interval

MARGIN = 0.10


def series(made: SimulatedMice, points: np.ndarray) -> PoseSeries:
    """Poses in memory."""
    return PoseSeries.of(points, PoseFacts(made.keypoints, made.animals), rate=made.rate)


def true_claims(made: SimulatedMice, random: np.random.Generator, number: int) -> list[tuple[Claim, bool]]:
    """Claims about stretches of 20 to 60 frames, each true or inverted."""
    clean = series(made, made.clean)
    lengths = kinematics.body_lengths(clean)
    speed = kinematics.speed(clean) / lengths
    distance = kinematics.part_distance(clean) / lengths[:, None]
    bearing = kinematics.head_angle(clean)
    found: list[tuple[Claim, bool]] = []
    animals = len(made.animals)
    for _ in range(number):
        n = int(random.integers(20, 61))
        at = int(random.integers(0, len(speed) - n))
        who = int(random.integers(animals))
        other = int((who + random.integers(1, animals)) % animals)
        rows, when = slice(at, at + n), Interval(at / made.rate, (at + n) / made.rate)
        quantities = (
            ("moving", float(np.median(speed[rows, who])), 0.5, True),
            ("fast", float(np.median(speed[rows, who])), 2.5, True),
            ("near", float(np.median(distance[rows, who, other])), 1.5, False),
            (
                "approaching",
                -float(distance[rows][-5:, who, other].mean() - distance[rows][:5, who, other].mean()),
                0.5,
                True,
            ),
        )
        for kind, value, threshold, above in quantities:
            if not np.isfinite(value) or abs(value - threshold) < MARGIN * threshold:
                continue
            so = (value > threshold) == above
            target = other if kind in ("near", "approaching") else -1
            for holds in (True, False):
                found.append((Claim(kind, when, who, holds, target=target), so == holds))
        mean = np.exp(1j * np.deg2rad(bearing[rows, who, other])).mean()
        angle = float(np.rad2deg(np.angle(mean)))
        if abs(mean) > 0.7 and 35 < abs(angle) < 145:
            side = "right" if angle > 0 else "left"
            for detail in ("left", "right"):
                found.append((Claim("beside", when, who, target=other, detail=detail), detail == side))
    return found


def judged(preset: str, seeds: range, number: int = 150) -> Counter:
    """Counts by kind, truth and verdict."""
    counts: Counter = Counter()
    for seed in seeds:
        made = simulate_mice(preset=preset, seed=seed)
        pairs = true_claims(made, np.random.default_rng((seed, 4)), number)
        witness = AnimalWitness.from_poses(series(made, made.points))
        for (claim, true), found in zip(pairs, judge_animals(witness, [c for c, _ in pairs]), strict=True):
            counts[claim.kind, true, found.verdict] += 1
    return counts


def rates(counts: Counter) -> list[dict[str, float | str]]:
    """Rates by kind, and of all."""
    table: list[dict[str, float | str]] = []
    for kind in (*sorted({key[0] for key in counts}), "all"):
        n = Counter()
        for (name, true, verdict), number in counts.items():
            if kind in (name, "all"):
                n[true, verdict] += number
        false = sum(v for (true, _), v in n.items() if not true)
        flagged = n[True, "contradicted"] + n[False, "contradicted"]
        backed = n[True, "supported"] + n[False, "supported"]
        everything = sum(n.values())
        table.append(
            {
                "claim": kind,
                "claims": everything,
                "caught": n[False, "contradicted"] / max(1, false),
                "precision_contradicted": n[False, "contradicted"] / max(1, flagged),
                "precision_supported": n[True, "supported"] / max(1, backed),
                "not_checkable": (n[True, "not checkable"] + n[False, "not checkable"]) / max(1, everything),
            }
        )
    return table


def main() -> None:
    from benchmarks.grounding_people import as_markdown

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=900)
    parser.add_argument("--write", action="store_true", help="into benchmarks/results/")
    chosen = parser.parse_args()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.recordings)
    parts = [
        f"# Claims about animals, judged · {date.today()}",
        "",
        f"{len(seeds)} simulated recordings of 3 minutes a level, seeds from {seeds.start}.",
    ]
    for preset in ("easy", "hard"):
        parts += ["", f"## {preset}", "", as_markdown(rates(judged(preset, seeds)))]
    text = "\n".join(parts) + "\n"
    print(text)
    if chosen.write:
        (Path(__file__).parent / "results" / f"grounding_animals_{date.today()}.md").write_text(text)


if __name__ == "__main__":
    main()
