"""Claims in free text, by rules: a sentence says what its verbs and small words say, and nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bitflow.models.grounding.claims import Claim, Quantifier
from bitflow.timeline import Interval

_NOT = re.compile(r"\b(?:not|n't|never|no longer|without|nobody|no one|neither|none|stops?|stopped)\b|n't\b")
_MOST = re.compile(r"\b(?:mostly|most of the time|usually|largely|mainly)\b")
_THROUGHOUT = re.compile(r"\b(?:throughout|all the time|the whole time|constantly|always|entire(?:ly)?)\b")
_CLAUSES = re.compile(r"[.;!?]|,?\s+(?:and|but|while|then|whereas|although)\s+|,\s+")
_NUMBERS = {"two": 2, "both": 2, "three": 3, "four": 4, "five": 5, "six": 6}


@dataclass(frozen=True)
class Rule:
    """Words that make a claim."""

    kind: str
    pattern: re.Pattern[str]
    holds: bool = True
    detail: str = ""
    quantifier: Quantifier = "some"


def _rule(kind: str, pattern: str, holds: bool = True, detail: str = "", quantifier: Quantifier = "some") -> Rule:
    return Rule(kind, re.compile(pattern), holds, detail, quantifier)


_TURN = r"\b(?:head|face)\b[^.]*\bturn(?:s|ed)?\b[^.]*\b{0}\b|\bturn(?:s|ed)?\b[^.]*\bhead\b[^.]*\b{0}\b"

_FELT = (
    r"happ(?:y|ily|iness)|sad(?:ly|ness)?|angr(?:y|ily)|anger|anxi(?:ous|ously|ety)|nervous(?:ly)?|afraid|fear\w*|excite\w*|"
    r"bored|boredom|upset|relaxed|tense|content(?:ed|edly)?|joy\w*|cheerful\w*|delight\w*|frustrat\w*|annoy\w*|"
    r"worr(?:y|ied|ies)|distress\w*|grie(?:f|v\w*)|disgust\w*|surprised?|embarrass\w*|ashamed|shame|guilt\w*|proud\w*|"
    r"confus\w*|hopeful|hopeless|lonely|irritat\w*|mood"
)

#: Tried in order; a clause may make several claims, of each kind one.
RULES = (
    _rule("smiling", r"\b(?:smil\w*|grin\w*|beam(?:s|ing))\b"),
    _rule("eyes_closed", r"\beyes?\b[^.]*\b(?:closed|shut)\b|\b(?:closes|shuts|closing)\b[^.]*\beyes?\b"),
    _rule(
        "looking_away",
        r"\blook(?:s|ed|ing)?\s+(?:away|aside|down|off|elsewhere)\b|\bgaze\b[^.]*\b(?:away|averted|down)\b",
    ),
    _rule("looking_away", r"\blook(?:s|ed|ing)?\s+(?:at|into|toward)\s+the\s+camera\b", holds=False, quantifier="most"),
    _rule("nodding", r"\bnod(?:s|ded|ding)?\b"),
    _rule("shaking_head", r"\bsh(?:akes?|aking|ook)\b[^.]*\bhead\b|\bhead\b[^.]*\bsh(?:akes?|aking)\b"),
    _rule("head_turned", _TURN.format("left"), detail="left"),
    _rule("head_turned", _TURN.format("right"), detail="right"),
    _rule("head_turned", r"\bturn(?:s|ed|ing)?\b[^.]*\bhead\b|\bhead\b[^.]*\bturn(?:s|ed|ing)?\b"),
    _rule("head_tilted", r"\btilt(?:s|ed|ing)?\b[^.]*\bhead\b|\bhead\b[^.]*\btilt(?:s|ed|ing)?\b"),
    _rule("mouth_open", r"\bmouth\b[^.]*\bopen(?:s|ed)?\b|\bopen(?:s|ed)?\b[^.]*\bmouth\b"),
    _rule("brows_raised", r"\b(?:eye)?brows?\b[^.]*\b(?:raised|up)\b|\brais(?:es|ed|ing)\b[^.]*\b(?:eye)?brows?\b"),
    _rule("brows_lowered", r"\bfrown\w*\b|\b(?:eye)?brows?\b[^.]*\b(?:lowered|drawn|down)\b"),
    _rule("silence", r"\b(?:nobody|no one)\s+(?:speaks|talks|says)\b|\b(?:long\s+)?silence\b"),
    _rule("speaking", r"\b(?:speak(?:s|ing)?|talk(?:s|ing)?|says|saying|replies|answers)\b"),
    _rule("speaking", r"\b(?:silent|quiet|says nothing)\b", holds=False, quantifier="most"),
    _rule("hand_to_face", r"\b(?:touch\w*|hand|fingers?)\b[^.]*\b(?:face|chin|cheek|mouth|nose|forehead)\b"),
    _rule("leaning_forward", r"\blean(?:s|ed|ing)?\s+(?:forward|in|closer)\b"),
    _rule("leaning_back", r"\blean(?:s|ed|ing)?\s+back(?:ward)?s?\b"),
    _rule("hedging", r"\bhedg(?:es|ed|ing)\b"),
    _rule("following", r"\b(?:follows?|following|chas(?:es|ing)|pursu(?:es|ing))\b"),
    _rule("approaching", r"\b(?:approach(?:es|ing)?|(?:moves?|walks?|runs?)\s+toward)\b"),
    _rule("leaving", r"\b(?:withdraws?|retreats?|(?:moves?|walks?|runs?)\s+away)\b"),
    _rule(
        "still", r"\b(?:still|motionless|immobile|rests?|resting|stays? in place|does not move)\b", quantifier="most"
    ),
    _rule("fast", r"\b(?:runs?|running|dash(?:es)?|fast)\b"),
    _rule("moving", r"\b(?:moves?|moving|walks?|walking)\b"),
    _rule("emotion", rf"\b(?:{_FELT})\b"),
    _rule("intent", r"\b(?:wants?|tries|trying|intends?|attempts?|in order to)\b"),
    _rule("thought", r"\b(?:thinks?|believes?|remembers?|wonders?|considers?)\b"),
    _rule("diagnosis", r"\b(?:depress\w+|autis\w+|adhd|disorder|schizo\w+|symptom\w*)\b"),
    _rule("trait", r"\b(?:shy|extravert\w*|honest|dishonest|confident|intelligent|aggressive)\b"),
)

_COUNT = re.compile(r"\b(\d{1,2}|two|both|three|four|five|six)\s+(?:\w+\s+)?(people|persons?|men|women|faces)\b")


def claims_in(text: str, when: Interval, who: int = -1, *, field: str = "text") -> list[Claim]:
    """Claims that a text makes about somebody.

    Parameters
    ----------
    who
        Whom it speaks of.

    Examples
    --------
    >>> [(c.kind, c.holds) for c in claims_in("She smiles but does not look away.", Interval(0, 4), 0)]
    [('smiling', True), ('looking_away', False)]
    """
    found: list[Claim] = []
    said: set[tuple[str, bool]] = set()
    for clause in _CLAUSES.split(text.lower()):
        denied = bool(_NOT.search(clause))
        quantifier: Quantifier | None = None
        if _THROUGHOUT.search(clause):
            quantifier = "throughout"
        elif _MOST.search(clause):
            quantifier = "most"
        kinds: set[str] = set()
        for rule in RULES:
            if rule.kind in kinds or not rule.pattern.search(clause):
                continue
            # "Runs" and "walks toward" say once that it moves.
            if rule.kind == "moving" and kinds & {"still", "fast", "approaching", "leaving", "following"}:
                continue
            kinds.add(rule.kind)
            holds = rule.holds != denied if rule.kind != "silence" else True
            if (rule.kind, holds) in said:
                continue
            said.add((rule.kind, holds))
            subject = -1 if rule.kind == "silence" else who
            found.append(
                Claim(rule.kind, when, subject, holds, quantifier or rule.quantifier, detail=rule.detail, field=field)
            )
        match = _COUNT.search(clause)
        if match and not denied:
            value = float(_NUMBERS[match[1]] if match[1] in _NUMBERS else match[1])
            found.append(Claim("people_count", when, -1, value=value, field=field))
    return found
