"""Questions that are never sent to a model, in whatever language or disguise they come."""

from __future__ import annotations

import re
import unicodedata

from bitflow.events.language.refusals import (
    Ambiguous,
    Beyond,
    Malformed,
    NotExpressible,
    Refusal,
    ShapeMismatch,
    UnitMismatch,
    UnitMissing,
    UnknownName,
)
from bitflow.models.asking.beyond import refuse_beyond

#: Refusals of the offline parser that a plan could mend: it did not understand, which is not that nothing can be told.
_MENDED = (Ambiguous, Malformed, NotExpressible, ShapeMismatch, UnitMismatch, UnitMissing, UnknownName)

#: Stems in German, French, Spanish and Italian, by the limit that they meet; `refuse_beyond` knows the English ones.
_STEMS = {
    "DECEPTION": r"lüg|lueg|unehrlich|täusch|ment(?:ir|eur|euse|ons|ent|i|s)?\b|mient|mentir|engañ|bugi|ingann",
    "DIAGNOSIS": r"depressi|dépress|deprim|diagnos|krank|malad|enferm|malat|autis|schizo|esquizo|trastorn|disturb|"
    r"selbstmord|suizid|suicid",
    "IDENTITY": r"wer ist|qui est|quién es|quien es|chi è|dieselbe person|même personne|misma persona|stessa persona",
    "SENSITIVE_TRAIT_INFERENCE": r"religi|rasse\b|herkunft|schwul|lesbisch|ethni|étni|orientation sexuelle|sexuell|"
    r"homosex|intelligen|persönlichkeit|personnalité|personalidad|personalità",
    "CAUSAL": r"warum|wieso|weshalb|weswegen|pourquoi|por qué|porqué|perché|perche\b|verursach|ursache",
    "PREDICTION_OF_PERSON": r"vorhers|wird (?:er|sie|es)\b|prédi|prévoi|predec|predirá|prevedere|va-t-(?:il|elle)",
    "MENTAL_STATE": r"fühl|gefühl|angst|ängst|nervös|traurig|glücklich|wütend|gelangweil|müde|verliebt|denk|glaub|"
    r"hasst|liebt|gestress|peur|triste|heureu|nerveu|colère|anxi|ansios|nervios|feliz|enfadad|felice|arrabbiat|"
    r"pense|piensa|pensa\b|siente|ressent|ennuy|aburrid|annoiat",
}
_COMPILED = {code: re.compile(rf"\b(?:{stems})", re.I) for code, stems in _STEMS.items()}


def plain_letters(text: str) -> str:
    """A text without marks that are not seen, full-width letters and letters s p e l l e d apart."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(mark for mark in text if unicodedata.category(mark) not in ("Cf", "Cc", "Co", "Cn"))
    return re.sub(r"\b(?:\w[ .\-_]){3,}\w\b", lambda spelled: re.sub(r"[ .\-_]", "", spelled.group()), text)


def sendable(question: str, refusal: Refusal, own: frozenset[str] = frozenset()) -> None:
    """Refuse a question that no model is asked.

    Parameters
    ----------
    refusal
        Of the offline parser: raised again where a plan could not mend it.
    own
        Words that the study itself uses for groups and covariates, lower case.

    Raises
    ------
    Refusal
        It asks what no table tells, or names somebody or something that is not there.
    """
    if isinstance(refusal, Beyond):
        raise refusal
    plain = plain_letters(question)
    refuse_beyond(plain, own)
    for code, pattern in _COMPILED.items():
        for found in pattern.finditer(plain):
            word = re.match(r"[\w-]+", plain[found.start() :])
            if word is None or word.group().lower() not in own:
                raise Beyond(code, f"{found.group()!r}: this cannot be measured, whatever the language", refusal.hints)
    if not isinstance(refusal, _MENDED):
        raise refusal
    if isinstance(refusal, UnknownName) and re.search(r"unknown \w+ '[^']*\d", refusal.message):
        raise refusal  # mouse 7 of two mice: another would be put in its place
