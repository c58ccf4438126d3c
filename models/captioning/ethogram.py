"""The table `ethogram`: captions joined to labelled intervals, for the report and for annotators' files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bitflow.errors import BitflowError, UsageError
from bitflow.models.captioning.merging import (
    Merged,
    Opinion,
    judged_by_two,
    merge_by_label,
    merge_by_model,
    stretches_of,
)
from bitflow.models.captioning.probes import UNTRUSTED, trust_of
from bitflow.models.endpoints.address import Endpoint
from bitflow.models.endpoints.budget import Limits, Spending
from bitflow.models.endpoints.client import Client
from bitflow.models.endpoints.consent import CONSENT, REPLIES, may_leave
from bitflow.models.endpoints.replies import Replies
from bitflow.store import FeatureStore, Recording
from bitflow.tables import INTERVAL_KEYS, Column, Schema

ETHOGRAM = Schema(
    "ethogram",
    "interval",
    (
        *INTERVAL_KEYS,
        Column(
            "person", "int32", "1", "whose behaviour it is, or an animal's track; -1 for the scene", range=(-1, None)
        ),
        Column("subject", "string", "", "how captions call them: `Person 0`, or an animal's name"),
        Column("trust", "string", "", "`untrusted` where a model that had a part in it failed the absence probes"),
        Column("judges", "string", "", "who named it: `tables`, one model, or two that agree"),
    ),
    "captions with the same meaning joined: `name` is the label, `coverage` that of the captions",
)

VERSION = "2"


@dataclass
class Ethograms:
    """What came of it: stretches and agreement of two judges by recording (None where nothing tells it), pieces that
    fell back by model, what failed, and recordings in which a model had a part that failed the absence probes."""

    rows: dict[str, int] = field(default_factory=dict)
    kappa: dict[str, float | None] = field(default_factory=dict)
    fallbacks: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    untrusted: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return dict(vars(self))


def merge_store(
    store: FeatureStore,
    judges: Sequence[Endpoint] = (),
    *,
    recordings: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> Ethograms:
    """Join the captions of every recording to an ethogram, the table `ethogram`.

    Parameters
    ----------
    judges
        None: neighbours with the same label are joined. One: a model proposes the groups. Two: what both say.
    """
    if len(judges) > 2:
        raise UsageError("two judges at most")
    if len({judge.model for judge in judges}) < len(judges):
        raise UsageError(f"{judges[0].model} would judge beside itself; name a second model, best of another family")
    done = Ethograms()
    spending = Spending(limits or Limits())
    for name in list(store) if recordings is None else recordings:
        try:
            _merge(store, store[name], judges, spending, done)
        except BitflowError as error:
            done.failed[name] = str(error)
    store.index()
    return done


def _merge(
    store: FeatureStore, place: Recording, judges: Sequence[Endpoint], spending: Spending, done: Ethograms
) -> None:
    if "captions" not in place:
        raise UsageError(f"recording {place.id!r} has no captions; make them first with `bitflow caption`")
    if any(judge.remote for judge in judges) and not may_leave(store, place.id):
        raise UsageError(f"recording {place.id!r}: nobody consented to what it holds leaving this machine ({CONSENT})")
    captions = place.file("captions").read().to_pylist()
    judged_badly = any(trust_of(store.path, judge.model) for judge in judges)
    trust = UNTRUSTED if judged_badly or any(row["trust"] == UNTRUSTED for row in captions) else ""
    merged: list[Merged] = []
    kappas: list[float] = []
    for stretches in stretches_of(captions).values():
        if not judges:
            merged += merge_by_label(stretches)
            continue
        opinions: list[Opinion] = []
        for judge in judges:
            with Client(judge, replies=Replies(place.path / REPLIES), spending=spending) as client:
                opinions.append(merge_by_model(stretches, client))
            if opinions[-1].fallbacks:
                done.fallbacks[judge.model] = done.fallbacks.get(judge.model, 0) + opinions[-1].fallbacks
        if len(opinions) == 2:
            judged = judged_by_two(stretches, *opinions)
            kappas.append(judged.kappa)
            merged += judged.merged
        else:
            merged += opinions[0].merged
    model = " and ".join(judge.model for judge in judges) or "tables"
    rows = ethogram_rows(merged, model, animals="poses" in place, trust=trust)
    provenance = {
        "extractor": "caption --merge",
        "version": VERSION,
        "parameters": {},
        "models": {},
        "inputs": {"captions": place.file("captions").metadata["fingerprint"]},
        "asked": {"model": model},
    }
    batch = ETHOGRAM.batch({name: [row[name] for row in rows] for name in ETHOGRAM.names})
    notes = [f"ethogram: captions joined by {model}"]
    if trust:
        notes.append(f"ethogram: {trust}: a model that had a part in it accepted what is not there")
        done.untrusted.append(place.id)
    place.write(ETHOGRAM, [batch], provenance=provenance, notes=notes)
    done.rows[place.id] = len(rows)
    if len(judges) == 2:
        known = [kappa for kappa in kappas if np.isfinite(kappa)]
        done.kappa[place.id] = float(np.mean(known)) if known else None


def ethogram_rows(
    merged: Sequence[Merged], model: str, *, animals: bool = False, trust: str = ""
) -> list[dict[str, Any]]:
    """Rows of `ETHOGRAM`, by time; of animals, or of people."""
    rows = [
        {
            "start": each.start,
            "end": each.end,
            "name": each.label,
            "track": each.who if animals else -1,
            "target": each.target,
            "value": None,
            "confidence": None,
            "source": model,
            "coverage": each.coverage,
            "person": each.who,
            "subject": each.subject,
            "trust": trust,
            "judges": each.by,
        }
        for each in merged
    ]
    return sorted(rows, key=lambda row: (row["start"], row["person"]))
