"""The client against a strict server that misbehaves on demand."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import replace
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from bitflow.errors import UsageError
from bitflow.models.endpoints.address import endpoint
from bitflow.models.endpoints.budget import (
    BudgetError,
    Limits,
    Spending,
    estimate,
    picture_tokens,
    truncation_suspected,
)
from bitflow.models.endpoints.client import Client, Patience
from bitflow.models.endpoints.prompt import Picture, Prompt
from bitflow.models.endpoints.replies import Replies
from tests.models.endpoints.stub_server import Stub, numbered_picture


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    frame: int = Field(ge=1, le=8)


class Answer(BaseModel):
    """An answer with a part, a list and a choice."""

    model_config = ConfigDict(extra="forbid")
    evidence: list[Part] = Field(max_length=4)
    smiling: Literal["yes", "no", "not_visible"]
    said: str = Field(default="", max_length=160)


def prompt(number: int = 0, frames: int = 2) -> Prompt:
    parts = [Picture(numbered_picture(k), f"Frame {k} — t = {k}.000 s") for k in range(1, frames + 1)]
    return Prompt("test/1", "Say what is seen.", (*parts, f"Question {number}: does A smile?"), Answer, max_tokens=64)


@pytest.fixture
def stub():
    with Stub(numbered=True) as running:
        yield running


def client(stub: Stub, waits: list[float] | None = None, **more) -> Client:
    waits = [] if waits is None else waits
    patience = more.pop("patience", Patience(connect=60, read=60, total=240))
    return Client(endpoint(stub.url, "stub-1"), patience=patience, sleep=waits.append, random=random.Random(3), **more)


#: What is played, what comes of it, and how many requests that takes.
SCENARIOS = [
    (["ok"], "ok", 1),
    (["429", "429", "ok"], "ok", 3),
    (["429"], "rate_limited", 4),
    (["500", "ok"], "ok", 2),
    (["502 html"], "unavailable", 4),
    (["reset", "ok"], "ok", 2),
    (["stall", "ok"], "ok", 2),
    (["404 model"], "rejected", 1),
    (["401 detail"], "unauthorised", 1),
    (["redirect"], "blocked_redirect", 1),
    (["cut", "ok"], "ok", 2),
    (["cut", "cut"], "truncated", 2),
    (["fenced"], "ok", 1),
    (["prose"], "ok", 1),
    (["thinking"], "ok", 1),
    (["trailing comma", "ok"], "ok", 2),
    (["NaN", "ok"], "ok", 2),
    (["twice", "ok"], "ok", 2),
    (["extra key", "ok"], "ok", 2),
    (["wrong value"], "invalid", 3),
    (["another language"], "invalid", 3),
    (["refusal"], "refused", 1),
    (["filter"], "refused", 1),
    (["no choices"], "invalid", 3),
    (["no usage"], "ok", 1),
]


@pytest.mark.parametrize(("scenario", "outcome", "requests"), SCENARIOS, ids=lambda value: str(value))
def test_every_way_a_server_answers_has_its_outcome_and_number_of_requests(scenario, outcome, requests, stub):
    stub.scenario = scenario
    given = {"patience": Patience(connect=60, read=3, total=240)} if "stall" in scenario else {}
    with client(stub, **given) as asking:
        reply = asking.ask(prompt())
    assert stub.faults == []
    assert (reply.outcome, reply.requests, len(stub.requests)) == (outcome, requests, requests)
    assert asking.spending.calls == requests
    if outcome == "ok":
        assert reply.data == {"evidence": [], "smiling": "yes", "said": "seen"}


def test_a_server_that_drips_is_left_at_the_deadline(stub):
    stub.scenario = ["drip"]
    with client(stub, patience=Patience(connect=2, read=1, total=0.4)) as asking:
        reply = asking.ask(prompt())
    assert reply.outcome == "deadline"
    assert "0.4 s" in reply.text


def test_a_server_that_says_when_to_come_again_is_believed(stub):
    waits: list[float] = []
    stub.scenario = ["429 after 2", "429", "ok"]
    with client(stub, waits) as asking:
        assert asking.ask(prompt()).outcome == "ok"
    assert waits[0] == 2.0
    assert 0 <= waits[1] <= 0.5


@pytest.mark.parametrize("rungs", [("json_object_schema",), ("json_object",), ("prompt",)])
def test_a_server_without_schemas_is_asked_less_strictly_and_that_is_remembered(rungs, stub):
    stub.rungs = rungs
    with client(stub) as asking:
        first, second = asking.ask(prompt(1)), asking.ask(prompt(2))
    assert (first.outcome, first.rung, second.requests) == ("ok", rungs[0], 1)


def test_a_server_error_that_names_the_form_is_no_outage(stub):
    stub.scenario = ["500 schema", "ok"]
    with client(stub) as asking:
        reply = asking.ask(prompt())
    assert (reply.outcome, reply.rung, reply.requests) == ("ok", "json_object_schema", 2)


def test_a_repair_tells_the_model_what_was_wrong(stub):
    stub.scenario = ["wrong value", "ok"]
    with client(stub) as asking:
        assert asking.ask(prompt()).outcome == "ok"
    roles = [message["role"] for message in stub.requests[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert "smiling" in stub.requests[1]["messages"][3]["content"][0]["text"]


def test_keys_come_from_the_environment_and_never_come_out(stub, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    stub.token = "sk-very-secret"
    where = endpoint(stub.url, "stub-1", key_variable="MY_KEY")
    with Client(where, replies=Replies(tmp_path / "replies.jsonl")) as asking:
        assert asking.ask(prompt()).outcome == "ok"
    assert "secret" not in repr(where) + repr(asking) + (tmp_path / "replies.jsonl").read_text()
    with client(stub) as asking:
        reply = asking.ask(prompt(2))
    assert reply.outcome == "unauthorised"


def test_a_servers_sentence_is_passed_on_without_keys(stub):
    stub.scenario = ["401 detail"]
    with client(stub) as asking:
        assert asking.ask(prompt()).text == "Invalid API key sk-…"


def test_kept_answers_are_not_asked_for_again_and_a_cut_line_is_passed_over(stub, tmp_path):
    path = tmp_path / "replies.jsonl"
    prompts = [prompt(k) for k in range(5)]
    with client(stub, replies=Replies(path)) as asking:
        first = list(asking.ask_all(prompts))
    path.write_bytes(path.read_bytes()[:-20])  # as kill -9 would
    with client(stub, replies=Replies(path)) as asking:
        second = list(asking.ask_all(prompts))
    assert len(stub.requests) == 6
    assert [reply.data for reply in first] == [reply.data for reply in second]
    assert sum(reply.kept for reply in second) == 4
    assert len(Replies(path)) == 5


def test_failures_that_may_pass_are_asked_again_in_the_next_run(stub, tmp_path):
    path = tmp_path / "replies.jsonl"
    stub.scenario = ["500", "500", "500", "500", "ok"]
    with client(stub, replies=Replies(path)) as asking:
        assert asking.ask(prompt()).outcome == "unavailable"
    with client(stub, replies=Replies(path)) as asking:
        assert asking.ask(prompt()).outcome == "ok"


def test_answers_come_in_order_with_so_many_requests_in_flight(stub):
    four = threading.Barrier(4)  # nobody is answered before four have asked

    def answer(body):
        four.wait(60)
        return {"evidence": [], "smiling": "no", "said": body["messages"][1]["content"][-1]["text"].split()[1]}

    stub.answer = answer
    with client(stub, in_flight=4) as asking:
        said = [reply.data["said"] for reply in asking.ask_all(prompt(k) for k in range(24))]
    assert said == [f"{k}:" for k in range(24)]
    assert stub.most_at_once == 4


def test_pictures_are_drawn_as_they_are_needed(stub):
    made: list[int] = []

    def prompts():
        for k in range(30):
            made.append(k)
            yield prompt(k)

    with client(stub, in_flight=2) as asking:
        next(iter(asking.ask_all(prompts())))
    assert len(made) <= 6


@pytest.mark.parametrize(("limits", "word"), [(Limits(calls=3), "calls"), (Limits(cost=0.001, price_in=1.0), "cost")])
def test_a_limit_ends_the_run_and_keeps_what_was_done(limits, word, stub, tmp_path):
    path = tmp_path / "replies.jsonl"
    prompts = [prompt(k) for k in range(9)]
    with (
        client(stub, replies=Replies(path), spending=Spending(limits), in_flight=1) as asking,
        pytest.raises(BudgetError, match=f"{word} is reached"),
    ):
        list(asking.ask_all(prompts))
    assert 0 < len(Replies(path)) < 9
    with client(stub, replies=Replies(path)) as asking:
        assert len(list(asking.ask_all(prompts))) == 9
    assert len(stub.requests) == 9


@pytest.mark.parametrize("in_flight", [1, 8])
@pytest.mark.parametrize("counted", ["as reckoned", "far more"])
def test_a_limit_is_never_passed_whatever_is_under_way(in_flight, counted, stub):
    """Every answer counts 1028 tokens, or 20,028: far more than the prompt's own text tells."""
    stub.latency = 0.02
    tokens_in = 1000 if counted == "as reckoned" else 20_000
    stub.usage = {"prompt_tokens": tokens_in, "completion_tokens": 28}
    for limits, most in (
        (Limits(tokens=5 * (tokens_in + 28)), lambda spending: spending.tokens_in + spending.tokens_out),
        (Limits(cost=0.01 * tokens_in, price_in=2000.0, price_out=1000.0), lambda spending: spending.cost),
    ):
        spending = Spending(limits)
        with (
            client(stub, spending=spending, in_flight=in_flight) as asking,
            pytest.raises(BudgetError, match="is reached"),
        ):
            list(asking.ask_all(prompt(k) for k in range(60)))
        limit = limits.tokens if limits.tokens is not None else limits.cost
        assert 0 < most(spending) <= limit
        assert most(spending) >= 0.5 * limit, "and a limit is made use of"
        assert spending.calls * (tokens_in + 28) == spending.tokens_in + spending.tokens_out


def test_requests_wait_for_room_and_go_on_when_there_is_some(stub):
    """Two do not fit at once, all do one after another: a limit slows a run and does not end it."""
    stub.latency = 0.01
    stub.usage = {"prompt_tokens": 400, "completion_tokens": 5}
    spending = Spending(Limits(tokens=12 * 405 + 900))
    with client(stub, spending=spending, in_flight=8) as asking:
        replies = list(asking.ask_all(replace(prompt(k), max_tokens=512) for k in range(12)))
    assert [reply.outcome for reply in replies] == ["ok"] * 12
    assert spending.tokens_in + spending.tokens_out == 12 * 405


def test_a_request_that_fails_holds_no_room_afterwards(stub):
    stub.scenario = ["500", "429", "reset", "ok"]
    spending = Spending(Limits(tokens=100_000))
    with client(stub, spending=spending) as asking:
        assert asking.ask(prompt(1)).outcome == "ok"
    assert spending.calls == 4
    assert spending._held == []


def test_the_same_question_asked_at_once_is_sent_once(stub):
    stub.latency = 0.1
    with client(stub, in_flight=8) as asking:
        replies = list(asking.ask_all(prompt(k % 2) for k in range(16)))
    assert len(stub.requests) == 2
    assert len({reply.text for reply in replies[::2]}) == 1


@pytest.mark.parametrize("usage", [{"prompt_tokens": "many"}, {"prompt_tokens": -5, "completion_tokens": True}, [], 7])
def test_a_count_that_is_none_is_estimated(usage, stub):
    stub.usage = usage
    with client(stub) as asking:
        assert asking.ask(prompt(1)).outcome == "ok"
        assert asking.spending.estimated
        assert asking.spending.tokens_in > 0


def test_tokens_are_the_servers_count_or_an_estimate_that_says_so(stub):
    stub.scenario = ["ok", "no usage"]
    with client(stub) as asking:
        asking.ask(prompt(1))
        assert (asking.spending.tokens_in, asking.spending.estimated) == (328, False)
        asking.ask(prompt(2))
        assert asking.spending.estimated


def test_a_server_that_cuts_long_prompts_is_suspected(stub):
    stub.scenario = ["tiny usage"]
    long = prompt()
    long = Prompt(long.template, long.system * 80, long.parts, Answer)
    with client(stub) as asking:
        assert truncation_suspected(long, asking.ask(long), "stub-1")


def test_the_estimate_counts_pictures_by_the_models_family():
    picture = Picture(numbered_picture(1, side=448))
    assert picture_tokens(picture, "Qwen2.5-VL-7B") == 16 * 16
    assert picture_tokens(picture, "gemma-3-4b") == 256
    told = estimate([prompt(k) for k in range(10)], "gemma-3", Limits(price_in=2.0))
    assert told["calls"] == 10
    assert told["cost"] == pytest.approx(told["tokens_in"] * 2e-6)


def test_log_probabilities_come_with_the_answer(stub):
    wanted = prompt()
    wanted = Prompt(wanted.template, wanted.system, wanted.parts, Answer, logprobs=True)
    with client(stub) as asking:
        reply = asking.ask(wanted)
    assert reply.logprobs[0]["top"] == {"{": -0.1, "x": -2.3}


def test_a_server_that_is_not_there_is_said_so():
    with Client(endpoint("http://127.0.0.1:9", "m"), sleep=lambda seconds: None) as asking:
        reply = asking.ask(prompt())
    assert reply.outcome == "unavailable"
    assert "cannot be reached" in reply.text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1", "is no URL of a server"),
        ("127.0.0.1:8080", "is no URL of a server"),
        ("http://user:pw@127.0.0.1", "holds a name or password"),
        ("http://192.0.2.7:8000", "--allow-remote"),
        ("http://127.0.0.1/?a=b", "ends with its path"),
        ("http://no-such-host.invalid", "cannot be found"),
    ],
)
def test_addresses_that_are_none_or_lead_away_are_refused(url, said):
    with pytest.raises(UsageError, match=said):
        endpoint(url, "m")


def test_a_public_host_needs_encryption_even_when_it_is_allowed():
    with pytest.raises(UsageError, match="https"):
        endpoint("http://8.8.8.8", "m", allow_remote=True)
    assert endpoint("https://8.8.8.8", "m", allow_remote=True).remote
    assert endpoint("http://10.0.0.5:8000", "m", allow_remote=True).remote


def test_no_proxy_of_the_environment_is_used(stub, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with client(stub) as asking:
        assert asking.ask(prompt()).outcome == "ok"


def test_the_kept_file_holds_no_picture(stub, tmp_path):
    path = tmp_path / "replies.jsonl"
    with client(stub, replies=Replies(path)) as asking:
        asking.ask(prompt())
    assert set(json.loads(path.read_text())) >= {"key", "outcome", "data"}
    assert "base64" not in path.read_text()


def test_threads_may_keep_answers_at_once(tmp_path):
    kept = Replies(tmp_path / "replies.jsonl")
    from bitflow.models.endpoints.prompt import Reply

    threads = [threading.Thread(target=lambda k=k: kept.keep(f"{k}", Reply("ok", data={"k": k}))) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.close()
    assert len(Replies(tmp_path / "replies.jsonl")) == 16
