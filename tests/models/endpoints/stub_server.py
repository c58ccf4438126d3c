"""A vision-language server that plays every failure and forgives nothing.

Its checks are written from the protocol, not from the client: a request that real servers might let pass ends in a 400
here. Pictures carry their number as a row of black and white blocks, so that a picture in the wrong place is seen.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

KEYS = {
    *("model", "messages", "temperature", "top_p", "seed", "max_tokens", "response_format"),
    *("logprobs", "top_logprobs", "stop", "stream"),
}
LABEL = re.compile(r"Frame (\d+) — t = \d+\.\d{3} s")
BLOCK, BITS = 8, 6


def numbered_picture(number: int, side: int = 64) -> bytes:
    """A JPEG whose first row of blocks is its number in binary."""
    picture = np.full((side, side, 3), 127, np.uint8)
    for bit in range(BITS):
        picture[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 * (number >> bit & 1)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def number_of(picture: np.ndarray) -> int:
    middles = picture[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK].mean(axis=1)
    return int(sum(1 << bit for bit, value in enumerate(middles) if value > 127))


@dataclass
class Stub:
    """What the server does and what it has seen; change `scenario` between requests.

    Parameters
    ----------
    scenario
        Names of what to play, one a request, the last one from then on.
    answer
        Makes the answer of a request that passes: body in, JSON-able answer out; by default the schema's first values.
    usage
        What the server says that an answer took; by default 64 tokens a picture, and some.
    """

    token: str | None = None
    latency: float = 0.0
    numbered: bool = False
    forbidden: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ("json_schema", "json_object_schema", "json_object", "prompt")
    scenario: list[str] = field(default_factory=lambda: ["ok"])
    answer: Callable[[dict[str, Any]], Any] | None = None
    usage: Any = ...
    requests: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Stub:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # as servers do: head and body are two writes, 40 ms apart otherwise

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                stub.reply(self, 200, {"object": "list", "data": [{"id": "stub-1"}]})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with stub._lock:
                    stub._now += 1
                    stub.most_at_once = max(stub.most_at_once, stub._now)
                try:
                    stub.serve(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                finally:
                    with stub._lock:
                        stub._now -= 1

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, handler: BaseHTTPRequestHandler, status: int, content: Any, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def serve(self, handler: BaseHTTPRequestHandler, raw: bytes) -> None:
        with self._lock:
            play = self.scenario.pop(0) if len(self.scenario) > 1 else self.scenario[0]
        time.sleep(self.latency)
        status, problem, body = self.checked(handler, raw)
        with self._lock:
            self.requests.append(body)
            if problem:
                self.faults.append(problem)
        if problem:
            self.reply(handler, status, {"error": {"message": problem, "type": "invalid_request_error"}})
        else:
            PLAYS.get(play, _unknown)(self, handler, body)

    def checked(self, handler: BaseHTTPRequestHandler, raw: bytes) -> tuple[int, str, dict[str, Any]]:
        """Status, problem, body."""
        if handler.path != "/v1/chat/completions":
            return 404, f"no route {handler.path}", {}
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, "wrong key", {}
        if handler.headers.get("Content-Type") != "application/json":
            return 415, "content type", {}
        try:
            body = json.loads(raw)
        except ValueError:
            return 400, "no JSON", {}
        for problem in self.problems(body, raw.decode("utf-8", "replace")):
            return 400, problem, body
        for message in body["messages"][1:]:
            if message["role"] == "user" and isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": part} for part in message["content"].split("\n\n")]
        return 200, "", body

    def problems(self, body: dict[str, Any], raw: str) -> Any:
        foreign = set(body) - KEYS
        if foreign:
            yield f"unknown keys {foreign}"
        if body.get("stream"):
            yield "streaming"
        text = json.dumps(body, ensure_ascii=False)
        for word in self.forbidden:
            if word in text:
                yield f"a forbidden word left the machine: {word}"
        if re.search(r'"(/[a-z]+/[a-z]+|[A-Z]:\\\\)', text):
            yield "a path left the machine"
        roles = [message.get("role") for message in body.get("messages", [])]
        if roles[:2] != ["system", "user"] or set(roles[2:]) - {"assistant", "user"}:
            yield f"roles {roles}"
        parts = body["messages"][1]["content"]
        if isinstance(parts, list) and all(part.get("type") == "text" for part in parts):
            yield "can only concatenate str: a message without pictures is a text"
        yield from self.part_problems(parts)
        yield from self.form_problems(body)

    def part_problems(self, parts: Any) -> Any:
        before = ""
        last = -1
        for part in parts if isinstance(parts, list) else [{"type": "text", "text": parts}]:
            if part.get("type") == "text":
                before = part["text"]
                if not before:
                    yield "empty text"
                continue
            if set(part) != {"type", "image_url"} or set(part["image_url"]) != {"url"}:
                yield f"part {set(part)}"
            head, _, data = part["image_url"]["url"].partition(",")
            if head != "data:image/jpeg;base64":
                yield f"picture {head[:40]}"
            try:
                content = base64.b64decode(data, validate=True)
            except binascii.Error:
                yield "base64"
                return
            if content[:2] != b"\xff\xd8" or b"\xff\xe1" in content[:64] or b"\xff\xfe" in content[:64]:
                yield "no bare JPEG: metadata or another format"
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            if picture is None or min(picture.shape[:2]) < 28:
                yield "a picture that cannot be decoded, or is too small"
                return
            if self.numbered:
                label = LABEL.fullmatch(before)
                number = number_of(picture)
                if label is None or int(label[1]) != number or number <= last:
                    yield f"picture {number} stands after {before!r}"
                last = number

    def form_problems(self, body: dict[str, Any]) -> Any:
        form = body.get("response_format")
        rung = "prompt" if form is None else form["type"]
        if rung == "json_object" and "schema" in form:
            rung = "json_object_schema"
        if rung not in self.rungs:
            yield f"response_format {rung} is not supported"
        if rung == "json_schema":
            inner = form["json_schema"]
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", inner["name"]) or inner["strict"] is not True:
                yield "the form's name, or strict"
            yield from _loose(inner["schema"], 0)


def _loose(node: Any, depth: int) -> Any:
    """What strict servers refuse in a schema."""
    if depth > 8:
        yield "schema too deep"
        return
    if isinstance(node, list):
        for each in node:
            yield from _loose(each, depth + 1)
    if not isinstance(node, dict):
        return
    for keyword in ("$ref", "$defs", "default", "patternProperties", "not", "if"):
        if keyword in node:
            yield f"schema keyword {keyword}"
    if node.get("type") == "object":
        if node.get("additionalProperties") is not False:
            yield "an open object in the schema"
        if set(node.get("required", [])) != set(node.get("properties", {})):
            yield "an optional property in the schema"
        for each in node["properties"].values():
            yield from _loose(each, depth + 1)
        return
    for each in node.values():
        yield from _loose(each, depth + 1)


def instance(schema: dict[str, Any]) -> Any:
    """The first value that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return instance(schema["anyOf"][0])
    kind = schema.get("type")
    if kind == "object":
        return {name: instance(each) for name, each in schema["properties"].items()}
    if kind == "array":
        return [instance(schema["items"]) for _ in range(schema.get("minItems", 0))]
    return {"integer": schema.get("minimum", 0), "number": 0.5, "boolean": True, "null": None}.get(kind, "seen")


def schema_of(body: dict[str, Any]) -> dict[str, Any]:
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return form["json_schema"]["schema"]
    if "schema" in form:
        return form["schema"]
    return json.loads(body["messages"][0]["content"].rpartition("nothing else: ")[2])


def completion(stub: Stub, body: dict[str, Any], text: str | None = None, **changed: Any) -> dict[str, Any]:
    if text is None:
        made = stub.answer(body) if stub.answer else instance(schema_of(body))
        text = json.dumps(made, ensure_ascii=False)
    pictures = sum(part["type"] == "image_url" for part in body["messages"][1]["content"])
    message = {"role": "assistant", "content": text, "refusal": None} | changed.pop("message", {})
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "stop"} | changed.pop("choice", {})
    if body.get("logprobs"):
        tops = [{"token": text[:1], "logprob": -0.1}, {"token": "x", "logprob": -2.3}]
        choice["logprobs"] = {"content": [{"token": text[:1], "logprob": -0.1, "top_logprobs": tops}]}
    usage = {"prompt_tokens": 200 + 64 * pictures, "completion_tokens": 20, "total_tokens": 220 + 64 * pictures}
    usage = usage if stub.usage is ... else stub.usage
    return {
        "id": "c", "object": "chat.completion", "model": body["model"], "choices": [choice],
        "usage": usage, "system_fingerprint": "stub",
    } | changed  # fmt: skip


def _ok(stub: Stub, handler: Any, body: Any) -> None:
    stub.reply(handler, 200, completion(stub, body))


def _says(text: Callable[[str], str]) -> Any:
    def play(stub: Stub, handler: Any, body: Any) -> None:
        right = completion(stub, body)["choices"][0]["message"]["content"]
        stub.reply(handler, 200, completion(stub, body, text(right)))

    return play


def _fails(status: int, content: Any, **headers: str) -> Any:
    return lambda stub, handler, body: stub.reply(handler, status, content, **headers)


def _changed(**changed: Any) -> Any:
    def play(stub: Stub, handler: Any, body: Any) -> None:
        stub.reply(
            handler,
            200,
            completion(stub, body, **{k: dict(v) if isinstance(v, dict) else v for k, v in changed.items()}),
        )

    return play


def _stall(stub: Stub, handler: Any, body: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')
    handler.wfile.flush()
    stub.stopping.wait(60)


def _drip(stub: Stub, handler: Any, body: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def _reset(stub: Stub, handler: Any, body: Any) -> None:
    handler.close_connection = True
    handler.connection.close()


def _cut(stub: Stub, handler: Any, body: Any) -> None:
    text = completion(stub, body)["choices"][0]["message"]["content"]
    stub.reply(handler, 200, completion(stub, body, text[:-3], choice={"finish_reason": "length"}))


def _unknown(stub: Stub, handler: Any, body: Any) -> None:
    raise AssertionError("no such scenario")


PLAYS: dict[str, Callable[[Stub, Any, Any], None]] = {
    "ok": _ok,
    "429": _fails(429, {"error": {"message": "slow down"}}),
    "429 after 2": _fails(429, {"error": {"message": "slow down"}}, Retry_After="2"),
    "500": _fails(500, {"error": {"message": "out of memory"}}),
    "500 schema": _fails(500, {"error": {"message": "validation error: response_format"}}),
    "502 html": _fails(502, b"<html><body>Bad <b>gateway</b></body></html>", Content_Type="text/html"),
    "404 model": _fails(404, {"error": {"message": "model not found"}}),
    "401 detail": _fails(401, {"detail": "Invalid API key sk-secret123"}),
    "redirect": _fails(307, b"", Location="http://127.0.0.1:9/elsewhere"),
    "stall": _stall,
    "drip": _drip,
    "reset": _reset,
    "cut": _cut,
    "fenced": _says(lambda right: f"```json\n{right}\n```"),
    "prose": _says(lambda right: f"Here you are: {right} I hope it helps."),
    "thinking": _says(lambda right: f"<think>maybe {{no}}</think>{right}"),
    "trailing comma": _says(lambda right: right[:-1] + ",}"),
    "NaN": _says(lambda right: re.sub(r": [^,}]+", ": NaN", right, count=1)),
    "twice": _says(lambda right: right[:-1] + ", " + right[1:]),
    "extra key": _says(lambda right: right[:-1] + ', "more": 1}'),
    "wrong value": _says(lambda right: right.replace('"yes"', '"perhaps"')),
    "another language": _says(lambda right: "Das kann ich leider nicht sagen."),
    "refusal": _changed(message={"content": None, "refusal": "I cannot help with that."}),
    "filter": _changed(choice={"finish_reason": "content_filter"}),
    "no choices": _changed(choices=[]),
    "no usage": _changed(usage=None),
    "tiny usage": _changed(usage={"prompt_tokens": 3, "completion_tokens": 2}),
}
