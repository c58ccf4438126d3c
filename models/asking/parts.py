"""Several questions at once: each is understood, answered or refused for itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from bitflow.events.language.refusals import Refusal
from bitflow.events.language.tree import Program
from bitflow.models.asking.understood import Understood

_ENDS = re.compile(r"(?<=[?!;])\s+|(?<=[a-zA-Z0-9)\"'])\.\s+|\n+")
_ASKS = re.compile(
    r"^\W*(?:and |also |then |please |so |can you |could you |would you |tell me |i (?:want|would like) to know )*"
    r"(?:when|how|what|who|whom|which|where|why|is|are|was|were|does|do|did|has|have|list|count|show|find|give|compare"
    r"|rank|plot|summari[sz]e|sort|order|correlate)\b",
    re.I,
)
#: What goes on from the question before it.
_GOES_ON = re.compile(
    r"^\W*(?:and |or |then |also )*(?:what|how) (?:about|(?:is|was|were|are) (?:it|they|that|this|those|these)\b)"
    r"|^\W*(?:and|or|but) (?!(?:when|how|what|who|which|where|why|is|are|was|were|does|do|did)\b)",
    re.I,
)


def questions_of(text: str) -> list[str]:
    """The questions of a text; a sentence that asks nothing belongs to the question before it.

    Examples
    --------
    >>> questions_of("How long does she speak? And is she anxious? Thanks.")
    ['How long does she speak?', 'And is she anxious? Thanks.']
    """
    found: list[str] = []
    for sentence in (each.strip() for each in _ENDS.split(text)):
        if not sentence.strip(" .?!,;:"):
            continue
        if found and (_GOES_ON.match(sentence) or not _ASKS.match(sentence)):
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
    return found


def asks(sentence: str) -> bool:
    """Whether a sentence is a question or an order of its own."""
    return _ASKS.match(sentence) is not None


def apart(questions: list[str], understand: Callable[[str], Understood]) -> Understood:
    """What several questions mean together, and which of them mean nothing.

    Raises
    ------
    Refusal
        None is understood, or a sentence that asks nothing is not: it may say what the others are about.
    """
    found: list[Understood] = []
    refused: list[tuple[str, Refusal]] = []
    for question in questions:
        try:
            found.append(understand(question))
        except Refusal as refusal:
            if not asks(question):
                raise
            refused.append((question, refusal))
    return together(found, refused)


def together(found: list[Understood], refused: list[tuple[str, Refusal]]) -> Understood:
    """One program of several, with a note for each question that has none.

    Raises
    ------
    Refusal
        There is no program: that of the first question.
    """
    if not found:
        raise refused[0][1]
    queries = dict.fromkeys(query for each in found for query in each.program.queries)
    definitions = dict.fromkeys(name for each in found for name in each.program.definitions)
    notes = dict.fromkeys(note for each in found for note in each.notes)
    left = tuple((*(pair for each in found for pair in each.refused), *refused))
    return Understood(Program(tuple(queries), tuple(definitions)), tuple(notes), left)
