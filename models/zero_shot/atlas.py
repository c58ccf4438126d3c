"""Answers to a manifest of the Human Behavior Atlas from an endpoint, in the form that its scorer reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bitflow.cohort.wording import plural
from bitflow.datasets.human_behavior_atlas.manifest import read_manifest
from bitflow.datasets.human_behavior_atlas.samples import HbaSample
from bitflow.drafts import replace_file
from bitflow.errors import MediaError, UsageError
from bitflow.models.endpoints.budget import BudgetError, Spending
from bitflow.models.endpoints.client import Client
from bitflow.models.endpoints.prompt import FINAL, Picture, Prompt, Reply
from bitflow.models.endpoints.replies import Replies
from bitflow.models.kinds import Outcome, Say
from bitflow.models.zero_shot.judgements import degenerate, judgement_of
from bitflow.models.zero_shot.material import Material, evenly
from bitflow.models.zero_shot.questions import (
    TEMPLATE,
    Question,
    choice_form,
    choice_system,
    draw_seed,
    lettered,
    listed,
    shuffled,
)
from bitflow.models.zero_shot.settings import Manner

#: Pictures of one sample's videos together.
PICTURES = 8

_TAG = re.compile(r"<(?:video|audio|image)>")
_CHOICES = re.compile(r"\s*Answer with one word from the following:.*$", re.IGNORECASE | re.DOTALL)


class OpenAnswer(BaseModel):
    """A free answer, short."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seen: Annotated[str, Field(max_length=300)]
    answer: Annotated[str, Field(max_length=400)]


@dataclass(frozen=True)
class AtlasAnswering:
    """How a manifest is answered; `pictures` shows frames of its videos, `seed` draws the orders of options."""

    url: str
    model: str
    manner: Manner
    pictures: bool = True
    seed: int = 0


def answer_atlas(manifest: Path, output: Path, how: AtlasAnswering, say: Say) -> Outcome:
    """Ask about every sample and write ``id, answer, options, seed, outcome`` a line; an abstention answers "".

    Raises
    ------
    UsageError
        The server gives no answer, or samples share an id.
    SchemaError, MediaError
        The manifest cannot be read.
    """
    where = how.manner.endpoint(how.url, how.model)
    samples = list(read_manifest(manifest))
    if len({sample.id for sample in samples}) < len(samples):
        raise UsageError(f"{manifest}: samples share an id; answers could not be told apart")
    root = manifest if manifest.is_dir() else manifest.parent
    say(f"to {where.host}: prompts{' and pictures' * how.pictures} of {plural(len(samples), 'sample')}, no sound")
    asked: list[Question] = []

    def prompts() -> Iterator[Prompt]:
        for sample in samples:
            asked.append(_question(sample, root, how))
            yield asked[-1].prompt

    replies: list[Reply] = []
    spending, stopped = Spending(how.manner.limits), ""
    kept = Replies(output.parent / f".{output.stem}.replies.jsonl")
    with Client(where, replies=kept, spending=spending, in_flight=how.manner.in_flight) as client:
        try:
            for reply in client.ask_all(prompts()):
                replies.append(reply)
                if len(replies) == 3 and all(each.outcome == reply.outcome not in FINAL for each in replies):
                    raise UsageError(f"{where.url}: {reply.text or reply.outcome}; `bitflow doctor llm` tells more")
        except BudgetError:
            stopped = how.manner.stopped
    rows = [_row(sample, question, reply) for sample, question, reply in zip(samples, asked, replies, strict=False)]
    lost = {row["id"]: row["outcome"] for row in rows if row["outcome"] not in FINAL}
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    output.parent.mkdir(parents=True, exist_ok=True)
    replace_file(output, text.encode())
    silent = sum(not row["answer"] for row in rows)
    constant = _constant(rows, samples)
    data = {
        "answers": len(rows),
        "samples": len(samples),
        "abstained": silent,
        "degenerate": constant,
        "spent": spending.as_dict(),
        "stopped": stopped,
        "file": str(output),
    }
    lines = [f"{plural(len(rows), 'answer')} in {output}, {silent} without one"]
    lines += [f"degenerate: nearly all answers to {name} are the same" for name in constant]
    lines += [stopped] if stopped else []
    unasked = {sample.id: stopped for sample in samples[len(rows) :]}
    return Outcome(data, tuple(lines), {**lost, **unasked})


def _question(sample: HbaSample, root: Path, how: AtlasAnswering) -> Question:
    seed = draw_seed(how.seed, sample.id)
    options = lettered(shuffled(sample.options, seed)) if sample.kind == "cls" else {}
    shown = Material(_pictures(sample, root) if how.pictures else (), text=sample.transcript)
    rest = _TAG.sub("", sample.prompt).strip()
    asked = _CHOICES.sub("", rest.removeprefix(sample.transcript).strip())
    if options:
        form, field, said = choice_form(tuple(options)), "verdict", f"{asked} {listed(options)}"
    else:
        form, field, said = OpenAnswer, "answer", f"{asked} First say what you can point to, then answer briefly."
    prompt = Prompt(TEMPLATE, choice_system("as the user asks"), (*shown.parts(), said), form, 900, logprobs=True)
    return Question(prompt, field, options, seed)


def _row(sample: HbaSample, question: Question, reply: Reply) -> dict[str, Any]:
    if question.options:
        judged = judgement_of([question], [reply])
        said, known = judged.label or "", dict(judged.probability)
    else:
        said, known = str((reply.data or {}).get("answer", "")), {}
    order = list(question.options.values())
    told = {"outcome": reply.outcome, "options": order, "seed": question.seed, "probability": known}
    return {"id": sample.id, "answer": said, **told}


def _constant(rows: Sequence[dict[str, Any]], samples: Sequence[HbaSample]) -> list[str]:
    """Data sets whose answers are nearly all the same."""
    said: dict[str, list[str | None]] = {}
    for row, sample in zip(rows, samples, strict=False):
        if sample.kind == "cls":
            said.setdefault(sample.dataset, []).append(row["answer"] or None)
    return [name for name, labels in said.items() if degenerate(labels)]


def _pictures(sample: HbaSample, root: Path) -> tuple[Picture, ...]:
    """Frames of the media that lie below the manifest; what is missing, or leads elsewhere, is not shown."""
    from bitflow.media.probe import probe
    from bitflow.models.captioning.pictures import View, pictures

    paths = [path for name in ("videos", "images") for path in sample.media.get(name, ()) if isinstance(path, str)]
    here = [
        file for path in paths if (file := (root / path).resolve()).is_file() and file.is_relative_to(root.resolve())
    ]
    shown: list[Picture] = []
    for file in here[:PICTURES]:
        try:
            duration = probe(file).duration or 0.0
            times = evenly(duration, max(1, PICTURES // len(here))) if duration else [0.0]
            found, _ = pictures(file, times, View())
        except MediaError:
            continue
        shown += found
    relabelled = (
        Picture(each.jpeg, f"Frame {k}{each.label[each.label.index(' —') :]}") for k, each in enumerate(shown, 1)
    )
    return tuple(relabelled)
