"""What a caption is made of: closed forms whose every field may say that nothing is to be seen.

Keys stand in the order in which a model writes them: what it looked at comes before what it concludes. Nothing in a
form is a time: pictures have numbers, and tables have the clock.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Visible = Literal["full", "partial", "none"]
Frames = Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(max_length=12)]
Sentence = Annotated[str, Field(max_length=160)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sight(_Closed):
    """How much of a person is in the pictures."""

    face: Visible
    hands: Visible
    torso: Visible


class FaceAction(_Closed):
    """What the face does, and in which pictures."""

    frames: Frames
    action: Literal[
        "smile", "lip_press", "mouth_open", "brow_raise", "brow_lower", "nose_wrinkle", "eyes_closed",
        "squint", "chin_raise", "none_seen", "not_visible",
    ]  # fmt: skip


class Gesture(_Closed):
    """What hands, arms and head do, and in which pictures."""

    frames: Frames
    kind: Literal[
        "hand_to_face", "hand_to_hair", "arms_crossed", "pointing", "open_palms", "shrug", "fidget",
        "head_nod", "head_shake", "none_seen", "not_visible",
    ]  # fmt: skip


class Impression(_Closed):
    """A reading of what somebody feels: never more than an interpretation."""

    word: Literal["positive", "negative", "mixed", "neutral", "aroused", "low_energy", "none"]
    hedge: Literal["may"]


class PersonCaption(_Closed):
    """One person in one stretch."""

    frames_used: Frames
    visible: Sight
    posture: Literal[
        "upright", "leaning_forward", "leaning_back", "slouched", "turned_side", "standing", "other",
        "not_visible",
    ]  # fmt: skip
    head: Literal[*("facing_camera", "turned_left", "turned_right", "up", "down", "tilted", "unclear", "not_visible"),]  # type: ignore[valid-type]
    gaze: Literal[*("camera", "partner", "left", "right", "up", "down", "closed_eyes", "unclear", "not_visible"),]  # type: ignore[valid-type]
    face_actions: Annotated[list[FaceAction], Field(max_length=4)]
    gestures: Annotated[list[Gesture], Field(max_length=3)]
    mouth: Literal["appears_speaking", "appears_silent", "unclear", "not_visible"]
    people_count: Annotated[int, Field(ge=0, le=20)]
    observation: Sentence
    impression: Impression
    cannot_tell: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=8)]


class AnimalCaption(_Closed):
    """One animal in one stretch."""

    frames_used: Frames
    posture: Literal["stretched", "hunched", "upright", "curled", "unclear", "not_visible"]
    locomotion: Literal["still", "slow", "fast", "unclear", "not_visible"]
    direction: Literal["toward_other", "away_from_other", "none", "unclear", "not_visible"]
    near_other: Literal["touching", "near", "far", "unclear", "not_visible"]
    other: Annotated[int, Field(ge=-1, le=99)]
    side_of_other: Literal["left", "right", "front", "behind", "unclear", "not_visible"]
    follows_other: Literal["yes", "no", "unclear", "not_visible"]
    animals_count: Annotated[int, Field(ge=0, le=99)]
    observation: Sentence
    cannot_tell: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=8)]


class SecondLook(_Closed):
    """The answer to a question that was asked again."""

    frames: Frames
    seen: Literal["yes", "no", "cannot_tell"]


#: In any field: the answer that claims nothing.
NOTHING = frozenset({"not_visible", "unclear", "none_seen", "none", "other"})
