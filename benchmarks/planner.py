"""How many questions a language model plans rightly, alone: the offline parser is left out.

    python benchmarks/planner.py FOLDER QUESTIONS.json… --endpoint URL --model NAME

Each file is a list of ``{"number", "expected", "phrasings"}``; the first phrasing is asked. Right is a program with the
expected tree. The store is simulated: four participants in two groups, three visits, and what is asked about measured.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bitflow.cli.main import main as command
from bitflow.events.language import parse, text_of
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.refusals import Ambiguous, Refusal
from bitflow.events.language.tree import Program
from bitflow.models.endpoints.address import endpoint
from bitflow.models.endpoints.client import RUNGS, Client, Patience
from bitflow.models.planning.checks import checked
from bitflow.models.planning.form import program_of, refusal_in
from bitflow.models.planning.limits import sendable
from bitflow.models.planning.names import Names, names_of_store
from bitflow.models.planning.prompt import plan_prompt
from bitflow.models.planning.veil import Veil
from bitflow.participants import attach_file
from bitflow.people import name_role
from bitflow.store import open_store
from bitflow.studies.index import measure_index

MEASURES = (
    "smile_rate_per_min,blink_rate_per_min,speech_rate_syllables_per_s,pause_time_fraction,face_coverage_fraction,"
    "audio_snr_db,head_angular_speed_mean_deg_per_s,response_latency_median_s,voice_f0_mean_hz"
)
COLUMNS = ("head_pose.yaw", "head_pose.pitch", "voice.f0", "voice.loudness")


def make(folder: Path) -> None:
    """Twelve recordings of 40 s."""
    lines = ["recording,participant,visit,group,sex,age,phq9"]
    for number in range(12):
        who, visit = number // 3, number % 3 + 1
        name = f"p{who}/v{visit}"
        told = ["--duration", "40", "--recording", name, "--seed", str(number), "--people", "2"]
        command(["simulate", "person", "-o", str(folder), *told])
        lines.append(f"{name},P0{who + 1},{visit},{['control', 'patient'][who % 2]},{'fm'[who // 2]},{30 + who},{who}")
    command(["measure", str(folder), "--measures", MEASURES])
    table = folder.with_suffix(".csv")
    table.write_text("\n".join(lines), encoding="utf-8")
    store = open_store(folder)
    attach_file(store, table)
    for name in store:
        name_role(store[name], 0, "participant")
        name_role(store[name], 1, "interviewer")


def planned(client: Client, question: str, names: Names, ids: frozenset[str], room: int) -> tuple[Program | None, str]:
    """The model's program, or why there is none."""
    try:
        sendable(question, Ambiguous("not asked offline"))
    except Refusal as refusal:
        return None, f"!{refusal.reason}"
    veil = Veil(names, ids)
    asked = veil.question(question)

    def check(plan: Mapping[str, Any]) -> None:
        try:
            if not refusal_in(plan):
                checked(program_of(plan), names, veil)
        except Refusal as refusal:
            raise ValueError(f"{refusal.reason}: {refusal}") from None

    reply = client.ask(replace(plan_prompt(asked, names, veil, check), max_tokens=room))
    if reply.data is None:
        return None, f"{reply.outcome}: {reply.text[:120]}"
    if code := refusal_in(reply.data):
        return None, f"refuse {code}"
    return checked(program_of(reply.data), names, veil), ""


def main() -> None:
    """Make the store where there is none, ask, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--form", choices=RUNGS, default=RUNGS[0], help="how strictly the form is asked for at first")
    parser.add_argument("--room", type=int, default=300, help="tokens of an answer")
    given = parser.parse_args()
    if not (given.folder / "bitflow.json").is_file():
        make(given.folder)
    store = open_store(given.folder)
    names = names_of_store(store, Definitions.of(builtin()), measure_index(store))
    names = replace(names, columns={name: unit for name, unit in names.columns.items() if name in COLUMNS})
    ids = frozenset(store) | frozenset(names.levels["participant"])
    verdicts: Counter[str] = Counter()
    where = endpoint(given.endpoint, given.model)
    with Client(where, in_flight=1, patience=Patience(read=600, total=1200), rung=given.form) as client:
        for each in [one for file in given.questions for one in json.loads(file.read_text(encoding="utf-8"))]:
            begun = time.perf_counter()
            question, expected = each["phrasings"][0], each["expected"]
            program, why = planned(client, question, names, ids, given.room)
            if expected.startswith("!"):
                verdict = "refused rightly" if program is None else "wrong"
            elif program is None:
                verdict = "no program"
            else:
                verdict = "right" if program == parse(expected) else "wrong"
            verdicts[verdict] += 1
            said = text_of(program) if program is not None else why
            row = {"question": question, "expected": expected, "said": said, "verdict": verdict}
            print(json.dumps({**row, "seconds": round(time.perf_counter() - begun, 1)}), flush=True)
    print(json.dumps(dict(verdicts)))


if __name__ == "__main__":
    main()
