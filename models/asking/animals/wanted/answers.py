"""Which answer a question asks for: when, how often, how long, who whom."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import Ambiguous
from bitflow.models.asking.item import Item

#: Of several answers that a question's words could ask for, the first of these.
_STRONGEST = (
    *("gait", "trajectory", "occupancy", "matrix", "transitions", "latency", "longest", "rate", "mean_duration"),
    *("fraction", "count", "total_time", "first", "last", "list"),
)

#: How long until, how long does it take, how long before it first does.
_UNTIL = re.compile(
    r"\b(until|till|before)\b|\b(?<!i )(?<!we )(?<!you )(?<!'d )(takes?|took|needs?|needed) (?!to know)"
    r"|\bfirst\b(?! (minute|hour|half|\d|[a-z]+ (seconds|minutes)))",
    re.I,
)
#: Time in ROI0, total; when it is not told apart by other words.
_SUMMED = re.compile(
    r"\b(total|altogether|overall|cumulative|summed|sum|in all)\b"
    r"|^\W*(the )?time (spent |spend )?(not in|out of|outside|away from|in|on|at|inside|near)\b",
    re.I,
)
_FIRST_TIME = re.compile(r"\bwhen\b.*\bfirst\b(?! (minute|hour|half|\d))", re.I)
_ONE = r"(?:who|which (?:of the )?(?:mouse|animal|rat|one|mice|animals)|which)"
_WHO_WHOM = re.compile(
    rf"\b{_ONE}\b.*\b(?:whom|who|which (?:other )?(?:mouse|animal|rat|one)|which|each other|another|the others?)\b.*"
    r"\b(?:how|most|matrix|table|counts?|number|total|times)\b"
    r"|\b(?:how|most|matrix|table|counts?|number|total|often)\b.*\bwho\b.*\b(?:whom|who)\b"
    r"|\bwho\b.*\bwhom\b|\bwhom\b.*\bby (?:who|which)|\bwhich (?:mouse|animal|rat"
    r"|one)\b.*\bwhich(?: other)?(?: mouse| animal| one)?\b"
    r"|\b(?:each|every|all) (?:possible )?pairs?\b|\bpairwise\b|\b(?:per|by) (?:ordered |directed )?(?:pair|dyad)\b"
    r"|\b(?:each|every) (?:mouse|animal|rat|one|of (?:them|the (?:mice|animals|rats)))\b.*\b(?:each|every|all"
    r"|one) (?:of )?(?:the )?(?:an)?others?\b"
    r"|\b(?:as|in|give|show|make|draw) (?:me )?(?:a|the)? ?(?:\w+ )?(?:matrix|(?:pair|who to whom) table)\b",
    re.I,
)
_DRAWN = re.compile(r"\b(?:map|heat ?map|plot|draw\w*|density|histogram|where|show)\b", re.I)
_COUNTED = re.compile(
    r"\b(?:how (?:often|many|long|much)|counts?|numbers?|total|time|matrix|table|tabulat\w+|rates?|frequency|most|often"
    r"|times|mean|"
    r"average|fraction|share|percentage|duration)\b",
    re.I,
)
_TIME_OF = re.compile(
    r"(?<!first )(?<!last )(?<!what )(?<!which )(?<!same )(?<!each )(?<!every )(?<!at )(?<!of )(?<!any )(?<!over )\b"
    r"(?:time|seconds|duration)\b (?:that )?(?:(?:the )?[\w]+(?: \d+)? )?(?:is |was |has |had )?(?:spent|spends"
    r"|spend|stayed|was|were)\b"
    r"|\b(?:sum|total) of (?:all |the |its )*(?:stays|visits|bouts|times|episodes|durations|seconds|periods)\b"
    r"|\b(?:add|adding|added|sum|summing|summed) (?:up )?(?:all |the |its |together )*(?:seconds|time|times"
    r"|stays|bouts|durations)\b"
    r"|^\W*(?:the )?(?:\w+(?:'s)? ){0,2}(?!lag|reaction|first|last|same)(?:\w+ing|dwell|residence|occupancy"
    r"|stay|contact|huddle|freeze|chase"
    r"|center|centre|corner|arm|roi ?\d+|rest|sleep) (?:time|duration)\b(?! (?:course|point|line|stamp|series"
    r"|of the (?:first|last|final)))",
    re.I,
)
_LONGEST = re.compile(
    r"\b(?:max|maximum|maximal|longest|greatest)\b(?: [\w]+){0,3}? (?:duration|length|bout|stay|visit|time"
    r"|episode|stretch)\b"
    r"|\b(?:duration|length)\b.*\b(?:max|maximum|at most)\b",
    re.I,
)

#: Answers of which one is asked for at a time, and those whose words another one's may hold.
_SEVERAL = frozenset(("count", "rate", "total_time", "fraction", "mean_duration", "longest", "latency", "transitions"))
_MEANT_BY = {
    "rate": frozenset(("rate", "count")),
    "latency": frozenset(("latency", "total_time")),
    "longest": frozenset(("longest", "total_time")),
    "mean_duration": frozenset(("mean_duration", "total_time")),
    "fraction": frozenset(("fraction", "total_time")),
}

#: Words that belong to an answer wherever they stand.
SAID_BY = {
    "matrix": (
        *(
            "matrix",
            "table",
            "pairwise",
            "each",
            "every",
            "other",
            "others",
            "whom",
            "who",
            "towards",
            "toward",
            "which",
        ),
        *("per ordered pair", "ordered", "directed", "ordered pair", "for every ordered pair", "for each ordered pair"),
        *("pair", "pairs", "ordered pair", "ordered pairs", "average", "duration", "typical", "all"),
        *("each other", "another", "the others", "counts", "times", "time", "total", "per minute", "mean", "average"),
        "most",
        "often",
        "frequently",
        "how",
        "pair",
        "pairs",
    ),
    "total_time": ("cumulative", "summed", "accumulated", "combined", "aggregate", "aggregated", "sum", "overall"),
    "latency": ("until", "till"),
    "mean_duration": ("on average", "average", "mean", "avg", "typical"),
    "longest": ("at most", "at the most", "maximum", "max", "maximal", "greatest"),
    "rate": ("minute", "minutes", "hour", "min", "second", "per"),
}


def wanted_answer(answers: list[str], items: list[Item], sentence: str) -> str:
    """The answer that the words ask for; ``list`` where they name none."""
    said = set(answers)
    if any(item.is_("region") and not item.is_("part") for item in items) and not _DRAWN.search(sentence):
        said.discard("occupancy")  # occupancy of ROI0: time in it
    if any(item.is_("pairs") for item in items) and any(item.is_("compare", "adjective") for item in items):
        said.discard("matrix")  # closer than 40 px, who to whom
    if (
        _WHO_WHOM.search(sentence)
        and not any(item.is_("pairs") for item in items if "list" in said)
        and _COUNTED.search(sentence)
    ):
        return "matrix"
    if "total_time" in said and ("latency" in said or _UNTIL.search(sentence)):
        return "latency"
    if (
        said <= {"list", "first"}
        and _SUMMED.search(sentence)
        and re.search(r"\b(time|duration|seconds)\b", sentence, re.I)
    ):
        return "total_time"
    if said & {"first", "list"} and _FIRST_TIME.search(sentence) and any(item.is_("enter", "exit") for item in items):
        return "latency"
    if re.search(r"\btime (it|he|she|they|that it) (takes?|took|needs?|needed)\b", sentence, re.I):
        return "latency"
    if "total_time" in said and re.search(r"\b(on average|average|mean)\b", sentence, re.I):
        return "mean_duration"
    if said <= {"list"} and re.search(r"\b(average|mean|avg|typical)\b(?! of)[\w ]*\b(duration|length)\b", sentence):
        return "mean_duration"
    if re.search(r"\b(times|often) (a|each|every) (minute|hour|min)\b", sentence, re.I) and said & {"count", "rate"}:
        return "rate"
    if "count" in said and re.search(r"\b(per|each|every|a|an) (minute|hour|min)\b", sentence, re.I):
        return "rate"
    if "rate" in said and re.search(r"\bin total\b", sentence, re.I):
        return "count"
    if said & {"total_time", "longest"} and re.search(r"\b(at most|at the most|maximally)\s*[?.]?$", sentence, re.I):
        return "longest"
    if (
        said <= {"list", "longest", "total_time"}
        and _LONGEST.search(sentence)
        and not any(i.is_("signal") for i in items)
    ):
        return "longest"
    if said <= {"list"} and _TIME_OF.search(sentence) and not re.match(r"\s*(?:when|list)\b", sentence, re.I):
        return "total_time"
    answer = next((each for each in _STRONGEST if each in said), "list")
    sized = any(item.is_("signal", "column") for item in items)
    unread = re.match(r"\s*how (?:much|many|often)\b", sentence, re.I)
    if not sized:
        unread = unread or re.match(r"\s*how (?!do|does|did|is|are|was|were|about)\w+\b", sentence, re.I)
    if answer == "list" and unread is not None:
        raise Ambiguous(
            f"{unread[0].strip()!r} of what was not understood",
            ["how many times", "how long in total", "what fraction"],
        )
    unsaid = said & _SEVERAL - _MEANT_BY.get(answer, frozenset((answer,)))
    if answer in _SEVERAL and unsaid:
        asked = [answer, *sorted(unsaid)]
        raise Ambiguous(
            f"several answers were asked for at once: {', '.join(asked)}",
            [f"ask for the {each} alone" for each in asked],
        )
    return answer


#: How many times, and for how long in total.
_TIMES_AND_LONG = re.compile(
    r"\b(?:how (?:many times|often)|(?:the )?number)(?: of \w+)?,? (?:and|as well as|plus),? (?:also )?(?:for )?"
    r"(?:how (?:long|much time)|(?:the )?total (?:time|duration)(?: of)?)\b(?: in total| in all| altogether)?",
    re.I,
)


def without_second(sentence: str) -> tuple[str, bool]:
    """A question for a number and a time as one for the number, and whether it was one."""
    return _TIMES_AND_LONG.sub("how many times", sentence), _TIMES_AND_LONG.search(sentence) is not None


def also_asked(answer: str, sentence: str) -> tuple[str, list[str]]:
    """``when …, and how often``: two answers about one thing; what is asked first, and what else."""
    both = re.search(
        r"\b(?:when|list|show|give)\b.*(\band\b|,|\bas well as\b)"
        r".*\b(how (many|often|long|much)|number|total|count|rate)\b",
        sentence,
        re.I,
    )
    if not both or answer not in ("count", "total_time", "rate", "fraction", "mean_duration"):
        return answer, []
    if answer == "rate" and not re.search(
        r"\b(?:per|an?|each|every) (?:min\w*|hour|second)\b|\brate\b", sentence, re.I
    ):
        answer = "count"  # when do they occur, and how often
    return "list", [answer]


def is_intent(item: Item, answer: str) -> bool:
    """Whether an item only says what is asked; words that may mean more are left to the clause."""
    if not item.is_("intent"):
        return False
    others = set(item.means) - {"intent", "stop", "statistic"}
    weak = {"first", "last"} & {item["intent"]}
    return (
        not others or (item["intent"] == answer and not weak) or (not others - {"compare"} and item["intent"] != "list")
    )


def cells_asked(sentence: str) -> str:
    """What stands in each cell of a matrix."""
    if re.search(r"\b(?:mean|average|avg|typical)\b[\w ]*\b(?:duration|length|long|bout|time)\b", sentence, re.I):
        return "mean_duration"
    if re.search(r"\b(how long|time spent|total (?:\w+ )?time|duration|most time|time)(?! ?s)\b", sentence, re.I):
        return "total_time"
    if re.search(r"\bper (?:minute|min|hour)\b|\brates?\b|\bfrequenc", sentence, re.I):
        return "rate"
    if re.search(r"\b(?:fraction|share|percent\w*|proportion)\b", sentence, re.I):
        return "fraction"
    return "count"
