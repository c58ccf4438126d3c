"""Signs that words, face and body disagree, or that somebody hesitates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitflow.events.face import FaceSeries
from bitflow.events.gaze import AWAY_DEG, GazeSeries
from bitflow.events.head import HeadSeries, find_shakes
from bitflow.events.intervals import Events
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.speech import Turns, Words
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.lexicon import AFFIRMATIONS, FILLERS
from bitflow.measures.registry import Minimum, measure
from bitflow.measures.tracks import slowed
from bitflow.measures.turns import floor_offsets

_TURNS = ("voice", "speakers")
LEAST_ANSWERS = 3


@dataclass(frozen=True, eq=False)
class Valences:
    """Valence as each modality tells it, at 10 Hz, in the person's own standard deviations."""

    channels: dict[str, np.ndarray]
    rate: float

    @classmethod
    def of(cls, person: Person) -> Valences:
        """From columns called ``valence`` of `emotions`, `voice`, `words` and `speech`."""
        found: dict[str, np.ndarray] = {}
        scene = person.scene
        if "emotions" in scene.tables and "valence" in scene.schema("emotions"):
            found["face"] = slowed(person.signal("emotions", "valence")).values
        for table in ("words", "speech"):
            if table in scene.tables and "valence" in scene.schema(table) and "words" not in found:
                rows = scene.frame(table)
                clock = scene.video.start + np.arange(int(scene.video.duration * 10)) / 10.0
                at = np.searchsorted(rows["start"].to_numpy(), clock, "right") - 1
                inside = (at >= 0) & (clock < np.append(rows["end"].to_numpy(), 0)[at])
                found["words"] = np.where(inside, rows["valence"].to_numpy("float64")[np.maximum(at, 0)], np.nan)
        if "voice" in scene.tables and "valence" in scene.schema("voice"):
            found["voice"] = slowed(person.signal("voice", "valence", rate=100.0)).values
        if len(found) < 2:
            raise Undefined("missing_column", "valence is known from fewer than two of face, words and voice")
        n = min(len(values) for values in found.values())
        return cls({name: _scored(values[:n]) for name, values in found.items()}, 10.0)

    def crop(self, interval) -> Valences:
        """Valences are compared over the whole recording only."""
        raise Undefined("too_short", "valences are compared over the whole recording")


def _scored(values: np.ndarray) -> np.ndarray:
    spread = np.nanstd(values)
    if not spread > 0:
        raise Undefined("constant_signal")
    return (values - np.nanmean(values)) / spread


@measure(
    id="ambivalence_cross_modal_conflict", unit="1", needs=("emotions",), minimum=Minimum(seconds=20, coverage=0.2)
)
def cross_modal_conflict(valences: Valences) -> Estimate:
    """Mean distance of the z-scored valences of two modalities within a second, less what it is between different
    times."""
    return conflict(list(valences.channels.values()), valences.rate)


def conflict(channels: list[np.ndarray], rate: float) -> Estimate:
    """The same of given channels ``(n,)``: mean over pairs of |a − b| smoothed over 1 s, minus its expectation."""
    width = max(1, round(rate))
    kernel = np.ones(width) / width
    smooth = [
        np.convolve(np.nan_to_num(c), kernel, "same") / np.maximum(np.convolve(np.isfinite(c), kernel, "same"), 1e-9)
        for c in channels
    ]
    smooth = [np.where(np.isfinite(c), s, np.nan) for c, s in zip(channels, smooth, strict=True)]
    pairs = [(a, b) for i, a in enumerate(smooth) for b in smooth[i + 1 :]]
    distance = np.mean([np.abs(a - b) for a, b in pairs], axis=0)
    known = np.isfinite(distance)
    if not known.any():
        raise Undefined("no_overlap")
    draw = np.random.default_rng(statistics.SEED)
    expected = np.mean(
        [
            np.nanmean(np.abs(a - np.roll(b, int(s))))
            for a, b in pairs
            for s in draw.integers(5 * width, max(5 * width + 1, len(a) - 5 * width), 50)
        ]
    )
    return statistics.of_means((distance - expected)[:, None], rate)


@measure(
    id="ambivalence_mixed_expression_fraction",
    unit="1",
    needs=("face_actions|action_units",),
    minimum=Minimum(seconds=10),
    range=(0, 1),
)
def mixed_expression(face: FaceSeries) -> Estimate:
    """Share of the time in which AU12 and any of AU4, AU15, AU9 or AU10 are on together."""
    smile = face.unit("au12").active
    other = None
    for number in ("au04", "au15", "au09", "au10"):
        try:
            active = face.unit(number).active
        except Undefined:
            continue
        other = active if other is None else other | active
    if other is None:
        raise Undefined("missing_column", "none of the action units 4, 15, 9, 10")
    return statistics.fraction(smile & other)


@measure(id="hesitation_pause_before_answer_s", unit="s", needs=_TURNS, minimum=Minimum(seconds=10))
def pause_before_answer(turns: Turns) -> Estimate:
    """Mean time from the end of another's turn to the start of the person's, overlaps negative; at least 3 answers."""
    return statistics.event_mean(floor_offsets(turns), turns.mine, LEAST_ANSWERS)


@measure(id="hesitation_filler_rate", unit="1", needs=("words", "voice"), range=(0, None), counts=True)
def filler_rate(words: Words) -> Estimate:
    """Fillers (um, uh, er …) in a hundred words; at least 50 words. Recognisers leave them out."""
    n = len(words.text)
    if n < 50:
        raise Undefined("too_few_events", f"{n} words, 50 are needed")
    found = statistics.poisson_rate(sum(word in FILLERS for word in words.text), float(n), float(n), per=100.0)
    seen = words.said.seen_seconds
    return Estimate(
        found.value, found.low, found.high, n, seen, seen * words.said.seen.rate / max(1, len(words.said.seen))
    )


@dataclass(frozen=True, eq=False)
class Answers:
    """Onsets of the person's answers, and gaze."""

    onsets: Events
    gaze: GazeSeries

    @classmethod
    def of(cls, person: Person) -> Answers:
        """From `speakers` and `gaze`."""
        turns = person.get(Turns)
        if turns.speakers < 2:
            raise Undefined("single_speaker")
        follows = [bool((turns.others.starts < turn.start).any()) for turn in turns.mine]
        return cls(turns.mine.chosen(np.array(follows, bool)), person.get(GazeSeries))


@measure(
    id="hesitation_gaze_aversion_on_answer_fraction",
    unit="1",
    needs=(*_TURNS, "gaze"),
    minimum=Minimum(seconds=10),
    range=(0, 1),
)
def aversion_on_answer(answers: Answers) -> Estimate:
    """Share of the time from 0.5 s before to 1 s after an answer's onset in which gaze is more than 18° off its
    median."""
    if len(answers.onsets) < LEAST_ANSWERS:
        raise Undefined("too_few_events", "fewer than 3 answers")
    away = answers.gaze.angles.norm() > AWAY_DEG
    near = Events.at(answers.onsets.starts - 0.5, answers.onsets.starts + 1.0, away.where(away)).mask(away)
    around = away.where(near)
    if not around.known.any():
        raise Undefined("no_overlap")
    known = int(around.known.sum())
    found = statistics.fraction(around)
    covered = known / max(1, int(near.yes.sum()))
    return Estimate(
        found.value, found.low, found.high, known, answers.gaze.angles.seconds, min(1.0, covered), found.no_interval
    )


@dataclass(frozen=True, eq=False)
class YesAndShake:
    """Affirming words and head shakes."""

    words: Words
    head: HeadSeries

    @classmethod
    def of(cls, person: Person) -> YesAndShake:
        """From `words` and `head_pose`."""
        return cls(person.get(Words), person.get(HeadSeries))


@measure(
    id="hesitation_head_shake_while_yes_rate",
    unit="1/min",
    needs=("words", "voice", "head_pose"),
    minimum=Minimum(seconds=20),
    range=(0, None),
    counts=True,
)
def shake_while_yes(both: YesAndShake) -> Estimate:
    """Head shakes that overlap a yes, yeah, sure …, a minute; at least one such word."""
    affirming = np.array([word in AFFIRMATIONS for word in both.words.text], bool)
    if not affirming.any():
        raise Undefined("too_few_events", "no affirming word")
    shakes = find_shakes(both.head)
    return statistics.event_rate(shakes.overlapping(both.words.said.chosen(affirming)))
