"""One caption after another: asked, judged on the tables, asked again where contradicted, and kept as a row."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bitflow.errors import MediaError
from bitflow.models.captioning.claims_of import animal_claims, person_claims, without
from bitflow.models.captioning.pictures import LEAST_FACE_PX, face_height, instants, pictures, view_of
from bitflow.models.captioning.template import MODEL, template_caption
from bitflow.models.captioning.witness_prompts import animal_prompt, person_prompt, second_look
from bitflow.models.captioning.wording import sentence, word_of
from bitflow.models.endpoints.answers import quotable
from bitflow.models.endpoints.budget import BudgetError
from bitflow.models.endpoints.client import Client
from bitflow.models.endpoints.prompt import Picture, Prompt, Reply
from bitflow.models.grounding.claims import INTERPRETATION, Judged
from bitflow.models.grounding.recordings import Witness
from bitflow.timeline import Interval


@dataclass(frozen=True)
class Caption:
    """A caption of somebody in a stretch, judged.

    Parameters
    ----------
    fields, removed
        What remains, and what was taken out because the tables contradict it.
    judged
        All claims with their verdicts, those of removed fields too.
    outcome
        ``ok``, or why there is no caption: an outcome of `Reply`, ``too_small``, or ``no_video``.
    said
        The server's sentence where it gave none.
    """

    when: Interval
    who: int
    text: str
    fields: dict[str, Any]
    judged: tuple[Judged, ...]
    model: str
    removed: dict[str, Any]
    prompt_hash: str = ""
    outcome: str = "ok"
    frames: tuple[float, ...] = ()
    said: str = ""

    @property
    def confidence(self) -> float | None:
        """Share of supported among the claims that the tables decided; None where they decided none."""
        decided = [found.verdict for found in self.judged if found.verdict != "not checkable"]
        return decided.count("supported") / len(decided) if decided else None


@dataclass(frozen=True)
class _Shown:
    """What a model was shown for one caption."""

    pictures: tuple[Picture, ...]
    times: tuple[float, ...]
    prompt: Prompt


def captions_from_tables(witness: Witness, work: Sequence[tuple[Interval, int]]) -> Iterator[Caption]:
    """Template captions, without any model."""
    for when, who in work:
        made = template_caption(witness, when, who)
        yield Caption(when, who, made.text, made.fields, made.judged, MODEL, {})


def captions_from_model(
    witness: Witness,
    work: Sequence[tuple[Interval, int]],
    client: Client,
    media: Path | None,
) -> Iterator[Caption]:
    """Captions by a model that sees pictures, in the order of the work; `client.in_flight` of them under way at once.

    Raises
    ------
    BudgetError
        A limit is reached; captions that were made are out already, those beside the one that was refused, too.
    """
    with ThreadPoolExecutor(client.in_flight, "caption") as pool:
        waiting: deque[Future[Caption]] = deque()
        try:
            for when, who in work:
                shown = _shown(witness, when, who, media)
                if isinstance(shown, str):
                    waiting.append(_done(_nothing(when, who, client.endpoint.model, shown)))
                else:
                    waiting.append(pool.submit(_caption, witness, when, who, client, shown))
                while len(waiting) >= 2 * client.in_flight:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BudgetError:
            yield from _finished(waiting)
            raise
        finally:
            for future in waiting:
                future.cancel()


def _finished(waiting: Iterable[Future[Caption]]) -> Iterator[Caption]:
    """Captions that were under way when a limit was reached, as far as they are made within it."""
    for future in waiting:
        if future.cancel():
            continue
        try:
            made = future.result()
        except BudgetError:
            continue
        yield made


def prompts_for(witness: Witness, work: Sequence[tuple[Interval, int]], media: Path | None) -> Iterator[Prompt]:
    """What would be asked, for an estimate; nothing is sent."""
    for when, who in work:
        shown = _shown(witness, when, who, media)
        if not isinstance(shown, str):
            yield shown.prompt


def _shown(witness: Witness, when: Interval, who: int, media: Path | None) -> _Shown | str:
    if media is None:
        return "no_video"
    height = face_height(witness, when, who)
    if height is not None and height < LEAST_FACE_PX:
        return "too_small"
    try:
        seen, times = pictures(media, instants(witness, when, who), view_of(witness, when, who))
    except MediaError:
        return "no_video"
    if witness.of_animals:
        prompt = animal_prompt(seen, who, [other for other in witness.subjects if other != who])
    else:
        prompt = person_prompt(seen, _letter(witness, who))
    return _Shown(tuple(seen), tuple(times), prompt)


def _caption(witness: Witness, when: Interval, who: int, client: Client, shown: _Shown) -> Caption:
    reply = client.ask(shown.prompt)
    key = shown.prompt.key(client.endpoint.model)
    if reply.outcome != "ok" or reply.data is None:
        nothing = _nothing(when, who, client.endpoint.model, reply.outcome, key, shown.times)
        return replace(nothing, said=reply.text)
    fields = dict(reply.data)
    judged = _judged(witness, fields, when, who)
    denied = [found for found in judged if found.verdict == "contradicted"]
    confirmed = {
        found.claim for found in denied if _insists(client.ask(second_look(shown.pictures, found.claim)), found)
    }
    # Insisting does not make it true: the field goes either way, and what the model said at second look is kept.
    kept, removed = without(fields, denied)
    if confirmed:
        removed["insisted"] = sorted(claim.field for claim in confirmed)
    text = _text(witness, kept, judged, who)
    return Caption(when, who, text, kept, tuple(judged), client.endpoint.model, removed, key, frames=shown.times)


def _judged(witness: Witness, fields: dict[str, Any], when: Interval, who: int) -> list[Judged]:
    claims = animal_claims(fields, when, who) if witness.of_animals else person_claims(fields, when, who)
    return witness.judge(claims)


def _insists(reply: Reply, found: Judged) -> bool:
    said = (reply.data or {}).get("seen")
    return said == ("yes" if found.claim.holds else "no")


def _text(witness: Witness, fields: dict[str, Any], judged: Sequence[Judged], who: int) -> str:
    """The model's own sentence while nothing in it is contradicted, else one made of what the tables support.

    What they cannot judge is named as such: it was said by a model that was wrong about something else.
    """
    if fields.get("observation"):
        return quotable(str(fields["observation"]))
    said = [found for found in judged if found.claim.field != "observation"]
    supported = [found.claim for found in said if found.verdict == "supported"]
    rest = [
        word_of(found.claim.kind, found.claim.said)
        for found in said
        if found.verdict == "not checkable" and found.claim.holds and found.claim.kind not in INTERPRETATION
    ]
    if not rest and all(claim.kind == "people_count" for claim in supported):
        return f"{witness.name(who)}: nothing of what was said is left."
    text = sentence(supported, witness.name(who), witness.name)
    return f"{text} Not checkable: {', '.join(dict.fromkeys(rest))}." if rest else text


def _nothing(
    when: Interval, who: int, model: str, outcome: str, key: str = "", times: tuple[float, ...] = ()
) -> Caption:
    return Caption(when, who, "", {}, (), model, {}, key, outcome, times)


def _done(caption: Caption) -> Future[Caption]:
    future: Future[Caption] = Future()
    future.set_result(caption)
    return future


def _letter(witness: Witness, who: int) -> str:
    """People are called by letters, never by names or numbers that mean something elsewhere."""
    place = witness.subjects.index(who) if who in witness.subjects else 0
    return chr(ord("A") + place % 26)


def as_row(caption: Caption, witness: Witness, trust: str = "") -> dict[str, Any]:
    """A row of the table `captions`."""
    decided = [found.coverage for found in caption.judged if found.verdict != "not checkable"]
    return {
        "start": caption.when.start,
        "end": caption.when.end,
        "name": "caption",
        "track": caption.who if witness.of_animals else -1,
        "target": -1,
        "value": None,
        "confidence": caption.confidence,
        "source": caption.model,
        "coverage": min(1.0, sum(decided) / len(decided)) if decided else None,
        "person": caption.who,
        "subject": witness.name(caption.who) if caption.who >= 0 else "",
        "text": caption.text,
        "fields": json.dumps(caption.fields, ensure_ascii=False, sort_keys=True),
        "claims": [found.as_record() for found in caption.judged],
        "removed": json.dumps(caption.removed, ensure_ascii=False, sort_keys=True),
        "model": caption.model,
        "prompt_hash": caption.prompt_hash,
        "outcome": caption.outcome,
        "trust": trust,
        "frames": json.dumps([round(time, 3) for time in caption.frames]),
    }
