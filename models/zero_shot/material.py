"""What a model is shown of a recording: frames, words, measured values. Never its name, whose it is, or a label."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.datasets.clips import SpokenWords, spoken
from bitflow.errors import MediaError
from bitflow.models.endpoints.prompt import Picture
from bitflow.models.zero_shot.settings import ZeroShotSettings
from bitflow.people import main_person, people_rows
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.store import Recording

#: Pictures of one recording.
PICTURES = 8

#: Words of one recording that are shown, and words in a numbered line of them.
MOST_WORDS, LINE = 1500, 10

#: Measures that speak of hesitation, effort and affect; those that a recording defines are shown.
FACTS = (
    *("speech_rate_words_per_min", "pause_rate_per_min", "pause_duration_mean_s", "pause_time_fraction"),
    *("hesitation_filler_rate", "disfluency_rate_per_100_words", "voice_f0_sd_st", "smile_time_fraction"),
    *("negative_expression_time_fraction", "gaze_on_target_fraction", "head_nod_rate_per_min"),
    *("head_shake_rate_per_min", "self_touch_rate_per_min", "ambivalence_cross_modal_conflict"),
)

#: What names or finds a person outside the recording. Names of people are not found this way.
_TELLING = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[e-mail]"),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), "[address]"),
    (re.compile(r"\+?\d(?:[ .()/-]?\d){5,}"), "[number]"),
)


@dataclass(frozen=True, eq=False)
class Material:
    """What is shown.

    Parameters
    ----------
    pictures, times
        Frames, and when they were seen, s.
    text, words
        What was said; and when, where somebody knows.
    facts
        ``{"measure", "value", "unit", "coverage"}`` each.
    duration
        Of the recording, s.
    """

    pictures: tuple[Picture, ...] = ()
    times: tuple[float, ...] = ()
    text: str = ""
    words: SpokenWords | None = None
    facts: tuple[dict[str, Any], ...] = ()
    duration: float = 0.0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to judge by."""
        return not (self.pictures or self.text or self.facts)

    @property
    def words_alone(self) -> Material:
        """Without all that is not words."""
        return replace(self, pictures=(), times=(), facts=())

    @property
    def shown_words(self) -> list[str]:
        """All that was said, a word each, as it may be shown."""
        return harmless(self.text).split()

    def parts(self) -> tuple[str | Picture, ...]:
        """Pictures, then everything else as fenced JSON."""
        told: dict[str, Any] = {}
        if self.text:
            said = self.shown_words[:MOST_WORDS]
            told["words"] = [[at, " ".join(said[at : at + LINE])] for at in range(0, len(said), LINE)]
        if self.facts:
            told["measured"] = list(self.facts)
        if not told:
            return self.pictures
        body = json.dumps(told, ensure_ascii=False)
        # A text that wants to close its fence would have to know the digest of what it is part of.
        fence = f"data-{hashlib.sha256(body.encode()).hexdigest()[:12]}"
        return (*self.pictures, f"<{fence}>{body}</{fence}>")

    def span(self, modality: str, where: list[int]) -> Interval | None:
        """When a cue was, from the numbers of its frames or words; None where they name nothing."""
        if not where:
            return None
        first, last = min(where), max(where)
        if modality in ("face", "body") and first >= 1 and last <= len(self.times):
            half = self.duration / (2 * max(1, len(self.times)))
            start, end = self.times[first - 1] - half, self.times[last - 1] + half
        elif modality in ("language", "voice") and self.words is not None and last < self._timed:
            start, end = float(self.words.starts[first]), float(self.words.ends[last])
        else:
            return None
        start, end = max(0.0, start), min(end, self.duration) if self.duration else end
        return Interval(start, end) if end > start else None

    @property
    def _timed(self) -> int:
        """How many shown words have a time: all or, where words were put together or apart, none."""
        n = 0 if self.words is None else len(self.words.starts)
        return n if n == len(self.shown_words) else 0


def read_material(recording: Recording, settings: ZeroShotSettings) -> Material:
    """Gather what the settings want and the recording has."""
    words, text = spoken(recording) if settings.transcript else (None, None)
    facts = measured_facts(recording) if settings.facts else ()
    pictures: tuple[Picture, ...] = ()
    times: tuple[float, ...] = ()
    if settings.pictures:
        pictures, times = _pictures(recording)
    duration = float((recording.info.get("media") or {}).get("duration") or 0.0)
    if words is not None and len(words.ends):
        duration = max(duration, float(words.ends.max()))
    return Material(pictures, times, text or "", words, facts, duration)


def measured_facts(recording: Recording) -> tuple[dict[str, Any], ...]:
    """Defined values of `FACTS` of the main person, rounded."""
    from bitflow.events.scene import Scene
    from bitflow.measures.evaluation import evaluate
    from bitflow.measures.registry import select

    scene = Scene(recording)
    who = main_person(people_rows(recording))
    found = []
    for record in evaluate(scene, select(FACTS)):
        mine = who is None or record.person in ("", scene.person(who).label)
        if mine and record.status != "undefined" and np.isfinite(record.value):
            value, coverage = float(f"{record.value:.3g}"), round(record.coverage, 2)
            found.append({"measure": record.measure, "value": value, "unit": record.unit, "coverage": coverage})
    return tuple(found)


def harmless(text: str) -> str:
    """Without marks that nobody sees, and without what finds a person: addresses, long numbers.

    Examples
    --------
    >>> harmless("call 0171 234567 or a.b@example.org")
    'call [number] or [e-mail]'
    """
    shown = "".join(mark if unicodedata.category(mark)[0] != "C" or mark in "\n\t" else " " for mark in text)
    for pattern, tag in _TELLING:
        shown = pattern.sub(tag, shown)
    return shown


def evenly(duration: float, number: int = PICTURES) -> list[float]:
    """Middles of equal parts of a video, s."""
    return [(k + 0.5) * duration / number for k in range(number)]


def _pictures(recording: Recording) -> tuple[tuple[Picture, ...], tuple[float, ...]]:
    """Frames evenly over the recording, cut to the main person where its tables tell; none without a video."""
    from bitflow.models.captioning.pictures import View, pictures, view_of
    from bitflow.models.grounding.recordings import Witness

    source: Path | None = recording.source
    duration = float((recording.info.get("media") or {}).get("duration") or 0.0)
    if source is None or not source.is_file() or not duration:
        return (), ()
    who = main_person(people_rows(recording))
    view = View() if who is None else view_of(Witness(recording), Interval(0.0, duration), who)
    try:
        shown, times = pictures(source, evenly(duration), view)
    except MediaError:
        return (), ()
    return tuple(shown), tuple(times)
