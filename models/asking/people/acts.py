"""What people do and what is measured of them, by how it is said."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

#: What people do, beside `concepts`, by the behaviour; and what is asked of it where nothing else is.
EVENTS: dict[str, tuple[str, ...]] = {
    "silence": phrases(
        "silence, be silent, nobody speak, nobody talk, no one speak, no one talk, quiet, no speech, nobody say "
        "anything"
    ),
    "question": phrases("ask something, ask anything, question, ask, ask question, ask a question, pose a question"),
    "turn": phrases(
        "turn, speaking turn, turn at talk, have floor, hold floor, hog floor, keep floor, command floor, take turn, "
        "turn take"
    ),
    "overlap": phrases(
        "overlap, overlap in speech, overlapping speech, overlapping talk, overlapping turn, talk over each other, "
        "speak over each other, speak at same "
        "time, talk at same time, talk at once, speak at once, talk simultaneously, speak simultaneously, talk over "
        "one another, speak over one another, speech overlap, cross talk, crosstalk, both speak, both talk, speak "
        "both, talk both, both speak at once, both talk at once, both speak at same time, both talk at same time, "
        "simultaneous speech, simultaneous talk, simultaneous speaking, concurrent speech, concurrent talk, "
        "parallel talk, "
        "double talk, speak on top of each other, talk on top of each other"
    ),
    "speech": phrases("speak, talk, speaking, talking, say something, say anything, vocalise, speech"),
    "eye_closure": phrases(
        "eye closed, eye shut, eye close, close eye, shut eye, eye closure, closed eye, keep eye closed, eye be "
        "closed, eye remain closed"
    ),
    "pause": phrases("pause, silent pause, speech pause, pause in speech, pausing"),
    "self_touch": phrases(
        "touch face, face touch, face touching, hand to face touch, hand to face, hand to face contact, hand on face, "
        "hand touch face, hand face contact, self touch, touch own face, facial touch, hand at face, hand to face "
        "touching, hand go to face, put hand to face, hand in face, face be touch, face touch by hand, face be touch "
        "by hand"
    ),
    "smile": phrases("smile on face, smile, grin, smiling, beam"),
    "nod": phrases("nod, head nod, nodding, nod head, nod of head, nod with head"),
    "shake": phrases("shake head, head shake, head shaking, shake of head"),
    "look_away": phrases(
        "look away, gaze aversion, avert gaze, avert eye, look elsewhere, avoid eye contact, glance away, gaze away, "
        "turn gaze away, gaze averted, averted gaze"
    ),
    "blink": phrases("blink, eye blink, blinking"),
    "head_turn": phrases("turn head, head turn, turn head aside"),
    "head_tilt": phrases("tilt head, head tilt"),
    "finger_tap": phrases("tap finger, finger tap, finger tapping"),
}

#: Signals beside those of `concepts`.
SIGNALS: dict[str, tuple[str, ...]] = {
    "voice.f0": phrases(
        "fundamental frequency (of|in) voice, f0 (of|in) voice, voice fundamental frequency, fundamental frequency of "
        "speech, voice pitch, f0, fundamental frequency, vocal pitch, pitch of voice, pitch, speaking pitch, tone of "
        "voice pitch, pitch in voice, f 0, voice f0, voice frequency"
    ),
    "voice.loudness": phrases(
        "loudness, voice loudness, volume, vocal loudness, voice volume, how loud speak, how loud, speaking volume, "
        "loudness of voice, sound level"
    ),
    "head_pose.yaw": phrases(
        "head yaw, yaw, head angle yaw, yaw of head, yaw angle, head yaw angle, horizontal head angle, horizontal "
        "head rotation, sideways head angle, left right "
        "head angle"
    ),
    "head_pose.pitch": phrases("head pitch, pitch of head, head pitch angle, vertical head angle, up down head angle"),
    "head_pose.roll": phrases("head roll, roll of head, roll, head roll angle"),
    "gaze.yaw": phrases("gaze yaw, horizontal gaze, yaw of gaze"),
    "gaze.pitch": phrases("gaze pitch, vertical gaze, pitch of gaze"),
    "face_actions.mouth_opening": phrases("mouth opening, mouth openness, opening of mouth"),
}

#: Measures that are asked for a person or a stretch of time in other words than `concepts`.
MEASURES: dict[str, tuple[str, ...]] = {
    "speech_rate_syllables_per_s": phrases(
        "speech rate, speaking rate, syllable rate, rate of speech, speech speed, speaking speed, speech tempo, how "
        "fast speak, how fast talk, how fast speech, how quickly speak, how quickly talk, speak fast, talk fast, "
        "tempo of speech, speech pace, speaking pace, talking speed, talking rate, pace of speech, syllable per "
        "second, how many syllable per second, speech fast, speech quick, speak quick, talk quick, speed of speech, "
        "rate of speaking"
    ),
    "speech_rate_words_per_min": phrases("word per minute, wpm, how many word per minute, word rate"),
}
FASTER: dict[str, tuple[str, ...]] = {"speech_rate_syllables_per_s": phrases("speak, talk")}
