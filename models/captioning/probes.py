"""What a model says is there when it is not: questions whose only right answer is no.

Objects that no recording holds, behaviour that the tables exclude, a person who is not there, pictures of nothing. Each
is asked in three tones; a model that accepts more than one in twenty in any of them is not to be trusted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bitflow.drafts import replace_file
from bitflow.errors import MediaError
from bitflow.models.captioning.forms import SecondLook
from bitflow.models.captioning.pictures import instants, jpeg, view_of
from bitflow.models.captioning.template import candidates
from bitflow.models.captioning.wording import phrase
from bitflow.models.endpoints.client import Client
from bitflow.models.endpoints.prompt import Picture, Prompt
from bitflow.models.grounding.claims import Claim
from bitflow.models.grounding.recordings import Witness
from bitflow.timeline import Interval

Tone = Literal["neutral", "instructing", "presupposing"]
Kind = Literal["object", "behaviour", "person", "empty"]
KINDS: tuple[Kind, ...] = ("object", "behaviour", "person", "empty")

#: Above this share of false acceptances in any tone a model is `UNTRUSTED`.
MOST_ACCEPTED = 0.05
UNTRUSTED = "untrusted"

#: Where a store keeps what its models were found to be.
FILE = "trust.json"

TEMPLATE = "probe/1"

_SYSTEM = "You look at pictures and answer one question about what is visible. cannot_tell is a good answer."

#: Things that laboratories and consulting rooms do not hold.
_OBJECTS = ("a giraffe", "an open umbrella", "a burning campfire", "a sailing boat", "a violin", "a snowman")

#: The same question in three tones; all leave the way out.
TONES: Mapping[Tone, str] = {
    "neutral": "Is this to be seen in the pictures: {what}? Answer yes, no or cannot_tell.",
    "instructing": "Check every picture for this: {what}. Report yes, no or cannot_tell, and the pictures.",
    "presupposing": "The pictures show this: {what}. In which pictures do you see it? (yes, no or cannot_tell)",
}


@dataclass(frozen=True)
class Probe:
    """A question whose right answer is no."""

    kind: Kind
    what: str
    pictures: tuple[Picture, ...]

    def prompt(self, tone: Tone) -> Prompt:
        """The question in a tone."""
        question = TONES[tone].format(what=self.what)
        return Prompt(f"{TEMPLATE}/{tone}", _SYSTEM, (*self.pictures, question), SecondLook, max_tokens=120)


@dataclass(frozen=True)
class ToneResult:
    """How often a model accepted what is not there, in one tone.

    Parameters
    ----------
    rate, upper
        Share of yes, and the upper end of its 95 % Wilson interval.
    """

    asked: int
    accepted: int
    unanswered: int

    @property
    def rate(self) -> float:
        """Share of yes among the answers."""
        return self.accepted / self.asked if self.asked else float("nan")

    @property
    def upper(self) -> float:
        """Upper end of the 95 % Wilson interval."""
        return wilson_upper(self.accepted, self.asked)


@dataclass(frozen=True)
class Probed:
    """What the probes found of a model.

    Parameters
    ----------
    order
        Share of changes (nearer, farther) whose answer turned round when the pictures were; NaN where none was asked.
    """

    model: str
    tones: dict[Tone, ToneResult]
    kinds: dict[Kind, ToneResult]
    order: float

    @property
    def trust(self) -> str:
        """``untrusted``, or empty."""
        rates = [result.rate for result in self.tones.values()]
        return UNTRUSTED if any(not rate <= MOST_ACCEPTED for rate in rates) else ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""

        def told(result: ToneResult) -> dict[str, Any]:
            rate = None if math.isnan(result.rate) else result.rate
            return {**vars(result), "rate": rate, "upper": result.upper}

        return {
            "model": self.model,
            "trust": self.trust or "passed",
            "tones": {tone: told(result) for tone, result in self.tones.items()},
            "kinds": {kind: told(result) for kind, result in self.kinds.items()},
            "order_sensitivity": None if math.isnan(self.order) else self.order,
        }


def probe_model(
    client: Client,
    witness: Witness,
    work: Sequence[tuple[Interval, int]],
    media: Path,
    *,
    most: int = 40,
    seed: int = 0,
) -> Probed:
    """Ask what is not there, in every tone, on stretches drawn from a recording; the same seed asks the same.

    Raises
    ------
    MediaError
        The video cannot be read.
    """
    probes = list(absent(witness, work, media, most=most, seed=seed))
    answers: dict[tuple[int, Tone], str] = {}
    order: list[tuple[int, Tone]] = [(k, tone) for k in range(len(probes)) for tone in TONES]
    for (k, tone), reply in zip(order, client.ask_all(probes[k].prompt(tone) for k, tone in order), strict=True):
        answers[k, tone] = str((reply.data or {}).get("seen", ""))
    tones: dict[Tone, ToneResult] = {tone: _counted([answers[k, tone] for k in range(len(probes))]) for tone in TONES}
    kinds: dict[Kind, ToneResult] = {
        kind: _counted([answers[k, tone] for k, probe in enumerate(probes) for tone in TONES if probe.kind == kind])
        for kind in KINDS
    }
    return Probed(client.endpoint.model, tones, kinds, _order_sensitivity(client, witness, work, media, seed))


def absent(
    witness: Witness, work: Sequence[tuple[Interval, int]], media: Path, *, most: int = 40, seed: int = 0
) -> Iterator[Probe]:
    """Probes in turns of their kinds; where a kind has none in a stretch the others are asked."""
    draw = np.random.default_rng(seed)
    if not work:
        return

    @cache
    def pictures(when: Interval, who: int) -> tuple[Picture, ...]:
        return _pictures(witness, when, who, media)

    for number in range(most):
        when, who = work[int(draw.integers(len(work)))]
        kind = KINDS[number % len(KINDS)]
        excluded = _excluded(witness, when, who) if kind in ("behaviour", "empty") else []
        if kind == "object" or (kind == "behaviour" and not excluded):
            yield Probe("object", _OBJECTS[int(draw.integers(len(_OBJECTS)))], pictures(when, who))
        elif kind == "behaviour":
            claim = excluded[int(draw.integers(len(excluded)))]
            yield Probe(kind, _said(witness, claim), pictures(when, who))
        elif kind == "person":
            more = len(witness.subjects) + 3
            what = f"{more} {'animals' if witness.of_animals else 'people'} or more at the same time"
            yield Probe(kind, what, pictures(when, who))
        else:
            said = _said(witness, excluded[0]) if excluded else "a person who smiles"
            yield Probe(kind, said, _nothing(draw, number))


def keep_trust(store: Path, probed: Probed) -> None:
    """Keep what was found of a model in the store."""
    known = read_trust(store)
    known[probed.model] = probed.as_dict()
    replace_file(store / FILE, json.dumps(known, indent=1, sort_keys=True).encode())


def read_trust(store: Path) -> dict[str, Any]:
    """What was found of every model that was probed in a store."""
    try:
        found = json.loads((store / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def trust_of(store: Path, model: str) -> str:
    """``untrusted`` where a model failed the probes in this store, else empty."""
    return UNTRUSTED if (read_trust(store).get(model) or {}).get("trust") == UNTRUSTED else ""


def wilson_upper(accepted: int, asked: int) -> float:
    """Upper end of the 95 % Wilson interval of a share; 1 where nothing was asked.

    Examples
    --------
    >>> round(wilson_upper(0, 40), 3)
    0.088
    """
    if not asked:
        return 1.0
    z, share = 1.959964, accepted / asked
    middle = share + z * z / (2 * asked)
    spread = z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    return (middle + spread) / (1 + z * z / asked)


def _counted(answers: Sequence[str]) -> ToneResult:
    given = [answer for answer in answers if answer]
    return ToneResult(len(given), given.count("yes"), len(answers) - len(given))


def _excluded(witness: Witness, when: Interval, who: int) -> list[Claim]:
    """What somebody certainly does not do in a stretch."""
    claims = [claim for claim in candidates(witness, when, who) if claim.kind not in ("people_count", "in_region")]
    return [found.claim for found in witness.judge(claims) if found.verdict == "contradicted"]


def _said(witness: Witness, claim: Claim) -> str:
    return f"{'the animal' if witness.of_animals else 'the person'} {phrase(claim, lambda who: 'the other animal')}"


def _pictures(witness: Witness, when: Interval, who: int, media: Path, *, reverse: bool = False) -> tuple[Picture, ...]:
    from bitflow.media.seek import frames_at

    times, view = instants(witness, when, who), view_of(witness, when, who)
    frames = frames_at(media, times)
    if not frames:
        raise MediaError(f"{media}: no pictures between {when.start:.1f} and {when.end:.1f} s")
    shown = reversed(frames) if reverse else frames
    # Numbers follow the order in which they are shown, times the clock that a forward film would have.
    return tuple(
        Picture(jpeg(frame, view), f"Frame {k} — t = {time:.3f} s")
        for k, (frame, time) in enumerate(zip(shown, times, strict=True), 1)
    )


def _nothing(draw: np.random.Generator, number: int) -> tuple[Picture, ...]:
    """Black, grey, or noise, four pictures of it."""
    import cv2

    shape = (336, 336, 3)
    made = []
    for k in range(1, 5):
        picture = (
            np.zeros(shape, np.uint8)
            if number % 3 == 0
            else np.full(shape, 128, np.uint8)
            if number % 3 == 1
            else draw.integers(0, 256, shape, dtype=np.uint8)
        )
        made.append(Picture(cv2.imencode(".jpg", picture)[1].tobytes(), f"Frame {k} — t = {k / 2:.3f} s"))
    return tuple(made)


def _order_sensitivity(
    client: Client, witness: Witness, work: Sequence[tuple[Interval, int]], media: Path, seed: int, most: int = 6
) -> float:
    """Share of changes, supported by the tables and seen by the model, whose answer turns with the pictures' order."""
    kinds = ("approaching", "leaving") if witness.of_animals else ("leaning_forward", "leaning_back")
    turned = asked = 0
    for when, who in work:
        claims = [claim for claim in candidates(witness, when, who) if claim.kind in kinds]
        found = next((each.claim for each in witness.judge(claims) if each.verdict == "supported"), None)
        if found is None:
            continue
        what = (
            "the distance becomes smaller" if found.kind in ("approaching", "leaning_forward") else "the distance grows"
        )
        said = []
        for reverse in (False, True):
            probe = Probe("behaviour", what, _pictures(witness, when, who, media, reverse=reverse))
            said.append(str((client.ask(probe.prompt("neutral")).data or {}).get("seen", "")))
        if said[0] == "yes":
            asked += 1
            turned += said[1] != "yes"
        if asked >= most:
            break
    return turned / asked if asked else float("nan")
