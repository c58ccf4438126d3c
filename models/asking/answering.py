"""A question asked of a store: understood, shown, answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from bitflow.events.language.definitions import Definitions, builtin, read_definitions
from bitflow.events.language.outcome import Outcome, ask_store
from bitflow.models.asking.names import names_in
from bitflow.models.asking.question import Understood, understand
from bitflow.store import FeatureStore


def ask_in_words(
    store: FeatureStore,
    question: str,
    *,
    definitions: Path | None = None,
    recordings: Iterable[str] | None = None,
    shown: Callable[[Understood], None] | None = None,
) -> tuple[Understood, Outcome]:
    """Answer a question about a store.

    Parameters
    ----------
    definitions
        A file of behaviours of the user's own.
    recordings
        Ids; all where there are none.
    shown
        Is given the program before it is answered.

    Raises
    ------
    Refusal
        The question is not understood, or cannot be answered from the tables.
    """
    wanted = list(recordings) if recordings else None
    known = Definitions.of(builtin(), read_definitions(definitions) if definitions is not None else ())
    understood = understand(question, names_in(store, known, wanted))
    if shown is not None:
        shown(understood)
    return understood, ask_store(store, understood.program, known, wanted)
