"""Emotion classes, valence and arousal, as other tools' tables bring them; bitflow scores none itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")
EMOTION_MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class EmotionSeries:
    """Probabilities of emotion classes ``(n, classes)``."""

    classes: tuple[str, ...]
    probabilities: Signal

    @classmethod
    def of(cls, person: Person) -> EmotionSeries:
        """From the imported table `emotions`."""
        if "emotions" not in person.scene.tables:
            raise Undefined("missing_table", "emotions are only imported")
        classes = tuple(name for name in EMOTIONS if name in person.scene.schema("emotions"))
        if len(classes) < 2:
            raise Undefined("missing_column", "emotions")
        return cls(classes, person.signal("emotions", classes))

    @property
    def dominant(self) -> Signal:
        """Index of the class ahead by at least 0.1, else the number of classes, which stands for *ambiguous*."""
        values = self.probabilities.values
        ordered = np.sort(values, axis=1)
        clear = ordered[:, -1] - ordered[:, -2] >= EMOTION_MARGIN
        label = np.where(clear, np.argmax(np.nan_to_num(values, nan=-1.0), axis=1), len(self.classes)).astype(float)
        return replace(self.probabilities, values=np.where(self.probabilities.known, label, np.nan))


@dataclass(frozen=True, eq=False)
class AffectSeries:
    """Valence and arousal, −1 to 1."""

    valence: Signal
    arousal: Signal

    @classmethod
    def of(cls, person: Person) -> AffectSeries:
        """From the imported table `emotions`."""
        if "emotions" not in person.scene.tables:
            raise Undefined("missing_table", "valence and arousal are only imported")
        both = person.signal("emotions", ("valence", "arousal"))
        return cls(both.channel(0), both.channel(1))
