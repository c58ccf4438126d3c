"""Questions about people that no table answers: each with its code, its reason, and what can be asked in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bitflow.events.language.refusals import Beyond


@dataclass(frozen=True)
class _Limit:
    code: str
    pattern: str
    why: str
    instead: tuple[str, ...]


_MIND = (
    "average measure(blink_rate_per_min)",
    "average measure(pause_time_fraction)",
    "average measure(voice_f0_mean_hz)",
)

#: The first that fits is the reason. A word that is a covariate's name or level is not held against a question.
_LIMITS = (
    _Limit(
        "DECEPTION",
        r"ly(?:ing|ies)\b(?! down)|\bli(?:e|es|ed|ar|ars)\b(?! down)|decept\w*|deceiv\w*|dishonest\w*|"
        r"(?:tell\w*|told|speak\w*|spoke|said|say\w*) the truth|truthful\w*|insincer\w*|sincer\w*|honest\w*|"
        r"fak(?:e|es|ing|ed)\b|"
        r"bluff\w*|pretend\w*|hiding (?:something|anything)|cheat\w*|making (?:it|this) up|luegt|lügt",
        "whether somebody deceives cannot be told from what is seen or heard; these are not evidence of it",
        _MIND,
    ),
    _Limit(
        "DIAGNOSIS",
        r"diagnos\w*|depress(?:ed|ion|ive)\b|autis\w*|adhd\b|schizo\w*|bipolar\b|ptsd\b|parkinson\w*|dementia\b|"
        r"alzheimer\w*|ocd\b|psychopath\w*|(?:mentally |clinically )?(?:ill|sick)\b|disorder\w*|psychosis|psychotic|"
        r"suicid\w*|(?:have|has|having|suffer\w*) (?:from )?(?:an? )?(?:disease|illness|syndrome|condition|anxiety)",
        "a diagnosis is no measurement; these are described, and are not evidence of one",
        _MIND,
    ),
    _Limit(
        "SENSITIVE_TRAIT_INFERENCE",
        r"which (?:sex|gender|age) (?:is|are|was|were|does|do|has|have) "
        r"(?:he|she|it|they|this|that|the|p\d|participant)\b|"
        r"(?:what|which(?! (?:sex|gender|age)\b)|guess|infer|tell|determine|predict|estimate) "
        r"(?:the |their |his |her |is the |is his |is her |"
        r"is their )*(?:race|ethnicit\w*|religion|sexual\w*|orientation|politic\w*|nationality|gender|sex|age)\b|"
        r"\b(?:race|ethnicit\w*|religio\w*|muslim|transgender\w*|bisexual\w*|jewish|christian|gay|lesbian|"
        r"homosexual\w*"
        r"|heterosexual\w*|politic\w*|"
        r"republican|democrat|conservative|liberal|criminal\w*|attractive\w*|intelligen\w*|iq|personality|"
        r"extrovert\w*|"
        r"introvert\w*|neurotic\w*|narcissis\w*)\b",
        "what somebody is cannot be read off how they look or move",
        ("average measure(head_angular_speed_mean_deg_per_s)",),
    ),
    _Limit(
        "IDENTITY",
        r"in real life\b|(?:real|actual|true) name\b|(?:person|man|woman|participant) in (?:this|that) (?:picture|"
        r"photo|image)|"
        r"name of (?:(?:this|that|the) )?(?:participant|subject|patient|person)? ?p?\d+|"
        r"who (?:this|that|the) (?:person|participant|man|woman|patient) is\b|look\w* like the same|"
        r"who is in (?:(?:the|this|that) )?(?:video|recording|picture|clip|image|photo|frame|room|shot|scene)\b|"
        r"who is (?:this|that|the(?! one| most| least| \w+est\b)|he|she|it)\b|(?:same|different) (?:person|man|woman"
        r"|individual|participant) as\b|"
        r"which participant is\b|identif(?:y|ies|ication)\b|recogni[sz]e (?:this|that|the|him|her)|"
        r"(?:whose face(?! (?:coverage|visibility|(?:is|was|are) (?:\w+ )?(?:visible|usable|detected|seen|in)))|"
        r"name of (?:this|that|the) (?:person|man|woman))|what is (?:his|her|their) name|"
        r"(?:is|was) (?:this|that|it|he|she) (?:really |the same |actually )?(?:p\d+|participant)\b|"
        r"(?:this|that) (?:man|woman|person|face) (?:is|the same|be)\b|(?<!not )\bmatch\w* (?:this|that|the) face|"
        r"(?:are|is) .{1,40} the same (?:person|man|woman|individual)|"
        r"(?:is|was) the (?:person|man|woman|participant) .{1,40} the same as\b",
        "who somebody is cannot be asked: ids are given by the study, never found from faces",
        ('how_many where covariate(participant) in ["P07"]',),
    ),
    _Limit(
        "PREDICTION_OF_PERSON",
        r"predict\w*|will (?:p?\d+|he|she|they|drop|relapse|leave|quit|fail|improve|get|become|the|(?:this|that) "
        r"(?:patient|participant|person|man|woman|client|child)|any|most|"
        r"participants|"
        r"patients)\b|(?:participants?|patients?|people|subjects?|controls?|women|men|who) will\b|"
        r"going to (?:drop|relapse|leave|quit|fail|improve)|forecast\w*|drop ?out(?! (?:rate))|"
        r"(?:likely|risk|chance|probab\w*) (?:to|of|that)\b|prognos\w*|in the future|next (?:week|month|year|visit)",
        "what a person will do is not in the recordings; recognisers are trained and scored by participant",
        ("bitflow train, then bitflow evaluate, score a recogniser over participants it has not seen",),
    ),
    _Limit(
        "POWER",
        r"\benough\b.{0,50}\b(?:to|for)\b|enough (?:participants|people|subjects|patients|controls|recordings|"
        r"data)\b|"
        r"(?:be|are|is) enough\b|adequate\w* (?:powered|to|for)|(?:for|reach|have|get) \d+ ?% power|too (?:few|"
        r"small)\b|"
        r"how (?:large|big) should|need (?:any )?more (?:participants|people|subjects|patients|controls|"
        r"recordings|data)|"
        r"\bpower(?:ed)? (?:analysis|calculation|enough|of)|"
        r"statistical(?:ly)? power\w*|"
        r"sample size|how many (?:participants|people|subjects|patients|recordings|more) .{0,30}(?:need|require|"
        r"would)|"
        r"sufficient\w*|underpowered|well powered|too few (?:participants|people|subjects)",
        "how many participants suffice depends on what is assumed; the effect size and its interval are told instead",
        ("compare measure(smile_rate_per_min) by group",),
    ),
    _Limit(
        "CAUSAL",
        r"\bwhy\b|for what reason|what (?:drives|explains|determines|underlies|is behind)\b|"
        r"(?:how|does|do|did|is|are) .{1,60}\b(?:affect|influence|impact)(?:s|ed|ing)?\b|\bcaus(?:e|es|ed|ing|"
        r"al)\b|because of|reason (?:for|that|why)|(?:due|owing) to|"
        r"(?:effect|impact|influence|consequence)s? of\b|what makes\b|lead(?:s|ing)? to\b|responsible for|explain\w*|"
        r"how come\b|result(?:s|ed)? in\b|make(?:s)? (?:them|him|her|people|patients|participants)\b",
        "a cause cannot be read from what was recorded; what goes with what can be described",
        ("compare measure(smile_rate_per_min) by group", "correlate measure(blink_rate_per_min), covariate(age)"),
    ),
    _Limit(
        "MENTAL_STATE",
        r"anxious\w*|anxiety|unhapp\w*|miserab\w*|cheerful\w*|gloom\w*|melanchol\w*|hopeless\w*|optimis\w*|"
        r"pessimis\w*|irritab\w*|moody|insecur\w*|overwhelm\w*|panic\w*|despair\w*|joyful\w*|"
        r"nervous\w*|stressed|stress\b|happy|happier|happiest|happiness|sad(?:der|dest)?\b|sadness|angr(?:y|ier|"
        r"iest)|anger|afraid|fear\w*|"
        r"scared|"
        r"bored|boredom|tired\b|confus\w*|embarrass\w*|asham\w*|guilt\w*|proud|jealous\w*|lonel\w*|"
        r"(?:in )?love\b|loves?\b|hat(?:e|es|red)\b|"
        r"like (?:him|her|them|each other)|attract\w*|trust\w*|feel\w*|emotion\w*|"
        r"mood\b|"
        r"think\w*|thought\w*|believ\w*|want\w*|intend\w*|intention\w*|motivat\w*|interest(?:ed)?\b|engaged\b|"
        r"attentive\w*|"
        r"distract\w*|comfortable|uncomfortable|confident\b|confidence (?:is|of|in|do|does)|frustrat\w*|relax\w*|"
        r"ambivalen\w*|reluctan\w*|enjoy\w*|annoy\w*|upset|worried|worry\w*|aggressive|hostile|empath\w*|lonely|"
        r"mental\w*|state of mind|personality",
        "what somebody feels or thinks is not measured; these describe what is seen and heard, no more",
        _MIND,
    ),
)

#: What the asker wants, thinks and would love to know says nothing of anybody who was recorded.
_ASKING = re.compile(
    r"\b(?:i|we)(?:'d| would|'m| am| are|'re| was| were)?(?: be)?(?: just| really| also| only)? "
    r"(?:want(?:ed)?|like|love|think|intend(?:ing)?|interested|trying|hop(?:e|ing))"
    r"(?= (?:to|in|whether|if|that|how|what|the|for|about)\b)",
    re.I,
)
_COMPILED = tuple((limit, re.compile(rf"\b(?:{limit.pattern})", re.I)) for limit in _LIMITS)


def refuse_beyond(question: str, own: frozenset[str] = frozenset()) -> None:
    """Refuse what cannot be measured.

    Parameters
    ----------
    own
        Names, lower case, that the study itself uses for its covariates and groups: ``depressed`` may be one.

    Raises
    ------
    Beyond
        With the code of the limit.
    """
    text = _ASKING.sub(" ", re.sub(r"\s+", " ", question.replace("’", "'")))
    text = re.sub(r"\b(who|what)'s\b", r"\1 is", text, flags=re.I)
    for limit, pattern in _COMPILED:
        for found in pattern.finditer(text):
            words = set(re.findall(r"[\w-]+", found.group().lower()))
            if words and all(word in own or word.rstrip("s") in own for word in words):
                continue
            raise Beyond(limit.code, f"{found.group().strip()!r}: {limit.why}", limit.instead)
