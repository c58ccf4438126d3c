"""TF-IDF of word and character n-grams, as scikit-learn's TfidfVectorizer counts and weighs them.

Written out because a command that reads a few texts should not wait a second for a library to load; a test holds it to
scikit-learn's matrix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError

#: An n-gram must occur in so many texts.
LEAST_TEXTS = 2

#: Texts whose counts are kept: every fold counts the same ones. A minute of speech takes 50 kB.
REMEMBERED = 1024

WORDS, CHARACTERS = (1, 2), (2, 4)

_WORD = re.compile(r"\b\w[\w']*\b")
_SPACES = re.compile(r"\s\s+")


@dataclass(frozen=True, eq=False)
class NGrams:
    """Words (1-2) and characters inside words (2-4) with their inverse document frequencies.

    Parameters
    ----------
    words, characters
        N-grams in the order of their columns.
    word_idf, character_idf
        ln((1 + n) / (1 + texts with it)) + 1.
    """

    words: tuple[str, ...]
    characters: tuple[str, ...]
    word_idf: NDArray[np.float64]
    character_idf: NDArray[np.float64]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> tuple[NGrams, Any]:
        """The n-grams of texts, and the texts' rows ``(n, n-grams)`` as a sparse matrix.

        Raises
        ------
        UsageError
            No word occurs in two texts.
        """
        counted = _counted(texts)
        (words, word_idf), (characters, character_idf) = (_vocabulary(counts) for counts in counted)
        if not words:
            raise UsageError("the transcripts have no words in common, so nothing can be learned from text")
        made = cls(words, characters, word_idf, character_idf)
        return made, made._weighed(*counted)

    def rows(self, texts: Sequence[str]) -> Any:
        """Sparse ``(n, n-grams)``: 1 + ln(count), times idf; words and characters each of length 1."""
        return self._weighed(*_counted(texts))

    def _weighed(self, words: list[Counter[str]], characters: list[Counter[str]]) -> Any:
        from scipy import sparse

        parts = [_rows(words, self._places[0], self.word_idf), _rows(characters, self._places[1], self.character_idf)]
        return sparse.hstack(parts).tocsr()

    @cached_property
    def _places(self) -> list[dict[str, int]]:
        return [{gram: i for i, gram in enumerate(grams)} for grams in (self.words, self.characters)]


def word_grams(text: str) -> Iterator[str]:
    """Words, contractions whole, and pairs of neighbours, in lower case.

    Examples
    --------
    >>> list(word_grams("I don't know"))
    ['i', "don't", 'know', "i don't", "don't know"]
    """
    words = _WORD.findall(text.lower())
    yield from words
    for n in range(2, WORDS[1] + 1):
        for i in range(len(words) - n + 1):
            yield " ".join(words[i : i + n])


def character_grams(text: str) -> Iterator[str]:
    """Runs of characters inside words with a space on either side; a word shorter than a run is one.

    Examples
    --------
    >>> list(character_grams("so"))
    [' s', 'so', 'o ', ' so', 'so ', ' so ']
    """
    for word in _SPACES.sub(" ", text.lower()).split():
        padded = f" {word} "
        for n in range(CHARACTERS[0], CHARACTERS[1] + 1):
            yield padded[:n]
            for i in range(1, len(padded) - n + 1):
                yield padded[i : i + n]
            if n >= len(padded):  # counted once, not for every longer n
                break


def _counted(texts: Sequence[str]) -> list[list[Counter[str]]]:
    """How often each text has its words, and its runs of characters."""
    both = [_counts(text) for text in texts]
    return [[words for words, _ in both], [characters for _, characters in both]]


@lru_cache(maxsize=REMEMBERED)
def _counts(text: str) -> tuple[Counter[str], Counter[str]]:
    return Counter(word_grams(text)), Counter(character_grams(text))


def _vocabulary(counted: Sequence[Counter[str]]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    occurs = Counter(gram for counts in counted for gram in counts)
    grams = tuple(sorted(gram for gram, texts in occurs.items() if texts >= LEAST_TEXTS))
    texts = np.array([occurs[gram] for gram in grams], float)
    return grams, np.log((1 + len(counted)) / (1 + texts)) + 1


def _rows(counted: Sequence[Counter[str]], place: Mapping[str, int], idf: NDArray[np.float64]) -> Any:
    from scipy import sparse

    columns: list[int] = []
    values: list[int] = []
    ends = [0]
    for counts in counted:
        for gram in counts.keys() & place.keys():
            columns.append(place[gram])
            values.append(counts[gram])
        ends.append(len(columns))
    found = sparse.csr_matrix((np.array(values, float), np.array(columns, int), ends), (len(counted), len(place)))
    found.sort_indices()  # sets have no order, and sums of floats do
    weights = (1 + np.log(found.data)) * idf[found.indices]
    rows = np.repeat(np.arange(len(counted)), np.diff(found.indptr))
    length = np.sqrt(np.bincount(rows, weights**2, len(counted)))
    found.data = weights / np.maximum(length, 1e-300)[rows]
    return found
