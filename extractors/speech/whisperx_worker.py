"""Run by the Python that has WhisperX: reads a request, writes an answer, both JSON. Imports nothing of bitflow."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any


def main(request_path: str, answer_path: str) -> None:
    """Transcribe, align and, where its models are at hand, diarise one WAV file."""
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    if request["offline"]:
        os.environ["HF_HUB_OFFLINE"] = "1"
    whisperx: Any = importlib.import_module("whisperx")

    notes: list[str] = []
    device = request["device"]
    audio = whisperx.load_audio(request["audio"])
    model = whisperx.load_model(
        request["model"],
        device,
        compute_type="float16" if device == "cuda" else "int8",
        language=request["language"],
        # Its other VAD is fetched from a repository at run time; this one comes inside its wheel.
        vad_method="pyannote",
    )
    result = model.transcribe(audio, batch_size=8)
    language = result.get("language") or request["language"]
    try:
        align_model, metadata = whisperx.load_align_model(language, device)
        result = whisperx.align(result["segments"], align_model, metadata, audio, device)
    except Exception as error:  # no model for the language, or it cannot be fetched: words keep coarse times
        notes.append(f"WhisperX did not align the words ({_short(error)}): their times are those of its segments.")
    try:
        diarise = whisperx.diarize.DiarizationPipeline(device=device)
        turns = diarise(audio, num_speakers=request["speakers"])
        result = whisperx.assign_word_speakers(turns, result)
    except Exception as error:  # its models need an accepted licence and a token
        notes.append(f"WhisperX did not tell speakers apart ({_short(error)}): bitflow's own turns are used.")
    answer = {"language": language, "words": words_of(result["segments"]), "notes": notes}
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


def words_of(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Words of the segments; a segment that was not aligned shares its time by letters."""
    found: list[dict[str, Any]] = []
    for segment in segments:
        if segment.get("words"):
            keys = ("word", "start", "end", "score")
            found += [
                {**{key: w.get(key) for key in keys}, "speaker": w.get("speaker") or segment.get("speaker")}
                for w in segment["words"]
            ]
            continue
        words = str(segment.get("text") or "").split()
        letters = sum(map(len, words)) or 1
        at, duration = segment["start"], segment["end"] - segment["start"]
        for word in words:
            until = at + duration * len(word) / letters
            found.append({"word": word, "start": at, "end": until, "score": None, "speaker": segment.get("speaker")})
            at = until
    return found


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
