"""The extractor of `speech`, `words` and `speakers`.

They come out of one pass, because words carry their speaker and both are made from the same windows of speech.
Turns need the whole recording; what is held of it until then are words and voice prints, never the sound.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np

from bitflow import assets
from bitflow.errors import AssetError, UsageError
from bitflow.extractors import voice_activity
from bitflow.extractors.speech import engines, speaker_embedding, transcripts, whisperx
from bitflow.extractors.speech.alignment import agreement, align_words, speech_overlap
from bitflow.extractors.speech.engines import DEFAULT_MODEL, EngineName, FasterWhisper, Heard, Recogniser
from bitflow.extractors.speech.speakers import Prints, Turn, find_turns, speaker_at, voice_prints
from bitflow.extractors.speech.tables import SPEAKERS, SPEECH, WORDS, turn_rows, utterance_rows, word_rows
from bitflow.extractors.speech.windows import Window, speech_windows
from bitflow.extractors.speech.words import Word, clip_to_speech, utterances
from bitflow.tables import Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import AudioChunk

Embedding = Literal["auto", "encoder", "timbre"]

WORKABLE_CONFIDENCE = 0.4
"""Median confidence of words below which another language, noise or music is likelier than a mumbler."""

WORKABLE_OVERLAP = 0.5


@dataclass(frozen=True)
class Speech:
    """Makes `speech`, `words` and `speakers` from sound at 16 kHz.

    Parameters
    ----------
    engine
        ``faster-whisper`` (extra `asr`), ``whisperx`` (an environment of its own), ``none``; ``auto`` is
        faster-whisper where it is installed and ``missing`` where it is not.
    model
        ``tiny.en``, which comes along, a folder with a CTranslate2 model of Whisper, or a name that the hub knows.
    language
        Code such as ``en``; empty to have it detected.
    beams
        Beam width of the recogniser.
    transcript
        A transcript (.vtt, .srt, .json of WhisperX, .txt), or a folder of them named by recording id, used in place of
        the recogniser's words.
    transcript_hash
        Settled by `resolve`: what the transcripts hold.
    vad
        See `Voice`.
    count
        Number of speakers; None to find it.
    embedding
        ``encoder`` (network) or ``timbre`` (statistics of the spectrum) to tell voices apart; ``auto``: the encoder
        where its file can be had.
    """

    name: ClassVar[str] = "speech"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("audio",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (SPEECH, WORDS, SPEAKERS)

    engine: EngineName = "auto"
    model: str = DEFAULT_MODEL
    language: str = ""
    beams: int = 5
    transcript: str = ""
    transcript_hash: str = ""
    vad: voice_activity.Kind = "auto"
    count: int | None = field(default=None, metadata={"table": "speakers"})
    embedding: Embedding = field(default="auto", metadata={"table": "speakers"})

    def __post_init__(self) -> None:
        if self.count is not None and not 1 <= self.count <= 20:
            raise ValueError(f"speakers.count is from 1 to 20, not {self.count}")
        if not 1 <= self.beams <= 20:
            raise ValueError(f"beams is from 1 to 20, not {self.beams}")

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Settle engine, VAD and embedding by what is at hand."""
        return replace(
            self,
            engine=engines.settle_engine(self.engine, self.model),
            transcript_hash=transcripts.content_hash(self.transcript) if self.transcript else "",
            vad=voice_activity.at_hand(self.vad),
            embedding=_settle_embedding(self.embedding),
        )

    def models(self) -> tuple[str, ...]:
        """Files of the VAD, the voice encoder and the recogniser that comes along."""
        bundled = self.engine == "faster-whisper" and self.model == DEFAULT_MODEL
        return (
            *voice_activity.models(self.vad),
            *((speaker_embedding.MODEL,) if self.embedding == "encoder" else ()),
            *(engines.DEFAULT_FILES.values() if bundled else ()),
        )

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[AudioChunk], AudioChunk]:
        """Nothing can be done with half a minute of sound that may begin within a word: it is handed on."""
        return lambda chunk: chunk

    def join(
        self, parts: Iterator[AudioChunk], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Cut at pauses, hear the windows in parallel, then settle who spoke."""
        with tempfile.TemporaryDirectory(prefix="bitflow-speech-") as folder:
            yield from _Pass(self, recording, runtime, Path(folder)).rows(parts)


def _settle_embedding(embedding: Embedding) -> Embedding:
    if embedding != "auto":
        return embedding
    try:
        assets.fetch(speaker_embedding.MODEL)
    except AssetError:
        return "timbre"
    return "encoder"


@dataclass(frozen=True)
class _Listened:
    """What one window gave; word times are on the media clock, and not clipped yet."""

    window: Window
    words: tuple[Word, ...]
    language: str
    prints: Prints


class _Pass:
    """One recording's way through the extractor."""

    def __init__(self, speech: Speech, recording: RecordingInfo, runtime: Runtime, folder: Path) -> None:
        self._speech = speech
        self._recording = recording
        self._runtime = runtime
        self._folder = folder
        self._wants_words = bool({SPEECH.name, WORDS.name} & runtime.tables)
        self._end = 0.0

    def rows(self, parts: Iterator[AudioChunk]) -> Iterator[tuple[str, pa.RecordBatch]]:
        transcript = self._transcript() if self._wants_words else None
        # Times of a transcript stand for themselves; a recogniser is asked for them only where they are missing.
        needs_engine = self._wants_words and not (transcript and all(c.words for c in transcript.cues))
        engine = self._speech.engine if needs_engine else "none"
        if engine == "missing" and transcript is None:
            self._runtime.note(engines.MISSING)
        sound = whisperx.SoundFile(self._folder / "sound.wav") if engine == "whisperx" else None
        recogniser = self._open_recogniser() if engine == "faster-whisper" else None
        detector = voice_activity.open_detector(self._speech.vad, self._runtime)
        windows = speech_windows(self._watched(parts, sound), detector)
        heard = list(self._runtime.map(self._opener(recogniser), windows))
        stretches = [stretch for one in heard for stretch in one.window.stretches]

        words = [word for one in heard for word in clip_to_speech(one.words, one.window.stretches)]
        language = max((one.language for one in heard), key=[one.language for one in heard].count, default="")
        source = recogniser.source if recogniser else ""
        if sound is not None:
            sound.close()
            words, language, source = self._whisperx(sound, stretches)
        if words and transcript is None:
            self._doubt(words)
        if transcript is not None:
            self._doubt_transcript(transcript, stretches, words)
            if not transcript.timed and not words:
                self._runtime.note(
                    "The plain text brought as a transcript has no times, and no recogniser ran that could find them: "
                    "words stay empty."
                )
            words = align_words(transcript, words, stretches)
            words = [replace(w, end=min(w.end, self._end)) for w in words if w.start < self._end]
            language = transcript.language or self._speech.language or language
            source = "transcript" if not source else f"transcript, times by {source}"

        turns, names, by = self._turns(heard, words)
        words = [w if w.speaker else replace(w, speaker=_name_at(turns, names, w)) for w in words]
        tracks = {name: track for track, name in enumerate(names)}
        language = language or self._speech.language
        if words:
            yield WORDS.name, word_rows(words, tracks, source, language)
            yield SPEECH.name, utterance_rows(utterances(words), tracks, source, language)
        if turns:
            yield SPEAKERS.name, turn_rows(turns, names, by)

    def _watched(self, parts: Iterator[AudioChunk], sound: whisperx.SoundFile | None) -> Iterator[AudioChunk]:
        for chunk in parts:
            self._end = max(self._end, chunk.end)
            chunk = replace(chunk, samples=voice_activity.finite(chunk.samples))
            if sound is not None:
                sound.append(chunk.start, chunk.samples)
            yield chunk

    def _opener(self, recogniser: Recogniser | None) -> Callable[[], Callable[[Window], _Listened]]:
        wants_speakers = SPEAKERS.name in self._runtime.tables or self._wants_words
        encoder = (
            speaker_embedding.VoiceEncoder()
            if self._speech.embedding == "encoder"
            else speaker_embedding.TimbreEncoder()
        )

        def listen(window: Window) -> _Listened:
            heard = recogniser.transcribe(window.samples) if recogniser else Heard((), "")
            words = tuple(
                replace(w, start=window.media_time(w.start), end=window.media_time(w.end)) for w in heard.words
            )
            prints = voice_prints(window, encoder) if wants_speakers else Prints((), (), ())
            return _Listened(replace(window, samples=window.samples[:0]), words, heard.language, prints)

        return lambda: listen

    def _open_recogniser(self) -> Recogniser | None:
        settings = self._speech
        if settings.language not in ("", "en") and engines.english_only(settings.model):
            self._runtime.note(
                f"No words were recognised: the model {Path(settings.model).name} knows English only, not "
                f"{settings.language!r}. Give a model that knows it with --asr-model."
            )
            return None
        device, reason = engines.whisper_device(self._runtime.device)
        if reason:
            self._runtime.note(f"Words were recognised on the CPU: {reason}")
        try:
            return FasterWhisper(
                model=settings.model,
                language=settings.language,
                device=device,
                threads=self._runtime.threads,
                beams=settings.beams,
            )
        except AssetError as error:
            self._runtime.note(f"No words were recognised: {error}")
        except (RuntimeError, ValueError) as error:
            raise UsageError(f"speech.model: {settings.model} cannot be opened as a Whisper model: {error}") from error
        return None

    def _whisperx(
        self, sound: whisperx.SoundFile, stretches: list[voice_activity.Stretch]
    ) -> tuple[list[Word], str, str]:
        settings = self._speech
        if sound.start is None or not stretches:
            return [], "", "whisperx"
        model = "small" if settings.model == DEFAULT_MODEL else settings.model
        result = whisperx.transcribe(
            sound.path,
            sound.duration,
            python=whisperx.require_python(),
            model=model,
            language=settings.language,
            device=self._runtime.device,
            speakers=settings.count,
        )
        for sentence in result.notes:
            self._runtime.note(sentence)
        on_clock = [replace(w, start=w.start + sound.start, end=w.end + sound.start) for w in result.words]
        return clip_to_speech(on_clock, stretches), result.language, f"whisperx {Path(model).name}"

    def _transcript(self) -> transcripts.Transcript | None:
        where = self._speech.transcript
        if not where:
            return None
        path = transcripts.find_transcript(where, self._recording.id)
        if path is None:
            self._runtime.note(f"No transcript of this recording was found in {Path(where).name}.")
            return None
        return transcripts.read_transcript(path)

    def _doubt(self, words: list[Word]) -> None:
        known = [w.confidence for w in words if not np.isnan(w.confidence)]
        if len(known) >= 5 and float(np.median(known)) < WORKABLE_CONFIDENCE:
            self._runtime.note(
                f"The words were recognised with little confidence (median {np.median(known):.2f}): the speech may be "
                "in a language that the model does not know, or the sound may be poor."
            )

    def _doubt_transcript(
        self, transcript: transcripts.Transcript, stretches: list[voice_activity.Stretch], heard: list[Word]
    ) -> None:
        """Say when the transcript does not fit: too long, over silence, or other words."""
        _, beyond = transcript.clipped(self._end)
        if beyond:
            self._runtime.note(
                f"The transcript is longer than the recording: {beyond} of its {len(transcript.cues)} parts lie beyond "
                "the end and were left out."
            )
        reasons = []
        if transcript.timed:
            with_speech, transcribed = speech_overlap(transcript, stretches)
            if not with_speech >= WORKABLE_OVERLAP or not transcribed >= WORKABLE_OVERLAP:
                reasons.append(
                    f"{_percent(with_speech)} of its time has speech, and it covers {_percent(transcribed)} of the "
                    "speech"
                )
        agreed = agreement(transcript, heard)
        if len(heard) >= 10 and agreed < 0.3:
            reasons.append(f"only {_percent(agreed)} of its words were heard")
        if reasons:
            self._runtime.note(f"The transcript seems to be of another recording: {'; '.join(reasons)}.")

    def _turns(self, heard: list[_Listened], words: list[Word]) -> tuple[list[Turn], list[str], str]:
        """Turns, names of the speakers by number, and who said so."""
        named = [u for u in utterances(words) if u.speaker]
        if named:
            names = list(dict.fromkeys(u.speaker for u in named))
            turns = [Turn(u.start, u.end, names.index(u.speaker), 1.0) for u in named]
            return turns, names, "transcript" if self._speech.transcript else "whisperx"
        prints = sum((one.prints for one in heard), Prints((), (), ()))
        whiten = self._speech.embedding != "encoder"
        turns = find_turns(prints, count=self._speech.count, whiten=whiten)
        names = [f"S{k + 1}" for k in range(max((t.speaker for t in turns), default=-1) + 1)]
        kind = speaker_embedding.TimbreEncoder if whiten else speaker_embedding.VoiceEncoder
        return turns, names, kind.source


def _name_at(turns: list[Turn], names: list[str], word: Word) -> str:
    speaker = speaker_at(turns, word.start, word.end)
    return names[speaker] if speaker >= 0 else ""


def _percent(part: float) -> str:
    return "none" if np.isnan(part) else f"{100 * part:.0f} %"
