"""Definitions: bitflow's own, and those of a file; what a name means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bitflow.errors import UsageError
from bitflow.events.language.refusals import Malformed, Refusal, TooLarge
from bitflow.events.language.text import parse
from bitflow.events.language.tree import Definition, Named, Program, walk

#: Definitions inside definitions.
DEEPEST_DEFINITION = 12

#: Nodes that a program may have once every name is replaced by what it means.
MOST_EXPANDED = 2000


@dataclass(frozen=True)
class Definitions:
    """What names mean; of two with the same name the later wins."""

    by_name: Mapping[str, Definition]

    @classmethod
    def of(cls, *sources: Iterable[Definition]) -> Definitions:
        """From several lists, the later ones stronger."""
        return cls({each.name: each for source in sources for each in source})

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __getitem__(self, name: str) -> Definition:
        return self.by_name[name]

    def used_by(self, program: Program) -> tuple[Definition, ...]:
        """Every definition that a program stands on, in order of first use.

        Raises
        ------
        Malformed
            A definition uses itself, directly or through others.
        TooLarge
            Too many, too deep, or too much when written out.
        """
        found: dict[str, None] = {}
        sizes: dict[str, int] = {}

        def size(name: str, trail: tuple[str, ...]) -> int:
            if name not in self.by_name:
                return 1
            if name in trail:
                raise Malformed(f"the definition of {name!r} uses itself: {' → '.join((*trail, name))}")
            if len(trail) >= DEEPEST_DEFINITION:
                raise TooLarge(f"definitions more than {DEEPEST_DEFINITION} deep: {' → '.join((*trail, name))}")
            if name not in sizes:
                found.setdefault(name)
                sizes[name] = total(self.by_name[name].body, (*trail, name))
            return sizes[name]

        def total(node: object, trail: tuple[str, ...]) -> int:
            return sum(size(each.name, trail) if isinstance(each, Named) else 1 for each in walk(node))

        expanded = sum(total(query, ()) for query in program.queries)
        if expanded > MOST_EXPANDED:
            raise TooLarge(f"a program of {expanded} nodes once its names are written out; at most {MOST_EXPANDED}")
        return tuple(self.by_name[name] for name in found)


@cache
def builtin() -> tuple[Definition, ...]:
    """The behaviours of animals that bitflow ships, from ``builtin.events``."""
    return parse(Path(__file__).with_name("builtin.events").read_text(encoding="utf-8")).definitions


def read_definitions(path: Path) -> tuple[Definition, ...]:
    """Definitions of a file; those that do not say so count as the user's.

    Raises
    ------
    UsageError
        The file cannot be read.
    Refusal
        It holds something that is no definition; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    try:
        program = parse(text)
    except Refusal as refusal:
        line = 1 + text.count("\n", 0, refusal.span[0]) if refusal.span else 1
        raise type(refusal)(f"{path}, line {line}: {refusal.message}", refusal.hints, refusal.span) from refusal
    if program.queries:
        raise Malformed(f"{path}: a file of definitions holds no questions", ["define NAME = …"])
    return tuple(replace(each, source=each.source or "user") for each in program.definitions)
