"""Recordings in which several prompts were answered, taken apart by prompt: a row for each prompt of each recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bitflow.events.language.prompts import NO_PROMPTS, TIERS, prompt_spans
from bitflow.events.language.refusals import NotExpressible, NotMeasured
from bitflow.events.language.tree import And, Call, Query
from bitflow.store import FeatureStore
from bitflow.studies.design import Design


def is_prompt(name: str, design: Design) -> bool:
    """Whether a grouping means the prompts that were marked in the recordings, and no covariate."""
    return name.lower() in TIERS and name not in design.columns


def by_prompt(store: FeatureStore, design: Design, name: str) -> Design:
    """The design with a row for each prompt of each recording, and the prompt as a covariate.

    Raises
    ------
    NotMeasured
        Nobody marked prompts in any of the recordings.
    """
    rows: list[int] = []
    labels: list[str] = []
    for place, recording in enumerate(design.recordings):
        for label in dict.fromkeys(label for label, _, _ in prompt_spans(store[recording])):
            rows.append(place)
            labels.append(label)
    if not rows:
        raise NotMeasured("nothing says when which prompt was answered", NO_PROMPTS)
    at = np.array(rows)
    columns = {each: column[at] for each, column in design.columns.items()}
    recordings = tuple(design.recordings[place] for place in rows)
    return Design(recordings, {**columns, name: np.array(labels, object)}, prompt=name)


def within_prompt(query: Query, *labels: str) -> Query:
    """A question about the time in which these prompts were answered.

    Raises
    ------
    NotExpressible
        What is asked is of the whole recording.
    """
    prompt = Call("prompt", (("labels", labels),))
    body = query.body
    if query.answer == "value":
        if any(isinstance(each, Call) and each.name == "measure" for each in query.signals):
            raise NotExpressible(
                "a measure is of a stretch of time, not of prompts", ["bitflow measure --intervals FILE"]
            )
        return replace(query, body=prompt if body is None else And((body, prompt)))
    if body is not None and query.answer == "fraction":
        return replace(query, body=Call("provided", (("of", body), ("condition", prompt))))
    if body is not None and query.answer in ("rate", "count"):
        return replace(query, body=Call("amid", (("of", body), ("others", prompt))))
    if body is not None and query.answer == "total_time":
        return replace(query, body=And((body, prompt)))
    raise NotExpressible(
        f"`{query.answer}` is not told by prompt", ["fraction, rate, count, total_time, or the mean of a signal"]
    )
