"""What a recogniser is made of, as settings that TOML and `--set` can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from bitflow.datasets.clips import RATE_HZ
from bitflow.errors import UsageError
from bitflow.models.recognition.experts import expert_kinds
from bitflow.models.recognition.fusion import FUSIONS
from bitflow.models.recognition.heads import POOLINGS

CENTRINGS = ("participant", "clip", "none")


@dataclass(frozen=True)
class RecognizerConfig:
    """Settings of a `Recognizer`; equal settings, data and seed give equal models.

    Parameters
    ----------
    task
        What is recognised; rows of the table `annotations` of this name are its segments.
    experts
        Which experts judge; empty for all that the data can feed. ``statistics`` is one a stream, ``statistics:face``
        only that one.
    streams
        Which streams they may read; empty for all.
    exclude
        Covariates that are not used although the labels file has them: ``question`` for a recogniser that transfers to
        other questions.
    fusion
        ``late``: stacked logits. ``early``: one expert on everything dense, then stacked. ``gated``: residuals on the
        text.
    centring
        What signed channels are compared with: the participant's own baseline, the clip's, or none.
    pooling
        How windows make a clip: topk, lse, attention.
    seconds, hop
        Length and step of windows.
    rate_hz
        Of the common clock.
    threshold
        half, plateau, best: see `bitflow.models.recognition.calibration.threshold`.
    prior
        Rate of the second class where the model will be used; 0 for the training rate.
    members
        Participant-bootstrap members for the band around a probability.
    folds
        Grouped folds inside the training part.
    equal_participants
        Every participant weighs the same, however many recordings there are.
    embeddings
        Sentence embeddings beside n-grams (extra `text`).
    seed
        Of everything that is drawn.
    expert_settings
        Settings of single experts: ``--set tcn.epochs=30``.
    """

    task: str = "ambivalence"
    experts: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fusion: str = "late"
    centring: str = "participant"
    pooling: str = "topk"
    seconds: float = 3.0
    hop: float = 1.0
    rate_hz: float = RATE_HZ
    threshold: str = "half"
    prior: float = 0.0
    members: int = 5
    folds: int = 5
    equal_participants: bool = True
    embeddings: bool = False
    seed: int = 0
    expert_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("fusion", self.fusion, FUSIONS)
        _one_of("centring", self.centring, CENTRINGS)
        _one_of("pooling", self.pooling, POOLINGS)
        _one_of("threshold", self.threshold, ("half", "plateau", "best"))
        for name in self.experts:
            _one_of("experts", name.split(":")[0], expert_kinds())
        for name in self.expert_settings:
            _one_of("the settings of an expert", name.split(":")[0], expert_kinds())
        for name in ("seconds", "hop", "rate_hz"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is a positive number, not {getattr(self, name)!r}")
        if self.folds < 2 or self.members < 0 or not 0 <= self.prior < 1:
            raise UsageError("folds are at least 2, members at least 0, and a prior lies between 0 and 1")

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """With other values, as `--set` or a study file gave them.

        Raises
        ------
        UsageError
            A setting does not exist (the nearest one is offered) or is of the wrong kind.
        """
        known = {each.name: each for each in fields(self) if each.name != "expert_settings"}
        own: dict[str, Any] = {}
        experts = {name: dict(values) for name, values in self.expert_settings.items()}
        for key, value in settings.items():
            if key in known:
                own[key] = typed(key, value, getattr(self, key))
                continue
            expert, dot, setting = key.partition(".")
            if dot and expert.split(":")[0] in expert_kinds():
                experts.setdefault(expert, {})[setting] = value
            elif isinstance(value, Mapping) and key.split(":")[0] in expert_kinds():
                experts.setdefault(key, {}).update(value)
            else:
                near = get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
                raise UsageError(f"a recogniser has no setting {key!r}; {hint}")
        return replace(self, **own, expert_settings=experts)

    def as_dict(self) -> dict[str, Any]:
        """For TOML; the inverse of `from_dict`."""
        found = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """From what `as_dict` gave."""
        given = dict(described)
        experts = given.pop("expert_settings", {})
        return replace(cls().changed(given), expert_settings=experts)


def _one_of(what: str, value: str, choices: Any) -> None:
    if value not in choices:
        raise UsageError(f"{what} is one of {', '.join(choices)}, not {value!r}")


def typed(key: str, value: Any, like: Any) -> Any:
    """A setting of the kind that its default is.

    Raises
    ------
    UsageError
        It is not.
    """
    if isinstance(like, tuple):
        parts = [value] if isinstance(value, str) and "," not in value else value
        parts = parts.split(",") if isinstance(parts, str) else parts
        if isinstance(parts, (list, tuple)) and all(isinstance(part, str) for part in parts):
            return tuple(part.strip() for part in parts if part.strip())
    elif isinstance(like, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(like, int):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(like, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, (str, int, float)):
        return str(value)
    raise UsageError(f"the setting {key} is like {like!r}, not {value!r}")
