"""Time that words leave out: pauses, runs, late starts, stretched words.

Recognisers of speech drop fillers and hesitations from the text but keep the time they took. Sixteen numbers from word
times, none from pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip, speaking
from bitflow.measures.lexicon import FILLERS, immediate_repeats

GAPS_S = (0.25, 0.5, 1.0, 2.0)

NAMES = (
    *(f"gaps_over_{gap:g}_s_per_min" for gap in GAPS_S),
    *("gap_total_share", "gap_longest_s", "gap_entropy", "first_word_s"),
    *("words_per_s", "words_per_s_sd", "longest_run_s", "last_word_to_end_s"),
    *("filler_share", "repeat_share", "stretched_word_s", "speech_without_words"),
)

#: A character takes about this long to say; a word that lasts longer than its letters was stretched.
SECONDS_PER_CHARACTER = 0.065

#: Stretches between gaps of this length are runs.
RUN_GAP_S = 0.25


def gap_features(clip: Clip) -> NDArray[np.float64]:
    """The numbers of `NAMES`, ``(16,)``; NaN without word times, and the last also without voice."""
    found = np.full(len(NAMES), np.nan)
    words = clip.words
    if words is None or not len(words.starts) or clip.duration <= 0:
        return found
    starts, ends = words.starts, np.maximum.accumulate(words.ends)
    minutes = clip.duration / 60.0
    gaps = np.maximum(starts[1:] - ends[:-1], 0.0)
    found[:4] = [(gaps > least).sum() / minutes for least in GAPS_S]
    found[4] = gaps.sum() / clip.duration
    found[5] = gaps.max() if len(gaps) else 0.0
    share = gaps[gaps > 0] / gaps.sum() if gaps.sum() > 0 else np.empty(0)
    found[6] = -(share * np.log(share)).sum()
    found[7] = starts[0]
    found[8] = len(starts) / clip.duration
    counts = np.histogram(starts, bins=np.arange(0.0, max(clip.duration, 8.0) + 4.0, 4.0))[0]
    found[9] = counts.std() / 4.0
    breaks = np.flatnonzero(gaps > RUN_GAP_S)
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, len(starts) - 1)
    found[10] = (ends[lasts] - starts[firsts]).max()
    found[11] = max(0.0, clip.duration - ends[-1])
    said = [word.lower().strip(".,;:!?…\"'") for word in words.texts]
    found[12] = sum(word in FILLERS for word in said) / len(said)
    found[13] = immediate_repeats(said) / len(said)
    letters = np.array([len(word) for word in said])
    found[14] = np.max(words.ends - words.starts - letters * SECONDS_PER_CHARACTER)
    voice = speaking(clip)
    if voice is not None and np.isfinite(voice).any():
        spoken = np.nan_to_num(voice) >= 0.5
        inside = np.zeros(clip.bins, bool)
        for start, end in zip(words.starts, words.ends, strict=True):
            inside[int(start * clip.rate) : max(int(np.ceil(end * clip.rate)), int(start * clip.rate) + 1)] = True
        found[15] = (spoken & ~inside).sum() / max(1, int(spoken.sum()))
    return found
