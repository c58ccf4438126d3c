"""A question in words about people as a program: split into its parts, each understood to its last word."""

from __future__ import annotations

import re
from dataclasses import replace

from bitflow.events.language.refusals import Ambiguous, Beyond, Malformed
from bitflow.events.language.tree import Program, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.beyond import refuse_beyond
from bitflow.models.asking.people.correcting import corrected
from bitflow.models.asking.people.faithful import refuse_unsaid
from bitflow.models.asking.people.injections import without_orders
from bitflow.models.asking.people.items import is_known, items_of
from bitflow.models.asking.people.meaning import queries_of
from bitflow.models.asking.people.names import ROLES, PeopleNames
from bitflow.models.asking.people.particular import interpretations
from bitflow.models.asking.people.times import per_time, times_in
from bitflow.models.asking.people.wording import worded
from bitflow.models.asking.understood import Understood, refuse_long
from bitflow.models.asking.windows import Window

_ASKS = (
    r"(?:when|how|what|who|whom|which|where|why|is|are|was|were|does|do|did"
    r"|list|count|show|find|give|summari[sz]e)"
)
_PARTS = re.compile(
    rf"(?<=[?!;])\s+|(?<=[a-zA-Z0-9)\"'])\.\s+|\n+|,?\s+(?:and|also|plus"
    rf"|, then)\s+(?:also\s+)?(?={_ASKS}\b)(?!when\b)",
    re.I,
)
_STARTS = re.compile(
    rf"^\W*(?:and |also |then |please |so |can you |could you |tell me |i want to know )*{_ASKS}\b", re.I
)


#: ``and what was it from then on``: the same thing at another time.
_OF_IT = re.compile(
    r"^\W*(?:and |then |also )*(?:what|how) (?:about (?!(?:his|her|the|their) \w+ing\b)|(?:is|was|were|are) (?:it|"
    r"they|that|this)\b)"
    r"(?=.*(?:\d|then|after|before|rest|later|onward))",
    re.I,
)

_HOW = r"when|where|how (?:often|many times|frequently)|(?:for )?how long(?: in total)?|at (?:what|which) times?"
#: ``when, and how many times, does she nod``: two answers about one thing.
_TWO_ANSWERS = re.compile(
    rf"^\W*(?P<first>{_HOW}),? (?:and|or) (?:also )?(?P<second>{_HOW}),? (?P<rest>(?:is|are|was|were|do|does|did|has|"
    rf"have)\b.*)$",
    re.I | re.S,
)

#: ``does she nod while smiling, when, and how many times``: the two answers told last.
_TWO_ANSWERS_LAST = re.compile(
    rf"^\W*(?:(?:at |are there |is there )?any times? (?:that |when )?)?(?P<rest>[^?;:]+?)\s*[?,;:]+ (?P<first>{_HOW})"
    rf"(?: (?:does|did|do) (?:it|this|that) (?:happen|occur))?,? (?:and|or) (?:also )?(?P<second>{_HOW})"
    rf"(?: (?:does|did|do) (?:it|this|that) (?:happen|occur))?\W*$",
    re.I,
)

#: What somebody says is no question of ours.
_UTTERED = re.compile(r"\b(sa(?:y|ys|id|ying)|words?|utter\w*|mention\w*) +[\"“][^\"”]{1,80}[\"”]", re.I)

_NOBODY = PeopleNames()


def people_in_words(question: str, names: PeopleNames, own: frozenset[str] = frozenset()) -> Understood:
    """The program that a question about people means.

    Parameters
    ----------
    own
        Words, lower case, that the study itself uses for its covariates and groups.

    Raises
    ------
    Refusal
        A part of it is not understood to its last word. A part that is a question of its own, and asks what cannot be
        told, is left out with a note where others can be answered.
    """
    refuse_long(question)
    text, orders = without_orders(question)
    text = worded(text)
    notes = [f"left out, since it is no question: {order!r}" for order in orders]
    if not text.strip(" .?!,;:"):
        raise Ambiguous("nothing was asked", ["how long does she speak?", "what did he say while smiling?"])
    found: list[Query] = []
    beyond: list[Beyond] = []
    for part in parts_of(text):
        try:
            refuse_beyond(_UTTERED.sub(r"\1", part), own)
        except Beyond as refusal:
            beyond.append(refusal)
            continue
        queries, said = _understood(part, names)
        found += queries
        notes += [*said, *interpretations(queries)]
    if beyond and not found:
        raise beyond[0]
    notes += [f"not answered: {each.reason}: {each}" for each in beyond]
    return Understood(Program(tuple(dict.fromkeys(found))), tuple(dict.fromkeys(notes)))


_NUMBER = r"(?:list|count|number|rate|frequency|share|(?:total|mean|average) (?:duration|time|length)|latency)"
#: ``number and total duration of her smiles``.
_COUNT_AND_TIME = re.compile(rf"\b(?P<first>{_NUMBER}) and (?:the )?(?P<second>{_NUMBER}) (?=of\b)", re.I)
#: ``list and count them``: two answers about one thing.
_LISTED_AND_COUNTED = re.compile(
    r"\b(?:list|show|find) (?:them )?and (?:also )?count\b(?: them)?|\bcount (?:them )?and (?:also )?list\b(?: them)?",
    re.I,
)


def parts_of(text: str) -> list[str]:
    """Questions in one; what is none itself belongs to the one before it.

    Examples
    --------
    >>> parts_of("How long does she speak, and how often does he nod?")
    ['How long does she speak', 'how often does he nod?']
    """
    if (both := _TWO_ANSWERS.match(text)) is not None:
        return [f"{both[asked]} {both['rest']}" for asked in ("first", "second")]
    if (both := _TWO_ANSWERS_LAST.match(text)) is not None and not re.match(rf"(?:{_HOW}|who)\b", both["rest"], re.I):
        return [f"{both[asked]} {both['rest']}" for asked in ("first", "second")]
    if (both := _COUNT_AND_TIME.search(text)) is not None:
        return [f"{text[: both.start()]}{both[asked]} {text[both.end() :]}" for asked in ("first", "second")]
    if (both := _LISTED_AND_COUNTED.search(text)) is not None:
        return [f"{text[: both.start()]}{asked}{text[both.end() :]}" for asked in ("list", "count")]
    parts: list[str] = []
    for part in (each.strip() for each in _PARTS.split(text)):
        if not part.strip(" .?!,;:"):
            continue
        if parts and (_OF_IT.match(part) or not _STARTS.match(part)):
            parts[-1] = f"{parts[-1].rstrip(' .?!,;:')}, {part}"
        else:
            parts.append(part.rstrip(" ,"))
    return parts


def _understood(part: str, names: PeopleNames) -> tuple[list[Query], list[str]]:
    text, recordings, names = _recordings(part, names)
    text, notes = corrected(_plain(text), names)
    text = _whose_first(text, names)
    text, times = times_in(_context_last(text), names.seconds)
    if re.search(_HE, text, re.I) and re.search(_SHE, text, re.I):
        raise Ambiguous("he and she are two people", ["name one by role: the participant, the interviewer"])
    asked, text = text, per_time(text)
    items = items_of(text, names)
    try:
        queries = queries_of(items, times, names, text)
    except Malformed as malformed:
        raise Ambiguous(f"this makes no program: {malformed.message}", malformed.hints) from malformed
    refuse_unsaid(asked, items, queries, names)
    windows = times.windows or [Window(None, None)]
    return [
        replace(query, start=_seconds(window.start), end=_seconds(window.end), recordings=recordings)
        for window in windows
        for query in queries
    ], notes


_HE, _SHE = r"\b(?:he|him|his|himself)\b", r"\b(?:she|her|hers|herself)\b"
_CONTEXT_FIRST = re.compile(
    rf"^\s*(?P<link>right after|directly after|after|following|while|whilst|during|whenever|when|in|outside"
    rf"|once)\s+(?P<context>[^,?!]{{3,80}}),\s*(?P<asked>(?:{_ASKS})\b.+)$",
    re.I | re.S,
)


_ROLES = rf"(?:{'|'.join(role for said in ROLES.values() for role in said)})"
_NAMED = re.compile(rf"\b{_ROLES}\b", re.I)
#: ``words said while smiling: count, participant``: whose they are, told last.
_WHOSE_LAST = re.compile(rf"^(?P<asked>.+?)\s*[,;:(]\s*(?:of |for |by )?(?P<who>(?:the )?{_ROLES})\W*$", re.I | re.S)


#: ``the participant, how long does she speak``.
_WHO_FIRST = re.compile(rf"^\W*(?P<who>(?:the )?{_ROLES})\s*[,:]\s*(?P<asked>[^,:]+)$", re.I)
#: ``nods per minute: participant vs interviewer``: of each.
_OF_EACH = re.compile(
    rf"\s*[,;:]\s*(?:of |for |by )?(?:the )?(?P<a>{_ROLES}) (?:vs|versus|and|against|compared (?:to|with)) (?:the )?"
    rf"(?P<b>{_ROLES})\W*$",
    re.I,
)


def _whose_first(text: str, names: PeopleNames) -> str:
    """``number of nods, participant`` as ``participant's number of nods``, where nobody else is named."""
    first = _WHO_FIRST.match(text)
    if first is not None and re.search(rf"{_HE}|{_SHE}", first["asked"], re.I) and not _NAMED.search(first["asked"]):
        asked = re.sub(r"\b(?:he|she|him|himself|herself)\b", first["who"], first["asked"], flags=re.I)
        return re.sub(r"\b(?:his|her)\b", f"{first['who']}'s", asked, flags=re.I)
    each = _OF_EACH.search(text)
    if each is not None and names.most == 2 and not _NAMED.search(text[: each.start()]):
        roles = {role for role, said in ROLES.items() if {each["a"].lower(), each["b"].lower()} & {*said}}
        if roles == {*names.roles} and len(roles) == 2:
            return text[: each.start()]
    found = _WHOSE_LAST.match(text)
    if found is None or re.search(rf"\b{_ROLES}\b", found["asked"], re.I) or re.search(_HE, found["asked"], re.I):
        return text
    if re.search(_SHE, found["asked"], re.I):
        return text
    return f"{found['who']}: {found['asked']}"


def _context_last(text: str) -> str:
    """``After a question, does he nod?`` as ``does he nod after a question?``"""
    found = _CONTEXT_FIRST.match(text)
    if found is None:
        return text
    asked = found["asked"].rstrip(" ?.!")
    if (who := re.search(r"\b(?:the )?(?:participant|patient)\b(?!')", found["context"], re.I)) is not None:
        asked = re.sub(r"\b(?:he|she)\b", who.group(), asked, count=1)  # when the participant says no, is she smiling
    return f"{asked} {found['link']} {found['context']}"


def _seconds(edge: Quantity | None) -> Quantity | None:
    """In one unit, however it was said."""
    return None if edge is None else Quantity(round(edge.base, 3), "s")


def _plain(text: str) -> str:
    text = text.replace("’", "'").replace("−", "-").replace("–", "-").replace("—", " - ")
    text = re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text)
    text = re.sub(r"(?<=\d)-(?=[A-Za-z])", " ", text)
    text = re.sub(
        r"\bhow much of (?=(?:the |her |his |their |its )*(?:time|video|recording|interview|clip|session)\b)",
        "what share of ",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\bhow (?:often|frequently),? (?:in total|altogether|overall|in all)\b", "how many times", text, flags=re.I
    )
    text = re.sub(r"\bwhen (?=(?:the )?\w+ (?:has|had|have) \w+ed\b)", "after ", text, flags=re.I)
    text = re.sub(r"\bas (?=(?:she|he|they|the \w+) \w+)", "while ", text)
    text = re.sub(r"\btime (?:spent|spends?)\b(?! by)", "total time", text, flags=re.I)
    return re.sub(r"\s+", " ", text)


def _recordings(text: str, names: PeopleNames) -> tuple[str, tuple[str, ...], PeopleNames]:
    """Recordings and participants that are named by id, which holds a digit, a stroke, or is in quotes."""
    chosen: list[str] = []
    ids = {name.lower(): (name,) for name in names.recordings}
    ids |= {name.lower(): recordings for name, recordings in names.participants.items()}

    def take(match: re.Match[str]) -> str:
        said = match["quoted"] or match["plain"]
        found = ids.get(said.lower())
        named = match["quoted"] or match["noun"] or re.search(r"[\d/_]", said) or not is_known(said.lower(), _NOBODY)
        if found is None or not named:
            return match.group()
        chosen.extend(found)
        return (
            " he " if re.search(r"^(?:in|of|for|from|recording|video|by)", match.group().strip(), re.I) is None else " "
        )

    text = re.sub(
        r"(?P<noun>\b(?:in|of|for|from|by)?\s*(?:the )?(?:recording|video|participant|file|clip|subject|patient)\s+)?"
        r"(?:\b(?:in|of|for|from|by)\s+)?(?:[\"“'](?P<quoted>[^\"”']{1,80})[\"”']"
        r"|(?<![\w])(?P<plain>\w[\w./-]*\w|\w))(?:'s\b)?",
        take,
        text,
    )
    if not chosen:
        return text, (), names
    kept = tuple(dict.fromkeys(chosen))
    participants = {who: each for who, each in names.participants.items() if set(each) & set(kept)}
    seconds = names.seconds if len(names.recordings) == 1 else None
    narrowed = replace(names, recordings=kept, participants=participants, seconds=seconds)
    return text, () if kept == names.recordings else kept, narrowed
