"""How fast the client for language models is against a strict server of this machine: prompts with two small pictures.

    python -m benchmarks.endpoints --output benchmarks/results/endpoints_DATE.md

The server is a process of its own: in one process both would share an interpreter, and the client's time would be the
server's, too. It checks every request (keys, schema, pictures decoded) and answers after `--latency`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import time
from datetime import date
from pathlib import Path
from typing import Any


def serve(latency: float, channel: Any) -> None:
    """The strict server, until the channel says stop; then what it saw."""
    from tests.models.endpoints.stub_server import Stub

    with Stub(latency=latency) as stub:
        channel.send(stub.url)
        channel.recv()
        channel.send((len(stub.requests), len(stub.faults), stub.most_at_once))


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.05, help="of the server, s")
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()

    from bitflow.models.captioning.witness_prompts import person_prompt
    from bitflow.models.endpoints.address import endpoint
    from bitflow.models.endpoints.client import Client
    from bitflow.models.endpoints.prompt import Picture
    from tests.models.endpoints.stub_server import numbered_picture

    pictures = [numbered_picture(k) for k in range(64)]

    def prompts() -> Any:
        for k in range(given.prompts):
            first = Picture(pictures[k % 63], f"Frame {k % 63} — t = {k:.3f} s")
            second = Picture(pictures[k % 63 + 1], f"Frame {k % 63 + 1} — t = {k + 0.5:.3f} s")
            yield person_prompt((first, second), "A")

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(given.latency, theirs), daemon=True)
    server.start()
    url = ours.recv()
    with Client(endpoint(url, "stub-1"), in_flight=given.in_flight) as client:
        began, processor = time.perf_counter(), time.process_time()
        outcomes: dict[str, int] = {}
        for reply in client.ask_all(prompts()):
            outcomes[reply.outcome] = outcomes.get(reply.outcome, 0) + 1
        seconds, processor = time.perf_counter() - began, time.process_time() - processor
    ours.send("stop")
    requests, faults, at_once = ours.recv()
    server.join()
    floor = given.prompts * given.latency / given.in_flight
    rows = {
        "prompts, each with 2 pictures of 64×64": given.prompts,
        "latency of the server": f"{1000 * given.latency:g} ms",
        "in flight": given.in_flight,
        "**seconds**": f"**{seconds:.2f}**",
        "seconds if nothing but the latency counted": f"{floor:.2f}",
        "processor seconds of the client": f"{processor:.2f}",
        "outcomes": ", ".join(f"{number} {name}" for name, number in outcomes.items()),
        "requests that the server saw, faults, most at once": f"{requests}, {faults}, {at_once}",
    }
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
    text = (
        f"# Client for language models, {date.today()}\n\n`python -m benchmarks.endpoints`, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores ({platform.machine()}), server in a process of its own "
        f"on the same cores.\n\n{table}\n"
    )
    print(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
