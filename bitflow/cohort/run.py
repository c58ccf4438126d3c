"""Extract many recordings into a store: the library's side of ``bitflow extract``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from bitflow.cohort.cluster import ClusterOptions, RayCluster
from bitflow.cohort.cores import THREADS_ON_GPU, available_cores, shares
from bitflow.cohort.inputs import Scan, scan
from bitflow.cohort.pool import ProcessPool
from bitflow.cohort.progress import Progress, Tracker
from bitflow.cohort.task import Event
from bitflow.cohort.wording import plural
from bitflow.errors import StoreError, UsageError
from bitflow.extraction.plan import Request, make_request, model_files
from bitflow.extraction.recording import Outcome
from bitflow.extraction.source import Source, file_size
from bitflow.extraction.spans import SPAN_S, is_long
from bitflow.places import is_remote

if TYPE_CHECKING:
    from bitflow.store import FeatureStore

#: recordings.parquet is brought up to date this often during a run, in seconds, and at its end.
_INDEX_S = 30.0

#: What a second of video takes (2 Mbit), for remote recordings whose header is not read before their turn.
_BYTES_A_SECOND = 250_000


@dataclass(frozen=True)
class Summary:
    """How a run ended.

    Attributes
    ----------
    store
        Folder of the feature store.
    recordings, done, failed, skipped
        Numbers of recordings: all that the inputs named, made, failed, and those that needed nothing.
    seconds, media_seconds
        Time spent, and length of the media analysed in it.
    outcomes
        One a recording that ended, sorted by id.
    scan
        What the inputs named and what was left out.
    """

    store: Path
    recordings: int
    done: int
    failed: int
    skipped: int
    seconds: float
    media_seconds: float
    outcomes: tuple[Outcome, ...]
    scan: Scan

    def notes(self) -> list[tuple[str, list[str]]]:
        """What readers of the tables must know, each sentence once with the ids of its recordings."""
        told: dict[str, list[str]] = {}
        for outcome in self.outcomes:
            for note in outcome.notes:
                told.setdefault(note, []).append(outcome.id)
        return list(told.items())

    def as_dict(self) -> dict[str, Any]:
        """The five figures that other programs read."""
        return {
            "store": str(self.store),
            "recordings": self.recordings,
            "done": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
        }


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; what was committed is kept, and the same call completes it."""

    def __init__(self, summary: Summary):
        super().__init__("interrupted")
        self.summary = summary


def extract(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str] = "features",
    *,
    extractors: Iterable[str] | str | None = None,
    preset: str | None = None,
    parameters: Mapping[str, Any] | Iterable[str] = (),
    rate: float | None = None,
    workers: int | None = None,
    device: str = "auto",
    overwrite: bool = False,
    engine: str = "local",
    address: str | None = None,
    task_cpus: int | None = None,
    task_gpus: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    debug: bool = False,
) -> Summary:
    """Extract behaviour tables from video and sound into a feature store.

    Tables that are there already and were made the same way are kept, so that a second call does only what is new
    or was interrupted.

    Parameters
    ----------
    inputs
        Files, folders and patterns, here or at URLs (``s3://…``).
    output
        Folder or URL of the store, made when it is not there.
    extractors
        Tables or extractors by name, as a list or with commas between; wins over `preset`.
    preset
        ``face``, ``clinical`` (the default) or ``full``.
    parameters
        ``{"faces.max_people": 1}`` or ``["faces.max_people=1"]``.
    rate
        Analyse at most this many frames a second (Hz); None for all.
    workers
        Cores to use; by default all that are available. Worker processes are as many as there are cores and
        recordings for, and share the cores among them.
    device
        ``cpu``, ``cuda`` (``cuda:1`` for the second card), or ``auto``: the GPU where one works, else the CPU.
    overwrite
        Make tables again that are there already.
    engine
        ``local`` for worker processes on this machine, or ``ray`` for a cluster.
    address, task_cpus, task_gpus
        Of the cluster, and what each of its tasks takes: see `bitflow.cohort.cluster.ClusterOptions`. There `workers`
        means nothing, and ``auto`` is the CPU unless a GPU is asked for.
    progress
        Called from this thread whenever something happened.
    debug
        Let what the worker processes print through to stderr.

    Returns
    -------
    Summary
        Also when recordings failed: what went wrong with each is in its outcome and in the store.

    Raises
    ------
    UsageError
        An input matches nothing, or a name or value is not known.
    StoreError
        The store cannot be opened or written.
    AssetError
        A model cannot be had.
    Interrupted
        Ctrl-C; the summary so far is with it.

    Examples
    --------
    >>> import bitflow
    >>> bitflow.extract("videos", preset="face").failed  # doctest: +SKIP
    0
    """
    from bitflow.store import FeatureStore

    named = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    cores = available_cores() if workers is None else workers
    if cores < 1:
        raise UsageError(f"workers is a number of cores from 1, {cores} came")
    if engine not in ("local", "ray"):
        raise UsageError(f"engine is local or ray, not {engine!r}")
    if engine == "local" and (address, task_cpus, task_gpus) != (None, None, None):
        raise UsageError("address, task_cpus and task_gpus are a cluster's; add engine ray")
    cluster, there = ClusterOptions.for_device(device, address, task_cpus, task_gpus) if engine == "ray" else (None, "")
    request = make_request(
        extractors=extractors.split(",") if isinstance(extractors, str) else extractors,
        preset=preset,
        parameters=parameters,
        rate_hz=rate,
        device="cpu" if cluster else device,
        overwrite=overwrite,
    )
    found = scan(named, output)
    store = FeatureStore.create(output)
    _check_writable(store.path)
    if cluster:
        crew = RayCluster(store.path, replace(request, device=there), cluster, debug=debug)
    else:
        threads = shares(cores, _tasks(found, cores), THREADS_ON_GPU if request.device != "cpu" else 1)
        crew = ProcessPool(store.path, request, threads, debug=debug)
    return _run(store, found, request, crew, progress or _quiet)


class Crew(Protocol):
    """Who extracts recordings: processes of this machine, or a cluster."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None: ...

    def run(self, sources: Sequence[Source]) -> Iterator[Event]:
        """Extract every source and tell what happens until all have ended."""
        ...


def _run(
    store: FeatureStore, found: Scan, request: Request, crew: Crew, progress: Callable[[Progress], None]
) -> Summary:
    started = indexed = time.monotonic()
    tracker = Tracker(found.sources)
    outcomes: list[Outcome] = []

    def summary() -> Summary:
        state = tracker.now()
        return Summary(
            store.path,
            state.recordings,
            state.done,
            state.failed,
            state.skipped,
            time.monotonic() - started,
            state.media_seconds,
            tuple(sorted(outcomes, key=lambda outcome: outcome.id)),
            found,
        )

    def tell(sentence: str) -> None:
        progress(tracker.now(message=sentence))

    left_out = f"; {found.sentence}" if found.sentence else ""
    tell(f"{plural(len(found.sources), 'recording')} found{left_out}")
    try:
        _fetch_models(request, tell)
        try:
            with crew:
                for event in crew.run(found.sources):
                    if event.outcome:
                        outcomes.append(event.outcome)
                    progress(tracker.update(event))
                    if time.monotonic() - indexed > _INDEX_S:
                        store.index()
                        indexed = time.monotonic()
        finally:
            _index(store, tell, required=not tracker.now().failed)
    except KeyboardInterrupt:
        raise Interrupted(summary()) from None
    return summary()


def _tasks(found: Scan, cores: int) -> int:
    """About how many workers can be kept busy at once; where files are few, by how long they are."""
    if len(found.sources) >= cores:
        return len(found.sources)
    return sum(max(1, int(_length(source) // SPAN_S)) for source in found.sources)


def _length(source: Source) -> float:
    """Of a recording that would be shared out, in s: by its header, of a remote one by its size; else 0."""
    from bitflow.errors import MediaError
    from bitflow.media.probe import probe

    if is_remote(source.path):
        return file_size(source.path) / _BYTES_A_SECOND
    try:
        media = probe(source.path)
    except MediaError:  # told when its turn comes
        return 0.0
    return (media.duration or 0.0) if is_long(media) else 0.0


def _index(store: FeatureStore, tell: Callable[[str], None], *, required: bool) -> None:
    """Bring recordings.parquet up to date; where a disk is full, the recordings' own failures say more."""
    try:
        store.index()
    except StoreError as error:
        if required:
            raise
        tell(f"recordings.parquet is not up to date: {error}")


def _fetch_models(request: Request, tell: Callable[[str], None]) -> None:
    """Get what the workers will open, once and before any recording is touched."""
    from bitflow import assets

    for model in model_files(request):
        assets.fetch(model, report=tell)


def _check_writable(store: Path) -> None:
    probe = store / f".writable-{os.getpid()}"
    try:
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{store}: cannot be written: {error.strerror or error}; choose another place with -o"
        ) from error


def _quiet(state: Progress) -> None:
    """Stand in where nobody watches."""
