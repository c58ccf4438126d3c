"""BAH: webcam answers to seven prompts, labelled for ambivalence and hesitancy (González-González et al. 2025).

The video-level split files hold ``path,label,transcript`` without header or quotes, and transcripts hold commas: a CSV
reader breaks them. The path says who answered which prompt. Segments come as a CSV of frame runs, frame labels as YAML,
consent as YAML by participant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from bitflow.datasets.labels import Labels
from bitflow.errors import UsageError
from bitflow.timeline import Interval

SPLITS = ("train", "val", "test")

#: Which release a number of participants belongs to, over all splits: results on the two must not be mixed.
RELEASES = {224: "v1", 300: "v2"}

#: Participants per split of the releases, for folders in which a split is held out.
_RELEASE_SPLITS = {
    "v1": {"train": 143, "val": 25, "test": 56},
    "v2": {"train": 195, "val": 30, "test": 75},
}

_PATH = re.compile(
    r"(?:.*/)?(?P<who>\d+)/(?P<visit>Visite_\d+)/(?P<named>\d+)_Question_(?P<question>[1-7])_"
    r"(?P<date>\d{4}-\d{2}-\d{2})[_ ](?P<time>\d{2}-\d{2}-\d{2})_Video(?:-[\w-]+)?\.\w+"
)


@dataclass(frozen=True)
class Answer:
    """One video: who answered which prompt when, what was said, and whether ambivalence or hesitancy was seen."""

    path: str
    participant: str
    visit: str
    question: int
    label: int
    transcript: str
    split: str


@dataclass(frozen=True)
class Bah:
    """Answers of the split files, and what was found in them."""

    answers: tuple[Answer, ...]
    sha256: Mapping[str, str]

    def split(self, name: str) -> tuple[Answer, ...]:
        """The answers of one split."""
        return tuple(answer for answer in self.answers if answer.split == name)

    @property
    def splits(self) -> tuple[str, ...]:
        """Splits that are there, in the usual order."""
        there = {answer.split for answer in self.answers}
        return tuple(name for name in SPLITS if name in there)

    @property
    def release(self) -> str:
        """``v1`` or ``v2`` by the number of participants, else ``unknown``."""
        people = {name: {a.participant for a in self.split(name)} for name in self.splits}
        total = len(set().union(*people.values()))
        if total in RELEASES and set(people) == set(SPLITS):
            return RELEASES[total]
        fitting = [
            release
            for release, counts in _RELEASE_SPLITS.items()
            if all(len(found) == counts[name] for name, found in people.items())
        ]
        return fitting[0] if len(fitting) == 1 else "unknown"

    def labels(self) -> Labels:
        """The answers as labels with the covariates question, visit, split, transcript and release.

        Recordings are called as `bitflow extract BAH_DB/` calls them: the path without its suffix.
        """
        release = self.release
        return Labels(
            "BAH split files",
            tuple(str(PurePosixPath(answer.path).with_suffix("")) for answer in self.answers),
            tuple(str(answer.label) for answer in self.answers),
            tuple(answer.participant for answer in self.answers),
            {
                "question": tuple(str(answer.question) for answer in self.answers),
                "visit": tuple(answer.visit for answer in self.answers),
                "split": tuple(answer.split for answer in self.answers),
                "transcript": tuple(answer.transcript for answer in self.answers),
                "release": (release,) * len(self.answers),
            },
        )

    def sentences(self) -> list[str]:
        """Release, participants, rates, leaks, and why splits cannot be exchanged, for a reader."""
        lines = [f"BAH {self.release}: {len(self.answers)} videos"]
        for name in self.splits:
            mine = self.split(name)
            labels = np.array([answer.label for answer in mine])
            people = {answer.participant for answer in mine}
            positive = {answer.participant for answer in mine if answer.label == 1}
            rates = [
                f"Q{q} {np.mean([a.label for a in mine if a.question == q]):.2f}"
                for q in sorted({a.question for a in mine})
            ]
            lines.append(
                f"{name}: {len(mine)} videos of {len(people)} participants ({len(positive)} with any A/H); "
                f"{labels.mean():.1%} A/H; {' '.join(rates)}; sha256 {self.sha256[name][:12]}"
            )
        shared = self.labels().shared_groups()
        lines.append(f"participants in more than one split: {', '.join(sorted(shared)) if shared else 'none'}")
        lines.append("the question, which the file name holds, predicts the label: see the row `question`")
        return lines


def read_bah(folder: str | Path, *, allow_leak: bool = False) -> Bah:
    """Read train.txt, val.txt and test.txt, those that are there.

    Raises
    ------
    UsageError
        There is none, a line is not ``path,label,transcript`` of BAH, a video is named twice, or a participant is in
        two splits (unless `allow_leak`).
    """
    place = Path(folder)
    files = {name: place / f"{name}.txt" for name in SPLITS if (place / f"{name}.txt").is_file()}
    if not files:
        raise UsageError(f"{place}: holds no train.txt, val.txt or test.txt of BAH's video-level split")
    answers: list[Answer] = []
    digests = {}
    for name, file in files.items():
        try:
            content = file.read_bytes()
            text = content.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: cannot be read as UTF-8 text: {error}") from error
        digests[name] = hashlib.sha256(content).hexdigest()
        answers += parse_split(text, name, str(file))
    paths: dict[str, str] = {}
    for answer in answers:
        if answer.path in paths:
            raise UsageError(
                f"{place}: the video {answer.path!r} is named twice ({paths[answer.path]}, {answer.split})"
            )
        paths[answer.path] = answer.split
    found = Bah(tuple(answers), digests)
    shared = found.labels().shared_groups()
    if shared and not allow_leak:
        some = ", ".join(f"{who} ({' and '.join(where)})" for who, where in list(shared.items())[:3])
        raise UsageError(
            f"{place}: {len(shared)} participants are in more than one split: {some}; scores would be too good. "
            "Mend the split files, or see by how much with --allow-leak"
        )
    return found


def parse_split(text: str, split: str, source: str) -> list[Answer]:
    """Lines ``path,label,transcript``: cut at the first two commas only.

    Examples
    --------
    >>> line = "Videos/82725/Visite_1/82725_Question_1_2024-11-19_15-12-23_Video.mp4,0,Well, I get up."
    >>> answer = parse_split(line, "train", "train.txt")[0]
    >>> answer.participant, answer.question, answer.label, answer.transcript
    ('82725', 1, 0, 'Well, I get up.')
    """
    answers: list[Answer] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        path, _, rest = line.partition(",")
        label, comma, transcript = rest.partition(",")
        match = _PATH.fullmatch(path)
        if not comma or label.strip() not in ("0", "1"):
            raise UsageError(
                f"{source}, line {number}: expected `path,label,transcript` with label 0 or 1: {line[:80]!r}"
            )
        if match is None:
            raise UsageError(
                f"{source}, line {number}: {path!r} does not say who answered which question "
                "(…/<id>/Visite_1/<id>_Question_<1-7>_<date>_<time>_Video.mp4)"
            )
        if match["who"] != match["named"]:
            raise UsageError(f"{source}, line {number}: folder and file of {path!r} name different participants")
        answers.append(
            Answer(path, match["who"], match["visit"], int(match["question"]), int(label), transcript.strip(), split)
        )
    if not answers:
        raise UsageError(f"{source}: holds no videos")
    return answers


@dataclass(frozen=True)
class FrameRun:
    """Frames ``first`` to ``last``, both included, of one label; frames between two runs are not known."""

    label: int
    first: int
    last: int


def read_segments(path: str | Path) -> dict[str, list[FrameRun]]:
    """The segment CSV (``video,segment_id,label,num_frames,start_frame,end_frame``) by video.

    Runs of one label that follow each other without a gap are one. Where frame numbers jump, the frames between are
    not known: no label is made up for them.

    Raises
    ------
    UsageError
        A column is missing, or a run is not one.
    """
    import pandas as pd

    file = Path(path)
    try:
        rows = pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: not a readable CSV file: {error}") from error
    needed = ("video", "label", "num_frames", "start_frame", "end_frame")
    missing = [name for name in needed if name not in rows]
    if missing:
        raise UsageError(f"{file}: a column `{missing[0]}` is needed; it has {', '.join(map(str, rows.columns))}")
    found: dict[str, list[FrameRun]] = {}
    cells = zip(*(rows[name].tolist() for name in needed), strict=True)
    for line, (video, label, count, first, last) in enumerate(cells, start=2):
        if last < first or count != last - first + 1 or label not in (0, 1):
            raise UsageError(
                f"{file}, line {line}: {count} frames with label {label} from {first} to {last} is not a run of frames"
            )
        runs = found.setdefault(str(video), [])
        if runs and first <= runs[-1].last:
            raise UsageError(f"{file}, line {line}: frame {first} of {video!r} is in the run before, too")
        if runs and runs[-1].label == label and runs[-1].last + 1 == first:
            runs[-1] = FrameRun(int(label), runs[-1].first, int(last))
        else:
            runs.append(FrameRun(int(label), int(first), int(last)))
    return found


def read_frame_labels(path: str | Path) -> dict[str, np.ndarray]:
    """`frame_annotation` of video_annotation.yaml: by video, ``(frames, 2)`` int: frame number and label.

    Raises
    ------
    UsageError
        The file is not YAML of that form, or PyYAML is not installed.
    """
    described = _yaml(path)
    found: dict[str, np.ndarray] = {}
    for video, entry in described.items():
        pairs = entry.get("frame_annotation") if isinstance(entry, dict) else None
        if pairs is None:
            raise UsageError(f"{path}: the entry {video!r} has no `frame_annotation`")
        try:
            array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        except (ValueError, TypeError, OverflowError) as error:
            raise UsageError(f"{path}: `frame_annotation` of {video!r} is not a list of [frame, label]") from error
        if len(pairs) != len(array) or not np.isin(array[:, 1], (0, 1)).all():
            raise UsageError(f"{path}: `frame_annotation` of {video!r} holds labels other than 0 and 1")
        found[str(video)] = array
    return found


def read_consent(path: str | Path, field: str) -> frozenset[str]:
    """Participants of the metadata YAML who agreed to `field`; who did not say so did not.

    Raises
    ------
    UsageError
        The file is not YAML by participant, or nobody has the field.
    """
    described = _yaml(path)
    entries = {str(who): entry for who, entry in described.items() if isinstance(entry, dict)}
    if not any(field in entry for entry in entries.values()):
        raise UsageError(f"{path}: nobody has the field {field!r}")
    return frozenset(who for who, entry in entries.items() if entry.get(field) in (True, 1, "yes", "Yes", "true"))


def frame_runs(labels: np.ndarray) -> list[FrameRun]:
    """Frame numbers and labels ``(frames, 2)`` as runs."""
    runs: list[FrameRun] = []
    for frame, label in labels[np.argsort(labels[:, 0], kind="stable")].tolist():
        if runs and runs[-1].label == label and runs[-1].last + 1 == frame:
            runs[-1] = FrameRun(label, runs[-1].first, frame)
        else:
            runs.append(FrameRun(label, frame, frame))
    return runs


def run_intervals(runs: Iterable[FrameRun], times: np.ndarray) -> list[tuple[int, Interval]]:
    """Runs as ``(label, interval)`` on the media clock.

    Parameters
    ----------
    times
        Presentation time of every frame, ``(frames,)`` s: of the video's own table `frames`, not frame / 24, which
        drifts where frames are missing.

    Raises
    ------
    UsageError
        A run reaches beyond the video's frames.
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.04
    ends = np.append(times[1:], times[-1:] + step)
    found = []
    for run in runs:
        if run.last >= len(times) or run.first < 0:
            raise UsageError(f"frames {run.first} to {run.last} are annotated, the video has {len(times)}")
        found.append((run.label, Interval(float(times[run.first]), float(ends[run.last]))))
    return found


def _yaml(path: str | Path) -> dict[Any, Any]:
    try:
        import yaml
    except ImportError as error:
        raise UsageError("PyYAML is not installed: pip install pyyaml") from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        described = yaml.load(Path(path).read_text(encoding="utf-8"), loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path}: not readable YAML: {' '.join(str(error).split())}") from error
    if not isinstance(described, dict):
        raise UsageError(f"{path}: expected a mapping, got {type(described).__name__}")
    return described
