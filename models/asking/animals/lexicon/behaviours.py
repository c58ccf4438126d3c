"""Verbs: what animals and people do."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

#: Behaviours of animals: phrases by the definition's name.
BEHAVIOURS: dict[str, tuple[str, ...]] = {
    "chase": phrases(
        "(run|go) (after|behind), be in pursuit of, chase, pursue, pursuit, run after, go after, hunt, "
        "chase after, chaser"
    ),
    "flee": phrases("flee, escape, run away, fleeing"),
    "follow": phrases("follow, trail behind, walk behind, go behind, track closely, shadow"),
    "approach": phrases(
        "approach, come near, come close to, come closer to, go up to, walk up to, move toward, walk toward, "
        "run toward, go toward, head toward, move closer to, get closer to, draw near, move towards, "
        "walk towards, go towards, run towards, head towards, move up to"
    ),
    "withdraw": phrases(
        "withdraw, retreat, move away, walk away, back away, back off, go away, pull away, withdrawal, distance itself"
    ),
    "watch": phrases(
        "watch, look at, attend to, stare at, observe, gaze at, keep an eye on, look toward, look towards, "
        "pay attention to, keep watching"
    ),
    "nose_to_nose": phrases(
        "nose to nose (contact|sniff|touch|sniffing|touching|) (with|), go nose to nose (with|), nose nose, "
        "touch nose, snout to snout, nose to nose contact, nose to nose sniff, face to face, "
        "oral oral contact, nose head to head contact, nose contact"
    ),
    "nose_to_tail": phrases(
        "nose to (tail|tail base|rear|anus) (contact|sniff|touch|sniffing|), nose (at|near|on|under) (tail base"
        "|rear|tail) (of|), "
        "anogenital (sniff|contact|investigation|sniffing|), oral genital contact, "
        "sniff (in|at|) (anogenital|genital) (region|area) (of|)"
    ),
    "nose_to_body": phrases("nose to body, sniff (at|on|) (body|) (of|), smell, nose body contact"),
    "side_by_side": phrases(
        "side by side, (next to|alongside|beside) (each other|one another) (in parallel|), flank to flank, "
        "lie parallel, shoulder to shoulder, parallel to (each other|one another)"
    ),
    "side_by_side_reverse": phrases(
        "side by side reverse, reverse side by side, "
        "(side by side|next to each other) (but|and|) (head|nose) to tail, head to tail side by side, "
        "anti parallel, antiparallel"
    ),
    "contact": phrases(
        "contact, touch, in contact, make contact, physical contact, body contact, in physical contact, in body contact"
    ),
    "huddle": phrases(
        "(huddle|cuddle|snuggle|clump|pile|bunch) (together|up|), huddle, cuddle, huddle together, "
        "clump together, sleep in a pile, lie in a heap, bunch up"
    ),
    "freezing": phrases(
        "(be|stand|sit|lie|completely|totally|perfectly|) (motionless|immobile|frozen), freeze (up|in place|), "
        "freeze, freezing, freezing behaviour, motionless, immobile, completely still, immobility, frozen, "
        "totally still, perfectly still, stock still"
    ),
    "still": phrases(
        "(at a|in|) (standstill|stillness), come to rest, still, stationary, not move, stand still, sit still, "
        "hold still, stay still, stop moving, stay put, "
        "remain still, motion free, inactive, do not move, don't move, doesn't move, isn't move, aren't move"
    ),
    "moving": phrases(
        "(on the|in) move, movement, locomotor activity, ambulate, ambulation, ambulatory, walk about, move, "
        "walk, locomotion, active, locomote, in motion, travel, move around, move about, wander, "
        "run around, walk around"
    ),
    "resting": phrases("rest, resting"),
    "sleeping": phrases("sleep, asleep, sleeping, nap"),
    "rearing": phrases(
        "=rearing, =rears, rear up, stand up, stand on hind leg, stand on its hind leg, stand upright, rear, upright"
    ),
    "grooming": phrases("groom, self groom, grooming, clean itself, wash itself, groom itself"),
    "climbing": phrases("climb, climb wall, climb the wall"),
    "sniff_wall": phrases("sniff wall, sniff the wall"),
    "thigmotaxis": phrases(
        "thigmotaxis, hug the wall, wall hug, along the wall, near the wall, close to the wall, at the wall, "
        "stay near the wall"
    ),
    "turn_left": phrases(
        "turn left, turn to the left, turn anticlockwise, turn counterclockwise, left turn, left hand turn, "
        "left handed turn, turn leftwards, turn leftward, "
        "turn counter clockwise, rotate left"
    ),
    "turn_right": phrases(
        "turn right, turn to the right, turn clockwise, right turn, right hand turn, right handed turn, "
        "turn rightwards, turn rightward, rotate right"
    ),
}

#: Behaviours of people that are said in other words than their name.
OF_PEOPLE: dict[str, tuple[str, ...]] = {
    "speech": phrases("speak, talk, say something"),
    "smile": phrases("smile, grin"),
    "look_away": phrases("look away, avert gaze, gaze aversion, look elsewhere"),
    "mouth_open": phrases("open mouth, mouth open, mouth is open"),
    "eye_closure": phrases("close eye, eye closed, eyes closed, shut eye"),
    "overlap": phrases("talk at once, speak at once, talk over each other, speak at the same time, overlap"),
    "interruption": phrases("interrupt, cut in, break in"),
    "brow_raise": phrases("raise brow, raise eyebrow, raise the eyebrow, lift the brow, eyebrow raise"),
    "brow_lower": phrases("frown, lower brow, knit brow, furrow the brow, furrow"),
    "shake": phrases("shake head, shake the head, shake its head, head shake, shake his head, shake her head"),
    "nod": phrases("nod, head nod"),
}

#: Behaviours that are of one animal and another.
_OF_PAIRS_WORDS = (
    "approach chase contact flee follow huddle nose_to_body nose_to_nose nose_to_tail side_by_side "
    "side_by_side_reverse watch withdraw "
)
OF_PAIRS = frozenset(_OF_PAIRS_WORDS.split())

#: Behaviours that are the same seen from either side.
_SYMMETRIC_WORDS = "contact huddle nose_to_nose side_by_side side_by_side_reverse "
SYMMETRIC = frozenset(_SYMMETRIC_WORDS.split())

#: Words for what only annotated or predicted labels say.
LABELLED: dict[str, tuple[str, ...]] = {
    "attack": phrases("attack, fight, bite, aggression, aggressive"),
    "mount": phrases("mount, mating, mate, copulate"),
    "investigate": phrases("investigate, investigation"),
}
