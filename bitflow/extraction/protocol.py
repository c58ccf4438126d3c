"""What an extractor is.

An extractor is a frozen dataclass of parameters that turns one recording into one or more tables. It never opens
files, never prints, and does not know where its tables go. Tables that come out of the same pass over the same
pictures or sound belong to one extractor, so that nothing is computed twice: a face's box and its landmarks, an
utterance and its words.

Two kinds exist. A `StreamExtractor` reads pictures or sound: a parallel map over chunks, in any order, and an
ordered join. A `TableExtractor` reads tables that are already committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from bitflow.tables import Schema, TableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.inference import Session
    from bitflow.media import MediaInfo

#: What a stream extractor can read; anything else in `needs` is the name of a table.
STREAMS = ("video", "audio")

#: What a chunk's worker hands to its extractor's join: private to the extractor.
Part = Any

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class RecordingInfo:
    """The recording at hand: its id in the store, its file, what the file's header says."""

    id: str
    path: Path
    media: MediaInfo


class Runtime(Protocol):
    """What an extractor may use of the machine."""

    @property
    def device(self) -> str:
        """Where inference runs: ``cpu``, ``cuda`` or ``cuda:N``."""
        ...

    @property
    def in_batches(self) -> bool:
        """Whether models are fastest on many pictures at once, as on a GPU, and not on one after another."""
        ...

    @property
    def threads(self) -> int:
        """Worker threads of the run."""
        ...

    @property
    def tables(self) -> frozenset[str]:
        """The extractor's tables that this run keeps; what only the others need can be left out."""
        ...

    def session(self, model: str | Path, **options: Any) -> Session:
        """Open a model by asset id or path, on the run's device unless `options` say another one; see
        `bitflow.inference.open_session`.
        """
        ...

    def note(self, sentence: str) -> None:
        """Say something that the reader of the tables must know; kept beside them, shown once."""
        ...

    def map(self, open_worker: Callable[[], Callable[[Item], Result]], items: Iterable[Item]) -> Iterator[Result]:
        """Map in parallel and yield in order; `open_worker` is called once a thread."""
        ...


class Extractor(Protocol):
    """What both kinds share. `needs` are streams or tables without which it cannot run, `uses` tables it reads when
    they are there; `tables` are what it makes. Parameters belong to the table named like the extractor, or to the one
    that their field's metadata names.

    A class may add ``on_request: ClassVar[tuple[str, ...]]``: those of its tables that cost extra and are made only
    when they are asked for, or needed by another extractor; `Runtime.tables` says which ones a run keeps.

    A stream extractor of pictures may add ``in_spans: ClassVar[bool] = True``: each of its tables has one row a frame,
    or a frame and track, that depends on no picture more than `bitflow.extraction.spans.OVERLAP_S` away, and of every
    kind of track one table has boxes (box_x …). Long recordings are then shared out among workers.

    It may add ``frame_ms: ClassVar[float]``, what its models take of a core for a picture with one person, in ms: by it
    a run decides whether decoding needs a second thread.

    It may add ``details(recording) -> Mapping[str, Any]``: what its tables' files say beside their columns.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    uses: ClassVar[tuple[str, ...]]
    tables: ClassVar[tuple[Schema, ...]]

    def resolve(self, wanted: frozenset[str]) -> Self:
        """The same extractor with every ``auto`` parameter settled.

        What decides is what is at hand on this machine, and the tables `wanted` from the whole run.
        """
        ...

    def models(self) -> tuple[str, ...]:
        """Asset ids of the model files that the resolved extractor will open."""
        ...


class StreamExtractor(Extractor, Protocol):
    """Pictures or sound in, tables out: a parallel map over chunks and an ordered join."""

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[Any], Part]:
        """Called once a worker thread; the worker turns one chunk into a part and keeps no state between chunks."""
        ...

    def join(
        self, parts: Iterator[Part], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Parts in time order in, rows of the named tables out; runs in a thread of its own."""
        ...


class TableExtractor(Extractor, Protocol):
    """Committed tables in, tables out."""

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Rows of the named tables, in order."""
        ...


def stream_of(extractor: Extractor) -> str | None:
    """``video`` or ``audio`` for a stream extractor, None for one that reads tables."""
    return next((need for need in extractor.needs if need in STREAMS), None)


def parameters(extractor: Any) -> dict[str, dict[str, Any]]:
    """Parameters by the table they belong to, as ``--set table.parameter=value`` names them."""
    grouped: dict[str, dict[str, Any]] = {}
    for field in fields(extractor):
        owner = field.metadata.get("table", extractor.name)
        grouped.setdefault(owner, {})[field.name] = getattr(extractor, field.name)
    return grouped
