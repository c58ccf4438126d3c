"""What says who asks and why, and please: taken out of a question, since it says nothing about what is asked."""

from __future__ import annotations

import re

_ME = (
    r"(?<!do )(?<!did )(?<!would )(?<!should )(?<!must )(?<!can )(?<!will )(?:I|we)\b(?: (?:would|be|am|are|was|"
    r"were|have|had|been|just|really|also|only|still|now|simply|do|could|can|will))*"
)
_WISH = (
    r"(?:want|wants|wanted|need|needs|needed|like|love|wish|wonder|wondering|wondered|hope|hoping|try|trying|look"
    r"|looking|interested|curious|ask|asking|grateful|thankful|glad|happy|appreciate|care|keen|after|seeking)"
)
_TO_KNOW = (
    r"(?:for|in|about|to|you|us|me|please|could|can|would|might|know|knowing|see|seeing|find|finding|out"
    r"|learn|learning|read|reading|get|getting|have|having|understand|work|working|figure|hear|check|checking|"
    r"establish|determine"
    r"|determining|at|tell|just|only|again|some|help|with)"
)
_COURTESIES = (
    rf"\b(?:as|being) an? [\w ]{{2,40}}?,? (?={_ME} {_WISH})",
    rf"\b{_ME} {_WISH}\b(?: {_TO_KNOW}\b)*(?: that\b)?:?",
    rf"\bwhat {_ME}(?: \w+){{0,3}}? (?:want|need|know|after|looking for|interested in|ask)(?: to (?:know|see|find "
    rf"out))?"
    r" (?:is|are)\b:?",
    r"\bif (?:possible|it(?:'s|s| is| were| was)? (?:not|no) (?:too |any )?(?:much )?\w+|you (?:can|could|please|would|"
    r"do(?: not|n't)? mind|have|like)(?: \w+){0,4}|that(?:'s|s| is) (?:ok|okay|possible|fine|all right))\b",
    r"\b(?:many |with )?(?:thanks|thank you|thx)(?: (?:in advance|a lot|so much|very much|again))\b",
    r"\b(?:can|could|would|will) (?:you|we|someone|anybody|the (?:tool|program|system))(?: please| kindly| just| maybe"
    r"| perhaps)* (?:be so kind (?:as )?to )?(?:tell|show|give|list|help|work|find|let|compute|calculate|check"
    r"|determine)(?: me| us| out)*(?= )",
    r"\b(?:if|whether) (?:you|anybody|someone|it) (?:can|could|would|might|may|is)(?: please| kindly| possibly| "
    r"possible)*"
    r"(?: be able to| to)?(?: tell| show| give| say| list| help| work| find)?(?: me| us)?(?: out)?\b(?! (?:he|she|"
    r"they)\b)",
    r"^\W*(?:so,? )?(?:basically|actually|honestly|frankly|simply|kindly|maybe|perhaps|quickly|hey there)\b[,:]?",
    r"^\W*(?:out of curiosity|just curious|quick question|one question|a question|my question is|question|for (?:my|"
    r"our|the) (?:report|thesis|"
    r"paper|notes|records?|supervisor|study|case file|file))(?=[\s,:]*[,:]|\s+(?:how|what|when|which|who|where|is|"
    r"does))"
    r"[,:]?",
    r"\b(?:please )?(?:tell|let) (?:me|us)(?: please)?(?: know)?(?: about)?\b:?",
    r"\b(?:would|could|do|can|will) you mind (?:telling|showing|giving|listing|letting|checking|finding|working)(?: "
    r"me| us)?(?: know| out)?\b",
    r"\b(?:be so kind|do me a favou?r)\b(?: as| and)?(?: to)?",
    r"\b(?:it is|it was|is it|was it) that\b",
    r"\b(?:in|for) (?:this|that|the) (?:thing|case|one)\b(?! of)",
)
_COURTESY = tuple(re.compile(pattern, re.I) for pattern in _COURTESIES)
_ALSO_ASKED = re.compile(r"\b(?:tell|let|help|show|give)\b", re.I)


def without_courtesies(text: str) -> str:
    """A text without them.

    Examples
    --------
    >>> without_courtesies("I would like to know how often she nods").strip()
    'how often she nods'
    """
    for pattern in _COURTESY:
        text = pattern.sub(" ", text)
    return text
