"""Words between statements: and, or, not, then; of place, of time, of whom."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

#: By kind and value.
LINKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("and", ""): phrases(
        "and, =&, but, while, whilst, as well as, plus, at the same time as, and at the same time, "
        "simultaneously, meanwhile, and also, and then also, whereas, when also, with, and with"
    ),
    ("or", ""): phrases("or, either, and or, =|"),
    ("not", ""): phrases("not, no, never, without, isn't, aren't, doesn't, don't, wasn't, didn't, nor, n't"),
    ("then", ""): phrases(
        "and (then|afterwards|subsequently|thereafter|later|next), then, followed by, follow by, be followed by, "
        "lead to, subsequently, before"
    ),
    ("after", ""): phrases("after, follow, following, once, as soon as, since"),
    ("soon after", ""): phrases(
        "right after, immediately after, directly after, just after, shortly after, straight after"
    ),
    ("during", ""): phrases("during, in the course of, throughout"),
    ("within", ""): phrases("within, inside of, in less than"),
    ("in", ""): phrases(
        "occupancy, (be|present) (in|inside|within), "
        "(sit|stay|stand|lie|locate|remain) (in|inside|within|on|at|over) (top of|), in, inside, within the, "
        "inside of, at, on, on top of, over, in the, on the, located in, stay in, sit in, visit, occupy, "
        "overlap with, overlap, be in, spend in, into, present in, reside in, enclosed by, above"
    ),
    ("out", ""): phrases("outside, outside of, out of, not in, not inside, off, beyond, away from"),
    ("enter", ""): phrases(
        "(first|) (entry|entrance|entering) (into|to|in|of|), "
        "(go|step|come|get|cross|head) (into|in|inside), (move|walk|run) into, enter, go into, move into, step into, "
        "walk into, come into, (set|first set) foot (in|into|inside|on), make its way into, entry into, entry, "
        "get into, entrance, run into, cross into, first enter, reach, "
        "go in, entrance into, entrance to, arrive in, arrive at, entry to"
    ),
    ("exit", ""): phrases(
        "(go|step|get|come) (out of|out from|outside), (move|walk|run) (out of|out from), "
        "(exit|leaving|departure) (from|of|), exit, "
        "leave, go out of, step out of, move out of, get out of, walk out of, come out of, departure from, "
        "exit from"
    ),
    ("to", ""): phrases("to"),
    ("by", ""): phrases("by"),
    ("versus", ""): phrases(
        "vs, versus, compared to, compared with, against, in comparison to, as opposed to, rather than in, "
        "in contrast to, relative to that in"
    ),
    ("between", ""): phrases("between, from, range of, ranging from, in the range, in between"),
    ("each other", ""): phrases(
        "(amongst|among) (mice|animals|them|rats), each other, one another, another mouse, another animal, "
        "the other mouse, the other animal, other mouse, "
        "other animal, the others, another, others, the other, any other mouse, some other mouse, "
        "any other animal"
    ),
    ("any", ""): phrases(
        "any, any of the mice, any of the animals, someone, "
        "one of the mice, one of the animals, at least one mouse, at least one animal, either mouse, "
        "at least one of the mice, at least one of the animals, at least one, anybody, anyone, any rat"
    ),
    ("pairs", "directed"): phrases(
        "(for|of|by|per|in|between|) (every|each|all|) (ordered|directed|directional) (pair|mouse pair|animal pair) "
        "(of mice|of animals|), who (to|after) whom"
    ),
    ("each", ""): phrases(
        "each animal, each mouse, every animal, every mouse, per animal, per mouse, of each animal, "
        "for each animal, for each mouse, for every animal, individually, separately, every one of the animals, "
        "by animal, by mouse"
    ),
    ("all", ""): phrases(
        "all mice, all animals, all the mice, all the animals, all of the mice, all of the animals, all of them, "
        "everybody, everyone, every one of them, the whole group, both mice, both animals, both of them, "
        "both of the mice"
    ),
    ("mice", ""): phrases(
        "two mice, two animals, three mice, three animals, four mice, four animals, mice, animals, =three, individuals"
    ),
    ("stop", ""): phrases(
        "(run|race|dash|travel) (at|with) (a|) (speed|pace|velocity|) (of|), "
        "(all|) at once, all of the following, (the|) following (condition|criterion), "
        "(meet|fulfil|fulfill|satisfy) (all|) (the|these|this|) (condition|criterion|requirement|), "
        "(all|) (in|at) one go, at a stretch, at a time, without interruption, uninterrupted, without a break, "
        "(in|) either (way|direction), (in|) any direction, regardless of direction, (for|of) the (horse|dog"
        "|cow|animal), "
        "stretch of (time|), stretches of (time|), stretch (when|where|during which|in which), all together, "
        "in total, all in all, at all, at any time, at any point, at all times, in this data, for me, "
        "in the data, over the recording, in the recording, in the video, in the clip, over the whole recording, "
        "during the recording, during the video, throughout the video, throughout the recording, over time, "
        "of time, the amount of"
    ),
    ("percent", ""): phrases("fastest, slowest"),
    ("smooth", ""): phrases(
        "(smooth|smoothing|smoothed) (over|by|with|using|on|of|) (window|filter|) (of|) (size|length|) (of|), "
        "smoothed, smooth, smooth window size, smooth window, smoothing window, smooth over, smoothed over, "
        "smooth by, smoothing of, window size, smooth with a window of, smoothed with a window of, "
        "smoothing window of, smooth window size of, moving average of, smooth_window_size, smoothing"
    ),
    ("closing", ""): phrases(
        "positive closing speed, positive relative speed, closing speed positive, moving closer, get closer, "
        "getting closer, come closer, closing in, close in, draw closer, be closing in, move closer, "
        "near each other"
    ),
    ("for", ""): phrases(
        "for, last, lasting, =lasting, =lasts, duration, minimum duration, long, of duration, last for, "
        "lasting for, in duration, time of, continuously for, stay that way for, for a period of, of length"
    ),
    ("window", ""): phrases("first half, second half"),
    ("first", ""): phrases("first, initial, =opening"),
    ("ordinal", ""): phrases("third, fourth, fifth, sixth, seventh, eighth, ninth, tenth"),
    ("last", ""): phrases("last, final, =ending"),
    ("end", ""): phrases("the end, the end of the recording, end of the video, the end of the video, end"),
    ("start", ""): phrases(
        "the start, the beginning, the start of the recording, start of the video, the beginning of the video"
    ),
    ("colour", "time"): phrases(
        "(with|using|) (color|colour) (show|indicate|represent|encode|give|for|code|stand for|mean) (time|frame), "
        "(color|colour) (path|it|points|) (coded|) (by|with|=|according to|to|as|for|encode|show|) (time|frame), "
        "(color|colour) code (by|) time, (shade|shaded) by time, time as (color|colour), "
        "time (color|colour) (coded|)"
    ),
    ("colour", "speed"): phrases(
        "(with|using|) (color|colour) (show|indicate|represent|encode|give|for|code|stand for|mean) (speed|velocity), "
        "(color|colour) (path|it|points|) (coded|) (by|with|=|according to|to|as|) (speed|velocity)"
    ),
    ("later", ""): phrases("afterward, afterwards, thereafter, later, after that, after this, later on"),
    ("reverse", ""): phrases(
        "(with|) head (face|point|look|) (in|to|) opposite (direction|way|), "
        "(face|point|look|orient|) (in|to|towards|with|) opposite (direction|way|orientation|side|), "
        "(face|look|point) away from (each other|one another), "
        "(face|look|point) (in|) (other|different) (way|direction), (head|nose) to tail, "
        "(in|) (reverse|opposite|opposing) (direction|orientation|order|sense), in reverse, "
        "orient (oppositely|in opposite way), in (reverse|opposing direction), with head in opposite direction, "
        "(face|point) (in|) opposing (direction|way), opposing (direction|way)"
    ),
    ("group", ""): phrases("together, in a group"),
}
