"""Labels of recordings: a CSV file with one row a recording, whose participant it is, and what else is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.cohort.wording import plural
from bitflow.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

#: Names that stand for nobody: they would make strangers one participant.
NOBODY = frozenset({"", "unknown", "none", "nan", "na", "n/a", "null", "?", "-"})


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known about recordings, in the order of the file.

    Parameters
    ----------
    source
        The file, for messages.
    recordings, groups
        ``(n,)`` text: the recording's id, and whose it is.
    values
        ``(n,)`` text: the label.
    covariates
        Further columns by name, ``(n,)`` text, "" where missing.
    group
        Name of the column that groups recordings: `participant`.
    """

    source: str
    recordings: tuple[str, ...]
    values: tuple[str, ...]
    groups: tuple[str, ...]
    covariates: Mapping[str, tuple[str, ...]]
    group: str = "participant"

    def __len__(self) -> int:
        return len(self.recordings)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, in ascending order (numbers by value); the last of two is the positive one."""
        return sorted_classes(self.values)

    def row(self, recording: str) -> dict[str, str]:
        """Everything known about one recording."""
        at = self.recordings.index(recording)
        return {name: values[at] for name, values in self.covariates.items()}

    def chosen(self, keep: Iterable[int]) -> Labels:
        """Rows by number."""
        at = list(keep)
        return replace(
            self,
            recordings=tuple(self.recordings[i] for i in at),
            values=tuple(self.values[i] for i in at),
            groups=tuple(self.groups[i] for i in at),
            covariates={name: tuple(values[i] for i in at) for name, values in self.covariates.items()},
        )

    def matched(self, recordings: Iterable[str], where: str, *, skip: bool = False) -> tuple[Labels, list[str]]:
        """The labels of recordings that are there; the rest is an error, or with `skip` a list of sentences.

        Raises
        ------
        UsageError
            A label has no recording, or a recording no label.
        """
        there = set(recordings)
        missing = [name for name in self.recordings if name not in there]
        bare = sorted(there - set(self.recordings))
        said = []
        if missing:
            have = f"{plural(len(missing), 'label')} {'has' if len(missing) == 1 else 'have'}"
            said.append(f"{self.source}: {have} no recording in {where}: {_some(missing)}")
        if bare:
            have = f"{plural(len(bare), 'recording')} of {where} {'has' if len(bare) == 1 else 'have'}"
            said.append(f"{self.source}: {have} no label: {_some(bare)}")
        if said and not skip:
            raise UsageError("; ".join(said) + "; mend the file, or leave them out with --skip-unmatched")
        return self.chosen(i for i, name in enumerate(self.recordings) if name in there), said

    def write(self, path: str | Path) -> None:
        """Write the labels as a CSV file that `read_labels` reads.

        Raises
        ------
        UsageError
            The file cannot be written.
        """
        header = ["recording", "label", self.group, *self.covariates]
        rows = zip(self.recordings, self.values, self.groups, *self.covariates.values(), strict=True)
        try:
            with Path(path).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([header, *rows])
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error

    def split(self, name: str) -> np.ndarray:
        """Which rows the column `split` says belong to `name`, ``(n,)`` bool.

        Raises
        ------
        UsageError
            There is no such column, or nobody is in that split.
        """
        column = self.covariates.get("split")
        if column is None:
            raise UsageError(f"{self.source}: has no column `split`; add one, or choose another scheme")
        mask = np.array([value == name for value in column], bool)
        if not mask.any():
            raise UsageError(f"{self.source}: no row has the split {name!r}; there are {_some(sorted(set(column)))}")
        return mask

    def shared_groups(self) -> dict[str, list[str]]:
        """Participants who are in more than one split, with those splits."""
        column = self.covariates.get("split", ("",) * len(self))
        places: dict[str, set[str]] = {}
        for who, split in zip(self.groups, column, strict=True):
            places.setdefault(who, set()).add(split)
        return {who: sorted(splits) for who, splits in places.items() if len(splits) > 1}

    def described(self) -> dict[str, Any]:
        """What was found: recordings, participants, rates, by split where there are some, and who is in two of them."""
        column = np.array(self.covariates.get("split", ("all",) * len(self)))
        values, groups = np.array(self.values), np.array(self.groups)
        parts = {}
        for split in dict.fromkeys(column.tolist()):
            mine = column == split
            parts[split or "(none)"] = {
                "recordings": int(mine.sum()),
                "participants": len(set(groups[mine])),
                "rates": {name: float((values[mine] == name).mean()) for name in self.classes},
            }
        return {"classes": list(self.classes), "splits": parts, "shared_participants": sorted(self.shared_groups())}

    def sentences(self) -> list[str]:
        """`described` for a reader."""
        found = self.described()
        lines = [
            f"{split}: {part['recordings']} recordings of {part['participants']} {self.group}s; "
            + ", ".join(f"{name} {rate:.1%}" for name, rate in part["rates"].items())
            for split, part in found["splits"].items()
        ]
        shared = found["shared_participants"]
        lines.append(f"{self.group}s in more than one split: {_some(shared) if shared else 'none'}")
        return lines


def read_labels(path: str | Path, *, group: str = "participant") -> Labels:
    """Read a labels CSV: columns `recording`, `label`, the group's, and any others.

    Raises
    ------
    UsageError
        As `bitflow.participants.recording_rows`; a column is missing, a label or a participant is missing or says that
        nobody knows; participants must be told apart, or people would stand on both sides of a split.
    """
    from bitflow.participants import recording_rows

    return labels_from(recording_rows(path), str(path), group=group)


def labels_from(rows: pd.DataFrame, source: str, *, group: str = "participant") -> Labels:
    """Labels from a frame with the columns of `read_labels`."""
    for needed in ("label", group):
        if needed not in rows:
            raise UsageError(
                f"{source}: a column `{needed}` is needed; it has {', '.join(rows.columns)}"
                + ("" if needed == "label" else " (--group names the column that says whose a recording is)")
            )
    if not len(rows):
        raise UsageError(f"{source}: holds no labels")
    text = {str(name): _texts(rows[name]) for name in rows.columns}
    for needed in ("label", group):
        nameless = [value.lower() in (NOBODY if needed == group else {"", "nan"}) for value in text[needed]]
        if any(nameless):
            at = nameless.index(True)
            raise UsageError(
                f"{source}, line {at + 2}: the {needed} of recording {text['recording'][at]!r} is "
                f"{text[needed][at]!r}: every recording needs one"
            )
    covariates = {name: values for name, values in text.items() if name not in ("recording", "label", group)}
    return Labels(source, text["recording"], text["label"], text[group], covariates, group)


def sorted_classes(values: Iterable[str]) -> tuple[str, ...]:
    """Different labels in ascending order, by value where all are numbers.

    Examples
    --------
    >>> sorted_classes(["10", "9", "9"]), sorted_classes(["yes", "no"])
    (('9', '10'), ('no', 'yes'))
    """
    different = set(values)
    try:
        return tuple(sorted(different, key=float))
    except ValueError:
        return tuple(sorted(different))


def _texts(series: Any) -> tuple[str, ...]:
    """Cells as text; whole numbers that a missing neighbour made floats lose their point."""
    return tuple(_text(value) for value in series)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _some(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:3]) + (f" … ({len(names)})" if len(names) > 3 else "")
