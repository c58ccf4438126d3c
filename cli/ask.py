"""``bitflow ask``: a question in words about a store, answered by a program that is shown first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, Store, result_json, say
from bitflow.cli.events import print_outcome, refused_as


def ask(
    store: Store,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In words, in quotes.")],
    definitions: Annotated[
        Path | None,
        typer.Option("--definitions", metavar="FILE", help="Behaviours of your own, in the event language."),
    ] = None,
    recording: Annotated[
        list[str] | None,
        typer.Option("--recording", metavar="ID", help="Only this one; may be repeated.", show_default="all"),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Answer a question in words, offline, by a program of the event language that is shown before the answer.

      bitflow ask features/ "when does mouse1 chase mouse2 for more than a second?"
      bitflow ask features/ "what fraction of the time is mouse1 in the corner?"

    What cannot be told from the tables is refused, with the reason and what can be asked (exit code 3).
    """
    from bitflow.events.language import text_of
    from bitflow.models.asking.answering import ask_in_words
    from bitflow.store import open_store

    opened = open_store(store)
    with refused_as(json):
        understood, outcome = ask_in_words(
            opened,
            question,
            definitions=definitions,
            recordings=recording,
            shown=None if json else lambda each: say(f"understood as:  {text_of(each.program)}"),
        )
    if json:
        result_json({**outcome.as_dict(), "warnings": [*understood.notes, *outcome.warnings]})
    else:
        for note in understood.notes:
            say(f"note: {note}")
        print_outcome(outcome)
    return 0
