"""What is asked of a model, and what came of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel

Outcome = Literal[
    "ok",  # an answer of the schema
    "refused",  # the model would not answer; kept as data
    "invalid",  # no answer of the schema, after two repairs
    "truncated",  # cut off, with twice the room, too
    "rate_limited",
    "unavailable",
    "deadline",
    "rejected",  # the server does not take the request: its sentence says why
    "unauthorised",
    "blocked_redirect",  # it wanted to send us elsewhere
]

#: Outcomes that asking again would not change: they are kept.
FINAL: frozenset[Outcome] = frozenset({"ok", "refused", "invalid", "truncated"})


@dataclass(frozen=True)
class Picture:
    """A picture with the line that stands before it, such as ``Frame 1 — t = 12.433 s``."""

    jpeg: bytes = field(repr=False)
    label: str = ""

    @property
    def sha256(self) -> str:
        """Digest of the bytes as they are sent."""
        return hashlib.sha256(self.jpeg).hexdigest()


@dataclass(frozen=True)
class Prompt:
    """One question.

    Parameters
    ----------
    template
        Name and version of the wording: ``people/3``.
    system
        What the model is told about its task.
    parts
        Texts and pictures in order, the question last.
    answer
        The form of the answer.
    max_tokens
        Room for it.
    temperature, seed
        0 and a fixed seed give the same answer twice, where the server can.
    logprobs
        Whether probabilities of the answer's tokens are wanted.
    shown
        Whether the parts show the form: a server that can be held to no schema is then not sent one beside them.
    """

    template: str
    system: str
    parts: tuple[str | Picture, ...]
    answer: type[BaseModel]
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    logprobs: bool = False
    shown: bool = False

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the answer: every object closed, every property required."""
        return strict_schema(self.answer)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures in order."""
        return tuple(part for part in self.parts if isinstance(part, Picture))

    @property
    def text(self) -> str:
        """All that is said, without the pictures."""
        said = [part.label if isinstance(part, Picture) else part for part in self.parts]
        return "\n".join((self.system, *said))

    def key(self, model: str) -> str:
        """Digest of all that the answer depends on, for keeping it."""
        told = {
            "template": self.template,
            "system": self.system,
            "parts": [[part.label, part.sha256] if isinstance(part, Picture) else part for part in self.parts],
            "schema": self.schema,
            "parameters": [self.max_tokens, self.temperature, self.seed, self.logprobs],
            "model": model,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def content(self) -> str | list[dict[str, Any]]:
        """The user message: text alone where there are no pictures, which servers of text models want; else parts with
        pictures as data URLs."""
        if not self.pictures:
            return "\n\n".join(str(part) for part in self.parts)
        parts: list[dict[str, Any]] = []
        for part in self.parts:
            if isinstance(part, Picture):
                if part.label:
                    parts.append({"type": "text", "text": part.label})
                data = base64.b64encode(part.jpeg).decode()
                parts.append({"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}})
            else:
                parts.append({"type": "text", "text": part})
        return parts


@dataclass(frozen=True)
class Reply:
    """What came of a prompt.

    Parameters
    ----------
    data
        The answer by field, checked against its form; None unless the outcome is ``ok``.
    text
        What the model wrote, thinking left out; or the server's sentence.
    tokens_in, tokens_out
        As the server counted over all tries; None when it did not.
    requests
        How many were sent.
    rung
        How the form was asked for: see `client.RUNGS`.
    logprobs
        Of the answer's tokens: ``{"token", "logprob", "top": {token: logprob}}`` each.
    fingerprint
        Of the server's set-up, where it names one.
    kept
        Whether the answer was there already and nothing was sent.
    """

    outcome: Outcome
    data: Mapping[str, Any] | None = None
    text: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    requests: int = 0
    rung: str = ""
    logprobs: tuple[Mapping[str, Any], ...] = ()
    fingerprint: str = ""
    kept: bool = False

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form without `kept`."""
        return {name: value for name, value in vars(self).items() if name != "kept"}


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a pydantic model in the subset that strict servers take.

    References are resolved, titles, defaults and descriptions dropped, every property is required and no other allowed.
    """
    schema = model.model_json_schema()
    known = schema.pop("$defs", {})

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return plain(known[node["$ref"].rpartition("/")[2]])
        dropped = ("title", "default", "description", "discriminator")
        made: dict[str, Any] = {}
        for name, value in node.items():
            if name == "properties":
                made[name] = {field_name: plain(each) for field_name, each in value.items()}
            elif name not in dropped:
                made[name] = plain(value)
        if "const" in made:  # an enum of one is understood by more servers
            made["enum"] = [made.pop("const")]
        if made.get("type") == "object":
            made["additionalProperties"] = False
            made["required"] = list(made.get("properties", {}))
        return made

    return plain(schema)
