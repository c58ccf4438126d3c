"""``bitflow doctor llm`` finds out what a server does, not what it says."""

from __future__ import annotations

import json

import pytest

from bitflow.cli.main import main
from tests.models.endpoints.stub_server import Stub


def colours(body):
    """A model that sees: the average colour of the picture that is asked for."""
    import base64

    import cv2
    import numpy as np

    parts = body["messages"][1]["content"]
    pictures = [part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"]
    if not pictures:
        return {"word": "yes"}
    asked = int(parts[-1]["text"].rstrip("?").rpartition(" ")[2]) - 1
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(pictures[asked]), np.uint8), cv2.IMREAD_COLOR)
    return {"word": ("blue", "green", "red")[int(picture.mean(axis=(0, 1)).argmax())]}


def findings(stub, capsys):
    assert main(["doctor", "llm", stub.url, "--model", "stub-1", "--json"]) == 0
    return {each["name"]: each for each in json.loads(capsys.readouterr().out)["findings"]}


def test_a_server_that_sees_is_found_to_see(capsys):
    with Stub(answer=colours) as stub:
        found = findings(stub, capsys)
    assert stub.faults == []
    assert found["sees a picture"]["works"]
    assert found["tells pictures apart by number"]["works"]
    assert found["same answer at temperature 0"]["works"]
    assert found["log-probabilities"]["works"]
    assert found["an unknown model is an error"]["works"] is False
    assert all(
        found[f"form by {rung}"]["works"] for rung in ("json_schema", "json_object_schema", "json_object", "prompt")
    )


def test_a_server_that_is_blind_or_takes_no_forms_is_found_out(capsys):
    with Stub(answer=lambda body: {"word": "yes"}, rungs=("json_object", "prompt")) as stub:
        found = findings(stub, capsys)
    assert found["sees a picture"]["works"] is False
    assert [found[f"form by {rung}"]["works"] for rung in ("json_schema", "json_object")] == [False, True]


def test_a_server_that_is_not_there_is_wrong_usage(capsys):
    assert main(["doctor", "llm", "http://127.0.0.1:9"]) == 2
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["doctor", "llm", "http://192.0.2.1"], ["doctor", "llm", "nonsense"]])
def test_nothing_is_sent_to_places_that_were_not_allowed(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("bitflow: ")
