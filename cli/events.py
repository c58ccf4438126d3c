"""``bitflow events``: which events there are, asked in the event language or in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say

if TYPE_CHECKING:
    from bitflow.events.language.outcome import Outcome
    from bitflow.events.language.tree import Program


def events(
    store: Store,
    query: Annotated[
        str | None,
        typer.Option(
            "--query", "-q", metavar="PROGRAM|FILE", help="In the event language, text or JSON.", show_default=False
        ),
    ] = None,
    ask: Annotated[
        str | None, typer.Option("--ask", metavar="TEXT", help="In words; the program that was understood is shown.")
    ] = None,
    definitions: Annotated[
        Path | None,
        typer.Option(
            "--definitions", metavar="FILE", help="Behaviours of your own: `define NAME = …`.", show_default=False
        ),
    ] = None,
    recording: Annotated[
        list[str] | None,
        typer.Option("--recording", metavar="ID", help="Only this one; may be repeated.", show_default="all"),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE.svg|.html", help="Draw the events as lanes.", show_default=False),
    ] = None,
    save: Annotated[
        str | None,
        typer.Option(
            "--save", metavar="NAME", help="Keep the events in the store's table `events`.", show_default=False
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of programs for this store, names filled in.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Find events of animals or people, without running any code that came with the question.

      bitflow events features/ --query "list chase"
      bitflow events features/ --query "count speed > 5cm/s for >=1s" --json
      bitflow events features/ --ask "when does mouse1 follow mouse2 for more than a second?"
      bitflow events features/ --query "matrix approach" --plot approach.svg

    Exit code 3 is a program or question that was refused, with the reason.
    """
    from bitflow.errors import UsageError
    from bitflow.events.language import text_of
    from bitflow.events.language.definitions import Definitions, builtin, read_definitions
    from bitflow.events.language.json_schema import schema_of_store
    from bitflow.events.language.outcome import ask_store
    from bitflow.models.asking.answering import ask_in_words
    from bitflow.store import open_store

    opened = open_store(store)
    if sum((query is not None, ask is not None, schema)) != 1:
        raise UsageError("say what is asked: either --query PROGRAM, --ask TEXT or --schema")
    notes: tuple[str, ...] = ()
    with refused_as(json):
        known = Definitions.of(builtin(), read_definitions(definitions) if definitions is not None else ())
        if schema:
            result_json(schema_of_store(opened, known, recording))
            return 0
        if ask is not None:
            understood, outcome = ask_in_words(
                opened,
                ask,
                definitions=definitions,
                recordings=recording,
                shown=None if json else lambda each: say(f"understood as:  {text_of(each.program)}"),
            )
            notes = understood.notes
        else:
            outcome = ask_store(opened, read_program(query or ""), known, recording)
    for note in notes:
        say(f"note: {note}")
    if plot is not None:
        draw(outcome, plot)
    if save is not None:
        keep(outcome, opened, save)
    if json:
        result_json({**outcome.as_dict(), "warnings": [*notes, *outcome.warnings]})
    else:
        print_outcome(outcome)
    return 0


def read_program(text: str) -> Program:
    """A program from text, from JSON, or from a file that holds either."""
    from json import JSONDecodeError, loads

    from bitflow.errors import UsageError
    from bitflow.events.language import from_json, parse
    from bitflow.events.language.refusals import Malformed

    if "\n" not in text and len(text) < 400 and text.endswith((".events", ".json", ".txt")):
        path = Path(text)
        if path.is_file():
            text = path.read_text(encoding="utf-8-sig", errors="replace")
        elif " " not in text:
            raise UsageError(f"{path}: there is no such file")
    if text.lstrip().startswith("{"):
        try:
            return from_json(loads(text))
        except (JSONDecodeError, RecursionError) as error:
            raise Malformed(f"not readable as JSON: {error}") from error
    return parse(text)


class refused_as:  # noqa: N801
    """A refusal inside ends the command with exit code 3: as a JSON object, or as a sentence by the caller.

    `code` adds which kind of refusal it is in capitals, and of what cannot be measured, which limit it meets.
    """

    def __init__(self, json: bool, code: bool = False):
        self.json = json
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from bitflow.events.language.refusals import Refusal

        if self.json and isinstance(error, Refusal):
            result_json({"error": {**({"code": error.reason} if self.code else {}), **error.as_dict()}})
            raise typer.Exit(3)


def print_outcome(outcome: Outcome) -> None:
    """Program, definitions, answers and warnings as lines."""
    from bitflow.cohort.wording import plural, printable

    result(outcome.program)
    for name, means in outcome.means.items():
        result(f"  {name} = {means}")
    for written, other in outcome.thresholds.items():
        result(f"  {written} = {other}")
    several = len(outcome.answers) > 1
    for recording, answers in outcome.answers.items():
        for each in answers:
            result()
            where = f"{printable(recording)}: " if several else ""
            seen = "" if each.coverage != each.coverage else f", {each.coverage:.0%} of the time known"
            if each.answer == "matrix":
                result(f"{where}who → whom, {each.query}{f' ({each.unit})' if each.unit != '1' else ''}{seen}")
                for line in matrix(each.rows):
                    result(f"  {line}")
                continue
            if each.rows:
                result(f"{where}{each.query}{f'  ({each.unit})' if each.unit not in ('', '1') else ''}{seen}")
                for line in columns(row_cells(row) for row in each.rows):
                    result(f"  {line}")
            if each.answer in ("list", "first", "last", "longest"):
                result(f"{where}{plural(len(each.events), 'event')}{seen}")
                rows = [
                    (
                        f"{e.start:9.3f} – {e.end:.3f} s",
                        who_to_whom(e.actor, e.target),
                        e.region or (printable(e.text) if e.text else ""),
                        f"{e.duration:.3f} s",
                        f"seen {e.coverage:.0%}",
                    )
                    for e in each.events
                ]
                for line in columns(rows):
                    result(f"  {line}")
    for warning in outcome.warnings:
        say(f"warning: {warning}")


def who_to_whom(actor: str | None, target: str | None) -> str:
    """``mouse1 → mouse2``, ``mouse1``, or nobody in particular."""
    return " → ".join(name for name in (actor, target) if name) or "–"


def row_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of an answer: whose, and what."""
    label = who_to_whom(row.get("actor"), row.get("target")) if "actor" in row else ""
    if "what" in row:
        return label, *summary_cells(row)
    rest = {key: value for key, value in row.items() if key not in ("actor", "target")}
    if set(rest) == {"value"}:
        return label, shown(rest["value"])
    return label, "  ".join(f"{key} {shown(value)}".strip() for key, value in rest.items())


def summary_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of a summary: a behaviour with how often and how long, or a caption with when it holds."""
    from bitflow.cohort.wording import plural, printable

    if "text" in row:
        return row["what"], f"{row['start']:.1f} – {row['end']:.1f} s", printable(row["text"])
    return row["what"], plural(row["count"], "time"), f"{row['value']:.3g} s in all"


def shown(value: Any) -> str:
    """A cell of text: numbers short, long lists as their length."""
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return (
            ", ".join(map(str, value))
            if len(value) <= 16 and not any(isinstance(v, list) for v in value)
            else f"[{len(value)}]"
        )
    return str(value)


def matrix(rows: Any) -> list[str]:
    """Rows of actor, target and value as a table, actors down."""
    names = list(dict.fromkeys(name for row in rows for name in (row["actor"], row["target"])))
    cells = {(row["actor"], row["target"]): shown(row["value"]) for row in rows}
    return columns([("", *names), *((a, *(cells.get((a, b), "·") for b in names)) for a in names)])


def draw(outcome: Outcome, path: Path) -> None:
    """The answers of every recording, events as lanes, into an SVG or an HTML page."""
    from html import escape

    from bitflow.drafts import replace_file
    from bitflow.errors import UsageError
    from bitflow.events.language.pictures import pictures_of, stacked

    if path.suffix.lower() not in (".svg", ".html"):
        raise UsageError(f"{path}: a plot is written as .svg or .html")
    pages = [
        stacked(pictures_of(recording, outcome.program, answers, *outcome.spans[recording]))
        for recording, answers in outcome.answers.items()
    ]
    if path.suffix.lower() == ".svg":
        if len(pages) > 1:
            raise UsageError(
                f"{path}: an SVG holds one recording, not {len(pages)}; write .html, or name one by --recording"
            )
        text = pages[0]
    else:
        text = f'<!doctype html><meta charset="utf-8"><title>{escape(outcome.program)}</title>' + "\n".join(pages)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode())
    say(f"drawn: {path}")


def keep(outcome: Outcome, store: Any, name: str) -> None:
    """Write the events into the table `events` of their recordings."""
    from bitflow.events.language.outcome import keep_events

    for recording in outcome.answers:
        found = [event for event in outcome.events if event.recording == recording]
        kept = keep_events(store[recording], name, outcome.program, found)
        say(f"kept {kept} as {name!r} in {recording}")
