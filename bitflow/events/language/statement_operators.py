"""What makes a statement: one function for every such operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bitflow.events.language.fields import Truth
from bitflow.events.language.tree import Call
from bitflow.signals.cleaning import held_state
from bitflow.signals.windows import rolling

if TYPE_CHECKING:
    from bitflow.events.language.evaluation import Evaluation


def _smooth_truth(run: Evaluation, node: Call) -> Truth:
    """Holds where it does in more than half of the known part of the window."""
    truth = run.truth(node["of"])
    share = rolling(np.where(truth.known, truth.yes.astype(float), np.nan), run.frames(node["window"]), "mean")
    return Truth(truth.known & (np.nan_to_num(share) > 0.5), truth.known, truth.axes)


def _hysteresis(run: Evaluation, node: Call) -> Truth:
    signal = run.signal(node["of"])
    enter, leave = (run.threshold(node[edge], signal.axes) for edge in ("enter", "leave"))
    known = np.isfinite(signal.values) & np.isfinite(enter) & np.isfinite(leave)
    values = np.where(known, signal.values, 0.0)
    rising = np.asarray(enter) >= np.asarray(leave)
    on = known & np.where(rising, values >= enter, values < enter)
    off = ~known | np.where(rising, values < leave, values >= leave)
    yes = np.zeros(values.shape, bool)
    for at in np.ndindex(values.shape[:2]):
        yes[at] = held_state(on[at], off[at])
    return Truth(yes & known, known, signal.axes)


def _of(run: Evaluation, node: Call) -> Truth:
    truth = run.truth(node["of"])
    return truth.turned if node["who"] == "target" else truth.only(actor=run.place(node["who"]))


def _provided(run: Evaluation, node: Call) -> Truth:
    truth, condition = run.truth(node["of"]), run.truth(node["condition"])
    return Truth(truth.yes & condition.yes, truth.known & condition.yes, truth.axes | condition.axes)


STATEMENTS: dict[str, Callable[[Evaluation, Call], Truth]] = {
    "smooth": _smooth_truth,
    "hysteresis": _hysteresis,
    "of": _of,
    "towards": lambda run, node: run.truth(node["of"]).only(target=run.place(node["who"])),
    "provided": _provided,
    "exists_target": lambda run, node: run.truth(node["of"]).some(1),
    "forall_target": lambda run, node: run.truth(node["of"]).every(1),
}
