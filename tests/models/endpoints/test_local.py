"""A model in this process answers as a server would."""

from __future__ import annotations

import json
import sys
import types
from typing import Any

import pytest

from bitflow.errors import UsageError
from bitflow.models.endpoints.address import endpoint
from bitflow.models.endpoints.client import Client
from tests.models.endpoints.test_client import Answer, prompt


class Llama:
    """Stands for llama_cpp.Llama: keeps what it was asked and answers in form."""

    asked: list[dict[str, Any]] = []  # noqa: RUF012

    def __init__(self, path: str, **options: Any):
        self.options = options

    def create_chat_completion(self, **options: Any) -> dict[str, Any]:
        Llama.asked.append(options)
        text = json.dumps({"evidence": [], "smiling": "no", "said": "here"})
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 5, "completion_tokens": 2}
        return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


@pytest.fixture
def weights(tmp_path, monkeypatch):
    module = types.ModuleType("llama_cpp")
    module.Llama = Llama
    monkeypatch.setitem(sys.modules, "llama_cpp", module)
    Llama.asked.clear()
    path = tmp_path / "small model.gguf"
    path.write_bytes(b"GGUF" + bytes(16))
    return path


def test_a_local_file_is_asked_like_a_server(weights):
    where = endpoint(weights.as_uri(), "small")
    assert (where.in_process, where.remote) == (True, False)
    with Client(where) as asking:
        reply = asking.ask(prompt())
        assert asking.models() == []
    assert reply.data == {"evidence": [], "smiling": "no", "said": "here"}
    assert (reply.outcome, reply.tokens_in) == ("ok", 5)
    (asked,) = Llama.asked
    assert asked["response_format"]["type"] == "json_object"
    assert asked["response_format"]["schema"]["additionalProperties"] is False
    assert set(asked) == {"messages", "temperature", "seed", "max_tokens", "response_format"}
    assert Answer.model_validate(reply.data)


def test_what_the_library_refuses_is_a_sentence(weights, monkeypatch):
    def refuses(self: Llama, **options: Any) -> None:
        raise ValueError("Requested tokens (9000) exceed context window of 8192")

    monkeypatch.setattr(Llama, "create_chat_completion", refuses)
    with Client(endpoint(weights.as_uri(), "small")) as asking:
        reply = asking.ask(prompt())
    assert reply.outcome == "rejected"
    assert "exceed context window" in reply.text


def test_other_files_and_a_missing_library_are_refused(tmp_path, weights, monkeypatch):
    with pytest.raises(UsageError, match="no such model file"):
        endpoint((tmp_path / "none.gguf").as_uri(), "m")
    (tmp_path / "bad.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match="no GGUF file"):
        endpoint((tmp_path / "bad.gguf").as_uri(), "m")
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(UsageError, match="llama-cpp-python"), Client(endpoint(weights.as_uri(), "m")):
        pass
