"""A Ray cluster over recordings: one task a recording or piece of one, on whatever node has room for it.

Ray ends the process that it is connected from when the cluster's head is gone, and prints to it. So it is given one of
our own (`bitflow.cohort.driver`), which tells what happens; when that one ends, the run ends with a sentence.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Self

from bitflow.cohort import process
from bitflow.cohort.cores import THREADS_ON_GPU
from bitflow.cohort.task import Event, answer_of
from bitflow.errors import ExtractionError, UsageError
from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source
from bitflow.extraction.spans import WHOLE, Piece
from bitflow.extras import to_install

#: How long the driver has to cancel what runs, in seconds.
_GRACE_S = 15.0

_DRIVE = "bitflow.cohort.driver:drive"


@dataclass(frozen=True)
class ClusterOptions:
    """Where the cluster is, and what each of its tasks takes.

    Attributes
    ----------
    address
        ``host:port`` of the head; None for that of ``RAY_ADDRESS``, a cluster on this machine, or a new one on it.
    cpus
        Cores of a task, which has as many threads.
    gpus
        Share of a GPU, or number of them.
    """

    address: str | None = None
    cpus: int = 1
    gpus: float = 0.0

    @classmethod
    def for_device(
        cls, device: str, address: str | None, cpus: int | None, gpus: float | None
    ) -> tuple[ClusterOptions, str]:
        """Settle what was left open, and the device: the nodes', of which this machine knows nothing.

        A GPU is shared by four tasks, whose threads decode and crop for it, unless otherwise said.
        """
        if device == "auto":
            device = "cuda" if gpus else "cpu"
        on_gpu = device.startswith("cuda")
        if gpus and not on_gpu:
            raise UsageError(f"--task-gpus {gpus:g} needs --device cuda, not {device}")
        cpus = cpus if cpus is not None else THREADS_ON_GPU if on_gpu else 1
        gpus = gpus if gpus is not None else 0.25 if on_gpu else 0.0
        return cls(address, cpus, gpus), device

    def __post_init__(self) -> None:
        if self.cpus < 1:
            raise UsageError(f"a task takes whole cores from 1, {self.cpus} came")
        if not (self.gpus >= 0 and math.isfinite(self.gpus)):
            raise UsageError(f"a task takes no GPU, or a share or number of them, {self.gpus} came")
        if find_spec("ray") is None:
            raise UsageError(f"engine ray: Ray is not installed; {to_install('ray')}")


class RayCluster:
    """Tasks on a Ray cluster, as `ProcessPool` is of processes.

    Parameters
    ----------
    store
        The feature store, at a place that every node reaches.
    request
        What to make of every recording.
    options
        Where, and with what.
    debug
        Let what Ray prints through to stderr.
    """

    def __init__(self, store: Path, request: Request, options: ClusterOptions, *, debug: bool = False):
        self._order = {"store": str(store.absolute()), "request": asdict(request), **asdict(options)}
        self._process: process.Process | None = None
        self._log: IO[bytes] | None = None if debug else tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Stop: what runs on the nodes is cancelled, tables that are committed stay."""
        try:
            if self._process is not None:
                process.send(self._process, {"stop": True})
                process.wait(self._process, _GRACE_S)
        finally:
            if self._process is not None:
                process.kill(self._process)
            if self._log is not None:
                self._log.close()

    def run(self, sources: Sequence[Source]) -> Iterator[Event]:
        """Extract every source, the largest file first, and tell what happens until all have ended.

        Raises
        ------
        ExtractionError
            There is no such cluster, or it is gone.
        """
        by_id = {source.id: source for source in sources}
        given = [[source.id, str(source.path.absolute())] for source in sources]
        self._process = process.start(self._log, function=_DRIVE, run={**self._order, "sources": given})
        ended = 0
        for message in process.messages(self._process):
            if message["event"] == "refused":
                raise ExtractionError(message["sentence"])
            if message["event"] == "told":
                event = _event(by_id[message.pop("id")], message)
                ended += event.outcome is not None
                yield event
        if ended < len(sources):
            raise ExtractionError(
                f"the Ray cluster is gone, with {len(sources) - ended} of {len(sources)} recordings not extracted "
                f"({self._reason()}); once it is up again, the same command goes on where it stopped"
            )

    def _reason(self) -> str:
        said = process.last_words(self._log)
        return "its head does not answer" if "GCS" in said else said


def _event(source: Source, told: dict[str, Any]) -> Event:
    outcome = answer_of(told) if "outcome" in told else None
    assert outcome is None or isinstance(outcome, Outcome)
    piece = Piece(**told["piece"]) if "piece" in told else WHOLE
    return Event(source, told.get("duration"), told.get("seconds"), piece, outcome, told.get("message"))
