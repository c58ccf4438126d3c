"""The words of the language: every signal and operator, with its parameters. Parser, printer, JSON, schema, checker and
documentation read this one table; `animal_signals` and the modules of operators
hold one function for each entry."""

from __future__ import annotations

from bitflow.events.language.entries import Axes, Gives, Operator, Parameter
from bitflow.events.language.refusals import UnknownName
from bitflow.events.language.units import Dimension, Quantity

_CENTRE = ("centre",)
_PARTS = Parameter("parts", "parts", _CENTRE)
_STAT = Parameter("stat", "choice", "mean", ("mean", "median", "min", "max"))
_REGION = Parameter("region", "region", required=True)


#: Lists of words that `words` may be of, and what `missing` may be of.
LEXICONS = ("positive", "negative", "filler", "affirmation")
PRESENT = ("face", "head", "gaze", "hand", "body", "voice")
STREAMS = ("text", "face", "voice", "body")


def _part(name: str, default: str = "centre") -> Parameter:
    return Parameter(name, "part", default)


def _signal(
    name: str, axes: Axes, dimension: Dimension | None, doc: str, *parameters: Parameter, gives: Gives = "signal"
) -> Operator:
    return Operator(name, gives, axes, doc, parameters, dimension)


_OF_SIGNAL = Parameter("of", "signal", required=True)
_OF_BODY = Parameter("of", "body", required=True)

_SIGNALS = (
    _signal(
        "speed", "actor", "speed", "how fast a part moves; of several, their mean or another statistic", _PARTS, _STAT
    ),
    _signal("accel", "actor", "acceleration", "size of the change of velocity", _PARTS, _STAT),
    _signal("ang_speed", "actor", "angular speed", "how fast the body turns; clockwise on screen is positive"),
    _signal("heading", "actor", "angle", "direction of movement; unknown when hardly moving"),
    _signal("orient", "actor", "angle", "direction from tail base to neck"),
    _signal("head_orient", "actor", "angle", "direction from neck to nose"),
    _signal("elongation", "actor", "ratio", "nose to tail base, over the animal's median"),
    _signal("area", "actor", "ratio", "area of the trunk's hull, over the animal's median"),
    _signal("height", "actor", "length", "third coordinate of a part, poses in space only", _PARTS, _STAT),
    _signal("x", "actor", "length", "to the right in the picture", _PARTS, _STAT),
    _signal("y", "actor", "length", "down in the picture", _PARTS, _STAT),
    _signal("conf", "actor", "ratio", "the tracker's confidence", Parameter("parts", "parts", ("all",)), _STAT),
    _signal("posture_speed", "actor", "speed", "root mean square speed of the parts relative to the centre"),
    _signal("visible", "actor", "ratio", "share of the trunk's points that are known"),
    _signal("path_length", "actor", "length", "way of the centre so far, jitter and gaps left out", _part("part")),
    _signal(
        "straightness",
        "actor",
        "ratio",
        "distance over way in a window",
        Parameter("window", "window", Quantity(1, "s")),
    ),
    _signal(
        "span",
        "actor",
        "length",
        "distance between two parts of one animal",
        Parameter("first", "part", required=True),
        Parameter("second", "part", required=True),
    ),
    _signal(
        "joint",
        "actor",
        "angle",
        "angle at the second of three parts, 0 to 180",
        Parameter("first", "part", required=True),
        Parameter("at", "part", required=True),
        Parameter("second", "part", required=True),
    ),
    _signal("dist", "pair", "length", "from a part of one animal to a part of another", _part("part"), _part("to")),
    _signal(
        "dist_to_body",
        "pair",
        "length",
        "from a part of one animal to the nearest point of the other's trunk",
        _part("part", "nose"),
    ),
    _signal("closest", "pair", "length", "smallest distance between the trunks of two animals, part to part"),
    _signal(
        "trail_dist",
        "pair",
        "length",
        "smallest distance from the part to where the other's part was within the last moments",
        _part("part", "nose"),
        _part("to", "tail_base"),
        Parameter("window", "window", Quantity(0.5, "s")),
    ),
    _signal("closing_speed", "pair", "speed", "how fast one moves towards the other; negative is away"),
    _signal("rel_orient", "pair", "angle", "between the two bodies: 0 parallel, 180 opposed"),
    _signal("rel_heading", "pair", "angle", "between the two directions of movement, 0 to 180"),
    _signal("head_angle", "pair", "angle", "from where the head points to the other's centre, −180 to 180"),
    _signal("body_angle", "pair", "angle", "from where the body points to the other's centre, −180 to 180"),
    _signal("overlap", "pair", None, "the one's centre lies in the hull of the other", gives="statement"),
    _signal(
        "in_view",
        "pair",
        None,
        "the other lies in the field of view and in range",
        Parameter("fov", "number", Quantity(240, "deg")),
        Parameter("range", "number"),
        gives="statement",
    ),
    _signal(
        "inside",
        "actor",
        None,
        "parts lie in a region, its border included: all of them, any, or most",
        _PARTS,
        _REGION,
        Parameter("mode", "choice", "all", ("all", "any", "most")),
        gives="statement",
    ),
    _signal("region_dist", "actor", "length", "to the border of a region, negative inside", _part("part"), _REGION),
    _signal("region_angle", "actor", "angle", "from where the body points to the region's nearest point", _REGION),
    _signal(
        "segment",
        "actor",
        None,
        "a label of a table of intervals: segments, predictions, annotations",
        Parameter("label", "name", required=True),
        Parameter(
            "table", "choice", "segments", ("segments", "predictions", "annotations", "captions", "speech", "words")
        ),
        gives="statement",
    ),
    _signal(
        "column",
        "actor",
        None,
        "a column of a table of people: column(head_pose.yaw)",
        Parameter("name", "name", required=True),
    ),
    _signal(
        "words",
        "actor",
        None,
        'words that were said: of a pattern such as no, "thank you" or "hop*"; of a list of words; or all',
        Parameter("pattern", "name", "*"),
        Parameter("lexicon", "choice", None, LEXICONS),
        gives="events",
    ),
    _signal(
        "missing",
        "actor",
        None,
        "a person's face, hand, body … is not in the tables",
        Parameter("what", "choice", required=True, choices=PRESENT),
        Parameter("side", "choice", None, ("left", "right")),
        gives="statement",
    ),
    _signal(
        "prompt",
        "recording",
        None,
        "one of these prompts is being answered: labels of the annotation tier `prompt` or `question`",
        Parameter("labels", "names", required=True),
        gives="statement",
    ),
    _signal(
        "predicted",
        "recording",
        "ratio",
        "probability of a recogniser's second class at every moment, from `bitflow predict`; of its only task where "
        "none is named",
        Parameter("task", "name"),
    ),
    _signal(
        "discord",
        "recording",
        None,
        "stretches in which a recogniser found two streams opposed: an interpretation",
        Parameter("first", "choice", "text", STREAMS),
        Parameter("second", "choice", "face", STREAMS),
        gives="events",
    ),
    _signal(
        "measure",
        "actor",
        None,
        "a measure of the time that is asked about, one number a person; stands in `value` alone",
        Parameter("id", "name", required=True),
    ),
)

_OPERATORS = (
    _signal("abs", "as its argument", None, "size without sign", _OF_SIGNAL),
    _signal(
        "smooth",
        "as its argument",
        None,
        "a running median, mean or Savitzky–Golay fit; a statement holds where more than half of the window does",
        Parameter("of", "either", required=True),
        Parameter("by", "choice", "median", ("median", "mean", "savgol")),
        Parameter("window", "window", Quantity(0.2, "s")),
    ),
    _signal(
        "delta",
        "as its argument",
        None,
        "change over a window",
        _OF_SIGNAL,
        Parameter("window", "window", Quantity(1, "s")),
    ),
    _signal(
        "rolling",
        "as its argument",
        None,
        "a statistic of a centred window",
        _OF_SIGNAL,
        Parameter("stat", "choice", "mean", ("mean", "max", "min", "sd")),
        Parameter("window", "window", Quantity(1, "s")),
    ),
    _signal(
        "zscore", "as its argument", "ratio", "distance from the animal's mean, in standard deviations", _OF_SIGNAL
    ),
    _signal(
        "hysteresis",
        "as its argument",
        None,
        "holds from where the signal passes `enter` until it passes `leave` the other way",
        _OF_SIGNAL,
        Parameter("enter", "number", required=True),
        Parameter("leave", "number", required=True),
        gives="statement",
    ),
    _signal(
        "of",
        "as its argument",
        None,
        "`target`: turned round; a name: of that animal",
        Parameter("who", "animal", required=True),
        _OF_BODY,
        gives="statement",
    ),
    _signal(
        "towards",
        "as its argument",
        None,
        "a statement about pairs, of one target: towards(mouse2, dist < 5cm)",
        Parameter("who", "animal", required=True),
        _OF_BODY,
        gives="statement",
    ),
    _signal(
        "provided",
        "as its argument",
        None,
        "the statement, unknown wherever the condition does not hold",
        _OF_BODY,
        Parameter("condition", "body", required=True),
        gives="statement",
    ),
    _signal("exists_target", "actor", None, "towards at least one other animal", _OF_BODY, gives="statement"),
    _signal("forall_target", "actor", None, "towards every other animal", _OF_BODY, gives="statement"),
    _signal(
        "enter",
        "actor",
        None,
        "a part comes into a region, after gaps of 0.2 s are closed",
        _REGION,
        _part("part"),
        gives="events",
    ),
    _signal("exit", "actor", None, "a part leaves a region", _REGION, _part("part"), gives="events"),
    _signal(
        "during",
        "as its argument",
        None,
        "events that lie wholly in an event of the others",
        _OF_BODY,
        Parameter("others", "body", required=True),
        gives="events",
    ),
    _signal(
        "overlapping",
        "as its argument",
        None,
        "events that share time with an event of the others",
        _OF_BODY,
        Parameter("others", "body", required=True),
        Parameter("min", "time"),
        gives="events",
    ),
    _signal(
        "starts_in",
        "as its argument",
        None,
        "events that begin while the animal is in a region",
        _OF_BODY,
        _REGION,
        gives="events",
    ),
    _signal(
        "ends_in",
        "as its argument",
        None,
        "events that end while the animal is in a region",
        _OF_BODY,
        _REGION,
        gives="events",
    ),
    _signal("first", "as its argument", None, "the first event", _OF_BODY, gives="events"),
    _signal("last", "as its argument", None, "the last event", _OF_BODY, gives="events"),
    _signal(
        "nth",
        "as its argument",
        None,
        "the event of that number, from 1",
        _OF_BODY,
        Parameter("number", "number", required=True),
        gives="events",
    ),
    _signal("longest", "as its argument", None, "the longest event", _OF_BODY, gives="events"),
    _signal(
        "pad",
        "as its argument",
        None,
        "events made longer at both ends",
        _OF_BODY,
        Parameter("before", "time", Quantity(0, "s")),
        Parameter("after", "time", Quantity(0, "s")),
        gives="events",
    ),
    _signal(
        "in_time",
        "recording",
        None,
        "a stretch of the recording",
        Parameter("start", "time", required=True),
        Parameter("end", "time", required=True),
        gives="events",
    ),
    _signal(
        "union",
        "as its argument",
        None,
        "time that either covers",
        _OF_BODY,
        Parameter("others", "body", required=True),
        gives="events",
    ),
    _signal(
        "intersect",
        "as its argument",
        None,
        "time that both cover",
        _OF_BODY,
        Parameter("others", "body", required=True),
        gives="events",
    ),
    _signal(
        "minus",
        "as its argument",
        None,
        "time of the first that the others do not cover",
        _OF_BODY,
        Parameter("others", "body", required=True),
        gives="events",
    ),
    _signal(
        "amid",
        "as its argument",
        None,
        "events that begin while the others hold; only that time counts as looked at",
        _OF_BODY,
        Parameter("others", "body", required=True),
        gives="events",
    ),
    _signal(
        "after",
        "as its argument",
        None,
        "the time from the end of an event on",
        _OF_BODY,
        Parameter("within", "time", Quantity(2, "s")),
        gives="events",
    ),
    _signal(
        "gap",
        "as its argument",
        None,
        "from the end of an event to the beginning of the others' that takes its place: how long an answer takes, "
        "below zero where it begins before the end",
        _OF_BODY,
        Parameter("others", "body", required=True),
        gives="events",
    ),
    _signal("others", "as its argument", None, "events of everybody else", _OF_BODY, gives="events"),
    _signal(
        "filter",
        "as its argument",
        None,
        "events whose strengths meet a condition",
        _OF_BODY,
        Parameter("where", "body", required=True),
        gives="events",
    ),
    _signal(
        "net_change",
        "as its argument",
        None,
        "of an event: the signal's last value less its first",
        _OF_SIGNAL,
        gives="strength",
    ),
    _signal("at_start", "as its argument", None, "of an event: the signal's first value", _OF_SIGNAL, gives="strength"),
    _signal("at_end", "as its argument", None, "of an event: the signal's last value", _OF_SIGNAL, gives="strength"),
    _signal("mean_of", "as its argument", None, "of an event: the signal's mean", _OF_SIGNAL, gives="strength"),
    _signal(
        "max_of", "as its argument", None, "of an event: the signal's greatest value", _OF_SIGNAL, gives="strength"
    ),
    _signal("min_of", "as its argument", None, "of an event: the signal's least value", _OF_SIGNAL, gives="strength"),
    _signal("duration", "recording", "time", "of an event: how long it lasts", gives="strength"),
)

#: All signals, then all operators, by name.
VOCABULARY: dict[str, Operator] = {entry.name: entry for entry in (*_SIGNALS, *_OPERATORS)}

#: Names of quantities and statements that poses or tables give directly.
SIGNALS: tuple[str, ...] = tuple(entry.name for entry in _SIGNALS)

#: Words for several parts at once.
GROUPS = ("centre", "all", "trunk")


def operator(name: str) -> Operator:
    """The entry of that name.

    Raises
    ------
    UnknownName
        There is none; the nearest are named.
    """
    if name not in VOCABULARY:
        raise UnknownName.of("signal or operator", name, VOCABULARY)
    return VOCABULARY[name]
