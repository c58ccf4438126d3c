"""Tables of other tools' scores of the face: action units and emotions. bitflow itself makes neither."""

from __future__ import annotations

from collections.abc import Mapping

from bitflow.tables import TRACK_KEYS, Column, Schema

#: Emotion classes in the names that bitflow uses for every tool.
EMOTION_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


def action_units_schema(tops: Mapping[str, float], extra: tuple[Column, ...] = ()) -> Schema:
    """Schema of the table `action_units`.

    Parameters
    ----------
    tops
        Column name (``au12``) to the upper end of its scale: 5 for OpenFace's intensities, 1 for probabilities.
        Measures
        read their thresholds from it.
    extra
        Columns of the tool that have no name of their own here.
    """
    scores = (
        Column(name, "float32", "1", f"action unit {int(name[2:4])}", None, (0, top), "linear")
        for name, top in tops.items()
    )
    return Schema("action_units", "frame", (*TRACK_KEYS, *scores, *extra), "scores of facial action units", "face")


EMOTIONS = Schema(
    "emotions",
    "frame",
    (
        *TRACK_KEYS,
        *(Column(name, "float32", "1", f"probability of {name}", None, (0, 1), "linear") for name in EMOTION_CLASSES),
        Column("valence", "float32", "1", "unpleasant −1 to pleasant 1", None, (-1, 1), "linear"),
        Column("arousal", "float32", "1", "calm −1 to excited 1", None, (-1, 1), "linear"),
    ),
    "probabilities of emotions, valence and arousal",
    "face",
)
