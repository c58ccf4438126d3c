"""A model file in this process, by llama.cpp: the same questions and answers, without a server.

It shares the process's memory and dies with it; a server on the same machine is the sturdier way.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bitflow.errors import UsageError
from bitflow.extras import to_install

SCHEME = "file"

#: Tokens of a conversation: eight pictures and a caption.
CONTEXT = 8192

#: A vision model's projector lies beside its weights under a name that begins so.
PROJECTOR = "mmproj"


def model_path(url: str) -> Path:
    """The file that a ``file:`` URL names.

    Raises
    ------
    UsageError
        There is no such file, or it is no GGUF file.
    """
    path = Path(unquote(urlsplit(url).path))
    if not path.is_file():
        raise UsageError(f"{path}: there is no such model file")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise UsageError(f"{path}: is no GGUF file, the form that llama.cpp reads")
    return path


class LocalModel:
    """Weights that are loaded once and asked one question after another."""

    def __init__(self, path: Path):
        try:
            from llama_cpp import Llama  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise UsageError(
                f"a model in this process needs llama-cpp-python: {to_install('llama')}; or name a server with http://"
            ) from None
        self._lock = threading.Lock()
        handler = _vision_handler(path)
        self._model = Llama(
            str(path), n_ctx=CONTEXT, chat_handler=handler, logits_all=handler is not None, verbose=False
        )

    def complete(self, body: dict[str, Any]) -> tuple[int, str]:
        """Status and body of a chat completion, as a server would answer."""
        form = body.get("response_format") or {}
        if form.get("type") == "json_schema":  # llama.cpp's own spelling
            form = {"type": "json_object", "schema": form["json_schema"]["schema"]}
        known = ("messages", "temperature", "seed", "max_tokens")
        options: dict[str, Any] = {name: body[name] for name in known if name in body}
        options["messages"] = [_flat(message) for message in body["messages"]]
        if form:
            options["response_format"] = form
        try:
            with self._lock:
                return 200, json.dumps(self._model.create_chat_completion(**options))
        except (ValueError, RuntimeError, TypeError) as error:
            return 400, json.dumps({"error": {"message": f"{type(error).__name__}: {error}"}})


def _vision_handler(path: Path) -> Any:
    """What reads pictures, where a projector lies beside the weights; None for a model of words alone."""
    projector = next((each for each in sorted(path.parent.glob(f"{PROJECTOR}*.gguf")) if each != path), None)
    if projector is None:
        return None
    from llama_cpp.llama_chat_format import MTMDChatHandler  # pyright: ignore[reportMissingImports]

    return MTMDChatHandler(clip_model_path=str(projector), verbose=False)


def _flat(message: dict[str, Any]) -> dict[str, Any]:
    """A message of texts alone as one text: templates of models without eyes take no lists."""
    content = message["content"]
    if isinstance(content, str) or any(part["type"] != "text" for part in content):
        return message
    return {**message, "content": "\n".join(part["text"] for part in content)}
