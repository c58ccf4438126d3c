"""How often a set of labels has been scored on this machine: every look at a test set makes the next one worth less."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from bitflow.assets.files import cache_dir
from bitflow.drafts import replace_file
from bitflow.errors import StoreError


def count_scoring(recordings: Iterable[str], labels: Iterable[str]) -> int | None:
    """Count one more scoring of these labels, and say how many there have been; None where that cannot be kept.

    Only a hash of the labels is kept, in the cache folder.
    """
    pairs = sorted(zip(recordings, labels, strict=True))
    digest = hashlib.sha256(json.dumps(pairs, ensure_ascii=False).encode()).hexdigest()
    path = ledger_path()
    try:
        counts = json.loads(path.read_text(encoding="utf-8"))
        times = int(counts.get(digest, 0)) + 1
    except (OSError, ValueError, TypeError, AttributeError):
        counts, times = {}, 1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps({**counts, digest: times}, sort_keys=True).encode())
    except (OSError, StoreError):
        return None
    return times


def ledger_path() -> Path:
    """Where the counts lie."""
    return cache_dir() / "scored_labels.json"
