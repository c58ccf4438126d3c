"""A stretch of a recording of people in rows: how often and how long each behaviour, and the captions that hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.intervals import Events
from bitflow.events.language.refusals import NotMeasured, Refusal
from bitflow.events.language.tree import Call, Named
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.events.language.evaluation import Evaluation


def summary(run: Evaluation, window: Interval, by: str | None) -> list[dict[str, Any]]:
    """Rows of ``actor, what, count, value``: the number of events that begin in the window, and their seconds in it.

    Behaviours that nobody shows there are left out, as are those whose tables are missing. Captions are told where the
    tables support one of their claims and contradict none that is left.

    Raises
    ------
    NotMeasured
        Nothing can be looked for.
    """
    subjects = run.subjects
    if subjects.kind != "person":
        raise NotMeasured("a summary is of people; ask for behaviours of animals by name", ["count chase"])
    rows: list[dict[str, Any]] = []
    looked = False
    whom = None if by in (None, "each", "any", "all") else run.place(by)
    for name in (*subjects.behaviours, "words"):
        node = Call("words") if name == "words" else Named(name)
        try:
            if name == "words":
                subjects.admit(Call("words"))
            found = run.events(node)
        except Refusal:
            continue
        looked = True
        for (actor, _), events in found.cells.items():
            if whom is not None and actor is not None and actor != whom:
                continue
            inside = _in(events, window)
            if len(inside):
                count = int(((inside.starts >= window.start - 1e-9) & (events_began(inside, window))).sum())
                who = None if actor is None else subjects.actors[actor]
                rows.append({"actor": who, "target": None, "what": name, "count": count, "value": inside.seconds})
    if not looked:
        raise NotMeasured(f"no behaviour can be looked for in {subjects.recording}", ["bitflow extract makes tables"])
    rows = [{**row, "value": round(row["value"], 3)} for row in rows]
    rows.sort(key=lambda row: (row["actor"] or "", -row["value"], row["what"]))
    return rows + subjects.captions(window.start, window.end)


def events_began(events: Events, window: Interval) -> np.ndarray:
    """Whether each begins in the window, and not before it."""
    return events.complete | (events.starts > window.start + 1e-9)


def _in(events: Events, window: Interval) -> Events:
    """The parts of events in a window; what was cut at its beginning is not complete."""
    kept = events.chosen((events.ends > window.start + 1e-9) & (events.starts < window.end - 1e-9))
    cut = kept.starts < window.start - 1e-9
    return Events(
        np.maximum(kept.starts, window.start),
        np.minimum(kept.ends, window.end),
        kept.seen,
        kept.values,
        kept.coverage,
        ~cut,
        kept.name,
    )


def supported(rows: list[dict[str, Any]], start: float, end: float) -> list[dict[str, Any]]:
    """Captions of a stretch that the tables support, as rows of a summary."""
    told: list[dict[str, Any]] = []
    for row in rows:
        if not (row["end"] > start and row["start"] < end) or not row.get("text") or row.get("trust") == "untrusted":
            continue
        claims = row.get("claims")
        claims = json.loads(claims) if isinstance(claims, str) else list(claims if claims is not None else ())
        verdicts = {claim["verdict"] for claim in claims}
        if "supported" in verdicts and "contradicted" not in verdicts - _taken_out(row):
            who = row.get("person", -1)
            times = {"start": round(float(row["start"]), 3), "end": round(float(row["end"]), 3)}
            actor = str(who) if who is not None and who >= 0 else None
            told.append({"actor": actor, "target": None, "what": "caption", **times, "text": row["text"]})
    return told


def _taken_out(row: dict[str, Any]) -> set[str]:
    """What was contradicted is not in the text any more where `removed` says so."""
    return {"contradicted"} if row.get("removed") not in (None, "", "[]", "{}") else set()
