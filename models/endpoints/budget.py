"""What asking costs: an estimate before, a count after, and limits that end a run cleanly."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bitflow.errors import BitflowError
from bitflow.models.endpoints.prompt import Picture, Prompt, Reply

#: Tokens a picture takes, by the family that a model's name tells: side of a patch in pixels, or a fixed number.
#: From the families' documentation of 2025-2026; replaced by the server's own count after the first answer.
PATCHES: tuple[tuple[str, int], ...] = (("qwen3", 32), ("qwen2", 28), ("gpt-5", 32), ("claude", 28))
FIXED: tuple[tuple[str, int], ...] = (
    *(("internvl", 256), ("gemma", 256), ("minicpm", 64), ("smolvlm", 81), ("llava", 576)),
    *(("gemini", 258), ("gpt-4", 255)),
)
_PATCH = 28

#: Letters of ordinary prose in a token.
_LETTERS = 3.6


class BudgetError(BitflowError):
    """A limit was reached; what was done is kept, and a larger limit goes on from there."""


@dataclass(frozen=True)
class Limits:
    """Limits of a run; None for none.

    Parameters
    ----------
    cost
        In the currency of the prices.
    price_in, price_out
        For a million tokens.
    """

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0


@dataclass
class Spending:
    """Counts what was sent and answered, from any thread.

    Tokens that the server did not count are estimated, and said to be.
    """

    limits: Limits = field(default_factory=Limits)
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def cost(self) -> float:
        """What it came to, by the prices given."""
        return (self.tokens_in * self.limits.price_in + self.tokens_out * self.limits.price_out) / 1e6

    def begin(self) -> None:
        """Count a request that is about to be sent.

        Raises
        ------
        BudgetError
            It would be one too many.
        """
        with self._lock:
            for name, spent, limit in (
                ("calls", self.calls, self.limits.calls),
                ("tokens", self.tokens_in + self.tokens_out, self.limits.tokens),
                ("cost", self.cost, self.limits.cost),
            ):
                if limit is not None and spent >= limit:
                    raise BudgetError(f"the limit of {limit:g} {name} is reached (--max-{name}); what was done is kept")
            self.calls += 1

    def count(self, prompt: Prompt, usage: dict[str, Any] | None, text: str) -> None:
        """Count the tokens of an answer."""
        known = usage or {}
        given, written = known.get("prompt_tokens"), known.get("completion_tokens")
        with self._lock:
            self.estimated |= given is None or written is None
            self.tokens_in += int(given) if given is not None else estimated_tokens(prompt)
            self.tokens_out += int(written) if written is not None else math.ceil(len(text) / _LETTERS)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        names = ("calls", "tokens_in", "tokens_out", "estimated", "cost")
        return {name: getattr(self, name) for name in names}


def estimated_tokens(prompt: Prompt, model: str = "") -> int:
    """Tokens of a prompt, by the rule of the model's family."""
    text = math.ceil((len(prompt.text) + len(str(prompt.schema))) / _LETTERS)
    return text + sum(picture_tokens(picture, model) for picture in prompt.pictures)


def picture_tokens(picture: Picture, model: str = "") -> int:
    """Tokens of one picture.

    Examples
    --------
    >>> from io import BytesIO
    >>> picture_tokens(Picture(b""), "gemma-3")
    256
    """
    name = model.lower()
    for family, tokens in FIXED:
        if family in name:
            return tokens
    patch = next((side for family, side in PATCHES if family in name), _PATCH)
    width, height = jpeg_size(picture.jpeg)
    return math.ceil(width / patch) * math.ceil(height / patch)


def estimate(prompts: Iterable[Prompt], model: str, limits: Limits) -> dict[str, Any]:
    """Calls, tokens and cost of prompts before anything is sent; answers are taken to fill half their room."""
    calls = tokens_in = tokens_out = 0
    for prompt in prompts:
        calls += 1
        tokens_in += estimated_tokens(prompt, model)
        tokens_out += prompt.max_tokens // 2
    cost = (tokens_in * limits.price_in + tokens_out * limits.price_out) / 1e6
    return {"calls": calls, "tokens_in": tokens_in, "tokens_out": tokens_out, "cost": cost}


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header; (0, 0) where there is none."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + length
    return 0, 0


def truncation_suspected(prompt: Prompt, reply: Reply, model: str) -> bool:
    """Whether the server saw far less than was sent, as those do that cut long prompts without a word."""
    if not reply.tokens_in or reply.requests != 1:
        return False
    return reply.tokens_in < 0.6 * math.ceil(len(prompt.text) / _LETTERS / 2)
