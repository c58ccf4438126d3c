"""Who of several people in a recording is the participant, where somebody or something said so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bitflow.errors import BitflowError
from bitflow.people import CORRECTIONS, people_rows
from bitflow.store import FeatureStore

if TYPE_CHECKING:
    import pyarrow as pa

#: The role that a study is about.
ROLE = "participant"

_FILES = ("people.parquet", CORRECTIONS)


def with_several(table: pa.Table) -> list[str]:
    """Recordings that have measures of more than one person, in order."""
    import pyarrow.compute as pc

    alone = pc.invert(pc.match_substring(table["person"], "+"))  # type: ignore[attr-defined]
    named = pc.not_equal(table["person"], "")  # type: ignore[attr-defined]
    rows = table.filter(pc.and_(alone, named)).select(["recording", "person"])  # type: ignore[attr-defined]
    pairs = rows.group_by(["recording", "person"]).aggregate([])
    counted = pairs.group_by("recording").aggregate([("person", "count")])
    return sorted(counted.filter(pc.greater(counted["person_count"], 1))["recording"].to_pylist())  # type: ignore[attr-defined]


def people_facts(root: str, recording: str) -> list[int]:
    """Time of change and size of what says who is who in a recording; 0 where there is no such file."""
    found: list[int] = []
    for name in _FILES:
        try:
            facts = os.stat(f"{root}/{recording}/{name}")
            found += [facts.st_mtime_ns, facts.st_size]
        except OSError:
            found += [0, 0]
    return found


def participants_of(store: FeatureStore, recordings: Iterable[str]) -> dict[str, str]:
    """The person with the role `ROLE` in each recording in which one alone has it."""
    found: dict[str, str] = {}
    for name in recordings:
        try:
            people = {
                row["person"]
                for row in people_rows(store[name])
                if (row["role"] or "").lower() == ROLE and row["person"] >= 0
            }
        except BitflowError:  # its measures stand without it
            continue
        if len(people) == 1:
            found[name] = str(people.pop())
    return found


def brought_up_to_date(
    store: FeatureStore, names: Iterable[str], facts: Mapping[str, list[int]], known: Mapping[str, str]
) -> tuple[dict[str, list[int]], dict[str, str]]:
    """Facts of some recordings and their participants, read anew where the facts are not those that were seen."""
    root = os.fspath(store.path)
    now = {name: people_facts(root, name) for name in names}
    same = {name for name, each in now.items() if facts.get(name) == each}
    found = {name: known[name] for name in same if name in known}
    return now, found | participants_of(store, [name for name in now if name not in same])
