"""Caption a store: the table `captions` of every recording, and what may be sent where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitflow.errors import BitflowError, UsageError
from bitflow.events.behaviour import behaviours
from bitflow.events.intervals import Events
from bitflow.events.table import find_all
from bitflow.models.captioning.captioner import (
    Caption,
    as_row,
    captions_from_model,
    captions_from_tables,
    prompts_for,
)
from bitflow.models.captioning.probes import Probed, keep_trust, probe_model, trust_of
from bitflow.models.captioning.silence import KEPT, UNANSWERED, NothingWorksError, Silence
from bitflow.models.captioning.stretches import WINDOW_S, between_borders, of_table, windows
from bitflow.models.captioning.table import CAPTIONS
from bitflow.models.captioning.template import MODEL
from bitflow.models.endpoints.address import Endpoint
from bitflow.models.endpoints.budget import BudgetError, Limits, Spending, estimate
from bitflow.models.endpoints.client import Client, Patience
from bitflow.models.endpoints.consent import CONSENT, REPLIES, may_leave
from bitflow.models.endpoints.replies import Replies
from bitflow.models.grounding.people import BEHAVIOUR_OF
from bitflow.models.grounding.recordings import Witness
from bitflow.store import FeatureStore, Recording
from bitflow.timeline import Interval

VERSION = "2"


@dataclass(frozen=True)
class Captioning:
    """How recordings are captioned.

    Parameters
    ----------
    endpoint
        Whom to ask; None for captions from the tables alone.
    segments, window
        A table of intervals or a name of events; or seconds. By default stretches end where something begins or ends.
    in_flight
        Requests at once.
    """

    endpoint: Endpoint | None = None
    segments: str | None = None
    window: float | None = None
    limits: Limits = field(default_factory=Limits)
    in_flight: int = 2
    patience: Patience = field(default_factory=Patience)


@dataclass
class Captioned:
    """What came of it: rows and captions by recording, verdicts, tokens, recordings that were left out, with a
    sentence, and ``untrusted`` where the model failed the absence probes. A row without a caption says why in
    `outcome`."""

    rows: dict[str, int] = field(default_factory=dict)
    captions: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    spent: dict[str, Any] = field(default_factory=dict)
    stopped: str = ""
    trust: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return dict(vars(self))


def caption_store(
    store: FeatureStore,
    how: Captioning,
    *,
    recordings: Sequence[str] | None = None,
    progress: Callable[[str, int, int], None] = lambda recording, done, of: None,
) -> Captioned:
    """Write the table `captions` of every recording.

    Parameters
    ----------
    progress
        Called with a recording, and how many of its captions are done.

    Raises
    ------
    UsageError
        A recording is unknown.
    """
    names = list(store) if recordings is None else list(recordings)
    for name in names:
        store[name]
    done = Captioned(trust=trust_of(store.path, how.endpoint.model) if how.endpoint else "")
    spending = Spending(how.limits)
    silence = Silence()
    for name in names:
        try:
            _caption_recording(store, store[name], how, spending, silence, done, progress)
        except (BudgetError, NothingWorksError) as error:
            done.stopped = str(error)
            break
        except BitflowError as error:
            done.failed[name] = str(error)
    done.spent = spending.as_dict() if how.endpoint else {}
    store.index()
    return done


def probe_store(store: FeatureStore, how: Captioning, recordings: Sequence[str] | None = None) -> Probed:
    """Probe a model on the first recording with a video, and keep in the store what was found.

    Raises
    ------
    UsageError
        No endpoint is named, nobody consented, or no recording has its video.
    """
    if how.endpoint is None:
        raise UsageError("a model is probed: name it with --endpoint and --model")
    for name in list(store) if recordings is None else recordings:
        place = store[name]
        media = _media(place)
        if media is None or (how.endpoint.remote and not may_leave(store, name)):
            continue
        witness = Witness(place)
        replies = Replies(place.path / REPLIES)
        spending = Spending(how.limits)
        with Client(
            how.endpoint, replies=replies, spending=spending, patience=how.patience, in_flight=how.in_flight
        ) as client:
            probed = probe_model(client, witness, _work(witness, how), media)
        asked, unanswered = (
            sum(getattr(result, name) for result in probed.tones.values()) for name in ("asked", "unanswered")
        )
        if not asked:
            raise UsageError(f"{how.endpoint.url}: {probed.model} answered no probe; try `bitflow doctor llm`")
        if any(result.asked < result.unanswered for result in probed.tones.values()):
            raise UsageError(
                f"{how.endpoint.url}: {probed.model} answered {asked} of {asked + unanswered} probes, too few to say "
                "what it is worth; nothing is kept of it"
            )
        keep_trust(store.path, probed)
        for each in store:
            _mark(store[each], probed)
        return probed
    raise UsageError(f"{store.path}: no recording has its video at hand, and may be shown to {how.endpoint.host}")


def _mark(place: Recording, probed: Probed) -> None:
    """Captions that a model made before it was probed say what it is worth, too."""
    if "captions" not in place:
        return
    file = place.file("captions")
    rows = file.read().to_pylist()
    if all(row["model"] != probed.model or row["trust"] == probed.trust for row in rows):
        return
    for row in rows:
        row["trust"] = probed.trust if row["model"] == probed.model else row["trust"]
    _write(place, rows, probed.model, probed.trust, file.metadata["provenance"])


def what_would_be_sent(store: FeatureStore, how: Captioning, recordings: Sequence[str] | None = None) -> dict[str, Any]:
    """Calls, pictures, tokens and cost of a run by recording, and where it would go; nothing is sent."""
    if how.endpoint is None:
        raise UsageError("an estimate is of an endpoint: name it with --endpoint and --model")
    told: dict[str, Any] = {}
    for name in list(store) if recordings is None else recordings:
        place = store[name]
        witness = Witness(place)
        prompts = list(prompts_for(witness, _work(witness, how), _media(place)))
        pictures = [picture for prompt in prompts for picture in prompt.pictures]
        told[name] = {
            **estimate(prompts, how.endpoint.model, how.limits),
            "pictures": len(pictures),
            "megabytes": sum(len(picture.jpeg) for picture in pictures) * 4 / 3 / 1e6,
        }
    total = {key: sum(each[key] for each in told.values()) for key in next(iter(told.values()), {})}
    return {"host": how.endpoint.host, "remote": how.endpoint.remote, "total": total, "recordings": told}


def _caption_recording(
    store: FeatureStore,
    place: Recording,
    how: Captioning,
    spending: Spending,
    silence: Silence,
    done: Captioned,
    progress: Callable[[str, int, int], None],
) -> None:
    witness = Witness(place)
    work = _work(witness, how)
    if how.endpoint is None:
        captions: list[Caption] = []
        for caption in captions_from_tables(witness, work):
            captions.append(caption)
            progress(place.id, len(captions), len(work))
        _keep(place, witness, captions, how, done)
        return
    if how.endpoint.remote and not may_leave(store, place.id):
        raise UsageError(
            f"recording {place.id!r}: nobody consented to its pictures leaving this machine; attach a column "
            f"{CONSENT} with `yes` (`bitflow participants`), or use a server on this machine"
        )
    media = _media(place)
    if media is None:
        raise UsageError(
            f"recording {place.id!r}: its video is not at hand, and models caption pictures; captions from the tables "
            "need none: `bitflow caption` without --endpoint"
        )
    captions = []
    replies = Replies(place.path / REPLIES)
    client = Client(how.endpoint, replies=replies, spending=spending, patience=how.patience, in_flight=how.in_flight)
    try:
        with client:
            for caption in captions_from_model(witness, work, client, media):
                captions.append(caption)
                silence.heard(caption, len(work), client)
                progress(place.id, sum(each.outcome not in UNANSWERED for each in captions), len(work))
    finally:
        outcomes = {each.outcome for each in captions}
        if "ok" in outcomes or not (outcomes <= UNANSWERED or _captioned(place)):
            _keep(place, witness, captions, how, done)
        else:
            _count(captions, done)
    if place.id not in done.rows:
        raise UsageError(
            f"recording {place.id!r}: no caption was made ({', '.join(sorted(outcomes)) or 'nothing was asked'}); "
            f"{KEPT}"
        )


def _captioned(place: Recording) -> bool:
    return "captions" in place and any(place.file("captions").read(["text"]).column("text").to_pylist())


def _work(witness: Witness, how: Captioning) -> list[tuple[Interval, int]]:
    """Stretches with whom they are about, by time."""
    span = witness.span
    people = witness.subjects or (-1,)
    if how.segments is not None:
        stretches = of_table(witness.recording, how.segments, span)
        there = [
            (when, who) for when in stretches for who in people if not witness.of_animals or witness.seen(when, who)
        ]
        return there or [(when, who) for when in stretches for who in people]
    if witness.of_animals:
        # Where identities are pieces of animals, most of them are nowhere most of the time.
        stretches = windows(span, how.window or WINDOW_S)
        return [(when, who) for when in stretches for who in people if witness.seen(when, who)]
    if how.window is not None:
        return [(when, who) for when in windows(span, how.window) for who in people]
    return sorted((when, who) for who in people for when in between_borders(span, _borders(witness, who)))


def _borders(witness: Witness, who: int) -> Iterator[float]:
    """Where a person's events begin and end."""
    told = [behaviours()[name] for name in (*BEHAVIOUR_OF.values(), "turn")]
    for view, _, found in find_all(witness.scene, told):
        if isinstance(found, Events) and getattr(view, "who", -1) in (who, -1):
            yield from found.starts.tolist()
            yield from found.ends.tolist()


def _keep(place: Recording, witness: Witness, captions: Sequence[Caption], how: Captioning, done: Captioned) -> None:
    rows = [as_row(caption, witness, done.trust) for caption in captions]
    rows.sort(key=lambda row: (row["start"], row["person"]))
    model = how.endpoint.model if how.endpoint else MODEL
    provenance = {
        "extractor": "caption",
        "version": VERSION,
        "parameters": {"captions": {"segments": how.segments or "", "window": how.window or 0.0}},
        "models": {},
        "inputs": {},
        "asked": {"model": model, "prompts": sorted({row["prompt_hash"] for row in rows if row["prompt_hash"]})},
    }
    _write(place, rows, model, done.trust, provenance)
    done.rows[place.id] = len(rows)
    done.captions[place.id] = sum(caption.outcome == "ok" for caption in captions)
    _count(captions, done)


def _count(captions: Sequence[Caption], done: Captioned) -> None:
    for caption in captions:
        done.outcomes[caption.outcome] = done.outcomes.get(caption.outcome, 0) + 1
        for found in caption.judged:
            done.verdicts[found.verdict] = done.verdicts.get(found.verdict, 0) + 1


def _write(place: Recording, rows: list[dict[str, Any]], model: str, trust: str, provenance: dict[str, Any]) -> None:
    notes = [f"captions by {model}: every claim was held against the tables; contradicted ones are taken out"]
    if trust:
        notes.append(f"captions: {model} is {trust}: it accepted what is not there (bitflow caption --probe)")
    batch = CAPTIONS.batch({name: [row.get(name) for row in rows] for name in CAPTIONS.names})
    place.write(CAPTIONS, [batch], provenance=provenance, notes=notes)


def _media(place: Recording) -> Path | None:
    source = place.source
    return source if source is not None and source.is_file() else None
