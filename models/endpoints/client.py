"""Asking: one request after another or many at once, with patience for servers and none for surprises."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bitflow.models.endpoints.address import Endpoint
from bitflow.models.endpoints.budget import Spending
from bitflow.models.endpoints.exchange import Answered, Exchange, Patience
from bitflow.models.endpoints.local import LocalModel, model_path
from bitflow.models.endpoints.prompt import Prompt, Reply
from bitflow.models.endpoints.replies import Replies

if TYPE_CHECKING:
    import httpx

#: Ways of asking for the form of an answer, the strictest first; the client steps down when a server takes one not.
RUNGS = ("json_schema", "json_object_schema", "json_object", "prompt")

#: Longest answer that is read, bytes.
MAX_BODY = 8 << 20


@dataclass
class Client:
    """Asks one model; use as a context manager.

    Parameters
    ----------
    replies
        Where answers are kept; by default in memory.
    spending
        Counts, and ends the run at a limit by raising `BudgetError`.
    in_flight
        Requests at once in `ask_all`.
    sleep, random
        Replaced in tests.

    Notes
    -----
    No proxy of the environment is used and no redirect followed: what is sent goes to the endpoint's address only.
    """

    endpoint: Endpoint
    replies: Replies = field(default_factory=lambda: Replies(None))
    spending: Spending = field(default_factory=Spending)
    patience: Patience = field(default_factory=Patience)
    in_flight: int = 2
    rung: str = RUNGS[0]
    sleep: Callable[[float], None] = time.sleep
    random: random.Random = field(default_factory=random.Random, repr=False)
    _http: httpx.Client | None = field(default=None, repr=False)
    _local: LocalModel | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _asked: dict[str, Future[Reply]] = field(default_factory=dict, repr=False)

    def __enter__(self) -> Client:
        if self.endpoint.in_process:
            self._local = LocalModel(model_path(self.endpoint.url))
            return self
        import httpx

        limits = httpx.Limits(max_connections=self.in_flight, max_keepalive_connections=self.in_flight)
        timeout = httpx.Timeout(self.patience.read, connect=self.patience.connect)
        self._http = httpx.Client(timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)
        return self

    def __exit__(self, *reason: object) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None
        self._local = None
        self.replies.close()

    def ask(self, prompt: Prompt) -> Reply:
        """The answer to one prompt; one that is kept already, or being asked for, is not asked for again.

        Raises
        ------
        BudgetError
            A limit is reached.
        """
        key = prompt.key(self.endpoint.model)
        with self._lock:
            kept = self.replies.get(key)
            if kept is not None:
                return kept
            under_way = self._asked.get(key)
            mine = self._asked.setdefault(key, Future())
        if under_way is not None:
            return replace(under_way.result(), kept=True)
        try:
            reply = Exchange(self, prompt).run()
            self.replies.keep(key, reply)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(reply)
            return reply
        finally:
            with self._lock:
                del self._asked[key]

    def ask_all(self, prompts: Iterable[Prompt]) -> Iterator[Reply]:
        """Answers in the order of the prompts, `in_flight` of them being asked for at any time.

        Prompts are drawn as they are needed, so that their pictures need not be in memory together.

        Raises
        ------
        BudgetError
            A limit is reached; answers that were under way are kept.
        """
        waiting: deque[Future[Reply]] = deque()
        with ThreadPoolExecutor(self.in_flight, "endpoint") as pool:
            try:
                for prompt in prompts:
                    waiting.append(pool.submit(self.ask, prompt))
                    while len(waiting) >= 2 * self.in_flight:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def models(self) -> list[str]:
        """Names of the models that the server says it has; empty where it does not say."""
        import httpx

        try:
            answered = self.send("GET", "/v1/models", None, time.monotonic() + self.patience.total)
            return [str(each["id"]) for each in json.loads(answered.body)["data"]] if answered.status == 200 else []
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError):
            return []

    def send(self, method: str, route: str, body: Any, deadline: float) -> Answered:
        """Send one request; raises httpx.HTTPError, TimeoutError at the deadline, ValueError past `MAX_BODY`."""
        if self._local is not None:
            status, said = self._local.complete(body) if method == "POST" else (404, "")
            return Answered(status, said)
        if self._http is None:
            raise RuntimeError("a client is used inside its with-statement")
        url, headers, options = self.endpoint.target(route)
        with self._http.stream(method, url, json=body, headers=headers, extensions=options) as response:
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if time.monotonic() > deadline:
                    raise TimeoutError
                if len(content) > MAX_BODY:
                    raise ValueError(f"the answer is longer than {MAX_BODY >> 20} MiB")
            after = response.headers.get("retry-after")
            return Answered(response.status_code, content.decode("utf-8", "replace"), after)

    def step_down(self, rung: str) -> bool:
        """Ask for the form less strictly from now on; false when there is no further way down."""
        at = RUNGS.index(rung)
        if at + 1 >= len(RUNGS):
            return False
        with self._lock:
            if self.rung == rung:
                self.rung = RUNGS[at + 1]
        return True
