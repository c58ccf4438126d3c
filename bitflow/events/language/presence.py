"""Where a person's face, hands, body or the sound is not in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import NotMeasured
from bitflow.events.reasons import Undefined

if TYPE_CHECKING:
    from bitflow.events.person import Person
    from bitflow.events.scene import Scene

#: The table and column that say whether something is there.
WHERE = {
    "face": ("faces", "score"),
    "head": ("head_pose", "yaw"),
    "gaze": ("gaze", "yaw"),
    "hand": ("hands", "score"),
    "body": ("bodies", "score"),
    "voice": ("voice", "speech"),
}


def table_of(what: str) -> str:
    """The table that tells of it."""
    return WHERE[what][0]


def admit_presence(scene: Scene, what: str, side: str | None) -> None:
    """Refuse what no table tells.

    Raises
    ------
    NotMeasured
        The table is not there, or only hands have sides.
    """
    table = table_of(what)
    if table not in scene.tables:
        raise NotMeasured(f"missing({what}): there is no table {table!r}", [f"bitflow extract --extractors {table}"])
    if side is not None and what != "hand":
        raise NotMeasured(f"missing({what}): only hands are told apart by side", ["missing(hand, left)"])


def absent(scene: Scene, who: int | None, what: str, side: str | None, times: NDArray) -> NDArray[np.bool_]:
    """Whether it is not there at each instant, ``(n,)``.

    A row stands for its frame: half a frame before and after it, at least. Rows of less confidence than one half, and
    values that are not known, count as not there.
    """
    from bitflow.events.person import MAX_GAP_S  # loads pandas, which questions across recordings do without

    table, column = WHERE[what]
    if table == "voice":
        rows = scene.frame("voice", ("time", column))
    else:
        person = scene.person(-1 if who is None else who)
        try:
            rows = _rows(person, table, side)
        except Undefined:
            return np.ones(len(times), bool)
    if column in rows:
        rows = rows[np.isfinite(rows[column].to_numpy("float64", na_value=np.nan))]
    if not len(rows):
        return np.ones(len(times), bool)
    at = np.sort(rows["time"].to_numpy("float64"))
    rate = scene.native_rate("frames") if table != "voice" else 100.0
    step = 1.0 / rate if np.isfinite(rate) else (float(np.median(np.diff(at))) if len(at) > 1 else MAX_GAP_S)
    near = np.clip(np.searchsorted(at, times), 1, max(1, len(at) - 1))
    apart = np.minimum(np.abs(times - at[np.minimum(near, len(at) - 1)]), np.abs(times - at[near - 1]))
    return apart > 0.75 * step


def _rows(person: Person, table: str, side: str | None):
    return person.rows(table) if side is None else person.rows(table, handedness=side)
