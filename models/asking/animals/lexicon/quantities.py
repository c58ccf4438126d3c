"""What is measured, and how it is compared: speeds, distances, angles, more than, on average."""

from __future__ import annotations

from dataclasses import dataclass

from bitflow.models.asking.phrases import phrases


@dataclass(frozen=True)
class SignalWord:
    """A signal in words: its name in the language, and whether its size without sign is meant."""

    name: str
    absolute: bool = False
    parts: bool = False


#: Signals by their words.
SIGNALS: dict[SignalWord, tuple[str, ...]] = {
    SignalWord("closest"): phrases(
        "(closest|minimum|min|minimal|smallest|nearest|shortest|least) (body to body|inter animal|inter mouse|) "
        "(distance|dist|separation|gap), "
        "closest distance, closest, minimum distance, min distance, smallest distance, nearest distance, "
        "minimal distance, gap, shortest distance, distance between closest point, closest point distance, "
        "least distance, closest body distance"
    ),
    SignalWord("dist", parts=True): phrases(
        "dist, (center|centre|) (dist|separation), distance, centre distance, center distance, "
        "centre to centre distance, center to center distance, separation, relative distance, "
        "inter (animal|mouse|individual) (distance|separation), distance to each other, "
        "distance from each other, distance to the other, "
        "distance from the other, =spacing, how close, how far apart"
    ),
    SignalWord("closing_speed"): phrases(
        "closing speed, relative speed, approach speed, speed of approach, closing velocity, relative velocity, "
        "speed towards, speed toward"
    ),
    SignalWord("head_angle", absolute=True): phrases(
        "head angle, relative head angle, head direction, angle of the head, head orientation to, "
        "relative head direction, angle to the other, head bearing, head angle to, angle between head and, "
        "heading angle to"
    ),
    SignalWord("body_angle", absolute=True): phrases("body angle, relative body angle, angle of the body"),
    SignalWord("rel_orient"): phrases(
        "relative orientation, relative body orientation, angle between body, angle between the body, "
        "angle between their body"
    ),
    SignalWord("ang_speed", absolute=True): phrases(
        "how fast do it turn, how fast do mouse turn, how fast do animal turn, angular speed, angular velocity, "
        "turning speed, turning rate, rotation speed, turn rate, rate of turning, turn, turning, turn around, "
        "turning around, "
        "rotational speed, rotate, spin"
    ),
    SignalWord("accel"): phrases("acceleration, accelerate"),
    SignalWord("elongation"): phrases("elongation, body elongation, stretch ratio"),
    SignalWord("area"): phrases("body area, hull area"),
    SignalWord("height", parts=True): phrases("height"),
    SignalWord("straightness"): phrases(
        "(walk|move|go|run|head|) in a straight line, head straight, straight ahead, "
        "how straight be the path, straightness, straight, how straight, straightness of the path, "
        "walk straight, walking straight, move straight, go straight"
    ),
    SignalWord("path_length"): phrases(
        "(total|overall|cumulative|summed|entire|) (distance|way|path|track) (travelled|traveled|travel|covered"
        "|moved|walked|run), "
        "path length, distance travelled, distance traveled, travelled distance, traveled distance, "
        "total distance, how far, distance covered, distance moved, total path"
    ),
    SignalWord("conf", parts=True): phrases("confidence, likelihood, tracking confidence"),
    SignalWord("speed", parts=True): phrases(
        "how fast, how quick, speed, velocity, pace, travel speed, movement speed, running speed, walking speed, "
        "moving speed, locomotor speed"
    ),
}

#: Comparisons in words.
COMPARISONS: dict[str, tuple[str, ...]] = {
    "<=": phrases(
        "(less|smaller|lower|fewer|shorter) than or equal to, equal to or (less|smaller|lower) than, "
        "at or (below|under), no (higher|larger|bigger|later|more) than, "
        "(not|never) (exceed|more than|above|over), or (fewer|under|below|smaller|lower|slower), at most, "
        "no more than, not more than, up to, maximum of, maximum, no longer than, no greater than, or less, "
        "or shorter, not exceed, =<=, not over, not above, no farther than, no further than, no faster than, "
        "max"
    ),
    ">=": phrases(
        "(more|greater|larger|higher|longer) than or equal to, equal to or (more|greater|larger) than, "
        "at or (above|over), (not|no|never) (less|lower|smaller|fewer|shorter|slower) than, "
        "or (above|over|up|higher|faster|beyond|upward), and (up|upward|above), at least, no less than, "
        "not less than, minimum of, minimum, no shorter than, or more, or longer, =>=, not below, not under, "
        "a minimum of, no fewer than, or greater, min"
    ),
    "<": phrases(
        "(less|smaller|lower|fewer|shorter|slower|narrower) than, less than, below, under, small than, "
        "smaller than, lower than, short than, shorter than, fewer than, =<, underneath, beneath, not reach, "
        "(drop|fall|go|dip|sink) (below|under|beneath), keep (below|under)"
    ),
    ">": phrases(
        "(more|greater|larger|higher|longer|bigger|wider) than, (go|rise|climb|get|shoot) (above|over|beyond), "
        " more than, "
        "over, above, great than, greater than, high than, higher than, large than, larger than, exceed, beyond, "
        "=>, long than, longer than, upwards of, in excess of, surpass, bigger than"
    ),
}

#: Adjectives that compare a signal by themselves.
ADJECTIVES: dict[tuple[str, str], tuple[str, ...]] = {
    ("speed", ">"): phrases(
        "(move|travel|run|go|walk|be|) (faster|quicker|speedier|more quickly|more rapidly) than, fast than, "
        "faster than, quick than, quicker than, move faster than, travel faster than, run faster than, "
        "go faster than, walk faster than, quickly than"
    ),
    ("speed", "<"): phrases("slow than, slower than, move slower than, travel slower than, go slower than"),
    ("speed", ">="): phrases("at least as fast as"),
    ("dist", "<"): phrases(
        "(come|get|be|go|move) (closer|nearer) than, close than, closer than, near than, nearer than, "
        "less apart than, closer to each other than, "
        "closer together than"
    ),
    ("dist", ">"): phrases(
        "far than, farther than, further than, far apart than, farther apart than, further apart than, "
        "more apart than, further away than, farther away than, farther from each other than, "
        "further from each other than"
    ),
}

#: What is made of many values.
STATISTICS: dict[str, tuple[str, ...]] = {
    "mean": phrases("average, mean, on average, avg, typical"),
    "median": phrases("median"),
    "max": phrases("maximum, max, highest, peak, top, greatest, fastest speed"),
    "min": phrases("minimum, min, lowest, smallest, least"),
    "sd": phrases("standard deviation, sd, variability of, spread of"),
}
