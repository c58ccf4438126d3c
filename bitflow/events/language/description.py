"""What there is to ask about in a recording: names of animals, parts, regions, signals, behaviours, units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitflow.events.language.evaluation import Evaluation
from bitflow.events.language.printing import text_of
from bitflow.events.language.subjects import Subjects
from bitflow.events.language.units import UNITS
from bitflow.events.language.vocabulary import SIGNALS, VOCABULARY


def described(run: Evaluation, what: str) -> list[dict[str, Any]]:
    """What there is to ask about: names, one a row."""
    subjects = run.subjects
    lists: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "keypoints": lambda: [{"name": name} for name in subjects.parts],
        "animals": lambda: [{"name": name} for name in subjects.actors],
        "regions": lambda: [{"name": name} for name in subjects.regions],
        "signals": lambda: _signal_rows(subjects),
        "behaviours": lambda: [
            *(
                {"name": each.name, "means": text_of(each.body), "doc": each.doc, "source": each.source}
                for each in run.definitions.by_name.values()
            ),
            *(
                {"name": name, "means": "", "doc": "found in people", "source": "bitflow.events"}
                for name in subjects.behaviours
            ),
        ],
        "units": lambda: [{"name": unit.symbol, "of": unit.dimension} for unit in UNITS.values()],
        "recording": lambda: [
            {
                "name": subjects.recording,
                "start": subjects.start,
                "end": subjects.start + subjects.samples / subjects.rate,
                "rate": subjects.rate,
                f"{subjects.kind}s": list(subjects.actors),
                "keypoints": list(subjects.parts),
                "regions": list(subjects.regions),
            }
        ],
    }
    return lists[what]()


def _signal_rows(subjects: Subjects) -> list[dict[str, Any]]:
    columns = getattr(subjects, "columns", None)
    if columns is not None:
        return [{"name": name, "unit": unit, "doc": ""} for name, unit in columns.items()]
    return [
        {"name": VOCABULARY[name].signature, "unit": VOCABULARY[name].dimension or "", "doc": VOCABULARY[name].doc}
        for name in SIGNALS
        if name != "column"
    ]
