"""One prompt until it is answered: tries, steps down to a laxer form, repairs, more room for an answer that was cut."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol

from bitflow.models.endpoints.answers import AnswerError, answer_in, sentence_of, without_thinking
from bitflow.models.endpoints.budget import Held
from bitflow.models.endpoints.prompt import Outcome, Prompt, Reply

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from bitflow.models.endpoints.address import Endpoint
    from bitflow.models.endpoints.budget import Spending

#: Times a request is sent before a server that fails is given up, and times a wrong answer is asked for anew.
TRIES, REPAIRS = 4, 2

#: Letters of a wrong answer that are shown to the model again.
_REPEATED = 4000

_AGAIN = {408, 409, 429, 500, 502, 503, 504, 529}
#: How servers say that they do not take the form of the answer, and the words that tell so.
_FORM_REFUSED = {400, 404, 415, 422, 500, 501}
_FORM_WORDS = ("response_format", "json_schema", "json_object", "schema", "grammar")
#: In the sentence of a server that gives no log-probabilities: they are wished for, not needed.
_WISH = "logprobs"


@dataclass(frozen=True)
class Patience:
    """How long a client waits, in s.

    Parameters
    ----------
    connect, read
        For the connection, and between two pieces of an answer.
    total
        For a prompt with all its tries.
    pause, longest_pause
        Before the second try, doubling, drawn anew between 0 and that; never longer than the second.
    """

    connect: float = 5.0
    read: float = 120.0
    total: float = 300.0
    pause: float = 0.5
    longest_pause: float = 30.0


@dataclass(frozen=True)
class Answered:
    """Status, body, and what the server says about when to come again."""

    status: int
    body: str
    retry_after: str | None = None


class Line(Protocol):
    """What an exchange needs of the client that it speaks for."""

    endpoint: Endpoint
    spending: Spending
    patience: Patience
    rung: str
    sleep: Callable[[float], None]
    random: random.Random

    def send(self, method: str, route: str, body: Any, deadline: float) -> Answered:
        """Send one request."""
        ...

    def step_down(self, rung: str) -> bool:
        """Ask for the form less strictly; false when there is no further way down."""
        ...


@dataclass
class Exchange:
    """One prompt with its tries, repairs and the longer room of a cut answer."""

    client: Line
    prompt: Prompt
    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    written: str = ""
    held: Held | None = None

    def run(self) -> Reply:
        """The answer, or why there is none."""
        try:
            return self._run()
        finally:
            self._give_up()

    def _run(self) -> Reply:
        deadline = time.monotonic() + self.client.patience.total
        prompt = self.prompt
        repairs = 0
        while True:
            rung = self.client.rung
            status, body = self._sent(prompt, rung, deadline)
            if isinstance(status, str):
                return self._reply(status, text=body, rung=rung)
            if status == 200:
                reply = self._read(body, rung)
                if reply.outcome == "truncated" and prompt.max_tokens == self.prompt.max_tokens:
                    prompt = replace(prompt, max_tokens=2 * prompt.max_tokens)
                    continue
                if reply.outcome == "invalid" and repairs < REPAIRS and time.monotonic() < deadline:
                    repairs += 1
                    self._ask_for_repair(reply)
                    continue
                return reply
            said = sentence_of(body)
            if prompt.logprobs and status in _FORM_REFUSED and _WISH in said:
                prompt = replace(prompt, logprobs=False)
                continue
            if status in _FORM_REFUSED and _is_about_form(body) and self.client.step_down(rung):
                continue
            if status in (401, 403):
                return self._reply("unauthorised", text=said or f"status {status}", rung=rung)
            if 300 <= status < 400:
                return self._reply(
                    "blocked_redirect", text=f"the server answered with a redirect ({status})", rung=rung
                )
            return self._reply("rejected", text=said or f"status {status}", rung=rung)

    def _sent(self, prompt: Prompt, rung: str, deadline: float) -> tuple[int | Outcome, str]:
        """The first answer worth reading: its status, or an outcome with a sentence when patience ends."""
        import httpx

        pause = self.client.patience.pause
        outcome: Outcome = "unavailable"
        said = ""
        for attempt in range(1, TRIES + 1):
            self._give_up()
            waits = time.monotonic()
            repeated = "".join(message["content"] for message in self.messages)
            self.held = self.client.spending.begin(prompt, self.client.endpoint.model, repeated)
            deadline += time.monotonic() - waits  # until there was room for it beside others
            self.requests += 1
            wait = None
            try:
                found = self.client.send("POST", "/v1/chat/completions", self.body(prompt, rung), deadline)
            except TimeoutError:
                self._give_up(sent=True)
                return "deadline", f"no whole answer within {self.client.patience.total:g} s"
            except httpx.TimeoutException as error:
                self._give_up(sent=isinstance(error, httpx.ReadTimeout))
                outcome, said = "unavailable", f"the server does not answer ({type(error).__name__})"
            except httpx.HTTPError as error:
                self._give_up(sent=isinstance(error, (httpx.ReadError, httpx.RemoteProtocolError)))
                outcome, said = "unavailable", f"the server cannot be reached: {error or type(error).__name__}"
            except ValueError as error:
                return "rejected", str(error)
            else:
                if found.status not in _AGAIN or (found.status == 500 and _is_about_request(found.body)):
                    return found.status, found.body
                outcome = "rate_limited" if found.status == 429 else "unavailable"
                said = sentence_of(found.body) or f"status {found.status}"
                wait = _retry_after(found.retry_after)
            self._give_up()
            if attempt == TRIES:
                break
            if wait is None:
                wait = self.client.random.uniform(0, pause)
                pause *= 2
            wait = min(wait, self.client.patience.longest_pause)
            if time.monotonic() + wait > deadline:
                return "deadline", said
            self.client.sleep(wait)
        return outcome, said

    def body(self, prompt: Prompt, rung: str) -> dict[str, Any]:
        """The request, its form asked for as a rung does."""
        system = prompt.system
        if rung in ("json_object", "prompt"):
            form = "of that form" if prompt.shown else "of this JSON Schema"
            schema = "" if prompt.shown else f": {json.dumps(prompt.schema, ensure_ascii=False)}"
            system = f"{system}\nAnswer with one JSON object {form} and nothing else{schema}"
        messages = [
            {"role": "system", "content": system},
            {"role": "user", "content": prompt.content()},
            *self.messages,
        ]
        body: dict[str, Any] = {
            "model": self.client.endpoint.model,
            "messages": messages,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
            "max_tokens": prompt.max_tokens,
        }
        name = "".join(mark if mark.isalnum() else "_" for mark in prompt.answer.__name__)
        if rung == "json_schema":
            schema = {"name": name, "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif rung == "json_object_schema":
            body["response_format"] = {"type": "json_object", "schema": prompt.schema}
        elif rung == "json_object":
            body["response_format"] = {"type": "json_object"}
        if prompt.logprobs:
            body |= {"logprobs": True, "top_logprobs": 5}
        return body

    def _read(self, body: str, rung: str) -> Reply:
        try:
            content = json.loads(body)
            choice = content["choices"][0]
            message = choice["message"]
            text = message.get("content")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return self._reply("invalid", text="the server's answer is no chat completion", rung=rung)
        usage = content.get("usage") if isinstance(content.get("usage"), dict) else None
        self._count(usage, text if isinstance(text, str) else "")
        told: dict[str, Any] = {"rung": rung, "fingerprint": str(content.get("system_fingerprint") or "")}
        finish = choice.get("finish_reason")
        if message.get("refusal") or text is None or finish == "content_filter":
            said = message.get("refusal") or "the model gave no answer"
            return self._reply("refused", text=" ".join(str(said).split())[:300], **told)
        if not isinstance(text, str):
            return self._reply("invalid", text="the answer is no text", **told)
        if finish == "length":
            return self._reply("truncated", text=without_thinking(text), **told)
        try:
            data = answer_in(text, self.prompt.answer)
        except AnswerError as problem:
            self.written = text[:_REPEATED]
            return self._reply("invalid", text=str(problem), **told)
        logprobs = _logprobs(choice) if self.prompt.logprobs else ()
        return self._reply("ok", data=data, text=without_thinking(text), logprobs=logprobs, **told)

    def _ask_for_repair(self, reply: Reply) -> None:
        """The wrong answer and what is wrong with it, in place of an earlier one: prompts do not grow."""
        self.messages = [
            {"role": "assistant", "content": self.written or "(nothing)"},
            {"role": "user", "content": _repair(reply.text)},
        ]

    def _count(self, usage: dict[str, Any] | None, text: str) -> None:
        if self.held is not None:
            held, self.held = self.held, None
            self.client.spending.count(held, usage, text)
        for name, key in (("tokens_in", "prompt_tokens"), ("tokens_out", "completion_tokens")):
            number = (usage or {}).get(key)
            if isinstance(number, int):
                setattr(self, name, (getattr(self, name) or 0) + number)

    def _give_up(self, *, sent: bool = False) -> None:
        if self.held is not None:
            held, self.held = self.held, None
            self.client.spending.give_up(held, sent=sent)

    def _reply(self, outcome: Outcome, **told: Any) -> Reply:
        return Reply(outcome, tokens_in=self.tokens_in, tokens_out=self.tokens_out, requests=self.requests, **told)


def _is_about_form(body: str) -> bool:
    return any(word in sentence_of(body) for word in _FORM_WORDS)


def _is_about_request(body: str) -> bool:
    """Whether a 500 speaks of what was asked for: asking the same again would end the same."""
    return _is_about_form(body) or _WISH in sentence_of(body)


def _repair(problem: str) -> str:
    return f"That is not the form that was asked for ({problem}). Answer again, with one JSON object of the form only."


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait: a number, or until a date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _logprobs(choice: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(
            {
                "token": str(each["token"]),
                "logprob": float(each["logprob"]),
                "top": {str(top["token"]): float(top["logprob"]) for top in each.get("top_logprobs") or ()},
            }
            for each in choice["logprobs"]["content"]
        )
    except (KeyError, TypeError, ValueError):
        return ()
