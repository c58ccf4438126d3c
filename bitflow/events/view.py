"""Somebody or something in a recording during a time: loads each kind of series once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol, Self, TypeVar

from bitflow.events.reasons import Undefined
from bitflow.timeline import Interval

SeriesT = TypeVar("SeriesT")


class Series(Protocol):
    """What a view can load: a dataclass of signals, masks and events."""

    @classmethod
    def of(cls, view: Any) -> Self:
        """Load it, or raise `Undefined`."""
        ...


class View:
    """Somebody or something in a recording, during an interval: loads each kind of series once."""

    def __init__(self, interval: Interval):
        self.interval = interval
        self._loaded: dict[Any, Any] = {}

    def get(self, kind: type[SeriesT]) -> SeriesT:
        """The series of this kind.

        Raises
        ------
        Undefined
            It cannot be had here; the reason is remembered, too.
        """
        if kind not in self._loaded:
            try:
                self._loaded[kind] = self._load(kind)
            except Undefined as undefined:
                self._loaded[kind] = undefined
        found = self._loaded[kind]
        if isinstance(found, Undefined):
            raise Undefined(found.reason, found.detail)
        return found

    def _load(self, kind: Any) -> Any:
        return kind.of(self)

    def during(self, interval: Interval) -> View:
        """The same during a part of the time; what is relative to a person stays relative to the whole recording."""
        return _Window(self, interval)


class _Window(View):
    def __init__(self, whole: View, interval: Interval):
        super().__init__(interval)
        self.whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    def _load(self, kind: Any) -> Any:
        return cropped(self.whole.get(kind), self.interval)


def cropped(series: Any, interval: Interval) -> Any:
    """A series in which every signal, mask and list of events is cut to an interval."""
    if hasattr(series, "crop"):
        return series.crop(interval)
    if is_dataclass(series) and not isinstance(series, type):
        changed = {field.name: cropped(getattr(series, field.name), interval) for field in fields(series)}
        return replace(series, **{field.name: changed[field.name] for field in fields(series) if field.init})
    if isinstance(series, Mapping):
        return {key: cropped(value, interval) for key, value in series.items()}
    if isinstance(series, tuple) and not hasattr(series, "_fields"):
        return tuple(cropped(value, interval) for value in series)
    return series
