"""Captions from the tables alone: every claim that could be made is judged, and those that are supported are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bitflow.models.captioning.wording import sentence
from bitflow.models.endpoints.answers import plain
from bitflow.models.grounding.claims import Claim, Judged
from bitflow.models.grounding.recordings import Witness
from bitflow.timeline import Interval

#: Who captions.
MODEL = "template"

_PEOPLE = (
    *("smiling", "eyes_closed", "looking_away", "nodding", "shaking_head", "head_tilted"),
    *("mouth_open", "hand_to_face", "leaning_forward", "leaning_back", "speaking"),
)
_TARGETED = ("approaching", "leaving", "facing", "following")

#: More identities than this are pieces of animals: between them nothing is told, and their pairs are not computed.
MOST_PAIRED = 24

#: Longest quotation in a caption, words.
_QUOTED = 24


@dataclass(frozen=True)
class TemplateCaption:
    """What the tables say about somebody in a stretch: fields in the form of a caption, claims, and a sentence."""

    fields: dict[str, Any]
    judged: tuple[Judged, ...]
    text: str


def template_caption(witness: Witness, when: Interval, who: int) -> TemplateCaption:
    """Caption one person or animal in one stretch, from the tables."""
    kept = _supported(witness, candidates(witness, when, who))
    if not witness.of_animals and not any(found.claim.who >= 0 for found in kept):
        kept = _supported(witness, _undone(when, who)) + kept
    claims = told([found.claim for found in kept])
    words = "" if witness.of_animals else spoken_words(witness, when, who)
    fields = _animal_fields(claims) if witness.of_animals else _person_fields(claims)
    text = sentence(claims, witness.name(who), witness.name, words, seen=witness.seen(when, who))
    return TemplateCaption(fields, tuple(kept), text)


def _supported(witness: Witness, claims: Sequence[Claim]) -> list[Judged]:
    return [found for found in witness.judge(claims) if found.verdict == "supported"]


def _undone(when: Interval, who: int) -> list[Claim]:
    """Where nothing is done: what is not, as far as the tables exclude it."""
    quiet = ("smiling", "looking_away", "speaking")
    return [Claim(kind, when, who, holds=False, field=_FIELD[kind]) for kind in quiet]


def spoken_words(witness: Witness, when: Interval, who: int) -> str:
    """What a person says in a stretch, cut to a line; empty when nothing was understood, or it is not theirs."""
    scene = witness.scene
    if "words" not in scene.tables:
        return ""
    rows = scene.frame("words")
    middle = (rows["start"] + rows["end"]) / 2
    inside = rows[(middle >= when.start) & (middle < when.end)]
    if "person" in inside and (inside["person"] >= 0).any():
        inside = inside[inside["person"] == who]
    elif len(scene.people) > 1:
        return ""
    said = [heard for word in inside["word"] if isinstance(word, str) and (heard := plain(word))]
    return " ".join(said[:_QUOTED]) + (" …" if len(said) > _QUOTED else "")


def candidates(witness: Witness, when: Interval, who: int) -> list[Claim]:
    """Every claim that a template caption could make about somebody in a stretch."""
    if not witness.of_animals:
        found = [Claim(kind, when, who, field=_FIELD.get(kind, "")) for kind in _PEOPLE]
        found += [Claim("head_turned", when, who, detail=side, field="head") for side in ("left", "right")]
        most = len(witness.subjects)
        found += [Claim("people_count", when, -1, value=float(k), field="people_count") for k in range(most + 1)]
        return found
    found = [Claim(kind, when, who, quantifier="most", field="locomotion") for kind in ("still", "moving", "fast")]
    for other in witness.subjects if len(witness.subjects) <= MOST_PAIRED else ():
        if other == who or not witness.seen(when, other):
            continue
        found.append(Claim("near", when, who, target=other, detail="touching", field="near_other"))
        found.append(Claim("near", when, who, target=other, field="near_other"))
        found += [Claim(kind, when, who, target=other, field=_FIELD[kind]) for kind in _TARGETED]
    found += [Claim("in_region", when, who, detail=name, field="region") for name in witness.animals.regions]
    return found


def told(claims: Sequence[Claim]) -> list[Claim]:
    """Claims worth saying.

    "Fast" says "moving" too, and "touching" says "near"; a distance to an animal of which it is not sure that it moves
    may change because the other one does, and nobody follows without moving.
    """
    kinds = {(claim.kind, claim.target, claim.detail) for claim in claims}
    moves = bool(kinds & {("moving", -1, ""), ("fast", -1, "")})
    return [
        claim
        for claim in claims
        if not (claim.kind == "moving" and ("fast", -1, "") in kinds)
        and not (claim.kind == "near" and not claim.detail and ("near", claim.target, "touching") in kinds)
        and not (claim.kind in ("approaching", "leaving", "following") and not moves)
        and claim.kind != "people_count"
    ] + [claim for claim in claims if claim.kind == "people_count"]


_FIELD = {
    "smiling": "face_actions",
    "eyes_closed": "face_actions",
    "mouth_open": "face_actions",
    "nodding": "gestures",
    "shaking_head": "gestures",
    "hand_to_face": "gestures",
    "looking_away": "gaze",
    "head_tilted": "head",
    "leaning_forward": "posture",
    "leaning_back": "posture",
    "speaking": "mouth",
    "approaching": "direction",
    "leaving": "direction",
    "facing": "facing_other",
    "following": "follows_other",
}


def _person_fields(claims: Sequence[Claim]) -> dict[str, Any]:
    """The fields that models fill, too, as far as tables fill them."""
    kinds = {claim.kind for claim in claims if claim.holds}
    silent = any(claim.kind == "speaking" and not claim.holds for claim in claims)
    face = {"smiling": "smile", "eyes_closed": "eyes_closed", "mouth_open": "mouth_open"}
    gestures = {"nodding": "head_nod", "shaking_head": "head_shake", "hand_to_face": "hand_to_face"}
    turned = next((claim.detail for claim in claims if claim.kind == "head_turned"), "")
    count = next((claim.value for claim in claims if claim.kind == "people_count"), None)
    posture = next((kind for kind in ("leaning_forward", "leaning_back") if kind in kinds), "not_visible")
    return {
        "posture": posture,
        "head": f"turned_{turned}" if turned else "tilted" if "head_tilted" in kinds else "not_visible",
        "gaze": "away" if "looking_away" in kinds else "not_visible",
        "face_actions": [{"action": word} for kind, word in face.items() if kind in kinds],
        "gestures": [{"kind": word} for kind, word in gestures.items() if kind in kinds],
        "mouth": "appears_speaking" if "speaking" in kinds else "appears_silent" if silent else "not_visible",
        "people_count": None if count is None else int(count),
    }


def _animal_fields(claims: Sequence[Claim]) -> dict[str, Any]:
    found: dict[str, Any] = {"locomotion": "not_visible", "others": []}
    words = {"still": "still", "moving": "slow", "fast": "fast"}
    for claim in claims:
        if claim.kind in words:
            found["locomotion"] = words[claim.kind]
        elif claim.kind == "in_region":
            found.setdefault("regions", []).append(claim.detail)
        elif claim.target >= 0:
            found["others"].append({"other": claim.target, "is": claim.detail or claim.kind})
    return found
