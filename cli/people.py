"""``bitflow people``: who was seen and heard, and what somebody says against the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say
from bitflow.cli.recordings import one_recording

if TYPE_CHECKING:
    from bitflow.report.people_seen import PersonSeen
    from bitflow.store import Recording


def people(
    store: Store,
    recording: Annotated[
        str | None,
        typer.Argument(metavar="RECORDING", help="One of them, to correct or to look at.", show_default=False),
    ] = None,
    merge: Annotated[
        list[str] | None, typer.Option("--merge", metavar="0,2", help="These persons are one.", show_default=False)
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", metavar="face:3,body:1", help="These tracks are somebody else.", show_default=False),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="0=interviewer", help="What a person is.", show_default=False),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Drop all corrections of the recording first.")] = False,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE.html", help="Write a page of thumbnails.", show_default=False),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """List who was seen and heard how long, and correct who is who.

    Corrections are kept apart from what the machine said, survive a new
    extraction, and rewrite no table. Several at once are made in the order
    forget, merge, split, role, each on the numbers that the ones before
    leave; when one makes no sense, none is kept.

      bitflow people features/ --page people.html
      bitflow people features/ p01/visit1 --merge 0,2 --role 0=participant --role 1=interviewer
    """
    from bitflow.errors import StoreError
    from bitflow.report.people_page import write_people_page
    from bitflow.report.people_seen import people_seen
    from bitflow.store import open_store

    opened = open_store(store)
    if merge or split or role or forget:
        chosen = [one_recording(opened, recording)]
        _correct(chosen[0], merge or [], split or [], role or [], forget=forget)
    else:
        chosen = [opened[recording]] if recording is not None else [opened[name] for name in opened]
    listed: dict[str, list[PersonSeen]] = {}
    lacking: dict[str, str] = {}
    for entry in chosen:
        try:
            listed[entry.id] = people_seen(entry)
        except StoreError as error:
            if recording is not None:
                raise
            lacking[entry.id] = str(error)
    if page is not None:
        write_people_page(chosen, page, title=opened.path.resolve().name)
    if json:
        result_json(
            {
                "store": str(opened.path),
                "recordings": {name: [person.as_dict() for person in seen] for name, seen in listed.items()},
                "lacking": lacking,
                "page": None if page is None else str(page),
            }
        )
        return 0
    _list(listed)
    for sentence in lacking.values():
        say(f"note    {sentence}")
    if not chosen:
        result(f"{opened.path}: no recordings yet")
    if page is not None:
        result(f"page: {page}")
    return 0


def _correct(recording: Recording, merge: list[str], split: list[str], role: list[str], *, forget: bool) -> None:
    from bitflow.drafts import replace_file
    from bitflow.errors import BitflowError
    from bitflow.people import CORRECTIONS, forget_corrections, merge_people, name_role, split_person

    merges = [[_number(part, f"--merge {text}") for part in text.split(",")] for text in merge]
    splits = [[_track(part, text) for part in text.split(",")] for text in split]
    roles = [_role(text) for text in role]
    said = recording.path / CORRECTIONS
    before = said.read_bytes() if said.exists() else None
    try:
        if forget:
            forget_corrections(recording)
        for persons in merges:
            merge_people(recording, persons)
        for tracks in splits:
            split_person(recording, tracks)
        for person, name in roles:
            name_role(recording, person, name)
    except BitflowError:
        forget_corrections(recording)
        if before is not None:
            replace_file(said, before)
        raise


def _number(text: str, where: str) -> int:
    from bitflow.errors import UsageError

    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{where}: {text!r} is not a number") from None


def _track(text: str, whole: str) -> tuple[str, int]:
    from bitflow.errors import UsageError

    kind, colon, number = text.strip().partition(":")
    if not colon:
        raise UsageError(f"--split {whole}: name tracks by kind and number, as in face:3,body:1")
    return kind, _number(number, f"--split {whole}")


def _role(text: str) -> tuple[int, str]:
    from bitflow.errors import UsageError

    person, equals, name = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--role {text}: name a person and a role, as in 0=interviewer")
    return _number(person, f"--role {text}"), name.strip()


def _list(listed: dict[str, list[PersonSeen]]) -> None:
    from bitflow.cohort.wording import printable

    rows: list[tuple[str, ...]] = [("recording", "person", "role", "seen", "heard", "from – to", "sure", "tracks")]
    for name, seen in listed.items():
        for person in seen:
            tracks = " · ".join(f"{kind} {', '.join(map(str, numbers))}" for kind, numbers in person.tracks.items())
            rows.append(
                (
                    printable(name),
                    "?" if person.person < 0 else str(person.person),
                    printable(person.role or "") + ("*" if person.corrected else ""),
                    f"{person.seen:.1f} s",
                    f"{person.heard:.1f} s",
                    f"{person.start:.1f} – {person.end:.1f} s",
                    f"{person.confidence:.2f}",
                    tracks,
                )
            )
        if not seen:
            rows.append((printable(name), "", "", "", "", "", "", "nobody"))
    if len(rows) > 1:
        for line in columns(rows):
            result(line)
    if any(person.corrected for seen in listed.values() for person in seen):
        result("* corrected by hand")
