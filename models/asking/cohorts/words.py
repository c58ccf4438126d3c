"""Words of questions about participants, groups and sessions, by what they mean in one.

A word family stands here with all its forms that `stem` does not make alike. What a question asks is decided by the
kinds, in `verbs`; a word of any of these kinds that nothing of the program stands for refuses the question.
"""

from __future__ import annotations

#: What is asked.
VERBS: dict[str, str] = {
    "correlate": (
        "correlate, correlation, function, (positively|negatively|inversely) "
        "(correlated|associated|related|linked),  "
        "go (up|down) with, climb with, move with, higher with, lower with,  "
        "correlated with, correlation between, association, associate, associated "
        "with, relate, related to, "
        "relation, relationship, relation between, link, linked to, connect, connection, connected to, "
        "depend, depend on, dependence, covary, "
        "covariation, couple, coupling, coupled, tied to, hand in hand, go hand in hand, go with, going "
        "with, go along with, go "
        "together, track with, track, vary with, change with, scale with, increase with, rise with, grow "
        "with, decrease with, decline with, fall with, "
        "drop with, correspond, correspondence, spearman, spearman correlation, rank correlation, rho, "
        "correlation coefficient, interrelate, interrelated, "
        "move together, increase together"
    ),
    "agree": (
        "stable, stability, consistent, consistency, reliable, reliability, repeatable, repeatability, reproducible, "
        "reproducibility, icc, intraclass correlation, intraclass correlation coefficient, intra class "
        "correlation, intra class correlation coefficient, "
        "test retest, retest, test retest reliability, agree, agreement, steady, constant, stay the same, "
        "remain the same, remain stable, stay stable, stay constant, hold steady, hold stable, consistently, "
        "reliably, "
        "retest reliability, test retest correlation, temporal stability, from one "
        "(visit|session|appointment) to next, "
        "from one (visit|session) to another, from (visit|session) to (visit|session)"
    ),
    "change": (
        "change, evolve, evolution, develop, development, shift, delta, alter, progress over, trajectory, differ from"
    ),
    "distribution": (
        "distribution, spread out, spread (across|over), how spread,  distribute, quantile, quartile, "
        "percentile, histogram, box plot, boxplot, violin plot, break down, broken down, breakdown, split, "
        "tabulate"
    ),
    "missing": (
        "missing, lack, lacking, without value, not measured, undefined, no value, unavailable, not "
        "available, absent, could not be measured, not computed"
    ),
    "scan": "scan, screen, screening, go through, look through, run through",
    "separate": (
        "separate, distinguish, discriminate, set apart, tell apart, differentiate, stand out, far apart, "
        "further apart, furthest apart, farthest apart, apart, diverge, deviate from each other"
    ),
    "rank": "rank, ranking, sort, sort by, order by, order, order of, arrange, line up, leader board, leaderboard",
    "which": "which, list, show, find, name, identify, display, enumerate, spot, detect, flag",
    "average": (
        "average, mean, on average, typical, typically, in the mean, mean value, average value, average of, "
        "mean of, average value of, mean value of"
    ),
    "compare": (
        "compare, effect, t test, welch test, comparison, contrast, difference, differ, different, "
        "differential, differently, "
        "discrepancy, versus, vs, v, compared, "
        "compared with, compared to, against, relative to, in comparison, in comparison with, in comparison "
        "to, gap, as against, "
        "as opposed to, disparity, unlike, as much as, as often as, as many as, as high as, as long as, as "
        "fast as, equally, equal, similar, same, alike, identical, equally often, contrasted with, the same "
        "as, dissimilar, unequal"
    ),
}

#: Of what counts the first word, of which people or recordings, or of an event.
COUNTED = (
    "how many, number of, count, count of, tally, headcount, how large a number of, what number of, "
    "total number of, in how many, for how many"
)

#: Directions of two compared: sign and what it says it of.
DIRECTIONS: dict[tuple[int, str], str] = {
    (1, ""): "more, higher, greater, larger, bigger, stronger, elevated, raised",
    (-1, ""): "less, lower, fewer, smaller, weaker, diminished, lowered",
    (1, "rate"): (
        "more often, more common, more commonly, commoner, more frequently, more frequent, oftener, more "
        "regularly, often more, higher rate of, "
        "higher frequency of"
    ),
    (-1, "rate"): (
        "less often, less common, less commonly, less frequently, less frequent, more rarely, rarer, more "
        "seldom, less regularly, lower "
        "rate of, lower frequency of"
    ),
    (1, "speed"): "faster, quicker, more quickly, more rapidly, speedier, more fast, more swiftly, sooner",
    (-1, "speed"): "slower, more slowly, less quickly, less fast, less rapidly",
    (1, "length"): "longer",
    (-1, "length"): "shorter, briefer",
    (1, "age"): "older, elder",
    (-1, "age"): "younger",
    (1, "fraction"): (
        "more of the time, more of their time, (larger|higher|greater|bigger) "
        "(share|proportion|part|fraction|percentage) of (time|speech),  larger share of, larger share of "
        "time, greater share of, bigger share of, higher share of, higher proportion of, larger proportion "
        "of, greater proportion of, larger part of, larger fraction of, higher fraction of, higher "
        "percentage of, greater fraction of, larger percentage of, longer time"
    ),
    (-1, "fraction"): (
        "less time, less of the time, less of their time, (smaller|lower) "
        "(share|proportion|part|fraction|percentage) of (time|speech),  smaller share of, lower share of, "
        "lower proportion of, smaller proportion of, smaller part of, smaller fraction of, lower fraction "
        "of, lower percentage of, smaller percentage of, shorter time"
    ),
}

#: Extremes: sign and what it says it of.
SUPERLATIVES: dict[tuple[int, str], str] = {
    (1, ""): "most, highest, largest, greatest, biggest, strongest, top, maximum, maximal, max, steepest, uppermost",
    (-1, ""): "least, lowest, smallest, fewest, weakest, minimum, minimal, min, bottom",
    (1, "good"): "best",
    (-1, "good"): "worst",
    (1, "rate"): "most often, most frequently, most frequent, most regularly",
    (-1, "rate"): "least often, least frequently, least frequent, most rarely, rarest, most seldom",
    (1, "speed"): "fastest, quickest, most quickly, most rapidly, soonest",
    (-1, "speed"): "slowest, most slowly, least quickly",
    (1, "length"): "longest",
    (-1, "length"): "shortest, briefest",
    (1, "age"): "oldest, eldest",
    (-1, "age"): "youngest",
    (1, "fraction"): (
        "most of the time, largest share of, highest share of, highest proportion of, largest proportion of, "
        "longest time, greatest share of"
    ),
    (-1, "fraction"): "least time, smallest share of, lowest share of, lowest proportion of",
}

#: What moves from one session to another.
MOVES: dict[int, str] = {
    1: (
        "increase, boost, lengthen, get longer, become longer, get higher, become higher, get more frequent, "
        "positive change, upward change, positive change in, rise, rose, risen, gain, gainer, "
        "grow, grew, grown, growth, climb, climber, go up, jump, "
        "accelerate, speed up, sped up, speeded up, "
        "move up, surge, step up, gain in, increase in, rise in, growth in"
    ),
    -1: (
        "decrease, shorten, get shorter, become shorter, get lower, become lower, get less frequent, "
        "negative change, downward change, negative change in, decline, decliner, fall, fell, "
        "fallen, faller, go down, lose, loser, loss, reduce, "
        "reduction, shrink, shrank, shrunk, slow down, plunge, "
        "dropper, sink, sank, sunk, diminish, decelerate, slump, decrease in, decline in, drop in, loss in, "
        "reduction in, fall in, drop off, fell off, go back"
    ),
}
#: Better or worse: up or down where more is better.
BETTER: dict[int, str] = {
    1: (
        "improve, improvement, improver, progress, get better, advance, made progress, make progress, "
        "improvement in, improve on, progress in"
    ),
    -1: "worsen, worsening, deteriorate, deterioration, get worse, regress, became worse, become worse",
}
#: Left out, or moved down.
DROPPED = "drop"

#: Orders, up (1) or down (-1), and what of.
ORDERS: dict[tuple[int, str], str] = {
    (1, "good"): (
        "(worst|poorest) first, (worst|poorest) (one|ones|recording|recordings) first, worst to best, from worst"
    ),
    (-1, "good"): "best first, best (one|ones|recording|recordings) first, best to worst, from best",
    (1, ""): (
        "ascending, ascending order, in ascending order, increasing order, in increasing order, "
        "(low|lowest|small|smallest) to (high|highest|large|largest|big|biggest), "
        "(fewest|least) (|year|value|score) to most, (lowest|smallest|least|fewest) first, (lowest|smallest) "
        "one first, (lowest|smallest) (value|score) first, upwards, low first, small first, lowest (on|at) "
        "top, lowest values first, "
        "start with lowest, starting at lowest, starting from lowest, begin with lowest, (lowest|smallest) "
        "up, from bottom up"
    ),
    (-1, ""): (
        "descending, descending order, in descending order, decreasing order, in decreasing order, "
        "(high|highest|large|largest|big|biggest) to (low|lowest|small|smallest), "
        "most (|year|value|score) to (fewest|least), (highest|largest|greatest|biggest|most) first, "
        "(highest|largest) one first, (highest|largest) (value|score) first, downwards, high first, highest "
        "(on|at) top, highest values first, "
        "start with highest, starting at highest, starting from highest, begin with highest, "
        "(highest|largest) down, from top down"
    ),
    (1, "age"): (
        "from youngest up, youngest up, youngest upwards, (young|younger|youngest) to "
        "(old|older|oldest|eldest), youngest first, younger first, young first, "
        "start with youngest, starting from youngest, begin with youngest, youngest (on|at) top, "
        "youngest (participant|subject|person|one|people|ones) first, youngest at start, oldest last, oldest "
        "at end, eldest last, oldest (on|at) bottom"
    ),
    (-1, "age"): (
        "from oldest down, oldest down, oldest downwards, (old|older|oldest|eldest) to "
        "(young|younger|youngest), oldest first, older first, eldest first, old "
        "first, start with oldest, starting from oldest, begin with oldest, oldest (on|at) top, "
        "oldest (participant|subject|person|one|people|ones) first, oldest at start, youngest last, youngest "
        "at end, youngest (on|at) bottom"
    ),
}

OUTLIERS = (
    "outlier, robust z, robust z score, robust z value, outlying, unusual, unusually, extreme, "
    "extremely, abnormal, anomalous, anomaly, deviate, deviant, aberrant, atypical, "
    "extreme value, outlying value, stick out, out of the ordinary, far out, way off, outlier on, "
    "outlier in, outlier for, outlier in terms of, strange, odd"
)
GRAINS: dict[str, str] = {
    "recording": "recording, recordings, video, file, clip",
    "participant": (
        "participant, people, person, subject, individual, everyone, everybody, proband, respondent, "
        "volunteer, sample, cohort, anyone, anybody, somebody, someone, folk"
    ),
}
WHO = "who, whose, whom"
SESSIONS = "session, visit, appointment, time point, timepoint, wave, assessment, occasion"
GROUPS = "group, cohorts, condition, arm, study group, diagnostic group, study arm"
EVERY = (
    "measure, variable, feature, everything, anything, thing, parameter, metric, outcome, quantity, "
    "behavioural measure, behaviour, behavior, indicator, dimension, marker, "
    "all measure, any measure, every measure, all variable, all feature, every variable, every feature, "
    "all of measure"
)
