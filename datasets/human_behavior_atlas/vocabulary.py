"""The 25 classes of the atlas, its data sets, and what other words its labels go by."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bitflow.errors import SchemaError

#: The classes by domain, in the order of their global index.
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "sentiment": (
        *("highly negative", "negative", "weakly negative", "neutral"),
        *("weakly positive", "positive", "highly positive"),
    ),
    "emotion": ("anger", "disgust", "fear", "happy", "neutral", "calm", "sad", "surprise"),
    "ptsd": ("no ptsd", "ptsd"),
    "depression": ("no depression", "depression"),
    "anxiety": ("no anxiety", "anxiety"),
    "sarcasm": ("not sarcasm", "sarcasm"),
    "humour": ("not humour", "humour"),
}

#: Other words for a class, within its domain.
SYNONYMS: Mapping[str, str] = {
    "angry": "anger",
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "fearful": "fear",
    "surprised": "surprise",
    "pleasant surprise": "surprise",
    "disgusted": "disgust",
    "strongly negative": "highly negative",
    "strongly positive": "highly positive",
    "not humor": "not humour",
    "humor": "humour",
}

#: Classification data sets and their domain.
DATASETS: Mapping[str, str] = {
    "mosei_senti": "sentiment",
    "meld_senti": "sentiment",
    "chsimsv2": "sentiment",
    "cremad": "emotion",
    "tess": "emotion",
    "meld_emotion": "emotion",
    "mosei_emotion": "emotion",
    "ptsd_in_the_wild": "ptsd",
    "daicwoz": "depression",
    "mmpsy_depression": "depression",
    "mmpsy_anxiety": "anxiety",
    "mmsd": "sarcasm",
    "urfunny": "humour",
}

#: Question-and-answer data sets: their answers are free text.
QUESTION_DATASETS = ("siq2", "intentqa", "mimeqa")


@dataclass(frozen=True)
class ClassLabel:
    """One class: its text, its domain, and its index among all classes."""

    text: str
    domain: str
    index: int


@dataclass(frozen=True)
class LabelMap:
    """Which classes there are, and to which domain each data set belongs.

    Examples
    --------
    >>> ATLAS.label("tess", "Pleasant surprise").index
    14
    >>> ATLAS.label("chsimsv2", "neutral").index, ATLAS.label("meld_emotion", "neutral").index
    (3, 11)
    """

    classes: tuple[ClassLabel, ...]
    datasets: Mapping[str, str]

    def of_domain(self, domain: str) -> tuple[ClassLabel, ...]:
        """The classes of a domain."""
        return tuple(each for each in self.classes if each.domain == domain)

    def label(self, dataset: str, text: str) -> ClassLabel:
        """The class that a label text means in a data set, whatever its case.

        Raises
        ------
        SchemaError
            The data set or the label is unknown; the nearest are named.
        """
        domain = self.datasets.get(dataset)
        if domain is None:
            raise SchemaError(f"unknown data set {dataset!r}{_nearest(dataset, self.datasets)}")
        said = " ".join(text.lower().split())
        known = {each.text: each for each in self.of_domain(domain)}
        found = known.get(said) or known.get(SYNONYMS.get(said, ""))
        if found is None:
            near = _nearest(said, known) or f"; there are: {', '.join(known)}"
            raise SchemaError(f"unknown label {text!r} of data set {dataset!r} ({domain}){near}")
        return found

    def extended(self, dataset: str, domain: str, labels: tuple[str, ...]) -> LabelMap:
        """The same with a data set of one's own, whose new classes are counted on from the last one."""
        if domain in {each.domain for each in self.classes}:
            return LabelMap(self.classes, {**self.datasets, dataset: domain})
        new = tuple(ClassLabel(text, domain, len(self.classes) + k) for k, text in enumerate(labels))
        return LabelMap(self.classes + new, {**self.datasets, dataset: domain})

    def as_dict(self) -> dict[str, Any]:
        """The form in which the atlas keeps such a map, keys ``<dataset>_<label>``."""
        mapping = {
            f"{dataset}_{each.text}": each.index
            for dataset, domain in self.datasets.items()
            for each in self.of_domain(domain)
        }
        return {
            "label_mapping": mapping,
            "num_classes": len(self.classes),
            "datasets": list(self.datasets),
            "dataset_labels": {
                dataset: [each.text for each in self.of_domain(domain)] for dataset, domain in self.datasets.items()
            },
            "meta": {
                "excluded_qa_datasets": list(QUESTION_DATASETS),
                "domains": list(dict.fromkeys(each.domain for each in self.classes)),
                "dataset_domain": dict(self.datasets),
                "global_classes": [{"index": each.index, "label": each.text} for each in self.classes],
            },
        }


def _all_classes() -> tuple[ClassLabel, ...]:
    pairs = [(text, domain) for domain, texts in DOMAINS.items() for text in texts]
    return tuple(ClassLabel(text, domain, index) for index, (text, domain) in enumerate(pairs))


def _nearest(word: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; do you mean {' or '.join(repr(name) for name in near)}?" if near else ""


#: The map of the atlas itself.
ATLAS = LabelMap(_all_classes(), dict(DATASETS))
