"""``bitflow ask``: a question in words about a store, answered by a program that is shown first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say
from bitflow.cli.events import draw, print_outcome, refused_as, shown

if TYPE_CHECKING:
    from bitflow.models.asking.answering import Reply
    from bitflow.models.asking.understood import Understood
    from bitflow.models.planning.planner import Planner

#: Rows that are printed; ``--json`` has them all.
_MOST_ROWS = 40

#: An answer that takes longer shows how far it is, s.
_MOMENT_S = 1.0


def ask(
    store: Store,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In words, in quotes; or a program.")],
    definitions: Annotated[
        Path | None,
        typer.Option("--definitions", metavar="FILE", help="Behaviours of your own, in the event language."),
    ] = None,
    recording: Annotated[
        list[str] | None,
        typer.Option("--recording", metavar="ID", help="Only this one; may be repeated.", show_default="all"),
    ] = None,
    show: Annotated[
        Literal["program"] | None,
        typer.Option("--show", help="Print the program in both spellings and answer nothing.", show_default=False),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg|.html", help="Draw the answer.", show_default=False)
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", metavar="URL", help="A language model plans what is not understood offline."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="As the server calls it.")] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="The server may be another machine; it is told names, never data.")
    ] = False,
    levels: Annotated[
        bool, typer.Option("--tell-levels", help="Tell the model the values of covariates, such as groups.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Run a program that a model wrote without asking.")] = False,
    key_variable: Annotated[
        str, typer.Option("--key-variable", metavar="NAME", help="Environment variable with the server's key.")
    ] = "BITFLOW_LLM_KEY",
    config: Config = None,
    json: Json = False,
) -> int:
    """Answer a question in words, offline, by a program that is shown before the answer.

      bitflow ask features/ "when does mouse1 chase mouse2 for more than a second?"
      bitflow ask features/ "do patients smile less than controls?"
      bitflow ask features/ "who improved most from visit 1 to 3 in speech rate?"
      bitflow ask features/ "compare measure(smile_rate_per_min) by group"

    What cannot be told from the tables is refused, with the reason and what can be asked (exit code 3).
    With --endpoint and --model, a language model may write the program where
    the question is not understood offline; it is checked and shown, and run
    when you say so:

      bitflow ask features/ "…" --endpoint http://127.0.0.1:8080 --model qwen3
    """
    from bitflow.events.language import text_of, to_json
    from bitflow.models.asking.answering import definitions_of, reply_to, understand_of_store
    from bitflow.store import open_store
    from bitflow.studies.index import measure_index

    planner = _planner(endpoint, model, allow_remote, levels, key_variable)
    opened = open_store(store)
    planned = False
    with refused_as(json, code=True):
        known = definitions_of(definitions)
        index = measure_index(opened)
        if planner is None:
            understood = understand_of_store(opened, question, known, recording, index)
        else:
            from bitflow.models.planning.parts import understand_or_plan

            understood, planned = understand_or_plan(opened, question, planner, known, index, recording)
        text = text_of(understood.program)
        if show is not None:
            if json:
                result_json({"program": text, "json": to_json(understood.program), "notes": list(understood.notes)})
            else:
                result(text)
                result_json(to_json(understood.program))
            return 0
        if planned:
            _confirm(text, understood, store, yes)
        elif not json:
            say(f"understood as:  {text}")
        with _counting() as counted:
            reply = reply_to(opened, understood, known, recording, index, counted)
    if plot is not None:
        _draw(reply, plot)
    if json:
        result_json(reply.as_dict())
    else:
        _print(reply)
    return 0


@contextmanager
def _counting() -> Iterator[Callable[[int, int], None]]:
    """A function to call with how many recordings have answered; shows it where that takes longer than a moment."""
    due = time.monotonic() + _MOMENT_S
    shown: list[Callable[[str, int, int], None]] = []
    with ExitStack() as stack:

        def count(done: int, of: int) -> None:
            if not shown and done < of and time.monotonic() > due:
                from bitflow.cli.live_progress import counted_progress

                shown.append(stack.enter_context(counted_progress("recordings")))
            if shown:
                shown[0]("asked", done, of)

        yield count


def _planner(
    endpoint: str | None, model: str | None, allow_remote: bool, levels: bool, key_variable: str
) -> Planner | None:
    from bitflow.errors import UsageError

    if endpoint is None or model is None:
        if endpoint is not None or model is not None:
            raise UsageError("--endpoint and --model belong together")
        if allow_remote or levels:
            raise UsageError("--allow-remote and --tell-levels speak of an --endpoint")
        return None
    from bitflow.models.endpoints.address import endpoint as checked
    from bitflow.models.planning.planner import Planner

    return Planner(checked(endpoint, model, allow_remote=allow_remote, key_variable=key_variable), levels, say)


def _confirm(text: str, understood: Understood, store: Path, yes: bool) -> None:
    """Show a model's program, and go on when somebody says so."""
    import sys
    from shlex import quote

    from bitflow.cohort.wording import printable
    from bitflow.events.language.study import Study
    from bitflow.models.planning.planner import NotConfirmed

    say(f"I will compute: {printable(text)}")
    for note in understood.notes:
        say(f"note: {printable(note)}")
    if yes or (sys.stdin.isatty() and typer.confirm("Run it?", err=True)):
        return
    across = isinstance(understood.program.queries[0], Study)
    typed = f"bitflow ask {quote(str(store))}" if across else f"bitflow events {quote(str(store))} --query"
    raise NotConfirmed(text, ("the same command with --yes runs it", f"{typed} {quote(text)}"))


def _print(reply: Reply) -> None:
    if reply.parts:
        for part in reply.parts:
            _print(part)
        inside = {warning for part in reply.parts for warning in part.warnings}
        for note in (each for each in reply.warnings if each not in inside):
            say(f"note: {note}")
        return
    if reply.outcome is not None:
        for note in reply.warnings[: len(reply.warnings) - len(reply.outcome.warnings)]:
            say(f"note: {note}")
        print_outcome(reply.outcome)
        return
    from bitflow.cohort.wording import printable

    answer = reply.answer
    result(reply.program)
    unit = f"  ({answer['unit']})" if answer["unit"] not in ("", "1") else ""
    result(f"{answer['participants']} participants, {answer['recordings']} recordings{unit}")
    rows = answer["rows"]
    if rows:
        heads = list(rows[0])
        lines = [heads, *([printable(_cell(row.get(key))) for key in heads] for row in rows[:_MOST_ROWS])]
        for line in columns(lines, indent="  "):
            result(line)
    if len(rows) > _MOST_ROWS:
        result(f"  … {len(rows) - _MOST_ROWS} more rows; --json prints them all")
    if answer.get("test"):
        for key, value in answer["test"].items():
            if key != "pairs":
                result(f"  {key} {printable(_cell(value))}")
        for pair in answer["test"].get("pairs", ()):
            both = " – ".join(map(printable, pair["groups"]))
            result(f"  {both}: {_cell(pair['difference'])}, p {_cell(pair['p_holm'])}")
    for each in answer["excluded"]:
        result(f"  left out: {each['recordings']} ({printable(each['reason'])})")
    if reply.coverage == reply.coverage:
        result(f"  {reply.coverage:.0%} of the time seen; {len(reply.evidence)} stretches of recordings carry this")
    for warning in reply.warnings:
        say(f"warning: {printable(warning)}")


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(each)}" for key, each in value.items())
    return "–" if isinstance(value, float) and value != value else shown(value)


def _draw(reply: Reply, path: Path) -> None:
    if reply.parts:
        from bitflow.errors import UsageError

        raise UsageError("a plot is of one question at a time")
    if reply.outcome is not None:
        draw(reply.outcome, path)
        return
    from bitflow.drafts import replace_file
    from bitflow.errors import UsageError
    from bitflow.studies.drawing import drawn

    if path.suffix.lower() not in (".svg", ".html"):
        raise UsageError(f"{path}: a plot is written as .svg or .html")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, drawn(reply.program, reply.answer).encode())
    say(f"drawn: {path}")
