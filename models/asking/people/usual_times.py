"""Other ways of saying when and for how long, by the usual one."""

from __future__ import annotations

import re

RECORDING = (
    r"(?:recordings?|videos?|clips?|interviews?|sessions?|visits?|conversations?|dialogues?|tapes?|footage|"
    r"files?|meetings?|appointments?)"
)
_LENGTH = r"\d+(?:\.\d+)?[- ]?(?:ms|s|secs?|seconds?|mins?|minutes?)\b"
_AT = rf"(?:\d+:\d\d(?::\d\d)?|{_LENGTH})"
_TO = r"(?:after|before|until|since|from|to|past) (?:the )?"
_SAID_OTHERWISE = (
    # to the end, from the start, only then
    (
        rf"(?<!first )(?<!last )\b(?:from |after )?({_AT}),? (?:to|till|until|up to|through(?: to)?|-) (?:the "
        rf")?(?:very )?"
        rf"end\b(?: of (?:the |this )?{RECORDING})?",
        r"after \1",
    ),
    (
        rf"\b(?:from )?(?:the )?(?:very )?(?:start|beginning)(?: of (?:the |this )?{RECORDING})? (?:to|till|until|"
        rf"up to|"
        rf"through) (?:the )?({_AT})(?! (?:and|to|until|before|after|vs|versus)\b)",
        r"until \1",
    ),
    (
        rf"\b(?:after|following|past|beyond|excluding|excepting|without|not counting|leaving out|skipping) (?:the )?"
        rf"(?:first|initial|opening) ({_AT})(?: (?:is|are|were|was) (?:over|up|past|gone))?",
        r"after \1",
    ),
    (rf"\b({_TO}{_AT}(?: on(?:wards?)?)?) (?:only|alone)\b", r"\1"),
    (rf"\b(?:only|just) (?={_TO}{_AT})", ""),
    (
        r"\b(?:only|just) (?=(?:in|during|within|for|over|from) (?:the )?(?:first|second|third|fourth|fifth|last|"
        r"final|opening|"
        r"minute)\b)",
        "",
    ),
    (r"\b((?:first|last|final|opening) (?:\S+ )?(?:seconds?|secs?|minutes?|mins?|s|half)) (?:only|alone)\b", r"\1"),
    (
        rf"\b(after {_AT}(?: on(?:wards?)?)?),? (?:and |but )?not (?:before(?:hand)?|earlier|until then|the "
        rf"(?:time|part) before)"
        r"(?: (?:that|it|then))?",
        r"\1",
    ),
    (
        rf"\b((?:before|until) {_AT}),? (?:and |but )?not (?:after(?:wards?)?|later|beyond|the (?:time|part) after)"
        r"(?: (?:that|it|then))?",
        r"\1",
    ),
    (
        r"(?<![\d:] )\b(second|minute)s? (\d+(?:\.\d+)?) ?(to|until|till|through|-) ?(?:(?:second|minute)s? )?"
        r"(\d+(?:\.\d+)?)(?! ?(?:\w+ bins|s\b|sec|min|:))\b",
        r"\2 \1s to \4 \1s",
    ),
    # as long as this
    (r"\bhalf[- ](minute|second|hour)\b", r"0.5 \1"),
    (
        rf"\b(?:with (?:an? )?)?(?:bin|step|window|interval)s?[- ](?:width|size|length|duration)s?(?: of| =|:)? "
        rf"({_LENGTH})",
        r"in \1 bins",
    ),
    (rf"\b({_LENGTH})[- ](?:bin|step|window|interval)s?[- ](?:width|size|length|duration)\b", r"in \1 bins"),
    (rf"\b(?:bin|step|window|interval)s ({_LENGTH}) (?:wide|long|each)\b", r"in \1 bins"),
    (rf"\b({_LENGTH})[- ]wide (?=bins|steps|windows|intervals)", r"\1 "),
    (rf"\b(?:at |with )?(?:an? )?({_LENGTH}) resolution\b|\bresolution of ({_LENGTH})", r"in \1\2 bins"),
    (rf"\b({_LENGTH})(?: long)? (?:at (?:the )?most|tops|maximum)\b(?! ?(?:of )?\d)", r"at most \1"),
    (
        rf"\b({_LENGTH})(?: long)? (?:at (?:the )?(?:very )?least|and up(?:wards?)?|minimum)\b(?! ?(?:of )?\d)",
        r"at least \1",
    ),
    (
        rf"\b(?:with |of )?(?:an? |the )?(min|max)(?:imum|imal|\.)? (?:length|duration)s?(?: of| =|:)? ({_LENGTH})",
        lambda m: f"at {'least' if m[1].lower() == 'min' else 'most'} {m[2]}",
    ),
    (rf"\bwith (?:an? )?(?:duration|length)s? of (?={_LENGTH})", "of "),
    (
        r"\b(?:took|takes?|ran for|runs? for|continued? for|endured?) (?=(?:at least|more than|longer than|over|"
        r"at most) \d)",
        "lasting ",
    ),
    (
        rf"\b(?:for|in|during|over|of) the (?:minutes?|seconds|period|time|stretch|interval|section|segment|part|"
        rf"window|span) "
        rf"(?=(?:from|between) \d|{_AT} ?(?:to|-))",
        "",
    ),
    (
        r"^\W*(?:for )?how long (.*?) (?:at (?:the )?most|at a (?:time|stretch)|in one go|without (?:a |any )?(?:break|"
        r"interruption|pause))\W*$",
        r"longest time \1",
    ),
    (
        rf"\bbefore ({_AT}) (?:any )?(?:different|higher|lower|the same|faster|slower|greater|smaller) (?:from|"
        rf"than|as|to) (?:it "
        rf"(?:is|was) |the one |that )?after(?: (?:\1|that|it|then))?(?=\W*$)",
        r"before and after \1",
    ),
    (r"\bhow many (?:milliseconds|msecs?|ms)\b", "how many seconds"),
    (r"\b(how many (?:seconds|minutes)) in(?:to (?:it|the \w+))? (?=before|until|till)", r"\1 pass "),
    (
        r"\b(how (?:often|frequently)|rates?|frequency|on average|times) (.*?)\b(?:every|per|each|in) 60 ?(?:s|secs?|"
        r"seconds)\b",
        r"\1 \2per minute",
    ),
    (r"\bon average,? how many times (?=per (?:minute|hour))", "how many times "),
    # when it begins
    (r"\b(?:begin|begins|began|begun|start|starts|started|beginning|starting) (?:to |out )(?=[a-z])", ""),
    (
        r"\b(?:begin|begins|began|start|starts|started|beginning|starting) (?=(?!(?:to|at|from|in|with)\b)[a-z]+ing\b)",
        "",
    ),
    (r"\bonsets? of (?=[\w' ]*\bfirst\b)", "time of "),
    (r"\bvery (?=(?:first|last|beginning|end|longest|shortest)\b)", ""),
    (
        r"\b(?:measured |counted |seconds |s |secs )?(?:from|since) (?:the )?(?:very )?(?:start|beginning|outset)"
        r"(?: of (?:the )?(?:recording|video|clip|session|visit|interview))?(?! (?:to|until|up)\b)",
        " ",
    ),
    (
        rf"\bhow (?:long|soon|late|much time|many (?:seconds|minutes)) (?:after|from|into|since) (?:the "
        rf")?(?:start|beginning|"
        rf"outset|{RECORDING})"
        rf"(?: of (?:the )?{RECORDING})?\b",
        "how long until",
    ),
    (r"^\W*return\b", "list"),
    (
        r"\bhow far (?:in|into)\b(?: the (?:thing|recording|video|clip|session|interview))?(?: (?:are we|is it))? "
        r"when\b",
        "how long until",
    ),
    (r"\b(?:go|goes|went|going) by (?=before|until)", "pass "),
    (r"\bpasses (?=before|until)", "pass "),
    # how long
    (r"\b(?:go|goes|going|went) on for\b", "last"),
    (r"\bsum of (?=(?:his |her |the |their )?\w+ing time\b)", "total "),
    (r"\b(\w+ing) time in total\b", r"total \1 time"),
    (r"\bsingle (?=longest\b)|(?<=longest )single\b ?", ""),
    (
        r"\b(longest|max|maximum|greatest) (?:amount of |length of |stretch of )?time (?:that |for which |in which )?"
        r"(?:the )?",
        r"\1 time ",
    ),
    (r"\b(?:stay|stays|stayed|keep|keeps|kept|remain|remains|remained) (?=(?:shut|closed|open|silent|still)\b)", "be "),
    (r"\beyes? (?:turned|averted) away\b", "look away"),
    (r"\bin (?:an |the )?(?:average|typical) minute\b", "per minute"),
    # over time
    (r"\b(\d+)[ -]?(?:seconds?|secs?|s) (course|timeline|profile|curve)\b", r"\2 in \1 s bins"),
    (
        r"\b(?:after|before) (\S+(?: (?:s|seconds?|min|minutes?))?) than (?:before|after)(?: that| it)?\b",
        r"before and after \1",
    ),
    (r"\bgo(?:es)? over time\b", "over time"),
    (
        r"\b(?:as|while) (?:the )?(?:recording|video|clip|session|interview|visit|conversation|time) (?:goes|went|"
        r"moves|"
        r"progress\w*|proceed\w*|unfold\w*|develop\w*|wears|runs|continues|advances|passes)(?: on| by| along)?\b",
        "over time",
    ),
    (
        r"\b(?:get|gets|got|getting|become|becomes|became|becoming|grow|grows|grew|growing) (louder|quieter|softer|"
        r"noisier)\b",
        "loudness change",
    ),
    (r"\bvoice (?=loudness change)", ""),
    (r"\b(?:and )?(?:by )?how much (?:per minute|in total|altogether|overall)\s*(?=[?.!]*$)", ""),
)
USUAL_TIMES = tuple((re.compile(pattern, re.I), usual) for pattern, usual in _SAID_OTHERWISE)
