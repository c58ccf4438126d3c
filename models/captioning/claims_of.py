"""From the fields of a caption to claims, and back: what to take out when a claim is contradicted."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from bitflow.models.captioning.forms import NOTHING
from bitflow.models.grounding.claims import STATEMENT, Claim, Judged
from bitflow.models.grounding.reading import claims_in
from bitflow.timeline import Interval

_FACE: dict[str, str] = {
    "smile": "smiling",
    "eyes_closed": "eyes_closed",
    "mouth_open": "mouth_open",
    "brow_raise": "brows_raised",
    "brow_lower": "brows_lowered",
}
_GESTURES: dict[str, str] = {"hand_to_face": "hand_to_face", "head_nod": "nodding", "head_shake": "shaking_head"}
_POSTURE: dict[str, str] = {"leaning_forward": "leaning_forward", "leaning_back": "leaning_back"}


def person_claims(fields: Mapping[str, Any], when: Interval, who: int) -> list[Claim]:
    """Everything that a `PersonCaption` claims; what no table can judge is claimed, too, under its own name."""
    found: list[Claim] = []

    def claim(kind: str, field: str, **more: Any) -> None:
        found.append(Claim(kind, when, who, field=field, **more))

    posture = str(fields.get("posture") or "not_visible")
    if posture not in NOTHING and posture != "upright":
        claim(_POSTURE.get(posture, posture), "posture")
    head = str(fields.get("head") or "not_visible")
    if head in ("turned_left", "turned_right"):
        claim("head_turned", "head", detail=head.removeprefix("turned_"))
    elif head == "tilted":
        claim("head_tilted", "head")
    elif head == "facing_camera":
        claim("head_turned", "head", holds=False, quantifier="most")
    elif head not in NOTHING:
        claim(f"head_{head}", "head")
    gaze = str(fields.get("gaze") or "not_visible")
    if gaze == "closed_eyes":
        claim("eyes_closed", "gaze")
    elif gaze == "camera":
        claim("looking_away", "gaze", holds=False, quantifier="most")
    elif gaze not in NOTHING:
        claim("looking_away", "gaze")
    for number, action in enumerate(fields.get("face_actions") or ()):
        if action["action"] not in NOTHING:
            claim(_FACE.get(str(action["action"]), str(action["action"])), f"face_actions.{number}")
    for number, gesture in enumerate(fields.get("gestures") or ()):
        if gesture["kind"] not in NOTHING:
            claim(_GESTURES.get(str(gesture["kind"]), str(gesture["kind"])), f"gestures.{number}")
    mouth = str(fields.get("mouth") or "not_visible")
    if mouth not in NOTHING:
        claim(
            "speaking", "mouth", holds=mouth == "appears_speaking", quantifier="some" if "speaking" in mouth else "most"
        )
    if fields.get("people_count") is not None:
        found.append(Claim("people_count", when, -1, value=float(fields["people_count"]), field="people_count"))
    impression = (fields.get("impression") or {}).get("word", "none")
    if impression not in NOTHING:
        claim("emotion", "impression", detail=impression)
    return found + _observed(fields, when, who)


def animal_claims(fields: Mapping[str, Any], when: Interval, who: int) -> list[Claim]:
    """Everything that an `AnimalCaption` claims."""
    found: list[Claim] = []
    other = int(fields["other"]) if fields.get("other") is not None else -1

    def claim(kind: str, field: str, **more: Any) -> None:
        found.append(Claim(kind, when, who, field=field, **more))

    locomotion = str(fields.get("locomotion") or "not_visible")
    if locomotion == "still":
        claim("still", "locomotion", quantifier="most")
    elif locomotion in ("slow", "fast"):
        claim("moving" if locomotion == "slow" else "fast", "locomotion", quantifier="most")
    posture = str(fields.get("posture") or "not_visible")
    if posture not in NOTHING:
        claim(f"posture_{posture}", "posture")
    if other >= 0:
        direction = str(fields.get("direction") or "not_visible")
        if direction in ("toward_other", "away_from_other"):
            claim("approaching" if direction == "toward_other" else "leaving", "direction", target=other)
        near = str(fields.get("near_other") or "not_visible")
        if near not in NOTHING:
            claim(
                "near", "near_other", target=other, holds=near != "far", detail="touching" if near == "touching" else ""
            )
        side = str(fields.get("side_of_other") or "not_visible")
        if side not in NOTHING:
            claim("beside", "side_of_other", target=other, detail=side)
        follows = str(fields.get("follows_other") or "not_visible")
        if follows in ("yes", "no"):
            claim("following", "follows_other", target=other, holds=follows == "yes")
    if fields.get("animals_count") is not None:
        found.append(Claim("animals_count", when, -1, value=float(fields["animals_count"]), field="animals_count"))
    return found + _observed(fields, when, who)


def _observed(fields: Mapping[str, Any], when: Interval, who: int) -> list[Claim]:
    """What the sentence claims; one that no rule reads is a statement, so that nothing stands there without a mark."""
    text = str(fields.get("observation") or "")
    found = claims_in(text, when, who, field="observation")
    return found or ([Claim(STATEMENT, when, who, field="observation")] if text.strip() else [])


def without(fields: Mapping[str, Any], contradicted: Iterable[Judged]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A caption with the contradicted fields taken out, and what was taken.

    A word becomes ``not_visible``, an entry of a list goes, a number and a sentence become None: what remains claims
    nothing that the tables deny.
    """
    kept = copy.deepcopy(dict(fields))
    removed: dict[str, Any] = {}
    entries: dict[str, set[int]] = {}
    for found in contradicted:
        name, _, place = found.claim.field.partition(".")
        if name not in fields:
            continue
        if place:
            entries.setdefault(name, set()).add(int(place))
            continue
        removed[name] = fields[name]
        kept[name] = "not_visible" if isinstance(fields[name], str) and name != "observation" else None
    for name, places in entries.items():
        removed[name] = [entry for k, entry in enumerate(fields[name]) if k in places]
        kept[name] = [entry for k, entry in enumerate(fields[name]) if k not in places]
    return kept, removed
