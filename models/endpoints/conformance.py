"""What a server really supports, found out by asking it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bitflow.errors import UsageError
from bitflow.models.endpoints.address import Endpoint
from bitflow.models.endpoints.budget import estimated_tokens
from bitflow.models.endpoints.client import RUNGS, Client, Patience
from bitflow.models.endpoints.prompt import Picture, Prompt, Reply

#: Colours that every vision model can name, blue, green and red first to last in OpenCV's order.
_COLOURS = {"red": (40, 40, 220), "green": (60, 180, 60), "blue": (220, 80, 40)}

#: Pictures in one request that are tried.
_NUMBERS = (1, 2, 4, 8, 12)


class Word(BaseModel):
    """An answer of one word."""

    model_config = ConfigDict(extra="forbid")
    word: Literal["yes", "no", "red", "green", "blue"]


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: its name, whether it works, and what was seen."""

    name: str
    works: bool | None
    detail: str

    def as_dict(self) -> dict[str, object]:
        """A JSON-able form."""
        return dict(vars(self))


def examine(endpoint: Endpoint, *, patience: Patience | None = None) -> Iterator[Finding]:
    """Try what captions and questions need, one finding after another; some thirty short requests.

    Raises
    ------
    UsageError
        The server does not answer at all; its sentence says why.
    """
    patience = patience or Patience(total=120.0)
    with Client(endpoint, patience=patience, in_flight=2) as client:
        named = client.models()
        yield Finding("lists its models", bool(named), ", ".join(named[:8]) or "no list")
        first = client.ask(_question("Is water wet?"))
        if first.outcome not in ("ok", "invalid", "truncated", "refused"):
            raise UsageError(f"{endpoint.url}: {first.text or first.outcome}")
        yield from _forms(endpoint, patience)
        yield _same_twice(client)
        yield _log_probabilities(client)
        yield _prompt_length(client)
        yield _unknown_model(endpoint, patience)
        yield from _pictures(client)
        yield _at_once(client)


def _forms(endpoint: Endpoint, patience: Patience) -> Iterator[Finding]:
    """Each way of asking for a form alone."""
    for rung in RUNGS:
        with Client(endpoint, patience=patience, rung=rung) as client:
            reply = client.ask(_question(f"Is fire cold? ({rung})"))
        works = reply.outcome == "ok" and reply.rung == rung
        told = (
            "an answer of the form" if works else f"stepped down to {reply.rung}" if reply.rung != rung else reply.text
        )
        if works and reply.requests > 1:
            told += f" at request {reply.requests}"
        yield Finding(f"form by {rung}", works, told)


def _same_twice(client: Client) -> Finding:
    said = {_said(client.ask(replace(_question("Name a colour."), template=f"probe/{k}"))) for k in range(3)}
    return Finding(
        "same answer at temperature 0",
        len(said) == 1,
        "three times the same" if len(said) == 1 else f"{len(said)} answers in 3 tries",
    )


def _log_probabilities(client: Client) -> Finding:
    reply = client.ask(replace(_question("Is ice cold?"), logprobs=True))
    return Finding("log-probabilities", bool(reply.logprobs), f"{len(reply.logprobs)} tokens")


def _prompt_length(client: Client) -> Finding:
    """Servers that cut long prompts without a word count far fewer tokens than were sent."""
    words = " ".join(f"item {k}," for k in range(700))
    prompt = _question(f"{words} Is water wet?")
    reply = client.ask(prompt)
    sent = estimated_tokens(prompt, client.endpoint.model)
    if not reply.tokens_in:
        return Finding("long prompts are read whole", None, reply.text or "the server counts no tokens")
    whole = reply.requests > 1 or reply.tokens_in >= 0.6 * sent
    return Finding("long prompts are read whole", whole, f"{reply.tokens_in} tokens counted, about {sent} sent")


def _unknown_model(endpoint: Endpoint, patience: Patience) -> Finding:
    with Client(replace(endpoint, model="no-such-model-7"), patience=patience) as client:
        reply = client.ask(_question("Is water wet?"))
    noticed = reply.outcome not in ("ok", "invalid", "truncated")
    return Finding("an unknown model is an error", noticed, reply.text[:80] if noticed else "any name is answered")


def _pictures(client: Client) -> Iterator[Finding]:
    most, refused = 0, ""
    for number in _NUMBERS:
        names = [list(_COLOURS)[k % 3] for k in range(number)]
        reply = client.ask(_colours(names, number))
        if reply.outcome != "ok":
            refused = reply.text or reply.outcome
            break
        most = number
        if number == 1:
            right = reply.data is not None and reply.data["word"] == names[0]
            yield Finding(
                "sees a picture", right, "names its colour" if right else f"says {_said(reply)} for {names[0]}"
            )
    if not most:
        yield Finding("sees a picture", False, refused)
        return
    yield Finding("pictures in a request", most > 1, f"{most}" + (f"; more: {refused}" if refused else " or more"))
    if most >= 4:
        order = ["green", "blue", "red", "green"]
        right = sum(_said(client.ask(_colours(order, k))) == order[k - 1] for k in (1, 2, 3))
        yield Finding("tells pictures apart by number", right == 3, f"{right} of 3 right")


def _at_once(client: Client) -> Finding:
    """Two requests together against two after each other."""

    def asked(words: tuple[str, ...], run: Callable[..., object]) -> float:
        began = time.perf_counter()
        list(run(client.ask, [replace(_question("Is water wet?"), template=word) for word in words]))  # type: ignore[call-overload]
        return time.perf_counter() - began

    alone = asked(("a", "b"), map)
    with ThreadPoolExecutor(2) as pool:
        together = asked(("c", "d"), pool.map)
    return Finding("requests at once", together < 0.8 * alone, f"two take {together / alone:.2f} times two in turn")


def _question(text: str) -> Prompt:
    return Prompt("probe/1", "Answer with one word.", (text,), Word, max_tokens=32)


def _colours(names: list[str], number: int) -> Prompt:
    parts: list[str | Picture] = [Picture(_plain(name), f"Picture {k}") for k, name in enumerate(names, 1)]
    return Prompt(
        "probe/1", "Answer with one word.", (*parts, f"Which colour is picture {number}?"), Word, max_tokens=32
    )


def _plain(name: str) -> bytes:
    import cv2
    import numpy as np

    return cv2.imencode(".jpg", np.full((224, 224, 3), _COLOURS[name], np.uint8))[1].tobytes()


def _said(reply: Reply) -> str:
    return str(reply.data["word"]) if reply.data else reply.text
