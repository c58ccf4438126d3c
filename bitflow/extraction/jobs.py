"""What there is to do for a recording: each extractor, what its tables will be stamped with, and which are stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bitflow.errors import BitflowError
from bitflow.extraction.plan import Request, configured, registered, wanted_tables
from bitflow.extraction.protocol import STREAMS, Extractor, RecordingInfo, parameters, stream_of
from bitflow.extraction.spans import SPAN_S, Span, is_long
from bitflow.store import Recording, fingerprint


@dataclass
class Job:
    """One extractor with what its tables will be stamped with."""

    extractor: Extractor
    provenance: dict[str, Any]
    fingerprint: str
    stale: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


def jobs_of(recording: Recording, request: Request, info: RecordingInfo, media_hash: str) -> list[Job]:
    """What the request takes of this recording, in order; nothing is stale of what is made already in the same way."""
    from bitflow import assets

    engine = request.engine
    prints: dict[str, str | None] = {}
    jobs: list[Job] = []
    made_with = _with_dependents(recording, request)
    wanted = wanted_tables(made_with)
    for extractor in configured(made_with):
        resolved = extractor.resolve(wanted)
        inputs: dict[str, str | None] = {}
        for need in (*resolved.needs, *resolved.uses):
            if need in STREAMS:
                inputs["media"] = media_hash
            elif need in prints:
                inputs[need] = prints[need]
            elif need in recording:
                inputs[need] = fingerprint_of(recording, need)
        provenance = {
            "extractor": resolved.name,
            "version": resolved.version,
            "parameters": parameters(resolved),
            "models": {model: assets.asset(model).sha256 for model in resolved.models()},
            "inputs": inputs,
            "rate_hz": request.rate_hz if stream_of(resolved) == "video" else None,
            "device": engine.device.partition(":")[0],
            # what neither runs a model nor reads pictures is the same everywhere
            "inference": engine.provenance if resolved.models() else None,
            "decoder": engine.decoder if stream_of(resolved) == "video" else None,
        }
        if in_spans(resolved, info):
            provenance["span_s"] = SPAN_S
        made = fingerprint(provenance)
        names = [schema.name for schema in resolved.tables if schema.name in wanted]
        prints.update(dict.fromkeys(names, made))
        stale = tuple(name for name in names if _is_stale(recording, request, name, made))
        details = getattr(resolved, "details", None)
        jobs.append(Job(resolved, provenance, made, stale, details(info) if details is not None else {}))
    return jobs


def _with_dependents(recording: Recording, request: Request) -> Request:
    """The request, and tables made from what it may replace, with the parameters that they were made with."""
    asked = wanted_tables(request)
    tables, values = list(request.tables), dict(request.parameters)
    for kind in registered().values():
        there = [schema.name for schema in kind.tables if schema.name in recording]
        if not there or asked & {schema.name for schema in kind.tables} or not asked & {*kind.needs, *kind.uses}:
            continue
        tables += there
        for owner, used in _parameters_at_hand(recording, there[0]).items():
            values[owner] = {**used, **values.get(owner, {})}
    return replace(request, tables=tuple(tables), parameters=values)


def _parameters_at_hand(recording: Recording, table: str) -> Mapping[str, Mapping[str, Any]]:
    try:
        return recording.file(table).metadata["provenance"]["parameters"]
    except (BitflowError, KeyError):
        return {}


def _is_stale(recording: Recording, request: Request, table: str, made: str) -> bool:
    if request.overwrite or table not in recording:
        return True
    return fingerprint_of(recording, table) != made


def in_spans(extractor: Extractor, info: RecordingInfo) -> bool:
    """Whether a recording of this length gets the extractor's tables span by span."""
    spanning = stream_of(extractor) == "video" and getattr(extractor, "in_spans", False)
    return spanning and is_long(info.media)


def of_span(job: Job, span: Span, home: Recording) -> Job:
    """The job as it is for one span: stale is what the span's place lacks."""
    provenance = {**job.provenance, "span": [f"{span.start:.6f}", f"{span.stop:.6f}"]}
    made = fingerprint(provenance)
    stale = tuple(name for name in span_tables(job) if fingerprint_of(home, name) != made)
    return Job(job.extractor, provenance, made, stale, job.details)


def span_tables(job: Job) -> tuple[str, ...]:
    """Stale tables of a job, and those without which their tracks could not be joined."""
    from bitflow.extraction.joining import places_tracks

    stale = [schema for schema in job.extractor.tables if schema.name in job.stale]
    kinds = {schema.tracks for schema in stale}
    return tuple(
        schema.name
        for schema in job.extractor.tables
        if schema in stale or (schema.tracks in kinds and places_tracks(schema))
    )


def fingerprint_of(recording: Recording, table: str) -> str | None:
    """What made a table, None when it is not there or cannot be read."""
    try:
        return recording.file(table).metadata.get("fingerprint")
    except BitflowError:
        return None
