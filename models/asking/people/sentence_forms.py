"""How sentences are built, in the plain order: clefts, clauses that say who talks, what is added at the end."""

from __future__ import annotations

import re

from bitflow.models.asking.people.usual_times import RECORDING
from bitflow.models.asking.people.usual_words import ROLE

_HE = rf"(?:he|she|they|(?:the )?{ROLE}|nobody|no one|anyone|someone|somebody)"
_MATCH = r"(?:fit together|match|agree|fit|correspond|go together|line up|tally|square)"
_SEEN = r"(?:words?|smiles?|nods?|frowns?|blinks?|pauses?|questions?|head ?(?:turns?|shakes?)|self[- ]touches)"
_BOTH_AT_ONCE = r"(?:at (?:the )?(?:same time|once)|simultaneously|together|concurrently|in parallel)"
_BUILT_OTHERWISE = (
    # it is he who talks
    (
        rf"\b(?:is|was) it ((?:the )?{ROLE}|he|she|him|her) (?:who|that) (?!.*\b(?:first|last|more|most|less|least|"
        rf"earlier|later|long\w+|often)\b)(?:(?:is|was|does|did|has|had) )?",
        r"does \1 ",
    ),
    (
        r"(?<!how )(?<!what )(?<!why )\b(?:do|does|did|doing|done) the (?=\w+ing\b(?:\W*$| (?:in|while|when|"
        r"during|before|"
        r"after)\b))",
        "",
    ),
    (
        rf"\b(?:at|in) (?:the )?(?:very )?(?:same )?(?:moments?|times?|instants?|points?)(?: (?:that|when|in which|at "
        rf"which|where))? (?={_HE}\b)",
        "while ",
    ),
    # the one and the other at once
    (rf"\b(?:both )?(\w+ing) and (?:also )?(\w+ing)(?: both)?,? {_BOTH_AT_ONCE}", r"\1 while \2"),
    (rf"\b{_BOTH_AT_ONCE} (\w+ing) and (\w+ing)\b", r"\1 while \2"),
    (r"\bboth (\w+ing) and (\w+ing)\b", r"\1 while \2"),
    (
        rf"\b((?:he|she|{ROLE}) (?:both )?)(\w+s) and (?:also )?(\w+s),? {_BOTH_AT_ONCE}",
        r"\1\2 while \3",
    ),
    (rf"\b((?:does|do|did) {_HE} (?:ever )?(?:both )?)(\w+) and (\w+),? {_BOTH_AT_ONCE}", r"\1\2 while \3"),
    # what overlaps is between people anyway
    (
        r"\b((?:overlap\w*|cross ?talk|double talk|simultaneous \w+)(?: \w+){0,2}) (?:between|among|of|by) (?:the "
        r"|these |"
        r"those )?(?:two |both )?(?:speakers|people|persons|participants|parties|interlocutors|of them|voices)\b",
        r"\1",
    ),
    (r"\b(?:starts?|begins?|occurs?|happens?|comes?|came|come|falls?) (?=(?:within|in under) \d)", ""),
    (
        r"\b(?:comes?|came|falls?|arrives?|appears?|turns? up) (?=(?:right |directly |shortly |just |soon "
        r")?(?:after|during|while)\b)",
        "",
    ),
    (r"\b(?:right|directly|shortly|just|immediately|straight) (?=after\b)", ""),
    (
        r"\b(?:higher|greater|larger|bigger|more frequent|faster|lower|smaller) (?P<when>(?:after|while|when|"
        r"during|whenever)\b.*?) than "
        r"(?:otherwise|elsewhere|usual|normally|(?:at )?(?:all )?(?:the )?other times|(?:in |during |for )?the "
        r"(?:rest|remainder)"
        r"(?: of (?:the )?(?:time|recording|video|session|interview))?)",
        r"\g<when> otherwise",
    ),
    (r"\bhow many percent of\b", "what percentage of"),
    (
        r"\b(how long (?:does|do|did) (?:it|(?:the )?\w+)) (?:typically|usually|generally|normally|on average|"
        r"commonly) take",
        r"\1 take",
    ),
    (
        r"\b(?:at|in) (?:what|which) (?:exact )?(?:second|minute|timestamp|time ?point|position|point in time)s?\b",
        "when",
    ),
    (r"\b(?:comes?|came|crops?|pops?|shows?|turns?) up\b", "occur"),
    # how much in all, of what is longest
    (r"\b(?:cumulative|accumulated|aggregate|summed(?: up)?|net) (?=\w+ (?:time|duration|length)\b)", "total "),
    (rf"\bsum of (?=(?:his |her |their |(?:the )?{ROLE}'s )?\w+ing (?:time|duration)s?\b)", "total of "),
    (r"\b(?:duration|length)s? of (?:the |his |her |their )?(?:single )?(?=longest\b)", ""),
    (r"^\W*(?:seconds|time|delay|milliseconds|ms|minutes) (?:until|till|before|up to) (?=\w)", "how long until "),
    (r",? ?\bby the end(?: of the \w+)?(?=\W*$)", ""),
    (r"\b(?:heard|seen|observed|caught|found|noticed|shown) (?=(?:to |to be )?\w+ing\b)", ""),
    (
        rf"\b(he|she|who|they|{ROLE}) (?:ever )?(?:gives?|gave|cracks?|cracked|flash(?:es|ed)?|breaks? into|broke "
        rf"into|puts? on) "
        r"(?:an? |her |his |their )?(?=(?:first |last )?(?:smile|grin|nod|frown|blink)s?\b)",
        r"\1 perform ",
    ),
    # against the rest
    (
        r"^\W*(?:is|are|do|does|did) (?!there\b)(.+?) (?:more|less)(?: often| frequently)? "
        r"((?:right |just )?(?:after|while|when|during|whenever)\b(?!.* than\b)[^?.!]*)",
        r"how often does \1 \2 otherwise",
    ),
    (
        r"^\W*(?:is|are) there (?:more|less|fewer) (.+?) (?=(?:after|while|when|during|whenever)\b)(?!.* "
        r"than\b)([^?.!]*)",
        r"how often \1 \2 otherwise",
    ),
    (
        r"^\W*(?:how (?:do|does|did) )?(.+?) compared? (?:with|to|against) (?:that |those )?(?:in |during |at |"
        r"for )?(?:all |"
        r"the )*(?:rest|remainder|other times|remaining time)(?: of (?:the )?(?:time|recording|video|session|"
        r"interview))?",
        r"\1 otherwise",
    ),
    (r"^\W*how (?:do|does|did) (.*?) (?:change|differ|shift)\w* (?=(?:from|between) before\b)", r"\1 "),
    (
        r"\b(?:from|between) before (\S+(?: minutes?| seconds?| min| s)?) (?:to|and) after (?:\1|that|it)\b",
        r"before and after \1",
    ),
    (
        r"\b(interrupt\w*|cut(?:s|ting)? off) (?:each other|one another)\b",
        r"\1",
    ),
    (r"(?<!while )(?<!when )(?<!after )\b(each|every) (?:speaker|person|individual)\b(?! \d)", r"\1 of them"),
    (
        r"\bhow long (?:is|was|are|were|does|did|do) (?:each|every)(?: one)?((?: of (?:the|his|her|their))? "
        r"(?!(?:of (?:them|us|"
        rf"these|those|both|the (?:two|people|speakers))|one|man|woman|people|side|{ROLE})\b(?!'s)).*?)(?: lasts?|"
        rf" takes?| goes on| "
        r"go on)?(?=\W*$)",
        r"list each\1",
    ),
    (
        r"\b(?:by|per|for (?:each|every)|of (?:each|every)) (?:person|speaker|individual|one of (?:them|the "
        r"two))\b(?! \d)",
        "",
    ),
    (r"\bhow (?:much|strongly|greatly) (?:do|does|did) (.*?) (?:vary|fluctuate)\b", r"variability of \1"),
    (
        r"\b(?:are |is )?(?:they |the two |both of them )?(?:are )?both (?:of them )?(?:are )?(?:silent|quiet)\b",
        "nobody speaks",
    ),
    (r"\b(?:vs|versus) rest\b", "otherwise"),
    (r"\b(?:is|was) (?:the )?(more|most|less|least) talkative(?: one| person| speaker)?\b", r"talks \1"),
    (r"\b(?:took|takes?|taking) up (?=(?:the )?(?:more|most|less|least)\b)", "has "),
    (
        r"\b(contradict\w*|disagree\w*|match\w*|conflict\w*|clash\w*|diverge\w*)(?: with| from)? (?:one another|"
        r"each other)\b",
        r"\1",
    ),
    (
        r"\b(?:quick|short|brief|concise|rough|little|general|condensed) (?=(?:recap|summary|overview|rundown|"
        r"outline|description|"
        r"synopsis|account)\b)",
        "",
    ),
    (
        r"^\W*(?:compare )?(.*?),? (?:while |when |during )?(\w+ing) (?:vs|versus|and|or|against|than|compared "
        r"(?:to|with)) (?:while |"
        r"when )?not (?:while )?\2\b",
        r"\1 while \2 otherwise",
    ),
    (
        rf"^\W*(?:do|does|did|is|are) (.+?) (?:at|with) an? (?:higher|lower|greater|smaller|different) "
        rf"(?:rate|frequency)"
        rf"(?: per minute| per min)? (?P<when>(?:after|following|while|when|during|whenever)\b.*?) than (?:otherwise|"
        rf"elsewhere|(?:at )?(?:all )?(?:the )?other times|(?:in |during |for )?the (?:rest|remainder)"
        rf"(?: of (?:the )?{RECORDING})?)",
        r"how often does \1 \g<when> otherwise",
    ),
    (
        r"\b((?:after|following|while|during|when)\b[^?.!,;]*?),? (?:vs|versus|and|compared "
        r"(?:to|with)) (?:when )?not"
        r"(?=\W*$)",
        r"\1 otherwise",
    ),
    # what overlaps what
    (
        rf"\b({_SEEN}) (?:(?:that|which) )?(?:overlap|overlaps|overlapping|overlapped|coinciding)(?: in "
        rf"time)?(?: with)? "
        rf"(?:an? |the |his |her |any )?(?={_SEEN}\b)(?!.*\b(?:for|by) (?:at|more|less|over|\d))",
        r"\1 during ",
    ),
    # from the start until the first one
    (
        rf"\bhow (?:long|much time|many (?:seconds|minutes)) (?:does it take|passes|pass|elapses?|goes "
        rf"by|is it|is there)? ?"
        rf"(?:(?:from|between|since) (?:the )?(?:very )?(?:start|beginning|outset)(?: of (?:the |this "
        rf")?{RECORDING})? )?"
        rf"(?:until|till|before) (?:the )?(?={_HE}\b|first\b)",
        "how long until ",
    ),
    (
        rf"\btime (?:that )?(?:elapsed|elapses|passed|passes|passing)? ?(?:from|between) (?:the "
        rf")?(?:start|beginning|outset)"
        rf"(?: of (?:the |this )?{RECORDING})? (?:until|till|to|and) (?=(?:the |his |her )?(?:{ROLE}'s )?first\b)",
        "time until ",
    ),
    (
        r",? ?\b(?:expressed|stated|reported|counted|calculated|computed|measured) (?=(?:per|in) "
        r"(?:minutes?|min|hours?|"
        r"seconds?|percent|degrees|hertz|hz|decibels?|db)\b)",
        " ",
    ),
    # words
    (r"\b(?:on|at|with|upon) the words? (?=[a-z]+\b)", "while saying "),
    (
        rf"\bwords (?:which |that )?(?:have |had )?(?:came|come|comes|coming) (?:out of|from) ((?:the )?{ROLE}|his|her)"
        rf"(?:'s)? (?:mouth|lips)\b",
        r"words said by \1",
    ),
    (r"\bwords said by his\b", "words said by him"),
    (r"\bwhatever\b", "what"),
    (
        rf"\b(?:do|does|did|are|is) not ((?:the |his |her |their )?\w+(?: \w+){{0,2}}?) {_MATCH}(?:s|ing)?(?: "
        rf"with| to)?\b",
        r"\1 mismatch",
    ),
    (rf"\b(?:do|does|did|are|is) not {_MATCH}(?:ing)?(?: with| to)?\b", "mismatch"),
    (
        r"\bwhat (?:is|was|gets|got|he|she|they)(?: being)? (?:said|says?|saying)\b(?=.*\b(?:face|expression)\b)"
        r"(?=.*\b(?:mismatch|odds|disagree|incongru|contradict|conflict|discrepan|differ|clash))",
        "words",
    ),
    (r"(?<=mismatch between )what (?:is|was) said\b", "words"),
    (r"\bwhat (?:the |his |her )face (?:shows?|showed|says?|expresses|displays?|tells?)\b", "face"),
    # what is asked for, said last
    (r",? ?\b(?:list|show|give|print|tell) (?:em|them|those|these|it|me|each)(?: all| out| please)*(?=\W*$)", ", list"),
    (
        r",? ?\b(?:in (?:short|brief|a nutshell|a few (?:words|sentences|lines))|briefly|for short)(?=\W*$)",
        "",
    ),
    (r",? (?:and )?what (?:is|was) the (?:sum|total|result|answer|value)(?=\W*$)", ""),
    (
        r"\b(?:add|adds|adding|sum|summing|tot|count|totalling) up (?:all )?(?:of )?(?:the |his |her |their )?"
        r"(?:time|moments|seconds|stretches|durations?)\b(?! \d)",
        "total time",
    ),
    (r",? ?\b(?:whether )?(\w+) or (?:no|not) \1\b", ""),
    (r",? ?\bwhether (?:or not )?(?:he|she|they|anyone) (?:is|are|was|were) \w+ing or not\b", ""),
    (r"\bnon[- ](?=speak|speech|talk|smil|blink|nod)", "not "),
    (r"\b(?:to (?:work with|go on|look at|analyse|analyze|use))(?=\W*$)", ""),
    (r"\b(?:actually )?have an? (face|hand|body)\b(?=\W*$)", r"has a \1 visible"),
    (r"\b(?:gets?|getting|got|becom\w+|goes|going|grow\w*) (higher|lower|deeper) in pitch\b", r"pitch get \1"),
    (r"\b(?:tends?|tended|appears?|happens?|uses?|used) to (?=\w)", ""),
    (r"\b% of (?=the |time)", "percentage of "),
    (r"(?<!\w)% of (?=the |time|video|recording)", "percentage of "),
    (
        r"\b(?:and|,) how (?:\w+ )?(?:(?:is|was|does|did) (?:it|he|she|that) )?(?=(?:after|before|since) (?:it|"
        r"that|then|"
        r"this|which)\b)",
        "and ",
    ),
    # only of one
    (rf"\bonly (?=(?:the |an? )?{ROLE}'s?\b)", ""),
    (rf"\b(of|by|for) only (?=(?:the )?{ROLE}\b)", r"\1 "),
    # everything in one
    (
        r"\b(summari[sz]e|(?:summary|recap|outline|overview|rundown) of|sum up|describe|recap|outline) "
        r"(?:everything|all|the (?:events|things|part|"
        r"time|stretch|section))"
        r"(?: (?:that )?(?:happens|happened|goes on|went on|occurs|occurred|takes place|took place))?\b",
        r"\1",
    ),
    (
        rf"\b(?:each|every) (?:time )?(?:that )?(?:the )?({ROLE}|other) (?:has |had |is |was "
        rf")?(?:stopped|finished|ended|"
        rf"stops|finishes|done|through)(?: (?:talking|speaking|asking))?"
        r"(?=\W*$)",
        r"after each turn of the \1",
    ),
)
#: ``smiling on a "no": does he do that?``
DOES_THAT = re.compile(rf"^(.+?)[:,;?-]+ *(does|did) ({_HE}) (?:ever )?do (?:that|this|so|it)\W*$", re.I | re.S)
BUILT = tuple((re.compile(pattern, re.I), usual) for pattern, usual in _BUILT_OTHERWISE)
