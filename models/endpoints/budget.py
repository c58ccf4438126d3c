"""What asking costs: an estimate before, a count after, and limits that end a run cleanly."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True)
class Held:
    """What a request under way may come to at most, tokens; `estimated` is what was reckoned of its prompt."""

    tokens_in: int
    tokens_out: int
    estimated: int


@dataclass
class Spending:
    """Counts what was sent and answered, from any thread, and passes no limit.

    A request holds what it may come to until it is counted: its prompt as reckoned, or as the server was found to count
    such prompts, and all the room of its answer. One that does not fit beside those under way waits for them; one that
    does not fit after them ends the run. Where tokens are limited the first request goes alone, as how the server
    counts is not known before. Tokens that the server did not count are estimated, and said to be.
    """

    limits: Limits = field(default_factory=Limits)
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    _held: list[Held] = field(default_factory=list, repr=False)
    _counts: bool = field(default=False, repr=False)
    _more_in: float = field(default=1.0, repr=False)
    _more_out: float = field(default=1.0, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def cost(self) -> float:
        """What it came to, by the prices given."""
        return self._priced(self.tokens_in, self.tokens_out)

    def begin(self, prompt: Prompt, model: str = "", repeated: str = "") -> Held:
        """Count a request that is about to be sent, and hold what it may come to.

        Parameters
        ----------
        repeated
            What is sent beside the prompt: a wrong answer that is to be mended.

        Raises
        ------
        BudgetError
            It would be one too many.
        """
        reckoned = estimated_tokens(prompt, model) + math.ceil(len(repeated) / _LETTERS)
        limited = self.limits.tokens is not None or self.limits.cost is not None
        with self._changed:
            while True:
                held = Held(
                    math.ceil(reckoned * self._more_in), math.ceil(prompt.max_tokens * self._more_out), reckoned
                )
                self._refuse_what_passes(held)
                first_is_out = limited and bool(self._held) and not self._counts
                if not first_is_out and self._passed([*self._held, held]) is None:
                    break
                self._changed.wait()
            self.calls += 1
            self._held.append(held)
            return held

    def count(self, held: Held, usage: dict[str, Any] | None, text: str) -> None:
        """Count the tokens of an answer, and hold its request no longer."""
        given, written = (_number(usage, name) for name in ("prompt_tokens", "completion_tokens"))
        with self._changed:
            self._release(held)
            self._counts = True
            self.estimated |= given is None or written is None
            self.tokens_in += held.estimated if given is None else given
            self.tokens_out += math.ceil(len(text) / _LETTERS) if written is None else written
            if given is not None:
                self._more_in = max(self._more_in, given / max(1, held.estimated))
            if written is not None:
                room = held.tokens_out / self._more_out
                self._more_out = max(self._more_out, written / max(1.0, room))

    def give_up(self, held: Held, *, sent: bool = False) -> None:
        """Hold a request no longer that got no answer; one that was sent whole may be billed, and is counted."""
        with self._changed:
            self._release(held)
            if sent:
                self.estimated = True
                self.tokens_in += held.estimated

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        names = ("calls", "tokens_in", "tokens_out", "estimated", "cost")
        return {name: getattr(self, name) for name in names}

    def _release(self, held: Held) -> None:
        self._held.remove(held)
        self._changed.notify_all()

    def _priced(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.limits.price_in + tokens_out * self.limits.price_out) / 1e6

    def _passed(self, held: Sequence[Held]) -> tuple[str, float, float, float] | None:
        """Name and size of the limit that requests would pass, what is spent of it, and what they may take."""
        tokens_in, tokens_out = sum(each.tokens_in for each in held), sum(each.tokens_out for each in held)
        for name, limit, spent, more in (
            ("tokens", self.limits.tokens, self.tokens_in + self.tokens_out, tokens_in + tokens_out),
            ("cost", self.limits.cost, self.cost, self._priced(tokens_in, tokens_out)),
        ):
            if limit is not None and spent + more > limit:
                return name, limit, spent, more
        return None

    def _refuse_what_passes(self, held: Held) -> None:
        if self.limits.calls is not None and self.calls >= self.limits.calls:
            raise BudgetError(f"the limit of {self.limits.calls} calls is reached (--max-calls); what was done is kept")
        # What is under way may come to less than it holds: only what cannot fit beside nothing ends the run.
        passed = None if self._held else self._passed([held])
        if passed is not None:
            name, limit, spent, more = passed
            raise BudgetError(
                f"the limit of {limit:g} {name} is reached (--max-{name}): {spent:.6g} spent, and one more request may "
                f"take {more:.4g}; what was done is kept"
            )


def _number(usage: dict[str, Any] | None, name: str) -> int | None:
    """A count of the server's, where it is one."""
    value = (usage or {}).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


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
