"""What can be asked of many people: what can be asked of one, and the behaviours that only a word more names."""

from __future__ import annotations

from bitflow.models.asking.concepts import CONCEPTS, Concept

#: By name, the first that a phrase names is meant.
KNOWN: dict[str, Concept] = {
    **CONCEPTS,
    "head tilt": Concept(("head tilt", "tilt head", "head tilting"), {}, "head_tilt"),
    "head turn": Concept(("head turn", "turn head", "head turning"), {}, "head_turn"),
    "question": Concept(("ask question", "question asked", "questions asked", "asking questions"), {}, "question"),
    "finger tap": Concept(("finger tap", "tap finger", "finger tapping"), {}, "finger_tap"),
}
