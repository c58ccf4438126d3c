"""What is said of talk: words and who says them, how long answers take, summaries, discord."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

RESPONSES = phrases(
    "time take to answer, time take to respond, response lag, answer lag, reply lag, answering lag, lag before answer, "
    "(how long|how quickly|how fast|how soon|how many second) (until|before|take to|take until|take before|need to|) "
    "(answer|respond|reply|response|answering|responding|react|reacting), latency of every answer, latency of "
    "each answer, latency "
    "of each response, latency of every response, response latency, response time, answer latency, latency of "
    "response, latency of answer, latency to answer, latency to respond, response delay, answering delay, reaction "
    "time, delay before answering, delay before answer, delay before response, delay before responding, time to "
    "answer, time to respond, time before answer, time before answering, time until answer, time until response, time "
    "to response, how long do it take to answer, how long do it take to respond, how long take to answer, how long "
    "take to respond, how long take to reply, how long until answer, how long before answer, how long before "
    "answering, how long until reply, how quickly answer, how quickly respond, how fast answer, how fast respond, how "
    "fast reply, answer time, time needed to answer, time needed to respond, latency of reply, reply latency, how "
    "soon answer, how soon reply, how long wait before answer, how long wait before answering, how long pause before "
    "answer, how long pause before answering, response latency to, pause before answer, pause before answering, how "
    "long need to answer, how long need to respond, latency before answer, wait before answering, gap before "
    "answering, gap before answer, delay until answer, answer delay, answering latency, speed of response, delay "
    "until response, delay to answer, delay to respond, responding time, answering time"
)
SUMMARY = phrases(
    "short overview, brief overview, quick overview, quick summary, brief overview of, short overview of, narrate, "
    "summarise, summarize, summary, summary of, sum up, what happen, what be going on, what go on, recap, overview "
    "of, overview, rundown, synopsis, rundown of, synopsis of, what be happening, give summary, give summary of, "
    "give overview, short summary, brief summary, "
    "what do happen, describe, what take place, digest of, tell what happen, outline"
)
SAY = phrases(
    "say, use, utter, pronounce, word, use word, mention, say word, use the word, speak word, utter word, say the word"
)
ALL_WORDS = phrases(
    "what say, which word, what word, all word, everything say, word spoken, word said, what be said, word, "
    "transcript, what do say, wording, spoken word, everything said, which word say, which word use, what word use, "
    "what word say, what talk about, what utter"
)
LEXICONS: dict[str, tuple[str, ...]] = {
    "positive": phrases(
        "positive word, pleasant word, happy word, say positive word, use positive word, word that be positive, "
        "positive language"
    ),
    "negative": phrases(
        "negative word, unpleasant word, sad word, say negative word, use negative word, negative language"
    ),
    "filler": phrases("filler, filler word, hesitation word, use filler, say filler"),
    "affirmation": phrases("affirmation, word of agreement, affirmative word"),
}
DISAGREE = phrases(
    "disagree, contradict, contradict each other, conflict, mismatch, not match, do not match, not agree, do not "
    "agree, incongruent, at odds, diverge, be inconsistent, inconsistent, not fit, discord, discordant, discrepancy, "
    "incongruence, clash, tell different story, tell different thing, say different thing, not go together, point in "
    "different direction, say something else than, say something different, tell something else, say other thing, "
    "disagreement, contradiction, out of step, be at odds, not line up, mismatched, conflicting"
)
SPOKEN = phrases(
    "word, speech, language, text, verbal, what be said, what say, transcript, spoken word, said, verbal content, "
    "utterance, speech content, content of speech, spoken content, verbal message, verbal content, content of word"
)
