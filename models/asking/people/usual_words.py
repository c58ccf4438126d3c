"""Other ways of saying a thing, by the usual one."""

from __future__ import annotations

import re

from bitflow.models.asking.people.usual_times import RECORDING

_THE_REST = (
    r"(?:otherwise|elsewhere|usual(?:ly)?|normal(?:ly)?|(?:at )?(?:all )?(?:the )?other times"
    r"|(?:in |during |for )?the (?:rest|remainder)(?: of (?:the )?(?:time|recording|video|session|interview|visit))?"
    r"|the remaining time)"
)
ROLE = r"(?:participant|patient|interviewer|therapist|clinician|child|parent|mother|father|person \d)"
#: Other ways of saying a thing, by the usual one.
_SAID_OTHERWISE = (
    (
        rf"\b(?:in|over|during|across|throughout|for|of) (?:the |this |his |her )?(?:whole|entire|full|complete) "
        rf"{RECORDING}\b",
        "",
    ),
    (rf"\b(?:overall|altogether) in (?:the )?{RECORDING}\b", "overall"),
    (
        r"\b(longer|more|less|shorter|greater|higher|lower|fewer|larger|smaller) then (?=\d|an?\b|one|two|three|four|"
        r"five|ten|half)",
        r"\1 than ",
    ),
    (r"\b(?:every|each) one of (?:the|these|those)\b", "every"),
    (r"\b(?:each|every) (?:successive|consecutive|single)\b", "every"),
    (r"\b(minutes?|seconds?) in(?=\s*[?.!,]*$)", r"\1"),
    (r"\b(touch(?:ed|es|ing)?) (?:with|by) (?:an? |the |his |her |their |one |either |both )?hands?\b", r"\1 by hand"),
    (
        r"\b(?:delays?|latenc(?:y|ies)|pauses?|time|wait|gaps?|silences?) (?:before|until|preceding|ahead of|to) "
        r"(?P<each>each |every |all |all of |each of |every one of )?(?:of )?(?:the )?(?P<who>interviewer|"
        r"participant|patient|therapist|his|her)(?:'s|s')?"
        r" (?:answers?|repl(?:y|ies)|responses?|reactions?)\b",
        lambda m: f"response latency {'each ' if m['each'] else ''}of {_HIM.get(m['who'].lower(), m['who'])}",
    ),
    (rf"(?<=\b)({ROLE}|minutes?|seconds?|half|{RECORDING}) (?:only|alone)(?=\W*$)", r"\1"),
    (r"\blengthiest\b|\bmost extended\b", "longest"),
    (r"\bin absolute (?:numbers?|terms|figures)\b", "in total"),
    (
        r"\b(?:one|a|an|1) (?:single )?(?:value|number|figure|point|data point)s? (?=(?:for |per |in )?(?:every|each)"
        r"\b|"
        r"per\b)",
        "",
    ),
    (
        r"\b(than|least|most|over|under|exceeding|above|below|within|lasting|last|for) (?:an?|one) (?:full |whole )"
        r"?(second|minute)\b",
        r"\1 1 \2",
    ),
    (rf"\bcompare (.*?) (?:with|to|and|against|versus|vs\.?) {_THE_REST}\b", r"\1 otherwise"),
    (
        rf"\b(?:more|less)(?: often| frequently)? (?P<when>(?:after|while|when|during|whenever)\b.*?) than "
        rf"{_THE_REST}\b",
        r"\g<when> otherwise",
    ),
    (r"\b(?:combined|joint|summed|accumulated) (?=duration|time|length)", "total "),
    (r"\bgaze (?:wander|drift|stray|move|turn)s?(?:ed|ing)? (?:off|away|elsewhere)\b", "looks away"),
    (r"\b((?:seconds?|minutes?|s|min)) long or (longer|more)\b", r"\1 or \2"),
    (r"\b(?:go|goes|went|come|comes|came) (?:along |together )with\b", "with"),
    (r"\b(head|face|voice|gaze)'s\b", r"\1"),
    (r"\b(?:has|have|contains?|shows?) (?:an? )?(face|hand|body) in it\b", r"has a \1 visible"),
    (
        r"\b(face|hand|body) visibility\b|\bvisibility of (?:the |his |her )?(?:left |right )?(?=face|hand|body)",
        lambda m: f"{m[1] or ''} visible ",
    ),
    (r"\b(face|hand|body) (?:drop ?outs?|losses)\b", r"\1 missing"),
    (r"\b(?:and|or) (?:how (?:often|long|much)|when) otherwise\b", "otherwise"),
    (
        r"\b(?:react|respond|reply|answer)(?:s|ed|ing)? (?:to )?((?:the )?\w+(?:'s)? (?:questions?|turns?|words)) "
        r"(?:with|by) (?:an? )?"
        r"(nods?|smiles?|nodding|smiling|blinks?|blinking|head shakes?)\b",
        r"\2 after \1",
    ),
    (
        r"\bminutes? (one|two|three|four|five|six|seven|eight|nine) (and|to|until) (?:minute )?"
        r"(one|two|three|four|five|six|seven|eight|nine|ten)\b",
        lambda m: f"minute {_COUNTED[m[1].lower()]} {m[2]} {_COUNTED[m[3].lower()]}",
    ),
    (
        rf"\bwhen (?:does|do|did) (he|she|they|the {ROLE}) (\w+) for the (second|third|fourth|fifth|sixth) time\b",
        r"when is the \3 \2 of \1",
    ),
    (r"\bsum total of\b|\bsum(?:med)? up all(?: of)?\b(?=.*\b(?:talk|speak|speech|time))", "total time of"),
    (r"\b(\d+(?:\.\d+)?) ?\+ ?(ms|s|secs?|seconds?|mins?|minutes?)\b", r"\1 \2 or more"),
    (r"\bgaps? in (?:the )?(?:speech|talk|talking)\b", "pauses"),
    (r",? ?\b(?:word for word|verbatim|literally)\b", ""),
    (r"\bwords (?:that )?(?:come|comes|came) out\b", "words said"),
    (r"\bwith an? (face|body)(?=\s*[?.!,;]*$)", r"with a \1 visible"),
    (
        r"\b(after|during|while) (?:vs\.?|versus|and|or) (?:outside(?: of)?|not (?:after|during|while)) (.+?)"
        r"(?=[?.!]*$)",
        r"\1 \2 otherwise",
    ),
    (
        r"\b(face|facial expression|expression|words|speech|language) ?(?:vs\.?|versus|against) ?(?=face|facial|"
        r"expression|words"
        r"|speech|language)",
        r"\1 and ",
    ),
    (r"\bvoice (go|goes|going|went|rise|rises|fall|falls|climb|climbs) ?(up|down)? in pitch\b", r"voice pitch \1 \2"),
    (r"\btl;? ?dr\b|\b(?:run|walk|talk|take) (?:me|us) through\b", "summary"),
    # with, without, while
    (r"\bother than (?=\w+ing\b)", "while not "),
    (
        r"\b(?:came|comes|come|went|goes|go) (?:along |together )?with an? (?=smile|frown|nod|blink|head ?shake)",
        "during ",
    ),
    (r"\baccompanied by an? (?=smile|frown|nod|blink|head ?shake)", "during "),
    # who
    (
        r"\b(?:which|who) (?:one )?(?:of|among) (?:the two (?:of them|people|speakers|persons)|the (?:people|"
        r"speakers|persons)|these two|both of them"
        r"|them|the two|both)\b",
        "who",
    ),
    (rf"^(\W*(?:who|which|whose)\b.*?)[,:]? (?:is it |was it )?(?:the )?{ROLE} or (?:the )?{ROLE}\W*$", r"\1"),
    (r"\b(who|which) (?:is|was) (?:the )?(?:one|person) (?:who |that )?(?=[a-z]+)", r"\1 "),
    (r"\b(?:anybody|anyone|somebody|someone)\b", "anyone"),
    (
        r"\b(the (?:participant|patient|interviewer)|participant|interviewer|patient)(?:,? (?:and )?not (?:of |by |"
        r"for )?"
        r"(?:the )?(?:participant|patient|interviewer))\b",
        r"\1",
    ),
    (
        r"\b(number|count|total|times|altogether|in total),? (?:and )?not (?:the )?(?:rate|per (?:minute|min|hour|"
        r"second))\b",
        r"\1",
    ),
    (
        r"\bquestion (?:by|for|after) question\b|\b(?:one|each) by (?:one|each)\b|\b(?:each|every) (?:single )"
        r"?(?:one|time)\b(?! (?:of|the)\b)"
        r"|\b(?:each|every) time(?= the\b)",
        "each",
    ),
    (r"\b(?:each|every) time\b", "each"),
    (r"\bown (?=face|head|hair|nose)", ""),
    (
        r"\beach (?:time )?(?:that )?(?:the )?(interviewer|participant|patient|therapist|other) (?:has |had )"
        r"?(?:stops?|stopped|"
        r"finish\w*|ends?|ended) (?:talking|speaking|asking|(?:his|her|their|the) (?:turn|question|sentence))",
        r"after each turn of the \1",
    ),
    (
        r"\b(?:rank|ranking of|sort|order) (?:both|the two|them|everybody|everyone|(?:the )?(?:two )?(?:people|"
        r"speakers|persons))(?: of them)? (?:by|according to|in order of|on)\b(?: the\b)?",
        "who has most",
    ),
    (r"\bhow (?:do|does|did) (?:they|it|these|those|both) (?:look|compare|differ)(?: like)?\b", ""),
    (r"\b(second|minute)s? (\d+(?:\.\d+)?)(?= (?:and|to|until|-|till) (?:second|minute)s? \d)", r"\2 \1s"),
    (
        r"(?<=to )(second|minute)s? (\d+(?:\.\d+)?)\b|(?<=and )(second|minute)s? (\d+(?:\.\d+)?)\b",
        lambda m: f"{m[2] or m[4]} {m[1] or m[3]}s",
    ),
    (
        r"\b(?:an?|one|two|three|four|1|2|3) (second|minute)s? and a half\b",
        lambda m: f"{_AND_A_HALF[m[0].lower().split()[0]]} {m[1]}s",
    ),
    (
        r"\b(an?|one|two|three|four|1|2|3) and a half (second|minute)s?\b",
        lambda m: f"{_AND_A_HALF[m[1].lower()]} {m[2]}s",
    ),
    (
        r"(?<!before )(?<!after )(?<!until )(?<!from )(?<!since )(?<!up to )(?<!the )\bminute (\d+|one|two|three|"
        r"four|five|six|seven|eight|nine|ten)\b(?: only| alone)?(?! (?:to|and|until|mark)\b)"
        r"(?<!of minute)",
        r"in minute \1",
    ),
    (r"\b(?:in|of|during|for|from|over|at|within) in minute\b", "in minute"),
    (
        r"\b(one|two|three|four|five|six|seven|eight|nine|ten) (to|until|and) (one|two|three|four|five|six|seven|"
        r"eight|nine|ten)"
        r" (minute|second)s?\b",
        lambda m: f"{_COUNTED[m[1].lower()]} {m[4]}s {m[2]} {_COUNTED[m[3].lower()]} {m[4]}s",
    ),
    (rf"(?:,? ?\b(?:as )?)(?:vs\.?|versus|compared (?:to|with)|opposed to|and|or) {_THE_REST}\b", " otherwise"),
    # what is missing
    (r"\bout of (?:sight|shot|picture)\b", "out of view"),
    (
        r"\b(?:(?:do|did) we )?(?:lose|lost|losing) (?:sight of |track of )?"
        r"((?:the |his |her |their )?(?:left |right )?(?:hand|face|body))s?\b",
        r"\1 missing",
    ),
    (
        r"\b(?:(?:can|could|do|did) not (?:we|you|one)|(?:we|you|one) (?:can|could|do|did) not) see ((?:an? |the |"
        r"his |her )?(?:left |right )?"
        r"(?:face|hand|body))s?\b",
        r"\1 missing",
    ),
    (
        r"(?<!not )\b(?:we|you|one) (?:can |could |do )?(?:have|see|get)s? ((?:an? |the |his |her )?(?:left |right )"
        r"?(?:face|hand|body))s?\b"
        r"(?: in)?",
        r"\1 visible",
    ),
    (
        r"(?<!not )\b(?:can|could|do|did) (?:we|you|one) see ((?:an? |the |his |her )?(?:left |right )?(?:face|hand|"
        r"body))s?\b"
        r"(?: in)?",
        r"\1 visible",
    ),
    # how often
    (r"\bin how many (?:cases|instances)\b", "how many times"),
    (r"\bhow many times over\b", "how many times"),
    (r"\bpart (?=from|between|of the (?:recording|video) (?:from|between))", ""),
)
_HIM = {"his": "him", "her": "him"}
_COUNTED = {
    word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1)
}
_AND_A_HALF = {"a": 1.5, "an": 1.5, "one": 1.5, "two": 2.5, "three": 3.5, "four": 4.5, "1": 1.5, "2": 2.5, "3": 3.5}
OTHERWISE = tuple((re.compile(pattern, re.I), usual) for pattern, usual in _SAID_OTHERWISE)
