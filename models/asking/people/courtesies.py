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
    r"\b(?:it|that) (?:would|will) (?:help|be (?:very |really |so |most )?(?:helpful|useful|great|good|nice|"
    r"interesting|"
    r"lovely|kind|wonderful))(?: (?:for )?(?:me|us))?(?: (?:a lot|much))? (?:if (?:you|we|I) (?:could|can|would)|to)"
    r"(?: (?:know|see|have|get|learn|find|out|hear|be|given|told|give|show|tell|me|us)\b)*",
    r"\b(?:would|is|was|might|will) it (?:be )?possible (?:for (?:me|us|you) )?to (?:see|get|have|know|find out|list|"
    r"show|tell|give|learn)(?: me| us)?\b",
    r"^\W*(?:please )?(?:check|see|verify|find out|determine|establish|work out|figure out|tell|test|look|look up|"
    r"examine)(?: for me)? (?=if\b|whether\b)",
    r"\b(?:in|for) (?:this|that|the) (?:thing|case|one)\b(?! of)",
)
_COURTESY = tuple(re.compile(pattern, re.I) for pattern in _COURTESIES)
_ALSO_ASKED = re.compile(r"\b(?:tell|let|help|show|give)\b", re.I)


#: What is asked to be done with the answer, at the front, by the usual word: worked out, or told one by one.
_REQUESTS = (
    (
        r"^\W*(?:please )?(?:compute|calculate|determine|report|provide|evaluate|quantify|work out|figure out|"
        r"state|output|"
        r"produce|obtain|supply|deliver|estimate|establish|measure)(?: for me)?\s+(?=[a-z])(?!for\b|of\b)",
        "give ",
    ),
    (
        r"^\W*(?:please )?(?:identify|detect|mark|highlight|spot|extract|search for|look for|look up|pull up|pull "
        r"out|flag|"
        r"note|collect|pick out|single out|retrieve|write down|note down|name)\s+(?=[a-z\d]|$)(?!for\b|of\b)",
        "list ",
    ),
    (r"\bis it (?:really )?(?:the case|true|so|correct|right|a fact) that\b", "does"),
)
_REQUEST = tuple((re.compile(pattern, re.I), usual) for pattern, usual in _REQUESTS)


def without_courtesies(text: str) -> str:
    """A text without them.

    Examples
    --------
    >>> without_courtesies("I would like to know how often she nods").strip()
    'how often she nods'
    """
    for pattern in _COURTESY:
        text = pattern.sub(" ", text)
    for pattern, usual in _REQUEST:
        text = pattern.sub(usual, text)
    return text
