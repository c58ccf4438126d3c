"""``bitflow extract``: recordings into a store of tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, is_debug, result, result_json, say
from bitflow.errors import UsageError
from bitflow.places import place
from bitflow.suffixes import AUDIO_SUFFIXES, PICTURE_SUFFIXES, VIDEO_SUFFIXES

if TYPE_CHECKING:
    from bitflow.cohort import Summary

_CLUSTER = "Cluster"
_SPEECH = "Speech (short for --set speech.…)"
_POSES = "Animals (short for --set poses.…)"

#: Failures named in the closing summary.
_LISTED = 30


def _wrapped(suffixes: tuple[str, ...]) -> str:
    from textwrap import fill

    return fill(" ".join(suffixes), 70)


_HELP = f"""Extract behaviour tables from video and sound into a feature store.

INPUT is a file, a folder (read recursively), a pattern, or a URL of one of them
(s3://, gs://, sftp://); the store may be one too. What is in the store
already and was made the same way is kept, so that the same command goes on
after Ctrl-C, after a crash, or when recordings were added. One bad file does
not stop the run; it is listed at the end and in recordings.parquet.

A recording's id is its path below the given folder without suffix; the suffix
stays where two would have the same.

[bold]Video:[/bold] {_wrapped(VIDEO_SUFFIXES)}
[bold]Sound:[/bold] {_wrapped(AUDIO_SUFFIXES)}
Left out, unless named by themselves: hidden files, and pictures
({_wrapped(PICTURE_SUFFIXES)}).

  bitflow extract videos/ -o features/ --preset face
  bitflow extract 'videos/**/*_cam1.mp4' --extractors head_pose --workers 4
  bitflow extract interview.mp4 --set faces.max_people=1
  bitflow extract cages/ --pose-model mouse.onnx --keypoints names.txt
"""


def extract(
    context: typer.Context,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", show_default=False, help="Files, folders, patterns.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="STORE", parser=place, help="The store; made when it is not there."),
    ] = Path("features"),
    preset: Annotated[
        str | None,
        typer.Option("--preset", metavar="face|clinical|full", help="Which tables to make.", show_default="clinical"),
    ] = None,
    extractors: Annotated[
        str | None,
        typer.Option("--extractors", metavar="A,B", help="Tables by name instead; what they need is added."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="TABLE.KEY=VALUE",
            help="A parameter of an extractor, or of inference (backend, tensorrt, tf32, decoder); may be repeated.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="HZ", help="Analyse at most so many frames a second.", show_default="all"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", help="Cores to use, shared by the recordings at work.", show_default="all cores"
        ),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where models run; auto takes a GPU that works.")
    ] = "auto",
    asr: Annotated[
        str | None,
        typer.Option(
            "--asr",
            metavar="faster-whisper|whisperx|none",
            help="What recognises speech.",
            show_default="faster-whisper where it is installed",
            rich_help_panel=_SPEECH,
        ),
    ] = None,
    asr_model: Annotated[
        str | None,
        typer.Option(
            "--asr-model",
            metavar="PATH|NAME",
            help="Its model.",
            show_default="a small English one",
            rich_help_panel=_SPEECH,
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            metavar="CODE",
            help="Language that is spoken, as en or de.",
            show_default="detected",
            rich_help_panel=_SPEECH,
        ),
    ] = None,
    transcript: Annotated[
        str | None,
        typer.Option(
            "--transcript",
            metavar="PATH",
            help="What is said, not to be recognised: .vtt .srt .json .txt, or a folder of them by recording.",
            rich_help_panel=_SPEECH,
        ),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Run models in bfloat16: about half the time, 0.6 % off; needs the extra 'fast'."),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", metavar="local|ray", help="Worker processes here, or a Ray cluster.", rich_help_panel=_CLUSTER
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="HOST:PORT",
            help="The cluster's head.",
            show_default="$RAY_ADDRESS, or this machine",
            rich_help_panel=_CLUSTER,
        ),
    ] = None,
    task_cpus: Annotated[
        int | None,
        typer.Option(
            "--task-cpus",
            metavar="N",
            help="Cores and threads of a task.",
            show_default="1, with a GPU 4",
            rich_help_panel=_CLUSTER,
        ),
    ] = None,
    task_gpus: Annotated[
        float | None,
        typer.Option(
            "--task-gpus",
            metavar="SHARE",
            help="Share of a GPU.",
            show_default="0, with --device cuda 0.25",
            rich_help_panel=_CLUSTER,
        ),
    ] = None,
    pose_model: Annotated[
        Path | None,
        typer.Option(
            "--pose-model",
            metavar="FILE.onnx",
            help="A pose network that DeepLabCut or SLEAP exported; makes `poses`.",
            rich_help_panel=_POSES,
        ),
    ] = None,
    keypoints: Annotated[
        Path | None,
        typer.Option(
            "--keypoints",
            metavar="names.txt",
            help="Names of its keypoints, one a line, in the order of its maps.",
            rich_help_panel=_POSES,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make tables again that are there.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Extract tables from recordings."""
    from bitflow.cli.live_progress import live_progress
    from bitflow.cohort import Interrupted
    from bitflow.cohort import extract as run

    tell = say if json else result
    if transcript is not None and not Path(transcript).exists():
        raise UsageError(f"--transcript: there is no file or folder {transcript}")
    speech = {"engine": asr, "model": asr_model, "language": language, "transcript": transcript}
    shorthands = [f"speech.{key}={value}" for key, value in speech.items() if value is not None]
    if fast:
        shorthands.append("inference.backend=openvino")
    if (pose_model is None) != (keypoints is None):
        raise UsageError("--pose-model FILE.onnx and --keypoints names.txt belong together")
    if pose_model is not None and keypoints is not None:
        shorthands += [f"poses.model={pose_model.absolute()}", f"poses.keypoints={keypoints.absolute()}"]
        extractors = _with_poses(extractors, preset)
    try:
        with live_progress(plain=is_debug(context)) as progress:
            summary = run(
                inputs,
                output,
                extractors=extractors,
                preset=preset,
                parameters=[*(set_ or ()), *shorthands],
                rate=rate,
                workers=workers,
                device=device,
                overwrite=overwrite,
                engine=engine,
                address=address,
                task_cpus=task_cpus,
                task_gpus=task_gpus,
                progress=progress,
                debug=is_debug(context),
            )
    except Interrupted as interrupted:
        _tell_end(interrupted.summary, tell)
        say("bitflow: interrupted; the same command goes on where it stopped")
        if json:
            result_json(interrupted.summary.as_dict(), indent=None)
        return 130
    _tell_end(summary, tell)
    if json:
        result_json(summary.as_dict(), indent=None)
    return 1 if summary.failed else 0


extract.__doc__ = _HELP


def _with_poses(extractors: str | None, preset: str | None) -> str | None:
    """The tables asked for, and `poses`; without any, poses and the frames that they are of."""
    from bitflow.extraction.plan import PRESETS

    if extractors is None and preset is not None and preset not in PRESETS:
        return None  # `full` makes poses of itself when it is told of a network
    asked = extractors or ",".join(PRESETS[preset] if preset else ("frames",))
    return f"{asked},poses"


def _tell_end(summary: Summary, tell: Callable[[str], None]) -> None:
    from bitflow.cohort.wording import clock, plural, printable

    failed = [outcome for outcome in summary.outcomes if outcome.status == "failed"]
    for outcome in failed[:_LISTED]:
        tell(f"failed  {printable(outcome.id)}: {printable(outcome.error or '')}")
    if len(failed) > _LISTED:
        tell(f"failed  {len(failed) - _LISTED} more: bitflow show {quoted(summary.store)} lists them")
    for note, recordings in summary.notes():
        some = ", ".join(printable(name) for name in recordings[:3])
        tell(f"note    {note} ({some}{f' and {len(recordings) - 3} more' if len(recordings) > 3 else ''})")
    counts = [
        f"{number} {word}"
        for number, word in (
            (summary.done, "done"),
            (summary.failed, "failed"),
            (summary.skipped, "already there"),
            (summary.recordings - summary.done - summary.failed - summary.skipped, "not reached"),
        )
        if number
    ]
    speed = f", {summary.media_seconds / summary.seconds:.1f} s of media a second" if summary.media_seconds else ""
    tell(f"{plural(summary.recordings, 'recording')}: {', '.join(counts)}, in {clock(summary.seconds)}{speed}")
    tell(f"store: {printable(str(summary.store))}   look at it: bitflow show {quoted(summary.store)}")


def quoted(path: Path) -> str:
    """A path as a shell reads it."""
    import shlex

    return shlex.quote(str(path))
