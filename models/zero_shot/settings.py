"""Whom to ask, what to show and what to decide, as settings that TOML and `--set` can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from bitflow.errors import UsageError
from bitflow.models.endpoints.address import KEY_VARIABLE, Endpoint
from bitflow.models.endpoints.address import endpoint as checked
from bitflow.models.endpoints.budget import Limits
from bitflow.models.recognition.config import typed

#: The task with a wording and a form of its own.
AMBIVALENCE = "ambivalence"


@dataclass(frozen=True)
class ZeroShotSettings:
    """What a model folder of the kind keeps.

    Parameters
    ----------
    endpoint, model
        The server's address, and the model's name there.
    task
        What is decided.
    labels
        The closed set of labels; of two the last is the positive one.
    definition
        A line that says what is decided; "" for the task's own.
    transcript, facts, pictures
        What is shown: words, measured values with units and coverage, frames of the video.
    votes
        1: one answer at temperature 0. More, odd: so many answers at 0.7 with the options in other orders, and the
        share of each counts.
    seed
        Of the orders of options.
    """

    endpoint: str = ""
    model: str = ""
    task: str = AMBIVALENCE
    labels: tuple[str, ...] = ("0", "1")
    definition: str = ""
    transcript: bool = True
    facts: bool = False
    pictures: bool = True
    votes: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.endpoint or not self.model:
            raise UsageError("a zero-shot model needs --set endpoint=URL and --set model=NAME")
        if len(set(self.labels)) != len(self.labels) or not 2 <= len(self.labels) <= 20:
            raise UsageError(f"labels are 2 to 20 different names, not {', '.join(self.labels) or 'none'}")
        if self.task == AMBIVALENCE and len(self.labels) != 2:
            raise UsageError(
                "ambivalence has two labels, absent first: --set labels=0,1; other labels need --task NAME"
            )
        if self.votes < 1 or self.votes % 2 == 0 or self.votes > 15:
            raise UsageError(f"votes are an odd number up to 15, not {self.votes}")
        if not (self.transcript or self.facts or self.pictures):
            raise UsageError("nothing would be shown: set transcript, facts or pictures to true")

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """With other values, as `--set` gave them.

        Raises
        ------
        UsageError
            A setting does not exist, or is of the wrong kind.
        """
        return replace(self, **_known(settings, self))

    def as_dict(self) -> dict[str, Any]:
        """For TOML; `of` reads it. There is no key among it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """From settings alone."""
        return cls(**_known(settings, cls(endpoint="-", model="-")))


@dataclass(frozen=True)
class Manner:
    """How one run asks; not kept in the model's folder, so that nobody else's folder can send anything anywhere.

    Parameters
    ----------
    allow_remote
        Name of the one other machine to which recordings may be sent, those whose people consented.
    key_variable
        Environment variable that holds the server's key.
    in_flight
        Requests at once.
    max_calls
        Stop there; 0 for no limit.
    """

    allow_remote: str = ""
    key_variable: str = KEY_VARIABLE
    in_flight: int = 2
    max_calls: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.in_flight <= 64 or self.max_calls < 0:
            raise UsageError("in_flight is between 1 and 64, max_calls at least 0")

    @property
    def limits(self) -> Limits:
        """As the client counts them."""
        return Limits(calls=self.max_calls or None)

    def endpoint(self, url: str, model: str) -> Endpoint:
        """The address, checked.

        Raises
        ------
        UsageError
            It leads to another machine than this one and the one allowed.
        """
        where = checked(url, model, allow_remote=True, key_variable=self.key_variable)
        if where.remote and not self.allow_remote:
            raise UsageError(
                f"{where.host} is another machine: nothing is sent there without --set allow_remote={where.host}"
            )
        if where.remote and where.host != self.allow_remote:
            raise UsageError(f"the model asks {where.host}; --set allow_remote={self.allow_remote} allows another host")
        return where

    @property
    def stopped(self) -> str:
        """Why a run ended at its limit."""
        return f"the limit of {self.max_calls} calls is reached (--set max_calls); what was done is kept"


def parted(settings: Mapping[str, Any]) -> tuple[dict[str, Any], Manner]:
    """What belongs to the model, and how this run asks."""
    manner = {each.name for each in fields(Manner)}
    mine = {key: value for key, value in settings.items() if key not in manner}
    given = {key: value for key, value in settings.items() if key in manner}
    return mine, replace(Manner(), **_known(given, Manner()))


def _known(settings: Mapping[str, Any], like: Any) -> dict[str, Any]:
    known = [each.name for each in fields(like)]
    found = {}
    for key, value in settings.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            offered = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise UsageError(f"a zero-shot model has no setting {key!r}; {offered}")
        if key == "labels" and isinstance(value, (list, tuple)):
            value = [str(each) for each in value]
        found[key] = typed(key, value, getattr(like, key))
    return found
