"""What people say of people's behaviour, and the measure, behaviour or signal that answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Reducer = Literal["rate", "fraction", "duration", "latency", "level", "spread", "count", "total"]


@dataclass(frozen=True)
class Concept:
    """One thing that can be asked about.

    Parameters
    ----------
    measures
        By how it is told (``rate``, ``fraction`` …) the measure; the first is meant where nothing is said.
    event
        Behaviour of `bitflow.events` that it is, where there is one: asked of a part of the time, or where it was not
        measured.
    signal
        Column that it is, ``table.column``.
    lexicon
        List of words that it is, of the event language's `words`.
    said
        How it is called.
    """

    said: tuple[str, ...]
    measures: dict[Reducer, str] = field(default_factory=dict, hash=False)
    event: str | None = None
    signal: str | None = None
    lexicon: str | None = None


CONCEPTS: dict[str, Concept] = {
    "smile": Concept(
        ("smile", "smiling", "smiled", "smiles", "grin", "grinning"),
        {
            "rate": "smile_rate_per_min",
            "fraction": "smile_time_fraction",
            "latency": "smile_latency_s",
            "level": "smile_intensity_peak_mean",
        },
        "smile",
    ),
    "smile intensity": Concept(
        ("smile intensity", "intensity of smiles", "how strongly smile", "smile strength"),
        {"level": "smile_intensity_peak_mean"},
    ),
    "genuine smile": Concept(
        ("duchenne smile", "duchenne smiling", "duchenne"), {"fraction": "smile_duchenne_fraction"}
    ),
    "blink": Concept(
        ("blink", "blinking", "blinks", "blinked", "eye blink"),
        {"rate": "blink_rate_per_min", "duration": "blink_duration_mean_ms"},
        "blink",
    ),
    "eye closure": Concept(
        ("eyes closed", "eye closure", "closed eyes", "close eyes", "eyes shut", "eyes are closed"),
        {"rate": "eye_closure_long_rate_per_min", "fraction": "perclos_80_fraction"},
        "eye_closure",
    ),
    "nod": Concept(("nod", "nodding", "head nod", "nods", "nodded"), {"rate": "head_nod_rate_per_min"}, "nod"),
    "shake": Concept(
        ("head shake", "head shaking", "shake head", "shaking head", "shake"),
        {"rate": "head_shake_rate_per_min"},
        "shake",
    ),
    "look away": Concept(
        (
            *("look away", "looking away", "gaze aversion", "avert gaze", "averted gaze", "aversion of gaze"),
            *("gaze averted", "avert eyes", "looks elsewhere", "look elsewhere", "gaze away"),
        ),
        {},
        "look_away",
    ),
    "gaze on target": Concept(
        ("gaze on target", "eye contact", "look at the camera", "looking at the camera"),
        {"fraction": "gaze_on_target_fraction"},
    ),
    "gaze shift": Concept(("gaze shift", "gaze shifts"), {"rate": "gaze_shift_rate_per_min"}, "gaze_shift"),
    "pause": Concept(
        ("pause", "pausing", "pauses", "silent pause", "speech pause"),
        {
            "rate": "pause_rate_per_min",
            "fraction": "pause_time_fraction",
            "duration": "pause_duration_mean_s",
        },
        "pause",
    ),
    "pause time": Concept(
        (
            "pause time",
            "pausing time",
            "time pausing",
            "time in pauses",
            "share of pauses",
            "pause share",
            "silence",
            "proportion of pauses",
            "fraction of pauses",
        ),
        {"fraction": "pause_time_fraction"},
        "pause",
    ),
    "talk": Concept(
        ("talk", "talking", "speak", "speaking", "spoke", "speaking time", "talking time", "talk time", "speech time"),
        {"fraction": "talk_time_fraction"},
        "speech",
    ),
    "speech rate": Concept(
        (
            *("speech rate", "speaking rate", "rate of speech", "syllable rate", "speech speed", "speaking speed"),
            *("speech tempo", "speak fast", "talk fast", "speak faster", "talk faster", "speak slower", "talk slower"),
            *(
                "syllables per second",
                "how fast speak",
                "how fast talk",
                "speak slowly",
                "talk slowly",
                "tempo of speech",
            ),
        ),
        {"level": "speech_rate_syllables_per_s"},
    ),
    "words per minute": Concept(("words per minute", "wpm"), {"level": "speech_rate_words_per_min"}),
    "articulation": Concept(("articulation rate",), {"level": "articulation_rate_syllables_per_s"}),
    "turn": Concept(
        ("turn", "speaking turn", "turns"), {"count": "turn_count", "duration": "turn_duration_median_s"}, "turn"
    ),
    "response latency": Concept(
        (
            *("response latency", "response time", "latency to answer", "answer latency", "latency of answers"),
            *("reaction time", "response latencies", "latency of response", "time to respond", "time to answer"),
            *("delay before answering", "answering delay", "response delay"),
        ),
        {"level": "response_latency_median_s"},
    ),
    "overlap": Concept(
        (
            "overlap",
            "overlapping",
            "speak at once",
            "overlapping speech",
            "speech overlap",
            "talk over each other",
            "speak at the same time",
            "talk at the same time",
            "talk over one another",
            "talk at once",
            "speak simultaneously",
            "talk simultaneously",
        ),
        {"fraction": "overlap_time_fraction"},
        "overlap",
    ),
    "interruption": Concept(
        ("interrupt", "interruption", "interrupting"), {"rate": "interruption_rate_per_min"}, "interruption"
    ),
    "backchannel": Concept(("backchannel", "backchannels"), {"rate": "backchannel_rate_per_min"}, "backchannel"),
    "self touch": Concept(
        (
            *("self touch", "face touch", "touch face", "touching face", "hand to face", "hand to face touch"),
            *("hand to face contact", "touch own face", "touches of the face", "face touching", "hand to face touches"),
            *("touch the face", "touches the face", "touches face", "hand face contact", "hand touches face"),
        ),
        {"rate": "self_touch_rate_per_min", "fraction": "self_touch_time_fraction"},
        "self_touch",
    ),
    "gesture": Concept(("gesture", "gesturing", "gestures"), {"rate": "gesture_rate_per_min"}, "gesture"),
    "pitch": Concept(
        ("pitch", "voice pitch", "f0", "fundamental frequency", "vocal pitch", "pitch of the voice"),
        {"level": "voice_f0_mean_hz", "spread": "voice_f0_sd_st"},
        signal="voice.f0",
    ),
    "loudness": Concept(
        ("loudness", "voice loudness", "voice level", "volume"),
        {"spread": "voice_intensity_sd_db"},
        signal="voice.loudness",
    ),
    "yaw": Concept(
        ("yaw", "head yaw", "yaw of the head", "head turning angle"),
        {"level": "head_yaw_mean_deg", "spread": "head_yaw_sd_deg"},
        signal="head_pose.yaw",
    ),
    "head pitch": Concept(
        ("head pitch", "pitch of the head", "head tilt up"),
        {"level": "head_pitch_mean_deg", "spread": "head_pitch_sd_deg"},
        signal="head_pose.pitch",
    ),
    "head roll": Concept(
        ("head roll", "roll of the head"),
        {"level": "head_roll_mean_deg", "spread": "head_roll_sd_deg"},
        signal="head_pose.roll",
    ),
    "head movement": Concept(
        (
            *("head movement", "head motion", "movement of the head", "motion of the head", "head speed"),
            *("move head", "moving head", "head moves", "speed of the head", "head movements"),
        ),
        {"level": "head_angular_speed_mean_deg_per_s"},
    ),
    "stillness": Concept(("head stillness", "keep head still"), {"fraction": "head_stillness_fraction"}),
    "face coverage": Concept(
        (
            *("face coverage", "coverage of the face", "usable face", "face visible", "visible face", "face seen"),
            *("face is visible", "face is usable", "face was seen", "face detected", "face is detected", "seen face"),
        ),
        {"fraction": "face_coverage_fraction"},
    ),
    "audio quality": Concept(
        ("snr", "audio snr", "signal to noise", "signal to noise ratio", "audio quality", "sound quality"),
        {"level": "audio_snr_db"},
    ),
    "expressivity": Concept(("expressivity", "expressiveness", "facial expressivity"), {"level": "expressivity_index"}),
    "body movement": Concept(("body movement", "body motion", "motion energy"), {"level": "body_motion_energy_mean"}),
    "synchrony": Concept(
        (
            "synchrony",
            "head synchrony",
            "synchrony of head motion",
            "head motion synchrony",
            "synchronisation",
            "synchronization",
            "synchrony of head movement",
            "head movement synchrony",
            "synchrony of the head movements",
            "synchrony of head movements",
        ),
        {"level": "sync_surrogate_z"},
    ),
    "disfluency": Concept(
        ("disfluency", "disfluencies", "disfluency rate"), {"level": "disfluency_rate_per_100_words"}
    ),
    "filler": Concept(("filler", "fillers", "filler words", "um and uh"), {"level": "hesitation_filler_rate"}),
    "valence": Concept(("valence",), {"level": "valence_mean", "spread": "valence_sd"}),
    "arousal": Concept(("arousal",), {"level": "arousal_mean", "spread": "arousal_sd"}),
    "posture shift": Concept(("posture shift", "shift posture"), {}, "posture_shift"),
    "lean forward": Concept(("lean forward", "leaning forward", "lean in"), {}, "lean_forward"),
    "lean back": Concept(("lean back", "leaning back"), {}, "lean_back"),
    "brow raise": Concept(("brow raise", "raise brows", "raise eyebrows", "eyebrow raise"), {}, "brow_raise"),
    "brow lower": Concept(
        ("brow lower", "frown", "frowning", "lower brows"), {"fraction": "brow_lower_time_fraction"}, "brow_lower"
    ),
    "mouth open": Concept(("mouth open", "open mouth"), {}, "mouth_open"),
    "positive words": Concept(("positive words", "positive word", "pleasant words"), {}, lexicon="positive"),
    "negative words": Concept(("negative words", "negative word", "unpleasant words"), {}, lexicon="negative"),
    "jitter": Concept(("jitter",), {"level": "voice_jitter_local"}),
    "shimmer": Concept(("shimmer",), {"level": "voice_shimmer_local"}),
}

#: How a value is told.
REDUCERS: dict[Reducer, tuple[str, ...]] = {
    "rate": (
        "rate",
        "rates",
        "frequency",
        "how often",
        "often",
        "per minute",
        "a minute",
        "times per minute",
        "frequently",
        "number per minute",
        "every minute",
        "each minute",
    ),
    "fraction": (
        *("fraction", "share", "proportion", "percentage", "percent of the time", "share of time", "share of the time"),
        *("fraction of time", "fraction of the time", "proportion of time", "proportion of the time", "time spent"),
        *(
            "how much time",
            "how much of the time",
            "percentage of time",
            "percentage of the time",
            "spend time",
            "spend",
        ),
        *("part of the time", "how much of the video", "how much of the recording", "what part of the video"),
    ),
    "duration": (
        "duration",
        "length",
        "how long last",
        "last",
        "mean duration",
        "average duration",
        "average length",
        "mean length",
        "durations",
    ),
    "latency": ("latency", "time until first", "time to first", "first", "delay until first", "how soon"),
    "level": ("level", "value", "values", "mean level"),
    "spread": ("variability", "spread", "standard deviation", "sd", "variation", "vary"),
    "count": ("count", "number of"),
    "total": ("total time", "how long", "total duration", "overall time", "cumulative time"),
}
