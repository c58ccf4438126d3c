"""A model's card: what it is for, on whom it was trained, how well it does, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitflow.models.evaluation.tables import comparison_lines, markdown, score_cells
from bitflow.models.recognition.calibration import described
from bitflow.models.recognition.model import Model


def card(model: Model) -> str:
    """The card as Markdown, from what training measured."""
    trained = model.trained
    parts = [
        f"# Recogniser of {model.config.task}",
        _purpose(model),
        "## Data\n\n" + _data(model),
        "## How well it does\n\n"
        + f"Scheme: {trained['scheme']}; nobody is in training and test at once. In brackets 95 % intervals from "
        + "drawing participants again.\n\n"
        + markdown(*score_cells(trained["rows"])),
        "Differences on the same recordings:\n\n```\n" + "\n".join(comparison_lines(trained["comparisons"])) + "\n```",
        "## Calibration\n\n" + _calibration(model),
        "## Subgroups\n\n" + _subgroups(trained["subgroups"]),
        "## Without a stream\n\n" + _without(trained["without"]),
    ]
    if trained.get("frames"):
        parts.append("## Moments\n\n" + _frames(trained["frames"]))
    parts += ["## Limits\n\n" + _LIMITS, "## Drift\n\n" + _DRIFT]
    return "\n\n".join(parts) + "\n"


def _purpose(model: Model) -> str:
    experts = ", ".join(model.experts)
    return (
        f"Gives the probability of {', '.join(map(repr, model.classes))} for a recording, from its tables; with a "
        f"band, a right to abstain, and the moments at which streams disagree. Experts: {experts}; fusion: "
        f"{model.config.fusion}; bitflow {model.trained['version']}.\n\n"
        "It is a research instrument. It is no diagnosis, says nothing about what a person thinks or will do, and is "
        "not for decisions about employment, credit, insurance, migration, or law."
    )


def _data(model: Model) -> str:
    trained = model.trained
    rates = ", ".join(f"{name} {rate:.1%}" for name, rate in trained["rates"].items())
    streams = "; ".join(f"{name}: {len(s.names)} columns" for name, s in model.schema.streams.items()) or "none"
    return (
        f"{trained['clips']} recordings of {trained['people']} participants ({rates}); segments annotated in "
        f"{trained['annotated']}. Streams at {model.schema.rate:g} Hz: {streams}. Whoever trained the model answers "
        "for the participants' consent and the licence of the recordings; the model holds neither names nor "
        "transcripts, but where the text expert was trained, words that occurred in two recordings or more."
        + "".join(f"\n\n{sentence}" for sentence in of_simulated(trained))
    )


def of_simulated(trained: Mapping[str, Any]) -> list[str]:
    """The sentence that goes with a model, and with all it predicts, when its recordings were simulated."""
    simulated = trained.get("simulated", 0)
    if not simulated:
        return []
    how_many = "simulated recordings only" if simulated == trained["clips"] else f"{simulated} simulated recordings"
    return [f"The model was trained on {how_many}: what it says of real people shows the form, and is no finding."]


def _calibration(model: Model) -> str:
    trained = model.trained
    chosen = described(model.calibrator)
    error = trained["ece"]
    rows = [[f"{said:.2f}", f"{found:.2f}", f"{int(count)}"] for said, found, count in trained["calibration"]]
    table = "\n\n" + markdown(["said", "found", "recordings"], rows) if rows else ""
    return (
        f"Method: {chosen['method']} (of those tried, the least log-loss out of fold). Expected calibration error "
        f"{error:.3f}, Brier score {trained['brier']:.3f}; decided at {model.threshold or 0.5:.2f}.{table}"
    )


def _subgroups(rows: list[Mapping[str, Any]]) -> str:
    if not rows:
        return "The labels file has no covariate that divides participants into groups, so nothing is known here."
    cells = []
    for row in rows:
        score = f"{row['macro_f1']:.3f}" if row["macro_f1"] is not None else row["reason"]
        spread = row.get("ci", {}).get("macro_f1")
        shown = f"{score} [{spread[0]:.3f}, {spread[1]:.3f}]" if isinstance(spread, list) else score
        cells.append([row["covariate"], row["value"], str(row["n"]), str(row["participants"]), shown])
    return markdown(["covariate", "value", "recordings", "participants", "macro-F1"], cells)


def _without(rows: list[Mapping[str, Any]]) -> str:
    if not rows:
        return "The model reads one stream only."
    cells = [[row["missing"], _number(row["macro_f1"]), _number(row["auc"]), str(row["judged"])] for row in rows]
    return "Out of fold, with the stream taken from the tested recordings:\n\n" + markdown(
        ["missing", "macro-F1", "AUC", "recordings still judged"], cells
    )


def _frames(found: Mapping[str, Any]) -> str:
    events = ", ".join(f"{_number(score)} at IoU {least}" for least, score in found["event_f1"].items())
    return (
        f"Against annotated segments ({found['prevalence']:.1%} of the time): AUC {_number(found['auc'])}, AP "
        f"{_number(found['average_precision'])}; event F1 {events}; median onset error "
        f"{_number(found['onset_error_s'])} s; {_number(found['false_alarms_per_min'])} false alarms a minute."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


_LIMITS = (
    "People, prompts, cameras and languages other than those of the training data were not tried. Where the question "
    "that was asked predicts the label, look at the AUC within questions: the rest is the question. Probabilities "
    "assume the training rate of the classes (`--set prior=` shifts it). A stream that is missing is never filled in; "
    "the model then judges by what is left, and says so."
)

_DRIFT = (
    "On new recordings compare: the mean probability with the rate above, the share of abstentions with one in ten, "
    "and the coverage of each stream (all in the table `predictions`). Label fifty recordings of new participants and "
    "run `bitflow evaluate MODEL STORE --labels CSV`; train again when the interval leaves the one above."
)
