"""Words and phrases of questions, by what they mean to the event language.

Phrases are written in their base form; inflected words match by their stem. A phrase that begins with ``=`` matches to
the letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Words that carry no meaning of their own here.
STOP = frozenset(
    "a an the this that these those there is are was were be been being am do does did done has have had having it its "
    "it's they them their i me my we us our you your please can could would will should may might of to at on as so also just "
    "then than by with for from which who whom whose what where when whenever how why tell show give find list get see me "
    "want know like need let about all if any some video recording clip session movie data dataset file animal animals "
    "mouse mice rat rats subject subjects individual individuals person people participant participants event events "
    "episode episodes bout bouts instance instances occurrence occurrences moment moments period periods interval intervals "
    "segment segments stretch stretches time times timestamp timestamps frame happen occur take place ever during whole "
    "entire over value values current currently only really actually exactly both one's s define defined definition call "
    "called named mean means set criteria condition conditions use using based following consider considered threshold "
    "where's respectively each other another others one ones and or but not detect identify return report print "
    "plot draw make display create visualise visualize image picture graph region area zone roi body part point keypoint "
    "go come up out off into onto itself themselves between same together self every behave behaviour behavior "
    "total overall altogether stay stays remain remains spend spends often go goes position positions location locations available tracked limb "
    "known exist leg along across compare comparison whether overall happening occurring onset times please also respective per "
    "arm arms compartment compartments chamber chambers platform quadrant field box side cage enclosure "
    "behaving he she him her his hers someone somebody anybody anyone any".split()
)

#: What the answer is: phrases by the answer's name.
INTENTS: dict[str, tuple[str, ...]] = {
    "count": (
        "how many time", "how many bout", "how many event", "how many", "number of time", "number of bout", "number of",
        "count", "total number of", "how often in total", "bout count", "event count",
    ),
    "rate": (
        "how often per minute", "how many time per minute", "how often", "rate of", "rate per minute", "frequency of",
        "frequency", "how frequently", "per minute", "per min",
    ),
    "total_time": (
        "how much time", "how long in total", "total time", "total duration", "time spend", "time spent", "cumulative time",
        "cumulative duration", "overall time", "how many second", "how many minute", "how long do", "how long does",
        "how long did", "how long is", "how long was", "how long are", "how long", "dwell time", "total amount of time",
        "amount of time", "duration spent", "summed duration", "overall duration",
    ),
    "fraction": (
        "what fraction of time", "what fraction of the time", "what percentage of time", "what percentage of the time",
        "what percent of the time", "what share of the time", "what proportion of the time", "what part of the time",
        "what fraction", "what percentage", "what percent", "what proportion", "what share", "fraction of time",
        "percentage of time", "percent of time", "proportion of time", "fraction of the time", "percentage of the time",
        "proportion of the time", "share of the time", "share of time", "how much of the time",
    ),
    "mean_duration": (
        "average duration", "mean duration", "average length", "mean length", "average bout length", "mean bout length",
        "average bout duration", "mean bout duration", "how long on average", "typical duration", "how long do bout last",
        "typical bout length",
    ),
    "latency": (
        "latency to first", "latency until", "latency to", "latency of", "latency", "how long until", "how long till",
        "how long before", "how long do it take until", "how long do it take before", "how long do it take to",
        "how long do it take", "time until", "time to first", "time before", "how long does it take", "delay until",
        "delay before", "how soon", "when for the first time", "how quickly", "how much time until", "how much time pass before",
        "how much time before", "how long did it take",
    ),
    "longest": (
        "longest time", "longest bout", "longest event", "longest episode", "longest stretch", "longest period", "longest",
        "maximum duration", "max duration", "longest continuous", "longest uninterrupted",
    ),
    "first": ("first time", "first bout", "first event", "first occurrence", "earliest"),
    "last": ("last time", "last bout", "last event", "last occurrence", "latest", "final bout", "most recent"),
    "matrix": (
        "who whom", "who to whom", "whom most", "who whom most", "whom", "which mouse which", "matrix", "who most", "which animal most",
        "which mouse most", "pairwise count", "between which pair", "which pair", "each pair",
    ),
    "transitions": ("transition between", "transition matrix", "transition", "what follow what"),
    "list": (
        "when", "list", "at what time", "what time", "which time", "which frame", "give me event", "find event", "all event",
        "show me when", "give me all", "at which time", "during which", "what moment", "mark", "give me", "show me", "find",
        "detect", "do", "does", "did", "is", "are", "was", "were", "has", "have", "show", "return", "identify", "report", "plot",
        "which moment", "point out", "where",
    ),
    "trajectory": (
        "trajectory", "path plot", "track plot", "plot the path", "draw the path", "plot the track", "movement path",
        "trace of movement", "draw the track", "show the path", "show the track",
        "movement trace", "locomotion path", "plot path", "plot the route",
    ),
    "occupancy": (
        "occupancy plot", "occupancy map", "occupancy", "heat map", "heatmap", "density map", "spatial density",
        "where the animal spend its time", "where do the animal spend its time", "where it spend its time", "place map",
        "position histogram",
    ),
    "gait": ("gait analysis", "gait", "joint angle over time", "joint angle", "limb kinematics", "stride analysis"),
}  # fmt: skip

DESCRIBE: dict[str, tuple[str, ...]] = {
    "keypoints": (
        "keypoint", "key point", "bodypart", "body part", "landmark", "tracked point", "marker", "tracked body part",
        "point were tracked",
    ),
    "animals": ("animal name", "name of the animal", "which animal be there", "how many animal", "how many mouse", "how many mice be there"),
    "regions": ("region of interest", "roi be there", "which region", "what region", "which roi", "what roi", "available region"),
    "behaviours": ("behaviour be known", "which behaviour", "what behaviour", "which behavior", "what behavior", "available behaviour"),
    "signals": ("which signal", "what signal", "available signal"),
}  # fmt: skip

#: Behaviours of animals: phrases by the definition's name.
BEHAVIOURS: dict[str, tuple[str, ...]] = {
    "chase": ("chase", "pursue", "pursuit", "run after", "go after", "hunt", "chase after", "chaser"),
    "flee": ("flee", "escape", "run away", "fleeing", ),
    "follow": ("follow", "trail behind", "walk behind", "go behind", "track closely", "shadow"),
    "approach": (
        "approach", "come near", "come close to", "come closer to", "go up to", "walk up to", "move toward", "walk toward",
        "run toward", "go toward", "head toward", "move closer to", "get closer to", "draw near", "move towards", "walk towards",
        "go towards", "run towards", "head towards", "move up to",
    ),
    "withdraw": (
        "withdraw", "retreat", "move away", "walk away", "back away", "back off", "go away", "pull away", "withdrawal",
        "distance itself",
    ),
    "watch": ("watch", "look at", "attend to", "stare at", "observe", "gaze at", "keep an eye on", "look toward", "look towards", "pay attention to", "eye"),
    "nose_to_nose": (
        "nose to nose", "nose nose", "snout to snout", "nose to nose contact", "nose to nose sniff", "face to face", "oral oral contact",
        "sniff nose", "sniff the nose of", "touch nose", "nose touch nose", "noses touch", "head to head contact", "sniff face", "nose contact",
    ),
    "nose_to_tail": (
        "nose to tail", "sniff rear end", "sniff the rear end of", "sniff the rear of", "sniff rear", "sniff the bottom of", "sniff bottom",
        "sniff the butt of", "sniff butt", "sniff tail base", "sniff the tail base of", "sniff tail", "sniff the tail of", "anogenital sniff",
        "anogenital", "anogenital contact", "anogenital investigation", "oral genital contact", "sniff behind", "sniff backside", "sniff the backside of",
        "sniff genitals", "nose to rear", "nose to tail base", "nose at the tail base of", "sniff base of the tail", "sniff at the rear end of",
        "sniff hindquarters", "sniff back end", "sniff the back end of", "sniff anus", "sniff anogenital region", "sniff the anogenital region of",
    ),
    "nose_to_body": ("nose to body", "sniff body", "sniff the body of", "sniff", "nose body contact"),
    "side_by_side": ("side by side", "alongside each other", "next to each other in parallel", "flank to flank", "lie parallel", "shoulder to shoulder"),
    "side_by_side_reverse": (
        "side by side but face opposite direction", "side by side face opposite direction", "side by side in opposite direction",
        "side by side reverse", "side by side head to tail", "anti parallel", "antiparallel", "head to tail side by side",
        "side by side and face opposite way", "side by side face opposite way", "side by side but in opposite direction",
        "side by side but point in opposite direction", "side by side but opposite", "side by side face away from each other",
        "side by side with opposite orientation", "side by side but with opposite orientation", "reverse side by side",
        "next to each other but face opposite direction", "next to each other face opposite direction", "flank to flank face opposite direction",
        "side by side but head to tail", "side by side and head to tail", "side by side but nose to tail", "side by side opposite", "side by side and in opposite direction", "next to each other head to tail",
        "side by side but face opposite way", "side by side point in opposite direction", "side by side in reverse", "parallel but face opposite direction",
        "alongside each other but face opposite direction", "beside each other face opposite direction", "beside each other but face opposite direction",
        "side by side but face the opposite direction", "side by side with head in opposite direction", "side by side and face opposite direction",
    ),
    "contact": ("contact", "touch", "in contact", "make contact", "physical contact", "body contact", "in physical contact", "in body contact"),
    "huddle": ("huddle", "cuddle", "huddle together", "clump together", "sleep in a pile", "lie in a heap", "bunch up"),
    "freezing": ("freeze", "freezing", "freezing behaviour", "motionless", "immobile", "completely still", "immobility", "frozen", "totally still", "perfectly still", "stock still"),
    "still": ("still", "stationary", "not move", "stand still", "sit still", "hold still", "stay still", "stop moving", "stay put", "remain still", "motion free", "inactive", "do not move", "don't move", "doesn't move", "isn't move", "aren't move"),
    "moving": ("move", "walk", "locomotion", "active", "locomote", "in motion", "travel", "move around", "move about", "wander", "run around", "walk around"),
    "resting": ("rest", "resting"),
    "sleeping": ("sleep", "asleep", "sleeping", "nap"),
    "rearing": ("=rearing", "=rears", "rear up", "stand up", "stand on hind leg", "stand on its hind leg", "stand upright", "rear", "upright"),
    "grooming": ("groom", "self groom", "grooming", "clean itself", "wash itself", "groom itself"),
    "climbing": ("climb", "climb wall", "climb the wall"),
    "sniff_wall": ("sniff wall", "sniff the wall"),
    "thigmotaxis": ("thigmotaxis", "hug the wall", "wall hug", "along the wall", "near the wall", "close to the wall", "at the wall", "stay near the wall"),
    "turn_left": ("turn left", "turn to the left", "turn anticlockwise", "turn counterclockwise", "left turn", "turn counter clockwise", "rotate left"),
    "turn_right": ("turn right", "turn to the right", "turn clockwise", "right turn", "rotate right"),
}  # fmt: skip

#: Behaviours of people that are said in other words than their name.
OF_PEOPLE: dict[str, tuple[str, ...]] = {
    "speech": ("speak", "talk", "say something"),
    "smile": ("smile", "grin"),
    "look_away": ("look away", "avert gaze", "gaze aversion", "look elsewhere"),
    "mouth_open": ("open mouth", "mouth open", "mouth is open"),
    "eye_closure": ("close eye", "eye closed", "eyes closed", "shut eye"),
    "overlap": ("talk at once", "speak at once", "talk over each other", "speak at the same time", "overlap"),
    "interruption": ("interrupt", "cut in", "break in"),
    "brow_raise": ("raise brow", "raise eyebrow", "raise the eyebrow", "lift the brow", "eyebrow raise"),
    "brow_lower": ("frown", "lower brow", "knit brow", "furrow the brow", "furrow"),
    "shake": ("shake head", "shake the head", "shake its head", "head shake", "shake his head", "shake her head"),
    "nod": ("nod", "head nod"),
}

#: Behaviours that are of one animal and another.
OF_PAIRS = frozenset(
    "chase flee follow approach withdraw watch nose_to_nose nose_to_tail nose_to_body side_by_side side_by_side_reverse "
    "contact huddle".split()
)

#: Behaviours that are the same seen from either side.
SYMMETRIC = frozenset("contact huddle nose_to_nose side_by_side side_by_side_reverse".split())

#: Words for what only annotated or predicted labels say.
LABELLED = {
    "attack": ("attack", "fight", "bite", "aggression", "aggressive"),
    "mount": ("mount", "mating", "mate", "copulate"),
    "investigate": ("investigate", "investigation"),
}


@dataclass(frozen=True)
class SignalWord:
    """A signal in words: its name in the language, and whether its size without sign is meant."""

    name: str
    absolute: bool = False
    parts: bool = False


SIGNALS: dict[SignalWord, tuple[str, ...]] = {
    SignalWord("closest"): (
        "closest distance", "closest", "minimum distance", "min distance", "smallest distance", "nearest distance", "minimal distance", "gap",
        "shortest distance", "distance between closest point", "closest point distance", "least distance", "closest body distance",
    ),
    SignalWord("dist", parts=True): (
        "distance", "centre distance", "center distance", "centre to centre distance", "center to center distance", "separation", "relative distance",
        "inter animal distance", "distance to each other", "distance from each other", "distance to the other", "distance from the other", "spacing",
    ),
    SignalWord("closing_speed"): ("closing speed", "relative speed", "approach speed", "speed of approach", "closing velocity", "relative velocity", "speed towards", "speed toward"),
    SignalWord("head_angle", absolute=True): (
        "head angle", "relative head angle", "head direction", "angle of the head", "head orientation to", "relative head direction", "angle to the other",
        "head bearing", "head angle to", "angle between head and", "heading angle to",
    ),
    SignalWord("body_angle", absolute=True): ("body angle", "relative body angle", "angle of the body"),
    SignalWord("rel_orient"): ("relative orientation", "relative body orientation", "angle between body", "angle between the body", "angle between their body"),
    SignalWord("ang_speed", absolute=True): ("angular speed", "angular velocity", "turning speed", "turning rate", "rotation speed", "turn rate", "rate of turning", "turn", "turning", "rotational speed"),
    SignalWord("accel"): ("acceleration",),
    SignalWord("elongation"): ("elongation", "body elongation", "stretch ratio"),
    SignalWord("area"): ("body area", "hull area"),
    SignalWord("height", parts=True): ("height",),
    SignalWord("straightness"): ("how straight be the path", "straightness", "straight", "how straight", "straightness of the path", "walk straight", "walking straight", "move straight", "go straight"),
    SignalWord("path_length"): ("path length", "distance travelled", "distance traveled", "travelled distance", "traveled distance", "total distance", "how far", "distance covered", "distance moved", "total path"),
    SignalWord("conf", parts=True): ("confidence", "likelihood", "tracking confidence"),
    SignalWord("speed", parts=True): ("how fast", "how quick", "speed", "velocity", "pace", "travel speed", "movement speed", "running speed", "walking speed", "moving speed", "locomotor speed"),
}  # fmt: skip

#: Comparisons in words.
COMPARISONS: dict[str, tuple[str, ...]] = {
    "<=": ("at most", "no more than", "not more than", "up to", "maximum of", "maximum", "no longer than", "no greater than", "or less", "or shorter", "not exceed", "=<=", "not over", "not above", "no farther than", "no further than", "no faster than", "max"),
    ">=": ("at least", "no less than", "not less than", "minimum of", "minimum", "no shorter than", "or more", "or longer", "=>=", "not below", "not under", "a minimum of", "no fewer than", "or greater", "min"),
    "<": ("less than", "below", "under", "small than", "smaller than", "lower than", "short than", "shorter than", "fewer than", "=<", "underneath", "beneath", "drop below", "fall below", "not reach"),
    ">": ("more than", "over", "above", "great than", "greater than", "high than", "higher than", "large than", "larger than", "exceed", "beyond", "=>", "long than", "longer than", "upwards of", "in excess of", "surpass", "bigger than"),
}  # fmt: skip

#: Adjectives that compare a signal by themselves.
ADJECTIVES: dict[tuple[str, str], tuple[str, ...]] = {
    ("speed", ">"): ("fast than", "faster than", "quick than", "quicker than", "move faster than", "travel faster than", "run faster than", "go faster than", "walk faster than", "quickly than"),
    ("speed", "<"): ("slow than", "slower than", "move slower than", "travel slower than", "go slower than"),
    ("speed", ">="): ("at least as fast as",),
    ("dist", "<"): ("close than", "closer than", "near than", "nearer than", "less apart than", "closer to each other than", "closer together than"),
    ("dist", ">"): ("far than", "farther than", "further than", "far apart than", "farther apart than", "further apart than", "more apart than", "further away than", "farther away than", "farther from each other than", "further from each other than"),
}  # fmt: skip

STATISTICS: dict[str, tuple[str, ...]] = {
    "mean": ("average", "mean", "on average", "avg", "typical"),
    "median": ("median",),
    "max": ("maximum", "max", "highest", "peak", "top", "greatest", "fastest speed"),
    "min": ("minimum", "min", "lowest", "smallest", "least"),
    "sd": ("standard deviation", "sd", "variability of", "spread of"),
}

#: Words between statements, of place, of time, of who.
LINKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("and", ""): ("and", "=&", "but", "while", "whilst", "as well as", "plus", "at the same time as", "and at the same time", "simultaneously", "meanwhile", "and also", "and then also", "whereas", "when also", "with", "and with"),
    ("or", ""): ("or", "either", "and or", "=|"),
    ("not", ""): ("not", "no", "never", "without", "isn't", "aren't", "doesn't", "don't", "wasn't", "didn't", "nor", "n't"),
    ("then", ""): ("and then", "then", "followed by", "follow by", "be followed by", "lead to", "subsequently", "before"),
    ("after", ""): ("after", "follow", "following", "once", "as soon as", "since"),
    ("soon after", ""): ("right after", "immediately after", "directly after", "just after", "shortly after", "straight after"),
    ("during", ""): ("during", "in the course of", "throughout"),
    ("within", ""): ("within", "inside of", "in less than"),
    ("in", ""): ("in", "inside", "within the", "inside of", "at", "on", "on top of", "over", "in the", "on the", "located in", "stay in", "sit in", "visit", "occupy", "overlap with", "overlap", "be in", "spend in", "into", "present in", "reside in", "enclosed by", "above"),
    ("out", ""): ("outside", "outside of", "out of", "not in", "not inside", "off", "beyond", "away from"),
    ("enter", ""): ("enter", "go into", "move into", "step into", "walk into", "come into", "entry into", "entry", "get into", "entrance", "run into", "cross into", "first enter", "reach", "go in", "entrance into", "entrance to", "arrive in", "arrive at", "entry to"),
    ("exit", ""): ("exit", "leave", "go out of", "step out of", "move out of", "get out of", "walk out of", "come out of", "departure from", "exit from"),
    ("to", ""): ("to",),
    ("by", ""): ("by",),
    ("versus", ""): ("vs", "versus", "compared to", "compared with", "against", "in comparison to", "as opposed to", "rather than in", "in contrast to", "relative to that in"),
    ("between", ""): ("between", "from", "range of", "ranging from", "in the range", "in between"),
    ("each other", ""): ("each other", "one another", "another mouse", "another animal", "the other mouse", "the other animal", "other mouse", "other animal", "the others", "another", "others", "the other", "any other mouse", "some other mouse", "any other animal"),
    ("any", ""): ("any", "any of the mice", "any of the animals", "someone", "one of the mice", "one of the animals", "at least one mouse", "at least one animal", "either mouse", "at least one of the mice", "at least one of the animals", "at least one", "anybody", "anyone", "any rat"),
    ("each", ""): ("each", "every", "each animal", "each mouse", "every animal", "every mouse", "per animal", "per mouse", "of each animal", "for each animal", "for each mouse", "for every animal", "individually", "separately", "every one of the animals", "by animal", "by mouse"),
    ("all", ""): ("all mice", "all animals", "all the mice", "all the animals", "all of the mice", "all of the animals", "all of them", "everybody", "everyone", "every one of them", "the whole group", "both mice", "both animals", "both of them", "both of the mice"),
    ("mice", ""): ("two mice", "two animals", "three mice", "three animals", "four mice", "four animals", "mice", "animals", "of them", "=three", "individuals", "of the mice", "of the animals"),
    ("stop", ""): ("all together", "in total", "all in all", "at all", "at any time", "at any point", "at all times", "in this data", "for me", "in the data", "over the recording", "in the recording", "in the video", "in the clip", "over the whole recording", "during the recording", "during the video", "throughout the video", "throughout the recording", "over time", "of time", "the amount of"),
    ("percent", ""): ("fastest", "slowest"),
    ("smooth", ""): ("smooth window size", "smooth window", "smoothing window", "smooth over", "smoothed over", "smooth by", "smoothing of", "window size", "smooth with a window of", "smoothed with a window of", "smoothing window of", "smooth window size of", "moving average of", "smooth_window_size", "smoothing"),
    ("closing", ""): ("get closer", "getting closer", "come closer", "closing in", "close in", "draw closer", "be closing in", "move closer", "near each other"),
    ("for", ""): ("for", "last", "lasting", "=lasting", "=lasts", "duration", "minimum duration", "long", "of duration", "last for", "lasting for", "in duration", "time of", "continuously for", "stay that way for", "for a period of", "of length"),
    ("window", ""): ("first half", "second half"),
    ("first", ""): ("first", "initial", "opening"),
    ("last", ""): ("last", "final", "closing", "ending"),
    ("end", ""): ("the end", "the end of the recording", "end of the video", "the end of the video", "end"),
    ("start", ""): ("the start", "the beginning", "the start of the recording", "start of the video", "the beginning of the video"),
    ("colour", "time"): ("color by time", "colour by time", "color it by time", "colour it by time", "coloured by time", "colored by time", "color coded by time", "time as color", "time as colour", "color code time", "color the path by time", "shade by time", "color=time"),
    ("colour", "speed"): ("color by speed", "colour by speed", "color it by speed", "colour it by speed", "coloured by speed", "colored by speed", "color coded by speed"),
    ("group", ""): ("together", "in a group"),
}  # fmt: skip

#: What the language cannot say, by the reason.
IMPOSSIBLE: dict[str, tuple[str, ...]] = {
    "mental": (
        "happy", "happiness", "sad", "sadness", "anxious", "anxiety", "afraid", "fear", "fearful", "scared", "stress", "stressed", "depressed",
        "depression", "pain", "painful", "suffer", "bored", "boredom", "angry", "anger", "enjoy", "like it", "love", "hate", "want", "intend",
        "intention", "feel", "feeling", "think", "believe", "mood", "emotion", "emotional", "curious", "curiosity", "hungry", "hunger", "thirsty",
        "tired", "excited", "content", "comfortable", "lonely", "jealous", "friendly", "friend", "motivated", "motivation", "nervous", "calm", "confused",
        "remember", "dream", "lie to", "lying to", "deceive", "worried", "worry", "upset", "joy", "joyful", "miserable", "attracted", "attraction", "prefer",
        "frightened", "terrified", "relaxed", "frustrated", "satisfied", "cheerful", "unhappy", "glad", "pleased", "distress", "distressed", "in a good mood",
        "feelings", "thoughts", "thinking", "conscious", "aware", "desire", "trust",
    ),
    "cause": ("why", "because of what", "what cause", "reason for", "reason why", "how come", "cause of", "due to what", "what make", "responsible for", "explain why"),
    "prediction": ("predict", "forecast", "will happen next", "going to happen", "what will", "future", "likely to"),
    "embedding": (
        "cebra", "embedding", "umap", "tsne", "t sne", "pca", "latent space", "latent", "cluster", "clustering", "dimensionality reduction", "manifold",
        "neural network", "autoencoder", "hidden markov", "unsupervised", "principal component", "3d embedding", "low dimensional",
    ),
    "diagnosis": ("diagnose", "diagnosis", "disease", "sick", "ill", "illness", "healthy", "autism", "autistic", "disorder", "symptom", "injured", "injury", "pregnant", "drunk", "drugged"),
    "identity": ("male or female", "sex of", "gender", "genotype", "strain", "how old", "age of", "mutant", "wild type", "wildtype", "what species", "dominant", "dominance", "alpha male", "pedigree", "breed"),
    "statistics": ("p value", "significant", "significance", "correlate", "correlation", "regression", "anova", "t test"),
}  # fmt: skip

REASONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mental": (
        "a mental state cannot be seen in poses or tables",
        ("what can be measured: freezing, moving, thigmotaxis, approach, withdraw", "for example: total_time freezing"),
    ),
    "cause": (
        "a cause cannot be read from what was seen; only what happened, when, and what came before",
        ("for example: list approach then withdraw within 2s",),
    ),
    "prediction": ("what has not happened is not in the recording", ("for example: rate(min) chase",)),
    "embedding": (
        "embeddings and clusters are no programs of the event language",
        ("`bitflow segment STORE` finds segments without labels; segment(label) then uses them",),
    ),
    "diagnosis": ("a diagnosis is no measurement", ("what can be measured: speed, freezing, straightness",)),
    "identity": ("what an animal is cannot be told from where it moves", ("`describe animals` names them",)),
    "statistics": (
        "tests and correlations between recordings are not part of a program about one recording",
        ("for example: value speed mean",),
    ),
    "labels": (
        "this behaviour is not safe to tell by a rule; it needs labels",
        (
            "`bitflow predict MODEL STORE` or annotations give labels; segment(label, table=…) then uses them",
            "chase, contact and nose_to_body are defined",
        ),
    ),
}


def entries() -> list[tuple[str, str, Any]]:
    """All phrases that do not depend on a store: phrase, kind, value."""
    found: list[tuple[str, str, Any]] = []
    for kind, table in (
        ("intent", INTENTS),
        ("describe", DESCRIBE),
        ("signal", SIGNALS),
        ("compare", COMPARISONS),
        ("adjective", ADJECTIVES),
        ("statistic", STATISTICS),
        ("impossible", IMPOSSIBLE),
    ):
        found += [(phrase, kind, value) for value, phrases in table.items() for phrase in phrases]
    found += [(phrase, kind, value) for (kind, value), phrases in LINKS.items() for phrase in phrases]
    return found
