"""Going through a store: recordings are read as they are needed, asked about, and never twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bitflow.cohort.wording import plural, printable
from bitflow.errors import BitflowError, UsageError
from bitflow.models.endpoints.address import Endpoint
from bitflow.models.endpoints.budget import BudgetError, Spending
from bitflow.models.endpoints.client import Client
from bitflow.models.endpoints.consent import CONSENT, REPLIES, may_leave
from bitflow.models.endpoints.prompt import FINAL, Prompt, Reply
from bitflow.models.endpoints.replies import Replies
from bitflow.models.kinds import Say
from bitflow.models.zero_shot.judgements import Judgement, judgement_of, nothing
from bitflow.models.zero_shot.material import Material, read_material
from bitflow.models.zero_shot.questions import Question, questions
from bitflow.models.zero_shot.settings import Manner, ZeroShotSettings
from bitflow.store import FeatureStore

#: A server that gives no answer to the first so many questions is not asked the rest.
_GIVEN_UP_AFTER = 3


class RepliesByRecording(Replies):
    """Answers in the folders of the recordings that they are about, for one client that asks about many."""

    def __init__(self) -> None:
        super().__init__(None)
        self._places: dict[str, list[Replies]] = {}
        self._files: dict[Path, Replies] = {}
        self._keeping = threading.Lock()

    def place(self, key: str, path: Path) -> None:
        """Say where the answer with this key belongs; recordings that hold the same have the same key."""
        if path not in self._files:
            self._files[path] = Replies(path)
        self._places.setdefault(key, []).append(self._files[path])

    def get(self, key: str) -> Reply | None:
        """See `Replies.get`."""
        return next((found for file in self._places[key] if (found := file.get(key)) is not None), None)

    def keep(self, key: str, reply: Reply) -> None:
        """See `Replies.keep`; a store may hold more recordings than files can be open."""
        with self._keeping:
            for file in self._places[key]:
                file.keep(key, reply)
                file.close()


@dataclass
class Asked:
    """What came of it.

    Parameters
    ----------
    judgements, materials
        By recording.
    failed
        Recordings that could not be asked about, with a sentence.
    stopped
        Why the run ended early; what came before is there.
    """

    judgements: dict[str, Judgement] = field(default_factory=dict)
    materials: dict[str, Material] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    spent: dict[str, Any] = field(default_factory=dict)
    stopped: str = ""


def ask_recordings(
    store: FeatureStore,
    recordings: Sequence[str],
    settings: ZeroShotSettings,
    manner: Manner,
    say: Say,
    *,
    shown: Callable[[Material], Material] = lambda material: material,
) -> Asked:
    """Ask about recordings.

    Parameters
    ----------
    shown
        What of the material is shown: all, or its words alone.

    Raises
    ------
    UsageError
        The server gives no answer, or leads to a machine that was not allowed.
    """
    where = manner.endpoint(settings.endpoint, settings.model)
    done = Asked()
    spending = Spending(manner.limits)
    replies = RepliesByRecording()
    sent: list[tuple[str, Question]] = []
    came: list[Reply] = []

    def prompts() -> Iterator[Prompt]:
        for name in recordings:
            try:
                material = shown(_material(store, name, settings, where))
            except BitflowError as error:  # one recording never stops the others
                done.failed[name] = str(error)
                continue
            if material.empty:
                done.judgements[name] = nothing("nothing to judge by")
                continue
            done.materials[name] = _without_pixels(material)
            for question in questions(settings, material.parts(), name):
                replies.place(question.prompt.key(where.model), store[name].path / REPLIES)
                sent.append((name, question))
                yield question.prompt

    if where.remote:
        say(_what_leaves(store, recordings, settings, where))
    with Client(where, replies=replies, spending=spending, in_flight=manner.in_flight) as client:
        try:
            for reply in client.ask_all(prompts()):
                came.append(reply)
                _refuse_if_nothing_works(came, where)
        except BudgetError:
            done.stopped = manner.stopped
    asked: dict[str, list[tuple[Question, Reply]]] = {}
    for (name, question), reply in zip(sent, came, strict=False):
        asked.setdefault(name, []).append((question, reply))
    for name, pairs in asked.items():
        if len(pairs) < settings.votes:
            continue
        lost = next((reply for _, reply in pairs if reply.outcome not in FINAL), None)
        if lost is not None:
            done.failed[name] = f"recording {name!r}: {lost.outcome}: {lost.text or 'no answer'}"
        else:
            done.judgements[name] = judgement_of([question for question, _ in pairs], [reply for _, reply in pairs])
    done.spent = spending.as_dict()
    return done


def _material(store: FeatureStore, name: str, settings: ZeroShotSettings, where: Endpoint) -> Material:
    if where.remote and not may_leave(store, name):
        raise UsageError(
            f"recording {name!r}: nobody consented to its leaving this machine; attach a column {CONSENT} with `yes` "
            "(`bitflow participants`), or use a server on this machine"
        )
    return read_material(store[name], settings)


def _without_pixels(material: Material) -> Material:
    """For the timeline of cues; pictures of a whole store would fill the memory."""
    return replace(material, pictures=())


def _what_leaves(
    store: FeatureStore, recordings: Sequence[str], settings: ZeroShotSettings, where: Endpoint
) -> str:  # fmt: skip
    going = [name for name in recordings if may_leave(store, name)]
    parts = {"pictures": settings.pictures, "words": settings.transcript, "measured values": settings.facts}
    what = " and ".join(name for name, yes in parts.items() if yes)
    some = ", ".join(printable(name) for name in going[:3]) + (" …" if len(going) > 3 else "")
    return f"to {where.host} (another machine): {what} of {plural(len(going), 'recording')}{': ' * bool(going)}{some}"


def _refuse_if_nothing_works(came: Sequence[Reply], where: Endpoint) -> None:
    first = came[0].outcome
    if len(came) == _GIVEN_UP_AFTER and first not in FINAL and all(each.outcome == first for each in came):
        raise UsageError(f"{where.url}: {came[0].text or first} ({first}); `bitflow doctor llm` tells more")
