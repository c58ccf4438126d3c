"""``bitflow check``: is every table of a store whole?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json
from bitflow.places import place


def check(
    store: Annotated[Path, typer.Argument(metavar="STORE", parser=place, help="A feature store.")] = Path("features"),
    config: Config = None,
    json: Json = False,
) -> int:
    """Verify a store: read all tables, hold them against their schemas and what they were made from.

    Ends with exit code 1 when something is wrong; warnings alone are 0.
    """
    from bitflow.cohort.wording import plural, printable
    from bitflow.store import open_store

    opened = open_store(store)
    findings = opened.check()
    errors = sum(finding.severity == "error" for finding in findings)
    if json:
        result_json({"store": str(opened.path), "errors": errors, "findings": [asdict(found) for found in findings]})
        return 1 if errors else 0
    rows = [
        (found.severity, printable(found.recording) or "the store", found.table or "", found.sentence)
        for found in findings
    ]
    for line in columns(rows):
        result(line)
    warnings = len(findings) - errors
    result(f"{plural(len(opened), 'recording')} read: {plural(errors, 'error')}, {plural(warnings, 'warning')}")
    return 1 if errors else 0
