"""The people of a recording as a program sees them: behaviours that bitflow finds, and columns of their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.behaviour import Behaviour, behaviours
from bitflow.events.intervals import Events
from bitflow.events.language.fields import Axes, Occurrences, Quantities, Truth, Whom
from bitflow.events.language.labels import label_names, labelled
from bitflow.events.language.presence import absent, admit_presence, table_of
from bitflow.events.language.prompts import admit_prompts, prompted
from bitflow.events.language.recognised import admit_discord, admit_predicted, discord, probability
from bitflow.events.language.refusals import MissingCalibration, NeedsRegion, NotMeasured, UnknownName
from bitflow.events.language.spoken import spoken
from bitflow.events.language.summary import supported
from bitflow.events.language.tree import Call, Named, walk
from bitflow.events.language.units import UNITS, Quantity, dimension_of
from bitflow.events.language.vocabulary import operator
from bitflow.events.mask import Mask
from bitflow.events.person import FACE_RATE_HZ, VOICE_RATE_HZ
from bitflow.events.reasons import REASONS, Undefined
from bitflow.events.scene import Scene
from bitflow.events.speech import Words, voice_signal
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.measures.registry import Measure

#: Tables that are heard, on the clock of the voice.
HEARD = frozenset({"voice", "speech", "words", "speakers"})


@dataclass(frozen=True, eq=False)
class PersonSubjects:
    """The people of one recording.

    Parameters
    ----------
    scene
        Their tables.
    rate
        Of the clock on which statements are combined, Hz: that of the pictures, or that of the sound.
    """

    scene: Scene
    rate: float = FACE_RATE_HZ
    kind: str = "person"
    warnings: list[str] = field(default_factory=list)
    texts: dict[tuple[str, int, int], str] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: Scene, *programs: object) -> PersonSubjects:
        """People on the clock that some programs need: the voice's where they speak of what is heard."""
        named = {node.name for program in programs for node in walk(program) if isinstance(node, Named)}
        known = behaviours()
        needs = {table for name in named if name in known for need in known[name].needs for table in need.split("|")}
        calls = [node for program in programs for node in walk(program) if isinstance(node, Call)]
        columns = {node["name"].split(".")[0] for node in calls if node.name == "column"}
        columns |= {"words" for node in calls if node.name == "words"}
        columns |= {table_of(node["what"]) for node in calls if node.name == "missing"}
        return cls(scene, VOICE_RATE_HZ if (needs | columns) & HEARD else FACE_RATE_HZ)

    @property
    def recording(self) -> str:
        """Id of the recording."""
        return self.scene.recording.id

    @property
    def actors(self) -> tuple[str, ...]:
        """Numbers of the people, as text."""
        return tuple(str(who) for who in self.scene.people)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Roles that one person alone has."""
        return self._roles

    @cached_property
    def _roles(self) -> Mapping[str, str]:
        from bitflow.people import people_rows

        whose: dict[str, set[str]] = {}
        for row in people_rows(self.scene.recording):
            if row["role"] and row["person"] >= 0:
                whose.setdefault(row["role"].lower(), set()).add(str(row["person"]))
        return {role: min(people) for role, people in whose.items() if len(people) == 1 and people <= set(self.actors)}

    @property
    def tracks(self) -> tuple[int, ...]:
        """Numbers of the people."""
        return self.scene.people

    @property
    def parts(self) -> tuple[str, ...]:
        """People are spoken of by behaviours and columns, not by keypoints."""
        return ()

    @property
    def regions(self) -> tuple[str, ...]:
        """There are none."""
        return ()

    @property
    def start(self) -> float:
        """Beginning of what was recorded, s."""
        return self.scene.interval.start

    @property
    def samples(self) -> int:
        """Samples of the clock."""
        return max(1, int(np.ceil(self.scene.interval.duration * self.rate - 1e-6)))

    @property
    def cost(self) -> float:
        """Numbers that a signal of pairs is made of."""
        return float(self.samples) * max(1, len(self.actors)) ** 2

    @property
    def at_once(self) -> bool:
        """People's tables hold a few numbers an instant: all of them are looked at together."""
        return True

    def in_blocks(self, reach: int) -> Iterator[tuple[PersonSubjects, slice]]:
        """One block."""
        yield self, slice(0, self.samples)

    @property
    def behaviours(self) -> Mapping[str, Axes]:
        """All that bitflow finds in people: of each, of the recording, or of two."""
        axes = {"person": Axes(actor=True), "recording": Axes(), "pair": Axes(True, True)}
        return {name: axes[each.scope] for name, each in behaviours().items()}

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Units of all columns that may be asked for, by ``table.column``."""
        found: dict[str, str] = {}
        for table in sorted(self.scene.tables - {"events", "measures", "people"}):
            schema = self.scene.schema(table)
            if schema.rows in ("frame", "signal"):
                for column in schema.columns:
                    if not column.shape and column.dtype.startswith("float") and column.name != "time":
                        found[f"{table}.{column.name}"] = column.unit
        return found

    def admit(self, call: Call) -> tuple[Axes, str]:
        """Axes and dimension of a column or label; signals of animals are refused."""
        if call.name == "segment":
            if call["table"] not in self.scene.tables:
                raise NotMeasured(f"there is no table {call['table']!r} in {self.recording}")
            known = label_names(self.scene.recording, call["table"])
            if call["label"] not in known:
                raise UnknownName.of(f"label in {call['table']}", call["label"], known)
            return Axes(actor=True), ""
        if call.name == "words":
            if "words" not in self.scene.tables:
                raise NotMeasured("there is no table 'words'", ["bitflow extract --extractors words"])
            return Axes(actor=True), ""
        if call.name == "missing":
            admit_presence(self.scene, call["what"], call["side"])
            return Axes(actor=call["what"] != "voice"), ""
        if call.name == "measure":
            _registered(call["id"])
            return Axes(actor=True), ""
        if call.name == "prompt":
            admit_prompts(self.scene.recording, call["labels"])
            return Axes(), ""
        if call.name == "predicted":
            admit_predicted(self.scene.recording, call["task"])
            return Axes(), "ratio"
        if call.name == "discord":
            admit_discord(self.scene.recording, call["first"], call["second"])
            return Axes(), ""
        if call.name != "column":
            if any(parameter.kind == "region" for parameter in operator(call.name).parameters):
                raise NeedsRegion("regions are of animals; these are tables of people")
            if call.name in self.behaviours:
                raise NotMeasured(
                    f"{call.name} without quotes is of animals' poses", [f'the behaviour is "{call.name}"']
                )
            raise NotMeasured(
                f"{call.name} is a signal of animals' poses; this recording has tables of people",
                [f"columns: {', '.join(list(self.columns)[:6])} …" if self.columns else "bitflow extract makes tables"],
            )
        name = call["name"]
        if name not in self.columns:
            table = name.split(".")[0]
            if table not in self.scene.tables:
                raise NotMeasured(f"{name}: there is no table {table!r}", [f"bitflow extract --extractors {table}"])
            raise UnknownName.of("column", name, self.columns)
        tracked = bool(self.scene.schema(name.split(".")[0]).tracks)
        return Axes(actor=tracked), dimension_of(self.columns[name])

    def admit_unit(self, quantity: Quantity) -> None:
        """Refuse units that the tables do not have."""
        if UNITS[quantity.unit].base == "bl":
            raise MissingCalibration(f"{quantity}: body lengths are of animals", ["the column's own unit"])

    def threshold(self, quantity: Quantity, axes: Axes) -> NDArray | float:
        """A number in the base of its dimension."""
        if UNITS[quantity.unit].base == "f":
            native = self.scene.native_rate("frames")
            return quantity.value / (native if np.isfinite(native) else self.rate)
        return quantity.base

    def signal(self, call: Call) -> Quantities | Truth:
        """A column on the clock, of everybody who has one; or a label."""
        if call.name == "missing":
            return self._missing(call["what"], call["side"])
        if call.name == "segment":
            return labelled(self.scene.recording, call["table"], call["label"], self)
        if call.name == "prompt":
            yes = prompted(self.scene.recording, call["labels"], self)[None, None]
            return Truth(yes, np.ones_like(yes), Axes())
        if call.name == "predicted":
            task = admit_predicted(self.scene.recording, call["task"])
            return Quantities(probability(self.scene.recording, task, self)[None, None], Axes(), "ratio")
        table, _, column = call["name"].partition(".")
        schema = self.scene.schema(table)
        factor = UNITS[schema[column].unit].factor if schema[column].unit in UNITS else 1.0
        views = [self.scene.person(who) for who in self.scene.people] if schema.tracks else [None]
        values = np.full((max(1, len(views)), 1, self.samples), np.nan)
        for place, view in enumerate(views):
            try:
                if table == "voice":
                    signal = voice_signal(self.scene, column)
                else:
                    reader = view or self.scene.person(self.scene.people[0] if self.scene.people else -1)
                    signal = reader.signal(table, column, rate=self.rate)
            except Undefined as undefined:
                self._say(None if view is None else view.label, call["name"], undefined)
                continue
            at = np.round((self.start + np.arange(self.samples) / self.rate - signal.start) * signal.rate).astype(int)
            inside = (at >= 0) & (at < len(signal))
            values[place, 0, inside] = signal.values[at[inside]] * factor
        return Quantities(values, Axes(actor=bool(schema.tracks)), dimension_of(schema[column].unit))

    def _missing(self, what: str, side: str | None) -> Truth:
        times = self.start + (np.arange(self.samples) + 0.5) / self.rate
        everybody: list[int | None] = [None] if what == "voice" else [*self.scene.people] or [None]
        yes = np.stack([absent(self.scene, who, what, side, times) for who in everybody])[:, None]
        return Truth(yes, np.ones_like(yes), Axes(actor=what != "voice"))

    def occurrences(self, call: Call) -> Occurrences:
        """Words of everybody, or where streams of the recording disagree."""
        if call.name == "discord":
            return self._discord(call["first"], call["second"])
        cells: dict[Whom, Events] = {}
        for place, who in enumerate(self.scene.people):
            try:
                events, texts = spoken(self.scene.person(who).get(Words), call["pattern"], call["lexicon"])
            except Undefined as undefined:
                self._say(str(who), "words", undefined)
                events, texts = self._unseen("words"), []
            for event, text in zip(events, texts, strict=True):
                self.texts[_place_in_time(str(who), event.start, event.end)] = text
            cells[place, None] = events
        return Occurrences(cells, Axes(actor=True))

    def _discord(self, first: str, second: str) -> Occurrences:
        events, told = discord(self.scene.recording, first, second, self)
        for event, text in zip(events, told, strict=True):
            self.texts[_place_in_time("", event.start, event.end)] = text
        sentence = f"where {first} and {second} disagree was found by a recogniser: an interpretation, no measurement"
        if sentence not in self.warnings:
            self.warnings.append(sentence)
        return Occurrences({(None, None): events}, Axes())

    def frames_in(self, start: float, end: float) -> str | None:
        """Numbers of the first and last picture of a stretch."""
        if "frames" not in self.scene.tables:
            return None
        rows = self.scene.frame("frames")
        times = rows["time"].to_numpy("float64")
        inside = rows["frame"].to_numpy()[(times >= start - 1e-6) & (times < end - 1e-6)]
        return f"frames {inside[0]}–{inside[-1]}" if len(inside) else None

    def captions(self, start: float, end: float) -> list[dict[str, Any]]:
        """Captions of a stretch that the tables support."""
        if "captions" not in self.scene.tables:
            return []
        return supported(self.scene.recording.file("captions").read().to_pylist(), start, end)

    def said(self, actor: str | None, start: float, end: float) -> str | None:
        """The words of a stretch that `occurrences` gave."""
        return self.texts.get(_place_in_time(actor or "", start, end))

    def measured(self, measure: str, start: float, end: float) -> list[dict[str, Any]]:
        """A measure of everybody, of everybody's pairs, or of the recording, from one time to another."""
        from bitflow.measures.evaluation import Window, evaluate

        chosen = _registered(measure)
        whole = start <= self.start + 1e-9 and end >= self.scene.interval.end - 1e-9
        windows = () if whole else (Window(Interval(start, end), "asked"),)
        found = evaluate(self.scene, [chosen], windows=windows)
        records = [each for each in found if bool(each.interval) == bool(windows)]
        rows: list[dict[str, Any]] = []
        for each in records:
            known = bool(np.isfinite(each.value))
            if not known:
                self._say(each.person or None, each.measure, Undefined(each.reason, each.note))
            rows.append(
                {
                    "actor": each.person or None,
                    "signal": f"measure({each.measure})",
                    "value": round(each.value, 6) if known else None,
                    "low": round(each.ci_low, 6) if np.isfinite(each.ci_low) else None,
                    "high": round(each.ci_high, 6) if np.isfinite(each.ci_high) else None,
                    "seconds": round(each.duration_valid_s, 3),
                    "coverage": round(each.coverage, 4),
                    "unit": each.unit,
                }
            )
        return rows

    def behaviour(self, name: str) -> Occurrences:
        """Events as measures count them, of everybody in whom they can be looked for."""
        found = behaviours()[name]
        if found.scope == "recording":
            return Occurrences({(None, None): self._found(found, self.scene, None)}, Axes())
        if found.scope == "pair":
            place = {who: i for i, who in enumerate(self.scene.people)}
            cells: dict[Whom, Events] = {
                (place[pair.first.who], place[pair.second.who]): self._found(found, pair, pair.label)
                for pair in self.scene.pairs()
            }
            whole: dict[Whom, Events] = {
                (i, j): cells.get((i, j), self._unseen(name)) for i in place.values() for j in place.values() if i != j
            }
            return Occurrences(whole, Axes(True, True))
        return Occurrences(
            {
                (place, None): self._found(found, self.scene.person(who), str(who))
                for place, who in enumerate(self.scene.people)
            },
            Axes(actor=True),
        )

    def _found(self, behaviour: Behaviour, view: object, label: str | None) -> Events:
        try:
            for need in behaviour.needs:
                if not any(table in self.scene.tables for table in need.split("|")):
                    raise Undefined("missing_table", need)
            return behaviour.events(view)
        except Undefined as undefined:
            if undefined.reason == "missing_table":
                raise NotMeasured(
                    f"{behaviour.name} needs the table {undefined.detail or ' or '.join(behaviour.needs)}",
                    ["bitflow extract makes it"],
                ) from undefined
            self._say(label, behaviour.name, undefined)
            return self._unseen(behaviour.name)

    def _unseen(self, name: str) -> Events:
        nothing = np.zeros(self.samples, bool)
        return Events.at(np.empty(0), np.empty(0), Mask(nothing, nothing, self.start, self.rate), name)

    def _say(self, label: str | None, what: str, undefined: Undefined) -> None:
        whom = f"person {label}" if label else "the recording"
        detail = f" ({undefined.detail})" if undefined.detail else ""
        sentence = f"{what} of {whom}: {REASONS[undefined.reason]}{detail}"
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def _place_in_time(actor: str, start: float, end: float) -> tuple[str, int, int]:
    return actor, round(start * 1000), round(end * 1000)


def _registered(measure: str) -> Measure:
    from bitflow.measures.registry import registered

    known = registered()
    if measure not in known:
        raise UnknownName.of("measure", measure, known)
    return known[measure]
