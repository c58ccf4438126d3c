"""A claim about somebody in a stretch of a recording, and the verdict of the tables on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from bitflow.timeline import Interval

Verdict = Literal["supported", "contradicted", "not checkable"]
Quantifier = Literal["some", "most", "throughout"]

#: Claims about people that tables can judge, and what each says.
PEOPLE: dict[str, str] = {
    "smiling": "the corners of the mouth are raised",
    "eyes_closed": "the eyes are shut for longer than a blink",
    "looking_away": "gaze or head turn from where this person mostly looks",
    "nodding": "the head goes up and down, again and again",
    "shaking_head": "the head goes from side to side, again and again",
    "head_turned": "the head is turned aside: left or right in the picture",
    "head_tilted": "the head is tilted",
    "mouth_open": "the mouth is open",
    "brows_raised": "the brows are raised",
    "brows_lowered": "the brows are lowered",
    "speaking": "this person speaks",
    "silence": "nobody speaks, for `value` seconds where a number is given",
    "hand_to_face": "a hand is at the face",
    "leaning_forward": "the head is nearer to the camera than it mostly is",
    "leaning_back": "the head is farther from the camera than it mostly is",
    "hedging": "words that hedge are said",
    "filler": "words that fill a pause are said",
    "people_count": "so many people are in the picture",
}

#: Claims about animals that tables can judge.
ANIMALS: dict[str, str] = {
    "moving": "it walks or runs",
    "still": "it stays where it is",
    "fast": "it moves fast, for its own recording",
    "near": "it is near another one",
    "approaching": "its distance to another one falls",
    "leaving": "its distance to another one grows",
    "beside": "another one is at its side: left, right, front or behind",
    "facing": "it faces another one",
    "following": "it follows another one",
    "in_region": "it is in a region",
    "animals_count": "so many animals are there",
}

#: Claims that no table can judge: they are somebody's reading of what was seen.
INTERPRETATION: dict[str, str] = {
    "emotion": "what somebody feels",
    "intent": "what somebody wants",
    "trait": "what somebody is like",
    "diagnosis": "what somebody suffers from",
    "thought": "what somebody thinks",
}


#: A sentence from which no rule reads a claim, in another language perhaps: it is shown, and never as checked.
STATEMENT = "statement"


@dataclass(frozen=True)
class Claim:
    """What is said about somebody.

    Parameters
    ----------
    kind
        A key of `PEOPLE`, `ANIMALS` or `INTERPRETATION`, or `STATEMENT`.
    when
        Seconds on the media clock.
    who
        Person, or an animal's track; −1 for the recording as a whole.
    holds
        False when the claim is that it is *not* so.
    quantifier
        How much of the time: some of it, most of it (60 % or more), all of it.
    target
        The other person or animal; −1 for nobody.
    value
        A number that is claimed: of people, of seconds.
    detail
        A side, a region, a word.
    field
        Where in the caption it stands: ``face_actions.0``, or ``text``.
    """

    kind: str
    when: Interval
    who: int = -1
    holds: bool = True
    quantifier: Quantifier = "some"
    target: int = -1
    value: float | None = None
    detail: str = ""
    field: str = ""

    @property
    def said(self) -> str:
        """The claim's value as a text, for tables: ``true``, ``false``, a number, or the detail."""
        if self.value is not None:
            return f"{self.value:g}"
        return self.detail or ("true" if self.holds else "false")


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on: a table, and when it shows it."""

    table: str
    start: float
    end: float
    column: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict.

    Parameters
    ----------
    reason
        Why it is not checkable: ``interpretation``, ``missing_table:hands``, ``low_coverage``, ``gap``, ``frame_rate``,
        ``between`` (neither clearly so nor clearly not), ``silent_track``, ``short``, ``not_read``, ``unknown``; empty
        otherwise.
    coverage
        Share of the claim's time in which the tables saw what they had to.
    """

    claim: Claim
    verdict: Verdict
    reason: str = ""
    coverage: float = 0.0
    evidence: tuple[Evidence, ...] = field(default=())

    def turned(self) -> Judged:
        """The verdict on the opposite claim."""
        other: dict[Verdict, Verdict] = {"supported": "contradicted", "contradicted": "supported"}
        return replace(
            self,
            claim=replace(self.claim, holds=not self.claim.holds),
            verdict=other.get(self.verdict, self.verdict),
        )

    def as_record(self) -> dict[str, str]:
        """Texts for the table `captions`."""
        shown = self.evidence[0] if self.evidence else None
        return {
            "kind": self.claim.kind,
            "value": self.claim.said,
            "verdict": self.verdict,
            "reason": self.reason,
            "field": self.claim.field,
            "who": str(self.claim.who),
            "target": str(self.claim.target) if self.claim.target >= 0 else "",
            "holds": "true" if self.claim.holds else "false",
            "table": shown.table if shown else "",
            "start": f"{shown.start:.3f}" if shown else "",
            "end": f"{shown.end:.3f}" if shown else "",
        }


#: Members of a claim in the table `captions`.
RECORD = ("kind", "value", "verdict", "reason", "field", "who", "target", "holds", "table", "start", "end")
