"""``bitflow train``: a recogniser from a store and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, outcome, say
from bitflow.places import place

Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="CSV",
        help="recording,label, the group's column, and any others: question, split, age …",
        show_default=False,
    ),
]
Group = Annotated[
    str, typer.Option("--group", metavar="COLUMN", help="Column that says whose a recording is: nobody is split.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the recogniser; may be repeated.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Same number, same result.")]
AllowLeak = Annotated[
    bool, typer.Option("--allow-leak", help="Go on although participants are shared, and show how much that flatters.")
]
SkipUnmatched = Annotated[
    bool, typer.Option("--skip-unmatched", help="Leave out labels without recording and recordings without label.")
]


def train(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Kind of recogniser.")] = "ambivalence",
    features: Annotated[
        Path, typer.Option("--features", metavar="STORE", parser=place, help="A feature store.")
    ] = Path("features"),
    labels: Labels = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Receives the model.")] = Path("model"),
    group: Group = "participant",
    task: Annotated[
        str | None,
        typer.Option(
            "--task", metavar="NAME", help="What the labels say, when it is something else.", show_default="NAME"
        ),
    ] = None,
    settings: Settings = None,
    seed: Seed = 0,
    allow_leak: AllowLeak = False,
    skip_unmatched: SkipUnmatched = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Train a recogniser on the tables of a store, and write it with its card.

    Splits are by participant; scores on the card come from participants that the scored model has not seen.

      bitflow train ambivalence --features features/ --labels labels.csv -o model/
      bitflow train --task stress --features features/ --labels stress.csv -o stress/
    """
    from bitflow.models.kinds import Training, kind_named
    from bitflow.store import open_store
    from bitflow.study_file import parsed_settings

    request = Training(
        open_store(features), labels, output, group, task, parsed_settings(settings or []), seed, allow_leak,
        skip_unmatched, say,
    )  # fmt: skip
    return outcome(kind_named(name).train(request), json)
