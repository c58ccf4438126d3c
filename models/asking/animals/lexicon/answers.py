"""What the answer is to be: when, how often, how long, who whom; and what can be described."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

#: What the answer is: phrases by the answer's name.
INTENTS: dict[str, tuple[str, ...]] = {
    "count": phrases(
        "(total|overall|) (number|count|tally) of (bout|event|episode|occurrence|occasion|instance|time|), "
        "how many (occurrence|instance|occasion|episode), (bout|event|episode) (number|total), how many time, "
        "how many bout, how many event, how many, number of time, number of bout, number of, count, "
        "total number of, how often in total, bout count, event count"
    ),
    "rate": phrases(
        "(how often|how frequently|how many time|time) (per|each|every|a) (minute|min|hour), "
        "(frequency|rate|number of time) per (minute|min|hour), how often per minute, how many time per minute, "
        "how frequent, (at what|what|which) (rate|frequency), how often, rate of, rate per minute, "
        "frequency of, frequency, how frequently, per minute, per min, per hour, (number|count) per hour"
    ),
    "total_time": phrases(
        "(total|overall|cumulative|combined|summed) (time|duration|second|minute) (spend|spent|), "
        "(accumulated|aggregate|entire) (time|duration), (sum|total|amount) of (all|) (time|duration|second), "
        "(sum|add) (up|) (all|) (time|duration), how much time (be spent|spent|), "
        "for how (long|many second|many minute), how many (second|sec|minute|min|frame) (in total|in all|), "
        "(time|duration) in total, compute time, calculate time, measure time, quantify time, "
        "the time that mouse spend, how much time, sum up the time, sum up, add up the time, sum of the time, "
        "how long in total, total time, total duration, time spend, time spent, cumulative time, "
        "cumulative duration, overall time, how many second, how many minute, how long do, how long does, "
        "how long did, how long is, how long was, how long are, how long, dwell time, total amount of time, "
        "amount of time, duration spent, summed duration, overall duration"
    ),
    "fraction": phrases(
        "(fraction|percentage|percent|proportion|share|portion|ratio) of (time|recording|video|) (spent|spend|), "
        "(what|which) (fraction|percentage|percent|proportion|share|portion|ratio) (of|) (time|), "
        "what fraction of time, what fraction of the time, what percentage of time, what percentage of the time, "
        "what percent of the time, what share of the time, what proportion of the time, what part of the time, "
        "(what|which) part of (the|) (recording|video|session|clip|trial|time), "
        "what fraction, what percentage, what percent, what proportion, what share, fraction of time, "
        "percentage of time, percent of time, proportion of time, fraction of the time, percentage of the time, "
        "proportion of the time, share of the time, share of time, how much of the time"
    ),
    "mean_duration": phrases(
        "(average|mean|typical|avg|usual) (bout|event|episode|) (duration|length), how long on average, "
        "(average|mean|typical) time per (bout|event|visit), average duration, mean duration, average length, "
        "mean length, average bout length, mean bout length, average bout duration, mean bout duration, "
        "typical duration, how long do bout last, typical bout length"
    ),
    "latency": phrases(
        "(latency|delay|time|how long|how much time|how many second|how many minute) (until|till|before|prior to), "
        "how many (second|sec|minute|min|millisecond|ms|hour|frame) (pass|go by|elapse|be there|be it|do it take|) "
        "(before|until|till|to), how long (be it|be there|will it be) (before|until|till), (time|second|minute"
        "|how much time) (elapse|elapsing|pass|passing|go by|that pass|that elapse) "
        "(until|till|before|prior to), (latency|delay|time) (to|until) (first|), after how (long|many second"
        "|much time|many minute), "
        "how (soon|early|late), latency to first, after how much time, after how long, after what time, "
        "latency until, latency to, latency of, latency, how long until, how long till, how long before, "
        "how long do it take until, how long do it take before, how long do it take to, how long do it take, "
        "time until, time to first, time before, how long does it take, delay until, delay before, how soon, "
        "when for the first time, how quickly, how much time until, how much time pass before, "
        "how much time before, how long did it take"
    ),
    "longest": phrases(
        "(longest|maximum|maximal|max|greatest) (time|bout|duration|stretch|period|episode|length), "
        "(longest|maximum) (event|interval|run|spell|streak|continuous|uninterrupted), longest time, "
        "longest bout, longest event, longest episode, longest stretch, longest period, longest, "
        "maximum duration, max duration, longest continuous, longest uninterrupted"
    ),
    "first": phrases("first time, first bout, first event, first occurrence, earliest"),
    "last": phrases("last time, last bout, last event, last occurrence, latest, final bout, most recent"),
    "matrix": phrases(
        "who whom, who to whom, whom most, who whom most, whom, which mouse which, matrix, who most, "
        "which animal most, which mouse most, pairwise count, between which pair, which pair, each pair"
    ),
    "transitions": phrases(
        "(transition|switch|change|alternate|go back and forth) (count|number|matrix|probability|frequency"
        "|) (between|among|from), "
        "(number|count) of (transition|switch|change) (between|among|from|), transition between, "
        "transition matrix, transition, what follow what"
    ),
    "list": phrases(
        "tell (me|us) when, (in|at|during) (which|what) (interval|time|moment|period|frame|timestamp), "
        "(which|what) (interval|period|timestamp|bout|episode), provide, extract, locate, fetch, enumerate, "
        "highlight, pull up, search for, spot, look for, output, print, when, list, at what time, what time, "
        "which time, which frame, give me event, find event, all event, show me when, give me all, "
        "at which time, during which, what moment, give me, show me, find, detect, do, does, did, is, are, was, "
        "were, has, have, show, return, identify, report, plot, which moment, point out, where"
    ),
    "trajectory": phrases(
        "(path|track|route|trace|trail|movement) (plot|map|drawing), "
        "(plot|draw|show|display|map|trace) (path|track|route|trail|movement|trace) (of|), "
        "(plot|draw|show|display) where (mouse|animal|it) (go|move|travel|walk|run|been), "
        "(path|route|track|trace) (of|taken by|travelled by|), trace, trajectory, path plot, track plot, "
        "plot the path, "
        "draw the path, plot the track, movement path, trace of movement, draw the track, show the path, "
        "show the track, movement trace, (walking|running|movement|motion) (path|track|trace|trail|route), "
        "locomotion path, plot path, plot the route"
    ),
    "occupancy": phrases(
        "occupancy (of|), occupancy (heatmap|heat map|histogram|density), "
        "(position|location|spatial) (heatmap|heat map|density|map|histogram), "
        "where (mouse|animal|it) (spend|spent) (most of|) time, where be (mouse|animal|it) most of time, "
        "where (do|) (mouse|animal|it) spend (most of|) time, heat map (of|), where do mouse spend time, "
        "where do animal spend time, where do it spend time, where do mouse spend most of time, "
        "where do animal spend most of time, where be mouse most of time, occupancy plot, occupancy map, "
        "occupancy, heat map, heatmap, density map, spatial density, where the animal spend its time, "
        "where do the animal spend its time, where it spend its time, place map, position histogram"
    ),
    "gait": phrases(
        "(stride|gait|limb|leg) (analysis|plot|kinematics|cycle), joint angle (of|over time|), gait analysis, "
        "gait, joint angle over time, joint angle, limb kinematics, stride analysis"
    ),
}

#: What can be described.
DESCRIBE: dict[str, tuple[str, ...]] = {
    "keypoints": phrases(
        "keypoint, key point, bodypart, body part, landmark, tracked point, marker, tracked body part, "
        "point were tracked"
    ),
    "animals": phrases(
        "animal name, name of the animal, which animal be there, how many animal, how many mouse, "
        "how many mice be there"
    ),
    "regions": phrases(
        "region of interest, roi be there, which region, what region, which roi, what roi, available region"
    ),
    "behaviours": phrases(
        "behaviour be known, which behaviour, what behaviour, which behavior, what behavior, available behaviour"
    ),
    "signals": phrases("which signal, what signal, available signal"),
}
