"""Colours that colour-blind readers tell apart (Okabe & Ito 2008), and how lines are told apart without them."""

from __future__ import annotations

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#222222",
)

#: In the order in which lines take them; the yellow of the palette is too light on white.
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)

DASHES = ("solid", "dot", "dash", "longdash", "dashdot")


def colour(number: int) -> str:
    """The colour of the n-th line, beginning again after the last."""
    return COLOURS[number % len(COLOURS)]


def dash(number: int) -> str:
    """The stroke of the n-th line."""
    return DASHES[number % len(DASHES)]
