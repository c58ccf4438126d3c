"""The ears against known answers: pitch, speech, words, turns, and their speed.

Sentences by espeak-ng at known times, clean and with white noise 10 dB below them; glides with known pitch. With
``--conversation FOLDER`` also real voices: FOLDER holds one folder of sound files a speaker, as LibriSpeech does, from
which conversations are cut. Writes a dated table below benchmarks/results/. Speed is CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1]))
from parity import Row, write_report

from bitflow.extractors.speech import Speech
from bitflow.extractors.voice import Voice
from bitflow.media import AudioReader
from bitflow.signals.framing import frame_range, frame_times
from bitflow.signals.pitch import track_pitch
from tests.extractors.test_speech import onset_errors, word_error_rate
from tests.voices import RATE, Scene, chunks, extract, glides, noise, scene

VOICES = ("en-us", "en-gb", "en-us+f3")
PAIRS = (("en-us", "en-us+f3"), ("en-gb", "en-us+f2"), ("en-us+m2", "en-us+f4"))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversation", type=Path, help="folder with one folder of sound files a speaker")
    arguments = parser.parse_args()
    rows = [*pitch(), *speech(), *turns(), *speed()]
    if arguments.conversation:
        rows += conversations(arguments.conversation)
    write_report("voice", "Voice, speech and speakers against known answers", "espeak-ng voices; tiny.en.", rows)
    return 0 if all(row.passed for row in rows) else 1


def pitch() -> Iterator[Row]:
    errors: list[np.ndarray] = []
    voicing: list[np.ndarray] = []
    for tilt in (0.0, 6.0, 12.0):
        for seconds in (1.0, 2.0, 4.0):
            for straight in (False, True):
                voice, truth = glides(80, 400, seconds=seconds, tilt_db=tilt, straight=straight)
                times = frame_times(frame_range(0, len(voice) / RATE))
                found = track_pitch(voice + noise(voice, 20), times, sample_rate_hz=RATE).f0
                f0 = truth[np.clip((times * RATE).astype(int), 0, len(truth) - 1)]
                both = (f0 > 0) & np.isfinite(found)
                errors.append(np.abs(found[both] / f0[both] - 1))
                voicing.append((f0 > 0) != np.isfinite(found))
    every = np.concatenate(errors)
    yield Row("glides 80-400 Hz, 20 dB", "F0 error, median", 100 * float(np.median(every)), 1, "%")
    yield Row("glides 80-400 Hz, 20 dB", "gross errors (over 20 %)", 100 * float(np.mean(every > 0.2)), 2, "%")
    yield Row("glides 80-400 Hz, 20 dB", "voicing error", 100 * float(np.concatenate(voicing).mean()), 5, "%")


def speech() -> Iterator[Row]:
    for snr in (None, 10):
        overlap: list[float] = []
        wrong: list[float] = []
        late: list[float] = []
        lost = 0
        for voice in VOICES:
            for gap in (0.8, 2.5):
                made = scene((voice,), gap=gap)
                samples = made.samples if snr is None else made.samples + noise(made.samples, snr)
                overlap.append(intersection_over_union(made, extract(Voice(), chunks(samples))[0]["voice"]))
                words = extract(Speech(), chunks(samples))[0]["words"]
                wrong.append(word_error_rate(" ".join(s[2] for s in made.said), " ".join(words["word"])))
                found = onset_errors(made, words["word"].tolist(), words["start"].to_numpy())
                late += found.tolist()
                lost += len(made.said) - len(found)
        clip = "three voices, " + ("clean" if snr is None else f"{snr} dB noise")
        free = float("inf")
        yield Row(clip, "speech IoU, worst", min(overlap), 0.9, "", at_least=True)
        yield Row(clip, "phrase start, median", 1000 * float(np.median(late)), 20 if snr is None else free, "ms")
        yield Row(clip, "phrase start, worst", 1000 * max(late), 150 if snr is None else free, "ms")
        yield Row(clip, f"phrases lost of {len(late) + lost}", lost, 0 if snr is None else free, "")
        yield Row(clip, "word error rate", float(np.mean(wrong)), free, "")


def turns() -> Iterator[Row]:
    for embedding in ("encoder", "timbre"):
        edges: list[float] = []
        right: list[float] = []
        for pair in PAIRS:
            for gap in (0.2, 0.5):
                made = scene(pair, gap=gap)
                extractor: Any = Speech(embedding=embedding)  # pyright: ignore[reportArgumentType]
                found = extract(extractor, chunks(made.samples), tables=["speakers"])[0]["speakers"]
                truth = [(a, b, pair.index(voice)) for a, b, _, voice in made.said]
                right.append(share_right(found, truth))
                starts = found["start"].to_numpy()
                edges += [float(np.abs(starts - a).min()) for a, _, _ in truth]
        yield Row(f"two voices by turns, {embedding}", "turn start, worst", 1000 * max(edges), 250, "ms")
        yield Row(f"two voices by turns, {embedding}", "speech right, worst", 100 * min(right), 95, "%", at_least=True)


def speed() -> Iterator[Row]:
    sound = np.tile(scene(("en-us", "en-us+f3"), gap=0.4).samples, 10)
    for name, extractor, tables, bound in (
        ("voice", Voice(), ["voice"], 60.0),
        ("speakers", Speech(), ["speakers"], 0.0),
        ("speech, words, speakers", Speech(), ["speech", "words", "speakers"], 0.0),
    ):
        extract(extractor, chunks(sound[:RATE]), tables=tables)
        started = time.process_time()
        extract(extractor, chunks(sound), tables=tables)
        took = time.process_time() - started
        yield Row(name, "times real time, CPU of one core", len(sound) / RATE / took, bound, "×", at_least=True)


def conversations(folder: Path) -> Iterator[Row]:
    rng = np.random.default_rng(0)
    speakers = [sorted(p for p in one.iterdir() if p.is_file()) for one in sorted(folder.iterdir()) if one.is_dir()]
    for low, high in ((0.3, 1.0), (0.0, 0.1)):
        right: list[float] = []
        counted = 0
        for count in (1, 2, 2, 3, 4):
            chosen = rng.choice(len(speakers), count, replace=False)
            parts: list[np.ndarray] = []
            truth: list[tuple[float, float, int]] = []
            at = 0.0
            for k in range(16):
                files = speakers[chosen[k % count]]
                with AudioReader(files[k % len(files)]) as reader:
                    samples = np.concatenate([chunk.samples for chunk in reader])
                length = int(rng.uniform(1, 6) * RATE)
                first = rng.integers(0, max(1, len(samples) - length))
                said = samples[first : first + length]
                said = said / max(float(np.sqrt(np.mean(said**2))), 1e-6) * 0.05
                truth.append((at, at + len(said) / RATE, k % count))
                parts += [said, np.zeros(int(rng.uniform(low, high) * RATE), np.float32)]
                at = sum(map(len, parts)) / RATE
            sound = np.concatenate(parts).astype(np.float32)
            found = extract(Speech(), chunks(sound), tables=["speakers"])[0]["speakers"]
            right.append(share_right(found, truth))
            counted += int(found["track"].nunique() == count)
        clip = f"1 to 4 real speakers, {low:g} to {high:g} s between turns"
        yield Row(clip, "speech right, mean of 5", 100 * float(np.mean(right)), 90, "%", at_least=True)
        yield Row(clip, "number of speakers right, of 5", counted, 4, "", at_least=True)


def intersection_over_union(made: Scene, voice: Any) -> float:
    found = voice["speech"].to_numpy() >= 0.5
    n = min(len(found), len(made.speech))
    return float(np.mean(made.speech[:n] & found[:n]) / np.mean(made.speech[:n] | found[:n]))


def share_right(found: Any, truth: list[tuple[float, float, int]]) -> float:
    """Part of the spoken time within turns that is given to the right speaker, names matched as well as can be."""
    from scipy.optimize import linear_sum_assignment

    shared = np.zeros((max(k for *_, k in truth) + 1, int(found["track"].max()) + 1))
    for turn in found.itertuples():
        for start, end, speaker in truth:
            shared[speaker, turn.track] += max(0.0, min(turn.end, end) - max(turn.start, start))
    a, b = linear_sum_assignment(-shared)
    return float(shared[a, b].sum() / shared.sum())


if __name__ == "__main__":
    sys.exit(main())
