"""What is hidden from a model: ids of participants and recordings, paths, addresses, and the values of covariates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bitflow.events.language.refusals import Malformed
from bitflow.models.planning.names import MOST_LEVELS, Names

#: Covariates whose values are never told, whatever is allowed.
IDS = frozenset({"participant", "recording"})

_PATH = re.compile(
    r"(?<![\w/])(?:[A-Za-z]:)?(?:[\\/][\w.$~-]+){2,}[\\/]?|(?<![\w.])(?:\.\.?[\\/])+[\w.\\/-]*|~[\\/][\w.\\/-]+"
    r"|(?<![\w/])[\w./\\-]*[\w-]\.(?:mp4|m4v|mov|avi|mkv|webm|mts|wav|mp3|flac|csv|tsv|json|parquet|txt|xlsx?)\b",
    re.I,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\b[a-z]+://\S+", re.I)
_WORD = re.compile(r"[\w][\w./-]*[\w]|\w")


@dataclass(frozen=True)
class Veil:
    """Puts stand-ins in the place of what is hidden, and takes them out again.

    Parameters
    ----------
    names
        Of the store.
    ids
        Of its participants and recordings.
    told
        Values that may be said, by covariate; of the others ``#1``, ``#2`` … stand for them in order.
    """

    names: Names
    ids: frozenset[str] = frozenset()
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _hidden: dict[str, str] = field(default_factory=dict)

    def question(self, text: str) -> str:
        """A question without ids, paths and addresses."""
        by_fold = {name.casefold(): name for name in self.ids if re.search(r"[^\W\d].*[\d/]|[\d/].*[^\W\d]", name)}
        text = _ADDRESS.sub("[address]", text)

        def stand_in(match: re.Match[str]) -> str:
            real = by_fold.get(match.group().casefold())
            if real is None:
                return match.group()
            known = {name: stand for stand, name in self._hidden.items()}
            stand = known.get(real) or f"ID{len(self._hidden) + 1}"
            self._hidden[stand] = real
            return stand

        return _PATH.sub("[path]", _WORD.sub(stand_in, text))

    def word(self, covariate: str, said: str) -> str:
        """The value of a covariate that a model means.

        Raises
        ------
        Malformed
            There is none; the message names no value.
        """
        if said in self._hidden:
            return self._hidden[said]
        levels = self.names.levels.get(covariate, ())
        by_fold = {level.casefold(): level for level in levels}
        numbered = re.fullmatch(r"#(\d+)", said)
        if numbered and covariate not in IDS and 1 <= int(numbered[1]) <= len(levels):
            return levels[int(numbered[1]) - 1]
        for spelled in (said, *(f"{letter}{said}" for letter in "vs" if said.isdigit())):
            if spelled.casefold() in by_fold:
                return by_fold[spelled.casefold()]
        raise Malformed(f"{covariate} has no value {said[:40]!r}; use a word of the question, or #1, #2 … as listed")

    def recording(self, said: str) -> str:
        """The recording that a stand-in is of.

        Raises
        ------
        Malformed
            It is none of the question.
        """
        if said not in self._hidden:
            raise Malformed(f"{said[:40]!r} is no recording of the question; leave `recordings` empty for all")
        return self._hidden[said]

    def of_levels(self, covariate: str) -> str:
        """What may be said of the values of a covariate."""
        levels = self.names.levels.get(covariate, ())
        if not levels:
            return "numbers"
        if covariate in IDS or len(levels) > MOST_LEVELS:
            return "ids"
        visits = ", the visits in order" if covariate == self.names.session else ""
        if covariate in self.told:
            return "one of " + ", ".join(self.told[covariate])
        return f"one of {len(levels)} values, called " + ", ".join(f"#{n}" for n in range(1, len(levels) + 1)) + visits

    def without_ids(self, sentence: str, recordings: Iterable[str]) -> str:
        """A sentence about a program, without the recording that it was checked against, and without ids."""
        for name in recordings:
            sentence = sentence.replace(name, "the recording")
        for stand, name in self._hidden.items():
            sentence = sentence.replace(name, stand)
        return _PATH.sub("[path]", sentence)
