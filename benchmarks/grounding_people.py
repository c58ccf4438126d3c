"""How well claims about people are judged: scripted people, every behaviour claimed in every window.

    python -m benchmarks.grounding_people --recordings 60 --first-seed 5000

A claim is true where the behaviour fills 0.5 s or more of the window, false where it fills none; slivers are left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from bitflow.datasets.simulate.behaviours import BEHAVIOURS, Scripted, script_behaviours, write_behaviours
from bitflow.events.scene import Scene
from bitflow.models.grounding.claims import Claim
from bitflow.models.grounding.people import judge_people
from bitflow.store import open_store
from bitflow.timeline import Interval


def claims_of(scripted: Scripted, random: np.random.Generator) -> list[tuple[Claim, bool]]:
    """Windows of 3 to 6 s one after another, all behaviours claimed in each, with the truth."""
    found: list[tuple[Claim, bool]] = []
    start = 0.0
    while start + 3 < scripted.duration:
        end = min(start + random.uniform(3, 6), scripted.duration)
        for kind in BEHAVIOURS:
            times = scripted.truth[kind]
            filled = np.clip(np.minimum(times[:, 1], end) - np.maximum(times[:, 0], start), 0, None).sum()
            if filled == 0 or filled >= 0.5:
                found.append((Claim(kind, Interval(start, end), 0), bool(filled)))
        start = end
    return found


def judged(quality: str, seeds: range, *, share: dict[str, float] | None = None) -> Counter:
    """Counts by behaviour, truth and verdict."""
    counts: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            made = script_behaviours(quality=quality, seed=seed, recording=f"r{seed}", share=share)
            write_behaviours(folder, made)
            claims = claims_of(made, np.random.default_rng((seed, 17)))
            verdicts = judge_people(Scene(open_store(folder)[f"r{seed}"]), [claim for claim, _ in claims])
            for (claim, true), found in zip(claims, verdicts, strict=True):
                counts[claim.kind, true, found.verdict] += 1
    return counts


def rows(counts: Counter) -> list[dict[str, float | str]]:
    """Rates by behaviour, and of all."""
    table = []
    for kind in (*BEHAVIOURS, "all"):
        n = {
            (true, verdict): sum(
                v for (k, t, w), v in counts.items() if t == true and w == verdict and kind in (k, "all")
            )
            for true in (True, False)
            for verdict in ("supported", "contradicted", "not checkable")
        }
        true, false = (sum(n[t, v] for v in ("supported", "contradicted", "not checkable")) for t in (True, False))
        flagged = n[True, "contradicted"] + n[False, "contradicted"]
        backed = n[True, "supported"] + n[False, "supported"]
        table.append(
            {
                "claim": kind,
                "true": true,
                "false": false,
                "supported": n[True, "supported"] / max(1, true),
                "caught": n[False, "contradicted"] / max(1, false),
                "wrongly_flagged": n[True, "contradicted"] / max(1, true),
                "accepted": n[False, "supported"] / max(1, false),
                "precision_contradicted": n[False, "contradicted"] / max(1, flagged),
                "precision_supported": n[True, "supported"] / max(1, backed),
            }
        )
    return table


def as_markdown(table: list[dict[str, float | str]]) -> str:
    """A table for people."""
    names = list(table[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in table:
        cells = [f"{v:.4f}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=5000)
    parser.add_argument("--write", action="store_true", help="the table into benchmarks/results/")
    parser.add_argument("--rates", action="store_true", help="the judge's rates into the package, for lie rates")
    chosen = parser.parse_args()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.recordings)
    parts = [
        f"# Claims about people, judged · {date.today()}",
        "",
        f"{len(seeds)} scripted minutes a level, seeds from {seeds.start}.",
    ]
    rates: dict[str, dict[str, list[float]]] = {}
    for quality in ("easy", "hard"):
        table = rows(judged(quality, seeds))
        rates[quality] = {
            str(r["claim"]): [round(float(r[k]), 4) for k in ("caught", "wrongly_flagged")] for r in table
        }
        parts += ["", f"## {quality}", "", as_markdown(table)]
    text = "\n".join(parts) + "\n"
    print(text)
    if chosen.rates:
        package = Path(__file__).parents[1] / "models" / "grounding" / "rates.json"
        package.write_text(json.dumps(rates, indent=1) + "\n")
    if chosen.write:
        (Path(__file__).parent / "results" / f"grounding_people_{date.today()}.md").write_text(text)


if __name__ == "__main__":
    main()
