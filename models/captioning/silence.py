"""When a server is taken to be gone: it is not asked a thousand times more, and what was done stays."""

from __future__ import annotations

from dataclasses import dataclass

from bitflow.errors import UsageError
from bitflow.models.captioning.captioner import Caption
from bitflow.models.endpoints.client import Client

#: Outcomes that say something of the server, and nothing of the pictures.
UNANSWERED = frozenset({"unavailable", "unauthorised", "blocked_redirect", "rejected", "rate_limited", "deadline"})

#: Outcomes for which nothing was asked.
_UNASKED = frozenset({"no_video", "too_small"})

#: So many captions in a row without an answer end a run: at its beginning, and later.
AT_FIRST, LATER = 3, 8

KEPT = "captions that were there are kept"


class NothingWorksError(UsageError):
    """The server answers nothing: other recordings would fare no better."""


@dataclass
class Silence:
    """Captions in a row that got no answer, over all recordings of a run."""

    length: int = 0
    answered: bool = False

    def heard(self, caption: Caption, of: int, client: Client) -> None:
        """Take note of a caption of a recording that has so many.

        Raises
        ------
        NothingWorksError
            The server is taken to be gone; the message says what it said last, and what to do.
        """
        if caption.outcome in _UNASKED:
            return
        if caption.outcome not in UNANSWERED:
            self.length, self.answered = 0, True
            return
        self.length += 1
        if self.length < (LATER if self.answered else min(AT_FIRST, of)):
            return
        what = f"the last {self.length} captions got no answer" if self.answered else "no caption was made"
        kept = "what was done is kept, and the same command goes on from there" if self.answered else KEPT
        url = client.endpoint.url
        raise NothingWorksError(
            f"{url}: {what}: {caption.said or caption.outcome}; {kept}.{_hint(caption, client)} "
            f"`bitflow doctor llm {url}` says what the server can do"
        )


def _hint(caption: Caption, client: Client) -> str:
    if caption.outcome == "unauthorised":
        return " A key is taken from $BITFLOW_LLM_KEY, or from the variable that --key-variable names."
    if caption.outcome == "rejected" and (there := client.models()) and client.endpoint.model not in there:
        return f" The server says that it has: {', '.join(there[:8])}."
    return ""
