"""Kinds of recogniser: what `bitflow train NAME`, `predict` and `evaluate` find by name.

A plug-in names a class with the methods of `ModelKind` under the entry point group ``bitflow.models``; what is typed
after `bitflow train` is the entry's name, and model.toml keeps it, so that `predict` and `evaluate` find the way back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from bitflow.errors import UsageError

if TYPE_CHECKING:
    from bitflow.store import FeatureStore

logger = logging.getLogger("bitflow")

GROUP = "bitflow.models"

Say = Callable[[str], None]


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True)
class Training:
    """What to train, on what.

    Parameters
    ----------
    features
        The store.
    labels
        A labels file, or None where the labels are in the store.
    output
        Folder of the model.
    group
        Column of the labels that says whose a recording is.
    task
        What is recognised; None for the kind's own.
    settings
        Values that differ from the kind's defaults; text as it was typed, or what a study file said.
    seed
        Of everything that is drawn.
    allow_leak
        Go on although a split shares participants; the report says how much that flatters.
    skip_unmatched
        Leave out labels without recording and recordings without label.
    say
        Receives progress, for stderr.
    """

    features: FeatureStore
    labels: Path | None
    output: Path
    group: str = "participant"
    task: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    allow_leak: bool = False
    skip_unmatched: bool = False
    say: Say = _silent


@dataclass(frozen=True)
class Prediction:
    """What to predict, with which model; `labels` says whose the recordings are, where somebody knows.

    `output` receives an export beside the store's own tables, `recordings` chooses some.
    """

    model: Path
    store: FeatureStore
    recordings: tuple[str, ...] | None = None
    output: Path | None = None
    labels: Path | None = None
    group: str = "participant"
    device: str = "cpu"
    settings: Mapping[str, Any] = field(default_factory=dict)
    say: Say = _silent


@dataclass(frozen=True)
class Evaluation:
    """How well a model does: against `labels`, by a `scheme` of `bitflow.models.evaluation.schemes`."""

    model: Path
    store: FeatureStore
    labels: Path | None = None
    group: str = "participant"
    scheme: str = "as-is"
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    resamples: int = 2000
    allow_leak: bool = False
    skip_unmatched: bool = False
    say: Say = _silent


@dataclass(frozen=True)
class Outcome:
    """What came out: `data` for programs, `lines` for people, and recordings that failed with a sentence each."""

    data: dict[str, Any]
    lines: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


class ModelKind(Protocol):
    """A kind of recogniser; made without arguments."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def train(self, request: Training) -> Outcome:
        """Train and write a model folder."""
        ...

    def predict(self, request: Prediction) -> Outcome:
        """Predict and keep the result as a table of the store."""
        ...

    def evaluate(self, request: Evaluation) -> Outcome:
        """Score."""
        ...


@cache
def registered() -> dict[str, type[ModelKind]]:
    """Kinds by name, from the entry points; a plug-in that cannot be imported is left out with a warning."""
    found: dict[str, type[ModelKind]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # a plug-in may fail in any way
            package = entry.dist.name if entry.dist else entry.value
            logger.warning("recogniser %r of package %s cannot be loaded: %s", entry.name, package, error)
    return found


def kind_named(name: str) -> ModelKind:
    """The kind of that name.

    Raises
    ------
    UsageError
        There is none; the nearest one is offered.
    """
    kinds = registered()
    if name not in kinds:
        near = get_close_matches(name, kinds, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(kinds)};"
        raise UsageError(
            f"no recogniser is called {name!r}: {hint} labels of any other kind train with `--task {name}` and no name"
        )
    return kinds[name]()


def kind_of(model: Path) -> ModelKind:
    """The kind that wrote a model: a folder with model.toml, or an exported .onnx file.

    Raises
    ------
    ModelError
        The model is missing or damaged.
    """
    from bitflow.models.folder import kind_on_disk

    return kind_named(kind_on_disk(model))
