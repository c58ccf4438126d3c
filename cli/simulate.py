"""``bitflow simulate``: recordings with known values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, result, result_json

simulate = typer.Typer(help="Write recordings that never were, with values that are known.", no_args_is_help=True)


@simulate.command("person")
def person(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The feature store.")] = Path(
        "features"
    ),
    people: Annotated[int, typer.Option("--people", metavar="N", help="One person, or two in conversation.")] = 1,
    duration: Annotated[float, typer.Option("--duration", metavar="S", help="Length in seconds.")] = 120.0,
    rate: Annotated[float, typer.Option("--rate", metavar="HZ", help="Pictures a second.")] = 30.0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Same number, same recording.")] = 0,
    recording: Annotated[str, typer.Option("--recording", metavar="ID", help="Its id in the store.")] = "simulated",
    config: Config = None,
    json: Json = False,
) -> int:
    """Simulate a person: face, head, gaze, body, hand, voice and words of two minutes, all marked as simulated."""
    from bitflow.datasets.simulate.person import simulate_person
    from bitflow.errors import UsageError

    if not duration >= 10 or not 5 <= rate <= 240:
        raise UsageError("simulate at least 10 s, at 5 to 240 pictures a second")
    truth = simulate_person(output, recording=recording, duration=duration, rate_hz=rate, people=people, seed=seed)
    counts = [
        {name: len(getattr(script, name)) for name in ("blinks", "closures", "smiles", "nods", "shakes", "gestures")}
        for script in truth.scripts
    ]
    if json:
        result_json({"store": str(output), "recording": recording, "persons": counts})
        return 0
    result(f"{recording}: {duration:g} s at {rate:g} Hz in {output}, simulated")
    for number, found in enumerate(counts):
        result(f"  person {number}: " + ", ".join(f"{value} {name}" for name, value in found.items()))
    return 0
