"""Why a number cannot be given: a closed list of codes, each with a sentence."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "no_face": "no face of this person was seen",
    "no_person": "no body or hand of this person was seen well enough",
    "no_audio": "there is no sound, or its file is not at hand",
    "no_speech": "nobody, or not this person, was heard to speak",
    "too_short": "less time was seen than the measure needs",
    "too_few_valid": "too small a share of the time was seen",
    "too_few_events": "fewer events than the measure needs",
    "constant_signal": "the signal never changes: nothing moves, or its source is stuck",
    "no_overlap": "the two were not seen at the same time for long enough",
    "fps_too_low": "the frame rate is too low for what is to be measured",
    "no_punctuation": "the transcript has no punctuation, by which questions are told",
    "single_speaker": "only one speaker is known",
    "not_calibrated": "the source is not good enough, or needs a calibration that is not there",
    "missing_column": "the tables lack a column that the measure needs",
    "missing_table": "the store lacks a table that the measure needs",
    "bad_input": "the input contradicts itself",
}


class Undefined(Exception):  # noqa: N818
    """A number that is not defined for this input; `reason` is one of `REASONS`.

    Raised by measures and by what loads their input, and turned into a record with status ``undefined`` by the run:
    it never reaches a user.
    """

    def __init__(self, reason: str, detail: str = ""):
        if reason not in REASONS:
            raise ValueError(f"unknown reason {reason!r}")
        self.reason = reason
        self.detail = detail
        super().__init__(detail or REASONS[reason])
