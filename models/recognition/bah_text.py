"""The BAH table from its split files alone: what words and the question give, beside what they must beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.bah import Answer, read_bah
from bitflow.errors import UsageError
from bitflow.models.evaluation import baselines
from bitflow.models.evaluation.ledger import count_scoring
from bitflow.models.evaluation.scores import Draws, Judged, row
from bitflow.models.kinds import Outcome
from bitflow.models.recognition.ngrams import NGrams
from bitflow.models.recognition.text import TextExpert, log_words

#: Pairs of rows that are compared on the same resamples.
COMPARED = (("text", "question"), ("text+question", "question"), ("text+question", "text"))


def evaluate_bah(splits: Path, *, resamples: int = 2000, allow_leak: bool = False) -> Outcome:
    """Train on train.txt and score val.txt and test.txt, those that are there.

    With `allow_leak`, splits that share participants are scored as they are and again without those participants in
    training: the difference is what the leak flatters by.

    Raises
    ------
    UsageError
        As `bitflow.datasets.bah.read_bah`, or there is nothing to train on, or to score.
    """
    found = read_bah(splits, allow_leak=allow_leak)
    train = found.split("train")
    tested = [name for name in found.splits if name != "train"]
    if not train or not tested:
        raise UsageError(f"{splits}: train.txt and at least one of val.txt and test.txt are needed")
    if len({answer.label for answer in train}) < 2:
        raise UsageError(f"{splits}: train.txt holds one class only; nothing can be learned from it")
    rows: list[dict[str, Any]] = []
    comparisons: list[dict[str, Any]] = []
    scored: dict[str, int | None] = {}
    inflation: dict[str, dict[str, float]] = {}
    shared = set(found.labels().shared_groups())
    predicted = _predictions(train, {name: found.split(name) for name in tested})
    for split in tested:
        answers = found.split(split)
        y, people = np.array([a.label for a in answers]), np.array([a.participant for a in answers])
        asked = np.array([str(a.question) for a in answers])
        judged = {name: Judged(y, p, people, asked) for name, p in predicted[split].items()}
        draws = Draws(people, resamples)
        rows += [row(name, each, draws, split=split) for name, each in judged.items()]
        for first, second in COMPARED:
            for score in ("macro_f1", "average_precision"):
                gain = draws.difference(judged[first], judged[second], score)
                comparisons.append({"first": first, "second": second, "split": split, "score": score, **gain.as_dict()})
        if shared & set(people):
            grouped = _predictions(_without(train, set(people)), {split: answers})[split]["text+question"]
            honest = row("text+question (grouped)", Judged(y, grouped, people, asked), draws, split=split)
            leaky = next(each for each in rows if each["split"] == split and each["name"] == "text+question")
            rows.append(honest)
            inflation[split] = {n: leaky[n] - honest[n] for n in ("macro_f1", "average_precision")}
        scored[split] = count_scoring((a.path for a in answers), (str(a.label) for a in answers))
    data = {
        "rows": rows,
        "comparisons": comparisons,
        "release": found.release,
        "resamples": resamples,
        "times_scored": scored,
        "shared_participants": sorted(shared),
        "inflation": inflation,
    }
    return Outcome(data, tuple([*found.sentences(), "", *_lines(rows, comparisons, scored)]))


def _without(train: tuple[Answer, ...], people: set[str]) -> tuple[Answer, ...]:
    """Training answers of participants who are not tested.

    Raises
    ------
    UsageError
        Nothing is left to learn from.
    """
    kept = tuple(answer for answer in train if answer.participant not in people)
    if len({answer.label for answer in kept}) < 2:
        raise UsageError("without the participants who are tested, train.txt has fewer than two classes")
    return kept


def _predictions(train: tuple[Answer, ...], tests: dict[str, tuple[Answer, ...]]) -> dict[str, dict[str, Any]]:
    """Probability of A/H of every row, by split and name."""
    y, ones = np.array([a.label for a in train]), np.ones(len(train))
    texts, asked = [a.transcript for a in train], [str(a.question) for a in train]
    ngrams = NGrams.fit(texts)
    nobody_asked = [""] * len(train)
    text = TextExpert.fit_texts(texts, nobody_asked, y, ones, ngrams=ngrams)
    both = TextExpert.fit_texts(texts, asked, y, ones, ngrams=ngrams)
    found: dict[str, dict[str, Any]] = {}
    for split, answers in tests.items():
        said, questions = [a.transcript for a in answers], [str(a.question) for a in answers]
        grams = ngrams[0].rows(said)
        amount = baselines.length(y, log_words(texts), log_words(said), 2)
        rows = {
            "prior": baselines.prior(y, len(answers), 2),
            "question": baselines.stratum_rates(y, np.array(asked), np.array(questions), 2),
            "length": amount,
            "text": baselines.probabilities(text.text_logits(said, questions, grams)),
            "text+question": baselines.probabilities(both.text_logits(said, questions, grams)),
        }
        found[split] = {name: baselines.flat(p) for name, p in rows.items() if p is not None}
    return found


def _lines(rows: list[dict[str, Any]], comparisons: list[dict[str, Any]], scored: dict[str, int | None]) -> list[str]:
    from bitflow.models.evaluation.tables import comparison_lines, score_lines

    lines = score_lines(rows)
    lines += ["", *comparison_lines(comparisons)]
    for split, times in scored.items():
        if split == "test" and times is not None:
            lines.append(
                f"the labels of {split} have been scored {times} time{'s' if times != 1 else ''} on this machine"
            )
    return lines
