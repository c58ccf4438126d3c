"""Questions about a signal or a measure: which number of it, over which time."""

from __future__ import annotations

import re
from typing import Any

from bitflow.events.language.refusals import Ambiguous, NotExpressible
from bitflow.events.language.tree import Body, Call, Compare, Not, Query
from bitflow.events.language.units import Quantity, is_unit, unit_named
from bitflow.models.asking.people.context import AFTER
from bitflow.models.asking.people.slots import (
    MeasureTarget,
    SignalTarget,
    Slots,
    answer_of,
    binned,
    lasting,
    measured,
    no_durations,
    with_bins,
)
from bitflow.models.asking.people.times import Times
from bitflow.models.asking.people.whom import named

#: Units that signals are told in anyway.
USUAL_UNITS = {"voice.f0": "Hz", "voice.loudness": "dB"}
USUAL_UNITS |= {f"{table}.{angle}": "deg" for table in ("head_pose", "gaze") for angle in ("yaw", "pitch", "roll")}


def of_signal(
    target: SignalTarget, slots: Slots, times: Times, by: str | None, link: str | None, setting: Any, sentence: str
) -> Query:
    """A number of a signal, or how it goes over time."""
    _refuse_whose_voice(target.column, slots)
    course = bool(slots.take_all("course"))
    statistics = [item["statistic"] for item in slots.items if item.is_("statistic")]
    slots.take_all("statistic")
    if any(item.is_("answer") and item["answer"] == "list" and _WHEN.search(item.text) for item in slots.items):
        raise Ambiguous("when a signal is so: above or below which number?", ["when is head yaw above 20 degrees?"])
    per = _slope_unit(slots, sentence) if "slope" in statistics else None
    if course or "slope" in statistics:
        slots.take_all("how")
    slots.take_all("answer", "list")
    unit = _unit(slots)
    unit = None if unit == USUAL_UNITS.get(target.column) else unit
    told = [item.text.lower() for item in slots.items if item.is_("statistic") and item["statistic"] == "mean"]
    if set(statistics) - {"mean"} and "mean" in statistics and all(_HOW_LARGE.match(each) for each in told):
        statistics = [each for each in statistics if each != "mean"]
    if len(set(statistics)) > 1:
        raise Ambiguous(f"several numbers were asked for at once: {', '.join(dict.fromkeys(statistics))}")
    slots.take_all("link", "in", "when", "with")
    slots.finish()
    no_durations(times)
    statistic = statistics[0] if statistics else "mean"
    if course and times.bins is None and statistic != "slope":
        times = with_bins(times)
    if link == "after":
        setting = Call("after", (("of", setting), ("within", times.within or AFTER)))
    elif times.within is not None:
        raise Ambiguous("within what time of what?", ["head yaw within 2 s after the interviewer's questions"])
    if link == "outside":
        setting = Not(setting)
    if statistic != "slope":
        per = None
    column = Call("column", (("name", target.column),))
    query = Query(
        "value", setting, (column,), statistic=statistic, unit=unit, by=_of_tracks(target.column, by), per=per
    )
    return binned(query, times, within_used=True)


#: How large is the greatest yaw: no mean.
_HOW_LARGE = re.compile(r"how\b|on average|in general|usual|typical", re.I)


def _slope_unit(slots: Slots, sentence: str) -> str:
    """``by how many Hz per minute does it rise``: per which time."""
    said = [item.text for item in slots.items if item.is_("answer") and item["answer"] == "rate"]
    slots.take_all("answer", "rate", "count", "fraction")
    hour = re.search(r"\bper hour\b", " ".join(said) + " " + sentence, re.I)
    return "h" if hour else "s" if re.search(r"\bper second\b", sentence, re.I) else "min"


def _of_tracks(column: str, by: str | None) -> str | None:
    """The voice of a recording is nobody's in particular."""
    return None if column.startswith("voice.") else by


def _refuse_whose_voice(column: str, slots: Slots) -> None:
    """The sound of a recording of several people is everybody's: of one by name it is that of the own turns."""
    if column.startswith("voice.") and slots.names.most > 1:
        for who in named(slots.items, slots.names):
            raise Ambiguous(
                f"{column} is of everybody who is heard", [f"value {column} mean over turn({who})", "ask for the voice"]
            )


def _unit(slots: Slots) -> str | None:
    """``in degrees``, ``in Hz``; the language says whether the signal can be told so."""
    return slots.take("unit")


def of_measure(target: MeasureTarget, slots: Slots, times: Times, by: str | None, link: str | None) -> Query:
    """A measure of a stretch of time."""
    if link is not None:
        raise NotExpressible(
            f"{target.id} is one number of a stretch of time, and cannot be told amid events",
            [f"value measure({target.id}) in 1min..2min"],
        )
    if slots.take_all("course") and times.bins is None:
        times = with_bins(times)
    slots.take_all("statistic", "mean")
    _told_as(target.id, slots)
    slots.take_all("measure", target.id)
    slots.take_all("each")
    slots.take_all("link", "in", "with", "when")
    slots.finish()
    no_durations(times)
    return binned(Query("value", None, (measured(target.id),), by=by), times)


_WHEN = re.compile(r"\b(?:when|times?|moments?|timestamps?|points?|where)\b", re.I)


def _told_as(measure: str, slots: Slots) -> None:
    """Take the words for how a measure is told: a share of a share, how often of a rate; others are left over."""
    if any(item.is_("answer") and item["answer"] == "list" and _WHEN.search(item.text) for item in slots.items):
        raise NotExpressible(
            f"{measure} is one number of a stretch of time, and tells no moments", [f"value measure({measure})"]
        )
    slots.take_all("answer", "list")
    if measure.endswith("_fraction"):
        slots.take_all("answer", "fraction")
    if "_per_" in measure:
        slots.take_all("answer", "rate")
    if measure.endswith(("_s", "_ms")):
        slots.take_all("answer", "mean_duration", "total_time", "latency")


def compared_with(slots: Slots, times: Times, sentence: str) -> list[Query] | None:
    """``head yaw above 20 degrees``: a signal held against a number."""
    found = re.search(
        r"(?P<op>above|over|more than|greater than|higher than|exceed\w*|at least|below|under"
        r"|less than|lower than|at most"
        r"|>=|<=|>|<)\s*(?P<n>-?\d+(?:\.\d+)?)\s*(?P<unit>[a-z°/%]+)?",
        sentence,
        re.I,
    )
    links = [item["link"] for item in slots.items if item.is_("link")]
    if found is None or not slots.has("signal") or slots.has("measure") or {*links} - {"when", "in", "with"}:
        return None
    unit = (found["unit"] or "1").lower()
    if not is_unit(unit) or unit_named(unit).dimension == "time":
        return None
    column = slots.take("signal")
    usual = USUAL_UNITS.get(column)
    if usual is not None and unit_named(unit).dimension not in ("number", unit_named(usual).dimension) and unit != "1":
        raise Ambiguous(f"{column} is told in {usual}, and not in {unit}", [f"{column} above 20 {usual}"])
    said = found["op"].lower()
    op = ">=" if said in ("at least", ">=") else "<=" if said in ("at most", "<=") else ">"
    op = "<" if said in ("below", "under", "less than", "lower than", "<") else op
    slots.used |= {k for k, item in enumerate(slots.items) if item.text.lower() in found.group().lower().split()}
    slots.used |= {k for k, item in enumerate(slots.items) if item.is_("number", "order", "unit")}
    slots.take_all("link", "when", "in", "with")
    answer = answer_of(slots, sentence) or "list"
    by = slots.person()
    slots.finish()
    body: Body = Compare(op, Call("column", (("name", column),)), Quantity(float(found["n"]), unit_named(unit).symbol))  # type: ignore[arg-type]
    return [binned(Query(answer, lasting(body, times), by=by), times)]
