"""Words and phrases of questions, by what they mean to the event language."""

from __future__ import annotations

from typing import Any

from bitflow.models.asking.animals.lexicon.answers import DESCRIBE, INTENTS
from bitflow.models.asking.animals.lexicon.behaviours import BEHAVIOURS, LABELLED, OF_PAIRS, OF_PEOPLE, SYMMETRIC
from bitflow.models.asking.animals.lexicon.fillers import FILLERS
from bitflow.models.asking.animals.lexicon.impossible import IMPOSSIBLE, REASONS
from bitflow.models.asking.animals.lexicon.links import LINKS
from bitflow.models.asking.animals.lexicon.parts import ROLES
from bitflow.models.asking.animals.lexicon.quantities import ADJECTIVES, COMPARISONS, SIGNALS, STATISTICS, SignalWord

__all__ = [
    "BEHAVIOURS",
    "FILLERS",
    "IMPOSSIBLE",
    "LABELLED",
    "OF_PAIRS",
    "OF_PEOPLE",
    "REASONS",
    "ROLES",
    "SYMMETRIC",
    "SignalWord",
    "entries",
]


def entries() -> list[tuple[str, str, Any]]:
    """All phrases that do not depend on a store: phrase, kind, value."""
    found: list[tuple[str, str, Any]] = []
    for kind, table in (
        ("intent", INTENTS),
        ("describe", DESCRIBE),
        ("signal", SIGNALS),
        ("compare", COMPARISONS),
        ("adjective", ADJECTIVES),
        ("statistic", STATISTICS),
        ("impossible", IMPOSSIBLE),
    ):
        found += [(phrase, kind, value) for value, phrases in table.items() for phrase in phrases]
    found += [(phrase, kind, value) for (kind, value), phrases in LINKS.items() for phrase in phrases]
    return found
