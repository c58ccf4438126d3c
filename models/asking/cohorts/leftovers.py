"""The rule that keeps wrong answers away: no word may go unheard."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.study import Measured, Study
from bitflow.models.asking.cohorts.slots import Slots

#: Of every verb the words for others that it may stand beside.
_BESIDE: dict[str, tuple[str, ...]] = {
    "average": ("average",),
    "distribution": ("distribution", "average"),
    "course": ("compare", "average", "change"),
    "compare": ("compare", "average"),
    "change": ("change", "compare", "average"),
    "correlate": ("correlate", "average", "compare"),
    "rank": ("rank", "average", "change"),
    "agree": ("agree", "average"),
    "scan": ("scan", "separate", "compare", "rank", "change"),
    "which": ("average", "separate"),
    "how_many": (),
    "missing": ("missing", "average"),
}
_SHOWN = ("show", "find", "display", "shows", "showing", "shown", "displayed", "spot", "detect", "finding")
#: Kinds of words that the slots of a verb take up.
_TAKEN: dict[str, tuple[str, ...]] = {
    "compare": ("direction", "who"),
    "change": ("direction", "move", "better", "who"),
    "correlate": ("direction", "move", "who"),
    "rank": ("who",),
    "scan": ("every",),
    "which": ("who",),
    "how_many": ("counted", "who"),
    "agree": ("session",),
    "missing": ("who",),
}
_WEAK = (
    "between",
    "across",
    "over",
    "among",
    "both",
    "either",
    "at each",
    "on each",
    "x",
    "respectively",
    "for both",
    "in both",
)


_QUALITIES = (Measured("audio_snr_db"), Measured("face_coverage_fraction"))


def refuse_leftovers(slots: Slots, study: Study) -> None:
    """Refuse where a number, a direction, a denial or any other word says something that the study does not.

    Raises
    ------
    Ambiguous
        With the words.
    """
    verb = study.verb
    taken = ("mark", *_TAKEN.get(verb, ()))
    filtered = bool(study.where or slots.window is not None)
    left: list[str] = []
    for n, item in enumerate(slots.items):
        if n in slots.used or item.kind in taken:
            continue
        if item.kind == "level":
            continue
        if item.kind == "verb" and _fits_beside(slots, n, verb):
            continue
        if item.kind == "keep" and (filtered or item.text.lower() == "just"):
            continue
        if item.kind == "every" and study.values and item.text.lower() in ("measure", "variable", "parameter", "score"):
            continue
        if item.kind == "years" and any(slots.is_kind(each, "covariate") for each in (n - 1, n - 2)):
            continue
        if item.kind == "by" and (_introduces(slots, n) or item.text.lower() in _WEAK):
            continue
        if item.kind == "move" and verb == "compare" and _is_state(slots, n):
            continue
        if item.kind == "than" and _is_fulfilled(slots, n, verb):
            continue
        if item.kind == "superlative" and _says_which(slots, n, verb):
            continue
        if item.kind == "audio gloss" and any(each.value == Measured("audio_snr_db") for each in study.where):
            continue
        if item.kind == "quality" and verb == "correlate" and slots.is_kind(n + 1, "concept", "measure", "covariate"):
            continue
        if (
            item.kind == "quality"
            and any(each.value in _QUALITIES for each in study.where)
            and (
                slots.is_kind(n + 1, "audio gloss")
                or (
                    slots.is_kind(n + 1, "concept")
                    and slots.items[n + 1].value in (("audio quality"), ("face coverage"))
                )
            )
        ):
            continue
        if item.kind == "tested" and verb in ("compare", "correlate", "change", "scan"):
            continue
        if item.kind == "but" and slots.is_kind(n + 1, "keep", "exclude", "verb", "mark", "bound"):
            continue
        if item.kind == "or" and slots.is_kind(n - 1, "direction") and slots.is_kind(n + 1, "direction"):
            continue
        if item.kind == "or" and _between_levels(slots, n):
            continue
        left.append(item.text)
    if left:
        raise Ambiguous(
            f"what these words say of it was not understood: {', '.join(map(repr, left))}",
            ["say it with fewer words, or ask about one thing at a time"],
        )
    _refuse_comparisons(slots, study)


def _is_fulfilled(slots: Slots, n: int, verb: str) -> bool:
    """``than`` follows what is more or less, and leads to whom."""
    directions = [place for place, item in enumerate(slots.items) if item.kind in ("direction", "move") and place < n]
    if verb == "correlate":
        return slots.is_kind(n + 1, "direction")
    return verb in ("compare", "change") and bool(directions)


def _is_state(slots: Slots, n: int) -> bool:
    """``Is it increased in patients?`` is of now, ``did it increase`` of then and now."""
    participle = slots.items[n].text.lower() in ("increased", "decreased", "reduced", "diminished")
    return participle and re.search(r"\b(?:did|does|do|has|have|had|who|whose|which)\b", slots.text) is None


def _says_which(slots: Slots, n: int, verb: str) -> bool:
    """The group that smiles most; measures that differ most, and not least."""
    sign, dimension = slots.items[n].value
    if slots.is_kind(n + 1, "level", "grain", "who"):
        return False  # most patients
    if verb == "scan":
        return sign > 0 and dimension in ("", "good")
    asked = bool(slots.all("who")) or re.search(r"\b(?:which|what)\b", slots.text) is not None
    return verb == "compare" and asked and not slots.all("direction") and "compare" not in slots.verbs


def _fits_beside(slots: Slots, n: int, verb: str) -> bool:
    item = slots.items[n]
    if item.value == "which":
        return verb not in ("average", "distribution", "course") or item.text.lower() in _SHOWN
    if item.value == "compare" and verb == "rank":
        return bool(slots.all("session")) and bool(slots.all("move", "better"))
    if item.value == "average" and slots.is_kind(n - 1, "than"):
        return False
    if item.value == "change" and verb in ("rank", "scan"):
        return bool(slots.all("session")) or any(slots.terms.session == each.value[0] for each in slots.all("level"))
    return item.value == verb or item.value in _BESIDE[verb]


#: What ``by`` may be said of.
_INTRODUCED = (
    *("group", "session", "covariate", "level", "grain", "every", "concept", "measure"),
    *("order", "move", "better"),
)


def _introduces(slots: Slots, n: int) -> bool:
    """``by`` is said of what follows."""
    following = n + 1
    while slots.is_kind(following, "by", "number", "ordinal", "reducer", "speed", "superlative", "direction") or (
        slots.is_kind(following, "verb") and slots.items[following].value == "average"
    ):
        following += 1
    changing = slots.is_kind(following, "verb") and slots.items[following].value == "change"
    return changing or slots.is_kind(following, *_INTRODUCED)


def _between_levels(slots: Slots, n: int) -> bool:
    """``patients or controls``: of one covariate."""
    before = next((item for item in reversed(slots.items[:n]) if item.kind == "level"), None)
    after = next((item for item in slots.items[n + 1 : n + 3] if item.kind == "level"), None)
    return before is not None and after is not None and before.value[0] == after.value[0]


def _refuse_comparisons(slots: Slots, study: Study) -> None:
    """Directions point the same way for all that is compared, and somebody is compared."""
    verb = study.verb
    if verb in ("compare", "change") and any(
        slots.is_kind(n + 1, "verb") and slots.items[n + 1].value == "average"
        for n in range(len(slots.items))
        if slots.is_kind(n, "than")
    ):
        raise Ambiguous("than the average of whom?", ["do patients smile less than controls"])
    each = [
        n
        for n, item in enumerate(slots.items)
        if item.kind == "by" and item.text.lower() in ("each", "every", "for each", "for every", "per")
    ]
    if (
        verb in ("average", "correlate", "agree")
        and any(slots.is_kind(n + 1, "grain") and slots.items[n + 1].value == "participant" for n in each)
        and (verb != "average" or "average" not in slots.verbs)
    ):
        raise Ambiguous("of each participant by itself?", ["rank … lists them all"])
    means = [n for n, item in enumerate(slots.items) if item.kind == "verb" and item.value == "average"]
    extremes = [n for n, item in enumerate(slots.items) if item.kind == "superlative"]
    if verb == "rank" and means and extremes and means[0] < extremes[0] and study.top is not None:
        raise Ambiguous("the mean of the first, or who they are?", ["rank measure(blink_rate_per_min) top 5"])
    if slots.all("outlier") and "participant" in slots.levels():
        raise Ambiguous("an outlier among whom?", ["which measure(…) where measure(…) outlier 3.5"])
    directions = [n for n, item in enumerate(slots.items) if item.kind == "direction"]
    either = any(slots.is_kind(n + 1, "or") for n in directions)
    if verb == "compare" and len({slots.items[n].value[0] for n in directions}) > 1 and not either:
        raise Ambiguous("both more and less?", ["ask about one thing at a time"])
    alone = len(directions) == 1 and not slots.is_kind(directions[0] + 1, "concept", "measure", "covariate")
    if (
        verb == "correlate"
        and "correlate" in slots.verbs
        and (alone or (len(directions) == 1 and slots.all("level", "group")))
    ):
        raise Ambiguous("a correlation that is stronger than another?", ["correlate … where covariate(group) in [a]"])
    if verb == "average" and "average" not in slots.verbs and len(slots.levels().get("participant", ())) > 1:
        raise Ambiguous("of each of them by itself?", ["rank … lists them all"])
    if verb == "compare" and any(item.text.lower() == "who" for item in slots.all("who")) and not slots.contrasted():
        raise Ambiguous("than whom?", ["who smiles more, patients or controls"])
