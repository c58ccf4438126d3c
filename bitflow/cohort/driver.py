"""The process that is connected to a Ray cluster: hands out tasks, hears how they go, tells its parent.

Plain Ray tasks; results go straight to the store, so that Ray carries a few hundred bytes a task. As many tasks are
under way as the cluster has room for, and a few more, so that none of its cores waits for this process; nodes that
come or go change that number.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from bitflow.cohort.agenda import Agenda
from bitflow.cohort.pool import STALL_S
from bitflow.cohort.process import ONE_THREAD
from bitflow.cohort.task import Task, answer_of, carry_out
from bitflow.extraction.plan import Request
from bitflow.extraction.recording import Outcome, Source, record_failure
from bitflow.extraction.spans import Split
from bitflow.places import place
from bitflow.store import open_store

#: Tasks handed out beyond those that there is room for, at least and as a share of the room.
_AHEAD, _AHEAD_SHARE = 2, 0.1

#: How often the cluster is asked for its size, and its tasks for how far they are, in seconds.
_ASK_S = 1.0

#: A task that lost its node so often is taken to be what brings nodes down.
_NODE_LOSSES = 8


def drive(run: dict[str, Any], tell: Callable[..., None], stopping: threading.Event) -> None:
    """Extract what `run` asks on the cluster that it names, until all has ended or the parent says stop."""
    import ray

    try:
        ray.init(
            address=run["address"],
            namespace=f"bitflow-{os.getpid()}",
            runtime_env={"env_vars": dict.fromkeys(ONE_THREAD, "1")},
            include_dashboard=None if run["address"] else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())
        tell(event="refused", sentence=f"no Ray cluster answers at {run['address'] or 'this machine'}: {said}")
        return
    try:
        _Drive(run, tell).until(stopping)
    finally:
        ray.shutdown()


class _Drive:
    """One run: what waits, what is under way, what was last heard of it."""

    def __init__(self, run: dict[str, Any], tell: Callable[..., None]):
        self._tell = tell
        self._store = place(run["store"])
        request = run["request"]
        self._request = Request(**{**request, "tables": tuple(request["tables"]), "threads": run["cpus"]})
        self._cpus, self._gpus = run["cpus"], run["gpus"]
        sources = [Source(name, place(path)) for name, path in run["sources"]]
        self._left = {source.id for source in sources}
        self._agenda = Agenda(sources)
        self._under_way: dict[Any, Task] = {}
        self._heard: dict[tuple[str, str, int], float] = {}
        self._lost: dict[tuple[str, str, int], int] = {}
        self._stalled: set[tuple[str, str, int]] = set()
        self._ear = _ear()
        self._remote = _remote(self._cpus, self._gpus)

    def until(self, stopping: threading.Event) -> None:
        import ray

        room, asked = self._room(), time.monotonic()
        while self._left and not stopping.is_set():
            while self._agenda and len(self._under_way) < room:
                self._hand_out(self._agenda.take())
            done, _ = ray.wait(list(self._under_way), num_returns=1, timeout=_ASK_S)
            for reference in done:
                self._settle(self._under_way.pop(reference), reference)
            if time.monotonic() - asked >= _ASK_S:
                room, asked = self._room(), time.monotonic()
                self._listen()
                self._give_up_stalled()
        for reference in self._under_way:
            ray.cancel(reference, force=True)

    def _room(self) -> int:
        """Tasks to have under way at once."""
        import ray

        there = ray.cluster_resources()
        fitting = int(there.get("CPU", 0) // self._cpus)
        if self._gpus:
            fitting = min(fitting, int(there.get("GPU", 0) / self._gpus))
        return fitting + max(_AHEAD, int(_AHEAD_SHARE * fitting))

    def _hand_out(self, task: Task) -> None:
        order = task.order(self._store, self._request)
        self._under_way[self._remote.remote(order, task.name, self._ear)] = task

    def _settle(self, task: Task, reference: Any) -> None:
        import ray
        from ray import exceptions

        name = task.name
        began = self._heard.pop(name, None)
        spent = time.monotonic() - began if began else 0.0
        try:
            answer = answer_of(ray.get(reference))
        except (exceptions.NodeDiedError, exceptions.ObjectLostError):
            self._lost[name] = self._lost.get(name, 0) + 1
            if self._lost[name] < _NODE_LOSSES:  # not the recording's fault
                self._agenda.put_back(task)
                self._tell(event="told", id=name[0], message="its node is gone; it goes to another")
            else:
                self._fail(task, f"{_NODE_LOSSES} nodes were lost that extracted it", spent)
        except exceptions.RayError as error:
            self._crashed(task, error, spent)
        else:
            self._answered(task, answer)

    def _answered(self, task: Task, answer: Outcome | Split) -> None:
        outcome = self._agenda.settle(task, answer)
        if outcome is not None:
            self._end(outcome)

    def _crashed(self, task: Task, error: Exception, spent: float) -> None:
        from ray import exceptions

        if task.name in self._stalled:
            self._fail(task, f"no progress for {STALL_S:.0f} s, so its task was ended", spent)
            return
        memory = isinstance(error, exceptions.OutOfMemoryError)
        reason = f"its worker process {'ran out of memory' if memory else 'ended'} ({type(error).__name__})"
        if self._agenda.may_try_again(task):
            self._agenda.put_back(task, last=True)
            self._tell(event="told", id=task.source.id, message=f"{reason}; it will be tried once more")
        else:
            self._fail(task, f"{reason} again: leave the file out, or convert it anew", spent)

    def _fail(self, task: Task, sentence: str, spent: float) -> None:
        outcome = self._agenda.give_up(task, Outcome(task.source.id, "failed", sentence, seconds=spent))
        if outcome is not None:
            record_failure(open_store(self._store), task.source, sentence, spent)
            self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self._left.discard(outcome.id)
        self._tell(event="told", id=outcome.id, outcome=outcome.as_dict())

    def _listen(self) -> None:
        import ray
        from ray import exceptions

        try:
            heard = ray.get(self._ear.empty.remote(), timeout=10 * _ASK_S)
        except (exceptions.GetTimeoutError, exceptions.RayActorError):
            return  # it is started anew; how far things are is told a little later
        for name, told in heard:
            key = (name[0], name[1], name[2])
            self._heard[key] = time.monotonic()
            self._tell(event="told", id=name[0], piece={"kind": name[1], "number": name[2]}, **told)

    def _give_up_stalled(self) -> None:
        import ray

        for reference, task in self._under_way.items():
            heard = self._heard.get(task.name)  # None: it waits for a core
            if heard is not None and time.monotonic() - heard > STALL_S and task.name not in self._stalled:
                self._stalled.add(task.name)
                ray.cancel(reference, force=True)


def _remote(cpus: int, gpus: float) -> Any:
    """What runs on a node."""
    import ray

    # Ray's own retries would not tell a bad file from a bad node, and nothing would be told of them.
    return ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_carry_out)


def _carry_out(order: dict[str, Any], name: tuple[str, str, int], ear: Any) -> dict[str, Any]:
    from bitflow.cohort.worker import duration_of
    from bitflow.extraction.recording import extract_piece

    last = 0.0

    def progress(seconds: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _ASK_S:
            last = time.monotonic()
            ear.hear.remote(name, {"seconds": float(seconds)})

    whole = order["piece"]["kind"] == "whole"
    ear.hear.remote(name, {"duration": duration_of(order["path"])} if whole else {"seconds": 0.0})
    return carry_out(extract_piece, order, progress)


def _ear() -> Any:
    """An actor on this node that keeps what tasks say until it is asked."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here: Any = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    kind: Any = ray.remote(_Ear)
    return kind.options(num_cpus=0, max_restarts=-1, scheduling_strategy=here).remote()


class _Ear:
    """What tasks said last: how far each is."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, int], dict[str, Any]] = {}

    def hear(self, name: tuple[str, str, int], told: dict[str, Any]) -> None:
        """From a task."""
        self._said.setdefault(name, {}).update(told)

    def empty(self) -> list[tuple[tuple[str, str, int], dict[str, Any]]]:
        """To the driver, once."""
        said, self._said = self._said, {}
        return list(said.items())
