"""A word that changes what a question means changes its program, or the question is refused."""

from __future__ import annotations

import pytest

from bitflow.events.language import parse, text_of
from tests.models.asking.test_recordings import told


@pytest.mark.parametrize(
    ("question", "program"),
    [
        ("How long does the first pause last?", "total_time first(pause)"),
        ("pauses not longer than 2 s", "list pause for <=2s"),
        ("pauses no shorter than 2 s", "list pause for >=2s"),
        ("How long after the start does he smile?", "latency smile by participant"),
        ("How many blinks in the first three minutes of the recording?", "count blink in start..180s"),
        ("What does he say right after a nod?", "list amid(words, after(nod)) by participant"),
        ("How many times does he interrupt the interviewer?", "count interruption by participant"),
        ("How often is the participant interrupted?", "rate(min) interruption by interviewer"),
        ("How often is she interrupted by the interviewer?", "rate(min) interruption by interviewer"),
        ("How long is she silent?", "total_time not speech by participant"),
        ("Which of them has the longest pause?", "longest pause most"),
        ("Which of them has longer pauses?", "mean_duration pause most"),
        ("Which of them pauses longer?", "total_time pause most"),
        (
            "tell me how long it takes him to answer, question by question",
            "list gap(turn(interviewer), turn(participant))",
        ),
        ("How long does the interviewer take to answer?", "mean_duration gap(turn(participant), turn(interviewer))"),
        ("Response latency of the interviewer", "mean_duration gap(turn(participant), turn(interviewer))"),
        ("Response latency to the interviewer's questions", "mean_duration gap(turn(interviewer), turn(participant))"),
        (
            "How long does he take to reply after the interviewer spoke?",
            "mean_duration gap(turn(interviewer), turn(participant))",
        ),
        ("When does anybody nod?", "list nod by any"),
        ("smiles lasting 2 to 5 seconds", "list smile for >=2s for <=5s"),
        ("When does she say thank you while nodding?", 'list overlapping(words("thank you"), nod) by participant'),
        ('How many times does she say "I think"?', 'count words("I think") by participant'),
        ("when does she smile for the second time?", "list nth(smile, 2) by participant"),
        ("When the participant smiles, does she nod?", "list nod and smile by participant"),
        ("no. of filler words, participant", "count words(lexicon=filler) by participant"),
        ("second nod of the interviewer, when?", "list nth(nod, 2) by interviewer"),
        (
            "nods per minute while she speaks vs otherwise",
            "rate(min) amid(nod, speech) by participant; rate(min) amid(nod, not speech) by participant",
        ),
    ],
)
def test_a_word_that_changes_the_meaning_changes_the_program(question, program):
    assert told(question) == text_of(parse(program))


@pytest.mark.parametrize(
    "question",
    [
        "How often does she not blink?",
        "Did he never nod?",
        "Are there no pauses over 3 s?",
        "How many times does he smile before the interviewer speaks?",
        "How long does only the participant speak?",
        "When are both smiling?",
        "When does neither of them speak?",
        "Does the participant smile less than the interviewer?",
        "Who smiles first?",
        "What is the shortest pause?",
        "Shortest response latency",
        "List all pauses except the first",
        "What share of her smiles happen while she speaks?",
        "What share of smiles last longer than 2 s?",
        "share of positive words",
        "How much does he smile?",
        "When is the pitch highest?",
        "When does she look at the camera?",
        "How often does he nod at the interviewer?",
        "How many blinks in minutes 2 and 4?",
        "How many blinks in minute 2 and minute 4?",
        "smile share per minute",
        "average number of smiles",
        "How many frames have no face?",
        "How often are both hands visible?",
        "head yaw, sd and mean",
        "Average smile duration while speaking",
        "mean pitch of the participant's voice",
        "How many smiles did the interviewer return?",
        "How many blinks in the first 2 s of the smile?",
        "How many interruptions of the participant?",
        "blink rate every other minute",
        "How many different words does she use?",
        "Does she nod exactly 3 times?",
        "pauses of 2 to 3 s",
        "smiles lasting long",
        "smiles longer than 2 s but shorter than 5 s",
        "How long does either of them speak?",
        "How long does the participant speak without the interviewer?",
    ],
)
def test_what_the_language_cannot_say_is_refused_and_not_simplified(question):
    assert told(question) == "!AMBIGUOUS" or told(question) == "!NOT_EXPRESSIBLE"
