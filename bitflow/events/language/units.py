"""Units that a program may write, and what kind of quantity each measures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bitflow.events.language.refusals import Malformed, Span, UnitMismatch, nearest

Dimension = Literal[
    "length", "speed", "acceleration", "area", "angle", "angular speed", "time", "frequency", "ratio", "level", "other"
]


@dataclass(frozen=True)
class Unit:
    """A unit: what it measures, in which base (``px``, ``cm``, ``bl``, ``s``, ``f``, ``deg`` …), times what."""

    symbol: str
    dimension: Dimension
    base: str
    factor: float = 1.0


def _table() -> dict[str, Unit]:
    lengths = {"px": ("px", 1.0), "cm": ("cm", 1.0), "mm": ("cm", 0.1), "m": ("cm", 100.0), "bl": ("bl", 1.0)}
    units = [Unit("1", "ratio", "1"), Unit("%", "ratio", "1", 0.01), Unit("dB", "level", "dB")]
    powers: tuple[tuple[str, Dimension], ...] = (
        ("", "length"),
        ("/s", "speed"),
        ("/s2", "acceleration"),
    )
    for symbol, (base, factor) in lengths.items():
        units += [Unit(symbol + suffix, kind, base, factor) for suffix, kind in powers]
        units.append(Unit(f"{symbol}2", "area", base, factor**2))
    degrees = 180 / math.pi
    units += [Unit("deg", "angle", "deg"), Unit("rad", "angle", "deg", degrees)]
    units += [Unit("deg/s", "angular speed", "deg"), Unit("rad/s", "angular speed", "deg", degrees)]
    times = {"s": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0}
    units += [Unit(symbol, "time", "s", seconds) for symbol, seconds in times.items()]
    units.append(Unit("f", "time", "f"))
    units += [Unit("Hz", "frequency", "Hz"), Unit("/s", "frequency", "Hz"), Unit("/min", "frequency", "Hz", 1 / 60)]
    return {unit.symbol: unit for unit in units}


#: Every unit by its symbol.
UNITS: dict[str, Unit] = _table()

#: Other spellings.
ALIASES = {
    **dict.fromkeys(("pixel", "pixels", "pxs"), "px"),
    **dict.fromkeys(("bodylength", "bodylengths", "body_length", "body_lengths", "BL", "bls"), "bl"),
    **dict.fromkeys(("centimetre", "centimetres", "centimeter", "centimeters", "cms"), "cm"),
    **dict.fromkeys(("millimetre", "millimetres", "millimeter", "millimeters"), "mm"),
    **dict.fromkeys(("°", "degree", "degrees", "degs"), "deg"),
    **dict.fromkeys(("radian", "radians"), "rad"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), "h"),
    **dict.fromkeys(("frame", "frames"), "f"),
    **dict.fromkeys(("hz", "hertz"), "Hz"),
    **dict.fromkeys(("db", "dBFS"), "dB"),
    **dict.fromkeys(("percent", "pct"), "%"),
}

#: In which units a quantity of a dimension may be written, for hints.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "length": ("px", "bl", "cm", "mm"),
    "speed": ("px/s", "bl/s", "cm/s"),
    "acceleration": ("px/s2", "bl/s2", "cm/s2"),
    "area": ("px2", "bl2", "cm2"),
    "angle": ("deg",),
    "angular speed": ("deg/s",),
    "time": ("s", "ms", "f"),
    "frequency": ("Hz",),
    "ratio": ("%", "a bare number"),
    "level": ("dB",),
}


def unit_named(symbol: str, span: Span | None = None) -> Unit:
    """The unit of that symbol or alias.

    Raises
    ------
    UnitMismatch
        There is none.
    """
    for candidate in (symbol, ALIASES.get(symbol, ""), _canonical(symbol)):
        if candidate in UNITS:
            return UNITS[candidate]
    near = nearest(symbol, [*UNITS, *ALIASES])
    raise UnitMismatch(f"unknown unit {symbol!r}", [f"did you mean {unit}?" for unit in near], span)


def is_unit(symbol: str) -> bool:
    """Whether there is a unit of that symbol or alias."""
    return symbol in UNITS or symbol in ALIASES or _canonical(symbol) in UNITS


def dimension_of(symbol: str) -> str:
    """Of a column's unit: a dimension, or the unit itself where the language has no conversion for it."""
    canonical = {"": "1", "1/min": "/min", "1/s": "/s"}.get(symbol, symbol)
    return UNITS[canonical].dimension if canonical in UNITS else symbol


@dataclass(frozen=True)
class Quantity:
    """A number with its unit: ``40px``; ``1`` for a pure number.

    Examples
    --------
    >>> str(Quantity(90.0, "px/s")), str(Quantity(0.7))
    ('90px/s', '0.7')
    """

    value: float
    unit: str = "1"

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise Malformed(f"a number that is not finite: {self.value}")
        object.__setattr__(self, "value", float(self.value) + 0.0)
        object.__setattr__(self, "unit", unit_named(self.unit).symbol)

    def __str__(self) -> str:
        return f"{number(self.value)}{'' if self.unit == '1' else self.unit}"

    @property
    def dimension(self) -> Dimension:
        """What kind of quantity it is."""
        return UNITS[self.unit].dimension

    @property
    def base(self) -> float:
        """The value in the unit's base: 5 mm is 0.5."""
        return self.value * UNITS[self.unit].factor


def number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    text = repr(value)
    return text.removesuffix(".0")


def _canonical(symbol: str) -> str:
    """``pixels/second`` as ``px/s``."""
    above, stroke, below = symbol.partition("/")
    if not stroke:
        return ALIASES.get(above, above)
    squared = below.endswith(("2", "²"))
    below = below.rstrip("2²^")
    return f"{ALIASES.get(above, above)}/{ALIASES.get(below, below)}{'2' if squared else ''}"
