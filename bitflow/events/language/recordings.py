"""A program asked of many recordings: each answers for itself, several at a time, and is asked once.

What a recording answered is kept beside the store (`kept`), so that the same program asked again opens only recordings
whose tables have changed. A question that takes longer than a moment is shared out to processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import SchemaError, StoreError
from bitflow.events.language import refusals
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answers import Answer, Occurrence, answer
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.fields import Axes
from bitflow.events.language.kept import Kept
from bitflow.events.language.refusals import Refusal, Unreadable
from bitflow.events.language.spelling import from_json, to_json
from bitflow.events.language.subjects import Subjects
from bitflow.events.language.tree import Program, walk
from bitflow.events.language.units import UNITS, Quantity
from bitflow.places import is_remote
from bitflow.store import open_store

if TYPE_CHECKING:
    import threading

    from bitflow.store import FeatureStore, Recording

#: Is told how many recordings have answered, and of how many.
Counted = Callable[[int, int], None]

#: Work of more seconds than the second is shared out, once it is known from the first seconds of it.
_ALONE_S, _WORTH_S = 1.0, 2.0

#: Memory of a process, and of one that looks at a recording, as so many times its tables; half of what is free is used.
_PROCESS_BYTES, _TIMES_TABLES = 300_000_000, 8


@dataclass(frozen=True)
class Told:
    """What a program comes to in one recording.

    Parameters
    ----------
    answers
        One for every question.
    start, end
        Of the recording, s.
    thresholds
        Lengths and speeds of the program in the other units, by how they were written.
    participant
        Of several people the one who alone has that role.
    """

    answers: tuple[Answer, ...]
    start: float
    end: float
    thresholds: dict[str, str]
    participant: str | None = None

    @property
    def rows_of_participant(self) -> tuple[dict[str, Any], ...]:
        """Rows of the first answer that stand for the recording: the participant's where there are some, else all."""
        rows = self.answers[0].rows
        mine = tuple(row for row in rows if row.get("actor") == self.participant and row.get("target") is None)
        return mine if self.participant is not None and mine else rows


def subjects_of(recording: Recording, *programs: object) -> Subjects:
    """The animals of a recording that has poses, else its people."""
    if "poses" in recording:
        return AnimalSubjects.of(recording)
    from bitflow.events.language.people import PersonSubjects
    from bitflow.events.scene import Scene

    return PersonSubjects.of(Scene(recording), *programs)


def told_by(
    store: FeatureStore,
    program: Program,
    definitions: Definitions,
    names: Sequence[str],
    counted: Counted | None = None,
) -> Iterator[tuple[str, Told | Refusal]]:
    """What each recording answers, in their order, or why it cannot.

    A recording whose tables cannot be read is one that cannot: `Unreadable`.
    """
    used = Definitions.of(definitions.by_name.values(), program.definitions).used_by(program)
    with Kept.of(store, names, to_json(program), [to_json(each) for each in used]) as kept:
        waiting = {name for name in names if kept[name] is None}
        found: dict[str, Any] = {}
        done = len(names) - len(waiting)
        fresh = _asked(store, program, definitions, [name for name in names if name in waiting], kept)
        for name in names:
            while name in waiting and name not in found:
                other, packed = next(fresh)
                kept.keep(other, packed)
                found[other] = packed
                done += 1
                if counted is not None:
                    counted(done, len(names))
            yield name, unpacked(name, found.pop(name) if name in waiting else kept[name])


def _asked(
    store: FeatureStore, program: Program, definitions: Definitions, names: list[str], kept: Kept
) -> Iterator[tuple[str, Any]]:
    """Recordings and what they say, as it comes: at first one after the other, then several at a time."""
    from bitflow.cohort.cores import available_cores  # loads what extracts, which questions do without

    begun = time.monotonic()
    for place, name in enumerate(names):
        spent = time.monotonic() - begun
        left = len(names) - place
        if spent > _ALONE_S and left > 1 and spent * left > _WORTH_S * place and not is_remote(store.path):
            many = min(available_cores(), left, _most_at_once(kept.largest))
            if many > 1:
                yield from _shared(store, program, definitions, names[place:], many)
                return
        yield name, in_one(store, name, program, definitions)


def _shared(
    store: FeatureStore, program: Program, definitions: Definitions, names: list[str], many: int
) -> Iterator[tuple[str, Any]]:
    from bitflow.cohort.crew import shared_out

    asked = {
        "store": str(store.path),
        "program": to_json(program),
        "definitions": [to_json(each) for each in definitions.by_name.values()],
    }
    waiting = dict.fromkeys(names)
    for _, message in shared_out(f"{__name__}:serve", [{**asked, "recordings": names[k::many]} for k in range(many)]):
        if message is not None and message.get("event") == "told":
            del waiting[message["recording"]]
            yield message["recording"], message["told"]
    for name in waiting:  # of a process that was ended
        yield name, in_one(store, name, program, definitions)


def serve(share: dict[str, Any], tell: Callable[..., None], stopping: threading.Event) -> None:
    """Ask a program of some recordings, in a process of its own."""
    store = open_store(share["store"])
    program = from_json(share["program"])
    described = {"define": share["definitions"], "queries": []}
    definitions = Definitions.of(from_json(described).definitions if share["definitions"] else ())
    for name in share["recordings"]:
        if stopping.is_set():
            return
        tell(event="told", recording=name, told=in_one(store, name, program, definitions))


def _most_at_once(largest: int) -> int:
    """Processes for which there is memory."""
    free = _free_memory()
    return 1_000 if free is None else max(1, int(free / 2 / (_PROCESS_BYTES + _TIMES_TABLES * largest)))


def _free_memory() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


def in_one(store: FeatureStore, name: str, program: Program, definitions: Definitions) -> Any:
    """What one recording answers, as values that JSON has."""
    known = Definitions.of(definitions.by_name.values(), program.definitions)
    try:
        subjects = subjects_of(store[name], program, *known.used_by(program))
        answers = answer(program, subjects, definitions)
        return _packed(answers, subjects, in_other_units(program, subjects))
    except Refusal as refusal:
        return {"refused": [refusal.code, refusal.message, list(refusal.hints), refusal.span]}
    except (StoreError, SchemaError) as error:
        return {"refused": [Unreadable.__name__, str(error), [], None]}


_EVENT = ("actor", "target", "region", "start", "end", "coverage", "text")


def _packed(answers: Iterable[Answer], subjects: Subjects, thresholds: dict[str, str]) -> dict[str, Any]:
    told = [
        {
            **{key: value for key, value in vars(each).items() if key not in ("events", "rows", "warnings")},
            "events": [[_plain(getattr(event, field)) for field in _EVENT] for event in each.events],
            "rows": [_plain(row) for row in each.rows],
            "warnings": list(each.warnings),
        }
        for each in answers
    ]
    end = subjects.start + subjects.samples / subjects.rate
    several = len({row.get("actor") for each in told for row in each["rows"]}) > 1
    participant = subjects.aliases.get("participant") if several else None
    span = [float(subjects.start), float(end)]
    return {"answers": told, "span": span, "thresholds": thresholds, "participant": participant}


def _plain(value: Any) -> Any:
    """The same with Python's own numbers and lists."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def unpacked(name: str, told: Any) -> Told | Refusal:
    """The inverse of `in_one`."""
    if "refused" in told:
        kind, message, hints, span = told["refused"]
        known = getattr(refusals, kind, Refusal)
        return known(message, hints, None if span is None else tuple(span))
    answers = tuple(
        Answer(
            **{key: value for key, value in each.items() if key not in ("events", "rows", "warnings")},
            events=tuple(Occurrence(name, *event) for event in each["events"]),
            rows=tuple(each["rows"]),
            warnings=tuple(each["warnings"]),
        )
        for each in told["answers"]
    )
    start, end = told["span"]
    return Told(answers, start, end, told["thresholds"], told["participant"])


def raised(refusal: Refusal) -> Refusal | StoreError:
    """What ends a question that no recording can answer: of one that cannot be read, that its file is damaged."""
    return StoreError(refusal.message) if isinstance(refusal, Unreadable) else refusal


def in_other_units(program: Program, subjects: Subjects) -> dict[str, str]:
    """Every length and speed of a program in px, body lengths and cm, as far as they are known."""
    if not isinstance(subjects, AnimalSubjects):
        return {}
    found: dict[str, str] = {}
    for query in (*program.queries, *(each.body for each in program.definitions)):
        for node in walk(query):
            if not isinstance(node, Quantity) or node.dimension not in ("length", "speed", "acceleration"):
                continue
            suffix = {"length": "", "speed": "/s", "acceleration": "/s2"}[node.dimension]
            in_px = float(np.nanmedian(subjects.threshold(node, Axes(actor=True))))
            others = []
            for base in ("px", "bl", "cm"):
                if UNITS[node.unit].base == base:
                    continue
                try:
                    subjects.admit_unit(Quantity(1, base))
                except Refusal:
                    continue
                one = float(np.nanmedian(subjects.threshold(Quantity(1, base), Axes(actor=True))))
                others.append(f"{in_px / one:.3g}{base}{suffix}")
            if others:
                found[str(node)] = " = ".join(others)
    return found
