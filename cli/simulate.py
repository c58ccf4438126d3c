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


@simulate.command("mice")
def mice(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The feature store.")] = Path(
        "features"
    ),
    preset: Annotated[str, typer.Option("--preset", metavar="easy|hard|none", help="How the tracker errs.")] = "easy",
    animals: Annotated[int, typer.Option("--animals", metavar="N", help="How many mice.")] = 3,
    duration: Annotated[float, typer.Option("--duration", metavar="S", help="Length in seconds.")] = 180.0,
    rate: Annotated[float, typer.Option("--rate", metavar="HZ", help="Frames a second.")] = 30.0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Same number, same recording.")] = 0,
    without: Annotated[
        str | None,
        typer.Option("--without", metavar="A,B", help="Behaviours that never happen.", show_default=False),
    ] = None,
    recording: Annotated[str, typer.Option("--recording", metavar="ID", help="Its id in the store.")] = "simulated",
    calms21: Annotated[
        Path | None,
        typer.Option("--calms21", metavar="FILE", help="Write two mice as CalMS21 JSON too.", show_default=False),
    ] = None,
    mabe: Annotated[
        Path | None,
        typer.Option("--mabe", metavar="FILE", help="Write MABe arrays (.npy, .npz) too.", show_default=False),
    ] = None,
    axis_order: Annotated[
        str, typer.Option("--axis-order", metavar="xy|yx", help="Of the MABe file: which coordinate is first.")
    ] = "xy",
    y_up: Annotated[bool, typer.Option("--y-up", help="Of the MABe file: y counts from the lower edge.")] = False,
    nan: Annotated[bool, typer.Option("--nan", help="Of the MABe file: NaN for what is missing, not 0.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Simulate mice that rest, walk, rear, groom, investigate, chase, flee and fight; the truth is in `annotations`."""
    from bitflow.datasets.simulate.mice import simulate_mice
    from bitflow.datasets.simulate.mice_files import write_calms21, write_mabe
    from bitflow.datasets.simulate.mice_store import write_mice
    from bitflow.datasets.simulate.mouse_script import BEHAVIOURS

    made = simulate_mice(
        duration=duration,
        animals=animals,
        preset=preset,
        seed=seed,
        rate=rate,
        without=[name.strip() for name in without.split(",")] if without else (),
    )
    if calms21 is not None:
        write_calms21(calms21, made, recording=recording)
    if mabe is not None:
        write_mabe(mabe, made, axis_order=axis_order, y_up=y_up, missing_zero=not nan)
    write_mice(output, made, recording=recording)
    share = {name: float((made.label == number).mean()) for number, name in enumerate(BEHAVIOURS)}
    if json:
        result_json(
            {
                "store": str(output),
                "recording": recording,
                "animals": list(made.animals),
                "seconds": made.duration,
                "bouts_per_min": made.bouts_per_min,
                "swaps": len(made.swaps),
                "share": share,
            }
        )
        return 0
    result(
        f"{recording}: {len(made.animals)} mice, {made.duration:g} s at {rate:g} Hz in {output}, simulated ({preset})"
    )
    result("  " + ", ".join(f"{name} {100 * part:.0f} %" for name, part in share.items()))
    result(f"  {made.bouts_per_min:.1f} bouts a minute and animal, {len(made.swaps)} exchanges of identity")
    return 0


@simulate.command("ambivalence")
def ambivalence(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The feature store.")] = Path(
        "features"
    ),
    preset: Annotated[
        str,
        typer.Option(
            "--preset",
            metavar="NAME",
            help="phasic, easy, tonic, identity, exact, hard or bahlike: what is put to test.",
        ),
    ] = "phasic",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Same number, same clips.")] = 0,
    participants: Annotated[
        int | None,
        typer.Option("--participants", metavar="N", help="Seven clips each; the preset says how many.", min=1),
    ] = None,
    missing: Annotated[
        float, typer.Option("--missing", metavar="SHARE", help="Clips that lack words, face or voice, 0 to 1.")
    ] = 0.0,
    config: Config = None,
    json: Json = False,
) -> int:
    """Simulate clips in which words, face and voice agree or not, with labels.csv: ambivalence is where they do not."""
    from bitflow.datasets.simulate.ambivalence_store import write_ambivalence

    written = write_ambivalence(output, preset, seed=seed, participants=participants, missing=missing)
    if json:
        result_json(
            {
                "store": str(output),
                "labels": str(written.labels),
                "preset": preset,
                "seed": seed,
                "recordings": written.clips,
                "participants": written.participants,
                "positive": written.positive,
            }
        )
        return 0
    result(
        f"{written.clips} clips of {written.participants} participants in {output}, simulated ({preset}, seed {seed}); "
        f"{written.positive} are ambivalent, as {written.labels} says"
    )
    return 0
