"""``bitflow evaluate``: how good a model is, beside baselines, with intervals by participant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, outcome, say
from bitflow.cli.train import AllowLeak, Group, Labels, Seed, Settings, SkipUnmatched
from bitflow.errors import UsageError
from bitflow.places import place


def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model's folder or .onnx file, or a data set: bah, hba.")
    ],
    store: Annotated[Path, typer.Argument(metavar="STORE", parser=place, help="A feature store.")] = Path("features"),
    labels: Labels = None,
    group: Group = "participant",
    scheme: Annotated[
        str,
        typer.Option(
            "--scheme",
            metavar="NAME",
            help="as-is (the model as it stands), split (column `split`), cross-validation, leave-participant-out, "
            "leave-question-out or leave-site-out (the recipe, trained anew).",
        ),
    ] = "as-is",
    settings: Settings = None,
    seed: Seed = 0,
    resamples: Annotated[int, typer.Option("--resamples", metavar="N", help="Of participants, for intervals.")] = 2000,
    allow_leak: AllowLeak = False,
    skip_unmatched: SkipUnmatched = False,
    splits: Annotated[
        Path | None,
        typer.Option("--splits", metavar="DIR", help="With bah: the folder of train.txt, val.txt and test.txt."),
    ] = None,
    text_only: Annotated[
        bool, typer.Option("--text-only", help="With bah: from the split files alone, without any recording.")
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="With hba: rows of the Human Behavior Atlas."),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", metavar="JSONL", help="With hba: a row an answer, `answer` and, if it likes, `id`."),
    ] = None,
    compat: Annotated[
        bool, typer.Option("--compat", help="With hba: by the rules of the published scorer, quirks included.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Score a model: macro-F1, average precision, AUC, calibration, by subgroup and beside baselines.

    bitflow evaluate model/ features/ --labels labels.csv --scheme cross-validation
    bitflow evaluate bah --splits splits/ --text-only
    bitflow evaluate hba --manifest test.jsonl --answers answers.jsonl
    """
    from bitflow.study_file import parsed_settings

    if model == "bah":
        from bitflow.models.recognition.bah_text import evaluate_bah

        if splits is None or not text_only:
            raise UsageError("`evaluate bah` needs --splits DIR --text-only; a trained model is named by its folder")
        return outcome(evaluate_bah(splits, resamples=resamples, allow_leak=allow_leak), json)
    if model == "hba":
        from bitflow.models.evaluation.human_behavior_atlas import evaluate_atlas

        if manifest is None or answers is None:
            raise UsageError("`evaluate hba` needs --manifest FILE and --answers JSONL")
        return outcome(evaluate_atlas(manifest, answers, compat=compat, resamples=resamples), json)
    if manifest is not None or answers is not None or compat:
        raise UsageError("--manifest, --answers and --compat belong to `bitflow evaluate hba`")
    if splits is not None or text_only:
        raise UsageError("--splits and --text-only belong to `bitflow evaluate bah`")
    from bitflow.models.kinds import Evaluation, kind_of
    from bitflow.store import open_store

    request = Evaluation(
        Path(model), open_store(store), labels, group, scheme, parsed_settings(settings or []), seed, resamples,
        allow_leak, skip_unmatched, say,
    )  # fmt: skip
    return outcome(kind_of(Path(model)).evaluate(request), json)
