"""Sentences from claims: the same words for the same thing, whoever said it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bitflow.models.grounding.claims import Claim

#: What somebody does, by the kind of claim.
_VERBS = {
    "smiling": "smiles",
    "eyes_closed": "closes the eyes",
    "looking_away": "looks away",
    "nodding": "nods",
    "shaking_head": "shakes the head",
    "head_turned": "turns the head",
    "head_tilted": "tilts the head",
    "mouth_open": "opens the mouth",
    "brows_raised": "raises the brows",
    "brows_lowered": "lowers the brows",
    "speaking": "speaks",
    "hand_to_face": "has a hand at the face",
    "leaning_forward": "leans forward",
    "leaning_back": "leans back",
    "moving": "moves",
    "still": "stays where it is",
    "fast": "moves fast",
    "near": "is near",
    "approaching": "approaches",
    "leaving": "moves away from",
    "facing": "faces",
    "following": "follows",
    "in_region": "is in",
}


def sentence(claims: Sequence[Claim], name: str, name_of: Callable[[int], str], words: str = "") -> str:
    """One or two sentences about somebody.

    Parameters
    ----------
    claims
        What holds; others are passed over.
    name
        Whom it is about.
    words
        What they said.

    Examples
    --------
    >>> from bitflow.timeline import Interval
    >>> said = [Claim(kind, Interval(0, 4), 0) for kind in ("smiling", "nodding", "speaking")]
    >>> sentence(said, "Person 0", str)
    'Person 0 smiles, nods and speaks.'
    """
    parts = [phrase(claim, name_of) for claim in claims if claim.holds and claim.kind in _VERBS]
    parts = list(dict.fromkeys(parts))
    text = f"{name} {_joined(parts)}." if parts else f"{name}: nothing of note."
    return f"{text} Words: “{words}”" if words else text


def phrase(claim: Claim, name_of: Callable[[int], str]) -> str:
    """What a claim says somebody does: ``smiles``, ``follows mouse2``."""
    verb = _VERBS[claim.kind]
    if claim.kind == "head_turned" and claim.detail:
        return f"{verb} to the {claim.detail} of the picture"
    if claim.kind == "near":
        verb = "touches" if claim.detail == "touching" else verb
    if claim.kind == "in_region":
        return f"{verb} {claim.detail}"
    return f"{verb} {name_of(claim.target)}" if claim.target >= 0 else verb


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
