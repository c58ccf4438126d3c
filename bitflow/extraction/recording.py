"""Extract one recording into its store: what is missing is made, table by table, and committed as it is done.

A long one can be shared out in pieces (`bitflow.extraction.spans`); the tables are the same, whoever makes them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from bitflow.drafts import remove_stale_drafts, replace_file
from bitflow.errors import BitflowError, ExtractionError, MediaError, StoreError
from bitflow.extraction.jobs import Job, in_spans, jobs_of, of_span, span_tables
from bitflow.extraction.plan import Request
from bitflow.extraction.protocol import (
    STREAMS,
    Extractor,
    RecordingInfo,
    StreamExtractor,
    TableExtractor,
    stream_of,
)
from bitflow.extraction.scheduler import LocalRuntime, StreamTask, WorkerPool, run_stream
from bitflow.extraction.source import Source, file_facts, is_another_path, known_hash, sha256
from bitflow.extraction.spans import WHOLE, Piece, Span, Split, grid
from bitflow.places import is_remote, remove_tree
from bitflow.store import INTERRUPTED, FeatureStore, Recording, open_store, table_entry
from bitflow.tables import TableWriter, canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.joining import Counted
    from bitflow.media import MediaInfo

logger = logging.getLogger("bitflow")

#: What decoding takes of one core: ms a megapixel of H.264, from 360p to 1080p alike.
_DECODING_MS = 2.1

#: Folder of a recording in which the tables of its spans wait to be joined.
_SPANS = ".spans"


@dataclass(frozen=True)
class Outcome:
    """How the extraction of one recording ended.

    `status` is ``skipped`` when everything asked for was there already. `rows` counts the rows of the tables that
    were made; `media_seconds` is the length of the recording, `seconds` the time spent.
    """

    id: str
    status: Literal["done", "failed", "skipped"]
    error: str | None = None
    notes: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    media_seconds: float = 0.0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


def decoder_threads(megapixels: float, work_ms: float, workers: int) -> int:
    """How many threads decode pictures of a size, when other work on each takes `work_ms` of a core.

    A second one takes 20 to 40 % more CPU time for 1.3 times the speed: it pays where decoding on one core would take
    longer than everything together, spread over all workers.
    """
    decoding = _DECODING_MS * megapixels
    return workers if decoding > (decoding + work_ms) / workers else 1


def extract_recording(
    store_path: str | Path,
    source: Source,
    request: Request,
    progress: Callable[[float], None] = lambda seconds: None,
) -> Outcome:
    """Make the tables of `request` that `source`'s recording lacks.

    Parameters
    ----------
    progress
        Called with the seconds of media done so far; whatever it raises stops the extraction, keeping the tables
        that are committed.

    Returns
    -------
    Outcome
        Also for a recording that failed: the reason is its `error`, and the store says the same.
    """
    answer = extract_piece(store_path, source, request, progress, WHOLE)
    while isinstance(answer, Split):  # the join makes the pieces that nobody made, one after another
        answer = extract_piece(store_path, source, request, progress, answer.join)
    return answer


def extract_piece(
    store_path: str | Path,
    source: Source,
    request: Request,
    progress: Callable[[float], None],
    piece: Piece = WHOLE,
) -> Outcome | Split:
    """What one worker does of a recording; a long one that comes whole is answered with its pieces.

    Only the outcome of ``whole`` or ``join`` is the recording's. What a piece could not make is tried again by the
    join, whose error tells the reason.
    """
    started = time.monotonic() - piece.spent
    said = str
    try:
        store = open_store(store_path)
    except StoreError as error:  # it was there when the run began
        return Outcome(source.id, "failed", str(error), seconds=time.monotonic() - started)
    try:
        work = _Work(store.draft(source.id), source, request, progress, piece)
        said = work.said
        return work.run(started)
    except BitflowError as error:
        outcome = Outcome(source.id, "failed", said(error), seconds=time.monotonic() - started)
        record_failure(store, source, said(error), outcome.seconds)
    return outcome


def record_failure(store: FeatureStore, source: Source, sentence: str, seconds: float = 0.0) -> None:
    """Note in the store that a recording failed, keeping whatever tables it has.

    Where they were made from another file that is still there, the failure is not theirs and is not noted.
    """
    try:
        recording = store.draft(source.id)
        before, facts = recording.info, file_facts(source.path)
        if recording.tables and is_another_path(before, facts):
            return
        # an earlier file's hash beside this one's size and time would pass for this one's in the next run
        info = {**before, **facts, "sha256": known_hash(before, facts)}
        info.update(status="failed", error=sentence, seconds=seconds)
        _write_info(recording, info)
    except StoreError:
        pass  # the store cannot be written: the outcome that the caller returns says so


def remove_drafts(folder: Path) -> None:
    """Remove what killed processes left of tables half written, of a recording and of its spans."""
    remove_stale_drafts(folder)
    if not is_remote(folder):  # whose drafts all lie in one place on this machine
        for span in (folder / _SPANS).glob("*"):
            remove_stale_drafts(span)


class _Work:
    """The extraction of one recording, from probing its header to its last table."""

    def __init__(
        self,
        recording: Recording,
        source: Source,
        request: Request,
        progress: Callable[[float], None],
        piece: Piece = WHOLE,
    ) -> None:
        self.recording = recording
        self.source = source
        self.file = source.path
        self.request = request
        self.engine = request.engine
        self.piece = piece
        own = piece.spans[piece.number] if piece.kind == "span" else None
        self.progress = progress if own is None else lambda seconds: progress(own.through(seconds))
        self.errors: list[str] = []
        self.rows: dict[str, int] = {}

    def run(self, started: float) -> Outcome | Split:
        from bitflow.media.copies import at_hand
        from bitflow.media.probe import MediaInfo, probe

        remove_drafts(self.recording.path)
        before = self.recording.info
        facts = file_facts(self.source.path)
        facts["sha256"] = known_hash(before, facts)
        if facts["sha256"] and before.get("status") == "done" and before.get("media"):
            # the very file that the tables were made from is not opened to see that nothing is to be done
            jobs = self._described(MediaInfo.from_dict(before["media"], self.source.path), facts)
            if not any(job.stale for job in jobs):
                return self._skipped(before, facts)
        self.file = at_hand(self.source.path)
        media = probe(self.file)
        facts["sha256"] = facts["sha256"] or sha256(self.file)
        self._refuse_another_file(before, facts)
        jobs = self._described(media, facts)
        duration = media.duration or 0.0
        if self.piece.kind in ("span", "beside"):
            self._make_piece(jobs)
            return Outcome(self.recording.id, *self._ending(), (), self.rows, duration, time.monotonic() - started)
        if not any(job.stale for job in jobs) and before.get("status") == "done":
            return self._skipped(before, facts)
        header = self.media_facts["media"]
        described = {"id": self.recording.id, **facts, "media": header}
        _write_info(self.recording, {**described, "status": "failed", "error": INTERRUPTED, "notes": []})
        if self.piece.kind == "whole" and (split := self._split(jobs)):
            return split
        self._make(jobs)
        if not self.errors:
            remove_tree(self.recording.path / _SPANS)
        seconds = time.monotonic() - started
        status, error = self._ending()
        notes = self._all_notes()
        described.update(status=status, error=error, notes=notes, seconds=seconds, software=_software())
        described["tables"] = {name: table_entry(self.recording.file(name)) for name in self.recording.tables}
        _write_info(self.recording, described)
        return Outcome(self.recording.id, status, error, tuple(notes), self.rows, duration, seconds)

    def _described(self, media: MediaInfo, facts: Mapping[str, Any]) -> list[Job]:
        """Take in what is known of the file; returns what is to be done with it."""
        self.info = RecordingInfo(self.recording.id, media.path, media)
        header = {key: value for key, value in media.as_dict().items() if key != "path"}
        self.media_facts = {"size": facts["size"], "sha256": facts["sha256"], "media": header}
        return jobs_of(self.recording, self.request, self.info, facts["sha256"])

    def _skipped(self, before: Mapping[str, Any], facts: Mapping[str, Any]) -> Outcome:
        if not (self.recording.path / "recording.json").is_file() or before.get("path") != facts["path"]:
            _write_info(self.recording, {**before, **facts})
        return Outcome(self.recording.id, "skipped", media_seconds=self.info.media.duration or 0.0)

    def said(self, error: BaseException) -> str:
        """What an error says, about the file that the user named rather than its copy on this machine."""
        return str(error).replace(str(self.file), str(self.source.path))

    def _ending(self) -> tuple[Literal["done", "failed"], str | None]:
        return "failed" if self.errors else "done", " · ".join(dict.fromkeys(self.errors)) or None

    def _refuse_another_file(self, before: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        if before.get("sha256") in (None, facts["sha256"]) or self.request.overwrite:
            return
        if is_another_path(before, facts):
            raise StoreError(
                f"recording {self.recording.id!r} of this store was made from another file, {before['path']}; "
                f"choose another store with -o, or replace it with --overwrite"
            )

    def _split(self, jobs: Sequence[Job]) -> Split | None:
        """Pieces for several workers, where the recording is long and lends itself to it."""
        from bitflow.media.video import keyframe_times

        streaming = [job for job in jobs if job.stale and stream_of(job.extractor)]
        spanning = [job for job in streaming if in_spans(job.extractor, self.info)]
        if not spanning:
            return None
        video = self.info.media.video
        assert video is not None
        spans = grid(keyframe_times(self.file), video.start + (video.duration or 0.0))
        if len(spans) < 2:
            return None
        beside = [Piece("beside", spans=spans)] if len(spanning) < len(streaming) else []
        return Split((*beside, *(Piece("span", number, spans) for number in range(len(spans)))))

    def _make_piece(self, jobs: Sequence[Job]) -> None:
        """Make the tables of a piece that others are made from."""
        with self._pool() as pool:
            if self.piece.kind == "span":
                self._make_span(self.piece.number, [job for job in jobs if in_spans(job.extractor, self.info)], pool)
            else:
                self._make_streams([job for job in jobs if not in_spans(job.extractor, self.info)], pool)

    def _make(self, jobs: Sequence[Job]) -> None:
        with self._pool() as pool:
            spanning = (
                [job for job in jobs if job.stale and in_spans(job.extractor, self.info)] if self.piece.spans else []
            )
            whole = [job for job in jobs if job not in spanning]
            if spanning and not self._join_spans(spanning, pool):
                whole = jobs
            self._make_streams(whole, pool)
            for job in jobs:
                if stream_of(job.extractor) is None and job.stale:
                    self._derive(job, pool)

    def _pool(self) -> WorkerPool:
        import cv2

        cv2.setNumThreads(1)  # the pool's threads are all there are; OpenCV's own would come on top of them
        return WorkerPool(self.request.threads)

    def _make_streams(self, jobs: Sequence[Job], pool: WorkerPool) -> None:
        damaged: dict[str, str] = {}
        streams = {stream_of(job.extractor) for job in jobs if job.stale} - {None}
        for stream in STREAMS:
            wanted = [job for job in jobs if stream_of(job.extractor) == stream and job.stale]
            if wanted and (reason := self._run_stream(stream, wanted, pool, self.recording)):
                damaged[stream] = reason
        if damaged and len(damaged) == len(streams):
            raise MediaError(next(iter(damaged.values())))
        for stream, reason in damaged.items():
            notes = [reason] if getattr(self.info.media, stream) else []
            self._write_empty([job for job in jobs if stream_of(job.extractor) == stream and job.stale], notes)

    def _make_span(self, number: int, jobs: Sequence[Job], pool: WorkerPool) -> Recording:
        """Make what one span's place lacks; returns the place, a recording inside the recording."""
        span = self.piece.spans[number]
        home = Recording(self.recording.id, self.recording.path / _SPANS / f"{number:04d}")
        home.path.mkdir(parents=True, exist_ok=True)
        stamped = [of_span(job, span, home) for job in jobs]
        missing = [job for job in stamped if job.stale]
        if missing and (reason := self._run_stream("video", missing, pool, home, span)):
            self.errors.append(reason)
        return home

    def _join_spans(self, jobs: Sequence[Job], pool: WorkerPool) -> bool:
        """Make the recording's tables from those of its spans; False when the spans do not fit together."""
        from bitflow.extraction.joining import SpanTables, fit, join_tables

        homes = [self._make_span(number, jobs, pool) for number in range(len(self.piece.spans))]
        for job in jobs:
            names = span_tables(job)
            if not all(name in home for home in homes for name in names):
                continue  # the error that kept it from being made is told already
            parts = [
                SpanTables(span, {name: home.file(name) for name in names})
                for span, home in zip(self.piece.spans, homes, strict=True)
            ]
            if not fit(parts):
                return False
            with ExitStack() as drafts:
                writer = _Writers(self.recording, job, drafts)
                for table, batch in join_tables(job.extractor.tables, job.stale, parts):
                    writer.write(table, batch)
                    self.progress(0.0)
                told = [note for part in parts for file in part.files.values() for note in file.metadata["notes"]]
                self._commit(writer, list(dict.fromkeys(told)))
        return True

    def _run_stream(
        self, stream: str, jobs: Sequence[Job], pool: WorkerPool, home: Recording, span: Span | None = None
    ) -> str | None:
        """Make the tables that come from pictures or from sound; returns why the stream gives nothing at all."""
        from bitflow.extraction.joining import Counted

        if getattr(self.info.media, stream) is None:
            return _without_stream(self.source.path, stream)
        with ExitStack() as drafts:
            writers = [_Writers(home, job, drafts) for job in jobs]
            tasks = [
                StreamTask(
                    cast(StreamExtractor, job.extractor),
                    LocalRuntime(self.engine, pool, frozenset(job.stale)),
                    writer.write,
                )
                for job, writer in zip(jobs, writers, strict=True)
            ]
            try:
                with self._reader(stream, span, jobs) as reader:
                    chunks = reader.chunks() if stream == "video" else reader
                    run_stream(chunks, tasks, self.info, pool, self.progress)
                    damage = reader.report.sentence
                    counted = None if span is None else Counted.of(span, reader.times)
            except MediaError as error:
                return self.said(error)
            for task, writer in zip(tasks, writers, strict=True):
                if task.error is None:
                    self._commit(writer, [*task.runtime.notes, *([damage] if damage else [])], counted)
                else:
                    self._blame(task.extractor, task.error)
        return None

    def _reader(self, stream: str, span: Span | None, jobs: Sequence[Job]) -> Any:
        from bitflow.media import AudioReader, VideoReader

        if stream == "audio":
            return AudioReader(self.file)
        video = self.info.media.video
        megapixels = 0.0 if video is None else video.width * video.height / 1e6
        on_cpu = self.engine.device == "cpu"
        work = sum(getattr(job.extractor, "frame_ms", 0.0) for job in jobs) if on_cpu else 0.0
        threads = decoder_threads(megapixels, work, self.request.threads)
        window = {} if span is None else {"window": span.window}
        return VideoReader(
            self.file, threads=threads, rate_hz=self.request.rate_hz, decoder=self.engine.decoder, **window
        )

    def _derive(self, job: Job, pool: WorkerPool) -> None:
        extractor = cast(TableExtractor, job.extractor)
        if any(need not in self.recording for need in extractor.needs):
            return  # the error that kept it from being made is told already
        readable = [name for name in (*extractor.needs, *extractor.uses) if name in self.recording]
        upstream = {name: self.recording.file(name) for name in readable}
        runtime = LocalRuntime(self.engine, pool, frozenset(job.stale))
        with ExitStack() as drafts:
            writer = _Writers(self.recording, job, drafts)
            try:
                for table, batch in extractor.derive(upstream, self.info, runtime):
                    writer.write(table, batch)
                    self.progress(self.info.media.duration or 0.0)
                self._commit(writer, runtime.notes)
            except Exception as error:
                self._blame(extractor, error)

    def _write_empty(self, jobs: Sequence[Job], notes: Sequence[str]) -> None:
        with ExitStack() as drafts:
            for job in jobs:
                self._commit(_Writers(self.recording, job, drafts), notes)

    def _commit(self, writer: _Writers, notes: Sequence[str], counted: Counted | None = None) -> None:
        facts = {"notes": list(notes), "recording": self.media_facts}
        if counted is not None:
            facts["counted"] = counted.as_dict()
        self.rows.update(writer.commit(facts))

    def _blame(self, extractor: Extractor, error: BaseException) -> None:
        """An extractor failed: the recording says so, the tables of the others stay."""
        if isinstance(error, BitflowError):
            self.errors.append(f"{extractor.name}: {self.said(error)}")
        elif isinstance(error, Exception):
            logger.error("extractor %s failed on %s", extractor.name, self.source.path, exc_info=error)
            self.errors.append(
                f"{extractor.name}: a defect of the extractor ({type(error).__name__}: {error}); "
                f"--debug shows where, please report it"
            )
        else:
            raise error

    def _all_notes(self) -> list[str]:
        notes = [note for name in self.recording.tables for note in self.recording.file(name).metadata.get("notes", [])]
        return list(dict.fromkeys(notes))


class _Writers:
    """Writers for those tables of an extractor that are stale; rows of the others are already in the store."""

    def __init__(self, recording: Recording, job: Job, drafts: ExitStack):
        stamp = {**job.details, "fingerprint": job.fingerprint, "provenance": job.provenance}
        self._tables = {schema.name for schema in job.extractor.tables}
        self._writers = {
            schema.name: drafts.enter_context(TableWriter(recording.path / f"{schema.name}.parquet", schema, stamp))
            for schema in job.extractor.tables
            if schema.name in job.stale
        }

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        if table in self._writers:
            self._writers[table].write(batch)
        elif table not in self._tables:
            raise ExtractionError(f"rows of {table!r} came, which the extractor does not declare")

    def commit(self, metadata: Mapping[str, Any]) -> dict[str, int]:
        # Each waits for the disk, which takes them all in the time of one.
        with ThreadPoolExecutor(max(1, len(self._writers))) as threads:
            for _ in threads.map(lambda writer: writer.commit(metadata), self._writers.values()):
                pass
        return {name: writer.rows for name, writer in self._writers.items()}


def _without_stream(path: Path, stream: str) -> str:
    if stream == "video":
        return f"{path}: holds sound alone, and everything asked for is made from pictures"
    return f"{path}: holds no sound, and everything asked for is made from sound"


def _write_info(recording: Recording, info: Mapping[str, Any]) -> None:
    replace_file(recording.path / "recording.json", canonical_json(info).encode())


def _software() -> dict[str, str]:
    """Versions of what computes values, for the methods paragraph; not part of a table's fingerprint."""
    from importlib.metadata import PackageNotFoundError, version

    import bitflow

    found = {"bitflow": bitflow.__version__}
    # of the two ONNX Runtimes a machine has one
    for name in ("ai-edge-litert", "av", "numpy", "onnxruntime", "onnxruntime-gpu", "opencv-python-headless"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
