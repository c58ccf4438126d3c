"""``bitflow annotations``: human labels in and out, and how far annotators agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say

annotations = typer.Typer(
    help="Human labels: convert them, compare annotators, keep them in a store.", no_args_is_help=True
)

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="elan|textgrid|webvtt|boris|csv",
        help="Format of the files that are read.",
        show_default="told by the suffix and header",
    ),
]


#: Names of labels that are listed after a conversion.
MOST_NAMES = 12


@annotations.command()
def convert(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="ELAN eaf, TextGrid, WebVTT, BORIS events, CSV; or a store.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="What to write; its suffix names the format.")
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="Format to write.", show_default="told by the suffix"),
    ] = None,
    format: Format = None,
    table: Annotated[
        str, typer.Option("--table", metavar="NAME", help="Of a store: which table of intervals.")
    ] = "annotations",
    recording: Annotated[
        str | None, typer.Option("--recording", metavar="ID", help="Of a store: which recording.", show_default=False)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Write labels in another format; from a store, any table of intervals.

    bitflow annotations convert coded.eaf -o coded.TextGrid
    bitflow annotations convert coded.csv -o boris.csv --to boris
    bitflow annotations convert features/ --recording p01/visit1 --table events -o events.eaf
    """
    from bitflow.annotations.files import read_annotations, write_annotations
    from bitflow.annotations.stored import stored_annotations
    from bitflow.cohort.wording import plural, printable

    found = stored_annotations(source, table, recording) if source.is_dir() else read_annotations(source, format)
    notes = (*found.notes, *write_annotations(output, found, to))
    if json:
        result_json({"file": str(output), "labels": len(found), "names": list(found.names), "notes": list(notes)})
        return 0
    for note in notes:
        say(f"{printable(str(output))}: {note}")
    named = ", ".join(printable(name) for name in found.names[:MOST_NAMES])
    more = f" and {len(found.names) - MOST_NAMES} more" if len(found.names) > MOST_NAMES else ""
    result(f"{printable(str(output))}: {plural(len(found), 'label')}, {named}{more}")
    return 0


@annotations.command()
def agreement(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE FILE…", help="Labels of one recording, a file an annotator.")
    ],
    names: Annotated[
        str | None, typer.Option("--names", metavar="A,B", help="These labels.", show_default="all")
    ] = None,
    step: Annotated[float, typer.Option("--step", metavar="S", min=0.001, help="Length of a unit of time.")] = 0.1,
    overlap: Annotated[
        float, typer.Option("--overlap", metavar="IOU", min=0.01, max=1, help="When two events are the same one.")
    ] = 0.5,
    tolerance: Annotated[
        float, typer.Option("--tolerance", metavar="S", min=0, help="The same for events without a length.")
    ] = 0.5,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="S", min=0, help="Seconds that were coded.", show_default="from the files"),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="banos,segmental,frame",
            help="Score the first file against the second instead; a third is a second annotator, the human ceiling.",
            show_default=False,
        ),
    ] = None,
    format: Format = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """How far annotators agree: kappa and alpha on units of time, F1 and border errors of events.

    The first file counts as the reference for events. With --metrics it is a prediction and the second file the truth;
    both may be CSV files with a row a frame and a 0/1 column a behaviour.

      bitflow annotations agreement anna.eaf ben.eaf --names smile,nod
      bitflow annotations agreement predicted.csv truth.csv --metrics banos --json
    """
    if metrics is not None:
        return _scores(files, metrics, names, step, format, json)
    from bitflow.annotations.agreement.raters import agreement_of
    from bitflow.annotations.files import read_annotations

    found = {str(path): read_annotations(path, format) for path in files}
    chosen = [name.strip() for name in names.split(",")] if names else None
    told = agreement_of(found, names=chosen, step=step, overlap=overlap, tolerance=tolerance, duration=duration)
    if json:
        result_json(told)
        return 0
    if duration is None and all(each.duration is None for each in found.values()):
        say(f"no file says how long was coded; {told['duration_s']:.1f} s, the last end, was taken (--duration)")
    header = ("label", "kappa", "Fleiss", "alpha", "agree", "event F1", "onset error")
    result("\n".join(columns([header, *(_row(name, each) for name, each in told["categories"].items())])))
    return 0


@annotations.command()
def attach(
    store: Store,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Labels, a file a recording.")],
    recording: Annotated[
        str | None,
        typer.Option("--recording", metavar="ID", help="Recording of the one FILE.", show_default="called like FILE"),
    ] = None,
    annotator: Annotated[
        str | None,
        typer.Option("--annotator", metavar="NAME", help="Who gave them.", show_default="whom the file names, or it"),
    ] = None,
    offset: Annotated[
        float, typer.Option("--offset", metavar="S", help="Where the file's 0 lies on the recording's clock.")
    ] = 0.0,
    format: Format = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Put labels into a store, as the table `annotations`; the report shows them beside the events.

    What the same annotators had attached to a recording is replaced, other annotators' labels stay.
    """
    from bitflow.annotations.attaching import attach as attach_labels
    from bitflow.annotations.attaching import recording_of
    from bitflow.cohort.wording import plural, printable
    from bitflow.errors import BitflowError, UsageError
    from bitflow.store import open_store

    if recording is not None and len(files) > 1:
        raise UsageError("--recording speaks of one file: attach the files one by one")
    opened = open_store(store)
    done: list[dict[str, Any]] = []
    failed = 0
    for path in files:
        try:
            place, found = attach_labels(
                opened,
                recording or recording_of(opened, path),
                path,
                annotator=annotator,
                offset=offset,
                format=format,
            )
        except BitflowError as error:
            if len(files) == 1:
                raise
            failed += 1
            say(f"failed  {error}")
            continue
        entry = {"recording": place.id, "labels": len(found), "names": list(found.names), "notes": list(found.notes)}
        done.append(entry)
        length = (place.info.get("media") or {}).get("duration")
        if length and found.end > float(length) + 1:
            say(f"{path}: labels reach to {found.end:.1f} s, the recording to {length:.1f} s; is --offset right?")
    if json:
        result_json({"store": str(opened.path), "recordings": done})
    else:
        for entry in done:
            for note in entry["notes"]:
                say(f"{printable(entry['recording'])}: {note}")
            result(f"{printable(entry['recording'])}: {plural(entry['labels'], 'label')}, {', '.join(entry['names'])}")
    return 1 if failed else 0


@annotations.command()
def propose(
    store: Store,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="DIR", help="A segmenter that says what it is unsure of.", show_default=False),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", metavar="N", min=1, help="How many bouts.")] = 20,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Receives a CSV of labels a recording, to be corrected."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Propose bouts of animals that are worth labelling next: uncertain, unlike what is labelled, rare.

    Without --model they are spread over all that the animals do. Correct the names in the CSV, then
    `bitflow annotations attach STORE FILE` and `bitflow train segmenter`.
    """
    from bitflow.models.segmenter.asking import propose_store, write_proposals
    from bitflow.store import open_store

    found = propose_store(open_store(store), count, model=model)
    files = write_proposals(output, found) if output is not None else []
    if json:
        result_json({"proposals": [each.as_dict() for each in found], "files": [str(path) for path in files]})
        return 0
    if not found:
        result("nothing to propose: all that the animals do is labelled, or too little of them is seen")
        return 0
    header = ("recording", "start", "end", "animal", "taken for", "")
    rows = [(p.recording, f"{p.start:.1f}", f"{p.end:.1f}", p.animal, p.name or "–", "") for p in found]
    result("\n".join(columns([header, *rows])))
    for path in files:
        say(f"wrote {path}")
    return 0


def _scores(files: list[Path], metrics: str, names: str | None, step: float, format: str | None, json: bool) -> int:
    from bitflow.errors import UsageError
    from bitflow.models.evaluation.codings import read_codings, scores_of

    if not 2 <= len(files) <= 3:
        raise UsageError(
            f"--metrics takes a prediction, a truth and at most one annotator more, not {len(files)} files"
        )
    codings = read_codings(files, format=format, step=step)
    if names:
        wanted = [name.strip() for name in names.split(",")]
        absent = [name for name in wanted if any(name not in coding for coding in codings)]
        if absent:
            raise UsageError(f"not every file codes {absent[0]!r}; the first codes: {', '.join(codings[0])}")
        codings = [{name: coding[name] for name in wanted} for coding in codings]
    asked = [name.strip() for name in metrics.split(",")]
    told = scores_of(codings[0], codings[1], asked)
    ceiling = scores_of(codings[2], codings[1], asked) if len(codings) > 2 else None
    if json:
        result_json(told if ceiling is None else {**told, "ceiling": ceiling})
        return 0
    for metric, by_name in told.items():
        header = next(iter(by_name.values()))
        rows = [(metric, *header, "")]
        for name, values in by_name.items():
            rows.append((name, *(_number(value) for value in values.values()), ""))
            if ceiling is not None:
                other = ceiling[metric].get(name, {})
                rows.append(("  human ceiling", *(_number(other.get(key)) for key in values), ""))
        result("\n".join(columns(rows)))
    return 0


def _row(name: str, told: dict[str, Any]) -> tuple[str, ...]:
    event = next(iter(told["events"].values()))
    share = told["percent_agreement"]
    return (
        name,
        _number(told["cohen_kappa"]),
        _number(told["fleiss_kappa"]),
        _number(told["krippendorff_alpha"]),
        "–" if share is None else f"{share:.1f} %",
        _number(event["f1"]),
        "–" if event["onset_error_s"] is None else f"{event['onset_error_s'] * 1000:.0f} ms",
    )


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.3f}"
