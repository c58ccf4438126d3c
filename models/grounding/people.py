"""Claims about people, judged on a recording's tables by the behaviours of `bitflow.events`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bitflow.events.behaviour import Level, behaviours
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import FACE_RATE_HZ
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.speech import VoiceActivity, voice_signal
from bitflow.events.view import View
from bitflow.measures.lexicon import FILLERS
from bitflow.models.grounding.claims import INTERPRETATION, PEOPLE, STATEMENT, Claim, Evidence, Judged
from bitflow.models.grounding.verdicts import COVERAGE, GAP_S, Sight, coverage_and_gap, judge

#: Which behaviour a claim is about.
BEHAVIOUR_OF = {
    "smiling": "smile",
    "eyes_closed": "eye_closure",
    "looking_away": "look_away",
    "nodding": "nod",
    "shaking_head": "shake",
    "head_turned": "head_turn",
    "head_tilted": "head_tilt",
    "mouth_open": "mouth_open",
    "brows_raised": "brow_raise",
    "brows_lowered": "brow_lower",
    "speaking": "speech",
    "hand_to_face": "self_touch",
    "leaning_forward": "lean_forward",
    "leaning_back": "lean_back",
}

#: Small actions of the face, which models of it tell less well: they support, and contradict nothing.
WEAK = frozenset({"brows_raised", "brows_lowered"})

#: Told from a person's own median size alone, which is no norm before it was seen for so long, s.
BY_NORM, NORM_S = frozenset({"leaning_forward", "leaning_back"}), 20.0

#: Fewer pictures a second than this show no nod.
OSCILLATION_HZ = 12.0

#: A voice activity that stays below this, for 0.2 s, is nobody's speech.
MAY_SPEAK = 0.35

#: A sound track that never gets louder, dBFS, was switched off.
MUTED_DBFS = -90.0

#: Words and phrases that hedge.
HEDGES = (
    *("maybe", "perhaps", "possibly", "probably", "somehow", "somewhat", "apparently", "presumably", "roughly"),
    *("kind of", "sort of", "i guess", "i think", "i suppose", "i mean", "not sure", "might", "could be", "in a way"),
    *("more or less", "i don't know", "it depends", "to some extent", "seems"),
)

#: Words that were heard less surely than this do not show that another was not said.
HEARD = 0.8

#: Who was seen less surely than this, in the mean, may be no person: bodies of 19 filmed people score 0.97 and more,
#: bodies that were seen in a drawn title 0.84 and 0.86.
SURELY_SEEN = 0.9

#: A silence is not as long as claimed below this share of it.
SHORTER = 0.8


class _Reasoned(Exception):  # noqa: N818
    """Why a claim cannot be judged."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def judge_people(scene: Scene, claims: Sequence[Claim]) -> list[Judged]:
    """The verdict of a recording's tables on each claim, in order.

    A claim about somebody the tables do not know, or of an unknown kind, is not checkable and says why; nothing is
    raised.
    """
    return [_judged(scene, claim) for claim in claims]


def _judged(scene: Scene, claim: Claim) -> Judged:
    if claim.kind in INTERPRETATION:
        return Judged(claim, "not checkable", "interpretation")
    if claim.kind == STATEMENT:
        return Judged(claim, "not checkable", "not_read")
    if claim.kind not in PEOPLE:
        return Judged(claim, "not checkable", "unknown")
    try:
        if claim.kind in BEHAVIOUR_OF:
            return _about_behaviour(scene, claim)
        if claim.kind == "silence":
            return _about_silence(scene, claim)
        if claim.kind == "people_count":
            return _about_number(scene, claim)
        return _about_words(scene, claim)
    except Undefined as undefined:
        detail = f":{undefined.detail}" if undefined.reason == "missing_table" else ""
        return Judged(claim, "not checkable", undefined.reason + detail)
    except _Reasoned as refused:
        return Judged(claim, "not checkable", refused.reason)


def _about_behaviour(scene: Scene, claim: Claim) -> Judged:
    if claim.who not in scene.people and not (claim.kind == "speaking" and claim.who < 0):
        raise _Reasoned("unknown_person")
    view: View = scene if claim.who < 0 else scene.person(claim.who)
    if claim.kind in ("nodding", "shaking_head") and scene.native_rate("head_pose") < OSCILLATION_HZ:
        raise _Reasoned("frame_rate")
    try:
        sight = _sight(view, BEHAVIOUR_OF[claim.kind], claim.detail)
    except Undefined as undefined:
        if claim.kind == "speaking" and undefined.reason == "no_speech":
            return _about_anybody_speaking(scene, claim)
        raise
    found = judge(claim, sight)
    denied = found.verdict == ("contradicted" if claim.holds else "supported")
    if denied and claim.holds and claim.kind in WEAK:
        return replace(found, verdict="not checkable", reason="weak_signal", evidence=())
    if denied and claim.kind in BY_NORM and sight.seen.yes.sum() < NORM_S * sight.seen.rate:
        return replace(found, verdict="not checkable", reason="short", evidence=())
    return found


def _about_anybody_speaking(scene: Scene, claim: Claim) -> Judged:
    """Where no voice is known to be this person's: nobody's voice is not theirs either, and more is not known."""
    if muted(scene):
        raise _Reasoned("silent_track")
    probability = voice_signal(scene, "speech")
    heard = probability.hysteresis(MAY_SPEAK, MAY_SPEAK - 0.1).events(shortest=0.2, name="speech")
    found = judge(replace(claim, holds=True), Sight(heard, heard, "voice"))
    if found.verdict != "contradicted":
        return Judged(claim, "not checkable", "no_speech", found.coverage)
    return found if claim.holds else replace(found.turned(), claim=claim)


def muted(scene: Scene) -> bool:
    """Whether the sound track carries nothing at all: then silence is no sign that nobody speaks."""
    if "voice" not in scene.tables or "loudness" not in scene.schema("voice"):
        return False
    loudness = scene.frame("voice")["loudness"].to_numpy("float64")
    known = loudness[~np.isnan(loudness)]
    return bool(len(known)) and float(known.max()) <= MUTED_DBFS


def _sight(view: View, name: str, side: str) -> Sight:
    """Both levels of a behaviour, computed once a view; of turns and tilts those to the claimed side only."""
    known: dict[tuple[str, str], Sight] = view.__dict__.setdefault("_sights", {})
    if (name, side) not in known:
        behaviour = behaviours()[name]
        strict = behaviour.events(view)
        lenient = behaviour.events(view, Level.LENIENT) if behaviour.has_level else strict
        if side:
            strict, lenient = _to_side(strict, side), _to_side(lenient, side)
        known[name, side] = Sight(strict, lenient, behaviour.needs[0].partition("|")[0])
    return known[name, side]


def _to_side(events: Events, side: str) -> Events:
    """Turns by their mean yaw (positive is to the right of the picture), tilts by their mean roll."""
    signs = {"right": 1, "left": -1}
    if side not in signs:
        raise _Reasoned("unknown_side")
    return events.chosen(np.sign(events.values) == signs[side])


def _about_silence(scene: Scene, claim: Claim) -> Judged:
    if muted(scene):
        raise _Reasoned("silent_track")
    speech = scene.get(VoiceActivity).speech
    inside = (~speech).crop(claim.when)
    coverage, gap = coverage_and_gap(Mask(speech.known, speech.known, speech.start, speech.rate), claim.when)
    wanted = claim.value if claim.value is not None else 0.9 * claim.when.duration
    silences = inside.events(merge=0.05)
    longest = float(silences.durations.max()) if len(silences) else 0.0
    found = Judged(claim, "not checkable", "between", coverage)
    if longest >= wanted - 0.05:
        k = int(np.argmax(silences.durations))
        shown = Evidence("voice", float(silences.starts[k]), float(silences.ends[k]), "speech")
        found = Judged(claim, "supported", "", coverage, (shown,))
    elif coverage >= COVERAGE and gap < GAP_S and longest < SHORTER * wanted:
        found = Judged(claim, "contradicted", "", coverage, (Evidence("voice", claim.when.start, claim.when.end),))
    return found if claim.holds else replace(found.turned(), claim=claim)


def _about_number(scene: Scene, claim: Claim) -> Judged:
    if claim.value is None:
        raise _Reasoned("unknown")
    table = next((name for name in ("bodies", "faces") if name in scene.tables), None)
    if table is None:
        raise Undefined("missing_table", "faces")
    rows = scene.frame(table)
    inside = rows[(rows["time"] >= claim.when.start) & (rows["time"] < claim.when.end)]
    rate = scene.native_rate("frames")  # NaN of a recording without pictures, or with one
    pictures = max(1, round(claim.when.duration * (min(rate, FACE_RATE_HZ) if np.isfinite(rate) else FACE_RATE_HZ)))
    seen = inside.groupby(scene.key).agg(times=("time", "nunique"), score=("score", "mean"))
    steady = seen[seen["times"] >= 0.5 * pictures]
    fleeting = int((seen["times"] >= 0.1 * pictures).sum())
    shown = (Evidence(table, claim.when.start, claim.when.end, value=float(len(steady))),)
    found = Judged(claim, "not checkable", "between", 1.0)
    sure = not len(steady) or float(steady["score"].min()) >= SURELY_SEEN - 1e-6
    if len(steady) == fleeting == claim.value and sure:
        found = Judged(claim, "supported", "", 1.0, shown)
    elif len(steady) == fleeting and sure:
        found = Judged(claim, "contradicted", "", 1.0, shown)
    return found if claim.holds else replace(found.turned(), claim=claim)


def _about_words(scene: Scene, claim: Claim) -> Judged:
    rows = scene.frame("words")
    middle = (rows["start"] + rows["end"]) / 2
    inside = rows[(middle >= claim.when.start) & (middle < claim.when.end)]
    if claim.who >= 0 and "person" in inside:
        inside = inside[inside["person"] == claim.who]
    said = [str(word).lower().strip(" .,;:!?\"'") for word in inside["word"]]
    wanted = [claim.detail.lower()] if claim.detail else (HEDGES if claim.kind == "hedging" else sorted(FILLERS))
    text = f" {' '.join(said)} "
    hit = next((phrase for phrase in wanted if f" {phrase} " in text), None)
    shown = (Evidence("words", claim.when.start, claim.when.end, "word"),)
    if hit is not None:
        at = next(k for k, word in enumerate(said) if word == hit.split()[0])
        row = inside.iloc[at]
        return _turned(Judged(claim, "supported", "", 1.0, (Evidence("words", row["start"], row["end"], "word"),)))
    sure = inside["confidence"].dropna() if "confidence" in inside else inside["start"].iloc[:0]
    # Recognisers leave fillers out: that none was written down shows nothing.
    if claim.kind == "filler" or not len(sure) or float(sure.mean()) < HEARD:
        return Judged(claim, "not checkable", "low_confidence" if len(said) else "no_speech", 1.0)
    return _turned(Judged(claim, "contradicted", "", 1.0, shown))


def _turned(found: Judged) -> Judged:
    return found if found.claim.holds else replace(found.turned(), claim=found.claim)
