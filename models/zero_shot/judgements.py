"""What models answered, as numbers: the verdict, how sure its letters were, and the cues that it named."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.endpoints.prompt import Reply
from bitflow.models.zero_shot.questions import UNDECIDED, Question

#: From this share of equal answers on, among at least so many, a run has said nothing about its recordings.
DEGENERATE_SHARE, DEGENERATE_LEAST = 0.95, 30

#: An option that is not among a server's likeliest tokens has at least this probability.
_FLOOR = 1e-6

#: Modalities that a contradiction is between, by its letters.
_LETTERS = {"F": "face", "L": "language", "A": "voice", "B": "body"}


@dataclass(frozen=True)
class Judgement:
    """One recording judged.

    Parameters
    ----------
    label
        The verdict; None where there is none: an answer out of form is no class.
    probability
        By label, not calibrated; empty where there is no verdict.
    numbers
        What calibration and recognisers read: shares of votes, log-odds, cues; none of it has seen a label.
    cues
        As the model wrote them, of the first answer that decided; one that is repeated counts once.
    reason
        Why there is no verdict.
    seeds
        That the orders of options were drawn from.
    """

    label: str | None
    probability: Mapping[str, float]
    numbers: Mapping[str, float]
    cues: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""
    seeds: tuple[int, ...] = ()


def nothing(reason: str) -> Judgement:
    """No verdict, and why."""
    return Judgement(None, {}, {}, reason=reason)


def judgement_of(asked: Sequence[Question], replies: Sequence[Reply]) -> Judgement:
    """One recording's verdict from one answer, or the majority of several."""
    labels = tuple(sorted(asked[0].options.values()))
    seeds = tuple(question.seed for question in asked)
    decided: list[tuple[str, Mapping[str, float], Question, Reply]] = []
    refused: Counter[str] = Counter()
    for question, reply in zip(asked, replies, strict=True):
        said = (reply.data or {}).get(question.field) if reply.outcome == "ok" else None
        if said is None:
            refused[reply.outcome] += 1
        elif said == UNDECIDED:
            refused[UNDECIDED] += 1
        else:
            known = verdict_probabilities(reply, question.field, question.options)
            decided.append((question.options[said], known, question, reply))
    if len(decided) <= len(asked) // 2:
        why = refused.most_common(1)[0][0]
        return Judgement(None, {}, {}, reason=_REASONS.get(why, f"no answer: {why}"), seeds=seeds)
    votes = Counter(label for label, *_ in decided)
    most = max(votes.values())
    label = min(name for name, number in votes.items() if number == most)
    shares = {name: votes[name] / len(decided) for name in labels}
    told = [known for _, known, *_ in decided if known]
    probability = (
        {name: float(np.mean([known[name] for known in told])) for name in labels}
        if len(told) == len(decided)
        else {name: (votes[name] + 1 / len(labels)) / (len(decided) + 1) for name in labels}
    )
    numbers = {f"vote {name}": share for name, share in shares.items()}
    for name in labels:
        others = max(1 - probability[name], _FLOOR)
        numbers[f"log-odds {name}"] = math.log(max(probability[name], _FLOOR) / others)
    counted = [_cue_numbers(question, reply.data or {}) for _, _, question, reply in decided]
    for key in counted[0]:
        numbers[key] = float(np.mean([each[key] for each in counted]))
    first = next(reply for said, _, _, reply in decided if said == label)
    cues = tuple(_distinct((first.data or {}).get("cues", ())))
    return Judgement(label, probability, numbers, cues, seeds=seeds)


def number_names(asked: Question) -> tuple[str, ...]:
    """Names of the numbers of every judgement of such a question, in order."""
    labels = sorted(asked.options.values())
    kinds = (*(f"vote {name}" for name in labels), *(f"log-odds {name}" for name in labels))
    return (*kinds, *_cue_numbers(asked, {}))


def verdict_probabilities(reply: Reply, field: str, options: Mapping[str, str]) -> dict[str, float]:
    """Probabilities of labels from those of the tokens in which the options differ first; empty where none are given.

    Examples
    --------
    >>> token = {"token": "A", "logprob": -0.1, "top": {"A": math.log(0.6), "B": math.log(0.3), "c": math.log(0.1)}}
    >>> opening = [{"token": t, "logprob": 0.0, "top": {}} for t in ('{"verdict', '":', ' "')]
    >>> reply = Reply("ok", {"verdict": "A"}, logprobs=(*opening, token, {"token": '"}', "logprob": 0.0, "top": {}}))
    >>> {k: round(p, 3) for k, p in verdict_probabilities(reply, "verdict", {"A": "no", "B": "yes"}).items()}
    {'no': 0.667, 'yes': 0.333}
    """
    tokens = [str(each["token"]) for each in reply.logprobs]
    written = "".join(tokens)
    found = list(re.finditer(rf'"{re.escape(field)}"\s*:\s*"', written))
    if not found:
        return {}
    begin, at = found[-1].end(), 0
    mass = dict.fromkeys((*options, UNDECIDED), 0.0)
    carried, least, prefix = 1.0, 1.0, ""
    for number, token in enumerate(tokens):
        at += len(token)
        if at <= begin:
            continue
        # What of the token stands before the value is the same in every alternative.
        lead = token[: max(0, len(token) - (at - begin))] if not prefix else ""
        tops = {token: reply.logprobs[number]["logprob"], **reply.logprobs[number]["top"]}
        undecided = False
        for text, logprob in tops.items():
            if not text.startswith(lead):
                continue
            fits = _fitting(prefix + text[len(lead) :], mass)
            p = carried * math.exp(min(0.0, float(logprob)))
            if len(fits) == 1:
                mass[fits[0]] += p
                least = min(least, p)
            elif fits and text == token:
                undecided = True
        if not undecided:
            break
        carried *= math.exp(min(0.0, float(reply.logprobs[number]["logprob"])))
        prefix += token[len(lead) :]
    if not any(mass[option] for option in options):
        return {}
    missing = [option for option, p in mass.items() if p == 0]
    rest = max(0.0, 1 - sum(mass.values()))
    for option in missing:
        mass[option] = max(_FLOOR, min(rest, least) / len(mass))
    total = sum(mass[option] for option in options)
    return {label: mass[option] / total for option, label in options.items()}


def degenerate(labels: Iterable[str | None]) -> tuple[str, float] | None:
    """The one answer that a run gave to nearly everything, and its share; None where it told recordings apart.

    Examples
    --------
    >>> degenerate(["yes"] * 39 + ["no"]), degenerate(["yes"] * 20)
    (('yes', 0.975), None)
    """
    said = [label for label in labels if label is not None]
    if len(said) < DEGENERATE_LEAST:
        return None
    label, number = Counter(said).most_common(1)[0]
    return (label, number / len(said)) if number >= DEGENERATE_SHARE * len(said) else None


def matrix(judgements: Sequence[Judgement], names: Sequence[str]) -> NDArray[np.float64]:
    """Numbers of judgements, ``(n, names)``; NaN rows where there is no verdict."""
    rows = [[judgement.numbers.get(name, math.nan) for name in names] for judgement in judgements]
    return np.array(rows, float).reshape(len(judgements), len(names))


def _fitting(written: str, options: Iterable[str]) -> list[str]:
    """Options that a beginning of the value may still become."""
    closed = written.partition('"')
    if closed[1]:
        return [option for option in options if option == closed[0]]
    return [option for option in options if option.startswith(written)] if written else []


def _distinct(cues: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Cues without repeats: small models write the same one again and again."""
    found: list[Mapping[str, Any]] = []
    for cue in cues:
        if cue not in found:
            found.append(cue)
    return found


def _cue_numbers(question: Question, answer: Mapping[str, Any]) -> dict[str, float]:
    cues = _distinct(answer.get("cues", ()))
    if question.field == "ah":
        found = {f"{strength} cues": _count(cues, strength=strength) for strength in ("clear", "weak")}
        for direction in ("toward_change", "against_change", "undecided"):
            found[f"cues {direction}"] = _count(cues, direction=direction)
        found["contradictions"] = float(len(_contradictions(answer)))
        return found
    return {
        f"{strength} cues {label}": _count(cues, strength=strength, speaks_for=option)
        for option, label in sorted(question.options.items(), key=lambda item: item[1])
        for strength in ("clear", "weak")
    }


def _count(cues: Iterable[Mapping[str, Any]], **wanted: str) -> float:
    return float(sum(all(cue.get(key) == value for key, value in wanted.items()) for cue in cues))


def _contradictions(answer: Mapping[str, Any]) -> set[tuple[int, int]]:
    """Pairs of different cues that exist and are of the modalities that the pair names."""
    cues = answer.get("cues", ())
    found = set()
    for each in answer.get("discord", ()):
        i, j = sorted((each["cue_i"], each["cue_j"]))
        if i < j < len(cues) and {cues[i]["modality"], cues[j]["modality"]} == {_LETTERS[x] for x in each["pair"]}:
            # A cue that is repeated is the first of its kind.
            found.add((cues.index(cues[i]), cues.index(cues[j])))
    return found


_REASONS = {
    UNDECIDED: "the model cannot tell",
    "invalid": "the answer is not of the form",
    "refused": "the model refused",
    "truncated": "the answer was cut off",
}
