"""Turns of phrase as the ones that are read: an hour, anywhere but, neither … nor, two or more mice."""

from __future__ import annotations

import re

from bitflow.models.asking.lengths import with_digits
from bitflow.models.asking.plain import by_rank, in_one_order

_SECONDS = r"\d+(?:\.\d+)? ?(?:s|secs?|seconds?|ms|frames?|min|minutes?)\b"


def in_other_words(text: str) -> str:
    """Turns of phrase as the ones that are read: an hour, anywhere but, neither … nor, two or more mice."""
    text = by_rank(in_one_order(with_digits(text)))
    for said, meant in _TURNS:
        text = said.sub(meant, text)
    return text


_TURNS = tuple(
    (re.compile(said, re.I), meant)
    for said, meant in (
        (r"(?<=\w )an? (hour|minute)(?=\s*[,.?!]|\s*$)", r"per \1"),
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
