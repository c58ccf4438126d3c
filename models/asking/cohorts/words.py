"""Words of questions about participants, groups and sessions."""

from __future__ import annotations

from bitflow.events.language.study import Grain, Verb
from bitflow.events.language.tree import Comparison
from bitflow.models.asking.reading import stem

VERBS: dict[Verb, tuple[str, ...]] = {
    "correlate": (
        *("correlate", "correlation", "correlates", "associated", "association", "relate", "related", "relationship"),
        *(
            "go with",
            "goes with",
            "going with",
            "depend",
            "covary",
            "linked",
            "connection",
            "relation",
            "go together",
            "go along with",
            "goes along with",
            "increase with",
            "rise with",
            "track with",
        ),
    ),
    "agree": (
        "stable",
        "stability",
        "consistent",
        "consistency",
        "reliable",
        "reliability",
        "repeatable",
        "icc",
        "repeatability",
        "test retest",
        "reproducible",
        "agree",
        "agreement",
    ),
    "change": ("change", "changed", "changes", "evolve", "develop", "development"),
    "rank": (
        "rank",
        "ranking",
        "most",
        "highest",
        "top",
        "lowest",
        "least",
        "improve",
        "improved",
        "best",
        "largest change",
        "strongest",
        "fewest",
        "greatest",
        "biggest",
        "largest",
        "decline",
        "declined",
        "gained",
        "improvement",
        "progress",
        "increased",
        "decreased",
        "smallest",
        "worst",
        "sort",
        "order",
        "youngest",
        "oldest",
        "worsened",
        "increase",
        "decrease",
    ),
    "compare": (
        "compare",
        "comparison",
        "difference",
        "differ",
        "different",
        "differs",
        "contrast",
        "differences",
        "than",
        "versus",
        "vs",
        "compared",
        "against",
    ),
    "distribution": ("distribution", "distribute", "quantiles", "histogram"),
    "missing": ("missing", "lack", "without value", "not measured", "undefined", "lacking", "no value"),
    "how_many": ("how many", "number of", "count"),
    "which": ("which", "list", "show", "find", "what recordings", "name", "identify"),
    "average": ("average", "mean", "on average", "typical"),
}
LOWEST = frozenset(
    map(
        stem,
        (
            "lowest",
            "least",
            "fewest",
            "decline",
            "declined",
            "decreased",
            "smallest",
            "decrease",
            "worsened",
            "worst",
            "sort",
            "order",
            "youngest",
        ),
    )
)
OUTLIERS = ("outlier", "outliers", "outlying", "unusual", "extreme", "abnormal", "anomalous", "anomaly", "deviate")
GRAINS: dict[Grain, tuple[str, ...]] = {
    "recording": ("recording", "recordings", "video", "videos", "file", "files"),
    "participant": (
        "participant",
        "participants",
        "people",
        "person",
        "persons",
        "subject",
        "subjects",
        "individuals",
        "everyone",
        "individual",
        "everybody",
        "who",
        "whose",
    ),
}
SESSIONS = (
    "session",
    "sessions",
    "visit",
    "visits",
    "appointment",
    "appointments",
    "time point",
    "timepoint",
    "timepoints",
)
GROUPS = ("group", "groups", "cohort", "cohorts", "condition", "arm")
EVERY = ("measures", "measure", "variables", "variable", "features", "feature", "anything", "things")
BY = (
    "by",
    "per",
    "for each",
    "in each",
    "across",
    "split by",
    "grouped by",
    "of each",
    "within each",
    "for every",
    "between",
    "broken down by",
    "separately for",
    "over",
    "among",
    "in every",
    "each",
    "every",
)
COMPARISONS: dict[Comparison, tuple[str, ...]] = {
    "<": (
        "below",
        "less than",
        "under",
        "smaller than",
        "lower than",
        "fewer than",
        "<",
        "worse than",
        "beneath",
        "shorter than",
        "younger than",
    ),
    ">": (
        "above",
        "more than",
        "over",
        "greater than",
        "higher than",
        "larger than",
        "exceed",
        "exceeds",
        "exceeding",
        ">",
        "better than",
        "longer than",
        "older than",
    ),
    ">=": ("at least", ">=", "or more", "no less than"),
    "<=": ("at most", "<=", "no more than"),
}
DIRECTIONS = (
    "less",
    "more",
    "fewer",
    "higher",
    "lower",
    "faster",
    "slower",
    "longer",
    "shorter",
    "larger",
    "smaller",
    "greater",
    "often",
    "much",
    "bigger",
    "stronger",
    "weaker",
)
NOT = (
    "not",
    "except",
    "excluding",
    "exclude",
    "other than",
    "without",
    "ignore",
    "leave out",
    "leaving out",
    "drop",
    "omit",
)
_STOPPED = """
    a an the of in on at to for from with is are was were be been being do does did has have had there their his
    her its they he she it them we i you me us my our and or that this these those what how much tell give
    please can could would show me any all some will when while during as their own where per time times so also
    over both same store study dataset table list data look see get calculate compute report want know
    like just only really exactly then if by up s hello hi thanks thank question answer one ones themselves each
    every
"""
STOP = frozenset(_STOPPED.split())
PLACE = {
    word: n
    for n, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1
    )
}
CONTROLS = frozenset(("control", "controls", "hc", "healthy", "ctrl", "con", "nc", "ctl", "healthy control"))
PATIENTS = ("patient", "patients", "case", "cases", "clinical")
SEX = {
    "female": ("female", "females", "woman", "women", "girls", "f", "w"),
    "male": ("male", "males", "man", "men", "boys", "m"),
}
