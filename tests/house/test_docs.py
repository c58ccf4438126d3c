"""The documentation is true: links lead somewhere, commands and options exist, what is said twice is the same."""

from __future__ import annotations

import re
import shlex
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md"))
    if "bitflow" not in path.relative_to(ROOT).parts[:-1]
)


def page_names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=page_names)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=page_names)
def test_paths_of_programs_and_results_are_there(page):
    for path in re.findall(r"`((?:benchmarks|docs|tests)/[\w./-]+)`", page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


def commands_shown(page: Path) -> list[list[str]]:
    """Words of every `bitflow …` of a page: lines of blocks of code, and what stands in backticks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in re.sub(r"\\\\\n\s*", " ", block).splitlines()]
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found = []
    for line in lines:
        for part in re.split(r" && | \| ", line):
            if part.strip().startswith("bitflow ") and "…" not in part:
                try:
                    found.append(shlex.split(part, comments=True))
                except ValueError:
                    continue  # a quotation mark of prose
    return found


def options_of(words: list[str]) -> tuple[str, set[str]] | None:
    """The command that words call, and the options it has; None where they name none."""
    import typer.main

    from bitflow.cli.main import app

    command: Any = typer.main.get_command(app)
    name = ["bitflow"]
    options: set[str] = set()
    for word in words[1:]:
        options |= {spelling for each in command.params for spelling in (*each.opts, *each.secondary_opts)}
        subcommands = getattr(command, "commands", None)
        if not subcommands or word.startswith("-"):
            break
        if word not in subcommands:
            return None
        command = subcommands[word]
        name.append(word)
    options |= {spelling for each in command.params for spelling in (*each.opts, *each.secondary_opts)}
    return " ".join(name), options | {"--help", "-h", "--debug", "--version"}


@pytest.mark.parametrize("page", PAGES, ids=page_names)
def test_commands_and_their_options_exist(page):
    for words in commands_shown(page):
        for each in product(*(word.split("|") for word in words[:3])):
            each = [*each, *words[3:]]
            found = options_of(each)
            assert found is not None, f"no such command: {' '.join(each)}"
            for word in each:
                if re.match(r"--?[a-z]", word):
                    assert word.partition("=")[0].split("|")[0] in found[1], f"{found[0]} has no {word}"


def test_extras_are_in_the_readme_and_known_to_the_doctor():
    from bitflow.environment import examine

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"dev"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## Extras") :]
    assert {name for name in extras if f"`{name}`" not in table} == set()
    assert {extra.name for extra in examine().extras} == extras


def test_the_number_of_measures_is_the_one_that_is_said():
    from bitflow.measures.registry import registered

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"(\d+) measures, each with its", readme)
    assert int(said) == len(registered())


def test_the_grammar_of_the_event_language_is_the_one_that_is_read():
    from bitflow.events.language.grammar import GRAMMAR

    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```ebnf\n(.*?)```", page, re.DOTALL)
    assert shown.strip() == GRAMMAR.strip()


def test_every_word_of_the_event_language_is_told_as_it_is_declared():
    from bitflow.events.language.vocabulary import VOCABULARY

    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    for word in VOCABULARY.values():
        assert any(f"| `{word.signature}` |" in line and word.doc in line for line in lines), word.signature
