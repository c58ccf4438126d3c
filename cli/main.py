"""The command ``bitflow``: commands by name, and what becomes of their errors."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Any

import typer
import typer.core

from bitflow.cli.annotations import annotations
from bitflow.cli.ask import ask
from bitflow.cli.assets import assets
from bitflow.cli.caption import caption
from bitflow.cli.check import check
from bitflow.cli.clips import clips
from bitflow.cli.console import result, say
from bitflow.cli.demo import demo
from bitflow.cli.doctor import doctor
from bitflow.cli.evaluate import evaluate
from bitflow.cli.events import events
from bitflow.cli.export import export
from bitflow.cli.extract import extract
from bitflow.cli.import_ import import_
from bitflow.cli.measure import measure
from bitflow.cli.participants import participants
from bitflow.cli.people import people
from bitflow.cli.predict import predict
from bitflow.cli.redact import redact
from bitflow.cli.regions import regions
from bitflow.cli.report import report
from bitflow.cli.schema import schema
from bitflow.cli.segment import segment
from bitflow.cli.show import show
from bitflow.cli.simulate import simulate
from bitflow.cli.train import train
from bitflow.cli.view import view

#: Exit codes beside 0: recordings failed, wrong usage, refused with a reason, interrupted.
FAILED, USAGE, REFUSED, INTERRUPTED = 1, 2, 3, 130

# typer brings click under its own name or under click's, depending on its release; the errors are the same.
_Complaint: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

_HELP = """Folders of video in, time-aligned behaviour tables out.

[bold]bitflow extract videos/[/bold] reads every recording below videos/ and writes a
feature store, features/: one folder a recording, one Parquet table a
modality, one clock. Nothing leaves this machine; models are fetched once.

  bitflow demo                             a first look, at a clip of ours
  bitflow extract videos/ --preset face    faces, expression, head pose, gaze
  bitflow measure features/ -o measures/   one row a person and recording
  bitflow caption features/                what is seen, held to the tables
  bitflow show features/                   what is in a store
  bitflow schema head_pose                 what columns mean, with units
  bitflow doctor                           what is missing, and what to do

Exit codes: 0 all done, 1 some recordings failed, 2 wrong usage,
3 refused with a reason, 130 interrupted.
"""


class _InterruptedError(Exception):
    """Ctrl-C inside a command, on its way out: typer would make an exit code of it, and nobody would say a word."""


class _Commands(typer.core.TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise _InterruptedError from interrupt


app = typer.Typer(
    cls=_Commands,
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(rich_help_panel="Extract")(extract)
app.add_typer(import_, name="import", rich_help_panel="Extract")
app.command(rich_help_panel="Extract")(demo)
app.add_typer(simulate, name="simulate", rich_help_panel="Extract")
app.command(rich_help_panel="Measure")(measure)
app.command(rich_help_panel="Measure")(participants)
app.command(rich_help_panel="Measure")(events)
app.command(rich_help_panel="Measure")(segment)
app.command(rich_help_panel="Measure")(report)
app.command(rich_help_panel="Recognise")(train)
app.command(rich_help_panel="Recognise")(predict)
app.command(rich_help_panel="Recognise")(evaluate)
app.command(rich_help_panel="Ask")(ask)
app.command(rich_help_panel="Ask")(caption)
app.command(rich_help_panel="Look into a store")(show)
app.command(rich_help_panel="Look into a store")(schema)
app.command(rich_help_panel="Look into a store")(check)
app.command(rich_help_panel="Look into a store")(people)
app.command(rich_help_panel="Look into a store")(regions)
app.command(rich_help_panel="Look into a store")(view)
app.command(rich_help_panel="Give away")(export)
app.command(rich_help_panel="Give away")(clips)
app.command(rich_help_panel="Give away")(redact)
app.add_typer(annotations, name="annotations", rich_help_panel="Labels")
app.add_typer(doctor, name="doctor", rich_help_panel="This installation")
app.add_typer(assets, name="assets", rich_help_panel="This installation")


def _print_version(asked: bool) -> None:
    if asked:
        from bitflow import __version__

        result(f"bitflow {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and what worker processes print; works anywhere.")
    ] = False,
) -> None:
    """What comes before the command."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; messages are one sentence on stderr, tracebacks need ``--debug``."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if arguments is None:
        _end_in_order()
    options = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in options
    rest = given[len(options) :]
    given = [word for word in options if word != "--debug"] + rest
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return _run(given, debug)
    except (KeyboardInterrupt, _InterruptedError, typer.Abort):
        say("bitflow: interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `bitflow schema | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        said = " ".join(str(error).split())
        say(
            f"bitflow: unexpected {type(error).__name__}{f': {said}' if said else ''}; "
            "this is a defect of bitflow, --debug shows where"
        )
        return FAILED


def _end_in_order() -> None:
    """SIGTERM of a batch system, and SIGHUP of a terminal that closes (`nohup` holds it off), end it as Ctrl-C does."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _run(arguments: list[str], debug: bool) -> int:
    from bitflow.errors import AssetError, BitflowError, QueryError

    try:
        code = typer.main.get_command(app).main(
            arguments, prog_name="bitflow", standalone_mode=False, obj={"debug": debug}
        )
        return code if isinstance(code, int) else 0
    except _Complaint as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # no arguments at all: the help was printed
            return USAGE
        message = error.format_message()  # pyright: ignore[reportAttributeAccessIssue]
        context = getattr(error, "ctx", None)
        where = context.command_path if context else "bitflow"
        say(f"bitflow: {message[:1].lower()}{message[1:].rstrip('.')} (see `{where} --help`)")
        return USAGE
    except BitflowError as error:
        if debug:
            raise
        say(f"bitflow: {error}")
        return REFUSED if isinstance(error, AssetError | QueryError) else USAGE


if __name__ == "__main__":
    sys.exit(main())
