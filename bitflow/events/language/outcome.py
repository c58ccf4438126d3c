"""A program asked of a whole store: every recording answers, and what they say is put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import StoreError, UsageError
from bitflow.events.language.answers import Answer, Occurrence
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.printing import text_of
from bitflow.events.language.recordings import Counted, raised, subjects_of, told_by
from bitflow.events.language.refusals import Refusal, UnknownName
from bitflow.events.language.tree import Program, Query

if TYPE_CHECKING:
    from bitflow.store import FeatureStore, Recording


@dataclass(frozen=True)
class Outcome:
    """What a program comes to in a store.

    Parameters
    ----------
    program
        Its canonical text.
    answers
        By recording, one for every question.
    means
        Text of every definition that it stands on.
    thresholds
        Its lengths and speeds in the other units, by how they were written.
    refused
        Recordings in which it could not be carried out while it could in others, with the refusal.
    spans
        Beginning and end of each recording, s.
    """

    program: str
    answers: dict[str, list[Answer]]
    means: dict[str, str]
    thresholds: dict[str, str]
    refused: dict[str, Refusal]
    spans: dict[str, tuple[float, float]]

    @property
    def events(self) -> tuple[Occurrence, ...]:
        """Of the first question that has any, in every recording."""
        return tuple(
            event
            for answers in self.answers.values()
            for event in next((each.events for each in answers if each.events), ())
        )

    @property
    def coverage(self) -> float:
        """Mean over the recordings of the share of time in which it is known whether what was asked holds."""
        shares = [each.coverage for answers in self.answers.values() for each in answers if np.isfinite(each.coverage)]
        return float(np.mean(shares)) if shares else float("nan")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of every recording, with its name where there are several."""
        several = len(self.answers) + len(self.refused) > 1
        said = [
            f"{recording}: {warning}" if several else warning
            for recording, answers in self.answers.items()
            for each in answers
            for warning in each.warnings
        ]
        said += [f"{recording}: {refusal.code}: {refusal}" for recording, refusal in self.refused.items()]
        return tuple(dict.fromkeys(said))

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {
            "program": self.program,
            "events": [event.as_dict() for event in self.events],
            "coverage": None if np.isnan(self.coverage) else round(self.coverage, 4),
            "warnings": list(self.warnings),
            "answers": [
                {"recording": recording, **each.as_dict()}
                for recording, answers in self.answers.items()
                for each in answers
            ],
            "definitions": self.means,
            "thresholds": self.thresholds,
        }


def ask_store(
    store: FeatureStore,
    program: Program,
    definitions: Definitions,
    recordings: Iterable[str] | None = None,
    counted: Counted | None = None,
) -> Outcome:
    """Answer a program in every recording, or in those named; `counted` is told how many have answered.

    Raises
    ------
    Refusal
        No recording can carry it out; the refusal is that of the first.
    """
    wanted = list(store) if recordings is None else list(recordings)
    if not wanted:
        raise UsageError(
            f"{store.path}: the store holds no recordings; `bitflow import` or `bitflow extract` adds them"
        )
    known = Definitions.of(definitions.by_name.values(), program.definitions)
    wanted = _asked_of(store, program, wanted)
    answers: dict[str, list[Answer]] = {}
    refused: dict[str, Refusal] = {}
    thresholds: dict[str, str] = {}
    spans: dict[str, tuple[float, float]] = {}
    for name, told in told_by(store, program, definitions, wanted, counted):
        if isinstance(told, Refusal):
            refused[name] = told
            continue
        answers[name] = list(told.answers)
        spans[name] = (told.start, told.end)
        thresholds = thresholds or told.thresholds
    if not answers:
        raise raised(next(iter(refused.values())))
    means = {each.name: text_of(each.body) for each in known.used_by(program)}
    return Outcome(text_of(program), answers, means, thresholds, refused, spans)


def _asked_of(store: FeatureStore, program: Program, wanted: list[str]) -> list[str]:
    """Recordings that some question is about; those that a program names must be there."""
    named = [query.recordings for query in program.queries if isinstance(query, Query)]
    for name in (name for names in named for name in names):
        if name not in wanted:
            raise UnknownName.of("recording", name, list(store))
    if not named or not all(named):
        return wanted
    return [name for name in wanted if any(name in names for names in named)]


def keep_events(recording: Recording, name: str, program: str, events: Iterable[Occurrence]) -> int:
    """Write events into the recording's table `events` under a name, in place of those that had it; the number kept.

    Raises
    ------
    StoreError
        The table that is there was not written by bitflow.
    """
    from bitflow.events.table import EVENTS

    subjects = subjects_of(recording)
    numbers = dict(zip(subjects.actors, subjects.tracks, strict=True))
    people = subjects.kind == "person"
    kept = [row for row in _stored(recording) if row["name"] != name]
    new = [
        {
            "start": event.start,
            "end": event.end,
            "name": name,
            "track": -1 if people else numbers.get(event.actor or "", -1),
            "target": numbers.get(event.target or "", -1),
            "value": event.value,
            "confidence": None,
            "source": f"bitflow.events: {program}",
            "coverage": event.coverage,
            "person": numbers.get(event.actor or "", -1) if people else -1,
        }
        for event in events
    ]
    rows = sorted([*kept, *new], key=lambda row: (row["start"], row["name"], row["track"], row["target"]))
    recording.write(
        EVENTS,
        [EVENTS.batch({column: [row[column] for row in rows] for column in EVENTS.names})],
        provenance={
            "extractor": "events",
            "version": "1",
            "parameters": {
                "names": sorted({row["name"] for row in rows}),
                "sources": sorted({row["source"] for row in rows}),
            },
            "models": {},
            "inputs": {
                table: recording.file(table).metadata.get("fingerprint")
                for table in recording.tables
                if table not in ("events", "measures")
            },
        },
    )
    return len(new)


def _stored(recording: Recording) -> list[dict[str, Any]]:
    from bitflow.events.table import EVENTS

    if "events" not in recording:
        return []
    rows = recording.file("events").read(None).to_pylist()
    missing = [name for name in EVENTS.names if rows and name not in rows[0]]
    if missing:
        raise StoreError(f"recording {recording.id!r}: its table 'events' lacks {', '.join(missing)}")
    return [{name: row[name] for name in EVENTS.names} for row in rows]
