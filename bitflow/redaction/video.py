"""A whole video with all faces covered."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bitflow.errors import ExtractionError, MediaError, StoreError, UsageError
from bitflow.exporting.film import FilmWriter, check_output
from bitflow.exporting.soundtrack import Soundtrack
from bitflow.media import VideoReader
from bitflow.redaction import painting
from bitflow.redaction.heads import Cover, read_heads
from bitflow.redaction.voice import shift_pieces
from bitflow.store import FeatureStore, Recording, open_store

if TYPE_CHECKING:
    from bitflow.media import MediaInfo

Audio = Literal["keep", "mute", "pitch"]

#: Faces are looked for harder than for measuring: one too many is a blot, one too few is a leak.
SEARCH = {"max_people": 20, "min_score": 0.3, "min_presence": 0.2, "min_size": 8.0, "probe": 2}

#: Fewer covered heads than this long before or after (s) is worth a look.
_NEAR_S = 2.0

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Redaction:
    """What `redact` did.

    `frames` were written, `covered` of them have at least one head covered. `doubtful` are stretches (s) in which
    fewer heads are covered than shortly before or after: nobody may be there, or a face was missed.
    """

    path: Path
    frames: int
    covered: int
    doubtful: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {
            "path": str(self.path),
            "frames": self.frames,
            "covered": self.covered,
            "doubtful": [list(stretch) for stretch in self.doubtful],
            "notes": list(self.notes),
        }


def redact(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    method: painting.Method = "blur",
    audio: Audio = "keep",
    store: str | os.PathLike[str] | None = None,
    cover: Cover | None = None,
    overwrite: bool = False,
    threads: int = 1,
    progress: Callable[[str, float], None] = lambda stage, seconds: None,
) -> Redaction:
    """Write a copy of a video in which every head is covered.

    Heads are ellipses about the faces that were found, larger than the face, turned with it, interpolated where it
    was missed, and held before the first sighting and after the last. A face that is never found is not covered:
    look at the result before sharing it. Pictures keep their times; titles, places and dates of the source are left
    out.

    Parameters
    ----------
    path
        A video.
    output
        A file that is not there yet; its suffix names the container.
    method
        ``blur``, or ``box``, which leaves nothing of the face.
    audio
        ``keep``, ``mute``, or ``pitch``: four semitones lower, which hides a voice from listeners but not from
        somebody who undoes it, and changes no word.
    store
        A feature store that holds the faces of this very file. Without one they are looked for anew, harder than
        for measuring, and forgotten afterwards.
    cover
        How generously heads are covered.
    progress
        Called with what is done (``faces``, ``video``) and the seconds of media so far.

    Raises
    ------
    MediaError
        The video cannot be read, or holds no pictures.
    StoreError
        The store holds no faces of this file.
    UsageError
        The output is there, or an option is unknown.
    """
    source, target = Path(path), Path(output)
    cover = cover or Cover()
    if method not in ("blur", "box"):
        raise UsageError(f"method is blur or box, not {method!r}")
    if audio not in ("keep", "mute", "pitch"):
        raise UsageError(f"audio is keep, mute or pitch, not {audio!r}")
    check_output(target, overwrite=overwrite)
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target}: is the input itself; name another file")
    with VideoReader(source, threads=threads) as reader, _faces(source, store, threads, progress) as (recording, notes):
        heads = read_heads(recording, cover)
        times, counts = [], []
        sound = _soundtrack(reader.info, audio)
        with FilmWriter(target, reader.info.video, sound) as film:
            for frame in reader:
                ellipses = [found for head in heads if (found := head.at(frame.time, cover)) is not None]
                film.write(frame, painting.cover(frame.planes, ellipses, method))
                times.append((frame.time, frame.time + frame.duration))
                counts.append(len(ellipses))
                progress("video", frame.time)
            film.commit()
        said = [*notes, *([reader.report.sentence] if reader.report.sentence else [])]
    covered = int(np.count_nonzero(counts))
    if not covered:
        said.append(f"no face was found in any of {len(counts)} pictures: nothing is covered")
    if audio == "keep" and sound is not None:
        said.append("the voice is as it was: --audio mute or pitch changes that")
    return Redaction(target, len(counts), covered, doubtful_stretches(times, counts), tuple(said))


def doubtful_stretches(
    times: Sequence[tuple[float, float]], counts: Sequence[int], near_s: float = _NEAR_S
) -> tuple[tuple[float, float], ...]:
    """Stretches in which fewer heads are covered than within `near_s` s before or after.

    Examples
    --------
    >>> doubtful_stretches([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)], [1, 1, 0, 0, 0, 0], near_s=1.5)
    ((2.0, 4.0),)
    """
    if not counts:
        return ()
    starts = np.array([start for start, _ in times], np.float64)
    ends = np.array([end for _, end in times], np.float64)
    numbers = np.asarray(counts)
    changes = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    runs = [
        (starts[first], ends[last - 1], numbers[first])
        for first, last in zip(changes, [*changes[1:], len(numbers)], strict=True)
    ]
    doubtful = np.zeros(len(numbers), bool)
    for start, end, number in runs:
        near = (starts < end + near_s) & (ends > start - near_s) & (numbers < number)
        doubtful |= near
    edges = np.flatnonzero(np.diff(doubtful.astype(np.int8), prepend=0, append=0))
    return tuple(
        (float(starts[first]), float(ends[last - 1])) for first, last in zip(edges[::2], edges[1::2], strict=True)
    )


def _soundtrack(info: MediaInfo, audio: Audio) -> Soundtrack | None:
    if audio == "mute" or info.audio is None:
        return None
    return Soundtrack(info.path, change=shift_pieces if audio == "pitch" else None)


@contextmanager
def _faces(
    source: Path,
    store: str | os.PathLike[str] | None,
    threads: int,
    progress: Callable[[str, float], None],
) -> Iterator[tuple[Recording, list[str]]]:
    """The recording that holds the faces of this file, and what a reader must know about them."""
    if store is not None:
        recording = _recording_of(open_store(store), source)
        yield (
            recording,
            [
                f"faces are those of {store}, found with the thresholds of that extraction; "
                "without --store they are looked for harder"
            ],
        )
        return
    with tempfile.TemporaryDirectory(prefix="bitflow-redact-", ignore_cleanup_errors=True) as folder:
        yield _extracted(source, Path(folder), threads, progress), []


def _extracted(source: Path, folder: Path, threads: int, progress: Callable[[str, float], None]) -> Recording:
    from bitflow.extraction.plan import make_request
    from bitflow.extraction.recording import Source, extract_recording

    store = FeatureStore.create(folder)
    request = make_request(
        extractors=("faces", "face_landmarks"),
        parameters=[f"faces.{name}={value}" for name, value in SEARCH.items()],
        device="cpu",
        threads=threads,
    )
    outcome = extract_recording(
        store.path, Source("video", source), request, lambda seconds: progress("faces", seconds)
    )
    if outcome.status == "failed":
        raise ExtractionError(f"{source}: its faces could not be found: {outcome.error}")
    return store["video"]


def _recording_of(store: FeatureStore, source: Path) -> Recording:
    """The recording that was made from these very bytes."""
    sha256 = _sha256(source)
    same_name = None
    for name in store:
        recording = store[name]
        if recording.info.get("sha256") == sha256:
            if "faces" not in recording:
                raise StoreError(
                    f"{store.path}: recording {name!r} is this file, but has no table 'faces'; "
                    "extract it, or leave --store out"
                )
            return recording
        if recording.source is not None and recording.source.name == source.name:
            same_name = name
    hint = f"; recording {same_name!r} was made from another file of that name" if same_name else ""
    raise StoreError(
        f"{store.path}: no recording was made from {source}{hint}: its faces would be covered in the wrong places; "
        "extract it, or leave --store out"
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()
