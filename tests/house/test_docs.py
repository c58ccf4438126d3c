"""What the documentation says twice is said the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_grammar_of_the_event_language_is_the_one_that_is_read():
    from bitflow.events.language.grammar import GRAMMAR

    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```ebnf\n(.*?)```", page, re.DOTALL)
    assert shown.strip() == GRAMMAR.strip()
