"""Turns of phrase as the ones that are read: an hour, anywhere but, neither … nor, two or more mice."""

from __future__ import annotations

import re
from collections.abc import Callable

from bitflow.models.asking.animals.lengths import with_digits
from bitflow.models.asking.animals.plain import by_rank, in_one_order
from bitflow.models.asking.numerals import ORDINALS

_N = r"\d+(?:\.\d+)?"
_FRAMES = r"(?:frames?|seconds?|secs?|s|ms|milliseconds?)\b"
_WHO = r"(?:mouse|animal|rat|m) ?\d+"
_PART = r"(?:nose|snout|neck|tail ?base|tail_base|rear|(?:left |right )ear|center|centre|body)"
_RUNNING = r"(?:running |rolling |moving |sliding )?(?:mean|average)"
_SECONDS = r"\d+(?:\.\d+)? ?(?:s|secs?|seconds?|ms|frames?|min|minutes?)\b"


def in_other_words(text: str) -> str:
    """Turns of phrase as the ones that are read: an hour, anywhere but, neither … nor, two or more mice."""
    text = _ORDINAL.sub(lambda m: _ORDINALS.get(int(m[1]), m[0]), by_rank(in_one_order(with_digits(text))))
    for said, meant in _TURNS:
        text = said.sub(meant, text)
    return text


_ORDINALS = dict(enumerate(ORDINALS, 1))
_ORDINAL = re.compile(r"\b([1-9]|10)(?:st|nd|rd|th)\b(?! (?:percentile|centile|minute|hour|half|quarter))", re.I)


def _less_or_more(word: str) -> str:
    return "less" if re.match("less|clos|near|under|below", word, re.I) else "more"


_TURNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(said, re.I), meant)
    for said, meant in (
        (r"(?<=\w )an? (hour|minute)(?=\s*[,.?!]|\s*$)", r"per \1"),
        # signs: |head angle|, nose + neck
        (r"(?<![\w|])\|(?=\S)([a-z][a-z _]*)(?<=\S)\|(?!\w)", r"\1"),
        # every 60 seconds
        (r"\b(?:in )?(?:every|each|per) (?:60 ?(?:s|secs?|seconds?)|1 (?:min|minute))\b", "per minute"),
        (r"\b(?:in )?(?:every|each|per) (?:3600 ?(?:s|secs?|seconds?)|60 (?:min|minutes?)|1 (?:h|hour))\b", "per hour"),
        # the time spent outside ROI0, as bouts
        (
            r"^\W*(?:(?:show|give|list|find|get|tell|report)(?: me| us)? )?(?:all )?(?:of )?(?:the |its |their )?times?"
            r"(?: (?:that |which )?(?:(?:it|(?:the |an? )?(?:mouse|animal|rat)(?: ?\d+)?) )?(?:is |was )?"
            r"(?:spent|spends|spend))? "
            r"(.+?),? (?:given |told |shown |listed )?as (?:a list(?: of \w+)?|(?:separate |single |individual )?"
            r"(?:bouts|episodes|intervals|events|periods|stretches|timestamps))(?=\s*(?:please)?\W*$)",
            r"list bouts \1",
        ),
        (
            r"^([^.?!:]*?),? as (?:a list(?: of (?:bouts|episodes|intervals|events))?|(?:separate |single "
            r"|individual )?"
            r"(?:bouts|episodes|intervals))(?=\s*(?:please)?\W*$)(?<!total)",
            r"\1",
        ),
        # smoothing: with a 15 frame mean, a running mean over 15 frames
        (
            rf"(?:,? ?\b(?:and|then) )?,? ?\b(?:after|with|by|using|apply|applying|over|via"
            rf"|as)? ?(?:an? )?({_N}) ({_FRAMES})"
            rf"[ -](?:{_RUNNING})(?: filter| window| smoothing)?\b",
            r" smoothed over \1 \2",
        ),
        (
            rf"\b(?:(?:after|with|by|using|apply|applying|via|as) )?(?:an? |the )?(?:running |rolling |moving "
            rf"|sliding )"
            rf"(?:mean|average)(?: filter| window| smoothing)? (?:of|over|across|with|using)"
            rf" (?:a window of |an? |the last )?({_N}) ({_FRAMES})",
            r" smoothed over \1 \2",
        ),
        (rf"(\bsmooth\w*\b.*)\(\s*{_RUNNING}\s*\)", r"\1"),
        # 20 frames at most
        (
            rf"\b(?:for )?({_N} ?(?:frames?|seconds?|secs?|s|ms|milliseconds?|minutes?))(?:,| \()? ?"
            r"(at (?:the )?(?:very )?most|at (?:the )?(?:very )?least|at (?:a )?minimum|at (?:a )?maximum"
            r"|minimum|maximum"
            r"|max|min|tops)\)?(?=\s*[,.:;?!]|\s*$|\s+(?:when|in|by|and)\b)(?! *\d)",
            lambda m: f"for {'at least' if re.search('least|min', m[2], re.I) else 'at most'} {m[1]}",
        ),
        (
            rf"\b(?:at (?:the )?most|at max(?:imum)?|max(?:imum|imally)?\.?|no (?:more|later) than|not more than|up to"
            rf"|within|less than|in under) ({_SECONDS}) (?:later|after(?:wards?)?|thereafter)(?=\s*[,.:;?!)]|\s*$)",
            r"within \1",
        ),
        (r"\bwithin (?=(?:less|no more|not more) than |at most |under )", ""),
        # how animals stand to each other
        (
            r"\bside by side,?(?: and)?(?: both)? (?:facing|looking|pointing|heading|oriented|orientated|with heads)"
            r"(?: in)? the same (?:way|direction|side)\b,?",
            "side by side",
        ),
        (r"\bnose[ -]to[ -](?:tail(?:[ -]base)?|rear) (?=(?:distance|separation|gap)\b)", "nose tail base "),
        (r"\bsmallest nose[ -]to[ -]nose (distance|separation|gap)", r"smallest \1 between noses"),
        (
            r"\b(distance|separation|gap|dist) between (?:the |any )?(?:two |2 )?(?:mice|animals|rats|them)\b(?!')",
            r"\1",
        ),
        (r"\b(?:the )?one (?:behind|that (?:is behind|follows|chases))(?= (?:is |moves|runs|travels|goes))", "it"),
        (
            rf"\b((?:less|closer|nearer|more|further|farther) than|under|over|below|above) ({_N} ?(?:px|pixels|cm|mm))"
            r"(?: apart| away)?(?: from (?:the other|another|each other|one another)(?: mouse| animal| one)?)? "
            r"\((?:the )?((?:closest|nearest|minimum|centre|center)(?: to (?:centre|center))?) distance\)",
            lambda m: f"{m[3]} distance {_less_or_more(m[1])} than {m[2]}",
        ),
        (r"\bwithin (\d+ ?(?:°|deg\w*)),? \(?strictly (?:less|smaller|below)\)?", r"below \1"),
        (r",? (?:and )?(?:keep|with|make|leave) (?:the |all )?pairs (?:directed|ordered)\b", ", directed pairs"),
        (
            r"\ball (?:of )?(?:3|three)(?= \w+(?:ed|ing)?\b)(?! (?:mice|animals|rats|of|regions|rois|zones|conditions"
            r"|times|areas|parts|key ?points|points|objects|seconds|minutes|s|min|px|cm|criteria))",
            "all three mice",
        ),
        (
            r"\bat least one of (?:the |these |those )?(?:(?:two|three|four|five|\d+) )?(?=(?:regions|zones|rois|areas"
            r"|objects)\b)",
            "any of the ",
        ),
        (r"\bregions? of interest (?:number |no\.? |nr\.? |# ?)?(?=\d|zero|one|two|three|four|five)", "ROI "),
        (
            r",? (?:with )?(?:no|without(?: any)?) colou?r(?:s|ing)?(?: (?:is )?(?:needed|required|necessary|please))?",
            "",
        ),
        (
            r"^\W*any (?=(?:moments?|times?|periods?|bouts?|intervals?|episodes?|stretches|occasions?|instances?)\b)",
            "list ",
        ),
        (
            r"\b((?:mouse|animal|rat|m) ?\d+) (?:is |was )?(?:moves?|moving|runs?|running|goes?|going|walks?"
            r"|walking) away from"
            r" ((?:mouse|animal|rat|m) ?\d+),? (?:(?:at|with|by)(?: a (?:speed|velocity) of)? (?:more than|over|above)"
            rf"|faster than) ({_N} ?(?:px|pixels|cm|mm) ?(?:/|per|a) ?s\w*)",
            r"the closing speed of \1 to \2 below -\3",
        ),
        (r"\b((?:closing|approach|relative) (?:speed|velocity)(?: of \w+(?: \d+)?)?) towards? ", r"\1 to "),
        (r"(?<=\w)(?<!cm)(?<!px)(?<!mm)(?<!deg) ?/ ?(?:min|minute)\b", " per minute"),
        (r"(?<=\w)(?<!cm)(?<!px)(?<!mm)(?<!deg) ?/ ?(?:h|hr|hour)\b", " per hour"),
        # mouse1's nose is within 2 cm of mouse2's tail base
        (
            rf"\b({_WHO})'s ({_PART}),? (?:(?:comes|gets|is|was|being|lies) )?(?:within|less than|closer than"
            rf"|nearer than"
            rf"|under) ({_N} ?(?:px|pixels|cm|mm)) (?:of|from|to|away from) ({_WHO})'s ({_PART})",
            r"the distance from \1's \2 to \4's \5 is less than \3",
        ),
        (
            rf"\bthe ({_PART}) of ({_WHO}) (?:(?:comes|gets|is|was|being|lies) )?(?:within|less than|closer than"
            rf"|nearer than|under) ({_N} ?(?:px|pixels|cm|mm)) (?:of|from|to|away from) the ({_PART}) of ({_WHO})\b",
            r"the distance from \2's \1 to \5's \4 is less than \3",
        ),
        # moves away from the other at more than 1800 px/s
        (
            r"\b(?:(?:is |are |was )?(?:moves?|moving|runs?|running|goes|going|walks?|walking|travels?"
            r"|travelling) away|get(?:s|ting)?"
            r" away)(?: from (?:the other|another|it|the others|each other)(?: mouse| animal"
            r"| one)?)?,? (?:(?:at|with|by)"
            rf"(?: a (?:speed|velocity) of)? (?:more than|over|above)|faster than) ({_N} ?(?:px|pixels|cm|mm)"
            r" ?(?:/|per|a) ?s\w*)",
            r"the closing speed is below -\1",
        ),
        (r"\bi(?:'m| am) (?:after|looking for|searching for|interested in)\b", "show"),
        (
            r"\bhow (?:near|close) (?:did|do|does) (?:the )?bodies(?: of (?:any |the )?(?:two )?(?:mice|animals|rats))?"
            r" (?:come|get)(?: to (?:each other|one another))?(?: at (?:the|their) (?:closest|nearest))?",
            "what is the minimum closest distance",
        ),
        (r"\(\s*(?:the )?(?:smallest|minimum|minimal) (?:closest )?distance\s*\)", ""),
        (r"\bhourly (?:rate|frequency|number)(?: of)?", "rate per hour of"),
        (
            r"\b(?:anywhere|everywhere|somewhere|any place) (?:but|except|other than|apart from"
            r"|outside)(?: of)?(?: in)?\b",
            "outside",
        ),
        (
            r",? (?:except(?: for)?|other than|apart from|excluding)(?: when| while| where| times?| bouts?"
            r"| those)?(?: it is| it's)?"
            r" (in|inside|on|at)\b(?! the (?:first|last|second|begin|start|end))",
            r" and not \1",
        ),
        (r"\b(?:in|inside) neither (.+?) nor (?:in )?(.+?)(?=[,.?!]|$)", r"outside \1 and outside \2"),
        (r"\bneither (?:in|inside) (.+?) nor (?:in |inside )?(.+?)(?=[,.?!]|$)", r"outside \1 and outside \2"),
        (r"\bneither (\w+ing) nor (\w+ing)\b", r"not \1 and not \2"),
        (r"\bmore than one (?=mouse|animal|rat)", "at least 2 "),
        (r"\b(two|three|four|\d+) or more (mice|animals|rats)\b", r"at least \1 \2"),
        (r"\b(\d)\+ (mice|animals|rats)\b", r"at least \1 \2"),
        (r"\b(\d+(?:\.\d+)?) ?\+ ?(s|sec|seconds|min|minutes|frames)\b", r"at least \1 \2"),
        (
            rf"\bfollowed (?:again )?((?:within|in less than|no later than"
            rf"|in under) (?:the next )?{_SECONDS}) by ([^,.?!]+)",
            r"and then \2 \1",
        ),
        (r"\bfastest (?=speed|velocity)(?!.*%)", "maximum "),
        (r"\bslowest (?=speed|velocity)(?!.*%)", "minimum "),
        (
            r"\bhow fast\b(.*?) (?:at (?:the )?most|at (?:its|their|the) (?:fastest|peak|quickest))\b",
            r"what is the maximum speed\1",
        ),
        (r"\bruns of (?=mouse|the |any |an )", "bouts of "),
        (
            r"\b(?:brief|short|long|quick|slow|fast|close|lengthy|prolonged|sustained)\b(?= [^.?!(]*\((?:[<>]"
            r"|\d|less|more|at|under|over|within|no ))",
            "",
        ),
        (r"\b(at least|at most) (two|three|four|\d+) of the (?:\w+ )?(mice|animals|rats)\b", r"\1 \2 \3"),
        (
            r"\b(?:puts?|putting|has|have|having|holds?|holding|brings?|bringing|pokes?|poking|sticks?"
            r"|sticking) (?:its|his|her|the|their) "
            r"(?:nose|snout) (?:to|at|on|near|against|under|in|into|close to) (?:the )?((?:mouse|animal|rat"
            r"|other|another)(?: ?\d+| mouse| animal)?)'s "
            r"(?:tail ?base|tail|rear(?: end)?|bottom|anus|butt|rump)\b",
            r"sniffs \1's tail base",
        ),
        (r"\ball (?:told|in all)\b", "in total"),
        (r"\bhow far (?:away )?(?:is |was )?(?=(?:from|to) )", "what is the distance "),
        (r"\bnot (?:a single|one|any) (mouse|animal|rat)\b", r"no \1"),
        (r"\b(?:the )?(?:total |overall |summed )?number of (?:seconds|minutes)\b", "total time"),
        (r"^\W*seconds (?=in|on|inside|spent|of)", "total time "),
        (
            r"\b(?:no later than|not later than|no more than|not more than|at most|at the latest|up to"
            r"|less than|maximally"
            r"|in (?:the )?(?:first|next)|within (?:the )?(?:first|next)|in under|during the (?:first|next)) "
            r"((?:\d+(?:\.\d+)?|a|one) ?(?:s|secs?|seconds?|ms|frames?|min|minutes?)) (after|following|of|from)\b",
            r"within \1 \2",
        ),
        (r"\bactor ?(?:x|by|×|vs|versus|against|/|and) ?target\b", "as a matrix"),
        (r"\b(?:work|figure|find) out\b", "tell"),
        (r",? (?:and )?(?:the )?number\s*[?.!]?\s*$", ", how many"),
        (
            r"\b(?:one|two|three|four|both)(?: body)? (?:parts?|key ?points?|points?|zones?|regions?"
            r"|rois?)[,:] (?:namely )?",
            "",
        ),
        (
            r"\b(?:all|any) of the following(?: (?:hold|holds|apply|applies|conditions))?(?: (?:at once"
            r"|at the same time|together))?",
            "",
        ),
    )
)
