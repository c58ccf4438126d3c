"""Sentences from claims: the same words for the same thing, whoever said it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bitflow.models.endpoints.answers import quotable
from bitflow.models.grounding.claims import Claim

#: What somebody does, by the kind of claim.
_VERBS = {
    "smiling": "smiles",
    "eyes_closed": "has the eyes closed",
    "looking_away": "looks away",
    "nodding": "nods",
    "shaking_head": "shakes the head",
    "head_turned": "turns the head",
    "head_tilted": "tilts the head",
    "mouth_open": "has the mouth open",
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


#: Who is in the pictures for less than this share of the time is hardly seen.
HARDLY = 0.1

#: What somebody does not do, in the form that follows "does not".
_UNDONE = {"smiling": "smile", "looking_away": "look away", "speaking": "speak", "nodding": "nod"}


def sentence(
    claims: Sequence[Claim], name: str, name_of: Callable[[int], str], words: str = "", *, seen: float = 1.0
) -> str:
    """One or two sentences about somebody: what they do, or, where nothing is told of that, what they do not do.

    Parameters
    ----------
    claims
        What is claimed. Of claims that something is not so, those are told that a verb is known for.
    name
        Whom it is about.
    words
        What they said.
    seen
        Share of the time in which they are in the pictures.

    Examples
    --------
    >>> from bitflow.timeline import Interval
    >>> said = [Claim(kind, Interval(0, 4), 0) for kind in ("smiling", "nodding", "speaking")]
    >>> sentence(said, "Person 0", str)
    'Person 0 smiles, nods and speaks.'
    >>> near = [Claim(kind, Interval(0, 4), 0, target=other) for other in (1, 2) for kind in ("near", "facing")]
    >>> sentence(near, "mouse0", lambda who: f"mouse{who}")
    'mouse0 is near and faces mouse1 and mouse2.'
    >>> sentence([], "Person 1", str, seen=0)
    'Person 1 is not seen.'
    """
    told = [claim for claim in claims if claim.kind in _VERBS]
    done = _phrases([claim for claim in told if claim.holds], name_of)
    undone = list(dict.fromkeys(_UNDONE[claim.kind] for claim in told if not claim.holds and claim.kind in _UNDONE))
    if done:
        text = f"{name} {_joined(done)}."
    elif seen < HARDLY:
        text = f"{name} is {'hardly' if seen else 'not'} seen."
    elif undone:
        text = f"{name} does not {_joined(undone, 'or')}."
    else:
        text = f"{name}: nothing of note."
    return f"{text} Words: “{quotable(words)}”" if words else text


def phrase(claim: Claim, name_of: Callable[[int], str]) -> str:
    """What a claim says somebody does: ``smiles``, ``follows mouse2``."""
    verb, whom = _verb(claim), name_of(claim.target) if claim.target >= 0 else ""
    return f"{verb} {whom}" if whom else verb


def word_of(kind: str, value: str) -> str:
    """The claim's word where behaviours are named: ``smiling``, ``touching``, ``head turned left``.

    Examples
    --------
    >>> word_of("near", "touching"), word_of("in_region", "nest"), word_of("smiling", "true")
    ('touching', 'in nest', 'smiling')
    """
    if kind == "near" and value == "touching":
        return value
    if kind == "in_region":
        return f"in {value}"
    word = kind.replace("_", " ")
    return f"{word} {value}" if kind == "head_turned" and value in ("left", "right") else word


def _verb(claim: Claim) -> str:
    verb = _VERBS[claim.kind]
    if claim.kind == "head_turned" and claim.detail:
        return f"{verb} to the {claim.detail} of the picture"
    if claim.kind == "near" and claim.detail == "touching":
        return "touches"
    return f"{verb} {claim.detail}" if claim.kind == "in_region" else verb


def _phrases(claims: Sequence[Claim], name_of: Callable[[int], str]) -> list[str]:
    """What is done, each verb once and with all whom it is done to; verbs with the same targets stand together."""
    whom: dict[str, list[int]] = {}
    for claim in claims:
        targets = whom.setdefault(_verb(claim), [])
        if claim.target >= 0 and claim.target not in targets:
            targets.append(claim.target)
    alike: dict[tuple[int, ...], list[str]] = {}
    found: list[str] = []
    for verb, targets in whom.items():
        if targets:
            alike.setdefault(tuple(targets), []).append(verb)
        elif verb.startswith("has ") and any(one.startswith("has ") for one in found):
            having = next(k for k, one in enumerate(found) if one.startswith("has "))
            found[having] = f"{found[having]} and {verb.removeprefix('has ')}"
        else:
            found.append(verb)
    return found + [f"{_joined(verbs)} {_joined([name_of(one) for one in them])}" for them, verbs in alike.items()]


def _joined(parts: Sequence[str], last: str = "and") -> str:
    if len(parts) == 1:
        return parts[0]
    comma = "," if any(f" {last} " in part for part in parts) else ""
    return f"{', '.join(parts[:-1])}{comma} {last} {parts[-1]}"
